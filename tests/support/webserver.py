"""A small HTTPS server on loopback: HTTP/1.1 and HTTP/2, one request a connection, answered by a function."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import h2.config
import h2.connection
import h2.events
import h11

from bascule.verify.messages import Address

PATIENCE = 10.0
"""Seconds after which a connection that says nothing is dropped."""


@dataclass(frozen=True)
class Asked:
    """A request as the server got it."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    """Names in lower case; without Host."""
    body: bytes
    host: str
    http_version: str

    @property
    def path(self) -> str:
        """Without the query."""
        return self.target.partition("?")[0]

    @property
    def query(self) -> str:
        """Without the question mark."""
        return self.target.partition("?")[2]

    def header(self, name: str) -> str:
        """A header's value, or nothing."""
        return dict(self.headers).get(name, "")


@dataclass(frozen=True)
class Reply:
    """What the server answers."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


Handler = Callable[[Asked], Reply]


@contextmanager
def serving(handler: Handler, context: ssl.SSLContext | None = None) -> Iterator[Address]:
    """A server that answers with `handler` while the context lasts; over TLS if there is a context."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_accept, args=(listener, handler, context), daemon=True)
        thread.start()
        try:
            yield Address("127.0.0.1", listener.getsockname()[1])
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


@contextmanager
def refusing() -> Iterator[Address]:
    """An address that is taken, and where nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield Address("127.0.0.1", taken.getsockname()[1])


@contextmanager
def hanging_up() -> Iterator[Address]:
    """An address that takes connections and closes them."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_hang_up, args=(listener,), daemon=True)
        thread.start()
        try:
            yield Address("127.0.0.1", listener.getsockname()[1])
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def _hang_up(listener: socket.socket) -> None:
    with suppress(OSError):
        while True:
            listener.accept()[0].close()


def _accept(listener: socket.socket, handler: Handler, context: ssl.SSLContext | None) -> None:
    with suppress(OSError):
        while True:
            connection = listener.accept()[0]
            threading.Thread(target=_serve, args=(connection, handler, context), daemon=True).start()


def _serve(connection: socket.socket, handler: Handler, context: ssl.SSLContext | None) -> None:
    connection.settimeout(PATIENCE)
    # a client that doesn't like the certificate hangs up, and one may speak TLS where there is none
    with suppress(OSError, h11.RemoteProtocolError), connection:
        if context is None:
            _http1(connection, handler)
            return
        with context.wrap_socket(connection, server_side=True) as secured:
            (_http2 if secured.selected_alpn_protocol() == "h2" else _http1)(secured, handler)


def _http1(connection: socket.socket, handler: Handler) -> None:
    protocol = h11.Connection(h11.SERVER)
    request, body = None, b""
    while True:
        event = protocol.next_event()
        if event is h11.NEED_DATA:
            protocol.receive_data(connection.recv(65536))
        elif isinstance(event, h11.Request):
            request = event
        elif isinstance(event, h11.Data):
            body += bytes(event.data)
        else:
            break
    if request is None:
        return
    headers = {name.decode(): value.decode() for name, value in request.headers}
    host = headers.pop("host", "")
    asked = Asked(request.method.decode(), request.target.decode(), tuple(headers.items()), body, host, "1.1")
    reply = handler(asked)
    sent = (*reply.headers, ("content-length", str(len(reply.body))), ("connection", "close"))
    out = protocol.send(h11.Response(status_code=reply.status, headers=list(sent))) or b""
    out += protocol.send(h11.Data(data=reply.body)) or b""
    out += protocol.send(h11.EndOfMessage()) or b""
    connection.sendall(out)


def _http2(connection: socket.socket, handler: Handler) -> None:
    protocol = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False, header_encoding="utf-8"))
    protocol.initiate_connection()
    headers: dict[str, str] = {}
    body = b""
    while True:
        connection.sendall(protocol.data_to_send())
        data = connection.recv(65536)
        if not data:
            return
        for event in protocol.receive_data(data):
            if isinstance(event, h2.events.RequestReceived):
                headers = {str(name): str(value) for name, value in event.headers or ()}
            elif isinstance(event, h2.events.DataReceived):
                body += event.data or b""
            elif isinstance(event, h2.events.StreamEnded):
                host, target, method = (headers.pop(f":{name}", "") for name in ("authority", "path", "method"))
                headers.pop(":scheme", None)
                reply = handler(Asked(method, target, tuple(headers.items()), body, host, "2"))
                stream = event.stream_id or 1
                protocol.send_headers(stream, [(":status", str(reply.status)), *reply.headers])
                protocol.send_data(stream, reply.body, end_stream=True)
                connection.sendall(protocol.data_to_send())
