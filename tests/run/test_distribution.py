"""A cell's tests on several scripted workers: none is lost or run twice, and groups stay together."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pytest_ofiuco.run import controller, worth
from pytest_ofiuco.run.cellrun import Phase
from pytest_ofiuco.run.distribution import MODES, Group, by_file, by_mark, by_scope
from pytest_ofiuco.run.events import MAX_CRASHES
from pytest_ofiuco.run.messages import RemoteItem
from tests.run.fakes import remote_item
from tests.run.sessions import Life, Scripted, reports_of

GROUPS: Mapping[str, str] = {"a": "first", "c": "first", "f": "first", "b": "second", "h": "second"}
"""The ``xdist_group`` of some tests; the others stand alone."""


def grouped(nodeid: str) -> RemoteItem:
    group = GROUPS.get(nodeid.rpartition("::")[2])
    return remote_item(nodeid, markers=(("xdist_group", (), {"name": group}),) if group else ())


def test_all_workers_that_are_asked_for_run_tests(session: pytest.Session) -> None:
    tests = [f"test_{number}" for number in range(40)]
    scripted = Scripted(session, {"py310": tests, "py313": tests}, jobs=8, all_jobs=True)
    outcomes = scripted.play()
    assert sorted(reports_of(outcomes, "py310")) == sorted((test, "passed") for test in tests)
    assert sorted(reports_of(outcomes, "py313")) == sorted((test, "passed") for test in tests)
    assert len(scripted.workers) >= 8


@pytest.mark.parametrize(
    ("count", "each"),
    [
        pytest.param(16, [4, 4, 4, 4], id="several each"),
        pytest.param(4, [1, 1, 1, 1], id="one each"),
        pytest.param(2, [1, 1], id="fewer than workers"),
    ],
)
def test_tests_are_shared_out_before_the_first_ends(session: pytest.Session, count: int, each: list[int]) -> None:
    """A worker gives nothing back while it is on a test, which may take long."""
    tests = [f"test_{number}" for number in range(count)]
    scripted = Scripted(session, {"py310": tests}, jobs=4, all_jobs=True)
    scripted.play()
    assert [len(worker.ran) for worker in scripted.workers] == each


def test_what_one_worker_has_not_collected_another_runs(session: pytest.Session) -> None:
    lives = [Life(), Life(tests=tuple("abcdefg"))]
    scripted = Scripted(session, {"py310": "abcdefgh"}, {"py310": lives}, jobs=2, all_jobs=True)
    outcomes = scripted.play()
    assert sorted(reports_of(outcomes, "py310")) == [(test, "passed") for test in "abcdefgh"]
    assert "e" in scripted.workers[1].ran


def test_one_worker_a_cell_where_tests_are_short(session: pytest.Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worth, "_START_SECONDS", 1000.0)
    tests = [f"test_{number}" for number in range(40)]
    scripted = Scripted(session, {"py310": tests}, jobs=8)
    scripted.play()
    assert scripted.started == ["py310"]


def test_no_more_workers_are_started_while_one_waits(session: pytest.Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """The busiest is in a long test, and gives nothing away until it is through."""
    monkeypatch.setattr(worth, "_WORTH", 0.0)
    monkeypatch.setattr(worth, "_START_SECONDS", 0.0)
    monkeypatch.setattr(controller, "HEED_SECONDS", 0.01)
    tests = [f"test_{number}" for number in range(9)]
    scripted = Scripted(session, {"py310": tests}, {"py310": [Life(lasts=300)]}, jobs=2)
    outcomes = scripted.play()
    assert sorted(name for name, _ in reports_of(outcomes, "py310")) == tests
    assert 2 <= len(scripted.workers) <= 3


def test_what_comes_back_when_nobody_waits_for_it_is_run(
    session: pytest.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worth, "_WORTH", 0.0)
    tests = [f"test_{number}" for number in range(9)]
    lives = [Life(), Life(waits=False), Life(runs=0)]
    outcomes = Scripted(session, {"py310": tests}, {"py310": lives}, jobs=2).play()
    assert sorted(name for name, _ in reports_of(outcomes, "py310")) == tests


@pytest.mark.parametrize(
    ("nodeid", "scope", "file"),
    [
        pytest.param("a/test_b.py::test_c[x]", "a/test_b.py", "a/test_b.py", id="function"),
        pytest.param("a/test_b.py::TestC::test_d", "a/test_b.py::TestC", "a/test_b.py", id="method"),
        pytest.param("test_b.py::TestC::test_d[a::b]", "test_b.py::TestC", "test_b.py", id="colons in a parameter"),
        pytest.param("README.md::README.md", "README.md", "README.md", id="doctest"),
    ],
)
def test_names_of_groups(session: pytest.Session, nodeid: str, scope: str, file: str) -> None:
    scripted = Scripted(
        session, {"py310": "a"}, remote=lambda _: remote_item(nodeid, name=nodeid[len(scope) + 2 :] or nodeid)
    )
    scripted.play()
    (proxy,) = session.items
    assert by_scope(proxy) == scope  # type: ignore[arg-type]  # the session's items are proxies
    assert by_file(proxy) == file  # type: ignore[arg-type]


lives = st.lists(
    st.builds(
        Life,
        runs=st.none() | st.integers(0, 4),
        waits=st.sampled_from([True, True, True, True, False]),
        tests=st.none()
        | st.none()
        | st.permutations("abcdefgh").map(tuple)
        | st.lists(st.sampled_from("abcdefgh"), unique=True).map(tuple),
    ),
    max_size=6,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=30)
@given(
    tests=st.permutations("abcdefgh").flatmap(lambda each: st.sampled_from([each, each[:5]])),
    lives=lives,
    jobs=st.integers(2, 4),
    all_jobs=st.booleans(),
    mode=st.sampled_from([by_mark, by_scope]),
)
@example(tests=list("abcdefgh"), lives=[Life(), Life(waits=False)], jobs=2, all_jobs=False, mode=by_mark)
def test_no_test_is_lost_and_groups_stay_together(
    session: pytest.Session, tests: list[str], lives: list[Life], jobs: int, all_jobs: bool, mode: Group
) -> None:
    session.testsfailed, session.shouldfail = 0, False
    lives = [Life(), *(Life(runs=each.runs, waits=each.waits, tests=_of(each, tests)) for each in lives)]
    scripted = Scripted(session, {"py310": tests}, {"py310": lives}, jobs, all_jobs, group=mode, remote=grouped)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(worth, "_WORTH", 0.0)
        outcomes = scripted.play()
    assert sorted(name for name, _ in reports_of(outcomes, "py310")) == sorted(tests)
    ran = [test for worker in scripted.workers for test in worker.ran]
    assert len(ran) == len(set(ran))
    run = scripted.controller.runs["py310-host"]
    assert run.phase is Phase.OVER
    assert not run.workers
    assert run.crashes <= MAX_CRASHES
    assert all(worker.is_closed for worker in scripted.workers)
    if all(life.runs is None and life.waits for life in lives):  # what a lost worker leaves goes to another one
        for group in set(GROUPS.values()) if mode is by_mark else ():
            assert sum(any(GROUPS.get(test) == group for test in worker.ran) for worker in scripted.workers) <= 1


def _of(life: Life, tests: list[str]) -> tuple[str, ...] | None:
    return None if life.tests is None else tuple(test for test in life.tests if test in tests)


def test_every_mode_of_xdist_that_distributes_is_known() -> None:
    assert {"load", "loadscope", "loadfile", "loadgroup", "worksteal"} == set(MODES)
