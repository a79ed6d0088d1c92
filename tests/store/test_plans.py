"""Plans of sessions: told again to whoever asks the same, on a machine that is the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_ofiuco.store.cache import Store
from pytest_ofiuco.store.plans import Plans, question
from pytest_ofiuco.store.witness import Witness

PLAN = {"cells": [{"name": "py313-there", "key": None, "skip": "nothing runs it"}], "warnings": []}


@pytest.mark.parametrize("variable", ["QEMU_LD_PREFIX", "OFIUCO_DATA_DIR", "XDG_DATA_HOME", "HOME", "PATH"])
def test_what_decides_which_pythons_there_are_is_part_of_the_question(
    variable: str, store: Store, tmp_path: Path
) -> None:
    asked = question(tmp_path, None, {}, locked=False, needs_pytest=True)
    environ = {"HOME": str(tmp_path), "PATH": str(tmp_path)}
    Plans(store, asked, environ).keep(PLAN, Witness())
    assert Plans(store, asked, environ).find() == PLAN
    assert Plans(store, asked, {**environ, variable: str(tmp_path / "other")}).find() is None
