"""Markers for Poetry's ``python`` and ``platform``."""

from __future__ import annotations

import pytest

from pytest_ofiuco.core.table import Table
from pytest_ofiuco.errors import InputError
from pytest_ofiuco.formats._poetry_dependency import marker_of


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        pytest.param({}, None, id="nothing"),
        pytest.param({"python": "*"}, None, id="any Python"),
        pytest.param({"python": ">=3.8 || *"}, None, id="any Python, too"),
        pytest.param({"python": "^3.8"}, 'python_version < "4" and python_version >= "3.8"', id="caret"),
        pytest.param({"python": "3.9"}, 'python_version == "3.9"', id="a minor version"),
        pytest.param({"python": "3.9.1"}, 'python_full_version == "3.9.1"', id="one Python"),
        pytest.param({"python": "3.9.*"}, 'python_version == "3.9.*"', id="a wildcard"),
        pytest.param({"python": ">3.8"}, 'python_full_version > "3.8"', id="above a minor version is above its first"),
        pytest.param({"python": "<=3.8"}, 'python_full_version <= "3.8"', id="below a minor version, too"),
        pytest.param(
            {"python": "<3.9 || ~3.11.2"},
            'python_version < "3.9" or (python_full_version >= "3.11.2" and python_version < "3.12")',
            id="alternatives",
        ),
        pytest.param({"platform": "linux"}, 'sys_platform == "linux"', id="a platform"),
        pytest.param({"platform": "*"}, None, id="any platform"),
        pytest.param(
            {"platform": "linux || ==darwin"},
            'sys_platform == "linux" or sys_platform == "darwin"',
            id="two platforms",
        ),
        pytest.param(
            {"platform": "!=win32,!= cygwin"},
            'sys_platform != "win32" and sys_platform != "cygwin"',
            id="not these platforms",
        ),
        pytest.param(
            {"markers": "extra == 'x'", "python": "<4", "platform": "linux"},
            '"x" in extras and python_version < "4" and sys_platform == "linux"',
            id="everything",
        ),
    ],
)
def test_marker(table: dict[str, str], expected: str | None) -> None:
    marker = marker_of(Table(table, file="poetry.lock", at="package[0].dependencies.a"))
    assert (str(marker) if marker else None) == expected


@pytest.mark.parametrize(
    ("table", "message"),
    [
        pytest.param({"python": "three"}, "python: 'three' is not a version constraint", id="python"),
        pytest.param({"platform": 'li"nux'}, "platform: 'li\"nux' is not a platform constraint", id="platform"),
        pytest.param(
            {"markers": "x"}, "markers: cannot read 'x': Expected a marker variable or quoted string", id="markers"
        ),
    ],
)
def test_refused(table: dict[str, str], message: str) -> None:
    with pytest.raises(InputError) as caught:
        marker_of(Table(table, file="poetry.lock", at="package[0].dependencies.a"))
    assert str(caught.value) == f"poetry.lock: package[0].dependencies.a.{message}"
