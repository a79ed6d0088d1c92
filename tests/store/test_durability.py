"""Power losses: what is trusted in a later boot, and what is made anew."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from pytest_ofiuco.store import durability
from pytest_ofiuco.store.cache import MANIFEST, Store
from pytest_ofiuco.store.durability import flush
from pytest_ofiuco.store.interpreters import Interpreter
from tests.store import installing
from tests.store.makers import wheel
from tests.store.processes import Order, go, ready, said

Boot = Callable[[str], None]
SHAPE = {"is": str}


@pytest.fixture
def boot(monkeypatch: pytest.MonkeyPatch) -> Boot:
    """Starts the machine anew."""

    def named(name: str) -> None:
        monkeypatch.setattr(durability, "_boot", lambda: name)

    named("first")
    return named


@pytest.fixture
def real_flush(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(durability, "flush", flush)


def publish(store: Store, name: str = "key") -> Path:
    folder = store.builds / name
    store.publish(folder, lambda _: {"is": "there"})
    return folder


def wait() -> None:
    for thread in threading.enumerate():
        if thread.name == "ofiuco-flush":
            thread.join(30)


def test_what_was_not_flushed_is_trusted_until_the_next_boot(store: Store, boot: Boot) -> None:
    folder = publish(store)
    assert store.published(folder, SHAPE) == {"is": "there"}
    assert Store(store.root).published(folder, SHAPE) == {"is": "there"}
    boot("second")
    assert store.published(folder, SHAPE) is None
    publish(store)
    assert store.published(folder, SHAPE) == {"is": "there"}


@pytest.mark.usefixtures("real_flush")
def test_what_was_flushed_is_trusted_in_every_boot(store: Store, boot: Boot) -> None:
    first = publish(store)
    store.flush()
    wait()
    second = publish(store, "second")
    boot("second")
    assert store.published(first, SHAPE) == {"is": "there"}
    assert store.published(second, SHAPE) is None


@pytest.mark.usefixtures("real_flush")
def test_a_mark_is_of_one_manifest(store: Store, boot: Boot) -> None:
    """A folder that was made anew before the mark came is not the one that was flushed."""
    publish(store)
    other = Store(store.root)
    publish(other)
    store.flush()
    wait()
    boot("second")
    assert store.published(store.builds / "key", SHAPE) is None


@pytest.mark.usefixtures("boot")
def test_nothing_is_marked_where_nothing_can_be_flushed(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(root: Path) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(durability, "_synchronize", fails)
    folder = publish(store)
    flush(store.root, [str(folder / "flushed-1")])
    assert os.listdir(folder) == [MANIFEST]


@pytest.mark.usefixtures("boot")
def test_what_is_gone_before_it_is_marked_is_passed_over(store: Store) -> None:
    folder = publish(store)
    flush(store.root, [str(store.builds / "gone" / "flushed-1"), str(folder / "flushed-2")])
    assert sorted(os.listdir(folder)) == ["flushed-2", MANIFEST]


def test_where_boots_have_no_names_manifests_say_nothing_of_them(store: Store, boot: Boot) -> None:
    boot("")
    folder = publish(store)
    assert json.loads((folder / MANIFEST).read_bytes()) == {"is": "there"}
    boot("second")
    assert store.published(folder, SHAPE) == {"is": "there"}


@pytest.mark.parametrize(
    "written", [None, [], ["first"], ["first", 1], ["first", ""], ["first", "../../x"], "first", {}]
)
def test_a_stamp_of_another_shape_is_not_believed(store: Store, boot: Boot, written: object) -> None:
    folder = publish(store)
    (folder / MANIFEST).write_text(json.dumps({"is": "there", "written": written}))
    assert store.published(folder, SHAPE) is None


@pytest.mark.usefixtures("real_flush")
def test_after_a_power_loss_environment_and_wheels_are_made_anew(
    store: Store, interpreter: Interpreter, tmp_path: Path, boot: Boot
) -> None:
    """As ext4 leaves them: the names are there, the files are empty."""
    lost, kept = wheel("lost", {"lost.py": "ANSWER = 42\n"}), wheel("kept", {"kept.py": ""})
    first = installing.prepare(store, interpreter, tmp_path, kept)
    wait()
    store_without_flush = Store(store.root)
    store_without_flush.flush = lambda: None  # type: ignore[method-assign]
    second = installing.prepare(store_without_flush, interpreter, tmp_path, kept, lost)
    for tree in (store.wheels / lost.sha256, second.path):
        for file in tree.rglob("lost.py"):
            file.unlink()
            file.write_text("")
    boot("second")
    again = installing.prepare(store, interpreter, tmp_path, kept, lost)
    assert again.path == second.path
    assert not again.was_cached
    assert installing.run(again, "import lost; print(lost.ANSWER)") == "42"
    assert installing.prepare(store, interpreter, tmp_path, kept).was_cached
    assert first.path.exists()


@pytest.mark.skipif(not os.path.exists("/proc/sys/kernel/random/boot_id"), reason="the system does not name its boots")
def test_this_boot_has_a_name() -> None:
    assert len(durability._boot()) == 36


@pytest.mark.skipif(not os.path.exists("/proc/sys/kernel/random/boot_id"), reason="the system does not name its boots")
def test_a_process_ends_when_everything_is_on_disk(store: Store, interpreter: Interpreter, tmp_path: Path) -> None:
    """So a cache that is made for another machine, as in an image, can be used there."""
    file = wheel("demo", {"demo.py": ""}).write(tmp_path)
    files = [("demo", file.filename, file.sha256, None)]
    session = Order(store=store, folder=tmp_path, interpreters=[interpreter], files=files).start()
    ready(session)
    go(session)
    said(session)
    for bucket in (store.wheels, store.environments):
        (folder,) = bucket.iterdir()
        manifest = json.loads((folder / MANIFEST).read_bytes())
        assert os.path.exists(durability.mark(folder, manifest) or "")
