"""How long tests took in each cell: recorded by one session, read by those that divide the work.

A JSON file of one line a test, sorted, so that it can be kept in version control; or a folder of them, as shards leave
them behind. Machines must divide alike, so a file that cannot be read is an error, never passed over.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from statistics import median, median_low
from typing import Any

from pytest_ofiuco.errors import UsageError
from pytest_ofiuco.run.proxies import ProxyItem

_VERSION = 1
_LEAST = 500
"""Microseconds that a test takes at least, with what it takes to ask for it and to report it."""

Seconds = Mapping[str, Mapping[str, float]]
"""By cell and node id, the latter without the cell."""


@dataclass(frozen=True, kw_only=True)
class Durations:
    """What is known of tests, and what is guessed of others; weights are in microseconds."""

    seconds: Seconds

    def of(self, proxy: ProxyItem) -> int:
        """The weight of a test in its cell: as recorded there, else as in other cells, else as most tests have."""
        return self.weight(proxy.cell.name, proxy.remote.nodeid)

    def weight(self, cell: str, test: str) -> int:
        """As ``of``."""
        known = self.seconds.get(cell, {}).get(test)
        return self._guesses.get(test, self._usual) if known is None else _weight(known)

    def of_cells(self, cells: Iterable[str]) -> dict[str, int]:
        """The weights of cells; one of which nothing is known weighs what the others do."""
        known = {cell: sum(map(_weight, tests.values())) for cell, tests in self.seconds.items() if tests}
        usual = median_low(known.values()) if known else 1
        return {cell: known.get(cell, usual) for cell in cells}

    @cached_property
    def _guesses(self) -> dict[str, int]:
        found: dict[str, list[int]] = {}
        for tests in self.seconds.values():
            for test, seconds in tests.items():
                found.setdefault(test, []).append(_weight(seconds))
        return {test: median_low(weights) for test, weights in found.items()}

    @cached_property
    def _usual(self) -> int:
        return _weight(median([each for tests in self.seconds.values() for each in tests.values()] or [0]))

    def with_those(self, newer: Seconds) -> Durations:
        """These, and newer ones, which count where both are there."""
        cells = {*self.seconds, *newer}
        return Durations(seconds={cell: {**self.seconds.get(cell, {}), **newer.get(cell, {})} for cell in cells})

    def of_those_only(self, there: Mapping[str, set[str]]) -> Durations:
        """Without the tests that are gone; cells that ``there`` does not name keep theirs."""
        kept = {
            cell: {test: value for test, value in tests.items() if cell not in there or test in there[cell]}
            for cell, tests in self.seconds.items()
        }
        return Durations(seconds=kept)

    def render(self) -> str:
        """The file; the inverse of ``parse`` but for fractions of a tenth of a millisecond."""
        cells = [
            f"{json.dumps(cell)}: {{\n"
            + ",\n".join(f"{json.dumps(test)}: {tests[test]:.4f}" for test in sorted(tests))
            + "\n}"
            for cell, tests in sorted(self.seconds.items())
            if tests
        ]
        return f'{{"version": {_VERSION}, "seconds": {{\n' + ",\n".join(cells) + "\n}}\n"


def _weight(seconds: float) -> int:
    return max(_LEAST, round(seconds * 1_000_000))


def parse(text: str, file: str) -> Durations:
    """The durations in a file.

    Raises:
        UsageError: it holds something else.
    """
    try:
        root = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _broken(file, f"it is no JSON: {error}") from error
    if not isinstance(root, dict) or root.get("version") != _VERSION:
        raise _broken(file, f"it is not of version {_VERSION}")
    cells = root.get("seconds")
    if not isinstance(cells, dict) or not all(isinstance(tests, dict) for tests in cells.values()):
        raise _broken(file, "it has no tests by cell")
    for cell, tests in cells.items():
        for test, seconds in tests.items():
            if not _is_time(seconds):
                raise _broken(file, f"{cell}: {test}: is not a number of seconds")
    return Durations(seconds=cells)


def _is_time(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 10**7


def _broken(file: str, reason: str) -> UsageError:
    hint = "restore it from version control, or name a file that --ofiuco-record-durations has written"
    return UsageError(f"{file}: not a file of recorded durations: {reason}", hint)


def _record(file: str) -> str:
    return f"pytest --ofiuco-matrix --ofiuco-record-durations {file}"


def read(given: str, start: Path) -> Durations:
    """The durations in a file, or in all ``*.json`` of a folder; ``start`` is where pytest was started.

    Raises:
        UsageError: there is none, or it cannot be read.
    """
    path = start / os.path.expanduser(given)
    found = Durations(seconds={})
    try:
        if not path.is_dir():
            return parse(path.read_text(encoding="utf-8"), given)
        files = sorted(path.glob("*.json"))
        if not files:
            raise UsageError(
                f"--ofiuco-durations {given}: no *.json in this folder", f"record one: {_record(f'{given}/1.json')}"
            )
        for file in files:
            found = found.with_those(parse(file.read_text(encoding="utf-8"), f"{given}/{file.name}").seconds)
    except FileNotFoundError as error:
        raise UsageError(f"--ofiuco-durations {given}: no such file", f"record it: {_record(given)}") from error
    except UnicodeDecodeError as error:
        raise _broken(given, "it is no text") from error
    except (OSError, ValueError) as error:
        raise UsageError(f"--ofiuco-durations {given}: cannot be read: {error}", "name a file that can be") from error
    return found
