"""The stable machine interface."""

from __future__ import annotations

import json

import pytest

from pytest_ofiuco.core.artifact import Archive, Artifact, Directory, Sdist, Vcs, Wheel
from pytest_ofiuco.core.resolve import resolve
from pytest_ofiuco.core.variant import Variant
from pytest_ofiuco.export.json import artifact_json, document, resolution_json
from tests.locks import SHA256, edge, lock, package
from tests.targets import LINUX_AARCH64

LOCK = lock(package("b", "2.0"), package("a", "1.0", edge("b"), sdist="a-1.0.tar.gz"))


def test_version_1_of_the_interface() -> None:
    assert json.loads(resolution_json(resolve(LOCK, LINUX_AARCH64, LOCK.selection()))) == {
        "version": 1,
        "lock": {"format": "uv", "path": "uv.lock", "sha256": SHA256},
        "target": {
            "python": "3.12",
            "platform": "manylinux_2_28_aarch64",
            "environment": {
                "implementation_name": "cpython",
                "implementation_version": "3.12.0",
                "os_name": "posix",
                "platform_machine": "aarch64",
                "platform_python_implementation": "CPython",
                "platform_release": "",
                "platform_system": "Linux",
                "platform_version": "",
                "python_full_version": "3.12.0",
                "python_version": "3.12",
                "sys_platform": "linux",
            },
        },
        "packages": [
            {
                "name": "a",
                "version": "1.0",
                "dependencies": ["b"],
                "artifact": {
                    "kind": "sdist",
                    "filename": "a-1.0.tar.gz",
                    "hashes": {"sha256": SHA256},
                    "url": None,
                    "index": None,
                },
            },
            {
                "name": "b",
                "version": "2.0",
                "dependencies": [],
                "artifact": {
                    "kind": "wheel",
                    "filename": "b-2.0-py3-none-any.whl",
                    "hashes": {"sha256": SHA256},
                    "url": None,
                    "index": None,
                },
            },
        ],
    }


def test_the_same_bytes() -> None:
    """Keys and packages sorted, a newline at the end, characters as they are."""
    resolution = resolve(LOCK, LINUX_AARCH64, LOCK.selection())
    text = resolution_json(resolution)
    assert text == json.dumps(json.loads(text), sort_keys=True, indent=2, ensure_ascii=False) + "\n"
    other = lock(*reversed(LOCK.packages))
    assert resolution_json(resolve(other, LINUX_AARCH64, other.selection())) == text


@pytest.mark.parametrize(
    ("artifact", "expected"),
    [
        pytest.param(
            Wheel(filename="a.whl", url="u", path="p", index="i"),
            {"kind": "wheel", "filename": "a.whl", "hashes": {}, "url": "u", "index": "i", "path": "p"},
            id="wheel",
        ),
        pytest.param(
            Sdist(filename="a.zip", hashes=(("md5", "0"), ("sha256", "1"))),
            {
                "kind": "sdist",
                "filename": "a.zip",
                "hashes": {"md5": "0", "sha256": "1"},
                "url": None,
                "index": None,
            },
            id="sdist",
        ),
        pytest.param(
            Archive(filename="a.zip", url="u", subdirectory="s"),
            {
                "kind": "archive",
                "filename": "a.zip",
                "hashes": {},
                "url": "u",
                "index": None,
                "path": None,
                "subdirectory": "s",
            },
            id="archive",
        ),
        pytest.param(
            Vcs(type="git", url="u", commit="c", requested_revision="r", subdirectory="s"),
            {
                "kind": "vcs",
                "filename": None,
                "hashes": {},
                "url": "u",
                "index": None,
                "path": None,
                "type": "git",
                "commit": "c",
                "requested_revision": "r",
                "subdirectory": "s",
            },
            id="vcs",
        ),
        pytest.param(
            Directory(path="p", editable=True),
            {
                "kind": "directory",
                "filename": None,
                "hashes": {},
                "url": None,
                "index": None,
                "path": "p",
                "editable": True,
                "subdirectory": None,
            },
            id="directory",
        ),
    ],
)
def test_artifact(artifact: Artifact, expected: object) -> None:
    assert artifact_json(artifact) == expected


def test_a_variant_is_named() -> None:
    found = document(resolve(LOCK, LINUX_AARCH64, LOCK.selection()))
    variant = Variant(name="bare", file="pyproject.toml", replacements=())
    assert document(resolve(LOCK, LINUX_AARCH64, LOCK.selection(), variant)) == found | {"variant": "bare"}
