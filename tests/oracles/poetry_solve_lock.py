"""What ``poetry install`` takes from a lock of a format before 2.1; run by the interpreter that Poetry lives in.

Usage: ``poetry_solve_lock.py QUESTIONS`` in the project's folder. QUESTIONS is JSON: an array of objects with
``environment`` (the values of markers), ``groups`` and ``extras``. The answers are an array of objects, versions by
name; ``{}`` with an ``error`` where Poetry finds none.

For these locks Poetry solves once more, for the environment at hand, with the lock as its only repository. Here the
environment is one that is described instead of one that runs.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from cleo.io.null_io import NullIO  # type: ignore[import-not-found, unused-ignore]
from poetry.config.config import Config  # type: ignore[import-not-found, unused-ignore]
from poetry.factory import Factory  # type: ignore[import-not-found, unused-ignore]
from poetry.puzzle.exceptions import SolverProblemError  # type: ignore[import-not-found, unused-ignore]
from poetry.puzzle.solver import Solver  # type: ignore[import-not-found, unused-ignore]
from poetry.repositories import RepositoryPool  # type: ignore[import-not-found, unused-ignore]
from poetry.utils.env import NullEnv  # type: ignore[import-not-found, unused-ignore]


class DescribedEnvironment(NullEnv):  # type: ignore[misc, unused-ignore]
    """An environment of which only the values of markers are known."""

    def __init__(self, values: Mapping[str, str]) -> None:
        super().__init__()
        self.values = values

    def get_marker_env(self) -> Any:
        return {**super().get_marker_env(), **self.values}


def locked_source(packages: list[Any]) -> Callable[[Any], Any]:
    """What is locked of a repository, a URL or a path, in place of cloning, fetching or reading it."""

    def search(dependency: Any) -> Any:
        (found,) = (
            package
            for package in packages
            if package.name == dependency.name
            and package.source_type == dependency.source_type
            and (package.source_type != "url" or package.source_url == dependency.source_url)
        )
        return found

    return search


def answer(poetry: Any, packages: list[Any], question: Mapping[str, Any]) -> dict[str, str]:
    root = poetry.package.with_dependency_groups(question["groups"], only=True)
    pool = RepositoryPool.from_packages(packages, Config.create())
    solver = Solver(root, pool, [], packages, NullIO(), active_root_extras=question["extras"])
    solver.provider.load_deferred(False)
    solver.provider.search_for_direct_origin_dependency = locked_source(packages)
    try:
        with solver.use_environment(DescribedEnvironment(question["environment"])):
            transaction = solver.solve()
    except SolverProblemError as error:
        return {"error": str(error)}
    operations = transaction.calculate_operations(with_uninstalls=False, extras=set(question["extras"]))
    return {each.package.name: each.package.version.text for each in operations if not each.skipped}


def main(questions: str) -> None:
    poetry = Factory().create_poetry(Path.cwd(), io=NullIO())
    packages = poetry.locker.locked_repository().packages
    sys.stdout.write(json.dumps([answer(poetry, packages, each) for each in json.loads(questions)]))


if __name__ == "__main__":
    main(*sys.argv[1:])
