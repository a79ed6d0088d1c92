"""Preparation is shown as a bar on a terminal and in plain lines elsewhere."""

from __future__ import annotations

import io
import threading

import pytest

from pytest_ofiuco.run.progress import PreparationProgress


class Terminal(io.StringIO):
    """Text that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def plain(total: int, lines: list[str]) -> PreparationProgress:
    return PreparationProgress(total, lines.append, None)


def test_plain_lines_name_what_was_built_and_end_in_a_summary() -> None:
    lines: list[str] = []
    with plain(3, lines) as progress:
        progress.started("pytest")
        progress.fetched("pytest-9.whl", 1_500_000)
        progress.fetched("pluggy-1.whl", 500_000)
        progress.finished("pytest")
        progress.ready("py310-host", was_cached=True, seconds=0.01)
        progress.ready("py313-host", was_cached=False, seconds=1.26)
        progress.not_ready("py312-host")
    assert lines == [
        "prepared py313-host in 1.3s",
        "Preparing environments: 3/3 (1 cached, 1 built, 1 failed, 2 files fetched, 2.0 MB)",
    ]


def test_a_single_file_is_one_file() -> None:
    progress = plain(1, [])
    progress.fetched("pytest-9.whl", 10)
    assert progress.summary() == "0/1 (0 cached, 0 built, 1 file fetched, 10 B)"


def test_a_run_that_finds_everything_says_so_in_one_line() -> None:
    lines: list[str] = []
    with plain(2, lines) as progress:
        progress.ready("py310-host", was_cached=True, seconds=0.01)
        progress.ready("py313-host", was_cached=True, seconds=0.01)
    assert lines == ["Preparing environments: 2/2 (2 cached, 0 built)"]


def test_a_terminal_gets_a_bar_and_the_same_last_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    lines: list[str] = []
    terminal = Terminal()
    with PreparationProgress(1, lines.append, terminal) as progress:
        progress.fetched("pytest-9.whl", 10)
        progress.ready("py310-host", was_cached=False, seconds=1.0)
    progress.fetched("late.whl", 1)  # a thread that is still at it draws nothing any more
    assert "Preparing environments" in terminal.getvalue()
    assert lines == ["Preparing environments: 1/1 (0 cached, 1 built, 1 file fetched, 10 B)"]


def test_an_interrupted_preparation_takes_its_bar_away_and_claims_nothing() -> None:
    lines: list[str] = []

    def interrupted() -> None:
        with PreparationProgress(1, lines.append, Terminal()) as progress:
            progress.started("pytest")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert lines == []


def test_it_counts_from_several_threads() -> None:
    progress = plain(1, [])

    def fetch() -> None:
        for _ in range(500):
            progress.fetched("a", 1)

    threads = [threading.Thread(target=fetch) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (progress.files, progress.bytes) == (4000, 4000)
