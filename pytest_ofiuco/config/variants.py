"""[tool.ofiuco.variants]: the same tests against other versions of a dependency. Pure: it names locks, and reads none.

``[tool.ofiuco.variants.NAME]`` has ``replace``, and ``lock``: where versions are looked for. ``PACKAGE = [versions]``
stands for one variant a version.
"""

from __future__ import annotations

from dataclasses import dataclass

from packaging.utils import InvalidWheelFilename, NormalizedName, canonicalize_name, parse_wheel_filename
from packaging.version import InvalidVersion, Version

from pytest_ofiuco.core.artifact import Wheel, without_user_info
from pytest_ofiuco.core.source import filename_of, fragment_hash, hash_of
from pytest_ofiuco.core.table import Table
from pytest_ofiuco.errors import brief, shown

_KEYS = ("replace", "lock")
_REPLACEMENT_KEYS = ("version", "lock", "path", "url", "hash", "wheels")
_WHEEL_KEYS = ("path", "url", "hash")
_FORMS = (
    'write a version ("4.2.4"), { lock = "other/uv.lock" }, { path = "x.whl", hash = "sha256:…" }, or false to drop it'
)
_NAME_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-+")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplacementSettings:
    """What takes a package's place: a version of a lock, or wheels; where none of them is given, it is dropped."""

    name: NormalizedName
    at: str
    version: str | None = None
    lock: str | None = None
    wheels: tuple[Wheel, ...] = ()

    @property
    def is_dropped(self) -> bool:
        """Whether nothing takes its place."""
        return self.version is None and self.lock is None and not self.wheels


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantSettings:
    """A named set of replacements; ``locks`` are where versions are looked for, by paths from the project's folder."""

    name: str
    at: str
    replacements: tuple[ReplacementSettings, ...]
    locks: tuple[str, ...] = ()


def read(table: Table) -> tuple[VariantSettings, ...]:
    """Read [tool.ofiuco.variants], in the order of the file.

    Raises:
        InputError: something in it is not of its kind, or a name stands for two variants.
    """
    found: dict[str, VariantSettings] = {}
    for key in table:
        if isinstance(table.data[key], list):
            made = _range(table, key)
        elif isinstance(table.data[key], dict):
            made = [_variant(table.table(key), key)]
        else:
            raise table.wrong(key, "neither a variant nor versions", 'write django = ["4.2.4", "5.0.1"]')
        for variant in made:
            if not variant.name or not _NAME_CHARACTERS.issuperset(variant.name):
                raise table.wrong(key, f"{shown(variant.name)} cannot name a cell", "use letters, digits, . _ - and +")
            if found.setdefault(variant.name, variant) is not variant:
                raise table.wrong(key, f"a second variant of the name {variant.name}", "give it another name")
    return tuple(found.values())


def _range(table: Table, key: str) -> list[VariantSettings]:
    name = table.normalized(key, key)
    versions = table.texts(key)
    if not versions:
        raise table.wrong(key, "no versions", f'name some, as in {key} = ["4.2.4", "5.0.1"]')
    found = []
    for index, version in enumerate(versions):
        at = f"{table.path(key)}[{index}]"
        replacement = ReplacementSettings(name=name, at=at, version=_version(table, f"{key}[{index}]", version))
        found.append(VariantSettings(name=f"{name}{version}", at=at, replacements=(replacement,)))
    return found


def _variant(table: Table, name: str) -> VariantSettings:
    _check_keys(table, _KEYS)
    replace = table.table("replace")
    if not replace.data:
        raise table.wrong("replace", "replaces nothing", 'say what, as in replace = { django = "4.2.4" }')
    found: dict[str, ReplacementSettings] = {}
    for key in replace:
        replacement = _replacement(replace, key, canonicalize_name(key))
        if found.setdefault(replacement.name, replacement) is not replacement:
            raise replace.wrong(key, f"package {replacement.name} is replaced twice", "keep one of the two")
    locks = table.texts("lock") if isinstance(table.data.get("lock"), list) else filter(None, [table.text("lock")])
    return VariantSettings(name=name, at=table.at, replacements=tuple(found.values()), locks=tuple(locks))


def _replacement(table: Table, key: str, name: NormalizedName) -> ReplacementSettings:
    value, at = table.data[key], table.path(key)
    if value is False:
        return ReplacementSettings(name=name, at=at)
    if isinstance(value, str):
        if filename_of(value).endswith(".whl"):
            location = "url" if "://" in value else "path"
            written = {location: value.partition("#")[0]}
            digest = fragment_hash(value)
            wheel = Table({**written, **({"hash": ":".join(digest[0])} if digest else {})}, file=table.file, at=at)
            return ReplacementSettings(name=name, at=at, wheels=(_wheel(wheel, name),))
        return ReplacementSettings(name=name, at=at, version=_version(table, key, value))
    if not isinstance(value, dict):
        raise table.wrong(key, f"{shown(value)} takes no package's place", _FORMS)
    inner = table.table(key)
    _check_keys(inner, _REPLACEMENT_KEYS)
    listed = inner.tables("wheels")
    for each in listed:
        _check_keys(each, _WHEEL_KEYS)
    if "path" in inner or "url" in inner:
        listed.append(inner)
    wheels = tuple(_wheel(each, name) for each in listed)
    version, lock = inner.text("version"), inner.text("lock")
    if bool(wheels) == (version is not None or lock is not None):
        raise table.wrong(key, "says not which one takes its place, or says it twice", _FORMS)
    if version is not None:
        _version(inner, "version", version)
    return ReplacementSettings(name=name, at=at, version=version, lock=lock, wheels=wheels)


def _wheel(table: Table, name: NormalizedName) -> Wheel:
    url, path = table.location("url"), table.location("path")
    if (url is None) == (path is None):
        raise table.wrong("", "a wheel lies at a path or at a url", _FORMS)
    filename = filename_of(url or path or "")
    try:
        found, *_ = parse_wheel_filename(filename)
    except InvalidWheelFilename as error:
        raise table.wrong("", f"{shown(filename)} is not the name of a wheel", _FORMS) from error
    if found != name:
        raise table.wrong("", f"{brief(filename)} is a wheel of {found}", f"name a wheel of {name}")
    hashes = hash_of(table.text("hash") or "")
    if not hashes:
        location = without_user_info(url or path or "")
        raise table.wrong("hash", f"{brief(location)} has no hash", 'add it, as in hash = "sha256:…"')
    return Wheel(filename=filename, hashes=hashes, url=url, path=path)


def _version(table: Table, key: str, text: str) -> str:
    try:
        Version(text)
    except InvalidVersion as error:
        raise table.wrong(key, f"{shown(text)} is not a version", _FORMS) from error
    return text


def _check_keys(table: Table, known: tuple[str, ...]) -> None:
    for key in table:
        if key not in known:
            raise table.wrong(key, "not a key that is known", f"use one of: {', '.join(known)}")
