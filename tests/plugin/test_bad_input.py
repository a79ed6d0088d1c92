"""Bad input: a message that names the culprit and one remedy, pytest's exit status, never a traceback."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.plugin.conftest import NewProject, Project, only_index

pytestmark = pytest.mark.e2e

WRONG = pytest.ExitCode.USAGE_ERROR
HEAD = '[project]\nname = "small"\nversion = "1"\nrequires-python = ">=3.8"\n'
EMPTY_LOCK = 'version = 1\nrevision = 3\nrequires-python = ">=3.8"\n'


@pytest.fixture(scope="module")
def shared(new_project: NewProject) -> Project:
    """A project whose settings each test writes anew."""
    project = new_project()
    project.write({"test_a.py": "def test(): pass"})
    return project


def check(result: pytest.RunResult, code: int, *lines: str) -> None:
    """The exit status, the error and its hint, and no traceback."""
    assert result.ret == code
    (result.stderr if code == WRONG else result.stdout).fnmatch_lines(lines)
    for said in (result.stdout, result.stderr):
        said.no_fnmatch_line("*Traceback (most recent call last)*")
        said.no_fnmatch_line("*INTERNALERROR*")


@pytest.mark.parametrize(
    ("files", "error", "hint"),
    [
        pytest.param(
            {"pyproject.toml": HEAD},
            "ERROR: *no lock file here (looked for uv.lock, poetry.lock, pylock.toml, pdm.lock, requirements.txt)",
            "hint: make one *",
            id="no lock",
        ),
        pytest.param(
            {"pyproject.toml": f'{HEAD}[tool.ofiuco]\nlock = "other.lock"'},
            "ERROR: *no lock file here (looked for other.lock)",
            "hint: *",
            id="no such lock",
        ),
        pytest.param({"uv.lock": "version = = 1"}, "ERROR: uv.lock: *line 1*", "", id="broken lock"),
        pytest.param(
            {"uv.lock": "version = 99\n"},
            "ERROR: uv.lock: version: version 99 * not known*",
            "hint: lock *",
            id="version",
        ),
        pytest.param(
            {"uv.lock": EMPTY_LOCK, "pyproject.toml": f"{HEAD}[tool.ofiuco]\npythons = []"},
            "ERROR: pyproject.toml: tool.ofiuco.pythons: not a key that is known",
            "hint: use one of: *",
            id="unknown key",
        ),
        pytest.param(
            {"uv.lock": EMPTY_LOCK, "pyproject.toml": f'{HEAD}[tool.ofiuco]\npython = ["2.7"]'},
            "ERROR: pyproject.toml: tool.ofiuco.python[[]0[]]: *2.7*",
            "hint: write it as 3.12*",
            id="no Python",
        ),
        pytest.param(
            {
                "uv.lock": f'{EMPTY_LOCK}[[package]]\nname = "small"\nversion = "1"\nsource = {{ virtual = "." }}\n',
                "pyproject.toml": f'{HEAD}[tool.ofiuco]\npython = ["3.10"]',
            },
            "ERROR: uv.lock: package pytest: not in the selected groups*",
            "hint: *uv add --dev pytest*",
            id="no pytest",
        ),
    ],
)
def test_files(tmp_path: Path, cache: Path, files: Mapping[str, str], error: str, hint: str) -> None:
    project = Project(tmp_path, cache)
    project.write({"pyproject.toml": HEAD, "test_a.py": "def test(): pass", **files})
    check(project.matrix(), WRONG, error, *([hint] if hint else []))


def test_a_stale_lock_is_an_error_on_demand(tmp_path: Path, cache: Path) -> None:
    project = Project(tmp_path, cache)
    lock = f'{EMPTY_LOCK}[[package]]\nname = "small"\nversion = "1"\nsource = {{ virtual = "." }}\n'
    project.write({"pyproject.toml": f'{HEAD}dependencies = ["rich"]\n', "uv.lock": lock, "test_a.py": ""})
    error = "ERROR: uv.lock: out of date with pyproject.toml (rich)"
    check(project.matrix("--ofiuco-locked"), WRONG, error, "hint: lock the project again: `uv lock`")


def test_a_broken_pyproject_is_told_by_pytest(tmp_path: Path, cache: Path) -> None:
    project = Project(tmp_path, cache)
    project.write({"pyproject.toml": "[project\n", "uv.lock": EMPTY_LOCK})
    result = project.matrix()
    assert result.ret == WRONG
    result.stderr.fnmatch_lines(["ERROR: *pyproject.toml: *"])


@pytest.mark.parametrize(
    ("arguments", "error", "hint"),
    [
        (
            ["--ofiuco-cell", "py399-host"],
            "ERROR: no cell is left of the matrix",
            "hint: choose from: py310-host, py313-host",
        ),
        (["--ofiuco-python", ">=9"], "ERROR: no cell is left of the matrix", "hint: choose from: *"),
        (["--ofiuco-python", "newest"], "ERROR: python 'newest': neither a version nor specifiers", "hint: write *"),
        (
            ["--ofiuco-jobs", "0"],
            "ERROR: --ofiuco-jobs 0: not a number of workers",
            "hint: give a number from 1 on, or auto",
        ),
        (["--ofiuco-jobs", "many"], "ERROR: --ofiuco-jobs many: not a number of workers", "hint: *"),
        (
            ["--pdb"],
            "ERROR: --pdb and --trace debug one cell, and 2 are selected",
            "hint: select one: --ofiuco-cell py313-host (of py310-host, py313-host)",
        ),
        (["--trace"], "ERROR: --pdb and --trace debug one cell, and 2 are selected", "hint: select one: *"),
        (["--tx", "popen"], "ERROR: --tx of pytest-xdist has no meaning in a matrix", "hint: leave it out"),
        (["--dist", "each"], "ERROR: --dist each has no meaning in a matrix", "hint: choose from: load, *"),
        (["-n", "many"], "ERROR: -n many: not a number of workers", "hint: give a number from 0 on, or auto"),
        (
            ["--ofiuco-timeout", "soon"],
            "ERROR: --ofiuco-timeout soon: not a time",
            "hint: give a number of seconds, as in --ofiuco-timeout 60",
        ),
        (
            ["--ofiuco-cell", "py310-host", "test_a.py::test[py313-host]"],
            "ERROR: no cell is left of the matrix: the tests named on the command line are in other cells",
            "",
        ),
    ],
    ids=lambda value: value[1] if isinstance(value, list) and len(value) > 1 else None,
)
def test_options(shared: Project, arguments: list[str], error: str, hint: str) -> None:
    shared.configure()
    check(shared.matrix(*arguments), WRONG, error, *([hint] if hint else []))


def test_a_missing_interpreter(shared: Project) -> None:
    shared.configure(python=["3.10", "3.99"])
    check(
        shared.matrix("-p", "no:cacheprovider"),
        WRONG,
        "ERROR: Python 3.99: no such interpreter found (looked in PATH, *",
        'hint: install it (`uv python install 3.99`*missing-python = "skip"*',
    )
    shared.configure(python=["3.10", "3.99"], ofiuco='missing-python = "skip"')
    skipped = shared.matrix("-p", "no:cacheprovider", "-rs")
    check(skipped, pytest.ExitCode.OK, "py399-host * skipped: no Python 3.99 on this machine; *")
    skipped.assert_outcomes(passed=1, skipped=1)


def only_newer_wheels(lock: str) -> str:
    """The lock with a pytest that has one file, for Python 3.13 only."""
    head, _, rest = lock.partition('name = "pytest"\nversion = "9')
    body, _, tail = rest.partition("\n[[package]]")
    body = re.sub(r"^sdist = .*\n", "", body, flags=re.MULTILINE).replace("-py3-none-any.whl", "-cp313-none-any.whl")
    return f'{head}name = "pytest"\nversion = "9{body}\n[[package]]{tail}'


def test_a_package_without_a_fitting_file(project: Project) -> None:
    lock = project.folder / "uv.lock"
    lock.write_text(only_newer_wheels(lock.read_text()))
    project.configure(python=["3.10", "3.12"])
    project.write({"test_a.py": "def test(): pass"})
    none = project.matrix("-p", "no:cacheprovider")
    check(
        none, pytest.ExitCode.INTERRUPTED, "*no file of pytest * fits Python 3.10*", "hint: lock a version of pytest*"
    )
    none.stdout.fnmatch_lines(["py310-host * error: could not resolve", "py312-host * error: could not resolve"])
    project.configure(python=["3.8", "3.10"])
    one = project.matrix("-p", "no:cacheprovider")
    check(one, pytest.ExitCode.TESTS_FAILED, "*no file of pytest * fits Python 3.10*")
    one.assert_outcomes(passed=1, errors=1)
    one.stdout.fnmatch_lines(["py38-host * 1 *", "py310-host * error: could not resolve"])


def test_a_hash_that_differs(project: Project, tmp_path: Path) -> None:
    lock = project.folder / "uv.lock"
    text = lock.read_text()
    right = re.search(r"iniconfig-2\.3\.1-py3-none-any\.whl\", hash = \"sha256:(\w+)", text)
    assert right
    lock.write_text(text.replace(right[1], "0" * 64))
    project.configure(python=["3.8", "3.10"])
    project.write({"test_a.py": "def test(): pass"})
    private = Project(project.folder, tmp_path / "cache")
    result = private.matrix("-p", "no:cacheprovider")
    check(
        result,
        pytest.ExitCode.TESTS_FAILED,
        f"*iniconfig-2.3.1-py3-none-any.whl: hash differs: the lock has *{'0' * 64}*{right[1]}*",
        "hint: do not trust this file*",
    )
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["py38-host * 1 *", "py310-host * error: could not prepare"])


@pytest.fixture
def unreachable(tmp_path: Path) -> dict[str, str]:
    return only_index("http://127.0.0.1:9/simple", tmp_path)


def test_an_index_that_is_down(project: Project, tmp_path: Path, unreachable: dict[str, str]) -> None:
    project.write({"test_a.py": "def test(): pass"})
    private = Project(project.folder, tmp_path / "cache")
    down = private.matrix("-p", "no:cacheprovider", **unreachable)
    check(
        down,
        pytest.ExitCode.INTERRUPTED,
        "*cannot be fetched: *",
        "hint: check the network, the proxy (HTTPS_PROXY) and the index settings (*",
    )
    down.stdout.fnmatch_lines(["*2 failed*", "py310-host * error: could not prepare", "*2 errors in*"])
    assert not re.search(r"(?<!127\.0\.0\.1):\d+/simple", down.stdout.str())
    offline = private.matrix("-p", "no:cacheprovider", "--ofiuco-offline")
    check(
        offline,
        pytest.ExitCode.INTERRUPTED,
        "*offline, and the cache lacks *",
        "hint: run once with the network: *",
    )


def test_an_index_that_is_down_harms_no_cached_cell(project: Project, unreachable: dict[str, str]) -> None:
    project.write({"test_a.py": "def test(): pass"})
    project.matrix("-p", "no:cacheprovider", "-q").assert_outcomes(passed=2)
    project.matrix("-p", "no:cacheprovider", "-q", **unreachable).assert_outcomes(passed=2)


SYNTAX = "def test(:\n    pass\n"
NEW_SYNTAX = "def test():\n    try:\n        pass\n    except* ValueError:\n        pass\n"


def test_a_syntax_error(project: Project) -> None:
    project.write({"test_good.py": "def test(): pass", "test_new.py": NEW_SYNTAX})
    one = project.matrix("-p", "no:cacheprovider")
    check(one, pytest.ExitCode.TESTS_FAILED, "*ERROR collecting test_new.py[[]py310-host[]]*", '*test_new.py", line 4')
    one.assert_outcomes(passed=2, errors=1)
    one.stdout.fnmatch_lines(["py310-host * error: could not collect", "py313-host * 2 *"])
    going_on = project.matrix("-p", "no:cacheprovider", "--continue-on-collection-errors")
    going_on.assert_outcomes(passed=3, errors=1)
    project.write({"test_new.py": SYNTAX})
    both = project.matrix("-p", "no:cacheprovider")
    check(both, pytest.ExitCode.INTERRUPTED, "*ERROR collecting test_new.py in all 2 cells*", "*Interrupted: 2 errors*")
    both.assert_outcomes(errors=2)


def test_a_conftest_that_breaks(project: Project) -> None:
    project.write({"conftest.py": "import a_module_that_nobody_has", "test_a.py": "def test(): pass"})
    result = project.matrix("-p", "no:cacheprovider")
    assert result.ret != pytest.ExitCode.OK
    assert "a_module_that_nobody_has" in result.stdout.str() + result.stderr.str()
    result.stdout.no_fnmatch_line("*INTERNALERROR*")
    result.stderr.no_fnmatch_line("*pytest_ofiuco*")


def test_a_cache_that_cannot_be_written(project: Project, tmp_path: Path) -> None:
    occupied = tmp_path / "cache"
    occupied.write_text("a file")
    project.write({"test_a.py": "def test(): pass"})
    result = Project(project.folder, occupied).matrix("-p", "no:cacheprovider")
    assert result.ret in (WRONG, pytest.ExitCode.INTERRUPTED)
    said = result.stderr if result.ret == WRONG else result.stdout
    said.fnmatch_lines(["*the cache cannot be used: *", "hint: free the disk*OFIUCO_CACHE_DIR*"])
    result.stdout.no_fnmatch_line("*INTERNALERROR*")
    shutil.rmtree(project.folder)
