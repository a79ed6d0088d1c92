"""``ofiuco python install|list``: Pythons of other platforms that run on this machine."""

from __future__ import annotations

import json
import os
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pytest_ofiuco import config
from pytest_ofiuco.core.matrix import HOST
from pytest_ofiuco.core.platforms import Platform
from pytest_ofiuco.core.target import Python
from pytest_ofiuco.store.cache import Store
from pytest_ofiuco.store.project import PYPROJECT, read_pyproject
from pytest_ofiuco.store.pythons.answers import Interpreter
from pytest_ofiuco.store.pythons.foreign import Lacking
from pytest_ofiuco.store.pythons.provision import Installed, Provision
from pytest_ofiuco.store.pythons.wrappers import pythons
from pytest_ofiuco.store.witness import Witness

_NO_RUNTIME = "there is no libstdc++.so.6 among its libraries, which wheels may need: install it beside them"


def add_options(parser: ArgumentParser) -> None:
    """The options of the command: each part has its own."""
    parts = parser.add_subparsers(dest="part", required=True, metavar="PART", prog="ofiuco python")
    does = "install a Python of another platform with uv, and have it run here"
    install = parts.add_parser("install", help=does, description=f"{does[0].upper()}{does[1:]}.")
    install.add_argument("python", metavar="PYTHON", help="3.12, 3.12.4, 3.13t or pypy3.10")
    install.add_argument("platform", metavar="PLATFORM", help="a platform of the project, a built-in one, or a tag")
    install.add_argument("--project", default=".", metavar="DIR", help="the project's folder (default: here)")
    does = "list what is installed, with the command that acts as each"
    listing = parts.add_parser("list", help=does, description=f"{does[0].upper()}{does[1:]}.")
    for part in (install, listing):
        part.add_argument("--format", choices=("text", "json"), default="text", help="default: text")


def run(options: Namespace) -> tuple[str, int]:
    """Run one part."""
    provision = Provision(Store.default(os.environ), os.environ)
    if options.part == "install":
        python = Python.parse(options.python)
        platform = _platform(options, python)
        installed = provision.install(python, platform)
        if provision.lacks_runtime(platform, installed.executable):
            print(f"warning: {_NO_RUNTIME}", file=sys.stderr)
        return _told([installed], options), 0
    return _told(list(provision.all()), options), 0


def _platform(options: Namespace, python: Python) -> Platform:
    """The platform of that name, in the project or anywhere.

    Raises:
        UsageError: there is none.
        InputError: the project's pyproject.toml cannot be read.
    """
    from pytest_ofiuco.store.interpreters import host_platform

    settings = config.read(read_pyproject(Path(options.project), PYPROJECT, Witness()))
    host_tag = str(host_platform()) if options.platform == HOST else ""
    return settings.axis(options.platform, host_tag).definition.platform(python.minor)


def _told(found: Sequence[Installed], options: Namespace) -> str:
    if options.format == "json":
        document = {"version": 1, "root": str(pythons(os.environ)), "pythons": [_document(each) for each in found]}
        return json.dumps(document, sort_keys=True, indent=2) + "\n"
    if not found:
        return f"none in {pythons(os.environ)}\n"
    return "".join(f"{_line(each)}\n" for each in found)


def _line(each: Installed) -> str:
    match each.found:
        case Interpreter(python=python, platform=platform, path=path):
            return f"{python} {platform} {path}"
        case Lacking(path=path, reason=reason, remedy=remedy):
            return f"{path} {reason}: {remedy}"


def _document(each: Installed) -> dict[str, Any]:
    document: dict[str, Any] = dict.fromkeys(("python", "platform", "command", "problem", "remedy"))
    document["executable"] = each.executable
    match each.found:
        case Interpreter(python=python, platform=platform, path=path):
            document |= {"python": str(python), "platform": str(platform), "command": path}
        case Lacking(reason=reason, remedy=remedy):
            document |= {"problem": reason, "remedy": remedy}
    return document
