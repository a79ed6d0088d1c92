"""Names of members that some system takes for others: in another case, in another normal form, or of a device."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from pytest_ofiuco.errors import ArchiveError

_CODE = (".py", ".pyc", ".pyd", ".so", ".pth")


def check_names(paths: Iterable[str], filename: str) -> None:
    """No two names of a wheel differ in case only, where that may matter.

    Raises:
        ArchiveError: two do.
    """
    known: dict[str, str] = {}
    for path in paths:
        other = known.setdefault(folded(path), path)
        if other != path and (path.lower().endswith(_CODE) or ".dist-info/" in path or not _is_for_linux(filename)):
            raise ArchiveError(filename, f"its members {other!r} and {path!r} differ in case only")


def _is_for_linux(filename: str) -> bool:
    """Whether all platforms that a wheel's name has are Linux."""
    platforms = filename.removesuffix(".whl").rpartition("-")[2].split(".")
    return all(each.startswith(("linux_", "manylinux", "musllinux")) for each in platforms)


def folded(path: str) -> str:
    """What names have in common that a file system which ignores case takes for one."""
    return unicodedata.normalize("NFC", path).casefold()


def is_special(name: str) -> bool:
    """Whether Windows takes a name for a device, a stream of another file, or one without its last characters.

    https://learn.microsoft.com/windows/win32/fileio/naming-a-file
    """
    stem = name.partition(".")[0].rstrip(" ").upper()
    is_device = stem in ("CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$") or (
        stem[:3] in ("COM", "LPT") and stem[3:] in tuple("123456789¹²³")
    )
    return is_device or ":" in name or (name.endswith((" ", ".")) and name != ".")
