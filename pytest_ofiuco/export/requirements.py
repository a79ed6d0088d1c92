"""requirements.txt for pip, with the hash of every file that a target, or a cell of a matrix, gets.

https://pip.pypa.io/en/stable/reference/requirements-file-format/
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from packaging.utils import InvalidSdistFilename, InvalidWheelFilename

from pytest_ofiuco.core.artifact import Archive, Directory, Sdist, Vcs, Wheel, unknown
from pytest_ofiuco.core.grammar import sdist_filename, wheel_filename
from pytest_ofiuco.core.lock import Lock
from pytest_ofiuco.core.resolve import Pin
from pytest_ofiuco.errors import IndistinctCellsError, InputError
from pytest_ofiuco.export.matrix import ResolvedCell
from pytest_ofiuco.export.published import published, required_sha256
from pytest_ofiuco.export.telling import Alike, Environments


@dataclass(slots=True, kw_only=True)
class _Line:
    """What a package is asked for by, the hashes that its file may have, and the cells that ask so."""

    name: str
    wanted: str
    hashes: set[str] = field(default_factory=set)
    members: set[int] = field(default_factory=set)


def requirements_txt(lock: Lock, cells: Sequence[ResolvedCell], *, command: str, public_index: str = "") -> str:
    """The file for these cells, of which there is at least one.

    Args:
        lock: what they were resolved from.
        cells: the cells; markers tell them apart.
        command: what makes this file again.
        public_index: the index that need not be named.

    Raises:
        IndistinctCellsError: two cells differ in packages, and in nothing that a marker could say.
        UnhashedError: a file has no sha256.
        InputError: the lock holds what a requirements.txt cannot.
    """
    environments = Environments(of_cells=[each.cell.target.environment for each in cells])
    lines: dict[tuple[str, str], _Line] = {}
    for number, cell in enumerate(cells):
        for pin in cell.resolution.packages:
            wanted = _wanted(lock, pin)
            line = lines.setdefault((pin.name, wanted), _Line(name=pin.name, wanted=wanted))
            line.members.add(number)
            if isinstance(pin.artifact, Wheel | Sdist | Archive):
                line.hashes.add(required_sha256(lock, pin, pin.artifact))
    written = []
    for _, line in sorted(lines.items()):
        try:
            written.append(_line(line, environments.marker(frozenset(line.members))))
        except Alike as alike:
            first, second = cells[alike.first].cell.name, cells[alike.second].cell.name
            raise IndistinctCellsError(lock.path, line.name, first, second) from alike
    indexes = [
        f"--extra-index-url {index}" for index in _indexes(lock, cells) if index.rstrip("/") != public_index.rstrip("/")
    ]
    return "\n".join([*_header(lock, cells, command), *indexes, *written]) + "\n"


def unhashable(cells: Sequence[ResolvedCell]) -> list[str]:
    """The packages whose source has no hash: pip takes none of them from a file in which others have one."""
    sources = (pin for cell in cells for pin in cell.resolution.packages)
    return sorted({pin.name for pin in sources if isinstance(pin.artifact, Vcs | Directory)})


def _header(lock: Lock, cells: Sequence[ResolvedCell], command: str) -> list[str]:
    if len(cells) == 1:
        described = str(cells[0].cell.target)
    else:
        described = f"{len(cells)} cells: {', '.join(each.cell.name for each in cells)}"
    written = [f"{lock.path} ({lock.format} {lock.version}) for {described}", f"made by: {command}"]
    return [f"# {' '.join(line.split())}" for line in written]


def _indexes(lock: Lock, cells: Sequence[ResolvedCell]) -> list[str]:
    """Those that files are on; the lock's own, where one is of a file that neither a URL nor an index is known of."""
    artifacts = (pin.artifact for cell in cells for pin in cell.resolution.packages)
    files = [each for each in artifacts if isinstance(each, Wheel | Sdist) and each.path is None]
    found = {each.index for each in files if each.index is not None}
    if any(each.index is None and each.url is None for each in files):
        found.update(lock.indexes)
    return sorted({published(index) for index in found if "://" in index})


def _line(line: _Line, marker: str | None) -> str:
    condition = "" if marker is None else f" ; {marker}"
    hashes = [f"--hash=sha256:{each}" for each in sorted(line.hashes)]
    separator = " " if len(hashes) == 1 else " \\\n    "
    return separator.join([f"{line.wanted}{condition}", *hashes])


def _wanted(lock: Lock, pin: Pin) -> str:
    match pin.artifact:
        case Wheel() | Sdist() as file:
            if file.path is not None and file.url is None:
                return _path(file.path)
            if file.url is not None and file.index is None:
                return f"{pin.name} @ {published(file.url)}"
            return f"{pin.name}=={_version(lock, pin, file)}"
        case Archive() as archive:
            fragment = _fragment(archive.subdirectory)
            if archive.url is not None:
                return f"{pin.name} @ {published(archive.url)}{fragment}"
            return _path(f"{archive.path}{fragment}")
        case Vcs() as vcs:
            if vcs.url is None:
                hint = "lock it by its URL, or leave it out of the selection"
                raise InputError(
                    lock.path, "", "a repository at a path has no place in requirements.txt", hint, pin.name
                )
            return f"{pin.name} @ {vcs.type}+{published(vcs.url)}@{vcs.commit}{_fragment(vcs.subdirectory)}"
        case Directory() as directory:
            inside = f"/{directory.subdirectory}" if directory.subdirectory else ""
            return f"{'-e ' if directory.editable else ''}{_path(directory.path + inside)}"
        case _:
            unknown(pin.artifact)


def _version(lock: Lock, pin: Pin, file: Wheel | Sdist) -> str:
    """The version that was locked or, where the lock leaves it to the file's name, that one."""
    if pin.version is not None:
        return pin.version
    try:
        is_wheel = isinstance(file, Wheel)
        return str((wheel_filename(file.filename) if is_wheel else sdist_filename(file.filename))[1])
    except (InvalidSdistFilename, InvalidWheelFilename) as error:
        hint = "lock the project again with a tool that records versions"
        raise InputError(lock.path, "", f"{file.filename}: tells no version", hint, pin.name) from error


def _fragment(subdirectory: str | None) -> str:
    return f"#subdirectory={subdirectory}" if subdirectory else ""


def _path(path: str) -> str:
    """A path that nobody takes for a name: it begins with a dot or at the root."""
    is_plain = not path.startswith(("/", "./", "../")) and path not in (".", "..") and path[1:2] != ":"
    return f"./{path}" if is_plain else path
