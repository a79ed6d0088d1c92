"""Poetry's version constraints."""

from __future__ import annotations

import pytest

from pytest_ofiuco.formats._constraint import alternatives, readable_alternatives


@pytest.mark.parametrize(
    ("constraint", "expected"),
    [
        pytest.param("*", [""], id="any"),
        pytest.param(">=3.8,<4.0", ["<4.0,>=3.8"], id="comparisons"),
        pytest.param(">=3.8 <4.0", ["<4.0,>=3.8"], id="by spaces"),
        pytest.param(">= 3.8, < 4.0", ["<4.0,>=3.8"], id="a space after the operator"),
        pytest.param("^3.8", ["<4,>=3.8"], id="8: caret"),
        pytest.param("^3.8.1", ["<4,>=3.8.1"], id="8: caret, three parts"),
        pytest.param("^0.2.3", ["<0.3,>=0.2.3"], id="8: caret below one"),
        pytest.param("^0.0.3", ["<0.0.4,>=0.0.3"], id="8: caret below a tenth"),
        pytest.param("^0.0", ["<0.1,>=0.0"], id="8: caret of zeros"),
        pytest.param("^0", ["<1,>=0"], id="8: caret of zero"),
        pytest.param("~3.9", ["<3.10,>=3.9"], id="8: tilde"),
        pytest.param("~3.9.2", ["<3.10,>=3.9.2"], id="8: tilde, three parts"),
        pytest.param("~3", ["<4,>=3"], id="8: tilde of a major version"),
        pytest.param("~=3.9", ["~=3.9"], id="compatible release"),
        pytest.param("3.12.*", ["==3.12.*"], id="a wildcard"),
        pytest.param("3.12", ["==3.12"], id="a version"),
        pytest.param("=3.12", ["==3.12"], id="one equals sign"),
        pytest.param("!=3.9.*", ["!=3.9.*"], id="not"),
        pytest.param("~3.8 || ^3.10", ["<3.9,>=3.8", "<4,>=3.10"], id="8: alternatives"),
        pytest.param("~3.8|^3.10", ["<3.9,>=3.8", "<4,>=3.10"], id="8: one bar"),
        pytest.param(">=3.6.*,<4.*", ["<4,>=3.6"], id="a wildcard after a comparison"),
        pytest.param(">=2.7,!=3.0.*,!=3.1.*", ["!=3.0.*,!=3.1.*,>=2.7"], id="several"),
    ],
)
def test_alternatives(constraint: str, expected: list[str]) -> None:
    assert [str(each) for each in alternatives(constraint)] == expected


@pytest.mark.parametrize("constraint", ["three", "^", "~x", ">=3.8,x", "^3.8.*", ">=", "=>3.8"])
def test_refused(constraint: str) -> None:
    with pytest.raises(ValueError, match="is not a version constraint"):
        alternatives(constraint)


@pytest.mark.parametrize(
    ("constraint", "expected"),
    [
        pytest.param("^1.0 || ^2.0", ["<2,>=1.0", "<3,>=2.0"], id="alternatives"),
        pytest.param("*", [], id="any"),
        pytest.param("^1.0 || *", [], id="any, too"),
        pytest.param("<empty>", [], id="what cannot be read"),
    ],
)
def test_readable_alternatives(constraint: str, expected: list[str]) -> None:
    assert [str(each) for each in readable_alternatives(constraint)] == expected
