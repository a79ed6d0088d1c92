"""The table of a page's cells: what each is and came to. HTML, so that it shows without the script, too."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from html import escape

from pytest_ofiuco.run.page.results import OUTCOMES, CellFacts, TestRow

_COLUMNS = ("passed", "failed", "error", "skipped", "xfailed", "xpassed", "not run")
_ALWAYS = ("passed", "failed", "skipped")


def duration(seconds: float) -> str:
    """Seconds in words: ``3 ms``, ``2.4 s``, ``3 min 5 s``."""
    if seconds < 0.995:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def cells_table(cells: Sequence[CellFacts], rows: Sequence[TestRow]) -> str:
    """Totals of each cell."""
    counts = {cell.name: Counter[str]() for cell in cells}
    seconds = dict.fromkeys(counts, 0.0)
    for row in rows:
        for name, result in row.results.items():
            counts[name][result.outcome] += 1
            seconds[name] += result.seconds
    columns = [each for each in _COLUMNS if each in _ALWAYS or any(count[each] for count in counts.values())]
    has_variants = any(cell.variant for cell in cells)
    titles = [
        "Cell",
        "Python",
        "Platform",
        *(["Variant"] if has_variants else []),
        "Outcomes",
        *map(str.capitalize, columns),
    ]
    head = "".join(f'<th scope="col"{_kind(title.lower())}>{title}</th>' for title in [*titles, "Time in tests"])
    body = "".join(_cell_row(cell, counts[cell.name], seconds[cell.name], columns, has_variants) for cell in cells)
    return f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody>"


def _kind(title: str) -> str:
    if title in ("python", "platform", "variant"):
        return ' class="fact"'
    if title == "outcomes":
        return ' class="picture"'
    return ' class="number"' if title in (*_COLUMNS, "time in tests") else ""


def _cell_row(cell: CellFacts, counts: Counter[str], seconds: float, columns: Sequence[str], has_variants: bool) -> str:
    name = f'<th scope="row"><span class="cell-name" data-cell="{escape(cell.name)}">{escape(cell.name)}</span></th>'
    facts = [cell.python, cell.platform, *([cell.variant or "–"] if has_variants else [])]
    told = "".join(f'<td class="fact">{escape(each)}</td>' for each in facts)
    numbers = "".join(
        f'<td class="number {_class(each)}{"" if counts[each] else " none"}">{counts[each]:,}</td>' for each in columns
    )
    problems = "".join(
        f'<tr class="problem {_class(outcome)}"><td colspan="{len(facts) + len(columns) + 3}">'
        f"<div><strong>{escape(cell.name)} {'was skipped' if outcome == 'skipped' else 'has an error'}</strong>"
        f"<pre>{escape(text)}</pre></div></td></tr>"
        for outcome, text in cell.problems
    )
    bar, time = f'<td class="picture">{_bar(counts)}</td>', f'<td class="number">{duration(seconds)}</td>'
    return f"<tr>{name}{told}{bar}{numbers}{time}</tr>{problems}"


def _bar(counts: Counter[str]) -> str:
    """A cell's outcomes as a picture, in 120 parts: at least two of each that there is."""
    total = sum(counts.values())
    parts, left = [], 0.0
    for outcome in OUTCOMES:
        if counts[outcome]:
            width = max(2.0, 120 * counts[outcome] / total)
            parts.append(f'<rect class="{_class(outcome)}" x="{left:.1f}" width="{width:.1f}" height="8"/>')
            left += width
    opening = f'<svg class="bar" viewBox="0 0 {max(left, 120):.1f} 8" preserveAspectRatio="none" aria-hidden="true">'
    return f"{opening}{''.join(parts)}</svg>"


def _class(outcome: str) -> str:
    return f"is-{outcome.replace(' ', '-')}"
