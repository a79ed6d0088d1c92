"""Images of small projects, read back: layers, configuration, index, and that they are the same bytes each time."""

from __future__ import annotations

import json
import os
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest

from pytest_ofiuco.bundle.image import checks
from pytest_ofiuco.bundle.manifest import rendered
from pytest_ofiuco.errors import BundleError, CacheError, OfiucoError, UsageError
from pytest_ofiuco.store.cache import Store
from tests.bundle.image.layouts import AMD64, ARM64, LAYER, MANIFEST, Image, Layout, image_of, imaged
from tests.bundle.projects import LAMBDA, project, zipped
from tests.store.makers import THIS_PYTHON, File, source_files, wheel

ENTRY_POINTS = "[console_scripts]\ntool = demo:main\n"
LAMBDA_BASE = {
    "Entrypoint": ["/lambda-entrypoint.sh"],
    "Cmd": ["nothing"],
    "Env": ["PATH=/var/lang/bin:/usr/bin", "LAMBDA_TASK_ROOT=/var/task", "PYTHONPATH=/opt/own"],
    "WorkingDir": "/var/task",
    "User": "base",
    "Labels": {"org.opencontainers.image.title": "the base", "maintainer": "somebody"},
}


TEXT = "".join(f"NUMBER_{number} = {number**3}\n" for number in range(200))


def demo() -> File:
    """A package with a module that its wheel has deflated."""
    info = zipfile.ZipInfo("demo/__init__.py")
    info.compress_type = zipfile.ZIP_DEFLATED
    return wheel("demo", {}, extra={info: TEXT}, entry_points=ENTRY_POINTS)


def test_layers_without_a_base(tmp_path: Path, store: Store) -> None:
    made = imaged(project(tmp_path / "p", [demo()]), store, platform="linux_x86_64", cmd=("tool",))
    image = image_of(tmp_path / "image")
    assert image.names(0) == [
        "app/bin/tool",
        "app/demo-1.0.dist-info/METADATA",
        "app/demo-1.0.dist-info/RECORD",
        "app/demo-1.0.dist-info/WHEEL",
        "app/demo-1.0.dist-info/entry_points.txt",
        "app/demo/__init__.py",
    ]
    assert image.names(1) == ["app/app.py"]
    assert image.text(0, "app/demo/__init__.py") == TEXT
    folders = [each.name for each in image.members(0) if each.isdir()]
    assert folders == ["app", "app/bin", "app/demo", "app/demo-1.0.dist-info"]
    everything = image.members(0)
    assert {(each.uid, each.gid, each.uname, each.gname, each.mtime) for each in everything} == {(0, 0, "", "", 0)}
    assert {each.name for each in everything if each.mode == 0o755} == {"app/bin/tool", *folders}
    assert {each.mode for each in everything} == {0o644, 0o755}
    config = image.config
    assert config.pop("rootfs").keys() == {"type", "diff_ids"}
    assert config == {
        "architecture": "amd64",
        "os": "linux",
        "created": "1970-01-01T00:00:00Z",
        "config": {
            "Cmd": ["tool"],
            "Env": ["PYTHONPATH=/app", "PATH=/app/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
            "WorkingDir": "/app",
            "Labels": {},
        },
        "history": [
            {"created": "1970-01-01T00:00:00Z", "created_by": "ofiuco image: dependencies"},
            {"created": "1970-01-01T00:00:00Z", "created_by": "ofiuco image: code"},
        ],
    }
    (listed,) = image.index["manifests"]
    assert listed["mediaType"] == image.manifest["mediaType"] == MANIFEST
    assert listed["platform"] == AMD64
    assert listed["annotations"] == {"org.opencontainers.image.ref.name": "latest"}
    assert made.manifest["digest"] == listed["digest"]
    assert (made.warnings, made.notes) == ((), ("no base: the image has no Python in it; --base gives it one",))


def test_on_a_base_of_aws(tmp_path: Path, store: Store) -> None:
    layout = Layout(tmp_path / "base")
    history = [{"created_by": "first"}, {"created_by": "ENV", "empty_layer": True}]
    base = layout.end(layout.image(ARM64, LAMBDA_BASE, history=history, docker_version="20", author="somebody"))
    pyproject = '[project]\nname = "shop"\nversion = "1.2"\nlicense = "MIT"\n' + LAMBDA
    folder = project(tmp_path / "p", [demo(), wheel("boto3", {"boto3.py": ""})], pyproject=pyproject)
    made = imaged(folder, store, base=base, handler="app.handler", labels=(("team", "a=b"),), env=(("X", ""),))
    image = image_of(tmp_path / "image")
    assert [len(image.manifest["layers"]), image.names(1)[-1]] == [3, "var/task/demo/__init__.py"]
    assert image.names(2) == ["var/task/app.py"]
    assert [each.name for each in image.members(2) if each.isdir()] == ["var/task"]
    config = image.config
    assert config["config"] == {
        "Entrypoint": ["/lambda-entrypoint.sh"],
        "Cmd": ["app.handler"],
        "Env": [
            "PATH=/var/task/bin:/var/lang/bin:/usr/bin",
            "LAMBDA_TASK_ROOT=/var/task",
            "PYTHONPATH=/var/task:/opt/own",
            "X=",
        ],
        "WorkingDir": "/var/task",
        "User": "base",
        "Labels": {
            "maintainer": "somebody",
            "org.opencontainers.image.licenses": "MIT",
            "org.opencontainers.image.title": "shop",
            "org.opencontainers.image.version": "1.2",
            "team": "a=b",
        },
    }
    assert config["history"][:2] == history
    assert len(config["history"]) == 4
    assert not {"docker_version", "author"} & config.keys()
    annotations = image.manifest["annotations"]
    assert (
        annotations["org.opencontainers.image.base.digest"]
        == layout.image(ARM64, LAMBDA_BASE, history=history, docker_version="20", author="somebody")["digest"]
    )
    assert annotations["org.opencontainers.image.title"] == "shop"
    assert (made.warnings, made.notes) == ((), ())
    assert made.manifest["left_out"]["provided"] == ["boto3"]
    with_provided = imaged(folder, store, base=base, with_provided=True)
    assert "var/task/boto3.py" in image_of(tmp_path / "image").names(1)
    assert with_provided.manifest["left_out"] == {"provided": [], "needed_by_these_only": []}


def test_what_is_given_takes_the_bases_place(tmp_path: Path, store: Store) -> None:
    layout = Layout(tmp_path / "base")
    base = layout.end(layout.image(AMD64, {**LAMBDA_BASE, "Env": None}))
    folder = project(tmp_path / "p")
    options: dict[str, Any] = {"platform": "linux_x86_64", "base": base, "prefix": "/srv/shop", "tag": "v1.2"}
    imaged(folder, store, entrypoint=("python3", "-m", "app"), user="1000:1000", workdir="/", **options)
    image = image_of(tmp_path / "image")
    assert image.config["config"] == {
        "Entrypoint": ["python3", "-m", "app"],
        "Env": ["PYTHONPATH=/srv/shop", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
        "WorkingDir": "/",
        "User": "1000:1000",
        "Labels": {"maintainer": "somebody"},
    }
    assert image.config["history"][0] == {"created_by": "base"}
    assert [each.name for each in image.members(1)] == ["srv/shop", "srv/shop/app.py"]
    assert image.index["manifests"][0]["annotations"] == {"org.opencontainers.image.ref.name": "v1.2"}
    imaged(folder, store, cmd=("other",), **options)
    config = image_of(tmp_path / "image").config["config"]
    assert (config["Entrypoint"], config["Cmd"]) == (["/lambda-entrypoint.sh"], ["other"])
    imaged(folder, store, env=(("PYTHONPATH", "/own"),), **options | {"base": None})
    assert "PYTHONPATH=/own" in image_of(tmp_path / "image").config["config"]["Env"]
    assert [each.name for each in image_of(tmp_path / "image").members(0)] == ["srv", "srv/shop", "srv/shop/app.py"]


def test_an_image_holds_what_a_zip_does(tmp_path: Path, store: Store) -> None:
    folder = project(tmp_path / "p", [demo(), wheel("boto3", {"boto3.py": ""})])
    made = imaged(folder, store, exclude=("bin/*",))
    zip_made = zipped(folder, store, exclude=("bin/*",))
    for key in ("content_sha256", "files", "packages", "left_out", "lock", "platform"):
        assert made.manifest[key] == zip_made.manifest[key]
    assert made.manifest["size"]["unpacked"] == zip_made.manifest["size"]["unzipped"]


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.mark.parametrize("compression", ["deflated", "stored"])
def test_the_same_bytes_each_time(tmp_path: Path, store: Store, compression: str) -> None:
    folder = project(tmp_path / "p", [demo()])
    first = imaged(folder, store, compression=compression)
    content = tree(tmp_path / "image")
    (tmp_path / "again").mkdir()
    before = os.umask(0o077)
    try:
        os.utime(folder / "app.py", (0, 0))
        second = imaged(folder, Store(tmp_path / "other"), compression=compression, output=tmp_path / "again" / "image")
    finally:
        os.umask(before)
    assert tree(tmp_path / "again" / "image") == content
    assert rendered(first.manifest) == rendered(second.manifest)


def test_what_changes_of_the_code_leaves_the_dependencies_layer(tmp_path: Path, store: Store) -> None:
    folder = project(tmp_path / "p", [demo()])
    dependencies, code = imaged(folder, store).manifest["layers"]
    (folder / "app.py").write_text("changed = 1\n")
    again, changed = imaged(folder, store).manifest["layers"]
    assert dependencies == again
    assert code["diff_id"] != changed["diff_id"]
    stored, _ = imaged(folder, store, compression="stored").manifest["layers"]
    assert (stored["diff_id"], stored["digest"] == again["digest"]) == (again["diff_id"], False)


def test_times_are_those_of_the_variable(tmp_path: Path, store: Store) -> None:
    folder = project(tmp_path / "p")
    environ = {"PATH": os.environ["PATH"], "SOURCE_DATE_EPOCH": "1700000001"}
    imaged(folder, store, environ=environ)
    image = image_of(tmp_path / "image")
    assert {each.mtime for each in image.members(0)} == {1_700_000_001}
    assert image.config["created"] == image.config["history"][0]["created"] == "2023-11-14T22:13:21Z"
    imaged(folder, store, environ={**environ, "SOURCE_DATE_EPOCH": "99999999999"})
    assert image_of(tmp_path / "image").config["created"] == "2242-03-16T12:56:31Z"
    with pytest.raises(UsageError, match="SOURCE_DATE_EPOCH='x': not a number of seconds"):
        imaged(folder, store, environ={**environ, "SOURCE_DATE_EPOCH": "x"})


def test_nothing_ships(tmp_path: Path, store: Store) -> None:
    made = imaged(project(tmp_path / "p", sources={}), store, platform="linux_aarch64")
    image = image_of(tmp_path / "image")
    assert image.manifest["layers"] == image.config["rootfs"]["diff_ids"] == made.manifest["layers"] == []
    assert image.config["variant"] == "v8"
    assert made.notes[1] == "nothing is started: --entrypoint or --cmd says what"


def test_a_package_is_in_the_layer_of_the_code(tmp_path: Path, store: Store) -> None:
    sources = source_files("demo")
    pyproject = sources.pop("pyproject.toml") + LAMBDA
    folder = project(tmp_path / "p", [wheel("six", {"six.py": ""})], pyproject=pyproject, sources=sources)
    imaged(folder, store, handler="demo_code.ANSWER", exclude=("**.dist-info/**",))
    image = image_of(tmp_path / "image")
    assert (image.names(0), image.names(1)) == (["var/task/six.py"], ["var/task/demo_code/__init__.py"])


def test_docker_types_are_taken_for_those_of_oci(tmp_path: Path, store: Store) -> None:
    layout = Layout(tmp_path / "base")
    docker = "application/vnd.docker."
    image = layout.image(
        ARM64,
        layer_type=f"{docker}image.rootfs.diff.tar.gzip",
        manifest_type=f"{docker}distribution.manifest.v2+json",
    )
    listing = layout.add({"manifests": [image]}, f"{docker}distribution.manifest.list.v2+json")
    imaged(project(tmp_path / "p"), store, base=layout.end(listing))
    made = image_of(tmp_path / "image")
    assert [each["mediaType"] for each in made.manifest["layers"]] == [LAYER, LAYER]


def test_a_base_with_a_deep_configuration(tmp_path: Path, store: Store) -> None:
    """What is not known of it is taken over as it is."""
    deep = json.loads("[" * 480 + "]" * 480)
    layout = Layout(tmp_path / "base")
    layout.end(layout.image(ARM64, {"X": deep}))
    imaged(project(tmp_path / "p"), store, base=str(layout.folder))
    assert image_of(tmp_path / "image").config["config"]["X"] == deep


def test_what_is_said_of_a_base_that_does_not_suit(tmp_path: Path, store: Store) -> None:
    layout = Layout(tmp_path / "base")
    base = layout.end(layout.image(ARM64, {"Env": ["PYTHON_VERSION=3.8.1"], "Cmd": ["python3"]}))
    folder = project(tmp_path / "p", [wheel("boto3", {"boto3.py": ""})])
    assert imaged(folder, store, base=base).warnings == (
        f"base {base} has no LAMBDA_TASK_ROOT: it is none of AWS's, so nothing provides boto3;"
        " --with-provided takes them along",
        f"base {base}: its PYTHON_VERSION is 3.8.1, and what ships is for Python {THIS_PYTHON}",
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        pytest.param(
            {"platform": "windows_amd64"}, "platform windows_amd64: there are no images of win_amd64", id="os"
        ),
        pytest.param({"tag": "a b"}, "tag 'a b': no registry takes it", id="tag"),
        pytest.param({"prefix": "app"}, "prefix 'app': not a folder in an image", id="relative prefix"),
        pytest.param({"prefix": "/a/../b"}, "prefix '/a/../b': not a folder in an image", id="detour"),
        pytest.param({"prefix": "/app/"}, "prefix '/app/': not a folder in an image", id="slash at the end"),
        pytest.param({"prefix": "/"}, "prefix '/': cannot be on PYTHONPATH", id="root"),
        pytest.param({"prefix": "/a:b"}, "prefix '/a:b': cannot be on PYTHONPATH", id="colon"),
        pytest.param({"workdir": "x"}, "workdir 'x': not a folder in an image", id="workdir"),
        pytest.param({"user": "a b"}, "user 'a b': not a user", id="user"),
        pytest.param({"env": (("", "x"),)}, "env '': not a name", id="env"),
        pytest.param({"shebang": "a\nb"}, "shebang: not one line of text", id="shebang"),
        pytest.param({"handler": "nope.x"}, "handler nope.x: there is no module nope in the image", id="handler"),
        pytest.param({"base": "/nowhere"}, "base /nowhere: there is no such folder", id="base"),
    ],
)
def test_refusals(tmp_path: Path, store: Store, options: dict[str, Any], message: str) -> None:
    with pytest.raises(OfiucoError) as caught:
        imaged(project(tmp_path / "p"), store, **options)
    assert str(caught.value) == message
    assert caught.value.hint
    assert not (tmp_path / "image").exists()


def test_packages_that_contradict_the_code(tmp_path: Path, store: Store) -> None:
    folder = project(tmp_path / "p", [wheel("one", {"app.py": "other"})])
    with pytest.raises(BundleError) as caught:
        imaged(folder, store)
    assert str(caught.value) == "packages one and p both have var/task/app.py, and the two files differ"


def test_too_large_for_aws(tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a zip may not have, an image may: a table's max-size is of zips."""
    pyproject = "[tool.ofiuco.platform.aws_lambda]\nmax-size = 1\n"
    folder = project(tmp_path / "p", [wheel("demo", {"demo.py": "#" * (2 << 20)})], pyproject=pyproject)
    assert imaged(folder, store).warnings == ()
    monkeypatch.setattr(checks, "AWS_LAMBDA_IMAGE", 1 << 20)
    with pytest.raises(BundleError) as caught:
        imaged(folder, store)
    assert str(caught.value) == (
        "2.0 MiB unpacked, and aws_lambda takes 1.0 MiB; the largest packages: demo 2.0 MiB, p 33 B"
    )
    assert imaged(folder, store, platform="linux_aarch64").warnings == ()


def layout_and_more(place: Path) -> None:
    Layout(place).end()
    (place / "other").mkdir()


@pytest.mark.parametrize(
    ("make", "message", "hint"),
    [
        pytest.param(lambda place: place.write_text(""), "{}: a file", "name a folder", id="a file"),
        pytest.param(
            lambda place: (place / "other").mkdir(parents=True),
            "{}: a folder with other things in it",
            "name a new one, or an OCI layout alone",
            id="another folder",
        ),
        pytest.param(
            layout_and_more,
            "{}: a folder with other things in it",
            "name a new one, or an OCI layout alone",
            id="a layout among other things",
        ),
    ],
)
def test_what_is_there_already_stays(tmp_path: Path, store: Store, make: Any, message: str, hint: str) -> None:
    place = tmp_path / "image"
    make(place)
    with pytest.raises(UsageError) as caught:
        imaged(project(tmp_path / "p"), store)
    assert (str(caught.value), caught.value.hint) == (message.format(place), hint)
    assert place.is_file() or (place / "other").is_dir()


def test_a_layout_is_replaced(tmp_path: Path, store: Store) -> None:
    folder, place = project(tmp_path / "p"), tmp_path / "image"
    place.mkdir()
    imaged(folder, store)
    first = image_of(place).manifest
    (place / "blobs" / "sha256" / "left").write_text("over")
    (folder / "app.py").write_text("other = 1\n")
    imaged(folder, store)
    assert image_of(place).manifest != first
    assert sorted(each.name for each in tmp_path.iterdir()) == ["cache", "image", "p"]


def test_a_failure_leaves_what_was_there(tmp_path: Path, store: Store) -> None:
    folder, place = project(tmp_path / "p"), tmp_path / "image"
    imaged(folder, store)
    content = tree(place)
    layout = Layout(tmp_path / "base")
    base = layout.end(layout.image(ARM64))
    (layer,) = [each for each in (tmp_path / "base" / "blobs" / "sha256").iterdir() if each.read_bytes()[:1] == b"\x1f"]
    layer.write_bytes(b"damaged")
    with pytest.raises(BundleError) as caught:
        imaged(folder, store, base=base)
    assert str(caught.value).startswith(f"{layer}: its content has another digest, ")
    layer.unlink()
    with pytest.raises(BundleError) as caught:
        imaged(folder, store, base=base)
    assert str(caught.value) == f"{layer}: cannot be read: No such file or directory"
    assert tree(place) == content
    assert sorted(each.name for each in tmp_path.iterdir()) == ["base", "cache", "image", "p"]


def test_the_base_is_not_replaced(tmp_path: Path, store: Store) -> None:
    folder, place = project(tmp_path / "p"), tmp_path / "image"
    imaged(folder, store)
    content = tree(place)
    with pytest.raises(UsageError) as caught:
        imaged(folder, store, base=str(place))
    assert caught.value.render() == f"error: {place}: is the base\nhint: write the image to another folder"
    assert tree(place) == content
    imaged(folder, store, base=str(place), output=tmp_path / "on")
    assert len(image_of(tmp_path / "on").manifest["layers"]) == 2


def test_nowhere_to_write_to(tmp_path: Path, store: Store) -> None:
    place = tmp_path / "no" / "image"
    with pytest.raises(UsageError) as caught:
        imaged(project(tmp_path / "p"), store, output=place)
    assert caught.value.render() == f"error: {place}: the folder {tmp_path / 'no'} is not there\nhint: make it"


def test_a_wheel_that_is_not_what_it_says(tmp_path: Path, store: Store) -> None:
    """Of a member that is copied, the content is seen, too: the layer has a digest of it."""
    folder = project(tmp_path / "p", [demo()])
    imaged(folder, store)
    (file,) = store.files.glob("*/*.whl")
    assert isinstance(Image(tmp_path / "image").members(0)[0], tarfile.TarInfo)
    file.write_bytes(file.read_bytes()[:-1] + b"x")
    with pytest.raises(OfiucoError, match="this file was changed since it was kept"):
        imaged(folder, store)


def test_an_unpacked_file_that_is_another(tmp_path: Path, store: Store) -> None:
    """A small file is not copied from the wheel, but read where that is unpacked."""
    folder = project(tmp_path / "p", [wheel("demo", {"demo.py": "one = 1\n"})])
    imaged(folder, store)
    (file,) = store.root.rglob("demo.py")
    file.chmod(0o644)
    file.write_text("two = 2\n")
    with pytest.raises(CacheError) as caught:
        imaged(folder, store)
    assert str(caught.value) == f"{file}: the cache cannot be used: this file was changed since it was kept"
    assert caught.value.hint
