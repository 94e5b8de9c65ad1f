"""What CloudFront makes of a DistributionConfig: the defaults that it fills in, and what it refuses.

Pure functions over the API's own vocabulary. The defaults are those that the CloudFront API reference gives for
each field, in the shape in which GetDistributionConfig answers a distribution that left them out.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

Config = dict[str, Any]

READ = {"GET", "HEAD"}
METHOD_SETS = (READ, READ | {"OPTIONS"}, READ | {"OPTIONS", "PUT", "POST", "PATCH", "DELETE"})
"""The only sets of AllowedMethods that the API takes; CachedMethods must be one of the first two."""


def complete(config: Config) -> Config:
    """`config` as GetDistributionConfig would answer it: everything given is kept, every default filled in."""
    return {
        **config,
        "Aliases": _items(config.get("Aliases")),
        "DefaultRootObject": config.get("DefaultRootObject", ""),
        "Origins": _items(config.get("Origins"), _origin),
        "OriginGroups": _items(config.get("OriginGroups"), _origin_group),
        "DefaultCacheBehavior": _behavior(config.get("DefaultCacheBehavior", {})),
        "CacheBehaviors": _items(config.get("CacheBehaviors"), _behavior),
        "CustomErrorResponses": _items(config.get("CustomErrorResponses"), _error_response),
        "Comment": config.get("Comment", ""),
        "Logging": {"Enabled": False, "IncludeCookies": False, "Bucket": "", "Prefix": ""} | config.get("Logging", {}),
        "PriceClass": config.get("PriceClass", "PriceClass_All"),
        "ViewerCertificate": _certificate(config.get("ViewerCertificate", {})),
        "Restrictions": {"GeoRestriction": _geo((config.get("Restrictions") or {}).get("GeoRestriction", {}))},
        "WebACLId": config.get("WebACLId", ""),
        "HttpVersion": config.get("HttpVersion", "http2"),
        "IsIPV6Enabled": config.get("IsIPV6Enabled", True),
        "ContinuousDeploymentPolicyId": config.get("ContinuousDeploymentPolicyId", ""),
        "Staging": config.get("Staging", False),
        "ConnectionMode": config.get("ConnectionMode", "direct"),
    }


def refusal(config: Config) -> tuple[str, str] | None:
    """The error code and message with which CloudFront would refuse a completed `config`, or None."""
    checks = (_unknown_origin, _broken_origin, _wrong_methods, _two_cache_keys, _writes_to_origin_group)
    return next((found for check in checks if (found := check(config))), None)


def _items(container: Config | None, complete_one: Any = lambda item: item) -> Config:
    items = [complete_one(item) for item in (container or {}).get("Items") or []]
    return {"Quantity": len(items), "Items": items} if items else {"Quantity": 0}


def _origin(origin: Config) -> Config:
    result = {
        "OriginPath": "",
        "ConnectionAttempts": 3,
        "ConnectionTimeout": 10,
        "OriginAccessControlId": "",
        **origin,
        "CustomHeaders": _items(origin.get("CustomHeaders")),
        "OriginShield": origin.get("OriginShield") or {"Enabled": False},
    }
    if custom := origin.get("CustomOriginConfig"):
        protocols = custom.get("OriginSslProtocols") or {"Items": ["TLSv1", "SSLv3"]}
        defaults = {"OriginReadTimeout": 30, "OriginKeepaliveTimeout": 5, "IpAddressType": "ipv4"}
        result["CustomOriginConfig"] = defaults | custom
        result["CustomOriginConfig"]["OriginSslProtocols"] = _items(protocols)
    if s3 := origin.get("S3OriginConfig"):
        result["S3OriginConfig"] = {"OriginReadTimeout": 30} | s3
    return result


def _origin_group(group: Config) -> Config:
    codes = group["FailoverCriteria"]["StatusCodes"]
    return {
        **group,
        "FailoverCriteria": {"StatusCodes": _items(codes)},
        "Members": _items(group["Members"]),
        "SelectionCriteria": group.get("SelectionCriteria", "default"),
    }


def _behavior(behavior: Config) -> Config:
    methods = behavior.get("AllowedMethods") or {}
    result = {
        "SmoothStreaming": False,
        "Compress": False,
        "FieldLevelEncryptionId": "",
        **behavior,
        "TrustedSigners": _trusted(behavior.get("TrustedSigners")),
        "TrustedKeyGroups": _trusted(behavior.get("TrustedKeyGroups")),
        "AllowedMethods": {
            **_items({"Items": methods.get("Items") or ["HEAD", "GET"]}),
            "CachedMethods": _items(methods.get("CachedMethods") or {"Items": ["HEAD", "GET"]}),
        },
        "LambdaFunctionAssociations": _items(behavior.get("LambdaFunctionAssociations")),
        "FunctionAssociations": _items(behavior.get("FunctionAssociations")),
        "GrpcConfig": behavior.get("GrpcConfig") or {"Enabled": False},
    }
    if not behavior.get("CachePolicyId"):
        result.pop("CachePolicyId", None)
    for name, _ in _TTLS:
        if not result.get(name):
            result.pop(name, None)
    if forwarded := behavior.get("ForwardedValues"):
        cookies = forwarded.get("Cookies", {"Forward": "none"})
        names = {"WhitelistedNames": _items(cookies["WhitelistedNames"])} if "WhitelistedNames" in cookies else {}
        result["ForwardedValues"] = {
            "QueryString": False,
            **forwarded,
            "Cookies": cookies | names,
            "Headers": _items(forwarded.get("Headers")),
            "QueryStringCacheKeys": _items(forwarded.get("QueryStringCacheKeys")),
        }
        result |= {key: behavior.get(key, default) for key, default in _TTLS}
    return result


_TTLS = (("MinTTL", 0), ("DefaultTTL", 86400), ("MaxTTL", 31536000))
"""Seconds; they exist beside ForwardedValues only, a cache policy carries its own."""


def _trusted(signers: Config | None) -> Config:
    result = _items(signers)
    return {"Enabled": result["Quantity"] > 0, **result}


def _error_response(response: Config) -> Config:
    return {"ResponsePagePath": "", "ResponseCode": "", "ErrorCachingMinTTL": 10} | response


def _certificate(certificate: Config) -> Config:
    for key, source in (("ACMCertificateArn", "acm"), ("IAMCertificateId", "iam")):
        if certificate.get(key):
            filled = {"SSLSupportMethod": "sni-only", "MinimumProtocolVersion": "TLSv1"}
            given = {name: value for name, value in certificate.items() if name != "CloudFrontDefaultCertificate"}
            old_names = {"Certificate": certificate[key], "CertificateSource": source}
            return {"CloudFrontDefaultCertificate": False, **filled, **given, **old_names}
    return {
        "CloudFrontDefaultCertificate": True,
        "SSLSupportMethod": "vip",
        "MinimumProtocolVersion": "TLSv1",
        "CertificateSource": "cloudfront",
    }


def _geo(restriction: Config) -> Config:
    return {"RestrictionType": restriction.get("RestrictionType", "none"), **_items(restriction)}


def _behaviors(config: Config) -> Iterable[Config]:
    yield config["DefaultCacheBehavior"]
    yield from config["CacheBehaviors"].get("Items", [])


def _unknown_origin(config: Config) -> tuple[str, str] | None:
    known = {origin["Id"] for origin in config["Origins"].get("Items", [])}
    groups = config["OriginGroups"].get("Items", [])
    wanted = {behavior["TargetOriginId"] for behavior in _behaviors(config)} - {group["Id"] for group in groups}
    wanted |= {member["OriginId"] for group in groups for member in group["Members"].get("Items", [])}
    if wanted <= known:
        return None
    return "NoSuchOrigin", "One or more of your origins or origin groups do not exist."


def _broken_origin(config: Config) -> tuple[str, str] | None:
    for origin in config["Origins"].get("Items", []):
        kinds = [kind for kind in ("S3OriginConfig", "CustomOriginConfig", "VpcOriginConfig") if kind in origin]
        if len(kinds) != 1:
            return "InvalidOrigin", "The specified origin server does not exist or is not valid."
        is_s3 = ".s3." in origin["DomainName"] or ".s3-" in origin["DomainName"]
        if kinds == ["S3OriginConfig"] and not (is_s3 and origin["DomainName"].endswith(".amazonaws.com")):
            return "InvalidArgument", "The parameter Origin DomainName does not refer to a valid S3 bucket."
        custom = origin.get("CustomOriginConfig", {})
        for name, value, most, code in (
            ("OriginReadTimeout", custom.get("OriginReadTimeout", 30), 120, "InvalidOriginReadTimeout"),
            ("OriginKeepaliveTimeout", custom.get("OriginKeepaliveTimeout", 5), 120, "InvalidOriginKeepaliveTimeout"),
            ("ConnectionTimeout", origin["ConnectionTimeout"], 10, "InvalidArgument"),
            ("ConnectionAttempts", origin["ConnectionAttempts"], 3, "InvalidArgument"),
        ):
            if not 1 <= value <= most:
                return code, f"The parameter {name} has to be between 1 and {most}."
    return None


def _wrong_methods(config: Config) -> tuple[str, str] | None:
    for behavior in _behaviors(config):
        methods = behavior["AllowedMethods"]
        if set(methods["Items"]) not in METHOD_SETS:
            return "InvalidArgument", "The parameter AllowedMethods has an unsupported set of HTTP methods."
        if set(methods["CachedMethods"]["Items"]) not in METHOD_SETS[:2]:
            return "InvalidArgument", "The parameter CachedMethods has an unsupported set of HTTP methods."
    return None


def _two_cache_keys(config: Config) -> tuple[str, str] | None:
    for behavior in _behaviors(config):
        has_policy = bool(behavior.get("CachePolicyId"))
        if has_policy == ("ForwardedValues" in behavior):
            return "InvalidArgument", "The parameter ForwardedValues cannot be used when a cache policy is associated."
        if has_policy and any(behavior.get(name) for name, _ in _TTLS):
            return "InvalidArgument", "The parameter TTL cannot be used when a cache policy is associated."
    return None


def _writes_to_origin_group(config: Config) -> tuple[str, str] | None:
    groups = {group["Id"] for group in config["OriginGroups"].get("Items", [])}
    for behavior in _behaviors(config):
        if behavior["TargetOriginId"] in groups and not set(behavior["AllowedMethods"]["Items"]) <= METHOD_SETS[1]:
            message = (
                "The parameter AllowedMethods cannot include POST, PUT, PATCH, or DELETE "
                "for a cached behavior associated with an origin group."
            )
            return "InvalidArgument", message
    return None
