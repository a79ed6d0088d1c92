"""``ofiuco matrix``: the cells of the matrix, for people and for machines."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pytest_ofiuco.cli import main
from pytest_ofiuco.store.interpreters import host_platform
from tests.formats.examples import UV

SETTINGS = '[tool.ofiuco]\npython = ["3.10", "3.12"]\nplatforms = ["host", "aws_lambda"]\n'


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "uv.lock").write_text(UV, encoding="utf-8")
    return configured(folder, SETTINGS)


def configured(project: Path, settings: str) -> Path:
    (project / "pyproject.toml").write_text(f'[project]\nname = "project"\n{settings}', encoding="utf-8")
    return project


def test_table(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["matrix", "--project", str(project)]) == 0
    assert [line.split()[:3] for line in capsys.readouterr().out.splitlines()] == [
        ["cell", "python", "platform"],
        ["py310-host", "3.10", "host"],
        ["py312-host", "3.12", "host"],
        ["py310-aws_lambda", "3.10", "aws_lambda"],
        ["py312-aws_lambda", "3.12", "aws_lambda"],
    ]


def test_json(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["matrix", "--project", str(project), "--format", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert [cell["tag"] for cell in document["cells"]] == [
        str(host_platform()),
        str(host_platform()),
        "manylinux_2_26_aarch64",
        "manylinux_2_34_aarch64",
    ]
    assert document["lock"]["path"] == "uv.lock"


def test_github(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    configured(project, f'{SETTINGS}exclude = [{{ platform = "host" }}]\n[tool.ofiuco.variants]\na = ["1.0"]\n')
    assert main(["matrix", "--project", str(project), "--format", "github"]) == 0
    line, _ = capsys.readouterr().out.split("\n")
    assert [(job["name"], job.get("variant")) for job in json.loads(line)["include"]] == [
        ("py310-aws_lambda", None),
        ("py310-aws_lambda-a1.0", "a1.0"),
        ("py312-aws_lambda", None),
        ("py312-aws_lambda-a1.0", "a1.0"),
    ]


def test_the_pythons_that_are_here(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where none are configured it is the matrix of `pytest --ofiuco-matrix`: what this machine has."""
    monkeypatch.setenv("OFIUCO_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    configured(project, "")
    assert main(["matrix", "--project", str(project), "--format", "json"]) == 0
    cells = json.loads(capsys.readouterr().out)["cells"]
    assert cells
    assert {cell["platform"] for cell in cells} == {"host"}


def test_nothing_is_left(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    configured(project, f'{SETTINGS}exclude = [{{ python = ">=3" }}]\n')
    assert main(["matrix", "--project", str(project)]) == 2
    assert capsys.readouterr().err.splitlines()[-2:] == [
        "error: the matrix is empty",
        "hint: see `exclude` in [tool.ofiuco]",
    ]
