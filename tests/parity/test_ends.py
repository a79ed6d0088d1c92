"""How a session ends: exit codes, and what ends it early."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from tests.parity.conftest import SAME, NewTrio, Trio

pytestmark = pytest.mark.e2e


@pytest.fixture
def trio(new_trio: NewTrio) -> Trio:
    return new_trio()


@pytest.mark.parametrize(
    ("files", "arguments", "code"),
    [
        pytest.param({"test_a.py": "def test_one(): pass"}, [], 0, id="0: all passed"),
        pytest.param({"test_a.py": "def test_one(): assert 0"}, [], 1, id="1: a test failed"),
        pytest.param({"test_a.py": "import no_such_module"}, [], 2, id="2: not collected"),
        pytest.param({"test_a.py": "def test_one(): pass"}, ["--no-such-option"], 4, id="4: no such option"),
        pytest.param({"test_a.py": "def test_one(): pass"}, ["no_such_file.py"], 4, id="4: no such file"),
        pytest.param({"test_a.py": "def test_one(): pass"}, ["test_a.py::test_two"], 4, id="4: no such test"),
        pytest.param({"test_a.py": "def test_one(): pass"}, ["-p", "no_such_plugin"], None, id="no such plugin"),
        pytest.param({"test_a.py": "def test_one(): pass"}, ["-c", "no_such.ini"], None, id="no such settings"),
        pytest.param({"readme.txt": ""}, [], 5, id="5: no tests"),
        pytest.param({"test_a.py": "def test_one(): pass"}, ["-k", "two"], 5, id="5: none selected"),
        pytest.param({"test_a.py": "import pytest\npytest.skip('', allow_module_level=True)"}, [], 5, id="5: skipped"),
        pytest.param({"test_a.py": "import pytest\ndef test_one(): pass"}, ["--maxfail=x"], 4, id="4: wrong value"),
    ],
)
def test_exit_code(trio: Trio, files: Mapping[str, str], arguments: Sequence[str], code: int | None) -> None:
    trio.write(files)
    both = trio.both("-p", "no:cacheprovider", *arguments)
    assert both.matrix.code == both.plain[SAME].code
    assert both.matrix.code == code or code is None  # pytest's own has changed with its versions
    errors = [line.partition("rror: ")[2] for line in both.plain[SAME].err.splitlines() if "rror: " in line]
    assert [each for each in errors if each not in both.matrix.err + both.matrix.out] == []
    assert errors or code != pytest.ExitCode.USAGE_ERROR or "ERROR: " in both.matrix.err


def test_an_exit_code_that_a_conftest_sets(trio: Trio) -> None:
    """It is said, as a failure of the cell: several cells cannot each have their own."""
    trio.write(
        {
            "conftest.py": "def pytest_sessionfinish(session): session.exitstatus = 77",
            "test_a.py": "def test_one(): pass",
        }
    )
    both = trio.one(SAME, "-p", "no:cacheprovider")
    assert both.plain[SAME].code == 77
    assert both.matrix.code == pytest.ExitCode.TESTS_FAILED
    assert "its pytest ended with exit status 77" in both.matrix.out


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        pytest.param("pytest.exit('enough', returncode=7)", 7, id="pytest.exit with a code"),
        pytest.param("pytest.exit('enough')", 2, id="pytest.exit"),
        pytest.param("raise KeyboardInterrupt", 2, id="KeyboardInterrupt"),
        pytest.param("raise SystemExit(9)", 1, id="SystemExit"),
    ],
)
def test_a_test_that_ends_it(trio: Trio, statement: str, code: int) -> None:
    """One cell alone as plain pytest; with several, the whole session ends as soon as one cell's does."""
    trio.write(
        {
            "test_a.py": f"""
                import pytest
                def test_one(): pass
                def test_two(): {statement}
                def test_three(): pass
            """
        }
    )
    both = trio.one(SAME, "-v", "-p", "no:cacheprovider")
    assert both.plain[SAME].code == code
    both.assert_same_outcomes()
    for word in both.plain[SAME].line("!!!").strip("! ").split():
        assert word in both.matrix.line("!!!")
    assert trio.matrix("-p", "no:cacheprovider").code == code


def test_ends_while_collecting(trio: Trio) -> None:
    trio.write({"test_a.py": "import pytest\npytest.exit('not here', returncode=6)"})
    both = trio.one(SAME, "-p", "no:cacheprovider")
    assert both.matrix.code == both.plain[SAME].code
    assert "not here" in both.matrix.out + both.matrix.err


def test_an_internal_error(trio: Trio) -> None:
    """It is the cell's, with what was wrong; the other cells run."""
    trio.write(
        {
            "conftest.py": """
                import sys
                def pytest_collection_modifyitems(items):
                    if sys.version_info >= (3, 10): raise ValueError('in a hook')
            """,
            "test_a.py": "def test_one(): pass",
        }
    )
    both = trio.both("-v", "-p", "no:cacheprovider")
    assert both.plain[SAME].code == pytest.ExitCode.INTERNAL_ERROR
    assert both.matrix.code == pytest.ExitCode.TESTS_FAILED
    assert "ValueError: in a hook" in both.matrix.out
    assert both.in_cell("py38-host") == both.plain["py38-host"].outcomes != []


def test_started_as_a_script_and_from_below(trio: Trio) -> None:
    """``pytest`` and ``python -m pytest`` differ in ``sys.path``, here as there."""
    trio.write(
        {
            "beside.py": "",
            "tests/test_a.py": """
                import sys, pathlib
                def test_path(): assert str(pathlib.Path(__file__).parents[1]) in sys.path
                def test_beside(): import beside
            """,
        }
    )
    trio.both("-v", "-p", "no:cacheprovider").assert_same_outcomes(least=2)
    script = trio.both("-v", "-p", "no:cacheprovider", as_script=True)
    script.assert_same_outcomes(least=2)
    assert [outcome for _, outcome in script.plain[SAME].outcomes] == ["FAILED", "FAILED"]
