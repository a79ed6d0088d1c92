"""A commit of a git repository, checked out. Submodules come along, as with pip; files of git LFS do as git is set up.

A user name and a password in the URL are told to git when it asks for them, through a credential helper
(https://git-scm.com/docs/gitcredentials), for that host alone: they are in no file, no command line and no log.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from pytest_ofiuco.core.artifact import Vcs, without_user_info
from pytest_ofiuco.errors import BuildError
from pytest_ofiuco.store.builds.commands import Commands, tail_of
from pytest_ofiuco.store.network.failure import host_of
from pytest_ofiuco.store.settings import shown

_SOMEBODY_ELSES = frozenset(
    {
        "GIT_ALTERNATE_OBJECT_DIRECTORIES",
        "GIT_COMMON_DIR",
        "GIT_DIR",
        "GIT_INDEX_FILE",
        "GIT_NAMESPACE",
        "GIT_OBJECT_DIRECTORY",
        "GIT_PREFIX",
        "GIT_SHALLOW_FILE",
        "GIT_WORK_TREE",
    }
)
"""Set where a git hook has started this session."""

_NAME, _WORD = "OFIUCO_GIT_USERNAME", "OFIUCO_GIT_PASSWORD"
_HELPER = f'!f() {{ test "$1" = get && printf "username=%s\\npassword=%s\\n" "${_NAME}" "${_WORD}"; }}; f'
_DIGITS = frozenset("0123456789abcdef")
_LENGTHS = (40, 64)
"""Of a commit's name: SHA-1 and SHA-256."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkout:
    """What is to be checked out for ``package``; paths are relative to ``lock_directory``."""

    vcs: Vcs
    package: str
    lock_directory: Path
    log: Path


def check_out(wanted: Checkout, destination: Path, commands: Commands, environ: Mapping[str, str]) -> Path:
    """Check the commit out below ``destination``.

    Raises:
        BuildError: it is not git, there is no git, or no such commit.
    """
    vcs, package, log = wanted.vcs, wanted.package, str(wanted.log)
    if vcs.type != "git":
        raise BuildError(package, f"it is in a {vcs.type} repository; git is known", "", log)
    commit = vcs.commit.lower()
    if len(commit) not in _LENGTHS or set(commit) - _DIGITS:
        raise BuildError(package, f"{vcs.commit!r} is not a commit", "", log, "lock it again")
    destination.mkdir()
    git = _Git(wanted, destination, commands, environ)
    git.run("init", "--quiet")
    git.run("remote", "add", "origin", "--", git.url)
    # a server may not hand out a single commit: then everything is fetched
    if not git.try_run("fetch", "--quiet", "--depth=1", "origin", commit):
        git.run("fetch", "--quiet", "--tags", "origin", "+refs/heads/*:refs/remotes/origin/*")
    git.run("checkout", "--quiet", "--detach", commit)
    git.run("submodule", "update", "--quiet", "--init", "--recursive")
    return destination


class _Git:
    def __init__(self, wanted: Checkout, directory: Path, commands: Commands, environ: Mapping[str, str]) -> None:
        self._wanted, self._directory, self._commands = wanted, directory, commands
        self._environ = {name: value for name, value in environ.items() if name not in _SOMEBODY_ELSES}
        self._environ["GIT_TERMINAL_PROMPT"] = "0"
        self._settings: tuple[str, ...] = ()
        self.url = self._told_apart(_url(wanted.vcs, wanted.lock_directory))

    def run(self, *arguments: str) -> None:
        if not self.try_run(*arguments):
            where = shown(self.url) if "://" in self.url else "its repository"
            log = self._wanted.log
            raise BuildError(self._wanted.package, f"git {arguments[0]} failed for {where}", tail_of(log), str(log))

    def try_run(self, *arguments: str) -> bool:
        command, log = ["git", *self._settings, *arguments], self._wanted.log
        try:
            status = self._commands.cleaned(command, log, environ=self._environ, cwd=str(self._directory))
        except FileNotFoundError as error:
            raise BuildError(self._wanted.package, "git is not installed", "", str(log)) from error
        return status == 0

    def _told_apart(self, url: str) -> str:
        """``url`` without its user and password, which a helper tells git instead; over ssh they stay."""
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or "@" not in parts.netloc:
            return url
        name, word = (unquote(each or "") for each in (parts.username, parts.password))
        if "\n" in name + word:
            log = str(self._wanted.log)
            raise BuildError(self._wanted.package, "the user or password of its URL has two lines", "", log)
        self._environ |= {_NAME: name, _WORD: word}
        helper = f"credential.{parts.scheme}://{host_of(url)}.helper"
        # with a password the user's own helpers are not asked, nor told it; with a name alone they are
        without_others = ("-c", f"{helper}=") if parts.password is not None else ()
        self._settings = (*without_others, "-c", f"{helper}={_HELPER}")
        return without_user_info(url)


def _url(vcs: Vcs, lock_directory: Path) -> str:
    if vcs.path is not None:
        return (lock_directory / vcs.path).absolute().as_uri()
    url = (vcs.url or "").removeprefix("git+")
    return url.partition("#")[0]
