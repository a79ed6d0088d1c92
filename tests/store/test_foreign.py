"""What is installed, built and refused for a platform that does not run on this machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from pytest_ofiuco.core.artifact import Archive, Artifact, Directory, Vcs, Wheel
from pytest_ofiuco.core.platforms import Platform
from pytest_ofiuco.core.target import Target
from pytest_ofiuco.errors import BrokenPythonError, MisbuiltError, NoWheelError
from pytest_ofiuco.store.cache import Store
from pytest_ofiuco.store.environment import Environment, Project
from pytest_ofiuco.store.interpreters import Interpreter
from tests.locks import package
from tests.store.installing import run
from tests.store.makers import THIS_PYTHON, plan, preparer, sdist, source_files, wheel, write_tree

ELSEWHERE = Platform.parse("manylinux_2_28_s390x")
SHA256 = (("sha256", "0" * 64),)
TAG = f"cp{THIS_PYTHON.replace('.', '')}-cp{THIS_PYTHON.replace('.', '')}-linux_s390x"


@pytest.fixture
def emulated(tmp_path: Path, interpreter: Interpreter) -> Interpreter:
    """A command that acts as an interpreter of that platform."""
    command = tmp_path / "emulated" / "python"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec {interpreter.path} "$@"\n', encoding="utf-8")
    command.chmod(0o755)
    return replace(interpreter, path=str(command), platform=ELSEWHERE, identity="emulated")


def made(
    store: Store,
    folder: Path,
    emulated: Interpreter,
    artifacts: Mapping[str, Artifact],
    *,
    compiler: Interpreter | None,
    project: Project | None = None,
) -> Environment:
    wanted = plan(emulated, folder, artifacts, project=project)
    resolution = replace(wanted.resolution, target=Target(python=emulated.python, platform=ELSEWHERE))
    with preparer(store) as prepares:
        return prepares.prepare(replace(wanted, resolution=resolution, compiler=compiler))


@pytest.mark.parametrize(
    ("artifact", "what"),
    [
        pytest.param(sdist("demo", {}).sdist(path="demo-1.0.tar.gz"), "a source distribution", id="sdist"),
        pytest.param(Archive(filename="demo.zip", hashes=SHA256, path="demo.zip"), "a source archive", id="archive"),
        pytest.param(Vcs(type="git", path="demo", commit="0" * 40), "a commit", id="commit"),
    ],
)
def test_sources_are_refused_before_anything_is_fetched(
    store: Store, tmp_path: Path, emulated: Interpreter, interpreter: Interpreter, artifact: Artifact, what: str
) -> None:
    missing = Wheel(filename="a-1.0-py3-none-any.whl", hashes=SHA256, path="a-1.0-py3-none-any.whl")
    with pytest.raises(NoWheelError) as caught:
        made(store, tmp_path, emulated, {"a": missing, "demo": artifact}, compiler=interpreter)
    assert caught.value.render() == (
        f"error: test.lock: package demo 1.0: there is no wheel for Python {interpreter.python} on"
        f" manylinux_2_28_s390x, and {what} would be built for this machine\n"
        "hint: build its wheel on such a machine, put it on an index, and lock again"
    )
    assert not list(store.environments.glob("*"))


def test_what_the_nearest_wheel_needs_is_said(
    store: Store, tmp_path: Path, emulated: Interpreter, interpreter: Interpreter
) -> None:
    source = sdist("demo", {}).sdist(path="demo-1.0.tar.gz")
    asked = plan(emulated, tmp_path, {"demo": source})
    newer = tuple(f"demo-1.0-py3-none-manylinux_2_{minor}_s390x.whl" for minor in (39, 34))
    entry = package("demo", "1.0", wheels=newer)
    resolution = replace(asked.resolution, lock=replace(asked.resolution.lock, packages=(entry,)))
    with preparer(store) as preparing, pytest.raises(NoWheelError) as caught:
        preparing.prepare(replace(asked, resolution=resolution, compiler=interpreter))
    assert caught.value.render() == (
        f"error: test.lock: package demo 1.0: there is no wheel for Python {interpreter.python} on manylinux_2_28_s390x"
        " (the nearest needs glibc ≥ 2.34, the platform has 2.28), and a source distribution would be built for this"
        " machine\nhint: lock a version with a wheel that suits it, or build its wheel on such a machine, put it on an"
        " index, and lock again"
    )


@pytest.mark.parametrize("has_compiler", [True, False])
def test_folders_and_the_project_are_built_for_any_platform(
    store: Store, tmp_path: Path, emulated: Interpreter, interpreter: Interpreter, has_compiler: bool
) -> None:
    project = write_tree(tmp_path / "project", source_files("project"))
    write_tree(tmp_path / "beside", source_files("beside"))
    file = wheel("demo", {"demo.py": "VALUE = 1\n"}, tag=TAG).write(tmp_path)
    artifacts: dict[str, Artifact] = {"demo": file.wheel(path=file.filename), "beside": Directory(path="beside")}
    environment = made(
        store,
        tmp_path,
        emulated,
        artifacts,
        compiler=interpreter if has_compiler else None,
        project=Project(directory=project, install="editable"),
    )
    code = "import beside_code, project_code, demo; print(beside_code.__file__, project_code.__file__, demo.VALUE)"
    beside, own, value = run(environment, code).split()
    assert (Path(own), value) == (project / "project_code" / "__init__.py", "1")
    assert Path(beside).is_relative_to(environment.path)


def test_an_interpreter_of_this_machine_builds(
    store: Store, tmp_path: Path, emulated: Interpreter, interpreter: Interpreter
) -> None:
    folder = write_tree(tmp_path / "project", source_files("project"))
    gone = replace(interpreter, path=str(tmp_path / "gone"), identity="gone")
    with pytest.raises(BrokenPythonError, match="gone: this interpreter cannot be used"):
        made(store, tmp_path, emulated, {}, compiler=gone, project=Project(directory=folder, install="wheel"))


@pytest.mark.parametrize("install", ["editable", "wheel"])
@pytest.mark.parametrize("tag", [TAG, TAG.replace("s390x", "x86_64")])
def test_what_a_folder_gives_for_one_machine_is_refused(
    store: Store, tmp_path: Path, emulated: Interpreter, interpreter: Interpreter, install: str, tag: str
) -> None:
    """Whatever its name says: no compiler of this machine was told of another."""
    folder = write_tree(tmp_path / "project", source_files("compiled", tag=tag))
    project = Project(directory=folder, install="editable" if install == "editable" else "wheel")
    with pytest.raises(MisbuiltError) as caught:
        made(store, tmp_path, emulated, {}, compiler=interpreter, project=project)
    assert caught.value.render() == (
        f"error: package project: what is built here is compiled-1.0-{tag}.whl,"
        f" which is not for Python {interpreter.python} on manylinux_2_28_s390x\n"
        "hint: build its wheel there and lock that, or make the package one without compiled code"
    )
