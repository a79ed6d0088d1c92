"""Several workers a cell: as many as are asked for, in our own words or pytest-xdist's, which may be there or not."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.plugin.conftest import NewProject, Project

pytestmark = pytest.mark.e2e

_PROJECTS = Path(__file__).parents[1] / "data" / "projects"

TOGETHER = """
    import os, pathlib, time
    import pytest

    @pytest.mark.parametrize("number", range(8))
    def test_waits_for_the_others(number, worker_id):
        here = pathlib.Path("here")
        here.mkdir(exist_ok=True)
        (here / worker_id).touch()
        deadline = time.monotonic() + 30
        while len(list(here.iterdir())) < int(os.environ["TOGETHER"]):
            assert time.monotonic() < deadline
            time.sleep(0.02)
"""

OPTIONS = ("-p", "no:cacheprovider", "--tb=short")


@pytest.mark.parametrize(
    ("options", "count"),
    [
        pytest.param(["--ofiuco-jobs=8"], "8", id="our own"),
        pytest.param(["-n5"], "5", id="pytest-xdist's"),
        pytest.param(["--ofiuco-jobs=3", "-n9"], "3", id="both"),
    ],
)
def test_all_workers_that_are_asked_for_run_at_the_same_time(
    project: Project, options: Sequence[str], count: str
) -> None:
    project.write({"test_a.py": TOGETHER})
    result = project.matrix(*OPTIONS, *options, TOGETHER=count)
    result.assert_outcomes(passed=16)
    assert len(list((project.folder / "here").iterdir())) == int(count)


@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="one worker at a time on one processor")
def test_long_tests_of_one_cell_get_a_further_worker_by_themselves(project: Project) -> None:
    project.write({"test_a.py": TOGETHER})
    result = project.matrix(*OPTIONS, "--ofiuco-cell=py313-host", "--ofiuco-jobs=auto", TOGETHER="2")
    result.assert_outcomes(passed=8)


def settle(project: Project, *, has_xdist: bool, settings: str = "") -> None:
    """Write the lock and the settings of a project whose cells have pytest-xdist, or not."""
    kind = _PROJECTS / ("distributed" if has_xdist else "small")
    shutil.copy(kind / "uv.lock", project.folder)
    text = (kind / "pyproject.toml").read_text(encoding="utf-8").partition("[tool.ofiuco]")[0]
    text += f'[tool.ofiuco]\npython = ["3.10", "3.13"]\n[tool.pytest.ini_options]\n{settings}\n'
    (project.folder / "pyproject.toml").write_text(text, encoding="utf-8")


@pytest.fixture(scope="module")
def beside(new_project: NewProject, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A module path that adds a cell's pytest-xdist to the controller's environment."""
    project = new_project()
    settle(project, has_xdist=True)
    done = project.run([sys.executable, "-m", "pytest_ofiuco", "sync", "--format", "json"], {})
    cells = json.loads("\n".join(done.outlines))["cells"]
    environment = next(Path(each["environment"]) for each in cells if each["name"] == "py313-host")
    folder = tmp_path_factory.mktemp("beside")
    packages = environment / "lib" / "python3.13" / "site-packages"
    for name in ("xdist", next(packages.glob("pytest_xdist-*.dist-info")).name):
        shutil.copytree(packages / name, folder / name)
    return str(folder)


AS_WITH_XDIST = {
    "conftest.py": """
        import os
        import pytest

        @pytest.fixture(scope="session")
        def database(worker_id, testrun_uid):
            assert testrun_uid == os.environ["PYTEST_XDIST_TESTRUNUID"] == "abc"
            assert worker_id == os.environ["PYTEST_XDIST_WORKER"]
            assert os.environ["PYTEST_XDIST_WORKER_COUNT"] == "4"
            with open(f"made-{worker_id}", "x"):
                yield f"database-{worker_id}"
    """,
    "test_a.py": "def test_first(database): assert database\n" + TOGETHER.replace("\n    ", "\n"),
    "test_b.py": "def test_second(database): assert database\n" + TOGETHER.replace("\n    ", "\n"),
}


@pytest.mark.parametrize(
    ("in_cells", "in_controller", "in_settings"),
    [
        pytest.param(False, False, True, id="nowhere, in settings"),
        pytest.param(False, False, False, id="nowhere, in a variable"),
        pytest.param(False, True, True, id="beside the plugin, in settings"),
        pytest.param(True, False, False, id="in cells, in a variable"),
        pytest.param(True, True, True, id="in both, in settings"),
    ],
)
def test_options_of_xdist_mean_the_same_wherever_it_is(
    in_cells: bool, in_controller: bool, in_settings: bool, beside: str, project: Project
) -> None:
    options = "-n 4 --dist=loadfile --maxschedchunk 2 --testrunuid=abc"
    settle(project, has_xdist=in_cells, settings=f'addopts = "{options}"' if in_settings else "")
    project.write(AS_WITH_XDIST)
    variables = {"PYTHONPATH": beside} if in_controller else {}
    if not in_settings:
        variables["PYTEST_ADDOPTS"] = options
    project.matrix(*OPTIONS, TOGETHER="4", **variables).assert_outcomes(passed=36)
    assert sorted(path.name for path in project.folder.glob("made-*")) == [f"made-gw{number}" for number in range(4)]


@pytest.mark.parametrize(
    ("options", "error"),
    [
        pytest.param(["--looponfail"], "--looponfail of pytest-xdist has no meaning in a matrix", id="--looponfail"),
        pytest.param(["-f"], "-f of pytest-xdist has no meaning in a matrix", id="-f"),
        pytest.param(["-n2", "--dist=each"], "--dist each has no meaning in a matrix", id="--dist=each"),
    ],
)
def test_what_has_no_meaning_in_a_matrix_is_refused(
    options: Sequence[str], error: str, beside: str, project: Project
) -> None:
    project.write({"test_a.py": "def test_never(): pass"})
    result = project.matrix(*options, PYTHONPATH=beside)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    hint = (
        "leave it out"
        if "pytest-xdist" in error
        else "choose from: load, worksteal, loadgroup, loadscope, loadfile, no"
    )
    assert [line for line in result.errlines if line] == [f"ERROR: {error}", f"hint: {hint}"]


SCOPES = {
    "conftest.py": """
        import os, pathlib, time
        import pytest

        def log(kind, name):
            with open(f"log-{os.environ['PYTEST_XDIST_WORKER']}", "a") as file:
                file.write(f"{kind} {name}\\n")

        @pytest.fixture(scope="session", autouse=True)
        def of_session():
            log("session", "up")
            deadline = time.monotonic() + 30
            while len(list(pathlib.Path().glob("log-*"))) < 3 and time.monotonic() < deadline:
                time.sleep(0.02)
            yield
            log("session", "down")

        @pytest.fixture(scope="module", autouse=True)
        def of_module(request):
            log("module", request.module.__name__)

        @pytest.fixture(scope="class", autouse=True)
        def of_class(request):
            if request.cls is not None:
                log("class", f"{request.module.__name__}.{request.cls.__name__}")

        @pytest.fixture(autouse=True)
        def of_test(request):
            mark = request.node.get_closest_marker("xdist_group")
            log("group", mark.args[0] if mark else "none")
    """,
    **{
        f"test_{letter}.py": """
            import pytest

            class TestOne:
                @pytest.mark.parametrize("number", range(3))
                def test_one(self, number): pass
                @pytest.mark.xdist_group("first")
                def test_first(self): pass

            class TestTwo:
                @pytest.mark.xdist_group("second")
                @pytest.mark.parametrize("number", range(2))
                def test_two(self, number): pass
        """
        for letter in "abcd"
    },
}


@pytest.mark.parametrize(
    ("mode", "once"),
    [("loadscope", {"class": 8}), ("loadfile", {"class": 8, "module": 4}), ("loadgroup", {"first": 4, "second": 8})],
)
def test_what_belongs_together_stays_on_one_worker(project: Project, mode: str, once: dict[str, int]) -> None:
    project.write(SCOPES)
    result = project.matrix(*OPTIONS, "--ofiuco-cell=py313-host", "-n3", f"--dist={mode}")
    result.assert_outcomes(passed=24)
    logs = [path.read_text().splitlines() for path in project.folder.glob("log-*")]
    assert len(logs) == 3
    for log in logs:
        assert log[0] == "session up"
        assert log[-1] == "session down"
        assert len([line for line in log if line.startswith("session")]) == 2
    for kind, count in once.items():
        if mode == "loadgroup":
            assert sorted(log.count(f"group {kind}") for log in logs) == [0, 0, count]
        else:
            assert len([line for log in logs for line in log if line.startswith(f"{kind} ")]) == count


REMEMBERED = {
    "test_a.py": """
        import time, warnings
        import pytest

        warnings.warn("while collected", DeprecationWarning)

        @pytest.fixture(scope="session", autouse=True)
        def of_session(testrun_uid, worker_id):
            open(f"up-{testrun_uid}-{worker_id}", "x").close()
            yield
            open(f"down-{testrun_uid}-{worker_id}", "x").close()

        @pytest.mark.parametrize("number", range(16))
        def test_a(number):
            warnings.warn("in a test", UserWarning)
            time.sleep(0.4 if number < 3 else 0)
            assert number not in (3, 9, 12)
    """
}


def outcomes(result: pytest.RunResult) -> list[tuple[int, str]]:
    found = [re.match(r"test_a.py::test_a\[(\d+)\]\[py313-host\] (\w+)", line) for line in result.outlines]
    return [(int(each[1]), each[2]) for each in found if each]


def test_what_is_remembered_of_several_workers_is_what_plain_pytest_remembers(project: Project) -> None:
    project.write(REMEMBERED)
    options = ("-v", "--tb=no", "--ofiuco-cell=py313-host", "-n4")
    stepwise = [project.matrix(*options, "--sw") for _ in range(2)]
    assert [outcomes(each) for each in stepwise] == [
        [(0, "PASSED"), (1, "PASSED"), (2, "PASSED"), (3, "FAILED")],
        [(3, "FAILED")],
    ]
    everything = project.matrix(*options)
    everything.assert_outcomes(passed=13, failed=3, warnings=17)
    everything.stdout.fnmatch_lines(["  *DeprecationWarning: while collected"])
    stopped = project.matrix(*options, "-x", "--testrunuid=stopped")
    stopped.assert_outcomes(failed=1, passed=len(outcomes(stopped)) - 1)
    assert len(list(project.folder.glob("up-stopped-*"))) > 1
    last = project.matrix(*options, "--lf", "--maxfail=2")
    last.assert_outcomes(failed=2, deselected=13)
    failing = json.loads((project.folder / ".pytest_cache/v/cache/lastfailed").read_text())
    assert sorted(failing) == [f"test_a.py::test_a[{number}][py313-host]" for number in (12, 3, 9)]
    ahead = outcomes(project.matrix(*options, "--ff"))
    assert [number for number, _ in ahead][:3] == [3, 9, 12]
    assert len(ahead) == 16
    began = {path.name.removeprefix("up-") for path in project.folder.glob("up-*")}
    assert began == {path.name.removeprefix("down-") for path in project.folder.glob("down-*")}
