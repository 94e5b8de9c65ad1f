"""What becomes of a visitor's request, done: decided by the routing model, fetched, kept, and signed as CloudFront's.

One model: which behavior, which headers, whose rule is `bascule.routing`'s to say, and this does it. Functions of
CloudFront and of Lambda aren't run, and nothing is compressed.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from bascule.http_request import Headers, Request
from bascule.origin_requests import Caching, OriginRequest
from bascule.routing import Decision, Router, decide, error_page
from bascule.sandbox import clock
from bascule.sandbox.edge import pages
from bascule.sandbox.edge.account import View
from bascule.sandbox.edge.balancer import Balancer, Received
from bascule.sandbox.edge.bucket import Bucket, client_get
from bascule.sandbox.edge.cache import Cache, Entry
from bascule.sandbox.edge.lifetimes import error_lifetime, lifetime
from bascule.sandbox.edge.messages import Answer, Asked, Kept, close
from bascule.sandbox.edge.response_headers import with_policy
from bascule.worlds import SITE

POP = "DXB52-P1"
"""Dubai: the edge location that the first site's visitors would meet."""

ADDRESS = "203.0.113.1"
"""From where CloudFront asks (TEST-NET-3, RFC 5737: nobody's address)."""

MISS, HIT, REFRESHED, ERROR, REDIRECT = "Miss", "Hit", "RefreshHit", "Error", "Redirect"
READ = ("GET", "HEAD")


@dataclass(frozen=True)
class Got:
    """An answer, and where CloudFront has it from."""

    answer: Answer
    how: str
    age: int | None = None
    """Seconds, of what was kept."""


class Edge:
    """Answers as every edge location together would. Safe to use from several threads."""

    def __init__(self, view: View, balancer: Balancer) -> None:
        self._view, self._balancer = view, balancer
        self._caches: dict[str, Cache] = {}

    def answer(self, asked: Asked) -> Answer:
        """The answer to one request."""
        distribution = self._view.distribution(asked.request.host)
        if distribution is None:
            return _signed(Got(pages.cloudfronts(403, pages.BAD_REQUEST), ERROR))
        ready = self._view.router(distribution)
        decision = decide(ready, asked.request)
        if decision is None or (decision.end == "nothing" and not decision.behavior):  # it is switched off
            return _signed(Got(pages.cloudfronts(403, pages.BAD_REQUEST), ERROR))
        if decision.edge is not None:
            return _signed(_own(decision))
        got = self._got(distribution, ready, decision, asked)
        if got.answer.status >= 400 and got.how is not HIT:
            got = self._with_page(distribution, ready, decision, asked, got)
        policy = self._view.response_headers_policy(decision.response_headers_policy_id)
        return _signed(replace(got, answer=with_policy(got.answer, policy)))

    def _got(self, distribution: str, ready: Router, decision: Decision, asked: Asked) -> Got:
        """From the cache, or else from the origin."""
        caching = decision.caching if isinstance(decision.caching, Caching) else None
        if caching is None or asked.request.method not in READ:
            return _fresh(self._fetched(ready, decision, asked, ()))
        cache, key = self._cache(distribution), caching.key
        entry = cache.get(key)
        if entry is not None and entry.fresh:
            return _from(entry, asked.request, ERROR if entry.error else HIT)
        before = cache.invalidations()
        known = _known(entry, asked.request)
        answer = self._fetched(ready, decision, asked, known)
        if entry is not None and known and answer.status == 304:
            close(answer.body)
            seconds = lifetime(caching.policy, entry.status, _told(entry.headers), clock.now())
            return _from(cache.renewed(key, entry, clock.now() + seconds), asked.request, REFRESHED)
        seconds = lifetime(caching.policy, answer.status, _told(answer.headers), clock.now())
        if not caching.kept or asked.request.method != "GET" or seconds <= 0:
            return _fresh(answer)
        now = clock.now()

        def keep(whole: bytes) -> None:
            cache.put(key, Entry(answer.status, answer.headers, whole, now, now + seconds, False, before))

        return _fresh(replace(answer, body=Kept(answer.body, keep)))

    def _with_page(self, distribution: str, ready: Router, decision: Decision, asked: Asked, got: Got) -> Got:
        """An error, or the page that the distribution has for it; kept as errors are."""
        if got.age is not None:
            return got
        before = self._cache(distribution).invalidations()
        page = error_page(ready.found[SITE], got.answer.status)
        seconds = error_lifetime(page.ttl if page else 10, got.answer.status, _told(got.answer.headers), clock.now())
        answer = got.answer
        if page is not None and page.path:
            own = Request(page.path, scheme="https", host=asked.request.host)
            asked_for = decide(ready, own)
            if asked_for is not None and asked_for.edge is None:
                shown = self._got(distribution, ready, asked_for, Asked(own)).answer
                if shown.status < 400:
                    close(answer.body)
                    answer = replace(shown, status=page.status)
        caching = decision.caching
        if asked.request.method != "GET" or seconds <= 0 or not isinstance(caching, Caching):
            return Got(answer, ERROR)
        now, kept = clock.now(), caching.key

        def keep(whole: bytes) -> None:
            entry = Entry(answer.status, answer.headers, whole, now, now + seconds, True, before)
            self._cache(distribution).put(kept, entry)

        return Got(replace(answer, body=Kept(answer.body, keep)), ERROR)

    def _fetched(self, ready: Router, decision: Decision, asked: Asked, known: Headers) -> Answer:
        """What the origin answers, or CloudFront where it can't ask it."""
        origin, forwarded = decision.origin, decision.forwarded
        if decision.end == "unknown" or origin is None or not isinstance(forwarded, OriginRequest):
            return pages.cloudfronts(502, f"The sandbox can't tell what becomes of this request: {decision.why}")
        headers = (*_filled(forwarded, asked.request), *known)
        if origin.kind in ("bucket", "deleted"):
            name = str(ready.found[origin.address]["bucket"])
            values: Mapping[str, Any] = origin.values or {}
            return self._bucket(name, values, website=origin.website)(forwarded.method, forwarded.path, headers)
        if origin.kind != "balancer":
            return pages.cloudfronts(502, f"The sandbox reaches no origin outside of its account: {origin.domain}")
        if decision.gates and decision.gates[0].passes is not True:
            return pages.cloudfronts(504, pages.UNREACHABLE)
        if decision.action is None:
            return pages.cloudfronts(502, f"{pages.UNREACHABLE} {decision.why}")
        received = Received(
            method=forwarded.method,
            scheme=forwarded.scheme,
            host=str(forwarded.host),
            path=forwarded.path,
            query=forwarded.query,
            headers=headers,
            address=ADDRESS,
            port=443 if forwarded.scheme == "https" else 80,
            body=asked.body,
        )
        reachable = all(gate.passes is not False for gate in decision.gates[1:])
        return self._balancer.answer(decision.action, received, reachable=reachable)

    def _bucket(self, name: str, origin: Mapping[str, Any], *, website: bool) -> Callable[[str, str, Headers], Answer]:
        identity = any(one.get("origin_access_identity") for one in origin.get("s3_origin_config") or ())
        signed = bool(origin.get("origin_access_control_id")) or identity
        bucket = Bucket(self._view.account, name, signed and not website, client_get(self._view.client("s3")))
        return bucket.website if website else bucket.rest

    def _cache(self, distribution: str) -> Cache:
        return self._caches.setdefault(distribution, Cache(lambda: self._view.invalidations(distribution)))


def _own(decision: Decision) -> Got:
    """What the edge answers by itself."""
    own = decision.edge
    assert own is not None
    if own.location:
        return Got(pages.redirect(own.status, own.location), REDIRECT)
    return Got(pages.cloudfronts(own.status, pages.NOT_ALLOWED if own.refuses_method else pages.BAD_REQUEST), ERROR)


def _fresh(answer: Answer) -> Got:
    return Got(answer, ERROR if answer.status >= 400 else MISS)


def _from(entry: Entry, request: Request, how: str) -> Got:
    """What is kept, as it is answered: nothing but headers to HEAD, and to whoever has it already."""
    etags = [value for name, value in request.headers if name.lower() == "if-none-match"]
    if entry.status == 200 and etags and _told(entry.headers).get("etag") in etags:
        return Got(Answer(304, entry.headers).without("content-length"), how, entry.age)
    length = ("Content-Length", str(len(entry.body)))
    body = () if request.method == "HEAD" or not entry.body else (entry.body,)
    return Got(Answer(entry.status, entry.headers, body).having(length), how, entry.age)


def _known(entry: Entry | None, request: Request) -> Headers:
    """Headers that ask the origin whether what is kept still holds; none where the viewer has such of its own."""
    own = {"if-none-match", "if-modified-since", "range"} & {name.lower() for name, _ in request.headers}
    if entry is None or entry.error or own or request.method != "GET":
        return ()
    told = _told(entry.headers)
    if "etag" in told:
        return (("If-None-Match", told["etag"]),)
    return (("If-Modified-Since", told["last-modified"]),) if "last-modified" in told else ()


def _told(headers: Headers) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in headers:
        lower = name.lower()
        found[lower] = f"{found[lower]}, {value}" if lower in found else value
    return found


def _filled(forwarded: OriginRequest, request: Request) -> Headers:
    """The headers that the origin is sent, with what CloudFront makes up; what the sandbox has no word for is left
    out."""
    made = {"via": _via(), "x-amz-cf-id": _id(), "cloudfront-viewer-country": "AE"}
    made |= {"cloudfront-viewer-address": f"{request.address}:0", "cloudfront-forwarded-proto": request.scheme}
    filled = ((name, made.get(name.lower()) if value is None else value) for name, value in forwarded.headers)
    return tuple((name, value) for name, value in filled if isinstance(value, str))


def _via() -> str:
    return f"1.1 {secrets.token_hex(16)}.cloudfront.net (CloudFront)"


def _id() -> str:
    return f"{secrets.token_urlsafe(40)}=="


def _signed(got: Got) -> Answer:
    """The answer with CloudFront's own headers."""
    age = () if got.age is None or got.how is REFRESHED else (("Age", str(got.age)),)
    return got.answer.having(
        ("X-Cache", f"{got.how} from cloudfront"),
        ("Via", _via()),
        ("X-Amz-Cf-Pop", POP),
        ("X-Amz-Cf-Id", _id()),
        *age,
    )
