"""The controller's command line → a worker's: the same, less what is the controller's own and other cells' tests."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from pytest_ofiuco.errors import UsageError
from pytest_ofiuco.run.proxies import without_cell

OPTIONS = (
    ("--ofiuco-matrix", False),
    ("--ofiuco-lock", True),
    ("--ofiuco-locked", False),
    ("--ofiuco-cell", True),
    ("--ofiuco-python", True),
    ("--ofiuco-platform", True),
    ("--ofiuco-variant", True),
    ("--ofiuco-jobs", True),
    ("--ofiuco-forkserver", False),
    ("--ofiuco-shard", True),
    ("--ofiuco-durations", True),
    ("--ofiuco-record-durations", True),
    ("--ofiuco-html", True),
    ("--ofiuco-inspect", True),
    ("--ofiuco-offline", False),
    ("--ofiuco-refresh", False),
    ("--ofiuco-require-exec", False),
    ("--ofiuco-timeout", True),
    ("--ofiuco-shell", True),
)
"""The plugin's options, and whether each takes a value."""

_DISTRIBUTION = (
    ("-n", True),
    ("--numprocesses", True),
    ("--maxprocesses", True),
    ("--dist", True),
    ("-d", False),
    ("--max-worker-restart", True),
    ("--testrunuid", True),
    ("--maxschedchunk", True),
    ("--loadscope-reorder", False),
    ("--no-loadscope-reorder", False),
)
"""pytest-xdist's, and whether each takes a value: the controller distributes over cells and their workers instead."""

_NOT_DISTRIBUTED = ("--tx", "--px", "--looponfail", "-f", "--rsyncdir", "--rsyncignore")
"""pytest-xdist's, which mean nothing here."""

_PLUGIN = "pytest_ofiuco.plugin"

_SELECTION = (("--deselect", True),)
"""The controller's business: a node id there is not one to run."""

_LIKE_A_CELL = re.compile(r"(?P<test>.+::.+)\[(?P<cell>(?:py|pypy)3\d+t?-[\w.-]+)\]")

INSPECTION = "ofiuco::inspect"
"""The node id of an environment's inspection, before its cell's name: nothing that a cell knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arguments:
    """A command line as it was given, with the cells that its node ids name taken out.

    ``inspected`` are the cells whose inspection is named; an empty name stands for all.
    """

    passed: tuple[str, ...]
    by_cell: tuple[tuple[str, str], ...]
    inspected: tuple[str, ...] = ()

    @classmethod
    def read(cls, given: Sequence[str], cells: Iterable[str]) -> Arguments:
        """Sort out a command line; ``cells`` are all names that a node id may end in."""
        known = frozenset(cells)
        passed: list[str] = []
        by_cell: list[tuple[str, str]] = []
        inspected: list[str] = []
        for argument in _without(_with_filters(_without_this_plugin(given)), (*OPTIONS, *_DISTRIBUTION, *_SELECTION)):
            test, cell = (argument, None) if argument.startswith("-") else without_cell(argument, known)
            if test == INSPECTION:
                inspected.append(cell or "")
            elif cell is None:
                passed.append(argument)
            else:
                by_cell.append((cell, test))
        return cls(passed=tuple(passed), by_cell=tuple(by_cell), inspected=tuple(inspected))

    def wants(self, cell: str, *, has_positional: bool) -> bool:
        """Whether a cell is meant at all: not where only other cells' tests are named.

        ``has_positional``: files, folders or tests are named with no cell, too.
        """
        is_inspected = cell in self.inspected or "" in self.inspected
        return is_inspected or self.wants_tests(cell, has_positional=has_positional)

    def wants_tests(self, cell: str, *, has_positional: bool) -> bool:
        """Whether any of its tests are meant, and not its inspection alone."""
        is_any = not self.by_cell and not self.inspected
        return is_any or has_positional or any(cell == name for name, _ in self.by_cell)

    def for_cell(self, cell: str) -> list[str]:
        """What the cell's worker is started with."""
        return [*self.passed, *(test for name, test in self.by_cell if name == cell)]

    def strangers(self) -> list[tuple[str, str]]:
        """Tests and what they end in that reads like a cell's name, and is none: it may well be a parameter."""
        found = (_LIKE_A_CELL.fullmatch(argument) for argument in self.passed)
        return [(match["test"], match["cell"]) for match in found if match]


def means(named: str, nodeid: str) -> bool:
    """Whether a test of the command line, or a class, is or holds one that was collected; folders do not count."""
    (file, _, below), (other, _, test) = named.partition("::"), nodeid.partition("::")
    is_within = test == below or test.startswith((f"{below}[", f"{below}::"))
    return is_within and PurePath(file).name == PurePath(other).name


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution:
    """What pytest-xdist's options ask for, whether or not it is installed."""

    processes: str | None = None
    at_most: str | None = None
    mode: str | None = None
    restarts: str | None = None
    testrun: str | None = None

    @classmethod
    def read(cls, given: Sequence[str]) -> Distribution:
        """Of a command line; a later one counts.

        Raises:
            UsageError: something of pytest-xdist's that has no meaning in a matrix, or has no value.
        """
        takes_value = dict(_DISTRIBUTION)
        found: dict[str, str] = {}
        waiting = ""
        for argument in given:
            name, has_value, value = argument.partition("=")
            if waiting:
                found[waiting], waiting = argument, ""
            elif name in _NOT_DISTRIBUTED:
                raise UsageError(f"{name} of pytest-xdist has no meaning in a matrix", "leave it out")
            elif name == "-d":
                found["--dist"] = "load"
            elif takes_value.get(name):
                if has_value:
                    found[name] = value
                else:
                    waiting = name
            elif _is_short_count(argument):
                found["-n"] = argument[2:]
        if waiting:
            raise UsageError(f"{waiting} of pytest-xdist needs a value", "give one, or leave it out")
        return cls(
            processes=found.get("-n", found.get("--numprocesses")),
            at_most=found.get("--maxprocesses"),
            mode=found.get("--dist"),
            restarts=found.get("--max-worker-restart"),
            testrun=found.get("--testrunuid"),
        )


def _is_short_count(argument: str) -> bool:
    return argument.startswith("-n") and (argument[2:].isdecimal() or argument[2:] in ("auto", "logical"))


def _without_this_plugin(given: Sequence[str]) -> list[str]:
    """Without ``-p pytest_ofiuco.plugin``: it is for where plugins do not load by themselves, and cells lack it."""
    kept: list[str] = []
    for argument in given:
        if argument == _PLUGIN and kept and kept[-1] == "-p":
            kept.pop()
        elif argument != f"-p{_PLUGIN}":
            kept.append(argument)
    return kept


def _with_filters(given: Sequence[str]) -> list[str]:
    """Without ``-o filterwarnings=``, which spares the controller filters of classes that it cannot import."""
    kept: list[str] = []
    for argument in given:
        if argument == "filterwarnings=" and kept and kept[-1] in ("-o", "--override-ini"):
            kept.pop()
        elif argument not in ("-ofilterwarnings=", "--override-ini=filterwarnings="):
            kept.append(argument)
    return kept


def _without(given: Sequence[str], options: Iterable[tuple[str, bool]]) -> list[str]:
    takes_value = dict(options)
    kept: list[str] = []
    skip = False
    for argument in given:
        if skip:
            skip = False
            continue
        name, has_value, _ = argument.partition("=")
        if name in takes_value:
            skip = takes_value[name] and not has_value
            continue
        if _is_short_count(argument):
            continue
        kept.append(argument)
    return kept
