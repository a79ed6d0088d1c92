"""What is in an environment, where, and what must not be."""

from __future__ import annotations

import csv
import json
import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from pytest_ofiuco.core.artifact import Archive
from pytest_ofiuco.errors import (
    ArchiveError,
    BrokenPythonError,
)
from pytest_ofiuco.store.cache import MANIFEST, Store
from pytest_ofiuco.store.installation import Installation
from pytest_ofiuco.store.interpreters import Interpreter
from pytest_ofiuco.store.usage import HIDDEN
from pytest_ofiuco.store.virtual import create
from pytest_ofiuco.store.wheel import unpack
from tests.store.installing import prepare, run, script, site_packages
from tests.store.makers import File, member, plan, preparer, wheel

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="POSIX scripts")


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
        pytest.param(wheel("demo", {f"demo-1.0.data/data/{HIDDEN}": ""}), "would replace", id="hidden manifest"),
        pytest.param(wheel("demo", {"demo-1.0.data/data/PyVenv.cfg": ""}), "would replace", id="another case"),
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
    assert [path for path in store.environments.glob("*") if store.published(path, {})] == []


@posix_only
def test_a_wheel_must_not_replace_the_interpreter(store: Store, interpreter: Interpreter, tmp_path: Path) -> None:
    shipped = wheel("demo", {"demo-1.0.data/scripts/python3": "#!/bin/sh\n"})
    declared = wheel("demo", {}, entry_points="[console_scripts]\npython3 = demo:main\n")
    for file in (shipped, declared):
        with pytest.raises(ArchiveError) as caught:
            prepare(store, interpreter, tmp_path, file)
        assert caught.value.render() == (
            "error: demo-1.0-py3-none-any.whl: refused: it would replace python3, which is the environment's own\n"
            "hint: this file must not be installed: report it to its publisher"
        )
        assert not list(store.environments.glob(f"*/{MANIFEST}"))


@posix_only
def test_nothing_is_written_through_a_link(store: Store, interpreter: Interpreter, tmp_path: Path) -> None:
    """Environments of some Pythons have links to folders of the interpreter."""
    outside = tmp_path / "outside"
    outside.mkdir()
    file = wheel("demo", {"demo-1.0.data/data/lib_python/more/site.py": ""}).write(tmp_path)
    unpacked = unpack(store, tmp_path / file.filename, file.sha256)
    layout = create(store, tmp_path / "environment", interpreter, os.environ)
    (layout.prefix / "lib_python").symlink_to(outside, target_is_directory=True)
    with pytest.raises(ArchiveError) as caught:
        Installation(layout).install(unpacked)
    assert caught.value.render() == (
        f"error: demo-1.0-py3-none-any.whl: refused: it would write to {outside.resolve()}, which is outside the"
        " environment\nhint: this file must not be installed: report it to its publisher"
    )
    assert not list(outside.iterdir())


def test_a_file_and_a_folder_of_one_name(store: Store, interpreter: Interpreter, tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match="a file in one wheel and a folder in another"):
        prepare(store, interpreter, tmp_path, wheel("aaa", {"same": ""}), wheel("bbb", {"same/x.py": ""}))


@posix_only
def test_a_launcher_that_does_not_end(
    store: Store, interpreter: Interpreter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pytest_ofiuco.store.virtual._PATIENCE", 0.2)
    launched = replace(interpreter, launcher=("sh", "-c", "exec sleep 60"))
    with pytest.raises(BrokenPythonError, match=r"its launcher has not ended after 0 s"):
        create(store, tmp_path / "environment", launched, os.environ)
