"""Build requirements → wheels: those of the lock where it has them all, else those that pip chose once.

What pip chose is recorded with its hashes, and taken from then on without asking anyone, until ``refresh``:

    build-requirements-v1/<key>.json     the requirements, and name and artifact of each package

The key is made of the requirements, the Python, and the places and constraints that decide what pip finds.
"""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from email.parser import Parser
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName, canonicalize_name, parse_wheel_filename

from pytest_ofiuco.core.artifact import Archive, Artifact, Directory, Sdist, Vcs, Wheel, sha256_of, without_user_info
from pytest_ofiuco.errors import FetchError, OfflineError
from pytest_ofiuco.store.builds.job import Job
from pytest_ofiuco.store.builds.pip_report import Chosen, Pip
from pytest_ofiuco.store.cache import Store, digest, touch
from pytest_ofiuco.store.fetch import Fetcher
from pytest_ofiuco.store.settings import IndexSettings, shown
from pytest_ofiuco.store.threads import Threads
from pytest_ofiuco.store.wheel import UnpackedWheel, unpack, unpacked

_AT_A_TIME = 4
_KINDS: Mapping[str, Callable[..., Artifact]] = {
    "wheel": Wheel,
    "sdist": Sdist,
    "archive": Archive,
    "vcs": Vcs,
    "directory": Directory,
}
_DECIDING = ("PIP_NO_BINARY", "PIP_ONLY_BINARY", "PIP_PREFER_BINARY", "PIP_PRE", "PIP_UPLOADED_PRIOR_TO")
_CONSTRAINTS = ("PIP_CONSTRAINT", "PIP_BUILD_CONSTRAINT")


class BuildRequirements:
    """Finds the wheels that builds need. Thread-safe. ``build`` makes the wheel of what is no wheel."""

    def __init__(
        self,
        store: Store,
        settings: IndexSettings,
        fetcher: Fetcher,
        pip: Pip,
        build: Callable[[Artifact, str, Job], UnpackedWheel],
        *,
        environ: Mapping[str, str],
        offline: bool,
        refresh: bool,
    ) -> None:
        self._store, self._fetcher, self._pip, self._build = store, fetcher, pip, build
        self._offline, self._refresh = offline, refresh and not offline
        self._decisive = _decisive(settings, environ)
        self._threads = Threads(_AT_A_TIME)
        self._lock = threading.Lock()
        self._refreshed: set[str] = set()

    def close(self) -> None:
        """Begin nothing more."""
        self._threads.close(0.0)

    def wheels(self, requirements: Sequence[str], job: Job) -> list[UnpackedWheel]:
        """The wheels of ``requirements`` and of all that they need, for the interpreter of ``job``.

        Raises:
            BuildError: one cannot be read, found or built.
            FetchError, HashMismatchError, OfflineError, ArchiveError, CacheError: see ``Fetcher.fetch``.
        """
        wanted = list(_parsed(requirements, job))
        if not wanted:
            return []
        found = self._of_the_lock(wanted, job)
        if found is not None:
            return found
        chosen = self._chosen(sorted({str(each) for each in wanted}), job)
        try:
            return self._unpacked(chosen, job)
        except FetchError as error:
            hint = f"{error.hint}; with --refresh or --ofiuco-refresh build requirements are chosen anew"
            raise FetchError(error.filename, error.reason, hint) from error

    def _of_the_lock(self, wanted: Sequence[Requirement], job: Job) -> list[UnpackedWheel] | None:
        """The lock's files, where it has every package that is needed, with a version that suits and a hash."""
        specifiers: dict[NormalizedName, list[SpecifierSet]] = {}
        for each in wanted:
            specifiers.setdefault(canonicalize_name(each.name), []).append(each.specifier)
        job.names.update(specifiers)
        if any(each.url for each in wanted):
            return None
        files = {name: job.locked.file(name, each) for name, each in specifiers.items()}
        if None in files.values():
            return None
        found: dict[NormalizedName, UnpackedWheel] = {}
        extras: dict[NormalizedName, frozenset[str]] = {}
        pending = deque(wanted)
        while pending:
            requirement = pending.popleft()
            name = canonicalize_name(requirement.name)
            job.names.add(name)
            artifact = files.setdefault(name, job.locked.file(name, [requirement.specifier]))
            if artifact is None or requirement.url:
                return None
            is_new = name not in found
            if is_new:
                found[name] = self._wheel(artifact, name, job)
            if not _suits(requirement, found[name]):
                return None
            asked = extras.get(name, frozenset()) | {canonicalize_name(each) for each in requirement.extras}
            if is_new or asked != extras[name]:
                extras[name] = asked
                pending.extend(_needed(found[name], asked, job))
        return list(found.values())

    def _chosen(self, requirements: Sequence[str], job: Job) -> list[Chosen]:
        """What pip chose, now or before."""
        python, platform = job.interpreter.python, job.interpreter.platform
        interpreter = [python.implementation, python.full_version, python.free_threaded, str(platform)]
        plain = [without_user_info(each) for each in requirements]
        key = {"requirements": plain, "interpreter": interpreter, "decisive": self._decisive}
        usual = self._recorded(digest(key))
        if usual is not None:
            return usual
        name = digest(key | {"offline": True} if self._offline else key)
        with self._store.lock(f"build-requirements-{name}"):
            chosen = self._recorded(name)
            if chosen is None:
                chosen = [self._hashed(each, job) for each in self._pip.chosen(requirements, job)]
                self._record(name, requirements, chosen)
        return chosen

    def _hashed(self, chosen: Chosen, job: Job) -> Chosen:
        """With the sha256 of what is there now, where pip has told none."""
        artifact = chosen.artifact
        if not isinstance(artifact, Wheel | Sdist | Archive) or sha256_of(artifact.hashes) is not None:
            return chosen
        sha256 = self._fetcher.first_seen(artifact, chosen.name, job.locked.directory)
        return replace(chosen, artifact=replace(artifact, hashes=(("sha256", sha256),)))

    def _recorded(self, key: str) -> list[Chosen] | None:
        with self._lock:
            if self._refresh and key not in self._refreshed:
                return None
        try:
            path = self._store.build_requirements / f"{key}.json"
            chosen = json.loads(path.read_bytes())["chosen"]
            found = [Chosen(name=str(each["name"]), artifact=_read_artifact(each["artifact"])) for each in chosen]
        except (OSError, ValueError, TypeError, LookupError, AttributeError, RecursionError):
            return None
        touch(path)
        return found

    def _record(self, key: str, requirements: Sequence[str], chosen: Sequence[Chosen]) -> None:
        content = {
            "requirements": [without_user_info(each) for each in requirements],
            "chosen": [{"name": each.name, "artifact": asdict(each.artifact)} for each in chosen],
        }
        path = self._store.build_requirements / f"{key}.json"
        self._store.keep(path, json.dumps(content, sort_keys=True, indent=1).encode())
        with self._lock:
            self._refreshed.add(key)

    def _unpacked(self, chosen: Sequence[Chosen], job: Job) -> list[UnpackedWheel]:
        """All wheels: those that are files side by side, the others one by one."""
        futures = {
            each.name: self._threads.submit(self._wheel, each.artifact, each.name, job)
            for each in chosen
            if _is_wheel(each.artifact)
        }
        lacking: list[str] = []
        found: list[UnpackedWheel] = []
        for each in chosen:
            try:
                future = futures.get(each.name)
                found.append(self._wheel(each.artifact, each.name, job) if future is None else future.result())
            except OfflineError as error:
                lacking += error.lacking
        if lacking:
            raise OfflineError(sorted(set(lacking)))
        return found

    def _wheel(self, artifact: Artifact, name: str, job: Job) -> UnpackedWheel:
        if not isinstance(artifact, Wheel | Archive) or not _is_wheel(artifact):
            return self._build(artifact, name, job)
        sha256 = sha256_of(artifact.hashes) or ""
        known = unpacked(self._store, sha256, artifact.filename)
        if known is not None:
            return known
        return unpack(self._store, self._fetcher.fetch(artifact, name, job.locked.directory), sha256)


def _is_wheel(artifact: Artifact) -> bool:
    return isinstance(artifact, Wheel) or (isinstance(artifact, Archive) and artifact.filename.endswith(".whl"))


def _parsed(requirements: Sequence[str], job: Job) -> Iterator[Requirement]:
    """Those that hold."""
    for text in requirements:
        try:
            requirement = Requirement(text)
            holds = _holds(requirement, job, ())
        except ValueError as error:  # all that packaging raises here is one
            said = str(error).partition("\n")[0]
            raise job.failure(f"its build requirement {without_user_info(text)!r} is none: {said}") from error
        if holds:
            yield requirement


def _holds(requirement: Requirement, job: Job, extras: Sequence[str]) -> bool:
    marker, environment = requirement.marker, job.locked.environment
    return marker is None or any(marker.evaluate({**environment, "extra": extra}) for extra in ("", *extras))


def _suits(requirement: Requirement, wheel: UnpackedWheel) -> bool:
    version = parse_wheel_filename(wheel.filename)[1]
    return requirement.specifier.contains(version, prereleases=True)


def _needed(wheel: UnpackedWheel, extras: frozenset[str], job: Job) -> Iterator[Requirement]:
    """What a wheel needs on the interpreter; what cannot be read is passed over, as everywhere."""
    try:
        text = (wheel.tree / wheel.dist_info / "METADATA").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return
    for written in Parser().parsestr(text, headersonly=True).get_all("Requires-Dist", ()):
        with suppress(ValueError):  # all that packaging raises here is one
            requirement = Requirement(written)
            if _holds(requirement, job, sorted(extras)):
                yield requirement


def _read_artifact(data: Mapping[str, Any]) -> Artifact:
    """An artifact as it was recorded.

    Raises:
        ValueError, TypeError, LookupError: it is none.
    """
    fields = {name: value for name, value in data.items() if name != "kind"}
    if "hashes" in fields:
        fields["hashes"] = tuple((str(algorithm), str(hexadecimal)) for algorithm, hexadecimal in fields["hashes"])
    if any(not isinstance(value, str | bool | tuple | None) for value in fields.values()):
        raise ValueError
    return _KINDS[data["kind"]](**fields)


def _decisive(settings: IndexSettings, environ: Mapping[str, str]) -> list[object]:
    """What decides which files pip finds, without secrets."""
    indexes = [settings.default_index or "", *settings.indexes, *settings.find_links]
    places = [shown(each) for each in indexes]
    variables = [[name, environ[name]] for name in _DECIDING if environ.get(name)]
    named = [path for name in _CONSTRAINTS for path in environ.get(name, "").split()]
    return [places, settings.no_index, variables, [[shown(path), _content(path)] for path in named]]


def _content(path: str) -> str:
    try:
        return digest(Path(path).read_text(encoding="utf-8", errors="replace"))
    except (OSError, ValueError):
        return ""
