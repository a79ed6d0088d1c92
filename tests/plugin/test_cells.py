"""What a test sees inside its cell."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.plugin.conftest import Project

pytestmark = pytest.mark.e2e

INSIDE = {
    "tests/conftest.py": """
        import os, pathlib, pytest

        @pytest.fixture(scope="session")
        def once(request):
            log = pathlib.Path(__file__).with_name("log")
            with log.open("a") as file:
                file.write("up {}\\n".format(os.environ["OFIUCO_CELL"]))
            yield
            with log.open("a") as file:
                file.write("down {}\\n".format(os.environ["OFIUCO_CELL"]))
    """,
    "tests/test_first.py": """
        import os, pathlib, subprocess, sys

        def test_session_fixture(once): pass

        def test_interpreter(ofiuco_cell):
            label = "py{}{}".format(*sys.version_info)
            assert ofiuco_cell.name == os.environ["OFIUCO_CELL"] == label + "-host"
            assert ofiuco_cell.python == "{}.{}".format(*sys.version_info)
            assert (ofiuco_cell.platform, ofiuco_cell.variant) == ("host", None)
            assert sys.prefix == os.environ["VIRTUAL_ENV"] != sys.base_prefix
            assert pathlib.Path(sys.executable).parent == pathlib.Path(os.environ["PATH"].split(os.pathsep)[0])

        def test_versions_are_the_locked_ones(ofiuco_cell):
            from importlib.metadata import distributions
            installed = {each.metadata["Name"].lower().replace("_", "-"): each.version for each in distributions()}
            locked = dict(ofiuco_cell.resolution)
            assert installed.pop("pip", None) is None
            assert installed == locked

        def test_nothing_of_the_controller_leaks():
            own = str(pathlib.Path(__file__).parents[1] / "own")
            assert os.environ["PYTHONPATH"] == own and own in sys.path
            assert not [entry for entry in sys.path if entry.endswith("leaked")]
            assert "PYTHONPYCACHEPREFIX" not in os.environ and sys.pycache_prefix
            import pytest, importlib.util
            assert importlib.util.find_spec("pytest_ofiuco") is None
            assert importlib.util.find_spec("hypothesis") is None

        def test_subprocess_is_the_cells_python():
            command = [sys.executable, "-c", "import sys, pytest; print(sys.prefix, pytest.__version__)"]
            import pytest
            assert subprocess.check_output(command, text=True).split() == [sys.prefix, pytest.__version__]
            on_path = subprocess.check_output(["python", "-c", "import sys; print(sys.prefix)"], text=True)
            assert on_path.strip() == sys.prefix

        def test_main_is_pytests_own():
            import __main__, inspect
            assert __main__.__spec__.name == "pytest.__main__"
            assert sys.argv[0] == __main__.__file__ and sys.prefix in __main__.__file__
            assert "pytest" in inspect.getsource(__main__)

        def test_worker(worker_id, testrun_uid):
            assert worker_id == os.environ["PYTEST_XDIST_WORKER"] and worker_id in ("gw0", "gw1")
            assert os.environ["PYTEST_XDIST_WORKER_COUNT"] == "2"
            assert os.environ["PYTEST_XDIST_TESTRUNUID"] == testrun_uid

        def test_working_directory_and_arguments():
            assert pathlib.Path.cwd() == pathlib.Path(__file__).parents[1]
            assert not [entry for entry in sys.argv if "ofiuco-matrix" in entry]
    """,
    "tests/test_second.py": """
        import multiprocessing, os, sys

        def prefix(queue):
            queue.put((sys.prefix, sys.version_info[:2]))

        def test_session_fixture_again(once): pass

        def test_spawn():
            context = multiprocessing.get_context("spawn")
            queue = context.Queue()
            process = context.Process(target=prefix, args=(queue,))
            process.start()
            assert queue.get(timeout=30) == (sys.prefix, sys.version_info[:2])
            process.join()

        def test_temporary_folders(tmp_path, tmp_path_factory):
            assert tmp_path.is_dir()
    """,
}


def test_inside(project: Project) -> None:
    project.write(INSIDE)
    leaked = [str(project.folder.parent / "leaked"), str(project.folder / ".venv/lib/python3/site-packages/leaked")]
    path = os.pathsep.join([leaked[0], "own", leaked[1]])
    result = project.matrix("--ofiuco-jobs=2", PYTHONPATH=path, PYTHONDONTWRITEBYTECODE="1")
    result.assert_outcomes(passed=22)
    log = (project.folder / "tests" / "log").read_text().splitlines()
    assert sorted(log) == ["down py310-host", "down py313-host", "up py310-host", "up py313-host"]
    written = {path.stem.partition(".")[0] for path in project.folder.rglob("*.pyc")}
    assert written <= {"test_second"}, "bytecode is kept in the store, but for that of a process that a test starts"


def test_one_worker_at_a_time_is_the_only_one(project: Project) -> None:
    project.write(
        {
            "test_a.py": """
                import os
                def test(worker_id):
                    assert worker_id == "master" and "PYTEST_XDIST_WORKER" not in os.environ
            """
        }
    )
    project.matrix("--ofiuco-jobs=1").assert_outcomes(passed=2)


def test_the_module_path_is_that_of_the_command(project: Project) -> None:
    project.write({"area.py": "", "tests/test_a.py": "import area\n\ndef test(): pass"})
    project.matrix("-p", "no:cacheprovider").assert_outcomes(passed=2)
    script = project.run([str(Path(sys.executable).with_name("pytest")), "--ofiuco-matrix", "--tb=line"], {})
    script.assert_outcomes(errors=2)
    script.stdout.fnmatch_lines(["*No module named 'area'*"])


MARKS = """
import sys
import pytest

@pytest.mark.python(">=3.11")
def test_new(): assert sys.version_info >= (3, 11)

@pytest.mark.ofiuco_python("3.10")
def test_old(): assert sys.version_info < (3, 11)

@pytest.mark.python("3.10", "3.13")
def test_both(): pass

@pytest.mark.platform("host")
def test_here(): pass

@pytest.mark.ofiuco_platform("aws_lambda")
def test_on_lambda(): assert False

@pytest.mark.variant("django42")
def test_variant(): assert False

@pytest.mark.ofiuco_variant("django42")
class TestVariant:
    def test_inside(self): assert False
"""


def test_marks_choose_cells(project: Project) -> None:
    variant = 'exclude = [{ variant = "django42" }]\n[tool.ofiuco.variants.django42]\nreplace = { pytest = "8.3.5" }'
    project.configure(pytest='addopts = "--strict-markers"', ofiuco=variant)
    project.write({"test_marks.py": MARKS})
    result = project.matrix("-v", "-p", "no:cacheprovider")
    result.assert_outcomes(passed=6)
    result.stdout.no_fnmatch_line("*deselected*")
    result.stdout.fnmatch_lines(["ofiuco: * tests are in no cell, by the marks: test_marks.py::*, …"])
    plain = project.plain("--collect-only", "-q", "-p", "no:cacheprovider")
    assert plain.ret == pytest.ExitCode.OK, "the marks are registered without the matrix, too"


def test_a_projects_own_mark_stays_its_own(project: Project) -> None:
    own = 'markers = ["platform: which game console", "variant: of the game"]'
    project.configure(pytest=f'addopts = "--strict-markers"\n{own}')
    project.write(
        {
            "test_own.py": """
                import pytest

                @pytest.mark.platform("dreamcast")
                @pytest.mark.variant("chess960")
                def test_console(): pass

                @pytest.mark.ofiuco_platform("host")
                def test_here(): pass
            """
        }
    )
    project.matrix("-p", "no:cacheprovider").assert_outcomes(passed=4)


@pytest.mark.parametrize(
    ("mark", "message"),
    [
        ('python("no version")', "ERROR: test_typo.py::test_typo: mark python: python 'no version': *"),
        ('platform("hots")', "ERROR: test_typo.py::test_typo: mark platform: *hots*"),
        ('ofiuco_python(">=3.x")', "ERROR: test_typo.py::test_typo: mark ofiuco_python: *"),
        ('variant("x")', "ERROR: test_typo.py::test_typo: mark variant: 'x' is not a variant of the project"),
        (
            "python(3.10)",
            'ERROR: test_typo.py::test_typo: mark python: (3.1): it takes texts, one or more, as in python(">=3.12")',
        ),
        (
            "platform",
            "ERROR: test_typo.py::test_typo: mark platform: without an argument: it takes texts, one or more, "
            'as in platform("aws_lambda")',
        ),
        (
            'variant(name="x")',
            "ERROR: test_typo.py::test_typo: mark variant: (name='x'): it takes texts, one or more, "
            'as in variant("django4.2.4")',
        ),
    ],
)
def test_a_typo_in_a_mark_is_wrong_usage(project: Project, mark: str, message: str) -> None:
    project.write({"test_typo.py": f"import pytest\n\n@pytest.mark.{mark}\ndef test_typo(): pass\n"})
    result = project.matrix("-p", "no:cacheprovider", "--ofiuco-cell", "py313-host")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([message])
    result.stderr.no_fnmatch_line("*Traceback*")


def test_a_foreign_platform_is_resolved_and_skipped(project: Project) -> None:
    project.configure(
        python=["3.13"],
        ofiuco='platforms = ["host", "board"]',
        more='[tool.ofiuco.platform.board]\ntag = "manylinux_2_28_s390x"',
    )
    project.write({"test_a.py": "def test(): pass"})
    result = project.matrix("-rs", "-p", "no:cacheprovider")
    assert result.ret == pytest.ExitCode.OK
    result.assert_outcomes(passed=2, skipped=1)  # its environment is inspected
    result.stdout.fnmatch_lines(
        ["py313-board * skipped: manylinux_2_28_s390x does not run on *", "SKIPPED *does not run on*"]
    )


def test_a_cell_that_cannot_run_may_be_an_error(project: Project) -> None:
    project.configure(
        python=["3.13", "3.99"],
        ofiuco='missing-python = "skip"\nplatforms = ["host", "board", "paper"]\n'
        'exclude = [{ python = "3.99", platform = "board" }, { python = "3.99", platform = "paper" }]\n',
        more='[tool.ofiuco.platform.board]\ntag = "win_arm64"\n'
        '[tool.ofiuco.platform.paper]\ntag = "win_amd64"\nlauncher = false\n',
    )
    project.write({"test_a.py": "def test(): pass"})
    for _ in ("planned", "told again"):
        result = project.matrix("-p", "no:cacheprovider", "--ofiuco-require-exec")
        assert result.ret == pytest.ExitCode.TESTS_FAILED
        result.assert_outcomes(passed=3, skipped=1, errors=2)  # two are inspections
        hint = "hint: leave the cell out, or leave out --ofiuco-require-exec"
        result.stdout.fnmatch_lines_random(
            [
                "error: py313-board: cannot be run: win_arm64 does not run on *, and nothing on it does: `ssh` of *",
                "error: py399-host: cannot be run: no Python 3.99 on this machine; `uv python install 3.99` or *",
                hint,
                "py313-board * error: could not run",
                "py399-host * error: could not run",
                "py313-paper * skipped: win_amd64 is not run (`launcher = false`)*",
            ]
        )


def test_a_plugin_below_the_rootdir_is_this_one(project: Project) -> None:
    project.write({"test_a.py": "def test(): pass"})
    result = project.matrix("-p", "no:cacheprovider", "--rootdir=/", "test_a.py")
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["ofiuco: uv.lock * → 2 cells"])


def test_the_collector_passes_over_what_was_imported_at_the_start(project: Project) -> None:
    project.write(
        {
            "test_collector.py": """
                import gc, pytest

                OWN = [[]]

                def test_collector():
                    found = gc.get_objects()
                    assert any(each is OWN for each in found)
                    assert not any(each is pytest.Item for each in found)
                    gc.unfreeze()
                    assert any(each is pytest.Item for each in gc.get_objects())
            """
        }
    )
    project.matrix("-p", "no:cacheprovider").assert_outcomes(passed=2)
