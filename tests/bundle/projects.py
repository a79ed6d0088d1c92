"""Projects with a lock and wheels beside it, made where a test wants them, and the zips of them."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pytest_ofiuco.bundle.making import make
from pytest_ofiuco.bundle.request import Made, Request
from pytest_ofiuco.bundle.shipment import selection
from pytest_ofiuco.core.matrix import HOST
from pytest_ofiuco.core.target import Python, Target
from pytest_ofiuco.store.cache import Store
from pytest_ofiuco.store.interpreters import host_platform
from pytest_ofiuco.store.progress import Progress, SilentProgress
from pytest_ofiuco.store.project import load
from tests.store.makers import THIS_PYTHON, File, write_tree

LAMBDA = '[tool.ofiuco.platform.aws_lambda]\nprovided = ["boto3"]\n'


def pylock(files: Iterable[File], *, sdists: Iterable[File] = ()) -> str:
    """A pylock.toml of files beside it."""
    lines = ['lock-version = "1.0"\ncreated-by = "hand"\n']
    for kind, found in (("wheel", files), ("sdist", sdists)):
        for file in found:
            name, version = file.filename.removesuffix(".tar.gz").split("-")[:2]
            about = f'{{ name = "{file.filename}", path = "{file.filename}", hashes = {{ sha256 = "{file.sha256}" }} }}'
            entry = f"wheels = [{about}]" if kind == "wheel" else f"sdist = {about}"
            lines.append(f'[[packages]]\nname = "{name.replace("_", "-").lower()}"\nversion = "{version}"\n{entry}\n')
    return "\n".join(lines) if len(lines) > 1 else f"{lines[0]}packages = []\n"


def project(
    folder: Path,
    files: Iterable[File] = (),
    *,
    pyproject: str = LAMBDA,
    sources: Mapping[str, str] | None = None,
    sdists: Iterable[File] = (),
) -> Path:
    """A project; it is no package unless ``pyproject`` says so."""
    files, sdists = list(files), list(sdists)
    for file in (*files, *sdists):
        file.write(folder)
    known = {"pyproject.toml": pyproject, "pylock.toml": pylock(files, sdists=sdists)}
    return write_tree(
        folder, known | dict({"app.py": "def handler(event, context): ...\n"} if sources is None else sources)
    )


def zipped(
    folder: Path,
    store: Store,
    *,
    platform: str = "aws_lambda",
    output: Path | None = None,
    environ: Mapping[str, str] | None = None,
    python: str = THIS_PYTHON,
    progress: Progress | None = None,
    **options: Any,
) -> Made:
    """The zip of a project, ``x.zip`` beside its folder unless ``output`` says otherwise."""
    found = load(folder)
    wanted, _ = selection(found)
    version = Python.parse(python)
    definition = found.config.axis(platform, str(host_platform()) if platform == HOST else "").definition
    request = Request(
        project=found,
        target=Target(python=version, platform=definition.platform(version.minor)),
        platform=platform,
        output=str(output or folder.parent / "x.zip"),
        selection=wanted,
        **options,
    )
    environ = {"PATH": os.environ["PATH"]} if environ is None else environ
    return make(request, store, environ=environ, progress=progress or SilentProgress())


def names(made: Made, index: int = 0) -> list[str]:
    """The paths in a zip."""
    with zipfile.ZipFile(list(made.files)[index]) as archive:
        assert archive.testzip() is None
        return archive.namelist()


def text(made: Made, path: str) -> str:
    """A file of a zip."""
    with zipfile.ZipFile(next(iter(made.files))) as archive:
        return archive.read(path).decode()
