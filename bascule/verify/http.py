"""The edge to the network: one request, one answer. httpcore2 follows no redirect, keeps no cookie, reads no proxy."""

from __future__ import annotations

import os
import socket
import ssl
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Any, Literal

import certifi
import httpcore2

from bascule.verify.expectation import BODY_LIMIT
from bascule.verify.messages import Address, Answer, Certificate, Kind, NoAnswer, Request, Response
from bascule.verify.source import shown

DEFAULTS = (("user-agent", "bascule-verify"), ("accept", "*/*"))
"""Sent with every request; no encoding is accepted, so that bodies are text."""

FAILURES = (httpcore2.TimeoutException, httpcore2.NetworkError, httpcore2.ProtocolError, OSError, UnicodeError)
"""What the network does, as it is raised."""

WHOLE = 3
"""An answer may take this many timeouts as a whole, however it trickles."""


class Fetcher:
    """Makes requests, each on a connection of its own. Safe to call from several threads.

    Certificates are checked against the file `authorities`, else SSL_CERT_FILE or SSL_CERT_DIR, else the system's.
    """

    def __init__(self, authorities: Path | None = None, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self._contexts = {http2: _context(authorities) for http2 in (False, True)}

    def __call__(self, request: Request) -> Answer:
        """The answer, or why there is none. Reads a megabyte of it at most."""
        backend = _Backend(request.at)
        try:
            return self._fetch(request, backend)
        except FAILURES as error:
            return no_answer(error, connected=backend.connected, timeout=request.timeout)

    def _fetch(self, request: Request, backend: _Backend) -> Response:
        start = self._clock()
        with (
            httpcore2.ConnectionPool(
                ssl_context=self._contexts[request.http2], http2=request.http2, network_backend=backend
            ) as pool,
            pool.stream(
                request.method,
                f"{request.scheme}://{request.host}{request.path}",
                headers=_headers(request),
                content=request.body or None,
                extensions={"timeout": dict.fromkeys(("connect", "read", "write", "pool"), request.timeout)},
            ) as response,
        ):
            first_byte = self._clock() - start
            stream = response.extensions["network_stream"]
            certificate = _certificate(stream.get_extra_info("socket"))
            deadline = start + WHOLE * request.timeout
            body = _beginning(response.iter_stream(), lambda: self._clock() > deadline)
            return Response(
                response.status,
                tuple((name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in response.headers),
                body,
                response.extensions["http_version"].decode(),
                first_byte,
                certificate,
            )


def _context(authorities: Path | None) -> ssl.SSLContext:
    """A context of the standard library: httpcore2's own lets macOS verify, and Python then can't tell what is in a
    certificate. Python's own installer for macOS brings no authorities; certifi's stand in."""
    context = ssl.create_default_context(cafile=authorities)
    if authorities is None and not os.environ.keys() & {"SSL_CERT_FILE", "SSL_CERT_DIR"} and not context.get_ca_certs():
        context.load_verify_locations(certifi.where())
    return context


def _headers(request: Request) -> list[tuple[bytes, bytes]]:
    given = {name.lower() for name, _ in request.headers}
    pairs = chain(request.headers, (pair for pair in DEFAULTS if pair[0] not in given))
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in pairs]


def _beginning(chunks: Iterable[bytes], late: Callable[[], bool]) -> bytes:
    body = b""
    for chunk in chunks:
        body += chunk
        if len(body) >= BODY_LIMIT or late():
            break
    return body[:BODY_LIMIT]


def _certificate(sock: Any) -> Certificate | None:
    facts: Any = sock.getpeercert() if isinstance(sock, ssl.SSLSocket) else None
    if not facts:
        return None
    names = tuple(str(value) for kind, value in facts.get("subjectAltName", ()) if kind == "DNS")
    return Certificate(names, datetime.fromtimestamp(ssl.cert_time_to_seconds(str(facts["notAfter"])), UTC))


class _Backend(httpcore2.NetworkBackend):
    """Connects to another address than the URL's, where there is one; SNI and Host stay the URL's."""

    def __init__(self, at: Address | None) -> None:
        self._at = at
        self._real = httpcore2.SyncBackend()
        self.connected = False

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Any = None,
    ) -> httpcore2.NetworkStream:
        to = self._at or Address(host, port)
        stream = self._real.connect_tcp(to.host, to.port, timeout, local_address, socket_options)
        self.connected = True
        return stream


def no_answer(error: BaseException, *, connected: bool, timeout: float) -> NoAnswer:
    """Why there was no answer, from what the libraries raised one for another."""
    causes = list(_causes(error))
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return NoAnswer(Kind.TLS, f"the certificate isn't valid: {shown(cause.verify_message)}", connected)
        if isinstance(cause, ssl.SSLError):
            return NoAnswer(Kind.TLS, f"TLS failed: {shown(str(cause))}", connected)
        if isinstance(cause, socket.gaierror | UnicodeError):
            return NoAnswer(Kind.NAME, "no such name in DNS", connected)
    if any(isinstance(cause, httpcore2.TimeoutException | TimeoutError) for cause in causes):
        kind: Literal[Kind.SILENT, Kind.TIMED_OUT] = Kind.SILENT if connected else Kind.TIMED_OUT
        return NoAnswer(kind, f"{'silent' if connected else 'no connection'} for {timeout:g} s", connected)
    if connected:
        return NoAnswer(Kind.SILENT, f"connected, then {_said(error)}", connected)
    if any(isinstance(cause, ConnectionRefusedError) for cause in causes):
        return NoAnswer(Kind.REFUSED, "connection refused", connected)
    return NoAnswer(Kind.UNREACHABLE, f"unreachable: {_said(error)}", connected)


def _said(error: BaseException) -> str:
    return shown(str(error)) or type(error).__name__


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
