"""The store's folder: publishing, locks, what is trusted, what is refused."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from pytest_ofiuco.errors import CacheError
from pytest_ofiuco.store.cache import MANIFEST, Store, digest


def test_default_is_the_variable_or_the_users_cache_folder(tmp_path: Path) -> None:
    assert Store.default({"OFIUCO_CACHE_DIR": str(tmp_path)}).root == tmp_path
    assert Store.default({}).root.name in ("pytest-ofiuco", "Cache")


def test_nothing_is_made_before_something_is_kept(store: Store) -> None:
    assert store.published(store.builds / "x", {}) is None
    assert not store.root.exists()


def test_publish_writes_the_manifest_and_renames_once(store: Store) -> None:
    folder = store.builds / "key"

    def fill(temporary: Path) -> dict[str, str]:
        assert not folder.exists()
        (temporary / "file").write_text("content")
        return {"is": "there"}

    store.publish(folder, fill)
    assert store.published(folder, {"is": str}) == {"is": "there"}
    assert (folder / "file").read_text() == "content"
    assert list((store.root / "temporary-v1").iterdir()) == []


def test_a_failed_publish_leaves_nothing(store: Store) -> None:
    def fill(_: Path) -> dict[str, str]:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        store.publish(store.builds / "key", fill)
    assert not (store.builds / "key").exists()
    assert list((store.root / "temporary-v1").iterdir()) == []


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"\xff", b"[" * 100_000, b"{}", b'{"is": 1}', b'{"is": null}', b'{"other": "x"}']
)
def test_a_reader_trusts_only_a_whole_manifest(store: Store, content: bytes) -> None:
    folder = store.builds / "key"
    folder.mkdir(parents=True)
    (folder / MANIFEST).write_bytes(content)
    assert store.published(folder, {"is": str}) is None


def test_publish_replaces_what_has_no_manifest(store: Store) -> None:
    folder = store.builds / "key"
    folder.mkdir(parents=True)
    (folder / "half").write_text("")
    store.publish(folder, lambda _: {})
    assert os.listdir(folder) == [MANIFEST]


def test_a_store_that_is_a_file_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("")
    store = Store(tmp_path / "cache")
    with pytest.raises(CacheError, match="cannot be used") as caught, store.lock("x"):
        pass
    assert "OFIUCO_CACHE_DIR" in caught.value.render()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_store_is_a_clear_error(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(CacheError, match="Permission denied"):
        Store(tmp_path / "cache").prepare()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_a_clear_error(store: Store) -> None:
    with pytest.raises(CacheError, match="No space left"), store.usable(), open("/dev/full", "wb") as file:
        file.write(b"x" * 100_000)


def test_a_lock_excludes_threads(store: Store) -> None:
    inside: list[int] = []
    most: list[int] = []

    def work() -> None:
        with store.lock("one"):
            inside.append(1)
            most.append(len(inside))
            inside.pop()

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1] * 8


def test_what_killed_sessions_left_is_swept_after_a_day(store: Store) -> None:
    left = store.root / "temporary-v1" / "left"
    left.mkdir(parents=True)
    (left / "file").write_text("")
    fresh = store.root / "temporary-v1" / "fresh"
    fresh.mkdir()
    os.utime(left, (0, 0))
    store.prepare()
    assert not left.exists()
    assert fresh.exists()


def test_digest_depends_on_values_only() -> None:
    assert digest({"a": 1, "b": [2]}) == digest({"b": [2], "a": 1})
    assert digest({"a": 1}) != digest({"a": 2})
    assert len(digest(None)) == 24
