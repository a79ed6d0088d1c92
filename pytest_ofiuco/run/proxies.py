"""Proxy items: for each test in each cell an ordinary pytest item, which the controller selects, orders and reports.

They hang below proxies of the files and classes they come from, which all cells share.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from sys import intern
from types import SimpleNamespace
from typing import Any

import pytest
from _pytest.mark.structures import NodeKeywords

from pytest_ofiuco.core.matrix import Cell
from pytest_ofiuco.run.messages import Chain, RemoteItem


class ProxyCollector(pytest.Collector):
    """A class, a doctest module or anything else between a file and a test."""

    remote_type = "Collector"

    def collect(self) -> Iterable[pytest.Item | pytest.Collector]:
        """Nothing: its items were collected in the cells."""
        return ()

    def __repr__(self) -> str:
        return f"<{self.remote_type} {self.name}>"


class ProxyClass(pytest.Class):
    """A class: what shows tests as a tree looks for pytest's own kind of it. There is no Python class behind it."""

    remote_type = "Class"
    obj = None

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
_CLASSES = ("Class", "UnitTestCase")
_FILES = ("Module", "DoctestModule", "DoctestTextfile", "File")


class ProxyItem(pytest.Item):
    """A test in a cell. ``reports`` holds what came back, until it is replayed; ``shown`` what to show before each.

    A session holds one for each test and cell, and few are ever asked for more than their node id: what pytest's own
    items hold from the start is made when it is asked for.
    """

    remote: RemoteItem
    cell: Cell
    index: int
    reports: Sequence[pytest.TestReport]
    shown: Sequence[str] = ()

    @classmethod
    def make(cls, parent: pytest.Collector, remote: RemoteItem, cell: Cell, index: int, path: Path) -> ProxyItem:
        """The proxy of a test below the proxy of what it lies in; ``path`` is the test file's."""
        item = cls.__new__(cls)
        item.name = with_cell(remote.name, cell.name)
        item.parent, item.config, item.session = parent, parent.config, parent.session
        item.path = path
        item.remote, item.cell, item.index = remote, cell, index
        item.reports = ()
        return item

    @property
    def nodeid(self) -> str:
        """As in the cell, with the cell's name."""
        return with_cell(self.remote.nodeid, self.cell.name)

    @property
    def ihook(self) -> Any:
        """The session's hooks: no conftest file is loaded where proxies are."""
        return self.config.hook

    def __getattr__(self, name: str) -> Any:
        make = _MADE_LATER.get(name)
        if make is None:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        value = make(self)
        setattr(self, name, value)
        return value

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
        return relative, line, self.name if domain == self.remote.name else with_cell(domain, self.cell.name)

    def __repr__(self) -> str:
        return f"<{self.remote.type} {self.name}>"


def _keywords(item: ProxyItem) -> NodeKeywords:
    keywords = NodeKeywords(item)
    keywords.update(dict.fromkeys(item.remote.names, True))
    keywords.update({mark.name: mark for mark in item.own_markers})
    return keywords


def _callspec(item: ProxyItem) -> SimpleNamespace:
    if item.remote.parameters is None:
        raise AttributeError("callspec")
    return SimpleNamespace(id=item.remote.parameters, params={}, indices={}, _arg2scope={}, marks=[])


def _parsed_id(item: ProxyItem) -> Any:
    from _pytest.nodeid import NodeId  # since pytest 9.1, the only one that asks

    parsed = NodeId.parse(item.nodeid)
    return NodeId(path=intern(parsed.path), names=parsed.names, params=parsed.params)


_MADE_LATER: Mapping[str, Callable[[ProxyItem], Any]] = {
    "_id": _parsed_id,
    "_nodeid": lambda item: item.nodeid,
    "_report_sections": lambda _: [],
    "_store": lambda item: item.stash,
    "callspec": _callspec,
    "cls": lambda _: None,
    "extra_keyword_matches": lambda item: set(item.remote.names),
    "keywords": _keywords,
    "originalname": lambda item: item.remote.originalname,
    "own_markers": lambda item: [
        pytest.Mark(name, arguments, keywords, _ispytest=True) for name, arguments, keywords in item.remote.markers
    ],
    "stash": lambda _: pytest.Stash(),
    "user_properties": lambda _: [],
}


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
        self.parents: dict[Chain, pytest.Collector] = {}
        self.paths: dict[str, Path] = {}

    def item(self, remote: RemoteItem, cell: Cell, index: int) -> ProxyItem:
        """The proxy of a test in a cell; ``index`` is its place in the cell's collection."""
        parent = self.parents.get(remote.chain)
        if parent is None:
            parent = self.parents[remote.chain] = self.parent(remote.chain)
        path = self.paths.get(remote.path)
        if path is None:
            path = self.paths[remote.path] = Path(remote.path)
        return ProxyItem.make(parent, remote, cell, index, path)

    def deselected(self, nodeids: Iterable[str], cell: Cell) -> list[ProxyItem]:
        """Stand-ins for tests that the cell itself has left out, of which no more is known."""
        found = []
        for nodeid in nodeids:
            path, _, name = nodeid.rpartition("::")
            remote = RemoteItem(
                nodeid=nodeid,
                name=name,
                type="Function",
                path=path.partition("::")[0],
                location=(path.partition("::")[0], None, name),
                chain=(),
                markers=(),
                names=(),
                originalname=None,
                parameters=None,
                doc="",
            )
            found.append(self.item(remote, cell, -1))
        return found

    def parent(self, chain: Chain) -> pytest.Collector:
        """The proxy of what a test lies in."""
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
    found: ProxyDirectory | ProxyFile | ProxyClass | ProxyCollector
    if kind in _DIRECTORIES:
        found = ProxyDirectory.from_parent(parent, path=path)
        found.name = name
    elif kind in _FILES or kind.endswith("File"):
        found = ProxyFile.from_parent(parent, path=path, name=name)
    elif kind in _CLASSES:
        found = ProxyClass.from_parent(parent, name=name)
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
