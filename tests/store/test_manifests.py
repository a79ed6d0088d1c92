"""Manifests and memories of the wrong shape: as if they were not there."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from pytest_ofiuco.core.artifact import Directory
from pytest_ofiuco.core.target import Python
from pytest_ofiuco.store.cache import MANIFEST, Store
from pytest_ofiuco.store.interpreters import Interpreter, Interpreters
from pytest_ofiuco.store.wheel import unpack, unpacked
from tests.store import building, installing
from tests.store.makers import THIS_PYTHON, source_files, wheel, write_tree

NOT_ONE = ["{}", "[]", "null", '"x"', "1", "{", '{"key": 1, "interpreter": [], "packages": {}}']


def spoil(bucket: Path, content: str) -> None:
    found = [*bucket.glob(f"*/{MANIFEST}")]
    assert found
    for manifest in found:
        manifest.write_text(content)


@pytest.mark.parametrize(
    "content",
    [
        *NOT_ONE,
        '{"dist_info": 1, "root_is_purelib": true, "members": []}',
        '{"dist_info": "x", "root_is_purelib": "yes", "members": []}',
        '{"dist_info": "x", "root_is_purelib": true, "members": {}}',
        '{"dist_info": "x", "root_is_purelib": true, "members": [1]}',
        '{"dist_info": "x", "root_is_purelib": true, "members": [["a", "b", 1]]}',
        '{"dist_info": "x", "root_is_purelib": true, "members": [["a", "b", "1", true]]}',
    ],
)
def test_of_a_wheel(store: Store, tmp_path: Path, content: str) -> None:
    file = wheel("demo", {"demo.py": "x = 1\n"}).write(tmp_path)
    first = unpack(store, tmp_path / file.filename, file.sha256)
    spoil(store.wheels, content)
    assert unpacked(store, file.sha256, file.filename) is None
    assert unpack(store, tmp_path / file.filename, file.sha256) == first
    assert unpacked(store, file.sha256, file.filename) == first


@pytest.mark.parametrize("content", NOT_ONE)
def test_of_an_environment_and_its_wheels(store: Store, interpreter: Interpreter, tmp_path: Path, content: str) -> None:
    file = wheel("demo", {"demo.py": "ANSWER = 42\n"})
    installing.prepare(store, interpreter, tmp_path, file)
    spoil(store.environments, content)
    spoil(store.wheels, content)
    environment = installing.prepare(store, interpreter, tmp_path, file)
    assert not environment.was_cached
    assert installing.run(environment, "import demo; print(demo.ANSWER)") == "42"
    assert installing.prepare(store, interpreter, tmp_path, file).was_cached


@pytest.mark.parametrize("tag", ["py3-none-any", "cp310-abi3-any"])
@pytest.mark.parametrize("content", [*NOT_ONE, '{"folder": 1}', '{"folder": "missing"}', '{"wheel": 1, "sha256": "x"}'])
def test_of_a_build(store: Store, interpreter: Interpreter, tmp_path: Path, content: str, tag: str) -> None:
    write_tree(tmp_path, source_files(tag=tag))
    building.prepare(store, interpreter, tmp_path, Directory(path="."))
    for bucket in (store.environments, store.builds, store.build_environments):
        spoil(bucket, content)
    environment = building.prepare(store, interpreter, tmp_path, Directory(path="."))
    assert building.answer(environment) == "42"
    assert len((tmp_path / ".builds" / "log").read_text().splitlines()) == 2


def test_of_a_build_environment(store: Store, interpreter: Interpreter, tmp_path: Path) -> None:
    write_tree(tmp_path, source_files())
    building.prepare(store, interpreter, tmp_path, Directory(path="."))
    (own,) = store.build_environments.iterdir()
    (own / "stray").write_text("")
    spoil(store.build_environments, "{}")
    building.prepare(store, interpreter, tmp_path, Directory(path="."), refresh=True)
    assert not (own / "stray").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="lays out POSIX folders")
@pytest.mark.parametrize(
    "entry",
    [
        1,
        None,
        [],
        {},
        {"answer": {}},
        {"answer": None},
        {"answer": {"refusal": 1}},
        {"answer": {"executable": 1, "implementation": "cpython", "version": "3.12.1", "free_threaded": False}},
        {"answer": {"executable": "\0", "implementation": [], "version": {}, "free_threaded": 0, "platform": 1}},
    ],
)
def test_of_interpreters(store: Store, interpreter: Interpreter, tmp_path: Path, entry: object) -> None:
    link = tmp_path / "bin" / "python3"
    link.parent.mkdir()
    link.symlink_to(interpreter.path)

    def found() -> Interpreter:
        return Interpreters(store, {"HOME": str(tmp_path), "PATH": ""}).find(Python.parse(THIS_PYTHON), [str(link)])

    first = found()
    content = json.loads(store.interpreters.read_bytes())
    stamp = content["answers"][str(link)]["stamp"]
    content["answers"][str(link)] = {"stamp": stamp, **entry} if isinstance(entry, dict) else entry
    store.interpreters.write_text(json.dumps(content))
    assert found() == first


@pytest.mark.parametrize("answers", [[], [["x", 1]], None, 1])
def test_of_all_interpreters(store: Store, interpreter: Interpreter, answers: object) -> None:
    def found() -> Interpreter:
        named = [interpreter.path]
        return Interpreters(store, {"PATH": ""}).find(Python.parse(THIS_PYTHON), named)

    first = found()
    content = json.loads(store.interpreters.read_bytes())
    store.interpreters.write_text(json.dumps(content | {"answers": answers}))
    assert found() == first
