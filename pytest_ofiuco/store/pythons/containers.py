"""Pythons in containers: the engine that answers, the image, and what stands before a command that is to run in one.

What is common to docker (https://docs.docker.com/reference/cli/docker/container/run/) and podman
(https://docs.podman.io/en/latest/markdown/podman-run.1.html). The cache, the project and the folder of temporary files
are where they are here; so is the network, and files that are written belong to the user.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pytest_ofiuco.config.container import ContainerSettings
from pytest_ofiuco.core.platforms import Platform, runs_on
from pytest_ofiuco.core.target import Python
from pytest_ofiuco.errors import BrokenImageError, BrokenPythonError
from pytest_ofiuco.store.pythons import contained, emulators, probe
from pytest_ofiuco.store.pythons.answers import Answers, Interpreter, Refusal, fits
from pytest_ofiuco.store.pythons.foreign import Lacking

VARIABLE = "OFIUCO_CONTAINER_ENGINE"
ENGINES = ("docker", "podman")

_PATIENCE = 30.0
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_ARCHITECTURES = {
    "x86_64": "amd64",
    "aarch64": "arm64",
    "armv7l": "arm/v7",
    "armv6l": "arm/v6",
    "i686": "386",
    "loongarch64": "loong64",
}
_ANOTHER = "name another image, its `python` or the engine's `options` with `container` of the platform"
_ON_ANOTHER = "`ssh` of the platform, in place of `container`, names a machine that runs it"
_VERSION = re.compile(r"\d+(?:\.\d+)+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """An engine that answers. ``is_rootless``: it does not run as root."""

    path: str
    name: str
    version: str
    is_podman: bool
    is_rootless: bool

    def user(self) -> Sequence[str]:
        """The options by which files belong to the user; in docker's rootless containers root is the user."""
        if self.is_rootless:
            return ["--userns=keep-id"] if self.is_podman else ["--user=0:0"]
        return [f"--user={os.getuid()}:{os.getgid()}"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """An image that the engine has; ``path`` is the PATH in it."""

    key: str
    architecture: str
    path: str


class Containers:
    """The engine of this machine and its images, each asked once. ``folders`` are there in each container."""

    def __init__(self, answers: Answers, environ: Mapping[str, str], host: Platform, folders: Sequence[str]) -> None:
        self._answers, self._environ, self._host, self._folders = answers, environ, host, folders

    def find(self, python: Python, platform: Platform, settings: ContainerSettings) -> Interpreter | Lacking:
        """The Python of an image; or what is lacking to run it.

        Raises:
            BrokenPythonError: the image cannot be had, or it has no such Python.
        """
        name = settings.image_for(python)
        if platform.os != "linux":
            return Lacking(image=name, reason="containers are Linux", remedy=_ON_ANOTHER)
        engine = find_engine(self._environ)
        if isinstance(engine, Lacking):
            return replace(engine, image=name)
        image = self._image(engine, name, platform)
        asked = settings.command_for(python)
        answer = self._answers.behind(self._launcher(engine, image, platform, settings.options), asked)
        if isinstance(answer, Refusal):
            remedy = self._remedy(answer.reason, platform)
            if remedy is None:
                raise BrokenPythonError(f"{asked} in {name}", answer.reason, _ANOTHER)
            return Lacking(image=name, reason=f"{engine.name} does not start it: {answer.reason}", remedy=remedy)
        if not fits(answer.python, python):
            raise BrokenPythonError(f"{asked} in {name}", f"it is Python {answer.python}, not {python}", _ANOTHER)
        if not runs_on(platform, answer.platform):
            reason = f"it is for {answer.platform}, not for {platform}"
            raise BrokenPythonError(f"{asked} in {name}", reason, "correct `tag` or `container` of the platform")
        said = json.dumps([image.key, answer.path, str(answer.python), str(platform), settings.options])
        identity = hashlib.sha256(said.encode()).hexdigest()[:16]
        return replace(answer, identity=identity, is_contained=True)

    def _launcher(self, engine: Engine, image: Image, platform: Platform, options: Sequence[str]) -> tuple[str, ...]:
        run = ["--rm", "--interactive", "--init", "--network=host", "--pull=never", "--entrypoint="]
        run += ["--security-opt=label=disable", f"--platform={_oci(platform)}", *engine.user(), *options]
        return contained.launcher(
            {
                "engine": engine.path,
                "says": f"{engine.name} {engine.version}",
                "run": run,
                "image": image.key,
                "path": image.path,
                "folders": [*self._folders, os.path.dirname(probe.__file__)],
            }
        )

    def _image(self, engine: Engine, name: str, platform: Platform) -> Image:
        """The image, which the engine fetches where it has none for the platform.

        Raises:
            BrokenImageError: it cannot be had.
        """
        wanted = _oci(platform).split("/")[1]
        image = self._inspected(engine, name)
        if image is not None and image.architecture == wanted:
            return image
        said = self._pulled(engine, name, platform)
        image = self._inspected(engine, name) if said is None else image
        if image is None or said is not None:
            remedy = f"correct `container` of the platform, or try `{engine.name} pull {name}`"
            raise BrokenImageError(name, said or "it is not there", remedy)
        if image.architecture != wanted:
            reason = f"it is for {image.architecture}, not for {wanted}"
            raise BrokenImageError(name, reason, "name one for the platform with `container`")
        return image

    def _inspected(self, engine: Engine, name: str) -> Image | None:
        done = _ask([engine.path, "image", "inspect", name], self._environ)
        try:
            (found,) = json.loads(done.stdout) if done.returncode == 0 else []
            variables: list[str] = (found.get("Config") or {}).get("Env") or []
            path = next((each[len("PATH=") :] for each in variables if each.startswith("PATH=")), _PATH)
            return Image(key=found["Id"], architecture=found["Architecture"], path=path)
        except (ValueError, KeyError, TypeError, AttributeError):
            return None

    def _pulled(self, engine: Engine, name: str, platform: Platform) -> str | None:
        """Have an image fetched, which the engine tells of; what it last said, if that fails."""
        command = [engine.path, "pull", f"--platform={_oci(platform)}", name]
        last = ""
        with subprocess.Popen(
            command,
            env=dict(self._environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        ) as process:
            assert process.stdout is not None
            for line in process.stdout:
                sys.stderr.write(line)
                last = line.strip() or last
        return last or f"exit code {process.returncode}" if process.returncode else None

    def _remedy(self, reason: str, platform: Platform) -> str | None:
        """What this machine lacks to start what is in an image; nothing: it is the image that has to be another one."""
        if "catatonit" in reason or "container-init" in reason:
            return "install catatonit, which podman starts first in a container"
        is_native = emulators.is_compatible(platform.architecture, self._host.architecture)
        if "exec format error" in reason.lower() and not is_native:
            return f"install qemu-user-static, by which the kernel starts programs for {platform.architecture}"
        return None


def find_engine(environ: Mapping[str, str]) -> Engine | Lacking:
    """The first engine that answers: the one that OFIUCO_CONTAINER_ENGINE names alone, else docker, podman."""
    if os.name == "nt":
        return Lacking(reason="paths of Windows are none in it", remedy="run pytest in WSL")
    named, tried = environ.get(VARIABLE), []
    for name in [named] if named else ENGINES:
        path = shutil.which(os.path.expanduser(name), path=environ.get("PATH", ""))
        answer = _answer(os.path.abspath(path), environ) if path is not None else "it is not on PATH"
        if isinstance(answer, Engine):
            return answer
        tried.append(f"{name}: {answer}")
    remedy = f"correct {VARIABLE}" if named else "install podman, or start docker"
    return Lacking(reason=f"no engine answers ({'; '.join(tried)})", remedy=remedy)


def _answer(path: str, environ: Mapping[str, str]) -> Engine | str:
    """What a program says of itself as an engine, or why it is none."""
    version = _ask([path, "--version"], environ)
    if version.returncode:
        return _last(version)
    is_podman = "podman" in version.stdout.lower()
    asked = (
        "{{.Version.Version}} {{.Host.Security.Rootless}}" if is_podman else "{{.ServerVersion}} {{.SecurityOptions}}"
    )
    done = _ask([path, "info", "--format", asked], environ)
    found = _VERSION.match(done.stdout)
    if done.returncode or found is None:
        return _last(done)
    rest = done.stdout[found.end() :]
    return Engine(
        path=path,
        name=os.path.basename(path),
        version=found[0],
        is_podman=is_podman,
        is_rootless="true" in rest if is_podman else "rootless" in rest,
    )


def _ask(command: Sequence[str], environ: Mapping[str, str]) -> Any:
    try:
        return subprocess.run(
            command,
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_PATIENCE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        said = f"it did not answer in {_PATIENCE:.0f} seconds"
        reason = (error.strerror or str(error)) if isinstance(error, OSError) else said
        return subprocess.CompletedProcess(command, 1, "", reason)


def _last(done: Any) -> str:
    lines = (done.stderr or done.stdout).strip().splitlines()
    return lines[-1][:200].removesuffix(".") if lines else f"exit code {done.returncode}"


def _oci(platform: Platform) -> str:
    """A platform as images name it (https://github.com/opencontainers/image-spec)."""
    return f"linux/{_ARCHITECTURES.get(platform.architecture, platform.architecture)}"
