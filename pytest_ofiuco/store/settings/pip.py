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
from pytest_ofiuco.store.settings.setting import Setting

_SECTIONS = ("global", "download", "install")
_KEYS = (
    "cert",
    "client-cert",
    "extra-index-url",
    "find-links",
    "index-url",
    "keyring-provider",
    "no-index",
    "proxy",
    "retries",
    "timeout",
    "trusted-host",
)


@dataclass(frozen=True, slots=True)
class PipSettings:
    """Settings by option name, such as ``index-url``. What is empty is not set."""

    options: Mapping[str, Setting]

    def value(self, name: str) -> str | None:
        """One text."""
        setting = self.options.get(name)
        return setting.text.strip() if setting else None

    def values(self, name: str) -> list[str]:
        """Texts that white space separates."""
        return (self.value(name) or "").split()

    def location(self, name: str) -> str | None:
        """One URL or path; raises as ``Setting.location`` does."""
        setting = self.options.get(name)
        return setting.location() if setting else None

    def locations(self, name: str) -> list[str]:
        """URLs or paths that white space separates; raises as ``Setting.locations`` does."""
        setting = self.options.get(name)
        return setting.locations() if setting else []


def load(environ: Mapping[str, str]) -> PipSettings:
    """What pip would see.

    Raises:
        InputError: one of its files is not an INI file.
    """
    options: dict[str, Setting] = {}
    by_section: dict[str, dict[str, Setting]] = {section: {} for section in _SECTIONS}
    for path in _files(environ):
        for section, values in _read(path).items():
            by_section[section].update(values)
    for section in _SECTIONS:
        options.update(by_section[section])
    variables = [("timeout", "PIP_DEFAULT_TIMEOUT"), *((key, _variable(key)) for key in _KEYS)]
    options.update({key: Setting(origin=name, text=environ[name]) for key, name in variables if environ.get(name)})
    return PipSettings({key: setting for key, setting in options.items() if setting.text.strip()})


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


def _read(path: Path) -> dict[str, dict[str, Setting]]:
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
        said = error.message.partition("\n")[0]  # what follows repeats lines of the file, which may hold a password
        raise InputError(str(path), "", f"not a configuration file of pip: {said}", "correct it there") from None
    return {
        section: {
            _normalized(key): Setting(origin=str(path), at=f"[{section}] {key}", text=text)
            for key, text in parser[section].items()
        }
        for section in _SECTIONS
        if parser.has_section(section)
    }


def _normalized(key: str) -> str:
    name = key.lower().replace("_", "-").removeprefix("--")
    return "timeout" if name == "default-timeout" else name
