"""``container`` of [tool.ofiuco.platform.NAME]: an image that a platform's cells run in a container of."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_ofiuco.core.table import Table
from pytest_ofiuco.core.target import Python

_KEYS = ("image", "python", "options")
_PYTHON = "{python}"
_REMEDY = 'name one as the engine takes it, as in container = "python:{python}-slim"'


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerSettings:
    """``image`` and ``python``, the command in it, may hold ``{python}``; ``options`` are the engine's, of ``run``."""

    image: str
    python: str | None = None
    options: tuple[str, ...] = ()

    def image_for(self, python: Python) -> str:
        """The image for a Python."""
        return self.image.replace(_PYTHON, _minor(python))

    def command_for(self, python: Python) -> str:
        """The command in the image that is to be a Python."""
        if self.python is not None:
            return self.python.replace(_PYTHON, _minor(python))
        return f"{'pypy' if python.implementation == 'pypy' else 'python'}{_minor(python)}"


def read(platform: Table) -> ContainerSettings:
    """Read the key of a platform's table: an image, or a table.

    Raises:
        InputError: a key that is not known, or a value that is not of its kind.
    """
    for other in ("launcher", "ssh", "interpreters"):
        if other in platform:
            raise platform.wrong("container", f"{other} is given, too", f"give container or {other}")
    if not isinstance(platform.data["container"], dict):
        return ContainerSettings(image=_named(platform, "container"))
    table = platform.table("container")
    for key in table:
        if key not in _KEYS:
            raise table.wrong(key, "not a key that is known", f"use one of: {', '.join(_KEYS)}")
    return ContainerSettings(
        image=_named(table, "image"),
        python=table.text("python"),
        options=table.texts("options"),
    )


def _named(table: Table, key: str) -> str:
    image = table.required_text(key).strip()
    if not image or image.startswith("-"):
        raise table.wrong(key, "names no image", _REMEDY)
    return image


def _minor(python: Python) -> str:
    return f"{python.minor[0]}.{python.minor[1]}{'t' * python.free_threaded}"
