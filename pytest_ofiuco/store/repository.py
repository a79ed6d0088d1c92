"""A commit of a git repository, checked out. Submodules come along, as with pip."""

from __future__ import annotations

import os
from pathlib import Path

from pytest_ofiuco.core.artifact import Vcs
from pytest_ofiuco.errors import BuildError
from pytest_ofiuco.store.commands import logged_and_cleaned, tail_of
from pytest_ofiuco.store.settings import shown

_SOMEBODY_ELSES = frozenset({"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY"})
"""Set where a git hook has started this session."""


def checkout(vcs: Vcs, package: str, lock_directory: Path, destination: Path, log: Path) -> Path:
    """Check the commit out below ``destination``.

    Raises:
        BuildError: it is not git, there is no git, or no such commit.
    """
    if vcs.type != "git":
        raise BuildError(package, f"it is in a {vcs.type} repository; git is known", "", str(log))
    if not vcs.commit or set(vcs.commit.lower()) - set("0123456789abcdef"):
        raise BuildError(package, f"{vcs.commit!r} is not a commit", "", str(log), "lock it again")
    url = _url(vcs, lock_directory)
    destination.mkdir()
    git = _Git(destination, package, log, url)
    git.run("init", "--quiet")
    git.run("remote", "add", "origin", "--", url)
    # a server may not hand out a single commit: then everything is fetched
    if not git.try_run("fetch", "--quiet", "--depth=1", "origin", vcs.commit):
        git.run("fetch", "--quiet", "--tags", "origin", "+refs/heads/*:refs/remotes/origin/*")
    git.run("-c", "advice.detachedHead=false", "checkout", "--quiet", vcs.commit)
    git.run("submodule", "update", "--quiet", "--init", "--recursive")
    return destination


def _url(vcs: Vcs, lock_directory: Path) -> str:
    if vcs.path is not None:
        return (lock_directory / vcs.path).absolute().as_uri()
    url = (vcs.url or "").removeprefix("git+")
    return url.partition("#")[0]


class _Git:
    def __init__(self, directory: Path, package: str, log: Path, url: str) -> None:
        self._directory, self._package, self._log, self._url = directory, package, log, url

    def run(self, *arguments: str) -> None:
        if not self.try_run(*arguments):
            where = shown(self._url) if "://" in self._url else "its repository"
            reason = f"git {arguments[0]} failed for {where}"
            raise BuildError(self._package, reason, tail_of(self._log), str(self._log))

    def try_run(self, *arguments: str) -> bool:
        kept = {name: value for name, value in os.environ.items() if name not in _SOMEBODY_ELSES}
        environ = kept | {"GIT_TERMINAL_PROMPT": "0"}
        try:
            return not logged_and_cleaned(["git", *arguments], self._log, environ=environ, cwd=str(self._directory))
        except FileNotFoundError as error:
            raise BuildError(self._package, "git is not installed", "", str(self._log)) from error
