"""A session → the job summary that GitHub Actions shows: the matrix, each failure once, what the cells consist of.

https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands#adding-a-job-summary
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping, Sequence

from pytest_ofiuco.run.cells import LockFacts
from pytest_ofiuco.run.differences import CellFacts, told
from pytest_ofiuco.run.report import Tally, columns_of, seconds_of
from pytest_ofiuco.run.told.grouping import PASSED, Group
from pytest_ofiuco.run.told.likeness import without_colours

LIMIT = 1024 * 1024
"""How many bytes GitHub takes of a step."""

_LONGEST = 30_000
_CUT = "\n*The rest is left out: GitHub takes 1 MiB of a step.*\n"

_SPECIAL = re.compile(r"[\\`*_\[\]#|~$@:&<>\"']")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


def summary(
    lock: LockFacts, tallies: Sequence[Tally], groups: Sequence[Group], cells: Mapping[str, CellFacts], limit: int
) -> str:
    """The document, of ``limit`` bytes at the most; failures are left out first."""
    head = _head(lock, tallies)
    environments = _environments(cells)
    room = limit - _size(_CUT)
    if _size(head) > room:
        return _CUT if room >= 0 else ""
    blocks, room = [head], room - _size(head)
    has_environments = _size(environments) <= room
    room -= _size(environments) if has_environments else 0
    is_cut = not has_environments
    if groups:
        blocks.append(f"\n### {len(groups)} failure{'' if len(groups) == 1 else 's'}\n")
        room -= _size(blocks[-1])
    for group in groups:
        block = _failure(group)
        if _size(block) > room:
            is_cut = True
            break
        blocks.append(block)
        room -= _size(block)
    if room < 0:
        return head + _CUT
    return "".join([*blocks, _CUT if is_cut else "", environments if has_environments else ""])


def escaped(text: str) -> str:
    """Text that stands for itself in a line of Markdown, in a table, and in HTML."""
    plain = _CONTROL.sub("", without_colours(text)).replace("\n", " ")
    return _SPECIAL.sub(lambda found: f"&#{ord(found[0])};", plain)


def preformatted(text: str) -> str:
    """Text as it is, several lines of it."""
    plain = _CONTROL.sub("", without_colours(text))
    cut = f"{plain[:_LONGEST]}\n… cut off" if len(plain) > _LONGEST else plain
    return f"<pre>{html.escape(cut, quote=False)}</pre>"


def _head(lock: LockFacts, tallies: Sequence[Tally]) -> str:
    columns = columns_of(tallies)
    lines = [
        "## ofiuco matrix",
        "",
        f"{escaped(lock.path)} ({escaped(lock.format)} {escaped(lock.version)})",
        "",
        *_table(["cell", *columns, "time", ""], [_row(tally, columns) for tally in tallies], numbers=len(columns) + 1),
    ]
    return _lines(lines)


def _row(tally: Tally, columns: Sequence[str]) -> list[str]:
    if tally.remark and not tally.counts:
        return [escaped(tally.name), *([""] * (len(columns) + 1)), escaped(tally.remark)]
    counts = [f"**{tally.counts[each]}**" if each in ("failed", "error") and tally.counts[each] else
              str(tally.counts[each]) for each in columns]  # fmt: skip
    return [escaped(tally.name), *counts, seconds_of(tally), escaped(tally.remark)]


def _failure(group: Group) -> str:
    first = group.first
    said = (first.said or first.text).strip().partition("\n")[0][:200]
    at = {"setup": " at setup", "teardown": " at teardown", "collect": ", collected"}.get(first.report.when, "")
    title = f"<b>{escaped(first.test)}</b>{at} in <b>{escaped(group.where())}</b>: {escaped(said)}"
    lines = [
        "",
        f"<details><summary>{title}</summary>",
        "",
        *(f"- {head}: {', '.join(escaped(cell) for cell in cells)}" for head, cells in group.places()),
    ]
    if group.ended(PASSED):
        lines += ["- what differs:", *(f"  - {escaped(each)}" for each in told(group.differences))]
    lines += ["", preformatted(first.text)]
    for name, text in first.report.sections:
        lines += ["", escaped(f"{name} in {first.cell}"), "", preformatted(str(text).rstrip("\n"))]
    return _lines([*lines, "", "</details>"])


def _environments(cells: Mapping[str, CellFacts]) -> str:
    rows = [
        [escaped(each.name), escaped(each.python), escaped(each.platform), escaped(each.variant or ""),
         str(len(each.versions))] for each in cells.values()
    ]  # fmt: skip
    lines = ["", "<details><summary>Environments</summary>", ""]
    lines += _table(["cell", "Python", "platform", "variant", "packages"], rows, numbers=0)
    differing = list(_differing(cells.values()))
    if differing:
        lines += ["", "Packages that differ between cells:", "", *_table(["package", "versions"], differing, numbers=0)]
    return _lines([*lines, "", "</details>"])


def _differing(cells: Iterable[CellFacts]) -> Iterable[list[str]]:
    """A row a package: each version, and the cells that have it."""
    known = list(cells)
    for package in sorted({name for cell in known for name in cell.versions}):
        versions: dict[str, list[str]] = {}
        for cell in known:
            version = (cell.versions[package] or "without a version") if package in cell.versions else "none"
            versions.setdefault(version, []).append(cell.name)
        if len(versions) > 1:
            told_of = (f"{escaped(version)}: {escaped(', '.join(names))}" for version, names in versions.items())
            yield [escaped(package), "<br>".join(told_of)]


def _table(head: Sequence[str], rows: Sequence[Sequence[str]], *, numbers: int) -> list[str]:
    """``numbers`` columns after the first are set to the right."""
    rules = ["---", *["--:"] * numbers, *["---"] * (len(head) - 1 - numbers)]
    return [f"| {' | '.join(row)} |" for row in (head, rules, *rows)]


def _lines(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _size(text: str) -> int:
    return len(text.encode(errors="replace"))
