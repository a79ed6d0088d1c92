"""Which region contains a point."""

import pytest

from geo_lookup.models import Coordinate
from geo_lookup.regions import InvalidRegions, RegionIndex, read_regions
from outlines import collection, square


@pytest.mark.parametrize(
    ("latitude", "longitude", "code"),
    [
        pytest.param(47.37, 8.54, "CH", id="Zurich"),
        pytest.param(46.20, 6.14, "CH", id="Geneva"),
        pytest.param(47.141, 9.521, "LI", id="Vaduz"),
        pytest.param(41.89, 12.49, "IT", id="Rome"),
        pytest.param(41.903, 12.453, "VA", id="Saint Peter"),
        pytest.param(43.94, 12.45, "SM", id="San Marino"),
        pytest.param(38.12, 13.36, "IT", id="Palermo, on an island"),
    ],
)
def test_cities(regions: RegionIndex, latitude: float, longitude: float, code: str) -> None:
    region = regions.find(Coordinate(latitude=latitude, longitude=longitude))
    assert region is not None
    assert region.summary.code == code


@pytest.mark.parametrize(
    ("latitude", "longitude"),
    [
        pytest.param(0, 0, id="Gulf of Guinea"),
        pytest.param(40.0, 12.0, id="Tyrrhenian Sea, between Italy's parts"),
        pytest.param(90, 0, id="north pole"),
    ],
)
def test_no_region(regions: RegionIndex, latitude: float, longitude: float) -> None:
    assert regions.find(Coordinate(latitude=latitude, longitude=longitude)) is None


def test_many_points_are_answered_in_their_order(regions: RegionIndex) -> None:
    points = [Coordinate(latitude=latitude, longitude=8.54) for latitude in (47.37, 0.0, 45.46, 47.37)]
    found = regions.find_all(points)
    assert [region and region.summary.code for region in found] == ["CH", None, "IT", "CH"]
    assert regions.find_all([]) == []


def test_the_smaller_region_is_preferred() -> None:
    nested = read_regions(collection(square(0, 0, 10), square(4, 4, 2)))
    assert nested.codes == ("R1", "R0")
    inside = nested.find(Coordinate(latitude=5, longitude=5))
    border = nested.find(Coordinate(latitude=4, longitude=5))
    around = nested.find(Coordinate(latitude=3, longitude=5))
    assert [region and region.summary.code for region in (inside, border, around)] == ["R1", "R1", "R0"]


def test_no_regions_at_all() -> None:
    assert read_regions(collection()).find(Coordinate(latitude=0, longitude=0)) is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("{", "not JSON", id="not JSON"),
        pytest.param('{"type": "Feature"}', "not a GeoJSON feature collection", id="a single feature"),
        pytest.param('{"type": "FeatureCollection"}', "not a GeoJSON feature collection", id="no features"),
        pytest.param('{"type": "FeatureCollection", "features": [{"properties": {}}]}', r"features\[0\]", id="no name"),
        pytest.param(
            collection(square(0, 0, 1), [(0, 0), (1, 1), (1, 0), (0, 1), (0, 0)]),
            r"features\[1\] \(R1\): Self-intersection",
            id="a bow tie",
        ),
    ],
)
def test_invalid_regions(text: str, message: str) -> None:
    with pytest.raises(InvalidRegions, match=message):
        read_regions(text)


@pytest.mark.xfail(reason="regions are not cut at the antimeridian, as RFC 7946 section 3.1.9 wants")
def test_a_region_across_the_antimeridian() -> None:
    fiji = read_regions(collection([(177, -19), (182, -19), (182, -16), (177, -16), (177, -19)]))
    assert fiji.find(Coordinate(latitude=-16.8, longitude=-179.9)) is not None
