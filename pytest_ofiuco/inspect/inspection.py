"""inspect(tree, target) → Inspection: what of an environment or a zip does not suit the target.

All findings are of files alone: nothing is run, and the host is not asked.
"""

from __future__ import annotations

import io
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace

from pytest_ofiuco.core.finding import Finding, in_order
from pytest_ofiuco.core.target import Target
from pytest_ofiuco.inspect import machine, suffixes
from pytest_ofiuco.inspect.binary import Binary, UnreadableError, is_code, read
from pytest_ofiuco.inspect.complaint import Complaint
from pytest_ofiuco.inspect.sizes import Limits, bytes_by_package, over
from pytest_ofiuco.inspect.tree import Member, Package, Tree

_TEXTS = tuple(
    f".{suffix}"
    for suffix in (
        *("py", "pyc", "pyi", "pyx", "pxd", "txt", "md", "rst", "json", "toml", "yaml", "yml", "cfg", "ini", "csv"),
        *("html", "htm", "css", "js", "mjs", "map", "xml", "svg", "png", "gif", "jpg", "gz", "zip", "npy", "npz"),
        *("h", "hpp", "c", "cpp", "typed", "pth", "f", "f90", "tcl", "ttf", "afm", "pem", "mo", "po"),
    )
)
"""Files that no loader loads as machine code."""

_AT_A_TIME = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """What was found; ``sizes`` are bytes by package, the largest first."""

    tree: str
    target: Target
    findings: tuple[Finding, ...]
    files: int
    binaries: int
    size: int
    zipped: int | None
    sizes: tuple[tuple[str, int], ...]


def inspect(
    tree: Tree,
    target: Target,
    *,
    limits: Limits | None = None,
    not_shipped: Collection[str] = (),
    more: Iterable[tuple[str, Package | None, Complaint]] = (),
) -> Inspection:
    """Look at every file of a tree; ``more`` is what others complain of: a path, its package, and why.

    Packages that are not shipped do not count against the limits.
    """
    found = [(path, tree.owners.get(path), complaint) for path, complaint in _of_members(tree, target)]
    binaries = list(_binaries(tree))
    found += [(path, tree.owners[path], binary) for path, binary in binaries if isinstance(binary, Complaint)]
    code = {path: binary for path, binary in binaries if isinstance(binary, Binary)}
    found += [(path, tree.owners[path], each) for path, each in machine.complaints(tree, target, code)]
    found += more
    sizes = bytes_by_package(tree)
    shipped = [(name, size) for name, size in sizes if name not in not_shipped]
    too_large = over(tree.name, limits, shipped, tree.zipped) if limits is not None else ()
    return Inspection(
        tree=tree.name,
        target=target,
        findings=in_order((*_findings(tree, found), *too_large)),
        files=len(tree.members),
        binaries=len(code),
        size=sum(size for _, size in sizes),
        zipped=tree.zipped,
        sizes=sizes,
    )


def _of_members(tree: Tree, target: Target) -> Iterator[tuple[str, Complaint]]:
    """What names, permissions and the packages' own words tell."""
    for path, reason in tree.odd:
        hint = "make the zip anew: what unpacks it may refuse it or take another file"
        yield path, Complaint(code="member", message=f"{reason}; it was not looked into", hint=hint)
    for member in tree.members:
        if member.mode is not None and not member.mode & 0o004:
            message = f"only its owner may read it (mode {member.mode:04o}), and another user runs the code"
            yield member.path, Complaint(code="unreadable", message=message, hint="zip it with mode 0644 or 0755")
    yield from suffixes.complaints(tree, target)


def _binaries(tree: Tree) -> Iterator[tuple[str, Binary | Complaint]]:
    """Machine code, and what cannot be read; of a zip, whose members are easily damaged, all are."""
    for member in tree.members:
        if tree.is_zip or not member.path.lower().endswith(_TEXTS):
            try:
                binary = _read(member, is_zip=tree.is_zip)
            except UnreadableError as error:
                message, hint = f"cannot be read: {error}", "fetch or build the package again"
                yield member.path, Complaint(code="damaged", message=message, hint=hint)
            else:
                if binary is not None:
                    yield member.path, binary


def _read(member: Member, *, is_zip: bool) -> Binary | None:
    with member.open() as file:
        magic = file.read(4)
        if not is_code(magic):
            while is_zip and file.read(_AT_A_TIME):
                pass
            return None
        return read(io.BytesIO(magic + file.read()) if is_zip else file)


def _findings(tree: Tree, found: Iterable[tuple[str, Package | None, Complaint]]) -> Iterator[Finding]:
    """A finding for all files of a package that have the same complaint: the first is named, the others counted."""
    grouped: dict[tuple[Package | None, Complaint], list[str]] = {}
    for path, package, complaint in found:
        is_meant = complaint.is_of_machine and package is not None and package.is_pure
        told = replace(complaint, severity="warning", hint="") if is_meant else complaint
        grouped.setdefault((package, told), []).append(path)
    wrong = {package for package, complaint in grouped if complaint.severity == "error"}
    for (package, complaint), paths in grouped.items():
        if complaint.code == "wheel" and package in wrong:
            continue  # its files say the same, and more
        others = len(paths) - 1
        counted = f" (so {'is' if others == 1 else 'are'} {others} more)" if others else ""
        yield Finding(
            severity=complaint.severity,
            code=complaint.code,
            message=complaint.message + counted,
            file=tree.name,
            at=min(paths),
            package=package.name if package is not None else "",
            version=package.version if package is not None else None,
            hint=complaint.hint,
        )
