"""What can go wrong between here and an index, each really caused, and the whole message for it."""

from __future__ import annotations

import gzip
import threading
import time
from email.utils import formatdate

import pytest
from urllib3 import HTTPResponse

from pytest_ofiuco.core.artifact import Wheel
from pytest_ofiuco.store.cache import Store
from pytest_ofiuco.store.network import remote
from pytest_ofiuco.store.network.failure import Unresumable
from pytest_ofiuco.store.settings import IndexSettings
from tests.store.fetching import failure, fetched, fetching
from tests.store.makers import NOWHERE, wheel
from tests.store.serving import Index, talking

DEMO = wheel("demo", {"demo.py": "x = 1\n" * 5000})
NAME = DEMO.filename
SIZE = len(DEMO.content)

CREDENTIALS = (
    "give user name and password for {host} in netrc or in the keyring, or name the index and set"
    " UV_INDEX_<NAME>_USERNAME and UV_INDEX_<NAME>_PASSWORD"
)
ABSENT = "configure the index that has it (PIP_EXTRA_INDEX_URL, UV_INDEX), or lock what can be had"
LATER = "run again later: what has been fetched is kept"
UNREADABLE = "name the index itself, a URL that mostly ends in /simple, in the index settings"


@pytest.fixture
def demo(index: Index) -> Wheel:
    index.add("demo", DEMO)
    return DEMO.wheel(url=index.url(DEMO))


@pytest.mark.parametrize(
    ("status", "reason", "hint", "times"),
    [
        pytest.param(400, "HTTP status 400 (Bad Request)", UNREADABLE, 1, id="400"),
        pytest.param(401, "HTTP status 401 (Unauthorized)", CREDENTIALS, 1, id="401"),
        pytest.param(403, "HTTP status 403 (Forbidden)", CREDENTIALS, 1, id="403"),
        pytest.param(404, "no such file: HTTP status 404 (Not Found)", ABSENT, 1, id="404"),
        pytest.param(410, "no such file: HTTP status 410 (Gone)", ABSENT, 1, id="410"),
        pytest.param(429, "HTTP status 429 (Too Many Requests) (tried 4 times)", LATER, 4, id="429"),
        pytest.param(500, "HTTP status 500 (Internal Server Error) (tried 4 times)", LATER, 4, id="500"),
        pytest.param(501, "HTTP status 501 (Not Implemented)", LATER, 1, id="501"),
        pytest.param(503, "HTTP status 503 (Service Unavailable) (tried 4 times)", LATER, 4, id="503"),
        pytest.param(599, "HTTP status 599", LATER, 1, id="a status without a name"),
    ],
)
def test_a_status_that_is_an_error(
    store: Store, index: Index, demo: Wheel, status: int, reason: str, hint: str, times: int
) -> None:
    index.statuses = [status] * 9
    said = failure(store, NOWHERE, demo)
    assert said == f"error: {NAME}: cannot be fetched: {index.host}: {reason}\nhint: {hint.format(host=index.host)}"
    assert index.asked == [f"/files/{NAME}"] * times


def test_what_needs_doing_is_hinted_at_first(store: Store, index: Index) -> None:
    index.add("demo", DEMO)
    index.statuses = [403]
    settings = IndexSettings(default_index=f"{index.base}/nothing")
    assert failure(store, settings, DEMO.wheel(url=index.url(DEMO))) == (
        f"error: {NAME}: cannot be fetched: {index.host}: HTTP status 403 (Forbidden);"
        f" {index.host}: no such project: HTTP status 404 (Not Found)\nhint: {CREDENTIALS.format(host=index.host)}"
    )


def test_retries_are_as_many_as_is_set(store: Store, index: Index, demo: Wheel) -> None:
    index.statuses = [500] * 9
    assert "(tried 2 times)" in failure(store, IndexSettings(no_index=True, retries=1), demo)
    assert failure(store, IndexSettings(no_index=True, retries=0), demo).count("tried") == 0
    assert len(index.asked) == 3


def test_a_cut_connection_is_resumed(store: Store, index: Index, demo: Wheel) -> None:
    index.has_ranges, index.tags, index.cuts = True, ['"one"'], [1000, 500]
    assert fetched(store, NOWHERE, demo).read_bytes() == DEMO.content
    assert [headers["Range"] for _, headers in index.seen] == [None, "bytes=1000-", "bytes=1500-"]
    assert [headers["If-Range"] for _, headers in index.seen] == [None, '"one"', '"one"']
    assert {headers["Accept-Encoding"] for _, headers in index.seen} == {"identity"}


def test_a_server_without_ranges_starts_anew(store: Store, index: Index, demo: Wheel) -> None:
    index.cuts = [1000, 500]
    assert fetched(store, NOWHERE, demo).read_bytes() == DEMO.content
    assert len(index.asked) == 3


def test_a_file_that_has_changed_meanwhile_starts_anew(store: Store, index: Index, demo: Wheel) -> None:
    index.has_ranges, index.tags, index.cuts = True, ['"one"', '"two"'], [1000]
    index.versions = [b"x" * SIZE]
    assert fetched(store, NOWHERE, demo).read_bytes() == DEMO.content
    assert [headers["If-Range"] for _, headers in index.seen] == [None, '"one"']


def test_a_file_that_has_changed_unnoticed_starts_anew(store: Store, index: Index, demo: Wheel) -> None:
    index.has_ranges, index.tags, index.cuts = True, ['W/"weak"'], [1000]
    index.versions = [b"x" * SIZE]
    assert fetched(store, NOWHERE, demo).read_bytes() == DEMO.content
    assert [headers["Range"] for _, headers in index.seen] == [None, "bytes=1000-", None]
    assert [headers["If-Range"] for _, headers in index.seen] == [None, None, None]


def test_a_part_that_is_refused_starts_anew(store: Store, index: Index, demo: Wheel) -> None:
    index.has_ranges, index.cuts = True, [2 * SIZE]
    index.versions = [DEMO.content + b"x" * SIZE * 2]
    assert fetched(store, NOWHERE, demo).read_bytes() == DEMO.content
    assert [headers["Range"] for _, headers in index.seen] == [None, f"bytes={2 * SIZE}-", None]


def test_another_part_than_was_asked_for_starts_anew(store: Store) -> None:
    start = f"HTTP/1.1 200 OK\r\nContent-Length: {SIZE}\r\n\r\n".encode()
    part = f"HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 5-{SIZE - 1}/{SIZE}\r\nContent-Length: 9\r\n\r\n"
    with talking(start + DEMO.content[:99], part.encode() + b"x" * 9, start + DEMO.content) as base:
        assert fetched(store, NOWHERE, DEMO.wheel(url=f"{base}/{NAME}")).read_bytes() == DEMO.content


@pytest.mark.parametrize("told", [f"bytes 5-{SIZE - 1}/{SIZE}", "bytes */9", "lines 99-100", "99", ""])
def test_what_a_part_must_say(told: str) -> None:
    with pytest.raises(Unresumable):
        remote._start(HTTPResponse(status=206, headers={"Content-Range": told}), 99, "host")
    assert remote._start(HTTPResponse(status=206, headers={"Content-Range": "bytes 99-100/101"}), 99, "host") == 99
    assert remote._start(HTTPResponse(status=200), 99, "host") == 0


def test_a_connection_that_is_always_cut(store: Store, index: Index, demo: Wheel) -> None:
    index.cut = True
    assert failure(store, NOWHERE, demo) == (
        f"error: {NAME}: cannot be fetched: {index.host}: the connection was closed after {SIZE // 2} of {SIZE}"
        f" bytes (tried 4 times)\nhint: {LATER}"
    )


def test_a_large_file_may_be_cut_as_often_as_it_takes(store: Store, index: Index) -> None:
    large = wheel("demo", {"demo.py": "x" * (9 << 20)})
    index.add("demo", large)
    index.has_ranges, index.cuts = True, [3 << 19] * 5
    settings = IndexSettings(no_index=True, retries=1)
    assert fetched(store, settings, large.wheel(url=index.url(large))).read_bytes() == large.content
    assert len(index.asked) == 6
    index.has_ranges, index.cuts = False, [3 << 19] * 5
    again = Store(store.root.parent / "again")
    assert "(tried 2 times)" in failure(again, settings, large.wheel(url=index.url(large)))


def test_a_stalled_connection_is_given_up_and_resumed(store: Store, index: Index, demo: Wheel) -> None:
    index.has_ranges, index.stalls = True, [(1000, 2.0)]
    began = time.monotonic()
    assert fetched(store, IndexSettings(no_index=True, timeout=0.2), demo).read_bytes() == DEMO.content
    assert time.monotonic() - began < 1.5
    assert [headers["Range"] for _, headers in index.seen] == [None, "bytes=1000-"]


def test_a_server_that_says_nothing(store: Store) -> None:
    with talking(b"H" * 99, b"H" * 99, pause=0.5) as base:
        said = failure(store, IndexSettings(no_index=True, timeout=0.1, retries=1), DEMO.wheel(url=f"{base}/{NAME}"))
    host = base.removeprefix("http://")
    assert said == f"error: {NAME}: cannot be fetched: {host}: no answer in time (tried 2 times)\nhint: {LATER}"


def test_a_server_that_dribbles(store: Store) -> None:
    with talking(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n" + b"x" * 99, pause=0.02) as base:
        said = failure(store, IndexSettings(no_index=True, timeout=0.2, retries=0), DEMO.wheel(url=f"{base}/{NAME}"))
    host = base.removeprefix("http://")
    assert said == f"error: {NAME}: cannot be fetched: {host}: no answer in time\nhint: {LATER}"


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"SSH-2.0-server\r\n", id="another protocol"),
        pytest.param(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc", id="a cut chunk"),
        pytest.param(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nsecret\r\nabc", id="no chunk"),
    ],
)
def test_an_answer_that_is_none(store: Store, answer: bytes) -> None:
    with talking(answer) as base:
        said = failure(store, IndexSettings(no_index=True, retries=0), DEMO.wheel(url=f"{base}/{NAME}"))
    host = base.removeprefix("http://")
    assert said == (f"error: {NAME}: cannot be fetched: {host}: the connection was closed too early\nhint: {LATER}")


def test_a_whole_file_without_a_length(store: Store) -> None:
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (SIZE, DEMO.content)
    with talking(chunked) as base:
        assert fetched(store, NOWHERE, DEMO.wheel(url=f"{base}/{NAME}")).read_bytes() == DEMO.content


def test_no_content(store: Store, index: Index, demo: Wheel) -> None:
    index.statuses = [204]
    assert failure(store, NOWHERE, demo) == (
        f"error: {NAME}: cannot be fetched: {index.host}: HTTP status 204 (No Content)\nhint: {UNREADABLE}"
    )


def test_a_page_that_is_cut_is_asked_for_again(store: Store, index: Index) -> None:
    index.add("demo", DEMO)
    index.cuts = [10]
    assert fetched(store, IndexSettings(default_index=index.simple), DEMO.wheel()).read_bytes() == DEMO.content
    assert index.asked == ["/simple/demo/", "/simple/demo/", f"/files/{NAME}"]


def test_a_compressed_page(store: Store, index: Index) -> None:
    index.add("demo", DEMO)
    page = gzip.compress(f'<a href="{index.url(DEMO)}">{NAME}</a>'.encode())
    head = (
        f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: gzip\r\nContent-Length: {len(page)}\r\n\r\n"
    )
    with talking(head.encode() + page) as base:
        assert fetched(store, IndexSettings(default_index=base), DEMO.wheel()).read_bytes() == DEMO.content


def test_a_page_without_an_end(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "_LARGEST_PAGE", 10_000)
    page = gzip.compress(b"<a>" * 100_000)
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(page)}\r\n\r\n"
    with talking(head.encode() + page) as base:
        said = failure(store, IndexSettings(default_index=base), DEMO.wheel())
    host = base.removeprefix("http://")
    assert said == f"error: {NAME}: cannot be fetched: {host}: gives a page without an end\nhint: {UNREADABLE}"


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        pytest.param("/files/x", "leads from one address to the next without an end", id="in a circle"),
        pytest.param("file:///etc/passwd", "leads to what is no address of a host", id="to a file"),
        pytest.param("http://[secret/x", "leads to what is no address of a host", id="to no URL"),
    ],
)
def test_redirects_that_lead_nowhere(store: Store, index: Index, location: str, reason: str) -> None:
    index.redirects["/files/x"] = location
    said = failure(store, NOWHERE, DEMO.wheel(url=f"{index.base}/files/x"))
    assert said == f"error: {NAME}: cannot be fetched: {index.host}: {reason}\nhint: {UNREADABLE}"


def test_a_port_in_the_lock_that_is_none(store: Store) -> None:
    said = failure(store, NOWHERE, DEMO.wheel(url="http://user:secret@host.invalid:port/x"))
    assert "host.invalid:port: not an address that can be asked" in said
    assert "secret" not in said


def test_retry_after_is_waited_for(store: Store, index: Index, demo: Wheel) -> None:
    index.statuses, index.retry_after = [429], "1"
    began = time.monotonic()
    fetched(store, NOWHERE, demo)
    assert 1 <= time.monotonic() - began < 5


def test_retry_after_has_a_limit(store: Store, index: Index, demo: Wheel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "_MOST_PATIENCE", 0.01)
    index.statuses, index.retry_after = [503], "3600"
    began = time.monotonic()
    fetched(store, NOWHERE, demo)
    assert len(index.asked) == 2
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    ("text", "least", "most"),
    [
        ("7", 7, 7),
        ("Sat, 01 Jan 2000 00:00:00 GMT", 0, 0),
        ("soon", 0, 0),
        ("", 0, 0),
    ],
)
def test_what_retry_after_says(text: str, least: float, most: float) -> None:
    assert least <= remote._seconds(text) <= most


def test_retry_after_may_be_a_date() -> None:
    assert 80 <= remote._seconds(formatdate(time.time() + 100, usegmt=True)) <= 101


def test_the_end_of_a_session_ends_a_pause(
    store: Store, index: Index, demo: Wheel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote, "FIRST_PAUSE", 60.0)
    index.statuses = [500] * 9
    with fetching(store, NOWHERE) as fetcher:
        threading.Timer(0.2, fetcher.stop).start()
        with pytest.raises(Exception, match="the session is ending"):
            fetcher.fetch(demo, "demo", store.root.parent)
    assert len(index.asked) == 1


def test_a_part_is_not_seen_before_the_whole(store: Store, index: Index, demo: Wheel) -> None:
    index.stalls = [(1000, 1.0)]
    settings = IndexSettings(no_index=True, timeout=0.5)
    thread = threading.Thread(target=fetched, args=(store, settings, demo))
    thread.start()
    while not index.asked:
        time.sleep(0.01)
    time.sleep(0.2)
    assert not store.files.exists()
    thread.join()
    assert [path.name for path in store.files.rglob("*.whl")] == [NAME]


def test_connections_are_used_again(store: Store, index: Index) -> None:
    files = [wheel(f"demo{number}", {"demo.py": "x" * 50_000}) for number in range(40)]
    for number, file in enumerate(files):
        index.add(f"demo{number}", file)
    with fetching(store, IndexSettings(default_index=index.simple)) as fetcher:

        def work(number: int) -> None:
            for at in range(number, 40, 8):
                fetcher.fetch(files[at].wheel(), f"demo{at}", store.root.parent)

        threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(index.asked) == 80
    assert index.connections <= 8
