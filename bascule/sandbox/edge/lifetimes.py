"""For how long CloudFront keeps an answer: pure, over the cache policy's limits and the origin's headers.

Sources: CloudFront developer guide, "Manage how long content stays in the cache (expiration)", its table "Specify the
amount of time that CloudFront caches objects"; "Control how long CloudFront caches errors" and "How CloudFront
processes HTTP 4xx and 5xx status codes from your origin" (which codes, and that the longer of the origin's time and the
error caching minimum TTL counts).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

from bascule.edge_policies import CachePolicy

SUCCESSES = frozenset({200, 203, 300, 301, 302, 307, 308})
"""What is kept as a success; a part (206) isn't kept here, though CloudFront does."""

ERRORS = frozenset({404, 410, 414, 500, 501, 502, 503, 504})
"""Errors that are always kept; of 400, 403, 405, 412 and 415 the origin has to say for how long."""
ERRORS_IF_SAID = frozenset({400, 403, 405, 412, 415})

_AGE = re.compile(r"\s*(s-maxage|max-age)\s*=\s*\"?(\d{1,18})\"?\s*", re.IGNORECASE)
NEVER = frozenset({"no-cache", "no-store", "private"})


def lifetime(policy: CachePolicy, status: int, headers: Mapping[str, str], now: float) -> float:
    """Seconds for which a success may be kept, 0 for not at all. Names of headers are in lower case."""
    if status not in SUCCESSES or policy.max_ttl <= 0:
        return 0.0
    directives = _directives(headers)
    if NEVER & directives:
        return float(policy.min_ttl)
    said = _said(headers, now)
    if said is None:
        return float(max(policy.min_ttl, policy.default_ttl))
    return float(min(max(said, policy.min_ttl), policy.max_ttl))


def error_lifetime(least: float, status: int, headers: Mapping[str, str], now: float) -> float:
    """Seconds for which an error is kept: `least` is the distribution's error caching minimum TTL."""
    said = None if NEVER & _directives(headers) else _said(headers, now)
    if status in ERRORS_IF_SAID:
        return max(least, said) if said else 0.0
    return max(least, said or 0.0) if status in ERRORS else 0.0


def _directives(headers: Mapping[str, str]) -> set[str]:
    """Those of Cache-Control, in lower case and without values."""
    return {part.partition("=")[0].strip().lower() for part in headers.get("cache-control", "").split(",")}


def _said(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds that the origin says: s-maxage before max-age before Expires."""
    parts = (_AGE.fullmatch(part) for part in headers.get("cache-control", "").split(","))
    ages = {part[1].lower(): float(part[2]) for part in parts if part is not None}
    for name in ("s-maxage", "max-age"):
        if name in ages:
            return ages[name]
    if "expires" not in headers:
        return None
    try:
        return max(0.0, parsedate_to_datetime(headers["expires"]).timestamp() - now)
    except ValueError:
        return 0.0  # an Expires that is no date is in the past (RFC 9111, 5.3)
