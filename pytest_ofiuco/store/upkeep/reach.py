"""Which indexes there are to ask, whether they answer, and what is used to connect to them. No secret is told."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from pytest_ofiuco.store.index import local_path
from pytest_ofiuco.store.network.failure import Trouble, Unavailable
from pytest_ofiuco.store.network.remote import Remote
from pytest_ofiuco.store.settings import IndexSettings, shown
from pytest_ofiuco.store.upkeep.health import Remark

_PATIENCE = 5.0
_AT_A_TIME = 8
_ASKED_FOR = "pip"
"""A package that most indexes have; of one that answers that it has none, more need not be known."""


def indexes(settings: IndexSettings, *, offline: bool) -> Iterator[Remark]:
    """Every index, asked once where that is allowed, and every place of files."""
    if settings.no_index:
        yield Remark(section="indexes", status="note", text="indexes are switched off (no-index)")
    urls = [] if settings.no_index else list(dict.fromkeys(_urls(settings)))
    impatient = replace(settings, timeout=min(settings.timeout, _PATIENCE), retries=0)
    with closing(Remote(impatient)) as remote, ThreadPoolExecutor(_AT_A_TIME) as pool:
        yield from pool.map(lambda url: _asked(url, remote, offline=offline), urls)
    for location in settings.find_links:
        path = local_path(location)
        text = f"files at {shown(location)}"
        if path is not None and not path.exists():
            hint = "correct `find-links`, or make the folder"
            yield Remark(section="indexes", status="warning", text=f"{text}: not there", hint=hint)
        else:
            yield Remark(section="indexes", status="ok", text=text, details={"url": shown(location)})


def connections(settings: IndexSettings) -> Iterator[Remark]:
    """Certificates, proxies and passwords: where they come from."""
    certificates = settings.certificates
    named = [("certificates", path) for path in certificates.authorities]
    named += [("client certificate", certificates.client)] if certificates.client else []
    for what, path in named:
        if Path(os.path.expanduser(path)).exists():
            yield Remark(section="connections", status="ok", text=f"{what}: {path}", details={"path": path})
        else:
            hint = "correct the setting or the variable that names it"
            yield Remark(section="connections", status="warning", text=f"{what}: {path} is not there", hint=hint)
    if not certificates.authorities:
        source = "those of the system" if certificates.is_system_only else "the usual ones"
        yield Remark(section="connections", status="ok", text=f"certificates: {source}")
    for host in settings.trusted_hosts:
        hint = "name the file of its certificate authority instead (SSL_CERT_FILE, PIP_CERT)"
        text = f"the certificate of {host} is not checked"
        yield Remark(section="connections", status="warning", text=text, hint=hint)
    for scheme, url in settings.proxies.by_scheme:
        text = f"proxy for {scheme}: {shown(url)}"
        yield Remark(section="connections", status="ok", text=text, details={"scheme": scheme, "url": shown(url)})
    if settings.proxies.by_scheme and settings.proxies.passed_over:
        text = f"no proxy for {settings.proxies.passed_over}"
        yield Remark(section="connections", status="ok", text=text)
    for path in settings.netrc_files:
        if os.path.isfile(os.path.expanduser(path)):
            yield Remark(section="connections", status="ok", text=f"passwords: {path}", details={"path": path})


def _urls(settings: IndexSettings) -> Iterator[str]:
    yield from settings.lock_indexes
    if settings.default_index is not None:
        yield settings.default_index
    else:
        from pypi_simple import PYPI_SIMPLE_ENDPOINT  # where the public index is

        yield PYPI_SIMPLE_ENDPOINT
    yield from settings.indexes
    yield from settings.explicit


def _asked(url: str, remote: Remote, *, offline: bool) -> Remark:
    path, details = local_path(url), {"url": shown(url)}
    if path is not None:
        if path.is_dir():
            return Remark(section="indexes", status="ok", text=f"{shown(url)}: a folder", details=details)
        hint = "correct the index settings, or make the folder"
        return Remark(section="indexes", status="warning", text=f"{shown(url)}: not there", hint=hint, details=details)
    if offline:
        text = f"{shown(url)}: not asked (--offline)"
        return Remark(section="indexes", status="note", text=text, details=details)
    try:
        remote.page(f"{url.rstrip('/')}/{_ASKED_FOR}/", "*/*")
    except Unavailable as error:
        if error.trouble is not Trouble.ABSENT:
            text, told = f"{shown(url)}: {error.reason}", details | {"answers": False}
            return Remark(section="indexes", status="warning", text=text, hint=error.hint, details=told)
    return Remark(section="indexes", status="ok", text=f"{shown(url)}: answers", details=details | {"answers": True})
