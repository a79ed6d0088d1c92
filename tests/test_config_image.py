"""[tool.ofiuco.image]."""

from __future__ import annotations

import pytest

from pytest_ofiuco.config import read
from pytest_ofiuco.config.image import ImageSettings
from pytest_ofiuco.core.table import Table
from pytest_ofiuco.errors import InputError


def settings(table: dict[str, object]) -> ImageSettings | None:
    return read(Table({"tool": {"ofiuco": {"image": table}}}, file="pyproject.toml")).image


def test_settings() -> None:
    table: dict[str, object] = {
        "base": "bases/python:3.13",
        "tag": "v1",
        "prefix": "/srv",
        "entrypoint": ["python3", "-m", "app"],
        "cmd": [],
        "user": "app",
        "workdir": "/",
        "env": {"A": "1", "B": ""},
        "labels": {"team.name": "x"},
        "with-provided": True,
    }
    assert settings(table) == ImageSettings(
        base="bases/python:3.13",
        tag="v1",
        prefix="/srv",
        entrypoint=("python3", "-m", "app"),
        cmd=(),
        user="app",
        workdir="/",
        env=(("A", "1"), ("B", "")),
        labels=(("team.name", "x"),),
        with_provided=True,
    )
    assert settings({}) == ImageSettings()
    assert read(Table({}, file="pyproject.toml")).image is None


@pytest.mark.parametrize(
    ("table", "message"),
    [
        pytest.param({"volume": "/x"}, "volume: not a key that is known", id="key"),
        pytest.param({"entrypoint": "python3"}, "entrypoint: expected an array, found a string", id="words"),
        pytest.param({"cmd": ["a", 1]}, "cmd[1]: expected a string, found an integer", id="word"),
        pytest.param({"env": ["A=1"]}, "env: expected a table, found an array", id="table"),
        pytest.param({"env": {"A": 1}}, "env.A: expected a string, found an integer", id="value"),
        pytest.param({"user": 1000}, "user: expected a string, found an integer", id="user"),
        pytest.param({"with-provided": "no"}, "with-provided: expected a boolean, found a string", id="boolean"),
    ],
)
def test_errors(table: dict[str, object], message: str) -> None:
    with pytest.raises(InputError) as caught:
        settings(table)
    assert str(caught.value) == f"pyproject.toml: tool.ofiuco.image.{message}"
    assert caught.value.hint
