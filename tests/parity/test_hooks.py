"""Conftest files and their hooks, fixtures, and pytest's own fixtures: as each cell's pytest has them.

One session for most rows; each looks at its own file.
"""

from __future__ import annotations

from collections import Counter

import pytest

from tests.parity.conftest import SAME, Both, NewTrio, Trio

pytestmark = pytest.mark.e2e

HOOKS = """
    import pathlib, sys
    import pytest

    pytest_plugins = ["own_plugin"]
    pytest.register_assert_rewrite("own_asserts")
    LOG = pathlib.Path(__file__).with_name("log-{}{}.txt".format(*sys.version_info))

    def log(line):
        with LOG.open("a") as file:
            file.write(line + "\\n")

    def pytest_addoption(parser):
        parser.addoption("--unit", default="m", choices=["m", "km"])
        parser.addoption("--flag", action="store_true")
        parser.addini("limit", "how far", default="3")

    def pytest_configure(config):
        config.addinivalue_line("markers", "own(n): a mark of the project")
        log("configure " + config.getoption("--unit"))

    def pytest_unconfigure(config): log("unconfigure")
    def pytest_sessionstart(session): log("sessionstart")
    def pytest_sessionfinish(session, exitstatus): log("sessionfinish {:d} {}".format(exitstatus, session.testsfailed))
    def pytest_report_header(config): return "unit: " + config.getoption("--unit")
    def pytest_terminal_summary(terminalreporter): terminalreporter.line("own summary of the conftest")

    def pytest_ignore_collect(collection_path):
        return True if collection_path.name == "test_ignored.py" else None

    def pytest_generate_tests(metafunc):
        if "generated" in metafunc.fixturenames:
            metafunc.parametrize("generated", range(sys.version_info[1] % 5), ids=lambda n: "n%d" % n)

    def pytest_collection_modifyitems(config, items):
        def place(item):
            return item.path.name, -item.location[1] if item.path.name == "test_order.py" else 0
        items.sort(key=place)
        dropped = [item for item in items if item.name == "test_dropped"]
        if dropped:
            config.hook.pytest_deselected(items=dropped)
            items[:] = [item for item in items if item not in dropped]
        for item in items:
            if item.name == "test_marked_late":
                item.add_marker(pytest.mark.xfail(reason="marked late"))

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_makereport(item, call):
        outcome = yield
        report = outcome.get_result()
        item.user_properties.append(("made", report.when))
        if call.when == "call":
            report.sections.append(("own section", "written by the conftest"))

    def pytest_assertrepr_compare(op, left, right):
        if isinstance(left, complex): return ["comparing complex numbers:", "{} and {}".format(left, right)]

    def pytest_runtest_setup(item):
        for mark in item.iter_markers("own"):
            if mark.args[0] > 1: pytest.skip("own mark")

    def pytest_runtest_logreport(report):
        if report.when == "call": log("logged " + report.nodeid)
    def pytest_report_teststatus(report):
        if report.when == "call" and "test_status" in report.nodeid: return "passed", "o", "OWN"
    def pytest_make_parametrize_id(config, val): return "set" if isinstance(val, frozenset) else None
    def pytest_pycollect_makeitem(collector, name, obj):
        if name == "NotATest": return []
    def pytest_collect_file(file_path, parent):
        if file_path.suffix == ".own": return OwnFile.from_parent(parent, path=file_path)

    class OwnFile(pytest.File):
        def collect(self):
            for line in self.path.read_text().split():
                yield OwnItem.from_parent(self, name=line)

    class OwnItem(pytest.Item):
        def runtest(self): assert self.name != "bad"
        def repr_failure(self, excinfo): return "own failure of " + self.name
        def reportinfo(self): return self.path, 0, "own: " + self.name

    @pytest.fixture(scope="session")
    def once(): log("set up session"); yield "once"; log("tear down session")
    @pytest.fixture(scope="package")
    def per_package(): log("set up package"); yield; log("tear down package")
    @pytest.fixture(scope="module")
    def per_module(request): log("set up module " + request.module.__name__); yield; log("tear down module")
    @pytest.fixture(scope="class")
    def per_class(): log("set up class"); yield; log("tear down class")
    @pytest.fixture
    def broken_later(): yield; raise RuntimeError("in teardown")
    @pytest.fixture
    def broken(): raise RuntimeError("in setup")
"""
FIXTURES = """
    import pytest

    def test_session(once, per_module): assert once == "once"
    class TestOne:
        def test_class(self, per_class, once): pass
        def test_class_again(self, per_class): pass
    @pytest.mark.usefixtures("per_package", "once")
    def test_uses(): pass
    def test_broken(broken): pass
    def test_broken_later(broken_later): pass
    def test_both_broken(broken_later): assert False
    def test_missing(no_such_fixture): pass
    @pytest.fixture
    def finalized(request): request.addfinalizer(lambda: None); return request.node.name
    def test_request(finalized, request): assert finalized == request.node.name == "test_request"
    def test_node_id(request): assert request.node.nodeid.endswith("::test_node_id")
"""
OWN = """
    import logging, os, subprocess, sys, warnings
    import pytest

    def test_capsys(capsys): print("x"); assert capsys.readouterr().out == "x\\n"
    def test_capfd(capfd):
        subprocess.run([sys.executable, "-c", "print(1)"], check=True)
        assert capfd.readouterr().out == "1\\n"
    def test_caplog(caplog): logging.warning("said"); assert caplog.messages == ["said"]
    def test_tmp_path(tmp_path): (tmp_path / "file").write_text("x"); assert tmp_path.name == "test_tmp_path0"
    def test_tmpdir(tmpdir): assert tmpdir.check()
    def test_factory(tmp_path_factory): assert tmp_path_factory.mktemp("own").name == "own0"
    def test_monkeypatch(monkeypatch): monkeypatch.setenv("OWN", "1"); assert os.environ["OWN"] == "1"
    def test_unpatched(): assert "OWN" not in os.environ
    def test_recwarn(recwarn): warnings.warn("w"); assert len(recwarn) == 1
    def test_warns():
        with pytest.warns(UserWarning, match="w"): warnings.warn("w")
    def test_deprecated():
        with pytest.deprecated_call(): warnings.warn("w", DeprecationWarning)
    def test_config(pytestconfig):
        assert pytestconfig.getoption("--unit") == "km" and pytestconfig.getini("limit") == "5"
        assert pytestconfig.getoption("verbose") == 1
    def test_root(pytestconfig): assert (pytestconfig.rootpath / "own_plugin.py").exists()
    def test_properties(record_property, record_testsuite_property):
        record_property("side", 4); record_testsuite_property("suite", "x")
    def test_argv(): assert "--unit" in sys.argv[1:] or any(each.startswith("--unit=") for each in sys.argv)
    def test_current(): assert os.environ["PYTEST_CURRENT_TEST"].endswith("::test_current (call)")
    def test_stdin():
        with pytest.raises(OSError): sys.stdin.read()
    def test_main(): import __main__
    def test_path(): assert "" not in sys.path[1:]
    def test_executable(): assert sys.prefix in sys.executable
    def test_own_plugin(from_plugin): assert from_plugin == 1
    def test_rewritten(from_plugin):
        from own_asserts import check
        check(from_plugin)
    def test_rewritten_in_plugin(checked): checked(3)
    def test_complex(): assert 1j == 2j
    def test_attribute(): assert [each for each in (1, 2)] == [2, 1]
"""
FILES = {
    "conftest.py": HOOKS,
    "own_plugin.py": """
        import pytest
        @pytest.fixture
        def from_plugin(): return 1
        @pytest.fixture
        def checked():
            def check(value):
                assert value == 4
            return check
    """,
    "own_asserts.py": "def check(value):\n    doubled = 2 * value\n    assert doubled == 3",
    "test_fixtures.py": FIXTURES,
    "test_own.py": OWN,
    "test_variable.py": """
        import os
        import pytest
        def test_version(): assert os.environ.get("PYTEST_VERSION", pytest.__version__) == pytest.__version__
        def test_is_there(): assert "PYTEST_VERSION" in os.environ
    """,
    "test_ignored.py": "raise ValueError",
    "test_generated.py": """
        import pytest
        def test_generated(generated): pass
        @pytest.mark.parametrize("value", [frozenset()])
        def test_id(value): pass
        class NotATest: pass
        @pytest.mark.own(1)
        def test_mark(): pass
        @pytest.mark.own(2)
        def test_mark_skipped(): pass
        def test_marked_late(): assert False
    """,
    "test_status.py": "def test_status(): pass",
    "test_order.py": "\n".join(f"def test_{each}(): pass" for each in ("first", "dropped", "second", "third")),
    "things.own": "good bad",
    "pack/__init__.py": "",
    "pack/conftest.py": "import pytest\n@pytest.fixture\ndef once(once): return once + ' more'",
    "pack/test_deep.py": "def test_own(once, per_package): assert once == 'once more'\ndef test_2(per_package): pass",
    "pack/deeper/__init__.py": "",
    "pack/deeper/conftest.py": "collect_ignore = ['test_left_out.py']",
    "pack/deeper/test_left_out.py": "raise ValueError",
    "pack/deeper/test_deeper.py": "def test_deeper(once): assert once == 'once more'",
}


@pytest.fixture(scope="module")
def trio(new_trio: NewTrio) -> Trio:
    trio = new_trio()
    trio.settings('limit = "5"\naddopts = "--strict-markers"')
    trio.write(FILES)
    return trio


@pytest.fixture(scope="module")
def both(trio: Trio) -> Both:
    return trio.both("-v", "-rA", "--unit", "km", "--flag", "-p", "no:cacheprovider", "--basetemp={here}/.tmp")


@pytest.mark.parametrize(
    ("file", "counts"),
    [
        pytest.param("test_fixtures.py", {"PASSED": 7, "ERROR": 4, "FAILED": 1}, id="fixtures"),
        pytest.param("test_own.py", {"PASSED": 21, "FAILED": 4}, id="pytest's own fixtures"),
        pytest.param("test_variable.py", {"PASSED": 2}, id="pytest's own variable"),
        pytest.param("test_generated.py", {"PASSED": 5, "SKIPPED": 1, "XFAIL": 1}, id="generated tests"),
        pytest.param("test_order.py", {"PASSED": 3}, id="reordered and deselected"),
        pytest.param("things.own", {"PASSED": 1, "FAILED": 1}, id="own files and items"),
        pytest.param("pack/", {"PASSED": 3}, id="nested conftest files"),
    ],
)
def test_hook(both: Both, file: str, counts: dict[str, int]) -> None:
    for cell, plain in both.plain.items():
        expected = [each for each in plain.outcomes if each[0].startswith(file)]
        assert [each for each in both.in_cell(cell) if each[0].startswith(file)] == expected
    assert Counter(outcome for _, outcome in expected) == counts


def test_failures_read_alike(both: Both) -> None:
    """Assertions are rewritten where they are in plain pytest; a conftest's sections and comparisons are there."""
    both.assert_same_blocks("FAILURES")
    both.assert_same_blocks("ERRORS")
    assert "comparing complex numbers" in both.matrix.blocks("FAILURES")["test_complex in all 2 cells"]
    assert "written by the conftest" in both.matrix.blocks("FAILURES")["test_complex in all 2 cells"]


def test_hooks_and_fixtures_are_called_as_often(trio: Trio, both: Both) -> None:
    """Set-up and tear-down once a worker, in the same order: what each cell's conftest has written down."""
    for cell, name in (("py38-host", "log-38.txt"), ("py313-host", "log-313.txt")):
        plain, matrix = ((trio.at(each) / name).read_text().splitlines() for each in (cell, "matrix"))
        assert matrix == plain
        assert plain.count("set up session") == 1
        assert len(plain) > 40


def test_what_a_conftest_says_at_the_end(both: Both) -> None:
    """A header and a summary that only a cell's conftest writes: a user looks for them on the terminal."""
    assert "own summary of the conftest" in both.plain[SAME].out
    assert "own summary of the conftest" in both.matrix.out
    assert "unit: km" in both.matrix.out


def test_an_own_status_word(both: Both) -> None:
    """What ``pytest_report_teststatus`` of a conftest says instead of PASSED."""
    assert both.plain[SAME].line("test_status.py::test_status OWN")
    assert both.matrix.line(f"test_status.py::test_status[{SAME}] OWN")


def test_the_deselected_are_counted(both: Both) -> None:
    assert " 1 deselected" in both.plain[SAME].out
    assert " 2 deselected" in both.matrix.out


def test_an_option_that_is_wrong(trio: Trio) -> None:
    both = trio.both("--unit=miles")
    assert both.matrix.code == both.plain[SAME].code == pytest.ExitCode.USAGE_ERROR
    assert "argument --unit: invalid choice: 'miles'" in both.matrix.err
    assert "Traceback" not in both.matrix.err
