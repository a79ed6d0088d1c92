"""Files in the cache that somebody has changed since they were kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_ofiuco.errors import CacheError
from pytest_ofiuco.store.cache import Store
from pytest_ofiuco.store.interpreters import Interpreter
from tests.store import building, installing
from tests.store.makers import File, sdist, source_files, wheel


def _kept(store: Store, file: File, content: bytes) -> Path:
    """A download that is not what its folder says."""
    kept = store.files / file.sha256 / file.filename
    kept.parent.mkdir(parents=True)
    kept.write_bytes(content)
    return kept


def _is_told(error: pytest.ExceptionInfo[CacheError], kept: Path) -> bool:
    return error.value.render() == (
        f"error: {kept}: the cache cannot be used: this file was changed since it was kept\n"
        "hint: `ofiuco cache verify --fix` removes what is damaged, and the next run makes it again"
    )


def test_a_wheel_that_was_cut(store: Store, interpreter: Interpreter, tmp_path: Path) -> None:
    file = wheel("demo", {"demo.py": ""})
    kept = _kept(store, file, file.content[:200])
    with pytest.raises(CacheError) as error:
        installing.prepare(store, interpreter, tmp_path, file)
    assert _is_told(error, kept)


def test_a_source_with_other_code(store: Store, interpreter: Interpreter, tmp_path: Path) -> None:
    """Every one of its files can be read: it would be built."""
    file = sdist("demo", source_files())
    kept = _kept(store, file, sdist("demo", source_files() | {"new.py": ""}).content)
    file.write(tmp_path)
    with pytest.raises(CacheError) as error:
        building.prepare(store, interpreter, tmp_path, file.sdist(path=file.filename))
    assert _is_told(error, kept)
