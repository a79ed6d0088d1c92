"""Bytecode for a function that starts cold: what the cell has compiled already, where it is of the very same files.

Python keeps it below PYTHONPYCACHEPREFIX, by the path of the source, and takes it where the source's time and size are
those that it was made of. So the trees of the packages that are alike lead to the cell's, and nothing is written beside
what is unpacked.
"""

from __future__ import annotations

import os
import sys
import zlib
from pathlib import Path
from typing import Iterable, Tuple
from zipfile import ZipInfo

Located = Tuple[ZipInfo, str]
"""A member of a zip, and the file that it has been unpacked to."""


def prepare(folder: Path, task: Path, runtime: Path, members: Iterable[Located]) -> bool:
    """Fill ``folder``, the function's PYTHONPYCACHEPREFIX; whether the cell keeps its bytecode so, too."""
    prefix = sys.pycache_prefix
    if prefix is None:
        return False
    import sysconfig

    site, stdlib = sysconfig.get_path("purelib"), os.path.dirname(os.__file__)
    _lead(folder, str(runtime), _kept(prefix, site))
    _lead(folder, stdlib, _kept(prefix, stdlib))
    for package in _alike(site, members):
        _lead(folder, str(task / package), _kept(prefix, os.path.join(site, package)))
    return True


def _kept(prefix: str, source: str) -> str:
    return os.path.join(prefix, os.path.splitdrive(source)[1].lstrip(os.sep))


def _lead(folder: Path, source: str, kept: str) -> None:
    link = _kept(str(folder), source)
    if not os.path.lexists(link):
        os.makedirs(kept, exist_ok=True)
        os.makedirs(os.path.dirname(link), exist_ok=True)
        os.symlink(kept, link)


def _alike(site: str, members: Iterable[Located]) -> list[str]:
    """The packages all of whose modules the cell has as well; these get the times that they have there."""
    alike: dict[str, bool] = {}
    for info, path in members:
        package, slash, _ = info.filename.partition("/")
        if slash and info.filename.endswith(".py") and alike.get(package, True):
            alike[package] = _adopt(os.path.join(site, info.filename), info, path)
    return [package for package, is_alike in alike.items() if is_alike]


def _adopt(there: str, info: ZipInfo, path: str) -> bool:
    try:
        state = os.stat(there)
        if state.st_size != info.file_size:
            return False
        with open(there, "rb") as file:
            if zlib.crc32(file.read()) != info.CRC:
                return False
    except OSError:
        return False
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))
    return True
