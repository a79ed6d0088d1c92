"""What ``--junitxml`` says of cells and would not say of itself: pytest's own plugin writes the report.

The reports of tests bring their cell's properties with them, and so they stand with each test case in a report of the
family ``xunit1``. The schema of ``xunit2``, the usual one, knows properties of suites only: there each cell is a suite.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import pytest
from _pytest.junitxml import xml_key

from pytest_ofiuco.core.matrix import Cell
from pytest_ofiuco.run.messages import Recorded
from pytest_ofiuco.run.proxies import with_cell
from pytest_ofiuco.run.replay import properties

_COUNTS = {"errors": "error", "failures": "failure", "skipped": "skipped"}
"""The attributes of a suite, with the names of what pytest counts."""

_EXECUTION = "execution"
"""The property that says what has run a cell."""


class JUnit:
    """A plugin object beside pytest's own; it does nothing where no report is asked for."""

    def __init__(self, config: pytest.Config, cells: Iterable[Cell], executions: Mapping[str, str]) -> None:
        """``executions`` are what has run the cells, by their names."""
        self._config, self._executions = config, executions
        self._cells = {cell.name: cell for cell in cells}
        self._counts: dict[str, Counter[str]] = {name: Counter() for name in self._cells}
        self._recorded: dict[tuple[str, str], set[str]] = {}
        self._recorders: dict[tuple[str, str], int] = {}

    @property
    def _xml(self) -> Any:
        return self._config.stash.get(xml_key, None)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> Generator[None, None, None]:
        """See what pytest counts, to know it by cell."""
        before = _counted(self._xml)
        report.user_properties = [*report.user_properties, *self._told_with_each(report.nodeid)]
        yield
        self._count(str(report.nodeid), before)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_collectreport(self, report: pytest.CollectReport) -> Generator[None, None, None]:
        """Give what was not collected its cell's properties, and the name that it has in a session without cells.

        pytest takes ``.py`` from the end of a file's name, where here the cell is. What is set before it looks stays.
        """
        nodeid, before = str(report.nodeid), _counted(self._xml)
        cell = self._cells.get(_cell_in(nodeid))
        if cell is not None and not report.passed and self._xml is not None:
            reporter = self._xml.node_reporter(report)
            path = nodeid.removesuffix(with_cell("", cell.name))
            if path.endswith(".py") and "::" not in path:
                reporter.add_attribute("name", with_cell(path.removesuffix(".py").replace("/", "."), cell.name))
                reporter.add_attribute("file", path)
            for name, value in (*properties(cell), *self._told_with_each(nodeid)):
                reporter.add_property(name, value)
        yield
        self._count(nodeid, before)

    def _told_with_each(self, nodeid: str) -> Sequence[tuple[str, str]]:
        """What has run a cell is told with each of its test cases where it has no suite of its own."""
        said = self._executions.get(_cell_in(nodeid))
        if said is None or self._xml is None or self._xml.family == "xunit2":
            return ()
        return ((_EXECUTION, said),)

    def _count(self, nodeid: str, before: Counter[str]) -> None:
        counts = self._counts.get(_cell_in(nodeid))
        if counts is not None:
            counts.update(_counted(self._xml) - before)

    def record(self, recorded: Recorded, cell: str, worker: int) -> None:
        """Add what a test has recorded; of the session, what several workers say once."""
        if self._xml is None:
            return
        if recorded.nodeid:
            self._xml.node_reporter(with_cell(recorded.nodeid, cell)).add_attribute(recorded.name, recorded.value)
            return
        key = (recorded.name, recorded.value)
        self._recorded.setdefault(key, set()).add(cell)
        if self._recorders.setdefault(key, worker) == worker:
            self._xml.add_global_property(*key)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self) -> Generator[None, None, None]:
        """Divide the report when pytest has written it."""
        xml = self._xml
        yield
        if xml is None or xml.family != "xunit2":
            return
        file = Path(xml.logfile)
        if not file.is_file():  # a pipe, or a terminal: what was written is gone
            return
        tree = ElementTree.parse(file)
        self._divide(tree.getroot())
        tree.write(file, encoding="utf-8", xml_declaration=True)

    def _divide(self, root: Element) -> None:
        """Make a suite for each cell of the one that pytest has written, of which remains what is of no cell."""
        (whole,) = root
        cases: dict[str, list[Element]] = {name: [] for name in self._cells}
        for case in list(whole.iter("testcase")):
            name = _take_cell(case, self._cells.values())
            if name in cases:
                cases[name].append(case)
                whole.remove(case)
        recorded = [(each.get("name", ""), each.get("value", "")) for each in whole.findall("properties/property")]
        if not list(whole.iter("testcase")):
            root.remove(whole)
        for name, cell in self._cells.items():
            if cases[name]:
                own = [key for key in dict.fromkeys(recorded) if name in self._recorded.get(key, self._cells)]
                if name in self._executions:
                    own.insert(0, (_EXECUTION, self._executions[name]))
                suite = _suite(whole, cell, cases[name], self._counts[name], own)
                root.append(suite)


def _counted(xml: Any) -> Counter[str]:
    """What pytest has counted so far; what it has counted twice is negative."""
    return Counter() if xml is None else Counter({**xml.stats, "twice": xml.cnt_double_fail_tests})


def _cell_in(nodeid: str) -> str:
    return nodeid[:-1].rpartition("[")[2] if nodeid.endswith("]") else ""


def _take_cell(case: Element, cells: Iterable[Cell]) -> str:
    """The cell of a test case, whose properties are taken away: those of its own come after its cell's."""
    listed = case.find("properties")
    if listed is None:
        return _cell_in(case.get("name", ""))
    found = [(each.get("name"), each.get("value")) for each in listed]
    for cell in cells:
        expected = properties(cell)
        if found[: len(expected)] == expected:
            del listed[: len(expected)]
            if not len(listed):
                case.remove(listed)
            return cell.name
    return ""


def _suite(
    whole: Element, cell: Cell, cases: Sequence[Element], counts: Counter[str], recorded: Iterable[tuple[str, str]]
) -> Element:
    """The suite of a cell, with what pytest counts as it does."""
    tests = sum(counts[each] for each in ("passed", *_COUNTS.values())) - counts["twice"]
    seconds = sum(float(case.get("time", "0")) for case in cases)
    suite = Element(
        "testsuite",
        {
            **whole.attrib,
            "name": with_cell(whole.get("name", ""), cell.name),
            **{attribute: str(counts[name]) for attribute, name in _COUNTS.items()},
            "tests": str(tests),
            "time": f"{seconds:.3f}",
        },
    )
    listed = ElementTree.SubElement(suite, "properties")
    for name, value in (*properties(cell), *recorded):
        ElementTree.SubElement(listed, "property", name=name, value=str(value))
    suite.extend(cases)
    return suite
