"""What cells say is shown once where they say the same."""

from __future__ import annotations

from typing import cast

import pytest

from pytest_ofiuco.run.messages import Said
from pytest_ofiuco.run.words import Words


class Reporter:
    """Keeps what is written."""

    def __init__(self) -> None:
        self.text = ""

    def write_line(self, line: str) -> None:
        self.text += f"{line}\n"

    def write_sep(self, mark: str, title: str) -> None:
        self.text += f"{mark} {title}\n"

    def write(self, text: str) -> None:
        self.text += text

    def ensure_newline(self) -> None:
        """There always is one."""


def told(words: Words, cells: list[str]) -> str:
    reporter = Reporter()
    shown = cast(pytest.TerminalReporter, reporter)
    words.show_header(shown, cells)
    words.show_summary(shown)
    return reporter.text


def test_headers_and_summaries_once() -> None:
    words = Words()
    words.hear(Said(where="header", text="mode: strict\nseed: 1"), "py310")
    words.hear(Said(where="header", text="mode: strict\nseed: 2"), "py313")
    for cell in ("py310", "py313", "py310"):
        words.hear(Said(where="summary", text="all is well\n"), cell)
    words.hear(Said(where="summary", text="  slower"), "py313")
    assert told(words, ["py310", "py313"]) == (
        "mode: strict\npy310:\n  seed: 1\npy313:\n  seed: 2\n─ py310, py313\nall is well\n─ py313\n  slower\n"
    )


@pytest.mark.parametrize(
    "cells", [["py313-arm"], ["py313-host", "py313-arm"], []], ids=["alone", "among others", "no tests"]
)
def test_what_runs_a_cell_is_said_with_its_name(cells: list[str]) -> None:
    words = Words()
    words.hear_what_runs("CPython 3.13.5, qemu 10.0.13", "py313-arm")
    words.hear(Said(where="header", text="mode: strict"), "py313-arm")
    words.hear(Said(where="header", text="mode: strict"), "py313-host")
    assert told(words, cells) == "py313-arm:\n  CPython 3.13.5, qemu 10.0.13\nmode: strict\n"


def test_what_runs_all_cells_is_said_with_their_names() -> None:
    words = Words()
    for cell in ("py313-arm", "py311-arm"):
        words.hear_what_runs("behind qemu", cell)
        words.hear(Said(where="header", text=f"seed: {cell[:5]}"), cell)
    assert told(words, ["py311-arm", "py313-arm"]) == (
        "py311-arm, py313-arm:\n  behind qemu\npy313-arm:\n  seed: py313\npy311-arm:\n  seed: py311\n"
    )


def test_where_no_cell_has_tests_what_only_some_say_is_said_with_their_names() -> None:
    words = Words()
    words.hear(Said(where="header", text="mode: strict\nseed: 1"), "py310")
    words.hear(Said(where="header", text="mode: strict"), "py313")
    assert told(words, []) == "mode: strict\npy310:\n  seed: 1\n"


def test_nothing_is_said() -> None:
    assert told(Words(), ["py310"]) == ""
