"""The project that benchmarks/run.py measures with: made in a temporary folder, locked by uv, tests of several kinds.

One lock, so that every contender has the same packages; a folder of tests a suite, named on the command line.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from measuring import output

IMPORTED = (
    ("rich.console", "rich.table", "rich.progress", "rich.traceback", "rich.markdown"),
    ("attrs", "attr.validators", "packaging.version", "packaging.specifiers", "packaging.requirements"),
    ("requests", "requests.adapters", "urllib3.connectionpool", "charset_normalizer", "certifi"),
    ("jinja2", "jinja2.sandbox", "markupsafe", "click", "click.testing"),
    ("pydantic", "pydantic.json_schema", "yaml", "typing_extensions", "platformdirs"),
)
_PYPROJECT = """\
[project]
name = "measured"
version = "1.0"
requires-python = ">=3.10,<3.14"
dependencies = ["rich", "attrs", "packaging", "requests", "jinja2", "click", "pydantic", "pyyaml", "platformdirs"]

[dependency-groups]
dev = ["pytest=={pytest}"]

[tool.uv]
package = false

[tool.ofiuco]
python = ["3.10", "3.11", "3.12", "3.13"]

[tool.pytest.ini_options]
testpaths = ["tests"]
"""
_TOX = """\
[tox]
env_list = py310,py311,py312,py313
no_package = true

[testenv]
deps = -r requirements.txt
commands = python -m pytest {posargs}
"""
_NOX = """\
import nox

@nox.session(python=["3.10", "3.11", "3.12", "3.13"], venv_backend="uv")
def tests(session):
    session.install("--require-hashes", "-r", "requirements.txt")
    session.run("python", "-m", "pytest", *session.posargs)
"""
_TESTS_A_FILE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """A folder of tests, all of which pass."""

    name: str
    tests: int
    folder: str


def tiny(tests: int) -> Suite:
    """So many tests that do next to nothing."""
    return Suite(name=f"{tests:,} tiny tests", tests=tests, folder=f"tests/tiny{tests}")


SLOW = Suite(name="20 tests of 0.1 s", tests=20, folder="tests/slow")
IMPORTING = Suite(name="100 tests that import", tests=100, folder="tests/importing")


def make(folder: Path, pytest: str, environ: Mapping[str, str], tiny_suites: Sequence[int]) -> None:
    """Write the project and lock it; a hashed requirements.txt for those that know no lock."""
    folder.mkdir()
    for name, text in (("pyproject.toml", _PYPROJECT.replace("{pytest}", pytest)), ("tox.ini", _TOX)):
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "noxfile.py").write_text(_NOX, encoding="utf-8")
    for tests in tiny_suites:
        _write(folder / tiny(tests).folder, [f"    assert {number} + 1 == {number + 1}" for number in range(tests)])
    _write(folder / SLOW.folder, ["    import time\n    time.sleep(0.1)"] * SLOW.tests)
    imported = [name for names in IMPORTED for name in names]
    bodies = [f"    import {imported[number % len(imported)]} as found\n    assert found" for number in range(100)]
    _write(folder / IMPORTING.folder, bodies)
    output(["uv", "lock", "--quiet"], folder, environ)
    export = ["uv", "export", "--frozen", "--quiet", "--no-header", "--no-annotate"]
    output([*export, "-o", "requirements.txt"], folder, environ)


def _write(folder: Path, bodies: Sequence[str]) -> None:
    folder.mkdir(parents=True)
    for first in range(0, len(bodies), _TESTS_A_FILE):
        functions = (
            f"def test_{first + number}():\n{body}\n"
            for number, body in enumerate(bodies[first : first + _TESTS_A_FILE])
        )
        path = folder / f"test_{folder.name}_{first // _TESTS_A_FILE}.py"
        path.write_text("\n\n".join(functions), encoding="utf-8")
