"""``ofiuco resolve``: what it prints, and how each bad input is refused: two lines and an exit code."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from pytest_ofiuco.cli import main
from pytest_ofiuco.store.witness import Witness
from tests.formats.examples import POETRY, PYLOCK, UV

HERE = ("--python", "3.12", "--platform", "manylinux_2_28_x86_64")
SHORT = re.compile(r"(?<=sha256:)\d{2}\b|(?<=sha256 = \")\d{2}\b")
LOOKED_FOR = "uv.lock, poetry.lock, pylock.toml, pdm.lock, requirements.txt"
PROJECT = '[project]\nname = "project"\ndynamic = ["dependencies"]\n'


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").write_text(PROJECT, encoding="utf-8")
    return tmp_path


def write(project: Path, lock: str | bytes, name: str) -> Path:
    content = SHORT.sub(lambda short: short[0] + "0" * 62, lock).encode() if isinstance(lock, str) else lock
    (project / name).write_bytes(content)
    return project


def refused(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    """The exit code and the two lines of a refusal."""
    code = main(["resolve", *map(str, arguments)])
    out, err = capsys.readouterr()
    assert out == ""
    error, hint = err.splitlines()
    assert error.startswith("error: ")
    assert hint.startswith("hint: ")
    return code, error.removeprefix("error: "), hint.removeprefix("hint: ")


# What it prints


def test_table(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(project, UV, "uv.lock")
    assert main(["resolve", "--project", str(project), *HERE]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("uv.lock (uv 1.3) for Python 3.12 on manylinux_2_28_x86_64: 6 packages\n")
    assert err == ""


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        pytest.param("poetry.lock", POETRY, "poetry", id="poetry"),
        pytest.param("uv.lock", UV, "uv", id="uv"),
        pytest.param("pylock.toml", PYLOCK, "pylock", id="pylock"),
    ],
)
def test_json(name: str, text: str, expected: str, project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(project, text, name)
    assert main(["resolve", "--project", str(project), *HERE, "--format", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["version"] == 1
    assert (document["lock"]["format"], document["lock"]["path"]) == (expected, name)
    assert document["target"]["python"] == "3.12"
    assert document["target"]["platform"] == "manylinux_2_28_x86_64"
    assert [package["name"] for package in document["packages"]][:1] == ["a"]


def test_groups_and_extras(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(project, PYLOCK, "pylock.toml")

    def names(*options: str) -> list[str]:
        assert main(["resolve", "--project", str(project), *HERE, "--format", "json", *options]) == 0
        return [package["name"] for package in json.loads(capsys.readouterr().out)["packages"]]

    assert names() == ["a", "c"]
    assert names("--group", "main") == ["a"]
    assert names("--group", "main", "--group", "docs", "--extra", "cpu") == ["a", "b", "d"]
    assert names("--all-groups", "--all-extras") == ["a", "b", "c", "d"]


def test_the_same_bytes_wherever_it_runs(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The path of a lock in the project's folder is its name, however it was found."""
    write(project, UV, "uv.lock")
    outputs = set()
    for options in ([], ["--lock", "uv.lock"], ["--lock", str(project / "uv.lock")]):
        assert main(["resolve", "--project", str(project), *HERE, "--format", "json", *options]) == 0
        outputs.add(capsys.readouterr().out)
    assert len(outputs) == 1


def test_a_platform_that_the_project_defines(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(project, UV, "uv.lock")
    definition = '[tool.ofiuco.platform.box]\ntag = "manylinux_2_17_aarch64"\n'
    (project / "pyproject.toml").write_text(PROJECT + definition, encoding="utf-8")
    arguments = ["resolve", "--project", str(project), "--python", "3.12", "--platform", "box", "--format", "json"]
    assert main(arguments) == 0
    assert json.loads(capsys.readouterr().out)["target"]["platform"] == "manylinux_2_17_aarch64"


def test_the_first_of_several_locks(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(write(project, UV, "uv.lock"), POETRY, "poetry.lock")
    assert main(["resolve", "--project", str(project), *HERE]) == 0
    assert capsys.readouterr().out.startswith("uv.lock ")


def test_a_warning_goes_to_standard_error(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(project, POETRY.replace('lock-version = "2.1"', 'lock-version = "2.9"'), "poetry.lock")
    assert main(["resolve", "--project", str(project), *HERE]) == 0
    assert capsys.readouterr().err.splitlines() == [
        "warning: poetry.lock: lock-version 2.9 is newer than 2.1, read as 2.1",
        "warning: poetry.lock: out of date with pyproject.toml: lock again (`poetry lock`)",
    ]


def test_as_a_command(project: Path) -> None:
    """UTF-8 and no traceback, in a process of its own; what is printed has no host in it."""
    write(project, UV, "uv.lock")
    command = [sys.executable, "-m", "pytest_ofiuco", "resolve", "--project", str(project), "--format", "json"]
    good = subprocess.run([*command, *HERE], capture_output=True, check=True)
    assert str(project) not in json.dumps(json.loads(good.stdout.decode("utf-8")))
    bad = subprocess.run([*command, "--python", "3.12", "--platform", "amiga"], capture_output=True)
    assert (bad.returncode, bad.stdout) == (2, b"")
    assert bad.stderr.startswith(b"error: platform 'amiga'")


VARIANTS = """
[tool.ofiuco.variants]
a = ["0.9"]
[tool.ofiuco.variants.packed]
replace = { A = { url = "https://files.example.org/a-2.0-py3-none-any.whl", hash = "sha256:HASH" } }
[tool.ofiuco.variants.bare]
replace = { a = false }
""".replace("HASH", "0" * 64)
OLD = """
lock-version = "1.0"
created-by = "hand"
[[packages]]
name = "a"
version = "0.9"
wheels = [{ url = "https://files.example.org/a-0.9-py3-none-any.whl", hashes = { sha256 = "00" } }]
"""


@pytest.mark.parametrize(
    ("variant", "version"), [("a0.9", "0.9"), ("packed", "2.0"), ("bare", None)], ids=["lock", "wheel", "dropped"]
)
def test_variants(variant: str, version: str | None, project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(write(project, PYLOCK, "pylock.toml"), OLD, "pylock.old.toml")
    (project / "pyproject.toml").write_text(PROJECT + VARIANTS, encoding="utf-8")
    assert main(["resolve", "--project", str(project), *HERE, "--format", "json", "--variant", variant]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["variant"] == variant
    assert document["lock"]["path"] == "pylock.toml"
    assert {each["name"]: each["version"] for each in document["packages"]}.get("a") == version
    assert main(["resolve", "--project", str(project), *HERE, "--format", "json"]) == 0
    assert "variant" not in json.loads(capsys.readouterr().out)


@pytest.mark.parametrize(
    ("variant", "code", "message", "hint"),
    [
        pytest.param(
            "old", 2, "the project has no variant 'old'", "choose from: a0.9, packed, bare", id="no such variant"
        ),
        pytest.param(
            "a0.9",
            2,
            "pyproject.toml: tool.ofiuco.variants.a[0]: variant a0.9: a 0.9 is not in pylock.toml",
            'lock it in a lock of its own, and name that with `lock = "…"`',
            id="no such version",
        ),
    ],
)
def test_a_variant_that_is_not_there(
    variant: str, code: int, message: str, hint: str, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(project, PYLOCK, "pylock.toml")
    (project / "pyproject.toml").write_text(PROJECT + VARIANTS, encoding="utf-8")
    assert refused(capsys, "--project", project, *HERE, "--variant", variant) == (code, message, hint)


def test_a_variant_that_replaces_nothing(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(project, PYLOCK, "pylock.toml")
    variant = "[tool.ofiuco.variants.bare]\nreplace = { zope = false }\n"
    (project / "pyproject.toml").write_text(PROJECT + variant, encoding="utf-8")
    assert refused(capsys, "--project", project, *HERE, "--variant", "bare") == (
        1,
        "pyproject.toml: tool.ofiuco.variants.bare.replace.zope: variant bare replaces zope:"
        " pylock.toml does not have it",
        "name a package of the lock",
    )


def test_a_variants_lock_warns_on_standard_error(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(project, PYLOCK, "pylock.toml")
    write(project, POETRY.replace('lock-version = "2.1"', 'lock-version = "2.9"'), "poetry.lock")
    variant = '[tool.ofiuco.variants.v]\nreplace = { a = { lock = "poetry.lock" } }\n'
    (project / "pyproject.toml").write_text(PROJECT + variant, encoding="utf-8")
    options = ("--project", str(project), "--lock", "pylock.toml", "--variant", "v")
    assert main(["resolve", *options, *HERE]) == 0
    assert capsys.readouterr().err.splitlines() == [
        "warning: poetry.lock: lock-version 2.9 is newer than 2.1, read as 2.1",
        "warning: poetry.lock: out of date with pyproject.toml: lock again (`poetry lock`)",
    ]


# How bad input is refused: no lock, and files that cannot be read


def test_no_lock(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert refused(capsys, "--project", project, *HERE) == (
        2,
        f"{project}: no lock file here (looked for {LOOKED_FOR})",
        "make one (`poetry lock`, `uv lock`, …) or name it with `lock = …` in [tool.ofiuco]",
    )


def test_no_lock_below_a_project(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(project, PYLOCK, "pylock.toml")
    write(project, PROJECT, "pyproject.toml")
    (project / "tests").mkdir()
    below = project / "tests"
    assert refused(capsys, "--project", below, *HERE) == (
        2,
        f"{below}: no lock file here (looked for {LOOKED_FOR})",
        f"the project is in {project.resolve()}: go there, or name it with --project",
    )


def test_no_such_lock(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert refused(capsys, "--project", project, "--lock", "my.lock", *HERE) == (
        2,
        f"{project}: no lock file here (looked for my.lock)",
        "name a lock file that exists",
    )


def test_no_such_configured_lock(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(project, PROJECT + '[tool.ofiuco]\nlock = "my.lock"', "pyproject.toml")
    assert refused(capsys, "--project", project, *HERE) == (
        2,
        f"{project}: no lock file here (looked for my.lock)",
        "make it, or correct `lock` in [tool.ofiuco]",
    )


def test_no_such_project(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert refused(capsys, "--project", tmp_path / "nowhere", *HERE) == (
        2,
        f"{tmp_path / 'nowhere'}: no such folder",
        "name the folder that holds pyproject.toml",
    )


def test_a_folder_is_no_lock(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "locks").mkdir()
    expected = (2, "locks: a folder, not a lock", "name the lock file in it")
    assert refused(capsys, "--project", project, "--lock", "locks", *HERE) == expected


def test_names_that_are_too_long(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The system refuses to look for them."""
    name = "x" * 5000
    assert refused(capsys, "--project", tmp_path / name, *HERE)[0] == 2
    assert refused(capsys, "--project", tmp_path, "--lock", name, *HERE)[0] == 2


def test_what_may_not_be_read(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The user who runs the tests may be one who may read everything."""

    def refuse(_: Witness, path: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(path))

    write(project, UV, "uv.lock")
    with monkeypatch.context() as patched:
        patched.setattr(Witness, "content", refuse)
        assert refused(capsys, "--project", project, *HERE) == (
            2,
            "pyproject.toml: cannot be read: Permission denied",
            "ask for the right to read it",
        )
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert refused(capsys, "--project", project, *HERE) == (
        2,
        f"{project}: cannot be read: Permission denied",
        "ask for the right to read it",
    )


def test_what_is_not_installed(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a build tool has put nothing but ``packaging`` beside this package."""
    write(project, UV, "uv.lock")
    monkeypatch.setitem(sys.modules, "pytest_ofiuco.cli.resolve", None)
    assert refused(capsys, "--project", project, *HERE) == (
        2,
        "this needs pytest_ofiuco.cli.resolve, which is not installed",
        "run it where pytest-ofiuco is installed with all that it depends on",
    )


@pytest.mark.parametrize("name", ["uv.lock", "poetry.lock", "pylock.toml", "pyproject.toml"])
def test_broken_toml(name: str, project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(write(project, UV, "uv.lock"), "version = 1\n<<<<<<< HEAD\n", name)
    options = () if name == "pyproject.toml" else ("--lock", name)
    code, error, hint = refused(capsys, "--project", project, *options, *HERE)
    assert error.startswith(f"{name}: not valid TOML: ")
    assert "line 2" in error
    assert (code, hint) == (2, "repair it, or restore it from version control")


@pytest.mark.parametrize("name", ["uv.lock", "poetry.lock", "pylock.toml", "pyproject.toml"])
def test_not_utf_8(name: str, project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(write(project, UV, "uv.lock"), 'version = "é"'.encode("latin-1"), name)
    options = () if name == "pyproject.toml" else ("--lock", name)
    assert refused(capsys, "--project", project, *options, *HERE) == (
        2,
        f"{name}: byte 11: not UTF-8",
        "restore the file from version control",
    )


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        pytest.param(
            "poetry.lock",
            '[metadata]\nlock-version = "0.9"\n',
            "poetry.lock: metadata.lock-version: version 0.9 of this format is not known"
            " (known: poetry.lock 1.x and 2.x)",
            id="poetry, older",
        ),
        pytest.param(
            "poetry.lock",
            '[metadata]\nlock-version = "3.0"\n',
            "poetry.lock: metadata.lock-version: version 3.0 of this format is not known"
            " (known: poetry.lock 1.x and 2.x)",
            id="poetry, newer",
        ),
        pytest.param(
            "uv.lock",
            "version = 2\n",
            "uv.lock: version: version 2 of this format is not known (known: uv.lock version 1)",
            id="uv",
        ),
        pytest.param(
            "pylock.toml",
            'lock-version = "2.0"\ncreated-by = "x"\npackages = []\n',
            "pylock.toml: lock-version: version 2.0 of this format is not known (known: pylock.toml 1.x)",
            id="pylock",
        ),
    ],
)
def test_unknown_lock_version(
    name: str, text: str, message: str, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, error, hint = refused(capsys, "--project", write(project, text, name), *HERE)
    assert (code, error) == (2, message)
    assert hint.startswith("lock the project again with a tool that writes ")


def test_not_a_lock(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert refused(capsys, "--project", project, "--lock", "pyproject.toml", *HERE) == (
        2,
        "pyproject.toml: not a lock of a known format",
        f"give a lock that one of these tools wrote: {LOOKED_FOR}",
    )


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        pytest.param(
            "poetry.lock",
            POETRY.replace('name = "b"', "name = 1"),
            "poetry.lock: package[1].name: expected a string, found an integer",
            id="poetry",
        ),
        pytest.param(
            "uv.lock",
            UV.replace('hash = "sha256:00"', "hash = 0"),
            "uv.lock: package[0].wheels[0].hash: package a: expected a string, found an integer",
            id="uv",
        ),
        pytest.param(
            "pylock.toml",
            PYLOCK.replace('hashes = { sha256 = "00" }', "hashes = 1"),
            "pylock.toml: packages[0].wheels[0].hashes: package a: ",
            id="pylock",
        ),
        pytest.param(
            "pyproject.toml",
            PROJECT + "[tool.ofiuco]\ngroups = 1\n",
            "pyproject.toml: tool.ofiuco.groups: expected an array, found an integer",
            id="pyproject",
        ),
    ],
)
def test_wrong_types(name: str, text: str, message: str, project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(project, text, name)
    if name == "pyproject.toml":
        write(project, UV, "uv.lock")
    code, error, hint = refused(capsys, "--project", project, *HERE)
    assert error.startswith(message)
    assert code == 2
    assert hint.startswith(("correct it there", "lock the project again"))


# How a question without an answer is refused


@pytest.mark.parametrize(
    ("options", "message", "hint"),
    [
        pytest.param(
            ("--group", "test"),
            "uv.lock: the lock has no group 'test'",
            "choose from: dev, docs, main, more",
            id="group",
        ),
        pytest.param(("--extra", "gpu"), "uv.lock: the lock has no extra 'gpu'", "choose from: cpu", id="extra"),
        pytest.param(
            ("--extra", "cpu", "--group", "docs"),
            "uv.lock: extra cpu and group docs conflict and cannot be selected together",
            "select one of them",
            id="conflict",
        ),
    ],
)
def test_selection(
    options: tuple[str, ...], message: str, hint: str, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(project, UV, "uv.lock")
    assert refused(capsys, "--project", project, *HERE, *options) == (2, message, hint)


def test_a_package_without_a_fitting_file(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wheels = 'wheels = [{ url = "https://files.example.org/a-1-cp312-cp312-manylinux_2_34_x86_64.whl" }]'
    write(
        project,
        'version = 1\n[[package]]\nname = "project"\nsource = { virtual = "." }\ndependencies = [{ name = "a" }]\n'
        f'[[package]]\nname = "a"\nversion = "1"\nsource = {{ registry = "https://index.example.org" }}\n{wheels}\n',
        "uv.lock",
    )
    assert refused(capsys, "--project", project, *HERE) == (
        1,
        "uv.lock: package[1]: no file of a 1 fits Python 3.12 on manylinux_2_28_x86_64 (needs glibc ≥ 2.34, the"
        " platform has 2.28); the lock offers a-1-cp312-cp312-manylinux_2_34_x86_64.whl",
        "lock a version of a that has a file for this platform, or leave this cell out",
    )


def test_a_python_that_is_not_admitted(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(project, UV, "uv.lock")
    assert refused(capsys, "--project", project, "--python", "3.7", "--platform", "manylinux_2_28_x86_64") == (
        1,
        "uv.lock: requires-python: Python 3.7.0 is not admitted by '>=3.8'",
        "choose a Python that it admits, or lock the project again for this one",
    )


def test_a_platform_that_the_lock_leaves_out(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(project, UV, "uv.lock")
    code, error, hint = refused(capsys, "--project", project, "--python", "3.12", "--platform", "win_amd64")
    assert error.startswith("uv.lock: environments: none holds for Python 3.12 on win_amd64: ")
    assert (code, hint) == (1, "lock the project again with this platform among its environments")


def test_a_dependency_that_is_not_locked(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(project, UV.replace('[{ name = "d" }, { name = "e" }]', '[{ name = "gone" }]'), "uv.lock")
    assert refused(capsys, "--project", project, "--group", "dev", *HERE) == (
        2,
        "uv.lock: package[6].dev-dependencies.dev[0]: the project depends on gone, which is not locked",
        "lock the project again: this lock is incomplete",
    )


@pytest.mark.parametrize(
    ("arguments", "message", "hint"),
    [
        pytest.param(
            ("--python", "3.12", "--platform", "amiga"),
            "platform 'amiga': neither a built-in name nor a platform tag",
            "use a tag such as manylinux_2_28_aarch64, macosx_14_0_arm64, win_amd64, or one of: host, aws_lambda, ",
            id="platform",
        ),
        pytest.param(
            ("--python", "2.7", "--platform", "win_amd64"),
            "python '2.7': not a version of Python 3",
            "write it as 3.12, 3.12.4, 3.13t (free-threaded) or pypy3.10",
            id="python",
        ),
        pytest.param(
            ("--platform", "win_amd64"),
            "the following arguments are required: --python",
            "see `ofiuco resolve --help`",
            id="no python",
        ),
        pytest.param(
            (*HERE, "--frobnicate"), "unrecognized arguments: --frobnicate", "see `ofiuco --help`", id="option"
        ),
        pytest.param(
            (*HERE, "--format", "xml"),
            "argument --format: invalid choice: 'xml' (choose from ",
            "see `ofiuco resolve --help`",
            id="format",
        ),
    ],
)
def test_usage(
    arguments: tuple[str, ...], message: str, hint: str, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(project, UV, "uv.lock")
    code, error, found = refused(capsys, "--project", project, *arguments)
    assert code == 2
    assert error.startswith(message)
    assert found.startswith(hint)


@pytest.mark.parametrize("arguments", [[], ["frobnicate"]])
def test_no_such_command(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    error, hint = capsys.readouterr().err.splitlines()
    assert error.startswith("error: ")
    assert hint == "hint: see `ofiuco --help`"


def run(project: Path, *arguments: str | bytes, out: int) -> tuple[int, str]:
    command: list[str | bytes] = [sys.executable, "-m", "pytest_ofiuco", "resolve", "--project", str(project), *HERE]
    done = subprocess.run([*command, *arguments], stdout=out, stderr=subprocess.PIPE, text=True, check=False)
    return done.returncode, done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is full")
def test_output_that_cannot_be_written(project: Path) -> None:
    write(project, UV, "uv.lock")
    with Path("/dev/full").open("wb") as full:
        assert run(project, out=full.fileno()) == (
            2,
            "error: standard output: No space left on device\nhint: make room there, or send it elsewhere\n",
        )


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has file names of any bytes")
@pytest.mark.parametrize("format_", ["json", "table"])
def test_a_path_that_is_no_text(format_: str, project: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    name = b"\xff.lock".decode(errors="surrogateescape")
    write(project, UV, name)
    assert main(["resolve", "--project", str(project), *HERE, "--lock", name, "--format", format_]) == 0
    out = capfdbinary.readouterr().out
    assert b"\\udcff.lock" in out
    if format_ == "json":
        assert json.loads(out)["lock"]["path"].endswith("\udcff.lock")
