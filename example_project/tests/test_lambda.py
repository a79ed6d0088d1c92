"""The function as Lambda runs it: the handler of the zip that is deployed, in the real awslambdaric."""

import json
from typing import Any

import pytest
from awslambdaric.lambda_runtime_marshaller import LambdaMarshaller

from geo_lookup.app import handler

HANDLER = "geo_lookup.app.handler"
SECONDS = 20


def test_a_point(function: Any) -> None:
    event = function.events.http(query={"lat": "47.141", "lon": "9.521"})
    response = function.invoke(HANDLER, event, timeout=SECONDS).payload
    assert response["statusCode"] == 200
    assert json.loads(response["body"])["region"]["code"] == "LI"


def test_many_points(function: Any) -> None:
    points = [{"latitude": 47.37, "longitude": 8.54}, {"latitude": 43.94, "longitude": 12.45}]
    event = function.events.http("POST", body={"points": points})
    response = function.invoke(HANDLER, event, timeout=SECONDS).payload
    assert [answer["region"]["code"] for answer in json.loads(response["body"])["answers"]] == ["CH", "SM"]


def test_what_is_no_request(function: Any) -> None:
    with pytest.raises(function.LambdaError) as caught:
        function.invoke(HANDLER, {"Records": []}, timeout=SECONDS)
    assert caught.value.error_type == "KeyError"


@pytest.mark.platform("aws_lambda")
def test_the_response_survives_the_runtimes_own_json() -> None:
    event = {
        "requestContext": {"http": {"method": "GET"}},
        "queryStringParameters": {"lat": "47.141", "lon": "9.521"},
    }
    response = handler(event, None)
    body, content_type = LambdaMarshaller().marshal_response(response)
    assert content_type == "application/json"
    assert json.loads(body) == response
