"""Inspections that are kept count only while everything they came of is as it was."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pytest_ofiuco.core.matrix import Cell
from pytest_ofiuco.core.platforms import Platform
from pytest_ofiuco.core.target import Python, Target
from pytest_ofiuco.run.inspection import verdicts
from pytest_ofiuco.run.inspection.verdicts import Verdict, Verdicts
from pytest_ofiuco.store.cache import Store
from pytest_ofiuco.store.project import load
from pytest_ofiuco.store.request import Environment
from tests.bundle.projects import project
from tests.store.makers import write_tree

LEAK = "import needed\n"


@pytest.fixture
def judge(tmp_path: Path) -> Callable[..., Verdict]:
    """The verdict on an environment of the project in ``p``, as each session finds it."""
    folder, environment = (
        tmp_path / "p",
        write_tree(tmp_path / "e", {"pyvenv.cfg": "", "lib/python3.13/site-packages/a.py": ""}),
    )
    target = Target(python=Python.parse("3.13"), platform=Platform.parse("manylinux_2_34_aarch64"))
    cell = Cell(name="py313-aws_lambda", python=target.python, platform="aws_lambda", target=target)
    found = Environment(path=environment, python=environment / "bin" / "python", key="k", was_cached=True)

    def judge(*, refresh: bool = False) -> Verdict:
        return Verdicts(Store(tmp_path / "cache"), folder, None, lambda: load(folder), refresh=refresh).of(cell, found)

    return judge


def test_where_sources_lie_is_seen(tmp_path: Path, judge: Callable[..., Verdict]) -> None:
    folder = project(tmp_path / "p", sources={"app.py": ""})
    (folder / "src").mkdir()
    (folder / "deep").mkdir()
    assert judge().is_fine
    (folder / "src").rmdir()
    (folder / "app.py").write_text(LEAK)
    assert judge().text.startswith("error: app.py: line 1 imports needed, which nothing that ships brings\n")
    write_tree(folder, {"src/other.py": ""})
    assert judge().is_fine
    (folder / "src" / "other.py").unlink()
    assert not judge().is_fine
    (folder / "app.py").unlink()
    assert judge().is_fine
    write_tree(folder, {"deep/module.py": LEAK})
    assert "deep/module.py: line 1" in judge().text


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege there")
@pytest.mark.parametrize("name", ["examples/module.py", "linked/module.py"])
def test_all_that_ships_is_seen(tmp_path: Path, judge: Callable[..., Verdict], name: str) -> None:
    """Also what no environment links to: a folder of examples, and what a link leads to."""
    write_tree(tmp_path / "elsewhere", {"module.py": ""})
    folder = project(tmp_path / "p", sources={"app.py": "", "examples/module.py": ""})
    (folder / "linked").symlink_to(tmp_path / "elsewhere")
    assert judge().is_fine
    (folder / name).write_text(LEAK)
    assert f"{name}: line 1" in judge().text


def test_a_link_that_holds_nothing_does_not_hide_the_sources(tmp_path: Path, judge: Callable[..., Verdict]) -> None:
    folder = project(tmp_path / "p", sources={"app.py": ""})
    (folder / "src").mkdir()
    (tmp_path / "e" / "lib" / "python3.13" / "site-packages" / "p.pth").write_text(f"{folder / 'src'}\n")
    assert judge().is_fine
    (folder / "app.py").write_text(LEAK)
    assert not judge().is_fine


def test_refresh_makes_it_anew(tmp_path: Path, judge: Callable[..., Verdict], monkeypatch: pytest.MonkeyPatch) -> None:
    project(tmp_path / "p")
    assert judge().is_fine
    anew = Verdict(is_fine=False, text="made anew")
    monkeypatch.setattr(verdicts, "_looked", lambda *_: anew)
    assert judge().is_fine
    assert judge(refresh=True).text == judge().text == "made anew"
