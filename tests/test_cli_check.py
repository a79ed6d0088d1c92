"""``ofiuco check``: what it prints, of which cells, and when it says no."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_ofiuco.cli import main
from tests.store.makers import File, wheel
from tests.store.serving import Index, serving

A = wheel("a", {"a.py": ""})
B = wheel("b", {"b.py": ""}, tag="cp312-cp312-manylinux_2_28_aarch64")
PROJECT = '[project]\nname = "project"\nversion = "1"\nrequires-python = ">=3.11,<3.13"\ndependencies = ["a"]\n'
SETTINGS = '[tool.ofiuco]\nplatforms = ["linux_aarch64", "windows_amd64"]\n'
ARM = ("--platform", "linux_aarch64")


@pytest.fixture(autouse=True)
def no_index(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Only the index that a test names is asked."""
    for name in ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "UV_DEFAULT_INDEX", "UV_INDEX"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


def entry(file: File, index: str, name: str, *, dependencies: str = "", sha256: str | None = None) -> str:
    return (
        f'[[package]]\nname = "{name}"\nversion = "1.0"\nsource = {{ registry = "{index}" }}\n{dependencies}'
        f'wheels = [{{ url = "{index}/{file.filename}", hash = "sha256:{sha256 or file.sha256}" }}]\n'
    )


@pytest.fixture
def project(tmp_path: Path) -> Path:
    write(tmp_path, [entry(A, "https://index.example.org", "a")])
    return tmp_path


def write(folder: Path, entries: list[str], *, needs: tuple[str, ...] = ("a",), settings: str = SETTINGS) -> None:
    """A project and its uv.lock."""
    listed = ", ".join(f'{{ name = "{name}" }}' for name in needs)
    root = (
        '[[package]]\nname = "project"\nversion = "1"\nsource = { virtual = "." }\n'
        f'dependencies = [{listed}]\n[package.metadata]\nrequires-dist = [{{ name = "a" }}]\n'
    )
    lock = "\n".join(['version = 1\nrevision = 3\nrequires-python = ">=3.11, <3.13"\n', *entries, root])
    (folder / "uv.lock").write_text(lock, encoding="utf-8")
    (folder / "pyproject.toml").write_text(PROJECT + settings, encoding="utf-8")


def checked(capsys: pytest.CaptureFixture[str], project: Path, *options: str) -> tuple[int, list[str]]:
    """The exit code and the lines; nothing goes to standard error."""
    code = main(["check", "--project", str(project), *options])
    out, err = capsys.readouterr()
    assert err == ""
    return code, out.splitlines()


OFFLINE = "; the index was not asked about the files (--offline)"
UNFIT = "(every wheel is for another platform or Python, and there is no sdist)"
NAME_YOURS = "; these are all Pythons that the lock admits: name yours with `python` in [tool.ofiuco]"


def test_nothing_is_wrong(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert checked(capsys, project, "--offline") == (0, [f"uv.lock: fine for 4 cells (1 package){OFFLINE}"])


def test_what_is_wrong(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    index = "https://index.example.org"
    write(project, [entry(A, index, "a", sha256="00"), entry(B, index, "b")], needs=("a", "b"))
    assert checked(capsys, project, "--offline") == (
        1,
        [
            "error: uv.lock: package[1]: b 1.0: no file fits py311-linux_aarch64, py311-windows_amd64,"
            f" py312-windows_amd64 {UNFIT}",
            "hint: lock a version that has files for these cells, or leave the cells out",
            f"error: uv.lock: package[0]: a 1.0: refused in every cell: {A.filename}: '00' is no sha256",
            "hint: lock again with a tool that records hashes, or allow it with `allow-unhashed` in [tool.ofiuco]",
            f"uv.lock: 2 errors in 4 cells{NAME_YOURS}{OFFLINE}",
        ],
    )


@pytest.mark.parametrize(
    ("options", "cells"),
    [
        pytest.param(
            (),
            ["py311-linux_aarch64", "py312-linux_aarch64", "py311-windows_amd64", "py312-windows_amd64"],
            id="matrix",
        ),
        pytest.param(("--python", "3.12"), ["py312-linux_aarch64", "py312-windows_amd64"], id="python"),
        pytest.param(("--platform", "macos_arm64"), ["py311-macos_arm64", "py312-macos_arm64"], id="platform"),
        pytest.param(("--python", "3.12.4", "--platform", "win_amd64"), ["py3.12.4-win_amd64"], id="target"),
        pytest.param(("--group", "main", "--python", "3.11", *ARM), ["py311-linux_aarch64"], id="group"),
    ],
)
def test_cells(options: tuple[str, ...], cells: list[str], project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, lines = checked(capsys, project, "--offline", "--format", "json", *options)
    document = json.loads("\n".join(lines))
    assert (code, document["version"], document["findings"], document["index_asked"]) == (0, 1, [], False)
    assert document["cells"] == cells


def test_excluded_cells(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Left out of the matrix, and checked where they are named."""
    write(
        project, [entry(A, "https://index.example.org", "a")], settings=f'{SETTINGS}exclude = [{{ python = ">=3" }}]\n'
    )
    assert main(["check", "--project", str(project), "--offline"]) == 2
    assert capsys.readouterr().err == (
        "error: no cell is left of the matrix\nhint: see `exclude` in [tool.ofiuco], or name --python and --platform\n"
    )
    code, lines = checked(capsys, project, "--offline", "--python", "3.12", *ARM)
    assert (code, lines) == (0, [f"uv.lock: fine for 1 cell (1 package){OFFLINE}"])


def test_variants(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Cells like the others; one that replaces nothing is an error of its cells."""
    entries = [entry(A, "https://index.example.org", "a")]
    write(
        project,
        entries,
        settings=f'{SETTINGS}python = ["3.12"]\n[tool.ofiuco.variants.bare]\nreplace = {{ a = false }}\n',
    )
    code, lines = checked(capsys, project, "--offline", "--format", "json")
    assert code == 0
    assert json.loads("\n".join(lines))["cells"] == [
        "py312-linux_aarch64",
        "py312-linux_aarch64-bare",
        "py312-windows_amd64",
        "py312-windows_amd64-bare",
    ]
    code, lines = checked(capsys, project, "--offline", "--variant", "bare")
    assert (code, lines) == (0, [f"uv.lock: fine for 2 cells (0 packages){OFFLINE}"])
    assert main(["check", "--project", str(project), "--offline", "--variant", "other"]) == 2
    assert capsys.readouterr().err.startswith("error: the project has no variant 'other'\n")


def test_a_stale_lock(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A warning; an error where it is asked for, or where warnings are."""
    file = project / "pyproject.toml"
    file.write_text(file.read_text(encoding="utf-8").replace('["a"]', '["a", "b"]'), encoding="utf-8")
    message = "uv.lock: out of date with pyproject.toml (b)"
    for options, code, severity in (((), 0, "warning"), (("--strict",), 1, "warning"), (("--locked",), 1, "error")):
        assert checked(capsys, project, "--offline", *options) == (
            code,
            [
                f"{severity}: {message}",
                "hint: lock again: `uv lock`",
                f"uv.lock: 1 {severity} in 4 cells{OFFLINE}",
            ],
        )


def test_sources_only(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    index = "https://index.example.org"
    only = entry(A, index, "a").replace("wheels = [", "sdist = ").replace("}]", "}").replace(A.filename, "a-1.0.tar.gz")
    write(project, [only])
    code, lines = checked(capsys, project, "--offline", "--python", "3.12", "--platform", "windows_arm64")
    message = "there is no wheel, only what must be built natively, for py312-windows_arm64"
    assert (code, lines[0]) == (0, f"warning: uv.lock: package[0]: a 1.0: {message}")


@pytest.fixture
def index(project: Path) -> Iterator[Index]:
    with serving() as server:
        server.add("a", A)
        write(project, [entry(A, server.simple, "a")])
        yield server


def test_the_index_is_asked(project: Path, index: Index, capsys: pytest.CaptureFixture[str]) -> None:
    assert checked(capsys, project) == (0, ["uv.lock: fine for 4 cells (1 package)"])
    index.yanked = {A.filename: "broken"}
    warned = [
        "warning: uv.lock: package[0]: a 1.0: yanked from the index: 'broken'",
        "hint: lock another version: this one still installs",
        "uv.lock: 1 warning in 4 cells",
    ]
    assert checked(capsys, project) == (0, warned)
    assert checked(capsys, project, "--strict") == (1, warned)
    code, lines = checked(capsys, project, "--format", "json")
    document = json.loads("\n".join(lines))
    assert (code, document["index_asked"], [each["code"] for each in document["findings"]]) == (0, True, ["yanked"])


def test_offline_asks_nobody(project: Path, index: Index, capsys: pytest.CaptureFixture[str]) -> None:
    assert checked(capsys, project, "--offline")[0] == 0
    assert index.asked == []


def test_an_error_of_the_index(project: Path, index: Index, capsys: pytest.CaptureFixture[str]) -> None:
    index.listed = {A.filename: "f" * 64}
    code, lines = checked(capsys, project)
    assert code == 1
    assert lines[0].startswith("error: uv.lock: package[0]: a 1.0: the index has another file: ")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        pytest.param(("--group", "nope"), "uv.lock: the lock has no group 'nope'", id="group"),
        pytest.param(
            ("--platform", "amiga"), "platform 'amiga': neither a built-in name nor a platform tag", id="platform"
        ),
        pytest.param(("--python", "two"), "python 'two': not a version of Python 3", id="python"),
        pytest.param(("--format", "xml"), "argument --format: invalid choice: 'xml' (choose from ", id="format"),
    ],
)
def test_wrong_usage(options: tuple[str, ...], message: str, project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--project", str(project), "--offline", *options]) == 2
    assert capsys.readouterr().err.startswith(f"error: {message}")


def test_an_unreadable_lock(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "uv.lock").write_text("version = ", encoding="utf-8")
    assert main(["check", "--project", str(project), "--offline"]) == 2
    assert capsys.readouterr().err.startswith("error: uv.lock: not valid TOML: ")


def test_what_a_lock_says_of_itself_goes_to_standard_error(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Groups that a flat lock has lost, and a format that is newer."""
    newer = '[metadata]\nlock-version = "2.9"\npython-versions = "3.12"\n'
    (project / "poetry.lock").write_text(newer, encoding="utf-8")
    assert main(["check", "--project", str(project), "--offline", "--lock", "poetry.lock", *ARM]) == 0
    assert capsys.readouterr().err == "warning: poetry.lock: lock-version 2.9 is newer than 2.1, read as 2.1\n"
    (project / "pylock.toml").write_text('lock-version = "1.0"\ncreated-by = "x"\npackages = []\n', encoding="utf-8")
    (project / "pyproject.toml").write_text(PROJECT + '[tool.ofiuco]\ntest-groups = ["dev"]\n', encoding="utf-8")
    assert main(["check", "--project", str(project), "--offline", "--lock", "pylock.toml", *ARM]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("pylock.toml: fine for 2 cells (0 packages)")
    assert err == "warning: pylock.toml names no groups: dev cannot be told apart in it\n"


def test_it_needs_no_pytest(project: Path) -> None:
    """Nor anything else that only running tests takes."""
    script = (
        "import sys; from pytest_ofiuco.cli import main; code = main(sys.argv[1:]);"
        "print(sorted({'pytest', '_pytest', 'execnet', 'requests', 'rich'} & set(sys.modules))); sys.exit(code)"
    )
    command = [sys.executable, "-c", script, "check", "--project", str(project), "--offline"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
