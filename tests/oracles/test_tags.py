"""The tags and markers of a target beside those that ``packaging`` finds in every interpreter on this machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Iterable
from pathlib import Path
from shutil import copytree
from typing import NamedTuple

import packaging
import pytest
from packaging.tags import Tag

from pytest_ofiuco.core.target import Python, Target
from pytest_ofiuco.errors import MissingPythonError
from pytest_ofiuco.store.cache import Store
from pytest_ofiuco.store.interpreters import Interpreter, Interpreters
from tests.targets import target

pytestmark = pytest.mark.e2e

PYTHONS = ("3.8", "3.9", "3.10", "3.11", "3.12", "3.13", "3.13t", "3.14", "3.14t", "3.15", "3.15t")
PYPYS = ("pypy3.8", "pypy3.9", "pypy3.10", "pypy3.11")
ASK = """
import json
try:
    from packaging.markers import default_environment
    from packaging.tags import sys_tags
except ImportError:
    from pip._internal.utils.compatibility_tags import get_supported as sys_tags
    from pip._vendor.packaging.markers import default_environment
print(json.dumps([[str(tag) for tag in sys_tags()], default_environment()]))
"""
FIRST_OF_PACKAGING = (3, 9)
"""The oldest Python that the installed ``packaging`` runs on; older ones are asked through their own pip's."""


class Said(NamedTuple):
    """What ``packaging`` says in an interpreter."""

    here: Target
    tags: list[Tag]
    environment: dict[str, str]


Ask = Callable[[str], Said]


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Ask:
    """Asks the interpreter for a Python, once; skips, with the reason, where this machine has none."""
    directory = tmp_path_factory.mktemp("packaging")
    copytree(Path(packaging.__file__).parent, directory / "path" / "packaging")
    interpreters = Interpreters(Store(directory / "store"), os.environ)
    known: dict[str, Said] = {}

    def ask(python: str) -> Said:
        if python not in known:
            try:
                interpreter = interpreters.find(Python.parse(python))
            except MissingPythonError as error:
                pytest.skip(str(error))
            known[python] = said(interpreter, directory / "path")
        return known[python]

    return ask


def said(interpreter: Interpreter, path: Path) -> Said:
    python = interpreter.python
    environ = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    if python.minor >= FIRST_OF_PACKAGING:
        environ["PYTHONPATH"] = str(path)
    done = subprocess.run([interpreter.path, "-c", ASK], env=environ, capture_output=True, text=True, check=True)
    tags, environment = json.loads(done.stdout)
    return Said(target(str(python), str(interpreter.platform)), [Tag(*each.split("-")) for each in tags], environment)


def without_bare_linux(tags: Iterable[Tag]) -> list[Tag]:
    return [tag for tag in tags if not tag.platform.startswith("linux_")]


@pytest.mark.parametrize("python", [*PYTHONS, *PYPYS])
def test_tags(python: str, ask: Ask) -> None:
    """The same tags in the same order, but for the bare ``linux_x86_64``.

    ``packaging`` 26.3 has it first, for wheels that were built on the machine itself; earlier releases, pip and uv
    have it last. It says nothing of a libc, so among the files of a lock it is the last resort.
    """
    here, tags, _ = ask(python)
    assert without_bare_linux(here.tags) == without_bare_linux(tags)
    assert frozenset(here.tags) == frozenset(tags)


@pytest.mark.parametrize("python", PYTHONS)
def test_markers(python: str, ask: Ask) -> None:
    """All that a target says of itself; what the kernel calls itself is left empty."""
    here, _, environment = ask(python)
    unsaid = ("platform_release", "platform_version")
    assert [key for key, value in here.environment.items() if not value] == list(unsaid)
    assert here.environment == {**environment, **dict.fromkeys(unsaid, "")}


@pytest.mark.parametrize("python", PYPYS)
def test_markers_of_pypy(python: str, ask: Ask) -> None:
    """Which release of PyPy it is, a target cannot know; that it is of the 7.3 series, it does."""
    here, _, environment = ask(python)
    unsaid = ("platform_release", "platform_version", "implementation_version")
    assert environment["implementation_version"].startswith("7.3.")
    assert here.environment == {**environment, **{key: here.environment[key] for key in unsaid}}


def test_the_interpreter_that_runs_the_tests_is_asked(ask: Ask) -> None:
    free_threaded = "t" if sysconfig.get_config_var("Py_GIL_DISABLED") else ""
    prefix = "pypy" if sys.implementation.name == "pypy" else ""
    python = f"{prefix}{sys.version_info[0]}.{sys.version_info[1]}{free_threaded}"
    assert python in (*PYTHONS, *PYPYS)
    assert ask(python).tags
