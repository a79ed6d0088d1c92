"""[tool.ofiuco.variants]: the same tests against other versions of a dependency. Pure: it names locks, and reads none.

``[tool.ofiuco.variants.NAME]`` has ``replace``, and ``lock``: where versions are looked for. ``PACKAGE = [versions]``
stands for one variant a version.
"""

from __future__ import annotations

from dataclasses import dataclass

from packaging.utils import InvalidWheelFilename, NormalizedName
from packaging.version import InvalidVersion

from pytest_ofiuco.core import grammar
from pytest_ofiuco.core.artifact import Wheel, is_sha256, sha256_of, without_user_info
from pytest_ofiuco.core.source import filename_of, fragment_hash, hash_of
from pytest_ofiuco.core.table import Table
from pytest_ofiuco.errors import brief, shown

_KEYS = ("replace", "lock")
_WHEEL_KEYS = ("path", "url", "hash")
_REPLACEMENT_KEYS = ("version", "lock", *_WHEEL_KEYS, "wheels")
_FORMS = (
    'write a version ("4.2.4"), { lock = "other/uv.lock" }, { path = "x.whl", hash = "sha256:…" }, or false to drop it'
)
_ADD_HASH = 'add it, as in hash = "sha256:…"'
_NAME_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-+")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplacementSettings:
    """What takes a package's place: a version of a lock, or wheels of one; where none is given, it is dropped."""

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
        replacement = _replacement(replace, key)
        if found.setdefault(replacement.name, replacement) is not replacement:
            raise replace.wrong(key, f"package {replacement.name} is replaced twice", "keep one of the two")
    one = table.data.get("lock")
    locks = table.texts("lock") if isinstance(one, list) else () if one is None else (table.required_text("lock"),)
    return VariantSettings(name=name, at=table.at, replacements=tuple(found.values()), locks=locks)


def _replacement(table: Table, key: str) -> ReplacementSettings:
    value, at, name = table.data[key], table.path(key), table.normalized(key, key)
    if value is False:
        return ReplacementSettings(name=name, at=at)
    if isinstance(value, str):
        return _of_text(table, key, name)
    if not isinstance(value, dict):
        raise table.wrong(key, f"{shown(value)} takes no package's place", _FORMS)
    inner = table.table(key)
    _check_keys(inner, _REPLACEMENT_KEYS)
    given = {key for key in _REPLACEMENT_KEYS if key in inner}
    is_of_lock = bool(given) and given <= {"version", "lock"}
    is_wheel = bool(given & {"path", "url"}) and given <= set(_WHEEL_KEYS)
    if is_of_lock:
        version = inner.text("version")
        checked = None if version is None else _version(inner, "version", version)
        return ReplacementSettings(name=name, at=at, version=checked, lock=inner.text("lock"))
    if not is_wheel and given != {"wheels"}:
        raise table.wrong(key, "says not what takes its place, or says it twice", _FORMS)
    return ReplacementSettings(name=name, at=at, wheels=(_wheel(inner, name),) if is_wheel else _wheels(inner, name))


def _of_text(table: Table, key: str, name: NormalizedName) -> ReplacementSettings:
    """A version, or where a wheel lies, with its hash in the fragment."""
    text, at = table.required_location(key), table.path(key)
    if not filename_of(text).endswith(".whl"):
        return ReplacementSettings(name=name, at=at, version=_version(table, key, text))
    location = "url" if "://" in text else "path"
    wheel = _wheel(Table({location: text}, file=table.file, at=at), name)
    return ReplacementSettings(name=name, at=at, wheels=(wheel,))


def _wheels(table: Table, name: NormalizedName) -> tuple[Wheel, ...]:
    """Wheels of one version for several targets."""
    found: dict[str, Wheel] = {}
    versions = set()
    for each in table.tables("wheels"):
        _check_keys(each, _WHEEL_KEYS)
        wheel = _wheel(each, name)
        if found.setdefault(wheel.filename, wheel) is not wheel:
            raise each.wrong("", f"{brief(wheel.filename)} is named twice", "keep one of the two")
        versions.add(grammar.wheel_filename(wheel.filename)[1])
    if not versions:
        raise table.wrong("wheels", "no wheels", "name some, or false to drop the package")
    if len(versions) > 1:
        listed = " and ".join(map(str, sorted(versions)))
        raise table.wrong("wheels", f"wheels of several versions: {brief(listed)}", "make a variant of each version")
    return tuple(found.values())


def _wheel(table: Table, name: NormalizedName) -> Wheel:
    url, path = table.location("url"), table.location("path")
    if (url is None) == (path is None):
        raise table.wrong("", "a wheel lies at a path or at a url", _FORMS)
    written = url or path or ""
    filename, location = filename_of(written), written.partition("#")[0]
    try:
        found, *_ = grammar.wheel_filename(filename)
    except InvalidWheelFilename as error:
        raise table.wrong("", f"{shown(filename)} is not the name of a wheel", _FORMS) from error
    if found != name:
        raise table.wrong("", f"{brief(filename)} is a wheel of {found}", f"name a wheel of {name}")
    hashes = hash_of(table.text("hash") or "") or fragment_hash(written)
    if not hashes:
        raise table.wrong("hash", f"{brief(without_user_info(location))} has no hash", _ADD_HASH)
    digest = sha256_of(hashes) or ""
    if not is_sha256(digest.lower()):
        raise table.wrong("hash", f"{shown(':'.join(hashes[0]))} is not a sha256", _ADD_HASH)
    return Wheel(filename=filename, hashes=hashes, url=url and location, path=path and location)


def _version(table: Table, key: str, text: str) -> str:
    try:
        grammar.version(text)
    except InvalidVersion as error:
        raise table.wrong(key, f"{shown(text)} is not a version", _FORMS) from error
    return text


def _check_keys(table: Table, known: tuple[str, ...]) -> None:
    for key in table:
        if key not in known:
            raise table.wrong(key, "not a key that is known", f"use one of: {', '.join(known)}")
