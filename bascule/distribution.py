"""One vocabulary for a distribution, Terraform's: an API config becomes (values, leftover).

The tables below are what provider 5.100.0 reads and writes. UpdateDistribution replaces the whole config, and the
provider sends only what it knows: whatever is not in the tables and isn't AWS's default would be lost by the first
update, with no diff in the plan. That is `leftover`. Measured: docs/field-notes.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bascule.ladder import ALB_ORIGIN_ID

Converted = tuple[Any, dict[str, Any]]
"""A value in Terraform's vocabulary, and what of it Terraform can't express, by API path."""

Table = Mapping[str, tuple[str, Callable[[Any], Converted]]]
"""API key → Terraform argument and how to convert its value."""

TLS_POLICIES = frozenset(
    {"SSLv3", "TLSv1", "TLSv1_2016", "TLSv1.1_2016", "TLSv1.2_2018", "TLSv1.2_2019", "TLSv1.2_2021"}
)
"""What provider 5.100.0 accepts as minimum_protocol_version; a newer one can't be adopted without a downgrade
(measured: docs/field-notes.md)."""


@dataclass(frozen=True)
class Distribution:
    """A distribution as Terraform says it."""

    values: Mapping[str, Any]
    """Arguments of aws_cloudfront_distribution; blocks are lists of objects, absent where empty."""
    leftover: Mapping[str, Any]
    """What the provider can't express and is not AWS's default, by path in the API's config."""


def to_load_balancer(config: Mapping[str, Any]) -> bool:
    """Whether a DistributionConfig sends visitors to our load balancer."""
    return bool(config.get("DefaultCacheBehavior", {}).get("TargetOriginId") == ALB_ORIGIN_ID)


def from_api(config: Mapping[str, Any]) -> Distribution:
    """`config` is a DistributionConfig as GetDistributionConfig answers it."""
    values, leftover = _convert(config, _CONFIG)
    return Distribution(values, leftover)


def _convert(struct: Mapping[str, Any], table: Table) -> tuple[dict[str, Any], dict[str, Any]]:
    values: dict[str, Any] = {}
    leftover: dict[str, Any] = {}
    for key, value in struct.items():
        if key not in table:
            if not _is_default(key, value):
                leftover[key] = value
            continue
        name, convert = table[key]
        converted, rest = convert(value)
        leftover |= {f"{key}.{path}" if path else key: item for path, item in rest.items()}
        if converted not in (None, "", [], {}) and name:
            values[name] = converted
    return values, leftover


def _is_default(key: str, value: Any) -> bool:
    if value in (None, "", [], {}, False, 0) or DEFAULTS.get(key) == value:
        return True
    if isinstance(value, Mapping):
        unused = value.get("Quantity") == 0 or value.get("Enabled") is False
        return unused or all(_is_default(name, item) for name, item in value.items())
    return False


DEFAULTS = {
    "ConnectionMode": "direct",
    "IpAddressType": "ipv4",
    "OriginReadTimeout": 30,
    "SelectionCriteria": "default",
}
"""Defaults that AWS fills in where the provider has no argument (CloudFront API reference)."""


def _plain(value: Any) -> Converted:
    return value, {}


def _set(value: Mapping[str, Any]) -> Converted:
    return sorted(value.get("Items") or ()), {}


def _block(table: Table) -> Callable[[Any], Converted]:
    def convert(value: Any) -> Converted:
        values, leftover = _convert(value, table)
        return [values] if values else [], leftover

    return convert


def _blocks(table: Table, identity: str) -> Callable[[Any], Converted]:
    def convert(value: Mapping[str, Any]) -> Converted:
        blocks: list[dict[str, Any]] = []
        leftover: dict[str, Any] = {}
        for item in value.get("Items") or ():
            values, rest = _convert(item, table)
            blocks.append(values)
            leftover |= {f"{item.get(identity, '?')}.{path}": left for path, left in rest.items()}
        return blocks, leftover

    return convert


def _when_enabled(convert: Callable[[Any], Converted]) -> Callable[[Any], Converted]:
    return lambda value: convert(value) if value.get("Enabled") else ([], {})


def _allowed_methods(value: Mapping[str, Any]) -> Converted:
    cached = (value.get("CachedMethods") or {}).get("Items") or ()
    return {"allowed_methods": sorted(value.get("Items") or ()), "cached_methods": sorted(cached)}, {}


def _forward_cookies(value: Mapping[str, Any]) -> Converted:
    names = (value.get("WhitelistedNames") or {}).get("Items") or ()
    return [{"forward": value["Forward"]} | ({"whitelisted_names": sorted(names)} if names else {})], {}


def _status_codes(value: Mapping[str, Any]) -> Converted:
    return [{"status_codes": sorted(value["StatusCodes"]["Items"])}], {}


def _error_code(value: Any) -> Converted:
    return (int(value) if value not in (None, "") else None), {}


_FORWARDED: Table = {
    "QueryString": ("query_string", _plain),
    "Cookies": ("cookies", _forward_cookies),
    "Headers": ("headers", _set),
    "QueryStringCacheKeys": ("query_string_cache_keys", _set),
}

_BEHAVIOR: Table = {
    "PathPattern": ("path_pattern", _plain),
    "TargetOriginId": ("target_origin_id", _plain),
    "ViewerProtocolPolicy": ("viewer_protocol_policy", _plain),
    "AllowedMethods": ("methods", _allowed_methods),
    "CachePolicyId": ("cache_policy_id", _plain),
    "OriginRequestPolicyId": ("origin_request_policy_id", _plain),
    "ResponseHeadersPolicyId": ("response_headers_policy_id", _plain),
    "RealtimeLogConfigArn": ("realtime_log_config_arn", _plain),
    "FieldLevelEncryptionId": ("field_level_encryption_id", _plain),
    "Compress": ("compress", _plain),
    "SmoothStreaming": ("smooth_streaming", _plain),
    "MinTTL": ("min_ttl", _plain),
    "DefaultTTL": ("default_ttl", _plain),
    "MaxTTL": ("max_ttl", _plain),
    "ForwardedValues": ("forwarded_values", _block(_FORWARDED)),
    "TrustedSigners": ("trusted_signers", _set),
    "TrustedKeyGroups": ("trusted_key_groups", _set),
    "GrpcConfig": ("grpc_config", _when_enabled(_block({"Enabled": ("enabled", _plain)}))),
    "FunctionAssociations": (
        "function_association",
        _blocks({"FunctionARN": ("function_arn", _plain), "EventType": ("event_type", _plain)}, "EventType"),
    ),
    "LambdaFunctionAssociations": (
        "lambda_function_association",
        _blocks(
            {
                "LambdaFunctionARN": ("lambda_arn", _plain),
                "EventType": ("event_type", _plain),
                "IncludeBody": ("include_body", _plain),
            },
            "EventType",
        ),
    ),
}


def _behavior(value: Mapping[str, Any]) -> Converted:
    values, leftover = _convert(value, _BEHAVIOR)
    return [values | values.pop("methods", {})], leftover


def _behaviors(value: Mapping[str, Any]) -> Converted:
    blocks: list[dict[str, Any]] = []
    leftover: dict[str, Any] = {}
    for item in value.get("Items") or ():
        (block,), rest = _behavior(item)
        blocks.append(block)
        leftover |= {f"{item['PathPattern']}.{path}": left for path, left in rest.items()}
    return blocks, leftover


_ORIGIN: Table = {
    "Id": ("origin_id", _plain),
    "DomainName": ("domain_name", _plain),
    "OriginPath": ("origin_path", _plain),
    "ConnectionAttempts": ("connection_attempts", _plain),
    "ConnectionTimeout": ("connection_timeout", _plain),
    "OriginAccessControlId": ("origin_access_control_id", _plain),
    "CustomHeaders": (
        "custom_header",
        _blocks({"HeaderName": ("name", _plain), "HeaderValue": ("value", _plain)}, "HeaderName"),
    ),
    "S3OriginConfig": ("s3_origin_config", _block({"OriginAccessIdentity": ("origin_access_identity", _plain)})),
    "CustomOriginConfig": (
        "custom_origin_config",
        _block(
            {
                "HTTPPort": ("http_port", _plain),
                "HTTPSPort": ("https_port", _plain),
                "OriginProtocolPolicy": ("origin_protocol_policy", _plain),
                "OriginSslProtocols": ("origin_ssl_protocols", _set),
                "OriginReadTimeout": ("origin_read_timeout", _plain),
                "OriginKeepaliveTimeout": ("origin_keepalive_timeout", _plain),
            }
        ),
    ),
    "VpcOriginConfig": (
        "vpc_origin_config",
        _block(
            {
                "VpcOriginId": ("vpc_origin_id", _plain),
                "OriginReadTimeout": ("origin_read_timeout", _plain),
                "OriginKeepaliveTimeout": ("origin_keepalive_timeout", _plain),
            }
        ),
    ),
    "OriginShield": (
        "origin_shield",
        _when_enabled(_block({"Enabled": ("enabled", _plain), "OriginShieldRegion": ("origin_shield_region", _plain)})),
    ),
}

_CONFIG: Table = {
    "CallerReference": ("", _plain),  # kept by the provider as a computed attribute
    "Aliases": ("aliases", _set),
    "Comment": ("comment", _plain),
    "ContinuousDeploymentPolicyId": ("continuous_deployment_policy_id", _plain),
    "DefaultRootObject": ("default_root_object", _plain),
    "Enabled": ("enabled", _plain),
    "HttpVersion": ("http_version", _plain),
    "IsIPV6Enabled": ("is_ipv6_enabled", _plain),
    "PriceClass": ("price_class", _plain),
    "Staging": ("staging", _plain),
    "WebACLId": ("web_acl_id", _plain),
    "DefaultCacheBehavior": ("default_cache_behavior", _behavior),
    "CacheBehaviors": ("ordered_cache_behavior", _behaviors),
    "CustomErrorResponses": (
        "custom_error_response",
        _blocks(
            {
                "ErrorCode": ("error_code", _plain),
                "ResponseCode": ("response_code", _error_code),
                "ResponsePagePath": ("response_page_path", _plain),
                "ErrorCachingMinTTL": ("error_caching_min_ttl", _plain),
            },
            "ErrorCode",
        ),
    ),
    "Logging": (
        "logging_config",
        _when_enabled(
            _block(
                {
                    "Enabled": ("", _plain),
                    "Bucket": ("bucket", _plain),
                    "IncludeCookies": ("include_cookies", _plain),
                    "Prefix": ("prefix", _plain),
                }
            )
        ),
    ),
    "Origins": ("origin", _blocks(_ORIGIN, "Id")),
    "OriginGroups": (
        "origin_group",
        _blocks(
            {
                "Id": ("origin_id", _plain),
                "FailoverCriteria": ("failover_criteria", _status_codes),
                "Members": ("member", _blocks({"OriginId": ("origin_id", _plain)}, "OriginId")),
            },
            "Id",
        ),
    ),
    "Restrictions": (
        "restrictions",
        _block({"GeoRestriction": ("geo_restriction", lambda value: ([_geo(value)], {}))}),
    ),
    "ViewerCertificate": (
        "viewer_certificate",
        _block(
            {
                "ACMCertificateArn": ("acm_certificate_arn", _plain),
                "IAMCertificateId": ("iam_certificate_id", _plain),
                "CloudFrontDefaultCertificate": ("cloudfront_default_certificate", _plain),
                "MinimumProtocolVersion": ("minimum_protocol_version", _plain),
                "SSLSupportMethod": ("ssl_support_method", _plain),
                # Deprecated echoes of the two certificate keys.
                "Certificate": ("", _plain),
                "CertificateSource": ("", _plain),
            }
        ),
    ),
}


def _geo(value: Mapping[str, Any]) -> dict[str, Any]:
    locations = sorted(value.get("Items") or ())
    return {"restriction_type": value["RestrictionType"]} | ({"locations": locations} if locations else {})
