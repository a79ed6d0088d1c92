"""What stands between a resolution and what is deployed of it."""

from __future__ import annotations

from pytest_ofiuco.errors.base import OfiucoError


class BundleError(OfiucoError):
    """There can be no such zip."""

    exit_code = 1

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint
