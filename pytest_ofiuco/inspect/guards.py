"""Which imports of a module are certain: those that nothing guards and no test of the target rules out.

By the syntax tree alone (https://docs.python.org/3/library/ast.html); no code is run.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from operator import eq, ge, gt, le, lt, ne
from typing import Any

_ERRORS = {"ImportError", "ModuleNotFoundError", "Exception", "BaseException"}
_COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: eq,
    ast.NotEq: ne,
    ast.Gt: gt,
    ast.GtE: ge,
    ast.Lt: lt,
    ast.LtE: le,
    ast.In: lambda left, right: left in right,
    ast.NotIn: lambda left, right: left not in right,
}
_UNKNOWN = object()


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """``from name import names``, ``level`` dots before it; without ``names`` ``import name``."""

    name: str
    line: int
    level: int = 0
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a target's interpreter says of itself."""

    version: tuple[int, int]
    sys_platform: str
    os_name: str
    platform_system: str
    implementation: str = "cpython"


def imports(tree: ast.Module, facts: Facts, *, is_own: bool) -> Iterator[Import]:
    """The imports that are certain when the module is imported; of one's own code those within functions, too.

    Where a test says nothing of the target, both its branches are taken in one's own code, and none in that of others.
    """
    yield from _Reader(facts, is_own=is_own).body(tree.body)


class _Reader:
    def __init__(self, facts: Facts, *, is_own: bool) -> None:
        self._facts, self._is_own = facts, is_own

    def body(self, statements: Sequence[ast.stmt]) -> Iterator[Import]:
        """The imports of statements, up to the one that ends them."""
        for statement in statements:
            yield from self._statement(statement)
            if self._ends(statement):
                return

    def _ends(self, statement: ast.stmt) -> bool:
        match statement:
            case ast.Raise() | ast.Return():
                return True
            case ast.Assert(test=test):
                return self._truth(test) is False
            case ast.If(test=test, body=body, orelse=orelse):
                truth = self._truth(test)
                taken = body if truth is True else orelse if truth is False else []
                return any(self._ends(each) for each in taken)
        return False

    def _statement(self, statement: ast.stmt) -> Iterator[Import]:
        match statement:
            case ast.Import(names=names, lineno=line):
                for each in names:
                    yield Import(name=each.name, line=line)
            case ast.ImportFrom(module=module, names=names, level=level, lineno=line):
                found = tuple(each.name for each in names if each.name != "*")
                yield Import(name=module or "", line=line, level=level, names=found)
            case ast.If(test=test, body=body, orelse=orelse):
                yield from self._branches(self._truth(test), body, orelse)
            case ast.Try(body=body, handlers=handlers, orelse=orelse, finalbody=last):
                if not any(_catches(each) for each in handlers):
                    yield from self.body((*body, *orelse))
                yield from self.body(last)
            case ast.With(items=items, body=body) | ast.AsyncWith(items=items, body=body):
                if not any(_suppresses(each.context_expr) for each in items):
                    yield from self.body(body)
            case ast.ClassDef(body=body):
                yield from self.body(body)
            case ast.FunctionDef(body=body) | ast.AsyncFunctionDef(body=body) if self._is_own:
                yield from self.body(body)
            case ast.For(body=body, orelse=orelse) | ast.While(body=body, orelse=orelse) if self._is_own:
                yield from self.body(body)
                yield from self.body(orelse)
            case ast.Match(cases=cases) if self._is_own:
                for case in cases:
                    yield from self.body(case.body)

    def _branches(self, truth: object, body: list[ast.stmt], orelse: list[ast.stmt]) -> Iterator[Import]:
        if truth is True or (truth is _UNKNOWN and self._is_own):
            yield from self.body(body)
        if truth is False or (truth is _UNKNOWN and self._is_own):
            yield from self.body(orelse)

    def _truth(self, test: ast.expr) -> object:
        """``True``, ``False``, or not known."""
        match test:
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                truth = self._truth(operand)
                return truth if truth is _UNKNOWN else not truth
            case ast.BoolOp(op=op, values=values):
                truths = [self._truth(each) for each in values]
                decides = isinstance(op, ast.Or)
                if decides in truths:
                    return decides
                return _UNKNOWN if _UNKNOWN in truths else not decides
            case ast.Compare(left=left, ops=[op], comparators=[right]):
                return self._compared(self._value(left), op, self._value(right))
            case ast.Call(func=ast.Attribute(attr="startswith", value=value), args=[argument]):
                text, start = self._value(value), self._value(argument)
                return text.startswith(start) if isinstance(text, str) and isinstance(start, str) else _UNKNOWN
        found = self._value(test)
        return bool(found) if found is not _UNKNOWN else _UNKNOWN

    def _compared(self, left: object, op: ast.cmpop, right: object) -> object:
        compare = _COMPARISONS.get(type(op))
        if compare is None or _UNKNOWN in (left, right):
            return _UNKNOWN
        if isinstance(left, _Version) and isinstance(right, tuple) and type(op) in (ast.Eq, ast.NotEq):
            return _UNKNOWN  # of five parts, of which two are known
        try:
            return bool(compare(tuple(left) if isinstance(left, _Version) else left, right))
        except TypeError:
            return _UNKNOWN

    def _value(self, expression: ast.expr) -> object:
        facts = self._facts
        match expression:
            case ast.Constant(value=value):
                return value
            case ast.Tuple(elts=elements) | ast.List(elts=elements) | ast.Set(elts=elements):
                values = tuple(self._value(each) for each in elements)
                return _UNKNOWN if _UNKNOWN in values else values
            case ast.Name(id="TYPE_CHECKING") | ast.Attribute(attr="TYPE_CHECKING"):
                return False
            case ast.Attribute(value=ast.Name(id="sys"), attr="platform"):
                return facts.sys_platform
            case ast.Attribute(value=ast.Name(id="os"), attr="name"):
                return facts.os_name
            case ast.Attribute(value=ast.Name(id="sys"), attr="version_info"):
                return _Version((*facts.version, 0, "final", 0))
            case ast.Subscript(value=value, slice=ast.Constant(value=0 | 1 as index)):
                version = self._value(value)
                return version[int(index == 1)] if isinstance(version, _Version) else _UNKNOWN
            case ast.Subscript(value=value, slice=ast.Slice(lower=None, upper=ast.Constant(value=2), step=None)):
                version = self._value(value)
                return tuple(version[:2]) if isinstance(version, _Version) else _UNKNOWN
            case ast.Attribute(value=ast.Attribute(attr="version_info"), attr="major" | "minor" as attribute):
                return facts.version[attribute == "minor"]
            case ast.Call(func=ast.Attribute(value=ast.Name(id="platform"), attr="system"), args=[]):
                return facts.platform_system
            case ast.Attribute(value=ast.Attribute(value=ast.Name(id="sys"), attr="implementation"), attr="name"):
                return facts.implementation
        return _UNKNOWN


class _Version(tuple[Any, ...]):
    """``sys.version_info``."""

    __slots__ = ()


def _catches(handler: ast.ExceptHandler) -> bool:
    """Whether an ``except`` takes a module that is not there."""
    return handler.type is None or _names_an_error(handler.type)


def _names_an_error(expression: ast.expr) -> bool:
    match expression:
        case ast.Tuple(elts=elements):
            return any(_names_an_error(each) for each in elements)
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name in _ERRORS
    return False


def _suppresses(expression: ast.expr) -> bool:
    match expression:
        case ast.Call(func=ast.Name(id="suppress") | ast.Attribute(attr="suppress"), args=arguments):
            return any(_names_an_error(each) for each in arguments)
    return False
