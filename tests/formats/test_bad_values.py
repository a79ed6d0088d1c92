"""Every value of a lock and of its pyproject.toml, replaced by wrong ones: an answer or an error of ours, no other."""

from __future__ import annotations

import copy
import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from pytest_ofiuco import config
from pytest_ofiuco.core.resolve import resolve
from pytest_ofiuco.core.table import Table
from pytest_ofiuco.errors import OfiucoError
from pytest_ofiuco.export.json import resolution_json
from pytest_ofiuco.formats import pdm, poetry, pylock, uv
from tests.formats.examples import LOCKS, PYPROJECT
from tests.targets import LINUX_X86_64

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

READERS = {
    "poetry.lock": poetry.read,
    "uv.lock": uv.read,
    "pylock.toml": pylock.read,
    "pdm.lock": pdm.read,
    "pdm.graph.lock": pdm.read,
}
WRONG: tuple[Any, ...] = (
    None,
    0,
    1.5,
    True,
    "",
    "\x00",
    "é ≥",
    "http://[",
    "python_version >= 'x'",
    "extra == 1 (",
    "2.1.1+local",
    [],
    [1],
    ["http://["],
    [[]],
    [{}],
    {},
    {"": 1},
    {"url": "http://["},
    {"git": "http://["},
    {"x": [{"name": "-"}]},
)


def variants(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The paths of every value in a document."""
    if path:
        yield path
    for key, each in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from variants(each, (*path, key))


def replaced(document: dict[str, Any], path: tuple[str | int, ...], value: Any) -> dict[str, Any]:
    """The document with another value at a path, or without it where the value is none."""
    copied = copy.deepcopy(document)
    inner: Any = copied
    for key in path[:-1]:
        inner = inner[key]
    if value is None:
        del inner[path[-1]]
    else:
        inner[path[-1]] = value
    return copied


def cases(text: str) -> list[Any]:
    document = tomllib.loads(text)
    return [pytest.param(path, id=".".join(map(str, path))) for path in variants(document)]


def answer(name: str, lock: dict[str, Any], pyproject: dict[str, Any]) -> str:
    read = READERS[name](Table(lock, file=name), b"", Table(pyproject, file="pyproject.toml"))
    found = ""
    for groups in (None, read.groups):
        found += resolution_json(resolve(read, LINUX_X86_64, read.selection(groups=groups)))
    return found + resolution_json(resolve(read, LINUX_X86_64, read.selection(all_extras=True)))


def check(name: str, lock: dict[str, Any], pyproject: dict[str, Any]) -> None:
    """An answer, or an error of ours that has a hint."""
    rendered = ""
    try:
        answer(name, lock, pyproject)
    except OfiucoError as error:
        rendered = error.render()
    assert not rendered or "\nhint: " in rendered


@pytest.mark.parametrize("name", LOCKS)
def test_the_examples_are_right(name: str) -> None:
    assert answer(name, tomllib.loads(LOCKS[name]), tomllib.loads(PYPROJECT))


@pytest.mark.parametrize(
    ("name", "path"),
    [pytest.param(name, *case.values, id=f"{name}-{case.id}") for name, text in LOCKS.items() for case in cases(text)],
)
def test_lock(name: str, path: tuple[str | int, ...]) -> None:
    document, pyproject = tomllib.loads(LOCKS[name]), tomllib.loads(PYPROJECT)
    for value in WRONG:
        check(name, replaced(document, path, value), pyproject)


@pytest.mark.parametrize("path", cases(PYPROJECT))
def test_pyproject(path: tuple[str | int, ...]) -> None:
    pyproject = tomllib.loads(PYPROJECT)
    for value in WRONG:
        for name, text in LOCKS.items():
            check(name, tomllib.loads(text), replaced(pyproject, path, value))


CONFIG = """
[tool.ofiuco]
lock = "uv.lock"
python = ["3.12"]
platforms = ["host", "box"]
groups = ["main"]
extras = ["cpu"]
test-groups = ["dev"]
install-project = "wheel"
missing-python = "skip"
exclude = [{ python = "3.12", platform = "box" }, { variant = false }, { variant = "django4.2" }]

[tool.ofiuco.platform.box]
tag = "manylinux_2_28_aarch64"
python = [">=3.12"]
provided = ["boto3"]
interpreters = ["python3"]
markers = { platform_release = "5" }

[tool.ofiuco.variants]
django = ["4.2", "5.0"]

[tool.ofiuco.variants.old]
lock = "old/uv.lock"
replace = { django = "4.1", click = false, flask = { version = "2", lock = "old/uv.lock" } }

[tool.ofiuco.variants.files]
lock = ["old/uv.lock", "poetry.lock"]

[tool.ofiuco.variants.files.replace]
a = "lib/a-1-py3-none-any.whl#sha256=HASH"
b = { path = "lib/b-1-py3-none-any.whl", hash = "sha256:HASH" }
c = { url = "https://files.example.org/c-1-py3-none-any.whl", hash = "sha256:HASH" }
d = { wheels = [{ path = "d-1-py3-none-any.whl", hash = "sha256:HASH" }] }
""".replace("HASH", "0" * 64)


def test_the_configuration_is_right() -> None:
    assert config.read(Table(tomllib.loads(CONFIG), file="pyproject.toml")).variants


@pytest.mark.parametrize("path", cases(CONFIG))
def test_config(path: tuple[str | int, ...]) -> None:
    document = tomllib.loads(CONFIG)
    for value in WRONG:
        with suppress(OfiucoError):
            config.read(Table(replaced(document, path, value), file="pyproject.toml"))
