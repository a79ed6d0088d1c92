"""The Lambda function: a function URL's event in, a response out."""

import base64
import os
from collections.abc import Mapping
from functools import cache
from typing import Any

import boto3
from pydantic import BaseModel, ValidationError

from geo_lookup.geocoder import Geocoder, GeocoderError
from geo_lookup.models import Answer, Batch, BatchAnswer, Coordinate, PointQuery
from geo_lookup.store import BundledRegions, RegionStore, S3Regions


class _Problem(BaseModel):
    error: str


class Service:
    """Looks up points and addresses."""

    def __init__(self, regions: RegionStore, geocoder: Geocoder | None = None) -> None:
        self._regions = regions
        self._geocoder = geocoder

    def respond(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """The response to an event (payload format 2.0)."""
        method = event["requestContext"]["http"]["method"]
        try:
            if method == "GET":
                return self._one(event.get("queryStringParameters") or {})
            if method == "POST":
                return self._many(_body(event))
        except ValidationError as error:
            details = "; ".join(f"{'.'.join(map(str, part['loc']))}: {part['msg']}" for part in error.errors())
            return _response(400, _Problem(error=details))
        except GeocoderError:
            return _response(502, _Problem(error="the geocoder does not answer"))
        return _response(405, _Problem(error=f"{method} is not allowed"))

    def _one(self, query: Mapping[str, str]) -> dict[str, Any]:
        if "address" not in query:
            return _response(200, self._answers([PointQuery.model_validate(query).coordinate()])[0])
        point = self._locate((query["address"],))[0]
        if point is None:
            return _response(404, _Problem(error=f"no such address: {query['address']}"))
        return _response(200, self._answers([point])[0])

    def _many(self, body: str) -> dict[str, Any]:
        batch = Batch.model_validate_json(body)
        located = self._locate(batch.addresses)
        unknown = [address for address, point in zip(batch.addresses, located, strict=True) if point is None]
        if unknown:
            return _response(404, _Problem(error=f"no such address: {', '.join(unknown)}"))
        points = [*batch.points, *(point for point in located if point is not None)]
        return _response(200, BatchAnswer(answers=tuple(self._answers(points))))

    def _locate(self, addresses: tuple[str, ...]) -> list[Coordinate | None]:
        if not addresses:
            return []
        if self._geocoder is None:
            raise GeocoderError("no geocoder is configured")
        return self._geocoder.locate_all(addresses)

    def _answers(self, points: list[Coordinate]) -> list[Answer]:
        found = self._regions.load().find_all(points)
        return [
            Answer(coordinate=point, region=None if region is None else region.summary)
            for point, region in zip(points, found, strict=True)
        ]


def configured(environment: Mapping[str, str]) -> Service:
    """The service that the function's environment variables describe."""
    regions: RegionStore = BundledRegions()
    if bucket := environment.get("GEO_REGIONS_BUCKET"):
        key = environment.get("GEO_REGIONS_KEY", "regions.geojson")
        regions = S3Regions(boto3.client("s3"), bucket=bucket, key=key)
    url = environment.get("GEO_GEOCODER_URL")
    return Service(regions, Geocoder(url) if url else None)


@cache
def _service() -> Service:
    return configured(os.environ)


def handler(event: Mapping[str, Any], context: object) -> dict[str, Any]:
    """What Lambda calls; the service outlives a call, and so do its regions and connections."""
    return _service().respond(event)


def _body(event: Mapping[str, Any]) -> str:
    body = event.get("body") or ""
    return base64.b64decode(body).decode("utf-8") if event.get("isBase64Encoded") else str(body)


def _response(status: int, content: BaseModel) -> dict[str, Any]:
    return {
        "statusCode": status,
        "headers": {"content-type": "application/json"},
        "body": content.model_dump_json(),
    }
