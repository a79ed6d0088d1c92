"""What may be written of an artifact into a file that is handed on: no password, and no file without a hash."""

from __future__ import annotations

from pytest_ofiuco.core.artifact import Archive, Sdist, Wheel, sha256_of, without_user_info
from pytest_ofiuco.core.lock import Lock
from pytest_ofiuco.core.resolve import Pin
from pytest_ofiuco.errors import UnhashedError


def published(url: str) -> str:
    """A URL without password and fragment; the user of an ``ssh`` URL is no secret, and is needed."""
    scheme, separator, rest = url.partition("#")[0].partition("://")
    if "ssh" not in scheme:
        return without_user_info(f"{scheme}{separator}{rest}")
    host, slash, path = rest.partition("/")
    user, at, host = host.rpartition("@")
    return f"{scheme}{separator}{user.partition(':')[0]}{at}{host}{slash}{path}"


def required_sha256(lock: Lock, pin: Pin, artifact: Wheel | Sdist | Archive) -> str:
    """The sha256 of a package's file.

    Raises:
        UnhashedError: the lock has none.
    """
    sha256 = sha256_of(artifact.hashes)
    if sha256 is None:
        raise UnhashedError(lock.path, f"package {pin.name}: {artifact.filename}")
    return sha256
