"""How large a zip may be on AWS Lambda.

https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html: 250 MB unzipped with all layers, 50 MB zipped
for a direct upload; these megabytes have 1,048,576 bytes, and so have those of messages here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pytest_ofiuco.bundle.entries import Entry
from pytest_ofiuco.core.limits import AWS_LAMBDA
from pytest_ofiuco.errors import BundleError

MOST_UNZIPPED, MOST_ZIPPED = AWS_LAMBDA
_NAMED = 10


def is_lambda(platform: str) -> bool:
    """Whether a platform, by name, is AWS Lambda."""
    return platform.startswith("aws_lambda")


def sizes(entries: Iterable[Entry]) -> dict[str, int]:
    """Bytes unzipped by package."""
    found: dict[str, int] = {}
    for entry in entries:
        found[entry.package] = found.get(entry.package, 0) + entry.size
    return found


def check_unzipped(by_package: Mapping[str, int], platform: str) -> None:
    """Whether it is not too large.

    Raises:
        BundleError: it is.
    """
    total = sum(by_package.values())
    if not is_lambda(platform) or total <= MOST_UNZIPPED:
        return
    largest = sorted(by_package.items(), key=lambda each: (-each[1], each[0]))[:_NAMED]
    listed = ", ".join(f"{name} {_megabytes(size)}" for name, size in largest)
    much, most = _megabytes(total), _megabytes(MOST_UNZIPPED)
    raise BundleError(
        f"{much} unzipped, and {platform} takes {most}; the largest packages: {listed}",
        "leave out what is not needed with `exclude` in [tool.ofiuco.zip], or what the platform has with `provided`",
    )


def zipped_warnings(files: Mapping[str, int], platform: str) -> list[str]:
    """What there is to say of the sizes of zips, by path."""
    return [
        f"{path}: {_megabytes(size)} zipped, and a direct upload takes {_megabytes(MOST_ZIPPED)}: upload it to S3"
        for path, size in files.items()
        if is_lambda(platform) and size > MOST_ZIPPED
    ]


def _megabytes(size: int) -> str:
    return f"{size / (1 << 20):.1f} MB"
