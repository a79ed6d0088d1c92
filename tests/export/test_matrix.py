"""The cells of a matrix, listed."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from pytest_ofiuco.core.matrix import Cell, PlatformAxis, expand
from pytest_ofiuco.core.platforms import BUILTIN, Platform, find
from pytest_ofiuco.core.target import Python
from pytest_ofiuco.export.json import document
from pytest_ofiuco.export.matrix import github_matrix, matrix_json, matrix_table, resolved_json, runner
from tests.export.cells import resolved
from tests.locks import SHA256, lock, package
from tests.targets import target

LOCK = lock(package("a"))


def cells(*pythons: str, platform: str = "aws_lambda") -> tuple[Cell, ...]:
    return expand([Python.parse(each) for each in pythons], [PlatformAxis(definition=find(platform))])


def jobs(*listed: Cell) -> list[dict[str, str]]:
    text = github_matrix(listed)
    assert text.count("\n") == 1
    found: list[dict[str, str]] = json.loads(text)["include"]
    return found


def test_table() -> None:
    assert matrix_table(cells("3.10", "3.12")) == (
        "cell              python  platform    tag\n"
        "py310-aws_lambda  3.10    aws_lambda  manylinux_2_26_aarch64\n"
        "py312-aws_lambda  3.12    aws_lambda  manylinux_2_34_aarch64\n"
    )


def test_table_with_variants() -> None:
    (cell,) = cells("3.12")
    other = replace(cell, name="py312-aws_lambda-new", variant="new")
    assert [line.split() for line in matrix_table([cell, other]).splitlines()] == [
        ["cell", "python", "platform", "tag", "variant"],
        ["py312-aws_lambda", "3.12", "aws_lambda", "manylinux_2_34_aarch64", "-"],
        ["py312-aws_lambda-new", "3.12", "aws_lambda", "manylinux_2_34_aarch64", "new"],
    ]


def test_json() -> None:
    text = matrix_json(LOCK, cells("3.12"))
    assert json.loads(text) == {
        "version": 1,
        "lock": {"format": "uv", "path": "uv.lock", "sha256": SHA256},
        "cells": [
            {
                "name": "py312-aws_lambda",
                "python": "3.12",
                "platform": "aws_lambda",
                "tag": "manylinux_2_34_aarch64",
                "variant": None,
            }
        ],
    }
    assert text == json.dumps(json.loads(text), sort_keys=True, indent=2) + "\n"


def test_json_with_resolutions() -> None:
    """Each is the document of `ofiuco resolve`."""
    found = resolved(LOCK, target("3.12", "win_amd64"))
    listed = json.loads(resolved_json(LOCK, [found]))["cells"]
    (plain,) = json.loads(matrix_json(LOCK, [found.cell]))["cells"]
    assert listed == [{**plain, "resolution": document(found.resolution)}]


def test_github() -> None:
    (cell,) = cells("3.12")
    expected = {
        "name": "py312-aws_lambda",
        "python": "3.12",
        "python-version": "3.12",
        "platform": "aws_lambda",
        "tag": "manylinux_2_34_aarch64",
        "os": "ubuntu-24.04-arm",
        "architecture": "arm64",
    }
    assert jobs(cell, replace(cell, variant="new")) == [expected, {**expected, "variant": "new"}]


@pytest.mark.parametrize(
    ("tag", "os", "architecture"),
    [
        pytest.param("manylinux_2_28_x86_64", "ubuntu-latest", "x64", id="linux"),
        pytest.param("musllinux_1_2_aarch64", "ubuntu-24.04-arm", "arm64", id="musl"),
        pytest.param("manylinux_2_28_s390x", "ubuntu-latest", "s390x", id="emulated"),
        pytest.param("manylinux_2_28_i686", "ubuntu-latest", "x86", id="linux 32 bits"),
        pytest.param("macosx_14_0_arm64", "macos-latest", "arm64", id="mac"),
        pytest.param("macosx_14_0_x86_64", "macos-15-intel", "x64", id="intel mac"),
        pytest.param("win_amd64", "windows-latest", "x64", id="windows"),
        pytest.param("win32", "windows-latest", "x86", id="windows 32 bits"),
        pytest.param("win_arm64", "windows-11-arm", "arm64", id="windows on arm"),
    ],
)
def test_runner(tag: str, os: str, architecture: str) -> None:
    (job,) = jobs(*cells("3.12", platform=tag))
    assert (job["os"], job["architecture"]) == (os, architecture)


def test_every_built_in_platform_has_a_runner_of_its_system() -> None:
    begins = {"linux": "ubuntu", "macos": "macos", "windows": "windows"}
    for definition in BUILTIN.values():
        platform: Platform = definition.platform((3, 12))
        assert runner(platform).startswith(begins[platform.os])


@pytest.mark.parametrize(
    ("python", "expected"),
    [
        pytest.param("3.12", "3.12", id="minor"),
        pytest.param("3.12.4", "3.12.4", id="exact"),
        pytest.param("3.13t", "3.13t", id="free-threaded"),
        pytest.param("pypy3.10", "pypy3.10", id="pypy"),
        pytest.param("3.15.0rc1", "3.15.0-rc.1", id="release candidate"),
        pytest.param("3.15a2", "3.15.0-alpha.2", id="alpha"),
    ],
)
def test_python_version(python: str, expected: str) -> None:
    (job,) = jobs(*cells(python, platform="win_amd64"))
    assert job["python-version"] == expected
