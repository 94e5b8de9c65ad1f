"""An HTTP proxy that lets every answer wait: AWS as it is from far away, in front of the sandbox.

    python bench/latency_proxy.py http://127.0.0.1:PORT 50

prints the address that it listens on, and counts the requests on standard error when it ends.
"""

from __future__ import annotations

import signal
import sys
import threading
import time
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import FrameType
from urllib.parse import urlsplit

TARGET = urlsplit(sys.argv[1])
DELAY = float(sys.argv[2]) / 1000
"""Seconds between a request and its answer's way back."""

HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length"}
"""Headers that are about one connection (RFC 9110, 7.6.1)."""

own = threading.local()


class Slow(BaseHTTPRequestHandler):
    """Passes a request on, on a connection of this thread's own, and waits before it passes the answer back."""

    protocol_version = "HTTP/1.1"

    def answer(self) -> None:
        """Any method."""
        begin = time.monotonic()
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if not hasattr(own, "connection"):
            own.connection = HTTPConnection(TARGET.hostname or "", TARGET.port)
        own.connection.request(self.command, self.path, body, dict(self.headers))
        response = own.connection.getresponse()
        content = response.read()
        time.sleep(max(0.0, DELAY - (time.monotonic() - begin)) if DELAY else 0)
        self.send_response_only(response.status)
        for name, value in response.getheaders():
            if name.lower() not in HOP_BY_HOP:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    do_GET = do_POST = do_PUT = do_HEAD = do_DELETE = answer

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


class Server(ThreadingHTTPServer):
    """As many connections at once as come."""

    request_queue_size = 128
    daemon_threads = True


def main() -> None:
    """Serve until told to stop."""
    with Server(("127.0.0.1", 0), Slow) as server:
        print(f"http://127.0.0.1:{server.server_port}", flush=True)

        def stop(number: int, frame: FrameType | None) -> None:
            threading.Thread(target=server.shutdown).start()

        signal.signal(signal.SIGTERM, stop)
        server.serve_forever()


if __name__ == "__main__":
    main()
