"""Handlers: whether they are there, found without importing anything."""

from __future__ import annotations

import pytest

from pytest_ofiuco.bundle import handler
from pytest_ofiuco.bundle.entries import Entry
from pytest_ofiuco.errors import BundleError, UsageError

FILES = {
    "app.py": """
from __future__ import annotations
import json as codec, os.path
import other as whole
from other import first as second, missing
from pack import deep, renamed
from pack.star import *
from elsewhere import anything
def function(): ...
async def coroutine(): ...
class Class: ...
assigned = one, (two, *three) = 1
annotated: int = 1
only_annotated: int
if os.name == "nt":
    conditional = 1
else:
    try:
        tried = 1
    except ImportError:
        excepted = 1
    finally:
        at_last = 1
with open("a") as file:
    within = 1
def outer():
    inner = 1
""",
    "other.py": "first = 1\n",
    "pack/__init__.py": "from .deep import value as renamed\n",
    "pack/deep.py": "from ..nowhere import circle\nvalue = 1\n",
    "pack/star.py": "from pack.star2 import *\nfrom_star = 1\n",
    "pack/star2.py": "from pack.star import *\nfrom_star_2 = 1\n",
    "native.cpython-313-aarch64-linux-gnu.so": "",
    "broken.py": "def handler(:\n",
    "empty.py": "",
    "many.py": "\n".join(f"def name{number}(): ..." for number in range(10)),
    "library/api.py": "def handler(): ...\n",
}


def check(written: str, site: str = "") -> None:
    entries = {
        site + path: Entry.of(site + path, "library" if path.startswith("library") else "own", text.encode())
        for path, text in FILES.items()
    }
    handler.check(written, entries, (site,), "own")


TOP = """
function coroutine Class assigned one two three annotated conditional tried excepted at_last within codec os
whole second deep renamed from_star from_star_2 anything
"""


@pytest.mark.parametrize("name", TOP.split())
def test_names_at_the_top(name: str) -> None:
    check(f"app.{name}")


@pytest.mark.parametrize("written", ["pack/deep.value", "pack.renamed", "native.handler", "library.api.handler"])
def test_handlers(written: str) -> None:
    check(written)
    check(written, "python/")


@pytest.mark.parametrize(
    ("written", "message"),
    [
        pytest.param(
            "ap.function",
            "error: handler ap.function: there is no module ap in the zip\nhint: write app, if that is what is meant",
            id="module",
        ),
        pytest.param(
            "deep.value",
            "error: handler deep.value: there is no module deep in the zip\n"
            "hint: write pack.deep, if that is what is meant",
            id="a module of a package",
        ),
        pytest.param(
            "zzz.handler",
            "error: handler zzz.handler: there is no module zzz in the zip\nhint: name a module of the project:"
            " app, broken, empty, many, other, pack, pack.deep, pack.star",
            id="nothing like it",
        ),
        pytest.param(
            "other.handler",
            "error: handler other.handler: other does not define handler at its top; it has first\n"
            "hint: name one of these, or define it there",
            id="name",
        ),
        pytest.param(
            "empty.handler",
            "error: handler empty.handler: empty does not define handler at its top; it defines nothing\n"
            "hint: name one of these, or define it there",
            id="no name",
        ),
        pytest.param(
            "many.handler",
            "error: handler many.handler: many does not define handler at its top; it has name0, name1, name2, name3,"
            " name4, name5, name6, name7, and 2 more\nhint: name one of these, or define it there",
            id="many names",
        ),
    ],
)
def test_no_handler(written: str, message: str) -> None:
    with pytest.raises(BundleError) as caught:
        check(written)
    assert caught.value.render() == message


@pytest.mark.parametrize("name", ["only_annotated", "inner", "missing"])
def test_names_that_are_not_there(name: str) -> None:
    """Not assigned, not at the top, and imported from a module of the zip that does not have it."""
    with pytest.raises(BundleError, match=f"app does not define {name} at its top"):
        check(f"app.{name}")


def test_what_cannot_be_parsed() -> None:
    with pytest.raises(BundleError, match=r"broken\.py: cannot be parsed: "):
        check("broken.handler")


@pytest.mark.parametrize("written", ["handler", "app.", ".handler", "app:handler", "app.1", ""])
def test_not_written_as_one(written: str) -> None:
    with pytest.raises(UsageError) as caught:
        check(written)
    assert caught.value.render() == (
        f'error: handler {written!r}: not a module and a name in it\nhint: write it like "app.handler"'
    )
