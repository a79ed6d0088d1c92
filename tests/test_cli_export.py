"""``ofiuco export``: which cells, in which format, into which file, and how wrong usage is refused."""

from __future__ import annotations

import json
import os
import re
import stat
import sys
from pathlib import Path

import pytest

from pytest_ofiuco.cli import main
from tests.formats.examples import PYLOCK

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

HERE = ("--python", "3.12", "--platform", "manylinux_2_28_x86_64")
PROJECT = '[project]\nname = "project"\n'
SETTINGS = f"""{PROJECT}
[tool.ofiuco]
python = ["3.10", "3.12"]
platforms = ["manylinux_2_28_x86_64", "win_amd64"]
"""
SHA256 = "0" * 64
LOCK = f"""
version = 1
revision = 3
requires-python = ">=3.8"

[[package]]
name = "a"
version = "1.0"
source = {{ registry = "https://index.example.org/simple" }}
wheels = [{{ url = "https://files.example.org/a-1.0-py3-none-any.whl", hash = "sha256:{SHA256}" }}]

[[package]]
name = "b"
version = "1.0"
source = {{ registry = "https://index.example.org/simple" }}
wheels = [{{ url = "https://files.example.org/b-1.0-py3-none-any.whl", hash = "sha256:{SHA256}" }}]

[[package]]
name = "local"
version = "1.0"
source = {{ editable = "libs/local" }}

[[package]]
name = "project"
version = "1.0"
source = {{ virtual = "." }}
dependencies = [{{ name = "a" }}, {{ name = "local", marker = "sys_platform == 'win32'" }}]

[package.optional-dependencies]
more = [{{ name = "b" }}]

[package.dev-dependencies]
dev = [{{ name = "b", marker = "python_version < '3.11'" }}]
docs = [{{ name = "b" }}]

[package.metadata]
requires-dist = [{{ name = "a" }}, {{ name = "local" }}, {{ name = "b", marker = "extra == 'more'" }}]
provides-extras = ["more"]
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "uv.lock").write_text(LOCK, encoding="utf-8")
    (folder / "pyproject.toml").write_text(SETTINGS, encoding="utf-8")
    return folder


def exported(capsys: pytest.CaptureFixture[str], project: Path, *arguments: object) -> str:
    """What is printed."""
    code = main(["export", "--project", str(project), *map(str, arguments)])
    out, err = capsys.readouterr()
    assert (code, "error" in err) == (0, False), err
    return out


def refused(capsys: pytest.CaptureFixture[str], project: Path, *arguments: object) -> tuple[int, str, str]:
    """The exit code and the two lines of a refusal."""
    code = main(["export", "--project", str(project), *map(str, arguments)])
    out, err = capsys.readouterr()
    assert out == ""
    error, hint = err.splitlines()[-2:]
    return code, error.removeprefix("error: "), hint.removeprefix("hint: ")


def names(text: str) -> list[tuple[str, str | None]]:
    return [(each["name"], each.get("marker")) for each in tomllib.loads(text)["packages"]]


# One target


def test_json_of_a_target_is_that_of_resolve(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = exported(capsys, project, *HERE, "--format", "json", "--group", "docs")
    assert main(["resolve", "--project", str(project), *HERE, "--format", "json", "--group", "docs"]) == 0
    assert text == capsys.readouterr().out


def test_pylock_of_a_target(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert names(exported(capsys, project, *HERE, "--format", "pylock", "--extra", "more", "--group", "main")) == [
        ("a", None),
        ("b", None),
    ]


def test_requirements_of_a_target(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The comment says how to make it again; the index that the lock names is not the public one."""
    assert exported(capsys, project, *HERE, "--format", "requirements", "--group", "main", "--all-extras") == (
        "# uv.lock (uv 1.3) for Python 3.12 on manylinux_2_28_x86_64\n"
        "# made by: ofiuco export --format requirements --python 3.12 --platform manylinux_2_28_x86_64"
        " --group main --all-extras\n"
        "--extra-index-url https://index.example.org/simple\n"
        f"a==1.0 --hash=sha256:{SHA256}\n"
        f"b==1.0 --hash=sha256:{SHA256}\n"
    )


def test_github_of_a_target(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = exported(capsys, project, "--python", "3.12", "--platform", "aws_lambda", "--format", "github")
    assert [job["name"] for job in json.loads(text)["include"]] == ["py312-aws_lambda"]


# The matrix


def test_json_of_the_matrix(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document = json.loads(exported(capsys, project, "--format", "json"))
    assert {cell["name"]: [each["name"] for each in cell["resolution"]["packages"]] for cell in document["cells"]} == {
        "py310-manylinux_2_28_x86_64": ["a"],
        "py312-manylinux_2_28_x86_64": ["a"],
        "py310-win_amd64": ["a", "local"],
        "py312-win_amd64": ["a", "local"],
    }


@pytest.mark.parametrize(
    ("options", "settings", "expected"),
    [
        pytest.param([], "", [], id="what ships"),
        pytest.param(["--with-test-groups"], "", [("b", 'python_version < "3.12"')], id="what the tests need"),
        pytest.param(["--with-test-groups"], 'test-groups = ["docs"]', [("b", None)], id="what they are said to need"),
        pytest.param([], 'groups = ["docs"]', [("b", None)], id="another group ships"),
        pytest.param([], 'extras = ["more"]', [("b", None)], id="an extra ships"),
        pytest.param(["--group", "docs"], "", [("b", None)], id="a group"),
        pytest.param(["--extra", "more"], "", [("b", None)], id="an extra"),
        pytest.param(["--all-groups"], "", [("b", None)], id="all groups"),
        pytest.param(["--all-extras"], "", [("b", None)], id="all extras"),
    ],
)
def test_what_of_the_lock(
    options: list[str],
    settings: str,
    expected: list[tuple[str, str | None]],
    project: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (project / "pyproject.toml").write_text(SETTINGS + settings, encoding="utf-8")
    found = names(exported(capsys, project, "--format", "pylock", *options))
    assert [each for each in found if each[0] == "b"] == expected


def test_a_lock_without_groups(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "uv.lock").unlink()
    text = PYLOCK.replace('dependency-groups = ["dev", "docs"]', "").replace('default-groups = ["dev"]', "")
    flat = "\n".join(line for line in text.splitlines() if not line.startswith(("dependency-groups", "default-groups")))
    (project / "pylock.toml").write_text(flat, encoding="utf-8")
    (project / "pyproject.toml").write_text(f'{SETTINGS}groups = ["main", "web"]\n', encoding="utf-8")
    main(["export", "--project", str(project), "--format", "json"])
    assert "warning: pylock.toml names no groups: web cannot be told apart in it\n" in capsys.readouterr().err


def test_variants(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """All cells for machines; the lock as it is, or one variant, for tools that would not tell them apart."""
    settings = f'{SETTINGS}exclude = [{{ platform = "manylinux_2_28_x86_64" }}]\n[tool.ofiuco.variants.none.replace]\n'
    (project / "pyproject.toml").write_text(f"{settings}local = false\n", encoding="utf-8")
    cells = json.loads(exported(capsys, project, "--format", "json"))["cells"]
    assert [cell["variant"] for cell in cells] == [None, "none", None, "none"]
    assert [name for name, _ in names(exported(capsys, project, "--format", "pylock"))] == ["a", "local"]
    assert [name for name, _ in names(exported(capsys, project, "--format", "pylock", "--variant", "none"))] == ["a"]
    code, error, hint = refused(capsys, project, "--format", "pylock", "--variant", "other")
    assert (code, error, hint) == (2, "no cell is of the variant 'other'", "choose from: none")
    without = settings.replace("exclude = [", "exclude = [{ variant = false }, ")
    (project / "pyproject.toml").write_text(f"{without}local = false\n", encoding="utf-8")
    code, error, hint = refused(capsys, project, "--format", "pylock")
    assert (code, error, hint) == (2, "no cell is of the lock as it is", "name a variant with --variant: none")


# Files


def test_output(project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Paths are seen from its folder; nothing is left beside it, and nothing is printed."""
    (tmp_path / "out").mkdir()
    file = tmp_path / "out" / "requirements.txt"
    for _ in range(2):
        assert exported(capsys, project, "--format", "requirements", "--output", file) == ""
        assert '\n-e ../project/libs/local ; sys_platform == "win32"\n' in file.read_text(encoding="utf-8")
    assert os.listdir(tmp_path / "out") == ["requirements.txt"]
    assert "\n-e ./libs/local ;" in exported(capsys, project, "--format", "requirements")
    main(["export", "--project", str(project), "--format", "pylock", "--output", str(tmp_path / "out" / "pylock.toml")])
    packages = tomllib.loads((tmp_path / "out" / "pylock.toml").read_text(encoding="utf-8"))["packages"]
    assert packages[1]["directory"] == {"path": "../project/libs/local", "editable": True}


def test_hashes_beside_folders(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["export", "--project", str(project), "--format", "requirements"])
    assert capsys.readouterr().err.splitlines()[-1] == (
        "warning: pip takes no hashes beside commits and folders, which have none: local"
    )


@pytest.mark.skipif(sys.platform == "win32", reason="modes and links of POSIX")
def test_an_output_that_is_there(project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It keeps its mode, a link stays one, and what is no file is written to."""
    file, link = tmp_path / "file.json", tmp_path / "link.json"
    file.touch(0o640)
    link.symlink_to(file)
    exported(capsys, project, "--format", "github", "--output", link)
    assert link.is_symlink()
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert json.loads(file.read_text(encoding="utf-8"))["include"]
    exported(capsys, project, "--format", "github", "--output", "/dev/null")


def test_an_output_of_the_users_mode(project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "plain").touch()
    exported(capsys, project, "--format", "github", "--output", tmp_path / "matrix.json")
    assert (tmp_path / "matrix.json").stat().st_mode == (tmp_path / "plain").stat().st_mode


# What is refused


@pytest.mark.parametrize(
    ("options", "error", "hint"),
    [
        pytest.param(
            ["--format", "json", "--python", "3.12"],
            "--python and --platform name one target together",
            "give both, or none for the whole matrix",
            id="half a target",
        ),
        pytest.param(
            ["--format", "json", *HERE, "--with-test-groups"],
            "--with-test-groups goes with the matrix",
            "name the groups of one target with --group",
            id="test groups of a target",
        ),
        pytest.param(
            [], "the following arguments are required: --format", "see `ofiuco export --help`", id="no format"
        ),
        pytest.param(
            ["--format", "pylock", "--variant", "x"],
            "no cell is of the variant 'x'",
            "leave --variant out",
            id="no variant",
        ),
    ],
)
def test_wrong_usage(
    options: list[str], error: str, hint: str, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert refused(capsys, project, *options) == (2, error, hint)


def test_no_pythons(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "pyproject.toml").write_text(PROJECT, encoding="utf-8")
    assert refused(capsys, project, "--format", "pylock") == (
        2,
        "which Pythons make the matrix is not configured",
        "set `python` in [tool.ofiuco] of pyproject.toml, or give --python and --platform",
    )


@pytest.mark.parametrize(
    ("name", "reason"), [("nowhere/x.json", "No such file or directory"), ("project", "Is a directory")]
)
def test_an_output_that_cannot_be(
    name: str, reason: str, project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert refused(capsys, project, "--format", "github", "--output", tmp_path / name) == (
        2,
        f"{tmp_path / name}: cannot be written: {reason}",
        "name a file in a folder that exists and can be written",
    )


def test_offline(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A lock that names no URLs needs an index for a pylock.toml, and for nothing else."""
    lock = f"""
lock-version = "1.0"
created-by = "hand"
[[packages]]
name = "a"
version = "1.0"
[[packages.wheels]]
url = "https://files.example.org/a-1.0-py3-none-any.whl"
hashes = {{ sha256 = "{SHA256}" }}
"""
    poetry = f"""
[[package]]
name = "a"
version = "1.0"
optional = false
python-versions = "*"
groups = ["main"]
files = [{{file = "a-1.0-py3-none-any.whl", hash = "sha256:{SHA256}"}}]

[metadata]
lock-version = "2.1"
python-versions = "*"
content-hash = "00"
"""
    (project / "uv.lock").unlink()
    (project / "poetry.lock").write_text(poetry, encoding="utf-8")
    assert refused(capsys, project, *HERE, "--format", "pylock", "--offline")[0] == 1
    assert "a==1.0 --hash" in exported(capsys, project, *HERE, "--format", "requirements", "--offline")
    (project / "pylock.toml").write_text(lock, encoding="utf-8")
    exported(capsys, project, *HERE, "--lock", "pylock.toml", "--format", "pylock", "--offline")


def test_what_is_not_installed(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`resolve` needs packaging alone, and so do the other formats."""
    monkeypatch.setitem(sys.modules, "pypi_simple", None)
    assert refused(capsys, project, *HERE, "--format", "requirements") == (
        2,
        "--format requirements needs pypi_simple, which is not installed",
        "run it where pytest-ofiuco is installed with all that it depends on",
    )
    assert exported(capsys, project, *HERE, "--format", "json")


def test_the_examples_of_the_documentation(capsys: pytest.CaptureFixture[str]) -> None:
    """What docs/export.md shows is what the example project gives."""
    root = Path(__file__).parents[1]
    text = (root / "docs" / "export.md").read_text(encoding="utf-8")
    ((command, shown),) = re.findall(r"```console\n\$ ofiuco (.*)\n((?:.*\n)*?)```", text)
    assert main([*command.split(), "--project", str(root / "example_project")]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert [line for line in shown.splitlines() if line != "…" and line not in printed] == []
