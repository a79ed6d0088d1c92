"""The tests in docs/torch.md, as a session of a project that uv has locked: torch is a stand-in, pytest is real."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.test_example_project import _install_uv
from tests.store.makers import THIS_PYTHON
from tests.store.serving import serving
from tests.torch.stand_ins import stand_in
from tests.torch.test_docs import DOCS

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(300),
    pytest.mark.skipif(
        (sys.platform, platform.machine()) != ("linux", "x86_64"), reason="CUDA builds are for Linux on x86_64"
    ),
]

PROJECT = """\
[project]
name = "trained"
version = "1.0"
requires-python = "=={python}.*"
dependencies = ["torch"]

[dependency-groups]
dev = ["pytest"]

[tool.uv]
package = false
environments = ["sys_platform == 'linux' and platform_machine == 'x86_64'"]

[tool.uv.sources]
torch = {{ index = "pytorch-cu128" }}

[[tool.uv.index]]
name = "pytorch-cu128"
url = "{index}"
explicit = true

[tool.ofiuco]
python = ["{python}"]
platforms = ["gpu"]

[tool.ofiuco.platform.gpu]
tag = "manylinux_2_28_x86_64"
"""
NO_GPU = "class cuda:\n    is_available = staticmethod(lambda: False)\n"
DROPPED = ("PYTEST_", "OFIUCO_", "VIRTUAL_ENV", "CI", "GITHUB_ACTIONS", "COV_")


def test_the_cell_has_the_cuda_build(tmp_path: Path) -> None:
    uv = shutil.which("uv") or _install_uv(tmp_path / "uv")
    filename = f"torch-2.7.0+cu128-cp{THIS_PYTHON.replace('.', '')}-none-manylinux_2_28_x86_64.whl"
    environ = {name: value for name, value in os.environ.items() if not name.startswith(DROPPED)}
    folder = tmp_path / "project"
    (folder / "tests").mkdir(parents=True)
    (shown,) = re.findall(r"^```python\n(.*?)^```", DOCS, re.DOTALL | re.MULTILINE)
    (folder / "tests" / "test_torch.py").write_text(shown, encoding="utf-8")
    with serving() as index:
        index.add("torch", stand_in(filename, code=NO_GPU))
        text = PROJECT.format(python=THIS_PYTHON, index=index.simple)
        (folder / "pyproject.toml").write_text(text, encoding="utf-8")
        command = [uv, "lock", "--quiet", "--python", sys.executable]
        subprocess.run(command, cwd=folder, env=environ, check=True)
        assert {path.split("/")[1:3][-1] for path in index.asked} <= {"torch", filename}
        environ["OFIUCO_CACHE_DIR"] = str(tmp_path / "cache")
        session = [sys.executable, "-m", "pytest", "--ofiuco-matrix", "-rs", "-v"]
        done = subprocess.run(session, cwd=folder, env=environ, capture_output=True, text=True, check=False)
        assert {path.split("/")[1:3][-1] for path in index.asked} <= {"torch", filename}
    cell = f"py{THIS_PYTHON.replace('.', '')}-gpu"
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"::test_built_for_cuda[{cell}] PASSED" in done.stdout
    assert f"::test_on_the_gpu[{cell}] SKIPPED (needs a GPU)" in done.stdout
