"""Archives that are not what they claim to be: whatever the readers of zip and tar files raise, it is one error.

Besides their own errors they let through those of each compression, and of each number and text in a header: an
archive comes from elsewhere, and none of them may pass for a mistake in this program.
"""

from __future__ import annotations

import errno
import lzma
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from pytest_ofiuco.errors import ArchiveError

_DAMAGED = (
    zipfile.BadZipFile,
    tarfile.TarError,
    lzma.LZMAError,
    zlib.error,
    struct.error,
    EOFError,
    LookupError,
    OverflowError,
    RuntimeError,  # NotImplementedError is one: a compression that is not known; and an encrypted member
    ValueError,  # UnicodeDecodeError is one
)

_OF_THE_ARCHIVE = frozenset({None, errno.EINVAL, errno.ENAMETOOLONG, errno.EILSEQ})
"""Numbers of an OSError that is the archive's fault: none (gzip, bz2), a negative offset, a name that cannot be."""


@contextmanager
def reading(filename: str) -> Iterator[None]:
    """Read the archive ``filename``.

    Raises:
        ArchiveError: it is damaged, or of a kind that cannot be read.
    """
    try:
        yield
    except _DAMAGED as error:
        raise _refusal(filename, error) from error
    except OSError as error:
        if error.errno not in _OF_THE_ARCHIVE:
            raise
        raise _refusal(filename, error) from error


def _refusal(filename: str, error: Exception) -> ArchiveError:
    said = str(error).partition("\n")[0] or type(error).__name__
    return ArchiveError(filename, f"damaged or unsafe: {said}", "fetch or build it again")
