"""The app with its packages, and a zip for it."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.e2e.cdk.synthesis import DOCS, EXAMPLE, made

NODE = 20
"""The oldest Node.js that the app runs on."""


@pytest.fixture(scope="package")
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


@pytest.fixture(scope="package")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("zip"))
