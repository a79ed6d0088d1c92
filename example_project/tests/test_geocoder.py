"""The client of the remote geocoder, against one on loopback."""

import os
from collections.abc import Iterator

import pytest

from fake_geocoder import FakeGeocoder
from geo_lookup.geocoder import ADDRESSES_AT_A_TIME, Geocoder, GeocoderError
from geo_lookup.models import Coordinate


@pytest.fixture
def geocoder(remote: FakeGeocoder) -> Iterator[Geocoder]:
    with Geocoder(remote.url, timeout=20) as client:
        yield client


def test_an_address(geocoder: Geocoder, remote: FakeGeocoder) -> None:
    assert geocoder.locate("Bundesplatz 3, Bern") == Coordinate(latitude=46.9466, longitude=7.4441)
    assert remote.asked == [["Bundesplatz 3, Bern"]]


def test_an_unknown_address(geocoder: Geocoder) -> None:
    assert geocoder.locate("Nowhere 1") is None


def test_many_addresses_are_asked_in_batches(geocoder: Geocoder, remote: FakeGeocoder) -> None:
    addresses = [f"Nowhere {number}" for number in range(2 * ADDRESSES_AT_A_TIME + 1)]
    assert geocoder.locate_all(addresses) == [None] * len(addresses)
    assert [len(batch) for batch in remote.asked] == [50, 50, 1]


@pytest.mark.parametrize(
    ("status", "body", "message"),
    [
        pytest.param(503, "{}", "503 Server Error", id="down"),
        pytest.param(200, "<html>", "Invalid JSON", id="not JSON"),
        pytest.param(200, '{"results": []}', "at least 1 item", id="no result"),
        pytest.param(200, '{"results": [null, null]}', "2 results for 1 addresses", id="one too many"),
        pytest.param(200, '{"results": [{"lat": 99, "lon": 0}]}', "less than or equal to 90", id="off the earth"),
    ],
)
def test_bad_answers(geocoder: Geocoder, remote: FakeGeocoder, status: int, body: str, message: str) -> None:
    remote.status, remote.body = status, body
    with pytest.raises(GeocoderError, match=message):
        geocoder.locate("Bundesplatz 3, Bern")


def test_nobody_listens(remote: FakeGeocoder) -> None:
    url = remote.url
    remote.server_close()
    with Geocoder(url, timeout=20) as client, pytest.raises(GeocoderError):
        client.locate("Bundesplatz 3, Bern")


@pytest.mark.skipif("GEO_GEOCODER_URL" not in os.environ, reason="GEO_GEOCODER_URL names no real geocoder")
def test_a_real_geocoder() -> None:
    with Geocoder(os.environ["GEO_GEOCODER_URL"]) as client:
        assert client.locate("Bundesplatz 3, Bern") is not None
