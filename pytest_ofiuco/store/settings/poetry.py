"""Poetry's settings that say where packages come from: [[tool.poetry.source]], its configuration, its variables.

https://python-poetry.org/docs/repositories/ and https://python-poetry.org/docs/configuration/. poetry.lock names the
source of every package that is not from the public index, so an ``explicit`` source is asked for no other; a primary
one stands in for the public index where something else than the lock's files is wanted, such as what a build requires.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pytest_ofiuco.core.table import Table, parse
from pytest_ofiuco.store.network.source import Source
from pytest_ofiuco.store.settings.setting import Setting, content_of

_PUBLIC = "pypi"
_FIRST = ("primary", "default")


@dataclass(frozen=True, slots=True, kw_only=True)
class PoetrySettings:
    """``primary`` sources first, then ``supplemental`` ones; ``is_public_asked``: the public index is beside them."""

    sources: tuple[Source, ...] = ()
    primary: tuple[str, ...] = ()
    supplemental: tuple[str, ...] = ()
    explicit: tuple[str, ...] = ()
    is_public_asked: bool = True
    has_keyring: bool = True


def load(environ: Mapping[str, str], project: Path) -> PoetrySettings:
    """What Poetry would see in ``project``.

    Raises:
        InputError: one of its files is not valid; no value is told.
    """
    declared = [*_declared(project)]
    folder = _folder(environ)
    files = [*_file(project / "poetry.toml"), *_file(folder / "config.toml")]
    secrets = [*_file(folder / "auth.toml"), *files]
    read = _Configuration(environ, files, secrets)
    urls = {name: url for name, _, url in declared} | {
        name: url for name, url in read.repositories() if name not in {each for each, _, _ in declared}
    }
    by_priority: dict[str, list[str]] = {}
    for _, priority, url in declared:
        by_priority.setdefault(priority, []).append(url)
    primary = [url for priority in _FIRST for url in by_priority.get(priority, ()) if url]
    return PoetrySettings(
        sources=tuple(read.source(name, url) for name, url in urls.items() if url),
        primary=tuple(primary),
        supplemental=tuple(url for each in ("supplemental", "secondary") for url in by_priority.get(each, ()) if url),
        explicit=tuple(url for url in by_priority.get("explicit", ()) if url),
        is_public_asked=not primary or any(not url for _, priority, url in declared if priority != "explicit"),
        has_keyring=read.has_keyring(),
    )


def _declared(project: Path) -> Iterator[tuple[str, str, str]]:
    """Name, priority and URL of each source; the public one, which has none, has an empty URL."""
    file = project / "pyproject.toml"
    content = content_of(file)
    if content is None or b"tool.poetry.source" not in content:
        return
    for source in parse(content, str(file)).table("tool").table("poetry").tables("source"):
        name = source.required_text("name")
        priority = source.text("priority") or ("supplemental" if source.boolean("secondary") else "primary")
        url = "" if name.lower() == _PUBLIC else _setting(source, "url", source.required_text("url")).location()
        yield name, priority.lower(), url


class _Configuration:
    """Variables over poetry.toml over config.toml; what is secret lies in auth.toml."""

    def __init__(self, environ: Mapping[str, str], files: list[Table], secrets: list[Table]) -> None:
        self._environ, self._files, self._secrets = environ, files, secrets

    def repositories(self) -> Iterator[tuple[str, str]]:
        """Name and URL of what is configured for uploads, which Poetry has credentials for, too."""
        for name in sorted({name for table in self._files for name in table.table("repositories")}):
            for table in self._files:
                repository = table.table("repositories").table(name)
                url = repository.text("url")
                if url:
                    yield name, _setting(repository, "url", url).location()
                    break

    def source(self, name: str, url: str) -> Source:
        """A source with what is configured for it."""
        certificate = self._text(self._files, "certificates", name, "cert")
        client = self._text(self._files, "certificates", name, "client-cert")
        return Source(
            tool="poetry",
            name=name,
            url=url,
            user=self._text(self._secrets, "http-basic", name, "username"),
            password=self._text(self._secrets, "http-basic", name, "password"),
            certificate=os.path.expanduser(certificate) if certificate not in (None, "", "true", "false") else None,
            client_certificate=os.path.expanduser(client) if client else None,
            is_trusted=certificate == "false",
        )

    def has_keyring(self) -> bool:
        """Whether Poetry is to use the keyring."""
        variable = self._environ.get("POETRY_KEYRING_ENABLED")
        if variable:
            return Setting(origin="POETRY_KEYRING_ENABLED", text=variable).flag()
        return all(table.table("keyring").boolean("enabled", default=True) for table in self._files)

    def _text(self, tables: list[Table], section: str, name: str, key: str) -> str | None:
        variable = "_".join(part.upper().replace("-", "_") for part in ("poetry", section, name, key))
        value = self._environ.get(variable)
        if value is not None:
            return value
        for table in tables:
            known = table.table(section).table(name)
            if isinstance(known.data.get(key), bool):
                return str(known.boolean(key)).lower()
            text = known.text(key)
            if text is not None:
                return text
        return None


def _setting(table: Table, key: str, text: str) -> Setting:
    return Setting(origin=table.file, at=table.path(key), text=text)


def _file(path: Path) -> list[Table]:
    content = content_of(path)
    return [] if content is None else [parse(content, str(path))]


def _folder(environ: Mapping[str, str]) -> Path:
    chosen = environ.get("POETRY_CONFIG_DIR")
    if chosen:
        return Path(chosen)
    home = Path(environ.get("HOME") or os.path.expanduser("~"))
    if sys.platform == "win32":
        return Path(environ.get("APPDATA") or home / "AppData" / "Roaming") / "pypoetry"
    if sys.platform == "darwin":
        return home / "Library" / "Application Support" / "pypoetry"
    return Path(environ.get("XDG_CONFIG_HOME") or home / ".config") / "pypoetry"
