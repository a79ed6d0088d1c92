"""Cells of a session: each to run, to skip with a reason, or in error."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from pytest_ofiuco import config
from pytest_ofiuco.core.lock import Lock
from pytest_ofiuco.core.platforms import Platform
from pytest_ofiuco.core.target import Python
from pytest_ofiuco.errors import (
    BrokenPythonError,
    HostError,
    MissingPytestError,
    MissingPythonError,
    MissingThereError,
    NoArtifactError,
    NoReplacementError,
    NothingToReplaceError,
    UnknownNameError,
    UsageError,
)
from pytest_ofiuco.run.cells import Narrowing, SessionPlan
from pytest_ofiuco.run.hosts.host import FarInterpreter, Host
from pytest_ofiuco.run.plan import plan, select
from pytest_ofiuco.store.cache import Store
from pytest_ofiuco.store.interpreters import Interpreters, host_platform
from pytest_ofiuco.store.project import LocalProject
from tests.locks import edge, lock, package, read_lock, table
from tests.run.fakes import HOST, FakeInterpreters

PYTEST = package("pytest", "9.0")


@pytest.fixture(autouse=True)
def host(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same machine everywhere: the plan asks the host in one place."""
    monkeypatch.setattr("pytest_ofiuco.run.plan.host_platform", lambda: HOST)


def project(settings: str = "", locked: Lock | None = None) -> LocalProject:
    pyproject = table(f"[tool.ofiuco]\n{settings}")
    return LocalProject(
        directory=Path("project"),
        pyproject=pyproject,
        config=config.read(pyproject),
        lock=locked or lock(PYTEST),
        lock_file=Path("project/uv.lock"),
    )


def make(
    settings: str = 'python = ["3.10", "3.12"]',
    locked: Lock | None = None,
    *versions: str,
    narrowing: Mapping[str, Any] | None = None,
) -> SessionPlan:
    interpreters = FakeInterpreters(versions or ("3.9.18", "3.10.13", "3.12.1"))
    return plan(project(settings, locked), Narrowing(**(narrowing or {})), cast(Interpreters, interpreters))


def names(made: SessionPlan) -> list[str]:
    return [planned.cell.name for planned in made.cells]


def test_each_cell_gets_its_interpreter_and_resolution() -> None:
    made = make()
    assert names(made) == ["py310-host", "py312-host"]
    for planned in made.cells:
        assert planned.plan is not None
        assert planned.cell.target.python == planned.plan.interpreter.python
        assert planned.plan.resolution.target == planned.cell.target
        assert planned.versions == {"pytest": "9.0"}
        assert (planned.skip, planned.error) == (None, None)
    assert str(made.cells[0].cell.target.python) == "3.10.13"


def test_without_configuration_the_machines_pythons_that_the_lock_admits_are_taken() -> None:
    made = make("", lock(PYTEST, requires_python=(">=3.10",)))
    assert names(made) == ["py310-host", "py312-host"]


def test_a_requirement_between_two_patches_is_met_by_the_interpreter_that_is_here() -> None:
    assert names(make("", lock(PYTEST, requires_python=(">=3.10.5",)))) == ["py310-host", "py312-host"]


def test_a_machine_without_any_python_that_the_lock_admits_says_which_is_missing() -> None:
    with pytest.raises(MissingPythonError) as raised:
        make("", lock(PYTEST, requires_python=(">=3.13",)))
    assert ">=3.13" in str(raised.value)


def test_a_missing_python_is_an_error() -> None:
    with pytest.raises(MissingPythonError) as raised:
        make('python = ["3.10", "3.14"]')
    assert "uv python install 3.14" in (raised.value.hint or "")


def test_a_missing_python_may_be_skipped() -> None:
    made = make('python = ["3.10", "3.14"]\nmissing-python = "skip"')
    assert made.cells[0].is_run
    assert not made.cells[1].is_run
    assert "no Python 3.14 on this machine" in (made.cells[1].skip or "")


def test_explicit_interpreters_are_asked_first() -> None:
    interpreters = FakeInterpreters(("3.10.13",))
    settings = 'python = ["3.10"]\n[tool.ofiuco.platforms.host]\ninterpreters = ["~/python3.10"]'
    plan(project(settings), Narrowing(), cast(Interpreters, interpreters))
    assert interpreters.asked == [("3.10", ("~/python3.10",))]


def test_a_foreign_platform_is_resolved_and_skipped() -> None:
    settings = 'python = ["3.12"]\nplatforms = ["host", "linux_aarch64"]\n[tool.ofiuco.platform.linux_aarch64]\n'
    native, foreign = make(f'{settings}tag = "manylinux_2_28_aarch64"').cells
    assert native.is_run
    assert not foreign.is_run
    assert foreign.versions == {"pytest": "9.0"}
    host = host_platform()
    assert foreign.skip == (
        f"manylinux_2_28_aarch64 does not run on {host}, and no Python 3.12 for it is here: "
        "`ofiuco python install 3.12 linux_aarch64` makes it run; its 1 package resolves"
    )


def test_a_named_interpreter_runs_a_foreign_platform() -> None:
    made = make(
        'python = ["3.11", "3.12"]\nplatforms = ["linux_aarch64"]\n[tool.ofiuco.platform.linux_aarch64]\n'
        'interpreters = ["python3.12"]'
    )
    without, foreign = made.cells
    assert foreign.is_run
    assert str(foreign.runs_as) == "manylinux_2_28_aarch64"
    assert foreign.cell.target.python.release == "3.12.0"
    assert without.skip is not None
    assert "and no Python 3.11 for it is here: `ofiuco python install 3.11 linux_aarch64` makes it run" in without.skip
    assert not without.is_by_choice


def test_a_platform_that_is_not_to_run_is_skipped_by_choice() -> None:
    (foreign,) = make(
        'python = ["3.12"]\nplatforms = ["linux_aarch64"]\n[tool.ofiuco.platform.linux_aarch64]\nlauncher = false'
    ).cells
    assert foreign.is_by_choice
    assert foreign.skip == "manylinux_2_28_aarch64 is not run (`launcher = false`); its 1 package resolves"


_FAR = """
python = ["3.12"]
platforms = ["host", "linux_aarch64"]
{more}
[tool.ofiuco.platform.linux_aarch64]
ssh = "-p 2222 me@far"
"""


def test_another_machine_runs_what_this_one_cannot(monkeypatch: pytest.MonkeyPatch) -> None:
    def find(host: Host, python: Python, wanted: Platform) -> FarInterpreter:
        found = Python.parse(f"{python}.9")
        return FarInterpreter(path="/far/python", python=found, platform=wanted, identity="far", host=host)

    monkeypatch.setattr(Host, "connect", lambda _: None)
    monkeypatch.setattr(Host, "find", find)
    made = project(_FAR.format(more=""))
    native, far = plan(made, Narrowing(), cast(Interpreters, FakeInterpreters(("3.12.1",)))).cells
    assert [str(each.cell.target.python) for each in (native, far)] == ["3.12.1", "3.12.9"]
    assert far.plan is not None
    assert str(getattr(far.plan.interpreter, "host", None)) == "me@far"
    assert not made.witness.is_lasting


@pytest.mark.parametrize(
    ("error", "more", "becomes"),
    [
        pytest.param(HostError("far", "no connection"), "", "error", id="no connection"),
        pytest.param(MissingThereError("far", "no such Python"), "", "error", id="no Python"),
        pytest.param(
            MissingThereError("far", "no such Python"),
            'missing-python = "skip"',
            "no Python 3.12 on far; install it there makes it run",
            id="skipped",
        ),
    ],
)
def test_another_machine_that_is_of_no_use(
    error: HostError, more: str, becomes: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def find(host: Host, python: Python, wanted: Platform) -> FarInterpreter:
        raise error

    monkeypatch.setattr(Host, "connect", lambda _: None)
    monkeypatch.setattr(Host, "find", find)
    native, far = make(_FAR.format(more=more)).cells
    assert native.is_run
    assert (far.error, far.skip) == ((error, None) if becomes == "error" else (None, becomes))


def test_a_machine_is_asked_for_nothing_that_is_not_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Host, "connect", lambda _: pytest.fail("it was"))
    assert names(make(_FAR.format(more=""), narrowing={"platforms": ("host",)})) == ["py312-host"]


@pytest.mark.parametrize(
    ("narrowing", "left"),
    [
        ({"cells": ("py312-host",)}, ["py312-host"]),
        ({"pythons": ("3.10",)}, ["py310-host"]),
        ({"pythons": (">=3.11", "3.10")}, ["py310-host", "py312-host"]),
        ({"platforms": ("host",)}, ["py310-host", "py312-host"]),
        ({"platforms": ("manylinux_2_36_x86_64",), "pythons": ("3.12",)}, ["py312-host"]),
    ],
)
def test_the_matrix_is_narrowed(narrowing: dict[str, Any], left: list[str]) -> None:
    made = make(narrowing=narrowing)
    assert names(made) == left
    assert made.all_names == ("py310-host", "py312-host")


@pytest.mark.parametrize(
    "narrowing", [{"cells": ("py399-host",)}, {"platforms": ("aws_lamda",)}, {"variants": ("django42",)}]
)
def test_narrowing_to_nothing_lists_the_choice(narrowing: dict[str, Any]) -> None:
    with pytest.raises(UsageError) as raised:
        make(narrowing=narrowing)
    assert raised.value.hint == "choose from: py310-host, py312-host"


def test_a_matrix_that_excludes_itself_is_empty() -> None:
    with pytest.raises(UsageError, match="the matrix is empty"):
        make('python = ["3.10"]\nexclude = [{ python = "3.10" }]')


def test_a_cell_that_does_not_resolve_is_an_error_of_its_own() -> None:
    numpy = package("numpy", "2.0", wheels=("numpy-2.0-cp312-cp312-manylinux_2_17_x86_64.whl",))
    first, second = make(locked=lock(PYTEST, numpy)).cells
    assert isinstance(first.error, NoArtifactError)
    assert not first.is_run
    assert second.error is None


@pytest.mark.parametrize(
    ("format_", "command"),
    [
        ("poetry", "poetry add --group dev pytest"),
        ("uv", "uv add --dev pytest"),
        ("pylock", "uv export --format pylock"),
    ],
)
def test_a_lock_without_pytest_says_how_to_add_it(format_: str, command: str) -> None:
    with pytest.raises(MissingPytestError) as raised:
        make(locked=replace(lock(package("a")), format=format_))
    assert command in (raised.value.hint or "")
    assert raised.value.exit_code == 1


def test_only_the_cell_without_pytest_is_in_error() -> None:
    locked = lock(PYTEST, roots=(edge("pytest", "python_version >= '3.12'"),))
    first, second = make(locked=locked).cells
    assert isinstance(first.error, MissingPytestError)
    assert first.error.cell == "py310-host"
    assert second.error is None


def test_a_cell_that_does_not_run_needs_no_pytest() -> None:
    settings = 'python = ["3.12"]\nplatforms = ["x"]\n[tool.ofiuco.platform.x]\ntag = "manylinux_2_28_aarch64"'
    assert make(settings, lock(package("a"))).cells[0].error is None


def grouped() -> Lock:
    return lock(
        PYTEST,
        package("ruff"),
        package("a"),
        roots=(edge("a"),),
        groups={"dev": (edge("pytest"),), "lint": (edge("ruff"),)},
        default_groups=("main", "dev"),
    )


@pytest.mark.parametrize(
    ("settings", "groups"),
    [
        ("", ("dev", "main")),
        ("test-groups = []", ("main",)),
        ('test-groups = ["dev", "lint"]', ("dev", "lint", "main")),
        ('groups = ["main", "lint"]', ("dev", "lint", "main")),
    ],
)
def test_an_environment_holds_what_ships_and_what_tests_need(settings: str, groups: tuple[str, ...]) -> None:
    selection, warnings = select(project(settings, grouped()))
    assert selection.groups == groups
    assert warnings == ()


def test_a_group_that_the_lock_has_not_is_an_error() -> None:
    with pytest.raises(UnknownNameError, match="no group 'docs'"):
        select(project('test-groups = ["docs"]', grouped()))


FLAT = """
lock-version = "1.0"
created-by = "uv"
[[packages]]
name = "pytest"
version = "9.0"
wheels = [{ url = "https://files.example.org/pytest-9.0-py3-none-any.whl", hashes = { sha256 = "00" } }]
"""


def test_a_flat_lock_has_the_groups_unnamed() -> None:
    flat = read_lock("pylock.toml", FLAT)
    assert flat.flat
    made = make('python = ["3.12"]\ntest-groups = ["dev"]', flat)
    assert made.cells[0].is_run
    assert [line for line in made.warnings if "names no groups: dev" in line]


def test_what_the_lock_warns_of_is_passed_on() -> None:
    assert make(locked=replace(lock(PYTEST), warnings=("old format",))).warnings == ("old format",)


VARIANTS = """python = ["3.10", "3.12"]
exclude = [{ python = "3.10", variant = "old" }]
[tool.ofiuco.variants]
pytest = ["9.0"]
[tool.ofiuco.variants.old]
replace = { pytest = { path = "lib/pytest-8.0-py3-none-any.whl", hash = "sha256:HASH" } }
""".replace("HASH", "0" * 64)


def test_variants_are_cells_beside_the_lock_as_it_is() -> None:
    made = make(VARIANTS)
    assert names(made) == [
        "py310-host",
        "py310-host-pytest9.0",
        "py312-host",
        "py312-host-pytest9.0",
        "py312-host-old",
    ]
    assert [planned.versions["pytest"] for planned in made.cells] == ["9.0", "9.0", "9.0", "9.0", "8.0"]
    found = [planned.plan.resolution.variant for planned in made.cells if planned.plan]
    assert [each.name if each else None for each in found] == [
        None,
        "pytest9.0",
        None,
        "pytest9.0",
        "old",
    ]


@pytest.mark.parametrize(
    ("variants", "left"),
    [
        (("old",), ["py312-host-old"]),
        (("",), ["py310-host", "py312-host"]),
        (("old", ""), ["py310-host", "py312-host", "py312-host-old"]),
    ],
)
def test_variants_are_narrowed(variants: tuple[str, ...], left: list[str]) -> None:
    assert names(make(VARIANTS, narrowing={"variants": variants})) == left


def test_a_variant_that_no_cell_is_of_lists_the_cells() -> None:
    with pytest.raises(UsageError) as raised:
        make(VARIANTS, narrowing={"variants": ("pytest8",)})
    assert str(raised.value) == "no cell is left of the matrix"
    assert raised.value.hint == (
        "choose from: py310-host, py310-host-pytest9.0, py312-host, py312-host-pytest9.0, py312-host-old"
    )


def test_the_lock_as_it_is_may_be_left_out() -> None:
    made = make(VARIANTS.replace('python = "3.10", variant = "old"', "variant = false"))
    assert names(made) == ["py310-host-pytest9.0", "py310-host-old", "py312-host-pytest9.0", "py312-host-old"]


def test_a_package_that_only_some_cells_have_is_replaced_there() -> None:
    locked = lock(PYTEST, package("tomli"), roots=(edge("pytest"), edge("tomli", "python_version < '3.11'")))
    settings = 'python = ["3.10", "3.12"]\n[tool.ofiuco.variants.bare]\nreplace = { tomli = false }'
    made = make(settings, locked)
    assert [(planned.cell.name, planned.error is None) for planned in made.cells] == [
        ("py310-host", True),
        ("py310-host-bare", True),
        ("py312-host", True),
        ("py312-host-bare", False),
    ]
    error = made.cells[3].error
    assert isinstance(error, NothingToReplaceError)
    assert str(error) == (
        "pyproject.toml: tool.ofiuco.variants.bare.replace.tomli: variant bare replaces tomli: uv.lock has it,"
        " and Python 3.12.1 on manylinux_2_36_x86_64 does not get it"
    )


def test_a_version_that_is_nowhere_ends_the_session(tmp_path: Path) -> None:
    made = replace(project("[tool.ofiuco.variants]\npytest = ['7.0']"), lock_file=tmp_path / "uv.lock")
    with pytest.raises(NoReplacementError) as raised:
        plan(made, Narrowing(), cast(Interpreters, FakeInterpreters(("3.12.1",))))
    assert str(raised.value) == (
        "pyproject.toml: tool.ofiuco.variants.pytest[0]: variant pytest7.0: pytest 7.0 is not in uv.lock"
    )


def test_what_the_lock_of_a_variant_warns_of_is_passed_on(tmp_path: Path) -> None:
    (tmp_path / "poetry.lock").write_text(
        '[[package]]\nname = "pytest"\nversion = "7.0"\noptional = false\npython-versions = ">=3.7"\n'
        'groups = ["main"]\nfiles = [{ file = "pytest-7.0-py3-none-any.whl", hash = "sha256:00" }]\n'
        '[metadata]\nlock-version = "2.9"\npython-versions = ">=3.7"\ncontent-hash = ""\n'
    )
    found = project("[tool.ofiuco.variants]\npytest = ['9.0', '7.0']")
    found = replace(found, directory=tmp_path, lock_file=tmp_path / "uv.lock")

    def warnings(variant: str) -> tuple[str, ...]:
        interpreters = cast(Interpreters, FakeInterpreters(("3.12.1",)))
        return plan(found, Narrowing(variants=(variant,)), interpreters).warnings

    assert warnings("pytest9.0") == ()
    assert warnings("pytest7.0") == ("poetry.lock: lock-version 2.9 is newer than 2.1, read as 2.1",)


def test_an_interpreter_that_is_named_and_not_there(tmp_path: Path) -> None:
    """Where it is named is part of what there is to do."""
    settings = (
        'python = ["3.12"]\nplatforms = ["board"]\n[tool.ofiuco.platform.board]\n'
        'tag = "manylinux_2_28_riscv64"\ninterpreters = ["/no/python3.12"]'
    )
    with pytest.raises(BrokenPythonError) as raised:
        plan(project(settings), Narrowing(), Interpreters(Store(tmp_path), {}))
    assert raised.value.render() == (
        "error: /no/python3.12: this interpreter cannot be used: No such file or directory\n"
        "hint: reinstall it, or correct `interpreters` in [tool.ofiuco.platform.board]"
    )


def test_a_platform_that_is_described_and_in_no_cell() -> None:
    described = "[tool.ofiuco.platform.aws_lambda]\nprovided = ['boto3']"
    said = 'aws_lambda: described, and in no cell: platforms = ["host", "aws_lambda"] in [tool.ofiuco] makes cells'
    assert make(f'python = ["3.12"]\n{described}').warnings == (said,)
    assert make(f'python = ["3.12"]\nplatforms = ["host"]\n{described}').warnings == ()
    with pytest.raises(UsageError) as raised:
        make(f'python = ["3.12"]\n{described}', narrowing={"platforms": ("aws_lambda",)})
    assert raised.value.render() == (
        "error: no cell is left of the matrix\nhint: choose from: py312-host; or make cells of it: "
        'platforms = ["host", "aws_lambda"] in [tool.ofiuco]'
    )
    with pytest.raises(UsageError) as raised:
        make('python = ["3.12"]', narrowing={"platforms": ("aws_lamda",)})
    assert raised.value.hint == "choose from: py312-host"


def test_a_provided_package_that_is_misnamed() -> None:
    described = "[tool.ofiuco.platform.aws_lambda]\nprovided = ['pytst', 'boto3']"
    said = 'tool.ofiuco.platform.aws_lambda.provided: "pytst": no package of the lock: did you mean pytest?'
    assert make(f'python = ["3.12"]\nplatforms = ["host"]\n{described}').warnings == (said,)
