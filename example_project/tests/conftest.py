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


def of_cells(request: pytest.FixtureRequest, fixture: str) -> Any:
    try:
        return request.getfixturevalue(fixture)
    except pytest.FixtureLookupError:
        pytest.skip("not in a cell of pytest --ofiuco-matrix")


@pytest.fixture
def cell(request: pytest.FixtureRequest) -> Any:
    return of_cells(request, "ofiuco_cell")


@pytest.fixture
def function(request: pytest.FixtureRequest) -> Any:
    return of_cells(request, "aws_lambda")


@pytest.fixture(scope="session")
def regions() -> RegionIndex:
    return BundledRegions().load()
