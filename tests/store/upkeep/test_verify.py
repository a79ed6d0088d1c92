"""What somebody may do to a store, what ``verify`` says of it, and that the next run makes it good."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pytest_ofiuco.core.artifact import Directory
from pytest_ofiuco.store import usage
from pytest_ofiuco.store.cache import MANIFEST, Store
from pytest_ofiuco.store.environment import Environment
from pytest_ofiuco.store.interpreters import Interpreter
from pytest_ofiuco.store.upkeep.repair import fix
from pytest_ofiuco.store.upkeep.verify import Verified, verify
from tests.store import building
from tests.store.installing import prepare, run, site_packages
from tests.store.makers import source_files, wheel, write_tree
from tests.store.sessions import Session

ENTRY_POINTS = "[console_scripts]\nsay = demo:say\n"
DEMO = wheel(
    "demo",
    {
        "demo.py": "ANSWER = 42\ndef say(): print(ANSWER)\n",
        "demo_data/text.txt": "text",
        "demo-1.0.data/scripts/tool": "#!python\nprint(1)\n",
        "demo-1.0.data/data/share/demo.txt": "shared",
    },
    entry_points=ENTRY_POINTS,
)
MORE = wheel("more", {"more/__init__.py": "MORE = 1\n"})


@pytest.fixture
def environment(store: Store, interpreter: Interpreter, tmp_path: Path) -> Environment:
    made = prepare(store, interpreter, tmp_path, DEMO, MORE)
    run(made, "import demo, more.__init__")  # which leaves bytecode
    return made


def verified(store: Store) -> Verified:
    return verify(store, lambda done, total: None)


def said(store: Store) -> list[str]:
    return [f"{damage.path}: {damage.problem}" for damage in verified(store).damages]


def write(path: Path, content: str) -> None:
    """Write into a file, whatever its mode, as an editor would that keeps the file."""
    mode = path.stat().st_mode
    path.chmod(0o644)
    with path.open("r+") as file:
        file.truncate()
        file.write(content)
    path.chmod(mode)


def site(environment: Environment) -> Path:
    return site_packages(environment)


def test_a_cache_that_is_not_there_is_fine(store: Store) -> None:
    assert verified(store) == Verified(entries=1, damages=(), leading={})
    assert not store.root.exists()


def test_what_was_made_is_fine(store: Store, interpreter: Interpreter, environment: Environment) -> None:
    told: list[tuple[int, int]] = []
    found = verify(store, lambda done, total: told.append((done, total)))
    assert found.damages == ()
    assert told == [(number, 6) for number in range(1, 7)]  # two files, two wheels, the interpreters, an environment


def test_what_builds_made_is_fine(store: Store, interpreter: Interpreter, tmp_path: Path) -> None:
    write_tree(tmp_path, source_files())
    building.prepare(store, interpreter, tmp_path, Directory(path="."))
    assert said(store) == []


def edited_environment(environment: Environment, store: Store) -> list[str]:
    """Through the link the edit is one of the wheel."""
    write(site(environment) / "demo.py", "ANSWER = 41\n")
    lib = site(environment).relative_to(store.root).as_posix()
    return [
        f"{lib}/demo.py: is not what was installed",
        f"wheels-v1/{DEMO.sha256}/tree/demo.py: is not what the wheel has",
    ]


def replaced_file(environment: Environment, store: Store) -> list[str]:
    """As an editor writes that makes a new file: of the environment alone."""
    file = site(environment) / "demo.py"
    file.unlink()
    file.write_text("ANSWER = 41\n")
    return [f"{file.relative_to(store.root).as_posix()}: is not what was installed"]


def missing_file(environment: Environment, store: Store) -> list[str]:
    file = site(environment) / "demo_data" / "text.txt"
    file.unlink()
    return [f"{file.relative_to(store.root).as_posix()}: is missing"]


def missing_shared_file(environment: Environment, store: Store) -> list[str]:
    (environment.path / "share" / "demo.txt").unlink()
    return [f"environments-v1/{environment.key}/share/demo.txt: is missing"]


def changed_script(environment: Environment, store: Store) -> list[str]:
    (environment.python.parent / "say").write_text("")
    return [f"{environment.python.parent.relative_to(store.root).as_posix()}/say: is not what was installed"]


def added_package(environment: Environment, store: Store) -> list[str]:
    """As pip does."""
    folder = site(environment)
    for name in ("other", "other-1.0.dist-info"):
        (folder / name).mkdir()
        (folder / name / "x").write_text("")
    lib = folder.relative_to(store.root).as_posix()
    return [f"{lib}/other: was not installed", f"{lib}/other-1.0.dist-info: was not installed"]


def added_module(environment: Environment, store: Store) -> list[str]:
    (site(environment) / "more" / "new.py").write_text("")
    return [f"{site(environment).relative_to(store.root).as_posix()}/more/new.py: was not installed"]


def removed_package(environment: Environment, store: Store) -> list[str]:
    """As pip does."""
    folder = site(environment)
    (folder / "more" / "__init__.py").unlink()
    info = folder / "more-1.0.dist-info"
    for path in info.iterdir():
        path.unlink()
    info.rmdir()
    return [f"{folder.relative_to(store.root).as_posix()}/more-1.0.dist-info: is missing"]


def forged_record(environment: Environment, store: Store) -> list[str]:
    """A file and its line in RECORD, both changed."""
    folder = site(environment)
    (folder / "more" / "__init__.py").unlink()
    (folder / "more" / "__init__.py").write_text("MORE = 2\n")
    record = folder / "more-1.0.dist-info" / "RECORD"
    record.write_text(record.read_text().replace("more/__init__.py,sha256=", "more/__init__.py,sha256=x"))
    lib = folder.relative_to(store.root).as_posix()
    return [
        f"{lib}/more-1.0.dist-info/RECORD: does not say of more/__init__.py what its wheel does",
        f"{lib}/more/__init__.py: is not what was installed",
    ]


def system_packages(environment: Environment, store: Store) -> list[str]:
    settings = environment.path / "pyvenv.cfg"
    text = settings.read_text()
    settings.write_text(text.replace("include-system-site-packages = false", "include-system-site-packages = true"))
    assert settings.read_text() != text
    return [f"environments-v1/{environment.key}/pyvenv.cfg: is not what was made"]


def no_settings(environment: Environment, store: Store) -> list[str]:
    (environment.path / "pyvenv.cfg").unlink()
    return [f"environments-v1/{environment.key}/pyvenv.cfg: is missing"]


def unreadable_manifest(environment: Environment, store: Store) -> list[str]:
    (environment.path / MANIFEST).write_text("{")
    return [f"environments-v1/{environment.key}/{MANIFEST}: cannot be read"]


def foreign_manifest(environment: Environment, store: Store) -> list[str]:
    manifest = environment.path / MANIFEST
    manifest.write_text(manifest.read_text().replace(environment.key, "0"))
    return [f"environments-v1/{environment.key}/{MANIFEST}: is the manifest of another environment"]


def changed_download(environment: Environment, store: Store) -> list[str]:
    write(store.files / DEMO.sha256 / DEMO.filename, "x")
    return [f"files-v1/{DEMO.sha256}/{DEMO.filename}: its sha256 is not that of its folder"]


def writable_member(environment: Environment, store: Store) -> list[str]:
    (store.wheels / DEMO.sha256 / "tree" / "demo.py").chmod(0o644)
    return [f"wheels-v1/{DEMO.sha256}/tree/demo.py: has the mode 644"]


def added_member(environment: Environment, store: Store) -> list[str]:
    (store.wheels / DEMO.sha256 / "tree" / "more.py").write_text("")
    return [f"wheels-v1/{DEMO.sha256}/tree/more.py: is no member of the wheel"]


def missing_member(environment: Environment, store: Store) -> list[str]:
    (store.wheels / DEMO.sha256 / "tree" / "demo.py").unlink()
    return [f"wheels-v1/{DEMO.sha256}/tree/demo.py: is missing"]


def member_as_folder(environment: Environment, store: Store) -> list[str]:
    missing_member(environment, store)
    (store.wheels / DEMO.sha256 / "tree" / "demo.py").mkdir()
    return [f"wheels-v1/{DEMO.sha256}/tree/demo.py: is no regular file"]


def no_members(environment: Environment, store: Store) -> list[str]:
    manifest = store.wheels / DEMO.sha256 / MANIFEST
    manifest.write_text('{"dist_info": "", "root_is_purelib": true, "members": [1]}')
    return [f"wheels-v1/{DEMO.sha256}/{MANIFEST}: lists what is no member"]


def bad_memory(environment: Environment, store: Store) -> list[str]:
    store.interpreters.write_text("{")
    store.names.mkdir()
    (store.names / "x.json").write_text("")
    store.documents.mkdir()
    (store.documents / "x.json").write_text("0\n{}")
    return [
        "documents-v1/x.json: is not what was written",
        "interpreters-v1.json: is not JSON",
        "names-v1/x.json: is not JSON",
    ]


DAMAGES = [
    edited_environment,
    replaced_file,
    missing_file,
    missing_shared_file,
    changed_script,
    added_package,
    added_module,
    removed_package,
    forged_record,
    system_packages,
    no_settings,
    unreadable_manifest,
    foreign_manifest,
    changed_download,
    writable_member,
    added_member,
    missing_member,
    member_as_folder,
    no_members,
    bad_memory,
]


@pytest.mark.skipif(sys.platform == "win32", reason="names POSIX folders and modes")
@pytest.mark.parametrize("damage", [pytest.param(each, id=each.__name__) for each in DAMAGES])
def test_damage_is_named_and_made_good(
    store: Store,
    interpreter: Interpreter,
    tmp_path: Path,
    environment: Environment,
    damage: Callable[[Environment, Store], list[str]],
) -> None:
    expected = damage(environment, store)
    assert said(store) == expected
    usage.end()
    found = verified(store)
    fixed = fix(store, found)
    assert set(fixed.removed) == {each.entry for each in found.damages}
    assert fixed.in_use == ()
    assert not [entry for entry in fixed.removed if (store.root / entry).exists()]
    again = prepare(store, interpreter, tmp_path, DEMO, MORE)
    assert said(store) == []
    assert run(again, "import demo, more; print(demo.ANSWER, more.MORE)") == "42 1"


def test_an_edit_reaches_every_environment_that_shares_the_file(
    store: Store, interpreter: Interpreter, tmp_path: Path, environment: Environment
) -> None:
    other = prepare(store, interpreter, tmp_path, DEMO)
    write(site(environment) / "demo.py", "ANSWER = 41\n")
    keys = sorted([f"environments-v1/{environment.key}", f"environments-v1/{other.key}"])
    assert [damage.entry for damage in verified(store).damages] == [*keys, f"wheels-v1/{DEMO.sha256}"]
    usage.end()
    fix(store, verified(store))
    assert run(prepare(store, interpreter, tmp_path, DEMO), "import demo; print(demo.ANSWER)") == "42"


@pytest.mark.skipif(sys.platform == "win32", reason="lays out POSIX folders")
def test_an_interpreter_that_is_gone(
    store: Store, interpreter: Interpreter, tmp_path: Path, environment: Environment
) -> None:
    environment.python.unlink()
    environment.python.symlink_to(tmp_path / "gone")
    bin = environment.python.parent.relative_to(store.root).as_posix()
    assert said(store) == [
        f"{bin}/python: is not what was made",
        f"{bin}/python: leads to {tmp_path / 'gone'}, which is gone",
    ]
    again = prepare(store, interpreter, tmp_path, DEMO, MORE)
    assert not again.was_cached
    assert again.key == environment.key
    assert run(again, "import demo; print(demo.ANSWER)") == "42"
    assert said(store) == []


def test_a_file_that_two_wheels_have_is_the_later_ones(store: Store, interpreter: Interpreter, tmp_path: Path) -> None:
    prepare(store, interpreter, tmp_path, wheel("one", {"both.py": "1"}), wheel("two", {"both.py": "22"}))
    assert said(store) == []


def test_what_a_running_session_uses_is_not_taken_from_it(
    store: Store, interpreter: Interpreter, tmp_path: Path
) -> None:
    with Session(store, tmp_path) as session:
        key = session.says("prepare demo")
        next((store.environments / key).rglob("some.txt")).unlink()
        fixed = fix(store, verified(store))
        assert fixed.in_use == (f"environments-v1/{key}",)
        assert session.says("prepare demo") == key
    assert fix(store, verified(store)).removed == (f"environments-v1/{key}",)


def test_environments_of_links_go_with_their_wheel(
    store: Store, interpreter: Interpreter, tmp_path: Path, environment: Environment
) -> None:
    (tree,) = (store.wheels / DEMO.sha256).glob("tree")
    links(environment, tree)
    assert said(store) == []
    assert set(verified(store).leading) == {DEMO.sha256}
    (tree / "stray.py").write_text("")
    assert said(store) == [
        f"environments-v1/{environment.key}: leads to the damaged wheels-v1/{DEMO.sha256}",
        f"wheels-v1/{DEMO.sha256}/tree/stray.py: is no member of the wheel",
    ]
    assert fix(store, verified(store)).removed == ()  # this process uses the environment, and so the wheel
    usage.end()
    assert len(fix(store, verified(store)).removed) == 2


def links(environment: Environment, tree: Path) -> None:
    for path in tree.rglob("*"):
        own = site(environment) / path.relative_to(tree)
        if path.is_file() and own.is_file() and own.samefile(path):
            own.unlink()
            own.symlink_to(path)


def test_a_file_system_without_modes_is_no_damage(store: Store, environment: Environment) -> None:
    for path in store.wheels.rglob("*"):
        if path.is_file():
            path.chmod(0o777)
    assert said(store) == []


def test_what_nobody_trusts_is_no_damage(store: Store) -> None:
    (store.environments / "half").mkdir(parents=True)
    (store.environments / "older").mkdir()
    (store.environments / "older" / MANIFEST).write_text('{"key": "older", "interpreter": "", "packages": {}}')
    (store.wheels / "0" / "tree").mkdir(parents=True)
    assert said(store) == []


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_what_cannot_be_read_is_said(store: Store, environment: Environment) -> None:
    (store.files / DEMO.sha256 / DEMO.filename).chmod(0)
    assert said(store) == [f"files-v1/{DEMO.sha256}/{DEMO.filename}: cannot be read: Permission denied"]


def test_a_file_is_read_once_for_all_its_links(
    store: Store, interpreter: Interpreter, tmp_path: Path, environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, hashed = hashlib.sha256, []

    def counted(*arguments: bytes) -> object:
        hashed.append(1)
        return real(*arguments)

    prepare(store, interpreter, tmp_path, DEMO)
    once = len({os.stat(path).st_ino for path in store.root.rglob("*") if path.is_file()})
    monkeypatch.setattr(hashlib, "sha256", counted)
    assert said(store) == []
    assert len(hashed) <= once


def test_damaged_builds_are_made_again(store: Store, interpreter: Interpreter, tmp_path: Path) -> None:
    write_tree(tmp_path, source_files())
    building.prepare(store, interpreter, tmp_path, Directory(path="."))
    (built,) = store.builds.glob("*/*.whl")
    write(built, "x")
    (inside,) = store.build_environments.glob("*")
    (inside / "pyvenv.cfg").unlink()
    found = verified(store)
    assert {f"{damage.path}: {damage.problem}" for damage in found.damages} == {
        f"build-environments-v1/{inside.name}/pyvenv.cfg: is missing",
        f"{built.relative_to(store.root).as_posix()}: is not what was built",
    }
    usage.end()
    assert len(fix(store, found).removed) == 2
    again = building.prepare(store, interpreter, tmp_path, Directory(path="."), refresh=True)
    assert building.answer(again) == "42"
    assert said(store) == []
