"""Headers of a request that CloudFront treats in a way of their own; names in lower case.

Sources: CloudFront developer guide, "Request and response behavior for custom origins", HTTP request headers and
CloudFront behavior; "Add CloudFront request headers".
"""

from __future__ import annotations

FORWARDED = frozenset(
    {
        "cache-control",
        "content-length",
        "content-md5",
        "content-type",
        "date",
        "from",
        "if-match",
        "if-modified-since",
        "if-none-match",
        "if-range",
        "if-unmodified-since",
        "max-forwards",
        "pragma",
        "range",
        "request-range",
        "transfer-encoding",
        "via",
        "warning",
    }
)
"""What is forwarded, whatever is configured."""

REMOVED = frozenset(
    {
        "accept",
        "accept-charset",
        "accept-language",
        "expect",
        "host",
        "referer",
        "user-agent",
        "x-http-method-override",
    }
)
"""What is removed, or replaced, unless it is asked for."""

NEVER = frozenset(
    {
        "connection",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "x-forwarded-proto",
        "x-real-ip",
    }
)
"""What is never forwarded, and no `X-Edge-…` is."""

SPECIAL = frozenset(
    {
        "accept-encoding",
        "authorization",
        "cookie",
        "host",
        "upgrade",
        "user-agent",
        "x-forwarded-for",
    }
)
"""What has a rule of its own."""

CLOUDFRONTS = "cloudfront-"
"""What the names of headers begin with that CloudFront adds."""

BY_JUNE_2022 = frozenset(
    {
        "cloudfront-forwarded-proto",
        "cloudfront-is-android-viewer",
        "cloudfront-is-desktop-viewer",
        "cloudfront-is-ios-viewer",
        "cloudfront-is-mobile-viewer",
        "cloudfront-is-smarttv-viewer",
        "cloudfront-is-tablet-viewer",
        "cloudfront-viewer-address",
        "cloudfront-viewer-asn",
        "cloudfront-viewer-city",
        "cloudfront-viewer-country",
        "cloudfront-viewer-country-name",
        "cloudfront-viewer-country-region",
        "cloudfront-viewer-country-region-name",
        "cloudfront-viewer-http-version",
        "cloudfront-viewer-latitude",
        "cloudfront-viewer-longitude",
        "cloudfront-viewer-metro-code",
        "cloudfront-viewer-postal-code",
        "cloudfront-viewer-time-zone",
        "cloudfront-viewer-tls",
    }
)
"""Those that the policy AllViewerAndCloudFrontHeaders-2022-06 adds."""
