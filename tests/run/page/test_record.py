"""What a session reports becomes rows, cells and warnings."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any, cast

import pytest

from pytest_ofiuco.run.cells import LockFacts, PlannedCell, SessionPlan
from pytest_ofiuco.run.page.file import PageFile
from pytest_ofiuco.run.page.reading import message_of
from pytest_ofiuco.run.page.record import Record
from pytest_ofiuco.run.proxies import Forest, with_cell
from tests.run.fakes import make_cell, remote_item
from tests.run.page.samples import data_of

OLD, NEW = make_cell("py310"), make_cell("py313")
PLAN = SessionPlan(
    lock=LockFacts(path="uv.lock", format="uv", version="1.3", packages=1),
    cells=(
        PlannedCell(cell=OLD, versions={"pytest": "9.2.0", "attrs": None}),
        PlannedCell(cell=NEW, versions={"pytest": "9.2.0"}),
    ),
    all_names=(OLD.name, NEW.name),
    warnings=(),
)


@pytest.fixture
def record(session: pytest.Session, tmp_path: Path) -> Record:
    return Record(
        session.config, PLAN, PageFile.prepare("page.html", tmp_path), {NEW.name: "CPython 3.13.5, qemu 10.0"}
    )


def report(nodeid: str, when: str, outcome: str, longrepr: object = None, **changes: Any) -> pytest.TestReport:
    """A test's report in the older cell."""
    made = pytest.TestReport(
        nodeid=with_cell(nodeid, changes.pop("cell", OLD.name)),
        location=("test_a.py", 0, "test"),
        keywords={},
        outcome=outcome,  # type: ignore[arg-type]  # plugins have outcomes of their own
        longrepr=cast(Any, longrepr),
        when=when,  # type: ignore[arg-type]
        sections=changes.pop("sections", []),
        duration=0.1,
    )
    made.__dict__.update(changes)
    return made


def collect_report(nodeid: str, outcome: str, longrepr: object) -> pytest.CollectReport:
    return pytest.CollectReport(nodeid, outcome, cast(Any, longrepr), [])  # type: ignore[arg-type]


def heard_in(record: Record) -> dict[str, tuple[str, Any]]:
    """By test: a letter a cell; and of the older cell the message, the parts and the output."""
    data = data_of(record.document(""))

    def more(found: dict[str, Any]) -> Any:
        message, parts, output = found.get("0", ["", [], []])
        shown = [f"{label}: {letter}: {data['texts'][text]}" for label, letter, text in parts]
        return message, shown, [(title, data["texts"][text]) for title, text in output]

    return {name: (letters, more(found)) for name, letters, _, found in data["tests"]}


SKIP = ("test_a.py", 3, "Skipped: not now")
CASES = [
    pytest.param([("setup", "passed"), ("call", "passed"), ("teardown", "passed")], ".", "", [], id="passed"),
    pytest.param(
        [("setup", "passed"), ("call", "failed", "E   wrong")], "F", "wrong", ["call: F: E   wrong"], id="failed"
    ),
    pytest.param([("setup", "failed", "gone")], "E", "gone", ["setup: E: gone"], id="error in setup"),
    pytest.param(
        [("call", "passed"), ("teardown", "failed", "gone")], "E", "gone", ["teardown: E: gone"], id="error in teardown"
    ),
    pytest.param(
        [("call", "failed", "wrong"), ("teardown", "failed", "gone")],
        "F",
        "wrong",
        ["call: F: wrong", "teardown: E: gone"],
        id="failed and error",
    ),
    pytest.param(
        [("setup", "skipped", SKIP), ("teardown", "passed")],
        "s",
        "not now",
        ["setup: s: test_a.py:3: Skipped: not now"],
        id="skipped",
    ),
    pytest.param(
        [("call", "skipped", "E   known", {"wasxfail": "reason: later"})],
        "x",
        "later",
        ["call: x: later\n\nE   known"],
        id="xfailed",
    ),
    pytest.param([("call", "passed", None, {"wasxfail": "later"})], "X", "later", ["call: X: later"], id="xpassed"),
    pytest.param(
        [("call", "failed", "[XPASS(strict)] later")],
        "F",
        "[XPASS(strict)] later",
        ["call: F: [XPASS(strict)] later"],
        id="strictly xpassed",
    ),
    pytest.param(
        [("call", "rerun", "first"), ("call", "rerun", "second"), ("call", "passed")],
        ".",
        "",
        ["call: R: first", "call: R: second"],
        id="run again, and passed",
    ),
    pytest.param(
        [("call", "rerun", "first"), ("call", "failed", "second")],
        "F",
        "second",
        ["call: R: first", "call: F: second"],
        id="run again, in vain",
    ),
    pytest.param([("call", "odd", "what a plugin has made up")], "E", "what a plugin has made up", None, id="unknown"),
]


@pytest.mark.parametrize(("reports", "letter", "message", "parts"), CASES)
def test_outcomes(record: Record, reports: list[Any], letter: str, message: str, parts: list[str] | None) -> None:
    for when, outcome, *rest in reports:
        longrepr, changes = (*rest, None, {})[0], (*rest, None, {})[1] or {}
        record.pytest_runtest_logreport(report("test_a.py::test", when, outcome, longrepr, **changes))
    ((letters, (said, shown, _)),) = heard_in(record).values()
    assert (letters, said) == (f"{letter}-", message)
    assert parts is None or shown == parts


def test_subtests_of_this_pytest_and_of_others(record: Record) -> None:
    class Context:
        msg, kwargs = "one", {"i": "1"}

    elsewhere = {"_subtest.context": {"msg": None, "kwargs": {"i": "2"}}}
    for each in (
        report("test_a.py::test", "call", "failed", "E   one", context=Context()),
        report("test_a.py::test", "call", "passed", **elsewhere),
        report("test_a.py::test", "call", "skipped", SKIP, **{"_subtest.context": {"msg": None, "kwargs": {}}}),
        report("test_a.py::test", "call", "failed", "contains 1 failed subtest"),
        report("test_b.py::test", "call", "skipped", SKIP, **elsewhere),
        report("test_b.py::test", "call", "passed"),
    ):
        record.pytest_runtest_logreport(each)
    letters, (message, parts, _) = heard_in(record)["test_a.py::test"]
    assert (letters, message) == ("F-", "one")
    assert parts == [
        "subtest [one] (i=1): F: E   one",
        "subtest (i=2): .: ",
        "subtest (unnamed): s: test_a.py:3: Skipped: not now",
        "call: F: contains 1 failed subtest",
    ]
    assert heard_in(record)["test_b.py::test"][0] == ".-"


def test_output_is_kept_once_and_cleaned(record: Record) -> None:
    first, later = ("Captured stdout setup", "one\r\n"), ("Captured stdout call", "two \x1b[2K\udcff")
    record.pytest_runtest_logreport(report("a.py::test", "setup", "passed", sections=[first]))
    record.pytest_runtest_logreport(report("a.py::test", "call", "passed", sections=[first, later]))
    record.pytest_runtest_logreport(report("a.py::test", "teardown", "passed", sections=[first, later]))
    assert heard_in(record)["a.py::test"][1][2] == [
        ("Captured stdout setup", "one\n"),
        ("Captured stdout call", "two \\xff"),
    ]
    data = data_of(record.document(""))
    assert data["tests"][0][2] == [300, 0]


def test_what_was_selected_and_did_not_run(record: Record, session: pytest.Session) -> None:
    forest = Forest(session)
    one, two = (remote_item(f"test_a.py::test_{name}") for name in ("one", "two"))
    session.items = [forest.item(one, OLD, 0), forest.item(one, NEW, 0), forest.item(two, NEW, 1)]
    record.pytest_collection_finish(session)
    record.pytest_runtest_logreport(report("test_a.py::test_one", "call", "passed", cell=NEW.name))
    assert {name: letters for name, (letters, _) in heard_in(record).items()} == {
        "test_a.py::test_one": "n.",
        "test_a.py::test_two": "-n",
    }


def test_cells_and_files_that_could_not_take_part(record: Record) -> None:
    record.pytest_collectreport(collect_report(f"ofiuco[{OLD.name}]", "failed", "error: no such file\nhint: find it"))
    record.pytest_collectreport(collect_report(f"ofiuco[{NEW.name}]", "skipped", ("uv.lock", None, "Skipped: no qemu")))
    broken = collect_report(f"test_a.py[{OLD.name}]", "failed", "ImportError while importing\nE   no module named x")
    record.pytest_collectreport(broken)
    record.pytest_collectreport(broken)
    record.pytest_collectreport(collect_report(f"test_b.py[{NEW.name}]", "skipped", SKIP))
    record.pytest_collectreport(collect_report("", "passed", None))
    data = data_of(record.document(""))
    assert [cell["problems"] for cell in data["cells"]] == [
        [["error", "error: no such file\nhint: find it"]],
        [["skipped", "no qemu"]],
    ]
    tests = heard_in(record)
    assert tests["test_a.py"] == (
        "E-",
        ("no module named x", ["collection: E: ImportError while importing\nE   no module named x"], []),
    )
    assert tests["test_b.py"][0] == "-s"


def test_cells_are_those_of_the_plan(record: Record) -> None:
    first, second = data_of(record.document(""))["cells"]
    assert (first["name"], first["python"], first["platform"]) == ("py310-host", "3.10", "host")
    assert first["packages"] == {"attrs": None, "pytest": "9.2.0"}
    assert first["markers"]["platform_machine"] == "x86_64"
    assert second["tag"] == "manylinux_2_36_x86_64"
    assert (first["execution"], second["execution"]) == ("", "CPython 3.13.5, qemu 10.0")


def test_warnings(record: Record) -> None:
    def warned(nodeid: str) -> None:
        message = warnings.WarningMessage(UserWarning("old"), UserWarning, "a.py", 3)
        record.pytest_warning_recorded(message, nodeid)

    for nodeid in ("a.py::test[py313-host]", "a.py::test[py310-host]", "b.py::test[py313-host]", ""):
        warned(nodeid)
    assert data_of(record.document(""))["warnings"] == [
        ["UserWarning", "old", "a.py:3", 4, ["py310-host", "py313-host"]]
    ]


def test_the_message_is_the_crash() -> None:
    try:
        assert OLD == NEW
    except AssertionError:
        longrepr = pytest.ExceptionInfo.from_current().getrepr()
    assert message_of(report("a.py::test", "call", "failed", longrepr)).startswith("AssertionError: assert")


def test_the_end_of_a_session(record: Record, session: pytest.Session) -> None:
    session.shouldstop = "stopping after 1 failures"
    record.pytest_sessionfinish(session)
    assert '<p class="ending">stopping after 1 failures</p>' in record.page.path.read_text(encoding="utf-8")
    assert record.said == "wrote page.html"


def test_a_page_that_cannot_be_written_is_no_success(record: Record, session: pytest.Session) -> None:
    record.page.path.mkdir()
    session.exitstatus = pytest.ExitCode.OK
    record.pytest_sessionfinish(session)
    assert record.said == "could not write page.html: Is a directory"
    assert session.exitstatus == pytest.ExitCode.TESTS_FAILED
    assert [each.name for each in record.page.path.parent.iterdir()] == ["page.html"]


def test_nothing_is_written_of_a_collection_alone(record: Record, session: pytest.Session) -> None:
    session.config.option.collectonly = True
    record.pytest_sessionfinish(session)
    assert not record.page.path.exists()
    assert record.said == ""
