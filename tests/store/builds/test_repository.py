"""Commits of git repositories: made here, and those that cannot be had."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pytest_ofiuco.core.artifact import Vcs
from pytest_ofiuco.errors import BuildError, OfflineError
from pytest_ofiuco.store.builds.commands import Commands
from pytest_ofiuco.store.builds.repository import Checkout, check_out
from pytest_ofiuco.store.cache import Store
from pytest_ofiuco.store.interpreters import Interpreter
from tests.store.building import answer, origin, prepare
from tests.store.git import FILE_ALLOWED, committed, git, published, serving_git
from tests.store.makers import plan, preparer, source_files, write_tree


@pytest.fixture
def repository(tmp_path: Path) -> tuple[Path, str]:
    root = write_tree(tmp_path / "repository", {f"sub/{path}": text for path, text in source_files().items()})
    first = committed(root)
    (root / "sub" / "demo_code" / "__init__.py").write_text("ANSWER = 43\n")
    committed(root, "two")
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


def test_two_packages_of_one_repository(store: Store, interpreter: Interpreter, tmp_path: Path) -> None:
    names = ("one", "two")
    files = {f"packages/{name}/{path}": text for name in names for path, text in source_files(name).items()}
    root = write_tree(tmp_path / "repository", files)
    commit = committed(root)
    artifacts = {
        name: Vcs(type="git", commit=commit, path="repository", subdirectory=f"packages/{name}") for name in names
    }
    with preparer(store) as made:
        environment = made.prepare(plan(interpreter, tmp_path, artifacts))
    purelib = next(environment.path.rglob("one_code"))
    assert purelib.with_name("two_code").is_dir()


def test_submodules_come_along(store: Store, interpreter: Interpreter, tmp_path: Path) -> None:
    inner = write_tree(tmp_path / "inner", {"__init__.py": "ANSWER = 44\n"})
    committed(inner)
    files = {path: text for path, text in source_files().items() if not path.startswith("demo_code")}
    root = write_tree(tmp_path / "repository", files)
    committed(root)
    git(root, "submodule", "--quiet", "add", "../inner", "demo_code")
    artifact = Vcs(type="git", commit=committed(root, "two"), path="repository")
    with preparer(store, environ={**os.environ, **FILE_ALLOWED}) as made:
        environment = made.prepare(plan(interpreter, tmp_path, {"demo": artifact}))
    assert answer(environment) == "44"


@pytest.mark.parametrize(
    ("written", "user", "password"),
    [
        pytest.param("user:se%40cret@", "user", "se@cret", id="user and password"),
        pytest.param("t0k-en9@", "t0k-en9", "", id="token"),
    ],
)
def test_a_server_that_wants_a_password(tmp_path: Path, written: str, user: str, password: str) -> None:
    inner = write_tree(tmp_path / "inner", {"file": "inner"})
    root = write_tree(tmp_path / "root", {"file": "root"})
    committed(inner)
    published(inner, tmp_path / "served" / "inner.git")
    committed(root)
    git(root, "submodule", "--quiet", "add", str(inner), "sub")
    git(root, "config", "-f", ".gitmodules", "submodule.sub.url", "../inner.git")
    commit = committed(root, "two")
    published(root, tmp_path / "served" / "root.git")
    log, clone = tmp_path / "log", tmp_path / "clone"
    with serving_git(tmp_path / "served", user, password) as server:
        vcs = Vcs(type="git", commit=commit, url=f"git+http://{written}{server.host}/root.git")
        check_out(checkout(vcs, tmp_path), clone, Commands(), os.environ)
        assert (clone / "sub" / "file").read_text() == "inner"
        assert {*server.given} == {None, server.wanted}
    kept = b"".join(path.read_bytes() for path in (clone / ".git").rglob("*") if path.is_file())
    for secret in filter(None, (written.rstrip("@"), password, user if not password else "")):
        assert secret.encode() not in kept
        assert secret not in log.read_text()
    assert f"remote add origin -- http://{server.host}/root.git\n" in log.read_text()


def checkout(vcs: Vcs, folder: Path) -> Checkout:
    return Checkout(vcs=vcs, package="demo", lock_directory=folder, log=folder / "log")


def test_a_submodule_elsewhere_is_not_told_them(tmp_path: Path) -> None:
    inner = write_tree(tmp_path / "inner", {"file": "inner"})
    root = write_tree(tmp_path / "root", {"file": "root"})
    committed(inner)
    published(inner, tmp_path / "served" / "inner.git")
    committed(root)
    git(root, "submodule", "--quiet", "add", str(inner), "sub")
    with serving_git(tmp_path / "served", "other", "other") as elsewhere:
        git(root, "config", "-f", ".gitmodules", "submodule.sub.url", f"http://{elsewhere.host}/inner.git")
        commit = committed(root, "two")
        published(root, tmp_path / "served" / "root.git")
        with serving_git(tmp_path / "served", "user", "secret") as server:
            vcs = Vcs(type="git", commit=commit, url=f"git+http://user:secret@{server.host}/root.git")
            with pytest.raises(BuildError, match="git submodule failed"):
                check_out(checkout(vcs, tmp_path), tmp_path / "clone", Commands(), os.environ)
        assert {*elsewhere.given} == {None}


def test_over_ssh_the_user_stays(tmp_path: Path) -> None:
    vcs = Vcs(type="git", commit="0" * 40, url="git+ssh://git@host.invalid/x.git")
    script = write_tree(tmp_path, {"ssh": f'#!/bin/sh\necho "$@" >> {tmp_path / "said"}\nexit 1\n'}) / "ssh"
    script.chmod(0o755)
    environ = {**os.environ, "GIT_SSH": str(script), "GIT_SSH_VARIANT": "ssh"}
    with pytest.raises(BuildError, match=r"git fetch failed for ssh://host\.invalid/x\.git"):
        check_out(checkout(vcs, tmp_path), tmp_path / "clone", Commands(), environ)
    assert "git@host.invalid" in (tmp_path / "said").read_text()


def test_a_commit_offline(store: Store, interpreter: Interpreter, tmp_path: Path) -> None:
    artifact = Vcs(type="git", commit="0" * 40, url="https://host.invalid/x.git")
    with pytest.raises(OfflineError, match="demo at commit 000"):
        prepare(store, interpreter, tmp_path, artifact, offline=True)


@pytest.mark.parametrize(
    ("vcs", "reason"),
    [
        pytest.param(Vcs(type="hg", commit="0" * 40, url="https://x.invalid"), "hg repository", id="hg"),
        pytest.param(Vcs(type="git", commit="--upload-pack=evil", path="x"), "is not a commit", id="an option"),
        pytest.param(Vcs(type="git", commit="deadbeef", path="x"), "is not a commit", id="a part of one"),
        pytest.param(Vcs(type="git", commit="0" * 40, path="missing"), "git fetch failed", id="no repository"),
        pytest.param(
            Vcs(type="git", commit="0" * 40, url="https://a:b%0Ac@x.invalid/"), "has two lines", id="two lines"
        ),
    ],
)
def test_a_commit_that_cannot_be_had(
    store: Store, interpreter: Interpreter, tmp_path: Path, vcs: Vcs, reason: str
) -> None:
    with pytest.raises(BuildError, match=reason):
        prepare(store, interpreter, tmp_path, vcs)
    assert list(store.unfinished.iterdir()) == []
