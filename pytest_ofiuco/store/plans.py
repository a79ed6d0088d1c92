"""Plans of sessions that were made before: what each cell gets, told again without reading a lock or asking a Python.

A plan is kept under the question that it answers (the project's folder, the options, this version of the program, this
machine), with a witness of everything that was read to answer it. It is told again only while all of that is as it was
and every environment in it is there; else nothing is believed, and the session is planned anew.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from pytest_ofiuco import __version__
from pytest_ofiuco.errors import CacheError
from pytest_ofiuco.store import usage
from pytest_ofiuco.store.cache import Store, digest, has_interpreter, touch
from pytest_ofiuco.store.pythons import probe
from pytest_ofiuco.store.pythons.candidates import folders
from pytest_ofiuco.store.witness import Witness, still_holds

_LAYOUT = 3

_VARIABLES = ("QEMU_LD_PREFIX", "OFIUCO_DATA_DIR", "XDG_DATA_HOME", "HOME")
"""What decides, beside PATH, which Pythons of other platforms there are, and what starts them."""

Document = Mapping[str, Any]


def question(
    directory: str | os.PathLike[str],
    lock: str | None,
    narrowing: Mapping[str, Sequence[str]],
    *,
    locked: bool,
    needs_pytest: bool,
) -> dict[str, object]:
    """What decides a session's plan beside files and interpreters, as JSON."""
    return {
        "directory": os.path.abspath(directory),
        "working_directory": os.getcwd(),
        "lock": lock,
        "locked": locked,
        "narrowing": {name: list(words) for name, words in narrowing.items()},
        "needs_pytest": needs_pytest,
    }


class Plans:
    """The plan that answers one question."""

    def __init__(self, store: Store, question: Mapping[str, object], environ: Mapping[str, str]) -> None:
        self._store = store
        self._folders = list(dict.fromkeys(folders(environ)))
        variables = {name: environ.get(name) for name in _VARIABLES}
        machine = [probe.platform_tag(), os.path.realpath(sys.executable), self._folders, store.place, variables]
        key = digest({"layout": _LAYOUT, "version": __version__, "question": question, "machine": machine})
        self._file = store.plans / f"{key}.json"

    def find(self) -> Document | None:
        """The plan, if it still holds and its environments are there: from here on this process uses them."""
        try:
            document = json.loads(self._file.read_bytes())
        except (OSError, ValueError, RecursionError):
            return None
        match document:
            case {"plan": {"cells": [_, *_] as cells, "warnings": list()} as plan, "seen": dict(seen)} if all(
                map(_is_cell, cells)
            ):
                keys = [cell["key"] for cell in cells]
                is_usable = still_holds(seen) and all(self._is_there(key) for key in keys if key is not None)
                if is_usable:
                    touch(self._file)
                return plan if is_usable else None
            case _:
                return None

    def watch(self, witness: Witness) -> None:
        """Have a witness see where interpreters may come and go, before they are looked for."""
        for path in self._folders:
            witness.stamp(path)

    def keep(self, plan: Document, witness: Witness) -> None:
        """Remember a plan whose environments are all there; a store that cannot be written remembers none."""
        content = json.dumps({"plan": plan, "seen": witness.document()}, separators=(",", ":"))
        with suppress(CacheError):
            self._store.keep(self._file, content.encode())

    def _is_there(self, key: object) -> bool:
        if not isinstance(key, str) or os.path.basename(key) != key:
            return False
        usage.uses(self._store, key)
        folder = self._store.environments / key
        return has_interpreter(folder, self._store.published(folder, {"key": str, "interpreter": str}))


def _is_cell(document: object) -> bool:
    match document:
        case {"name": str(), "key": str(), "skip": str() | None} | {"name": str(), "key": None, "skip": str()}:
            return True
    return False
