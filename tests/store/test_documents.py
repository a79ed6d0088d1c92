"""The TOML of large locks: kept parsed, believed only where it is whole, and never needed."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import pytest

from pytest_ofiuco.core import table as tables
from pytest_ofiuco.core.table import Table
from pytest_ofiuco.errors import InputError
from pytest_ofiuco.store import documents
from pytest_ofiuco.store.cache import CACHE_VARIABLE

LARGE = ('[[package]]\nname = "a"\nsize = 0x1f\nratio = inf\nmore = [1, [2, {}], true]\n' * 600).encode()


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def parses(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of what is really parsed."""
    found: list[str] = []

    def parse(content: bytes, file: str) -> Table:
        found.append(file)
        return tables.parse(content, file)

    monkeypatch.setattr(documents, "parse", parse)
    return found


def test_parsed_once(cache: Path, parses: list[str]) -> None:
    first, second = documents.parsed(LARGE, "uv.lock"), documents.parsed(LARGE, "other.lock")
    assert parses == ["uv.lock"]
    assert first.data == second.data
    assert list(second.data["package"][0]) == ["name", "size", "ratio", "more"]
    assert (first.file, second.file) == ("uv.lock", "other.lock")
    assert [each.name for each in (cache / "documents-v1").iterdir()] == [f"{hashlib.sha256(LARGE).hexdigest()}.json"]


def test_another_byte_is_another_document(cache: Path, parses: list[str]) -> None:
    assert documents.parsed(LARGE, "uv.lock").data != documents.parsed(LARGE + b"x = 1", "uv.lock").data
    assert len(parses) == 2


@pytest.mark.parametrize("damage", [b"", b"{}", b"\n{}"])
def test_what_is_damaged_is_not_believed(cache: Path, parses: list[str], damage: bytes) -> None:
    expected = documents.parsed(LARGE, "uv.lock").data
    (file,) = (cache / "documents-v1").iterdir()
    for content in (damage, file.read_bytes()[:-10], file.read_bytes().replace(b'"a"', b'"b"', 1)):
        file.write_bytes(content)
        assert documents.parsed(LARGE, "uv.lock").data == expected
    assert len(parses) == 4


def test_small_ones_are_parsed(cache: Path, parses: list[str]) -> None:
    documents.parsed(b"a = 1", "uv.lock")
    documents.parsed(b"a = 1", "uv.lock")
    assert len(parses) == 2
    assert not cache.exists()


def test_a_date_cannot_be_kept(cache: Path, parses: list[str]) -> None:
    dated = LARGE + b"when = 2026-01-01\n"
    assert documents.parsed(dated, "uv.lock").data == documents.parsed(dated, "uv.lock").data
    assert len(parses) == 2


def test_a_cache_that_cannot_be_written_is_no_matter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, parses: list[str]
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "file" / "cache"))
    assert documents.parsed(LARGE, "uv.lock").data == documents.parsed(LARGE, "uv.lock").data
    assert len(parses) == 2


def test_without_platformdirs_there_is_no_cache(monkeypatch: pytest.MonkeyPatch, parses: list[str]) -> None:
    monkeypatch.delenv(CACHE_VARIABLE, raising=False)
    monkeypatch.setitem(sys.modules, "platformdirs", None)
    documents.parsed(LARGE, "uv.lock")
    documents.parsed(LARGE, "uv.lock")
    assert len(parses) == 2


def test_damaged_locks_are_told_every_time(cache: Path) -> None:
    for _ in range(2):
        with pytest.raises(InputError, match=r"^uv\.lock: not valid TOML: "):
            documents.parsed(LARGE + b"= 1", "uv.lock")
    assert not cache.exists()
