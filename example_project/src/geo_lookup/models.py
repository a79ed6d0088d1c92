"""What a request and an answer look like."""

from pydantic import BaseModel, ConfigDict, Field

POINTS_AT_A_TIME = 1000


class Coordinate(BaseModel):
    """A point on the earth, in degrees (WGS 84)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    latitude: float = Field(ge=-90, le=90)
    longitude: float = Field(ge=-180, le=180)


class PointQuery(BaseModel):
    """The query string of `GET /lookup?lat=47.37&lon=8.54`."""

    latitude: float = Field(alias="lat", ge=-90, le=90)
    longitude: float = Field(alias="lon", ge=-180, le=180)

    def coordinate(self) -> Coordinate:
        return Coordinate(latitude=self.latitude, longitude=self.longitude)


class Batch(BaseModel):
    """The body of `POST /lookup`: points, addresses, or both."""

    model_config = ConfigDict(extra="forbid")

    points: tuple[Coordinate, ...] = Field(default=(), max_length=POINTS_AT_A_TIME)
    addresses: tuple[str, ...] = Field(default=(), max_length=POINTS_AT_A_TIME)


class RegionSummary(BaseModel):
    """What an answer says of a region."""

    code: str
    name: str
    timezone: str


class Answer(BaseModel):
    """One point and the region it lies in, if any."""

    coordinate: Coordinate
    region: RegionSummary | None


class BatchAnswer(BaseModel):
    """One answer a point, then one an address, in the order asked."""

    answers: tuple[Answer, ...]
