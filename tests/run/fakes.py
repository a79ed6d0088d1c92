"""Cells without processes: interpreters, environments and workers that only say what a test has them say."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from pytest_ofiuco.core.matrix import Cell
from pytest_ofiuco.core.platforms import Platform
from pytest_ofiuco.core.target import Python, Target
from pytest_ofiuco.errors import MissingPythonError
from pytest_ofiuco.run.messages import RemoteItem
from pytest_ofiuco.store.interpreters import Interpreter
from pytest_ofiuco.store.pythons.foreign import Lacking
from pytest_ofiuco.worker import PROTOCOL

HOST = Platform.parse("manylinux_2_36_x86_64")


def make_cell(label: str = "py310", platform: str = "host") -> Cell:
    """A cell named as the matrix names it."""
    python = Python.parse(f"{label[2]}.{label[3:]}")
    return Cell(
        name=f"{label}-{platform}", python=python, platform=platform, target=Target(python=python, platform=HOST)
    )


def remote_item(nodeid: str, **changes: Any) -> RemoteItem:
    """A test function as a worker describes it."""
    path, _, name = nodeid.rpartition("::")
    fields: dict[str, Any] = {
        "nodeid": nodeid,
        "name": name,
        "type": "Function",
        "path": f"/project/{path}",
        "location": (path, 1, name),
        "chain": (("Module", path, f"/project/{path}"),),
        "markers": (),
        "names": (),
        "originalname": name.partition("[")[0],
        "parameters": name.partition("[")[2][:-1] or None,
        "doc": "",
    }
    return RemoteItem(**{**fields, **changes})


def described(item: RemoteItem) -> dict[str, Any]:
    """The item as it goes over the channel."""
    return {
        "nodeid": item.nodeid,
        "name": item.name,
        "type": item.type,
        "path": item.path,
        "location": list(item.location),
        "chain": [{"type": kind, "name": name, "path": path} for kind, name, path in item.chain],
        "markers": [{"name": name, "args": list(args), "kwargs": kwargs} for name, args, kwargs in item.markers],
        "names": list(item.names),
        "originalname": item.originalname,
        "parameters": item.parameters,
        "doc": item.doc,
    }


def serialized(nodeid: str, when: str, outcome: str, **changes: Any) -> dict[str, Any]:
    """A test's report as pytest serializes it, after JSON."""
    report = pytest.TestReport(
        nodeid=nodeid,
        location=("test_a.py", 0, "test"),
        keywords={},
        outcome=outcome,  # type: ignore[arg-type]  # a test may send what no pytest does
        longrepr=changes.pop("longrepr", None),
        when=when,  # type: ignore[arg-type]
        **changes,
    )
    data: dict[str, Any] = json.loads(json.dumps({**report._to_json(), "$report_type": "TestReport"}))
    return data


def passed(nodeid: str) -> list[dict[str, Any]]:
    """The three reports of a test that passed."""
    return [serialized(nodeid, when, "passed") for when in ("setup", "call", "teardown")]


@dataclass
class FakeInterpreters:
    """A machine that has these Pythons: ``3.10.13``, …; no more of ``Interpreters`` than the plan asks for."""

    versions: Sequence[str]
    asked: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)

    def find(self, python: Python, explicit: Sequence[str] = ()) -> Interpreter:
        """The one of the same minor version."""
        self.asked.append((str(python), tuple(explicit)))
        for found in self.available():
            if found.python.minor == python.minor:
                return found
        raise MissingPythonError(str(python), ["PATH", "pyenv"])

    def find_foreign(self, python: Python, platform: Platform, explicit: Sequence[str]) -> Interpreter | Lacking:
        """One of the named, each of which is what its name says: ``python3.12`` is 3.12.0, for the platform."""
        self.asked.append((str(python), tuple(explicit)))
        for name in explicit:
            if name == f"python{python}":
                found = Python.parse(f"{python}.0")
                return Interpreter(path=name, python=found, platform=platform, identity=name)
        return Lacking()

    def available(self) -> tuple[Interpreter, ...]:
        """All of them."""
        return tuple(
            Interpreter(
                path=f"/pythons/{version}/bin/python",
                python=Python.parse(version),
                platform=HOST,
                identity=version,
            )
            for version in self.versions
        )


def start_message(directory: Path, *arguments: str, **changes: Any) -> dict[str, Any]:
    """What a worker is started with."""
    message: dict[str, Any] = {
        "protocol": PROTOCOL,
        "directory": str(directory),
        "program": "pytest",
        "is_module": False,
        "plugins": [],
        "is_debugged": False,
        "arguments": list(arguments),
        "extra_arguments": ["-p", "no:ofiuco", f"--rootdir={directory}"],
        "folder": "py310-host",
        "options": [],
        "markers": [],
        "spool": None,
        "cell": {
            "name": "py310-host",
            "python": "3.10",
            "platform": "host",
            "variant": None,
            "resolution": {"pytest": "9"},
        },
    }
    return {**message, **changes}
