"""How much the built-in platforms take, in bytes.

https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html: 250 MB unpacked, layers counted in, 50 MB of a
zip that is uploaded directly, and 10 GB of an image; these megabytes have 1,048,576 bytes.
"""

from __future__ import annotations

from pytest_ofiuco.core.platforms import BUILTIN

AWS_LAMBDA_IMAGE = 10 << 30
_AWS_LAMBDA = 250 << 20, 50 << 20
_MEGABYTE = 1 << 20


def is_lambda(name: str) -> bool:
    """Whether a platform, by name, is AWS Lambda."""
    return name in BUILTIN and name.startswith("aws_lambda")


def largest(name: str, max_size: int | None = None) -> tuple[int | None, int | None]:
    """The most bytes that a platform of this name takes: unpacked, and of a zip.

    ``max_size`` is what its table says of the former, in megabytes.
    """
    unpacked, zipped = _AWS_LAMBDA if is_lambda(name) else (None, None)
    return unpacked if max_size is None else max_size * _MEGABYTE, zipped
