"""pip's settings: variables over files, later files over earlier ones, [install] over [global].

https://pip.pypa.io/en/stable/topics/configuration/
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from configparser import Error, RawConfigParser
from dataclasses import dataclass
from pathlib import Path

from pytest_ofiuco.errors import InputError

_SECTIONS = ("global", "download", "install")
_KEYS = (
    "cert",
    "client-cert",
    "extra-index-url",
    "find-links",
    "index-url",
    "no-index",
    "proxy",
    "timeout",
    "trusted-host",
)


@dataclass(frozen=True, slots=True)
class PipSettings:
    """Texts by option name, such as ``index-url``."""

    options: Mapping[str, str]

    def value(self, name: str) -> str | None:
        """One value."""
        return self.options.get(name, "").strip() or None

    def values(self, name: str) -> list[str]:
        """Values that white space separates."""
        return self.options.get(name, "").split()

    def flag(self, name: str) -> bool:
        """A switch, as pip reads it."""
        return self.options.get(name, "").strip().lower() in ("y", "yes", "t", "true", "on", "1")


def load(environ: Mapping[str, str]) -> PipSettings:
    """What pip would see.

    Raises:
        InputError: one of its files is not an INI file.
    """
    options: dict[str, str] = {}
    by_section: dict[str, dict[str, str]] = {section: {} for section in _SECTIONS}
    for path in _files(environ):
        for section, values in _read(path).items():
            by_section[section].update(values)
    for section in _SECTIONS:
        options.update(by_section[section])
    variables = {"timeout": "PIP_DEFAULT_TIMEOUT", **{k: _variable(k) for k in _KEYS if k != "timeout"}}
    options.update({key: environ[name] for key, name in variables.items() if environ.get(name)})
    return PipSettings(options)


def _variable(key: str) -> str:
    return f"PIP_{key.upper().replace('-', '_')}"


def _files(environ: Mapping[str, str]) -> Iterator[Path]:
    """Global, user, site, and the one that is named; ``os.devnull`` as the named one switches all off."""
    chosen = environ.get("PIP_CONFIG_FILE")
    if chosen == os.devnull:
        return
    name = "pip.ini" if sys.platform == "win32" else "pip.conf"
    home = Path(environ.get("HOME") or os.path.expanduser("~"))
    yield from _global_files(environ, name)
    yield home / ("pip" if sys.platform == "win32" else ".pip") / name
    yield _user_folder(environ, home) / name
    yield Path(environ.get("VIRTUAL_ENV") or sys.prefix) / name
    if chosen:
        yield Path(os.path.expanduser(chosen))


def _global_files(environ: Mapping[str, str], name: str) -> Iterator[Path]:
    if sys.platform == "win32":
        yield Path(environ.get("PROGRAMDATA", "C:\\ProgramData")) / "pip" / name
        return
    if sys.platform == "darwin":
        yield Path("/Library/Application Support/pip") / name
        return
    for folder in reversed((environ.get("XDG_CONFIG_DIRS") or "/etc/xdg").split(os.pathsep)):
        if folder:
            yield Path(folder) / "pip" / name
    yield Path("/etc") / name


def _user_folder(environ: Mapping[str, str], home: Path) -> Path:
    if sys.platform == "win32":
        return Path(environ.get("APPDATA") or home / "AppData" / "Roaming") / "pip"
    if sys.platform == "darwin":
        folder = home / "Library" / "Application Support" / "pip"
        return folder if folder.is_dir() else home / ".config" / "pip"
    return Path(environ.get("XDG_CONFIG_HOME") or home / ".config") / "pip"


def _read(path: Path) -> dict[str, dict[str, str]]:
    parser = RawConfigParser()
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError:
        return {}
    except UnicodeDecodeError as error:
        raise InputError(str(path), "", "not UTF-8") from error
    try:
        parser.read_string(text, str(path))
    except Error as error:
        raise InputError(str(path), "", f"not a configuration file of pip: {error.message}") from error
    return {
        section: {_normalized(key): value for key, value in parser[section].items()}
        for section in _SECTIONS
        if parser.has_section(section)
    }


def _normalized(key: str) -> str:
    name = key.lower().replace("_", "-").removeprefix("--")
    return "timeout" if name == "default-timeout" else name
