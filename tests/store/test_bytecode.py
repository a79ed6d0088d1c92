"""Bytecode is compiled once a wheel and Python, whatever environments have the wheel."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from pytest_ofiuco.store import bytecode
from pytest_ofiuco.store.bytecode import place_of
from pytest_ofiuco.store.cache import Store
from pytest_ofiuco.store.environment import Environment
from pytest_ofiuco.store.interpreters import Interpreter
from pytest_ofiuco.store.virtual import Layout
from tests.store.installing import prepare, site_packages
from tests.store.makers import THIS_PYTHON, File, plan, preparer, sdist, source_files, wheel

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="symbolic links")

PACKAGE = wheel(
    "demo", {"demo/__init__.py": "from demo.part import ANSWER\n", "demo/part/__init__.py": "ANSWER = 42\n"}
)
OTHER = wheel("other", {"other.py": ""})
SITE = f"lib/python{THIS_PYTHON}/site-packages"


def run_cell(store: Store, environment: Environment, code: str) -> str:
    """What a process says that is started as a cell's is."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    environ["PYTHONPYCACHEPREFIX"] = str(store.bytecode)
    command = [str(environment.python), "-c", code]
    return subprocess.run(command, capture_output=True, text=True, check=True, env=environ).stdout.strip()


def compiled(folder: Path) -> list[str]:
    """The modules that have bytecode below a folder, links not followed."""
    return sorted(str(path.relative_to(folder)).partition(".")[0] for path in folder.rglob("*.pyc"))


def shared(store: Store, file: File) -> Path:
    (folder,) = store.wheel_bytecode.glob(f"{file.sha256}-*")
    return folder


def test_what_one_environment_has_compiled_another_loads(
    store: Store, interpreter: Interpreter, tmp_path: Path
) -> None:
    first = prepare(store, interpreter, tmp_path, PACKAGE)
    run_cell(store, first, "import demo")
    assert compiled(shared(store, PACKAGE)) == ["demo/__init__", "demo/part/__init__"]
    (file,) = (shared(store, PACKAGE) / "demo" / "part").iterdir()
    before = file.stat()
    second = prepare(store, interpreter, tmp_path, PACKAGE, OTHER)
    assert second.path != first.path
    loaded = run_cell(store, second, "import demo.part as part; print(part.__cached__); print(part.__file__)")
    cached, source = loaded.splitlines()
    assert Path(cached).samefile(file)
    assert file.stat().st_mtime_ns == before.st_mtime_ns, "it was compiled again"
    assert source.startswith(str(second.path))


def test_code_knows_the_environment_that_it_is_in(store: Store, interpreter: Interpreter, tmp_path: Path) -> None:
    """A traceback must not lead to an environment that may be gone."""
    function = wheel("named", {"named/__init__.py": "def f(): pass\n"})
    first = prepare(store, interpreter, tmp_path, function)
    code = "import named; print(named.f.__code__.co_filename)"
    run_cell(store, first, code)
    second = prepare(store, interpreter, tmp_path, function, OTHER)
    assert run_cell(store, second, code) == str(site_packages(second) / "named" / "__init__.py")


def test_a_namespace_package_is_shared_in_parts(store: Store, interpreter: Interpreter, tmp_path: Path) -> None:
    left = wheel("left", {"space/left/__init__.py": "", "space/both/one.py": ""})
    right = wheel("right", {"space/right/__init__.py": "", "space/both/two.py": ""})
    environment = prepare(store, interpreter, tmp_path, left, right)
    run_cell(store, environment, "import space.left, space.right, space.both.one, space.both.two")
    assert compiled(shared(store, left)) == ["space/left/__init__"]
    assert compiled(shared(store, right)) == ["space/right/__init__"]
    own = place_of(store, site_packages(environment)) / "space"
    assert not own.is_symlink()
    assert compiled(own / "both") == ["one", "two"]


def test_plugins_of_pytest_are_not_shared(store: Store, interpreter: Interpreter, tmp_path: Path) -> None:
    """pytest's rewritten bytecode holds the path that it was compiled at."""
    plugin = wheel("plugin", {"plugin/__init__.py": ""}, entry_points="[pytest11]\nplugin = plugin\n")
    environment = prepare(store, interpreter, tmp_path, plugin)
    run_cell(store, environment, "import plugin")
    assert not list(store.wheel_bytecode.glob("*"))
    assert compiled(place_of(store, site_packages(environment))) == ["plugin/__init__"]


def test_the_standard_library_is_not_compiled_again(store: Store, interpreter: Interpreter, tmp_path: Path) -> None:
    environment = prepare(store, interpreter, tmp_path, OTHER)
    cached = Path(run_cell(store, environment, "import json.decoder; print(json.decoder.__cached__)"))
    assert cached.is_relative_to(store.bytecode)
    if not cached.is_symlink():
        pytest.skip("this Python came without bytecode")
    assert cached.resolve().parent.name == "__pycache__"


def test_where_there_are_no_links_environments_work_alone(
    store: Store, interpreter: Interpreter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(1, "a privilege is not held")

    with monkeypatch.context() as patched:
        patched.setattr(bytecode, "_link", refuse)
        environment = prepare(store, interpreter, tmp_path, PACKAGE)
    run_cell(store, environment, "import demo")
    assert compiled(place_of(store, site_packages(environment))) == ["demo/__init__", "demo/part/__init__"]


def test_bytecode_that_is_gone_is_made_anew(store: Store, interpreter: Interpreter, tmp_path: Path) -> None:
    environment = prepare(store, interpreter, tmp_path, PACKAGE)
    run_cell(store, environment, "import demo")
    shutil.rmtree(store.wheel_bytecode)
    assert run_cell(store, environment, "import demo; print(demo.ANSWER)") == "42"


def _now(store: Store) -> None:
    """Everything was unpacked in the same second, as it often is."""
    for file in store.wheels.rglob("*.py"):
        os.utime(file, (1_700_000_000, 1_700_000_000))


@pytest.mark.parametrize(
    "place",
    ["over-1.0.data/purelib", "over-1.0.data/platlib", f"over-1.0.data/data/{SITE}"],
    ids=["pure", "plat", "data"],
)
def test_a_module_that_another_wheel_replaces_is_not_shared(
    store: Store, interpreter: Interpreter, tmp_path: Path, place: str
) -> None:
    """Its bytecode would pass for that of the wheel that it takes the place of: same size, same second."""
    under = wheel("beneath", {"both/__init__.py": "X = 1\n"})
    over = wheel("over", {f"{place}/both/__init__.py": "X = 2\n"})
    first = prepare(store, interpreter, tmp_path, under, over)
    _now(store)
    assert run_cell(store, first, "import both; print(both.X)") == "2"
    second = prepare(store, interpreter, tmp_path, under)
    assert run_cell(store, second, "import both; print(both.X)") == "1"


def test_bytecode_goes_with_the_environment_that_is_made_anew(
    store: Store, interpreter: Interpreter, tmp_path: Path
) -> None:
    """What is built anew may have the size that it had, and be made in the same second."""
    (tmp_path / "answer").write_text("1")
    tree = source_files("demo")
    changing = f"_source = lambda: {{'demo.py': 'X = ' + open({str(tmp_path / 'answer')!r}).read() + chr(10)}}\n"
    source = sdist("demo", {**tree, "backend.py": tree["backend.py"] + changing}).write(tmp_path)
    wanted = plan(interpreter, tmp_path, {"demo": source.sdist(path=source.filename)})
    for answer in "12":
        (tmp_path / "answer").write_text(answer)
        with preparer(store, refresh=True) as made:
            environment = made.prepare(wanted)
        _now(store)
        assert run_cell(store, environment, "import demo; print(demo.X)") == answer


def test_everything_but_tests_is_compiled_ahead(tmp_path: Path) -> None:
    store = Store(tmp_path / "cache")
    site = tmp_path / "site"
    for name in ("package/module.py", "package/tests/test_module.py", "package/broken.py"):
        (site / name).parent.mkdir(parents=True, exist_ok=True)
        (site / name).write_text("def (" if "broken" in name else "VALUE = 1\n", encoding="utf-8")
    layout = cast(Layout, SimpleNamespace(purelib=site, platlib=site))
    bytecode.compile_ahead(store, layout, sys.executable)
    place = bytecode.place_of(store, site)
    assert [path.name for path in place.rglob("*.pyc")] == [f"module.{sys.implementation.cache_tag}.pyc"]


def test_a_compiler_that_is_gone_compiles_nothing(tmp_path: Path) -> None:
    layout = cast(Layout, SimpleNamespace(purelib=tmp_path, platlib=tmp_path))
    bytecode.compile_ahead(Store(tmp_path / "cache"), layout, str(tmp_path / "python"))
