"""What several tests need."""

import threading
from collections.abc import Iterator
from typing import Any

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


@pytest.fixture
def cell(request: pytest.FixtureRequest) -> Any:
    try:
        return request.getfixturevalue("ofiuco_cell")
    except pytest.FixtureLookupError:
        pytest.skip("not in a cell of pytest --ofiuco-matrix")


@pytest.fixture(scope="session")
def regions() -> RegionIndex:
    return BundledRegions().load()
