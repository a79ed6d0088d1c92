"""What options ask for: how many workers run, which tests stay together, how long a test may take."""

from __future__ import annotations

import os

from pytest_ofiuco.errors import UsageError
from pytest_ofiuco.run.arguments import Distribution
from pytest_ofiuco.run.distribution import MODES, Group, by_mark
from pytest_ofiuco.run.events import MAX_CRASHES, Jobs


def jobs(given: str | None, distribution: Distribution) -> Jobs:
    """How many workers run at a time: what our own option says, else pytest-xdist's, else one a processor.

    Raises:
        UsageError: that is no number.
    """
    available = getattr(os, "sched_getaffinity", None)
    processors = max(1, len(available(0)) if available else os.cpu_count() or 1)
    restarts = MAX_CRASHES
    if distribution.restarts is not None:
        restarts = _number("--max-worker-restart", distribution.restarts, least=0)
    if given == "auto" or (given is None and distribution.processes is None):
        return Jobs(count=processors, restarts=restarts)
    if given is not None:
        return Jobs(count=_number("--ofiuco-jobs", given, least=1), is_given=True, restarts=restarts)
    asked = str(distribution.processes)
    if asked in ("auto", "logical"):
        told = os.environ.get("PYTEST_XDIST_AUTO_NUM_WORKERS", "")
        count = max(1, int(told)) if told.isdecimal() else processors
    else:
        count = max(1, _number("-n", asked, least=0))
    if distribution.at_most is not None:
        count = min(count, _number("--maxprocesses", distribution.at_most, least=1))
    return Jobs(count=count, is_given=True, restarts=restarts)


def _number(option: str, given: str, *, least: int) -> int:
    if not given.isdecimal() or int(given) < least:
        or_auto = ", or auto" if option in ("--ofiuco-jobs", "-n") else ""
        raise UsageError(f"{option} {given}: not a number of workers", f"give a number from {least} on{or_auto}")
    return int(given)


def grouping(mode: str | None) -> Group:
    """What keeps tests together under a mode of ``--dist``.

    Raises:
        UsageError: it is none that has a meaning here.
    """
    if mode in (None, "no"):
        return by_mark
    if mode not in MODES:
        raise UsageError(f"--dist {mode} has no meaning in a matrix", f"choose from: {', '.join(MODES)}, no")
    return MODES[mode]


def seconds_given(given: str | None) -> float | None:
    """How long a test may take, in seconds.

    Raises:
        UsageError: that is no time.
    """
    if given is None:
        return None
    try:
        seconds = float(given)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise UsageError(f"--ofiuco-timeout {given}: not a time", "give a number of seconds, as in --ofiuco-timeout 60")
    return seconds
