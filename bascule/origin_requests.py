"""What CloudFront asks the origin, and what it keeps the answer by.

Sources: CloudFront developer guide, "Request and response behavior for custom origins" (the table of headers, client IP
addresses, protocols), "Control origin requests with a policy", "Understand the cache key", "Cache content based on
request headers" (case: the name's doesn't count, the value's does), "Add custom headers to origin requests". Where the
table says "CloudFront forwards the header", that is taken to hold with policies as well as with forwarded values; not
so for `Origin`, which there are managed policies for, and for other headers than the table's, of which it says so of
forwarded values alone. Forwarded values are taken to normalize Accept-Encoding as a policy does that keeps both
compressions apart, but to send none for neither.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

from bascule.edge_policies import CachePolicy, OriginRequestPolicy, Selection
from bascule.http_request import Request, cookies, parameters
from bascule.request_headers import CLOUDFRONTS, FORWARDED, NEVER, REMOVED, SPECIAL

Sent = tuple[tuple[str, Any], ...]
"""Headers as sent: names and values. None for what CloudFront makes up, Unknown for what is known after apply."""


@dataclass(frozen=True)
class OriginRequest:
    """What the origin is asked."""

    method: str
    scheme: str
    host: Any
    """The viewer's or the origin's; Unknown for an origin whose name is known after apply."""
    path: str
    query: str
    headers: Sent = field(repr=False)
    """But for `Host`; with the origin's own, which may be secret."""


@dataclass(frozen=True)
class CacheKey:
    """What an answer is kept by: two requests with the same key get the same answer. The viewer's host is not in it,
    unless the policy names the header."""

    distribution: str
    path: str
    query: str = ""
    headers: Sent = ()
    """Names in lower case, sorted."""
    cookies: tuple[str, ...] = ()
    options: bool = False
    """Whether it is an OPTIONS request: those are kept apart."""


@dataclass(frozen=True)
class Caching:
    """Whether and how an answer is kept."""

    key: CacheKey
    policy: CachePolicy
    kept: bool
    """Whether a success may be kept at all: by its method, and by the longest time that the policy allows. How long it
    is kept is the origin's to say, within the policy's limits."""


RESPONSE_PARAMETERS = frozenset({"response-content-type", "response-content-disposition", "response-content-encoding"})
"""Parameters that managed origin request policies don't forward to S3 (their page, the note at its beginning)."""


class Fate(NamedTuple):
    """What becomes of a viewer's header of some name."""

    passed: bool = False
    special: bool = False
    """Whether it has a rule of its own, by which it may be passed on as well."""
    noted: bool = False
    """Whether its value is needed for more than passing it on."""


REMEMBERED = 1000
"""Names of headers whose fate is kept in mind: viewers may send any."""


@dataclass(frozen=True)
class Recipe:
    """All that a behavior and its origin say of what is forwarded and what is kept: made once for many requests."""

    cache: CachePolicy
    asked: Selection
    """Of the viewer's headers: what the policies ask for."""
    headers: Selection
    """What is forwarded of them, but for those with a rule of their own."""
    host: bool
    """Whether the viewer's is forwarded."""
    agent: bool
    """Whether the viewer's User-Agent is."""
    always: Sent
    """Headers that CloudFront adds to every request."""
    own_agent: Sent
    """What it adds in the place of the viewer's User-Agent."""
    added: tuple[str, ...]
    """CloudFront's own headers, in lower case."""
    cookies: Selection
    query: Selection
    in_key: tuple[str, ...]
    """Headers in the cache key, in lower case, sorted."""
    encodings: tuple[str, ...]
    """Compressions of the viewer's that CloudFront tells of in its normalized header; empty where it has none."""
    legacy: bool
    """Whether it is by forwarded values."""
    options_kept: bool
    domain: Any
    """The origin's."""
    prefix: str
    """The origin's path."""
    custom: Mapping[str, tuple[str, Any]]
    """The origin's headers, by name in lower case: they take the place of the viewer's and of CloudFront's."""
    distribution: str
    fates: dict[str, Fate] = field(default_factory=dict, repr=False, compare=False)


def recipe(
    distribution: str,
    cache: CachePolicy,
    beside: OriginRequestPolicy,
    cached_methods: tuple[Any, ...],
    *,
    domain: Any,
    prefix: str,
    custom: Mapping[str, tuple[str, Any]],
    bucket: bool,
) -> Recipe:
    """What is forwarded and what is kept, of a behavior with these policies and an origin like this."""
    asked = cache.headers | beside.headers
    beyond = Selection(names=FORWARDED) if cache.forwarded_query is None else Selection(True, REMOVED)
    query = beside.query | (cache.query if cache.forwarded_query is None else cache.forwarded_query)
    if bucket and beside.managed:
        query = Selection(True, query.names | RESPONSE_PARAMETERS) if query.all else query
    headers = asked | beyond
    added = {name for name in beside.added | _named(cache.headers) if name.startswith(CLOUDFRONTS)}
    always = (("Connection", "Keep-Alive"), ("Via", None), ("X-Amz-Cf-Id", None))
    return Recipe(
        cache=cache,
        asked=asked,
        headers=headers,
        host=headers.picks("host"),
        agent=headers.picks("user-agent"),
        always=tuple(header for header in always if header[0].lower() not in custom),
        own_agent=() if "user-agent" in custom else (("User-Agent", "Amazon CloudFront"),),
        added=tuple(sorted(added - custom.keys())),
        cookies=cache.cookies | beside.cookies,
        query=query,
        in_key=tuple(sorted(_named(cache.headers) - {"accept-encoding"})),
        encodings=cache.encodings if cache.forwarded_query is None else ("br", "gzip"),
        legacy=cache.forwarded_query is not None,
        options_kept="OPTIONS" in cached_methods,
        domain=domain,
        prefix=prefix,
        custom=custom,
        distribution=distribution,
    )


def _named(headers: Selection) -> frozenset[str]:
    return frozenset() if headers.all else headers.names


class Parsed(NamedTuple):
    """A request's headers, as both the origin's request and the cache key need them."""

    passed: list[tuple[str, Any]]
    """Those that are passed on as they are."""
    noted: Mapping[str, tuple[str, ...]]
    """Values of those that are in the cache key or have a rule of their own, by name in lower case."""
    cookies: Sequence[tuple[str, str]]
    encoding: str | None
    """Normalized as CloudFront does: empty where none of the viewer's is kept apart, None where there is none."""


def _parsed(recipe: Recipe, request: Request) -> Parsed:
    passed: list[tuple[str, Any]] = []
    noted: dict[str, tuple[str, ...]] = {}
    fates = recipe.fates
    for header in request.headers:
        lower = header[0].lower()
        fate = fates.get(lower) or _fate(recipe, lower)
        if fate.noted:
            noted[lower] = (*noted[lower], header[1]) if lower in noted else (header[1],)
        if fate.passed or (fate.special and _by_its_rule(recipe, request, lower, header[1])):
            passed.append(header)
    found = cookies(noted["cookie"]) if "cookie" in noted else ()
    offered = noted.get("accept-encoding") if recipe.encodings else None
    return Parsed(passed, noted, found, _encoding(recipe.encodings, offered) if offered else None)


def forwarded_and_kept(recipe: Recipe, request: Request, path: str, scheme: str) -> tuple[OriginRequest, Caching]:
    """Both of what follows."""
    parsed = _parsed(recipe, request)
    return _origin_request(recipe, request, path, scheme, parsed), _caching(recipe, request, path, parsed)


def origin_request(recipe: Recipe, request: Request, path: str, scheme: str) -> OriginRequest:
    """What the origin is asked for a viewer's request, if the answer isn't in the cache."""
    return _origin_request(recipe, request, path, scheme, _parsed(recipe, request))


def caching(recipe: Recipe, request: Request, path: str) -> Caching:
    """What the answer to a viewer's request is kept by, and whether it is."""
    return _caching(recipe, request, path, _parsed(recipe, request))


def _origin_request(recipe: Recipe, request: Request, path: str, scheme: str, parsed: Parsed) -> OriginRequest:
    custom, noted = recipe.custom, parsed.noted
    sent = [*parsed.passed, *recipe.always]
    for name in recipe.added:
        sent.append((name, request.scheme if name == "cloudfront-forwarded-proto" else None))
    if parsed.encoding is not None and (parsed.encoding or not recipe.legacy) and "accept-encoding" not in custom:
        sent.append(("Accept-Encoding", parsed.encoding or "identity"))
    if parsed.cookies and "cookie" not in custom:
        chosen = _chosen(recipe.cookies, parsed)
        if chosen:
            sent.append(("Cookie", "; ".join(chosen)))
    if not recipe.agent or "user-agent" not in noted:
        sent += recipe.own_agent
    if "x-forwarded-for" not in custom:
        hops = (*noted.get("x-forwarded-for", ()), request.address or "")
        sent.append(("X-Forwarded-For", ",".join(hops) if request.address else None))
    return OriginRequest(
        request.method,
        scheme,
        request.host if recipe.host else recipe.domain,
        recipe.prefix + path,
        _query(recipe.query, request.query),
        (*sent, *custom.values()),
    )


def _chosen(selection: Selection, parsed: Parsed) -> list[str]:
    return [part for name, part in parsed.cookies if selection.picks(name)]


def _fate(recipe: Recipe, lower: str) -> Fate:
    """What becomes of a viewer's header of this name."""
    in_key = lower in recipe.in_key
    if lower in recipe.custom or lower in NEVER or lower.startswith(("x-edge-", CLOUDFRONTS)):
        fate = Fate(noted=in_key)
    elif lower in SPECIAL and (lower != "accept-encoding" or recipe.encodings):
        fate = Fate(special=True, noted=True)
    else:
        fate = Fate(passed=recipe.headers.picks(lower), noted=in_key)
    if len(recipe.fates) < REMEMBERED:
        recipe.fates[lower] = fate
    return fate


def _by_its_rule(recipe: Recipe, request: Request, lower: str, value: str) -> bool:
    """Whether one of the headers with a rule of its own is passed on as it is."""
    if lower == "authorization":
        removed = request.method in ("GET", "HEAD") or (request.method == "OPTIONS" and recipe.options_kept)
        return recipe.asked.picks(lower) or not removed
    return value.lower() == "websocket" if lower == "upgrade" else lower == "user-agent" and recipe.agent


@lru_cache(maxsize=REMEMBERED)
def _encoding(wanted: tuple[str, ...], sent: tuple[str, ...]) -> str:
    offered = {part.partition(";")[0].strip().lower() for value in sent for part in value.split(",")}
    return ",".join(name for name in wanted if name in offered)


def _query(selection: Selection, query: str) -> str:
    if not query or (selection.all and not selection.names):
        return query
    return "&".join(part for name, part in parameters(query) if selection.picks(name))


def _caching(recipe: Recipe, request: Request, path: str, parsed: Parsed) -> Caching:
    cache, method = recipe.cache, request.method
    query = _query(cache.query, request.query)
    headers = _in_key(recipe, request, parsed)
    chosen = _chosen(cache.cookies, parsed) if parsed.cookies else ()
    key = CacheKey(recipe.distribution, path, query, headers, tuple(chosen), method == "OPTIONS")
    by_method = method in ("GET", "HEAD") or (method == "OPTIONS" and recipe.options_kept)
    return Caching(key, cache, by_method and cache.max_ttl > 0)


def _in_key(recipe: Recipe, request: Request, parsed: Parsed) -> Sent:
    headers: list[tuple[str, Any]] = []
    for lower in recipe.in_key:
        if lower == "host":
            headers.append((lower, request.host))
        elif lower.startswith(CLOUDFRONTS):
            headers.append((lower, request.scheme if lower == "cloudfront-forwarded-proto" else None))
        elif lower in parsed.noted:
            headers += [(lower, value) for value in parsed.noted[lower]]
    if recipe.cache.encodings and parsed.encoding:
        headers.append(("accept-encoding", parsed.encoding))
    return tuple(headers)
