"""A controller reads settings that only its cells understand."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_ofiuco.run.tolerance import before_conftests, before_options, known_options, plugins_here


def load(pytester: pytest.Pytester, *arguments: str) -> tuple[pytest.Config, list[str]]:
    """A configuration as ``before_conftests`` leaves it, and the arguments that are left."""

    class Early:
        left: list[str]

        @pytest.hookimpl(tryfirst=True)
        def pytest_load_initial_conftests(self, early_config: Any, parser: Any, args: list[str]) -> None:
            before_conftests(early_config, parser, args)
            self.left = list(args)

    early = Early()
    pytester.plugins.append(early)
    config = pytester.parseconfig(*arguments)
    return config, early.left


def test_options_that_only_cells_know_are_passed_over(pytester: pytest.Pytester) -> None:
    _, left = load(pytester, "--no-such-option", "-q", "--other=3")
    assert "--no-such-option" not in left
    assert "--other=3" not in left
    assert "-q" in left


def test_the_projects_own_plugins_are_left_to_the_cells(pytester: pytest.Pytester) -> None:
    pytester.syspathinsert()
    pytester.makepyfile(own_plugin="def pytest_collection_modifyitems(items): items.reverse()")
    config, _ = load(pytester, "-p", "own_plugin", "-p", "pytester")
    assert not config.pluginmanager.has_plugin("own_plugin")
    assert config.pluginmanager.has_plugin("pytester")


def test_ini_keys_that_only_cells_know_are_passed_over(pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\nonly_in_cells = yes\naddopts = --strict-config")
    config, _ = load(pytester)
    assert config.getini("only_in_cells")


def test_no_conftest_is_loaded(pytester: pytest.Pytester) -> None:
    pytester.makeconftest("import a_module_that_only_cells_have")
    config, _ = load(pytester)
    assert config.known_args_namespace.noconftest


def test_required_plugins_and_warning_filters_are_the_cells_business(pytester: pytest.Pytester) -> None:
    pytester.makeini(
        "[pytest]\nrequired_plugins = pytest-only-in-cells\nfilterwarnings = error::only_in_cells.TheirWarning"
    )
    early = type("Early", (), {})()

    def pytest_addoption(pluginmanager: pytest.PytestPluginManager) -> None:
        early_config = pluginmanager.get_plugin("pytestconfig")
        assert isinstance(early_config, pytest.Config)
        before_options(early_config)

    early.pytest_addoption = pytest_addoption
    pytester.plugins.append(early)
    config = pytester.parseconfig()
    assert config.getini("required_plugins") == []
    assert config.getini("filterwarnings") == []


def test_known_options_say_how_many_values_they_take(pytester: pytest.Pytester) -> None:
    options = dict(known_options(pytester.parseconfig()))
    assert options["--collect-only"] == 0
    assert options["--maxfail"] is None
    assert options["--ofiuco-matrix"] == 0
    assert all(name.startswith("--") for name in options)


def test_a_report_that_no_plugin_would_write_is_refused(pytester: pytest.Pytester) -> None:
    with pytest.raises(pytest.UsageError) as refused:
        load(pytester, "--report-log=out.jsonl")
    assert str(refused.value) == (
        "--report-log: no report would be written, since pytest-reportlog is not installed where pytest was started\n"
        "hint: install pytest-reportlog beside pytest-ofiuco, or leave --report-log out"
    )


def test_the_plugins_that_are_named_and_here(pytester: pytest.Pytester) -> None:
    pytester.syspathinsert()
    pytester.makepyfile(ides_plugin="", other_plugin="")
    config = pytester.parseconfig("-p", "ides_plugin", "-pother_plugin", "-p", "no:doctest")
    assert plugins_here(config) == ["ides_plugin", "other_plugin"]
