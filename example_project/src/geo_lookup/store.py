"""Where the regions come from: the file in this package, or an object in S3."""

from importlib import resources
from typing import Any, Protocol

from botocore.exceptions import ClientError

from geo_lookup.regions import RegionIndex, read_regions

BUNDLED = "regions.geojson"


class RegionStore(Protocol):
    """Has the regions to look up in."""

    def load(self) -> RegionIndex: ...


class BundledRegions:
    """The simplified outlines that this package brings."""

    def __init__(self) -> None:
        self._index: RegionIndex | None = None

    def load(self) -> RegionIndex:
        if self._index is None:
            self._index = read_regions(resources.files("geo_lookup.data").joinpath(BUNDLED).read_text("utf-8"))
        return self._index


class S3Regions:
    """An object in S3, read again only when its entity tag has changed."""

    def __init__(self, client: Any, *, bucket: str, key: str) -> None:
        self._client = client
        self._bucket = bucket
        self._key = key
        self._tag: str | None = None
        self._index: RegionIndex | None = None

    def load(self) -> RegionIndex:
        known = {} if self._tag is None else {"IfNoneMatch": self._tag}
        try:
            answer = self._client.get_object(Bucket=self._bucket, Key=self._key, **known)
        except ClientError as error:
            if self._index is not None and error.response["Error"]["Code"] in ("304", "NotModified"):
                return self._index
            raise
        self._index = read_regions(answer["Body"].read().decode("utf-8"))
        self._tag = answer["ETag"]
        return self._index
