"""The template is what the manifest says, and the asset is the zip."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.e2e.cdk.synthesis import DOCS, EXAMPLE, Synthesized, made, read, synthesized

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]


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


APP = """\
import {{ readFileSync }} from "node:fs";
import {{ Architecture, Code, Function, Runtime }} from "aws-cdk-lib/aws-lambda";
import {{ App, Stack }} from "aws-cdk-lib/core";

class Lookup extends Stack {{
  constructor(scope, id) {{
    super(scope, id);
    {part}
    this.lookup.currentVersion;
  }}
}}

const app = new App({{ outdir: "{output}" }});
new Lookup(app, "GeoLookup");
app.synth();
"""


def test_the_part_that_counts(app: Path, manifest: Path, found: Synthesized, tmp_path: Path) -> None:
    """In an app of one's own, as the docs show it."""
    ((_, part),) = re.findall(r"^```(js)\n(.*?)^```", DOCS, re.DOTALL | re.MULTILINE)
    assert "\nnew Function" in part
    script = app / "own.js"
    part = part.replace("\nnew Function", "\nthis.lookup = new Function")
    script.write_text(APP.format(part=part, output=tmp_path / "out"), encoding="utf-8")
    subprocess.run(["node", script], cwd=manifest.parents[1], check=True)
    own = read(tmp_path / "out")
    for key in ("Runtime", "Architectures", "Handler", "Code"):
        assert own.one("Lambda::Function")[key] == found.one("Lambda::Function")[key]
    assert own.one("Lambda::Version")["CodeSha256"] == found.one("Lambda::Version")["CodeSha256"]


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


def test_the_lock_names_no_registry() -> None:
    lock = json.loads((EXAMPLE / "cdk" / "package-lock.json").read_text(encoding="utf-8"))
    packages = {path: each for path, each in lock["packages"].items() if path}
    assert all("integrity" in each for each in packages.values() if not each.get("inBundle"))
    assert not [path for path, each in packages.items() if "resolved" in each]
