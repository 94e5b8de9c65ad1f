"""A site, and an account that answers what a test says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import boto3
from botocore.stub import Stubber

from bascule import aws, site_file
from bascule.ladder import ALB_ORIGIN_ID

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

SITE = site_file.parse(TEXT, "sites/example.toml")

CONFIG: dict[str, Any] = {
    "CallerReference": "2024-05-01",
    "Aliases": {"Quantity": 2, "Items": ["www.example.com", "example.com"]},
    "DefaultRootObject": "index.html",
    "Origins": {
        "Quantity": 1,
        "Items": [
            {
                "Id": "S3-old-site",
                "DomainName": "old-site.s3.me-central-1.amazonaws.com",
                "OriginPath": "",
                "CustomHeaders": {"Quantity": 0},
                "S3OriginConfig": {"OriginAccessIdentity": "", "OriginReadTimeout": 30},
                "ConnectionAttempts": 3,
                "ConnectionTimeout": 10,
                "OriginShield": {"Enabled": False},
                "OriginAccessControlId": "E3EXAMPLE0OAC",
            }
        ],
    },
    "OriginGroups": {"Quantity": 0},
    "DefaultCacheBehavior": {
        "TargetOriginId": "S3-old-site",
        "TrustedSigners": {"Enabled": False, "Quantity": 0},
        "TrustedKeyGroups": {"Enabled": False, "Quantity": 0},
        "ViewerProtocolPolicy": "redirect-to-https",
        "AllowedMethods": {
            "Quantity": 2,
            "Items": ["HEAD", "GET"],
            "CachedMethods": {"Quantity": 2, "Items": ["HEAD", "GET"]},
        },
        "SmoothStreaming": False,
        "Compress": True,
        "LambdaFunctionAssociations": {"Quantity": 0},
        "FunctionAssociations": {"Quantity": 0},
        "FieldLevelEncryptionId": "",
        "CachePolicyId": "658327ea-f89d-4fab-a63d-7e88639e58f6",
        "GrpcConfig": {"Enabled": False},
    },
    "CacheBehaviors": {"Quantity": 0},
    "CustomErrorResponses": {"Quantity": 0},
    "Comment": "Old site",
    "Logging": {"Enabled": False, "IncludeCookies": False, "Bucket": "", "Prefix": ""},
    "PriceClass": "PriceClass_All",
    "Enabled": True,
    "ViewerCertificate": {
        "CloudFrontDefaultCertificate": False,
        "ACMCertificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/3f6c0a52",
        "SSLSupportMethod": "sni-only",
        "MinimumProtocolVersion": "TLSv1.2_2021",
        "Certificate": "arn:aws:acm:us-east-1:123456789012:certificate/3f6c0a52",
        "CertificateSource": "acm",
    },
    "Restrictions": {"GeoRestriction": {"RestrictionType": "none", "Quantity": 0}},
    "WebACLId": "",
    "HttpVersion": "http2",
    "IsIPV6Enabled": True,
    "ContinuousDeploymentPolicyId": "",
    "Staging": False,
}
"""The live distribution of the site, as GetDistributionConfig answers a plain one today."""


def alb_origin(domain: str, header: str, value: str) -> dict[str, Any]:
    """The load balancer as an origin of the distribution: plain HTTP, and the secret in a header."""
    return {
        "Id": ALB_ORIGIN_ID,
        "DomainName": domain,
        "OriginPath": "",
        "CustomHeaders": {"Quantity": 1, "Items": [{"HeaderName": header, "HeaderValue": value}]},
        "CustomOriginConfig": {
            "HTTPPort": 80,
            "HTTPSPort": 443,
            "OriginProtocolPolicy": "http-only",
            "OriginSslProtocols": {"Quantity": 1, "Items": ["TLSv1.2"]},
            "OriginReadTimeout": 30,
            "OriginKeepaliveTimeout": 5,
        },
    }


def with_path(value: Any, path: str, new: Any) -> Any:
    """A copy of `value` with `new` put at `path`, such as `Origins.Items.0.Id`."""
    first, _, rest = path.partition(".")
    key: Any = int(first) if isinstance(value, list) else first
    copied = value.copy()
    copied[key] = with_path(value.get(key, {}) if isinstance(value, dict) else value[key], rest, new) if rest else new
    return copied


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
        stubs = {name: stack.enter_context(Stubber(_client(name))) for name in {call.service for call in calls}}
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
    return boto3.Session().client(
        service,
        region_name="me-central-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        endpoint_url="http://127.0.0.1:1",
    )
