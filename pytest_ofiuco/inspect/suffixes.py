"""Extension modules, bytecode and wheels that are for another Python, by what their names and first bytes say.

Names of extension modules: https://peps.python.org/pep-3149/; of bytecode: https://peps.python.org/pep-3147/.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from packaging.tags import Tag, parse_tag

from pytest_ofiuco.core.target import Target
from pytest_ofiuco.inspect.binary import UnreadableError
from pytest_ofiuco.inspect.complaint import Complaint
from pytest_ofiuco.inspect.tree import Member, Tree

_EXTENSIONS = (".so", ".pyd")
_IMPLEMENTATIONS = ("cpython-", "cp", "pypy")
_MAGIC = {3413: "3.8", 3425: "3.9", 3439: "3.10", 3495: "3.11", 3531: "3.12", 3571: "3.13", 3627: "3.14"}
"""What bytecode begins with, by the released Python that it is of."""


def complaints(tree: Tree, target: Target) -> Iterator[tuple[str, Complaint]]:
    """Of every file whose name or first bytes tell of another Python."""
    suited = {_module(member.path) for member in tree.members if _python(member.path) in (None, _wanted(target))}
    for member in tree.members:
        if member.path.endswith(_EXTENSIONS):
            python = _python(member.path)
            if python not in (None, _wanted(target)) and _module(member.path) not in suited:
                message = f"is for {_said(python or '')}: Python {target.python} does not import it"
                hint = f"take a wheel for Python {target.python}"
                yield member.path, Complaint(code="python", message=message, hint=hint, is_of_machine=True)
        elif member.path.endswith(".pyc"):
            yield from _of_bytecode(member, target)
    accepted = {str(tag) for tag in target.tags}
    for folder, package in tree.packages.items():
        tags = {str(tag) for text in package.tags for tag in _tags(text)}
        if tags and not tags & accepted:
            message = f"its wheel is for {', '.join(sorted(package.tags))}"
            hint = f"install the wheel that `ofiuco resolve` names for {target}"
            yield f"{folder}/WHEEL", Complaint(code="wheel", message=message, hint=hint, severity="warning")


def _tags(text: str) -> frozenset[Tag]:
    try:
        return parse_tag(text)
    except ValueError:
        return frozenset()


def is_extension(path: str) -> bool:
    """Whether it is a module that Python may import."""
    return path.endswith(".pyd") or (path.endswith(".so") and posixpath.basename(path).count(".") > 1)


def _python(path: str) -> str | None:
    """The Python that an extension module is for, as ``cp312``, ``cp313t`` or ``pp310``; none where any will do."""
    if not path.endswith(_EXTENSIONS):
        return ""
    tag = posixpath.basename(path).split(".")[1]
    if not tag.startswith(_IMPLEMENTATIONS):
        return None
    name, number = tag.split("-")[:2] if tag.startswith("cpython-") else (tag.partition("-")[0], "")
    text = name.removeprefix("cpython").removeprefix("cp").removeprefix("pypy") + number
    if not text[:1].isdigit():
        return None
    return ("pp" if name.startswith("pypy") else "cp") + text.rstrip("dmu")


def _wanted(target: Target) -> str:
    python = target.python
    prefix = "pp" if python.implementation == "pypy" else "cp"
    return f"{prefix}{python.version.major}{python.version.minor}{'t' if python.free_threaded else ''}"


def _module(path: str) -> str:
    folder, _, name = path.rpartition("/")
    return f"{folder}/{name.partition('.')[0]}"


def _said(tag: str) -> str:
    """``cp311`` is CPython 3.11."""
    name = "PyPy" if tag.startswith("pp") else "CPython"
    return f"{name} {tag[2:3]}.{tag[3:]}"


def _of_bytecode(member: Member, target: Target) -> Iterator[tuple[str, Complaint]]:
    folder, name = posixpath.split(member.path)
    if posixpath.basename(folder) == "__pycache__":
        tag = name.split(".")[1] if name.count(".") > 1 else ""
        kind, _, number = tag.partition("-")
        wanted = _wanted(target)
        if kind == "cpython" and f"cp{number}" != wanted.rstrip("t"):
            message = f"is bytecode of {_said(f'cp{number}')}, of no use to Python {target.python}"
            yield member.path, Complaint(code="bytecode", message=message, hint="leave it out", severity="warning")
    elif target.python.implementation == "cpython":
        python = _bytecode_python(member)
        if python is not None and python != "{}.{}".format(*target.python.minor):
            message = f"is bytecode of Python {python}, which Python {target.python} does not import"
            yield member.path, Complaint(code="bytecode", message=message, hint="ship its source")


def _bytecode_python(member: Member) -> str | None:
    try:
        with member.open() as file:
            return _MAGIC.get(int.from_bytes(file.read(2), "little"))
    except UnreadableError:
        return None
