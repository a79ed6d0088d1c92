"""How much an archive may hold: what is more is refused before, or while, it is unpacked.

The figures are generous: the largest wheels and source archives in use stay far below them. They keep a small file
from filling a disk.
"""

from __future__ import annotations

from pytest_ofiuco.errors import ArchiveError

MOST_MEMBERS = 100_000
MOST_BYTES = 16 << 30
"""Unpacked, all members together."""

HIGHEST_RATIO = 200
"""Bytes unpacked for each byte of the archive; real ones, with much repetition, reach some dozens."""

UNSUSPICIOUS_BYTES = 1 << 30
"""What is no larger unpacked may have any ratio."""


def check_size(filename: str, packed: int, unpacked: int, member: str) -> None:
    """Whether an archive of ``packed`` bytes may give ``unpacked`` bytes, the last of them in ``member``.

    Raises:
        ArchiveError: it may not.
    """
    if unpacked > MOST_BYTES:
        raise ArchiveError(filename, f"with member {member!r} it is larger than {MOST_BYTES >> 30} GiB unpacked")
    if unpacked > UNSUSPICIOUS_BYTES and unpacked > packed * HIGHEST_RATIO:
        reason = f"with member {member!r} it is more than {HIGHEST_RATIO} times as large unpacked, as bombs are"
        raise ArchiveError(filename, reason)


def check_members(filename: str, members: int, member: str) -> None:
    """Whether an archive may have so many members; ``member`` is the last of them.

    Raises:
        ArchiveError: it may not.
    """
    if members > MOST_MEMBERS:
        raise ArchiveError(filename, f"with member {member!r} it has more than {MOST_MEMBERS} members")
