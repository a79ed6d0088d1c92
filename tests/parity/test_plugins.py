"""Plugins that only the cells have, those that arguments and files name, and pytester."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.parity.conftest import SAME, NewTrio, Trio

pytestmark = pytest.mark.e2e

FILES = {
    "test_async.py": """
        import asyncio
        import pytest

        @pytest.mark.asyncio
        async def test_asyncio(): await asyncio.sleep(0)
        @pytest.mark.asyncio
        async def test_asyncio_failed(): assert await asyncio.sleep(0, 1) == 2
        @pytest.mark.anyio
        async def test_anyio(anyio_backend): assert anyio_backend == "asyncio"
        @pytest.fixture
        def anyio_backend(): return "asyncio"
    """,
    "test_flaky.py": """
        import pytest

        TRIES = []
        @pytest.mark.flaky(reruns=3)
        def test_flaky():
            TRIES.append(1)
            assert len(TRIES) == 3
        @pytest.mark.flaky(reruns=1)
        def test_never(): assert False
    """,
    "test_timeout.py": """
        import time
        import pytest

        @pytest.mark.timeout(0.2)
        def test_too_long(): time.sleep(30)
        def test_after(): pass
    """,
    "test_random.py": "import random, pytest\n@pytest.mark.parametrize('n', range(12))\ndef test_random(n): pass\n"
    "def test_seed(): assert random.random() < 2",
}


@pytest.fixture(scope="module")
def trio(new_trio: NewTrio) -> Trio:
    trio = new_trio("plugins")
    trio.write(FILES)
    return trio


def test_async_tests(trio: Trio) -> None:
    both = trio.both("-v", "-p", "no:cacheprovider", "-p", "no:randomly", "test_async.py")
    both.assert_same_outcomes(least=3)
    both.assert_same_blocks("FAILURES")


def test_reruns(trio: Trio) -> None:
    both = trio.both("-v", "-p", "no:cacheprovider", "-p", "no:randomly", "test_flaky.py", "--reruns-delay=0")
    both.assert_same_outcomes(least=5)
    reruns = Counter(outcome for _, outcome in both.in_cell(SAME))
    assert reruns == {"RERUN": 3, "PASSED": 1, "FAILED": 1}
    assert " 6 rerun" in both.matrix.out


def test_timeouts(trio: Trio) -> None:
    both = trio.both("-v", "-p", "no:cacheprovider", "-p", "no:randomly", "test_timeout.py", "--timeout=20")
    both.assert_same_outcomes(least=2)
    assert "Timeout" in both.matrix.out


def test_random_order(trio: Trio) -> None:
    """A seed gives each cell the order that it gives plain pytest there."""
    both = trio.both("-v", "-p", "no:cacheprovider", "-p", "no:asyncio", "--randomly-seed=7", "test_random.py")
    both.assert_same_outcomes(least=13)
    assert both.plain[SAME].outcomes != sorted(both.plain[SAME].outcomes)


def test_a_plugin_named_by_an_option(new_trio: NewTrio) -> None:
    trio = new_trio()
    trio.write(
        {
            "own_plugin.py": "import pytest\n@pytest.fixture\ndef own(): return 1\n"
            "def pytest_collection_modifyitems(items): items.reverse()",
            "test_a.py": "def test_one(own): assert own == 2\ndef test_two(own): pass",
        }
    )
    both = trio.both("-v", "-p", "own_plugin", "-p", "no:cacheprovider")
    both.assert_same_outcomes(least=2)
    both.assert_same_blocks("FAILURES")
    without = trio.both("-v", "-p", "no:terminalreporter", "-p", "no:cacheprovider")
    assert without.matrix.code == without.plain[SAME].code
    quiet = trio.both(
        "-p", "no:logging", "-p", "no:doctest", "-p", "no:junitxml", "-p", "no:unittest", "-p", "own_plugin", "-v"
    )
    quiet.assert_same_outcomes(least=2)


def test_a_plugin_that_is_not_there(new_trio: NewTrio) -> None:
    """Wrong usage where it is missing everywhere; else an error of the cells in which it is."""
    trio = new_trio()
    trio.write({"conftest.py": "pytest_plugins = ['no_such_plugin']", "test_a.py": "def test_one(): pass"})
    both = trio.both("-p", "no:cacheprovider")
    assert both.matrix.code == both.plain[SAME].code == 4
    assert both.matrix.err.strip() == both.plain[SAME].err.strip()
    assert both.matrix.line("py38-host").split(maxsplit=1)[1] == "error: wrong usage"
    trio.write({"conftest.py": "import sys\nif sys.version_info < (3, 10): pytest_plugins = ['no_such_plugin']"})
    some = trio.matrix("-v", "-p", "no:cacheprovider")
    assert some.code == 1
    assert some.outcomes == [(f"test_a.py::test_one[{SAME}]", "PASSED")]
    said = "Error importing plugin \"no_such_plugin\": No module named 'no_such_plugin'"
    assert some.reported("ERROR") == [f"ERROR ofiuco[py38-host] - {said}"]


def test_a_plugin_that_cannot_be_imported(new_trio: NewTrio) -> None:
    """As pytest 9.2 shows it, in every cell: its own lines, and none of pytest's."""
    trio = new_trio()
    trio.write(
        {
            "own_plugin.py": "import no_such_module",
            "conftest.py": "pytest_plugins = ['own_plugin']",
            "test_a.py": "def test_one(): pass",
        }
    )
    both = trio.both("-p", "no:cacheprovider")
    assert both.plain[SAME].err.splitlines() == [
        'Error while loading plugin "own_plugin".',
        "own_plugin.py:1: in <module>",
        "    import no_such_module",
        "E   ModuleNotFoundError: No module named 'no_such_module'",
    ]
    assert both.matrix.code == 2
    assert both.matrix.blocks("ERRORS") == {
        "ERROR collecting ofiuco in all 2 cells": "\n".join(
            ["fails in: py38-host, py313-host", f"the worker of py38-host failed: {both.plain[SAME].err.strip()}"]
        )
    }


def test_pytester(new_trio: NewTrio) -> None:
    """pytest runs inside a test in a cell, in the same process and in one of its own, and is no matrix session."""
    trio = new_trio()
    trio.write(
        {
            "conftest.py": "pytest_plugins = ['pytester']",
            "test_a.py": """
                import sys

                def test_inside(pytester):
                    pytester.makepyfile("def test_one(): pass\\ndef test_two(): assert False")
                    pytester.runpytest_inprocess().assert_outcomes(passed=1, failed=1)

                def test_beside(pytester):
                    pytester.makepyfile("import sys\\ndef test_one(): assert sys.prefix == %r" % sys.prefix)
                    result = pytester.runpytest_subprocess()
                    result.assert_outcomes(passed=1)
                    result.stdout.no_fnmatch_line("*ofiuco*")

                def test_inline(pytester):
                    items = pytester.inline_genitems(pytester.makepyfile("def test_one(): pass"))
                    assert len(items[0]) == 1
            """,
        }
    )
    trio.both("-v", "-p", "no:cacheprovider").assert_same_outcomes(least=3)


def test_processes_on_request(new_trio: NewTrio) -> None:
    """``-n`` of a plugin that nobody has: pytest's own error."""
    trio = new_trio()
    trio.write({"test_a.py": "def test_one(): pass"})
    both = trio.both("-p", "no:xdist", "--looponfail")
    assert both.matrix.code == both.plain[SAME].code == 4
