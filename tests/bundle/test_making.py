"""Zips of small projects: what is in them, where, and that their bytes are the same each time."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from pytest_ofiuco.bundle.manifest import rendered
from pytest_ofiuco.errors import (
    ArchiveError,
    BundleError,
    MisbuiltError,
    NoWheelError,
    OfiucoError,
    PythonNotAdmittedError,
    UsageError,
)
from pytest_ofiuco.store.cache import Store
from pytest_ofiuco.store.progress import SilentProgress
from tests.bundle.projects import LAMBDA, names, project, text, zipped
from tests.store.makers import THIS_PYTHON, sdist, source_files, wheel

ENTRY_POINTS = "[console_scripts]\ntool = demo.cli:main.run\n"
PEX: dict[str, Any] = {"layout": "pex-like", "platform": "host"}


@pytest.mark.parametrize(
    ("pyproject", "name"),
    [
        pytest.param('[tool.poetry]\nname = "A Showcase, of Sorts"\n', "a showcase, of sorts", id="of Poetry"),
        pytest.param('[project]\nname = "Some_Thing"\nversion = "1"\n', "some-thing", id="of the standard"),
        pytest.param("", "p", id="none"),
    ],
)
def test_what_is_not_built_may_have_any_name(tmp_path: Path, store: Store, pyproject: str, name: str) -> None:
    made = zipped(project(tmp_path / "p", pyproject=pyproject), store, platform="linux_aarch64")
    assert [each["name"] for each in made.manifest["packages"]] == [name]


def test_flat(tmp_path: Path, store: Store) -> None:
    demo = wheel(
        "demo",
        {
            "demo/__init__.py": "",
            "demo-1.0.data/purelib/demo/pure.py": "",
            "demo-1.0.data/platlib/demo/plat.py": "",
            "demo-1.0.data/scripts/old": "#!pythonw -E\nprint()\n",
            "demo-1.0.data/scripts/shell": "#!/bin/sh\n",
            "demo-1.0.data/data/share/doc.txt": "",
            "demo-1.0.data/headers/demo.h": "",
        },
        entry_points=ENTRY_POINTS,
    )
    made = zipped(project(tmp_path / "p", [demo]), store, shebang="/usr/bin/python3")
    assert names(made) == [
        "app.py",
        "bin/old",
        "bin/shell",
        "bin/tool",
        "demo-1.0.dist-info/METADATA",
        "demo-1.0.dist-info/RECORD",
        "demo-1.0.dist-info/WHEEL",
        "demo-1.0.dist-info/entry_points.txt",
        "demo/__init__.py",
        "demo/plat.py",
        "demo/pure.py",
        "include/demo/demo.h",
        "share/doc.txt",
    ]
    assert text(made, "bin/old") == "#!/usr/bin/python3\nprint()\n"
    assert text(made, "bin/shell") == "#!/bin/sh\n"
    assert text(made, "bin/tool").startswith("#!/usr/bin/python3\n")
    rows = [line.partition(",")[0] for line in text(made, "demo-1.0.dist-info/RECORD").splitlines()]
    assert sorted(rows) == [name for name in names(made) if name != "app.py"]
    with zipfile.ZipFile(tmp_path / "x.zip") as archive:
        modes = {info.filename: info.external_attr >> 16 & 0o777 for info in archive.infolist()}
    assert {path for path, mode in modes.items() if mode == 0o755} == {"bin/old", "bin/shell", "bin/tool"}
    assert set(modes.values()) == {0o644, 0o755}
    assert made.warnings == ()


def test_scripts_find_their_packages(tmp_path: Path, store: Store) -> None:
    demo = wheel(
        "demo",
        {"demo/__init__.py": "", "demo/cli.py": "class main:\n    @staticmethod\n    def run(): print('ran')\n"},
        entry_points=ENTRY_POINTS,
    )
    folder = project(tmp_path / "p", [demo])
    for layout in ("flat", "layer"):
        zipped(folder, store, layout=layout)
        place = tmp_path / layout
        shutil.unpack_archive(tmp_path / "x.zip", place)
        done = subprocess.run([sys.executable, place / "bin" / "tool"], capture_output=True, text=True, check=True)
        assert done.stdout == "ran\n"


def test_the_same_bytes_whatever_the_umask_and_the_store(tmp_path: Path, store: Store) -> None:
    demo = wheel("demo", {"demo/__init__.py": "A = 1\n" * 100}, entry_points=ENTRY_POINTS)
    folder = project(tmp_path / "p", [demo])
    first = zipped(folder, store)
    content = (tmp_path / "x.zip").read_bytes()
    before = os.umask(0o077)
    try:
        os.utime(folder / "app.py", (0, 0))
        other = Store(tmp_path / "other")
        second = zipped(folder, other)
    finally:
        os.umask(before)
    assert (tmp_path / "x.zip").read_bytes() == content
    assert rendered(first.manifest) == rendered(second.manifest)
    assert first.manifest["sha256"] == hashlib.sha256(content).hexdigest()


def test_wheels_that_are_no_longer_kept_are_fetched_again(tmp_path: Path, store: Store) -> None:
    folder = project(tmp_path / "p", [wheel("demo", {"demo.py": ""})])
    first = zipped(folder, store)
    shutil.rmtree(store.files)
    assert zipped(folder, store).manifest == first.manifest


def test_a_wheel_that_was_changed_in_the_store_is_refused(tmp_path: Path, store: Store) -> None:
    folder = project(tmp_path / "p", [wheel("demo", {"demo.py": ""})])
    zipped(folder, store)
    (file,) = store.files.glob("*/*.whl")
    file.write_bytes(file.read_bytes()[:-1] + b"x")
    with pytest.raises(OfiucoError, match="this file was changed since it was kept"):
        zipped(folder, store)


def test_what_follows_a_name_in_a_wheel_is_no_content(tmp_path: Path, store: Store) -> None:
    info = zipfile.ZipInfo("demo/more.txt")
    info.extra = b"\xfe\xca\x02\x00ab"
    demo = wheel("demo", {}, extra={info: "more"})
    assert text(zipped(project(tmp_path / "p", [demo]), store), "demo/more.txt") == "more"


def test_progress_is_told(tmp_path: Path) -> None:
    told: list[str] = []

    class Telling(SilentProgress):
        def started(self, what: str) -> None:
            told.append(f"{what} …")

        def finished(self, what: str) -> None:
            told.append(what)

    zipped(project(tmp_path / "p"), Store(tmp_path / "cache"), progress=Telling())
    assert told == ["writing x.zip …", "writing x.zip"]


def test_members_of_a_rare_compression_are_deflated(tmp_path: Path, store: Store) -> None:
    info = zipfile.ZipInfo("demo/rare.txt")
    info.compress_type = zipfile.ZIP_LZMA
    demo = wheel("demo", {"demo/__init__.py": ""}, extra={info: "rare " * 100})
    made = zipped(project(tmp_path / "p", [demo]), store)
    assert text(made, "demo/rare.txt") == "rare " * 100
    with zipfile.ZipFile(tmp_path / "x.zip") as archive:
        assert archive.getinfo("demo/rare.txt").compress_type == zipfile.ZIP_DEFLATED


def test_packages_share_folders_and_equal_files(tmp_path: Path, store: Store) -> None:
    files = [
        wheel("one", {"space/one.py": "", "LICENSE": "free"}),
        wheel("two", {"space/two.py": "", "LICENSE": "free"}),
    ]
    found = names(zipped(project(tmp_path / "p", files), store))
    assert [name for name in found if "dist-info" not in name] == ["LICENSE", "app.py", "space/one.py", "space/two.py"]


@pytest.mark.parametrize(
    ("one", "two", "message"),
    [
        pytest.param(
            {"LICENSE": "free"},
            {"LICENSE": "dear"},
            "packages one and two both have LICENSE, and the two files differ",
            id="two files",
        ),
        pytest.param(
            {"tool": ""},
            {"tool/a.py": ""},
            "tool is a file and a folder at once, in packages one and two",
            id="a folder",
        ),
    ],
)
def test_packages_that_contradict_each_other(
    tmp_path: Path, store: Store, one: dict[str, str], two: dict[str, str], message: str
) -> None:
    folder = project(tmp_path / "p", [wheel("one", one), wheel("two", two)])
    with pytest.raises(BundleError) as caught:
        zipped(folder, store)
    assert str(caught.value) == message
    assert not (tmp_path / "x.zip").exists()
    zipped(folder, store, exclude=("LICENSE", "tool"))


def test_the_projects_own_sources(tmp_path: Path, store: Store) -> None:
    sources = {
        "app.py": "",
        "app.pyc": "",
        "test_app.py": "",
        "conftest.py": "",
        "setup.cfg": "",
        "pack/__init__.py": "",
        "pack/data/größe.json": "{}",
        "pack/tests/test_a.py": "",
        "pack/__pycache__/a.pyc": "",
        "pack/.hidden": "",
        "space/deep/module.py": "",
        "assets/logo.txt": "",
        "tests/test_b.py": "",
        ".venv/lib/six.py": "",
        "environment/pyvenv.cfg": "",
        "environment/lib/six.py": "",
        "run-it.py": "",
    }
    folder = project(tmp_path / "p", sources=sources)
    assert names(zipped(folder, store)) == [
        "app.py",
        "pack/__init__.py",
        "pack/data/größe.json",
        "space/deep/module.py",
    ]
    shutil.move(folder / "pack", folder / "src" / "pack")
    assert names(zipped(folder, store)) == ["pack/__init__.py", "pack/data/größe.json"]
    included = LAMBDA + '[tool.ofiuco.zip]\ninclude = ["src", "assets", "app.py"]\nexclude = ["**/*.json"]\n'
    (folder / "pyproject.toml").write_text(included)
    assert names(zipped(folder, store)) == ["app.py", "assets/logo.txt", "pack/__init__.py"]
    (folder / "pyproject.toml").write_text(LAMBDA + '[tool.ofiuco.zip]\ninclude = ["nothing"]\n')
    with pytest.raises(UsageError) as caught:
        zipped(folder, store)
    assert caught.value.render() == (
        "error: include 'nothing': there is no such file or folder in the project\n"
        "hint: correct `include` in [tool.ofiuco.zip]"
    )


def test_a_project_that_is_a_package_is_built(tmp_path: Path, store: Store) -> None:
    """For a foreign platform, too, where it is of any."""
    sources = source_files("demo")
    pyproject = sources.pop("pyproject.toml") + LAMBDA
    folder = project(tmp_path / "p", pyproject=pyproject, sources=sources)
    assert names(zipped(folder, store, handler="demo_code.ANSWER")) == [
        "demo-1.0.dist-info/METADATA",
        "demo-1.0.dist-info/RECORD",
        "demo-1.0.dist-info/WHEEL",
        "demo_code/__init__.py",
    ]
    tag = f"cp{THIS_PYTHON.replace('.', '')}-none-linux_x86_64"
    (folder / "backend.py").write_text(source_files("demo", tag=tag)["backend.py"])
    with pytest.raises(MisbuiltError) as caught:
        zipped(folder, store)
    assert str(caught.value) == (
        f"package p: what is built here is demo-1.0-{tag}.whl, which is not for Python {THIS_PYTHON} on {_lambda_tag()}"
    )
    assert names(zipped(folder, store, platform="host"))
    (folder / "pyproject.toml").write_text(f'{pyproject}[tool.ofiuco.zip]\ninclude = ["demo_code"]\n')
    assert names(zipped(folder, store)) == ["demo_code/__init__.py"]


def _lambda_tag() -> str:
    return f"manylinux_2_{34 if sys.version_info >= (3, 12) else 26}_aarch64"


def test_source_distributions_are_built_for_the_host_alone(tmp_path: Path, store: Store) -> None:
    folder = project(tmp_path / "p", sdists=[sdist("demo", source_files("demo"))])
    assert "demo_code/__init__.py" in names(zipped(folder, store, platform="host"))
    with pytest.raises(NoWheelError) as caught:
        zipped(folder, store)
    assert caught.value.render() == (
        f"error: pylock.toml: package demo 1.0: there is no wheel for Python {THIS_PYTHON} on {_lambda_tag()},"
        " and a source distribution would be built for this machine\n"
        "hint: build its wheel on such a machine, put it on an index, and lock again"
    )


def test_no_wheel_fits(tmp_path: Path, store: Store) -> None:
    folder = project(tmp_path / "p", [wheel("demo", {"demo.py": ""}, tag="cp310-cp310-win_amd64")])
    with pytest.raises(OfiucoError, match=r"no file of demo 1\.0 fits Python"):
        zipped(folder, store)


def test_layers(tmp_path: Path, store: Store) -> None:
    folder = project(tmp_path / "p", [wheel("demo", {"demo.py": ""}, entry_points=ENTRY_POINTS)])
    made = zipped(folder, store, layout="layer", exclude=("**.dist-info/**", "demo.py"))
    assert names(made) == ["bin/tool", "python/app.py"]
    assert made.manifest["environment"] == {"PYTHONPATH": "/opt/python"}
    split = zipped(folder, store, is_split=True, exclude=("**.dist-info/**",), handler="app.handler")
    assert [Path(each).name for each in split.files] == ["x.zip", "x-layer.zip"]
    assert (names(split), names(split, 1)) == (["app.py"], ["bin/tool", "python/demo.py"])
    (layer,) = split.manifest["layers"]
    assert split.manifest["environment"] == {"PYTHONPATH": "/opt/python"}
    assert layer["sha256"] == hashlib.sha256((tmp_path / "x-layer.zip").read_bytes()).hexdigest()
    assert (split.manifest["asset"], layer["asset"]) == ("x.zip", "x-layer.zip")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        pytest.param(
            {"layout": "pex-like"}, "a pex-like zip has something to start, and no other zip has", id="no main"
        ),
        pytest.param({"main": "app"}, "a pex-like zip has something to start, and no other zip has", id="main"),
        pytest.param({"main": "app", "is_split": True, **PEX}, "a pex-like zip is one file", id="split"),
        pytest.param({"shebang": "a\nb"}, "shebang: not one line of text", id="shebang"),
        pytest.param({"main": "ap:p.1", **PEX}, "main 'ap:p.1': neither a module nor a function in one", id="no name"),
        pytest.param({"main": "nope", **PEX}, "main nope: there is no module nope in the zip", id="no module"),
        pytest.param(
            {"main": "app:nope", **PEX}, "main app:nope: app does not define nope at its top", id="no function"
        ),
        pytest.param({"main": "pack", **PEX}, "main pack: there is no module pack.__main__ in the zip", id="package"),
    ],
)
def test_options_that_do_not_suit(tmp_path: Path, store: Store, options: dict[str, Any], message: str) -> None:
    folder = project(tmp_path / "p", sources={"app.py": "", "pack/__init__.py": ""})
    with pytest.raises(OfiucoError) as caught:
        zipped(folder, store, **options)
    assert str(caught.value) == message
    assert caught.value.hint


def test_a_zip_that_can_be_run(tmp_path: Path, store: Store) -> None:
    app = "import os, sys, demo\ndef main():\n    print(sys.argv[1:], os.path.isfile(demo.__file__))\n    return 3\n"
    folder = project(
        tmp_path / "p",
        [wheel("demo", {"demo.py": ""}, entry_points=ENTRY_POINTS)],
        sources={"app.py": app, "__init__.py": "", "pack/__init__.py": "", "pack/__main__.py": "print(__name__)"},
    )
    zipped(folder, store, main="app:main", **PEX)
    environment = {**os.environ, "OFIUCO_ZIP_CACHE": str(tmp_path / "unpacked")}

    def run() -> tuple[int, str, str]:
        command = [sys.executable, str(tmp_path / "x.zip"), "word"]
        done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
        return done.returncode, done.stdout, done.stderr

    assert run() == run() == (3, "['word'] True\n", "")
    assert len(list((tmp_path / "unpacked").iterdir())) == 1
    assert os.access(next((tmp_path / "unpacked").glob("*/bin/tool")), os.X_OK)
    zipped(folder, store, main="pack", **PEX)
    assert run() == (0, "__main__\n", "")
    (tmp_path / "file").write_text("")
    environment["OFIUCO_ZIP_CACHE"] = str(tmp_path / "file")
    assert run()[2] == (
        f"error: x.zip: cannot be unpacked to {tmp_path}/file: File exists\n"
        "hint: name another folder with OFIUCO_ZIP_CACHE\n"
    )
    zipped(folder, store, main="pack", python="3.9", **PEX)
    assert run()[2].startswith("error: x.zip: it was made for Python 3.9 on ")
    zipped(folder, store, main="pack", **PEX | {"platform": "windows_amd64"})
    code, out, err = run()
    assert (code, out) == (1, "")
    assert err.startswith(f"error: x.zip: it was made for Python {THIS_PYTHON} on win_amd64, and this is Python ")
    assert err.endswith("\nhint: run it there, or make a zip for this platform\n")


def test_bytecode_is_that_of_the_target(tmp_path: Path, store: Store) -> None:
    sources = {"app.py": "print('ran', __file__.endswith('.py'))\n", "old.py": "print 1\n"}
    tag = sys.implementation.cache_tag
    own = f"own/__pycache__/__init__.{tag}.pyc"
    files = {"demo/__init__.py": "", "own/__init__.py": "", own: "brought", "demo-1.0.data/scripts/old.py": ""}
    demo = wheel("demo", files)
    folder = project(tmp_path / "p", [demo], sources=sources)
    environ = {"PATH": f"{_python_on_path(tmp_path)}{os.pathsep}{os.environ['PATH']}"}
    zipped(folder, store, bytecode="unchecked-hash", environ=environ)
    first = (tmp_path / "x.zip").read_bytes()
    made = zipped(folder, store, bytecode="unchecked-hash", environ=environ)
    assert (tmp_path / "x.zip").read_bytes() == first
    compiled = [f"__pycache__/app.{tag}.pyc", f"demo/__pycache__/__init__.{tag}.pyc", own]
    assert [name for name in names(made) if name.endswith(".pyc")] == compiled
    assert text(made, own) == "brought"
    shutil.unpack_archive(tmp_path / "x.zip", tmp_path / "out")
    (tmp_path / "out" / "app.py").write_text("raise SystemExit('the source was read')\n")
    command = [sys.executable, "-c", "import app"]
    done = subprocess.run(command, cwd=tmp_path / "out", capture_output=True, text=True, check=True)
    assert done.stdout == "ran True\n"


def _python_on_path(folder: Path) -> Path:
    """A folder with this interpreter alone."""
    place = folder / "python"
    place.mkdir()
    (place / f"python{THIS_PYTHON}").symlink_to(sys.executable)
    return place


def test_too_large(tmp_path: Path, store: Store) -> None:
    folder = project(tmp_path / "p", [wheel(f"demo{n}", {f"demo{n}.py": "#" * (n << 20)}) for n in range(1, 12)])
    (warning,) = zipped(folder, store).warnings
    assert warning == f"{tmp_path}/x.zip: 66.0 MiB zipped, and a direct upload takes 50.0 MiB: upload it to S3"
    (folder / "pyproject.toml").write_text("[tool.ofiuco.platform.aws_lambda]\nmax-size = 66\n")
    with pytest.raises(BundleError) as caught:
        zipped(folder, store)
    listed = ", ".join(f"demo{n} {n}.0 MiB" for n in range(11, 1, -1))
    assert caught.value.render() == (
        f"error: 66.0 MiB unzipped, and aws_lambda takes 66.0 MiB; the largest packages: {listed}\n"
        "hint: leave out what is not needed with `exclude` in [tool.ofiuco.zip],"
        " or what the platform has with `provided`"
    )
    assert zipped(folder, store, platform="linux_x86_64").warnings == ()
    assert zipped(folder, store, exclude=("demo1?.py",)).warnings == ()


def test_what_is_said(tmp_path: Path, store: Store) -> None:
    folder = project(tmp_path / "p", [wheel("demo", {"demo.py": "", "demo.pth": "import demo\n"})])
    made = zipped(folder, store, exclude=("nothing/**", "**/*.py"))
    assert made.warnings == (
        "demo: demo.pth is in the zip, where Python reads no .pth file",
        'exclude "nothing/**": nothing in the zip matches it',
        f"{tmp_path}/x.zip: nothing of the project's own code is in it: that is looked for in src, then at the top; see"
        " `include`",
    )


def test_names_that_differ_in_case_only(tmp_path: Path, store: Store) -> None:
    folder = project(tmp_path / "p", [wheel("one", {"Data.txt": "1"}), wheel("two", {"data.txt": "2"})])
    assert {"Data.txt", "data.txt"} <= set(names(zipped(folder, store)))
    with pytest.raises(BundleError) as caught:
        zipped(folder, store, platform="windows_amd64")
    assert str(caught.value) == "Data.txt and data.txt differ in case only, and are one file on win_amd64"


@pytest.mark.skipif(sys.platform == "win32", reason="they cannot be made there")
@pytest.mark.parametrize("name", ["con.py", "a:b.txt", "a.", "a?", "a\\b", "a\tb"])
def test_names_that_windows_has_not(tmp_path: Path, store: Store, name: str) -> None:
    folder = project(tmp_path / "p", sources={"pack/__init__.py": "", f"pack/{name}": ""})
    assert f"pack/{name}" in names(zipped(folder, store))
    with pytest.raises(BundleError) as caught:
        zipped(folder, store, platform="windows_amd64")
    assert str(caught.value) == f"{f'pack/{name}'!r}, in package p: a name that no file has on Windows"
    zipped(folder, store, platform="windows_amd64", exclude=("pack/[!_]*",))


def test_a_python_that_the_platform_is_not_wanted_for(tmp_path: Path, store: Store) -> None:
    folder = project(tmp_path / "p", pyproject=LAMBDA + 'python = ["3.8", ">=3.40"]\n')
    with pytest.raises(PythonNotAdmittedError) as caught:
        zipped(folder, store)
    assert str(caught.value) == (
        f"pyproject.toml: tool.ofiuco.platform.aws_lambda.python: Python {THIS_PYTHON}.0"
        " is not admitted by '3.8, >=3.40'"
    )


@pytest.mark.parametrize(
    ("files", "more", "message"),
    [
        pytest.param({"demo-1.0.data/odd/a": ""}, {}, "its .data folder has an unknown part 'odd'", id="data"),
        pytest.param({}, {"entry_points": "nonsense"}, "its entry_points.txt cannot be read", id="entry points"),
        pytest.param(
            {},
            {"entry_points": "[console_scripts]\n../a = b:c\n"},
            "script '../a' would land outside the zip",
            id="outside",
        ),
    ],
)
def test_odd_wheels(tmp_path: Path, store: Store, files: dict[str, str], more: dict[str, str], message: str) -> None:
    folder = project(tmp_path / "p", [wheel("demo", files, entry_points=more.get("entry_points"))])
    with pytest.raises(ArchiveError) as caught:
        zipped(folder, store)
    assert message in str(caught.value)


def test_the_manifest(tmp_path: Path, store: Store) -> None:
    folder = project(tmp_path / "p", [wheel("demo", {"demo.py": "12345"}), wheel("boto3", {"boto3.py": ""})])
    made = zipped(folder, store, handler="app.handler", python="3.12", compression="stored")
    document = json.loads(rendered(made.manifest))
    packages = {each["name"]: (each["version"], each["size"] > 0) for each in document.pop("packages")}
    assert packages == {"demo": ("1.0", True), "p": (None, True)}
    facts = {key: document.pop(key) for key in ("sha256", "code_sha256", "content_sha256", "size")}
    assert facts["size"]["zipped"] == (tmp_path / "x.zip").stat().st_size
    assert document.pop("lock").keys() == {"path", "sha256"}
    assert document == {
        "version": 1,
        "asset": "x.zip",
        "files": 5,
        "handler": "app.handler",
        "main": None,
        "layout": "flat",
        "layers": [],
        "python": "3.12",
        "runtime": "python3.12",
        "platform": {"name": "aws_lambda", "tag": "manylinux_2_34_aarch64"},
        "architectures": ["arm64"],
        "environment": {},
        "strip": None,
        "left_out": {"provided": ["boto3"], "needed_by_these_only": []},
    }
    for python in ("3.13t", "pypy3.11"):
        assert zipped(folder, store, python=python).manifest["runtime"] is None
    deflated = zipped(folder, store, handler="app.handler", python="3.12")
    assert deflated.manifest["content_sha256"] == facts["content_sha256"]
