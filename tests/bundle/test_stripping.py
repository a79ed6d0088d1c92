"""Stripping: what it may take away, and that nothing is believed of the tool that does it."""

from __future__ import annotations

import json
import os
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from pytest_ofiuco.bundle.entries import Entry
from pytest_ofiuco.bundle.stripping import AUTO, Stripped, stripped
from pytest_ofiuco.cli import main
from pytest_ofiuco.core.platforms import Platform
from pytest_ofiuco.errors import BundleError, OfiucoError, UsageError
from pytest_ofiuco.store.cache import Store
from tests.bundle.projects import names, project, zipped
from tests.store.makers import THIS_PYTHON, wheel

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="what stands in for a tool is a script")
ARM64 = Platform.parse("manylinux_2_28_aarch64")
EXAMPLE = Path(__file__).parents[2] / "example_project"
LOADED = b"loaded" * 100
SYMBOLS = b"symbols" * 100


def library(loaded: bytes = LOADED, rest: bytes = SYMBOLS, *, kind: int = 3) -> bytes:
    """A shared library for arm64 of one segment, and of what is not loaded after it."""
    size = 64 + 56 + len(loaded)
    ident = b"\x7fELF" + bytes([2, 1, 1]) + bytes(9)
    header = ident + struct.pack("<HHIQQQIHHHHHH", kind, 183, 1, 0, 64, 0, 0, 64, 56, 1, 64, 0, 0)
    return header + struct.pack("<IIQQQQQQ", 1, 5, 0, 0, 0, size, size, 0x1000) + loaded + rest


TOOL = """\
#!{python}
import sys
if "--version" in sys.argv:
    print("a strip, version 1.0")
    sys.exit()
for path in sys.argv[2:]:
    with open(path, "rb+") as file:
        content = file.read()
        if {fails}:
            sys.exit(1)
        file.seek(0)
        file.truncate()
        file.write({gives})
"""


def tool(
    folder: Path, name: str = "aarch64-linux-gnu-strip", *, fails: str = "False", gives: str = ""
) -> dict[str, str]:
    """A tool on PATH, and nothing else; it cuts off what is not loaded."""
    folder.mkdir(exist_ok=True)
    file = folder / name
    gives = gives or f"content[:{64 + 56 + len(LOADED)}]"
    file.write_text(TOOL.format(python=sys.executable, fails=fails, gives=gives))
    file.chmod(0o755)
    return {"PATH": str(folder)}


def strip(folder: Path, environ: dict[str, str], command: str = AUTO, **files: bytes) -> Stripped:
    (folder / "scratch").mkdir(exist_ok=True)
    found = {"a.so": library(), "a.py": b"print()\n", **{name.replace("_", "."): each for name, each in files.items()}}
    entries = {path: Entry.of(path, "demo", content, executable=path == "a.so") for path, content in found.items()}
    return stripped(entries, command, ARM64, environ, folder / "scratch")


def test_what_is_not_loaded_goes(tmp_path: Path) -> None:
    found = strip(tmp_path, tool(tmp_path / "bin"))
    assert found.entries["a.so"] == Entry.of("a.so", "demo", library(rest=b""), executable=True)
    assert found.entries["a.py"].read() == b"print()\n"
    assert (found.by, found.kept) == ("a strip, version 1.0", ())


def test_where_sections_are_may_differ(tmp_path: Path) -> None:
    """It is said in the header, which is loaded, too."""
    gives = "content[:58] + bytes(2) + content[60:720]"
    found = strip(tmp_path, tool(tmp_path / "bin", gives=gives))
    assert (found.kept, found.entries["a.so"].size) == ((), 720)


@pytest.mark.parametrize(
    "gives",
    [
        pytest.param("content[:600]", id="too little"),
        pytest.param("content[:200] + b'!' + content[201:720]", id="another byte"),
        pytest.param("content[:72] + bytes([9]) + content[73:720]", id="elsewhere"),
        pytest.param("content[:16] + bytes([2]) + content[17:720]", id="another kind"),
        pytest.param("b'text'", id="no ELF"),
    ],
)
def test_what_would_be_loaded_otherwise_is_kept(tmp_path: Path, gives: str) -> None:
    found = strip(tmp_path, tool(tmp_path / "bin", gives=gives))
    assert found.entries["a.so"].read() == library()
    assert found.kept == ("a.so",)


def test_some_files_that_it_fails_with_are_kept(tmp_path: Path) -> None:
    odd = library(b"odd")
    found = strip(tmp_path, tool(tmp_path / "bin", fails="b'odd' in content"), AUTO, odd_so=odd)
    assert (found.kept, found.entries["odd.so"].read()) == (("odd.so",), odd)
    assert found.entries["a.so"].read() == library(rest=b"")


@pytest.mark.parametrize("content", [b"\x7fELF", library(kind=1), b"#!/bin/sh\n"])
def test_what_is_no_library_is_not_touched(tmp_path: Path, content: bytes) -> None:
    found = strip(tmp_path, tool(tmp_path / "bin", fails=f"content == {content!r}"), AUTO, other_o=content)
    assert (found.kept, found.entries["other.o"].read()) == ((), content)


def test_nothing_to_strip_needs_no_tool(tmp_path: Path) -> None:
    entries = {"a.py": Entry.of("a.py", "demo", b"")}
    assert stripped(entries, AUTO, ARM64, {"PATH": ""}, tmp_path) == Stripped(entries=entries)


def test_the_first_that_knows_the_machine_is_taken(tmp_path: Path) -> None:
    environ = tool(tmp_path / "bin", fails="True")
    tool(tmp_path / "bin", "llvm-strip")
    assert strip(tmp_path, environ).entries["a.so"].size < len(library())
    tool(tmp_path / "bin", "llvm-strip", fails="True")
    with pytest.raises(BundleError) as caught:
        strip(tmp_path, environ)
    assert caught.value.render() == (
        "error: no strip that is found here knows files for aarch64\n"
        "hint: install llvm or binutils-aarch64-linux-gnu, or name another with --strip COMMAND"
    )


def test_a_command_that_is_given(tmp_path: Path) -> None:
    environ = tool(tmp_path / "bin", "my-strip")
    assert strip(tmp_path, environ, "my-strip").by == "a strip, version 1.0"
    assert strip(tmp_path, environ, f"{tmp_path}/bin/my-strip").kept == ()
    tool(tmp_path / "bin", "my-strip", fails="True")
    with pytest.raises(BundleError, match="bin/my-strip: knows no files for aarch64"):
        strip(tmp_path, environ, "my-strip")


@pytest.mark.parametrize(
    ("command", "message"),
    [
        pytest.param("no-such", "--strip no-such: there is no such command", id="no command"),
        pytest.param(" ", "--strip  : there is no such command", id="nothing"),
        pytest.param("'a", "--strip 'a: cannot be read: No closing quotation", id="quote"),
    ],
)
def test_no_command(tmp_path: Path, command: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        strip(tmp_path, tool(tmp_path / "bin"), command)
    assert str(caught.value) == message
    assert caught.value.hint
    with pytest.raises(UsageError, match="--strip"):
        stripped({}, command, ARM64, tool(tmp_path / "bin"), tmp_path)


def test_in_a_zip(tmp_path: Path, store: Store) -> None:
    """RECORD is of what is there, and what was not stripped is named."""
    text = library().decode("latin-1")
    assert text.isascii() is False
    folder = project(tmp_path / "p", [wheel("demo", {"demo.py": ""})])
    (folder / "native").mkdir()
    (folder / "native" / "__init__.py").write_text("")
    (folder / "native" / "a.so").write_bytes(library())
    environ = tool(tmp_path / "bin")
    made = zipped(folder, store, strip=AUTO, environ=environ)
    assert made.manifest["strip"] == "a strip, version 1.0"
    assert "native/a.so" in names(made)
    first = (tmp_path / "x.zip").read_bytes()
    plain = zipped(folder, store)
    assert plain.manifest["strip"] is None
    assert plain.manifest["size"]["unzipped"] - made.manifest["size"]["unzipped"] == len(SYMBOLS)
    zipped(folder, store, strip=AUTO, environ=environ)
    assert (tmp_path / "x.zip").read_bytes() == first
    tool(tmp_path / "bin", gives="content[:600]")
    assert zipped(folder, store, strip=AUTO, environ=environ).warnings == (
        "strip: kept as they are, since it would change what is loaded of them: native/a.so",
    )
    with pytest.raises(OfiucoError) as caught:
        zipped(folder, store, strip=AUTO, environ=environ, platform="macos_arm64")
    assert caught.value.render() == (
        "error: strip: there are no ELF files on macosx_14_0_arm64\nhint: leave --strip out"
    )


@pytest.mark.e2e
@pytest.mark.skipif(shutil.which("strip") is None or sys.platform != "linux", reason="there is no strip here")
def test_numpy_is_loaded_all_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Many wheels' libraries were edited after they were linked: some versions of strip break these."""
    target = (
        "--project",
        str(EXAMPLE),
        "--platform",
        "host",
        "--python",
        THIS_PYTHON,
        "--manifest",
        str(tmp_path / "x.json"),
    )
    sizes = []
    for more in ((), ("--strip",)):
        assert main(["zip", *target, "--output", str(tmp_path / "x.zip"), *more]) == 0
        sizes.append(json.loads((tmp_path / "x.json").read_text())["size"]["unzipped"])
    assert sizes[1] < sizes[0]
    shutil.unpack_archive(tmp_path / "x.zip", tmp_path / "out")
    code = "import numpy, shapely, pydantic_core; print(round(numpy.linalg.det(numpy.eye(3)) + shapely.Point(1, 2).y))"
    command = [sys.executable, "-S", "-c", code]
    environ = {**os.environ, "PYTHONPATH": str(tmp_path / "out")}
    assert subprocess.run(command, env=environ, capture_output=True, text=True, check=True).stdout == "3\n"
    capsys.readouterr()
