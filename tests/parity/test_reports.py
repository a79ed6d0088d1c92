"""Reports in files, warnings, and what is strict."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.parity.conftest import SAME, NewTrio, Trio

pytestmark = pytest.mark.e2e

CASES = {
    "test_cases.py": """
        import sys, unittest
        import pytest

        def test_passed(record_property, record_testsuite_property, record_xml_attribute):
            record_property("side", 4)
            record_testsuite_property("suite", "whole")
            record_xml_attribute("own", "yes")
            print("said \\x1b[31m <&> \\x07 é")
        def test_failed(): assert 1 == 2
        def test_skipped(): pytest.skip("<now>")
        @pytest.mark.xfail(reason="known")
        def test_expected(): assert False
        @pytest.mark.xfail(strict=True)
        def test_strict(): pass
        @pytest.fixture
        def broken(): raise ValueError
        @pytest.fixture
        def late(): yield; raise ValueError
        def test_error(broken): pass
        def test_late(late): pass
        def test_both(late): assert False
        @pytest.mark.parametrize("value", ["a<b", "x::y", "[z]"])
        def test_values(value): pass
        class TestUnit(unittest.TestCase):
            def test_unit(self): pass
        def test_differs(): assert sys.version_info >= (3, 10)
    """,
    "deep/test_more.py": "class TestDeep:\n    class TestDeeper:\n        def test_deep(self): pass",
    "test_broken.py": "import no_such_module",
}


@pytest.fixture(scope="module")
def reports(new_trio: NewTrio) -> Trio:
    """A session with a JUnit report, in each copy."""
    trio = new_trio()
    trio.write(CASES)
    both = trio.both(
        "--junitxml=out/report.xml",
        "--junit-prefix=own",
        "--continue-on-collection-errors",
        "-o",
        "junit_logging=all",
        "-o",
        "junit_family=xunit1",
    )
    assert both.matrix.code == both.plain[SAME].code == 1
    return trio


def suite(folder: Path) -> ElementTree.Element:
    root = ElementTree.parse(folder / "out" / "report.xml").getroot()
    assert root.tag == "testsuites"
    (found,) = root
    return found


Key = tuple[str, str, str]


def outcomes(element: ElementTree.Element, end: str) -> Counter[Key]:
    """Of each test of a cell, what its elements are, with their messages."""
    found: Counter[Key] = Counter()
    for case in element.iter("testcase"):
        name = case.get("name", "")
        if name.endswith(end):
            tags = [
                f"{each.tag}: {each.get('message')}" for each in case if each.tag in ("failure", "error", "skipped")
            ]
            found[case.get("classname", ""), name.removesuffix(end), "; ".join(tags) or "passed"] += 1
    return found


def test_a_junit_report_has_every_test_in_every_cell(reports: Trio) -> None:
    whole = suite(reports.at("matrix"))
    tests = Counter[Key]()
    for cell in reports.kind.cells:
        plain = outcomes(suite(reports.at(cell)), "")
        mine = outcomes(whole, f"[{cell}]")
        assert mine == plain
        tests += plain
    for count in ("tests", "failures", "errors", "skipped"):
        each = [int(suite(reports.at(cell)).get(count, "")) for cell in reports.kind.cells]
        assert int(whole.get(count, "")) == sum(each), count


def test_a_junit_report_is_well_formed(reports: Trio) -> None:
    """What the schemas of CI servers ask for, and no test without its cell."""
    whole = suite(reports.at("matrix"))
    assert whole.get("name") == "pytest"
    assert float(whole.get("time", "")) >= 0
    assert {"timestamp", "hostname"} <= set(whole.keys())
    cases = list(whole.iter("testcase"))
    assert len({(case.get("classname"), case.get("name")) for case in cases}) == len(cases) - 2  # call and teardown
    for case in cases:
        assert float(case.get("time", "")) >= 0
        assert case.get("name", "").endswith(tuple(f"[{cell}]" for cell in reports.kind.cells))
        assert {each.tag for each in case} <= {"properties", "failure", "error", "skipped", "system-out", "system-err"}
    failed = next(case for case in cases if case.get("name") == f"test_failed[{SAME}]")
    assert failed.get("classname") == "own.test_cases"
    assert "assert 1 == 2" in (failed.findtext("failure") or "")
    said = next(case for case in cases if case.get("name") == f"test_passed[{SAME}]").findtext("system-out") or ""
    assert "<&> #x07 é" in said


def test_a_junit_report_has_the_properties_of_test_and_cell(reports: Trio) -> None:
    whole = suite(reports.at("matrix"))
    for case in whole.iter("testcase"):
        properties = {each.get("name"): each.get("value") for each in case.iter("property")}
        cell = case.get("name", "").rpartition("[")[2].rstrip("]")
        assert properties["cell"] == cell
        assert properties["python"] == reports.kind.cells[cell]
        assert properties["platform"] == "host"
        if case.get("name", "").startswith("test_passed["):
            assert properties["side"] == "4"


def test_a_junit_report_of_the_usual_family_has_a_suite_for_each_cell(new_trio: NewTrio) -> None:
    """The schema of xunit2 has no properties of test cases, only of suites."""
    trio = new_trio()
    trio.write(CASES)
    trio.both("--junitxml=out/report.xml", "--continue-on-collection-errors")
    suites = list(ElementTree.parse(trio.at("matrix") / "out" / "report.xml").getroot())
    assert [each.get("name") for each in suites] == [f"pytest[{cell}]" for cell in trio.kind.cells]
    for mine, (cell, python) in zip(suites, trio.kind.cells.items(), strict=True):
        plain = suite(trio.at(cell))
        assert outcomes(mine, f"[{cell}]") == outcomes(plain, "")
        for count in ("tests", "failures", "errors", "skipped"):
            assert mine.get(count) == plain.get(count), count
        properties = [(each.get("name"), each.get("value")) for each in mine.findall("properties/property")]
        (execution,) = [value for name, value in properties if name == "execution"]
        assert (execution or "").startswith(f"CPython {python}.")
        told = [("cell", cell), ("python", python), ("platform", "host"), ("execution", execution), ("suite", "whole")]
        assert properties == told
        of_cases = [(each.get("name"), each.get("value")) for each in mine.findall("testcase/properties/property")]
        assert of_cases == [("side", "4")]


def test_a_junit_report_has_what_tests_record_for_the_suite_and_as_attributes(reports: Trio) -> None:
    """``record_testsuite_property`` and ``record_xml_attribute``."""
    plain, whole = suite(reports.at(SAME)), suite(reports.at("matrix"))
    for element in (plain, whole):
        recorded = [each.get("value") for each in element.findall("properties/property") if each.get("name") == "suite"]
        assert recorded[:1] == ["whole"]
        attributes = [case.get("own") for case in element.iter("testcase") if "test_passed" in case.get("name", "")]
        assert set(attributes) == {"yes"}


WARNINGS = {
    "test_warnings.py": """
        import sys, warnings
        import pytest

        class OwnWarning(UserWarning): pass
        warnings.warn("while collected", DeprecationWarning)
        def test_one(): warnings.warn("one", UserWarning)
        def test_own(): warnings.warn("own", OwnWarning)
        @pytest.mark.filterwarnings("ignore:quiet")
        def test_ignored(): warnings.warn("quiet", UserWarning)
        @pytest.mark.filterwarnings("error")
        def test_error(): warnings.warn("loud", UserWarning)
        @pytest.mark.parametrize("number", range(3))
        def test_same(number): warnings.warn("the same", UserWarning)
        def test_unraisable():
            class Broken:
                def __del__(self): raise ValueError("in del")
            Broken()
        def test_here():
            if sys.version_info >= (3, 10): warnings.warn("only here", FutureWarning)
    """
}


@pytest.fixture(scope="module")
def warned(new_trio: NewTrio) -> Trio:
    trio = new_trio()
    trio.write(WARNINGS)
    return trio


def test_the_warnings_summary(warned: Trio) -> None:
    """The same warning in several tests and cells is told once; one cell alone reads as plain pytest."""
    both = warned.both("-v", "-p", "no:cacheprovider")
    both.assert_same_outcomes(least=9)
    texts = [f"Warning: {each}" for each in ("while collected", "one", "own", "the same", "only here")]
    for text in texts:
        assert both.matrix.out.count(f"{text}\n") == 1, text
    alone = warned.one(SAME, "-p", "no:cacheprovider")
    lines = alone.plain[SAME].section("warnings summary")
    assert [line.replace(f"[{SAME}]", "") for line in alone.matrix.section("warnings summary")] == lines


@pytest.mark.parametrize(
    ("arguments", "settings"),
    [
        pytest.param(["-W", "error"], "", id="-W error"),
        pytest.param(["-W", "error::FutureWarning", "-W", "ignore::UserWarning"], "", id="several -W"),
        pytest.param([], 'filterwarnings = ["error", "ignore::DeprecationWarning"]', id="filterwarnings"),
        pytest.param(["-p", "no:warnings"], "", id="-p no:warnings"),
    ],
)
def test_filters_of_warnings(warned: Trio, arguments: list[str], settings: str) -> None:
    warned.settings(settings)
    both = warned.both("-v", "-p", "no:cacheprovider", "--continue-on-collection-errors", *arguments)
    both.assert_same_outcomes(least=9 if arguments[:2] != ["-W", "error"] else 0)
    assert ("warnings summary" in both.matrix.out) == any(
        "warnings summary" in each.out for each in both.plain.values()
    )


def test_strict_markers(new_trio: NewTrio) -> None:
    trio = new_trio()
    trio.write({"test_a.py": "import pytest\n@pytest.mark.unknown\ndef test_one(): pass"})
    both = trio.both("--strict-markers", "-p", "no:cacheprovider")
    both.assert_same_blocks("ERRORS")
    assert both.matrix.code == both.plain[SAME].code == 2
    assert "'unknown' not found in `markers` configuration option" in both.matrix.out
    lax = trio.both("-v", "-p", "no:cacheprovider")
    lax.assert_same_outcomes(least=1)
    assert lax.matrix.out.count("PytestUnknownMarkWarning: Unknown pytest.mark.unknown") == 1


def test_strict_config(new_trio: NewTrio) -> None:
    trio = new_trio()
    trio.settings('no_such_key = "1"')
    trio.write({"test_a.py": "def test_one(): pass"})
    both = trio.both("--strict-config", "-p", "no:cacheprovider")
    assert both.matrix.code == both.plain[SAME].code == 4
    assert "Unknown config option: no_such_key" in both.plain[SAME].err
    assert "Unknown config option: no_such_key" in both.matrix.err
    lax = trio.both("-v", "-p", "no:cacheprovider")
    lax.assert_same_outcomes(least=1)
    assert lax.matrix.out.count("PytestConfigWarning: Unknown config option: no_such_key") in (1, 2)
