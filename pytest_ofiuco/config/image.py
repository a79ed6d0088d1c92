"""[tool.ofiuco.image] of pyproject.toml: what would otherwise be said each time that an image is made."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_ofiuco.core.table import Table

_KEYS = ("base", "tag", "prefix", "entrypoint", "cmd", "user", "workdir", "env", "labels", "with-provided")


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageSettings:
    """As the options of ``ofiuco image``; ``base`` is relative to the project."""

    base: str | None = None
    tag: str | None = None
    prefix: str | None = None
    entrypoint: tuple[str, ...] | None = None
    cmd: tuple[str, ...] | None = None
    user: str | None = None
    workdir: str | None = None
    env: tuple[tuple[str, str], ...] = ()
    labels: tuple[tuple[str, str], ...] = ()
    with_provided: bool = False


def read(table: Table) -> ImageSettings:
    """Read the table.

    Raises:
        InputError: a key that is not known, or a value that is not of its kind.
    """
    for key in table:
        if key not in _KEYS:
            raise table.wrong(key, "not a key that is known", f"use one of: {', '.join(_KEYS)}")
    return ImageSettings(
        base=table.text("base"),
        tag=table.text("tag"),
        prefix=table.text("prefix"),
        entrypoint=_words(table, "entrypoint"),
        cmd=_words(table, "cmd"),
        user=table.text("user"),
        workdir=table.text("workdir"),
        env=_pairs(table.table("env")),
        labels=_pairs(table.table("labels")),
        with_provided=table.boolean("with-provided"),
    )


def _words(table: Table, key: str) -> tuple[str, ...] | None:
    return table.texts(key) if key in table else None


def _pairs(table: Table) -> tuple[tuple[str, str], ...]:
    return tuple((key, table.required_text(key)) for key in table)
