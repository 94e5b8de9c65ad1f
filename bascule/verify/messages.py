"""What is asked of a site and what comes back, as values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal

Headers = tuple[tuple[str, str], ...]
"""Names and values, in order."""


@dataclass(frozen=True)
class Address:
    """Where a TCP connection goes."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


@dataclass(frozen=True)
class Request:
    """One request."""

    host: str
    """For the Host header, for SNI, and for the certificate, wherever the connection goes."""
    path: str = "/"
    """As sent, with the query."""
    method: str = "GET"
    scheme: Literal["http", "https"] = "https"
    headers: Headers = ()
    body: bytes = b""
    http2: bool = False
    """Whether HTTP/2 is offered beside HTTP/1.1."""
    at: Address | None = None
    """Where the connection goes; None for where the host's own name leads."""
    timeout: float = 15.0
    """Seconds to wait for the connection, and as many again for each part of the answer."""


@dataclass(frozen=True)
class Certificate:
    """What a server's certificate says."""

    names: tuple[str, ...]
    not_after: datetime


@dataclass(frozen=True)
class Response:
    """One HTTP answer. A redirect is an answer like any other."""

    status: int
    headers: Headers = ()
    """Names in lower case."""
    body: bytes = b""
    """The beginning of it, as far as it is read."""
    http_version: str = "HTTP/1.1"
    first_byte: float = 0.0
    """Seconds from looking up the name to the answer's headers: what a visitor waits who is new."""
    certificate: Certificate | None = None
    """None over plain HTTP."""

    def header(self, name: str) -> str:
        """All values of a header, with commas between them; empty if there is none."""
        return ", ".join(value for other, value in self.headers if other == name)

    @property
    def text(self) -> str:
        """The body as text, whatever it is."""
        return self.body.decode(errors="replace")

    @property
    def media_type(self) -> str:
        """The content type without parameters."""
        return self.header("content-type").partition(";")[0].strip().lower()


class Kind(StrEnum):
    """How an answer failed to come."""

    REFUSED = "refused"
    TIMED_OUT = "timed out"
    UNREACHABLE = "unreachable"
    NAME = "name not found"
    TLS = "TLS"
    SILENT = "no HTTP"
    """Connected, and then nothing that is HTTP."""


@dataclass(frozen=True)
class NoAnswer:
    """No HTTP answer came."""

    kind: Kind
    why: str
    connected: bool = False
    """Whether a TCP connection was made: somebody listens there."""

    def __str__(self) -> str:
        return f"no answer: {self.why}"


Answer = Response | NoAnswer
Fetch = Callable[[Request], Answer]
"""Makes one request; follows no redirect, and raises nothing for what the network does."""
