"""The folders that a function runs in: the zip, unpacked, and apart from it what AWS Lambda's runtime has.

task      LAMBDA_TASK_ROOT: the zip, nothing else; read-only, as there
runtime   LAMBDA_RUNTIME_DIR: the provided packages and what they need, in the cell's versions
home      an empty home: nobody's credentials
logs      what functions have said
bytecode  of all these modules
"""

from __future__ import annotations

import csv
import os
import re
import shutil
import stat
import zipfile
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import Iterable

from . import bytecode

_NAME = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)")
_ROOT = re.compile(r"[^/]+/(__init__\.py|METADATA)$")
_EXTRA = re.compile(r";.*\bextra\b")


class Place:
    """A new, temporary ``folder``, made into the folders above."""

    def __init__(self, folder: Path, zipped: os.PathLike[str], provided: Iterable[str]) -> None:
        self.folder = folder
        self.task, self.runtime, self.home, self.logs = (folder / name for name in ("task", "runtime", "home", "logs"))
        for each in (self.task, self.runtime, self.home, self.logs):
            each.mkdir()
        _link(closure(provided), self.runtime)
        members = _unpack(zipped, self.task)
        self.bytecode = folder / "bytecode"
        self.has_bytecode = bytecode.prepare(self.bytecode, self.task, self.runtime, members)
        for below, _, _ in os.walk(self.task):
            os.chmod(below, 0o555)

    def remove(self) -> None:
        """Remove all of it."""
        for folder, _, _ in os.walk(self.task):
            os.chmod(folder, 0o755)
        shutil.rmtree(self.folder, ignore_errors=True)


def closure(names: Iterable[str]) -> list[Distribution]:
    """The cell's packages of these names, and what they need of it, but not for their extras."""
    found: dict[str, Distribution] = {}
    queue = list(names)
    while queue:
        name = re.sub(r"[-_.]+", "-", queue.pop()).lower()
        if name in found:
            continue
        try:
            found[name] = distribution(name)
        except PackageNotFoundError:  # needed elsewhere, or not locked at all
            continue
        for requirement in found[name].requires or ():
            match = _NAME.match(requirement)
            if match is not None and not _EXTRA.search(requirement):
                queue.append(match[1])
    return list(found.values())


def _link(packages: Iterable[Distribution], runtime: Path) -> None:
    """Packages by their RECORD files: folders of one package as a whole, of namespaces file by file."""
    for package in packages:
        rows = csv.reader((package.read_text("RECORD") or "").splitlines())
        files = [row[0] for row in rows if row and not row[0].startswith(("../", "/", "__pycache__/"))]
        roots = {file.partition("/")[0] for file in files if _ROOT.match(file)}
        links = {file.partition("/")[0] if file.partition("/")[0] in roots else file for file in files}
        for link in sorted(each for each in links if not each.endswith(".pth")):
            path = os.path.join(runtime, link)
            if not os.path.lexists(path):
                os.makedirs(os.path.dirname(path), exist_ok=True)
                os.symlink(os.path.abspath(str(package.locate_file(link))), path)


def _unpack(zipped: os.PathLike[str], task: Path) -> list[bytecode.Located]:
    members = []
    with zipfile.ZipFile(zipped) as archive:
        for info in archive.infolist():
            path = archive.extract(info, task)
            executable = bool(info.external_attr >> 16 & stat.S_IXUSR)
            os.chmod(path, 0o555 if executable else 0o444)
            members.append((info, path))
    return members
