"""docs/deploy.md names what is there: fields of the manifest, the example's commands, the app's messages."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from pytest_ofiuco.cli import main
from tests.bundle.projects import project
from tests.store.makers import wheel

ROOT = Path(__file__).parents[1]
DOCS = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")
BLOCKS: dict[str, list[str]] = {}
for language, block in re.findall(r"^```(\w+)\n(.*?)^```", DOCS, re.DOTALL | re.MULTILINE):
    BLOCKS.setdefault(language, []).append(block)


@pytest.fixture
def manifest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the docs' command writes of a small project, with a layer."""
    sources = {"geo_lookup/__init__.py": "", "geo_lookup/app.py": "def handler(event, context): ...\n"}
    folder = project(tmp_path / "p", [wheel("demo", {"demo.py": ""})], sources=sources)
    monkeypatch.chdir(folder)
    making, zipping = BLOCKS["sh"][0].splitlines()
    assert making == "mkdir -p build"
    Path("build").mkdir()
    assert main([*shlex.split(zipping)[1:], "--split"]) == 0
    document: dict[str, Any] = json.loads(Path("build/geo-lookup.json").read_text(encoding="utf-8"))
    return document


def test_the_fields_are_the_manifests(manifest: dict[str, Any]) -> None:
    (terraform,) = BLOCKS["hcl"]
    (layer,) = manifest["layers"]
    assert set(re.findall(r"local\.manifest\.(\w+)", terraform)) < manifest.keys()
    assert set(re.findall(r"each\.value\.(\w+)", terraform)) <= layer.keys()
    assert set(re.findall(r"\blayer\.(\w+) =>", terraform)) <= layer.keys()
    (script,) = BLOCKS["js"]
    assert set(re.findall(r"manifest\.(\w+)", script)) < manifest.keys()
    parameters = dict(re.findall(r"(\w+)=\\\((?:\.)(\w+)", BLOCKS["sh"][2]))
    assert set(parameters.values()) < manifest.keys()
    (template,) = BLOCKS["yaml"]
    declared = re.findall(r"^  (\w+): \{ Type: String \}$", template, re.MULTILINE)
    assert list(parameters) == declared == re.findall(r"!Ref (\w+)", template)
    rows = re.findall(r"^\| `.*\| (.*) \|$", DOCS, re.MULTILINE)
    assert set(re.findall(r"`(\w+)`", " ".join(rows))) < manifest.keys()


def test_the_zips_are_where_the_examples_look(manifest: dict[str, Any]) -> None:
    assert f"build/{manifest['asset']}" in BLOCKS["yaml"][0]
    assert f"build/{manifest['layers'][0]['asset']}`" in DOCS
    assert all(Path(path).exists() for path in re.findall(r"build/[\w-]+\.(?:zip|json)", DOCS))


def test_the_examples_readme_has_the_same_commands() -> None:
    shown = (ROOT / "example_project" / "README.md").read_text(encoding="utf-8")
    assert f"```\n{BLOCKS['sh'][0]}{BLOCKS['sh'][1]}```" in shown


def test_the_app_says_what_is_shown() -> None:
    app = (ROOT / "example_project" / "cdk" / "manifest.js").read_text(encoding="utf-8")
    error, hint = BLOCKS["console"][0].splitlines()
    assert hint.removeprefix("hint: ") in app
    assert [part for part in re.split(r"build/[\w.-]+|\w+…|^error: ", error) if part] == [
        ": has the sha256 ",
        ", but ",
        " is of ",
    ]
    assert re.search(r"has the sha256 \$\{found}, but \$\{manifest} is of \$\{sha256}", app)
