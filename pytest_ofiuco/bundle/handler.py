"""Whether a handler such as ``app.handler`` is in the zip: its module is there, and defines the name at its top.

Nothing is imported: the code may be for another platform. ``from x import handler`` is followed as far as the zip goes.
https://docs.aws.amazon.com/lambda/latest/dg/python-handler.html
"""

from __future__ import annotations

import ast
import difflib
from collections.abc import Iterator, Mapping

from pytest_ofiuco.bundle.entries import Entry
from pytest_ofiuco.errors import BundleError, UsageError, shown

_NAMED = 8


def check(handler: str, entries: Mapping[str, Entry], sites: tuple[str, ...], own: str, what: str = "zip") -> None:
    """Whether ``handler`` is there; packages are below one of ``sites``, and ``own`` is the project's package.

    Raises:
        UsageError: it is not written as a module and a name.
        BundleError: it is not there.
    """
    written, _, name = handler.rpartition(".")
    module = written.replace("/", ".")
    if not name.isidentifier() or not all(part.isidentifier() for part in module.split(".")):
        raise UsageError(f"handler {shown(handler)}: not a module and a name in it", 'write it like "app.handler"')
    code = _Code(entries, sites)
    if code.find(module) is None:
        raise BundleError(
            f"handler {handler}: there is no module {module} in the {what}", _modules_hint(module, code, own, what)
        )
    if not code.defines(module, name):
        top = sorted(name for name in code.names(module) if not name.startswith("_"))
        there = f"it has {', '.join(top[:_NAMED])}" if top else "it defines nothing"
        if len(top) > _NAMED:
            there += f", and {len(top) - _NAMED} more"
        raise BundleError(
            f"handler {handler}: {module} does not define {name} at its top; {there}",
            "name one of these, or define it there",
        )


def check_main(main: str, entries: Mapping[str, Entry], sites: tuple[str, ...], own: str) -> None:
    """Whether what a zip is to start is there: a module, or ``module:function``.

    Raises:
        UsageError: it is not written so.
        BundleError: it is not there.
    """
    module, colon, function = main.partition(":")
    parts = [*module.split("."), *(function.split(".") if colon else ())]
    if not all(part.isidentifier() for part in parts):
        raise UsageError(f"main {shown(main)}: neither a module nor a function in one", 'write it like "app.cli:main"')
    code = _Code(entries, sites)
    path = code.find(module)
    runs_itself = colon or path is None or not path.endswith("/__init__.py") or code.find(f"{module}.__main__")
    if path is None or not runs_itself:
        missing = module if path is None else f"{module}.__main__"
        raise BundleError(f"main {main}: there is no module {missing} in the zip", _modules_hint(module, code, own))
    if colon and not code.defines(module, function.partition(".")[0]):
        raise BundleError(f"main {main}: {module} does not define {function} at its top", "name a function that it has")


def _modules_hint(module: str, code: _Code, own: str, what: str = "zip") -> str:
    known = sorted(code.modules(own))
    if not known:
        return (
            f"the {what} has no module of the project's own: put {module} in src or at the top, or name it in `include`"
        )
    close = difflib.get_close_matches(module, known, 1, 0.5) or [
        each for each in known if each.rpartition(".")[2] == module.rpartition(".")[2]
    ]
    if close:
        return f"write {close[0]}, if that is what is meant"
    return f"name a module of the project: {', '.join(known[:_NAMED])}"


class _Code:
    """The modules of a zip."""

    def __init__(self, entries: Mapping[str, Entry], sites: tuple[str, ...]) -> None:
        self._entries, self._sites = entries, sites

    def find(self, module: str) -> str | None:
        """The path of a module, if it is there: of a package its ``__init__.py``."""
        path = module.replace(".", "/")
        for site in self._sites:
            for candidate in (f"{site}{path}/__init__.py", f"{site}{path}.py"):
                if candidate in self._entries:
                    return candidate
            stem = f"{site}{path}."
            for candidate in self._entries:
                if candidate.startswith(stem) and candidate.endswith((".so", ".pyd")):
                    return candidate
        return None

    def modules(self, package: str | None) -> set[str]:
        """The modules that a package has brought, or all."""
        found = set()
        for path, entry in self._entries.items():
            if path.endswith(".py") and package in (None, entry.package):
                site = next((each for each in self._sites if path.startswith(each)), "")
                name = path.removeprefix(site).removesuffix(".py").removesuffix("/__init__").replace("/", ".")
                if all(part.isidentifier() for part in name.split(".")):
                    found.add(name)
        return found

    def names(self, module: str) -> set[str]:
        """What a module defines at its top."""
        return {name for name, origin in self._bound(module) if origin is None}

    def defines(self, module: str, name: str, seen: frozenset[tuple[str, str]] = frozenset()) -> bool:
        """Whether a module has a name; what cannot be read here is taken to have it."""
        path = self.find(module)
        if path is None or not path.endswith(".py"):
            return True
        if (module, name) in seen:
            return False
        seen |= {(module, name)}
        for bound, origin in self._bound(module):
            if bound == name and (origin is None or not origin[1] or self._has(*origin, seen)):
                return True
            if bound == "*" and origin is not None and self.find(origin[0]) and self.defines(origin[0], name, seen):
                return True
        return False

    def _has(self, module: str, name: str, seen: frozenset[tuple[str, str]]) -> bool:
        return self.find(f"{module}.{name}") is not None or self.defines(module, name, seen)

    def _bound(self, module: str) -> Iterator[tuple[str, tuple[str, str] | None]]:
        """Names at the top of a module, each with the module and the name there that it is imported from."""
        path = self.find(module)
        if path is None or not path.endswith(".py"):
            return
        try:
            tree = ast.parse(self._entries[path].read())
        except (SyntaxError, ValueError) as error:
            raise BundleError(f"{path}: cannot be parsed: {error}", "correct it: Python cannot import it") from error
        package = module if path.endswith("/__init__.py") else module.rpartition(".")[0]
        yield from _of_body(tree.body, package)


def _of_body(body: list[ast.stmt], package: str) -> Iterator[tuple[str, tuple[str, str] | None]]:
    for statement in body:
        match statement:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name, None
            case ast.Assign(targets=targets):
                yield from ((name, None) for target in targets for name in _targets(target))
            case ast.AnnAssign(target=target, value=ast.expr()):
                yield from ((name, None) for name in _targets(target))
            case ast.Import(names=names):
                yield from ((each.asname or each.name.partition(".")[0], (each.name, "")) for each in names)
            case ast.ImportFrom(module=module, names=names, level=level):
                origin = _absolute(module, level, package)
                yield from ((each.asname or each.name, (origin, each.name)) for each in names)
            case ast.If() | ast.Try() | ast.With() | ast.For() | ast.While():
                for field in ("body", "orelse", "finalbody"):
                    yield from _of_body(getattr(statement, field, []), package)
                for each in getattr(statement, "handlers", []):
                    yield from _of_body(each.body, package)


def _targets(target: ast.expr) -> Iterator[str]:
    match target:
        case ast.Name(id=name):
            yield name
        case ast.Tuple(elts=elements) | ast.List(elts=elements):
            for each in elements:
                yield from _targets(each)
        case ast.Starred(value=value):
            yield from _targets(value)


def _absolute(module: str | None, level: int, package: str) -> str:
    if not level:
        return module or ""
    parts = package.split(".")
    base = parts[: len(parts) - level + 1]
    return ".".join([*base, *([module] if module else [])])
