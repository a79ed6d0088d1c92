"""[tool.ofiuco.zip]."""

from __future__ import annotations

import pytest

from pytest_ofiuco.config import Config, read
from pytest_ofiuco.config.zip import ZipSettings
from pytest_ofiuco.errors import InputError
from tests.locks import table


def config(text: str) -> Config:
    return read(table(f"[tool.ofiuco.zip]\n{text}\n"))


def test_what_is_said() -> None:
    assert config(
        'include = ["src/app", "main.py"]\nexclude = ["**/tests/**"]\nhandler = "main.run"'
    ).zip == ZipSettings(include=("src/app", "main.py"), exclude=("**/tests/**",), handler="main.run")
    assert config("").zip == ZipSettings()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param(
            "layout = 'flat'",
            "error: pyproject.toml: tool.ofiuco.zip.layout: not a key that is known\n"
            "hint: use one of: include, exclude, handler",
            id="key",
        ),
        *(
            pytest.param(
                f"include = ['app', '{path}']",
                "error: pyproject.toml: tool.ofiuco.zip.include[1]: not a path in the project\n"
                'hint: name one, as in include = ["src/app"]',
                id=f"path {path}",
            )
            for path in ("", "/etc", "\\\\etc", "a/../../b", "a\\..\\b", "C:/b")
        ),
    ],
)
def test_what_makes_no_sense(text: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        config(text)
    assert caught.value.render() == message
