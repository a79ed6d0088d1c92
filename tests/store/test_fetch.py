"""Downloads: where a file is looked for, and everything that can go wrong on the way."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pytest_ofiuco.core.artifact import Archive, Wheel
from pytest_ofiuco.errors import (
    ArchiveError,
    CacheError,
    FetchError,
    HashMismatchError,
    OfflineError,
    UnhashedError,
)
from pytest_ofiuco.store.cache import Store
from pytest_ofiuco.store.fetch import Fetcher
from pytest_ofiuco.store.settings import IndexSettings
from tests.store.makers import NOWHERE, File, wheel
from tests.store.serving import Index, closed_port, serving

DEMO = wheel("demo", {"demo.py": "x = 1\n" * 5000})


class Recorder:
    def __init__(self) -> None:
        self.files: list[tuple[str, int]] = []

    def fetched(self, filename: str, size: int) -> None:
        self.files.append((filename, size))

    def started(self, what: str) -> None:
        pass

    def finished(self, what: str) -> None:
        pass


@contextmanager
def fetching(
    store: Store, settings: IndexSettings, *, offline: bool = False, recorder: Recorder | None = None
) -> Iterator[Fetcher]:
    fetcher = Fetcher(store, settings, offline=offline, refresh=False, progress=recorder or Recorder())
    yield fetcher
    fetcher.close()


def fetch(
    store: Store, settings: IndexSettings, artifact: Wheel | Archive, folder: Path, *, offline: bool = False
) -> Path:
    with fetching(store, settings, offline=offline) as fetcher:
        return fetcher.fetch(artifact, "demo", folder)


def nothing_half_written(store: Store) -> bool:
    kept = [path for path in store.files.rglob("*") if path.is_file()] if store.files.exists() else []
    return not kept and not list((store.root / "temporary-v1").iterdir())


@pytest.mark.parametrize("with_json", [True, False], ids=["json", "html"])
def test_found_by_name_on_an_index(store: Store, tmp_path: Path, with_json: bool) -> None:
    recorder = Recorder()
    with serving(with_json=with_json) as index:
        index.add("demo", wheel("demo", {"demo.py": ""}, version="0.9"), DEMO)
        with fetching(store, IndexSettings(default_index=index.simple), recorder=recorder) as fetcher:
            file = fetcher.fetch(DEMO.wheel(), "Demo", tmp_path)
            assert fetcher.fetch(DEMO.wheel(), "demo", tmp_path) == file
        assert index.asked == ["/simple/demo/", f"/files/{DEMO.filename}"]
    assert file == store.files / DEMO.sha256 / DEMO.filename
    assert file.read_bytes() == DEMO.content
    assert recorder.files == [(DEMO.filename, len(DEMO.content))]


def test_the_locks_url_needs_no_page(store: Store, tmp_path: Path, index: Index) -> None:
    index.add("demo", DEMO)
    fetch(store, NOWHERE, DEMO.wheel(url=f"{index.url(DEMO)}#sha256={DEMO.sha256}"), tmp_path)
    assert index.asked == [f"/files/{DEMO.filename}"]


def test_a_dead_host_in_the_lock_is_no_obstacle_and_is_remembered(store: Store, tmp_path: Path, index: Index) -> None:
    other = wheel("other", {"other.py": ""})
    index.add("demo", DEMO)
    index.add("other", other)
    dead = "https://files.invalid"
    with fetching(store, IndexSettings(default_index=index.simple)) as fetcher:
        for name, file in (("demo", DEMO), ("other", other)):
            artifact = file.wheel(url=f"{dead}/{file.filename}", index="https://index.invalid/simple")
            assert fetcher.fetch(artifact, name, tmp_path).read_bytes() == file.content
        assert set(fetcher._remote._dead) == {"files.invalid", "index.invalid"}


@pytest.mark.parametrize("status", [404, 410, 403])
def test_a_url_that_is_gone_falls_through(store: Store, tmp_path: Path, index: Index, status: int) -> None:
    index.add("demo", DEMO)
    index.statuses = [status]
    file = fetch(store, IndexSettings(default_index=index.simple), DEMO.wheel(url=index.url(DEMO)), tmp_path)
    assert file.read_bytes() == DEMO.content


def test_the_packages_own_index_first_then_extras(store: Store, tmp_path: Path, index: Index) -> None:
    with serving() as own, serving() as default:
        index.add("demo", DEMO)
        settings = IndexSettings(default_index=default.simple, indexes=(index.simple,))
        fetch(store, settings, DEMO.wheel(index=own.simple), tmp_path)
        assert own.asked == ["/simple/demo/"]
        assert default.asked == ["/simple/demo/"]


def test_a_path_beside_the_lock(store: Store, tmp_path: Path) -> None:
    DEMO.write(tmp_path / "vendor")
    file = fetch(store, NOWHERE, DEMO.wheel(path=f"vendor/{DEMO.filename}"), tmp_path)
    assert file.read_bytes() == DEMO.content


def test_a_path_that_is_missing(store: Store, tmp_path: Path) -> None:
    with pytest.raises(FetchError, match=r"vendor/demo\.whl: no such file"):
        fetch(store, NOWHERE, DEMO.wheel(path="vendor/demo.whl"), tmp_path)


@pytest.mark.parametrize("layout", ["page", "folders", "flat", "links", "links page", "relative"])
def test_folders_that_serve_as_indexes(store: Store, tmp_path: Path, layout: str) -> None:
    root = tmp_path / "in dex"
    artifact, settings = DEMO.wheel(), IndexSettings(default_index=(root / "simple").as_uri())
    match layout:
        case "page":
            DEMO.write(root / "files")
            (root / "simple" / "demo").mkdir(parents=True)
            anchor = f'<a href="../../files/{DEMO.filename}#sha256={DEMO.sha256}">{DEMO.filename}</a>'
            (root / "simple" / "demo" / "index.html").write_text(anchor)
        case "folders":
            DEMO.write(root / "simple" / "demo")
        case "flat":
            DEMO.write(root / "simple")
        case "links":
            DEMO.write(root)
            settings = IndexSettings(no_index=True, find_links=(str(root),))
        case "links page":
            DEMO.write(root)
            (root / "page.html").write_text(f'<a href="{DEMO.filename}">{DEMO.filename}</a>')
            settings = IndexSettings(no_index=True, find_links=((root / "page.html").as_uri(),))
        case "relative":
            DEMO.write(tmp_path / "wheels")
            artifact, settings = DEMO.wheel(index="wheels"), NOWHERE
    file = fetch(store, settings, artifact, tmp_path, offline=True)
    assert file.read_bytes() == DEMO.content


def test_a_find_links_page_over_http(store: Store, tmp_path: Path, index: Index) -> None:
    index.add("demo", DEMO)
    settings = IndexSettings(no_index=True, find_links=(f"{index.simple}/demo/",))
    assert fetch(store, settings, DEMO.wheel(), tmp_path).read_bytes() == DEMO.content


def test_another_hash_is_refused_quarantined_and_told(store: Store, tmp_path: Path, index: Index) -> None:
    evil = wheel("demo", {"demo.py": "evil"})
    index.add("demo", DEMO)
    index.changed[DEMO.filename] = evil.content
    url = index.url(DEMO).replace("http://", "http://user:secret@") + "?token=secret"
    with pytest.raises(HashMismatchError) as caught:
        fetch(store, NOWHERE, DEMO.wheel(url=url), tmp_path)
    said = caught.value.render()
    assert f"the lock has {DEMO.sha256}" in said
    assert f"{index.url(DEMO)} gave {evil.sha256}" in said
    assert "secret" not in said
    assert caught.value.kept is not None
    assert Path(caught.value.kept).read_bytes() == evil.content
    assert nothing_half_written(store)


def test_another_hash_on_the_page_is_not_even_fetched(store: Store, tmp_path: Path, index: Index) -> None:
    index.add("demo", DEMO)
    index.listed[DEMO.filename] = "1" * 64
    with pytest.raises(HashMismatchError) as caught:
        fetch(store, IndexSettings(default_index=index.simple), DEMO.wheel(), tmp_path)
    assert caught.value.actual == "1" * 64
    assert index.asked == ["/simple/demo/"]


def test_no_sha256_is_an_error(store: Store, tmp_path: Path) -> None:
    with pytest.raises(UnhashedError, match="no sha256"):
        fetch(store, NOWHERE, Wheel(filename="demo-1.0-py3-none-any.whl", hashes=(("md5", "0"),)), tmp_path)


@pytest.mark.parametrize("filename", ["../demo.whl", "/demo.whl", "a\\b.whl", "..", ""])
def test_a_file_name_that_leads_out(store: Store, tmp_path: Path, filename: str) -> None:
    with pytest.raises(ArchiveError, match="not a plain file name"):
        fetch(store, NOWHERE, Wheel(filename=filename, hashes=(("sha256", "0" * 64),)), tmp_path)


def test_an_index_that_is_down(store: Store, tmp_path: Path) -> None:
    url = f"http://user:secret@127.0.0.1:{closed_port()}/simple"
    with pytest.raises(FetchError) as caught:
        fetch(store, IndexSettings(default_index=url), DEMO.wheel(), tmp_path)
    said = caught.value.render()
    assert f"{DEMO.filename}: cannot be fetched: 127.0.0.1:" in said
    assert "Connection refused" in said
    assert "secret" not in said
    assert nothing_half_written(store)


def test_a_name_that_does_not_resolve(store: Store, tmp_path: Path) -> None:
    with pytest.raises(FetchError, match=r"index\.invalid: cannot be reached"):
        fetch(store, IndexSettings(default_index="https://index.invalid/simple"), DEMO.wheel(), tmp_path)


def test_an_index_that_dies_in_the_middle_of_a_file(store: Store, tmp_path: Path, index: Index) -> None:
    index.add("demo", DEMO)
    index.cut = True
    with pytest.raises(FetchError, match=r"127\.0\.0\.1:\d+: the connection was closed"):
        fetch(store, IndexSettings(default_index=index.simple), DEMO.wheel(), tmp_path)
    assert index.asked.count(f"/files/{DEMO.filename}") == 4
    assert nothing_half_written(store)


def test_temporary_failures_are_tried_again(store: Store, tmp_path: Path, index: Index) -> None:
    index.add("demo", DEMO)
    index.statuses = [503, 429]
    file = fetch(store, IndexSettings(default_index=index.simple), DEMO.wheel(), tmp_path)
    assert file.read_bytes() == DEMO.content


def test_lasting_failures_name_host_and_status(store: Store, tmp_path: Path, index: Index) -> None:
    index.add("demo", DEMO)
    index.statuses = [500] * 9
    with pytest.raises(FetchError, match=r"127\.0\.0\.1:\d+: HTTP status 500"):
        fetch(store, IndexSettings(default_index=index.simple), DEMO.wheel(), tmp_path)


def test_a_file_that_no_index_has(store: Store, tmp_path: Path, index: Index) -> None:
    index.add("demo", wheel("demo", {}, version="2.0"))
    with pytest.raises(FetchError, match="has no such file"):
        fetch(store, IndexSettings(default_index=index.simple), DEMO.wheel(), tmp_path)
    with pytest.raises(FetchError, match="no index is configured"):
        fetch(store, NOWHERE, DEMO.wheel(), tmp_path)


def test_a_page_that_is_not_the_simple_api(store: Store, tmp_path: Path, index: Index) -> None:
    index.add("demo", DEMO)
    index.add("x", File("simple.txt", b""))
    settings = IndexSettings(no_index=True, find_links=(f"{index.base}/files/simple.txt",))
    with pytest.raises(FetchError, match=r"answers with application/octet-stream, which is not the simple API"):
        fetch(store, settings, DEMO.wheel(), tmp_path)


def test_credentials_of_the_settings_serve_the_locks_url(store: Store, tmp_path: Path, index: Index) -> None:
    index.add("demo", DEMO)
    index.authorization = "Basic " + base64.b64encode(b"user:p@ss").decode()
    settings = IndexSettings(default_index=index.simple.replace("http://", "http://user:p%40ss@"))
    assert fetch(store, settings, DEMO.wheel(url=index.url(DEMO)), tmp_path).read_bytes() == DEMO.content


@pytest.mark.parametrize("with_json", [True, False], ids=["json", "html"])
def test_a_yanked_file_is_installed_and_told(store: Store, tmp_path: Path, with_json: bool) -> None:
    with serving(with_json=with_json) as index:
        index.add("demo", DEMO)
        index.yanked[DEMO.filename] = "it was broken"
        with fetching(store, IndexSettings(default_index=index.simple)) as fetcher:
            fetcher.fetch(DEMO.wheel(), "demo", tmp_path)
            assert fetcher.warnings() == [f"{DEMO.filename} is locked, but was yanked: it was broken"]


def test_offline_asks_nobody(store: Store, tmp_path: Path, index: Index) -> None:
    index.add("demo", DEMO)
    settings = IndexSettings(default_index=index.simple, find_links=(f"{index.simple}/demo/",))
    with pytest.raises(OfflineError, match=DEMO.filename):
        fetch(store, settings, DEMO.wheel(url=index.url(DEMO)), tmp_path, offline=True)
    assert index.asked == []
    fetch(store, settings, DEMO.wheel(), tmp_path)
    assert fetch(store, settings, DEMO.wheel(), tmp_path, offline=True).is_file()


def test_many_threads_fetch_once(store: Store, tmp_path: Path, index: Index) -> None:
    index.add("demo", DEMO)
    with fetching(store, IndexSettings(default_index=index.simple)) as fetcher:
        threads = [
            threading.Thread(target=fetcher.fetch, args=(DEMO.wheel(), "demo", tmp_path), daemon=True) for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(index.asked) == [f"/files/{DEMO.filename}", "/simple/demo/"]


def test_a_store_that_cannot_be_written(tmp_path: Path, index: Index) -> None:
    index.add("demo", DEMO)
    (tmp_path / "cache").write_text("a file")
    with pytest.raises(CacheError):
        fetch(Store(tmp_path / "cache"), IndexSettings(default_index=index.simple), DEMO.wheel(), tmp_path)
