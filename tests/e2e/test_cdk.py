"""example_project/cdk, as docs/deploy.md has it: the template is what the manifest says, and the asset is the zip."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pytest_ofiuco.cli import main

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "example_project"
DOCS = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")
NODE = 20
"""The oldest Node.js that the app runs on."""

Edit = Callable[[dict[str, Any]], object]


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The app with its packages, as ``npm ci`` installs them from its lock."""
    npm, node = shutil.which("npm"), shutil.which("node")
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout if node else ""
    if npm is None or int(said.strip().lstrip("v").partition(".")[0] or 0) < NODE:
        if os.environ.get("CI") == "true":
            pytest.fail(f"CI has no Node.js {NODE}: apt-get install nodejs npm")
        pytest.skip(f"no Node.js {NODE} with npm: apt-get install nodejs npm")
    folder = tmp_path_factory.mktemp("example") / "cdk"
    shutil.copytree(EXAMPLE / "cdk", folder, ignore=shutil.ignore_patterns("node_modules", "cdk.out"))
    assert "npm ci" in DOCS
    subprocess.run([npm, "ci"], cwd=folder, check=True, capture_output=True)
    return folder


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
    staged = {path.name.removeprefix("asset."): path.read_bytes() for path in output.glob("asset.*")}
    return Synthesized((output / "GeoLookup.template.json").read_bytes(), staged)


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("zip"))


@pytest.fixture(scope="module")
def found(app: Path, manifest: Path, tmp_path_factory: pytest.TempPathFactory) -> Synthesized:
    return synthesized(app, tmp_path_factory.mktemp("synthesized"), manifest)


def test_the_template_is_what_the_manifest_says(found: Synthesized, manifest: Path) -> None:
    zipped = (manifest.parent / "geo-lookup.zip").read_bytes()
    sha256 = hashlib.sha256(zipped)
    assert json.loads(manifest.read_text(encoding="utf-8"))["sha256"] == sha256.hexdigest()
    function = found.one("Lambda::Function")
    assert function["Runtime"] == "python3.13"
    assert function["Architectures"] == ["arm64"]
    assert function["Handler"] == "geo_lookup.app.handler"
    assert "Layers" not in function
    assert "Environment" not in function
    key = f"{hashlib.sha256(sha256.hexdigest().encode()).hexdigest()}.zip"
    assert function["Code"]["S3Key"] == key
    assert found.assets == {key: zipped}
    assert found.one("Lambda::Version")["CodeSha256"] == base64.b64encode(sha256.digest()).decode()
    assert found.one("Lambda::Url")["AuthType"] == "AWS_IAM"


def test_it_may_write_its_log_and_nothing_else(found: Synthesized) -> None:
    assert "ManagedPolicyArns" not in found.one("IAM::Role")
    (log,) = found.one("IAM::Policy")["PolicyDocument"]["Statement"]
    assert log["Action"] == ["logs:CreateLogStream", "logs:PutLogEvents"]
    assert list(log["Resource"]) == ["Fn::GetAtt"]


def test_it_may_read_the_object_with_the_regions(app: Path, manifest: Path, tmp_path: Path) -> None:
    found = synthesized(app, tmp_path / "out", manifest, regions="atlas/2026/regions.geojson")
    assert found.one("Lambda::Function")["Environment"]["Variables"] == {
        "GEO_REGIONS_BUCKET": "atlas",
        "GEO_REGIONS_KEY": "2026/regions.geojson",
    }
    _, reading = found.one("IAM::Policy")["PolicyDocument"]["Statement"]
    assert reading["Action"] == "s3:GetObject"
    assert reading["Resource"]["Fn::Join"][1][-1] == ":s3:::atlas/2026/regions.geojson"


def test_what_has_not_changed_deploys_nothing(app: Path, manifest: Path, found: Synthesized, tmp_path: Path) -> None:
    project = tmp_path / "project"
    shutil.copytree(EXAMPLE, project, ignore=shutil.ignore_patterns("cdk", "build", "__pycache__", ".*"))
    again = made(tmp_path / "again", project=project)
    assert again.read_bytes() == manifest.read_bytes()
    assert synthesized(app, tmp_path / "again" / "out", again) == found

    source = project / "src" / "geo_lookup" / "app.py"
    source.write_text(f"{source.read_text(encoding='utf-8')}\n# Another.\n", encoding="utf-8")
    changed = synthesized(app, tmp_path / "out", made(tmp_path / "changed", project=project))
    assert changed.one("Lambda::Function")["Code"] != found.one("Lambda::Function")["Code"]
    assert changed.one("Lambda::Version") != found.one("Lambda::Version")


def test_a_layer_of_the_dependencies(app: Path, tmp_path: Path) -> None:
    manifest = made(tmp_path, "--split")
    found = synthesized(app, tmp_path / "out", manifest)
    function, layer = found.one("Lambda::Function"), found.one("Lambda::LayerVersion")
    assert function["Environment"]["Variables"] == {"PYTHONPATH": "/opt/python"}
    assert [list(each) for each in function["Layers"]] == [["Ref"]]
    assert (layer["CompatibleArchitectures"], layer["CompatibleRuntimes"]) == (["arm64"], ["python3.13"])
    for resource, name in ((function["Code"], "geo-lookup.zip"), (layer["Content"], "geo-lookup-layer.zip")):
        assert found.assets[resource["S3Key"]] == (manifest.parent / name).read_bytes()
    assert len(found.assets) == 2


def versions(found: Synthesized) -> set[str]:
    resources = json.loads(found.template)["Resources"].items()
    return {name for name, resource in resources if resource["Type"] == "AWS::Lambda::Version"}


def test_another_layer_is_another_version(app: Path, tmp_path: Path) -> None:
    """Though the code is the same: the alias must not stay with the version that has the old layer."""
    manifest = made(tmp_path / "one", "--split")
    other = made(tmp_path / "other", "--split", "--exclude", "numpy/**/tests/")
    codes = [(path.parent / "geo-lookup.zip").read_bytes() for path in (manifest, other)]
    assert codes[0] == codes[1]
    first, second = (synthesized(app, tmp_path / path.parent.parent.name / "out", path) for path in (manifest, other))
    assert versions(first) != versions(second)


AGAIN = "run `ofiuco zip` again, with --manifest"


@pytest.mark.parametrize(
    ("edit", "error", "hint"),
    [
        pytest.param(
            lambda document: document.update(sha256="0" * 64),
            "{zip}: has the sha256 {sha256}, but {manifest} is of " + "0" * 64,
            AGAIN,
            id="another zip",
        ),
        pytest.param(
            lambda document: document.update(asset="no.zip"),
            "{folder}/no.zip: cannot be read: ENOENT",
            "keep the zips beside their manifest",
            id="no zip",
        ),
        pytest.param(
            lambda document: document.update(version=2), "{manifest}: not a manifest of version 1", AGAIN, id="version"
        ),
        pytest.param(
            lambda document: document.update(handler=None),
            "{manifest}: no handler",
            "give `ofiuco zip` the --handler MODULE.NAME",
            id="handler",
        ),
        pytest.param(
            lambda document: document.update(layout="layer"),
            "{manifest}: the zip has the layout layer: a function's is flat",
            "use the layout flat, with --split for a layer of the dependencies",
            id="layout",
        ),
        pytest.param(
            lambda document: document["platform"].update(tag="macosx_14_0_arm64"),
            "{manifest}: the zip is for macosx_14_0_arm64: Lambda has Linux with glibc",
            "use --platform aws_lambda or aws_lambda_x86_64",
            id="platform",
        ),
    ],
)
def test_refusals(app: Path, manifest: Path, tmp_path: Path, edit: Edit, error: str, hint: str) -> None:
    zipped = shutil.copy(manifest.parent / "geo-lookup.zip", tmp_path)
    document = json.loads(manifest.read_text(encoding="utf-8"))
    names = {"zip": zipped, "sha256": document["sha256"], "manifest": tmp_path / "x.json", "folder": tmp_path}
    edit(document)
    (tmp_path / "x.json").write_text(json.dumps(document), encoding="utf-8")
    done = run(app, tmp_path / "out", manifest=str(tmp_path / "x.json"))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"error: {error.format(**names)}\nhint: {hint}\n"
    assert not list((tmp_path / "out").glob("*.template.json"))


@pytest.mark.parametrize(
    ("content", "error"),
    [
        pytest.param(None, "cannot be read: ENOENT", id="no file"),
        pytest.param("{", "not JSON", id="cut off"),
        pytest.param("null", "not a manifest of version 1", id="null"),
    ],
)
def test_no_manifest(app: Path, tmp_path: Path, content: str | None, error: str) -> None:
    path = tmp_path / "x.json"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    done = run(app, tmp_path / "out", manifest=str(path))
    assert (done.returncode, done.stderr) == (1, f"error: {path}: {error}\nhint: {AGAIN}\n")


def test_regions_that_are_no_object(app: Path, manifest: Path, tmp_path: Path) -> None:
    done = run(app, tmp_path / "out", manifest=str(manifest), regions="atlas")
    assert (done.returncode, done.stderr) == (1, "error: regions atlas: not an object in S3\nhint: write BUCKET/KEY\n")


def test_the_lock_names_no_registry() -> None:
    lock = json.loads((EXAMPLE / "cdk" / "package-lock.json").read_text(encoding="utf-8"))
    packages = {path: each for path, each in lock["packages"].items() if path}
    assert all("integrity" in each for each in packages.values() if not each.get("inBundle"))
    assert not [path for path, each in packages.items() if "resolved" in each]
