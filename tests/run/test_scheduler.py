"""Scripted workers that are lost, lie or stop: no test is lost with them."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_ofiuco.errors import FetchError
from pytest_ofiuco.run.events import MAX_CRASHES
from pytest_ofiuco.run.messages import Bye, Failed, Gone, Message, Ran, Stopped
from tests.run.fakes import passed, remote_item
from tests.run.sessions import Life, Scripted, reports_of

KILLED = "was killed by SIGKILL"


def test_every_test_runs_in_every_cell(session: pytest.Session) -> None:
    scripted = Scripted(session, {"py310": "ab", "py313": "abc"})
    outcomes = scripted.play()
    assert reports_of(outcomes, "py310") == [("a", "passed"), ("b", "passed")]
    assert reports_of(outcomes, "py313") == [("a", "passed"), ("b", "passed"), ("c", "passed")]
    assert session.testscollected == 5
    assert [worker.is_closed for worker in scripted.workers] == [True, True]


def test_a_crash_fails_its_test_and_a_fresh_worker_takes_the_rest(session: pytest.Session) -> None:
    scripted = Scripted(session, {"py310": "abc", "py313": "abc"}, {"py310": [Life(runs=1)]})
    outcomes = scripted.play()
    assert reports_of(outcomes, "py310") == [("a", "passed"), ("b", "failed"), ("c", "passed")]
    assert reports_of(outcomes, "py313") == [("a", "passed"), ("b", "passed"), ("c", "passed")]
    assert scripted.started.count("py310") == 2
    text = outcomes.texts["test_a.py::b[py310-host]"]
    assert text == f"the worker of py310-host {KILLED} while running test_a.py::b[py310-host]"


def test_a_crash_on_the_last_test_needs_no_fresh_worker(session: pytest.Session) -> None:
    scripted = Scripted(session, {"py310": "ab"}, {"py310": [Life(runs=1)]})
    assert reports_of(scripted.play(), "py310") == [("a", "passed"), ("b", "failed")]
    assert scripted.started == ["py310"]


def test_too_many_crashes_end_the_cell(session: pytest.Session) -> None:
    tests = [f"test_{number}" for number in range(MAX_CRASHES + 5)]
    scripted = Scripted(session, {"py310": tests}, {"py310": [Life(runs=0)] * 99})
    outcomes = scripted.play()
    assert reports_of(outcomes, "py310") == [(test, "failed") for test in tests]
    assert scripted.started.count("py310") == MAX_CRASHES + 1
    last = f"not run: the worker of py310-host {KILLED}; no further worker is started"
    assert outcomes.texts[f"test_a.py::{tests[-1]}[py310-host]"] == last
    assert "no further worker is started" not in outcomes.texts[f"test_a.py::{tests[0]}[py310-host]"]


def test_a_worker_lost_while_collecting_is_an_error_of_its_cell(session: pytest.Session) -> None:
    outcomes = Scripted(session, {"py310": "ab", "py313": "ab"}, {"py310": [Life(collects=False)]}).play()
    assert outcomes.cells == [("ofiuco[py310-host]", "failed", f"the worker of py310-host {KILLED}\nlast words")]
    assert reports_of(outcomes, "py310") == []
    assert len(reports_of(outcomes, "py313")) == 2


def test_a_fresh_worker_lost_while_collecting_fails_the_rest(session: pytest.Session) -> None:
    scripted = Scripted(session, {"py310": "abc"}, {"py310": [Life(runs=0), Life(collects=False)]})
    outcomes = scripted.play()
    assert reports_of(outcomes, "py310") == [("a", "failed"), ("b", "failed"), ("c", "failed")]
    assert scripted.started.count("py310") == 2


def test_a_test_that_is_not_collected_again_fails(session: pytest.Session) -> None:
    lives = [Life(runs=0), Life(tests=("c", "a"))]
    outcomes = Scripted(session, {"py310": "abc"}, {"py310": lives}).play()
    assert sorted(reports_of(outcomes, "py310")) == [("a", "failed"), ("b", "failed"), ("c", "passed")]
    text = outcomes.texts["test_a.py::b[py310-host]"]
    assert text == "not run: the fresh worker of py310-host did not collect this test"


@pytest.fixture
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pytest_ofiuco.run.limits.START_SECONDS", 0.05)


@pytest.mark.usefixtures("_impatient")
def test_a_worker_that_says_nothing_is_started_again_once(session: pytest.Session) -> None:
    silent = Life(answers=False)
    scripted = Scripted(session, {"py310": "ab", "py313": "ab"}, {"py310": [silent], "py313": [silent, silent]})
    outcomes = scripted.play()
    assert reports_of(outcomes, "py310") == [("a", "passed"), ("b", "passed")]
    assert reports_of(outcomes, "py313") == []
    text = "the worker of py313-host did not answer within 0.05 s\nlast words"
    assert outcomes.cells == [("ofiuco[py313-host]", "failed", text)]
    assert sorted(scripted.started) == ["py310"] * 2 + ["py313"] * 2
    said = "a worker said nothing for 0.05 s after its start, was ended, and started again"
    assert sorted(scripted.controller.launcher.warnings) == [f"py310-host: {said}", f"py313-host: {said}"]


@pytest.mark.usefixtures("_impatient")
def test_a_fresh_worker_that_says_nothing_is_started_again_too(session: pytest.Session) -> None:
    scripted = Scripted(session, {"py310": "abc"}, {"py310": [Life(runs=1), Life(answers=False)]})
    assert reports_of(scripted.play(), "py310") == [("a", "passed"), ("b", "failed"), ("c", "passed")]
    assert scripted.started == ["py310"] * 3


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_worker_lost_while_it_waits_is_replaced(session: pytest.Session, jobs: int) -> None:
    lives = [Life(waits=False)]
    outcomes = Scripted(session, {"py310": "ab", "py313": "ab"}, {"py313": lives}, jobs).play()
    assert len(reports_of(outcomes, "py310")) == 2
    if outcomes.cells:  # it was lost before the other cell had collected
        assert outcomes.cells[0][2] == f"the worker of py313-host {KILLED} before it was asked to run"
    else:
        assert reports_of(outcomes, "py313") == [("a", "passed"), ("b", "passed")]


@pytest.mark.parametrize(
    ("last", "said"),
    [
        pytest.param((Ran(test=99, reports=()),), "it ran test 99, which it was not asked to", id="unknown test"),
        pytest.param((Ran(test=0, reports=tuple(passed("x"))),), "it ran test 0", id="a test twice"),
        pytest.param(
            (Failed(reason="unknown message 'surprise'"),), "unknown message 'surprise'", id="unknown message"
        ),
        pytest.param((Ran(test=1, reports=({},)),), "report cannot be read", id="no report"),
        pytest.param(
            (Bye(exitstatus=0), Gone(how="exited with 0", tail="")), "ended its session early", id="early end"
        ),
        pytest.param((Gone(how="closed its connection", tail=""),), "closed its connection", id="closed channel"),
    ],
)
def test_a_lying_worker_is_replaced(session: pytest.Session, last: tuple[Message, ...], said: str) -> None:
    outcomes = Scripted(session, {"py310": "abc"}, {"py310": [Life(runs=1, loses=last)]}).play()
    assert reports_of(outcomes, "py310") == [("a", "passed"), ("b", "failed"), ("c", "passed")]
    assert said in outcomes.texts["test_a.py::b[py310-host]"]


def test_a_cell_that_cannot_be_prepared_is_an_error_of_its_own(session: pytest.Session) -> None:
    errors = {"3.10": FetchError("a.whl", "the index is down", "wait")}
    scripted = Scripted(session, {"py310": "a", "py313": "a"}, errors=errors)
    outcomes = scripted.play()
    ((nodeid, outcome, text),) = outcomes.cells
    assert (nodeid, outcome) == ("ofiuco[py310-host]", "failed")
    assert text == "error: a.whl: cannot be fetched: the index is down\nhint: wait"
    assert reports_of(outcomes, "py313") == [("a", "passed")]
    assert scripted.controller.runs["py310-host"].tally.remark == "error: could not prepare"


def test_no_cell_left_is_an_interruption(session: pytest.Session) -> None:
    with pytest.raises(pytest.Session.Interrupted, match="1 error during collection"):
        Scripted(session, {"py310": "a"}, {"py310": [Life(collects=False)]}).play()


def test_a_cell_whose_pytest_stops_ends_the_session(session: pytest.Session) -> None:
    lives = [Life(runs=1, loses=(Stopped(reason="enough"),))]
    scripted = Scripted(session, {"py310": "ab", "py313": "ab"}, {"py310": lives})
    with pytest.raises(pytest.exit.Exception, match="py310-host: enough"):
        scripted.play()
    assert all(worker.is_closed for worker in scripted.workers)
    assert scripted.controller.notes == ["py310-host stopped: enough"]


def test_a_mark_that_makes_no_sense_is_wrong_usage(session: pytest.Session) -> None:
    def marked(nodeid: str) -> object:
        return remote_item(nodeid, markers=(("python", ("no version",), {}),))

    scripted = Scripted(session, {"py310": "a"})
    scripted.remote = marked  # type: ignore[assignment]  # a dataclass's field, no method
    with pytest.raises(pytest.UsageError, match=r"test_a.py::a: mark python: .*no version"):
        scripted.play()


cells = st.dictionaries(
    st.sampled_from(["py310", "py311", "py313"]),
    st.lists(st.sampled_from("abcdef"), unique=True, max_size=6),
    min_size=1,
)
lives = st.lists(
    st.builds(
        Life,
        runs=st.none() | st.integers(0, 6),
        collects=st.sampled_from([True, True, True, False]),
        waits=st.sampled_from([True, True, True, False]),
    ),
    max_size=4,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(tests=cells, scripts=st.lists(lives, min_size=3, max_size=3), jobs=st.integers(1, 3))
def test_no_test_is_lost(
    session: pytest.Session, tests: dict[str, list[str]], scripts: list[list[Life]], jobs: int
) -> None:
    session.testsfailed = 0
    scripted = Scripted(session, tests, dict(zip(sorted(tests), scripts, strict=False)), jobs)
    try:
        outcomes = scripted.play()
    except pytest.Session.Interrupted:
        assert not any(run.unreported() for run in scripted.controller.runs.values())
        return
    refused = {nodeid.partition("[")[2].partition("-")[0] for nodeid, _, _ in outcomes.cells}
    for label, names in tests.items():
        found = sorted(name for name, _ in reports_of(outcomes, label))
        assert found == sorted(names) or (label in refused and found == [])


def test_a_traceback_is_told_by_its_exception(session: pytest.Session) -> None:
    """Not by the last line of what the exception says."""
    frames = 'Traceback (most recent call last):\n  File "a.py", line 1, in f\n    f()\n    ^^^\n'
    reason = f"{frames}RuntimeError: it is late\nSee the manual for more."
    lives = {"py310": [Life(runs=1, loses=(Failed(reason=reason),))]}
    outcomes = Scripted(session, {"py310": "ab"}, lives).play()
    said = outcomes.texts["test_a.py::b[py310-host]"]
    assert said.startswith("the worker of py310-host failed: RuntimeError: it is late\nTraceback")
