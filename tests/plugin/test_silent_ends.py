"""What must not end green: cells that ran nothing, or whose pytest ended otherwise than its tests say."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.plugin.conftest import Project

pytestmark = pytest.mark.e2e

TESTS = "def test_a(): pass\n"


def in_313(text: str) -> str:
    """A conftest.py that does something in one of the cells."""
    return f"import os, signal, sys, time\nIS_MEANT = sys.version_info[:2] == (3, 13)\n{text}"


@pytest.mark.parametrize(
    ("conftest", "message"),
    [
        pytest.param(
            "def pytest_sessionfinish():\n    if IS_MEANT: os.kill(os.getpid(), signal.SIGSEGV)\n",
            "the worker of py313-host was killed by SIGSEGV after its last test*",
            id="a crash after the last test",
        ),
        pytest.param(
            "def pytest_sessionfinish(session):\n    if IS_MEANT: session.exitstatus = 9\n",
            "error: its pytest ended with exit status 9, which no test accounts for",
            id="an exit status of a plugin's",
        ),
        pytest.param(
            "def pytest_configure(config):\n    if IS_MEANT: raise RuntimeError('no wonder')\n",
            "*RuntimeError: no wonder",
            id="an internal error",
        ),
    ],
)
def test_an_end_that_no_test_accounts_for_is_an_error(project: Project, conftest: str, message: str) -> None:
    project.write({"tests/test_a.py": TESTS, "conftest.py": in_313(conftest)})
    result = project.matrix("-p", "no:cacheprovider")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines([message])
    result.stdout.re_match_lines([r"py310-host +1 +0 +0 .*"])


def test_a_cell_that_refuses_the_arguments_is_an_error(project: Project) -> None:
    conftest = "def pytest_addoption(parser):\n    if IS_MEANT: parser.addoption('--only-new')\n"
    project.write({"tests/test_a.py": TESTS, "conftest.py": in_313(conftest)})
    result = project.matrix("-p", "no:cacheprovider", "--only-new=1")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["*ERROR collecting ofiuco?py310-host? *", "*unrecognized arguments: --only-new=1*"])


def test_a_test_that_only_some_cells_have_runs_there(project: Project) -> None:
    project.write({"tests/test_a.py": "import sys\nif sys.version_info >= (3, 13):\n    def test_new(): pass\n"})
    result = project.matrix("-p", "no:cacheprovider", "tests/test_a.py::test_new")
    assert result.ret == pytest.ExitCode.OK
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["ofiuco: py310-host: not found: *test_new*"])


def test_what_was_registered_for_the_exit_may_take_its_time(project: Project, tmp_path: Path) -> None:
    mark = tmp_path / "done"
    conftest = (
        f"import atexit\ndef late():\n    time.sleep(2)\n    open({str(mark)!r}, 'w').close()\natexit.register(late)\n"
    )
    project.write({"tests/test_a.py": TESTS, "conftest.py": in_313(conftest)})
    result = project.matrix("-p", "no:cacheprovider", "--ofiuco-cell", "py313-host")
    assert result.ret == pytest.ExitCode.OK
    assert mark.exists()


def test_a_mark_whose_argument_cannot_be_shown(project: Project) -> None:
    text = """
        import pytest

        class Shy:
            def __repr__(self): raise ValueError("no")

        LOOP = []
        LOOP.append(LOOP)

        @pytest.mark.filterwarnings("ignore")
        @pytest.mark.custom(Shy(), LOOP, key={Shy(): 1})
        @pytest.mark.parametrize("value", [Shy(), LOOP], ids=["shy", "loop"])
        def test_a(value): pass
    """
    project.configure(pytest='markers = ["custom: of the project\'s"]')
    project.write({"tests/test_a.py": text})
    result = project.matrix("-p", "no:cacheprovider", "-m", "custom")
    result.assert_outcomes(passed=4)


@pytest.mark.parametrize("option", ["--ofiuco-cell=py310-host", "--ofiuco-offline", "--ofiuco-jobs=2"])
def test_an_option_that_would_do_nothing_is_refused(project: Project, option: str) -> None:
    result = project.plain(option)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: {option.partition('=')[0]} needs --ofiuco-matrix"])


def test_an_option_in_the_settings_may_wait_for_the_matrix(project: Project) -> None:
    project.configure(pytest='addopts = "--ofiuco-jobs=2"')
    project.write({"tests/test_a.py": TESTS})
    project.plain("-p", "no:cacheprovider").assert_outcomes(passed=1)


def test_index_settings_that_cannot_be_read(project: Project, tmp_path: Path) -> None:
    settings = tmp_path / "pip.conf"
    settings.write_text("not an ini file")
    result = project.matrix(PIP_CONFIG_FILE=str(settings))
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: {settings}: *", "hint: *"])


def test_an_environment_that_speaks_before_its_worker_does_no_harm(project: Project, cache: Path) -> None:
    own = Project(project.folder, cache.parent / "cache-of-its-own")
    own.write({"tests/test_a.py": TESTS})
    assert own.matrix("-p", "no:cacheprovider").ret == pytest.ExitCode.OK
    (packages,) = own.cache.glob("environments-v*/*/lib/python3.13/site-packages")
    (packages / "loud.pth").write_text("import sys; sys.stdout.write('hello'); sys.stdout.flush()\n")
    result = own.matrix("-p", "no:cacheprovider")
    assert result.ret == pytest.ExitCode.OK
