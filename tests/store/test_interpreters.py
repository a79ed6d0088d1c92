"""Interpreters: laid out as users have them, all links to the one that runs the tests."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from pytest_ofiuco.core.target import Python
from pytest_ofiuco.errors import BrokenPythonError, MissingPythonError
from pytest_ofiuco.store.cache import Store
from pytest_ofiuco.store.interpreters import Interpreter, Interpreters, host_platform
from pytest_ofiuco.store.pythons import candidates, probe
from tests.store.makers import THIS_PYTHON

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="lays out POSIX folders")


@pytest.fixture(autouse=True)
def _nowhere_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what a test lays out is found; the running interpreter is not."""
    monkeypatch.setattr(candidates, "_common_folders", lambda _: [])
    monkeypatch.setattr(sys, "executable", "")


@pytest.fixture
def real(interpreter: Interpreter) -> str:
    return interpreter.path


def script(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


def linked(path: Path, real: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(real)
    return path


def on(tmp_path: Path, store: Store, **environ: str) -> Interpreters:
    return Interpreters(store, {"HOME": str(tmp_path / "home"), "PATH": str(tmp_path / "bin"), **environ})


def test_found_on_path_by_its_version(tmp_path: Path, store: Store, real: str) -> None:
    linked(tmp_path / "bin" / f"python{THIS_PYTHON}", real)
    found = on(tmp_path, store).find(Python.parse(THIS_PYTHON))
    assert found.path == real
    assert found.python.is_exact
    assert found.python.full_version == sys.version.partition(" ")[0]
    assert found.platform == host_platform()


def test_found_on_path_as_python3_and_by_its_exact_version(tmp_path: Path, store: Store, real: str) -> None:
    linked(tmp_path / "bin" / "python3", real)
    exact = sys.version.partition(" ")[0]
    assert on(tmp_path, store).find(Python.parse(exact)).path == real


def test_another_patch_is_not_taken(tmp_path: Path, store: Store, real: str) -> None:
    linked(tmp_path / "bin" / "python3", real)
    with pytest.raises(MissingPythonError):
        on(tmp_path, store).find(Python.parse(f"{THIS_PYTHON}.99"))


def test_a_free_threaded_build_is_not_the_other_one(tmp_path: Path, store: Store, real: str) -> None:
    linked(tmp_path / "bin" / "python3", real)
    with pytest.raises(MissingPythonError):
        on(tmp_path, store).find(replace(Python.parse(THIS_PYTHON), free_threaded=True))


def test_pyenvs_versions_stand_for_its_shims(tmp_path: Path, store: Store, real: str) -> None:
    root = tmp_path / "pyenv"
    refused = tmp_path / "refused"
    script(root / "shims" / f"python{THIS_PYTHON}", f"#!/bin/sh\ntouch {refused}\nexit 127\n")
    linked(root / "versions" / f"{THIS_PYTHON}.0" / "bin" / f"python{THIS_PYTHON}", real)
    linked(tmp_path / "later" / f"python{THIS_PYTHON}", real)
    path = os.pathsep.join([str(root / "shims"), str(tmp_path / "later")])
    interpreters = on(tmp_path, store, PATH=path, PYENV_ROOT=str(root))
    assert interpreters.find(Python.parse(THIS_PYTHON)).path == real
    assert not refused.exists()


def test_pyenv_in_the_home_folder_without_shims_on_path(tmp_path: Path, store: Store, real: str) -> None:
    linked(tmp_path / "home" / ".pyenv" / "versions" / f"{THIS_PYTHON}.0" / "bin" / "python3", real)
    assert on(tmp_path, store).find(Python.parse(THIS_PYTHON)).path == real


def test_uvs_own_pythons(tmp_path: Path, store: Store, real: str) -> None:
    linked(tmp_path / "uv" / f"cpython-{THIS_PYTHON}.0-linux-x86_64-gnu" / "bin" / f"python{THIS_PYTHON}", real)
    interpreters = on(tmp_path, store, UV_PYTHON_INSTALL_DIR=str(tmp_path / "uv"))
    assert interpreters.find(Python.parse(THIS_PYTHON)).path == real


def test_a_shim_that_refuses_is_passed_over(tmp_path: Path, store: Store, real: str) -> None:
    script(tmp_path / "bin" / f"python{THIS_PYTHON}", "#!/bin/sh\necho 'not set up' >&2\nexit 127\n")
    linked(tmp_path / "second" / f"python{THIS_PYTHON}", real)
    path = os.pathsep.join([str(tmp_path / "bin"), str(tmp_path / "second")])
    assert on(tmp_path, store, PATH=path).find(Python.parse(THIS_PYTHON)).path == real


def test_a_shim_that_works_is_followed_when_nothing_else_is_there(tmp_path: Path, store: Store, real: str) -> None:
    script(tmp_path / "bin" / f"python{THIS_PYTHON}", f'#!/bin/sh\nexec {real} "$@"\n')
    assert on(tmp_path, store).find(Python.parse(THIS_PYTHON)).path == real


def test_a_virtual_environments_python_gives_its_base(tmp_path: Path, store: Store, real: str) -> None:
    subprocess.run([real, "-m", "venv", "--without-pip", str(tmp_path / "venv")], check=True)
    inside = tmp_path / "venv" / "bin"
    assert on(tmp_path, store, PATH=str(inside)).find(Python.parse(THIS_PYTHON)).path == real
    assert on(tmp_path, store).find(Python.parse(THIS_PYTHON), [str(tmp_path / "venv")]).path == real


def test_an_explicit_one_comes_first(tmp_path: Path, store: Store, real: str) -> None:
    named = linked(tmp_path / "elsewhere" / "python", real)
    assert on(tmp_path, store).find(Python.parse(THIS_PYTHON), [str(named)]).path == real


def test_an_explicit_one_that_is_broken_is_an_error(tmp_path: Path, store: Store) -> None:
    broken = script(tmp_path / "python", "#!/bin/sh\necho 'no libpython' >&2\nexit 3\n")
    with pytest.raises(BrokenPythonError, match="exit code 3: no libpython"):
        on(tmp_path, store).find(Python.parse(THIS_PYTHON), [str(broken)])
    with pytest.raises(BrokenPythonError, match="No such file"):
        on(tmp_path, store).find(Python.parse(THIS_PYTHON), [str(tmp_path / "missing")])


def test_a_program_that_is_no_python(tmp_path: Path, store: Store) -> None:
    other = script(tmp_path / "python", "#!/bin/sh\necho hello\n")
    with pytest.raises(BrokenPythonError, match="does not answer as a Python"):
        on(tmp_path, store).find(Python.parse(THIS_PYTHON), [str(other)])


def test_missing_says_where_it_looked_and_how_to_get_it(tmp_path: Path, store: Store) -> None:
    with pytest.raises(MissingPythonError) as caught:
        on(tmp_path, store).find(Python.parse("3.99"))
    said = caught.value.render()
    assert "looked in PATH, pyenv" in said
    assert "uv python install 3.99" in said


def test_available_has_one_a_minor_version(tmp_path: Path, store: Store, real: str) -> None:
    linked(tmp_path / "bin" / "python3", real)
    linked(tmp_path / "home" / ".pyenv" / "versions" / f"{THIS_PYTHON}.0" / "bin" / "python3", real)
    script(tmp_path / "bin" / "python", "#!/bin/sh\nexit 127\n")
    script(tmp_path / "bin" / "python3-config", "#!/bin/sh\nexit 0\n")
    assert [found.path for found in on(tmp_path, store).available()] == [real]


def test_the_second_time_no_process_is_started(
    tmp_path: Path, store: Store, real: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    linked(tmp_path / "bin" / f"python{THIS_PYTHON}", real)
    first = on(tmp_path, store).find(Python.parse(THIS_PYTHON))

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a process was started")

    monkeypatch.setattr(subprocess, "run", refuse)
    again = on(tmp_path, store)
    assert again.find(Python.parse(THIS_PYTHON)) == first
    assert again.available() == (first,)


def test_a_changed_executable_is_asked_again(tmp_path: Path, store: Store, real: str) -> None:
    copy = tmp_path / "bin" / f"python{THIS_PYTHON}"
    copy.parent.mkdir()
    copy.write_bytes(b"\x7fELF, but not really")
    copy.chmod(0o755)
    with pytest.raises(MissingPythonError):
        on(tmp_path, store).find(Python.parse(THIS_PYTHON))
    copy.unlink()
    linked(copy, real)
    assert on(tmp_path, store).find(Python.parse(THIS_PYTHON)).path == real


def test_a_damaged_memory_is_forgotten(tmp_path: Path, store: Store, real: str) -> None:
    linked(tmp_path / "bin" / "python3", real)
    store.prepare()
    for content in ("", "[]", json.dumps({"machine": str(host_platform()), "answers": {"x": 1}})):
        store.interpreters.write_text(content)
        assert on(tmp_path, store).find(Python.parse(THIS_PYTHON)).path == real


def test_a_store_that_cannot_be_written_is_no_obstacle(tmp_path: Path, real: str) -> None:
    linked(tmp_path / "bin" / "python3", real)
    (tmp_path / "cache").write_text("a file")
    assert on(tmp_path, Store(tmp_path / "cache")).find(Python.parse(THIS_PYTHON)).path == real


def test_the_probe_knows_the_loader_of_an_executable() -> None:
    if sys.platform == "linux":
        loader = probe.loader(os.path.realpath("/proc/self/exe"))
        assert loader is not None
        assert "ld" in loader
    assert probe.loader(__file__) is None
    assert probe._version("1.2.4") == (1, 2)
    assert probe._version("x") is None


@pytest.mark.parametrize(
    ("is_here", "expected"),
    [pytest.param(True, "musllinux_1_1_", id="started"), pytest.param(False, "musllinux_1_2_", id="emulated")],
)
def test_musl_is_known_behind_a_script(
    is_here: bool, expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A script starts the interpreter through its loader, or in an emulator, where no loader can be started alone."""
    loader = tmp_path / "ld-musl-x86_64.so.1"
    if is_here:
        script(loader, "#!/bin/sh\nprintf 'musl libc (x86_64)\\nVersion 1.1.24\\n' >&2\n")
    monkeypatch.setattr(sys, "executable", str(script(tmp_path / "python3", "#!/bin/sh\n")))
    monkeypatch.setattr(probe, "_glibc_version", lambda: None)
    monkeypatch.setattr(probe, "loader", lambda path: str(loader) if path == "/proc/self/exe" else None)
    monkeypatch.setattr(sys, "platform", "linux")
    assert probe.platform_tag().startswith(expected)
