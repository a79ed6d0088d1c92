"""Where the regions come from; S3 is answered by botocore's own stub."""

import io
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.response import StreamingBody
from botocore.stub import Stubber

from geo_lookup.store import BundledRegions, S3Regions
from outlines import collection, square

OBJECT = {"Bucket": "maps", "Key": "regions.geojson"}


def answer(text: str, tag: str) -> dict[str, Any]:
    body = text.encode()
    return {"Body": StreamingBody(io.BytesIO(body), len(body)), "ETag": tag}


def test_bundled_regions_are_read_once() -> None:
    store = BundledRegions()
    assert set(store.load().codes) == {"CH", "IT", "LI", "SM", "VA"}
    assert store.load() is store.load()


class TestS3:
    @pytest.fixture
    def client(self) -> Any:
        return boto3.client("s3", region_name="eu-central-1", aws_access_key_id="none", aws_secret_access_key="none")

    @pytest.fixture
    def stub(self, client: Any) -> Iterator[Stubber]:
        with Stubber(client) as stub:
            yield stub
            stub.assert_no_pending_responses()

    @pytest.fixture
    def store(self, client: Any, stub: Stubber) -> S3Regions:
        return S3Regions(client, bucket="maps", key="regions.geojson")

    def test_an_object(self, store: S3Regions, stub: Stubber) -> None:
        stub.add_response("get_object", answer(collection(square(0, 0, 1)), '"1"'), OBJECT)
        assert store.load().codes == ("R0",)

    def test_an_object_that_has_not_changed(self, store: S3Regions, stub: Stubber) -> None:
        stub.add_response("get_object", answer(collection(square(0, 0, 1)), '"1"'), OBJECT)
        stub.add_client_error(
            "get_object", "304", http_status_code=304, expected_params={**OBJECT, "IfNoneMatch": '"1"'}
        )
        first = store.load()
        assert store.load() is first

    def test_an_object_that_has_changed(self, store: S3Regions, stub: Stubber) -> None:
        stub.add_response("get_object", answer(collection(), '"1"'), OBJECT)
        stub.add_response(
            "get_object",
            answer(collection(square(0, 0, 2), square(5, 5, 1)), '"2"'),
            {**OBJECT, "IfNoneMatch": '"1"'},
        )
        assert len(store.load()) == 0
        assert store.load().codes == ("R1", "R0")

    def test_no_such_object(self, store: S3Regions, stub: Stubber) -> None:
        stub.add_client_error("get_object", "NoSuchKey", http_status_code=404)
        with pytest.raises(ClientError, match="NoSuchKey"):
            store.load()
