"""Rows about what reaches the application of a request: the probe, a POST, query strings, cookies."""

from __future__ import annotations

from bascule.outcomes import Result, fail, not_configured, passed, unknown, warn
from bascule.verify.expectation import Expectation
from bascule.verify.messages import Request, Response
from bascule.verify.remedies import remedy
from bascule.verify.row import Steps, ask
from bascule.verify.source import BEHIND, Source, masked, seen, source
from bascule.verify.walk import with_query

NOT_ALLOWED = "not configured to allow the HTTP request method"
"""CloudFront's own words for a method that the behavior doesn't take."""

MASK = "an error page of CloudFront stands in its place: see the distribution's custom error responses"
NOTHING_ECHOES = "no path is known that repeats them"
SAY_ECHO = "say echo_path in [verify]: a path at which the application repeats query string and cookies"


def probe(expected: Expectation) -> Steps[Result]:
    """Whether the application answers the probe path."""
    path = expected.probe_path
    if path is None:
        return not_configured("the distribution routes no probe path to the application", "`connect` does")
    response = yield from ask(Request(expected.host, with_query(path, f"bascule={expected.nonce}")))
    by = source(response, expected.markers)
    if masked(response, expected):
        return unknown(f"{path}: {seen(response)}", MASK)
    if by not in BEHIND or response.status >= 500:
        return fail(f"{path} comes from {by}: {seen(response)}", remedy(expected, by))
    if response.status >= 400:
        return warn(f"{path} reaches {by}: {seen(response)}", "say a probe_path that the application has")
    return passed(f"{path} reaches {by}: {seen(response)}")


def post(expected: Expectation) -> Steps[Result]:
    """Whether a POST comes to the application; what that says to it (405, for instance) is its own affair."""
    path = expected.post_path
    if path is None:
        return not_configured("no path takes a POST")
    response = yield from ask(_post(expected, path))
    by = source(response, expected.markers)
    said = f"POST {path}: {seen(response)}"
    if by is Source.CLOUDFRONT and NOT_ALLOWED in response.text:
        return fail(f"{said}, CloudFront doesn't take POST there", "allow all seven methods: `serve` does")
    if masked(response, expected):
        return unknown(said, MASK)
    if by not in BEHIND:
        return fail(f"{said}, from {by}", remedy(expected, by))
    return passed(f"{said}, from {by}")


def _post(expected: Expectation, path: str) -> Request:
    headers = (("content-type", "text/plain"),)
    return Request(expected.host, path, method="POST", headers=headers, body=b"bascule verify")


def query(expected: Expectation) -> Steps[Result]:
    """Whether query strings come to the application.

    Where nothing echoes, Next.js's image optimizer does by what it misses: `"url" parameter is required` without a
    query, `"w" parameter (width) is required` with only that (its own integration tests name both).
    """
    token = f"{expected.nonce}q"
    if expected.echo_path is not None:
        response = yield from ask(Request(expected.host, with_query(expected.echo_path, f"bascule={token}")))
        return _echoed(expected, response, token, "query string")
    path = f"/_next/image?url=%2F{token}.png"
    response = yield from ask(Request(expected.host, path))
    if '"w" parameter' in response.text or '"url" parameter is not allowed' in response.text:
        return passed(f"the image optimizer was told its url: {seen(response)}")
    if '"url" parameter is required' in response.text:
        return fail(f"the image optimizer wasn't told its url: {seen(response)}", _forward("query strings"))
    by = source(response, expected.markers)
    if by not in BEHIND:
        return unknown(f"/_next/image comes from {by}: {seen(response)}", "see the row home")
    if response.status >= 500:
        return unknown(f"/_next/image: {seen(response)}", "see the row home")
    return not_configured(f"{NOTHING_ECHOES}: /_next/image: {seen(response)}", SAY_ECHO)


def cookies(expected: Expectation) -> Steps[Result]:
    """Whether cookies come to the application."""
    if expected.echo_path is None:
        return not_configured(NOTHING_ECHOES, SAY_ECHO)
    token = f"{expected.nonce}c"
    path = with_query(expected.echo_path, f"bascule={expected.nonce}e")
    response = yield from ask(Request(expected.host, path, headers=(("cookie", f"bascule={token}"),)))
    return _echoed(expected, response, token, "cookie")


def _echoed(expected: Expectation, response: Response, token: str, what: str) -> Result:
    if masked(response, expected):
        return unknown(f"{expected.echo_path}: {seen(response)}", MASK)
    if token in response.text or any(token in value for name, value in response.headers if name != "location"):
        return passed(f"{expected.echo_path} repeats the {what}: {seen(response)}")
    by = source(response, expected.markers)
    if by not in BEHIND:
        return unknown(f"{expected.echo_path} comes from {by}: {seen(response)}", "see the row home")
    if response.status >= 400:
        return unknown(f"{NOTHING_ECHOES}: {expected.echo_path}: {seen(response)}", SAY_ECHO)
    return fail(f"{expected.echo_path} doesn't repeat the {what}: {seen(response)}", _forward(f"{what}s"))


def _forward(what: str) -> str:
    return f"let the behavior forward {what}: Managed-AllViewer as its origin request policy, as `serve` sets"
