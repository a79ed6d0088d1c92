"""What several tests need."""

import threading
from collections.abc import Iterator

import pytest

from fake_geocoder import FakeGeocoder
from geo_lookup.regions import RegionIndex
from geo_lookup.store import BundledRegions


@pytest.fixture
def remote() -> Iterator[FakeGeocoder]:
    with FakeGeocoder() as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture(scope="session")
def regions() -> RegionIndex:
    return BundledRegions().load()
