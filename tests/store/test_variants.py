"""Where what takes a package's place is found."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_ofiuco.core.artifact import Archive, Directory, Sdist, Wheel
from pytest_ofiuco.core.resolve import Resolution, resolve
from pytest_ofiuco.core.target import Target
from pytest_ofiuco.core.variant import Variant
from pytest_ofiuco.errors import InputError, NoReplacementError, UsageError
from pytest_ofiuco.store.project import load
from pytest_ofiuco.store.variants import Variants
from tests.targets import LINUX_X86_64, WINDOWS

SHA256 = "0" * 64
HASH = f'hash = "sha256:{SHA256}"'
HINT = 'lock it in a lock of its own, and name that with `lock = "…"`'


def file(name: str, version: str) -> str:
    return f"{name.replace('-', '_')}-{version}-py3-none-any.whl"


REGISTRY = '{ registry = "https://index.example.org/simple" }'


def uv_entry(name: str, version: str, more: str = "", source: str = REGISTRY, files: str | None = None) -> str:
    wheels = f'wheels = [{{ url = "https://files.example.org/{file(name, version)}", {HASH} }}]'
    return (
        f'[[package]]\nname = "{name}"\nversion = "{version}"\n'
        f"source = {source}\n"
        f"{wheels if files is None else files}\n{more}\n"
    )


def uv_lock(*entries: str, wants: str = '{ name = "click" }, { name = "flask" }') -> str:
    own = f'[[package]]\nname = "project"\nversion = "0"\nsource = {{ virtual = "." }}\ndependencies = [{wants}]\n'
    return "version = 1\n" + own + "".join(entries)


def pylock(*entries: str) -> str:
    return 'lock-version = "1.0"\ncreated-by = "test"\n' + "".join(entries)


def pylock_entry(name: str, version: str, more: str = "") -> str:
    url = f"https://files.example.org/{file(name, version)}"
    wheels = f'wheels = [{{ url = "{url}", hashes = {{ sha256 = "{SHA256}" }} }}]'
    return f'[[packages]]\nname = "{name}"\nversion = "{version}"\n{wheels}\n{more}\n'


OWN = uv_lock(
    uv_entry("click", "8.2"),
    uv_entry("flask", "3.0", 'dependencies = [{ name = "click" }, { name = "werkzeug" }]'),
    uv_entry("werkzeug", "3.0"),
)
PROJECT = '[project]\nname = "project"\nversion = "0"\ndependencies = ["click", "flask"]\n'


def variants(folder: Path, settings: str, files: dict[str, str], lock: str = OWN) -> Variants:
    """The variants of a project with these files beside it."""
    for name, text in {"uv.lock": lock, "pyproject.toml": PROJECT + settings, **files}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return Variants(load(folder))


def one(folder: Path, replace: str, files: dict[str, str] | None = None, lock: str = OWN) -> Variant:
    """The variant ``v``; ``replace`` are the lines of its table."""
    return variants(folder, f"[tool.ofiuco.variants.v]\n{replace}\n", files or {}, lock).find("v")


def resolved(folder: Path, variant: Variant, here: Target = LINUX_X86_64) -> Resolution:
    lock = load(folder).lock
    return resolve(lock, here, lock.selection(), variant)


def versions(folder: Path, variant: Variant, here: Target = LINUX_X86_64) -> dict[str, str | None]:
    return resolved(folder, variant, here).versions()


# Where a version is looked for


OLD_CLICK = uv_lock(uv_entry("click", "7.1"), wants='{ name = "click" }')


@pytest.mark.parametrize(
    ("replace", "files", "origin"),
    [
        pytest.param('replace = { click = "8.2" }', {}, "uv.lock", id="the project's own"),
        pytest.param('replace = { click = "8.2.0" }', {}, "uv.lock", id="the same version otherwise written"),
        pytest.param(
            'replace = { Click = { lock = "old/uv.lock" } }', {"old/uv.lock": OLD_CLICK}, "old/uv.lock", id="named"
        ),
        pytest.param(
            'replace = { click = { lock = "old/uv.lock", version = "7.1" } }',
            {"old/uv.lock": OLD_CLICK, "pylock.toml": "not looked at"},
            "old/uv.lock",
            id="named, and the version",
        ),
        pytest.param(
            'lock = "old/uv.lock"\nreplace = { click = "7.1" }',
            {"old/uv.lock": OLD_CLICK},
            "old/uv.lock",
            id="the variant's",
        ),
        pytest.param(
            'lock = ["pylock.b.toml", "old/uv.lock"]\nreplace = { click = "7.1" }',
            {"old/uv.lock": OLD_CLICK, "pylock.b.toml": pylock(pylock_entry("click", "7"))},
            "old/uv.lock",
            id="the variant's several",
        ),
        pytest.param(
            'replace = { click = "7.1" }',
            {"pylock.a.toml": pylock(), "pylock.b.toml": pylock(pylock_entry("click", "7.1"))},
            "pylock.b.toml",
            id="beside the project's",
        ),
        pytest.param(
            'replace = { click = "7.1" }',
            {"pylock.toml": "[[", "poetry.lock": "[[", "pylock.b.toml": pylock(pylock_entry("click", "7.1"))},
            "pylock.b.toml",
            id="beside others that cannot be read",
        ),
    ],
)
def test_where_a_version_is_found(replace: str, files: dict[str, str], origin: str, tmp_path: Path) -> None:
    variant = one(tmp_path, replace, files)
    assert variant.replacements[0].origin == origin
    assert versions(tmp_path, variant)["click"] == ("8.2" if origin == "uv.lock" else "7.1")


def test_a_requirements_file_is_looked_in_where_it_has_hashes(tmp_path: Path) -> None:
    url = f"https://files.example.org/{file('click', '7.1')}"
    text = f"click @ {url} --hash=sha256:{SHA256}\n"
    variant = one(tmp_path, "replace = { click = { lock = 'requirements.txt' } }", {"requirements.txt": text})
    assert variant.replacements[0].origin == "requirements.txt"
    with pytest.raises(NoReplacementError, match=r"click 7.9 is not in uv.lock, requirements.txt$"):
        one(tmp_path, "replace = { click = '7.9' }")
    with pytest.raises(NoReplacementError, match=r"click 7.9 is not in uv.lock$"):
        one(tmp_path, "replace = { click = '7.9' }", {"requirements.txt": "click\n"})


def test_the_locks_of_a_workspace_are_beside_its_own(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.uv.workspace]\nmembers = ['m']\n")
    (tmp_path / "uv.lock").write_text(OWN)
    (tmp_path / "pylock.b.toml").write_text(pylock(pylock_entry("click", "7.1")))
    member = tmp_path / "m"
    member.mkdir()
    (member / "pyproject.toml").write_text(f"{PROJECT}[tool.ofiuco.variants]\nclick = ['7.1', '6']\n")
    made = Variants(load(member))
    assert made.find("click7.1").replacements[0].origin == "../pylock.b.toml"
    with pytest.raises(NoReplacementError, match=r"click 6 is not in \.\./uv\.lock, \.\./pylock\.b\.toml$"):
        made.find("click6")


def test_a_version_that_is_nowhere(tmp_path: Path) -> None:
    files = {"pylock.toml": "[[", "pylock.b.toml": pylock(pylock_entry("click", "7.1"))}
    with pytest.raises(NoReplacementError) as caught:
        one(tmp_path, 'replace = { click = "6" }', files)
    assert str(caught.value) == (
        "pyproject.toml: tool.ofiuco.variants.v.replace.click: variant v: click 6 is not in uv.lock,"
        " pylock.toml (not a lock that can be read), pylock.b.toml"
    )
    assert (caught.value.hint, caught.value.exit_code) == (HINT, 2)


@pytest.mark.parametrize("value", ['{ lock = "old/uv.lock" }', '{ lock = "old/uv.lock", version = "8.2" }'])
def test_a_package_that_the_other_lock_has_not(value: str, tmp_path: Path) -> None:
    """Its own project is none that could be installed."""
    other = {"old/uv.lock": uv_lock(uv_entry("flask", "2"))}
    with pytest.raises(NoReplacementError, match=r"variant v: click( 8\.2)? is not in old/uv\.lock$"):
        one(tmp_path, f"replace = {{ click = {value} }}", other)
    with pytest.raises(NoReplacementError, match=r"variant v: project is not in old/uv\.lock$"):
        one(tmp_path, 'replace = { project = { lock = "old/uv.lock" } }')


def test_a_version_that_the_variants_lock_has_not(tmp_path: Path) -> None:
    """Others are not looked in; versions that are none are passed over."""
    files = {
        "old/uv.lock": uv_lock(uv_entry("click", "2004d"), uv_entry("click", "1" * 5000), uv_entry("click", "8")),
        "pylock.toml": pylock(pylock_entry("click", "7")),
    }
    with pytest.raises(NoReplacementError, match=r"click 7 is not in uv\.lock, old/uv\.lock$"):
        one(tmp_path, 'lock = "old/uv.lock"\nreplace = { click = "7" }', files)


def test_a_lock_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        one(tmp_path, 'replace = { click = { lock = "old/uv.lock" } }')
    at = "tool.ofiuco.variants.v.replace.click"
    assert str(caught.value) == f"pyproject.toml: {at}: no such lock: old/uv.lock"
    assert caught.value.hint == "correct its path"


def test_a_named_lock_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        one(tmp_path, 'replace = { click = { lock = "old/uv.lock" } }', {"old/uv.lock": "version = 'x'"})
    assert str(caught.value) == "old/uv.lock: version: expected an integer, found a string"
    (tmp_path / "old" / "pyproject.toml").write_text("[[")
    with pytest.raises(InputError) as caught:
        Variants(load(tmp_path)).find("v")
    assert str(caught.value).startswith("old/pyproject.toml: not valid TOML: ")


def test_an_unknown_variant(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        variants(tmp_path, "", {}).find("django42")
    assert str(caught.value) == "the project has no variant 'django42'"
    assert caught.value.hint == "define it in [tool.ofiuco.variants]"
    with pytest.raises(UsageError) as caught:
        variants(tmp_path, '[tool.ofiuco.variants]\nclick = ["8.2", "7"]', {}).find("click")
    assert caught.value.hint == "choose from: click8.2, click7"


def test_a_variant_and_a_lock_are_read_once(tmp_path: Path) -> None:
    settings = """
[tool.ofiuco.variants.a]
replace = { click = { lock = "old/uv.lock" } }
[tool.ofiuco.variants.b]
replace = { click = { lock = "old/uv.lock" } }
"""
    made = variants(tmp_path, settings, {"old/uv.lock": OLD_CLICK})
    first = made.find("a")
    (tmp_path / "old" / "uv.lock").unlink()
    (tmp_path / "old" / "uv.lock").write_text("[[")
    assert made.find("a") is first
    assert made.find("b").replacements[0].entries == first.replacements[0].entries


def test_a_lock_that_is_out_of_date_is_remarked_upon(tmp_path: Path) -> None:
    stale = '[project]\nname = "project"\nversion = "0"\ndependencies = ["click==6"]\n'
    settings = '[tool.ofiuco.variants]\nclick = ["8.2"]\n[tool.ofiuco.variants.v]\nreplace = { click = LOCK }\n'
    metadata = '[package.metadata]\nrequires-dist = [{ name = "click", specifier = "==7.1" }]\n'
    other = uv_lock(metadata, uv_entry("click", "7.1"), wants='{ name = "click" }').replace(
        "version = 1\n", "version = 1\nrevision = 3\n", 1
    )
    made = variants(
        tmp_path,
        settings.replace("LOCK", '{ lock = "old/uv.lock" }'),
        {"old/uv.lock": other, "old/pyproject.toml": stale},
    )
    made.find("click8.2")
    assert made.remarks == ()
    made.find("v")
    remarks = made.remarks
    assert len(remarks) == 1
    assert remarks[0].startswith("old/uv.lock: out of date with old/pyproject.toml ")


# What is found


def test_edges_of_another_lock_lead_into_the_projects(tmp_path: Path) -> None:
    old = uv_lock(
        uv_entry("flask", "2.0", 'dependencies = [{ name = "werkzeug", version = "2.0" }]'),
        uv_entry("werkzeug", "2.0"),
        uv_entry("werkzeug", "2.1"),
        wants='{ name = "flask" }',
    )
    variant = one(tmp_path, 'replace = { flask = { lock = "old/uv.lock" } }', {"old/uv.lock": old})
    assert versions(tmp_path, variant) == {"click": "8.2", "flask": "2.0", "werkzeug": "3.0"}


def test_edges_of_the_projects_own_stay(tmp_path: Path) -> None:
    own = uv_lock(
        uv_entry("flask", "3.0", 'dependencies = [{ name = "click", version = "8.2" }]'),
        uv_entry("click", "8.2"),
        uv_entry("click", "8.1"),
        wants='{ name = "flask" }',
    )
    assert versions(tmp_path, one(tmp_path, 'replace = { flask = "3.0" }', lock=own)) == {
        "click": "8.2",
        "flask": "3.0",
    }


FORKS = uv_lock(
    uv_entry("click", "7", "resolution-markers = [\"sys_platform == 'win32'\"]"),
    uv_entry("click", "8", "resolution-markers = [\"sys_platform != 'win32'\"]"),
    wants='{ name = "click" }',
)
POETRY = (
    '[[package]]\nname = "click"\nversion = "VERSION"\noptional = false\npython-versions = ">=3.7"\n'
    f'groups = ["main"]\nmarkers = "MARKER"\nfiles = [{{ file = "click-VERSION-py3-none-any.whl", {HASH} }}]\n'
)
STAR = (
    POETRY.replace("VERSION", "7").replace("MARKER", "sys_platform == 'win32'")
    + POETRY.replace("VERSION", "8").replace("MARKER", "sys_platform != 'win32'")
    + '[metadata]\nlock-version = "2.1"\npython-versions = ">=3.7"\ncontent-hash = ""\n'
)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        pytest.param("uv.lock", FORKS, id="uv"),
        pytest.param("poetry.lock", STAR, id="poetry"),
        pytest.param(
            "pylock.toml",
            pylock(
                pylock_entry("click", "7", "marker = \"sys_platform == 'win32'\""),
                pylock_entry("click", "8", "marker = \"sys_platform != 'win32'\""),
            ),
            id="pylock",
        ),
    ],
)
def test_the_fork_of_the_target_is_taken(name: str, text: str, tmp_path: Path) -> None:
    variant = one(tmp_path, f'replace = {{ click = {{ lock = "old/{name}" }} }}', {f"old/{name}": text})
    assert versions(tmp_path, variant)["click"] == "8"
    assert versions(tmp_path, variant, WINDOWS)["click"] == "7"


def test_an_entry_that_is_always_wanted_has_no_conditions(tmp_path: Path) -> None:
    old = {"pylock.b.toml": pylock(pylock_entry("click", "7"))}
    variant = one(tmp_path, 'replace = { click = "7" }', old)
    assert variant.replacements[0].entries[0].forks == ()


def test_a_lock_that_tells_no_dependencies(tmp_path: Path) -> None:
    """What flask 3.0 depends on is what flask 2.0 is taken to depend on."""
    old = {"pylock.b.toml": pylock(pylock_entry("flask", "2.0"))}
    assert versions(tmp_path, one(tmp_path, 'replace = { flask = "2.0" }', old)) == {
        "click": "8.2",
        "flask": "2.0",
        "werkzeug": "3.0",
    }


def test_dropped(tmp_path: Path) -> None:
    assert versions(tmp_path, one(tmp_path, "replace = { flask = false }")) == {"click": "8.2"}


# Where its files lie


def artifact(folder: Path, variant: Variant, name: str = "click") -> object:
    (found,) = (pin.artifact for pin in resolved(folder, variant).packages if pin.name == name)
    return found


@pytest.mark.parametrize(
    ("source", "files", "expected"),
    [
        pytest.param('{ directory = "../click" }', "", Directory(path="../locks/click"), id="folder"),
        pytest.param(
            f'{{ path = "click-7.1.zip" }}\nsdist = {{ {HASH} }}',
            "",
            Archive(filename="click-7.1.zip", hashes=(("sha256", SHA256),), path="../locks/old/click-7.1.zip"),
            id="archive",
        ),
        pytest.param(
            '{ path = "lib/click-7.1-py3-none-any.whl" }',
            f'wheels = [{{ filename = "click-7.1-py3-none-any.whl", {HASH} }}]',
            Wheel(
                filename="click-7.1-py3-none-any.whl",
                hashes=(("sha256", SHA256),),
                path="../locks/old/lib/click-7.1-py3-none-any.whl",
            ),
            id="wheel",
        ),
        pytest.param(
            '{ registry = "../index" }',
            f'sdist = {{ path = "click-7.1.tar.gz", {HASH} }}',
            Sdist(
                filename="click-7.1.tar.gz",
                hashes=(("sha256", SHA256),),
                path="../locks/index/click-7.1.tar.gz",
                index="../index",
            ),
            id="sdist",
        ),
        pytest.param('{ directory = "/srv/click" }', "", Directory(path="/srv/click"), id="absolute"),
    ],
)
def test_paths_of_another_lock_are_seen_from_the_projects(
    source: str, files: str, expected: object, tmp_path: Path
) -> None:
    old = uv_lock(uv_entry("click", "7.1", source=source, files=files), wants='{ name = "click" }')
    project = tmp_path / "project"
    variant = one(project, 'replace = { click = { lock = "../locks/old/uv.lock" } }', {"../locks/old/uv.lock": old})
    assert artifact(project, variant) == expected


def test_another_drive_is_named_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def relpath(*_: object) -> str:
        raise ValueError("path is on mount 'D:', start on mount 'C:'")

    old = uv_lock(uv_entry("click", "7.1", source='{ directory = "../click" }', files=""), wants='{ name = "click" }')
    made = variants(
        tmp_path, '[tool.ofiuco.variants.v]\nreplace = { click = { lock = "old/uv.lock" } }', {"old/uv.lock": old}
    )
    with monkeypatch.context() as patched:
        patched.setattr("os.path.relpath", relpath)
        variant = made.find("v")
    assert artifact(tmp_path, variant) == Directory(path=(tmp_path / "click").as_posix())


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param(
            f'"lib/{file("click", "7")}#sha256={SHA256}"',
            Wheel(filename=file("click", "7"), hashes=(("sha256", SHA256),), path="lib/click-7-py3-none-any.whl"),
            id="path",
        ),
        pytest.param(
            f'"https://files.example.org/{file("click", "7")}#sha256={SHA256}"',
            Wheel(
                filename=file("click", "7"),
                hashes=(("sha256", SHA256),),
                url="https://files.example.org/click-7-py3-none-any.whl",
            ),
            id="url",
        ),
    ],
)
def test_wheels(value: str, expected: Wheel, tmp_path: Path) -> None:
    variant = one(tmp_path, f"replace = {{ click = {value} }}")
    assert artifact(tmp_path, variant) == expected
    assert versions(tmp_path, variant)["click"] == "7"


def test_wheels_lie_where_the_project_says_not_its_lock(tmp_path: Path) -> None:
    (tmp_path / "locks").mkdir()
    (tmp_path / "locks" / "uv.lock").write_text(OWN)
    settings = f"""
[tool.ofiuco]
lock = "locks/uv.lock"
[tool.ofiuco.variants.v]
replace = {{ click = {{ path = "lib/{file("click", "7")}", {HASH} }} }}
"""
    found = artifact(tmp_path, variants(tmp_path, settings, {}).find("v"))
    assert getattr(found, "path", None) == "../lib/click-7-py3-none-any.whl"


def test_the_wheel_of_the_target_is_taken(tmp_path: Path) -> None:
    names = ("click-7-cp312-cp312-win_amd64.whl", "click-7-cp312-cp312-manylinux_2_17_x86_64.whl")
    wheels = ", ".join(f'{{ path = "{name}", {HASH} }}' for name in names)
    variant = one(tmp_path, f"replace = {{ click = {{ wheels = [{wheels}] }} }}")
    assert getattr(artifact(tmp_path, variant), "filename", None) == names[1]
