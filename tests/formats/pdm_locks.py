"""pdm.locks in a line or two."""

from __future__ import annotations

from typing import Any

from pytest_ofiuco.core.lock import Lock
from pytest_ofiuco.core.resolve import Resolution, resolve
from pytest_ofiuco.core.target import Target
from tests.locks import read_lock
from tests.targets import LINUX_X86_64

STAR = 'strategy = ["inherit_metadata"]\n'
GRAPH = "strategy = []\n"
ANY = '[[metadata.targets]]\nrequires_python = ">=3.8"\n'
HASHES = (("sha256", "0a"),)


def entry(
    name: str, version: str = "1.0", more: str = "", *, groups: str = '["default"]', files: str | None = None
) -> str:
    """A [[package]] with one pure wheel, where no files are given."""
    if files is None:
        files = f'{{file = "{name}-{version}-py3-none-any.whl", hash = "sha256:0a"}}'
    return (
        f'[[package]]\nname = "{name}"\nversion = "{version}"\nrequires_python = ">=3.8"\nsummary = ""\n'
        f"groups = {groups}\nfiles = [{files}]\n{more}\n"
    )


def metadata(strategy: str = STAR, targets: str = ANY, *, version: str = "4.5.1", more: str = "") -> str:
    return f'[metadata]\nlock_version = "{version}"\n{strategy}{more}\n{targets}'


def read(*entries: str, head: str | None = None, pyproject: str = "") -> Lock:
    return read_lock("pdm.lock", "\n".join((metadata() if head is None else head, *entries)), pyproject)


def graph(*entries: str, pyproject: str, targets: str = ANY, more: str = "") -> Lock:
    return read(*entries, head=metadata(GRAPH, targets, more=more), pyproject=pyproject)


def resolved(
    lock: Lock, here: Target = LINUX_X86_64, groups: list[str] | None = None, extras: tuple[str, ...] = ()
) -> Resolution:
    return resolve(lock, here, lock.selection(groups=groups, extras=extras))


def names(lock: Lock, here: Target = LINUX_X86_64, **options: Any) -> list[str]:
    return list(resolved(lock, here, **options).versions())


def targets(*written: str) -> str:
    return "".join(f"[[metadata.targets]]\n{each}\n" for each in written)
