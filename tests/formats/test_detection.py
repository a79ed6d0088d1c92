"""Which reader reads a file."""

from __future__ import annotations

import pytest

from pytest_ofiuco.errors import InputError
from pytest_ofiuco.formats import DEFAULT_NAMES, REQUIREMENTS
from tests.formats.examples import LOCKS, PYLOCK, PYPROJECT
from tests.locks import read_lock


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        pytest.param("poetry.lock", LOCKS["poetry.lock"], "poetry", id="poetry.lock"),
        pytest.param("locks/uv.lock", LOCKS["uv.lock"], "uv", id="in a folder"),
        pytest.param("locks\\uv.lock", LOCKS["uv.lock"], "uv", id="in a folder on Windows"),
        pytest.param("pylock.toml", PYLOCK, "pylock", id="pylock.toml"),
        pytest.param("pylock.dev.toml", PYLOCK, "pylock", id="a named pylock"),
        pytest.param("pdm.lock", LOCKS["pdm.lock"], "pdm", id="pdm.lock"),
        pytest.param("my.lock", LOCKS["poetry.lock"], "poetry", id="poetry by content"),
        pytest.param("my.lock", LOCKS["uv.lock"], "uv", id="uv by content"),
        pytest.param("my.lock", PYLOCK, "pylock", id="pylock by content"),
        pytest.param("my.lock", LOCKS["pdm.lock"], "pdm", id="pdm by content"),
        pytest.param("my.lock", 'version = 1\nrequires-python = ">=3.8"\n', "uv", id="an empty uv.lock"),
    ],
)
def test_format(name: str, text: str, expected: str) -> None:
    lock = read_lock(name, text, '[project]\nname = "project"')
    assert (lock.format, lock.path) == (expected, name)


@pytest.mark.parametrize("text", ["", "[tool]", "version = 1", "lock-version = '1.0'"])
def test_unknown(text: str) -> None:
    with pytest.raises(InputError) as caught:
        read_lock("my.lock", text)
    assert str(caught.value) == "my.lock: not a lock of a known format"
    names = ", ".join((*DEFAULT_NAMES, REQUIREMENTS))
    assert caught.value.hint == f"give a lock that one of these tools wrote: {names}"


@pytest.mark.parametrize("name", LOCKS)
def test_the_hash_is_of_the_bytes(name: str) -> None:
    written = LOCKS[name]
    first, second = read_lock(name, written, PYPROJECT), read_lock(name, written + "\n", PYPROJECT)
    assert len(first.sha256) == 64
    assert first.sha256 != second.sha256
