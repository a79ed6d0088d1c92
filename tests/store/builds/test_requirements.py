"""What builds need: of the lock, of pip, recorded, built in turn, forbidden."""

from __future__ import annotations

import json
import os
import shutil
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from packaging.utils import canonicalize_name

from pytest_ofiuco.core.artifact import Artifact, Directory, Sdist, Wheel
from pytest_ofiuco.core.lock import Package
from pytest_ofiuco.errors import BuildError, FetchError, HashMismatchError, OfflineError, UsageError
from pytest_ofiuco.store.builds.commands import Commands
from pytest_ofiuco.store.cache import Store
from pytest_ofiuco.store.environment import Environment, Plan
from pytest_ofiuco.store.interpreters import Interpreter
from pytest_ofiuco.store.settings import IndexSettings
from tests.store.building import run
from tests.store.git import committed
from tests.store.makers import BACKEND, File, plan, preparer, sdist, source_files, wheel, write_tree
from tests.store.serving import Index

TELLS = "print('built with', VERSION)\nTAG = 'py3-none-any'\nNAME = 'demo'\n"
"""A backend that puts its own version into what it builds."""


def wright(version: str = "1.0", *, metadata: str = "") -> File:
    code = f"VERSION = {version!r}\n{TELLS}{BACKEND}"
    code += f"\ndef _source():\n    return {{'demo_code/__init__.py': 'WITH = \"{version}\"'}}\n"
    return wheel("wheelwright", {"wheelwright.py": code}, version=version, metadata=metadata)


def source(folder: Path, requires: Sequence[str] = ("wheelwright",), backend: str = "wheelwright") -> Path:
    text = f'[build-system]\nrequires = {json.dumps(list(requires))}\nbuild-backend = "{backend}"\n'
    return write_tree(folder, {"pyproject.toml": text})


def locking(wanted: Plan, *files: File | Sdist) -> Plan:
    """The plan, with packages in its lock that nothing selects; the files lie beside it."""
    packages = []
    for file in files:
        name, version = file.filename.removesuffix(".tar.gz").split("-")[:2]
        own: dict[str, object] = {}
        if isinstance(file, File):
            file.write(wanted.lock_directory)
            own = {"wheels": (file.wheel(path=file.filename),)}
        packages.append(Package(name=canonicalize_name(name), version=version, at="packages", **own))  # type: ignore[arg-type]
        if isinstance(file, Sdist):
            packages[-1] = replace(packages[-1], sdist=file)
    lock = replace(wanted.resolution.lock, packages=tuple(packages))
    return replace(wanted, resolution=replace(wanted.resolution, lock=lock))


def prepare(
    store: Store,
    wanted: Plan,
    *,
    links: Path | None = None,
    settings: IndexSettings | None = None,
    offline: bool = False,
    refresh: bool = False,
    environ: Mapping[str, str] | None = None,
) -> Environment:
    settings = settings or IndexSettings(no_index=True, find_links=(str(links),) if links else ())
    with preparer(store, settings, offline=offline, refresh=refresh, environ=environ) as made:
        return made.prepare(wanted)


def built_with(environment: Environment) -> str:
    return run(environment, "import demo_code; print(demo_code.WITH)")


def forget(store: Store, *buckets: Path) -> None:
    for bucket in (store.environments, store.builds, store.build_environments, *buckets):
        shutil.rmtree(bucket, ignore_errors=True)


def logs(store: Store) -> str:
    return "\n".join(path.read_text() for path in sorted(store.logs.iterdir()))


@pytest.fixture
def wanted(interpreter: Interpreter, tmp_path: Path) -> Plan:
    source(tmp_path / "demo")
    return plan(interpreter, tmp_path, {"demo": Directory(path="demo")})


def test_those_of_the_lock_without_pip(store: Store, wanted: Plan, tmp_path: Path) -> None:
    wright("2.0").write(tmp_path / "links")
    environment = prepare(store, locking(wanted, wright("1.0")), links=tmp_path / "links")
    assert built_with(environment) == "1.0"
    assert "pip" not in logs(store)
    assert not store.build_requirements.exists()
    (own,) = store.build_environments.iterdir()
    assert [name for name, _ in json.loads((own / "ofiuco.json").read_text())["wheels"]] == [wright().filename]


def test_what_the_environment_gets_comes_first(store: Store, wanted: Plan, tmp_path: Path) -> None:
    own = wright("1.0").write(tmp_path)
    artifacts: dict[str, Artifact] = {"demo": Directory(path="demo"), "wheelwright": own.wheel(path=own.filename)}
    both = locking(plan(wanted.interpreter, tmp_path, artifacts), wright("2.0"), wright("1.0"))
    assert built_with(prepare(store, both)) == "1.0"


@pytest.mark.parametrize(
    ("requires", "metadata", "locked"),
    [
        pytest.param(["wheelwright>=2"], "", [], id="its version does not suit"),
        pytest.param(["wheelwright"], "Requires-Dist: nail\n", [], id="what it needs is not there"),
        pytest.param(["wheelwright", "nail"], "", [], id="another is not there"),
        pytest.param(["wheelwright"], "Requires-Dist: nail>=2\n", ["nail"], id="the version of another does not suit"),
        pytest.param(["wheelwright[x]"], "Requires-Dist: nail; extra == 'x'\n", [], id="what an extra needs"),
    ],
)
def test_a_lock_that_has_not_all(
    store: Store, wanted: Plan, tmp_path: Path, requires: list[str], metadata: str, locked: list[str]
) -> None:
    source(tmp_path / "demo", requires)
    for file in (wright("2.0", metadata="Provides-Extra: x\n"), wheel("nail", {}, version="2.0")):
        file.write(tmp_path / "links")
    others = [wheel(name, {}) for name in locked]
    partly = locking(wanted, wright("1.0", metadata=metadata), *others)
    assert built_with(prepare(store, partly, links=tmp_path / "links")) == "2.0"


def test_markers_and_extras_of_what_the_lock_has(store: Store, wanted: Plan, tmp_path: Path) -> None:
    source(tmp_path / "demo", ["wheelwright[x]", "never; python_version < '3'"])
    needs = (
        "Requires-Dist: nail; extra == 'x'\nRequires-Dist: never; sys_platform == 'never'\nRequires-Dist: wheelwright\n"
    )
    all_of_it = locking(wanted, wright(metadata=needs), wheel("nail", {"nail.py": ""}))
    assert built_with(prepare(store, all_of_it)) == "1.0"


def test_a_lock_with_other_build_requirements_builds_again(store: Store, wanted: Plan, tmp_path: Path) -> None:
    one, two = locking(wanted, wright("1.0")), locking(wanted, wright("2.0"))
    for each, version in ((one, "1.0"), (two, "2.0"), (one, "1.0")):
        shutil.rmtree(store.environments, ignore_errors=True)
        assert built_with(prepare(store, each)) == version
    assert logs(store).count("built with") == 1 * 2  # asked twice in the last build, which was the second


def test_those_of_pip_are_taken_again_without_it(store: Store, wanted: Plan, tmp_path: Path) -> None:
    links = tmp_path / "links"
    wright("1.0").write(links)
    assert built_with(prepare(store, wanted, links=links)) == "1.0"
    assert "pip install" in logs(store)
    wright("2.0").write(links)
    forget(store, store.files, store.wheels)
    assert built_with(prepare(store, wanted, links=links)) == "1.0"
    assert "pip install" not in logs(store)
    assert built_with(prepare(store, wanted, links=links, refresh=True)) == "2.0"
    forget(store)
    assert built_with(prepare(store, wanted, links=links)) == "2.0"


def test_what_was_recorded_is_verified(store: Store, wanted: Plan, tmp_path: Path, index: Index) -> None:
    file = wright()
    index.add("wheelwright", file)
    settings = IndexSettings(default_index=index.simple)
    prepare(store, wanted, settings=settings)
    forget(store, store.files, store.wheels)
    index.changed[file.filename] = b"other"
    with pytest.raises(HashMismatchError):
        prepare(store, wanted, settings=settings)
    index.files.clear()
    with pytest.raises(FetchError) as caught:
        prepare(store, wanted, settings=settings)
    assert "--ofiuco-refresh" in caught.value.render()


def test_offline_once_they_are_recorded(store: Store, wanted: Plan, tmp_path: Path, index: Index) -> None:
    index.add("wheelwright", wright())
    settings = IndexSettings(default_index=index.simple)
    prepare(store, wanted, settings=settings)
    forget(store)
    asked = len(index.asked)
    assert built_with(prepare(store, wanted, settings=settings, offline=True)) == "1.0"
    assert built_with(prepare(store, wanted, settings=settings, offline=True, refresh=True)) == "1.0"
    forget(store, store.files, store.wheels)
    with pytest.raises(OfflineError, match=wright().filename):
        prepare(store, wanted, settings=settings, offline=True)
    assert len(index.asked) == asked


def test_a_record_that_is_damaged_is_made_again(store: Store, wanted: Plan, tmp_path: Path) -> None:
    wright().write(tmp_path / "links")
    prepare(store, wanted, links=tmp_path / "links")
    (record,) = store.build_requirements.iterdir()
    said = record.read_text()
    for damaged in ('{"chosen": [{}]}', said.replace('"wheel"', '"other"')):
        record.write_text(damaged)
        forget(store)
        assert built_with(prepare(store, wanted, links=tmp_path / "links")) == "1.0"
        assert record.read_text() == said


def test_secrets_are_in_neither_record_nor_log(store: Store, wanted: Plan, tmp_path: Path, index: Index) -> None:
    index.add("wheelwright", wright())
    index.authorization = "Basic dXNlcjpwYTU1LXcwcmQ="
    settings = IndexSettings(default_index=index.simple.replace("://", "://user:pa55-w0rd@"))
    assert built_with(prepare(store, wanted, settings=settings)) == "1.0"
    for path in (*store.build_requirements.iterdir(), *store.logs.iterdir()):
        assert "pa55-w0rd" not in path.read_text()
    forget(store, store.files, store.wheels)
    assert built_with(prepare(store, wanted, settings=settings)) == "1.0"


def test_secrets_are_in_no_command_line(
    store: Store, wanted: Plan, tmp_path: Path, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every user of a machine may read those."""
    index.add("wheelwright", wright())
    url = f"http://user:pa55-w0rd@{index.host}/files/{wright().filename}"
    source(tmp_path / "demo", [f"wheelwright @ {url}"])
    commands: list[str] = []
    cleaned = Commands.cleaned

    def overheard(self: Commands, command: Sequence[str], *others: Any, **named: Any) -> int:
        commands.extend(command)
        return cleaned(self, command, *others, **named)

    monkeypatch.setattr(Commands, "cleaned", overheard)
    assert built_with(prepare(store, wanted)) == "1.0"
    assert "install" in commands
    assert [each for each in commands if "pa55-w0rd" in each] == []


def test_indexes_elsewhere_are_asked_anew(store: Store, wanted: Plan, tmp_path: Path) -> None:
    for version in ("1.0", "2.0"):
        wright(version).write(tmp_path / version)
        forget(store)
        assert built_with(prepare(store, wanted, links=tmp_path / version)) == version
    assert len(list(store.build_requirements.iterdir())) == 2


def test_a_constraint_that_changes(store: Store, wanted: Plan, tmp_path: Path) -> None:
    constraints = tmp_path / "constraints.txt"
    for version in ("1.0", "2.0"):
        wright(version).write(tmp_path / "links")
    for version in ("1.0", "2.0", "1.0"):
        constraints.write_text(f"wheelwright=={version}")
        forget(store)
        environ = {**os.environ, "PIP_CONSTRAINT": str(constraints)}
        assert built_with(prepare(store, wanted, links=tmp_path / "links", environ=environ)) == version


def test_nothing_of_the_callers_python_leaks_in(store: Store, wanted: Plan, tmp_path: Path) -> None:
    wright().write(tmp_path / "links")
    write_tree(tmp_path / "path", {"sitecustomize.py": "raise SystemExit(7)", "pip.py": "", "wheelwright.py": "-"})
    environ = {
        **os.environ,
        "PYTHONPATH": str(tmp_path / "path"),
        "PYTHONHOME": "/nowhere",
        "PIP_TARGET": str(tmp_path / "target"),
        "PIP_REQUIRE_VIRTUALENV": "1",
        "PIP_REQUIRE_HASHES": "1",
        "PIP_NO_DEPS": "1",
        "PIP_PYTHON_VERSION": "2.7",
        "VIRTUAL_ENV": "/nowhere",
    }
    assert built_with(prepare(store, wanted, links=tmp_path / "links", environ=environ)) == "1.0"
    assert not (tmp_path / "target").exists()


def wright_source(name: str = "wheelwright", requires: Sequence[str] = ()) -> dict[str, str]:
    """A source of the backend, whose own backend lies in it."""
    files = source_files(name)
    build = f"requires = {json.dumps(list(requires))}"
    files["pyproject.toml"] = files["pyproject.toml"].replace("requires = []", build)
    files["PKG-INFO"] = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n"
    files["backend.py"] += "\ndef _source():\n    return {f'{NAME}.py': open('made.txt').read()}\n"
    files["made.txt"] = f"VERSION = 'source'\n{TELLS}{BACKEND}"
    files["made.txt"] += "\ndef _source():\n    return {'demo_code/__init__.py': 'WITH = \\'source\\''}\n"
    return files


def test_one_that_pip_finds_as_a_source(store: Store, wanted: Plan, tmp_path: Path) -> None:
    sdist("wheelwright", wright_source()).write(tmp_path / "links")
    assert built_with(prepare(store, wanted, links=tmp_path / "links")) == "source"


def test_one_that_the_lock_has_as_a_source(store: Store, wanted: Plan, tmp_path: Path) -> None:
    file = sdist("wheelwright", wright_source()).write(tmp_path)
    assert built_with(prepare(store, locking(wanted, file.sdist(path=file.filename)))) == "source"
    assert "pip" not in logs(store)


@pytest.mark.parametrize("kind", ["wheel", "folder", "git"])
def test_one_that_is_named_by_its_place(store: Store, wanted: Plan, tmp_path: Path, kind: str) -> None:
    tree = write_tree(tmp_path / "tree", wright_source())
    places: dict[str, Callable[[], str]] = {
        "wheel": lambda: (tmp_path / wright().write(tmp_path).filename).as_uri(),
        "folder": tree.as_uri,
        "git": lambda: f"git+{tree.as_uri()}@{committed(tree)}",
    }
    source(tmp_path / "demo", [f"wheelwright @ {places[kind]()}"])
    expected = "1.0" if kind == "wheel" else "source"
    assert built_with(prepare(store, wanted)) == expected
    forget(store)
    assert built_with(prepare(store, wanted)) == expected
    assert "pip install" not in logs(store)


def circle(wanted: Plan) -> Plan:
    """A lock with two sources that need each other for their builds."""
    sources = []
    for name, other in (("wheelwright", "smith"), ("smith", "wheelwright")):
        file = sdist(name, wright_source(name, [other])).write(wanted.lock_directory)
        sources.append(file.sdist(path=file.filename))
    return locking(wanted, *sources)


def test_a_circle(store: Store, wanted: Plan) -> None:
    with pytest.raises(BuildError) as caught:
        prepare(store, circle(wanted))
    assert "smith: cannot be built: its build requires itself: demo → wheelwright → smith → wheelwright" in str(
        caught.value
    )
    assert caught.value.hint == "lock wheels of these"
    assert list(store.unfinished.iterdir()) == []


def test_a_circle_from_both_ends_at_once(store: Store, wanted: Plan, tmp_path: Path) -> None:
    round_it = circle(wanted)
    errors: list[BuildError] = []

    def build(*names: str) -> None:
        artifacts: dict[str, Artifact] = {
            each.name: each.sdist for each in round_it.resolution.lock.packages if each.sdist and each.name in names
        }
        one = plan(wanted.interpreter, tmp_path, artifacts)
        one = replace(one, resolution=replace(one.resolution, lock=round_it.resolution.lock))
        with pytest.raises(BuildError, match="its build requires itself") as caught:
            prepare(store, one)
        errors.append(caught.value)

    threads = [threading.Thread(target=build, args=(name,)) for name in ("wheelwright", "smith")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(errors) == 2


@pytest.mark.parametrize(
    "requirement",
    [
        pytest.param("--index-url=x", id="an option"),
        pytest.param("wheelwright >=", id="half a version"),
        pytest.param("wheelwright; extra_ == 'x'", id="a marker that is none"),
    ],
)
def test_one_that_cannot_be_read(store: Store, wanted: Plan, tmp_path: Path, requirement: str) -> None:
    source(tmp_path / "demo", [requirement])
    with pytest.raises(BuildError, match=r"demo: cannot be built: its build requirement .* is none: "):
        prepare(store, wanted)


@pytest.mark.parametrize(
    ("variable", "value", "is_forbidden"),
    [
        pytest.param("UV_NO_BUILD", "1", True, id="uv"),
        pytest.param("UV_NO_BUILD", "0", False, id="uv does not"),
        pytest.param("UV_NO_BUILD_PACKAGE", "other Demo", True, id="uv, by name"),
        pytest.param("PIP_ONLY_BINARY", ":all:", True, id="pip"),
        pytest.param("PIP_ONLY_BINARY", "x,demo", True, id="pip, by name"),
        pytest.param("PIP_ONLY_BINARY", ":all:,:none:,x", False, id="pip does not"),
    ],
)
def test_builds_that_are_forbidden(
    store: Store, interpreter: Interpreter, tmp_path: Path, variable: str, value: str, is_forbidden: bool
) -> None:
    file = sdist("demo", source_files()).write(tmp_path)
    one = plan(interpreter, tmp_path, {"demo": file.sdist(path=file.filename)})
    environ = {**os.environ, variable: value}
    if is_forbidden:
        with pytest.raises(UsageError) as caught:
            prepare(store, one, environ=environ)
        assert caught.value.render() == (
            f"error: demo: there is no wheel for it, and {variable} forbids to build it\n"
            f"hint: lock a version that has a wheel, or allow the build in {variable}"
        )
        prepare(store, one)
        shutil.rmtree(store.environments, ignore_errors=True)
    prepare(store, one, environ=environ)


def test_folders_may_be_built_all_the_same(store: Store, interpreter: Interpreter, tmp_path: Path) -> None:
    write_tree(tmp_path / "demo", source_files())
    one = plan(interpreter, tmp_path, {"demo": Directory(path="demo")})
    prepare(store, one, environ={**os.environ, "UV_NO_BUILD": "1"})


def test_a_locked_file_without_a_hash_does_not_count(store: Store, wanted: Plan, tmp_path: Path) -> None:
    wright("2.0").write(tmp_path / "links")
    bare = Package(
        name=canonicalize_name("wheelwright"), version="1.0", at="x", wheels=(Wheel(filename=wright().filename),)
    )
    lock = replace(wanted.resolution.lock, packages=(bare,))
    unhashed = replace(wanted, resolution=replace(wanted.resolution, lock=lock))
    assert built_with(prepare(store, unhashed, links=tmp_path / "links")) == "2.0"
