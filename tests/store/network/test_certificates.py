"""TLS on loopback: whose certificates are trusted, and the one that is shown."""

from __future__ import annotations

import os
import shutil
import socket
import ssl
from pathlib import Path

import pytest

from pytest_ofiuco.store.cache import Store
from pytest_ofiuco.store.network import certificates
from pytest_ofiuco.store.network.certificates import Certificates
from pytest_ofiuco.store.network.source import Source
from pytest_ofiuco.store.settings import IndexSettings
from tests.store.fetching import failure, fetched, fetching
from tests.store.makers import NOWHERE, wheel
from tests.store.serving import serving

FOLDER = Path(__file__).parents[2] / "data" / "certificates"
AUTHORITY, CLIENT = str(FOLDER / "authority.pem"), str(FOLDER / "client.pem")
DEMO = wheel("demo", {"demo.py": "x = 1\n"})
NAME = DEMO.filename


def server_context(*, wants_client: bool = False) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(FOLDER / "server.pem")
    if wants_client:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(AUTHORITY)
    return context


def load(folder: Path, **variables: str) -> IndexSettings:
    environ = {"PIP_CONFIG_FILE": os.devnull, "UV_NO_CONFIG": "1", "HOME": str(folder), "PIP_NO_INDEX": "1"}
    return IndexSettings.load(environ | variables, folder)


@pytest.mark.parametrize(
    "variables",
    [
        pytest.param({"PIP_CERT": AUTHORITY}, id="pip"),
        pytest.param({"SSL_CERT_FILE": AUTHORITY}, id="uv"),
        pytest.param({"SSL_CERT_DIR": "{folder}"}, id="uv, a folder"),
        pytest.param({"SSL_CERT_DIR": "{folder}", "SSL_CERT_FILE": str(FOLDER / "client.pem")}, id="both"),
        pytest.param({"REQUESTS_CA_BUNDLE": AUTHORITY}, id="requests"),
        pytest.param({"CURL_CA_BUNDLE": AUTHORITY}, id="curl"),
        pytest.param({"PIP_CERT": AUTHORITY, "SSL_CERT_FILE": "nothing"}, id="pip over uv"),
        pytest.param({"UV_INSECURE_HOST": "127.0.0.1"}, id="uv, unchecked"),
        pytest.param({"PIP_TRUSTED_HOST": "{host}"}, id="pip, unchecked"),
    ],
)
def test_who_is_trusted(store: Store, tmp_path: Path, variables: dict[str, str]) -> None:
    (tmp_path / "certificates").mkdir()
    shutil.copy(AUTHORITY, tmp_path / "certificates" / "own.pem")
    with serving(context=server_context()) as index:
        index.add("demo", DEMO)
        filled = {
            name: value.format(folder=tmp_path / "certificates", host=index.host) for name, value in variables.items()
        }
        assert fetched(store, load(tmp_path, **filled), DEMO.wheel(url=index.url(DEMO))).is_file()


@pytest.mark.parametrize("variable", ["UV_SYSTEM_CERTS", "UV_NATIVE_TLS"])
def test_only_what_the_system_trusts(tmp_path: Path, variable: str) -> None:
    assert load(tmp_path, **{variable: "1"}).certificates == Certificates(is_system_only=True)
    assert load(tmp_path, **{variable: "0"}).certificates == Certificates()


@pytest.mark.parametrize("is_system_only", [False, True])
def test_who_is_not_trusted(store: Store, is_system_only: bool) -> None:
    settings = IndexSettings(no_index=True, certificates=Certificates(is_system_only=is_system_only))
    with serving(context=server_context()) as index:
        said = failure(store, settings, DEMO.wheel(url=index.url(DEMO)))
    start, _, end = said.partition("\n")
    assert start.startswith(f"error: {NAME}: cannot be fetched: {index.host}: its certificate is not trusted: ")
    assert end == "hint: name the file of the certificate authority with SSL_CERT_FILE or PIP_CERT"
    assert index.asked == []


def test_a_certificate_of_another_host(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(context=server_context()) as index:
        found = socket.getaddrinfo("127.0.0.1", index.server_address[1], type=socket.SOCK_STREAM)
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
        url = index.url(DEMO).replace("127.0.0.1", "files.invalid")
        said = failure(store, load(tmp_path, PIP_CERT=AUTHORITY), DEMO.wheel(url=url))
    assert "its certificate is not trusted: Hostname mismatch, certificate is not valid for 'files.invalid'" in said


def test_a_server_that_speaks_no_tls(store: Store) -> None:
    with serving() as index:
        said = failure(store, NOWHERE, DEMO.wheel(url=index.url(DEMO).replace("http:", "https:")))
    assert f"{index.host}: no secure connection: " in said


@pytest.mark.parametrize("variable", ["PIP_CLIENT_CERT", "SSL_CLIENT_CERT"])
def test_a_client_certificate(store: Store, tmp_path: Path, variable: str) -> None:
    with serving(context=server_context(wants_client=True)) as index:
        index.add("demo", DEMO)
        settings = load(tmp_path, PIP_CERT=AUTHORITY, **{variable: CLIENT})
        assert fetched(store, settings, DEMO.wheel(url=index.url(DEMO))).is_file()


def test_a_client_certificate_that_lacks(store: Store, tmp_path: Path) -> None:
    with serving(context=server_context(wants_client=True)) as index:
        said = failure(store, load(tmp_path, PIP_CERT=AUTHORITY), DEMO.wheel(url=index.url(DEMO)))
    assert f"{index.host}: no secure connection: tlsv13 alert certificate required\n" in said
    assert said.endswith("if it wants a client certificate, name that with SSL_CLIENT_CERT or PIP_CLIENT_CERT")


def test_a_source_of_poetry_has_its_own(store: Store, tmp_path: Path) -> None:
    with serving(context=server_context(wants_client=True)) as index, serving(context=server_context()) as other:
        index.add("demo", DEMO)
        (tmp_path / "pyproject.toml").write_text(
            f'[[tool.poetry.source]]\nname = "x"\nurl = "{index.simple}"\npriority = "explicit"\n'
        )
        variables = {"POETRY_CERTIFICATES_X_CERT": AUTHORITY, "POETRY_CERTIFICATES_X_CLIENT_CERT": CLIENT}
        settings = load(tmp_path, **variables)
        assert "not trusted" in failure(store, settings, DEMO.wheel(url=other.url(DEMO)))
        assert fetched(store, settings, DEMO.wheel(url=index.url(DEMO))).is_file()
        unchecked = IndexSettings(
            no_index=True,
            sources=(Source(tool="poetry", name="x", url=other.simple, is_trusted=True),),
        )
        assert "no such file" in failure(Store(tmp_path / "again"), unchecked, DEMO.wheel(url=other.url(DEMO)))


@pytest.mark.parametrize(
    ("variables", "reason", "hint"),
    [
        pytest.param(
            {"SSL_CERT_FILE": "{folder}/nothing.pem"},
            "the certificates in {folder}/nothing.pem cannot be read: No such file or directory",
            "correct SSL_CERT_FILE, SSL_CERT_DIR, PIP_CERT or `cert` in the tool's settings, whichever names it",
            id="no authorities",
        ),
        pytest.param(
            {"PIP_CERT": "{folder}/text.pem"},
            "the certificates in {folder}/text.pem cannot be read: not in PEM format",
            "correct SSL_CERT_FILE, SSL_CERT_DIR, PIP_CERT or `cert` in the tool's settings, whichever names it",
            id="other authorities",
        ),
        pytest.param(
            {"SSL_CLIENT_CERT": "{folder}/nothing.pem"},
            "the client certificate {folder}/nothing.pem cannot be read: No such file or directory",
            "name a PEM file with the certificate and its key, unencrypted",
            id="no client",
        ),
        pytest.param(
            {"PIP_CLIENT_CERT": str(FOLDER / "encrypted.pem")},
            f"the client certificate {FOLDER / 'encrypted.pem'} cannot be read: not in PEM format",
            "name a PEM file with the certificate and its key, unencrypted",
            id="an encrypted key",
        ),
    ],
)
def test_files_that_cannot_be_read(
    store: Store, tmp_path: Path, variables: dict[str, str], reason: str, hint: str
) -> None:
    (tmp_path / "text.pem").write_text("text")
    settings = load(tmp_path, **{name: value.format(folder=tmp_path) for name, value in variables.items()})
    assert failure(store, settings, DEMO.wheel(url="https://files.invalid/x")) == (
        f"error: {NAME}: cannot be fetched: files.invalid: no secure connection: {reason.format(folder=tmp_path)}\n"
        f"hint: {hint}"
    )


def test_authorities_are_read_once(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Certificates] = []
    make = certificates._made

    def noted(each: Certificates, host: str) -> ssl.SSLContext:
        made.append(each)
        return make(each, host)

    monkeypatch.setattr(certificates, "_made", noted)
    with serving(context=server_context()) as index, serving(context=server_context()) as other:
        for server in (index, other):
            server.add("demo", DEMO)
        with fetching(store, load(tmp_path, PIP_CERT=AUTHORITY)) as fetcher:
            fetcher.fetch(DEMO.wheel(index=index.simple), "demo", tmp_path)
            fetcher.first_seen(DEMO.wheel(index=other.simple), "demo", tmp_path)
    assert len(made) == 1


def test_no_password_goes_from_https_to_http(store: Store, tmp_path: Path) -> None:
    (tmp_path / ".netrc").write_text("default login me password secret\n")
    with serving(context=server_context()) as index, serving() as plain:
        plain.add("demo", DEMO)
        index.redirects["/x.whl"] = plain.url(DEMO)
        settings = load(tmp_path, PIP_CERT=AUTHORITY)
        assert fetched(store, settings, DEMO.wheel(url=f"{index.base}/x.whl")).is_file()
        assert [headers["Authorization"] is None for _, headers in index.seen] == [False]
        assert [headers["Authorization"] for _, headers in plain.seen] == [None]
