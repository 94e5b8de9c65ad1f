"""A viewer's request, as far as routing looks at it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from urllib.parse import urlsplit

from bascule.errors import InputError

Headers = tuple[tuple[str, str], ...]
"""Names and values in the order in which they were sent."""


@dataclass(frozen=True)
class Request:
    """One request. `Host` is `host`, and not among the headers."""

    path: str = "/"
    """As sent: percent-encoded, nothing resolved."""
    method: str = "GET"
    scheme: str = "https"
    host: str = ""
    """Empty for the name that the distribution's visitors use."""
    query: str = ""
    """As sent, without the question mark."""
    headers: Headers = ()
    address: str | None = None
    """The viewer's own address, if it is known."""
    body: bool = False
    """Whether it has a body."""


def cookies(values: Sequence[str]) -> list[tuple[str, str]]:
    """The cookies of `Cookie` headers: names, and each with its value as sent; sorted by name, as CloudFront forwards
    them (CloudFront developer guide, "Cache content based on cookies")."""
    parts = [part.strip() for value in values for part in value.split(";")]
    return sorted([(part.partition("=")[0], part) for part in parts if part], key=itemgetter(0))


def request(url: str, method: str = "GET", headers: Mapping[str, str] | Iterable[tuple[str, str]] = ()) -> Request:
    """The request for a URL; a mere path is asked of the site's own name. A `Host` among the headers is the host.

    Raises InputError for what is no URL of a web site.
    """
    scheme, separator, _ = url.partition("://")
    wanted = url if separator else f"https://{url}"
    try:
        parts = urlsplit(wanted)
        port = parts.port
    except ValueError as error:
        raise _no_url(url, str(error)) from None
    if parts.scheme not in ("http", "https"):
        raise _no_url(url, f"{scheme} is not HTTP")
    if port not in (None, 443 if parts.scheme == "https" else 80):
        raise _no_url(url, f"CloudFront doesn't listen on port {port}")
    pairs = tuple(headers.items() if isinstance(headers, Mapping) else headers)
    named = [value for name, value in pairs if name.lower() == "host"]
    return Request(
        path=parts.path or "/",
        method=method,
        scheme=parts.scheme,
        host=named[-1] if named else parts.hostname or "",
        query=parts.query,
        headers=tuple((name, value) for name, value in pairs if name.lower() != "host"),
    )


def _no_url(url: str, why: str) -> InputError:
    return InputError(f"{url}: {why}", remedy="give a URL such as https://www.example.com/path, or a path")


def parameters(query: str) -> Iterator[tuple[str, str]]:
    """The parameters of a query string: name, and name with value as sent. Only `&` parts them (CloudFront developer
    guide, "Cache content based on query string parameters")."""
    for part in query.split("&") if query else ():
        yield part.partition("=")[0], part


_ESCAPED = re.compile(r"%[0-9A-Fa-f]{2}")
_TO_NORMALIZE = re.compile(r"//|/\.|%")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


def normalized(path: str) -> str:
    """The path that patterns are compared with: without doubled slashes and dot segments, what needs no escape
    unescaped. The origin is sent the path as it came.

    Source: CloudFront developer guide, "Cache behavior settings", path normalization: consistent with RFC 3986; that
    letters after `%` are made upper case, and that escapes are resolved before segments, is the RFC's (6.2.2), and not
    said of CloudFront.
    """
    if _TO_NORMALIZE.search(path) is None:
        return path
    kept: list[str] = []
    *segments, last = re.sub(r"//+", "/", _ESCAPED.sub(_unescaped, path)).split("/")
    for segment in segments:
        if segment == "..":
            del kept[max(len(kept) - 1, 1) :]
        elif segment != ".":
            kept.append(segment)
    if last == "..":
        del kept[max(len(kept) - 1, 1) :]
    return "/".join([*kept, "" if last in (".", "..") else last])


def _unescaped(found: re.Match[str]) -> str:
    char = chr(int(found[0][1:], 16))
    return char if char in _UNRESERVED else found[0].upper()
