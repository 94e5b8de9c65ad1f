"""The application behind the sandbox's load balancers: a small server that answers as one made with Next.js does.

A process of its own, in the place of the container that ECS runs. It says its port on stdout, and ends when its
standard input does, which is when the process that started it is gone, however that went.

What it imitates: Next.js's App Router (pages that are sent chunk by chunk, RSC payloads under the same URL, `Vary`),
its image optimizer's refusals, its immutable assets, its own 404 page; `Cache-Control` of each as Next.js sends it.
"""

from __future__ import annotations

import base64
import json
import os
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

HOST = "127.0.0.1"

DYNAMIC = "private, no-cache, no-store, max-age=0, must-revalidate"
IMMUTABLE = "public, max-age=31536000, immutable"
VARY = "RSC, Next-Router-State-Tree, Next-Router-Prefetch, Next-Router-Segment-Prefetch, Accept-Encoding"

SCRIPT = b"self.__sandbox=1;console.log('the sandbox application')\n"
STYLE = b"body{font:16px/1.5 system-ui;margin:4rem}\n"
ASSETS = {
    f"/_next/static/chunks/main-{sha256(SCRIPT).hexdigest()[:16]}.js": ("application/javascript", SCRIPT),
    f"/_next/static/css/{sha256(STYLE).hexdigest()[:16]}.css": ("text/css", STYLE),
}
MAIN, CSS = ASSETS

PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)
"""A PNG of one pixel."""

WIDTHS = (16, 32, 48, 64, 96, 128, 256, 384, 640, 750, 828, 1080, 1200, 1920, 2048, 3840)
"""Widths that the image optimizer takes: Next.js's `deviceSizes` and `imageSizes` by default."""

BROKEN = "X-Sandbox-Broken"
"""Header by which the sandbox makes it fail on all but HEALTH, as an application does whose health check sees too
little."""

HEALTH = "/api/health"
TITLE = "Arquantix"
PAGES = ("/", "/about")


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    server_version, sys_version = "Next.js", ""

    def do_GET(self) -> None:
        """Answer a GET or a HEAD."""
        self._take()
        parts = urlsplit(self.path)
        if self.headers.get(BROKEN) and parts.path != HEALTH:
            return self._page(500, ["<!DOCTYPE html><html><body><h1>500: Internal Server Error.</h1></body></html>"])
        if parts.path in ASSETS:
            media_type, content = ASSETS[parts.path]
            return self._send(200, media_type, content, {"Cache-Control": IMMUTABLE})
        if parts.path == "/_next/image":
            return self._image(parse_qs(parts.query, keep_blank_values=True))
        if parts.path == HEALTH:
            return self._json(200, {"status": "ok", "pid": os.getpid()})
        if parts.path == "/api/echo":
            told = {"method": self.command, "query": parts.query, "cookies": self.headers.get("Cookie", "")}
            return self._json(200, told | {"headers": dict(self.headers.items())})
        if parts.path == "/api/events":
            return self._events()
        if parts.path not in PAGES:
            return self._page(404, _missing())
        if self.headers.get("RSC") == "1":
            payload = f'1:"$Sreact.fragment"\n0:{{"b":"sandbox","p":"","c":["",{json.dumps(parts.path)}]}}\n'
            return self._send(200, "text/x-component", payload.encode(), {"Cache-Control": DYNAMIC, "Vary": VARY})
        return self._page(200, _home(), {"Set-Cookie": "visited=1; Path=/; HttpOnly; SameSite=Lax"})

    do_HEAD = do_GET

    def do_POST(self) -> None:
        """Answer whatever else: route handlers take a POST, a page without a Server Action doesn't."""
        taken = self._take()
        path = urlsplit(self.path).path
        if path.startswith("/api/"):
            return self._json(200, {"method": self.command, "received": len(taken)})
        if path not in PAGES:
            return self._page(404, _missing())
        return self._send(405, "text/plain", b"Method Not Allowed", {"Allow": "GET, HEAD", "Cache-Control": DYNAMIC})

    do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_POST

    def _take(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _image(self, query: Mapping[str, list[str]]) -> None:
        """Next.js's image optimizer: its refusals in its own words (server/image-optimizer.ts)."""
        url, width, quality = (query.get(name, [""])[0] for name in ("url", "w", "q"))
        for value, said in ((url, '"url" parameter is required'), (width, '"w" parameter (width) is required')):
            if not value:
                return self._send(400, "text/plain", said.encode(), {})
        if not width.isdigit() or int(width) not in WIDTHS:
            return self._send(400, "text/plain", f'"w" parameter (width) of {width} is not allowed'.encode(), {})
        if not quality.isdigit():
            return self._send(400, "text/plain", b'"q" parameter (quality) is required', {})
        headers = {"Cache-Control": "public, max-age=14400, must-revalidate", "Vary": "Accept"}
        return self._send(200, "image/png", PIXEL, headers)

    def _events(self) -> None:
        """Server-sent events, of which the second never comes: it ends when the visitor goes."""
        self._begin(200, {"Content-Type": "text/event-stream", "Cache-Control": "no-cache, no-transform"})
        self._chunk(b"data: first\n\n")
        self.rfile.read(1)
        self.close_connection = True

    def _json(self, status: int, value: object) -> None:
        headers = {"Cache-Control": "no-store", "X-Powered-By": "Next.js"}
        self._send(status, "application/json", json.dumps(value).encode(), headers)

    def _send(self, status: int, media_type: str, content: bytes, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in (("Content-Type", media_type), ("Content-Length", str(len(content))), *headers.items()):
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def _page(self, status: int, chunks: Iterable[str], headers: Mapping[str, str] | None = None) -> None:
        """A page, sent chunk by chunk as React renders it."""
        about = {"X-Powered-By": "Next.js", "Vary": VARY, "Cache-Control": DYNAMIC}
        self._begin(status, about | {"Content-Type": "text/html; charset=utf-8"} | dict(headers or {}))
        if self.command == "HEAD":
            return
        for chunk in chunks:
            self._chunk(chunk.encode())
        self._chunk(b"")

    def _begin(self, status: int, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in (*headers.items(), ("Transfer-Encoding", "chunked")):
            self.send_header(name, value)
        self.end_headers()

    def _chunk(self, content: bytes) -> None:
        """A chunk; an empty one ends the answer."""
        self.wfile.write(f"{len(content):x}\r\n".encode() + content + b"\r\n")
        self.wfile.flush()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: nobody reads it."""


def _home() -> Iterator[str]:
    yield (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"/><title>{TITLE}</title>'
        f'<link rel="stylesheet" href="{CSS}"/><script src="{MAIN}" async=""></script></head><body>'
        f"<main><h1>{TITLE}</h1>"
    )
    yield "<p>This is the application: it is rendered by the ECS service, behind the load balancer.</p></main>"
    yield '<script>(self.__next_f=self.__next_f||[]).push([0])</script><script>self.__next_f.push([1,"0:[]"])</script>'
    yield "</body></html>"


def _missing() -> Iterator[str]:
    yield f'<!DOCTYPE html><html lang="en"><head><title>404: This page could not be found.</title><script src="{MAIN}">'
    yield "</script></head><body><h1>404</h1><h2>This page could not be found.</h2>"
    yield "<script>(self.__next_f=self.__next_f||[]).push([0])</script></body></html>"


class Server(ThreadingHTTPServer):
    """The server; its connections end with it."""

    daemon_threads = True


def main() -> int:
    """Serve until standard input ends."""
    with Server((HOST, 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        print(server.server_address[1], flush=True)
        sys.stdin.buffer.read()
    return 0


if __name__ == "__main__":
    sys.exit(main())
