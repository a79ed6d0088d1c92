"""In the cells of the platform that the function is deployed to, its processor runs its files."""

import importlib
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.platform("aws_lambda")

EM_AARCH64 = 183


def test_the_machine(cell: Any) -> None:
    assert platform.machine() == "aarch64"
    said = subprocess.check_output([sys.executable, "-c", "import platform; print(platform.machine())"], text=True)
    assert said == "aarch64\n"


@pytest.mark.parametrize(
    "name",
    ["numpy._core._multiarray_umath", "pydantic_core._pydantic_core", "shapely.lib", "runtime_client"],
)
def test_extension_modules(cell: Any, name: str) -> None:
    file = Path(str(importlib.import_module(name).__file__))
    assert file.is_relative_to(sys.prefix)
    header = file.read_bytes()[:20]
    assert header.startswith(b"\x7fELF")
    assert int.from_bytes(header[18:20], "little") == EM_AARCH64
