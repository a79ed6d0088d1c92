"""The inspections of a session: made in a thread, beside the tests, and posted like everything else that happens."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import pytest

from pytest_ofiuco.core.matrix import Cell
from pytest_ofiuco.errors import OfiucoError
from pytest_ofiuco.run.arguments import INSPECTION
from pytest_ofiuco.run.cellrun import CellRun
from pytest_ofiuco.run.inspection.items import Wanted, item_of, reports_of
from pytest_ofiuco.run.inspection.verdicts import Verdict, Verdicts
from pytest_ofiuco.run.preparation import UnforeseenError
from pytest_ofiuco.run.proxies import Forest, ProxyItem
from pytest_ofiuco.run.replay import Replay
from pytest_ofiuco.store.request import Environment


@dataclass(slots=True, kw_only=True, eq=False)
class Inspections:
    """Those that are ``wanted``; ``post`` takes each verdict, with its cell's name, from any thread."""

    wanted: Wanted
    verdicts: Verdicts
    post: Callable[[str, Verdict], None]
    _items: dict[str, ProxyItem] = field(default_factory=dict)
    _environments: dict[str, tuple[Cell, Environment]] = field(default_factory=dict)
    _awaited: set[str] = field(default_factory=set)

    @property
    def are_awaited(self) -> bool:
        """Whether a verdict is still to come."""
        return bool(self._awaited)

    def items(self, run: CellRun, forest: Forest) -> list[ProxyItem]:
        """The item of a cell's inspection, if that is wanted and its environment is on this machine."""
        environment, cell = run.environment, run.cell
        if environment is None or environment.host is not None or not self.wanted.admits(cell):
            return []
        self._environments[cell.name] = cell, environment
        item = self._items[cell.name] = item_of(cell, forest)
        return [item]

    def begin(self, items: Iterable[pytest.Item]) -> None:
        """Look into the environments whose inspections are among a session's items."""
        proxies = [item for item in items if isinstance(item, ProxyItem) and item.remote.nodeid == INSPECTION]
        self._awaited = {proxy.cell.name for proxy in proxies}
        if proxies:  # a session that ends early does not wait for it
            threading.Thread(target=self._work, args=(proxies,), name="ofiuco-inspect", daemon=True).start()

    def judged(self, run: CellRun, verdict: Verdict, replay: Replay) -> None:
        """Report what an environment is found to be."""
        self._awaited.discard(run.cell.name)
        item = self._items[run.cell.name]
        item.reports = reports_of(item, verdict)
        replay.count(run.tally, item.reports)
        replay.report(item)

    def _work(self, proxies: Iterable[ProxyItem]) -> None:
        for proxy in proxies:
            cell, environment = self._environments[proxy.cell.name]
            began = time.monotonic()
            try:
                verdict = self.verdicts.of(cell, environment)
            except Exception as error:  # noqa: BLE001 - a thread's boundary: its end must not go unheard
                foreseen = error if isinstance(error, OfiucoError) else UnforeseenError.of(error)
                verdict = Verdict(is_fine=False, text=foreseen.render(), seconds=time.monotonic() - began)
            self.post(cell.name, verdict)
