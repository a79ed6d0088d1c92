"""Workers' coverage data → one report, made by a cell's own pytest-cov in a process of its own.

Run as text by the interpreter of a cell: the standard library, and that cell's pytest-cov and coverage. The request
comes on the standard input as JSON, and the answer goes to the standard output: what pytest-cov would have written to
the terminal. Each context gets the cell in front, and a file that was measured in several environments gets one name,
in the data files themselves: https://coverage.readthedocs.io/en/latest/dbschema.html
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import os
import sqlite3
import sys
import warnings
from itertools import zip_longest
from typing import Any, Dict

Message = Dict[str, Any]


class Canon:
    """One name for the files of several environments that are the same: the project's own, or the first one's.

    ``worker`` is where a worker's own code is, which is no part of what was to be measured.
    """

    def __init__(self, project: str, installed: list[str], worker: str, is_relative: bool) -> None:
        self.installed, self.is_relative = installed, is_relative
        self.worker = None if within(worker, project) else worker
        folders = sorted(entry.path for entry in os.scandir(project) if entry.is_dir() and entry.name[0] != ".")
        self.sources = [project, *folders]
        self.known: dict[tuple[str, bytes], str] = {}

    def leaves_out(self, path: str) -> bool:
        """Whether a file is a worker's own; where it was sent as text, its name tells."""
        name = os.path.basename(path)
        return name.startswith("_ofiuco_worker") or (self.worker is not None and within(path, self.worker))

    def name(self, path: str) -> str:
        """The one name of a file that was measured."""
        full = os.path.abspath(path)
        for root in self.installed:
            if within(full, root):
                return self._one(full, os.path.relpath(full, root))
        return path

    def _one(self, full: str, inside: str) -> str:
        content = digest(full)
        if content is None:
            return full
        known = self.known.get((inside, content))
        if known is None:
            candidates = [os.path.join(source, inside) for source in self.sources]
            known = next((os.path.realpath(each) for each in candidates if digest(each) == content), full)
            here = os.getcwd() + os.sep
            if self.is_relative and known.startswith(here):
                known = known[len(here) :]
            self.known[inside, content] = known
        return known


def within(path: str, folder: str) -> bool:
    """Whether a path leads into a folder."""
    return os.path.abspath(path).startswith(os.path.abspath(folder) + os.sep)


def digest(path: str) -> bytes | None:
    """The hash of a file's content."""
    try:
        with open(path, "rb") as file:
            return hashlib.sha256(file.read()).digest()
    except OSError:
        return None


def adapt(data: str, cell: str, canon: Canon) -> bool:
    """Put the cell into a data file's contexts, and give its files their names; whether there are any.

    Raises:
        sqlite3.Error: its writer was killed.
    """
    with contextlib.closing(sqlite3.connect(data)) as database, database:
        database.execute(
            "UPDATE context SET context = CASE context WHEN '' THEN :cell ELSE :cell || '|' || context END",
            {"cell": cell},
        )
        numbers = {path: number for number, path in database.execute("SELECT id, path FROM file")}
        for path, number in list(numbers.items()):
            name = canon.name(path)
            if canon.leaves_out(path):
                _drop(database, numbers.pop(path))
            elif name == path:
                continue
            elif name in numbers:
                _merge(database, number, numbers[name])
            else:
                database.execute("UPDATE file SET path = ? WHERE id = ?", (name, number))
                numbers[name] = number
        return bool(numbers)


def _merge(database: sqlite3.Connection, gone: int, kept: int) -> None:
    """Two names of one file in one data file: what was seen under either was seen."""
    lines = database.execute("SELECT context_id, numbits FROM line_bits WHERE file_id = ?", (gone,)).fetchall()
    for context, bits in lines:
        where = (kept, context)
        found = database.execute("SELECT numbits FROM line_bits WHERE file_id = ? AND context_id = ?", where).fetchone()
        union = bytes(one | other for one, other in zip_longest(bits, found[0] if found else b"", fillvalue=0))
        database.execute(
            "INSERT OR REPLACE INTO line_bits (file_id, context_id, numbits) VALUES (?, ?, ?)", (*where, union)
        )
    database.execute("UPDATE OR IGNORE arc SET file_id = ? WHERE file_id = ?", (kept, gone))
    _drop(database, gone)


def _drop(database: sqlite3.Connection, gone: int) -> None:
    """Forget a file."""
    for table in ("line_bits", "arc", "tracer"):
        database.execute(f"DELETE FROM {table} WHERE file_id = ?", (gone,))
    database.execute("DELETE FROM file WHERE id = ?", (gone,))


class Terminal:
    """Writes down what is said to pytest's terminal reporter, for the controller to say it."""

    def __init__(self) -> None:
        self.said: list[Any] = []

    def write(self, text: str, **markup: bool) -> None:
        self.said.append(["write", [text], markup])

    def write_sep(self, sep: str, title: str | None = None, **markup: bool) -> None:
        self.said.append(["write_sep", [sep, title], markup])

    def write_line(self, line: str, **markup: bool) -> None:
        self.said.append(["write_line", [line], markup])


class Session:
    """What pytest-cov asks of a pytest session at its end."""

    def __init__(self, options: argparse.Namespace, testsfailed: int, terminal: Terminal) -> None:
        self.config, self.option, self.pluginmanager = self, options, self
        self.testsfailed, self.terminal = testsfailed, terminal

    def getplugin(self, _name: str) -> Terminal:
        return self.terminal

    get_plugin = getplugin


def options_of(asked: Message) -> argparse.Namespace:
    """The options as they were before pytest-cov's plugin had read them: another one reads them here."""
    options = argparse.Namespace(**asked)
    options.cov_report = asked["cov_report"] or {"": None}
    options.cov_source = [True] if asked["cov_source"] is None else asked["cov_source"]
    options.numprocesses, options.dist, options.distload = 0, "no", False
    return options


def collect(data: list[Message], canon: Canon) -> tuple[list[str], list[str]]:
    """Adapt the data files; those with anything in them, and the cells of those that cannot be read."""
    files, unreadable = [], []
    for each in data:
        try:
            if adapt(each["file"], each["cell"], canon):
                files.append(each["file"])
        except sqlite3.Error:
            unreadable.append(each["cell"])
    return files, unreadable


def take(controller: Any, files: list[str]) -> None:
    """Have pytest-cov combine the workers' data, and not what lies beside its own.

    Where there is none, what it says of that is wanted.
    """
    measuring, combining = controller.cov, controller.combining_cov
    combine = combining.combine

    def ours() -> None:
        paths = files or [measuring.get_data().data_filename()]
        if all(map(os.path.exists, paths)):
            combine(paths)

    combining.combine = ours
    if files:
        measuring.save = lambda: None


def report(request: Message) -> Message:
    """Combine, report, and compare with the limit, all as pytest-cov does."""
    from pytest_cov.plugin import CovPlugin  # type: ignore[import-untyped] # it has no py.typed

    terminal = Terminal()
    options = options_of(request["options"])
    session = Session(options, request["testsfailed"], terminal)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the workers have had them too
        plugin = CovPlugin(options, session)
    answer: Message = {"unreadable": []}
    controller = plugin.cov_controller
    if controller is not None:
        controller.cov.stop()
        is_relative = getattr(controller.cov.config, "relative_files", False)
        canon = Canon(request["project"], request["installed"], request["worker"], is_relative)
        files, answer["unreadable"] = collect(request["data"], canon)
        take(controller, files)
        loop = plugin.pytest_runtestloop(session)
        next(loop)
        if len(request["descriptions"]) > 1:
            controller.node_descs = Descriptions(request["descriptions"])
        with contextlib.suppress(StopIteration):
            loop.send(None)
    answer["loop"], terminal.said = terminal.said, []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        plugin.pytest_terminal_summary(terminal)
    return {**answer, "summary": terminal.said, "testsfailed": session.testsfailed}


class Descriptions(list):  # type: ignore[type-arg] # its arguments are not known to Python 3.8
    """The cells in place of what measured, which is the process that reports."""

    def add(self, _: str) -> None:
        """Nothing has been measured here."""


def main() -> None:
    """Answer one request."""
    answers = os.dup(1)
    os.dup2(2, 1)
    request = json.loads(sys.stdin.read())
    sys.path[:] = request["path"]
    with open(answers, "w", encoding="utf-8") as file:
        json.dump(report(request), file)


if __name__ == "__main__":
    main()
