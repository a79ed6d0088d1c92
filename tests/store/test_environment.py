"""When environments are made, how often, and what is said when they cannot be."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from pytest_ofiuco.core.artifact import Artifact, Directory, Wheel
from pytest_ofiuco.core.platforms import Platform
from pytest_ofiuco.core.target import Python
from pytest_ofiuco.errors import (
    CacheError,
    FetchError,
    HashMismatchError,
    InputError,
    MissingPythonError,
    OfflineError,
    UnhashedError,
    UsageError,
)
from pytest_ofiuco.store.cache import MANIFEST, Store
from pytest_ofiuco.store.environment import Environment, Plan, Project
from pytest_ofiuco.store.interpreters import Interpreter
from pytest_ofiuco.store.settings import IndexSettings
from pytest_ofiuco.store.sources import name_of
from pytest_ofiuco.store.upkeep.verify import verify
from tests.store.installing import prepare, run
from tests.store.makers import File, plan, preparer, sdist, source_files, wheel, write_tree
from tests.store.serving import Index


def test_an_environment_is_a_virtual_environment_of_that_interpreter(
    store: Store, interpreter: Interpreter, tmp_path: Path
) -> None:
    environment = prepare(store, interpreter, tmp_path, wheel("demo", {"demo.py": "ANSWER = 42\n"}))
    assert not environment.was_cached
    assert environment.path == store.environments / environment.key
    assert run(environment, "import demo; print(demo.ANSWER)") == "42"
    assert run(environment, "import sys; print(sys.prefix)") == str(environment.path)
    assert run(environment, "import sys; print(sys.prefix != sys.base_prefix)") == "True"
    assert run(environment, "import sys; print('.'.join(map(str, sys.version_info[:3])))") == str(
        interpreter.python.version
    )
    assert run(environment, "import importlib.util; print(importlib.util.find_spec('pip'))") == "None"


def test_the_second_time_nothing_is_done(store: Store, interpreter: Interpreter, tmp_path: Path) -> None:
    file = wheel("demo", {"demo.py": ""})
    first = prepare(store, interpreter, tmp_path, file)
    (tmp_path / file.filename).unlink()
    second = prepare_again(store, interpreter, tmp_path, file)
    assert second.was_cached
    assert second.key == first.key


def prepare_again(store: Store, interpreter: Interpreter, folder: Path, file: File) -> Environment:
    with preparer(store) as made:
        return made.prepare(plan(interpreter, folder, {"demo": file.wheel(path=file.filename)}))


def test_a_warm_run_imports_nothing_heavy_and_writes_nothing(
    store: Store, interpreter: Interpreter, tmp_path: Path
) -> None:
    file = wheel("demo", {"demo.py": ""})
    prepare(store, interpreter, tmp_path, file)
    code = f"""
import sys
from pathlib import Path
from pytest_ofiuco.store.cache import Store
from pytest_ofiuco.store.interpreters import Interpreter
from pytest_ofiuco.core.target import Python
from pytest_ofiuco.core.platforms import Platform
from tests.store.makers import File, plan, preparer
interpreter = Interpreter(path={interpreter.path!r}, python=Python.parse({str(interpreter.python)!r}),
    platform=Platform.parse({str(interpreter.platform)!r}), identity={interpreter.identity!r})
file = File({file.filename!r}, b"")
from pytest_ofiuco.core.artifact import Wheel
artifact = Wheel(filename=file.filename, hashes=(("sha256", {file.sha256!r}),), path=file.filename)
with preparer(Store(Path({str(store.root)!r}))) as made:
    assert made.prepare(plan(interpreter, Path({str(tmp_path)!r}), {{"demo": artifact}})).was_cached
print([name for name in ("requests", "urllib3", "pypi_simple", "virtualenv", "filelock", "installer", "pyproject_hooks")
       if name in sys.modules])
"""

    def all_but_sessions() -> list[tuple[Path, int]]:
        others = (path for path in store.root.rglob("*") if not path.is_relative_to(store.sessions))
        return sorted((path, path.stat().st_mtime_ns) for path in others)

    before = all_but_sessions()
    root = str(Path(__file__).parents[2])
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=root, env={**os.environ, "PYTHONPATH": root}
    )
    assert done.stdout.strip() == "[]", done.stderr
    assert all_but_sessions() == before


def test_the_key_depends_on_everything_that_decides(store: Store, interpreter: Interpreter, tmp_path: Path) -> None:
    one, two = wheel("demo", {"demo.py": "1"}), wheel("demo", {"demo.py": "2"})

    def key(artifacts: Mapping[str, Artifact], used: Interpreter = interpreter) -> str:
        with preparer(store) as made:
            return made.key(plan(used, tmp_path, artifacts))

    other = Interpreter(path="x", python=interpreter.python, platform=interpreter.platform, identity="other")
    keys = [
        key({}),
        key({"demo": one.wheel()}),
        key({"demo": two.wheel()}),
        key({"demo": one.wheel()}, other),
        key({"demo": one.wheel(), "more": two.wheel()}),
    ]
    with preparer(Store(tmp_path / "elsewhere")) as made:
        keys.append(made.key(plan(interpreter, tmp_path, {})))
    assert len(set(keys)) == len(keys)
    assert key({"demo": one.wheel(url="https://elsewhere.invalid/x")}) == keys[1]


def test_refresh_makes_anew_once(store: Store, interpreter: Interpreter, tmp_path: Path) -> None:
    file = wheel("demo", {"demo.py": ""})
    environment = prepare(store, interpreter, tmp_path, file)
    (environment.path / "stray").write_text("")
    wanted = plan(interpreter, tmp_path, {"demo": file.wheel(path=file.filename)})
    with preparer(store, refresh=True) as made:
        assert not made.prepare(wanted).was_cached
        assert made.prepare(wanted).was_cached
    assert not (environment.path / "stray").exists()


def test_a_refresh_that_fails_leaves_what_was_there(store: Store, interpreter: Interpreter, tmp_path: Path) -> None:
    """Another session may run in it, and the next one may want it."""
    source = sdist("demo", source_files()).write(tmp_path)
    wanted = plan(interpreter, tmp_path, {"demo": source.sdist(path=source.filename)})
    with preparer(store) as made:
        before = made.prepare(wanted)
    forbidding = {**os.environ, "PIP_ONLY_BINARY": ":all:"}
    with preparer(store, refresh=True, environ=forbidding) as made, pytest.raises(UsageError, match="forbids to build"):
        made.prepare(wanted)
    with preparer(store) as made:
        assert made.prepare(wanted) == replace(before, was_cached=True)
    assert run(before, "import demo_code; print(demo_code.ANSWER)") == "42"


def test_what_has_no_manifest_is_rubbish(store: Store, interpreter: Interpreter, tmp_path: Path) -> None:
    file = wheel("demo", {"demo.py": ""})
    environment = prepare(store, interpreter, tmp_path, file)
    (environment.path / MANIFEST).unlink()
    (environment.path / "stray").write_text("")
    assert not prepare_again(store, interpreter, tmp_path, file).was_cached
    assert not (environment.path / "stray").exists()


def packages(environment: Environment) -> list[list[object]]:
    listed: list[list[object]] = json.loads((environment.path / MANIFEST).read_bytes())["packages"]
    return listed


def test_a_project_in_a_folder_that_is_named_like_a_dependency(
    store: Store, interpreter: Interpreter, tmp_path: Path
) -> None:
    other = wheel("other", {"other.py": "ANSWER = 1\n"}).write(tmp_path)
    project = Project(directory=write_tree(tmp_path / "other", source_files()), install="editable")
    wanted = plan(interpreter, tmp_path, {"other": other.wheel(path=other.filename)}, project=project)
    with preparer(store) as made:
        environment = made.prepare(wanted)
    assert run(environment, "import demo_code, other; print(demo_code.ANSWER, other.ANSWER)") == "42 1"
    assert [name for name, *_ in packages(environment)] == ["other", "other"]


def test_a_project_that_calls_itself_like_a_dependency(store: Store, interpreter: Interpreter, tmp_path: Path) -> None:
    locked = wheel("demo", {"locked.py": ""}).write(tmp_path)
    files = source_files()
    files["pyproject.toml"] += '[project]\nname = "Demo"\nversion = "1.0"\n'
    project = Project(directory=write_tree(tmp_path / "folder", files), install="wheel")
    wanted = plan(interpreter, tmp_path, {"demo": locked.wheel(path=locked.filename)}, project=project)
    with preparer(store) as made:
        environment = made.prepare(wanted)
    assert run(environment, "import demo_code, locked; print(demo_code.ANSWER)") == "42"
    assert [(name, version) for name, version, _ in packages(environment)] == [("demo", "1.0"), ("demo", None)]


@pytest.mark.parametrize(
    ("content", "name"),
    [
        pytest.param('[project]\nname = "Its.Own"', "its-own", id="project"),
        pytest.param('[tool.poetry]\nname = "its_own"', "its-own", id="poetry"),
        pytest.param("", "folder", id="nowhere"),
        pytest.param(None, "folder", id="no file"),
    ],
)
def test_what_a_project_calls_itself(tmp_path: Path, content: str | None, name: str) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    if content is not None:
        (folder / "pyproject.toml").write_text(content)
    assert name_of(folder) == name


def test_a_project_whose_name_is_none(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "../x"')
    with pytest.raises(InputError, match=r"project\.name: .* is not a project name"):
        name_of(tmp_path)


def test_offline_names_everything_that_is_lacking(
    store: Store, interpreter: Interpreter, tmp_path: Path, index: Index
) -> None:
    here, one, two = wheel("here", {}), wheel("one", {}), wheel("two", {})
    here.write(tmp_path)
    artifacts = {"here": here.wheel(path=here.filename), "one": one.wheel(), "two": two.wheel(url=index.url(two))}
    settings = IndexSettings(default_index=index.simple)
    with preparer(store, settings, offline=True) as made, pytest.raises(OfflineError) as caught:
        made.prepare(plan(interpreter, tmp_path, artifacts))
    assert list(caught.value.lacking) == [one.filename, two.filename]
    assert index.asked == []


def test_errors_say_what_is_wrong(store: Store, interpreter: Interpreter, tmp_path: Path, index: Index) -> None:
    demo = wheel("demo", {})
    index.add("demo", demo)
    settings = IndexSettings(default_index=index.simple)
    index.listed[demo.filename] = "1" * 64
    with preparer(store, settings) as made:
        with pytest.raises(HashMismatchError):
            made.prepare(plan(interpreter, tmp_path, {"demo": demo.wheel()}))
        with pytest.raises(FetchError):
            made.prepare(plan(interpreter, tmp_path, {"other": wheel("other", {}).wheel()}))
        with pytest.raises(UnhashedError, match=r"test\.lock: x\.whl: the lock has no sha256"):
            made.prepare(plan(interpreter, tmp_path, {"x": Wheel(filename="x.whl")}))
        with pytest.raises(InputError, match="no such folder"):
            made.prepare(plan(interpreter, tmp_path, {"x": Directory(path="missing")}))


def test_a_store_that_cannot_be_written(interpreter: Interpreter, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file")
    with pytest.raises(CacheError):
        prepare(Store(tmp_path / "cache"), interpreter, tmp_path, wheel("demo", {}))


def test_many_threads_make_it_once(store: Store, interpreter: Interpreter, tmp_path: Path, index: Index) -> None:
    files = [wheel(f"demo{number}", {f"demo{number}.py": ""}) for number in range(6)]
    for file in files:
        index.add(file.filename.partition("-")[0], file)
    wanted = plan(interpreter, tmp_path, {file.filename.partition("-")[0]: file.wheel() for file in files})
    made: list[Environment] = []
    with preparer(store, IndexSettings(default_index=index.simple)) as shared:
        run_together(8, lambda: made.append(shared.prepare(wanted)))
    assert len(made) == 8
    assert [each.was_cached for each in made].count(False) == 1
    assert len(index.asked) == len(set(index.asked)) == 12


def run_together(count: int, work: object) -> None:
    assert callable(work)
    threads = [threading.Thread(target=work) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def many_plans(interpreter: Interpreter, folder: Path) -> list[Plan]:
    files = [wheel(f"demo{number}", {f"demo{number}.py": ""}).write(folder) for number in range(4)]
    artifacts = {file.filename.partition("-")[0]: file.wheel(path=file.filename) for file in files}
    return [plan(interpreter, folder, dict(list(artifacts.items())[:count])) for count in range(1, 5)]


def test_different_plans_side_by_side(store: Store, interpreter: Interpreter, tmp_path: Path) -> None:
    plans = many_plans(interpreter, tmp_path)
    keys: set[str] = set()
    with preparer(store) as made:
        threads = [threading.Thread(target=lambda each=each: keys.add(made.prepare(each).key)) for each in plans * 2]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(keys) == 4


@pytest.mark.parametrize(
    ("python", "tag", "site", "script"),
    [
        pytest.param("3.9", "manylinux_2_28_aarch64", "lib/python3.9/site-packages", "bin/demo", id="linux"),
        pytest.param("3.13t", "macosx_14_0_arm64", "lib/python3.13t/site-packages", "bin/demo", id="free-threaded"),
        pytest.param("pypy3.10", "musllinux_1_2_x86_64", "lib/pypy3.10/site-packages", "bin/demo", id="pypy"),
        pytest.param("3.12", "win_amd64", "Lib/site-packages", "Scripts/demo.exe", id="windows"),
    ],
)
def test_an_environment_for_an_interpreter_that_is_nowhere(
    store: Store, interpreter: Interpreter, tmp_path: Path, python: str, tag: str, site: str, script: str
) -> None:
    """It is laid out as the platform has it, and nothing is run in it: what is to be built, another builds."""
    nowhere = Interpreter.nowhere(Python.parse(python), Platform.parse(tag))
    file = wheel("demo", {"demo.py": ""}, entry_points="[console_scripts]\ndemo = demo:run\n")
    file.write(tmp_path)
    made = replace(plan(nowhere, tmp_path, {"demo": file.wheel(path=file.filename)}), compiler=interpreter)
    source = tmp_path / "own"
    write_tree(source, source_files("own"))
    with_project = replace(made, project=Project(directory=source, install="wheel"))
    with preparer(store) as preparing:
        first = preparing.prepare(with_project)
    with preparer(store) as preparing:
        second = preparing.prepare(with_project)
    assert (first.was_cached, second.was_cached) == (False, True)
    names = {path.name for path in (first.path / site).iterdir() if not path.name.endswith(".dist-info")}
    assert names >= {"demo.py", "own_code"}
    assert (first.path / script).is_file()
    assert not first.python.exists()
    assert not list(store.bytecode.parent.rglob("demo*.pyc"))
    assert verify(store, lambda *_: None).damages == ()
    (first.path / site / "demo.py").unlink()
    assert [damage.problem for damage in verify(store, lambda *_: None).damages] == ["is missing"]


def test_what_is_to_be_built_where_there_is_no_interpreter(store: Store, tmp_path: Path) -> None:
    nowhere = Interpreter.nowhere(Python.parse("3.9"), Platform.parse("manylinux_2_28_aarch64"))
    source = tmp_path / "own"
    write_tree(source, source_files("own"))
    with preparer(store) as preparing, pytest.raises(MissingPythonError, match=r"Python 3\.9"):
        preparing.prepare(replace(plan(nowhere, tmp_path, {}), project=Project(directory=source, install="wheel")))
