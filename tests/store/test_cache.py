"""The store's folder: publishing, locks, what is trusted, what is refused."""

from __future__ import annotations

import errno
import os
import re
import sys
import threading
from pathlib import Path

import pytest

from pytest_ofiuco.errors import CacheError
from pytest_ofiuco.store import cache, scratch
from pytest_ofiuco.store.cache import MANIFEST, Store, digest
from pytest_ofiuco.store.interpreters import Interpreter
from tests.store import installing
from tests.store.makers import wheel


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


@pytest.mark.skipif(sys.platform == "win32", reason="no folder can be held there")
def test_what_killed_sessions_left_is_swept_by_the_next(store: Store) -> None:
    left = store.root / "temporary-v1" / "left"
    left.mkdir(parents=True)
    (left / "file").write_text("")
    (left / "file").chmod(0o444)
    left.chmod(0o555)
    with store.temporary() as unfinished:
        assert os.listdir(store.root / "temporary-v1") == [unfinished.name]
        Store(store.root).prepare()
        assert unfinished.exists()
    assert os.listdir(store.root / "temporary-v1") == []


def test_what_cannot_be_held_is_swept_after_a_day(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_locks(handle: int) -> bool:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(scratch, "try_hold", no_locks)
    left = store.root / "temporary-v1" / "left"
    left.mkdir(parents=True)
    os.utime(left, (0, 0))
    with store.temporary() as unfinished:
        assert not left.exists()
        Store(store.root).prepare()
        assert unfinished.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="modes are another thing there")
def test_folders_of_odd_modes_are_deleted(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A backend may leave any; root, who may do everything, is told that it may not."""
    real_open, refused = os.open, list[str]()

    def refusing(path: str, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        if str(path).endswith("closed") and not refused:
            refused.append(path)
            raise PermissionError(errno.EACCES, "Permission denied", path)
        return real_open(path, flags, mode, dir_fd=dir_fd)

    with store.temporary() as unfinished:
        (unfinished / "closed" / "inner").mkdir(parents=True)
        (unfinished / "closed" / "inner" / "file").write_text("")
        (unfinished / "closed").chmod(0)
        monkeypatch.setattr(os, "open", refusing)
    assert refused
    assert not unfinished.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="no folder can be held there")
def test_a_folder_that_is_swept_before_it_is_held_is_made_again(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the two somebody may find it with nobody in it."""
    tried: list[int] = []

    def swept_first(handle: int) -> bool:
        tried.append(handle)
        if len(tried) == 1:
            next(iter((store.root / "temporary-v1").iterdir())).rmdir()
        return len(tried) != 2

    monkeypatch.setattr(scratch, "try_hold", swept_first)
    with store.temporary() as folder:
        assert len(tried) == 3
        assert folder.is_dir()


def test_an_older_layout_is_left_alone(store: Store, interpreter: Interpreter, tmp_path: Path) -> None:
    older = [store.root / name for name in ("wheels-v0", "environments-v0", "temporary-v0", "bytecode-v1")]
    for folder in older:
        (folder / "key" / "tree").mkdir(parents=True)
        (folder / "key" / MANIFEST).write_text("{}")
        os.utime(folder / "key", (0, 0))
    installing.prepare(store, interpreter, tmp_path, wheel("demo", {"demo.py": ""}))
    assert all(sorted(os.listdir(folder / "key")) == [MANIFEST, "tree"] for folder in older)


def test_every_bucket_is_on_the_map(store: Store) -> None:
    made = [path for path in vars(store).values() if isinstance(path, Path) and path != store.root]
    assert len(made) > 10
    for path in made:
        name = path.relative_to(store.root).parts[0]
        assert re.search(rf"── {re.escape(name)}[/ ]", cache.__doc__ or ""), name


@pytest.mark.skipif(sys.platform == "win32", reason="filelock does it there")
@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL])
def test_a_file_system_without_locks_is_a_clear_error(
    store: Store, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    import fcntl

    def no_locks(handle: int, operation: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", no_locks)
    with pytest.raises(CacheError) as caught, store.lock("x"):
        pass
    assert caught.value.render() == (
        f"error: {store.root}/locks-v1/x.lock: the cache cannot be used: its file system has no locks:"
        f" {os.strerror(number)}\nhint: choose a folder on a local disk with the variable OFIUCO_CACHE_DIR"
    )


@pytest.mark.skipif(sys.platform == "win32", reason="filelock does it there")
def test_a_lock_file_that_is_taken_away_is_made_anew(store: Store) -> None:
    """Whoever waited for the old one does not work beside whoever holds the new one."""
    file = store.root / "locks-v1" / "x.lock"
    inside = threading.Event()

    def work() -> None:
        with store.lock("x"):
            inside.set()

    with store.lock("x"):
        thread = threading.Thread(target=work)
        thread.start()
        assert not inside.wait(0.1)
        file.unlink()
    thread.join(5)
    assert inside.is_set()
    assert file.exists()


@pytest.mark.parametrize(
    ("number", "hint"),
    [
        (errno.ENOSPC, "free the disk or choose another folder with the variable OFIUCO_CACHE_DIR"),
        (errno.EROFS, "make it writable, or choose another folder with the variable OFIUCO_CACHE_DIR"),
        (errno.EACCES, "ask for the right to write there, or choose another folder with the variable OFIUCO_CACHE_DIR"),
        (errno.ENAMETOOLONG, "choose a folder with a shorter path with the variable OFIUCO_CACHE_DIR"),
    ],
)
def test_the_remedy_is_for_what_is_wrong(store: Store, number: int, hint: str) -> None:
    with pytest.raises(CacheError) as caught, store.usable():
        raise OSError(number, os.strerror(number), "/where/it/is")
    said = f"error: /where/it/is: the cache cannot be used: {os.strerror(number)}\nhint: {hint}"
    assert caught.value.render() == said


def test_a_file_is_kept_whole_or_not_at_all(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store.keep(store.names / "x.json", b"1")

    def cut_off(*_: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "replace", cut_off)
    with pytest.raises(CacheError, match="Input/output error"):
        store.keep(store.names / "x.json", b"2")
    assert (store.names / "x.json").read_bytes() == b"1"
    assert os.listdir(store.names) == ["x.json"]
    assert os.listdir(store.root / "temporary-v1") == []


def test_digest_depends_on_values_only() -> None:
    assert digest({"a": 1, "b": [2]}) == digest({"b": [2], "a": 1})
    assert digest({"a": 1}) != digest({"a": 2})
    assert len(digest(None)) == 24
