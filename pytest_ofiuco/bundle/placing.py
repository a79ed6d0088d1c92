"""A wheel → the entries of a zip: each member where it belongs, scripts, and RECORD written anew.

https://packaging.python.org/specifications/binary-distribution-format/: ``.data/{purelib,platlib}`` go among the
packages, as ``data`` does, for which a zip has no better place (pip's ``--target`` does the same); ``headers`` to
``include/NAME``, ``scripts`` and entry points to ``bin``.
"""

from __future__ import annotations

import configparser
import csv
import io
import os
import posixpath
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from packaging.utils import canonicalize_name

from pytest_ofiuco.bundle.entries import Entry
from pytest_ofiuco.errors import ArchiveError, UsageError
from pytest_ofiuco.store.wheel import Member, UnpackedWheel

_PLACEHOLDER = b"#!python"
_SCRIPT = """\
#!{shebang}
import os
import sys

sys.path.insert(1, os.path.normpath(os.path.join(os.path.dirname(os.path.realpath(__file__)), {site!r})))
from {module} import {first}

if __name__ == "__main__":
    sys.exit({attribute}())
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where things are in a zip: packages below ``site``, which is empty or ends with a slash as ``bin`` does."""

    site: str = ""
    bin: str = "bin/"
    shebang: str = "/usr/bin/env python3"

    @property
    def site_from_bin(self) -> str:
        """The way from a script to the packages."""
        return posixpath.relpath(self.site or ".", self.bin)


def is_text(written: str) -> bool:
    """Whether something can be written in UTF-8: bytes of a command line that are none cannot."""
    return not any("\ud800" <= each <= "\udfff" for each in written)


def check_shebang(written: str) -> None:
    """Whether it can be the first line of a script.

    Raises:
        UsageError: it cannot.
    """
    if "\n" in written or not written.strip() or not is_text(written):
        raise UsageError("shebang: not one line of text", "write it like /usr/bin/env python3")


def placed(wheel: UnpackedWheel, places: Places) -> Iterator[Entry]:
    """Every file of a wheel.

    Raises:
        ArchiveError: its ``.data`` folder or its entry points are not as they should be.
        OSError: the store cannot be read.
    """
    package = package_of(wheel)
    data = f"{wheel.dist_info.removesuffix('.dist-info')}.data/"
    record = f"{wheel.dist_info}/RECORD"
    for member in wheel.members:
        if member.path.startswith(data):
            yield _of_data(wheel, member, package, member.path[len(data) :], places)
        elif member.path != record:
            yield _as_is(wheel, member, package, places.site + member.path)
    yield from _entry_points(wheel, package, places)


def package_of(wheel: UnpackedWheel) -> str:
    """The normalized name of what a wheel installs."""
    return canonicalize_name(wheel.dist_info.partition("-")[0])


def _as_is(wheel: UnpackedWheel, member: Member, package: str, path: str, *, executable: bool = False) -> Entry:
    return Entry(
        path=path,
        package=package,
        hash=member.hash,
        size=member.size,
        executable=executable or member.executable,
        wheel=wheel,
        member=member.path,
    )


def _of_data(wheel: UnpackedWheel, member: Member, package: str, path: str, places: Places) -> Entry:
    scheme, _, rest = path.partition("/")
    match scheme:
        case "purelib" | "platlib" | "data":
            return _as_is(wheel, member, package, places.site + rest)
        case "headers":
            return _as_is(wheel, member, package, f"{places.site}include/{wheel.dist_info.partition('-')[0]}/{rest}")
        case "scripts":
            content = (wheel.tree / member.path).read_bytes()
            if not content.startswith(_PLACEHOLDER):
                return _as_is(wheel, member, package, places.bin + rest, executable=True)
            body = content.partition(b"\n")[2]
            anew = b"#!" + places.shebang.encode() + b"\n" + body
            return Entry.of(places.bin + rest, package, anew, executable=True)
        case _:
            raise ArchiveError(wheel.filename, f"its .data folder has an unknown part {scheme!r}")


def _entry_points(wheel: UnpackedWheel, package: str, places: Places) -> Iterator[Entry]:
    path = f"{wheel.dist_info}/entry_points.txt"
    if not any(member.path == path for member in wheel.members):
        return
    from installer.utils import parse_entrypoints

    try:
        entries = list(parse_entrypoints((wheel.tree / path).read_text(encoding="utf-8")))
    except (configparser.Error, ValueError, AssertionError) as error:
        reason = str(error).partition("\n")[0]
        raise ArchiveError(wheel.filename, f"its entry_points.txt cannot be read: {reason}") from error
    for name, module, attribute, _ in entries:
        if os.path.basename(name) != name or "\\" in name or name in (".", ".."):
            raise ArchiveError(wheel.filename, f"script {name!r} would land outside the zip")
        text = _SCRIPT.format(
            shebang=places.shebang,
            site=places.site_from_bin,
            module=module,
            first=attribute.partition(".")[0],
            attribute=attribute,
        )
        yield Entry.of(places.bin + name, package, text.encode(), executable=True)


def with_records(entries: Iterable[Entry], wheels: Iterable[UnpackedWheel], places: Places) -> list[Entry]:
    """The entries, and a RECORD for each wheel whose metadata are among them: of what is there, where it is."""
    found = list(entries)
    paths = {entry.path for entry in found}
    by_package: dict[str, list[Entry]] = {}
    for entry in found:
        by_package.setdefault(entry.package, []).append(entry)
    for wheel in wheels:
        folder = f"{places.site}{wheel.dist_info}/"
        if f"{folder}METADATA" in paths:
            package = package_of(wheel)
            found.append(Entry.of(f"{folder}RECORD", package, _record(by_package[package], f"{folder}RECORD", places)))
    return found


def _record(entries: Iterable[Entry], own: str, places: Places) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    rows = {_relative(each.path, places): each for each in entries if each.path != own}
    writer.writerows((path, f"sha256={rows[path].hash}", str(rows[path].size)) for path in sorted(rows))
    writer.writerow((_relative(own, places), "", ""))
    return text.getvalue().encode("utf-8", "surrogateescape")


def _relative(path: str, places: Places) -> str:
    """A path in the zip, as seen from the packages."""
    if path.startswith(places.site):
        return path.removeprefix(places.site)
    return posixpath.relpath(path, places.site)
