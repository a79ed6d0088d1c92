"""Events as AWS documents them."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest

from pytest_ofiuco.worker.aws_lambda import events


def test_messages_of_a_queue() -> None:
    event = events.sqs(
        ["text", {"a": 1}],
        queue="jobs",
        attributes={"ApproximateReceiveCount": "3"},
        message_attributes={"kind": "new"},
    )
    first, second = event["Records"]
    assert (first["body"], json.loads(second["body"])) == ("text", {"a": 1})
    assert first["messageId"] != second["messageId"]
    assert first["eventSource"] == "aws:sqs"
    assert first["eventSourceARN"] == "arn:aws:sqs:us-east-1:123456789012:jobs"
    assert first["attributes"]["ApproximateReceiveCount"] == "3"
    assert first["messageAttributes"]["kind"]["stringValue"] == "new"
    assert first["md5OfBody"] == "1cb251ec0d568de6a929b520c4aed8d1"


def test_notifications_of_a_topic() -> None:
    (record,) = events.sns([{"a": 1}], topic="news", subject="new", message_attributes={"kind": "new"})["Records"]
    assert (record["EventSource"], record["EventVersion"]) == ("aws:sns", "1.0")
    told = record["Sns"]
    assert told["TopicArn"] == "arn:aws:sns:us-east-1:123456789012:news"
    assert (told["Subject"], json.loads(told["Message"]), told["Type"]) == ("new", {"a": 1}, "Notification")
    assert told["MessageAttributes"] == {"kind": {"Type": "String", "Value": "new"}}


def test_notifications_of_a_bucket() -> None:
    (record,) = events.s3(["a b/ü+.txt"], bucket="maps", name="ObjectRemoved:Delete", size=3)["Records"]
    assert (record["eventSource"], record["eventName"]) == ("aws:s3", "ObjectRemoved:Delete")
    assert record["s3"]["bucket"]["arn"] == "arn:aws:s3:::maps"
    assert (record["s3"]["object"]["key"], record["s3"]["object"]["size"]) == ("a+b/%C3%BC%2B.txt", 3)


@pytest.mark.parametrize(
    ("body", "written", "is_encoded"),
    [
        pytest.param("text", "text", False, id="text"),
        pytest.param({"a": 1}, '{"a": 1}', False, id="a document"),
        pytest.param(b"\xff", base64.b64encode(b"\xff").decode(), True, id="bytes"),
    ],
)
def test_a_request(body: object, written: str, is_encoded: bool) -> None:
    event = events.http("POST", "/points", query={"a": "1 2"}, headers={"X-A": "b"}, body=body)
    assert event["requestContext"]["http"]["method"] == "POST"
    assert (event["version"], event["rawPath"], event["rawQueryString"]) == ("2.0", "/points", "a=1+2")
    assert (event["queryStringParameters"], event["headers"]) == ({"a": "1 2"}, {"x-a": "b"})
    assert (event["body"], event["isBase64Encoded"]) == (written, is_encoded)


def test_a_request_without_anything() -> None:
    event = events.http()
    assert "body" not in event
    assert "queryStringParameters" not in event


def test_an_event_of_a_bus() -> None:
    event = events.event_bridge("Order Placed", {"order": 1}, source="shop")
    assert (event["detail-type"], event["source"], event["detail"]) == ("Order Placed", "shop", {"order": 1})


@pytest.mark.parametrize(
    ("make", "given", "message"),
    [
        pytest.param(events.sqs, "text", "bodies is 'text', and not a list of bodies", id="a body"),
        pytest.param(events.sns, {"a": 1}, "messages is {'a': 1}, and not a list of messages", id="a message"),
        pytest.param(events.s3, "a/b.txt", "keys is 'a/b.txt', and not a list of keys", id="a key"),
    ],
)
def test_a_batch_is_a_list(make: Callable[[Any], object], given: object, message: str) -> None:
    with pytest.raises(TypeError) as caught:
        make(given)
    assert str(caught.value) == message
