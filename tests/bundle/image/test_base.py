"""Bases: which image of a layout is taken, and what is said of one that cannot be."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pytest_ofiuco.bundle.image.base import read_base
from pytest_ofiuco.bundle.image.platform import ImagePlatform, image_platform
from pytest_ofiuco.core.platforms import find
from pytest_ofiuco.errors import OfiucoError
from tests.bundle.image.layouts import AMD64, ARM64, INDEX, LAYER, Layout

WANTED = ImagePlatform(os="linux", architecture="arm64", variant="v8")


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(tmp_path / "base")


def entrypoint(written: str) -> Any:
    return read_base(written, WANTED).config["config"]["Entrypoint"]


def marked(layout: Layout, name: str, platform: dict[str, str] | None = None, **more: Any) -> dict[str, Any]:
    return layout.image(platform or ARM64, {"Entrypoint": [name]}, **more)


def test_the_only_image(layout: Layout) -> None:
    assert entrypoint(layout.end(marked(layout, "it"))) == ["it"]


def test_images_by_tag(layout: Layout) -> None:
    written = layout.end(one=marked(layout, "one"), two=marked(layout, "two"))
    assert entrypoint(f"{written}:two") == ["two"]
    long = layout.end(**{"docker.io/library/python:3.13": marked(layout, "long")})
    assert entrypoint(f"{long}:docker.io/library/python:3.13") == ["long"]


def test_a_folder_with_a_colon(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "a:b")
    written = layout.end(one=marked(layout, "one"))
    assert entrypoint(written) == entrypoint(f"{written}:one") == ["one"]


def test_an_index_of_several_platforms(layout: Layout) -> None:
    """Tools leave the blobs of other platforms away, and builders tell of where an image comes from in the index."""
    there = {**marked(layout, "arm64"), "platform": {**ARM64, "variant": "v8"}}
    gone = {**there, "digest": f"sha256:{'0' * 64}", "platform": AMD64}
    told = {**there, "digest": f"sha256:{'1' * 64}", "platform": {"os": "unknown", "architecture": "unknown"}}
    listing = layout.add({"manifests": [gone, told, there]}, INDEX)
    nested = layout.add({"manifests": [listing]}, INDEX)
    assert entrypoint(layout.end(latest=nested)) == ["arm64"]


def test_platforms_by_configuration(layout: Layout) -> None:
    images = [marked(layout, "amd64", AMD64), marked(layout, "arm64", ARM64)]
    assert entrypoint(layout.end(*images)) == ["arm64"]


@pytest.mark.parametrize(
    ("platform", "base", "takes"),
    [
        pytest.param("linux_aarch64", "linux/arm64/", True, id="no variant"),
        pytest.param("linux_aarch64", "linux/arm64/v8", True, id="the same"),
        pytest.param("linux_aarch64", "linux/arm64/v9", False, id="newer"),
        pytest.param("linux_armv7l", "linux/arm/v6", True, id="older"),
        pytest.param("musllinux_1_2_armv6l", "linux/arm/v7", False, id="too new"),
        pytest.param("linux_x86_64", "linux/amd64/v2", True, id="any of amd64"),
        pytest.param("linux_x86_64", "windows/amd64/", False, id="system"),
        pytest.param("linux_i686", "linux/386/", True, id="i686"),
    ],
)
def test_variants(platform: str, base: str, takes: bool) -> None:
    os, architecture, variant = base.split("/")
    wanted = image_platform(find(platform).platform((3, 13)), platform)
    assert wanted.takes(ImagePlatform(os=os, architecture=architecture, variant=variant)) is takes


def no_layout(layout: Layout) -> str:
    layout.folder.mkdir()
    return str(layout.folder)


def a_file(layout: Layout) -> str:
    layout.folder.write_text("")
    return str(layout.folder)


def with_top(**content: str) -> Callable[[Layout], str]:
    def make(layout: Layout) -> str:
        written = layout.end(marked(layout, "it"))
        for name, text in content.items():
            (layout.folder / name.replace("_json", ".json").replace("oci_", "oci-")).write_text(text)
        return written

    return make


def with_config(document: Any) -> Callable[[Layout], str]:
    def make(layout: Layout) -> str:
        config = layout.add(document)
        return layout.end(layout.add({"config": config, "layers": []}))

    return make


def damaged(layout: Layout) -> str:
    image = marked(layout, "it")
    file = layout.folder / "blobs" / "sha256" / image["digest"][7:]
    file.write_bytes(file.read_bytes() + b" ")
    return layout.end(image)


def of_another_size(layout: Layout) -> str:
    return layout.end({**marked(layout, "it"), "size": 1})


def gone(layout: Layout) -> str:
    return layout.end({**marked(layout, "it"), "digest": f"sha256:{'0' * 64}"})


def large(layout: Layout) -> str:
    return layout.end(layout.add(b" " * ((8 << 20) + 1)))


AGAIN = "copy the base once more, with `skopeo copy` for example"
MAKE = "make one with `skopeo copy docker://… oci:FOLDER:TAG`, for example"


@pytest.mark.parametrize(
    ("make", "message", "hint"),
    [
        pytest.param(
            lambda layout: str(layout.folder),
            "base {}: there is no such folder",
            "make it with `skopeo copy docker://… oci:FOLDER:TAG`, for example",
            id="nothing",
        ),
        pytest.param(
            a_file,
            "base {}: a file",
            "name a folder: `skopeo copy oci-archive:FILE oci:FOLDER` makes it",
            id="a file",
        ),
        pytest.param(no_layout, "base {}: not an OCI layout: it has no oci-layout", MAKE, id="no layout"),
        pytest.param(
            with_top(oci_layout='{"imageLayoutVersion": "2.0.0"}'),
            "base {}: an OCI layout of version '2.0.0'",
            "name one of version 1.0.0",
            id="version",
        ),
        pytest.param(
            with_top(index_json="{"),
            "{}/index.json: not JSON: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)",
            AGAIN,
            id="no JSON",
        ),
        pytest.param(with_top(index_json="[]"), "{}/index.json: not a JSON object", AGAIN, id="an array"),
        pytest.param(
            with_top(index_json='{"manifests": [{"digest": "sha256:../../etc/passwd"}]}'),
            "{}/index.json: manifests[0].digest: 'sha256:../../etc/passwd' is no digest by sha256 or sha512",
            AGAIN,
            id="no digest",
        ),
        pytest.param(
            lambda layout: layout.end(one=marked(layout, "one")) + ":two",
            "base {}: no image there is tagged 'two'",
            "use one of: one",
            id="no such tag",
        ),
        pytest.param(
            lambda layout: layout.end(one=marked(layout, "one"), two=marked(layout, "two")),
            "base {}: has several images for linux/arm64/v8",
            "name one by its tag: one, two",
            id="several",
        ),
        pytest.param(
            lambda layout: layout.end(marked(layout, "it", AMD64)),
            "base {}: has linux/amd64, and what is made is for linux/arm64/v8",
            "copy the one for it, as with `skopeo copy --override-arch arm64`",
            id="another machine",
        ),
        pytest.param(
            lambda layout: layout.end({**marked(layout, "it", AMD64), "platform": ARM64}),
            "base {}: has linux/amd64, and what is made is for linux/arm64/v8",
            "copy the one for it, as with `skopeo copy --override-arch arm64`",
            id="an index that says something else",
        ),
        pytest.param(
            lambda layout: layout.end(marked(layout, "it", layer_type="text/plain")),
            "{}/blobs/sha256/…: layers: 'text/plain' is no kind of layer that is known",
            AGAIN,
            id="no layer",
        ),
        pytest.param(
            with_config({**ARM64, "config": {"Env": ["A=\ud800"]}}),
            "{}/blobs/sha256/…: has text that is none: half a surrogate pair",
            AGAIN,
            id="no text",
        ),
        pytest.param(
            with_config({**ARM64, "rootfs": {"diff_ids": ["x"]}}),
            "{}/blobs/sha256/…: rootfs.diff_ids: there are 1, and 0 layers",
            AGAIN,
            id="layers",
        ),
        pytest.param(
            with_config({**ARM64, "config": {"Env": ["A=1", 2]}}),
            "{}/blobs/sha256/…: config.Env[1]: expected a string, found an integer",
            AGAIN,
            id="configuration",
        ),
        pytest.param(
            with_config({**ARM64, "history": 1}),
            "{}/blobs/sha256/…: history: expected an array, found an integer",
            AGAIN,
            id="history",
        ),
        pytest.param(damaged, "{}/blobs/sha256/…: its content has another digest, …", AGAIN, id="damaged"),
        pytest.param(of_another_size, "{}/blobs/sha256/…: has 358 bytes, and its descriptor says 1", AGAIN, id="size"),
        pytest.param(gone, "base {}: {}/blobs/sha256/… cannot be read: No such file or directory", AGAIN, id="gone"),
        pytest.param(
            large, "base {}: {}/blobs/sha256/… is larger than any document of an image", AGAIN, id="too large"
        ),
    ],
)
def test_no_base(layout: Layout, make: Callable[[Layout], str], message: str, hint: str) -> None:
    written = make(layout)
    with pytest.raises(OfiucoError) as caught:
        read_base(written, WANTED)
    said = str(caught.value)
    for part in said.replace(":", "/").replace(",", "/").replace(" ", "/").split("/"):
        if len(part) == 64:
            said = said.replace(part, "…")

    assert said == message.replace("{}/", f"{layout.folder}/").replace("{}", written)
    assert caught.value.hint == hint


def test_descriptors_without_a_type_are_of_images(layout: Layout) -> None:
    image = marked(layout, "it")
    image.pop("mediaType")
    assert entrypoint(layout.end(image)) == ["it"]
    assert json.loads((layout.folder / "index.json").read_text())["manifests"] == [image]
    assert [each.media_type for each in read_base(str(layout.folder), WANTED).layers] == [LAYER]
