"""The account's own cache and origin request policies: CloudFront's API in Terraform's vocabulary.

Source: CloudFront API reference, CachePolicyConfig and OriginRequestPolicyConfig; provider 5.100.0.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def cache_policy(item: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments of aws_cloudfront_cache_policy; `item` is one of ListCachePolicies."""
    config = item["CachePolicy"]["CachePolicyConfig"]
    key = config.get("ParametersInCacheKeyAndForwardedToOrigin") or {}
    return {
        "id": item["CachePolicy"]["Id"],
        "name": config["Name"],
        "min_ttl": config.get("MinTTL"),
        "default_ttl": config.get("DefaultTTL"),
        "max_ttl": config.get("MaxTTL"),
        "parameters_in_cache_key_and_forwarded_to_origin": [
            {
                **_selections(key),
                "enable_accept_encoding_brotli": key.get("EnableAcceptEncodingBrotli", False),
                "enable_accept_encoding_gzip": key.get("EnableAcceptEncodingGzip", False),
            }
        ],
    }


def origin_request_policy(item: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments of aws_cloudfront_origin_request_policy; `item` is one of ListOriginRequestPolicies."""
    config = item["OriginRequestPolicy"]["OriginRequestPolicyConfig"]
    return {"id": item["OriginRequestPolicy"]["Id"], "name": config["Name"], **_selections(config)}


SELECTED = (("Headers", "header"), ("Cookies", "cookie"), ("QueryStrings", "query_string"))


def _selections(config: Mapping[str, Any]) -> dict[str, Any]:
    return {
        f"{kind}s_config": [
            {
                f"{kind}_behavior": found.get(f"{api[:-1]}Behavior", "none"),
                f"{kind}s": [{"items": list((found.get(api) or {}).get("Items") or ())}],
            }
        ]
        for api, kind in SELECTED
        for found in [config.get(f"{api}Config") or {}]
    }
