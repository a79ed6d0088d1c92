"""README stays true: its commands are those that CI runs, its links lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pytest_ofiuco.cli import main

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"```sh\n(.*?)\n```", README, re.DOTALL)


def test_ci_runs_the_test_command() -> None:
    assert COMMANDS[1] in (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()


def test_the_first_command_runs_the_example() -> None:
    assert "example_project" in COMMANDS[0]
    assert COMMANDS[0].endswith("pytest --ofiuco-matrix)")


def test_the_resolution_shown_is_the_examples(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    shown = re.findall(r"```console\n\$ ofiuco (resolve .*)\n((?:.*\n)*?)```", README)
    ((command, output),) = shown
    assert main([*command.split(), "--project", str(ROOT / "example_project")]) == 0
    printed = capsysbinary.readouterr().out.decode().splitlines()
    assert [line for line in output.splitlines() if line != "…" and line not in printed] == []


@pytest.mark.parametrize("document", ["README.md", *(f"docs/{each.name}" for each in (ROOT / "docs").glob("*.md"))])
def test_links_lead_somewhere(document: str) -> None:
    path = ROOT / document
    targets = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8"))
    missing = [target for target in targets if not (path.parent / target).exists()]
    assert not missing
