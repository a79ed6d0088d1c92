"""Which of a project's sources an inspection reads, and so has to see again."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from pytest_ofiuco.config.zip import ZipSettings
from pytest_ofiuco.core.platforms import Platform
from pytest_ofiuco.core.target import Python, Target
from pytest_ofiuco.inspect.tree import tree_of
from pytest_ofiuco.run.inspection.shipping import Shipping


def test_what_is_included_is_what_is_seen(tmp_path: Path) -> None:
    """Also in folders that are no part of a project's code else, as what a build leaves."""
    directory, environment = tmp_path / "project", tmp_path / "environment"
    for name in ("build/app/main.py", "build/app/inner.py", "one.py", "other/two.py"):
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("import needed\n", encoding="utf-8")
    environment.mkdir()
    target = Target(python=Python.parse("3.13"), platform=Platform.parse("manylinux_2_34_aarch64"))

    def shipping(*include: str) -> Shipping:
        config = SimpleNamespace(zip=ZipSettings(include=include))
        project: Any = SimpleNamespace(directory=directory, config=config, pyproject=None, lock=None)
        return Shipping(project=project, target=target, platform="aws_lambda", is_cell=True)

    tree = tree_of(environment)
    assert shipping("build/app", "one.py").folders(tree, environment) == (directory / "build" / "app", directory)
    assert shipping().folders(tree, environment) == (directory,)
