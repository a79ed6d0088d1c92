"""``exclude`` of [tool.ofiuco]: which cells the matrix has not."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from pytest_ofiuco.core.matrix import HOST, Exclusion, PythonRange
from pytest_ofiuco.core.platforms import find
from pytest_ofiuco.core.table import Table
from pytest_ofiuco.errors import UsageError, shown


def check_platform(table: Table, key: str, name: str, defined: Collection[str]) -> None:
    """Whether there is a platform of the name, which stands at ``key``.

    Raises:
        InputError: there is none.
    """
    try:
        if name != HOST and name not in defined:
            find(name)
    except UsageError as error:
        raise table.wrong(key, str(error), error.hint) from error


def exclusions(table: Table, defined: Collection[str], variant_names: Sequence[str]) -> tuple[Exclusion, ...]:
    """Read what is left out; ``defined`` are the platforms with a table.

    Raises:
        InputError: a key that is not known, or names what there is not.
    """
    found = []
    for each in table.tables("exclude"):
        for key in each:
            if key not in ("python", "platform", "variant"):
                raise each.wrong(key, "not a key that is known", "use python, platform and variant")
        python = each.text("python")
        try:
            range_ = PythonRange.parse(python) if python is not None else None
        except UsageError as error:
            raise each.wrong("python", str(error), error.hint) from error
        variant = "" if each.data.get("variant") is False else each.text("variant")
        if each.data.get("variant") is not False and variant not in (None, *variant_names):
            known = f"use one of: {', '.join((*variant_names, 'false'))} (cells without one)"
            raise each.wrong("variant", f"{shown(variant)} is not a variant of the project", known)
        platform = each.text("platform")
        if range_ is None and platform is None and variant is None:
            raise each.wrong("", "excludes everything", "give python, platform, variant, or several of them")
        if platform is not None:
            check_platform(each, "platform", platform, defined)
        found.append(Exclusion(python=range_, platform=platform, variant=variant))
    return tuple(found)
