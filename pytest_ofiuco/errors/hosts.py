"""What goes wrong with another machine that cells run on."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_ofiuco.errors.base import OfiucoError


@dataclass(eq=False)
class HostError(OfiucoError):
    """A machine that cannot be reached, or something that went wrong there."""

    exit_code = 1
    longest = 20_000
    host: str
    reason: str
    hint: str | None = None

    def __str__(self) -> str:
        return f"{self.host}: {self.reason}"


@dataclass(eq=False)
class MissingThereError(HostError):
    """No interpreter there is the Python that a cell asks for."""

    remedy: str = "install it there"

    def __post_init__(self) -> None:
        self.hint = f'{self.remedy}, or leave the cell out with `missing-python = "skip"` in [tool.ofiuco]'
