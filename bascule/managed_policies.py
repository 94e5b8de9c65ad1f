"""CloudFront's managed policies that matter here, by id.

Source: CloudFront developer guide, "Use managed cache policies" and "Use managed origin request policies"; the ids are
the same in every account.
"""

from __future__ import annotations

CACHING_DISABLED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
"""Managed-CachingDisabled: an application's pages and its RSC payloads share URLs, so neither may be cached."""
CACHING_OPTIMIZED = "658327ea-f89d-4fab-a63d-7e88639e58f6"
"""Managed-CachingOptimized, for assets that are named by their content."""
USE_ORIGIN_HEADERS_WITH_QUERY_STRINGS = "4cc15a8a-d715-48a4-82b8-cc0b614638fe"
"""UseOriginCacheControlHeaders-QueryStrings: every query string, `_rsc` among them, is in the cache key."""
ALL_VIEWER = "216adef6-5c7f-47e4-b989-5492eafa07d3"
"""Managed-AllViewer: forwards Host, cookies and query strings. Server Actions compare Origin with Host."""
ALL_VIEWER_AND_CLOUDFRONT_HEADERS = "33f36d7e-f396-46d9-90e0-52428a34d9dc"
"""Managed-AllViewerAndCloudFrontHeaders-2022-06: the same, and CloudFront's own headers."""

NAMES = {
    CACHING_DISABLED: "CachingDisabled",
    CACHING_OPTIMIZED: "CachingOptimized",
    USE_ORIGIN_HEADERS_WITH_QUERY_STRINGS: "UseOriginCacheControlHeaders-QueryStrings",
    "83da9c7e-98b4-4e11-a168-04f0df8e2c65": "UseOriginCacheControlHeaders",
    "b2884449-e4de-46a7-ac36-70bc7f1ddd6d": "CachingOptimizedForUncompressedObjects",
    "08627262-05a9-4f76-9ded-b50ca2e3a84f": "Elemental-MediaPackage",
    "2e54312d-136d-493c-8eb9-b001f22f67d2": "Amplify",
    ALL_VIEWER: "AllViewer",
    ALL_VIEWER_AND_CLOUDFRONT_HEADERS: "AllViewerAndCloudFrontHeaders-2022-06",
    "b689b0a8-53d0-40ab-baf2-68738e2966ac": "AllViewerExceptHostHeader",
    "59781a5b-3903-41f3-afcb-af62929ccde1": "CORS-CustomOrigin",
    "88a5eaf4-2fd4-4709-b370-b4c650ea3fcf": "CORS-S3Origin",
    "acba4595-bd28-49b8-b9fe-13317c0390fa": "UserAgentRefererHeaders",
}
"""The managed policies by id; of any other policy the id doesn't say what it does."""
