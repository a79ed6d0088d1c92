"""Regions of a simple shape, as GeoJSON."""

import json
from typing import Any


def collection(*rings: list[tuple[float, float]]) -> str:
    """Regions R0, R1, … with the given outlines."""
    features: list[dict[str, Any]] = [
        {
            "type": "Feature",
            "properties": {"code": f"R{number}", "name": f"Region {number}", "timezone": "Etc/UTC"},
            "geometry": {"type": "Polygon", "coordinates": [ring]},
        }
        for number, ring in enumerate(rings)
    ]
    return json.dumps({"type": "FeatureCollection", "features": features})


def square(west: float, south: float, size: float) -> list[tuple[float, float]]:
    east, north = west + size, south + size
    return [(west, south), (east, south), (east, north), (west, north), (west, south)]
