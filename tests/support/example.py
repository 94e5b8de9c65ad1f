"""A site, and an account that answers what a test says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import boto3
from botocore.stub import Stubber

from bascule import aws, site

TEXT = """\
# A comment that stays.
stage = "adopt"  # and this one
strategy = "create-alb"
region = "me-central-1"
aliases = ["www.example.com", "example.com"]

[distribution]
id = "E1EXAMPLE0SITE"

[bucket]
name = "old-site"

[service]
cluster = "web"
name = "next"
container_port = 3000

[origin]
secret_parameter = "/bascule/example/origin-secret"

[state]
backend = "s3"
bucket = "state-elsewhere"
key = "example.tfstate"
region = "eu-west-1"
"""

SITE = site.parse(TEXT, "sites/example.toml")


@dataclass(frozen=True)
class Refusal:
    """An error answer of AWS."""

    code: str
    message: str = "refused"
    status: int = 400
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Call:
    """One expected call, its answer, and its parameters where the test cares about them."""

    service: str
    operation: str
    answer: Mapping[str, Any] | Refusal
    asked: Mapping[str, Any] | None = None


@contextmanager
def account(*calls: Call) -> Iterator[aws.Clients]:
    """Clients of an account that gives these answers, in this order for each service, and is asked nothing else.

    botocore checks every answer against the service's own model, so a test can't rest on one that AWS can't give.
    """
    with ExitStack() as stack:
        stubs = {call.service: stack.enter_context(Stubber(_client(call.service))) for call in calls}
        for call in calls:
            stub, asked = stubs[call.service], None if call.asked is None else dict(call.asked)
            if isinstance(call.answer, Refusal):
                stub.add_client_error(
                    call.operation,
                    service_error_code=call.answer.code,
                    service_message=call.answer.message,
                    http_status_code=call.answer.status,
                    expected_params=asked,
                    response_meta={"HTTPHeaders": dict(call.answer.headers)},
                )
            else:
                stub.add_response(call.operation, dict(call.answer), asked)
        yield lambda service: stubs[service].client
        for stub in stubs.values():
            stub.assert_no_pending_responses()


@cache
def _client(service: str) -> Any:
    # An endpoint where nobody listens: what isn't stubbed fails, and nothing leaves the machine.
    return boto3.client(
        service,
        region_name="me-central-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        endpoint_url="http://127.0.0.1:1",
    )
