"""How much the built-in platforms take.

https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html: 250 MB unpacked, 50 MB of a zip that is
uploaded directly.
"""

from __future__ import annotations

from pytest_ofiuco.core.platforms import BUILTIN

AWS_LAMBDA = 250 << 20, 50 << 20
"""The most bytes unpacked, and of a zip."""


def largest(name: str) -> tuple[int | None, int | None]:
    """The most bytes that a platform of this name takes: unpacked, and of a zip."""
    return AWS_LAMBDA if name in BUILTIN and name.startswith("aws_lambda") else (None, None)
