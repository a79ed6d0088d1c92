"""``ofiuco image``: the project and what it needs, for one Python on one platform, as an OCI image layout."""

from __future__ import annotations

import json
import os
import shlex
from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from pytest_ofiuco.cli.shipped import add_shipping_options, contents, left_out, made
from pytest_ofiuco.core.sizes import binary_size
from pytest_ofiuco.errors import UsageError, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_ofiuco.bundle.request import ImageRequest, Made


def add_options(parser: ArgumentParser) -> None:
    """The options of the command."""
    add_shipping_options(parser)
    parser.add_argument("--output", required=True, metavar="FOLDER", help="where to write the OCI image layout")
    parser.add_argument("--base", metavar="LAYOUT[:TAG]", help="the image to start from, in an OCI image layout")
    parser.add_argument("--tag", metavar="TAG", help="the image's name in the layout (default: latest)")
    parser.add_argument(
        "--prefix", metavar="FOLDER", help="where it all lies (default: /var/task on AWS Lambda, else /app)"
    )
    parser.add_argument("--entrypoint", metavar="COMMAND", help="what is started: words, or a JSON array of them")
    parser.add_argument("--cmd", metavar="COMMAND", help="its arguments, unless others are given: as --entrypoint")
    parser.add_argument("--user", metavar="USER[:GROUP]", help="who it is started as (default: the base's)")
    parser.add_argument("--workdir", metavar="FOLDER", help="where it is started (default: the prefix)")
    parser.add_argument(
        "--env", action="append", default=[], metavar="NAME=VALUE", help="an environment variable; repeatable"
    )
    parser.add_argument("--label", action="append", default=[], metavar="NAME=VALUE", help="a label; repeatable")
    parser.add_argument(
        "--with-provided", action="store_true", help="take along what the platform provides: the base does not"
    )


def run(options: Namespace) -> tuple[str, int]:
    """Make the image; a line that says what it is."""
    from pytest_ofiuco.bundle.image.making import make
    from pytest_ofiuco.store.cache import Store

    request = _request(options)
    store = Store.default(os.environ)
    found = made(
        options,
        request,
        "Making the image",
        lambda progress: make(request, store, environ=os.environ, progress=progress),
    )
    return _told(found, request), 0


def _request(options: Namespace) -> ImageRequest:
    from pytest_ofiuco.bundle.request import ImageRequest
    from pytest_ofiuco.config.image import ImageSettings

    name, colon, tag = os.path.basename(options.output).partition(":")
    if colon:  # what others take for FOLDER:TAG
        hint = f"--output {os.path.join(os.path.dirname(options.output), name)} --tag {tag or 'TAG'}"
        raise UsageError(f"--output {shown(options.output)}: a folder's name with a colon", hint)
    common = contents(options)
    project = common["project"]
    settings = project.config.image or ImageSettings()
    base = os.path.join(project.directory, settings.base) if settings.base is not None else None
    entrypoint, cmd = _words("--entrypoint", options.entrypoint), _words("--cmd", options.cmd)
    return ImageRequest(
        **common,
        base=options.base if options.base is not None else base,
        tag=_first(options.tag, "latest" if settings.tag is None else settings.tag) or "",
        prefix=_first(options.prefix, settings.prefix),
        entrypoint=settings.entrypoint if entrypoint is None else entrypoint,
        cmd=settings.cmd if cmd is None else cmd,
        user=_first(options.user, settings.user),
        workdir=_first(options.workdir, settings.workdir),
        env=(*settings.env, *_pairs("--env", options.env)),
        labels=(*settings.labels, *_pairs("--label", options.label)),
        with_provided=options.with_provided or settings.with_provided,
    )


def _first(given: str | None, configured: str | None) -> str | None:
    return configured if given is None else given


def _words(option: str, written: str | None) -> tuple[str, ...] | None:
    """A command as the words of it: those of a JSON array, or as a shell would have them.

    Raises:
        UsageError: it is neither.
    """
    if written is None:
        return None
    try:
        words = json.loads(written) if written.lstrip().startswith("[") else shlex.split(written)
    except ValueError as error:
        hint = """write it like "python -m app", or like '["python", "-m", "app"]'"""
        raise UsageError(f"{option} {shown(written)}: cannot be read: {error}", hint) from error
    if not all(isinstance(word, str) for word in words):
        raise UsageError(f"{option} {shown(written)}: not an array of strings", "put each word in quotes")
    return tuple(words)


def _pairs(option: str, written: Sequence[str]) -> list[tuple[str, str]]:
    found = []
    for each in written:
        name, equals, value = each.partition("=")
        if not equals:
            raise UsageError(f"{option} {shown(each)}: has no value", "write it like NAME=value")
        found.append((name, value))
    return found


def _told(found: Made, request: ImageRequest) -> str:
    document = found.manifest
    files, size = document["files"], document["size"]
    sizes = f"{binary_size(size['packed'])} with its base" if document["base"] else binary_size(size["packed"])
    lines = [f"{request.output}: {files} file{'' if files == 1 else 's'}, {sizes}, {request.tag}@{document['digest']}"]
    for layer in document["layers"]:
        packed, unpacked = binary_size(layer["size"]["packed"]), binary_size(layer["size"]["unpacked"])
        lines.append(f"  {layer['of']}: {packed}, {unpacked} unpacked, {layer['digest']}")
    return "\n".join([*lines, *left_out(document, request.platform), *found.notes]) + "\n"
