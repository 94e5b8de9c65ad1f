"""What a behavior puts into the cache key and forwards to the origin: its policies, or the forwarded values of old.

Sources: CloudFront developer guide, "Use managed cache policies", "Use managed origin request policies" (contents by
id), "Understand cache policies", "Understand origin request policies" (what each setting means).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bascule.managed_policies import ALL_VIEWER, ALL_VIEWER_AND_CLOUDFRONT_HEADERS, CACHING_DISABLED, CACHING_OPTIMIZED
from bascule.managed_policies import USE_ORIGIN_HEADERS_WITH_QUERY_STRINGS as WITH_QUERY_STRINGS
from bascule.planned_values import NotKnown, World, first, items, known, of_id, sure, text
from bascule.request_headers import BY_JUNE_2022, CLOUDFRONTS


@dataclass(frozen=True)
class Selection:
    """Some of the headers, cookies or query parameters, by name. Names of headers are in lower case: case counts for
    the others only."""

    all: bool = False
    names: frozenset[str] = frozenset()
    """Those that are meant; where `all` is, those that aren't."""

    def picks(self, name: str) -> bool:
        """Whether one of this name is selected."""
        return (name in self.names) is not self.all

    def __or__(self, other: Selection) -> Selection:
        """What either selects."""
        if self.all and other.all:
            return Selection(True, self.names & other.names)
        if self.all or other.all:
            most, few = (self, other) if self.all else (other, self)
            return Selection(True, most.names - few.names)
        return Selection(False, self.names | other.names)


NONE, ALL = Selection(), Selection(all=True)


@dataclass(frozen=True)
class CachePolicy:
    """What is in the cache key, and how long an answer may be kept."""

    name: str
    min_ttl: int = 0
    default_ttl: int = 0
    max_ttl: int = 0
    """Seconds."""
    headers: Selection = NONE
    cookies: Selection = NONE
    query: Selection = NONE
    encodings: tuple[str, ...] = ()
    """Compressions that are kept apart, of `br` and `gzip`, in the order of CloudFront's normalized header."""
    forwarded_query: Selection | None = None
    """What forwarded values forward of the query string, which may be more than is in the key; None with a policy."""


@dataclass(frozen=True)
class OriginRequestPolicy:
    """What is forwarded beside what is in the cache key."""

    name: str
    headers: Selection = NONE
    """Of the viewer's."""
    added: frozenset[str] = frozenset()
    """CloudFront's own, in lower case."""
    cookies: Selection = NONE
    query: Selection = NONE
    managed: bool = False


NO_POLICY = OriginRequestPolicy("none")

YEAR, DAY = 31536000, 86400
ORIGINS_WISH = frozenset({"host", "origin", "x-http-method-override", "x-http-method", "x-method-override"})
COMPRESSED = ("br", "gzip")


def _cached(name: str, ttls: tuple[int, int, int], *headers: str, **more: Any) -> CachePolicy:
    return CachePolicy(name, *ttls, headers=Selection(names=frozenset(headers)), **more)


CACHE_POLICIES: Mapping[str, CachePolicy] = {
    CACHING_DISABLED: _cached("CachingDisabled", (0, 0, 0)),
    CACHING_OPTIMIZED: _cached("CachingOptimized", (1, DAY, YEAR), encodings=COMPRESSED),
    "b2884449-e4de-46a7-ac36-70bc7f1ddd6d": _cached("CachingOptimizedForUncompressedObjects", (1, DAY, YEAR)),
    "08627262-05a9-4f76-9ded-b50ca2e3a84f": _cached(
        "Elemental-MediaPackage",
        (0, DAY, YEAR),
        "origin",
        query=Selection(names=frozenset({"m", "start", "end", "aws.manifestfilter"})),
        encodings=COMPRESSED,
    ),
    "2e54312d-136d-493c-8eb9-b001f22f67d2": _cached(
        "Amplify",
        (2, 2, 600),
        "authorization",
        "cloudfront-viewer-country",
        "host",
        cookies=ALL,
        query=ALL,
        encodings=COMPRESSED,
    ),
    "83da9c7e-98b4-4e11-a168-04f0df8e2c65": _cached(
        "UseOriginCacheControlHeaders", (0, 0, YEAR), *ORIGINS_WISH, cookies=ALL, encodings=COMPRESSED
    ),
    WITH_QUERY_STRINGS: _cached(
        "UseOriginCacheControlHeaders-QueryStrings",
        (0, 0, YEAR),
        *ORIGINS_WISH,
        cookies=ALL,
        query=ALL,
        encodings=COMPRESSED,
    ),
}
"""The managed ones, by id."""


def _forwarded(name: str, *headers: str, **more: Any) -> OriginRequestPolicy:
    values: dict[str, Any] = {"headers": Selection(names=frozenset(headers)), "managed": True, **more}
    return OriginRequestPolicy(name, **values)


_EVERYTHING: Mapping[str, Any] = {"headers": ALL, "cookies": ALL, "query": ALL}
_CORS = ("origin", "access-control-request-headers", "access-control-request-method")

ORIGIN_REQUEST_POLICIES: Mapping[str, OriginRequestPolicy] = {
    ALL_VIEWER: _forwarded("AllViewer", **_EVERYTHING),
    ALL_VIEWER_AND_CLOUDFRONT_HEADERS: _forwarded(
        "AllViewerAndCloudFrontHeaders-2022-06", **_EVERYTHING, added=BY_JUNE_2022
    ),
    "b689b0a8-53d0-40ab-baf2-68738e2966ac": _forwarded(
        "AllViewerExceptHostHeader", **{**_EVERYTHING, "headers": Selection(True, frozenset({"host"}))}
    ),
    "59781a5b-3903-41f3-afcb-af62929ccde1": _forwarded("CORS-CustomOrigin", "origin"),
    "88a5eaf4-2fd4-4709-b370-b4c650ea3fcf": _forwarded("CORS-S3Origin", *_CORS),
    "775133bc-15f2-49f9-abea-afb2e0bf67d2": _forwarded(
        "Elemental-MediaTailor-PersonalizedManifests", *_CORS, "user-agent", "x-forwarded-for", query=ALL
    ),
    "bf0718e1-ba1e-49d1-88b1-f726733018ae": _forwarded("HostHeaderOnly", "host"),
    "acba4595-bd28-49b8-b9fe-13317c0390fa": _forwarded("UserAgentRefererHeaders", "user-agent", "referer"),
}
"""The managed ones, by id."""


def cache_policy(found: World, behavior: Mapping[str, Any]) -> CachePolicy:
    """What a behavior keeps answers by. Raises NotKnown, for the account's own policies too, if nobody read them."""
    id_ = sure(behavior.get("cache_policy_id"))
    if id_:
        if id_ in CACHE_POLICIES:
            return CACHE_POLICIES[id_]
        own = of_id(found, "aws_cloudfront_cache_policy", id_)
        if own is None:
            raise NotKnown(f"cache policy {id_} is the account's own")
        return _own_cache_policy(own)
    for values in known(behavior.get("forwarded_values")):
        return _forwarded_values(values, behavior)
    raise NotKnown("neither a cache policy nor forwarded values")


def origin_request_policy(found: World, behavior: Mapping[str, Any]) -> OriginRequestPolicy:
    """What a behavior forwards beside. Raises NotKnown, for the account's own policies too, if nobody read them."""
    id_ = sure(behavior.get("origin_request_policy_id"))
    if not id_:
        return NO_POLICY
    if id_ in ORIGIN_REQUEST_POLICIES:
        return ORIGIN_REQUEST_POLICIES[id_]
    own = of_id(found, "aws_cloudfront_origin_request_policy", id_)
    if own is None:
        raise NotKnown(f"origin request policy {id_} is the account's own")
    headers = _selected(own, "header", lower=True)
    kind = first(own, "headers_config").get("header_behavior")
    beside = headers.names if kind != "allExcept" else frozenset()
    return OriginRequestPolicy(
        text(own.get("name")),
        headers=ALL if kind == "allViewerAndWhitelistCloudFront" else headers,
        added=frozenset(name for name in beside if name.startswith(CLOUDFRONTS)),
        cookies=_selected(own, "cookie"),
        query=_selected(own, "query_string"),
    )


def _own_cache_policy(own: Mapping[str, Any]) -> CachePolicy:
    key: Mapping[str, Any] = next(known(own.get("parameters_in_cache_key_and_forwarded_to_origin")), {})
    flags = (("br", "brotli"), ("gzip", "gzip"))
    return CachePolicy(
        text(own.get("name")),
        sure(own.get("min_ttl")) or 0,
        _or(sure(own.get("default_ttl")), DAY),
        _or(sure(own.get("max_ttl")), YEAR),
        headers=_selected(key, "header", lower=True),
        cookies=_selected(key, "cookie"),
        query=_selected(key, "query_string"),
        encodings=tuple(name for name, flag in flags if sure(key.get(f"enable_accept_encoding_{flag}"))),
    )


def _selected(values: Mapping[str, Any], kind: str, *, lower: bool = False) -> Selection:
    """What a `cookies_config`, `headers_config` or `query_strings_config` selects."""
    config: Mapping[str, Any] = next(known(values.get(f"{kind}s_config")), {})
    behavior = text(sure(config.get(f"{kind}_behavior"))) or "none"
    names = (sure(name) for block in known(config.get(f"{kind}s")) for name in items(block.get("items")))
    named = frozenset(name.lower() if lower else name for name in names)
    if behavior in ("all", "allViewer"):
        return ALL
    return Selection(behavior == "allExcept", frozenset() if behavior == "none" else named)


def _forwarded_values(values: Mapping[str, Any], behavior: Mapping[str, Any]) -> CachePolicy:
    """Source: CloudFront developer guide, "Cache behavior settings" (cache based on selected request headers: with all
    of them, nothing is cached; forward all query strings, cache based on a list), API reference (default TTLs)."""
    headers = frozenset(text(sure(name)).lower() for name in items(values.get("headers")))
    forwards = ALL if sure(values.get("query_string")) else NONE
    listed = frozenset(text(sure(name)) for name in items(values.get("query_string_cache_keys")))
    cookies: Mapping[str, Any] = next(known(values.get("cookies")), {})
    chosen = frozenset(text(sure(name)) for name in items(cookies.get("whitelisted_names")))
    forward = sure(cookies.get("forward"))
    if forward == "whitelist" and any({"*", "?"} & set(name) for name in chosen):
        raise NotKnown("names of cookies with wildcards")
    everything = "*" in headers
    return CachePolicy(
        "forwarded values",
        0 if everything else sure(behavior.get("min_ttl")) or 0,
        0 if everything else _or(sure(behavior.get("default_ttl")), DAY),
        0 if everything else _or(sure(behavior.get("max_ttl")), YEAR),
        headers=ALL if everything else Selection(names=headers),
        cookies=ALL if forward == "all" else Selection(names=chosen if forward == "whitelist" else frozenset()),
        query=Selection(names=listed) if listed and forwards.all else forwards,
        forwarded_query=forwards,
    )


def _or(value: Any, default: int) -> int:
    return default if value is None else value
