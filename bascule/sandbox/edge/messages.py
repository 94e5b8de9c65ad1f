"""What an edge is asked and what it answers, as values; bodies of answers come chunk by chunk."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from email.utils import formatdate

from bascule.http_request import Headers, Request
from bascule.sandbox import clock

CLOUDFRONT, S3, ELB = "CloudFront", "AmazonS3", "awselb/2.0"
"""What each says in the header `Server`."""

HOP_BY_HOP = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
"""Headers of one connection, never passed on (RFC 9110, 7.6.1); names in lower case."""


@dataclass(frozen=True)
class Asked:
    """One request, with its body."""

    request: Request
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True)
class Answer:
    """One answer."""

    status: int
    headers: Headers = ()
    body: Iterable[bytes] = field(default=(), repr=False)

    def header(self, name: str) -> str:
        """All values of a header (its name in lower case) with commas between them; empty if there is none."""
        return ", ".join(value for other, value in self.headers if other.lower() == name)

    def having(self, *headers: tuple[str, str]) -> Answer:
        """The same with these headers in the place of its own of the same names."""
        names = {name.lower() for name, _ in headers}
        return replace(self, headers=(*self.without(*names).headers, *headers))

    def without(self, *names: str) -> Answer:
        """The same without headers of these names, given in lower case."""
        return replace(self, headers=tuple(one for one in self.headers if one[0].lower() not in names))


Answering = Callable[[Asked], Answer]
"""Answers requests, from several threads at once."""


def whole(status: int, server: str, body: bytes | str, content_type: str = "text/html") -> Answer:
    """An answer of which the body is at hand."""
    content = body.encode() if isinstance(body, str) else body
    headers = (
        ("Server", server),
        ("Date", formatdate(clock.now(), usegmt=True)),
        ("Content-Type", content_type),
        ("Content-Length", str(len(content))),
    )
    return Answer(status, headers, (content,) if content else ())


def passed_on(headers: Mapping[str, str] | Iterable[tuple[str, str]]) -> Headers:
    """Headers but for those of one connection."""
    pairs = headers.items() if isinstance(headers, Mapping) else headers
    return tuple((name, value) for name, value in pairs if name.lower() not in HOP_BY_HOP)


def close(body: Iterable[bytes]) -> None:
    """End a body that nobody wants any more, wherever it comes from."""
    end: Callable[[], None] = getattr(body, "close", lambda: None)
    end()


class Kept:
    """A body; once its last chunk has been taken, `keep` is given the whole."""

    def __init__(self, body: Iterable[bytes], keep: Callable[[bytes], None]) -> None:
        self._body, self._chunks, self._keep = body, iter(body), keep
        self._taken: list[bytes] = []

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            self._taken.append(next(self._chunks))
        except StopIteration:
            keep, self._keep = self._keep, lambda whole: None
            keep(b"".join(self._taken))
            raise
        return self._taken[-1]

    def close(self) -> None:
        """Take no more of it."""
        close(self._body)
