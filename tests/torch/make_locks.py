"""Locks the projects in tests/data/torch anew, by uv, Poetry and pdm: ``python -m tests.torch.make_locks``.

The indexes are on loopback while the tools ask them, and have the names in the projects before and after.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from pytest_ofiuco.core.table import parse
from pytest_ofiuco.formats._pdm_stale import _digests
from pytest_ofiuco.formats._stale import _content_hash
from tests.plugin.conftest import only_index
from tests.store.serving import serving
from tests.torch.catalogue import DATA, addresses, serve
from tests.torch.stand_ins import Hosts

_POETRY_HASH = re.compile(r'(content-hash = ")[0-9a-f]{64}')
_PDM_HASH = re.compile(r'(content_hash = "sha256:)[0-9a-f]{64}')
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
            (project / name).write_text(rehashed(text, name, project), encoding="utf-8")


def rehashed(lock: str, name: str, project: Path) -> str:
    """A lock with the content hash of the project as it is: the addresses are part of it.

    ``poetry check --lock`` and ``pdm lock --check`` agree with it.
    """
    pyproject = parse((project / "pyproject.toml").read_bytes(), "pyproject.toml")
    if name == "poetry.lock":
        return _POETRY_HASH.sub(rf"\g<1>{_content_hash(pyproject, with_groups=True)}", lock)
    digest = next(_digests("sha256", pyproject, pyproject.table("tool").table("pdm")))
    return _PDM_HASH.sub(rf"\g<1>{digest}", lock)


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
