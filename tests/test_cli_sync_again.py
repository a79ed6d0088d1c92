"""What makes ``ofiuco sync`` find out anew what it knew: all that has decided its answer."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pytest_ofiuco.store.environment import Environment, Plan, Preparer
from tests import test_cli_sync
from tests.store.makers import source_files, wheel, write_tree
from tests.test_cli_sync import PROJECT, Folder

folder = test_cli_sync.folder

needs_links = pytest.mark.skipif(os.name == "nt", reason="symbolic links and scripts")


def _lock_tree(folder: Folder, *, editable: bool) -> Path:
    """A project whose lock has one source tree."""
    tree = write_tree(folder.path / "tree", source_files("tree"))
    entry = f'[[packages]]\nname = "tree"\ndirectory = {{ path = "tree", editable = {str(editable).lower()} }}\n'
    folder.write("pylock.toml", f'lock-version = "1.0"\ncreated-by = "hand"\n{entry}')
    return tree


def _after_each_preparation(monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> None:
    """Act between the making of an environment and the end of the session."""
    prepare = Preparer.prepare

    def prepare_and_act(self: Preparer, plan: Plan) -> Environment:
        environment = prepare(self, plan)
        act()
        return environment

    monkeypatch.setattr(Preparer, "prepare", prepare_and_act)


@pytest.mark.parametrize(("editable", "file"), [(True, "setup.py"), (True, "pyproject.toml"), (False, "new.py")])
def test_what_changes_while_environments_are_made_is_noticed_later(
    folder: Folder, monkeypatch: pytest.MonkeyPatch, editable: bool, file: str
) -> None:
    """Somebody saves a file while the first session runs: the plan is of what was there before."""
    tree = _lock_tree(folder, editable=editable)
    path = tree / file
    text = path.read_text() if path.exists() else ""
    with monkeypatch.context() as patched:
        _after_each_preparation(patched, lambda: path.write_text(f"{text}\n# new\n[tool.new]\nx = 1\n".lstrip()))
        assert folder.states() == ["made"]
    assert folder.states() == ["made"]
    assert folder.states() == ["cached"]


def test_settings_that_change_meanwhile_are_noticed_later(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    files = source_files("project")
    write_tree(folder.path, {**files, "pyproject.toml": f"{PROJECT}\n{files['pyproject.toml']}"})
    with monkeypatch.context() as patched:
        settings = f'{PROJECT}platforms = ["host", "windows_arm64"]\n{files["pyproject.toml"]}'
        _after_each_preparation(patched, lambda: folder.write("pyproject.toml", settings))
        assert folder.states() == ["made"]
    assert folder.states()[1:] == ["made"]


def test_a_python_that_comes_meanwhile_is_noticed_later(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    new = folder.path.parent / "bin" / "python3.99"
    with monkeypatch.context() as patched:
        _after_each_preparation(patched, lambda: new.write_text(""))
        folder.states()
    assert not folder.is_recalled()


def _name_interpreter(folder: Folder, interpreter: Path | str) -> None:
    folder.write("pyproject.toml", f'{PROJECT}\n[tool.ofiuco.platforms.host]\ninterpreters = ["{interpreter}"]\n')


@needs_links
@pytest.mark.parametrize("name", ["~/some/bin/python3", "~/some", "{home}/some", "named-python"])
def test_a_link_to_an_interpreter_that_leads_elsewhere_now(
    folder: Folder, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    """What it led to is still there, and unchanged."""
    home = tmp_path / "home"
    monkeypatch.setenv("HOME", str(home))
    link = home / "some" / "bin" / "python3"
    link.parent.mkdir(parents=True)
    link.symlink_to(sys.executable)
    command = tmp_path / "bin" / "named-python"
    command.symlink_to(link)
    _name_interpreter(folder, name.format(home=home))
    folder.sync()
    assert folder.is_recalled()
    other = tmp_path / "not-python"
    other.write_bytes(b"")
    other.chmod(0o755)
    link.unlink()
    link.symlink_to(other)
    code, _, err = folder.sync()
    assert (code, err.partition(":")[0]) == (1, "error")


@needs_links
def test_a_script_that_starts_an_interpreter_is_asked_every_time(folder: Folder, tmp_path: Path) -> None:
    """What it starts may depend on anything."""
    script = tmp_path / "chosen-python"
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    script.chmod(0o755)
    _name_interpreter(folder, script)
    assert folder.states() == ["made"]
    assert not folder.is_recalled()


def test_a_file_without_a_hash_is_read_every_time(folder: Folder) -> None:
    """It lies beside the lock, and is the user's own."""
    (folder.path / "pylock.toml").unlink()
    wheel("demo", {"demo.py": ""}).write(folder.path)
    folder.write("requirements.txt", "./demo-1.0-py3-none-any.whl\n")
    folder.write("pyproject.toml", f'{PROJECT}lock = "requirements.txt"\nallow-unhashed = ["demo"]\n')
    assert folder.states() == ["made"]
    wheel("demo", {"demo.py": "NEW = 1\n"}).write(folder.path)
    assert folder.states() == ["made"]


def test_a_python_that_was_being_installed(folder: Folder, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Its folder is there long before its executable."""
    binaries = tmp_path / "pyenv" / "versions" / "3.99.1" / "bin"
    binaries.parent.mkdir(parents=True)
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    folder.sync()
    assert folder.is_recalled()
    binaries.mkdir()
    assert not folder.is_recalled()


def test_a_package_that_has_moved(folder: Folder) -> None:
    """Backends find packages by themselves, and write down where they lie."""
    tree = _lock_tree(folder, editable=True)
    assert folder.states() == ["made"]
    (tree / "src").mkdir()
    (tree / "tree_code").rename(tree / "src" / "tree_code")
    assert folder.states() == ["made"]
    (tree / "src" / "tree_code" / "new.py").write_text("")
    assert folder.states() == ["cached"], "code is no part of it"


@needs_links
def test_a_source_tree_behind_a_link_that_leads_elsewhere_now(folder: Folder) -> None:
    """An editable wheel has the way to it without links."""
    tree = _lock_tree(folder, editable=True)
    first, second = (write_tree(folder.path / name, source_files("tree")) for name in ("first", "second"))
    for end in (first, second):
        if tree.is_symlink():
            tree.unlink()
        else:
            shutil.rmtree(tree)
        tree.symlink_to(end, target_is_directory=True)
        assert folder.states() == ["made"]
        assert folder.states() == ["cached"]


@pytest.mark.parametrize("is_whole", [True, False])
def test_files_that_no_index_has_are_looked_for_every_time(
    folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_whole: bool
) -> None:
    """One of them may be there by then, and suit better."""
    (folder.path / "pylock.toml").unlink()
    file = wheel("demo", {"demo.py": ""}).write(tmp_path / "links")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "links"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    hashes = [file.sha256] if is_whole else [file.sha256, "0" * 64]
    folder.write("requirements.txt", " ".join(["demo==1.0", *(f"--hash=sha256:{each}" for each in hashes)]))
    folder.write("pyproject.toml", f'{PROJECT}lock = "requirements.txt"\n')
    assert folder.states() == ["made"]
    assert folder.is_recalled() == is_whole


@needs_links
def test_a_link_to_a_project_that_leads_elsewhere_now(folder: Folder, tmp_path: Path) -> None:
    """Another checkout with the same files: an editable environment of the first would test the first."""
    _lock_tree(folder, editable=True)
    second = tmp_path / "second"
    folder.path.rename(tmp_path / "first")
    folder.path.symlink_to(tmp_path / "first", target_is_directory=True)
    folder.sync()
    assert folder.is_recalled()
    shutil.copytree(tmp_path / "first", second)
    folder.path.unlink()
    folder.path.symlink_to(second, target_is_directory=True)
    assert folder.states() == ["made"]


@needs_links
def test_a_file_that_a_source_tree_only_links_to(folder: Folder, tmp_path: Path) -> None:
    outside = write_tree(tmp_path / "outside", {"one.py": "ONE = 1\n", "folder/two.py": "TWO = 2\n"})
    tree = _lock_tree(folder, editable=False)
    (tree / "tree_code" / "one.py").symlink_to(outside / "one.py")
    (tree / "tree_code" / "folder").symlink_to(outside / "folder", target_is_directory=True)
    (tree / "tree_code" / "round").symlink_to(tree, target_is_directory=True)
    assert folder.states() == ["made"]
    assert folder.states() == ["cached"]
    for file in ("one.py", "folder/two.py"):
        (outside / file).write_text("CHANGED = 1\n")
        assert folder.states() == ["made"], file
        assert folder.states() == ["cached"], file


def test_a_cache_that_was_moved_makes_environments_anew(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Their scripts start the interpreter at its old place, where another one may be by now."""
    folder.lock(wheel("demo", {"demo.py": ""}, entry_points="[console_scripts]\ndemo = demo:main\n"))
    assert folder.states() == ["made"]
    moved = folder.cache.with_name("moved")
    folder.cache.rename(moved)
    monkeypatch.setenv("OFIUCO_CACHE_DIR", str(moved))
    assert folder.states() == ["made"]
