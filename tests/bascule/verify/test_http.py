"""The edge to the network, against servers on loopback."""

from __future__ import annotations

import socket
import ssl
from datetime import UTC, datetime, timedelta
from itertools import count

import httpcore2
import pytest
import trustme
from webserver import Asked, Reply, hanging_up, refusing, serving
from webserver_authority import authority, trusting

from bascule.verify.expectation import BODY_LIMIT
from bascule.verify.http import Fetcher, no_answer
from bascule.verify.messages import Address, Kind, NoAnswer, Request, Response

HOST = "www.example.test"


def context(*names: str, ca: trustme.CA | None = None) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    (ca or authority()).issue_cert(*names, not_after=datetime.now(UTC) + timedelta(days=90)).configure_cert(made)
    made.set_alpn_protocols(["h2", "http/1.1"])
    return made


def repeat(asked: Asked) -> Reply:
    said = (
        f"{asked.http_version} {asked.method} {asked.host} {asked.target} {asked.header('x-a')} {asked.body.decode()}"
    )
    return Reply(200, (("content-type", "text/plain"), ("x-two", "a"), ("x-two", "b")), said.encode())


@pytest.mark.parametrize("http2", [False, True])
def test_host_and_certificate_are_the_sites_wherever_the_connection_goes(http2: bool) -> None:
    """In both versions, with headers and body; the port of the connection isn't in the Host."""
    with serving(repeat, context(HOST)) as address:
        request = Request(HOST, "/p?q=1", "POST", headers=(("x-a", "1"),), body=b"sent", http2=http2, at=address)
        answer = trusting()(request)
    assert isinstance(answer, Response)
    assert f"{'2' if http2 else '1.1'} POST {HOST} /p?q=1 1 sent" == answer.text
    assert ("HTTP/2" if http2 else "HTTP/1.1") == answer.http_version
    assert (200, "text/plain", "a, b") == (answer.status, answer.media_type, answer.header("x-two"))
    assert answer.first_byte > 0
    assert answer.certificate is not None
    assert (HOST,) == answer.certificate.names
    assert timedelta(days=89) < answer.certificate.not_after - datetime.now(UTC) < timedelta(days=91)


def test_plain_http_has_no_certificate() -> None:
    """There is none."""
    with serving(repeat) as address:
        answer = trusting()(Request(HOST, scheme="http", at=address))
    assert isinstance(answer, Response)
    assert answer.certificate is None


def test_a_redirect_is_an_answer() -> None:
    """It isn't followed."""
    with serving(lambda asked: Reply(302, (("location", "/elsewhere"),))) as address:
        answer = trusting()(Request(HOST, scheme="http", at=address))
    assert isinstance(answer, Response)
    assert (302, "/elsewhere") == (answer.status, answer.header("location"))


def test_of_a_long_answer_only_the_beginning_is_read() -> None:
    """Whatever a server sends."""
    with serving(lambda asked: Reply(200, (), b"x" * (BODY_LIMIT + 100_000))) as address:
        answer = trusting()(Request(HOST, scheme="http", at=address))
    assert isinstance(answer, Response)
    assert BODY_LIMIT == len(answer.body)


def test_an_answer_that_trickles_is_read_for_a_while_only() -> None:
    """The clock says that much has passed between any two looks at it."""
    ticks = count(step=10.0)
    body = b"x" * (BODY_LIMIT // 2)
    with serving(lambda asked: Reply(200, (), body)) as address:
        answer = Fetcher(clock=lambda: next(ticks))(Request(HOST, scheme="http", at=address, timeout=5))
    assert isinstance(answer, Response)
    assert 0 < len(answer.body) < len(body)


def test_a_certificate_for_another_name_is_no_answer() -> None:
    """The name asked for is the one that has to be covered, not the address."""
    with serving(repeat, context("other.test")) as address:
        answer = trusting()(Request(HOST, at=address))
    assert isinstance(answer, NoAnswer)
    assert (Kind.TLS, True) == (answer.kind, answer.connected)
    assert "isn't valid" in answer.why
    assert HOST in answer.why


def test_a_certificate_of_an_unknown_authority_is_no_answer() -> None:
    """It is checked."""
    with serving(repeat, context(HOST, ca=trustme.CA())) as address:
        answer = trusting()(Request(HOST, at=address))
    assert isinstance(answer, NoAnswer)
    assert answer.kind is Kind.TLS


def test_http_where_tls_was_due_is_no_answer() -> None:
    """Somebody listens there, nevertheless."""
    with serving(repeat) as address:
        answer = trusting()(Request(HOST, at=address))
    assert isinstance(answer, NoAnswer)
    assert (True, True) == (answer.connected, answer.kind in (Kind.TLS, Kind.SILENT))


def test_who_refuses_or_hangs_up_is_told_apart() -> None:
    """Only one of them is closed."""
    with refusing() as address:
        assert NoAnswer(Kind.REFUSED, "connection refused") == trusting()(Request(HOST, scheme="http", at=address))
    with hanging_up() as address:
        answer = trusting()(Request(HOST, scheme="http", at=address))
    assert isinstance(answer, NoAnswer)
    assert (Kind.SILENT, True) == (answer.kind, answer.connected)


def test_who_accepts_and_says_nothing_is_silent() -> None:
    """A listening socket's backlog accepts by itself."""
    with socket.create_server(("127.0.0.1", 0)) as mute:
        at = Address("127.0.0.1", mute.getsockname()[1])
        answer = trusting()(Request(HOST, scheme="http", at=at, timeout=0.2))
    assert NoAnswer(Kind.SILENT, "silent for 0.2 s", connected=True) == answer


def raised(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "connected", "kind"),
    [
        (raised(httpcore2.ConnectTimeout("timed out"), TimeoutError()), False, Kind.TIMED_OUT),
        (raised(httpcore2.ConnectTimeout("timed out"), TimeoutError()), True, Kind.SILENT),
        (httpcore2.ReadTimeout(), True, Kind.SILENT),
        (raised(httpcore2.ConnectError("x"), socket.gaierror(-2, "Name or service not known")), False, Kind.NAME),
        (raised(httpcore2.ConnectError("x"), OSError(101, "Network is unreachable")), False, Kind.UNREACHABLE),
        (raised(httpcore2.ConnectError("x"), ssl.SSLError(1, "handshake failure")), True, Kind.TLS),
        (httpcore2.RemoteProtocolError("illegal status line"), True, Kind.SILENT),
        (UnicodeError("label too long"), False, Kind.NAME),
    ],
)
def test_what_libraries_raise_is_one_of_a_few_kinds(error: Exception, connected: bool, kind: Kind) -> None:
    """Whether anybody listens is never lost."""
    answer = no_answer(error, connected=connected, timeout=5)
    assert (kind, connected) == (answer.kind, answer.connected)
    assert answer.why
