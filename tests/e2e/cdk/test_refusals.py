"""Manifests and zips that no function is made from."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.cdk.synthesis import run

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

Edit = Callable[[dict[str, Any]], object]

REFUSED = """\
import { DeploymentError, readManifest } from "./manifest.js";
try {
  readManifest(process.argv[2]);
} catch (error) {
  if (error instanceof DeploymentError) console.log(JSON.stringify([error.message, error.hint]));
  else throw error;
}
"""


def refusal(app: Path, manifest: Path) -> list[str]:
    """Message and hint, from the reader alone: the CDK takes a second to start."""
    (app / "refused.js").write_text(REFUSED, encoding="utf-8")
    command = ["node", "refused.js", str(manifest)]
    done = subprocess.run(command, cwd=app, capture_output=True, text=True, check=True, encoding="utf-8")
    said: list[str] = json.loads(done.stdout)
    return said


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
            "{manifest}: the zip is for macosx_14_0_arm64: Lambda has Linux with glibc, on arm64 or x86_64",
            "use --platform aws_lambda or aws_lambda_x86_64",
            id="platform",
        ),
        pytest.param(
            lambda document: (
                document.update(architectures=["armv7l"]),
                document["platform"].update(tag="manylinux_2_28_armv7l"),
            ),
            "{manifest}: the zip is for manylinux_2_28_armv7l: Lambda has Linux with glibc, on arm64 or x86_64",
            "use --platform aws_lambda or aws_lambda_x86_64",
            id="architecture",
        ),
        pytest.param(
            lambda document: document.update(python="3.13t", runtime=None),
            "{manifest}: the zip is for Python 3.13t: Lambda has none",
            "use --python 3.13, for example",
            id="free-threaded",
        ),
        pytest.param(
            lambda document: document.pop("platform"),
            "{manifest}: lacks what `ofiuco zip` writes",
            AGAIN,
            id="not whole",
        ),
    ],
)
def test_refusals(app: Path, manifest: Path, tmp_path: Path, edit: Edit, error: str, hint: str) -> None:
    zipped = shutil.copy(manifest.parent / "geo-lookup.zip", tmp_path)
    document = json.loads(manifest.read_text(encoding="utf-8"))
    names = {"zip": zipped, "sha256": document["sha256"], "manifest": tmp_path / "x.json", "folder": tmp_path}
    edit(document)
    (tmp_path / "x.json").write_text(json.dumps(document), encoding="utf-8")
    assert refusal(app, tmp_path / "x.json") == [error.format(**names), hint]


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
    assert refusal(app, path) == [f"{path}: {error}", AGAIN]


def test_what_the_app_says(app: Path, manifest: Path, tmp_path: Path) -> None:
    done = run(app, tmp_path / "out", manifest="none.json")
    said = f"error: none.json: cannot be read: ENOENT\nhint: {AGAIN}\n"
    assert (done.returncode, done.stdout, done.stderr) == (1, "", said)
    assert not list((tmp_path / "out").glob("*.template.json"))
    done = run(app, tmp_path / "out", manifest=str(manifest), regions="atlas")
    assert (done.returncode, done.stderr) == (1, "error: regions atlas: not an object in S3\nhint: write BUCKET/KEY\n")
