"""Whether a zip is as large as its platform takes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pytest_ofiuco.bundle.entries import Entry
from pytest_ofiuco.core.sizes import binary_size, largest_of
from pytest_ofiuco.errors import BundleError


def sizes(entries: Iterable[Entry]) -> dict[str, int]:
    """Bytes unzipped by package."""
    found: dict[str, int] = {}
    for entry in entries:
        found[entry.package] = found.get(entry.package, 0) + entry.size
    return found


def check_unzipped(by_package: Mapping[str, int], platform: str, most: int | None) -> None:
    """Whether it is not larger than ``most`` bytes.

    Raises:
        BundleError: it is.
    """
    total = sum(by_package.values())
    if most is None or total <= most:
        return
    much = f"{binary_size(total)} unzipped, and {platform} takes {binary_size(most)}"
    raise BundleError(
        f"{much}; the largest packages: {largest_of(by_package)}",
        "leave out what is not needed with `exclude` in [tool.ofiuco.zip], or what the platform has with `provided`",
    )


def zipped_warnings(files: Mapping[str, int], most: int | None) -> list[str]:
    """What there is to say of the sizes of zips, by path, of which a direct upload takes ``most`` bytes."""
    return [
        f"{path}: {binary_size(size)} zipped, and a direct upload takes {binary_size(most)}: upload it to S3"
        for path, size in files.items()
        if most is not None and size > most
    ]
