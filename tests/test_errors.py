"""How an error reads."""

from __future__ import annotations

import pytest

from pytest_ofiuco.errors import AmbiguousError, BuildError, OfiucoError, UsageError


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        pytest.param(UsageError("no"), "error: no", id="no remedy"),
        pytest.param(UsageError("no", "yes"), "error: no\nhint: yes", id="a remedy"),
        pytest.param(
            UsageError(f"a{'x' * 5000}b", f"c{'y' * 5000}d"),
            f"error: a{'x' * 1332} … {'x' * 666}b\nhint: c{'y' * 332} … {'y' * 166}d",
            id="of long ones the ends",
        ),
    ],
)
def test_render(error: OfiucoError, expected: str) -> None:
    assert error.render() == expected


def test_what_a_build_said_is_kept() -> None:
    tail = "line\n" * 1000
    assert tail in BuildError(package="a 1.0", reason="failed", tail=tail, log="a.log").render()


def test_names_without_end() -> None:
    error = AmbiguousError("uv.lock", "a" * 100_000, "here", ["b" * 100_000, "c" * 100_000])
    assert len(error.render()) < 3000
