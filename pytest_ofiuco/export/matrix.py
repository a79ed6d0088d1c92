"""The cells of a matrix: for people, as JSON, and as what a job of GitHub Actions takes for its ``strategy.matrix``.

https://docs.github.com/actions/how-tos/write-workflows/choose-what-workflows-do/run-job-variations
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pytest_ofiuco.core.lock import Lock
from pytest_ofiuco.core.matrix import Cell
from pytest_ofiuco.core.platforms import Platform
from pytest_ofiuco.core.resolve import Resolution
from pytest_ofiuco.core.target import Python
from pytest_ofiuco.export.json import document

VERSION = 1

_RUNNERS = {
    ("linux", "x86_64"): "ubuntu-latest",
    ("linux", "aarch64"): "ubuntu-24.04-arm",
    ("macos", "x86_64"): "macos-15-intel",
    ("macos", "arm64"): "macos-latest",
    ("windows", "win_amd64"): "windows-latest",
    ("windows", "win32"): "windows-latest",
    ("windows", "win_arm64"): "windows-11-arm",
}
"""GitHub's standard runners by system and architecture; other Linux architectures are emulated on x86_64.

https://docs.github.com/actions/reference/runners/github-hosted-runners
"""

_ARCHITECTURES = {
    "x86_64": "x64",
    "aarch64": "arm64",
    "i686": "x86",
    "win_amd64": "x64",
    "win_arm64": "arm64",
    "win32": "x86",
}
"""Architectures as ``actions/setup-python`` calls them, where it calls them otherwise."""

_PRERELEASES = {"a": "alpha", "b": "beta", "rc": "rc"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedCell:
    """A cell, and what it gets."""

    cell: Cell
    resolution: Resolution


def matrix_table(cells: Sequence[Cell]) -> str:
    """A line for each cell, with a final newline."""
    has_variants = any(cell.variant is not None for cell in cells)
    rows = [("cell", "python", "platform", "tag", *(["variant"] if has_variants else []))]
    for cell in cells:
        variant = [cell.variant or "-"] if has_variants else []
        rows.append((cell.name, str(cell.python), cell.platform, str(cell.target.platform), *variant))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)) for row in rows]
    return "".join(f"{line.rstrip()}\n" for line in lines)


def matrix_json(lock: Lock, cells: Sequence[Cell]) -> str:
    """The cells, in the order of the matrix; keys sorted."""
    return _dumped(lock, [_cell(cell) for cell in cells])


def resolved_json(lock: Lock, cells: Sequence[ResolvedCell]) -> str:
    """The cells, each with its resolution as ``ofiuco resolve`` gives it."""
    return _dumped(lock, [_cell(each.cell) | {"resolution": document(each.resolution)} for each in cells])


def _dumped(lock: Lock, cells: Sequence[dict[str, Any]]) -> str:
    described = {"format": lock.format, "path": lock.path, "sha256": lock.sha256}
    whole = {"version": VERSION, "lock": described, "cells": cells}
    return json.dumps(whole, sort_keys=True, indent=2, ensure_ascii=False) + "\n"


def _cell(cell: Cell) -> dict[str, Any]:
    return {
        "name": cell.name,
        "python": str(cell.python),
        "platform": cell.platform,
        "tag": str(cell.target.platform),
        "variant": cell.variant,
    }


def github_matrix(cells: Sequence[Cell]) -> str:
    """One line of JSON for ``fromJSON``."""
    return json.dumps({"include": [_job(cell) for cell in cells]}, sort_keys=True) + "\n"


def _job(cell: Cell) -> dict[str, str]:
    platform = cell.target.platform
    job = {
        "name": cell.name,
        "python": str(cell.python),
        "python-version": _setup_python(cell.python),
        "platform": cell.platform,
        "tag": str(platform),
        "os": runner(platform),
        "architecture": _ARCHITECTURES.get(platform.architecture, platform.architecture),
    }
    return job if cell.variant is None else job | {"variant": cell.variant}


def runner(platform: Platform) -> str:
    """The label of the runner that a platform's cells run on."""
    return _RUNNERS.get((platform.os, platform.architecture), "ubuntu-latest")


def _setup_python(python: Python) -> str:
    """A Python as ``actions/setup-python`` takes it: prereleases are written as semantic versions write them."""
    prefix = "pypy" if python.implementation == "pypy" else ""
    version = ".".join(map(str, python.version.release))
    prerelease = python.version.pre
    if prerelease is not None:
        version = f"{python.release}-{_PRERELEASES[prerelease[0]]}.{prerelease[1]}"
    return f"{prefix}{version}{'t' if python.free_threaded else ''}"
