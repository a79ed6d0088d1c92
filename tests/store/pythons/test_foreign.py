"""Pythons of other platforms: which is taken, how it is started, and what is lacking."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pytest_ofiuco.core.platforms import Platform
from pytest_ofiuco.core.target import Python
from pytest_ofiuco.errors import BrokenPythonError
from pytest_ofiuco.store import interpreters
from pytest_ofiuco.store.cache import Store
from pytest_ofiuco.store.interpreters import Interpreter, Interpreters
from pytest_ofiuco.store.pythons import answers, candidates, emulators
from pytest_ofiuco.store.pythons.foreign import Lacking, names
from pytest_ofiuco.store.witness import Witness, still_holds
from tests.store.pythons.executables import (
    GLIBC,
    I386,
    MUSL,
    X86_64,
    answering,
    elf,
    emulator,
    libraries,
    python,
    script,
)

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other Linux platforms run on Linux")

ARM = Platform.parse("manylinux_2_34_aarch64")
INSTALLED = "pythons-v1/uv/cpython-3.13.5-linux-aarch64-gnu"
P313 = Python.parse("3.13")


@pytest.fixture(autouse=True)
def _this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """One of x86_64 that has nothing but what a test lays out."""
    monkeypatch.setattr(candidates, "_common_folders", lambda _: [])
    monkeypatch.setattr(sys, "executable", "")
    monkeypatch.setattr(emulators, "_BINFMT", "/nowhere")
    monkeypatch.setattr(interpreters, "host_platform", lambda: Platform.parse("manylinux_2_36_x86_64"))
    real = emulators.library_folders

    def library_folders(path: str, architecture: str, environ: dict[str, str]) -> list[str]:
        return [each for each in real(path, architecture, environ) if each.startswith("/tmp") or "/pytest" in each]

    monkeypatch.setattr(emulators, "library_folders", library_folders)


def on(tmp_path: Path, store: Store, witness: Witness | None = None, **environ: str) -> Interpreters:
    folders = {
        "HOME": str(tmp_path / "home"),
        "PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin",
        "OFIUCO_DATA_DIR": str(tmp_path / "data"),
        "QEMU_LD_PREFIX": str(tmp_path / "arm"),
        "UV_PYTHON_INSTALL_DIR": str(tmp_path / "uv"),
    }
    return Interpreters(store, {**folders, **environ}, witness)


def found(tmp_path: Path, store: Store, *explicit: object, **environ: str) -> Interpreter:
    answer = on(tmp_path, store, None, **environ).find_foreign(P313, ARM, [str(each) for each in explicit])
    assert isinstance(answer, Interpreter), answer
    return answer


def lacking(tmp_path: Path, store: Store, platform: Platform = ARM, *explicit: object, **environ: str) -> Lacking:
    answer = on(tmp_path, store, None, **environ).find_foreign(P313, platform, [str(each) for each in explicit])
    assert isinstance(answer, Lacking), answer
    return answer


def test_what_is_installed_is_started_by_an_emulator(tmp_path: Path, store: Store) -> None:
    executable = python(tmp_path / "data" / INSTALLED)
    libraries(tmp_path / "arm")
    emulator(tmp_path / "bin")
    answer = found(tmp_path, store)
    assert (str(answer.python), str(answer.platform)) == ("3.13.5", "manylinux_2_41_aarch64")
    command = Path(answer.path)
    prefix = command.parents[1]
    assert command.name == "python3.13"
    assert prefix.parent == tmp_path / "data" / "pythons-v1" / "commands"
    assert (prefix / "lib" / "python3.13").is_dir()
    assert sorted(os.listdir(prefix / "system")) == ["lib"]
    assert command.read_text(encoding="utf-8").splitlines() == [
        "#!/bin/sh",
        "# ofiuco: python3.13 for aarch64",
        'export QEMU_CPU="${QEMU_CPU:-neoverse-n1}"',
        f'exec {tmp_path}/bin/qemu-aarch64 -L {prefix}/system -0 "$0" {executable} "$@"',
    ]


def test_a_command_stays_what_it_is_and_is_asked_once(tmp_path: Path, store: Store) -> None:
    executable = python(tmp_path / "data" / INSTALLED)
    loader = libraries(tmp_path / "arm") / "lib" / "ld-linux-aarch64.so.1"
    counted = emulator(tmp_path / "bin")
    said = counted.read_text(encoding="utf-8").partition("\n")[2]
    script(counted, f"echo 1 >>{tmp_path}/n\n{said}")
    witness = Witness()
    first = on(tmp_path, store, witness).find_foreign(P313, ARM, [])
    assert witness.is_lasting
    assert {str(executable), str(tmp_path / "data/pythons-v1/uv"), str(loader)} <= witness.stamps.keys()
    assert found(tmp_path, store) == first
    assert (tmp_path / "n").read_text() == "1\n"
    loader.write_bytes(elf(loader=None) + b"newer")
    newer = found(tmp_path, store)
    assert isinstance(first, Interpreter)
    assert (newer.path != first.path, newer.identity != first.identity) == (True, True)


def test_a_folder_that_was_moved_has_commands_of_its_own(tmp_path: Path, store: Store) -> None:
    executable = python(tmp_path / "arm64")
    libraries(tmp_path / "arm")
    emulator(tmp_path / "bin")
    first = Path(found(tmp_path, store, executable).path)
    (tmp_path / "data").rename(tmp_path / "moved")
    second = Path(found(tmp_path, store, executable, OFIUCO_DATA_DIR=str(tmp_path / "moved")).path)
    assert second.parents[1].name != first.parents[1].name
    assert f"-L {second.parents[1]}/system " in second.read_text(encoding="utf-8")
    again = Path(found(tmp_path, store, executable).path)
    assert again == first
    assert again.stat().st_mtime_ns == executable.stat().st_mtime_ns


def test_the_order_of_places(tmp_path: Path, store: Store) -> None:
    libraries(tmp_path / "arm")
    emulator(tmp_path / "bin")
    named = answering(tmp_path / "named" / "python")
    python(tmp_path / "data" / INSTALLED)
    on_path = answering(tmp_path / "bin" / "python3.13-aarch64")
    in_uv = python(tmp_path / "uv" / "cpython-3.13.2-linux-aarch64-gnu")
    assert found(tmp_path, store, named).path == str(named)
    assert str(tmp_path / "data" / INSTALLED) in Path(found(tmp_path, store).path).read_text(encoding="utf-8")
    (tmp_path / "data" / INSTALLED / "bin" / "python3.13").unlink()
    assert found(tmp_path, store).path == str(on_path)
    on_path.unlink()
    assert str(in_uv) in Path(found(tmp_path, store).path).read_text(encoding="utf-8")
    in_uv.unlink()
    assert lacking(tmp_path, store) == Lacking()


def test_a_script_on_path_that_starts_an_emulator(tmp_path: Path, store: Store) -> None:
    """It is called as a native Python is, and only one that names an emulator or a loader is asked."""
    shim = answering(tmp_path / "bin" / "python3.13")
    said = shim.read_text(encoding="utf-8").partition("\n")[2]
    assert isinstance(on(tmp_path, store).find_foreign(P313, ARM, []), Lacking)
    script(shim, f": exec /opt/qemu-aarch64 -L /opt/arm\n{said}")
    assert found(tmp_path, store).path == str(shim)
    named = answering(tmp_path / "bin" / "python3.13-aarch64")
    assert found(tmp_path, store).path == str(named)
    named.unlink()
    script(shim, f": exec /opt/qemu-riscv64\n{said}".replace("aarch64", "riscv64"))
    assert isinstance(on(tmp_path, store).find_foreign(P313, ARM, []), Lacking)


def test_others_are_passed_over(tmp_path: Path, store: Store) -> None:
    libraries(tmp_path / "arm")
    emulator(tmp_path / "bin", "3.12.1")
    python(tmp_path / "data" / INSTALLED)
    python(tmp_path / "uv" / "cpython-3.13.1-linux-x86_64-musl", content=elf(X86_64, "/lib/ld-musl-x86_64.so.1"))
    assert lacking(tmp_path, store) == Lacking()


def test_a_named_executable_is_started_by_an_emulator(tmp_path: Path, store: Store) -> None:
    executable = python(tmp_path / "debian" / "usr")
    libraries(tmp_path / "debian")  # of the system that it lies in
    (tmp_path / "debian" / "usr" / "lib" / "aarch64-linux-gnu").mkdir()
    emulator(tmp_path / "bin")
    answer = found(tmp_path, store, executable, QEMU_LD_PREFIX="")
    system = Path(answer.path).parents[1] / "system"
    assert os.readlink(system / "lib") == str(tmp_path / "debian" / "lib")
    assert os.readlink(system / "usr" / "lib") == str(tmp_path / "debian" / "usr" / "lib")
    assert not (system / "etc").exists()


def test_a_named_executable_of_a_newer_system_is_started_by_its_loader(tmp_path: Path, store: Store) -> None:
    loader = "/lib64/ld-linux-x86-64.so.2"
    executable = python(tmp_path / "newer" / "usr", content=elf(X86_64, loader))
    libraries(tmp_path / "newer", loader)
    answering(tmp_path / "newer" / loader.lstrip("/"), "3.13.1", "manylinux_2_45_x86_64", "$4")
    answer = on(tmp_path, store).find_foreign(P313, Platform.parse("manylinux_2_40_x86_64"), [str(executable)])
    assert isinstance(answer, Interpreter), answer
    assert str(answer.platform) == "manylinux_2_45_x86_64"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param(elf(I386, None, wide=False), "it is for i686, not for manylinux_2_34_aarch64", id="architecture"),
        pytest.param(elf(X86_64, None), "it is for x86_64, not for manylinux_2_34_aarch64", id="this machine"),
        pytest.param(elf(loader=MUSL), "it is for aarch64, not for manylinux_2_34_aarch64", id="libc"),
    ],
)
def test_a_named_executable_for_another_machine_is_an_error(
    tmp_path: Path, store: Store, content: bytes, reason: str
) -> None:
    executable = python(tmp_path / "other", content=content)
    with pytest.raises(BrokenPythonError) as caught:
        found(tmp_path, store, executable)
    assert caught.value.render().splitlines() == [
        f"error: {executable}: this interpreter cannot be used: {reason}",
        "hint: correct `tag` or `interpreters` of the platform",
    ]


def test_a_named_executable_that_does_not_run_is_an_error(tmp_path: Path, store: Store) -> None:
    executable = python(tmp_path / "arm64")
    libraries(tmp_path / "arm")
    script(tmp_path / "bin" / "qemu-aarch64", "echo 'libz.so.1: cannot open shared object file' >&2; exit 127\n")
    with pytest.raises(BrokenPythonError) as caught:
        found(tmp_path, store, executable)
    reason = "does not run: exit code 127: libz.so.1: cannot open shared object file"
    assert str(caught.value) == f"{executable}: this interpreter cannot be used: {reason}"


_QEMU = "qemu-user (no qemu-aarch64 is on PATH)"
_LIBRARIES = "libstdc++6-arm64-cross (no ld-linux-aarch64.so.1 is here; QEMU_LD_PREFIX names a folder that has it)"


@pytest.mark.parametrize("is_installed", [True, False])
@pytest.mark.parametrize(
    ("has_emulator", "has_libraries", "remedy"),
    [
        pytest.param(False, True, f"install {_QEMU}", id="emulator"),
        pytest.param(True, False, f"install {_LIBRARIES}", id="libraries"),
        pytest.param(False, False, f"install {_QEMU} and {_LIBRARIES}", id="both"),
    ],
)
def test_what_is_lacking_is_said(
    tmp_path: Path, store: Store, has_emulator: bool, has_libraries: bool, remedy: str, is_installed: bool
) -> None:
    executable = python(tmp_path / "data" / INSTALLED) if is_installed else None
    if has_emulator:
        emulator(tmp_path / "bin")
    if has_libraries:
        libraries(tmp_path / "arm")
    expected = Lacking(remedy=remedy)
    if executable is not None:
        expected = Lacking(path=str(executable), reason="lacks what starts it", remedy=remedy)
    assert lacking(tmp_path, store) == expected
    if executable is not None:
        assert lacking(tmp_path, store, ARM, executable) == expected


def test_libraries_in_its_own_system_are_not_lacking(tmp_path: Path, store: Store) -> None:
    executable = python(tmp_path / "debian" / "usr")
    libraries(tmp_path / "debian")
    expected = Lacking(path=str(executable), reason="lacks what starts it", remedy=f"install {_QEMU}")
    assert lacking(tmp_path, store, ARM, executable) == expected


def test_libraries_that_are_older_than_the_platforms_are_said(tmp_path: Path, store: Store) -> None:
    executable = python(tmp_path / "data" / INSTALLED)
    libraries(tmp_path / "arm")
    emulator(tmp_path / "bin", platform="manylinux_2_31_aarch64")
    assert lacking(tmp_path, store) == Lacking(
        path=str(executable),
        reason="is for manylinux_2_31_aarch64",
        remedy="name a folder with newer libraries with QEMU_LD_PREFIX",
    )


def test_what_does_not_run_is_asked_again(tmp_path: Path, store: Store) -> None:
    executable = python(tmp_path / "uv" / "cpython-3.13.1-linux-aarch64-gnu")
    libraries(tmp_path / "arm")
    script(tmp_path / "bin" / "qemu-aarch64", "exit 127\n")
    witness = Witness()
    said = on(tmp_path, store, witness).find_foreign(P313, ARM, [])
    reason, remedy = "does not run: exit code 127", "reinstall it, or remove it"
    assert said == Lacking(path=str(executable), reason=reason, remedy=remedy, is_broken=True)
    assert not witness.is_lasting
    emulator(tmp_path / "bin")
    assert found(tmp_path, store).python.full_version == "3.13.5"


@pytest.mark.parametrize("tag", ["macosx_14_0_arm64", "win_amd64", "manylinux_2_99_x86_64"])
def test_nothing_is_looked_for_where_nothing_helps(tmp_path: Path, store: Store, tag: str) -> None:
    assert lacking(tmp_path, store, Platform.parse(tag)) == Lacking()


def test_where_nothing_is_nothing_is_started(tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "Popen", None)
    assert lacking(tmp_path, store).remedy is not None
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("has_setarch", [True, False])
def test_a_program_of_32_bits_is_started_by_its_loader(tmp_path: Path, store: Store, has_setarch: bool) -> None:
    loader = "/lib/ld-linux.so.2"
    executable = python(tmp_path / "uv" / "cpython-3.13.1-linux-i686-gnu", content=elf(I386, loader, wide=False))
    libraries(tmp_path / "arm", loader)
    started = answering(tmp_path / "arm" / loader.lstrip("/"), "3.13.1", "manylinux_2_36_i686", "$4")
    (tmp_path / "arm" / "lib" / "i386-linux-gnu").mkdir()
    path = str(tmp_path / "bin")
    if has_setarch:
        script(tmp_path / "bin" / "setarch", 'shift; exec "$@"\n')
    answer = on(tmp_path, store, PATH=path).find_foreign(P313, Platform.parse("manylinux_2_28_i686"), [])
    assert isinstance(answer, Interpreter), answer
    system = Path(answer.path).parents[1] / "system"
    front = f"{tmp_path}/bin/setarch linux32 " if has_setarch else ""
    assert Path(answer.path).read_text(encoding="utf-8").splitlines()[2:] == [
        f'exec {front}{started} --library-path {system}/lib/i386-linux-gnu:{system}/lib --argv0 "$0" {executable} "$@"'
    ]


def test_a_program_for_musl_is_started_by_its_loader(tmp_path: Path, store: Store) -> None:
    loader = "/lib/ld-musl-x86_64.so.1"
    executable = python(tmp_path / "uv" / "cpython-3.13.1-linux-x86_64-musl", content=elf(X86_64, loader))
    musl = Platform.parse("musllinux_1_2_x86_64")
    without = lacking(tmp_path, store, musl)
    assert without.path == str(executable)
    named = "no ld-musl-x86_64.so.1 is here; QEMU_LD_PREFIX names a folder that has it"
    assert without.remedy == f"install a system with musl, as Alpine Linux ({named})"
    libraries(tmp_path / "arm", loader)
    started = answering(tmp_path / "arm" / loader.lstrip("/"), "3.13.1", "musllinux_1_2_x86_64", "$4")
    answer = on(tmp_path, store).find_foreign(P313, musl, [])
    assert isinstance(answer, Interpreter), answer
    system = Path(answer.path).parents[1] / "system"
    assert Path(answer.path).read_text(encoding="utf-8").splitlines()[2:] == [
        f'exec {started} --library-path {system}/lib --argv0 "$0" {executable} "$@"'
    ]


def test_a_kernel_that_knows_an_emulator_needs_none_on_path(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    libraries(tmp_path / "arm")
    monkeypatch.setattr(emulators, "_BINFMT", str(tmp_path))
    (tmp_path / "qemu-aarch64").touch()
    assert lacking(tmp_path, store).remedy is None


def test_an_emulator_that_the_kernel_hears_of_later_counts(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Like one that is installed: a plan in which nothing runs the cell is not told again."""
    libraries(tmp_path / "arm")
    monkeypatch.setattr(emulators, "_BINFMT", str(tmp_path))
    witness = Witness()
    on(tmp_path, store, witness).find_foreign(P313, ARM, [])
    assert still_holds(witness.document())
    (tmp_path / "qemu-aarch64").touch()
    assert not still_holds(witness.document())


@pytest.mark.parametrize("where", ["named", "bin/python3.13-aarch64", "bin/python3.13", "data"])
def test_emulated_pythons_have_more_time_to_answer(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    monkeypatch.setattr(answers, "_PATIENCE", 0.1)
    libraries(tmp_path / "arm")
    slow = emulator(tmp_path / "bin") if where == "data" else answering(tmp_path / where)
    if where == "data":
        python(tmp_path / "data" / INSTALLED)
    script(slow, f"sleep 0.5 # qemu-aarch64\n{slow.read_text(encoding='utf-8').partition(chr(10))[2]}")
    found(tmp_path, store, *([slow] if where == "named" else []))


@pytest.mark.parametrize(
    ("version", "tag", "expected"),
    [
        pytest.param(
            "3.13",
            "manylinux_2_34_aarch64",
            ["python3.13-aarch64", "python3.13-arm64", "aarch64-linux-gnu-python3.13"],
            id="aarch64",
        ),
        pytest.param(
            "3.13t",
            "musllinux_1_2_aarch64",
            ["python3.13t-aarch64-musl", "python3.13t-arm64-musl", "aarch64-linux-musl-python3.13t"],
            id="musl",
        ),
        pytest.param(
            "pypy3.10",
            "manylinux_2_28_i686",
            ["pypy3.10-i686", "pypy3.10-i386", "i686-linux-gnu-pypy3.10"],
            id="pypy",
        ),
    ],
)
def test_names_of_commands(version: str, tag: str, expected: list[str]) -> None:
    assert names(Python.parse(version), Platform.parse(tag)) == expected


def test_a_data_folder_that_cannot_be_written_is_said(tmp_path: Path, store: Store) -> None:
    executable = python(tmp_path / "versions" / "cpython-3.13.1-linux-aarch64-gnu")
    libraries(tmp_path / "arm")
    emulator(tmp_path / "bin")
    (tmp_path / "data").touch()
    for named in ((executable,), ()):
        said = lacking(tmp_path, store, ARM, *named, UV_PYTHON_INSTALL_DIR=str(tmp_path / "versions"))
        assert said.path == str(executable)
        assert said.reason.startswith(f"cannot be started: {tmp_path}/data/pythons-v1/commands/")
        assert said.reason.endswith(": Not a directory")
        assert said.remedy == "choose another folder with the variable OFIUCO_DATA_DIR"


def test_the_loader_of_glibc_is_known() -> None:
    assert emulators.MACHINES["aarch64"].loader == GLIBC


@pytest.mark.parametrize("where", ["named", "bin/python3.13-aarch64", "bin/python3.13"])
def test_a_script_that_does_not_pass_on_its_name_is_said(tmp_path: Path, store: Store, where: str) -> None:
    """What its tests start by ``sys.executable`` would be an executable that this machine does not start."""
    executable = python(tmp_path / "arm64" / "usr")
    nameless = answering(tmp_path / where, name=str(executable))
    script(nameless, f": qemu-aarch64\n{nameless.read_text(encoding='utf-8').partition(chr(10))[2]}")
    reason = f"has its Python go by the name {executable}, which does not start here"
    remedy = 'have it pass on its own name: `qemu-… -0 "$0"`, or `--argv0 "$0"` of a loader'
    if where == "named":
        with pytest.raises(BrokenPythonError) as caught:
            found(tmp_path, store, nameless)
        assert caught.value.render().splitlines() == [
            f"error: {nameless}: this interpreter cannot be used: it {reason}",
            f"hint: {remedy}",
        ]
    else:
        assert lacking(tmp_path, store) == Lacking(path=str(nameless), reason=reason, remedy=remedy, is_broken=True)
