"""Which files the hashes of a lock are of, by an index on loopback and by folders."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from pytest_ofiuco.core.lock import Lock, Package
from pytest_ofiuco.core.resolve import resolve
from pytest_ofiuco.errors import (
    NamingError,
    NoArtifactError,
    NoLockError,
    OfflineError,
    PythonNotAdmittedError,
    UsageError,
)
from pytest_ofiuco.store.cache import Store
from pytest_ofiuco.store.lookup.naming import named
from pytest_ofiuco.store.project import load
from tests.locks import read_lock
from tests.store.makers import File, sdist, wheel
from tests.store.serving import Index, closed_port, serving
from tests.targets import LINUX_X86_64

WHEEL = wheel("demo", {"demo.py": ""})
OTHER = wheel("demo", {"demo.py": "1"}, tag="py2-none-any")
NEWER = wheel("demo", {"demo.py": ""}, version="1.1")
LOCAL = wheel("demo", {"demo.py": "2"}, version="1.0+cpu")
SDIST = sdist("demo", {"demo.py": ""})
ZIP = sdist("demo", {"demo.py": ""}, kind="zip")
EGG = File("demo-1.0-py2.7.egg", b"egg")


def lock_of(*files: File, options: str = "", line: str = "Demo==1.0") -> Lock:
    """A requirements.txt with the hashes of ``files``."""
    hashes = "".join(f" --hash=sha256:{file.sha256}" for file in files)
    return read_lock("requirements.txt", f"{options}\n{line}{hashes}")


class Machine:
    """A user's settings and store; the lock lies in ``folder``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environ = {
            "OFIUCO_CACHE_DIR": str(folder / "cache"),
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_NO_INDEX": "1",
            "UV_NO_CONFIG": "1",
            "HOME": str(folder),
        }

    def uses(self, *indexes: str, links: str = "") -> Machine:
        self.environ |= {"PIP_INDEX_URL": indexes[0], "PIP_EXTRA_INDEX_URL": " ".join(indexes[1:])} if indexes else {}
        self.environ |= {"PIP_NO_INDEX": "" if indexes else "1", "PIP_FIND_LINKS": links}
        return self

    def named(self, lock: Lock, *, offline: bool = False) -> Lock:
        return named(lock, self.folder, self.environ, offline=offline)

    def package(self, *files: File, options: str = "", line: str = "Demo==1.0", offline: bool = False) -> Package:
        (package,) = self.named(lock_of(*files, options=options, line=line), offline=offline).packages
        return package


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def names(package: Package) -> list[str]:
    sources = [package.sdist.filename] if package.sdist else []
    return [*(each.filename for each in package.wheels), *sources]


def page(folder: Path, anchors: Iterable[str], name: str = "demo") -> Path:
    """An index's page in a folder."""
    file = folder / name / "index.html"
    file.parent.mkdir(parents=True)
    file.write_text(f"<!DOCTYPE html><html><body>{''.join(anchors)}</body></html>")
    return file


# Found


@pytest.mark.parametrize("with_json", [True, False])
def test_files_by_their_hashes(with_json: bool, machine: Machine) -> None:
    with serving(with_json=with_json) as index:
        index.add("demo", WHEEL, SDIST, NEWER, OTHER)
        package = machine.uses(index.simple).package(SDIST, WHEEL)
    assert package.wheels == (WHEEL.wheel(),)
    assert package.sdist == SDIST.sdist()
    assert (package.is_unnamed, package.unnamed) == (False, ())


def test_asked_once(machine: Machine, index: Index) -> None:
    index.add("demo", WHEEL)
    first = machine.uses(index.simple).package(WHEEL)
    index.asked.clear()
    assert machine.package(WHEEL) == machine.package(WHEEL, offline=True) == first
    assert index.asked == []


def test_a_page_is_asked_for_once_however_many_entries(machine: Machine, index: Index) -> None:
    index.add("demo", WHEEL, NEWER)
    text = (
        f"demo==1.0 ; os_name == 'nt' --hash=sha256:{WHEEL.sha256}\n"
        f"demo==1.1 ; os_name != 'nt' --hash=sha256:{NEWER.sha256}"
    )
    lock = machine.uses(index.simple).named(read_lock("requirements.txt", text))
    assert [names(each) for each in lock.packages] == [[WHEEL.filename], [NEWER.filename]]
    assert index.asked == ["/simple/demo/"]


def test_other_hashes_are_another_question(machine: Machine, index: Index) -> None:
    index.add("demo", WHEEL, SDIST)
    assert names(machine.uses(index.simple).package(WHEEL)) == [WHEEL.filename]
    assert names(machine.package(SDIST)) == [SDIST.filename]


def test_the_index_of_the_lock_comes_first(machine: Machine, index: Index) -> None:
    index.add("demo", WHEEL)
    with serving() as users:
        users.add("demo", WHEEL)
        package = machine.uses(users.simple).package(WHEEL, options=f"-i {index.simple}")
        assert (users.asked, index.asked) == ([], ["/simple/demo/"])
    assert package.wheels == (WHEEL.wheel(index=index.simple),)


def test_the_users_index_where_the_locks_is_out_of_reach(machine: Machine, index: Index) -> None:
    index.add("demo", WHEEL)
    own = f"http://127.0.0.1:{closed_port()}/simple"
    assert machine.uses(index.simple).package(WHEEL, options=f"-i {own}").wheels == (WHEEL.wheel(index=own),)


def test_of_several_indexes_none_is_claimed(machine: Machine, index: Index) -> None:
    index.add("demo", WHEEL)
    options = f"-i https://index.example.org/simple --extra-index-url {index.simple}"
    machine.uses(index.simple)
    machine.environ["PIP_INDEX_URL"] = f"http://127.0.0.1:{closed_port()}"
    text = options.replace("https://index.example.org", f"http://127.0.0.1:{closed_port()}")
    assert machine.package(WHEEL, options=text).wheels == (WHEEL.wheel(),)


def test_a_secret_in_the_environment(machine: Machine, index: Index) -> None:
    index.add("demo", WHEEL)
    index.authorization = "Basic bWU6c2VjcmV0"
    machine.environ |= {"TOKEN": "secret", "PIP_NO_INDEX": ""}
    option = index.simple.replace("//", "//me:${TOKEN}@")
    assert machine.package(WHEEL, options=f"-i {option}").wheels == (WHEEL.wheel(index=index.simple),)


def test_a_variable_in_the_path(machine: Machine, index: Index) -> None:
    index.add("demo", WHEEL)
    machine.environ |= {"PLACE": "simple", "PIP_NO_INDEX": ""}
    assert machine.package(WHEEL, options=f"-i {index.base}/${{PLACE}}").wheels == (WHEEL.wheel(),)


def test_only_the_best_source(machine: Machine, index: Index) -> None:
    index.add("demo", ZIP, SDIST)
    assert machine.uses(index.simple).package(ZIP, SDIST).sdist == SDIST.sdist()


def test_what_is_neither_wheel_nor_source_is_passed_over(machine: Machine, index: Index) -> None:
    index.add("demo", EGG, WHEEL)
    lock = machine.uses(index.simple).named(lock_of(EGG, WHEEL))
    assert (names(lock.packages[0]), lock.warnings) == ([WHEEL.filename], ())


@pytest.mark.parametrize("filename", ["demo-1.0.0.tar.gz", "Demo-1.0.tgz", "demo-1.0+cpu.tar.gz", "DEMO-1.tar.xz"])
def test_versions_that_are_the_same(filename: str, machine: Machine, index: Index) -> None:
    file = File(filename, filename.encode())
    index.add("demo", file)
    assert names(machine.uses(index.simple).package(file)) == [filename]


@pytest.mark.parametrize(
    ("option", "expected"),
    [("--only-binary :all:", [WHEEL.filename]), ("--no-binary demo", [SDIST.filename])],
)
def test_kinds_that_are_refused(option: str, expected: list[str], machine: Machine, index: Index) -> None:
    index.add("demo", WHEEL, SDIST)
    assert names(machine.uses(index.simple).package(WHEEL, SDIST, options=option)) == expected


def test_nothing_left_of_the_kinds(machine: Machine, index: Index) -> None:
    index.add("demo", SDIST)
    lock = machine.uses(index.simple).named(lock_of(SDIST, options="--only-binary demo"))
    with pytest.raises(NoArtifactError):
        resolve(lock, LINUX_X86_64, lock.selection())


def test_a_direct_file_is_not_asked_for(machine: Machine) -> None:
    lock = lock_of(line="demo @ https://files.example.org/demo-1.0.zip")
    assert machine.named(lock).packages == lock.packages


# Pythons


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        pytest.param(['data-requires-python="&gt;=3.13"'], ">=3.13", id="one"),
        pytest.param(['data-requires-python="&gt;=3.13"', ""], None, id="files that differ"),
        pytest.param(['data-requires-python="new"'], None, id="nonsense"),
    ],
)
def test_what_the_files_say_of_python(said: list[str], expected: str | None, machine: Machine, tmp_path: Path) -> None:
    files = [WHEEL, SDIST][: len(said)]
    anchors = [
        f'<a href="{file.filename}#sha256={file.sha256}" {attribute}>{file.filename}</a>'
        for file, attribute in zip(files, said, strict=True)
    ]
    page(tmp_path / "index", anchors)
    lock = machine.uses(str(tmp_path / "index")).named(lock_of(*files))
    assert lock.packages[0].requires_python == expected
    if expected:
        with pytest.raises(PythonNotAdmittedError) as caught:
            resolve(lock, LINUX_X86_64, lock.selection())
        assert str(caught.value) == ("requirements.txt: line 2 (demo 1.0): Python 3.12.0 is not admitted by '>=3.13'")


# Places that tell no hash


@pytest.mark.parametrize("option", ["-f wheels", "-i wheels", ""])
def test_files_in_a_folder(option: str, machine: Machine, tmp_path: Path) -> None:
    for file in (WHEEL, OTHER, NEWER, SDIST):
        file.write(tmp_path / "wheels")
    (tmp_path / "wheels" / "folder.whl").mkdir()
    machine.uses(links=str(tmp_path / "wheels"))
    machine.environ["PIP_NO_INDEX"] = ""
    machine.environ["PIP_INDEX_URL"] = str(tmp_path)
    package = machine.package(WHEEL, SDIST, options=option, offline=True)
    assert names(package) == [WHEEL.filename, SDIST.filename]


@pytest.mark.parametrize("fragment", ["", "#md5=0"])
def test_a_page_without_hashes(fragment: str, machine: Machine, index: Index, tmp_path: Path) -> None:
    index.add("demo", WHEEL, OTHER, NEWER)
    links = page(tmp_path, [f'<a href="{index.url(each)}{fragment}">x</a>' for each in (OTHER, WHEEL, NEWER)])
    assert machine.uses(links=str(links)).package(WHEEL).wheels == (WHEEL.wheel(),)
    assert index.asked == [f"/files/{OTHER.filename}", f"/files/{WHEEL.filename}"]


def test_another_algorithm(machine: Machine, index: Index) -> None:
    index.add("demo", WHEEL)
    digest = hashlib.sha512(WHEEL.content).hexdigest()
    (found,) = machine.uses(index.simple).package(line=f"demo==1.0 --hash=sha512:{digest}").wheels
    assert found.hashes == (("sha512", digest),)


def test_a_file_that_cannot_be_read(machine: Machine, index: Index, tmp_path: Path) -> None:
    index.add("demo", WHEEL)
    index.statuses = [404]
    links = page(tmp_path, [f'<a href="{index.url(WHEEL)}">x</a>', '<a href="demo-1.0.zip">x</a>'])
    with pytest.raises(NamingError) as caught:
        machine.uses(links=str(links)).package(WHEEL)
    host = index.base.removeprefix("http://")
    assert str(caught.value) == (
        "requirements.txt: line 2: package demo 1.0: no file with its hashes is found:"
        f" {host}: no such file: HTTP status 404 (Not Found); demo-1.0.zip: No such file or directory"
    )


def test_who_refuses_wants_a_password(machine: Machine, index: Index) -> None:
    index.authorization = "Basic x"
    with pytest.raises(NamingError) as caught:
        machine.uses(index.simple).package(WHEEL)
    assert str(caught.value).endswith(f"{index.host}: HTTP status 401 (Unauthorized)")
    assert str(caught.value.hint).startswith(f"give user name and password for {index.host} in netrc")


def test_nothing_is_read_from_elsewhere_offline(machine: Machine, index: Index, tmp_path: Path) -> None:
    links = page(tmp_path, [f'<a href="{index.url(WHEEL)}">x</a>'])
    with pytest.raises(OfflineError):
        machine.uses(links=str(links)).package(WHEEL, offline=True)
    assert index.asked == []


# Without hashes


def test_without_hashes_it_is_named_and_stays_without(machine: Machine, index: Index) -> None:
    index.add("demo", WHEEL, LOCAL, NEWER)
    package = machine.uses(index.simple).package()
    assert [(each.filename, each.hashes) for each in package.wheels] == [(LOCAL.filename, ())]


def test_without_hashes_the_answer_may_change(machine: Machine, index: Index) -> None:
    index.add("demo", WHEEL)
    machine.uses(index.simple).package()
    index.add("demo", OTHER)
    assert len(machine.package(offline=True).wheels) == 1
    assert len(machine.package().wheels) == 2


# Not found


def test_hashes_of_files_that_are_nowhere(machine: Machine, index: Index) -> None:
    index.add("demo", WHEEL)
    lock = machine.uses(index.simple).named(lock_of(WHEEL, OTHER))
    warning = "requirements.txt: line 2: package demo: no index here has the files of 1 of its 2 hashes"
    assert lock.warnings == (warning,)
    assert machine.named(lock_of(WHEEL, OTHER), offline=True) == lock
    index.add("demo", OTHER)
    assert machine.named(lock_of(WHEEL, OTHER)).warnings == ()


def test_half_an_answer_offline_is_none(machine: Machine, tmp_path: Path) -> None:
    WHEEL.write(tmp_path / "wheels")
    with pytest.raises(OfflineError):
        machine.uses(links=str(tmp_path / "wheels")).package(WHEEL, OTHER, offline=True)


def test_hashes_of_files_that_may_be_where_nobody_answers(machine: Machine, index: Index) -> None:
    index.add("demo", WHEEL)
    port = closed_port()
    with pytest.raises(NamingError) as caught:
        machine.uses(index.simple, f"http://127.0.0.1:{port}").package(WHEEL, OTHER)
    assert str(caught.value) == (
        "requirements.txt: line 2: package demo 1.0: the files of 1 of its 2 hashes are not found:"
        f" 127.0.0.1:{port}: cannot be reached: Connection refused (tried 4 times)"
    )


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        pytest.param((OTHER,), "no file with its hashes is found: {host}: has no such file", id="other hashes"),
        pytest.param(
            (), "no file with its hashes is found: {host}: no such project: HTTP status 404 (Not Found)", id="unknown"
        ),
    ],
)
def test_nothing_is_found(files: tuple[File, ...], reason: str, machine: Machine) -> None:
    with serving(with_json=False) as index:
        if files:
            index.add("demo", *files)
        with pytest.raises(NamingError) as caught:
            machine.uses(index.simple).package(WHEEL)
        host = index.base.removeprefix("http://")
    assert str(caught.value) == f"requirements.txt: line 2: package demo 1.0: {reason.format(host=host)}"
    assert caught.value.hint == (
        "check the network and the index settings (PIP_INDEX_URL, UV_DEFAULT_INDEX, pip.conf),"
        " or compile the file again with the indexes in use"
    )


def test_no_such_version(machine: Machine, index: Index) -> None:
    index.add("demo", NEWER)
    with pytest.raises(NamingError) as caught:
        machine.uses(index.simple).package()
    assert str(caught.value) == (
        "requirements.txt: line 2: package demo 1.0: no file of this version is found: no index lists such a file"
    )


def test_offline(machine: Machine, index: Index) -> None:
    machine.uses(index.simple)
    text = "\n".join(f"{name}==1.0" for name in "abcde")
    with pytest.raises(OfflineError) as caught:
        machine.named(read_lock("requirements.txt", text), offline=True)
    assert str(caught.value) == (
        "offline, and the cache lacks which files the hashes of a 1.0, b 1.0, c 1.0 and 2 more packages are of"
    )
    assert index.asked == []


@pytest.mark.parametrize("module", ["urllib3", "pypi_simple"])
def test_what_is_needed_to_ask_is_not_installed(
    module: str, machine: Machine, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    index.add("demo", WHEEL)
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(UsageError) as caught:
        machine.uses(index.simple).package(WHEEL)
    assert str(caught.value) == (
        f"requirements.txt: which files its hashes are of must be asked of an index, and {module} is not installed"
    )
    assert caught.value.hint == (
        "export the lock once where pytest-ofiuco is installed whole: `ofiuco export --format pylock`"
    )


# Kept


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        '{"files": {}, "requires_python": null, "lacking": 0}',
        '{"files": {"demo-1.0.zip": []}, "requires_python": null, "lacking": 0}',
        '{"files": {"demo-1.0.zip": {"sha256": "00"}}, "requires_python": null, "lacking": 0}',
    ],
)
def test_a_damaged_memory_is_none(content: str, machine: Machine, index: Index) -> None:
    index.add("demo", WHEEL)
    package = machine.uses(index.simple).package(WHEEL)
    (kept,) = Store.default(machine.environ).names.iterdir()
    kept.write_text(content)
    assert machine.package(WHEEL) == package


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="a file in a folder's place")
def test_a_store_that_cannot_be_written(machine: Machine, index: Index, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("")
    index.add("demo", WHEEL)
    assert names(machine.uses(index.simple).package(WHEEL)) == [WHEEL.filename]


# Projects


@pytest.fixture
def _this_machine(machine: Machine, index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    index.add("demo", WHEEL)
    for name, value in machine.uses(index.simple).environ.items():
        monkeypatch.setenv(name, value)


HASHED = f"demo==1.0 --hash=sha256:{WHEEL.sha256}\n"


@pytest.mark.usefixtures("_this_machine")
def test_a_project_with_a_requirements_file(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text(HASHED)
    project = load(tmp_path)
    assert [names(each) for each in project.lock.packages] == [[WHEEL.filename]]
    assert (project.lock.path, project.other_locks) == ("requirements.txt", ())
    assert load(tmp_path, offline=True).lock == project.lock


@pytest.mark.usefixtures("_this_machine")
def test_a_project_that_is_offline(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text(HASHED)
    with pytest.raises(OfflineError):
        load(tmp_path, offline=True)


@pytest.mark.usefixtures("_this_machine")
def test_included_files_lie_beside_the_lock(tmp_path: Path) -> None:
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements" / "all.txt").write_text("-r more/one.txt")
    (tmp_path / "requirements" / "more").mkdir()
    (tmp_path / "requirements" / "more" / "one.txt").write_text(HASHED)
    lock = load(tmp_path, "requirements/all.txt").lock
    assert [each.at for each in lock.packages] == ["more/one.txt line 1"]


def test_a_list_of_what_is_wanted_is_no_lock(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("demo==1.0\nother>=2\n")
    with pytest.raises(NoLockError) as caught:
        load(tmp_path)
    assert caught.value.looked_for[-1] == "requirements.txt with hashes"
    assert caught.value.hint == (
        "compile requirements.txt with hashes, make a lock (`poetry lock`, `uv lock`), or name one in [tool.ofiuco]"
    )


def test_any_other_lock_comes_first(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text(HASHED)
    (tmp_path / "uv.lock").write_text('version = 1\nrequires-python = ">=3.8"\n')
    project = load(tmp_path)
    assert (project.lock.path, project.other_locks) == ("uv.lock", ())
