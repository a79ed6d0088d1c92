"""Locks the projects in tests/data/torch anew, by uv, Poetry and pdm: ``python -m tests.torch.make_locks``.

The indexes are on loopback while the tools ask them, and have the names in the projects before and after.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from tests.plugin.conftest import only_index
from tests.store.serving import serving
from tests.torch.catalogue import DATA, addresses, serve
from tests.torch.stand_ins import Hosts

PDM = ("pdm", "lock", "--python", ">=3.11,<3.14", "--platform")
APPENDED = [(*PDM, platform, "--append") for platform in ("manylinux_2_28_aarch64", "macos_arm64")]
COMMANDS: dict[str, list[tuple[str, ...]]] = {
    "uv": [
        ("uv", "lock"),
        ("uv", "export", "--quiet", "--format", "pylock.toml", "--output-file", "pylock.toml"),
        ("uv", "export", "--quiet", "--emit-index-url", "--output-file", "requirements.txt"),
    ],
    "uv-extras": [("uv", "lock")],
    "uv-url": [("uv", "lock")],
    "poetry": [("poetry", "lock")],
    "pdm": [(*PDM, "manylinux_2_28_x86_64"), *APPENDED],
    "pdm-urls": [(*PDM, "manylinux_2_28_x86_64", "--static-urls"), *APPENDED],
}


def lock(project: Path, hosts: Hosts, folder: Path) -> None:
    """Lock one project in ``folder``, and put its locks beside its pyproject.toml."""
    there = addresses(hosts)
    text = (project / "pyproject.toml").read_text(encoding="utf-8")
    for name, address in there.items():
        text = text.replace(name, address)
    (folder / "pyproject.toml").write_text(text, encoding="utf-8")
    environ = {**os.environ, **only_index(hosts.main.simple, folder), "PDM_CHECK_UPDATE": "0"}
    del environ["UV_NO_CONFIG"], environ["UV_DEFAULT_INDEX"]
    environ |= {"UV_CACHE_DIR": str(folder / "cache"), "POETRY_CACHE_DIR": str(folder / "cache")}
    for command in COMMANDS[project.name]:
        subprocess.run(command, cwd=folder, env=environ, check=True)
    for name in ("uv.lock", "pylock.toml", "requirements.txt", "poetry.lock", "pdm.lock"):
        if (folder / name).exists():
            text = (folder / name).read_text(encoding="utf-8")
            for wanted, address in there.items():
                text = text.replace(address, wanted)
            (project / name).write_text(text, encoding="utf-8")


def main() -> None:
    with serving() as first, serving() as second, serving() as third:
        hosts = Hosts(first, second, third)
        serve(hosts)
        for name in COMMANDS:
            folder = Path(tempfile.mkdtemp(prefix=name))
            try:
                lock(DATA / name, hosts, folder)
            finally:
                shutil.rmtree(folder)


if __name__ == "__main__":
    main()
