"""uv's settings that say where packages come from: variables, uv.toml, [tool.uv] of pyproject.toml.

https://docs.astral.sh/uv/reference/settings/ and https://docs.astral.sh/uv/concepts/indexes/
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import quote, urlsplit, urlunsplit

from pytest_ofiuco.core.table import Table, parse
from pytest_ofiuco.store.network.source import Source, variable_name
from pytest_ofiuco.store.project import workspace_of
from pytest_ofiuco.store.settings.setting import Setting, content_of

_AUTHENTICATE: tuple[Literal["auto", "always", "never"], ...] = ("auto", "always", "never")
_VARIABLES = {
    "keyring-provider": ("UV_KEYRING_PROVIDER",),
    "retries": ("UV_HTTP_RETRIES",),
    "system-certs": ("UV_SYSTEM_CERTS", "UV_NATIVE_TLS"),
    "timeout": ("UV_HTTP_TIMEOUT", "UV_REQUEST_TIMEOUT", "HTTP_TIMEOUT"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class UvSettings:
    """Index URLs with the credentials that UV_INDEX_<NAME>_USERNAME and _PASSWORD give them.

    ``explicit``: those that are asked for what the lock has from them, and for nothing else.
    """

    default_index: str | None
    indexes: tuple[str, ...]
    explicit: tuple[str, ...]
    find_links: tuple[str, ...]
    no_index: bool
    insecure_hosts: tuple[str, ...]
    sources: tuple[Source, ...]
    options: Mapping[str, Setting]


@dataclass(slots=True)
class _Gathered:
    environ: Mapping[str, str]
    default_index: str | None = None
    indexes: tuple[str, ...] = ()
    explicit: tuple[str, ...] = ()
    find_links: tuple[str, ...] = ()
    no_index: bool = False
    insecure_hosts: tuple[str, ...] = ()
    sources: tuple[Source, ...] = ()
    options: dict[str, Setting] = field(default_factory=dict)

    def add_index(self, setting: Setting, name: str | None, base: Path, *, default: bool = False) -> None:
        located = self.located(setting, name, base)
        if default:
            self.default_index = self.default_index or located
        else:
            self.indexes += (located,)
        self.add_source(name, located, "auto")

    def add_source(self, name: str | None, url: str, authenticate: str) -> None:
        if name is not None and name not in {source.name for source in self.sources}:
            known = next(each for each in _AUTHENTICATE if each == authenticate)
            self.sources += (Source(tool="uv", name=name, url=url, authenticate=known),)

    def add_links(self, setting: Setting, name: str | None, base: Path) -> None:
        self.find_links += (self.located(setting, name, base),)

    def located(self, setting: Setting, name: str | None, base: Path) -> str:
        return _located(_with_credentials(setting.location(), name, self.environ), base)


def load(environ: Mapping[str, str], project: Path) -> UvSettings:
    """What uv would see in ``project``.

    Raises:
        InputError: one of its files is not valid.
    """
    gathered = _Gathered(environ)
    _from_variables(gathered, project)
    for table, folder in _tables(environ, project):
        _from_table(gathered, table, folder)
    return UvSettings(
        default_index=gathered.default_index,
        indexes=gathered.indexes,
        explicit=gathered.explicit,
        find_links=gathered.find_links,
        no_index=gathered.no_index,
        insecure_hosts=gathered.insecure_hosts,
        sources=gathered.sources,
        options=gathered.options,
    )


def _from_variables(gathered: _Gathered, project: Path) -> None:
    environ = gathered.environ
    for variable, default in (("UV_DEFAULT_INDEX", True), ("UV_INDEX_URL", True), ("UV_INDEX", False)):
        for word in environ.get(variable, "").split():
            name, url = _named(word)
            gathered.add_index(Setting(origin=variable, text=url), name, project, default=default)
    for url in environ.get("UV_EXTRA_INDEX_URL", "").split():
        gathered.add_index(Setting(origin="UV_EXTRA_INDEX_URL", text=url), None, project)
    for link in environ.get("UV_FIND_LINKS", "").replace(",", " ").split():
        gathered.add_links(Setting(origin="UV_FIND_LINKS", text=link), None, project)
    gathered.no_index = Setting(origin="UV_NO_INDEX", text=environ.get("UV_NO_INDEX", "")).flag()
    gathered.insecure_hosts += tuple(environ.get("UV_INSECURE_HOST", "").split())
    for name, variables in _VARIABLES.items():
        for variable in variables:
            if environ.get(variable):
                gathered.options.setdefault(name, Setting(origin=variable, text=environ[variable]))


def _from_table(gathered: _Gathered, table: Table, folder: Path) -> None:
    for index in table.tables("index"):
        setting, name = _setting(index, "url", index.required_text("url")), index.text("name")
        authenticate = _setting(index, "authenticate", index.text("authenticate") or "auto").one_of(_AUTHENTICATE)
        gathered.add_source(name, gathered.located(setting, name, folder), authenticate)
        if index.boolean("explicit"):
            gathered.explicit += (gathered.located(setting, name, folder),)
        elif index.text("format") == "flat":
            gathered.add_links(setting, name, folder)
        else:
            gathered.add_index(setting, name, folder, default=index.boolean("default"))
    url = table.text("index-url")
    if url:
        gathered.add_index(_setting(table, "index-url", url), None, folder, default=True)
    for url in table.texts("extra-index-url"):
        gathered.add_index(_setting(table, "extra-index-url", url), None, folder)
    for link in table.texts("find-links"):
        gathered.add_links(_setting(table, "find-links", link), None, folder)
    gathered.no_index = gathered.no_index or table.boolean("no-index")
    gathered.insecure_hosts += tuple(table.texts("allow-insecure-host"))
    provider = table.text("keyring-provider")
    if provider:
        gathered.options.setdefault("keyring-provider", _setting(table, "keyring-provider", provider))
    for key in ("system-certs", "native-tls"):
        if key in table:
            gathered.options.setdefault("system-certs", _setting(table, key, str(table.boolean(key))))


def _setting(table: Table, key: str, text: str) -> Setting:
    return Setting(origin=table.file, at=table.path(key), text=text)


def _tables(environ: Mapping[str, str], project: Path) -> Iterator[tuple[Table, Path]]:
    """The project's settings first, then the user's, then the machine's: what comes first wins.

    Of a workspace they are the root's; a member may name further indexes.
    """
    chosen = environ.get("UV_CONFIG_FILE")
    if chosen:
        yield from _file(Path(os.path.expanduser(chosen)))
        return
    if environ.get("UV_NO_CONFIG"):
        return
    workspace = workspace_of(project.resolve())
    start = workspace or project
    for folder in (start, *start.absolute().parents):
        found = [*_file(folder / "uv.toml")] or [*_pyproject(folder / "pyproject.toml")]
        if found:
            yield from found
            break
    if workspace is not None:
        yield from _pyproject(project / "pyproject.toml")
    home = Path(environ.get("HOME") or os.path.expanduser("~"))
    if sys.platform == "win32":
        yield from _file(Path(environ.get("APPDATA") or home / "AppData" / "Roaming") / "uv" / "uv.toml")
        yield from _file(Path(environ.get("PROGRAMDATA", "C:\\ProgramData")) / "uv" / "uv.toml")
        return
    yield from _file(Path(environ.get("XDG_CONFIG_HOME") or home / ".config") / "uv" / "uv.toml")
    for name in (environ.get("XDG_CONFIG_DIRS") or "/etc/xdg").split(os.pathsep):
        yield from _file(Path(name) / "uv" / "uv.toml")
    yield from _file(Path("/etc/uv/uv.toml"))


def _file(path: Path) -> Iterator[tuple[Table, Path]]:
    content = content_of(path)
    if content is not None:
        yield parse(content, str(path)), path.parent


def _pyproject(path: Path) -> Iterator[tuple[Table, Path]]:
    content = content_of(path)
    if content is None or b"tool.uv" not in content:
        return
    tools = parse(content, str(path)).table("tool")
    if "uv" in tools:
        yield tools.table("uv"), path.parent


def _named(word: str) -> tuple[str | None, str]:
    """``name=url`` or a URL, whose query may have an equals sign."""
    name, separator, url = word.partition("=")
    is_name = bool(separator) and name.replace("-", "").replace("_", "").replace(".", "").isalnum()
    return (name, url) if is_name else (None, word)


def _with_credentials(url: str, name: str | None, environ: Mapping[str, str]) -> str:
    if name is None:
        return url
    key = variable_name(name)
    user = environ.get(f"UV_INDEX_{key}_USERNAME")
    password = environ.get(f"UV_INDEX_{key}_PASSWORD")
    parts = urlsplit(url)
    if parts.username is not None or not (user or password):
        return url
    secret = f":{quote(password, safe='')}" if password else ""
    return urlunsplit(parts._replace(netloc=f"{quote(user or '', safe='')}{secret}@{parts.netloc}"))


def _located(location: str, base: Path) -> str:
    """A URL as it is, a path as an absolute one."""
    if "://" in location or location.startswith("file:"):
        return location
    return str(base.absolute() / os.path.expanduser(location))
