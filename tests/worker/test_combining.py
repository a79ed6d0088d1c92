"""Coverage data of several environments under one name, with the cell in its contexts."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from coverage import CoverageData

from pytest_ofiuco.worker.combining import Canon, adapt, collect, options_of


def write(path: Path, text: str) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return str(path)


@pytest.fixture
def canon(tmp_path: Path) -> Canon:
    """A project in src, and two environments with a wheel of it and with another package."""
    write(tmp_path / "project/src/one/__init__.py", "a = 1\n")
    for number in "12":
        write(tmp_path / number / "one/__init__.py", "a = 1\n")
        write(tmp_path / number / "other.py", "b = 1\n")
        write(tmp_path / number / "changed.py", f"c = {number}\n")
    return Canon(str(tmp_path / "project"), [str(tmp_path / "1"), str(tmp_path / "2")], str(tmp_path / "worker"), False)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        pytest.param("2/one/__init__.py", "project/src/one/__init__.py", id="the project's own"),
        pytest.param("project/src/one/__init__.py", "project/src/one/__init__.py", id="in its place"),
        pytest.param("2/other.py", "1/other.py", id="the first environment's"),
        pytest.param("2/changed.py", "2/changed.py", id="not the same"),
        pytest.param("2/gone.py", "2/gone.py", id="not there any more"),
        pytest.param("elsewhere.py", "elsewhere.py", id="elsewhere"),
    ],
)
def test_one_name(canon: Canon, tmp_path: Path, path: str, expected: str) -> None:
    for name in ("1/other.py", "1/changed.py"):
        canon.name(str(tmp_path / name))
    assert canon.name(str(tmp_path / path)) == str(tmp_path / expected)


def test_relative_names_stay_relative(canon: Canon, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path / "project")
    canon.is_relative = True
    assert canon.name(str(tmp_path / "1/one/__init__.py")) == "src/one/__init__.py"
    assert canon.name("src/one/__init__.py") == "src/one/__init__.py"


@pytest.fixture
def data(tmp_path: Path) -> CoverageData:
    return CoverageData(basename=str(tmp_path / "data"))


def read(data: CoverageData) -> CoverageData:
    again = CoverageData(basename=data.data_filename())
    again.read()
    return again


def test_contexts_begin_with_the_cell(canon: Canon, data: CoverageData) -> None:
    data.add_lines({"/a.py": {1}})
    data.set_context("test_a|run")
    data.add_lines({"/a.py": {2}})
    data.close()
    assert adapt(data.data_filename(), "py312-host", canon)
    after = read(data)
    assert after.contexts_by_lineno("/a.py") == {1: ["py312-host"], 2: ["py312-host|test_a|run"]}


def test_two_names_of_one_file_in_the_same_data(canon: Canon, tmp_path: Path, data: CoverageData) -> None:
    wheel, source = str(tmp_path / "1/one/__init__.py"), str(tmp_path / "project/src/one/__init__.py")
    data.add_lines({wheel: {1, 30}, source: {2}})
    data.set_context("only there")
    data.add_lines({wheel: {4}})
    data.close()
    adapt(data.data_filename(), "cell", canon)
    after = read(data)
    assert after.measured_files() == {source}
    assert after.contexts_by_lineno(source) == {1: ["cell"], 2: ["cell"], 30: ["cell"], 4: ["cell|only there"]}


def test_the_workers_own_code_is_left_out(canon: Canon, tmp_path: Path, data: CoverageData) -> None:
    data.add_lines({str(tmp_path / "worker/session.py"): {1}, "/project/_ofiuco_worker.session": {1}, "/a.py": {1}})
    data.close()
    assert adapt(data.data_filename(), "cell", canon)
    assert read(data).measured_files() == {"/a.py"}


def test_where_the_worker_is_what_is_tested_it_is_measured(tmp_path: Path) -> None:
    canon = Canon(str(tmp_path), [], str(tmp_path / "worker"), False)
    assert not canon.leaves_out(str(tmp_path / "worker/session.py"))


def test_arcs_of_two_names(canon: Canon, tmp_path: Path, data: CoverageData) -> None:
    wheel, source = str(tmp_path / "1/one/__init__.py"), str(tmp_path / "project/src/one/__init__.py")
    data.add_arcs({wheel: {(1, 2), (2, 3)}, source: {(1, 2)}})
    data.close()
    adapt(data.data_filename(), "cell", canon)
    after = read(data)
    assert after.measured_files() == {source}
    assert sorted(after.arcs(source) or ()) == [(1, 2), (2, 3)]


def test_what_cannot_be_read_and_what_is_empty(canon: Canon, tmp_path: Path, data: CoverageData) -> None:
    data.add_lines({"/a.py": {1}})
    data.close()
    broken = write(tmp_path / "broken", "SQLite no more")
    sqlite3.connect(tmp_path / "empty").close()
    empty = CoverageData(basename=str(tmp_path / "touched"))
    empty.set_context("x")
    empty.add_lines({})
    empty.close()
    files = [data.data_filename(), broken, empty.data_filename()]
    asked = [{"file": file, "cell": f"cell{number}"} for number, file in enumerate(files) if Path(file).exists()]
    assert collect(asked, canon) == ([data.data_filename()], ["cell1"])


@pytest.mark.parametrize(
    ("asked", "report", "source"),
    [
        pytest.param({"cov_report": {}, "cov_source": None}, {"": None}, [True], id="--cov --cov-report="),
        pytest.param({"cov_report": ["term"], "cov_source": ["a"]}, ["term"], ["a"], id="--cov=a"),
    ],
)
def test_options_as_pytest_cov_has_parsed_them(asked: dict[str, object], report: object, source: list[object]) -> None:
    options = options_of(asked)
    assert (options.cov_report, options.cov_source, options.dist) == (report, source, "no")
