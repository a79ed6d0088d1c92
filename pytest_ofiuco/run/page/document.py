"""Results → the text of a page: HTML with its style, its script and its data in it, and nothing from elsewhere.

Pure: equal results give equal bytes. A Content-Security-Policy (https://www.w3.org/TR/CSP3/) admits the style and the
script by their hashes, and no request at all. What a session and its cells came to is HTML, which shows without the
script, too; tests and packages are data that the script draws.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from html import escape
from typing import Any
from urllib.parse import quote

from pytest_ofiuco.run.page.cells_table import cells_table, duration
from pytest_ofiuco.run.page.results import OUTCOMES, RERUN, CellFacts, Result, SessionFacts, TestRow, Warned

SCRIPTS = ("state.js", "markup.js", "grid.js", "detail.js", "cells.js", "start.js")
"""The parts of the script, in order."""

LETTERS = dict(zip((*OUTCOMES, RERUN), "FEXxs.nR", strict=True))
"""How an outcome is written in the data."""

_BROKEN = ("failed", "error")
_ESCAPES = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Assets:
    """The style and the script of every page."""

    style: str
    script: str


def document(
    session: SessionFacts,
    cells: Sequence[CellFacts],
    rows: Sequence[TestRow],
    warnings: Sequence[Warned],
    assets: Assets,
) -> str:
    """The page of a session."""
    verdict, is_good = _verdict(session, cells, rows)
    script = f'"use strict";(()=>{{\n{assets.script}}})();\n'
    policy = (
        f"default-src 'none'; style-src '{_hash(assets.style)}'; script-src '{_hash(script)}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    data = json.dumps(_data(cells, rows, warnings), ensure_ascii=False, separators=(",", ":"))
    for character, escaped in _ESCAPES.items():
        data = data.replace(character, escaped)
    return _PAGE.format(
        policy=policy,
        title=escape(f"{verdict} · {session.title}"),
        icon=quote(_ICON.format(colour="#2f8f5b" if is_good else "#cf3a3f")),
        style=assets.style,
        name=escape(session.title),
        state="good" if is_good else "bad",
        verdict=escape(verdict),
        ending=f'<p class="ending">{escape(session.ending)}</p>' if session.ending else "",
        lock=escape(session.lock),
        started=escape(session.started),
        started_shown=escape(session.started[:16].replace("T", " ")),
        took=duration(session.seconds),
        cells=cells_table(cells, rows),
        made_by=escape(session.made_by),
        data=data,
        script=script,
    )


def _verdict(session: SessionFacts, cells: Sequence[CellFacts], rows: Sequence[TestRow]) -> tuple[str, bool]:
    """What came of it in a few words, and whether that is good."""
    broken = sum(any(result.outcome in _BROKEN for result in row.results.values()) for row in rows)
    lost = sum(any(outcome == "error" for outcome, _ in cell.problems) for cell in cells)
    unheard = sum(any(result.outcome == "not run" for result in row.results.values()) for row in rows)
    said = [
        *([f"{_counted(broken, 'test')} failed"] if broken else []),
        *([f"{_counted(lost, 'cell')} with errors"] if lost else []),
        *([f"{_counted(unheard, 'test')} not run in every cell"] if unheard else []),
    ]
    if not said and not rows:
        return "no tests ran", False
    return ", ".join(said) or "all passed", not said and not session.ending


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _hash(text: str) -> str:
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"


# What the script draws


def _data(cells: Sequence[CellFacts], rows: Sequence[TestRow], warnings: Sequence[Warned]) -> dict[str, Any]:
    """All results, each text once. A test is [node id, a letter a cell, milliseconds a cell, what more there is]."""
    texts: dict[str, int] = {}
    names = [cell.name for cell in cells]
    tests = [_test(row, names, texts) for row in rows]
    return {
        "cells": [_cell(cell) for cell in cells],
        "outcomes": {letter: outcome for outcome, letter in LETTERS.items()},
        "tests": tests,
        "texts": list(texts),
        "warnings": [[each.category, each.text, each.place, each.count, list(each.cells)] for each in warnings],
    }


def _cell(cell: CellFacts) -> dict[str, Any]:
    return {
        "name": cell.name,
        "python": cell.python,
        "platform": cell.platform,
        "tag": cell.tag,
        "execution": cell.execution,
        "variant": cell.variant,
        "markers": dict(sorted(cell.markers.items())),
        "packages": dict(sorted(cell.packages.items())),
        "problems": [list(each) for each in cell.problems],
    }


def _test(row: TestRow, names: Sequence[str], texts: dict[str, int]) -> list[Any]:
    results = [row.results.get(name) for name in names]
    letters = "".join("-" if each is None else LETTERS[each.outcome] for each in results)
    milliseconds = [0 if each is None else _milliseconds(each.seconds) for each in results]
    more = {index: _more(each, texts) for index, each in enumerate(results) if each is not None}
    return [row.nodeid, letters, milliseconds, {str(index): each for index, each in more.items() if any(each)}]


def _milliseconds(seconds: float) -> float:
    """To three digits, and no finer than a tenth: a number as short as it can be."""
    found = float(f"{seconds * 1000:.3g}")
    return int(found) if found >= 10 else round(found, 1)


def _more(result: Result, texts: dict[str, int]) -> list[Any]:
    def place(text: str) -> int:
        return texts.setdefault(text, len(texts))

    parts = [[part.label, LETTERS.get(part.outcome, "E"), place(part.text)] for part in result.parts]
    output = [[title, place(text)] for title, text in result.output]
    return [result.message, parts, output]


_ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">'
    '<rect width="16" height="16" rx="4" fill="{colour}"/></svg>'
)

_PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>{title}</title>
<link rel="icon" href="data:image/svg+xml,{icon}">
<style>{style}</style>
</head>
<body>
<header class="masthead">
<p class="eyebrow">ofiuco matrix</p>
<h1>{name}</h1>
<p class="verdict {state}">{verdict}</p>
{ending}
<dl class="session">
<div><dt>Lock</dt><dd id="lock">{lock}</dd></div>
<div><dt>Started</dt><dd><time datetime="{started}">{started_shown}</time></dd></div>
<div><dt>Took</dt><dd>{took}</dd></div>
</dl>
</header>
<main>
<section aria-labelledby="cells-title">
<h2 id="cells-title">Cells</h2>
<div class="scroll" tabindex="0" role="region" aria-labelledby="cells-title"><table class="cells">{cells}</table></div>
</section>
<noscript><p class="ending">Tests, tracebacks and packages need JavaScript, which is switched off here.</p></noscript>
<div id="app"></div>
</main>
<footer><p>{made_by}</p></footer>
<script type="application/json" id="data">{data}</script>
<script>{script}</script>
</body>
</html>
"""
