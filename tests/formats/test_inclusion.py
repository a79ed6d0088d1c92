"""Groups that include others, each once."""

from __future__ import annotations

import pytest

from pytest_ofiuco.formats._inclusion import with_included

GROUPS = {"a": "bc", "b": "d", "c": "db", "d": "", "e": "fe", "f": "e"}


def included(name: str) -> list[tuple[str, str]]:
    return [(other, f"in {name}") for other in GROUPS[name]]


def circle(name: str, where: str) -> ValueError:
    return ValueError(f"{name} {where}")


@pytest.mark.parametrize(("name", "expected"), [("a", "abdc"), ("b", "bd"), ("d", "d")])
def test_each_once(name: str, expected: str) -> None:
    assert "".join(with_included(name, included, circle)) == expected


def test_circles() -> None:
    with pytest.raises(ValueError, match=r"^e in f$"):
        with_included("e", included, circle)
    assert with_included("e", included, None) == ["e", "f"]
