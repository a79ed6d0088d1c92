"""Commits of git repositories: made here, and those that cannot be had."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from pytest_ofiuco.core.artifact import Vcs
from pytest_ofiuco.errors import BuildError, OfflineError
from pytest_ofiuco.store.cache import Store
from pytest_ofiuco.store.interpreters import Interpreter
from tests.store.building import answer, origin, prepare
from tests.store.makers import source_files, write_tree


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=x", "-c", "user.email=x@x.invalid", "-c", "protocol.file.allow=always"]
    environ = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    command = ["git", *identity, *arguments]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True, env=environ).stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> tuple[Path, str]:
    root = write_tree(tmp_path / "repository", {f"sub/{path}": text for path, text in source_files().items()})
    git(root, "init", "--quiet")
    git(root, "add", ".")
    git(root, "commit", "--quiet", "-m", "one")
    first = git(root, "rev-parse", "HEAD")
    (root / "sub" / "demo_code" / "__init__.py").write_text("ANSWER = 43\n")
    git(root, "commit", "--quiet", "-a", "-m", "two")
    return root, first


@pytest.mark.parametrize("how", ["url", "path"])
def test_a_commit(
    store: Store, interpreter: Interpreter, tmp_path: Path, repository: tuple[Path, str], how: str
) -> None:
    root, commit = repository
    artifact = Vcs(
        type="git",
        commit=commit,
        subdirectory="sub",
        requested_revision="main",
        url=f"git+{root.as_uri()}" if how == "url" else None,
        path="repository" if how == "path" else None,
    )
    environment = prepare(store, interpreter, tmp_path, artifact)
    assert answer(environment) == "42"
    info = {"vcs": "git", "commit_id": commit, "requested_revision": "main"}
    assert origin(environment) == {"url": root.as_uri(), "vcs_info": info, "subdirectory": "sub"}


def test_a_commit_offline(store: Store, interpreter: Interpreter, tmp_path: Path) -> None:
    artifact = Vcs(type="git", commit="0" * 40, url="https://host.invalid/x.git")
    with pytest.raises(OfflineError, match="demo at commit 000"):
        prepare(store, interpreter, tmp_path, artifact, offline=True)


@pytest.mark.parametrize(
    ("vcs", "reason"),
    [
        (Vcs(type="hg", commit="0" * 40, url="https://x.invalid"), "hg repository"),
        (Vcs(type="git", commit="--upload-pack=evil", url="https://x.invalid"), "is not a commit"),
        (Vcs(type="git", commit="0" * 40, path="missing"), "git fetch failed"),
    ],
)
def test_a_commit_that_cannot_be_had(
    store: Store, interpreter: Interpreter, tmp_path: Path, vcs: Vcs, reason: str
) -> None:
    with pytest.raises(BuildError, match=reason):
        prepare(store, interpreter, tmp_path, vcs)
