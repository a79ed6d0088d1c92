"""What may be said against a file, before it is known of how many it is."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_ofiuco.core.finding import Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """``is_of_machine``: a package that says that it is for every machine carries files of several on purpose."""

    code: str
    message: str
    hint: str = ""
    severity: Severity = "error"
    is_of_machine: bool = False
