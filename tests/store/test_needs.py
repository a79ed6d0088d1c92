"""What wheels say that they need, beside what a variant gives them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from pytest_ofiuco.core.artifact import Sdist
from pytest_ofiuco.core.lock import Lock
from pytest_ofiuco.core.resolve import Resolution, resolve
from pytest_ofiuco.core.target import Target
from pytest_ofiuco.core.variant import Replacement, Variant
from pytest_ofiuco.errors import ArchiveError, OfiucoError, PythonNotAdmittedError, UnmetDependencyError
from pytest_ofiuco.store.cache import Store
from pytest_ofiuco.store.environment import Plan, Project
from pytest_ofiuco.store.interpreters import Interpreter
from pytest_ofiuco.store.needs import check_needs
from pytest_ofiuco.store.wheel import UnpackedWheel
from tests.locks import edge, lock, package
from tests.store.installing import run
from tests.store.makers import preparer, source_files, wheel, write_tree
from tests.targets import LINUX_X86_64

LOCK = lock(package("flask", "3.0"), package("click", "8"), package("werkzeug", "3.0"))


def resolved(a_lock: Lock = LOCK, **versions: str | None) -> Resolution:
    """A resolution with these packages replaced; none: dropped."""
    replacements = tuple(
        Replacement(name=canonicalize_name(name), at="", entries=(package(name, version),) if version else ())
        for name, version in versions.items()
    )
    variant = Variant(name="v", file="pyproject.toml", replacements=replacements)
    return resolve(a_lock, LINUX_X86_64, a_lock.selection(), variant)


def check(folder: Path, resolution: Resolution, metadata: Mapping[str, str]) -> None:
    """``metadata`` by package; where it says nothing of one, that wheel has none."""
    wheels = []
    for pin in resolution.packages:
        tree = folder / pin.name
        if pin.name in metadata:
            write_tree(
                tree, {"x.dist-info/METADATA": f"Name: {pin.name}\n{metadata[pin.name]}\n\nRequires-Dist: text\n"}
            )
        wheels.append(
            UnpackedWheel(filename="", sha256="", tree=tree, dist_info="x.dist-info", root_is_purelib=True, members=())
        )
    check_needs(resolution, wheels)


def refused(folder: Path, resolution: Resolution, metadata: Mapping[str, str]) -> tuple[type[OfiucoError], str, str]:
    with pytest.raises(OfiucoError) as caught:
        check(folder, resolution, metadata)
    assert caught.value.exit_code == 1
    return type(caught.value), str(caught.value), caught.value.hint or ""


def test_without_a_variant_nothing_is_read() -> None:
    check_needs(resolve(LOCK, LINUX_X86_64, LOCK.selection()), ())


@pytest.mark.parametrize(
    "metadata",
    [
        pytest.param({}, id="nothing is said"),
        pytest.param({"flask": "Requires-Dist: Werkzeug>=2,<4"}, id="met"),
        pytest.param({"flask": "Requires-Dist: werkzeug<3.1a0"}, id="a prerelease would do"),
        pytest.param({"flask": "Requires-Dist: gone ; sys_platform == 'win32'"}, id="elsewhere"),
        pytest.param({"flask": "Requires-Dist: gone ; extra == 'x'"}, id="of an extra that nobody asks for"),
        pytest.param({"flask": "Requires-Dist: werkzeug @ https://files.example.org/w.zip"}, id="from a URL"),
        pytest.param({"flask": "Requires-Dist: gone (>=1,"}, id="no requirement"),
        pytest.param({"flask": "Requires-Dist: gone ; python_version >= 'x' and gone == '1'"}, id="no marker"),
        pytest.param({"flask": f"Requires-Dist: werkzeug<{'1' * 5000}"}, id="a number that is too long"),
        pytest.param({"flask": "Version: 2"}, id="a version otherwise written"),
        pytest.param({"flask": "Version: two", "click": "Version: 7"}, id="no version, and of what is not replaced"),
        pytest.param({"flask": "Requires-Python: three"}, id="no specifiers"),
        pytest.param({"flask": f"Requires-Python: >={'1' * 5000}"}, id="a Python that is too long"),
        pytest.param({"flask": "Requires-Python: >=3.8"}, id="a Python"),
        pytest.param({"werkzeug": "Requires-Dist: flask>=2"}, id="needed by another"),
        pytest.param({"werkzeug": "Requires-Dist: flask<2"}, id="what was unmet before"),
        pytest.param({"werkzeug": "Requires-Dist: click>=99\nRequires-Python: >=4"}, id="what is not replaced"),
    ],
)
def test_suits(metadata: dict[str, str], tmp_path: Path) -> None:
    check(tmp_path, resolved(flask="2.0"), metadata)


def test_the_replacement_needs_another_version(tmp_path: Path) -> None:
    assert refused(tmp_path, resolved(flask="2.0"), {"flask": "Requires-Dist: Werkzeug (<3)"}) == (
        UnmetDependencyError,
        "pyproject.toml: variant v: flask 2.0 depends on werkzeug <3, and werkzeug 3.0 is in this resolution",
        "let variant v replace werkzeug by a version that suits",
    )


def test_the_replacement_needs_what_is_not_there(tmp_path: Path) -> None:
    assert refused(tmp_path, resolved(flask="2.0"), {"flask": "Requires-Dist: itsdangerous"}) == (
        UnmetDependencyError,
        "pyproject.toml: variant v: flask 2.0 depends on itsdangerous, and nothing of that name is in this resolution",
        "add itsdangerous to the project's dependencies, and lock it again",
    )


def test_another_needs_another_version(tmp_path: Path) -> None:
    assert refused(tmp_path, resolved(werkzeug="2.0"), {"flask": "Requires-Dist: werkzeug>=3"}) == (
        UnmetDependencyError,
        "pyproject.toml: variant v: flask 3.0 depends on werkzeug >=3, and werkzeug 2.0 is in this resolution",
        "let variant v replace flask by a version that suits",
    )


def test_an_extra_that_is_asked_for(tmp_path: Path) -> None:
    a_lock = lock(*LOCK.packages, roots=(edge("flask", extras=("x",)), edge("werkzeug")))
    kind, message, _ = refused(tmp_path, resolved(a_lock, flask="2.0"), {"flask": "Requires-Dist: gone; extra == 'x'"})
    assert kind is UnmetDependencyError
    assert "flask 2.0 depends on gone, and nothing of that name" in message


def test_the_replacement_is_not_for_this_python(tmp_path: Path) -> None:
    assert refused(tmp_path, resolved(flask="2.0"), {"flask": "Requires-Python: >=3.13"}) == (
        PythonNotAdmittedError,
        "pyproject.toml: variant v: flask 2.0: Python 3.12.0 is not admitted by '>=3.13'",
        "leave this cell out with `exclude` in [tool.ofiuco]",
    )


def test_the_hash_is_that_of_another_version(tmp_path: Path) -> None:
    """It may be in the store already, where it is found by its hash."""
    assert refused(tmp_path, resolved(flask="2.0"), {"flask": "Version: 2.1"}) == (
        ArchiveError,
        "flask-2.0-py3-none-any.whl: refused: what has its hash is flask 2.1",
        "correct the hash: it is that of another file",
    )
    a_lock = lock(package("a"), package("b"))
    built = replace(package("a", "2"), wheels=(), sdist=Sdist(filename="a-2.tar.gz"))
    unknown = replace(package("b", "2"), version=None)
    replacements = [Replacement(name=each.name, at="", entries=(each,)) for each in (built, unknown)]
    variant = Variant(name="v", file="pyproject.toml", replacements=tuple(replacements))
    resolution = resolve(a_lock, LINUX_X86_64, a_lock.selection(), variant)
    check(tmp_path, resolution, {"a": "Version: 2.1.dev1", "b": "Version: 3"})


def test_what_is_dropped_is_not_asked_for(tmp_path: Path) -> None:
    check(tmp_path, resolved(werkzeug=None), {"flask": "Requires-Dist: werkzeug>=3"})


def test_what_has_no_version_suits(tmp_path: Path) -> None:
    a_lock = lock(package("flask", "3.0"), replace(package("werkzeug", "3.0"), version=None))
    check(tmp_path, resolved(a_lock, flask="2.0"), {"flask": "Requires-Dist: werkzeug<3"})


# When an environment is made


def plan(interpreter: Interpreter, folder: Path, needed: str, project: Project | None = None) -> Plan:
    """``a`` 2.0 in the place of 1.0, in whose metadata ``needed`` stands; ``b`` 1.0 beside it."""
    new = wheel("a", {"a.py": ""}, version="2.0", metadata=f"Requires-Dist: {needed}\n").write(folder)
    other = wheel("b", {"b.py": ""}).write(folder)
    a_lock = lock(package("a"), replace(package("b"), wheels=(other.wheel(path=other.filename),)))
    entry = replace(package("a", "2.0"), wheels=(new.wheel(path=new.filename),))
    replacement = Replacement(name=entry.name, at="", entries=(entry,))
    variant = Variant(name="v", file="pyproject.toml", replacements=(replacement,))
    target = Target(python=interpreter.python, platform=interpreter.platform)
    resolution = resolve(a_lock, target, a_lock.selection(), variant)
    return Plan(resolution=resolution, interpreter=interpreter, lock_directory=folder, project=project)


def test_an_environment_of_a_variant(store: Store, interpreter: Interpreter, tmp_path: Path) -> None:
    with preparer(store) as made:
        environment = made.prepare(plan(interpreter, tmp_path, "b>=1"))
    assert run(environment, "import a, b, importlib.metadata as m; print(m.version('a'))") == "2.0"


def test_there_is_none_where_it_does_not_suit(store: Store, interpreter: Interpreter, tmp_path: Path) -> None:
    wanted = plan(interpreter, tmp_path, "b>=2")
    for _ in range(2):
        with (
            preparer(store) as made,
            pytest.raises(UnmetDependencyError, match=r"a 2\.0 depends on b >=2, and b 1\.0 is"),
        ):
            made.prepare(wanted)


def test_the_project_may_be_gone_against(store: Store, interpreter: Interpreter, tmp_path: Path) -> None:
    """Even where its folder is named like a package: its own wheel asks for an ``a`` that is not there."""
    files = source_files()
    backend = files["backend.py"].replace("Version: 1.0\\n", "Version: 1.0\\nRequires-Dist: a<2\\n")
    folder = write_tree(tmp_path / "b", {**files, "backend.py": backend})
    project = Project(directory=folder, install="wheel")
    with preparer(store) as made:
        environment = made.prepare(plan(interpreter, tmp_path, "b>=1", project))
    assert run(environment, "import demo_code, a, b, importlib.metadata as m; print(m.requires('demo'))") == "['a<2']"
