"""Captured text becomes text that a page can hold."""

from __future__ import annotations

import pytest

from pytest_ofiuco.run.page.texts import LONGEST, clean


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("plain\n\ttext", "plain\n\ttext", id="plain"),
        pytest.param("naïve → ✓", "naïve → ✓", id="not ASCII"),
        pytest.param("a \x1b[1;31mred\x1b[0m b", "a \x1b[1;31mred\x1b[0m b", id="colours stay"),
        pytest.param("\x1b[38;2;1;2;3mx\x1b[m", "\x1b[38;2;1;2;3mx\x1b[m", id="all colours stay"),
        pytest.param("a\x1b[2K\x1b[1A\x1b[?25lb", "ab", id="moves of the cursor go"),
        pytest.param("a\x1b[>4;2mb", "ab", id="a private m is no colour"),
        pytest.param("\x1b]8;;file:///x\x1b\\link\x1b]8;;\x07", "link", id="links lose their target"),
        pytest.param("\x1b]0;title\x07x", "x", id="titles go"),
        pytest.param("\x1bPq#0\x1b\\x", "x", id="pictures go"),
        pytest.param("\x1b(Bx\x1b7", "x", id="other escapes go"),
        pytest.param("a\x00b\x08c\x7f", "a␀b␈c␡", id="controls are shown"),
        pytest.param("a\x9bb", "a\\x9bb", id="8-bit controls are shown"),
        pytest.param("a\x1b", "a␛", id="a lone escape"),
        pytest.param("one\r\ntwo\r\n", "one\ntwo\n", id="line ends"),
        pytest.param("1 %\r50 %\r100 %\nnext", "100 %\nnext", id="a bar's last state"),
        pytest.param("100 %\r", "100 %", id="a return at the end"),
        pytest.param("a\udcffb", "a\\xffb", id="bytes that are no text"),
        pytest.param("a\ud800b\udcff", "a\\ud800b\\udcff", id="halves of characters"),
    ],
)
def test_clean(text: str, expected: str) -> None:
    assert clean(text) == expected
    assert clean(expected) == expected
    expected.encode()


def test_what_is_too_long_loses_its_middle() -> None:
    text = clean("a" * LONGEST + "b" * LONGEST)
    assert text.startswith("a" * 20_000 + "\n… 100,000 characters left out …\n")
    assert text.endswith("b" * 80_000)
    assert clean("a" * LONGEST) == "a" * LONGEST
