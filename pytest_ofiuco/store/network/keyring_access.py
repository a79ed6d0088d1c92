"""The system's keyring, through the ``keyring`` package or its command, as pip and uv ask it.

https://pip.pypa.io/en/stable/topics/authentication/#keyring-support: ``import`` uses the package beside us,
``subprocess`` the command on PATH, ``auto`` the first of the two that is there. Neither is waited for long: a locked
keyring asks on a screen that may have nobody before it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.util import find_spec
from types import ModuleType
from typing import Literal

from pytest_ofiuco.store.threads import Threads

Provider = Literal["auto", "disabled", "import", "subprocess"]

SECONDS = 30.0
"""How long a keyring may take to answer."""

Answer = tuple[str, str]
"""A user name and a password."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyring:
    """``path``: where the command is looked for, as in PATH."""

    provider: Provider = "disabled"
    path: str | None = field(default=None, repr=False)

    def ask(self, services: list[str], user: str | None) -> Answer | None:
        """User name and password of the first of ``services`` that is known; a keyring that fails knows nothing."""
        asked = self._way()
        if asked is None:
            return None
        for service in services:
            answer = asked(service, user)
            if answer is not None:
                return answer
        return None

    def _way(self) -> Callable[[str, str | None], Answer | None] | None:
        if self.provider in ("import", "auto") and find_spec("keyring") is not None:
            return _imported
        if self.provider in ("subprocess", "auto"):
            from shutil import which

            command = which("keyring", path=self.path)
            return (lambda service, user: _commanded(command, service, user)) if command else None
        return None


def _imported(service: str, user: str | None) -> Answer | None:
    threads = Threads(1)
    try:
        return threads.submit(_from_module, service, user).result(SECONDS)
    except Exception:  # noqa: BLE001 - a backend is a plugin, and may raise whatever it likes, with secrets in it
        return None
    finally:
        threads.close(0.0)


def _from_module(service: str, user: str | None) -> Answer | None:
    import importlib

    keyring: ModuleType = importlib.import_module("keyring")
    known = keyring.get_credential(service, user)
    return None if known is None or known.password is None else (str(known.username or ""), str(known.password))


def _commanded(command: str, service: str, user: str | None) -> Answer | None:
    """``--mode creds`` gives the user name on a line before the password; older commands do not know it."""
    import subprocess

    given = [service, user] if user is not None else [service]
    options = [] if user is not None else ["--mode", "creds"]
    try:
        done = subprocess.run(
            [command, *options, "get", *given],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONIOENCODING": "utf-8"},
            timeout=SECONDS,
            check=False,
        )
        lines = done.stdout.decode().splitlines()
    except (OSError, subprocess.TimeoutExpired, UnicodeDecodeError):
        return None
    if done.returncode or not lines:
        return None
    if user is not None:
        return user, lines[0]
    return (lines[0], lines[1]) if len(lines) > 1 else None
