"""A place of files that a tool's settings name, and how it is asked: by whom, and with which certificates.

What is known of it is used for addresses of the same scheme, host and port, and for no others.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

Origin = tuple[str, str, int | None]

_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """An index of uv or a source of Poetry; ``is_trusted``: its certificate is not checked.

    ``authenticate``, as uv has it: whether credentials are looked for once they are asked for, before, or never.
    """

    tool: Literal["uv", "poetry"]
    name: str
    url: str = field(repr=False)
    user: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)
    certificate: str | None = None
    client_certificate: str | None = None
    is_trusted: bool = False
    authenticate: Literal["auto", "always", "never"] = "auto"

    def remedy(self) -> str:
        """Where its credentials are set."""
        key = variable_name(self.name)
        if self.tool == "uv":
            return f"UV_INDEX_{key}_USERNAME and UV_INDEX_{key}_PASSWORD"
        return f"POETRY_HTTP_BASIC_{key}_USERNAME and POETRY_HTTP_BASIC_{key}_PASSWORD"


def variable_name(name: str) -> str:
    """A name as it is in the names of variables."""
    return "".join(character if character.isalnum() else "_" for character in name).upper()


def origin_of(url: str) -> Origin:
    """Scheme, host and port, which credentials are bound to."""
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:  # a lock may say anything; nobody can be asked there
        port = -1
    return parts.scheme, (parts.hostname or "").lower(), port or _PORTS.get(parts.scheme)


def nearest(urls: Iterable[str], wanted: str) -> list[str]:
    """Those of one origin with ``wanted``, the one whose path leads furthest towards it first."""
    origin, path = origin_of(wanted), _segments(wanted)

    def shared(url: str) -> int:
        own = _segments(url)
        return next((at for at, pair in enumerate(zip(own, path, strict=False)) if pair[0] != pair[1]), len(own))

    return sorted((url for url in urls if "://" in url and origin_of(url) == origin), key=shared, reverse=True)


def _segments(url: str) -> list[str]:
    return [segment for segment in urlsplit(url).path.split("/") if segment]
