"""[tool.ofiuco.zip] of pyproject.toml: what a zip holds of the project's own code, and what it leaves out."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_ofiuco.core.table import Table

_KEYS = ("include", "exclude", "handler")


@dataclass(frozen=True, slots=True, kw_only=True)
class ZipSettings:
    """``include``: paths of packages and modules that ship where the project is none itself, relative to it.

    ``exclude``: patterns of paths in the zip. ``handler``: the one that must be there, where no other is named.
    """

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    handler: str | None = None


def read(table: Table) -> ZipSettings:
    """Read the table.

    Raises:
        InputError: a key that is not known, a value that is not of its kind, or a path that leads out of the project.
    """
    for key in table:
        if key not in _KEYS:
            raise table.wrong(key, "not a key that is known", f"use one of: {', '.join(_KEYS)}")
    include = table.texts("include")
    for index, path in enumerate(include):
        parts = path.replace("\\", "/").split("/")
        if not path or path.startswith(("/", "\\")) or ".." in parts or ":" in parts[0]:
            raise table.wrong(f"include[{index}]", "not a path in the project", 'name one, as in include = ["src/app"]')
    return ZipSettings(include=include, exclude=table.texts("exclude"), handler=table.text("handler"))
