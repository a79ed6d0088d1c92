"""Look a point up by hand: `python -m geo_lookup LATITUDE LONGITUDE`."""

import argparse
import sys
from collections.abc import Sequence

from pydantic import ValidationError

from geo_lookup.models import Coordinate
from geo_lookup.store import BundledRegions


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the region; 1 where there is none, 2 where the point is not on the earth."""
    parser = argparse.ArgumentParser(prog="geo-lookup", description="Which region a point lies in.")
    parser.add_argument("latitude", type=float)
    parser.add_argument("longitude", type=float)
    options = parser.parse_args(arguments)
    try:
        point = Coordinate(latitude=options.latitude, longitude=options.longitude)
    except ValidationError as error:
        parser.error("; ".join(f"{part['loc'][0]}: {part['msg']}" for part in error.errors()))
    region = BundledRegions().load().find(point)
    if region is None:
        print("no region", file=sys.stderr)
        return 1
    print(f"{region.summary.code}  {region.summary.name}  {region.summary.timezone}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
