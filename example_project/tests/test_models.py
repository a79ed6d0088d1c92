"""What requests are taken, and what is said of the others."""

import pytest
from pydantic import ValidationError

from geo_lookup.models import POINTS_AT_A_TIME, Answer, Batch, Coordinate, PointQuery


class TestCoordinate:
    def test_is_a_value(self) -> None:
        assert Coordinate(latitude=1, longitude=2) == Coordinate(latitude=1.0, longitude=2.0)
        assert len({Coordinate(latitude=1, longitude=2), Coordinate(latitude=1, longitude=2)}) == 1

    def test_does_not_change(self) -> None:
        point = Coordinate(latitude=1, longitude=2)
        with pytest.raises(ValidationError, match="frozen"):
            point.latitude = 3

    @pytest.mark.parametrize(
        ("latitude", "longitude", "where"),
        [
            pytest.param(90.1, 0, "latitude", id="beyond the north pole"),
            pytest.param(-91, 0, "latitude", id="beyond the south pole"),
            pytest.param(0, 180.5, "longitude", id="too far east"),
            pytest.param(0, float("nan"), "longitude", id="not a number"),
        ],
    )
    def test_lies_on_the_earth(self, latitude: float, longitude: float, where: str) -> None:
        with pytest.raises(ValidationError) as caught:
            Coordinate(latitude=latitude, longitude=longitude)
        assert [error["loc"] for error in caught.value.errors()] == [(where,)]


def test_a_query_string_holds_text() -> None:
    query = PointQuery.model_validate({"lat": "47.37", "lon": "8.54"})
    assert query.coordinate() == Coordinate(latitude=47.37, longitude=8.54)


def test_a_batch_has_a_limit() -> None:
    point = {"latitude": 0, "longitude": 0}
    assert len(Batch.model_validate({"points": [point] * POINTS_AT_A_TIME}).points) == POINTS_AT_A_TIME
    with pytest.raises(ValidationError, match="at most 1000 items"):
        Batch.model_validate({"points": [point] * (POINTS_AT_A_TIME + 1)})


def test_an_answer_as_json() -> None:
    answer = Answer(coordinate=Coordinate(latitude=0, longitude=0), region=None)
    assert answer.model_dump_json() == '{"coordinate":{"latitude":0.0,"longitude":0.0},"region":null}'
