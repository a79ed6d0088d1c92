"""Gives workers their tests: what no worker has, else what the busiest one of the cell can spare."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from pytest_ofiuco.run.cellrun import CellRun
from pytest_ofiuco.run.distribution import Group, share, spare_groups
from pytest_ofiuco.run.events import Jobs
from pytest_ofiuco.run.proxies import ProxyItem
from pytest_ofiuco.run.workers import BUSY, Worker


class Feeder:
    """``free`` tells how many more workers may run; ``refuse`` reports a test that none of a cell's workers has."""

    def __init__(
        self, *, group: Group, jobs: Jobs, free: Callable[[], int], refuse: Callable[[CellRun, ProxyItem], None]
    ) -> None:
        self.group, self.jobs, self.free, self.refuse = group, jobs, free, refuse

    def feed(self, run: CellRun, worker: Worker, waiting: int = 0) -> None:
        """Give a worker something to do: what nobody has, else of what the busiest one has, else its end.

        ``waiting`` is how many others are fed after it.
        """
        if worker.is_asked or worker in run.hungry:
            return
        if run.todo and self.hand_out(run, worker, waiting):
            if worker.waits:  # a single test is held back until it is known to be the last
                self.feed(run, worker, waiting)
            return
        busiest = max((each for each in run.workers if not each.is_asked), key=lambda each: each.spare, default=None)
        groups = spare_groups(busiest, worker, self.group, run.owned) if busiest not in (None, worker) else []
        if busiest not in (None, worker) and busiest.spare and not groups:
            busiest.is_spent = True  # its groups stay with it: no further worker is started for them
            self.feed(run, worker, waiting)
        elif busiest is None or not groups:
            if any(each.is_asked for each in run.workers):
                run.hungry.append(worker)
            else:
                worker.end()
        else:
            run.hungry.append(worker)
            busiest.ask(groups)

    def hand_out(self, run: CellRun, worker: Worker, waiting: int) -> bool:
        """Give a worker its share of what nobody has; whether there was anything for it.

        What others are about to take is left for them: a worker gives nothing back while it is on a test. What it has
        not collected is left to others, and told where there are none.
        """
        if all(each is worker or each.has_ended for each in run.workers):
            missing = [proxy for proxy in run.todo if not worker.has(proxy)]
            run.todo = deque(filter(worker.has, run.todo))
            for proxy in missing:
                self.refuse(run, proxy)
        others = run.coming + waiting
        parts = 1 + max(others, self.free() - (worker.state not in BUSY) > 0)
        taken = share(run.todo, worker, self.group, parts)
        if not taken:
            return False
        gone = set(taken)
        run.todo = deque(proxy for proxy in run.todo if proxy not in gone)
        left = len(run.todo)
        is_alone = not worker.queue and len(taken) == 1 and 0 < left <= others
        worker.give(taken, ends=is_alone or not (left or self.jobs.is_given))
        return True

    def serve(self, run: CellRun) -> None:
        """Feed those that wait; the one that waits longest takes what has come."""
        hungry, run.hungry = run.hungry, deque()
        while hungry:
            self.feed(run, hungry.popleft(), len(hungry))
