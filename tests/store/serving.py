"""A simple index on loopback, as good or as bad as a test wants it."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

from tests.store.makers import File


class Index(ThreadingHTTPServer):
    """Serves ``files`` as ``/simple/<package>/`` and ``/files/<filename>``.

    ``asked`` lists the paths of all requests. ``statuses`` are given out first, one a file request; ``cut``: the
    connection closes after half of a file; ``changed``: bytes served in a file's place; ``listed``: another hash on
    the page; ``user``: credentials to be shown.
    """

    daemon_threads = True

    def __init__(self, *, with_json: bool = True) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.with_json = with_json
        self.files: dict[str, list[File]] = {}
        self.asked: list[str] = []
        self.statuses: list[int] = []
        self.cut = False
        self.changed: dict[str, bytes] = {}
        self.listed: dict[str, str] = {}
        self.yanked: dict[str, str] = {}
        self.authorization: str | None = None

    def add(self, package: str, *files: File) -> None:
        self.files.setdefault(package, []).extend(files)

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    @property
    def simple(self) -> str:
        return f"{self.base}/simple"

    def url(self, file: File) -> str:
        return f"{self.base}/files/{file.filename}"


class _Handler(BaseHTTPRequestHandler):
    server: Index
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        server, path = self.server, unquote(urlsplit(self.path).path)
        server.asked.append(path)
        if server.authorization and self.headers.get("Authorization") != server.authorization:
            self.answer(401, b"", "text/plain")
            return
        kind, _, rest = path.strip("/").partition("/")
        if kind == "simple" and rest in server.files:
            self.page(server.files[rest])
        elif kind == "files":
            self.file(rest)
        else:
            self.answer(404, b"", "text/plain")

    def page(self, files: list[File]) -> None:
        server = self.server
        hashes = {file.filename: server.listed.get(file.filename, file.sha256) for file in files}
        if server.with_json and "json" in self.headers.get("Accept", ""):
            listed = [
                {
                    "filename": name,
                    "url": f"../../files/{name}",
                    "hashes": {"sha256": sha256},
                    "yanked": server.yanked.get(name, False),
                }
                for name, sha256 in hashes.items()
            ]
            data = {"meta": {"api-version": "1.0"}, "name": "x", "files": listed}
            self.answer(200, json.dumps(data).encode(), "application/vnd.pypi.simple.v1+json")
            return
        anchors = "".join(
            f'<a href="../../files/{name}#sha256={sha256}"'
            + (f' data-yanked="{server.yanked[name]}"' if name in server.yanked else "")
            + f">{name}</a><br/>"
            for name, sha256 in hashes.items()
        )
        self.answer(200, f"<!DOCTYPE html><html><body>{anchors}</body></html>".encode(), "text/html; charset=utf-8")

    def file(self, name: str) -> None:
        server = self.server
        if server.statuses:
            self.answer(server.statuses.pop(0), b"", "text/plain")
            return
        found = [file for files in server.files.values() for file in files if file.filename == name]
        if not found:
            self.answer(404, b"", "text/plain")
            return
        content = server.changed.get(name, found[0].content)
        if server.cut:
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content[: len(content) // 2])
            self.close_connection = True
            return
        self.answer(200, content, "application/octet-stream")

    def answer(self, status: int, content: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def serving(*, with_json: bool = True) -> Iterator[Index]:
    """An index that is up."""
    with Index(with_json=with_json) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def closed_port() -> int:
    """A port where nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port
