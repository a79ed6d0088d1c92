"""``ofiuco zip`` and ``ofiuco image`` as their users call them, and what their documents say of them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pytest_ofiuco.cli import main
from tests.bundle.projects import project
from tests.store.makers import wheel

ROOT = Path(__file__).parents[2]
TARGET = ("--platform", "aws_lambda", "--python", "3.13")


def run(capsys: pytest.CaptureFixture[str], command: str, *arguments: object) -> tuple[int, str, str]:
    """The exit code, what is printed, and what is said on standard error."""
    code = main([command, *map(str, arguments)])
    out, err = capsys.readouterr()
    return code, out, err


def small_project(tmp_path: Path) -> Path:
    """A project with a package that ships, and one that AWS Lambda provides."""
    files = [wheel("demo", {"demo.py": ""}), wheel("boto3", {"boto3.py": ""})]
    return project(tmp_path / "p", files)


def document(command: str) -> str:
    """What docs/ has of a command."""
    return (ROOT / "docs" / f"{command}.md").read_text(encoding="utf-8")


def check_refusal(
    capsys: pytest.CaptureFixture[str], command: str, *arguments: object, code: int, message: str
) -> None:
    """That a command prints nothing, and says this, with a hint."""
    found, out, err = run(capsys, command, *arguments)
    assert (found, out) == (code, "")
    error, hint = err.splitlines()
    assert error.startswith(f"error: {message}")
    assert hint.startswith("hint: ")


def check_options(capsys: pytest.CaptureFixture[str], command: str) -> None:
    """That the document has a row for each option."""
    with pytest.raises(SystemExit):
        main([command, "--help"])
    options = set(re.findall(r"^  (--[a-z-]+)", capsys.readouterr().out, re.MULTILINE))
    rows = re.findall(r"^\| (`--.*?) \|", document(command), re.MULTILINE)
    assert options == set(re.findall(r"`(--[a-z-]+)", " ".join(rows)))


def keys_of_manifest(command: str) -> list[str]:
    """Those that the document has."""
    rows = re.findall(r"^\| (`.*?) \|", document(command).partition("## The manifest")[2], re.MULTILINE)
    return sorted(re.findall(r"`([a-z0-9_]+)`", " ".join(rows)))
