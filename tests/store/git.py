"""git repositories, and a server of them that wants a user and a password."""

from __future__ import annotations

import base64
import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

FILE_ALLOWED = {
    "GIT_CONFIG_COUNT": "1",
    "GIT_CONFIG_KEY_0": "protocol.file.allow",
    "GIT_CONFIG_VALUE_0": "always",
}
"""Variables with which git takes submodules from this machine."""


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=x", "-c", "user.email=x@x.invalid"]
    environ = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")} | FILE_ALLOWED
    command = ["git", *identity, *arguments]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True, env=environ).stdout.strip()


def committed(root: Path, message: str = "one") -> str:
    """Commit everything in a folder; returns the commit."""
    if not (root / ".git").exists():
        git(root, "init", "--quiet")
    git(root, "add", ".")
    git(root, "commit", "--quiet", "-m", message)
    return git(root, "rev-parse", "HEAD")


def published(root: Path, target: Path) -> None:
    """A bare copy that a server of plain files can hand out."""
    git(root, "clone", "--quiet", "--bare", str(root), str(target))
    git(target, "update-server-info")


class _Handler(SimpleHTTPRequestHandler):
    server: GitServer

    def do_GET(self) -> None:
        given = self.headers.get("Authorization")
        self.server.given.append(given)
        if given != self.server.wanted:
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="x"')
            self.send_header("Content-Length", "0")
            self.end_headers()
        else:
            super().do_GET()

    def log_message(self, format: str, *args: object) -> None:
        pass


class GitServer(ThreadingHTTPServer):
    """``wanted`` is the header that opens, ``given`` are those of all requests."""

    daemon_threads = True

    def __init__(self, folder: Path, user: str, password: str) -> None:
        super().__init__(("127.0.0.1", 0), partial(_Handler, directory=str(folder)))
        self.wanted = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
        self.given: list[str | None] = []

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"


@contextmanager
def serving_git(folder: Path, user: str, password: str) -> Iterator[GitServer]:
    """A server that is up."""
    with GitServer(folder, user, password) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
