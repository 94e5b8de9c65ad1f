"""AWS's managed CloudFront policies, as the API answers them.

Ids and names: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-cache-policies.html and
its siblings for origin requests and response headers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Policy = dict[str, Any]

ETAG = "E23ZP02F085DFQ"
MODIFIED = "2020-07-07T00:00:00Z"

RSC = ["host", "origin", "x-http-method-override", "x-http-method", "x-method-override"]
CLOUDFRONT_HEADERS = [
    "CloudFront-Forwarded-Proto",
    "CloudFront-Is-Android-Viewer",
    "CloudFront-Is-Desktop-Viewer",
    "CloudFront-Is-IOS-Viewer",
    "CloudFront-Is-Mobile-Viewer",
    "CloudFront-Is-SmartTV-Viewer",
    "CloudFront-Is-Tablet-Viewer",
    "CloudFront-Viewer-Address",
    "CloudFront-Viewer-ASN",
    "CloudFront-Viewer-City",
    "CloudFront-Viewer-Country",
    "CloudFront-Viewer-Country-Name",
    "CloudFront-Viewer-Country-Region",
    "CloudFront-Viewer-Country-Region-Name",
    "CloudFront-Viewer-Http-Version",
    "CloudFront-Viewer-Latitude",
    "CloudFront-Viewer-Longitude",
    "CloudFront-Viewer-Metro-Code",
    "CloudFront-Viewer-Postal-Code",
    "CloudFront-Viewer-Time-Zone",
    "CloudFront-Viewer-TLS",
]


@dataclass(frozen=True)
class Kind:
    """One of the three policy APIs: the resource's name in answers, its path, its names in Python, its policies."""

    name: str
    path: str
    snake: str
    snake_plural: str
    policies: list[Policy]


def _items(*names: str) -> Policy:
    return {"Quantity": len(names), "Items": list(names)}


def _cache(id: str, name: str, ttls: tuple[int, int, int], **key: Any) -> Policy:
    minimum, default, maximum = ttls
    config = {
        "Name": name,
        "Comment": "",
        "MinTTL": minimum,
        "DefaultTTL": default,
        "MaxTTL": maximum,
        "ParametersInCacheKeyAndForwardedToOrigin": {
            "EnableAcceptEncodingGzip": key.get("compressed", False),
            "EnableAcceptEncodingBrotli": key.get("compressed", False),
            "HeadersConfig": key.get("headers", {"HeaderBehavior": "none"}),
            "CookiesConfig": {"CookieBehavior": key.get("cookies", "none")},
            "QueryStringsConfig": {"QueryStringBehavior": key.get("query_strings", "none")},
        },
    }
    return {"Id": id, "LastModifiedTime": MODIFIED, "CachePolicyConfig": config}


def _request(id: str, name: str, headers: Policy) -> Policy:
    config = {
        "Name": name,
        "Comment": "",
        "HeadersConfig": headers,
        "CookiesConfig": {"CookieBehavior": "all"},
        "QueryStringsConfig": {"QueryStringBehavior": "all"},
    }
    return {"Id": id, "LastModifiedTime": MODIFIED, "OriginRequestPolicyConfig": config}


_WHITELISTED = {"HeaderBehavior": "whitelist", "Headers": _items(*RSC)}

CACHE = [
    _cache("658327ea-f89d-4fab-a63d-7e88639e58f6", "Managed-CachingOptimized", (1, 86400, 31536000), compressed=True),
    _cache("4135ea2d-6df8-44a3-9df3-4b5a84be39ad", "Managed-CachingDisabled", (0, 0, 0)),
    _cache(
        "83da9c7e-98b4-4e11-a168-04f0df8e2c65",
        "UseOriginCacheControlHeaders",
        (0, 0, 31536000),
        compressed=True,
        headers=_WHITELISTED,
        cookies="all",
    ),
    _cache(
        "4cc15a8a-d715-48a4-82b8-cc0b614638fe",
        "UseOriginCacheControlHeaders-QueryStrings",
        (0, 0, 31536000),
        compressed=True,
        headers=_WHITELISTED,
        cookies="all",
        query_strings="all",
    ),
]

ORIGIN_REQUEST = [
    _request("216adef6-5c7f-47e4-b989-5492eafa07d3", "Managed-AllViewer", {"HeaderBehavior": "allViewer"}),
    _request(
        "b689b0a8-53d0-40ab-baf2-68738e2966ac",
        "Managed-AllViewerExceptHostHeader",
        {"HeaderBehavior": "allExcept", "Headers": _items("host")},
    ),
    _request(
        "33f36d7e-f396-46d9-90e0-52428a34d9dc",
        "Managed-AllViewerAndCloudFrontHeaders-2022-06",
        {"HeaderBehavior": "allViewerAndWhitelistCloudFront", "Headers": _items(*CLOUDFRONT_HEADERS)},
    ),
]

RESPONSE_HEADERS = [
    {
        "Id": "67f7725c-6f97-4210-82d7-5512b31e9d03",
        "LastModifiedTime": MODIFIED,
        "ResponseHeadersPolicyConfig": {
            "Name": "Managed-SecurityHeadersPolicy",
            "Comment": "",
            "SecurityHeadersConfig": {
                "XSSProtection": {"Override": False, "Protection": True, "ModeBlock": True},
                "FrameOptions": {"Override": False, "FrameOption": "SAMEORIGIN"},
                "ReferrerPolicy": {"Override": False, "ReferrerPolicy": "strict-origin-when-cross-origin"},
                "ContentTypeOptions": {"Override": True},
                "StrictTransportSecurity": {"Override": False, "AccessControlMaxAgeSec": 31536000},
            },
        },
    }
]

KINDS = (
    Kind("CachePolicy", "cache-policy", "cache_policy", "cache_policies", CACHE),
    Kind(
        "OriginRequestPolicy",
        "origin-request-policy",
        "origin_request_policy",
        "origin_request_policies",
        ORIGIN_REQUEST,
    ),
    Kind(
        "ResponseHeadersPolicy",
        "response-headers-policy",
        "response_headers_policy",
        "response_headers_policies",
        RESPONSE_HEADERS,
    ),
)
