"""Can a marker ever hold? On some Python, on some platform, with some extras: a search through the worlds there are.

``packaging`` does all the evaluating, one comparison at a time. It offers no public view of a marker's structure, but
``str`` of a marker has one form only: a comparison is two operands with an operator between them, an operand without
quotes is a variable, and what joins comparisons is ``and``, ``or`` and parentheses. That is read here, and each
comparison is given back to ``packaging`` as a marker of its own.

Variables that depend on each other are one *family*: the four of the platform, the two of the Python version, the two
of the implementation. The worlds of a family are finitely many, built around the literals that the marker compares
with. In doubt a marker can hold: what is said to hold never does hold nowhere.

https://packaging.python.org/specifications/dependency-specifiers/#environment-markers
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from packaging.markers import InvalidMarker, Marker
from packaging.specifiers import SpecifierSet

from pytest_ofiuco.core import worlds
from pytest_ofiuco.core.worlds import World

_MOST_STEPS = 1000
"""Of one search; then the marker is believed to hold somewhere."""

_MOST_COMPARISONS = 300
_MOST_EVALUATED = 30_000
"""Of one marker, and worlds times comparisons of one family: beyond that it is believed unseen."""

_UNDECIDABLE = (ValueError, TypeError)
"""What ``packaging`` raises where values cannot be compared; its own errors are of the first kind."""


@lru_cache(maxsize=8192)
def can_hold(marker: Marker, admitted: tuple[SpecifierSet, ...] = ()) -> bool:
    """Whether there is a world in which ``marker`` holds.

    ``admitted``: specifiers of which one must admit the Python; empty means every Python.
    """
    try:
        return _Search(_read(str(marker)), admitted).succeeds()
    except _UNDECIDABLE:
        return True


@dataclass(frozen=True, slots=True)
class _Comparison:
    """Two operands and an operator; ``family``: the variables that are decided together with its own."""

    text: str
    family: str
    variable: str
    literal: str


_Alternatives = tuple[tuple["_Comparison | _Alternatives", ...], ...]
"""An ``or`` of ``and``s, as both bind."""


def _read(text: str) -> _Alternatives:
    """The structure of a marker that ``packaging`` has written.

    Raises:
        InvalidMarker: it is not written as expected.
    """
    stack: list[list[list[_Comparison | _Alternatives]]] = [[[]]]
    words: list[str] = []

    def end_comparison() -> None:
        if words:
            stack[-1][-1].append(_comparison(words))
            words.clear()

    for token in _tokens(text):
        if token == "(":
            stack.append([[]])
        elif token == ")":
            end_comparison()
            stack[-2][-1].append(_frozen(stack.pop()))
        elif token in ("and", "or"):
            end_comparison()
            if token == "or":
                stack[-1].append([])
        else:
            words.append(token)
    end_comparison()
    return _frozen(stack[0])


def _frozen(alternatives: list[list[_Comparison | _Alternatives]]) -> _Alternatives:
    return tuple(tuple(each) for each in alternatives)


def _tokens(text: str) -> Iterator[str]:
    """Parentheses, words, and literals with their quotes."""
    position = 0
    while position < len(text):
        first = text[position]
        if first == " ":
            position += 1
            continue
        if first in "()":
            end = position + 1
        elif first in "\"'":
            end = text.index(first, position + 1) + 1
        else:
            end = min((at for at in (text.find(stop, position) for stop in " )") if at >= 0), default=len(text))
        yield text[position:end]
        position = end


def _comparison(words: Sequence[str]) -> _Comparison:
    """Of ``words`` the first and the last are operands.

    Raises:
        InvalidMarker: not exactly one of them is a variable.
    """
    variables = [word for word in (words[0], words[-1]) if word[0] not in "\"'"]
    literals = [word[1:-1] for word in (words[0], words[-1]) if word[0] in "\"'"]
    if len(variables) != 1 or len(literals) != 1:
        raise InvalidMarker(" ".join(words))
    (variable,), (literal,) = variables, literals
    return _Comparison(" ".join(words), worlds.family_of(variable, literal), variable, literal)


def _all(node: _Alternatives) -> Iterator[_Comparison]:
    for alternative in node:
        for part in alternative:
            if isinstance(part, _Comparison):
                yield part
            else:
                yield from _all(part)


class _Search:
    """For worlds, one of each family, in which an expression is true."""

    def __init__(self, expression: _Alternatives, admitted: tuple[SpecifierSet, ...]) -> None:
        self.expression, self.steps = expression, 0
        by_family: dict[str, dict[str, _Comparison]] = {}
        comparisons = list(_all(expression))
        if len(comparisons) > _MOST_COMPARISONS:
            raise InvalidMarker("too many comparisons")
        for each in comparisons:
            by_family.setdefault(each.family, {})[each.text] = each
        self.outcomes = sorted(
            (_outcomes(family, tuple(found.values()), admitted) for family, found in sorted(by_family.items())), key=len
        )

    def succeeds(self) -> bool:
        """Whether there are such worlds."""
        return self._from(0, {})

    def _from(self, depth: int, known: Mapping[str, bool]) -> bool:
        self.steps += 1
        value = _value(self.expression, known)
        if value is not None or self.steps > _MOST_STEPS:
            return value is not False
        return any(self._from(depth + 1, {**known, **outcome}) for outcome in self.outcomes[depth])


def _outcomes(
    family: str, comparisons: Sequence[_Comparison], admitted: tuple[SpecifierSet, ...]
) -> list[dict[str, bool]]:
    """The different ways in which the comparisons of a family may come out together."""
    literals: dict[str, set[str]] = {}
    for each in comparisons:
        literals.setdefault(each.variable, set()).add(each.literal)
    key = tuple((variable, tuple(sorted(found))) for variable, found in sorted(literals.items()))
    texts = tuple(each.text for each in comparisons)
    every = worlds.of_family(family, key, admitted)
    if len(every) * len(texts) > _MOST_EVALUATED:
        raise InvalidMarker("too many worlds")
    found = dict.fromkeys(tuple(_is_true(text, world) for text in texts) for world in every)
    return [dict(zip(texts, outcome, strict=True)) for outcome in found]


@lru_cache(maxsize=65536)
def _is_true(text: str, world: World) -> bool:
    return _marker(text).evaluate(worlds.environment(world), context="lock_file")


@lru_cache(maxsize=8192)
def _marker(text: str) -> Marker:
    return Marker(text)


def _value(node: _Alternatives, known: Mapping[str, bool]) -> bool | None:
    """Of an expression of which some comparisons are known; ``None`` where they do not decide."""
    is_open = False
    for alternative in node:
        values = [_value_of(part, known) for part in alternative]
        if all(values):
            return True
        is_open = is_open or False not in values
    return None if is_open else False


def _value_of(part: _Comparison | _Alternatives, known: Mapping[str, bool]) -> bool | None:
    return known.get(part.text) if isinstance(part, _Comparison) else _value(part, known)
