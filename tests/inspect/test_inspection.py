"""What does not suit a target, of whole trees."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from pytest_ofiuco.core.platforms import Platform
from pytest_ofiuco.core.target import Python, Target
from pytest_ofiuco.inspect.inspection import Inspection, inspect
from pytest_ofiuco.inspect.sizes import Limits
from pytest_ofiuco.inspect.tree import tree_of, zip_of
from tests.inspect import makers
from tests.inspect.makers import I386, MACOS_X86_64, X86_64, elf, folder_of, installed, mach_o, pe, universal

GLIBC, MUSL, MACOS, WINDOWS = "manylinux_2_26_aarch64", "musllinux_1_2_aarch64", "macosx_11_0_arm64", "win_amd64"
HINT = "take a wheel for manylinux_2_26_aarch64: lock a version that has one"


def looked_at(folder: Path, files: Mapping[str, bytes], platform: str = GLIBC, python: str = "3.12") -> Inspection:
    target = Target(python=Python.parse(python), platform=Platform.parse(platform))
    return inspect(tree_of(folder_of(folder, files)), target)


def said(inspection: Inspection) -> list[str]:
    return [f"{each.severity} {each.code} {each.at} {each.subject}: {each.message}" for each in inspection.findings]


@pytest.mark.parametrize(
    ("content", "platform", "expected"),
    [
        pytest.param(elf(), GLIBC, [], id="right"),
        pytest.param(elf(X86_64), GLIBC, ["machine: is for x86_64, not aarch64"], id="another machine"),
        pytest.param(
            elf(versions={"libc.so.6": ("GLIBC_2.28",), "libstdc++.so.6": ("GLIBCXX_3.4.25",)}),
            GLIBC,
            [
                "symbols: needs GLIBCXX_3.4.25, the platform has 3.4.24",
                "symbols: needs GLIBC_2.28, the platform has 2.26",
            ],
            id="newer symbols",
        ),
        pytest.param(elf(versions={"libc.so.6": ("GLIBC_2.26",)}), GLIBC, [], id="the platform's own symbols"),
        pytest.param(elf(versions={"libc.so.6": ("GLIBC_2.28",)}), "linux_aarch64", [], id="no ceiling"),
        pytest.param(
            elf(needed=("libc.so.6", "libgeos.so.3")),
            GLIBC,
            ["library: needs libgeos.so.3, which is neither here nor on every system of the platform"],
            id="a library that is nowhere",
        ),
        pytest.param(elf(needed=("libown.so.1",)), GLIBC, [], id="a library of the tree"),
        pytest.param(
            elf(needed=("libc.musl-aarch64.so.1",), versions={}), GLIBC, ["libc: is for musl, not glibc"], id="musl"
        ),
        pytest.param(elf(), MUSL, ["libc: is for glibc, not musl"], id="glibc on musl"),
        pytest.param(elf(needed=("libc.musl-aarch64.so.1",), versions={}), MUSL, [], id="musl on musl"),
        pytest.param(pe(), GLIBC, [], id="another system"),
        pytest.param(mach_o(), MACOS, [], id="macOS"),
        pytest.param(mach_o(MACOS_X86_64), MACOS, ["machine: is for x86_64, not arm64"], id="macOS, another machine"),
        pytest.param(
            universal(mach_o(MACOS_X86_64, minimum=(13, 0)), mach_o()), MACOS, [], id="macOS, minimum of another"
        ),
        pytest.param(
            mach_o(minimum=(12, 3)), MACOS, ["macos: needs macOS 12.3, the platform is 11.0"], id="macOS, newer"
        ),
        pytest.param(
            mach_o(needed=("/usr/lib/libz.1.dylib", "@rpath/libx.dylib", "/opt/lib/libx.dylib")),
            MACOS,
            ["library: needs /opt/lib/libx.dylib, which is neither here nor on every system of the platform"],
            id="macOS, a library of the builder's",
        ),
        pytest.param(pe(0xAA64), WINDOWS, ["machine: is for win_arm64, not win_amd64"], id="Windows"),
        pytest.param(
            universal(bytes(30)),
            MACOS,
            ["damaged: cannot be read: an architecture of it is no Mach-O file"],
            id="damaged",
        ),
    ],
)
def test_machine_code(tmp_path: Path, content: bytes, platform: str, expected: list[str]) -> None:
    inspection = looked_at(tmp_path, {"x/a.so": content, "x.libs/libown.so.1": b""}, platform)
    assert said(inspection) == [f"error {each.replace(':', ' x/a.so x:', 1)}" for each in expected]


def test_a_library_of_a_desktop_is_a_warning(tmp_path: Path) -> None:
    (finding,) = looked_at(tmp_path, {"x/a.so": elf(needed=("libGL.so.1",))}).findings
    assert (finding.severity, finding.hint) == ("warning", "make sure that the platform has it")


def test_a_wheel_for_any_machine_carries_several_on_purpose(tmp_path: Path) -> None:
    assert said(looked_at(tmp_path, installed("x", {"x/a.so": elf(I386, bits=32)}))) == [
        "warning machine x/a.so x 1.0: is for i686, not aarch64"
    ]


def test_programs_of_another_machine_beside_those_of_the_right_one(tmp_path: Path) -> None:
    files = {"x/a64.dll": pe(), "x/a32.dll": pe(0x014C), "y/a.dll": pe(0x014C), "x/m.cp312-win_amd64.pyd": pe(0x014C)}
    assert said(looked_at(tmp_path, files, WINDOWS)) == [
        "error machine x/m.cp312-win_amd64.pyd x: is for win32, not win_amd64",
        "error machine y/a.dll y: is for win32, not win_amd64",
        "warning machine x/a32.dll x: is for win32, not win_amd64",
    ]


def test_files_with_the_same_complaint_are_one_finding(tmp_path: Path) -> None:
    files = installed("x", {f"x/{each}.so": elf(X86_64) for each in "cab"}, tag="cp312-cp312-manylinux_2_17_aarch64")
    inspection = looked_at(tmp_path, files)
    assert said(inspection) == ["error machine x/a.so x 1.0: is for x86_64, not aarch64 (so are 2 more)"]
    assert inspection.findings[0].hint == HINT
    assert (inspection.files, inspection.binaries, inspection.sizes) == (5, 3, (("x", inspection.size),))


@pytest.mark.parametrize(
    ("name", "python", "expected"),
    [
        pytest.param("m.cpython-311-aarch64-linux-gnu.so", "3.12", "CPython 3.11", id="older"),
        pytest.param("m.cpython-312-aarch64-linux-gnu.so", "3.12", None, id="same"),
        pytest.param("m.cpython-313-aarch64-linux-gnu.so", "3.13t", "CPython 3.13", id="with the GIL"),
        pytest.param("m.cpython-313t-aarch64-linux-gnu.so", "3.13t", None, id="free-threaded"),
        pytest.param("m.abi3.so", "3.12", None, id="abi3"),
        pytest.param("m.so", "3.12", None, id="any"),
        pytest.param("libm.so", "3.12", None, id="library"),
        pytest.param("m.cp310-win_amd64.pyd", "3.12", "CPython 3.10", id="Windows"),
        pytest.param("m.pypy310-pp73-aarch64-linux-gnu.so", "3.10", "PyPy 3.10", id="PyPy"),
        pytest.param("m.pypy310-pp73-aarch64-linux-gnu.so", "pypy3.10", None, id="PyPy on PyPy"),
        pytest.param("m.cp-.so", "3.12", None, id="no number"),
        pytest.param("m.cpython-.pyd", "3.12", None, id="no number either"),
    ],
)
def test_extension_modules(tmp_path: Path, name: str, python: str, expected: str | None) -> None:
    wanted = [f"error python x/{name} x: is for {expected}: Python {python} does not import it"] if expected else []
    assert said(looked_at(tmp_path, {f"x/{name}": b""}, python=python)) == wanted


def test_a_module_for_several_pythons_suits_each(tmp_path: Path) -> None:
    files = {f"x/m.cpython-{each}-aarch64-linux-gnu.so": b"" for each in (310, 311, 312)}
    assert said(looked_at(tmp_path, files)) == []


def test_bytecode(tmp_path: Path) -> None:
    files = {
        "x/__pycache__/a.cpython-311.pyc": b"",
        "x/__pycache__/a.cpython-312.pyc": b"",
        "x/__pycache__/a.cpython-312.opt-1.pyc": b"",
        "x/old.pyc": (3495).to_bytes(2, "little") + b"\r\n",
        "x/new.pyc": (3531).to_bytes(2, "little") + b"\r\n",
        "x/text.pyc": b"",
    }
    assert said(looked_at(tmp_path, files)) == [
        "error bytecode x/old.pyc x: is bytecode of Python 3.11, which Python 3.12 does not import",
        "warning bytecode x/__pycache__/a.cpython-311.pyc x: is bytecode of CPython 3.11, of no use to Python 3.12",
    ]


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        pytest.param("cp312-cp312-manylinux_2_17_aarch64.manylinux2014_aarch64", [], id="fits"),
        pytest.param("no tag", [], id="no tag"),
        pytest.param(
            "cp311-cp311-manylinux_2_28_aarch64",
            ["warning wheel x-1.0.dist-info/WHEEL x 1.0: its wheel is for cp311-cp311-manylinux_2_28_aarch64"],
            id="another",
        ),
    ],
)
def test_wheels(tmp_path: Path, tag: str, expected: list[str]) -> None:
    assert said(looked_at(tmp_path, installed("x", {}, tag=tag))) == expected


def test_a_zip_that_only_its_owner_may_read(tmp_path: Path) -> None:
    target = Target(python=Python.parse("3.12"), platform=Platform.parse(GLIBC))
    tree = zip_of(makers.zip_of(tmp_path / "x.zip", {"x/a.py": b"", "x/b.so": elf(X86_64)}, mode=0o100600))
    assert said(inspect(tree, target)) == [
        "error machine x/b.so x: is for x86_64, not aarch64",
        "error unreadable x/a.py x: only its owner may read it (mode 0600), and another user runs the code"
        " (so is 1 more)",
    ]


def test_what_is_too_large(tmp_path: Path) -> None:
    files = {f"{name}/a.py": b"#" * (place << 20) for place, name in enumerate("abcdefghijkl", 1)}
    target = Target(python=Python.parse("3.12"), platform=Platform.parse(GLIBC))
    tree = zip_of(makers.zip_of(tmp_path / "x.zip", files))
    larger, smaller = Limits(unpacked=78 << 20, zipped=1 << 30), Limits(unpacked=70 << 20, zipped=1 << 10)
    assert inspect(tree, target, limits=larger).findings == ()
    error, warning = inspect(tree, target, limits=smaller).findings
    assert (error.severity, error.message) == ("error", "78.0 MiB unpacked, the platform takes 70.0 MiB")
    assert error.hint == (
        "leave out what is not needed; the largest: l 12.0 MiB, k 11.0 MiB, j 10.0 MiB, i 9.0 MiB, h 8.0 MiB, "
        "g 7.0 MiB, f 6.0 MiB, e 5.0 MiB, d 4.0 MiB, c 3.0 MiB"
    )
    assert (warning.severity, warning.message) == (
        "warning",
        "78.8 KiB zipped, of which the platform takes 1.0 KiB directly",
    )


def test_what_does_not_ship_has_no_size(tmp_path: Path) -> None:
    files = {"a/a.py": b"#" * (2 << 20), "b/b.py": b"#" * (3 << 20)}
    target = Target(python=Python.parse("3.12"), platform=Platform.parse(GLIBC))
    tree, limits = tree_of(folder_of(tmp_path, files)), Limits(unpacked=2 << 20)
    assert inspect(tree, target, limits=limits, not_shipped=["b"]).findings == ()
    (finding,) = inspect(tree, target, limits=limits, not_shipped=["a"]).findings
    assert finding.message == "3.0 MiB unpacked, the platform takes 2.0 MiB"


def test_a_wheel_of_which_the_files_say_more(tmp_path: Path) -> None:
    files = installed("x", {"x/a.so": elf(X86_64)}, tag="cp312-cp312-manylinux_2_17_x86_64")
    assert said(looked_at(tmp_path, files)) == ["error machine x/a.so x 1.0: is for x86_64, not aarch64"]


def test_a_damaged_zip(tmp_path: Path) -> None:
    file = makers.zip_of(tmp_path / "x.zip", {"x/a.py": b"import os\n" * 9, "x/b.py": b""})
    content = bytearray(file.read_bytes())
    content[40:44] = b"\xff\xff\xff\xff"
    file.write_bytes(content)
    target = Target(python=Python.parse("3.12"), platform=Platform.parse(GLIBC))
    (finding,) = inspect(zip_of(file), target).findings
    assert (finding.severity, finding.code, finding.at) == ("error", "damaged", "x/a.py")
    assert finding.hint == "fetch or build the package again"
