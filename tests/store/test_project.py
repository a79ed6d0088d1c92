"""Projects on disk: which lock is theirs, and which Pythons they admit."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_ofiuco.core.resolve import resolve
from pytest_ofiuco.errors import InputError, NoLockError, PythonNotAdmittedError, StaleLockError
from pytest_ofiuco.store.project import load
from tests.targets import target

PYLOCK = 'lock-version = "1.0"\ncreated-by = "pip"\npackages = []\n'
UV = 'version = 1\nrequires-python = ">=3.8"\n'


def write(file: Path, text: str) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


def member(name: str) -> str:
    return f'[[package]]\nname = "{name}"\nversion = "1"\nsource = {{ editable = "packages/{name}" }}\n'


# Pythons


@pytest.mark.parametrize(
    ("pyproject", "admitted"),
    [
        pytest.param('[project]\nrequires-python = ">=3.10"', ">=3.10", id="project"),
        pytest.param('[tool.poetry.dependencies]\npython = "^3.10"', "^3.10", id="Poetry"),
        pytest.param("[project]", "", id="nothing said"),
    ],
)
def test_the_project_limits_where_the_lock_does_not(pyproject: str, admitted: str, tmp_path: Path) -> None:
    write(tmp_path / "pyproject.toml", pyproject)
    write(tmp_path / "pylock.toml", PYLOCK)
    lock = load(tmp_path).lock
    assert lock.requires_python_text == admitted
    if admitted:
        with pytest.raises(PythonNotAdmittedError) as caught:
            resolve(lock, target("3.9", "manylinux_2_28_x86_64"), lock.selection())
        assert str(caught.value) == (f"pyproject.toml: requires-python: Python 3.9.0 is not admitted by {admitted!r}")


def test_the_lock_limits_where_it_says_so(tmp_path: Path) -> None:
    write(tmp_path / "pyproject.toml", '[project]\nrequires-python = ">=3.10"')
    write(tmp_path / "pylock.toml", PYLOCK + 'requires-python = ">=3.9"\n')
    assert load(tmp_path).lock.requires_python_text == ">=3.9"


@pytest.mark.parametrize("pyproject", ['[project]\nrequires-python = "?"', '[tool.poetry.dependencies]\npython = "?"'])
def test_a_limit_that_is_none(pyproject: str, tmp_path: Path) -> None:
    write(tmp_path / "pyproject.toml", pyproject)
    write(tmp_path / "pylock.toml", PYLOCK)
    with pytest.raises(InputError, match=r"^pyproject\.toml: "):
        load(tmp_path)


# Locks


def test_a_link_is_the_lock_that_it_is_named(tmp_path: Path) -> None:
    lock = write(tmp_path / "project" / "uv.lock", UV)
    link = tmp_path / "other.lock"
    link.symlink_to(lock)
    loaded = load(tmp_path / "project", str(link))
    assert (loaded.lock_file, loaded.lock.path) == (link, str(link))


def test_no_such_lock_is_said_without_an_option(tmp_path: Path) -> None:
    with pytest.raises(NoLockError) as caught:
        load(tmp_path, "no.lock")
    assert caught.value.hint == "name a lock file that exists"


@pytest.mark.parametrize(
    ("workspace", "is_member"),
    [
        pytest.param('members = ["packages/*"]', True, id="a glob"),
        pytest.param('members = ["./packages/one/"]', True, id="a path"),
        pytest.param('members = ["**"]', True, id="at any depth"),
        pytest.param('members = ["*"]', False, id="not at that depth"),
        pytest.param('members = ["packages/*"]\nexclude = ["packages/o*"]', False, id="excluded"),
        pytest.param("", False, id="no members"),
    ],
)
def test_the_lock_of_the_workspace(workspace: str, is_member: bool, tmp_path: Path) -> None:
    write(tmp_path / "pyproject.toml", f"[tool.uv.workspace]\n{workspace}")
    write(tmp_path / "uv.lock", UV + member("one") + member("two"))
    folder = write(tmp_path / "packages" / "one" / "pyproject.toml", '[project]\nname = "one"').parent
    if not is_member:
        with pytest.raises(NoLockError):
            load(folder)
        return
    loaded = load(folder)
    assert (loaded.lock_file, loaded.lock.path) == (tmp_path.resolve() / "uv.lock", "../../uv.lock")
    assert [package.name for package in loaded.lock.packages if package.is_virtual] == ["one"]


def test_a_folder_without_a_pyproject_is_no_member(tmp_path: Path) -> None:
    write(tmp_path / "pyproject.toml", '[tool.uv.workspace]\nmembers = ["*"]')
    write(tmp_path / "uv.lock", UV)
    (tmp_path / "one").mkdir()
    with pytest.raises(NoLockError):
        load(tmp_path / "one")


# A lock that is out of date

STALE = """version = 1
revision = 3
[[package]]
name = "project"
version = "0"
source = { virtual = "." }
[package.metadata]
requires-dist = [{ name = "a", specifier = ">=1" }]
"""


def test_out_of_date_is_said(tmp_path: Path) -> None:
    write(tmp_path / "pyproject.toml", '[project]\nname = "project"\ndependencies = ["a>=2"]\n')
    write(tmp_path / "uv.lock", STALE)
    said = "uv.lock: out of date with pyproject.toml (a)"
    assert load(tmp_path).lock.remarks == (f"{said}: lock again (`uv lock`)",)
    with pytest.raises(StaleLockError) as caught:
        load(tmp_path, locked=True)
    assert caught.value.render() == f"error: {said}\nhint: lock the project again: `uv lock`"
    assert caught.value.exit_code == 1


def test_up_to_date_may_be_demanded(tmp_path: Path) -> None:
    write(tmp_path / "pyproject.toml", '[project]\nname = "project"\ndependencies = ["a>=1"]\n')
    write(tmp_path / "uv.lock", STALE)
    assert load(tmp_path, locked=True).lock.remarks == ()


# Whether it is installed


@pytest.mark.parametrize(
    ("settings", "is_package"),
    [
        pytest.param("", True, id="nothing said"),
        pytest.param("[tool.poetry]\npackage-mode = false", False, id="Poetry"),
        pytest.param("[tool.uv]\npackage = false", False, id="uv"),
        pytest.param("[tool.pdm]\ndistribution = false", False, id="pdm"),
    ],
)
def test_what_the_projects_own_tool_does_not_install(settings: str, is_package: bool, tmp_path: Path) -> None:
    write(tmp_path / "pyproject.toml", f"[build-system]\nrequires = []\n{settings}")
    write(tmp_path / "uv.lock", UV)
    assert load(tmp_path).is_package is is_package
