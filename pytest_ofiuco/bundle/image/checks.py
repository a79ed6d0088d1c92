"""What an image cannot be asked for, and what there is to say of one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pytest_ofiuco.bundle.collecting import CODELESS, Collected
from pytest_ofiuco.bundle.image.base import Base
from pytest_ofiuco.bundle.placing import check_shebang, is_text
from pytest_ofiuco.bundle.request import ImageRequest
from pytest_ofiuco.core.limits import AWS_LAMBDA_IMAGE, is_lambda
from pytest_ofiuco.core.sizes import binary_size, largest_of
from pytest_ofiuco.errors import BundleError, UsageError, shown

_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
"""As registries take them: https://github.com/opencontainers/distribution-spec/blob/main/spec.md"""
_TASK_ROOT = "LAMBDA_TASK_ROOT"
"""What AWS's own images have among their variables, and others do not."""


def check(request: ImageRequest) -> None:
    """Whether what is asked for can be in an image.

    Raises:
        UsageError: it cannot.
    """
    if not _TAG.fullmatch(request.tag):
        hint = "use letters, digits, _, . and -, at most 128"
        raise UsageError(f"tag {shown(request.tag)}: no registry takes it", hint)
    for name, path in (("prefix", request.prefix), ("workdir", request.workdir)):
        if path is not None and not _is_place(path):
            raise UsageError(f"{name} {shown(path)}: not a folder in an image", "write it like /app")
    if request.prefix is not None and (request.prefix == "/" or ":" in request.prefix):
        hint = "write it like /app: it gets a folder of its own, and is on PYTHONPATH"
        raise UsageError(f"prefix {shown(request.prefix)}: cannot be on PYTHONPATH", hint)
    if request.user is not None and (not request.user or not request.user.isprintable() or " " in request.user):
        raise UsageError(f"user {shown(request.user)}: not a user", 'write it like "app", "1000" or "1000:1000"')
    for name, pairs in (("env", request.env), ("label", request.labels)):
        for key, value in pairs:
            if not key or (name == "env" and "=" in key) or "\0" in key + value:
                raise UsageError(f"{name} {shown(key)}: not a name", "write it like NAME=value")
            if not is_text(key + value):
                raise UsageError(f"{name} {shown(f'{key}={value}')}: not text", "write it in UTF-8")
    for name, words in (("entrypoint", request.entrypoint or ()), ("cmd", request.cmd or ())):
        for word in words:
            if not is_text(word):
                raise UsageError(f"{name} {shown(word)}: not text", "write it in UTF-8")
    check_shebang(request.shebang)


def _is_place(path: str) -> bool:
    """Whether it is an absolute path, written without detours."""
    parts = path.split("/")[1:]
    return path.startswith("/") and path.isprintable() and (path == "/" or not {"", ".", ".."} & set(parts))


def check_size(request: ImageRequest, base: Base | None, by_package: Mapping[str, int]) -> None:
    """Whether a platform takes an image as large as this; the base counts as far as its size is known, compressed.

    Raises:
        BundleError: it does not.
    """
    total = sum(by_package.values()) + sum(layer.size for layer in (base.layers if base is not None else ()))
    if is_lambda(request.platform) and total > AWS_LAMBDA_IMAGE:
        much, most = binary_size(total), binary_size(AWS_LAMBDA_IMAGE)
        raise BundleError(
            f"{much} unpacked, and {request.platform} takes {most}; the largest packages: {largest_of(by_package)}",
            "leave out what is not needed with `exclude` in [tool.ofiuco.zip], or take a smaller base",
        )


def warnings(request: ImageRequest, base: Base | None, found: Collected) -> Iterator[str]:
    """What does not look right, and may be."""
    if any(found.entries.values()) and not found.has_code:
        yield f"{request.output}: {CODELESS}"
    provided = found.shipment.provided
    if provided and is_lambda(request.platform) and (base is None or base.variable(_TASK_ROOT) is None):
        where = "there is no base" if base is None else f"base {base.name} has no {_TASK_ROOT}: it is none of AWS's"
        yield f"{where}, so nothing provides {', '.join(provided)}; --with-provided takes them along"
    version = base.variable("PYTHON_VERSION") if base is not None else None
    major, minor = request.target.python.minor
    if base is not None and version and version.split(".")[:2] != [str(major), str(minor)]:
        yield f"base {base.name}: its PYTHON_VERSION is {version}, and what ships is for Python {major}.{minor}"


def notes(base: Base | None, config: Mapping[str, Any]) -> Iterator[str]:
    """What is as it was asked for, and should be known."""
    if base is None:
        yield "no base: the image has no Python in it; --base gives it one"
    started: Sequence[str] = [*(config["config"].get("Entrypoint") or ()), *(config["config"].get("Cmd") or ())]
    if not started:
        yield "nothing is started: --entrypoint or --cmd says what"
