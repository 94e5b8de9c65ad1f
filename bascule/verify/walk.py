"""Pages as a visitor comes to them: a redirect to another page of the site is followed, one elsewhere isn't."""

from __future__ import annotations

from dataclasses import dataclass, replace
from urllib.parse import urljoin, urlsplit

from bascule.outcomes import UnansweredError, unknown
from bascule.verify.expectation import Expectation
from bascule.verify.messages import Headers, Request, Response
from bascule.verify.row import Steps, ask
from bascule.verify.source import BEHIND, masked, seen, source

REDIRECTS = (301, 302, 303, 307, 308)

HOPS = 3
"""Redirects that are followed: to the canonical name, to a language, to a trailing slash."""


@dataclass(frozen=True)
class Page:
    """Where a path leads in the end."""

    request: Request
    """The last one."""
    response: Response


def page(expected: Expectation, path: str = "/", *, host: str = "", headers: Headers = ()) -> Steps[Page]:
    """Where a path leads."""
    request = Request(host or expected.host, path, headers=headers)
    for _ in range(HOPS):
        response = yield from ask(request)
        following = redirected(request, response, expected.hosts)
        if following is None:
            return Page(request, response)
        request = following
    return Page(request, (yield from ask(request)))


def redirected(request: Request, response: Response, hosts: tuple[str, ...]) -> Request | None:
    """The request that a redirect asks for, if it stays on the site and on HTTPS."""
    location = response.header("location")
    if response.status not in REDIRECTS or not location:
        return None
    try:
        parts = urlsplit(urljoin(f"{request.scheme}://{request.host}{request.path}", location))
        port = parts.port
    except ValueError:
        return None
    if parts.scheme != "https" or parts.hostname not in hosts or port not in (None, 443):
        return None
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    if not (path.isascii() and path.isprintable()) or " " in path:
        return None
    return replace(request, host=parts.hostname, path=path or "/")


def application_page(expected: Expectation) -> Steps[Page]:
    """The home page, where it is the application's. Raises UnansweredError where it isn't: its own row says so."""
    home = yield from page(expected)
    by = source(home.response, expected.markers)
    if by not in BEHIND or masked(home.response, expected) or home.response.status >= 400:
        raise UnansweredError(unknown(f"/ comes from {by}: {seen(home.response)}", "see the row home"))
    return home


def with_query(path: str, parameter: str) -> str:
    """A path with one more parameter."""
    return f"{path}{'&' if '?' in path else '?'}{parameter}"
