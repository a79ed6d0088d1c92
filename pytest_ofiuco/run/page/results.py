"""What a page shows: a session's cells, its tests, and what became of each test in each cell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

OUTCOMES = ("failed", "error", "xpassed", "xfailed", "skipped", "passed", "not run")
"""What a test in a cell comes to, in pytest's words, the one that outweighs the others first. ``error`` is a failure
outside the test's own code; ``not run``: it was selected, and the session ended before its turn."""

RERUN = "rerun"
"""The outcome of a part that was tried again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One thing reported of a test: its setup, call or teardown, a subtest, an attempt that was repeated."""

    label: str
    outcome: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """A test in a cell; ``output`` is what was captured, as (title, text); ``seconds`` with setup and teardown."""

    outcome: str
    seconds: float = 0.0
    message: str = ""
    parts: tuple[Part, ...] = ()
    output: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TestRow:
    """A test, or a file that could not be collected, and its results by the names of the cells that have it."""

    __test__ = False

    nodeid: str
    results: Mapping[str, Result]

    @property
    def differs(self) -> bool:
        """Whether the cells in which it had its turn disagree."""
        return len({result.outcome for result in self.results.values()} - {"not run"}) > 1


@dataclass(frozen=True, slots=True, kw_only=True)
class CellFacts:
    """What a cell consists of; ``problems`` are why it could not take part, as (outcome, text).

    ``execution`` is what has run it, if anything has.
    """

    name: str
    python: str
    platform: str
    tag: str
    execution: str = ""
    variant: str | None = None
    markers: Mapping[str, str] = field(default_factory=dict)
    packages: Mapping[str, str | None] = field(default_factory=dict)
    problems: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Warned:
    """A warning, with how many times it came and the cells it came from; ``place`` is where."""

    category: str
    text: str
    place: str
    count: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionFacts:
    """The session: ``started`` in ISO 8601, ``ending`` why it ended before its time, ``made_by`` the programs."""

    title: str
    lock: str
    started: str
    seconds: float
    ending: str
    made_by: str


def outweighing(outcomes: Iterable[str]) -> str:
    """The outcome that a test has, of those of its parts."""
    return min((each for each in outcomes if each in OUTCOMES), key=OUTCOMES.index, default="not run")
