"""User names and passwords in URLs: neither logged, nor told, nor shown."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from pytest_ofiuco.core.artifact import Vcs, without_user_info
from pytest_ofiuco.errors import BuildError
from pytest_ofiuco.export.table import source_of
from pytest_ofiuco.store.builds.commands import Commands
from pytest_ofiuco.store.cache import Store
from pytest_ofiuco.store.interpreters import Interpreter
from tests.store.building import prepare
from tests.store.makers import write_tree

SECRET = "https://user:secret@host.invalid/x.git"

SPEAKS_AND_LOOKS = f"""
import pathlib, sys, time
print({SECRET!r}, flush=True)
time.sleep(0.3)
sys.exit("secret" in pathlib.Path(sys.argv[1]).read_text())
"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(f"a '{SECRET}' b", "a 'https://host.invalid/x.git' b", id="user and password"),
        pytest.param("https://token@host/x", "https://host/x", id="token"),
        pytest.param("git+ssh://git@host:22/x@v1", "git+ssh://host:22/x@v1", id="revision"),
        pytest.param("https://u:p@ss@host/x", "https://host/x", id="an at sign in the password"),
        pytest.param("https://host/a@b", "https://host/a@b", id="none"),
        pytest.param("https://host then me@host", "https://host then me@host", id="elsewhere"),
        pytest.param("https://a:b@c/d https://e:f@g/h", "https://c/d https://g/h", id="two"),
    ],
)
def test_without_user_info(text: str, expected: str) -> None:
    assert without_user_info(text) == expected


def test_a_table_shows_none() -> None:
    assert source_of(Vcs(type="git", url=SECRET, commit="c")) == "git+https://host.invalid/x.git@c"


def test_what_a_command_says_is_cleaned_before_it_is_written(tmp_path: Path) -> None:
    log = tmp_path / "log"
    write_tree(tmp_path, {"speaks.py": SPEAKS_AND_LOOKS})
    command = [sys.executable, str(tmp_path / "speaks.py"), str(log), SECRET]
    assert Commands().cleaned(command, log, environ={}, cwd=None) == 0
    assert log.read_text().endswith("https://host.invalid/x.git\n")


def test_a_command_that_leaves_a_process_behind_holds_nobody_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pytest_ofiuco.store.builds.commands._PATIENCE", 0.2)
    code = "import subprocess, sys; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(5)'])"
    began = time.monotonic()
    assert Commands().cleaned([sys.executable, "-c", code], tmp_path / "log", environ={}, cwd=None) == 0
    assert time.monotonic() - began < 4


def test_the_command_itself_is_logged_without_them(tmp_path: Path) -> None:
    Commands().logged([sys.executable, "-c", "", SECRET], tmp_path / "log", environ={}, cwd=None)
    assert (tmp_path / "log").read_text().endswith(" https://host.invalid/x.git\n")


def test_a_repository_that_cannot_be_had(store: Store, interpreter: Interpreter, tmp_path: Path) -> None:
    artifact = Vcs(type="git", commit="0" * 40, url="http://user:secret@127.0.0.1:9/x.git")
    with pytest.raises(BuildError) as caught:
        prepare(store, interpreter, tmp_path, artifact)
    assert "http://127.0.0.1:9/x.git" in str(caught.value)
    assert "secret" not in caught.value.render()
    assert "secret" not in Path(caught.value.log).read_text()


def test_build_requirements_with_a_url(
    store: Store, interpreter: Interpreter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_RETRIES", "0")
    requirement = "nobody @ http://user:secret@127.0.0.1:9/nobody-1.0-py3-none-any.whl"
    text = f'[build-system]\nrequires = ["{requirement}"]\nbuild-backend = "nobody"\n'
    (tmp_path / "pyproject.toml").write_text(text)
    with pytest.raises(BuildError, match="pip cannot resolve its build requirements") as caught:
        prepare(store, interpreter, tmp_path, install="wheel")
    assert "secret" not in caught.value.render()
    assert "secret" not in Path(caught.value.log).read_text()
