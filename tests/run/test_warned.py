"""A cell's warnings become this session's."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_ofiuco.run.messages import Warned
from pytest_ofiuco.run.warned import Warnings

NODEID = "test_a.py::test"


class Told:
    """Keeps what goes through pytest's hook."""

    def __init__(self) -> None:
        self.warnings: list[tuple[Warning, str]] = []

    def pytest_warning_recorded(self, warning_message: Any, nodeid: str) -> None:
        self.warnings.append((warning_message.message, nodeid))


@pytest.fixture
def told(session: pytest.Session) -> Told:
    told = Told()
    session.config.pluginmanager.register(told)
    return told


def warning(
    *, category: str = "UserWarning", module: str = "builtins", when: str = "runtest", nodeid: str = NODEID
) -> Warned:
    return Warned(
        text="old", category=category, module=module, filename="a.py", lineno=1, when=when, nodeid=nodeid, location=None
    )


@pytest.mark.parametrize(
    ("module", "name", "is_known"),
    [
        pytest.param("builtins", "DeprecationWarning", True, id="built in"),
        pytest.param("pytest", "PytestUnknownMarkWarning", True, id="pytest's"),
        pytest.param("only_in_the_cell", "TheirWarning", False, id="unknown module"),
        pytest.param("builtins", "NoSuchWarning", False, id="unknown name"),
        pytest.param("builtins", "len", False, id="not a class"),
        pytest.param("builtins", "UnicodeError", False, id="not a warning"),
    ],
)
def test_a_warning_keeps_its_name(told: Told, session: pytest.Session, module: str, name: str, is_known: bool) -> None:
    warned = warning(category=name, module=module)
    Warnings(session.config).hear(warned, "py313-host", worker=1)
    ((message, nodeid),) = told.warnings
    assert (str(message), nodeid) == ("old", f"{NODEID}[py313-host]")
    assert type(message).__name__ == name
    assert (type(message).__module__ == module) or is_known


def test_what_each_worker_of_a_cell_warns_of_alike_is_told_as_often_as_one_does(
    told: Told, session: pytest.Session
) -> None:
    warnings = Warnings(session.config)
    collected = warning(when="collect", nodeid="test_a.py")
    for worker, cell in ((1, "py310-host"), (2, "py313-host"), (3, "py313-host"), (4, "py313-host")):
        for _ in range(2 if worker != 4 else 3):
            warnings.hear(collected, cell, worker)
    assert [nodeid for _, nodeid in told.warnings] == ["test_a.py[py310-host]"] * 2 + ["test_a.py[py313-host]"] * 3
    told.warnings.clear()
    for worker in (2, 3):
        warnings.hear(warning(), "py313-host", worker)
    assert len(told.warnings) == 2
