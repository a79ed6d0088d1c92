"""What ``packaging`` reads, and what it is not given."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from packaging.markers import InvalidMarker
from packaging.requirements import InvalidRequirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import InvalidSdistFilename, InvalidWheelFilename
from packaging.version import InvalidVersion

from pytest_ofiuco.core import grammar

DIGITS = "9" * 5000
TAGS = ".".join(f"x{number}" for number in range(30))


def nested(depth: int) -> str:
    return f"{'(' * depth}os_name == 'posix'{')' * depth}"


@pytest.mark.parametrize(
    ("read", "text"),
    [
        pytest.param(grammar.marker, nested(50), id="a marker of 50 parentheses"),
        pytest.param(grammar.marker, " or ".join([nested(1)] * 60), id="a marker of 60, side by side"),
        pytest.param(grammar.marker, "os_name == \"a\" or os_name == 'b'", id="a marker with both quotes"),
        pytest.param(grammar.marker, "os_name == 'a\"b'", id="a quote in a literal"),
        pytest.param(grammar.requirement, f"a[x]>=1; {nested(50)}", id="a requirement"),
        pytest.param(grammar.requirement, r"a @ file:///C:\b", id="a path of Windows"),
        pytest.param(grammar.specifier_set, ">=1,<2", id="specifiers"),
        pytest.param(grammar.version, "1.0", id="a version"),
        pytest.param(grammar.wheel_filename, "a-1-cp39.cp310-abi3-win32.win_amd64.whl", id="a wheel"),
        pytest.param(grammar.sdist_filename, "a-1.tar.gz", id="an sdist"),
    ],
)
def test_read(read: Callable[[str], object], text: str) -> None:
    assert read(text)


@pytest.mark.parametrize(
    ("read", "text", "error", "message"),
    [
        pytest.param(grammar.marker, nested(51), InvalidMarker, "nested too deeply", id="a deep marker"),
        pytest.param(grammar.marker, "(" * 3000, InvalidMarker, "nested too deeply", id="parentheses"),
        pytest.param(
            grammar.marker,
            r"os_name == 'a\n'",
            InvalidMarker,
            "a backslash or a control character in it",
            id="an escape in a marker",
        ),
        pytest.param(
            grammar.marker,
            "os_name == 'a\n'",
            InvalidMarker,
            "a backslash or a control character in it",
            id="a line end in a marker",
        ),
        pytest.param(grammar.requirement, f"a; {nested(51)}", InvalidRequirement, "nested too deeply", id="deep"),
        pytest.param(
            grammar.requirement,
            r"a; os_name == 'a\n'",
            InvalidRequirement,
            "a backslash or a control character in its marker",
            id="a requirement with an escape",
        ),
        pytest.param(grammar.requirement, f"a=={DIGITS}", InvalidRequirement, "too long", id="a long requirement"),
        pytest.param(grammar.specifier_set, f"=={DIGITS}", InvalidSpecifier, "too long", id="long specifiers"),
        pytest.param(grammar.version, DIGITS, InvalidVersion, "too long", id="a long version"),
        pytest.param(
            grammar.wheel_filename, f"a-{DIGITS}-py3-none-any.whl", InvalidWheelFilename, "too long", id="long"
        ),
        pytest.param(
            grammar.wheel_filename, f"a-1-{TAGS}-{TAGS}-{TAGS}.whl", InvalidWheelFilename, "too long", id="27000 tags"
        ),
        pytest.param(grammar.sdist_filename, f"a-{DIGITS}.tar.gz", InvalidSdistFilename, "too long", id="a long sdist"),
    ],
)
def test_refused(read: Callable[[str], object], text: str, error: type[Exception], message: str) -> None:
    with pytest.raises(error) as caught:
        read(text)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("version", "expected"), [("1.5", True), ("2", False), ("1.5rc1", True), ("not a version", False), (DIGITS, False)]
)
def test_admits(version: str, expected: bool) -> None:
    assert grammar.admits(SpecifierSet(">=1,<2"), version) is expected
