"""Places that a store may be in: full, read-only, somebody else's, far away, oddly named. Caused, not imitated."""

from __future__ import annotations

import errno
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pytest_ofiuco.core.target import Python
from pytest_ofiuco.errors import CacheError, OfiucoError
from pytest_ofiuco.store import installation, usage
from pytest_ofiuco.store.cache import Store
from pytest_ofiuco.store.environment import Environment
from pytest_ofiuco.store.interpreters import Interpreter, Interpreters
from tests.store import installing
from tests.store.makers import THIS_PYTHON, plan, preparer, wheel
from tests.store.serving import Index

if sys.platform == "win32":
    pytest.skip("tmpfs, modes and limits are another thing there", allow_module_level=True)

import resource

ROOT = str(Path(__file__).parents[2])
SIZE = 2 << 20
TEXT = random.Random(0).randbytes(SIZE // 2).hex()
BIG = wheel("big", {"big/data.txt": TEXT, "big/__init__.py": "ANSWER = 42\n"})
NOBODY = 65534

Mount = Callable[[Path, str], None]


@contextmanager
def mounted(folder: Path, options: str) -> Iterator[None]:
    """A file system of its own at ``folder``."""
    folder.mkdir(exist_ok=True)
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "none", str(folder)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        pytest.skip(f"nothing can be mounted here: {done.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def remount(folder: Path, options: str) -> None:
    usage.end()  # a file that is open for writing would keep it as it is
    subprocess.run(["mount", "-o", f"remount,{options}", str(folder)], check=True)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    """A file system with room for everything."""
    if os.geteuid():
        pytest.skip("only root can mount")
    with mounted(tmp_path / "place", "size=64m"):
        yield tmp_path / "place"


def served(store: Store, interpreter: Interpreter, index: Index, folder: Path, *, offline: bool = False) -> Environment:
    index.files.setdefault("big", [BIG])
    with preparer(store, offline=offline) as made:
        return made.prepare(plan(interpreter, folder, {"big": BIG.wheel(url=index.url(BIG))}))


def answer(environment: Environment) -> str:
    return installing.run(environment, "import big; print(big.ANSWER)")


def unfinished(store: Store) -> list[str]:
    return os.listdir(store.root / "temporary-v1")


def fill(folder: Path, *, leave: int) -> Path:
    """Take the room of a file system but ``leave`` bytes; the file that has it."""
    free = os.statvfs(folder)
    ballast = folder / "ballast"
    with ballast.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, free.f_bavail * free.f_frsize - leave)
    return ballast


def is_no_room(error: OfiucoError) -> bool:
    said = error.render().splitlines()
    return (
        said[0].startswith("error: ")
        and said[0].endswith(": the cache cannot be used: No space left on device")
        and said[1:] == ["hint: free the disk or choose another folder with the variable OFIUCO_CACHE_DIR"]
    )


@pytest.mark.parametrize(
    ("before", "room"),
    [
        pytest.param("nothing", 64 << 10, id="download"),
        pytest.param("download", 64 << 10, id="unpack"),
        pytest.param("unpack", 32 << 10, id="install"),
        pytest.param("nothing", 0, id="at once"),
    ],
)
def test_a_full_disk(
    place: Path, interpreter: Interpreter, index: Index, tmp_path: Path, before: str, room: int
) -> None:
    store = Store(place / "cache")
    store.prepare()
    if before != "nothing":
        small = installing.prepare(Store(place / "cache"), interpreter, tmp_path, wheel("small", {"small.py": ""}))
        assert small.path.exists()
        served(store, interpreter, index, tmp_path)
        for folder in store.environments.iterdir():
            store.discard(folder)
        if before == "download":
            store.discard(store.wheels / BIG.sha256)
    ballast = fill(place, leave=room)
    for _ in range(2):
        with pytest.raises(CacheError) as caught:
            served(store, interpreter, index, tmp_path)
        assert is_no_room(caught.value), caught.value.render()
        assert unfinished(store) == []
        assert not list(store.environments.glob("*/ofiuco.json"))
    ballast.unlink()
    environment = served(store, interpreter, index, tmp_path)
    assert not environment.was_cached
    assert answer(environment) == "42"
    assert served(store, interpreter, index, tmp_path).was_cached


def test_a_disk_that_is_full_when_the_manifest_is_written(
    place: Path, interpreter: Interpreter, index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(place / "cache")
    ballast: list[Path] = []
    install = installation.Installation.install

    def then_fill(*arguments: object) -> None:
        install(*arguments)  # type: ignore[arg-type]
        ballast.append(fill(place, leave=0))

    with monkeypatch.context() as patched:
        patched.setattr(installation.Installation, "install", then_fill)
        with pytest.raises(CacheError) as caught:
            served(store, interpreter, index, tmp_path)
    assert is_no_room(caught.value), caught.value.render()
    assert not list(store.environments.glob("*/ofiuco.json"))
    ballast[0].unlink()
    assert answer(served(store, interpreter, index, tmp_path)) == "42"


def test_a_disk_that_is_fuller_and_fuller(place: Path, interpreter: Interpreter, index: Index, tmp_path: Path) -> None:
    """From none at all to just enough: whatever is being written when it ends, the answer is one."""
    store = Store(place / "cache")
    served(store, interpreter, index, tmp_path)
    for environment in store.environments.iterdir():
        store.discard(environment)
    for pages in range(60):
        ballast = fill(place, leave=pages * 4096)
        try:
            served(store, interpreter, index, tmp_path)
            break
        except CacheError as error:
            said = error
        finally:
            ballast.unlink()
        assert is_no_room(said), said.render()
        assert not list(store.environments.glob("*/ofiuco.json"))
    assert 4 < pages < 59
    assert answer(served(store, interpreter, index, tmp_path)) == "42"


@contextmanager
def longest_file(size: int) -> Iterator[None]:
    """No file of this process may grow beyond ``size`` bytes."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


@pytest.mark.parametrize("stage", ["download", "unpack"])
def test_a_limit_on_the_size_of_files(
    store: Store, interpreter: Interpreter, index: Index, tmp_path: Path, stage: str
) -> None:
    """Needs no root, so this is tested everywhere: part of a file is written, then there is an error."""
    if stage == "unpack":
        served(store, interpreter, index, tmp_path)
        for folder in (*store.environments.iterdir(), *store.wheels.iterdir()):
            store.discard(folder)
    with longest_file(1 << 20), pytest.raises(CacheError) as caught:
        served(store, interpreter, index, tmp_path)
    said = caught.value.render().splitlines()
    assert said[0].endswith(f": the cache cannot be used: {os.strerror(errno.EFBIG)}")
    assert said[1:] == [
        "hint: raise the limit on the size of files (`ulimit -f`), or choose another folder with the variable"
        " OFIUCO_CACHE_DIR"
    ]
    assert unfinished(store) == []
    assert answer(served(store, interpreter, index, tmp_path)) == "42"


def snapshot(folder: Path) -> list[tuple[str, int, int]]:
    found = []
    for path in sorted(folder.rglob("*")):
        status = path.lstat()
        found.append((str(path), status.st_mtime_ns, status.st_size))
    return found


def test_a_read_only_store(place: Path, interpreter: Interpreter, index: Index, tmp_path: Path) -> None:
    """What is there serves, and nothing is written; what is lacking is a clear error."""
    store = Store(place / "cache")
    made = served(store, interpreter, index, tmp_path)
    for file in place.rglob("*"):
        os.utime(file, (0, 0), follow_symlinks=False)
    remount(place, "ro")
    before = snapshot(place)
    found = served(Store(place / "cache"), interpreter, index, tmp_path, offline=True)
    assert found.was_cached
    assert (found.path, answer(found)) == (made.path, "42")
    small = wheel("small", {"small.py": ""})
    with pytest.raises(CacheError) as caught:
        installing.prepare(Store(place / "cache"), interpreter, tmp_path, small)
    assert snapshot(place) == before
    said = caught.value.render()
    assert said.startswith(f"error: {place}/cache/")
    assert said.endswith(
        ": the cache cannot be used: Read-only file system\n"
        "hint: make it writable, or choose another folder with the variable OFIUCO_CACHE_DIR"
    )


def test_a_store_in_a_place_that_is_read_only(place: Path, interpreter: Interpreter, tmp_path: Path) -> None:
    remount(place, "ro")
    with pytest.raises(CacheError) as caught:
        installing.prepare(Store(place / "cache"), interpreter, tmp_path, wheel("small", {"small.py": ""}))
    assert caught.value.render() == (
        f"error: {place}/cache: the cache cannot be used: Read-only file system\n"
        "hint: make it writable, or choose another folder with the variable OFIUCO_CACHE_DIR"
    )


AS_SOMEBODY = """
import os, sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from pytest_ofiuco.core.target import Python
from pytest_ofiuco.errors import OfiucoError
from pytest_ofiuco.store.cache import Store
from pytest_ofiuco.store.interpreters import Interpreters
from tests.store.makers import THIS_PYTHON, NOWHERE, plan, preparer, wheel
import pytest_ofiuco.store.environment, pytest_ofiuco.store.installation, virtualenv.run, installer.scripts
interpreter = Interpreters(Store(Path(sys.argv[3])), {}).find(Python.parse(THIS_PYTHON), [sys.executable])
os.setgid(int(sys.argv[5]))
os.setuid(int(sys.argv[5]))
file = wheel(sys.argv[4], {f"{sys.argv[4]}.py": ""})
store, folder = Store(Path(sys.argv[2])), Path(sys.argv[3])
try:
    with preparer(store) as made:
        environment = made.prepare(plan(interpreter, folder, {sys.argv[4]: file.wheel(path=file.filename)}))
        print("cached" if environment.was_cached else "made")
except OfiucoError as error:
    print(error.render())
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become nobody")
@pytest.mark.parametrize("mode", [0o755, 0o700])
def test_a_store_that_is_somebody_elses(
    interpreter: Interpreter, tmp_path_factory: pytest.TempPathFactory, mode: int
) -> None:
    folder = tmp_path_factory.mktemp("lock")
    shared = tmp_path_factory.mktemp("shared")
    for each in (*shared.parents[:-2], shared):
        if each.stat().st_uid == os.geteuid() and each != Path("/tmp"):
            each.chmod(each.stat().st_mode | 0o055)
    cache = shared / "cache"
    for name in ("mine", "other"):
        wheel(name, {f"{name}.py": ""}).write(folder)

    def said(name: str, user: int) -> str:
        command = [sys.executable, "-c", AS_SOMEBODY, ROOT, str(cache), str(folder), name, str(user)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
        assert not done.stderr, done.stderr
        return done.stdout.strip()

    assert said("mine", 0) == "made"
    cache.chmod(mode)
    before = snapshot(cache)
    if mode & 0o055 and all(folder.stat().st_mode & 0o001 for folder in Path(interpreter.path).parents):
        assert said("mine", NOBODY) == "cached"
    refused = said("other", NOBODY)
    assert refused.startswith(f"error: {cache}")
    assert refused.endswith(
        ": the cache cannot be used: Permission denied\n"
        "hint: ask for the right to write there, or choose another folder with the variable OFIUCO_CACHE_DIR"
    )
    assert snapshot(cache) == before


def test_a_file_in_the_stores_place(interpreter: Interpreter, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("")
    with pytest.raises(CacheError) as caught:
        installing.prepare(Store(tmp_path / "cache"), interpreter, tmp_path, wheel("small", {"small.py": ""}))
    assert caught.value.render() == (
        f"error: {tmp_path}/cache/temporary-v1: the cache cannot be used: Not a directory\n"
        "hint: free the disk or choose another folder with the variable OFIUCO_CACHE_DIR"
    )


def test_a_store_on_another_file_system(place: Path, interpreter: Interpreter, tmp_path: Path) -> None:
    """Than the project, the wheelhouse and the folder for temporary files."""
    store = Store(place / "cache")
    environment = installing.prepare(store, interpreter, tmp_path / "project", BIG)
    assert answer(environment) == "42"
    assert os.stat(store.root).st_dev != os.stat(tmp_path).st_dev
    assert installing.prepare(store, interpreter, tmp_path / "project", BIG).was_cached


def environment_of(store: Store, interpreter: Interpreter, folder: Path) -> Environment:
    return installing.prepare(store, interpreter, folder, BIG)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("with spaces and 'quotes'", id="spaces"),
        pytest.param("Zwischenspeicher für α-ω 缓存", id="not ASCII"),
        pytest.param("/".join(["quite-a-long-name"] * 12), id="long"),
        pytest.param("$HOME;%d", id="signs"),
    ],
)
def test_paths_of_the_store(interpreter: Interpreter, tmp_path: Path, name: str) -> None:
    file = wheel(
        "tool", {"tool.py": "def main():\n    print('it runs')\n"}, entry_points="[console_scripts]\ntool=tool:main\n"
    )
    store = Store(tmp_path / name)
    environment = installing.prepare(store, interpreter, tmp_path, file)
    assert installing.script(environment, "tool") == "it runs"
    assert installing.prepare(store, interpreter, tmp_path, file).was_cached


def test_a_store_behind_a_link(interpreter: Interpreter, tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    environment = environment_of(Store(tmp_path / "link"), interpreter, tmp_path)
    assert answer(environment) == "42"
    assert (tmp_path / "real" / "environments-v1" / environment.key).is_dir()
    assert environment_of(Store(tmp_path / "real"), interpreter, tmp_path).key == environment.key


def test_an_interpreter_that_is_gone(store: Store, interpreter: Interpreter, tmp_path: Path) -> None:
    """The environment's own link dangles: it is made anew."""
    environment = environment_of(store, interpreter, tmp_path)
    environment.python.unlink()
    environment.python.symlink_to(tmp_path / "gone")
    again = environment_of(store, interpreter, tmp_path)
    assert not again.was_cached
    assert answer(again) == "42"


def test_an_interpreter_that_was_upgraded_in_place(store: Store, interpreter: Interpreter, tmp_path: Path) -> None:
    """Another file of the same path is another interpreter, which has an environment of its own."""
    python = tmp_path / "bin" / Path(interpreter.path).name
    python.parent.mkdir()
    shutil.copy2(interpreter.path, python)
    if subprocess.run([str(python), "-c", "import os"], capture_output=True, check=False).returncode:
        pytest.skip("this Python does not run elsewhere")

    def found() -> Interpreter:
        return Interpreters(store, {"PATH": ""}).find(Python.parse(THIS_PYTHON), [str(python)])

    first = found()
    environment = environment_of(store, first, tmp_path)
    assert environment_of(store, found(), tmp_path).key == environment.key
    os.utime(python, (0, 0))
    second = found()
    assert second.identity != first.identity
    assert environment_of(store, second, tmp_path).key != environment.key
