"""Cells for arm64, run by an interpreter in qemu."""

from __future__ import annotations

import platform
import re
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.foreign.make_python import SUITES, NoMirrorError, make
from tests.plugin.conftest import Project

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.foreign,
    pytest.mark.timeout(400),
    pytest.mark.skipif(
        sys.platform != "linux" or platform.machine() != "x86_64" or shutil.which("apt-get") is None,
        reason="the arm64 interpreters are made of Debian's packages, for x86_64",
    ),
]

EXAMPLE = Path(__file__).parents[2] / "example_project"
TESTS = """\
import multiprocessing
import platform
import subprocess
import sys
import sysconfig

import numpy
import pydantic_core
import pytest
import shapely


@pytest.mark.platform("aws_lambda")
def test_the_machine_is_arm64(tmp_path):
    assert platform.machine() == "aarch64"
    said = subprocess.run([sys.executable, "-c", "import platform; print(platform.machine())"], stdout=subprocess.PIPE)
    assert said.stdout == b"aarch64\\n"
    assert shapely.Point(1, 2).buffer(1).area > 3
    assert numpy.arange(4).sum() == 6
    assert pydantic_core.to_json({"a": 1}) == b'{"a":1}'


@pytest.mark.platform("aws_lambda")
@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_processes_are_started(method):
    context = multiprocessing.get_context(method)
    with context.Pool(1) as pool:
        assert pool.apply(platform.machine) == "aarch64"


def test_crashes(ofiuco_cell):
    if ofiuco_cell.python == "3.11":
        import os, signal

        os.kill(os.getpid(), signal.SIGSEGV)
"""


@pytest.fixture(scope="session")
def interpreters(pytestconfig: pytest.Config) -> Mapping[str, Path]:
    """The arm64 interpreters by version; made once, since that takes half a minute."""
    assert pytestconfig.cache is not None
    folder = Path(pytestconfig.cache.mkdir("foreign-python"))
    try:
        return {version: make(folder / version, version) for version in SUITES}
    except NoMirrorError as error:
        pytest.skip(f"no arm64 interpreter can be made here: {error}")


@pytest.fixture
def example(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Project:
    """A copy of the example, with a sessions' cache."""
    folder = tmp_path_factory.mktemp("foreign") / "example"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("__pycache__", ".*_cache"))
    return Project(folder, cache)


def configure(project: Project, *lines: str) -> None:
    """Set the platform aws_lambda, and have the matrix hold it alone."""
    file = project.folder / "pyproject.toml"
    text = file.read_text(encoding="utf-8")
    head, _, rest = text.partition("[tool.ofiuco]")
    _, _, rest = rest.partition("[tool.pytest.ini_options]")
    table = ["[tool.ofiuco]", 'python = ["3.11", "3.12", "3.13"]', 'platforms = ["aws_lambda"]', *lines]
    file.write_text("\n".join([head, *table, "[tool.pytest.ini_options]", rest]), encoding="utf-8")


def test_arm64_cells_run(example: Project, interpreters: Mapping[str, Path]) -> None:
    paths = [str(path) for path in interpreters.values()]
    configure(example, "[tool.ofiuco.platform.aws_lambda]", f"interpreters = {paths}")
    (example.folder / "tests" / "test_arm64.py").write_text(TESTS, encoding="utf-8")
    result = example.matrix("-p", "no:cacheprovider", "tests/test_arm64.py", "tests/test_regions.py")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    outcomes = result.parseoutcomes()
    assert outcomes["failed"] == 1
    assert outcomes["passed"] > 2 * 5
    result.stdout.re_match_lines_random(
        [
            r"py311-aws_lambda:",
            r"  CPython 3\.11\.\d+, qemu \d+\.\d+\.\d+, glibc 2\.36; files for glibc 2\.26",
            r"  CPython 3\.13\.\d+, qemu \d+\.\d+\.\d+, glibc 2\.41; files for glibc 2\.34",
            r"the worker of py311-aws_lambda was killed by SIGSEGV while running .*test_crashes.*",
            r"py312-aws_lambda +.*skipped: manylinux_2_34_aarch64 does not run on \S+, and no Python 3\.12 for it is "
            r"here: .*`ofiuco python install 3\.12 aws_lambda` makes it run; its \d+ packages resolve.*",
        ]
    )
    again = example.matrix("-p", "no:cacheprovider", "-k", "machine_is_arm64", "--ofiuco-python", "3.13")
    assert again.parseoutcomes()["passed"] == 1
    assert re.search(r"CPython 3\.13\.\d+, qemu", again.stdout.str())


def test_an_interpreter_for_another_machine_is_an_error_of_its_cells(
    example: Project, interpreters: Mapping[str, Path]
) -> None:
    paths = [str(interpreters["3.13"])]
    configure(example, "[tool.ofiuco.platform.aws_lambda]", 'tag = "manylinux_2_34_ppc64le"', f"interpreters = {paths}")
    result = example.matrix("-p", "no:cacheprovider", "--ofiuco-python", "3.13")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    said = "\n".join(result.errlines)
    assert "it is for manylinux_2_41_aarch64, not for manylinux_2_34_ppc64le" in said
    assert "hint: correct `tag` or `interpreters` of the platform" in said
