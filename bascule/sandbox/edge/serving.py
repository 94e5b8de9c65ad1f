"""Listeners on loopback: HTTP/1.1, and HTTP/2 where TLS negotiates it; bodies go out as they come in.

hypercorn speaks the protocols, on an event loop in a thread of its own; requests are answered in threads.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import Any

from hypercorn.app_wrappers import ASGIWrapper
from hypercorn.asyncio.run import worker_serve
from hypercorn.config import Config, Sockets

from bascule.http_request import Request
from bascule.sandbox.edge.messages import Answering, Asked, close

HOST = "127.0.0.1"
AT_ONCE = 64
"""Requests that are answered at the same time."""
ENDING = 0.2
"""Seconds that connections have when a listener is closed."""

Scope = Mapping[str, Any]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]


class _Config(Config):
    """hypercorn's settings, with a TLS context of ours."""

    include_server_header = False
    include_date_header = False
    loglevel = "WARNING"
    graceful_timeout = ENDING

    def __init__(self, context: ssl.SSLContext | None) -> None:
        self._context = context

    @property
    def ssl_enabled(self) -> bool:
        return self._context is not None

    def create_ssl_context(self) -> ssl.SSLContext | None:
        return self._context


@dataclass(frozen=True)
class Listener:
    """A port that answers."""

    address: tuple[str, int]
    _end: Callable[[], None] = field(repr=False)

    def close(self) -> None:
        """Answer no more; from then on connections are refused."""
        self._end()


class Server:
    """Listeners, and the threads in which they are answered."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="edge")
        threading.Thread(target=self._loop.run_forever, name="edge", daemon=True).start()

    def listen(self, answering: Answering, context: ssl.SSLContext | None = None) -> Listener:
        """Listen on any free port of loopback, with TLS if there is a context."""
        taken = socket.create_server((HOST, 0))
        taken.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # or bodies wait 40 ms for the headers' ACK
        address: tuple[str, int] = taken.getsockname()
        taken.setblocking(False)
        sockets = Sockets([taken], [], []) if context is not None else Sockets([], [taken], [])
        ended = asyncio.Event()
        serving: Future[None] = asyncio.run_coroutine_threadsafe(
            worker_serve(
                ASGIWrapper(self._application(answering)),  # type: ignore[arg-type]
                _Config(context),
                sockets=sockets,
                shutdown_trigger=ended.wait,
            ),
            self._loop,
        )

        def end() -> None:
            self._loop.call_soon_threadsafe(ended.set)
            with suppress(TimeoutError):
                serving.result(10 * ENDING)

        return Listener(address, end)

    def _application(self, answering: Answering) -> Callable[[Scope, Receive, Send], Awaitable[None]]:
        async def application(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] == "lifespan":
                for step in ("startup", "shutdown"):
                    await receive()
                    await send({"type": f"lifespan.{step}.complete"})
            elif scope["type"] == "websocket":
                await send({"type": "websocket.close"})
            else:
                await self._answer(answering, scope, receive, send)

        return application

    async def _answer(self, answering: Answering, scope: Scope, receive: Receive, send: Send) -> None:
        body = b""
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body += message.get("body", b"")
            more = message.get("more_body", False)
        run = self._loop.run_in_executor
        answer = await run(self._threads, answering, Asked(_request(scope, bool(body)), body))
        headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers]
        gone = self._loop.create_task(_gone(receive))
        gone.add_done_callback(lambda _: close(answer.body))
        chunks = iter(answer.body)
        try:
            await send({"type": "http.response.start", "status": answer.status, "headers": headers})
            while (chunk := await run(self._threads, next, chunks, None)) is not None:
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        except (OSError, HTTPException, ValueError):
            if not gone.done():
                raise  # the origin broke off: so does the edge
        finally:
            gone.cancel()


async def _gone(receive: Receive) -> None:
    """Returns when the visitor has hung up."""
    while (await receive())["type"] != "http.disconnect":
        pass


def _request(scope: Scope, body: bool) -> Request:
    pairs = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]]
    host = next((value for name, value in pairs if name == "host"), "")
    return Request(
        path=scope["raw_path"].decode("latin-1"),
        method=scope["method"],
        scheme=scope["scheme"],
        host=host.partition(":")[0].lower(),
        query=scope["query_string"].decode("latin-1"),
        headers=tuple(pair for pair in pairs if pair[0] != "host"),
        address=scope["client"][0],
        body=body,
    )
