"""Environments: what is in them, when they are made, what must not be installed."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path

import pytest

from pytest_ofiuco.core.artifact import Archive, Artifact, Directory, Wheel
from pytest_ofiuco.errors import (
    ArchiveError,
    CacheError,
    FetchError,
    HashMismatchError,
    InputError,
    OfflineError,
    UnhashedError,
)
from pytest_ofiuco.store.cache import MANIFEST, Store
from pytest_ofiuco.store.environment import Environment, Plan
from pytest_ofiuco.store.interpreters import Interpreter
from pytest_ofiuco.store.settings import IndexSettings
from tests.store.makers import File, member, plan, preparer, wheel
from tests.store.serving import Index

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="POSIX scripts")


def prepare(store: Store, interpreter: Interpreter, folder: Path, *files: File) -> Environment:
    """An environment with wheels that lie beside the lock."""
    artifacts: dict[str, Artifact] = {}
    for file in files:
        file.write(folder)
        artifacts[file.filename.partition("-")[0]] = file.wheel(path=file.filename)
    with preparer(store) as made:
        return made.prepare(plan(interpreter, folder, artifacts))


def run(environment: Environment, code: str) -> str:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    command = [str(environment.python), "-c", code]
    return subprocess.run(command, capture_output=True, text=True, check=True, env=environ).stdout.strip()


def site_packages(environment: Environment) -> Path:
    return Path(run(environment, "import sysconfig; print(sysconfig.get_path('purelib'))"))


def script(environment: Environment, name: str, *arguments: str) -> str:
    path = environment.python.parent / name
    return subprocess.run([str(path), *arguments], capture_output=True, text=True, check=True).stdout.strip()


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
    before = sorted((path, path.stat().st_mtime_ns) for path in store.root.rglob("*"))
    root = str(Path(__file__).parents[2])
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=root, env={**os.environ, "PYTHONPATH": root}
    )
    assert done.stdout.strip() == "[]", done.stderr
    assert sorted((path, path.stat().st_mtime_ns) for path in store.root.rglob("*")) == before


def test_files_are_links_to_the_store(store: Store, interpreter: Interpreter, tmp_path: Path) -> None:
    file = wheel("demo", {"demo.py": "x = 1\n"})
    environment = prepare(store, interpreter, tmp_path, file)
    kept = store.wheels / file.sha256 / "tree" / "demo.py"
    assert (site_packages(environment) / "demo.py").samefile(kept)


def test_a_file_system_without_links_gets_copies(
    store: Store, interpreter: Interpreter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", refuse)
    file = wheel("demo", {"demo.py": "x = 1\n"})
    environment = prepare(store, interpreter, tmp_path, file)
    copy = site_packages(environment) / "demo.py"
    assert copy.read_text() == "x = 1\n"
    assert not copy.samefile(store.wheels / file.sha256 / "tree" / "demo.py")


@posix_only
def test_entry_points_run(store: Store, interpreter: Interpreter, tmp_path: Path) -> None:
    code = "import sys\ndef main():\n    print('hello', *sys.argv[1:])\n"
    points = "[console_scripts]\ngreet = demo:main\ngreet-extra = demo:main [d]\n[gui_scripts]\nshow = demo:main\n"
    environment = prepare(store, interpreter, tmp_path, wheel("demo", {"demo.py": code}, entry_points=points))
    assert script(environment, "greet", "you") == "hello you"
    assert script(environment, "greet-extra") == "hello"
    assert script(environment, "show") == "hello"


@posix_only
def test_entry_points_run_from_a_folder_with_spaces(interpreter: Interpreter, tmp_path: Path) -> None:
    store = Store(tmp_path / "a cache with spaces" / ("long" * 30))
    points = "[console_scripts]\ngreet = demo:main\n"
    files = {"demo.py": "def main():\n    print('hello')\n", "demo-1.0.data/scripts/tool": "#!python\nprint('tool')\n"}
    environment = prepare(store, interpreter, tmp_path, wheel("demo", files, entry_points=points))
    assert script(environment, "greet") == "hello"
    assert script(environment, "tool") == "tool"


@posix_only
def test_data_lands_where_it_belongs(store: Store, interpreter: Interpreter, tmp_path: Path) -> None:
    data = "demo-1.0.data"
    files = {
        "root.py": "",
        f"{data}/purelib/pure.py": "",
        f"{data}/platlib/plat.py": "",
        f"{data}/scripts/tool": "#!python\nimport sys; print(sys.prefix)\n",
        f"{data}/scripts/windowed": "#!pythonw\nprint('w')\n",
        f"{data}/scripts/shell": "#!/bin/sh\necho shell\n",
        f"{data}/headers/demo.h": "",
        f"{data}/data/share/demo/file": "",
    }
    environment = prepare(store, interpreter, tmp_path, wheel("demo", files, purelib=False))
    library = site_packages(environment)
    assert {"root.py", "pure.py", "plat.py"} <= set(os.listdir(library))
    assert not (library / data).exists()
    assert script(environment, "tool") == str(environment.path)
    assert script(environment, "windowed") == "w"
    assert script(environment, "shell") == "shell"
    version = "{}.{}".format(*interpreter.python.minor)
    assert (environment.path / "include" / "site" / f"python{version}" / "demo" / "demo.h").is_file()
    assert (environment.path / "share" / "demo" / "file").is_file()


def test_record_lists_what_was_installed(store: Store, interpreter: Interpreter, tmp_path: Path) -> None:
    files = {"demo.py": "x = 1\n", "demo-1.0.data/scripts/tool": "#!python\n"}
    environment = prepare(
        store, interpreter, tmp_path, wheel("demo", files, entry_points="[console_scripts]\ngo = demo:x\n")
    )
    library = site_packages(environment)
    info = library / "demo-1.0.dist-info"
    assert (info / "INSTALLER").read_text() == "ofiuco\n"
    assert not (info / "direct_url.json").exists()
    rows = {row[0]: row for row in csv.reader((info / "RECORD").read_text().splitlines())}
    assert rows["demo-1.0.dist-info/RECORD"][1:] == ["", ""]
    for path, row in rows.items():
        target = library / path
        assert target.is_file(), path
        if row[2]:
            assert target.stat().st_size == int(row[2])
    names = {Path(path).name for path in rows}
    assert {"demo.py", "tool", "INSTALLER", "METADATA", "RECORD"} <= names
    assert names & {"go", "go.exe"}
    code = "import importlib.metadata as m; print(m.version('demo'), sorted(e.name for e in m.entry_points(name='go')))"
    assert run(environment, code) == "1.0 ['go']"


def test_packages_that_share_a_folder(store: Store, interpreter: Interpreter, tmp_path: Path) -> None:
    one = wheel("acme-one", {"acme/one.py": "N = 1\n"})
    two = wheel("acme-two", {"acme/two.py": "N = 2\n", "acme/deep/three.py": "N = 3\n"})
    environment = prepare(store, interpreter, tmp_path, one, two)
    code = "import acme.one, acme.two, acme.deep.three; print(acme.one.N, acme.two.N, acme.deep.three.N)"
    assert run(environment, code) == "1 2 3"


def test_the_later_name_wins_and_the_store_is_not_written(
    store: Store, interpreter: Interpreter, tmp_path: Path
) -> None:
    first = wheel("aaa", {"shared.py": "WHO = 'aaa'\n"})
    second = wheel("bbb", {"shared.py": "WHO = 'bbb'\n"}, entry_points="[console_scripts]\nwho = shared:WHO\n")
    environment = prepare(store, interpreter, tmp_path, second, first)
    assert run(environment, "import shared; print(shared.WHO)") == "bbb"
    assert (store.wheels / first.sha256 / "tree" / "shared.py").read_text() == "WHO = 'aaa'\n"


def test_pth_files_are_kept(store: Store, interpreter: Interpreter, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "found.py").write_text("")
    environment = prepare(store, interpreter, tmp_path, wheel("demo", {"demo.pth": f"{tmp_path / 'elsewhere'}\n"}))
    assert run(environment, "import found; print('yes')") == "yes"


def test_a_direct_archive_is_remembered_as_one(store: Store, interpreter: Interpreter, tmp_path: Path) -> None:
    file = wheel("demo", {"demo.py": ""}).write(tmp_path)
    artifact = Archive(filename=file.filename, hashes=(("sha256", file.sha256),), path=file.filename)
    with preparer(store) as made:
        environment = made.prepare(plan(interpreter, tmp_path, {"demo": artifact}))
    said = json.loads((site_packages(environment) / "demo-1.0.dist-info" / "direct_url.json").read_text())
    assert said == {
        "url": (tmp_path / file.filename).as_uri(),
        "archive_info": {"hashes": {"sha256": file.sha256}},
    }


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        pytest.param(wheel("demo", {}, extra={member("../../x"): ""}), "outside the environment", id="outside"),
        pytest.param(wheel("demo", {"demo-1.0.data/data/pyvenv.cfg": ""}), "would replace", id="pyvenv.cfg"),
        pytest.param(wheel("demo", {f"demo-1.0.data/data/{MANIFEST}": ""}), "would replace", id="manifest"),
        pytest.param(wheel("demo", {"demo-1.0.data/unknown/x": ""}), "unknown part 'unknown'", id="unknown scheme"),
        pytest.param(
            wheel("demo", {}, entry_points="[console_scripts]\n../x = demo:main\n"), "outside", id="script outside"
        ),
        pytest.param(
            wheel("demo", {}, entry_points="[console_scripts\n"), r"entry_points\.txt cannot be read", id="entry points"
        ),
    ],
)
def test_what_must_not_be_installed(
    store: Store, interpreter: Interpreter, tmp_path: Path, file: File, reason: str
) -> None:
    with pytest.raises(ArchiveError, match=reason):
        prepare(store, interpreter, tmp_path, file)
    assert [path for path in store.environments.glob("*") if store.published(path)] == []


@posix_only
def test_a_wheel_must_not_replace_the_interpreter(store: Store, interpreter: Interpreter, tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match="would replace"):
        prepare(store, interpreter, tmp_path, wheel("demo", {"demo-1.0.data/scripts/python3": "#!/bin/sh\n"}))


def test_a_file_and_a_folder_of_one_name(store: Store, interpreter: Interpreter, tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match="a file in one wheel and a folder in another"):
        prepare(store, interpreter, tmp_path, wheel("aaa", {"same": ""}), wheel("bbb", {"same/x.py": ""}))


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


def test_what_has_no_manifest_is_rubbish(store: Store, interpreter: Interpreter, tmp_path: Path) -> None:
    file = wheel("demo", {"demo.py": ""})
    environment = prepare(store, interpreter, tmp_path, file)
    (environment.path / MANIFEST).unlink()
    (environment.path / "stray").write_text("")
    assert not prepare_again(store, interpreter, tmp_path, file).was_cached
    assert not (environment.path / "stray").exists()


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
