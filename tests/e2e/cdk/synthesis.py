"""The zip that the docs make, and what the app makes of it."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_ofiuco.cli import main

ROOT = Path(__file__).parents[3]
EXAMPLE = ROOT / "example_project"
DOCS = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")


def made(folder: Path, *options: str, project: Path = EXAMPLE) -> Path:
    """The zip that the docs make, in ``folder``; the path of its manifest."""
    (command,) = re.findall(r"^ofiuco (zip .*)$", DOCS, re.MULTILINE)
    arguments = [str(folder / each) if each.startswith("build/") else each for each in shlex.split(command)]
    (folder / "build").mkdir(parents=True, exist_ok=True)
    assert main([*arguments, "--project", str(project), *options]) == 0
    return folder / "build" / "geo-lookup.json"


@dataclass(frozen=True)
class Synthesized:
    """What the app has written."""

    template: bytes
    assets: dict[str, bytes]

    def properties(self, kind: str) -> list[dict[str, Any]]:
        """Of all resources of a type, but for where assets are."""
        resources = json.loads(self.template)["Resources"].values()
        return [each["Properties"] for each in resources if each["Type"] == f"AWS::{kind}"]

    def one(self, kind: str) -> dict[str, Any]:
        (found,) = self.properties(kind)
        return found


def run(app: Path, output: Path, **context: str) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "CDK_OUTDIR": str(output), "CDK_CONTEXT_JSON": json.dumps(context)}
    assert "\nnode app.js\n" in DOCS
    return subprocess.run(
        ["node", "app.js"], cwd=app, env=environ, capture_output=True, text=True, check=False, encoding="utf-8"
    )


def synthesized(app: Path, output: Path, manifest: Path, **context: str) -> Synthesized:
    done = run(app, output, manifest=str(manifest), **context)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    return read(output)


def read(output: Path) -> Synthesized:
    staged = {path.name.removeprefix("asset."): path.read_bytes() for path in output.glob("asset.*")}
    return Synthesized((output / "GeoLookup.template.json").read_bytes(), staged)
