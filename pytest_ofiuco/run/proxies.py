"""Proxy items: for each test in each cell an ordinary pytest item, which the controller selects, orders and reports.

They hang below proxies of the files and classes they come from, which all cells share.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pytest_ofiuco.core.matrix import Cell
from pytest_ofiuco.run.messages import RemoteItem


class ProxyCollector(pytest.Collector):
    """A class, a doctest module or anything else between a file and a test."""

    remote_type = "Collector"

    def collect(self) -> Iterable[pytest.Item | pytest.Collector]:
        """Nothing: its items were collected in the cells."""
        return ()

    def __repr__(self) -> str:
        return f"<{self.remote_type} {self.name}>"


class ProxyFile(pytest.File):
    """A test file."""

    remote_type = "Module"

    def collect(self) -> Iterable[pytest.Item | pytest.Collector]:
        """Nothing: its items were collected in the cells."""
        return ()

    def __repr__(self) -> str:
        return f"<{self.remote_type} {self.name}>"


class ProxyDirectory(pytest.Directory):
    """A folder or package of test files."""

    remote_type = "Dir"

    def collect(self) -> Iterable[pytest.Item | pytest.Collector]:
        """Nothing: its items were collected in the cells."""
        return ()

    def __repr__(self) -> str:
        return f"<{self.remote_type} {self.name}>"


_DIRECTORIES = ("Dir", "Directory", "Package")
_FILES = ("Module", "DoctestModule", "DoctestTextfile", "File")


class ProxyItem(pytest.Item):
    """A test in a cell. ``reports`` holds what came back, until it is replayed."""

    def __init__(self, *, remote: RemoteItem, cell: Cell, index: int, **rest: Any) -> None:
        super().__init__(**rest)
        self.remote, self.cell, self.index = remote, cell, index
        self.originalname = remote.originalname
        self.path = Path(remote.path)
        self.own_markers = [pytest.Mark(name, args, kwargs, _ispytest=True) for name, args, kwargs in remote.markers]
        self.extra_keyword_matches.update(remote.names)
        self.keywords.update(dict.fromkeys(remote.names, True))
        self.keywords.update({mark.name: mark for mark in self.own_markers})
        self.reports: list[pytest.TestReport] = []
        self.cls = None
        if remote.parameters is not None:
            self.callspec = SimpleNamespace(id=remote.parameters, params={}, indices={}, _arg2scope={}, marks=[])

    def runtest(self) -> None:
        """Never called: the test runs in its cell."""
        raise AssertionError(f"{self.nodeid} runs in its cell")

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """The test's own location, its name with the cell's."""
        _, line, domain = self.remote.location
        return self.path, line, with_cell(domain, self.cell.name)

    @property
    def location(self) -> tuple[str, int | None, str]:
        """As in the cell, with the cell's name on the test's."""
        relative, line, domain = self.remote.location
        return relative, line, with_cell(domain, self.cell.name)

    def report_keywords(self) -> dict[str, Any]:
        """The keywords of its reports, as pytest makes them; one for all, since nobody changes them."""
        remote = self.remote
        names = [self.name, *(mark[0] for mark in remote.markers), *remote.names]
        return dict.fromkeys([*names, *(name for _, name, _ in reversed(remote.chain))], 1)

    def __repr__(self) -> str:
        return f"<{self.remote.type} {self.name}>"


def with_cell(name: str, cell: str) -> str:
    """``test_area`` in a cell: ``test_area[py312-host]``; the inverse of ``without_cell``."""
    return f"{name}[{cell}]"


def without_cell(argument: str, cells: Iterable[str]) -> tuple[str, str | None]:
    """A node id or a command-line argument without the cell in it, and that cell's name."""
    if "::" in argument and argument.endswith("]"):
        head, _, name = argument[:-1].rpartition("[")
        if name in set(cells):
            return head, name
    return argument, None


class Forest:
    """Makes proxies, each shared collector once."""

    def __init__(self, session: pytest.Session) -> None:
        self.session = session
        self.collectors: dict[tuple[tuple[str, str], ...], pytest.Collector] = {}

    def item(self, remote: RemoteItem, cell: Cell, index: int) -> ProxyItem:
        """The proxy of a test in a cell; ``index`` is its place in the cell's collection."""
        parent = self.parent(remote.chain)
        return ProxyItem.from_parent(
            parent,
            name=with_cell(remote.name, cell.name),
            nodeid=with_cell(remote.nodeid, cell.name),
            remote=remote,
            cell=cell,
            index=index,
        )

    def parent(self, chain: Sequence[tuple[str, str, str]]) -> pytest.Collector:
        parent: pytest.Collector = self.session
        key: tuple[tuple[str, str], ...] = ()
        for kind, name, path in chain:
            key = (*key, (kind, name))
            found = self.collectors.get(key)
            if found is None:
                found = self.collectors[key] = _collector(parent, kind, name, Path(path))
            parent = found
        return parent


def _collector(parent: pytest.Collector, kind: str, name: str, path: Path) -> pytest.Collector:
    found: ProxyDirectory | ProxyFile | ProxyCollector
    if kind in _DIRECTORIES:
        found = ProxyDirectory.from_parent(parent, path=path)
        found.name = name
    elif kind in _FILES or kind.endswith("File"):
        found = ProxyFile.from_parent(parent, path=path, name=name)
    else:
        found = ProxyCollector.from_parent(parent, name=name)
    found.remote_type = kind
    return found


def interleaved(collections: Sequence[Sequence[ProxyItem]]) -> list[ProxyItem]:
    """Items of all cells, each cell's in its own order, the same test's side by side where these orders allow it."""
    queues = [deque(items) for items in collections]
    remaining = Counter(item.remote.nodeid for items in collections for item in items)
    ordered: list[ProxyItem] = []
    while any(queues):
        ready = Counter(queue[0].remote.nodeid for queue in queues if queue)
        test = next((test for test, count in ready.items() if count == remaining[test]), next(iter(ready)))
        for queue in queues:
            if queue and queue[0].remote.nodeid == test:
                ordered.append(queue.popleft())
                remaining[test] -= 1
    return ordered
