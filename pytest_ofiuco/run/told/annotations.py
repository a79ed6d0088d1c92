"""Groups of failures → GitHub Actions' annotations: a line a failure, at the file and line where it is.

https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands#setting-an-error-message
"""

from __future__ import annotations

import os.path
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pytest_ofiuco.run.differences import told
from pytest_ofiuco.run.told.grouping import PASSED, Group
from pytest_ofiuco.run.told.likeness import without_colours

LIMIT = 10
"""How many annotations of a kind GitHub shows of a step."""

_LONGEST = 4000


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where paths begin: those in tracebacks at ``directory``, a test's own at ``root``, GitHub's at ``workspace``."""

    directory: str
    root: str
    workspace: str

    def within(self, path: str) -> str | None:
        """An absolute path as seen from the workspace, with slashes; ``None`` if it is outside."""
        if not self.workspace or os.path.splitdrive(path)[0] != os.path.splitdrive(self.workspace)[0]:
            return None
        relative = os.path.relpath(path, self.workspace).replace(os.sep, "/")
        return None if relative.split("/")[0] == ".." else relative


def workflow_commands(groups: Sequence[Group], places: Places) -> list[str]:
    """The lines to print: no more than GitHub shows, then how many more failures there are."""
    lines = [_annotation(group, places) for group in groups[:LIMIT]]
    more = len(groups) - LIMIT
    if more > 0:
        text = f"{more} more failure{'' if more == 1 else 's'}: GitHub shows {LIMIT} of a step"
        lines.append(command("notice", {"title": "pytest-ofiuco"}, text))
    return lines


def _annotation(group: Group, places: Places) -> str:
    properties: dict[str, str | int] = {}
    file, line = location(group, places)
    if file is not None:
        properties["file"] = file
        if line is not None:
            properties["line"] = line
    properties["title"] = f"{group.first.title} in {group.where()}"
    return command("error", properties, _message(group))


def _message(group: Group) -> str:
    lines = [without_colours(group.first.said or group.first.text)]
    if not group.is_everywhere or len(group.cells) > 1:
        lines += ["", *(f"{head}: {', '.join(cells)}" for head, cells in group.places())]
    if group.ended(PASSED):
        lines += [f"what differs: {each}" if not index else each for index, each in enumerate(told(group.differences))]
    text = "\n".join(lines)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}\n… cut off"


def location(group: Group, places: Places) -> tuple[str | None, int | None]:
    """The last line of the project that the failure goes through, else the test's own: path in the workspace, line."""
    for path, line in reversed(group.first.places):
        file = places.within(os.path.join(places.directory, path))
        if file is not None:
            return file, line
    if group.first.report.when == "collect":
        path = os.path.join(places.root, group.first.test.partition("::")[0])
        return (places.within(path) if os.path.exists(path) else None), None
    path, number, _ = group.first.report.location
    return places.within(os.path.join(places.root, path)), None if number is None else number + 1


def command(kind: str, properties: Mapping[str, str | int], text: str) -> str:
    """A workflow command, escaped as GitHub reads it."""
    listed = ",".join(f"{name}={_property(str(value))}" for name, value in properties.items())
    return f"::{kind} {listed}::{_data(text)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
