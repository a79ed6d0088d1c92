"""What tells failing cells from passing ones."""

from __future__ import annotations

import pytest

from pytest_ofiuco.run.differences import NOTHING, CellFacts, Difference, differences, told


def cell(
    name: str, python: str = "3.12.1", platform: str = "host", variant: str = "", **versions: str | None
) -> CellFacts:
    named = {package.replace("_", "-"): version for package, version in versions.items()}
    return CellFacts(name=name, python=python, platform=platform, variant=variant or None, versions=named)


def said(failing: list[CellFacts], passing: list[CellFacts], text: str = "") -> list[str]:
    return [str(each) for each in differences(failing, passing, text)]


def test_python_platform_variant_and_packages_in_this_order() -> None:
    failing = cell("a", "3.10.13", "aws_lambda", "django42", django="4.2.4", attrs="25.1")
    passing = cell("b", "3.12.1", "host", "", django="5.0.1", attrs="25.1")
    assert said([failing], [passing]) == [
        "Python 3.10.13 (3.12.1 where it passes)",
        "platform aws_lambda (host where it passes)",
        "variant django42 (none where it passes)",
        "django 4.2.4 (5.0.1 where it passes)",
    ]


def test_only_what_separates_all_failing_from_all_passing_cells() -> None:
    failing = [cell("a", "3.10.13", numpy="2.2"), cell("b", "3.10.13", "musl", numpy="2.2")]
    passing = [cell("c", "3.12.1", "musl", numpy="2.2"), cell("d", "3.13.0", numpy="2.3")]
    assert said(failing, passing) == ["Python 3.10.13 (3.12.1, 3.13.0 where it passes)"]


def test_a_package_that_only_one_side_has() -> None:
    with_it, without_it = cell("a", tomli="2.5"), cell("b")
    assert said([with_it], [without_it]) == ["tomli 2.5 (none where it passes)"]
    assert said([without_it], [with_it]) == ["no tomli (2.5 where it passes)"]


def test_a_package_without_a_version_differs_from_one_that_has_one() -> None:
    assert said([cell("a", own=None)], [cell("b", own="1.0")]) == ["own without a version (1.0 where it passes)"]
    assert said([cell("a", own=None)], [cell("b", own=None)]) == []


def test_packages_that_the_failure_names_come_first() -> None:
    failing = cell("a", attrs="1", ruamel_yaml="1", zope="1")
    passing = cell("b", attrs="2", ruamel_yaml="2", zope="2")
    text = "lib/site-packages/Ruamel.Yaml/main.py:3: in load"
    assert [each.what for each in differences([failing], [passing], text)] == ["ruamel-yaml", "attrs", "zope"]


def test_many_values_are_counted() -> None:
    passing = [cell(str(minor), f"3.{minor}.0") for minor in range(8, 14)]
    assert said([cell("a", "3.14.0")], passing) == [
        "Python 3.14.0 (3.8.0, 3.9.0, 3.10.0, 3.11.0, 2 more where it passes)"
    ]
    assert said([cell("a", "3.14.0")], passing[:5]) == [
        "Python 3.14.0 (3.8.0, 3.9.0, 3.10.0, 3.11.0, 3.12.0 where it passes)"
    ]


def test_nothing_to_compare_with() -> None:
    assert differences([cell("a")], []) == ()
    assert differences([], [cell("a")]) == ()


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        pytest.param(0, [NOTHING], id="none"),
        pytest.param(2, ["p0 1 (2 where it passes)", "p1 1 (2 where it passes)"], id="all"),
        pytest.param(4, ["p0 1 (2 where it passes)", "p1 1 (2 where it passes)", "and 2 more"], id="more"),
    ],
)
def test_no_more_than_the_limit_are_told(count: int, expected: list[str]) -> None:
    found = [Difference(what=f"p{index}", there=("1",), elsewhere=("2",)) for index in range(count)]
    assert told(found, limit=2) == expected
