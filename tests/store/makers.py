"""Tiny wheels, sdists, locks and plans, made where a test wants them."""

from __future__ import annotations

import base64
import hashlib
import io
import os
import sys
import tarfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from packaging.utils import canonicalize_name

from pytest_ofiuco.core.artifact import Artifact, Sdist, Wheel
from pytest_ofiuco.core.lock import Lock, Selection
from pytest_ofiuco.core.resolve import Pin, Resolution
from pytest_ofiuco.core.target import Target
from pytest_ofiuco.store.cache import Store
from pytest_ofiuco.store.environment import Plan, Preparer, Project
from pytest_ofiuco.store.interpreters import Interpreter
from pytest_ofiuco.store.progress import SilentProgress
from pytest_ofiuco.store.settings import IndexSettings

NOWHERE = IndexSettings(no_index=True)
THIS_PYTHON = f"{sys.version_info[0]}.{sys.version_info[1]}"


@dataclass(frozen=True)
class File:
    """A distribution's file name and bytes."""

    filename: str
    content: bytes

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()

    def write(self, folder: Path) -> File:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / self.filename).write_bytes(self.content)
        return self

    def wheel(self, *, url: str | None = None, path: str | None = None, index: str | None = None) -> Wheel:
        return Wheel(filename=self.filename, hashes=(("sha256", self.sha256),), url=url, path=path, index=index)

    def sdist(self, *, path: str | None = None) -> Sdist:
        return Sdist(filename=self.filename, hashes=(("sha256", self.sha256),), path=path)


def wheel(
    name: str,
    files: Mapping[str, str],
    *,
    version: str = "1.0",
    tag: str = "py3-none-any",
    purelib: bool = True,
    entry_points: str | None = None,
    metadata: str = "",
    record: str | None = None,
    format_version: str = "1.0",
    extra: Mapping[zipfile.ZipInfo, str] | None = None,
) -> File:
    """A wheel with ``files``.

    ``metadata`` are further lines of METADATA; ``record`` replaces the right one; ``extra`` members are added as is.
    """
    stem = f"{name.replace('-', '_')}-{version}"
    info = f"{stem}.dist-info"
    members = dict(files)
    members[f"{info}/METADATA"] = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{metadata}"
    pure = "true" if purelib else "false"
    members[f"{info}/WHEEL"] = (
        f"Wheel-Version: {format_version}\nGenerator: test\nRoot-Is-Purelib: {pure}\nTag: {tag}\n"
    )
    if entry_points is not None:
        members[f"{info}/entry_points.txt"] = entry_points
    rows = [f"{path},sha256={_hash(text)},{len(text.encode())}" for path, text in members.items()]
    members[f"{info}/RECORD"] = "\n".join([*rows, f"{info}/RECORD,,"]) + "\n" if record is None else record
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for path, text in members.items():
            archive.writestr(zipfile.ZipInfo(path, (2020, 1, 1, 0, 0, 0)), text)
        for member, text in (extra or {}).items():
            archive.writestr(member, text)
    return File(f"{stem}-{tag}.whl", content.getvalue())


def _hash(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


def member(path: str, mode: int = 0o100644) -> zipfile.ZipInfo:
    """A raw member of a zip file."""
    info = zipfile.ZipInfo(path)
    info.create_system = 3
    info.external_attr = mode << 16
    return info


BACKEND = """
import os, pathlib, sys, zipfile

def _wheel(folder, name, files, tag):
    filename = f"{name}-1.0-{tag}.whl"
    info = f"{name}-1.0.dist-info"
    files = dict(files)
    files[f"{info}/METADATA"] = f"Metadata-Version: 2.1\\nName: {name}\\nVersion: 1.0\\n"
    files[f"{info}/WHEEL"] = f"Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: {tag}\\n"
    files[f"{info}/RECORD"] = "".join(f"{path},,\\n" for path in files)
    with zipfile.ZipFile(os.path.join(folder, filename), "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    os.makedirs(".builds", exist_ok=True)
    with open(".builds/log", "a") as log:
        log.write("built\\n")
    return filename

def _source():
    return {str(path): path.read_text() for path in pathlib.Path(".").glob("*_code/*.py")}

def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    print("the backend speaks")
    if os.path.exists("fail"):
        raise SystemExit("the backend fails")
    return _wheel(wheel_directory, NAME, _source(), TAG)

def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    return _wheel(wheel_directory, NAME, {f"{NAME}.pth": os.getcwd() + "\\n"}, TAG)
"""


def source_files(name: str = "demo", *, tag: str = "py3-none-any", editable: bool = True) -> dict[str, str]:
    """A source tree whose build backend lies in it, so that building asks nobody for anything."""
    backend = BACKEND if editable else BACKEND.partition("def build_editable")[0]
    return {
        "pyproject.toml": '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n',
        "backend.py": f"NAME = {name!r}\nTAG = {tag!r}\n{backend}",
        f"{name}_code/__init__.py": "import sys\nANSWER = 42\n",
    }


def write_tree(folder: Path, files: Mapping[str, str]) -> Path:
    for path, text in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
    return folder


def sdist(name: str, files: Mapping[str, str], *, kind: str = "tar.gz") -> File:
    """A source archive of ``files``: tar.gz, tar.bz2, tar.xz or zip."""
    modes: Mapping[str, Literal["w:gz", "w:bz2", "w:xz"]] = {"tar.gz": "w:gz", "tar.bz2": "w:bz2", "tar.xz": "w:xz"}
    content = io.BytesIO()
    if kind == "zip":
        with zipfile.ZipFile(content, "w") as archive:
            for path, text in files.items():
                archive.writestr(f"{name}-1.0/{path}", text)
    else:
        with tarfile.open(fileobj=content, mode=modes[kind]) as tar:
            for path, text in files.items():
                info = tarfile.TarInfo(f"{name}-1.0/{path}")
                info.size = len(text.encode())
                tar.addfile(info, io.BytesIO(text.encode()))
    return File(f"{name}-1.0.{kind}", content.getvalue())


def plan(
    interpreter: Interpreter,
    lock_directory: Path,
    artifacts: Mapping[str, Artifact],
    *,
    project: Project | None = None,
) -> Plan:
    """A plan that installs ``artifacts``, by package name."""
    lock = Lock(
        format="test", version="1", path="test.lock", sha256="0" * 64, shape="star", packages=(), groups={"main": ()}
    )
    pins = [Pin(name=canonicalize_name(name), version="1.0", artifact=each) for name, each in sorted(artifacts.items())]
    target = Target(python=interpreter.python, platform=interpreter.platform)
    resolution = Resolution(lock=lock, target=target, selection=Selection(), packages=tuple(pins))
    return Plan(resolution=resolution, interpreter=interpreter, lock_directory=lock_directory, project=project)


def preparer(
    store: Store,
    settings: IndexSettings = NOWHERE,
    *,
    offline: bool = False,
    refresh: bool = False,
    environ: Mapping[str, str] | None = None,
) -> Preparer:
    environ = os.environ if environ is None else environ
    return Preparer(store, settings, offline=offline, refresh=refresh, progress=SilentProgress(), environ=environ)
