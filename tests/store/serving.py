"""A simple index on loopback, as good or as bad as a test wants it."""

from __future__ import annotations

import json
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

from tests.store.makers import File


class Index(ThreadingHTTPServer):
    """Serves ``files`` as ``/simple/<package>/`` and ``/files/<filename>``.

    ``asked`` lists the paths of all requests. ``statuses`` are given out first, one a file request; ``cut``: the
    connection closes after half of a file; ``changed``: bytes served in a file's place; ``listed``: another hash on
    the page; ``authorization``: what must be shown.

    ``cuts``: after how many bytes the connection of a file request is closed, one each; ``stalls``: likewise, and how
    long nothing comes then; ``has_ranges``: a part of a file may be asked for; ``tags``: ETags, the last for good;
    ``redirects``: by path; ``versions``: what a file is, request by request. ``seen`` has the headers of all requests;
    ``connections`` is how many there were.
    """

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, *, with_json: bool = True, context: ssl.SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.is_secure = context is not None
        if context is not None:
            self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        self.with_json = with_json
        self.files: dict[str, list[File]] = {}
        self.asked: list[str] = []
        self.statuses: list[int] = []
        self.cut = False
        self.changed: dict[str, bytes] = {}
        self.listed: dict[str, str] = {}
        self.yanked: dict[str, str] = {}
        self.authorization: str | None = None
        self.cuts: list[int] = []
        self.stalls: list[tuple[int, float]] = []
        self.versions: list[bytes] = []
        self.has_ranges = False
        self.tags: list[str] = []
        self.redirects: dict[str, str] = {}
        self.retry_after: str | None = None
        self.seen: list[tuple[str, Message]] = []
        self.connections = 0

    def get_request(self) -> tuple[socket.socket, object]:
        self.connections += 1
        return super().get_request()

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away is part of the test."""

    def add(self, package: str, *files: File) -> None:
        self.files.setdefault(package, []).extend(files)

    @property
    def base(self) -> str:
        return f"{'https' if self.is_secure else 'http'}://{self.host}"

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"

    @property
    def simple(self) -> str:
        return f"{self.base}/simple"

    def url(self, file: File) -> str:
        return f"{self.base}/files/{file.filename}"


class _Handler(BaseHTTPRequestHandler):
    server: Index
    protocol_version = "HTTP/1.1"

    def setup(self) -> None:
        super().setup()
        if isinstance(self.connection, ssl.SSLSocket):
            try:
                self.connection.do_handshake()
            except ssl.SSLError:
                with socket.socket(fileno=self.connection.detach()) as plain:  # so that the alert is read, not a reset
                    plain.shutdown(socket.SHUT_WR)
                    plain.settimeout(1)
                    while plain.recv(4096):
                        pass
                raise

    def do_GET(self) -> None:
        server, path = self.server, unquote(urlsplit(self.path).path)
        server.asked.append(path)
        server.seen.append((path, self.headers))
        if path in server.redirects:
            self.answer(302, b"", "text/plain", location=server.redirects[path])
            return
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

    def do_HEAD(self) -> None:
        """uv and pdm ask so; what is answered has no body then."""
        self.do_GET()

    def file(self, name: str) -> None:
        server = self.server
        if server.statuses:
            more = {"retry-after": server.retry_after} if server.retry_after is not None else {}
            self.answer(server.statuses.pop(0), b"", "text/plain", **more)
            return
        found = [file for files in server.files.values() for file in files if file.filename == name]
        if not found:
            self.answer(404, b"", "text/plain")
            return
        content = server.versions.pop(0) if server.versions else server.changed.get(name, found[0].content)
        tag = server.tags.pop(0) if len(server.tags) > 1 else next(iter(server.tags), None)
        status, more, start = 200, {"etag": tag} if tag is not None else {}, self.start(tag)
        if start > len(content):
            self.answer(416, b"", "text/plain")
            return
        if start:
            status, more["content-range"] = 206, f"bytes {start}-{len(content) - 1}/{len(content)}"
        content = content[start:]
        if server.cut:
            server.cuts.append(len(content) // 2)
        self.answer(status, content, "application/octet-stream", **more)

    def start(self, tag: str | None) -> int:
        """The first byte that is asked for, if this server looks at that."""
        wanted = self.headers.get("Range", "").removeprefix("bytes=").removesuffix("-")
        if not self.server.has_ranges or not wanted:
            return 0
        is_same = self.headers.get("If-Range", tag) == tag
        return int(wanted) if is_same else 0

    def answer(self, status: int, content: bytes, kind: str, **more: str) -> None:
        self.send_response(status)
        for name, value in {"content-type": kind, "content-length": str(len(content)), **more}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "HEAD":
            return
        if content and self.server.cuts:
            self.wfile.write(content[: self.server.cuts.pop(0)])
            self.close_connection = True
        elif content and self.server.stalls:
            size, seconds = self.server.stalls.pop(0)
            self.wfile.write(content[:size])
            time.sleep(seconds)
            self.close_connection = True
        else:
            self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def serving(*, with_json: bool = True, context: ssl.SSLContext | None = None) -> Iterator[Index]:
    """An index that is up; over TLS where there is a ``context``."""
    with Index(with_json=with_json, context=context) as server:
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


@contextmanager
def talking(*answers: bytes, pause: float = 0.0) -> Iterator[str]:
    """A server that says ``answers``, one a connection, byte by byte where there is a ``pause``; its URL."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            for answer in answers:
                with suppress(OSError):
                    connection, _ = listening.accept()
                    with connection:
                        connection.recv(65536)
                        size = 1 if pause else max(1, len(answer))
                        for at in range(0, len(answer), size):
                            connection.sendall(answer[at : at + size])
                            time.sleep(pause)

        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
