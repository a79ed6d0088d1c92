"""A worker's arguments and options."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_ofiuco.worker.options import own_arguments
from tests.run.fakes import start_message


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        pytest.param(["-p", "no_such_plugin", "-q"], ["-q"], id="one that the cell lacks"),
        pytest.param(["-pno_such_plugin", "-q"], ["-q"], id="in one word"),
        pytest.param(["-p", "no_such_package.plugin"], [], id="in a package that the cell lacks"),
        pytest.param(["-p", "pytester"], ["-p", "pytester"], id="pytest's own"),
        pytest.param(["-p", "json"], ["-p", "json"], id="a module"),
        pytest.param(["-p", "ofiuco"], ["-p", "ofiuco"], id="an entry point"),
        pytest.param(["-p", "nowhere"], ["-p", "nowhere"], id="one that the controller lacks, too"),
        pytest.param(["no_such_plugin"], ["no_such_plugin"], id="no plugin, but a file"),
    ],
)
def test_plugins_of_the_controller_alone_are_left_out(tmp_path: Path, given: list[str], kept: list[str]) -> None:
    here = ["no_such_plugin", "no_such_package.plugin", "pytester", "json", "ofiuco"]
    assert own_arguments(start_message(tmp_path, *given, extra_arguments=["-v"], plugins=here)) == ["-v", *kept]
