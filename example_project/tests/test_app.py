"""The handler: events in, responses out."""

import base64
import json
from typing import Any

import pytest

from fake_geocoder import FakeGeocoder
from geo_lookup.__main__ import main
from geo_lookup.app import Service, configured, handler
from geo_lookup.geocoder import Geocoder
from geo_lookup.store import BundledRegions, S3Regions


def get(**query: str) -> dict[str, Any]:
    return {"requestContext": {"http": {"method": "GET"}}, "queryStringParameters": query}


def post(body: str, **more: Any) -> dict[str, Any]:
    return {"requestContext": {"http": {"method": "POST"}}, "body": body, **more}


def test_a_point() -> None:
    response = handler(get(lat="47.37", lon="8.54"), None)
    assert response["statusCode"] == 200
    assert response["headers"] == {"content-type": "application/json"}
    assert json.loads(response["body"]) == {
        "coordinate": {"latitude": 47.37, "longitude": 8.54},
        "region": {"code": "CH", "name": "Switzerland", "timezone": "Europe/Zurich"},
    }


def test_a_point_at_sea() -> None:
    response = handler(get(lat="0", lon="0"), None)
    assert response["statusCode"] == 200
    assert json.loads(response["body"])["region"] is None


def test_many_points() -> None:
    points = [{"latitude": 47.37, "longitude": 8.54}, {"latitude": 43.94, "longitude": 12.45}]
    plain = handler(post(json.dumps({"points": points})), None)
    encoded = base64.b64encode(json.dumps({"points": points}).encode()).decode()
    assert handler(post(encoded, isBase64Encoded=True), None) == plain
    answers = json.loads(plain["body"])["answers"]
    assert [answer["region"]["code"] for answer in answers] == ["CH", "SM"]


@pytest.mark.parametrize(
    ("event", "status", "message"),
    [
        pytest.param(get(), 400, "lat: Field required; lon: Field required", id="nothing asked"),
        pytest.param(get(lat="91", lon="0"), 400, "lat: Input should be less than or equal to 90", id="lat 91"),
        pytest.param(post("{"), 400, "Invalid JSON", id="a broken body"),
        pytest.param(post('{"point": []}'), 400, "point: Extra inputs are not permitted", id="a misspelt field"),
        pytest.param(get(address="Bern"), 502, "the geocoder does not answer", id="no geocoder"),
        pytest.param({"requestContext": {"http": {"method": "PUT"}}}, 405, "PUT is not allowed", id="PUT"),
    ],
)
def test_bad_events(event: dict[str, Any], status: int, message: str) -> None:
    response = Service(BundledRegions()).respond(event)
    assert response["statusCode"] == status
    assert message in json.loads(response["body"])["error"]


class TestAddresses:
    @pytest.fixture
    def service(self, remote: FakeGeocoder) -> Any:
        with Geocoder(remote.url, timeout=20) as geocoder:
            yield Service(BundledRegions(), geocoder)

    def test_one(self, service: Service) -> None:
        response = service.respond(get(address="Piazza del Duomo, Milano"))
        assert json.loads(response["body"])["region"]["code"] == "IT"

    def test_unknown(self, service: Service) -> None:
        assert service.respond(get(address="Nowhere 1"))["statusCode"] == 404

    def test_beside_points(self, service: Service) -> None:
        body = {"points": [{"latitude": 0, "longitude": 0}], "addresses": ["Bundesplatz 3, Bern"]}
        answers = json.loads(service.respond(post(json.dumps(body)))["body"])["answers"]
        assert [answer["region"] and answer["region"]["code"] for answer in answers] == [None, "CH"]

    def test_one_unknown_among_many(self, service: Service) -> None:
        response = service.respond(post('{"addresses": ["Bundesplatz 3, Bern", "Nowhere 1"]}'))
        assert response["statusCode"] == 404
        assert json.loads(response["body"]) == {"error": "no such address: Nowhere 1"}

    def test_the_geocoder_is_down(self, service: Service, remote: FakeGeocoder) -> None:
        remote.status = 500
        assert service.respond(get(address="Bundesplatz 3, Bern"))["statusCode"] == 502


def test_the_environment_names_the_bucket(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    service = configured({"GEO_REGIONS_BUCKET": "maps", "GEO_GEOCODER_URL": "http://127.0.0.1:9"})
    assert isinstance(service._regions, S3Regions)
    assert isinstance(service._geocoder, Geocoder)


@pytest.mark.platform("host")
def test_by_hand(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["41.89", "12.49"]) == 0
    assert capsys.readouterr().out == "IT  Italy  Europe/Rome\n"


@pytest.mark.platform("host")
@pytest.mark.parametrize(
    ("point", "status", "message"),
    [
        pytest.param(["0", "0"], 1, "no region", id="at sea"),
        pytest.param(["91", "0"], 2, "latitude: Input should be less than or equal to 90", id="off the earth"),
    ],
)
def test_by_hand_in_vain(capsys: pytest.CaptureFixture[str], point: list[str], status: int, message: str) -> None:
    try:
        outcome = main(point)
    except SystemExit as stop:
        outcome = stop.code
    assert outcome == status
    assert message in capsys.readouterr().err
