"""``ofiuco sync``: environments without tests, and how little the second time costs."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pytest_ofiuco.cli import main
from pytest_ofiuco.cli.sync import _Outcome, _table
from pytest_ofiuco.store import usage
from tests.store.makers import THIS_PYTHON, File, wheel

LOCK = """\
lock-version = "1.0"
created-by = "hand"

[[packages]]
name = "demo"
version = "1.0"
wheels = [{ name = "demo-1.0-py3-none-any.whl", path = "demo-1.0-py3-none-any.whl", hashes = { sha256 = "HASH" } }]
"""
PROJECT = f"""\
[project]
name = "project"
version = "1.0"

[tool.ofiuco]
python = ["{THIS_PYTHON}"]
"""


@dataclass
class Folder:
    """A project with one wheel beside its lock, and a cache of its own."""

    path: Path
    cache: Path
    capsys: pytest.CaptureFixture[str]

    def lock(self, file: File) -> None:
        file.write(self.path)
        self.write("pylock.toml", LOCK.replace("HASH", file.sha256))

    def write(self, name: str, text: str) -> None:
        (self.path / name).write_text(text, encoding="utf-8")

    def sync(self, *options: str) -> tuple[int, list[dict[str, Any]], str]:
        """The exit code, the cells, and what is on standard error; each time as a process of its own would."""
        code = main(["sync", "--project", str(self.path), "--format", "json", *options])
        usage.end()
        out, err = self.capsys.readouterr()
        return code, json.loads(out)["cells"] if out else [], err

    def states(self, *options: str) -> list[str]:
        return [cell["state"] for cell in self.sync(*options)[1]]

    def is_recalled(self) -> bool:
        """Whether a sync in a process reads no lock."""
        return "pytest_ofiuco.formats" not in self.imports()

    def imports(self) -> set[str]:
        """What a sync in a process imports."""
        code = "import sys; from pytest_ofiuco.cli import main; main(sys.argv[1:]); print(*sys.modules)"
        command = [sys.executable, "-c", code, "sync", "--project", str(self.path)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return set(done.stdout.splitlines()[-1].split())


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Folder:
    cache, path = tmp_path / "cache", tmp_path / "project"
    monkeypatch.setenv("OFIUCO_CACHE_DIR", str(cache))
    interpreters = tmp_path / "bin"
    interpreters.mkdir()
    (interpreters / f"python{THIS_PYTHON}").symlink_to(sys.executable)
    monkeypatch.setenv("PATH", f"{interpreters}{os.pathsep}{os.environ['PATH']}")
    made = Folder(path, cache, capsys)
    made.lock(wheel("demo", {"demo.py": "ANSWER = 42\n"}))
    made.write("pyproject.toml", PROJECT)
    return made


def test_environments_are_made_and_then_there(folder: Folder) -> None:
    name = f"py{THIS_PYTHON.replace('.', '')}-host"
    code, (cell,), err = folder.sync()
    assert (code, cell["name"], cell["state"], err) == (0, name, "made", "")
    python = Path(cell["environment"]) / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    said = subprocess.run([python, "-c", "import demo; print(demo.ANSWER)"], capture_output=True, text=True, check=True)
    assert said.stdout == "42\n"
    assert folder.sync() == (0, [{**cell, "state": "cached"}], "")
    assert folder.is_recalled()
    assert folder.states("--refresh") == ["made"]


def test_the_second_time_imports_next_to_nothing(folder: Folder) -> None:
    """It is what every start at the desk pays."""
    folder.sync()
    heavy = {
        "packaging",
        "dataclasses",
        "requests",
        "virtualenv",
        "tomllib",
        "tomli",
        "filelock",
        "subprocess",
        "socket",
    }
    assert sorted(heavy & folder.imports()) == []


def test_the_table(folder: Folder) -> None:
    folder.sync()
    assert main(["sync", "--project", str(folder.path)]) == 0
    (line,) = folder.capsys.readouterr().out.splitlines()
    name, state, path = line.split(maxsplit=2)
    assert (name, state) == (f"py{THIS_PYTHON.replace('.', '')}-host", "cached")
    assert Path(path).parent == folder.cache / "environments-v1"


def test_the_table_in_the_docs_is_such_a_table() -> None:
    text = (Path(__file__).parents[1] / "docs" / "environments.md").read_text(encoding="utf-8")
    ((shown,),) = [re.findall(r"\$ ofiuco sync\n((?:.+\n)+?)```", text)]
    rows = re.findall(r"^(\S+) +(cached|made|skipped) +(.+)$", shown, re.MULTILINE)
    outcomes = [
        _Outcome(cell=cell, state=state, **{"reason" if state == "skipped" else "environment": said})
        for cell, state, said in rows
    ]
    assert _table(outcomes) == shown


def _another_lock(folder: Folder) -> None:
    folder.lock(wheel("demo", {"demo.py": "ANSWER = 43\n"}))


def _another_settings(folder: Folder) -> None:
    folder.write("pyproject.toml", PROJECT + "groups = []\n")


def _a_lock_that_comes_first(folder: Folder) -> None:
    folder.write("uv.lock", 'version = 1\n[[package]]\nname = "project"\nversion = "1.0"\nsource = { virtual = "." }\n')


def _no_environment(folder: Folder) -> None:
    shutil.rmtree(folder.cache / "environments-v1")


def _no_manifest(folder: Folder) -> None:
    (manifest,) = (folder.cache / "environments-v1").glob("*/ofiuco.json")
    manifest.unlink()


def _no_interpreter_in_the_environment(folder: Folder) -> None:
    (link,) = (folder.cache / "environments-v1").glob("*/bin/python")
    link.unlink()


def _another_interpreter_on_path(folder: Folder) -> None:
    (folder.path.parent / "bin" / "python3.99").write_text("")


def _a_damaged_plan(folder: Folder) -> None:
    for plan in (folder.cache / "plans-v1").iterdir():
        plan.write_text(plan.read_text().replace('"cells"', '"sells"'))


def _a_plan_of_another_shape(folder: Folder) -> None:
    for plan in (folder.cache / "plans-v1").iterdir():
        plan.write_text('{"plan": {"cells": [{"key": "../.."}]}, "seen": {}}')


def _a_plan_without_a_witness(folder: Folder) -> None:
    for plan in (folder.cache / "plans-v1").iterdir():
        plan.write_text(json.dumps({**json.loads(plan.read_text()), "seen": {"files": {}}}))


def _in_each_plan(folder: Folder, act: Callable[[dict[str, Any]], object]) -> None:
    for file in (folder.cache / "plans-v1").iterdir():
        content = json.loads(file.read_text())
        act(content["plan"])
        file.write_text(json.dumps(content))


def _a_plan_without_cells(folder: Folder) -> None:
    _in_each_plan(folder, lambda plan: plan.update(cells=[]))


def _a_plan_without_warnings(folder: Folder) -> None:
    _in_each_plan(folder, lambda plan: plan.pop("warnings"))


def _a_plan_whose_cell_has_no_name(folder: Folder) -> None:
    _in_each_plan(folder, lambda plan: plan["cells"][0].pop("name"))


@pytest.mark.parametrize(
    ("change", "states"),
    [
        (_another_lock, ["made"]),
        (_another_settings, ["cached"]),
        (_a_lock_that_comes_first, ["made"]),
        (_no_environment, ["made"]),
        (_no_manifest, ["made"]),
        pytest.param(
            _no_interpreter_in_the_environment,
            ["made"],
            marks=pytest.mark.skipif(os.name == "nt", reason="it is a copy there"),
        ),
        (_another_interpreter_on_path, ["cached"]),
        (_a_damaged_plan, ["cached"]),
        (_a_plan_of_another_shape, ["cached"]),
        (_a_plan_without_a_witness, ["cached"]),
        (_a_plan_without_cells, ["cached"]),
        (_a_plan_without_warnings, ["cached"]),
        (_a_plan_whose_cell_has_no_name, ["cached"]),
    ],
    ids=lambda each: each.__name__ if callable(each) else "",
)
def test_what_has_changed_is_noticed(folder: Folder, change: Callable[[Folder], None], states: list[str]) -> None:
    folder.sync()
    assert folder.is_recalled()
    change(folder)
    assert not folder.is_recalled()
    shutil.rmtree(folder.cache / "plans-v1")
    _no_environment(folder)
    folder.sync()
    assert folder.is_recalled()


@pytest.mark.parametrize(
    ("change", "states"),
    [(_another_lock, ["made"]), (_no_manifest, ["made"]), (_a_damaged_plan, ["cached"])],
    ids=["lock", "manifest", "plan"],
)
def test_what_has_changed_is_made(folder: Folder, change: Callable[[Folder], None], states: list[str]) -> None:
    folder.sync()
    change(folder)
    assert folder.states() == states
    assert folder.states() == ["cached"]


@pytest.mark.parametrize(
    ("editable", "file"), [(True, "setup.py"), (True, "hatch_build.py"), (False, "src/new.py")], ids=str
)
def test_what_a_source_tree_is_built_with_is_watched(folder: Folder, editable: bool, file: str) -> None:
    """A plan with a folder in it holds only while the folder does."""
    from tests.store.makers import source_files, write_tree

    tree = folder.path / "tree"
    write_tree(tree, source_files("tree"))
    entry = f'[[packages]]\nname = "tree"\ndirectory = {{ path = "tree", editable = {str(editable).lower()} }}\n'
    folder.write("pylock.toml", f'lock-version = "1.0"\ncreated-by = "hand"\n{entry}')
    assert folder.states() == ["made"]
    assert folder.is_recalled()
    (tree / file).parent.mkdir(exist_ok=True)
    (tree / file).write_text("")
    assert not folder.is_recalled()


def test_another_folder_asks_another_question(folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a relative path means depends on where one is."""
    folder.sync()
    monkeypatch.chdir(folder.path)
    assert main(["sync", "--lock", "pylock.toml"]) == 0
    monkeypatch.chdir(tmp_path)
    usage.end()
    assert main(["sync", "--lock", "pylock.toml"]) == 2


def test_a_cell_that_fails_says_why_and_the_others_are_made(folder: Folder) -> None:
    folder.write("pyproject.toml", PROJECT + '[tool.ofiuco.variants.bad]\nreplace = { demo = { wheel = "x" } }\n')
    code, cells, err = folder.sync()
    assert (code, cells) == (2, [])
    assert "tool.ofiuco.variants.bad" in err
    folder.write("pyproject.toml", PROJECT)
    (folder.path / "demo-1.0-py3-none-any.whl").write_bytes(b"damaged")
    code, (cell,), err = folder.sync("--offline")
    assert (code, cell["state"], err) == (1, "failed", "")
    assert cell["environment"] is None
    assert cell["reason"].startswith("error: demo-1.0-py3-none-any.whl: hash differs")
    assert "\nhint: " in cell["reason"]
    assert folder.sync()[0] == 1, "a plan that failed is not remembered"


def test_a_foreign_cell_has_an_environment_and_the_reason_why_it_is_not_run(folder: Folder) -> None:
    settings = 'platforms = ["host", "windows_arm64"]\n'
    folder.write("pyproject.toml", PROJECT + settings)
    for states in (["made", "made"], ["cached", "cached"]):
        code, cells, _ = folder.sync()
        assert code == 0
        assert [cell["state"] for cell in cells] == states
        assert cells[0]["reason"] is None
        assert "does not run on" in cells[1]["reason"]
        environment = Path(cells[1]["environment"])
        assert (environment / "Lib" / "site-packages" / "demo.py").is_file()
        assert (environment / "pyvenv.cfg").read_text() == f"version = {THIS_PYTHON}\nplatform = win_arm64\n"
    assert folder.is_recalled()


def test_the_matrix_is_narrowed(folder: Folder) -> None:
    code, cells, err = folder.sync("--python", "3.7")
    assert (code, cells) == (2, [])
    assert err == (f"error: no cell is left of the matrix\nhint: choose from: py{THIS_PYTHON.replace('.', '')}-host\n")


def test_a_cache_that_cannot_remember(folder: Folder) -> None:
    """It works all the same."""
    folder.sync()
    shutil.rmtree(folder.cache / "plans-v1")
    (folder.cache / "plans-v1").write_text("in the way")
    assert folder.states() == ["cached"]


def test_warnings_are_said_every_time(folder: Folder) -> None:
    shutil.copy(folder.path / "pylock.toml", folder.path / "pylock.other.toml")
    folder.write("poetry.lock", '[metadata]\nlock-version = "2.1"\n')
    (folder.path / "poetry.lock").rename(folder.path / "pdm.lock")
    first, second = folder.sync()[2], folder.sync()[2]
    assert first == second
    assert (
        first == "warning: pylock.toml was taken, and pdm.lock lies here too: name one with `lock` in [tool.ofiuco]\n"
    )
    assert folder.is_recalled()
