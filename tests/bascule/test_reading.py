"""Many calls at once: all pages of each, and what can't be read said as such."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.exceptions import ConnectTimeoutError, EndpointConnectionError, NoCredentialsError, ReadTimeoutError
from botocore.parsers import ResponseParserError
from example import Refusal
from scripted_answers import scripted

from bascule.errors import BasculeError
from bascule.inventory import Unread
from bascule.reading import Call, read

OBJECTS = Call("s3", "ListObjectsV2", {"Bucket": "old-site"}, "Contents", ("NoSuchBucket",))
POLICIES = Call("cloudfront", "ListCachePolicies", {"Type": "managed"}, "CachePolicyList.Items")
CLUSTERS = Call("ecs", "DescribeClusters", {"clusters": ["web"]}, "clusters")
HEAD = Call("s3", "HeadBucket", {"Bucket": "old-site"}, absent=("404",))


def one(call: Call, answer: Callable[[str, str, Mapping[str, Any]], Any]) -> Any:
    """What is read where AWS answers as `answer` does."""
    with scripted(answer) as clients:
        return read(clients, {"it": call})["it"]


def refusing(code: str, message: str = "refused") -> Callable[[str, str, Mapping[str, Any]], Refusal]:
    """An account that refuses."""
    return lambda service, operation, asked: Refusal(code, message, 403)


def objects(service: str, operation: str, asked: Mapping[str, Any]) -> Mapping[str, Any]:
    """1,200 objects on two pages."""
    start = int(asked.get("ContinuationToken", "0"))
    page = {"Contents": [{"Key": str(number)} for number in range(start, min(start + 1000, 1200))]}
    return page | ({"IsTruncated": True, "NextContinuationToken": "1000"} if start == 0 else {"IsTruncated": False})


def policies(service: str, operation: str, asked: Mapping[str, Any]) -> Mapping[str, Any]:
    """Three pages, one policy each."""
    number = int(asked.get("Marker", "0"))
    listed = {"Items": [{"Type": "managed", "CachePolicy": {"Id": str(number)}}]}
    return {"CachePolicyList": listed | ({"NextMarker": str(number + 1)} if number < 2 else {})}


def test_every_page_is_read_by_botocore_s_paginator() -> None:
    """1,200 objects are two pages."""
    assert [str(number) for number in range(1200)] == [found["Key"] for found in one(OBJECTS, objects)]


def test_every_page_is_read_by_marker_where_there_is_no_paginator() -> None:
    """CloudFront's lists of policies have none."""
    assert ["0", "1", "2"] == [found["CachePolicy"]["Id"] for found in one(POLICIES, policies)]


def test_no_more_is_read_than_is_wanted() -> None:
    """A bucket may hold millions."""
    pages = []

    def answer(*asked: Any) -> Mapping[str, Any]:
        pages.append(asked)
        return objects(*asked)

    some = Call("s3", "ListObjectsV2", {"Bucket": "old-site"}, "Contents", most=700)
    assert 700 == len(one(some, answer))
    assert 1 == len(pages)


def test_an_answer_without_pages_is_read_whole_or_by_its_list() -> None:
    """As the call says."""
    cluster = {"clusterName": "web", "status": "ACTIVE"}
    assert [cluster] == one(CLUSTERS, lambda *asked: {"clusters": [cluster]})
    assert "me-central-1" == one(HEAD, lambda *asked: {"BucketRegion": "me-central-1"})["BucketRegion"]


def test_an_empty_list_is_an_answer() -> None:
    """Some operations leave the member out then."""
    assert [] == one(OBJECTS, lambda *asked: {"KeyCount": 0})


def test_what_is_not_there_is_none() -> None:
    """By the error codes that say so."""
    assert one(HEAD, refusing("404")) is None
    assert one(OBJECTS, refusing("NoSuchBucket")) is None


@pytest.mark.parametrize(
    ("call", "code", "action"),
    [
        (HEAD, "403", "s3:ListBucket"),
        (OBJECTS, "AccessDenied", "s3:ListBucket"),
        (POLICIES, "AccessDenied", "cloudfront:ListCachePolicies"),
        (CLUSTERS, "AccessDeniedException", "ecs:DescribeClusters"),
        (
            Call("elbv2", "DescribeAccountLimits", items="Limits"),
            "AccessDenied",
            "elasticloadbalancing:DescribeAccountLimits",
        ),
    ],
)
def test_what_is_denied_names_the_permission(call: Call, code: str, action: str) -> None:
    """IAM's name of it, which isn't always the call's."""
    assert Unread(action, f"{code}: refused") == one(call, refusing(code))


def test_a_page_that_is_denied_leaves_the_whole_list_unread() -> None:
    """Half a list would be taken for all of it."""

    def answer(service: str, operation: str, asked: Mapping[str, Any]) -> Any:
        return Refusal("AccessDenied", "refused", 403) if "Marker" in asked else policies(service, operation, asked)

    assert Unread("cloudfront:ListCachePolicies", "AccessDenied: refused") == one(POLICIES, answer)


def test_a_message_is_one_short_line() -> None:
    """A web page in its place says nothing."""
    assert "AccessDenied: a b" == one(HEAD, refusing("AccessDenied", "a\n   b")).why
    assert "502" == one(HEAD, refusing("502", "<html>Bad gateway</html>")).why
    assert 300 == len(one(HEAD, refusing("AccessDenied", "no " * 300)).why)


@pytest.mark.parametrize(
    "code", ["ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId", "RequestTimeTooSkewed"]
)
def test_credentials_that_can_do_nothing_end_the_reading(code: str) -> None:
    """A whole document of refusals would help nobody."""
    with pytest.raises(BasculeError) as raised:
        one(CLUSTERS, refusing(code))
    assert code in str(raised.value)


def client_that_raises(error: Exception) -> Any:
    """A client all of whose calls fail on the way."""

    def fail(**asked: Any) -> Any:
        raise error

    return SimpleNamespace(can_paginate=lambda method: False, describe_clusters=fail)


@pytest.mark.parametrize(
    "error",
    [
        EndpointConnectionError(endpoint_url="https://health.example"),
        ConnectTimeoutError(endpoint_url="https://health.example"),
        ReadTimeoutError(endpoint_url="https://health.example"),
        ResponseParserError("not XML"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_one_service_that_does_not_answer_is_unread(error: Exception) -> None:
    """A firewall may keep one away, and the region may not have it."""
    found = read(lambda service, region=None, /: client_that_raises(error), {"it": CLUSTERS})["it"]
    assert isinstance(found, Unread)
    assert "ecs:DescribeClusters" == found.action
    assert found.why


def test_no_credentials_end_the_reading() -> None:
    """With the remedy."""
    with pytest.raises(BasculeError, match="no AWS credentials"):
        read(lambda service, region=None, /: client_that_raises(NoCredentialsError()), {"it": CLUSTERS})


@pytest.fixture(scope="module")
def portal() -> Any:
    """A web server that answers everything with a page, as a hotel's network does."""

    class Portal(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            page = b"<html><body>Please log in</body></html>"
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(page)))
            self.end_headers()
            self.wfile.write(page)

        do_GET = do_HEAD = do_POST

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Portal)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.mark.parametrize(
    "call",
    [
        HEAD,
        OBJECTS,
        POLICIES,
        CLUSTERS,
        Call("ecs", "DescribeTaskDefinition", {"taskDefinition": "next:3"}),
        Call("elbv2", "DescribeLoadBalancers", items="LoadBalancers"),
        Call("ec2", "DescribeSubnets", items="Subnets"),
    ],
    ids=lambda call: call.operation,
)
def test_a_web_page_is_no_answer(portal: str, call: Call) -> None:
    """botocore takes it for an empty one where the protocol is JSON: that would read as "there is none"."""

    def client(service: str, region: str | None = None, /) -> Any:
        return boto3.client(
            service,
            region_name="me-central-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
            endpoint_url=portal,
        )

    found = read(client, {"it": call})["it"]
    assert (call.action, "an answer that isn't AWS's") == (found.action, found.why)


def test_each_answer_is_told() -> None:
    """For the count that a person sees."""
    told: list[Call] = []
    with scripted(objects) as clients:
        read(clients, {"a": OBJECTS, "b": OBJECTS}, told.append)
    assert [OBJECTS, OBJECTS] == told
