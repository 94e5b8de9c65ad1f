"""Rows about pages: the home page, its assets, RSC payloads, a path that isn't there."""

from __future__ import annotations

import re

from bascule.formats import Expect
from bascule.outcomes import Result, fail, not_configured, passed, unknown, warn
from bascule.verify.expectation import Expectation
from bascule.verify.messages import Request, Response
from bascule.verify.remedies import INVALIDATE, LOGS, remedy
from bascule.verify.row import Steps, ask
from bascule.verify.source import APP_ROUTER, BEHIND, Source, masked, seen, shown, signed, source
from bascule.verify.walk import Page, application_page, page, with_query

ASSET = re.compile(
    r"(?:(?:https?:)?//(?P<host>[\w.:-]+))?"
    r"(?P<path>/(?:[\w.~%-]+/)*_next/static/[\w./~%@+-]+\.(?:js|css)(?:\?[\w=&.~%-]*)?)",
    re.ASCII,
)
"""An asset in a page of Next.js: on another host with `assetPrefix`, below a folder with `basePath`, with `?dpl=` for a
deployment id."""

AGAIN = 3
"""Requests after the first for a hit: they may come to another cache of the same edge location."""

RSC = (("rsc", "1"),)
COMPONENT = "text/x-component"


def home(expected: Expectation) -> Steps[Result]:
    """Whether / is the page of whom it should be."""
    response = (yield from page(expected)).response
    by = source(response, expected.markers)
    if masked(response, expected):
        return fail(f"an error page stands in for /: {seen(response)}", remedy(expected, by))
    if expected.expect is Expect.BUCKET:
        return _old(expected, response, by)
    return _new(expected, response, by)


def _new(expected: Expectation, response: Response, by: Source) -> Result:
    if by not in BEHIND:
        return fail(f"/ comes from {by}: {seen(response)}", remedy(expected, by))
    if response.status != 200:
        return fail(f"/ is answered {response.status} by {by}: {seen(response)}", LOGS)
    if response.media_type != "text/html":
        return fail(f"/ isn't HTML: {seen(response)}", LOGS)
    new = expected.markers.new
    if new is not None and not expected.markers.is_new(response.body):
        return fail(
            f"/ hasn't the new page's marker: {seen(response)}", f"see whether {new!r} is still in it; {INVALIDATE}"
        )
    if new is None and not signed(response):
        return fail(
            f"/ has no sign of Next.js: {seen(response)}", "if the application is another, say new_marker in [verify]"
        )
    mark = f"with {new!r}" if new is not None else "with Next.js's signs"
    return passed(f"/ is the application's, {mark}: {seen(response)}")


def _old(expected: Expectation, response: Response, by: Source) -> Result:
    looks = expected.markers.looks_old(response.body)
    if by is not Source.BUCKET or response.status != 200:
        return fail(f"/ comes from {by}, not {expected.expect.who}: {seen(response)}", remedy(expected, by))
    if looks is None:
        return warn(
            f"/ is the bucket's: {seen(response)}", "say old_marker in [verify], to know that it is the old page"
        )
    if not looks:
        return fail(
            f"/ is the bucket's, and not the old page: {seen(response)}", f"look at its index.html; {INVALIDATE}"
        )
    return passed(f"/ is the bucket's old page: {seen(response)}")


def asset(found: Page) -> tuple[str, str] | None:
    """Host and path of the first asset that a page names."""
    match = ASSET.search(found.response.text)
    return (match["host"] or found.request.host, match["path"]) if match else None


def static(expected: Expectation) -> Steps[Result]:
    """Whether the page's assets are immutable, and cached by CloudFront."""
    found = asset((yield from application_page(expected)))
    if found is None:
        return unknown("/ names nothing below /_next/static/", "look at the network panel of a browser")
    host, path = found
    if host not in expected.hosts:
        return warn(f"assets come from {shown(host)}, not from this distribution", "look there whether they are cached")
    first = yield from ask(Request(host, path))
    if first.status != 200 or first.media_type == "text/html":
        return fail(
            f"{shown(path)}: {seen(first)}",
            "during a deployment old pages name assets that new tasks don't have; otherwise see where the behavior "
            "for static_path leads",
        )
    control = first.header("cache-control").lower()
    if "immutable" not in control:
        return fail(
            f"{shown(path)}: cache-control: {shown(control) or 'not sent'}",
            "Next.js sends immutable by itself: see who takes it off",
        )
    response = first
    for count in range(2, AGAIN + 2):
        response = yield from ask(Request(host, path))
        if "hit" in response.header("x-cache").lower():
            return passed(f"{shown(path)}: immutable, and request {count} is a hit: {response.header('x-cache')}")
    return fail(
        f"{shown(path)}: no hit in {AGAIN + 1} requests: {seen(response)}",
        "let the behavior for static_path use Managed-CachingOptimized",
    )


def rsc(expected: Expectation) -> Steps[Result]:
    """Whether RSC payload and HTML of one URL stay apart, whichever is asked for first.

    Since 16.3 Next.js redirects to its own `_rsc` by default (`validateRSCRequestHeaders`); what it says there is used
    in both orders, since it depends on the headers alone.
    """
    start = yield from application_page(expected)
    if APP_ROUTER not in start.response.text:
        return not_configured("/ isn't a page of Next.js's App Router: it has no RSC payload")
    host, base = start.request.host, start.request.path
    url = with_query(base, f"bascule={expected.nonce}a")
    first = yield from page(expected, with_query(url, f"_rsc={expected.nonce[:5]}"), host=host, headers=RSC)
    flight = first.request.path
    mixed = [*_unlike(first.response, COMPONENT, "RSC first")]
    other_url, other_flight = (path.replace(f"{expected.nonce}a", f"{expected.nonce}b") for path in (url, flight))
    for path, headers, media_type, when in (
        (flight, (), "text/html", "HTML after RSC"),
        (url, (), "text/html", "HTML after RSC"),
        (other_url, (), "text/html", "HTML first"),
        (other_flight, (), "text/html", "HTML first"),
        (other_flight, RSC, COMPONENT, "RSC after HTML"),
    ):
        response = (yield from page(expected, path, host=host, headers=headers)).response
        mixed += _unlike(response, media_type, when)
    if mixed:
        return fail(
            "; ".join(dict.fromkeys(mixed)),
            "forward the header RSC, and don't cache pages, or put RSC and the query string into the cache key",
        )
    return passed(f"{COMPONENT} with RSC: 1, text/html without, in both orders")


def _unlike(response: Response, media_type: str, when: str) -> list[str]:
    if response.status == 200 and response.media_type == media_type:
        return []
    return [f"{when}: {seen(response)} where {media_type} was due"]


def unknown_path(expected: Expectation) -> Steps[Result]:
    """Whether a path that isn't there is the application's 404."""
    path = f"/bascule-{expected.nonce}"
    response = (yield from page(expected, path)).response
    by = source(response, expected.markers)
    if masked(response, expected):
        return fail(
            f"{path}: an error page stands in for the application's: {seen(response)}",
            "take the custom error response off the distribution: `serve` does that with those for 403 and 404",
        )
    if by not in BEHIND:
        return fail(f"{path} comes from {by}: {seen(response)}", remedy(expected, by))
    if response.status != 404:
        return fail(f"{path}: {seen(response)} where 404 was due", "look at the application's catch-all routes")
    return passed(f"{path} is the application's: {seen(response)}")
