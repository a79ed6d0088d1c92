"""TOML tables whose getters know where they are: what they raise carries the file and the TOML path."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar
from urllib.parse import urlsplit

from packaging.markers import InvalidMarker, Marker
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import InvalidName, NormalizedName, canonicalize_name

from pytest_ofiuco.core import grammar
from pytest_ofiuco.errors import InputError, shown

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

T = TypeVar("T")

_INTEGER_BITS = 63

_PASSWORD = re.compile(r"//[^/]*@")

_TOML_TYPES = {
    str: "a string",
    bool: "a boolean",
    int: "an integer",
    list: "an array",
    dict: "a table",
    float: "a float",
}


def parse(content: bytes, file: str) -> Table:
    """The root table of a TOML document.

    Raises:
        InputError: the bytes are not UTF-8, not TOML, or nested beyond reason.
    """
    try:
        document = tomllib.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise InputError(file, f"byte {error.start}", "not UTF-8", "restore the file from version control") from error
    except ValueError as error:  # TOMLDecodeError is one, and so is what int() says of a number that is too long
        raise InputError(
            file, "", f"not valid TOML: {error}", "repair it, or restore it from version control"
        ) from error
    except RecursionError as error:
        raise InputError(file, "", "not valid TOML: nested too deeply", "restore it from version control") from error
    return Table(document, file=file)


class Table:
    """A TOML table at a path; every getter raises ``InputError`` where the value is not of its type.

    ``package`` is the name of the package whose entry it is in, for errors.
    """

    __slots__ = ("at", "data", "file", "package")

    def __init__(self, data: Mapping[str, Any], *, file: str, at: str = "", package: str = "") -> None:
        self.data, self.file, self.at, self.package = data, file, at, package

    def __contains__(self, key: str) -> bool:
        return key in self.data

    def __iter__(self) -> Iterator[str]:
        return iter(self.data)

    def path(self, key: str) -> str:
        """The TOML path of ``key``."""
        return f"{self.at}.{key}" if self.at else key

    def wrong(self, key: str, reason: str, hint: str | None = None) -> InputError:
        """An error at ``key``."""
        return InputError(self.file, self.path(key) if key else self.at, reason, hint, self.package)

    def _get(self, key: str, kind: type[T]) -> T | None:
        value = self.data.get(key)
        if value is None:
            return None
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is int):
            name = _TOML_TYPES.get(type(value), type(value).__name__)
            raise self.wrong(key, f"expected {_TOML_TYPES[kind]}, found {name}")
        return value

    def _required(self, key: str, value: T | None) -> T:
        if value is None:
            raise self.wrong(key, "required, and missing")
        return value

    def text(self, key: str) -> str | None:
        """A string, if there is one."""
        return self._get(key, str)

    def required_text(self, key: str) -> str:
        """A string that must be there."""
        return self._required(key, self._get(key, str))

    def location(self, key: str) -> str | None:
        """A URL or a path, if there is one."""
        text = self.text(key)
        if text is not None:
            self._parsed(key, text, urlsplit, ValueError)
        return text

    def required_location(self, key: str) -> str:
        """A URL or a path that must be there."""
        return self._required(key, self.location(key))

    def boolean(self, key: str, *, default: bool = False) -> bool:
        """A boolean."""
        value = self._get(key, bool)
        return default if value is None else value

    def integer(self, key: str) -> int | None:
        """An integer, if there is one: of 64 bits with its sign, as TOML asks of readers."""
        value = self._get(key, int)
        if value is not None and value.bit_length() > _INTEGER_BITS:
            raise self.wrong(key, "an integer of more than 64 bits")
        return value

    def table(self, key: str) -> Table:
        """A table; an empty one where there is none."""
        return Table(self._get(key, dict) or {}, file=self.file, at=self.path(key), package=self.package)

    def tables(self, key: str) -> list[Table]:
        """An array of tables; an empty one where there is none."""
        found = []
        for index, value in enumerate(self._get(key, list) or []):
            at = f"{self.path(key)}[{index}]"
            if not isinstance(value, dict):
                name = _TOML_TYPES.get(type(value), type(value).__name__)
                raise InputError(self.file, at, f"expected a table, found {name}", package=self.package)
            found.append(Table(value, file=self.file, at=at, package=self.package or _entry(key, value)))
        return found

    def array(self, key: str) -> list[Any]:
        """An array of values of any type; an empty one where there is none."""
        return self._get(key, list) or []

    def texts(self, key: str) -> tuple[str, ...]:
        """An array of strings; an empty one where there is none."""
        values = self._get(key, list) or []
        for index, value in enumerate(values):
            if not isinstance(value, str):
                name = _TOML_TYPES.get(type(value), type(value).__name__)
                raise self.wrong(f"{key}[{index}]", f"expected a string, found {name}")
        return tuple(values)

    def name(self, key: str = "name") -> NormalizedName:
        """A required, normalized project name (PEP 503)."""
        return self.normalized(key, self.required_text(key))

    def normalized(self, key: str, value: str) -> NormalizedName:
        """``value``, normalized; an error at ``key`` where it is no project name."""
        try:
            return canonicalize_name(value, validate=True)
        except InvalidName as error:
            raise self.wrong(key, f"{shown(value)} is not a project name") from error

    def marker(self, key: str, value: str | None = None) -> Marker | None:
        """An environment marker, if there is one."""
        text = self.text(key) if value is None else value
        return self._parsed(key, text, grammar.marker, InvalidMarker) if text else None

    def specifiers(self, key: str) -> SpecifierSet | None:
        """Version specifiers (PEP 440), if there are any."""
        text = self.text(key)
        return self._parsed(key, text, grammar.specifier_set, InvalidSpecifier) if text is not None else None

    def _parsed(self, key: str, text: str, parse: Callable[[str], T], error_type: type[Exception]) -> T:
        try:
            return parse(text)
        except error_type as error:
            reason = str(error).partition("\n")[0]
            raise self.wrong(key, f"cannot read {shown(_PASSWORD.sub('//…@', text))}: {reason}") from error


_ENTRIES = ("package", "packages")


def _entry(key: str, value: Mapping[str, Any]) -> str:
    """The name of a lock's entry, where it is one and has one to tell."""
    name = value.get("name") if key in _ENTRIES else None
    return name if isinstance(name, str) else ""
