"""What pip would install: ``pip install --dry-run --report``, run once for requirements that no lock has.

The report: https://pip.pypa.io/en/stable/reference/installation-report/. The pip is the one that virtualenv carries, or
where that is none for an old Python, the one that this Python carries for ``ensurepip``; it runs from the store,
isolated, and is installed nowhere. It reads the user's own configuration; what only uv was told is handed on to it.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from packaging.utils import canonicalize_name, parse_wheel_filename
from packaging.version import Version

from pytest_ofiuco.core.artifact import Archive, Artifact, Directory, Sdist, Vcs, hashes_of, without_user_info
from pytest_ofiuco.core.source import direct_file, filename_of
from pytest_ofiuco.errors import OfflineError
from pytest_ofiuco.store.builds.commands import Commands
from pytest_ofiuco.store.builds.isolation import clean_environ
from pytest_ofiuco.store.builds.job import Job
from pytest_ofiuco.store.cache import Store
from pytest_ofiuco.store.index import local_path
from pytest_ofiuco.store.network.failure import host_of
from pytest_ofiuco.store.pythons.answers import Interpreter
from pytest_ofiuco.store.settings import IndexSettings
from pytest_ofiuco.store.virtual import embedded_pip
from pytest_ofiuco.store.wheel import unpack

_MISLEADING = frozenset(
    f"PIP_{name}"
    for name in (
        "ABI",
        "DRY_RUN",
        "EDITABLE",
        "GROUP",
        "IMPLEMENTATION",
        "NO_DEPS",
        "NO_DEPENDENCIES",
        "PLATFORM",
        "PREFIX",
        "PYTHON",
        "PYTHON_VERSION",
        "REPORT",
        "REQUIREMENT",
        "ROOT",
        "TARGET",
    )
)
"""What would make pip answer another question."""

_SET = {
    "PIP_BREAK_SYSTEM_PACKAGES": "1",  # nothing is installed
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    "PIP_REQUIRE_HASHES": "0",
    "PIP_REQUIRE_VIRTUALENV": "0",
    "PIP_USER": "0",
}

_CARRIED = """
import ensurepip, glob, os, sysconfig
folders = [os.path.join(os.path.dirname(ensurepip.__file__), "_bundled"), sysconfig.get_config_var("WHEEL_PKG_DIR")]
for folder in filter(None, folders):
    for path in glob.glob(os.path.join(folder, "pip-*.whl")):
        print(path)
"""
_PATIENCE = 20.0
_FIRST_WITH_REPORT = Version("22.2")


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """A package that pip has chosen, and the file, commit or folder that it is."""

    name: str
    artifact: Artifact


class Pip:
    """Asks pip. Thread-safe."""

    def __init__(
        self, store: Store, settings: IndexSettings, commands: Commands, environ: Mapping[str, str], *, offline: bool
    ) -> None:
        self._store, self._settings, self._commands = store, settings, commands
        self._environ, self._offline = environ, offline

    def chosen(self, requirements: Sequence[str], job: Job) -> list[Chosen]:
        """What pip chooses for ``requirements`` and the interpreter of ``job``, sorted by name.

        Raises:
            BuildError: there is no pip, it finds no answer, or it gives none that is understood.
            OfflineError: it finds none, and may not ask.
        """
        pip = self._pip(job)
        report, wanted = job.scratch / "report.json", job.scratch / "requirements.txt"
        # a file, since URLs may hold passwords, and everybody may read command lines
        wanted.write_text("".join(f"{each}\n" for each in requirements), encoding="utf-8")
        python = job.interpreter.path
        # -I: nothing of the caller's Python leaks in; -B: it runs from the store, where nothing is to be written
        command = [python, "-I", "-B", str(pip), "install", "--dry-run", "--ignore-installed", "--no-input"]
        command += ["--report", str(report), "--requirement", str(wanted)]
        status = self._commands.cleaned(command, job.log, environ=self._for_pip(job), cwd=None)
        listed = without_user_info(", ".join(requirements))
        if status:
            if self._offline:
                raise OfflineError([f"the build requirements of {job.package} ({listed})"])
            raise job.failure(f"pip cannot resolve its build requirements ({listed})", is_told=True)
        try:
            return sorted(_read(json.loads(report.read_bytes())["install"]), key=lambda each: each.name)
        except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
            reason = f"what pip says of its build requirements ({listed}) cannot be read: {error}"
            raise job.failure(reason) from error

    def _for_pip(self, job: Job) -> dict[str, str]:
        environ = {name: value for name, value in self._environ.items() if name not in _MISLEADING}
        environ = clean_environ(environ, Path(job.interpreter.path).parent) | self._settings.for_pip() | _SET
        if self._offline:
            links = [link for link in self._settings.find_links if local_path(link) is not None]
            environ |= {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": " ".join(links)}
        temporary = job.scratch / "temporary"
        temporary.mkdir(exist_ok=True)
        return environ | dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(temporary))

    def _pip(self, job: Job) -> Path:
        """A folder that runs as pip."""
        wheel = embedded_pip(job.interpreter) or _carried(job.interpreter)
        if wheel is None:
            reason = (
                f"its build requirements are not in the lock, and there is no pip for Python {job.interpreter.python}"
            )
            hint = "lock them, or install this Python with ensurepip"
            raise job.failure(reason, hint=hint)
        sha256 = hashlib.sha256(wheel.read_bytes()).hexdigest()
        return unpack(self._store, wheel, sha256).tree / "pip"


def _carried(interpreter: Interpreter) -> Path | None:
    command = [interpreter.path, "-I", "-c", _CARRIED]
    with suppress(OSError, subprocess.TimeoutExpired):
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_PATIENCE, check=False)
        wheels = [Path(os.fsdecode(line)) for line in done.stdout.splitlines()]
        versions = {parse_wheel_filename(path.name)[1]: path for path in wheels if path.is_file()}
        newest = max(versions, default=_FIRST_WITH_REPORT)
        return versions.get(newest) if newest >= _FIRST_WITH_REPORT else None
    return None


def _read(installed: Sequence[Mapping[str, object]]) -> Iterator[Chosen]:
    for entry in installed:
        match entry:
            case {"metadata": {"name": str(name)}, "download_info": dict(info)}:
                is_direct = entry.get("is_direct") is True
                yield Chosen(name=canonicalize_name(name), artifact=_artifact(info, is_direct=is_direct))
            case _:
                raise ValueError("an entry without a name or a URL")


def _artifact(info: Mapping[str, object], *, is_direct: bool) -> Artifact:
    url = str(info["url"])
    match info:
        case {"vcs_info": {"vcs": str(vcs), "commit_id": str(commit)}}:
            return Vcs(type=vcs, url=_plain(url), commit=commit, subdirectory=_subdirectory(info))
        case {"dir_info": dict()}:
            return Directory(path=str(local_path(url)), subdirectory=_subdirectory(info))
        case {"archive_info": dict(archive)}:
            hashes = hashes_of(_hashes(archive))
            filename, subdirectory = filename_of(url), _subdirectory(info)
            found = direct_file(filename, hashes, url=_plain(url), subdirectory=subdirectory)
            if isinstance(found, Archive) and not is_direct and subdirectory is None:
                return Sdist(filename=filename, hashes=hashes, url=found.url)
            return found
    raise ValueError("an entry that is no file, commit or folder")


def _hashes(archive: Mapping[str, object]) -> dict[str, str]:
    """The sha256: newer reports have a table, older ones a text; none where pip has not looked."""
    match archive:
        case {"hashes": {"sha256": str(digest)}}:
            return {"sha256": digest}
        case {"hash": str(text)} if text.startswith("sha256="):
            return {"sha256": text.removeprefix("sha256=")}
    return {}


def _subdirectory(info: Mapping[str, object]) -> str | None:
    value = info.get("subdirectory")
    return value if isinstance(value, str) else None


def _plain(url: str) -> str:
    """``url`` without anything that may be secret: what it had is found again by the index settings."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=host_of(url), query="", fragment=""))
