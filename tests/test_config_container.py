"""``container`` of [tool.ofiuco.platform.NAME]."""

from __future__ import annotations

import pytest

from pytest_ofiuco.config import read
from pytest_ofiuco.config.container import ContainerSettings
from pytest_ofiuco.core.table import Table
from pytest_ofiuco.core.target import Python
from pytest_ofiuco.errors import InputError


def settings(container: object, **others: object) -> ContainerSettings | None:
    table = {"platform": {"aws_lambda": {"container": container, **others}}}
    config = read(Table({"tool": {"ofiuco": table}}, file="pyproject.toml"))
    return config.settings["aws_lambda"].container


@pytest.mark.parametrize(
    ("python", "image", "command"),
    [
        pytest.param("3.13", "python:3.13-slim", "python3.13", id="cpython"),
        pytest.param("3.13.2", "python:3.13-slim", "python3.13", id="exact"),
        pytest.param("3.13t", "python:3.13t-slim", "python3.13t", id="free-threaded"),
        pytest.param("pypy3.10", "python:3.10-slim", "pypy3.10", id="pypy"),
    ],
)
def test_an_image(python: str, image: str, command: str) -> None:
    found = settings("python:{python}-slim")
    assert found == ContainerSettings(image="python:{python}-slim")
    assert found.image_for(Python.parse(python)) == image
    assert found.command_for(Python.parse(python)) == command


def test_a_table() -> None:
    found = settings({"image": "app", "python": "/opt/{python}/bin/python3", "options": ["--memory=2g"]})
    expected = ContainerSettings(image="app", python="/opt/{python}/bin/python3", options=("--memory=2g",))
    assert found == expected
    assert found.command_for(Python.parse("3.12")) == "/opt/3.12/bin/python3"


_CORRECT = "correct it there, or restore the file from version control"
_NAME_ONE = 'name one as the engine takes it, as in container = "python:{python}-slim"'


@pytest.mark.parametrize(
    ("container", "others", "expected"),
    [
        pytest.param(3, {}, ("container", "expected a string, found an integer", _CORRECT), id="number"),
        pytest.param(" ", {}, ("container", "names no image", _NAME_ONE), id="blank"),
        pytest.param({"image": "--all"}, {}, ("container.image", "names no image", _NAME_ONE), id="option"),
        pytest.param({}, {}, ("container.image", "required, and missing", _CORRECT), id="empty"),
        pytest.param(
            {"image": "a", "python": 3},
            {},
            ("container.python", "expected a string, found an integer", _CORRECT),
            id="python",
        ),
        pytest.param(
            {"image": "a", "volumes": []},
            {},
            ("container.volumes", "not a key that is known", "use one of: image, python, options"),
            id="key",
        ),
        pytest.param("a", {"ssh": "host"}, ("container", "ssh is given, too", "give container or ssh"), id="ssh"),
        pytest.param(
            "a",
            {"launcher": False},
            ("container", "launcher is given, too", "give container or launcher"),
            id="launcher",
        ),
        pytest.param(
            "a",
            {"interpreters": ["python3"]},
            ("container", "interpreters is given, too", "give container or interpreters"),
            id="interpreters",
        ),
    ],
)
def test_what_is_refused(container: object, others: dict[str, object], expected: tuple[str, str, str]) -> None:
    with pytest.raises(InputError) as caught:
        settings(container, **others)
    where, reason, hint = expected
    assert str(caught.value) == f"pyproject.toml: tool.ofiuco.platform.aws_lambda.{where}: {reason}"
    assert caught.value.hint == hint
