"""Events as AWS services send them to a function: the common shapes, with plain values where a test gives none.

https://docs.aws.amazon.com/lambda/latest/dg/lambda-services.html
"""

from __future__ import annotations

import base64
import json
from typing import Any, Dict, Iterable, Mapping

Event = Dict[str, Any]

_REGION, _ACCOUNT = "us-east-1", "123456789012"
_TIME, _MILLISECONDS = "1970-01-01T00:00:00.000Z", "0"


def sqs(
    bodies: Iterable[Any],
    *,
    queue: str = "queue",
    attributes: Mapping[str, str] | None = None,
    message_attributes: Mapping[str, str] | None = None,
) -> Event:
    """A batch of an SQS queue, a message for each body; one that is no text is written as JSON.

    https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
    """
    return {
        "Records": [
            {
                "messageId": _id(number),
                "receiptHandle": f"receipt-{number}",
                "body": _text(body),
                "attributes": {
                    "ApproximateReceiveCount": "1",
                    "SentTimestamp": _MILLISECONDS,
                    "SenderId": _ACCOUNT,
                    "ApproximateFirstReceiveTimestamp": _MILLISECONDS,
                    **(attributes or {}),
                },
                "messageAttributes": {
                    name: {
                        "stringValue": value,
                        "stringListValues": [],
                        "binaryListValues": [],
                        "dataType": "String",
                    }
                    for name, value in (message_attributes or {}).items()
                },
                "md5OfBody": _md5(_text(body)),
                "eventSource": "aws:sqs",
                "eventSourceARN": f"arn:aws:sqs:{_REGION}:{_ACCOUNT}:{queue}",
                "awsRegion": _REGION,
            }
            for number, body in enumerate(_each(bodies, "bodies"))
        ]
    }


def sns(
    messages: Iterable[Any],
    *,
    topic: str = "topic",
    subject: str | None = None,
    message_attributes: Mapping[str, str] | None = None,
) -> Event:
    """Notifications of an SNS topic; a message that is no text is written as JSON.

    https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html
    """
    arn = f"arn:aws:sns:{_REGION}:{_ACCOUNT}:{topic}"
    return {
        "Records": [
            {
                "EventVersion": "1.0",
                "EventSubscriptionArn": f"{arn}:{_id(0)}",
                "EventSource": "aws:sns",
                "Sns": {
                    "SignatureVersion": "1",
                    "Timestamp": _TIME,
                    "Signature": "TEST",
                    "SigningCertUrl": "https://sns.example.org/certificate.pem",
                    "MessageId": _id(number),
                    "Message": _text(message),
                    "MessageAttributes": {
                        name: {"Type": "String", "Value": value} for name, value in (message_attributes or {}).items()
                    },
                    "Type": "Notification",
                    "UnsubscribeUrl": "https://sns.example.org/unsubscribe",
                    "TopicArn": arn,
                    "Subject": subject,
                },
            }
            for number, message in enumerate(_each(messages, "messages"))
        ]
    }


def s3(keys: Iterable[str], *, bucket: str = "bucket", name: str = "ObjectCreated:Put", size: int = 0) -> Event:
    """Notifications of an S3 bucket, one for each key, which is quoted as S3 does.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
    """
    from urllib.parse import quote_plus

    return {
        "Records": [
            {
                "eventVersion": "2.1",
                "eventSource": "aws:s3",
                "awsRegion": _REGION,
                "eventTime": _TIME,
                "eventName": name,
                "userIdentity": {"principalId": "EXAMPLE"},
                "requestParameters": {"sourceIPAddress": "127.0.0.1"},
                "responseElements": {"x-amz-request-id": "EXAMPLE", "x-amz-id-2": "EXAMPLE"},
                "s3": {
                    "s3SchemaVersion": "1.0",
                    "configurationId": "test",
                    "bucket": {
                        "name": bucket,
                        "ownerIdentity": {"principalId": "EXAMPLE"},
                        "arn": f"arn:aws:s3:::{bucket}",
                    },
                    "object": {
                        "key": quote_plus(key, safe="/"),
                        "size": size,
                        "eTag": _md5(key),
                        "sequencer": f"{number:016X}",
                    },
                },
            }
            for number, key in enumerate(_each(keys, "keys"))
        ]
    }


def http(
    method: str = "GET",
    path: str = "/",
    *,
    query: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    body: Any = None,
) -> Event:
    """A request to a function URL, or to an HTTP API of API Gateway, in payload format 2.0.

    A body of bytes is encoded in base64; one that is neither text nor bytes is written as JSON.
    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
    """
    from urllib.parse import urlencode

    event: Event = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": urlencode(query or {}),
        "headers": {name.lower(): value for name, value in (headers or {}).items()},
        "requestContext": {
            "accountId": _ACCOUNT,
            "apiId": "api",
            "domainName": "api.example.org",
            "domainPrefix": "api",
            "http": {
                "method": method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1",
                "userAgent": "test",
            },
            "requestId": "id",
            "routeKey": "$default",
            "stage": "$default",
            "time": "01/Jan/1970:00:00:00 +0000",
            "timeEpoch": 0,
        },
        "isBase64Encoded": isinstance(body, bytes),
    }
    if query:
        event["queryStringParameters"] = dict(query)
    if body is not None:
        event["body"] = base64.b64encode(body).decode() if isinstance(body, bytes) else _text(body)
    return event


def event_bridge(detail_type: str, detail: Mapping[str, Any], *, source: str = "test") -> Event:
    """An event of EventBridge.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-events-structure.html
    """
    return {
        "version": "0",
        "id": _id(0),
        "detail-type": detail_type,
        "source": source,
        "account": _ACCOUNT,
        "time": "1970-01-01T00:00:00Z",
        "region": _REGION,
        "resources": [],
        "detail": dict(detail),
    }


def _each(values: Iterable[Any], name: str) -> Iterable[Any]:
    """The values of a batch.

    Raises:
        TypeError: it is a single one.
    """
    if isinstance(values, (str, bytes, Mapping)):
        raise TypeError(f"{name} is {values!r}, and not a list of {name}")
    return values


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _id(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012}"


def _md5(text: str) -> str:
    import hashlib

    return hashlib.new("md5", text.encode()).hexdigest()
