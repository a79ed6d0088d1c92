"""The configuration of an image: what its containers are started with, and what it is made of.

https://github.com/opencontainers/image-spec/blob/main/config.md. What a base has is kept, but for what tells of
the base itself; what is given takes its place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pytest_ofiuco.bundle.image.base import Base
from pytest_ofiuco.bundle.image.platform import ImagePlatform
from pytest_ofiuco.bundle.request import ImageRequest
from pytest_ofiuco.core.limits import is_lambda
from pytest_ofiuco.core.table import Table

_OF_OCI = "org.opencontainers.image."
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_OF_DOCKER = ("container", "container_config", "docker_version", "id", "parent", "author")
"""What Docker's configurations tell of how the base came about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewLayer:
    """A layer that was made: ``of`` the dependencies, or the code."""

    of: str
    digest: str
    diff_id: str
    size: int
    files: int
    unpacked: int


def configuration(
    request: ImageRequest,
    base: Base | None,
    platform: ImagePlatform,
    layers: Sequence[NewLayer],
    prefix: str,
    created: str,
    *,
    has_scripts: bool,
) -> dict[str, Any]:
    """The document; ``created`` is a time as RFC 3339 has it."""
    document: dict[str, Any] = dict(base.config) if base is not None else {}
    for key in _OF_DOCKER:
        document.pop(key, None)
    settings = Table(document, file="").table("config")
    started: dict[str, Any] = dict(settings.data)
    _start(started, settings, request)
    started["Env"] = _environment(settings.texts("Env"), request, prefix, has_scripts=has_scripts)
    started["WorkingDir"] = request.workdir or prefix
    if request.user is not None:
        started["User"] = request.user
    labels = {key: value for key, value in settings.table("Labels").data.items() if not key.startswith(_OF_OCI)}
    started["Labels"] = labels | about(request.project.pyproject) | dict(request.labels)
    variant = base.platform.variant if base is not None else platform.variant
    return document | {
        "architecture": platform.architecture,
        "os": platform.os,
        **({"variant": variant} if variant else {}),
        "created": created,
        "config": started,
        "rootfs": {
            "type": "layers",
            "diff_ids": [*(base.diff_ids if base else ()), *(each.diff_id for each in layers)],
        },
        "history": [
            *_history(base),
            *({"created": created, "created_by": f"ofiuco image: {each.of}"} for each in layers),
        ],
    }


def _start(started: dict[str, Any], settings: Table, request: ImageRequest) -> None:
    """Set what is started. A base's ``Cmd`` are arguments of its own ``Entrypoint``, and of no other."""
    if request.entrypoint is not None:
        started["Entrypoint"] = list(request.entrypoint)
        started.pop("Cmd", None)
    if request.cmd is not None:
        started["Cmd"] = list(request.cmd)
    elif request.handler is not None and is_lambda(request.platform):
        started["Cmd"] = [request.handler]


def _environment(given: Sequence[str], request: ImageRequest, prefix: str, *, has_scripts: bool) -> list[str]:
    """``KEY=value`` of each variable, in the base's order, then ours."""
    found = dict(each.partition("=")[::2] for each in given)
    path = found.get("PYTHONPATH")
    found["PYTHONPATH"] = f"{prefix}:{path}" if path else prefix
    if has_scripts or "PATH" not in found:
        path = found.get("PATH") or _PATH
        found["PATH"] = f"{prefix}/bin:{path}" if has_scripts else path
    found |= dict(request.env)
    return [f"{key}={value}" for key, value in found.items()]


def about(pyproject: Table) -> dict[str, str]:
    """What the project says of itself, as the labels that are for it.

    https://github.com/opencontainers/image-spec/blob/main/annotations.md
    """
    project, poetry = pyproject.table("project"), pyproject.table("tool").table("poetry")
    found = {}
    for label, key in (
        ("title", "name"),
        ("version", "version"),
        ("description", "description"),
        ("licenses", "license"),
    ):
        value = project.data.get(key, poetry.data.get(key))
        if isinstance(value, str) and value:
            found[f"{_OF_OCI}{label}"] = value
    return found


def _history(base: Base | None) -> list[Mapping[str, Any]]:
    """What is told of the base's layers: an entry for each, where it tells of others than there are."""
    if base is None:
        return []
    entries = [each.data for each in Table(base.config, file=base.name).tables("history")]
    if sum(not each.get("empty_layer") for each in entries) != len(base.layers):
        return [{"created_by": "base"} for _ in base.layers]
    return entries
