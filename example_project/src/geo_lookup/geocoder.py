"""Addresses to points, by a remote geocoder.

The geocoder answers `GET /search?q=ADDRESS&q=ADDRESS…` with `{"results": [{"lat": …, "lon": …} or null, …]}`,
one result an address, and takes 50 addresses at a time.
"""

from collections.abc import Sequence
from types import TracebackType

import requests
from pydantic import BaseModel, Field, ValidationError

from geo_lookup.batches import batched
from geo_lookup.models import Coordinate, PointQuery

ADDRESSES_AT_A_TIME = 50
TIMEOUT = 5.0
"""Seconds to wait for the geocoder to connect, and again for it to answer."""


class GeocoderError(Exception):
    """The geocoder gave no usable answer."""


class _Results(BaseModel):
    results: list[PointQuery | None] = Field(min_length=1)


class Geocoder:
    """A remote geocoder; keeps one connection open."""

    def __init__(self, url: str, *, timeout: float = TIMEOUT) -> None:
        self._url = url.rstrip("/")
        self._timeout = timeout
        self._session = requests.Session()

    def __enter__(self) -> "Geocoder":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._session.close()

    def locate(self, address: str) -> Coordinate | None:
        """Where the address is; None where the geocoder does not know it."""
        return self.locate_all([address])[0]

    def locate_all(self, addresses: Sequence[str]) -> list[Coordinate | None]:
        """Where each of the addresses is.

        Raises:
            GeocoderError: the geocoder cannot be reached, fails, or answers something else.
        """
        return [point for batch in batched(addresses, ADDRESSES_AT_A_TIME) for point in self._ask(batch)]

    def _ask(self, addresses: tuple[str, ...]) -> list[Coordinate | None]:
        try:
            answer = self._session.get(f"{self._url}/search", params={"q": addresses}, timeout=self._timeout)
            answer.raise_for_status()
            points = _Results.model_validate_json(answer.content).results
        except (requests.RequestException, ValidationError) as error:
            raise GeocoderError(str(error)) from error
        if len(points) != len(addresses):
            raise GeocoderError(f"{len(points)} results for {len(addresses)} addresses")
        return [None if point is None else point.coordinate() for point in points]
