"""One vocabulary for a distribution: what of an API config Terraform says, and what it can't."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest
from botocore.model import ListShape, Shape, StructureShape
from botocore.session import get_session
from botocore.validate import ParamValidator
from example import CONFIG, with_path
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bascule import schema
from bascule.distribution import from_api
from bascule.schema import Block

SHAPE = get_session().get_service_model("cloudfront").shape_for("DistributionConfig")

Config = dict[str, Any]


def items(*found: Any, **rest: Any) -> Config:
    """A list as the CloudFront API wraps it."""
    return {**rest, "Quantity": len(found), "Items": list(found)} if found else {**rest, "Quantity": 0}


def methods(*allowed: str) -> Config:
    return items(*allowed, CachedMethods=items("HEAD", "GET"))


LEGACY_BEHAVIOR: Config = {
    "PathPattern": "/api/*",
    "TargetOriginId": "api",
    "TrustedSigners": items("self", Enabled=True),
    "TrustedKeyGroups": items("kg-2", "kg-1", Enabled=True),
    "ViewerProtocolPolicy": "https-only",
    "AllowedMethods": methods("HEAD", "DELETE", "POST", "GET", "OPTIONS", "PUT", "PATCH"),
    "SmoothStreaming": True,
    "Compress": False,
    "LambdaFunctionAssociations": items(
        {
            "LambdaFunctionARN": "arn:aws:lambda:us-east-1:123456789012:function:f:3",
            "EventType": "origin-request",
            "IncludeBody": True,
        }
    ),
    "FunctionAssociations": items(
        {"FunctionARN": "arn:aws:cloudfront::123456789012:function/rewrite", "EventType": "viewer-request"}
    ),
    "FieldLevelEncryptionId": "FLE1",
    "RealtimeLogConfigArn": "arn:aws:cloudfront::123456789012:realtime-log-config/all",
    "ForwardedValues": {
        "QueryString": True,
        "Cookies": {"Forward": "whitelist", "WhitelistedNames": items("session", "cart")},
        "Headers": items("Origin", "Accept"),
        "QueryStringCacheKeys": items("page", "lang"),
    },
    "MinTTL": 0,
    "DefaultTTL": 3600,
    "MaxTTL": 86400,
}
POLICY_BEHAVIOR: Config = {
    "PathPattern": "*.grpc",
    "TargetOriginId": "with-fallback",
    "ViewerProtocolPolicy": "redirect-to-https",
    "AllowedMethods": methods("HEAD", "GET", "OPTIONS"),
    "CachePolicyId": "658327ea-f89d-4fab-a63d-7e88639e58f6",
    "OriginRequestPolicyId": "216adef6-5c7f-47e4-b989-5492eafa07d3",
    "ResponseHeadersPolicyId": "67f7725c-6f97-4210-82d7-5512b31e9d03",
    "GrpcConfig": {"Enabled": True},
}
API_ORIGIN: Config = {
    "Id": "api",
    "DomainName": "api.example.com",
    "OriginPath": "/v1",
    "CustomHeaders": items({"HeaderName": "X-From", "HeaderValue": "cloudfront"}),
    "CustomOriginConfig": {
        "HTTPPort": 80,
        "HTTPSPort": 8443,
        "OriginProtocolPolicy": "https-only",
        "OriginSslProtocols": items("TLSv1.2", "TLSv1.1"),
        "OriginReadTimeout": 45,
        "OriginKeepaliveTimeout": 20,
        "IpAddressType": "ipv4",
    },
    "ConnectionAttempts": 2,
    "ConnectionTimeout": 5,
    "OriginShield": {"Enabled": True, "OriginShieldRegion": "eu-west-1"},
    "OriginAccessControlId": "",
}
VPC_ORIGIN: Config = {
    "Id": "vpc",
    "DomainName": "internal.example.com",
    "VpcOriginConfig": {"VpcOriginId": "vo_1", "OriginReadTimeout": 30, "OriginKeepaliveTimeout": 5},
}
RICH: Config = CONFIG | {
    "Origins": items(
        with_path(
            with_path(CONFIG["Origins"]["Items"][0], "S3OriginConfig.OriginAccessIdentity", "origin-access-identity/1"),
            "OriginAccessControlId",
            "",
        ),
        API_ORIGIN,
        VPC_ORIGIN,
    ),
    "OriginGroups": items(
        {
            "Id": "with-fallback",
            "FailoverCriteria": {"StatusCodes": items(503, 500)},
            "Members": items({"OriginId": "vpc"}, {"OriginId": "api"}),
            "SelectionCriteria": "default",
        }
    ),
    "CacheBehaviors": items(LEGACY_BEHAVIOR, POLICY_BEHAVIOR),
    "CustomErrorResponses": items(
        {"ErrorCode": 404, "ResponsePagePath": "/404.html", "ResponseCode": "200", "ErrorCachingMinTTL": 10},
        {"ErrorCode": 500, "ResponsePagePath": "", "ResponseCode": "", "ErrorCachingMinTTL": 0},
    ),
    "Logging": {"Enabled": True, "IncludeCookies": True, "Bucket": "logs.s3.amazonaws.com", "Prefix": "cdn/"},
    "Restrictions": {"GeoRestriction": items("FR", "AE", RestrictionType="whitelist")},
    "WebACLId": "arn:aws:wafv2:us-east-1:123456789012:global/webacl/w/1",
    "ContinuousDeploymentPolicyId": "p-1",
    "ConnectionMode": "direct",
}


def assert_possible(config: Config) -> None:
    """CloudFront's own service model knows every member of the config, and misses none that it requires."""
    report = ParamValidator().validate(config, SHAPE)
    assert not report.has_errors(), report.generate_report()


def strangers(values: Any, block: Block, path: str = "") -> Iterator[str]:
    """The arguments that the provider's schema doesn't know at their nesting, or would not take there."""
    for key, value in values.items():
        if key in block.blocks:
            nested = block.blocks[key]
            if not isinstance(value, list) or (nested.max_items and len(value) > nested.max_items):
                yield f"{path}{key}: {value!r}"
                continue
            for item in value:
                yield from strangers(item, nested.block, f"{path}{key}.")
        elif key not in block.attributes or not block.attributes[key].settable:
            yield f"{path}{key}"


DISTRIBUTION = schema.load().resource("aws_cloudfront_distribution")


def test_a_plain_distribution_in_terraform_s_words() -> None:
    """Defaults that AWS filled in are no leftover, and empty lists and blocks are left out."""
    assert_possible(CONFIG)
    found = from_api(CONFIG)
    assert {} == found.leftover
    assert {
        "aliases": ["example.com", "www.example.com"],
        "comment": "Old site",
        "default_root_object": "index.html",
        "enabled": True,
        "http_version": "http2",
        "is_ipv6_enabled": True,
        "price_class": "PriceClass_All",
        "staging": False,
        "default_cache_behavior": [
            {
                "allowed_methods": ["GET", "HEAD"],
                "cached_methods": ["GET", "HEAD"],
                "cache_policy_id": "658327ea-f89d-4fab-a63d-7e88639e58f6",
                "compress": True,
                "smooth_streaming": False,
                "target_origin_id": "S3-old-site",
                "viewer_protocol_policy": "redirect-to-https",
            }
        ],
        "origin": [
            {
                "connection_attempts": 3,
                "connection_timeout": 10,
                "domain_name": "old-site.s3.me-central-1.amazonaws.com",
                "origin_access_control_id": "E3EXAMPLE0OAC",
                "origin_id": "S3-old-site",
            }
        ],
        "restrictions": [{"geo_restriction": [{"restriction_type": "none"}]}],
        "viewer_certificate": [
            {
                "acm_certificate_arn": "arn:aws:acm:us-east-1:123456789012:certificate/3f6c0a52",
                "cloudfront_default_certificate": False,
                "minimum_protocol_version": "TLSv1.2_2021",
                "ssl_support_method": "sni-only",
            }
        ],
    } == found.values


def test_a_rich_distribution_in_terraform_s_words() -> None:
    """Everything that the provider knows is said: origins of each kind, groups, behaviors, responses, logging, geo."""
    assert_possible(RICH)
    found = from_api(RICH)
    assert {} == found.leftover
    assert [] == list(strangers(found.values, DISTRIBUTION))
    values = found.values
    s3, api, vpc = values["origin"]
    assert [{"origin_access_identity": "origin-access-identity/1"}] == s3["s3_origin_config"]
    assert {
        "origin_id": "api",
        "domain_name": "api.example.com",
        "origin_path": "/v1",
        "connection_attempts": 2,
        "connection_timeout": 5,
        "custom_header": [{"name": "X-From", "value": "cloudfront"}],
        "custom_origin_config": [
            {
                "http_port": 80,
                "https_port": 8443,
                "origin_protocol_policy": "https-only",
                "origin_ssl_protocols": ["TLSv1.1", "TLSv1.2"],
                "origin_read_timeout": 45,
                "origin_keepalive_timeout": 20,
            }
        ],
        "origin_shield": [{"enabled": True, "origin_shield_region": "eu-west-1"}],
    } == api
    assert [{"vpc_origin_id": "vo_1", "origin_read_timeout": 30, "origin_keepalive_timeout": 5}] == vpc[
        "vpc_origin_config"
    ]
    assert [
        {
            "origin_id": "with-fallback",
            "failover_criteria": [{"status_codes": [500, 503]}],
            "member": [{"origin_id": "vpc"}, {"origin_id": "api"}],
        }
    ] == values["origin_group"]
    legacy, policy = values["ordered_cache_behavior"]
    assert [
        {
            "query_string": True,
            "cookies": [{"forward": "whitelist", "whitelisted_names": ["cart", "session"]}],
            "headers": ["Accept", "Origin"],
            "query_string_cache_keys": ["lang", "page"],
        }
    ] == legacy["forwarded_values"]
    assert (0, 3600, 86400) == (legacy["min_ttl"], legacy["default_ttl"], legacy["max_ttl"])
    assert (["self"], ["kg-1", "kg-2"]) == (legacy["trusted_signers"], legacy["trusted_key_groups"])
    assert [
        {
            "lambda_arn": "arn:aws:lambda:us-east-1:123456789012:function:f:3",
            "event_type": "origin-request",
            "include_body": True,
        }
    ] == legacy["lambda_function_association"]
    assert [
        {"function_arn": "arn:aws:cloudfront::123456789012:function/rewrite", "event_type": "viewer-request"}
    ] == legacy["function_association"]
    assert [{"enabled": True}] == policy["grpc_config"]
    assert "forwarded_values" not in policy
    assert [
        {"error_code": 404, "response_page_path": "/404.html", "response_code": 200, "error_caching_min_ttl": 10},
        {"error_code": 500, "error_caching_min_ttl": 0},
    ] == values["custom_error_response"]
    assert [{"bucket": "logs.s3.amazonaws.com", "include_cookies": True, "prefix": "cdn/"}] == values["logging_config"]
    assert [{"geo_restriction": [{"restriction_type": "whitelist", "locations": ["AE", "FR"]}]}] == values[
        "restrictions"
    ]


MTLS = {"Mode": "required", "TrustStoreConfig": {"TrustStoreId": "ts-1"}}
PARAMETERS = {
    "ParameterDefinitions": [{"Name": "tenant", "Definition": {"StringSchema": {"Required": True}}}],
}
INEXPRESSIBLE: dict[str, tuple[str, Any, str]] = {
    "AnycastIpListId": ("AnycastIpListId", "aip-1", "AnycastIpListId"),
    "TenantConfig": ("TenantConfig", PARAMETERS, "TenantConfig"),
    "ConnectionMode": ("ConnectionMode", "tenant-only", "ConnectionMode"),
    "ViewerMtlsConfig": ("ViewerMtlsConfig", MTLS, "ViewerMtlsConfig"),
    "ConnectionFunctionAssociation": ("ConnectionFunctionAssociation", {"Id": "f"}, "ConnectionFunctionAssociation"),
    "CacheTagConfig": ("CacheTagConfig", {"HeaderName": "Cache-Tag"}, "CacheTagConfig"),
    "ResponseCompletionTimeout": (
        "Origins.Items.1.ResponseCompletionTimeout",
        60,
        "Origins.api.ResponseCompletionTimeout",
    ),
    "IpAddressType": (
        "Origins.Items.1.CustomOriginConfig.IpAddressType",
        "dualstack",
        "Origins.api.CustomOriginConfig.IpAddressType",
    ),
    "OriginMtlsConfig": (
        "Origins.Items.1.CustomOriginConfig.OriginMtlsConfig",
        {"ClientCertificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/1"},
        "Origins.api.CustomOriginConfig.OriginMtlsConfig",
    ),
    "the S3 origin's OriginReadTimeout": (
        "Origins.Items.0.S3OriginConfig.OriginReadTimeout",
        31,
        "Origins.S3-old-site.S3OriginConfig.OriginReadTimeout",
    ),
    "another account's VPC origin": (
        "Origins.Items.2.VpcOriginConfig.OwnerAccountId",
        "210987654321",
        "Origins.vpc.VpcOriginConfig.OwnerAccountId",
    ),
    "SelectionCriteria": (
        "OriginGroups.Items.0.SelectionCriteria",
        "media-quality-based",
        "OriginGroups.with-fallback.SelectionCriteria",
    ),
}


@pytest.mark.parametrize(("at", "value", "path"), INEXPRESSIBLE.values(), ids=INEXPRESSIBLE)
def test_what_the_provider_cannot_express_is_leftover(at: str, value: Any, path: str) -> None:
    """Each by its path, with origins, groups and behaviors by name; the rest of the distribution is said as before."""
    config = with_path(RICH, at, value)
    assert_possible(config)
    found = from_api(config)
    assert {path: value} == found.leftover
    assert from_api(RICH).values == found.values


DEFAULTS = {
    "AnycastIpListId": ("AnycastIpListId", ""),
    "TenantConfig": ("TenantConfig", {}),
    "TenantConfig without parameters": ("TenantConfig", {"ParameterDefinitions": []}),
    "ConnectionMode": ("ConnectionMode", "direct"),
    "ViewerMtlsConfig": ("ViewerMtlsConfig", {}),
    "CacheTagConfig": ("CacheTagConfig", {}),
    "ResponseCompletionTimeout": ("Origins.Items.1.ResponseCompletionTimeout", 0),
    "IpAddressType": ("Origins.Items.1.CustomOriginConfig.IpAddressType", "ipv4"),
    "the S3 origin's OriginReadTimeout": ("Origins.Items.0.S3OriginConfig.OriginReadTimeout", 30),
    "SelectionCriteria": ("OriginGroups.Items.0.SelectionCriteria", "default"),
}


@pytest.mark.parametrize(("at", "value"), DEFAULTS.values(), ids=DEFAULTS)
def test_the_default_of_what_cannot_be_expressed_is_no_leftover(at: str, value: Any) -> None:
    """AWS answers these for every distribution; resetting them changes nothing."""
    assert {} == from_api(with_path(RICH, at, value)).leftover


def test_a_field_that_nobody_has_heard_of_is_leftover() -> None:
    """What AWS adds tomorrow is refused, not dropped; unless it says that it isn't in use."""
    new = {"Speed": "warp", "Nothing": {"Quantity": 0}, "Off": {"Enabled": False, "Mode": "x"}, "No": False}
    assert {"Speed": "warp"} == from_api(CONFIG | new).leftover


@st.composite
def configs(draw: st.DrawFn) -> tuple[Config, list[str]]:
    """A config of any members that the service model has, each text in it different, and the texts to look for.

    Left out of the texts: what the provider keeps as a computed attribute, deprecated echoes, and words of enums.
    """
    numbers, texts = count(10_000), list[str]()

    def value(shape: Shape, name: str) -> Any:
        if isinstance(shape, StructureShape):
            found = {
                key: value(member, key)
                for key, member in shape.members.items()
                if key in shape.required_members or key == "Enabled" or draw(st.booleans())
            }
            if "Quantity" in found:
                found["Quantity"] = len(found.get("Items") or ())
            return found
        if isinstance(shape, ListShape):
            fewest = max(shape.metadata.get("min", 0), int(name == "Items"))
            return [value(shape.member, "") for _ in range(draw(st.integers(fewest, 2)))]
        if shape.type_name == "boolean":
            return name == "Enabled" or draw(st.booleans())
        if shape.type_name in ("integer", "long"):
            return next(numbers)
        if getattr(shape, "enum", None):
            return draw(st.sampled_from(shape.enum))
        text = str(next(numbers))
        if name not in ("CallerReference", "Certificate"):
            texts.append(text)
        return text

    config = value(SHAPE, "")
    return config, texts


@given(drawn=configs())
@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
def test_nothing_of_a_config_is_lost_in_silence(drawn: tuple[Config, list[str]]) -> None:
    """Whatever members a config has: each text is in the values or the leftover, and the values fit the schema."""
    config, texts = drawn
    assert_possible(config)
    found = from_api(config)
    said = f"{found.values!r} {found.leftover!r}"
    assert [] == [text for text in texts if text not in said]
    assert [] == list(strangers(found.values, DISTRIBUTION))
