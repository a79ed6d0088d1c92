"""User name and password for an address: where they are looked for, and in which order.

In the URL; in the settings of the tool that names the source (or another URL of the same origin); in netrc; and, once
a host has said that it wants some, in the system's keyring, which is asked once a host and run.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from pytest_ofiuco.store.network.connections import basic, without_user
from pytest_ofiuco.store.network.failure import host_of
from pytest_ofiuco.store.network.source import Origin, Source, origin_of
from pytest_ofiuco.store.settings import IndexSettings

if TYPE_CHECKING:
    from netrc import netrc

_POETRY_SERVICE = "poetry-repository-{}"
_POETRY_NOBODY = "__poetry_source_empty_username__"

_URL, _SETTINGS = "the URL", "the settings"
"""Places of credentials: of a named index both come from what its tool was told, be it in a URL or in variables."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """Credentials; ``password`` is ``None`` where only the user's name is known. ``place``: where they were found."""

    user: str = field(repr=False)
    password: str | None = field(repr=False)
    place: str

    def header(self) -> dict[str, str]:
        """As a request carries them."""
        return basic(self.user, self.password or "")


@dataclass(slots=True)
class _Asking:
    """What the keyring said of one origin; others wait while one thread asks."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    is_done: bool = False
    key: Key | None = None


class Keys:
    """Finds credentials. Thread-safe."""

    def __init__(self, settings: IndexSettings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._askings: dict[Origin, _Asking] = {}
        self._netrc: netrc | None = None
        self._is_netrc_read = False
        self._broken_netrc: str | None = None

    def known(self, url: str) -> Key | None:
        """What is known for ``url`` without asking anyone."""
        parts = urlsplit(url)
        if parts.username is not None:
            password = None if parts.password is None else unquote(parts.password)
            return Key(user=unquote(parts.username), password=password, place=_URL)
        source = self._settings.source(url)
        if source is not None and source.authenticate == "never":
            return None
        asked = self._asking(url)
        if asked.is_done and asked.key is not None:
            return asked.key
        configured = self._settings.credentials(url)
        if configured is not None:
            return Key(user=configured[0], password=configured[1], place=_SETTINGS)
        key = self._in_netrc(parts.hostname or "")
        if key is None and source is not None and source.authenticate == "always":
            return self.ask(url, None)
        return key

    def ask(self, url: str, known: Key | None) -> Key | None:
        """What the keyring has for the origin of ``url``, for the user who is known if there is one."""
        source = self._settings.source(url)
        if source is not None and source.authenticate == "never":
            return None
        asking = self._asking(url)
        with asking.lock:
            if not asking.is_done:
                asking.key = self._from_keyring(url, known.user if known else None, source)
                asking.is_done = True
        return asking.key

    def remedy(self, url: str, key: Key | None) -> str:
        """What to do about a host that refuses to answer, as a hint."""
        host, source = host_of(url), self._settings.source(url)
        if key is not None and key.password is not None:
            is_configured = source is not None and key.place in (_URL, _SETTINGS)
            place = f"the settings of {source.name}" if source is not None and is_configured else key.place
            return f"{host} does not accept the user name and password from {place}: correct them there"
        if self._broken_netrc is not None:
            return f"correct {self._broken_netrc}, which is no netrc file"
        if source is not None:
            return f"give user name and password for {source.name} with {source.remedy()}"
        return (
            f"give user name and password for {host} in netrc or in the keyring, or name the index and set"
            " UV_INDEX_<NAME>_USERNAME and UV_INDEX_<NAME>_PASSWORD"
        )

    def _asking(self, url: str) -> _Asking:
        with self._lock:
            return self._askings.setdefault(origin_of(url), _Asking())

    def _from_keyring(self, url: str, user: str | None, source: Source | None) -> Key | None:
        settings, answer = self._settings, None
        if source is not None and source.tool == "poetry" and settings.has_poetry_keyring:
            name = source.user or user or _POETRY_NOBODY
            answer = settings.keyring.ask([_POETRY_SERVICE.format(source.name)], name)
            answer = answer and ("" if answer[0] == _POETRY_NOBODY else answer[0], answer[1])
        if answer is None:
            base = settings.base(url)
            services = [without_user(base)] if base is not None else []
            answer = settings.keyring.ask([*services, host_of(url)], user)
        return None if answer is None else Key(user=answer[0], password=answer[1], place="the keyring")

    def _in_netrc(self, host: str) -> Key | None:
        with self._lock:
            if not self._is_netrc_read:
                self._netrc, self._is_netrc_read = self._read_netrc(), True
        found = self._netrc.authenticators(host) if self._netrc is not None else None
        if found is None:
            return None
        return Key(user=found[0] or "", password=found[2] or "", place="netrc")

    def _read_netrc(self) -> netrc | None:
        from netrc import NetrcParseError, netrc  # many have none

        for name in self._settings.netrc_files:
            try:
                if Path(name).is_file():
                    return netrc(name)
            except NetrcParseError as error:  # its message may hold a password
                self._broken_netrc = f"{name}, line {error.lineno}"
            except (OSError, UnicodeDecodeError):
                self._broken_netrc = name
        return None
