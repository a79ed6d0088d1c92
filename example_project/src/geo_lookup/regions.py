"""The regions, and the search for the one that a point lies in.

Regions are read from a GeoJSON feature collection (RFC 7946). A point on the border of two regions lies in
both; the smaller one is the answer, so that an enclave is preferred to what surrounds it.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy
import shapely
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from geo_lookup.models import Coordinate, RegionSummary


class InvalidRegions(ValueError):
    """The regions cannot be read; says which feature is wrong, and how."""


@dataclass(frozen=True)
class Region:
    """A named area."""

    summary: RegionSummary
    area: BaseGeometry


class RegionIndex:
    """Regions in a search tree.

    >>> RegionIndex([]).find(Coordinate(latitude=0, longitude=0)) is None
    True
    """

    def __init__(self, regions: Sequence[Region]) -> None:
        self._regions = sorted(regions, key=lambda region: (region.area.area, region.summary.code))
        self._tree = shapely.STRtree([region.area for region in self._regions])

    def __len__(self) -> int:
        return len(self._regions)

    @property
    def codes(self) -> tuple[str, ...]:
        """The regions' codes, smallest region first."""
        return tuple(region.summary.code for region in self._regions)

    def find(self, coordinate: Coordinate) -> Region | None:
        """The smallest region that covers the point."""
        return self.find_all([coordinate])[0]

    def find_all(self, coordinates: Sequence[Coordinate]) -> list[Region | None]:
        """The smallest region that covers each of the points, in one pass over the tree."""
        found: list[Region | None] = [None] * len(coordinates)
        if not coordinates:
            return found
        longitudes = numpy.array([coordinate.longitude for coordinate in coordinates])
        latitudes = numpy.array([coordinate.latitude for coordinate in coordinates])
        hits = self._tree.query(shapely.points(longitudes, latitudes), predicate="covered_by")
        for point, region in sorted(zip(*hits.tolist(), strict=True), reverse=True):
            found[point] = self._regions[region]
        return found


def read_regions(text: str) -> RegionIndex:
    """Read a GeoJSON feature collection whose features have a `code`, a `name` and a `timezone`.

    Raises:
        InvalidRegions: not JSON, not a feature collection, or a feature that is no region.
    """
    try:
        collection = json.loads(text)
    except json.JSONDecodeError as error:
        raise InvalidRegions(f"not JSON: {error}") from error
    match collection:
        case {"type": "FeatureCollection", "features": [*features]}:
            return RegionIndex([_read_feature(number, feature) for number, feature in enumerate(features)])
    raise InvalidRegions("not a GeoJSON feature collection")


def _read_feature(number: int, feature: dict[str, Any]) -> Region:
    try:
        summary = RegionSummary.model_validate(feature["properties"])
        area = shape(feature["geometry"])
    except (KeyError, TypeError, ValueError, shapely.errors.ShapelyError) as error:
        raise InvalidRegions(f"features[{number}]: {error}") from error
    if not area.is_valid:
        raise InvalidRegions(f"features[{number}] ({summary.code}): {shapely.is_valid_reason(area)}")
    return Region(summary=summary, area=area)
