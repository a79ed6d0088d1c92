"""A geocoder on loopback that knows two addresses."""

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

KNOWN = {
    "Bundesplatz 3, Bern": {"lat": 46.9466, "lon": 7.4441},
    "Piazza del Duomo, Milano": {"lat": 45.4641, "lon": 9.1919},
}


class FakeGeocoder(ThreadingHTTPServer):
    """Answers as told; keeps what it was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.asked: list[list[str]] = []
        self.status = 200
        self.body: str | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Answer(BaseHTTPRequestHandler):
    server: FakeGeocoder

    def do_GET(self) -> None:
        addresses = parse_qs(urlsplit(self.path).query)["q"]
        self.server.asked.append(addresses)
        body = self.server.body or json.dumps({"results": [KNOWN.get(address) for address in addresses]})
        self.send_response(self.server.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, format: str, *arguments: object) -> None:
        pass
