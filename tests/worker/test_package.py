"""The worker as it reaches a cell's interpreter."""

from __future__ import annotations

import ast
import sys
from pathlib import Path
from typing import Any

import pytest

from pytest_ofiuco import worker

FILES = sorted(Path(worker.__file__).parent.glob("*.py"))
LATER = sorted((Path(worker.__file__).parent / "aws_lambda").glob("*.py"))


@pytest.mark.parametrize("file", [*FILES, *LATER], ids=lambda file: file.stem)
def test_it_is_read_by_the_oldest_python(file: Path) -> None:
    ast.parse(file.read_text(encoding="utf-8"), feature_version=(3, 8))


@pytest.mark.parametrize("file", [*FILES, *LATER], ids=lambda file: file.stem)
def test_its_annotations_are_not_evaluated(file: Path) -> None:
    """The oldest Python knows no ``list[str]``."""
    futures = [node for node in ast.parse(file.read_text(encoding="utf-8")).body if isinstance(node, ast.ImportFrom)]
    assert "__future__" in [node.module for node in futures]


def test_the_text_holds_every_module() -> None:
    text = worker.source()
    for file in FILES:
        if file.stem in ("combining", "forkserver"):  # processes of their own run them, of this machine
            continue
        name = worker.LOADED_AS if file.stem == "__init__" else f"{worker.LOADED_AS}.{file.stem}"
        assert repr(name) in text


def test_as_a_text_it_needs_no_file() -> None:
    namespace: dict[str, Any] = {"__name__": "elsewhere"}
    try:
        exec(compile(worker.source(), "worker", "exec"), namespace)
        loaded = sys.modules[f"{worker.LOADED_AS}.service"]
        assert callable(loaded.__dict__["serve_channel"])
        assert getattr(loaded, "__file__", None) is None
    finally:
        for name in [name for name in sys.modules if name.partition(".")[0] == worker.LOADED_AS]:
            del sys.modules[name]
