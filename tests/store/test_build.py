"""Builds: sdists, archives, folders and projects, with a build backend that lies in the source."""

from __future__ import annotations

import io
import os
import tarfile
import threading
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest

from pytest_ofiuco.core.artifact import Archive, Directory
from pytest_ofiuco.core.target import Python
from pytest_ofiuco.errors import ArchiveError, BuildError, InputError, MissingPythonError, OfflineError
from pytest_ofiuco.store.cache import Store
from pytest_ofiuco.store.environment import Project
from pytest_ofiuco.store.interpreters import Interpreter, Interpreters
from pytest_ofiuco.store.settings import IndexSettings
from pytest_ofiuco.store.sources import fingerprint
from tests.store.building import answer, origin, prepare
from tests.store.makers import BACKEND, File, plan, preparer, sdist, source_files, wheel, write_tree


def builds(folder: Path) -> int:
    log = folder / ".builds" / "log"
    return len(log.read_text().splitlines()) if log.exists() else 0


@pytest.mark.parametrize("kind", ["tar.gz", "tar.bz2", "tar.xz", "zip"])
def test_an_sdist_is_built_offline_with_its_own_backend(
    store: Store, interpreter: Interpreter, tmp_path: Path, kind: str
) -> None:
    file = sdist("demo", source_files(), kind=kind).write(tmp_path)
    environment = prepare(store, interpreter, tmp_path, file.sdist(path=file.filename), offline=True)
    assert answer(environment) == "42"
    (tmp_path / file.filename).unlink()
    assert prepare(store, interpreter, tmp_path, file.sdist(path=file.filename)).was_cached


def test_an_archive_with_a_subdirectory(store: Store, interpreter: Interpreter, tmp_path: Path) -> None:
    files = {f"python/{path}": text for path, text in source_files().items()}
    file = sdist("demo", files).write(tmp_path)
    hashes = (("sha256", file.sha256),)
    artifact = Archive(filename=file.filename, hashes=hashes, path=file.filename, subdirectory="python")
    environment = prepare(store, interpreter, tmp_path, artifact)
    assert answer(environment) == "42"
    assert origin(environment)["subdirectory"] == "python"
    with pytest.raises(BuildError, match="has no folder"):
        prepare(store, interpreter, tmp_path, replace(artifact, subdirectory="../.."))


def test_a_wheel_for_every_python_is_built_once(store: Store, interpreter: Interpreter, tmp_path: Path) -> None:
    write_tree(tmp_path, source_files())
    another = replace(interpreter, python=replace(interpreter.python, free_threaded=True), identity="another")
    for each in (interpreter, another):
        prepare(store, each, tmp_path, Directory(path="."))
    assert builds(tmp_path) == 1


def test_a_wheel_for_one_python_is_built_for_each(store: Store, interpreter: Interpreter, tmp_path: Path) -> None:
    write_tree(tmp_path, source_files(tag="cp310-abi3-any"))
    another = replace(interpreter, python=replace(interpreter.python, free_threaded=True), identity="another")
    for each in (interpreter, another, interpreter):
        prepare(store, each, tmp_path, Directory(path="."))
    assert builds(tmp_path) == 2


def test_a_directory_is_built_again_when_its_code_changes(
    store: Store, interpreter: Interpreter, tmp_path: Path
) -> None:
    tree = write_tree(tmp_path / "tree", source_files())
    first = prepare(store, interpreter, tmp_path, Directory(path="tree"))
    (tree / "demo_code" / "__pycache__").mkdir()
    (tree / "demo_code" / "__pycache__" / "x.pyc").write_bytes(b"")
    (tree / ".git").mkdir()
    (tree / "build").mkdir()
    (tree / ".git" / "HEAD").write_text("")
    (tree / "build" / "left").write_text("")
    for name in (".coverage.py312-host.1", "coverage.xml", "junit.xml"):
        (tree / name).write_text("")
    (tree / "htmlcov").mkdir()
    (tree / "htmlcov" / "index.html").write_text("")
    write_tree(tree / "cdk", {"cdk.out/manifest.json": "", "node_modules/x/index.js": ""})
    assert prepare(store, interpreter, tmp_path, Directory(path="tree")).was_cached
    (tree / "demo_code" / "__init__.py").write_text("ANSWER = 43\n")
    second = prepare(store, interpreter, tmp_path, Directory(path="tree"))
    assert (answer(first), answer(second)) == ("42", "43")
    assert origin(second) == {"url": tree.as_uri(), "dir_info": {}}
    (tree / "demo_code" / "coverage.xml").write_text("of the package")
    assert not prepare(store, interpreter, tmp_path, Directory(path="tree")).was_cached


def test_an_editable_project_follows_its_code(store: Store, interpreter: Interpreter, tmp_path: Path) -> None:
    write_tree(tmp_path, source_files())
    environment = prepare(store, interpreter, tmp_path, install="editable")
    assert answer(environment) == "42"
    (tmp_path / "demo_code" / "__init__.py").write_text("ANSWER = 43\n")
    assert prepare(store, interpreter, tmp_path, install="editable").was_cached
    assert answer(environment) == "43"
    assert origin(environment) == {"url": tmp_path.as_uri(), "dir_info": {"editable": True}}


def test_a_project_as_a_wheel_is_a_copy(store: Store, interpreter: Interpreter, tmp_path: Path) -> None:
    write_tree(tmp_path, source_files())
    environment = prepare(store, interpreter, tmp_path, install="wheel")
    (tmp_path / "demo_code" / "__init__.py").write_text("ANSWER = 43\n")
    assert answer(environment) == "42"


def test_editable_and_wheel_are_two_environments(store: Store, interpreter: Interpreter, tmp_path: Path) -> None:
    write_tree(tmp_path, source_files())
    keys = {prepare(store, interpreter, tmp_path, install=each).key for each in (None, "editable", "wheel")}
    assert len(keys) == 3


@pytest.mark.parametrize(
    ("addition", "is_same"),
    [
        ('\n[tool.pytest.ini_options]\naddopts = "-q"\n', True),
        ("\n[dependency-groups]\ndev = []\n", True),
        ('\n[project]\nname = "demo"\n', False),
        ("\n[tool.setuptools]\nzip-safe = false\n", False),
    ],
)
def test_what_of_pyproject_an_editable_install_depends_on(tmp_path: Path, addition: str, is_same: bool) -> None:
    write_tree(tmp_path, source_files())
    artifact = Directory(path=".", editable=True)
    before = fingerprint(artifact, "x.lock", tmp_path)
    with (tmp_path / "pyproject.toml").open("a") as file:
        file.write(addition)
    assert (fingerprint(artifact, "x.lock", tmp_path) == before) == is_same
    (tmp_path / "backend.py").write_text("")
    assert fingerprint(artifact, "x.lock", tmp_path) != before


def test_a_broken_pyproject_is_named(store: Store, interpreter: Interpreter, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[")
    with pytest.raises(InputError, match=r"pyproject\.toml: not valid TOML"):
        prepare(store, interpreter, tmp_path, install="editable")


def test_a_backend_that_fails_shows_its_last_words(store: Store, interpreter: Interpreter, tmp_path: Path) -> None:
    write_tree(tmp_path, source_files() | {"fail": ""})
    with pytest.raises(BuildError) as caught:
        prepare(store, interpreter, tmp_path, install="wheel")
    said = caught.value.render()
    assert "its backend backend failed" in said
    assert "the backend speaks" in said
    assert "the backend fails" in said
    assert "read the whole build log" in said
    assert "the backend fails" in Path(caught.value.log).read_text()
    (tmp_path / "fail").unlink()
    assert answer(prepare(store, interpreter, tmp_path, install="wheel")) == "42"


def test_a_backend_that_cannot_make_editables(store: Store, interpreter: Interpreter, tmp_path: Path) -> None:
    write_tree(tmp_path, source_files(editable=False))
    with pytest.raises(BuildError, match="cannot make an editable wheel") as caught:
        prepare(store, interpreter, tmp_path, install="editable")
    assert 'install-project = "wheel"' in caught.value.render()


def test_a_backend_that_is_missing(store: Store, interpreter: Interpreter, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[build-system]\nrequires = []\nbuild-backend = "nowhere"\n')
    with pytest.raises(BuildError, match="its backend nowhere cannot be imported"):
        prepare(store, interpreter, tmp_path, install="wheel")


def test_a_folder_without_any_build_files(store: Store, interpreter: Interpreter, tmp_path: Path) -> None:
    with pytest.raises(BuildError, match=r"neither a pyproject\.toml nor a setup\.py"):
        prepare(store, interpreter, tmp_path, install="wheel")


def test_build_requirements_that_are_lacking_offline(store: Store, interpreter: Interpreter, tmp_path: Path) -> None:
    text = '[build-system]\nrequires = ["nobody-has-this"]\nbuild-backend = "nobody"\n'
    (tmp_path / "pyproject.toml").write_text(text)
    with pytest.raises(OfflineError, match=r"build requirements of .* \(nobody-has-this\)"):
        prepare(store, interpreter, tmp_path, install="wheel", offline=True)


def test_build_requirements_that_pip_cannot_find(store: Store, interpreter: Interpreter, tmp_path: Path) -> None:
    text = '[build-system]\nrequires = ["nobody-has-this"]\nbuild-backend = "nobody"\n'
    (tmp_path / "pyproject.toml").write_text(text)
    with pytest.raises(BuildError, match="pip cannot resolve its build requirements") as caught:
        prepare(store, interpreter, tmp_path, install="wheel")
    assert "No matching distribution found for nobody-has-this" in str(caught.value)


def test_build_requirements_come_from_find_links(store: Store, interpreter: Interpreter, tmp_path: Path) -> None:
    code = f"NAME = 'demo'\nTAG = 'py3-none-any'\n{BACKEND}"
    wheel("wheelwright", {"wheelwright.py": code}).write(tmp_path / "links")
    text = '[build-system]\nrequires = ["wheelwright"]\nbuild-backend = "wheelwright"\n'
    write_tree(tmp_path, {"pyproject.toml": text, "demo_code/__init__.py": "ANSWER = 42\n"})
    settings = IndexSettings(no_index=True, find_links=(str(tmp_path / "links"),))
    project = Project(directory=tmp_path, install="editable")
    with preparer(store, settings, offline=True) as made:
        environment = made.prepare(plan(interpreter, tmp_path, {}, project=project))
    assert answer(environment) == "42"


def test_refresh_builds_again(store: Store, interpreter: Interpreter, tmp_path: Path) -> None:
    write_tree(tmp_path, source_files())
    prepare(store, interpreter, tmp_path, install="editable")
    prepare(store, interpreter, tmp_path, install="editable", refresh=True)
    assert builds(tmp_path) == 2


def test_many_threads_build_once(store: Store, interpreter: Interpreter, tmp_path: Path) -> None:
    write_tree(tmp_path, source_files())
    project = Project(directory=tmp_path, install="editable")
    plans = [
        plan(replace(interpreter, identity=f"{interpreter.identity}{number}"), tmp_path, {}, project=project)
        for number in range(4)
    ]
    with preparer(store) as made:
        threads = [threading.Thread(target=made.prepare, args=(each,)) for each in plans]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert builds(tmp_path) == 1


@pytest.mark.parametrize("path", ["../outside", "/outside"])
def test_an_archive_that_would_write_outside(store: Store, interpreter: Interpreter, tmp_path: Path, path: str) -> None:
    for kind in ("tar.gz", "zip"):
        file = sdist("demo", source_files(), kind=kind)
        evil = with_member(kind, path).write(tmp_path)
        with pytest.raises(ArchiveError, match="refused"):
            prepare(store, interpreter, tmp_path, evil.sdist(path=file.filename))


def with_member(kind: str, path: str) -> File:
    content = io.BytesIO()
    if kind == "zip":
        with zipfile.ZipFile(content, "w") as archive:
            archive.writestr(zipfile.ZipInfo(path), "evil")
    else:
        with tarfile.open(fileobj=content, mode="w:gz") as tar:
            link = tarfile.TarInfo("demo-1.0/link")
            link.type, link.linkname = tarfile.SYMTYPE, path
            tar.addfile(link)
            tar.addfile(tarfile.TarInfo("demo-1.0/link/evil"))
    return File(f"demo-1.0.{kind}", content.getvalue())


@pytest.mark.e2e
@pytest.mark.parametrize("backend", ["setuptools", "flit_core", "hatchling", "poetry-core", "pdm-backend", "setup.py"])
def test_real_backends(store: Store, interpreter: Interpreter, tmp_path: Path, backend: str) -> None:
    tree = write_tree(tmp_path / "tree", real_source(backend))
    settings = IndexSettings.load(os.environ, tree)
    file = sdist("demo", real_source(backend)).write(tmp_path)
    kinds: tuple[Literal["editable"], Literal["wheel"]] = ("editable", "wheel")
    for install in kinds:
        project = Project(directory=tree, install=install)
        with preparer(store, settings) as made:
            assert answer(made.prepare(plan(interpreter, tmp_path, {}, project=project))) == "42"
    assert not (tree / "build").exists()
    with preparer(store, settings) as made:
        environment = made.prepare(plan(interpreter, tmp_path, {"demo": file.sdist(path=file.filename)}))
    assert answer(environment) == "42"


def real_source(backend: str) -> dict[str, str]:
    modules = {
        "setuptools": "setuptools.build_meta",
        "flit_core": "flit_core.buildapi",
        "hatchling": "hatchling.build",
        "poetry-core": "poetry.core.masonry.api",
        "pdm-backend": "pdm.backend",
    }
    code = {"demo_code/__init__.py": '"""Demo."""\n__version__ = "1.0"\nANSWER = 42\n'}
    if backend == "setup.py":
        setup = "from setuptools import setup\nsetup(name='demo_code', version='1.0', packages=['demo_code'])"
        return code | {"setup.py": setup}
    table = f'[build-system]\nrequires = ["{backend}"]\nbuild-backend = "{modules[backend]}"\n'
    return code | {"pyproject.toml": f'{table}[project]\nname = "demo_code"\nversion = "1.0"\ndescription = "Demo"\n'}


EXTENSION = """
#include <Python.h>
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "demo_code", NULL, -1, NULL};
PyMODINIT_FUNC PyInit_demo_code(void) {
    PyObject *made = PyModule_Create(&module);
    PyModule_AddIntConstant(made, "ANSWER", 42);
    return made;
}
"""


@pytest.mark.e2e
@pytest.mark.parametrize("version", ["3.8", "3.9", "3.10", "3.13"])
def test_an_extension_for_other_pythons(store: Store, tmp_path: Path, version: str) -> None:
    try:
        found = Interpreters(store, os.environ).find(Python.parse(version), [])
    except MissingPythonError:
        pytest.skip(f"no Python {version} here")
    setup = "from setuptools import Extension, setup\nsetup(name='demo_code', version='1.0', ext_modules=["
    setup += "Extension('demo_code', ['demo.c'])])"
    file = sdist("demo", {"setup.py": setup, "demo.c": EXTENSION}).write(tmp_path)
    with preparer(store, IndexSettings.load(os.environ, tmp_path)) as made:
        environment = made.prepare(plan(found, tmp_path, {"demo": file.sdist(path=file.filename)}))
    assert answer(environment) == "42"
