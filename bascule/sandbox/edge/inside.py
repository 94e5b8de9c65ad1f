"""AWS clients of the sandbox's own process: they ask moto without a network, a log or a policy in between."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from io import BytesIO
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.config import Config
from botocore.session import Session

from bascule import aws
from bascule.sandbox.iam import Application

ENDPOINT = "http://127.0.0.1"
"""Nobody is asked there: requests don't leave the process."""


class Raw(BytesIO):
    """A body as urllib3 gives it to botocore."""

    def stream(self, **options: Any) -> Iterator[bytes]:
        """All of it."""
        yield self.read()


def clients(application: Application, region: str, turn: Callable[[], AbstractContextManager[Any]]) -> aws.Clients:
    """Clients for `region` that ask this WSGI application, each time inside of `turn()`."""
    session = Session()
    making = threading.Lock()
    made: dict[tuple[str, str], aws.Client] = {}

    def send(request: AWSPreparedRequest, **details: Any) -> AWSResponse:
        with turn():
            status, headers, body = dispatch(application, request.method, request.url, request.headers, request.body)
        return AWSResponse(request.url, status, headers, Raw(body))

    def client(service: str, other: str | None = None, /) -> aws.Client:
        key = service, other or region
        with making:
            if key not in made:
                made[key] = session.create_client(
                    service,
                    region_name=key[1],
                    endpoint_url=ENDPOINT,
                    aws_access_key_id="sandbox",
                    aws_secret_access_key="sandbox",
                    config=Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}),
                )
                made[key].meta.events.register("before-send", send)
            return made[key]

    return client


def dispatch(
    application: Application, method: str, url: str, headers: Any, body: Any = b""
) -> tuple[int, dict[str, str], bytes]:
    """What the application answers to one request: status, headers, body."""
    parts = urlsplit(url)
    content = body.read() if hasattr(body, "read") else body or b""
    content = content.encode() if isinstance(content, str) else content
    environ = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(parts.path or "/").decode("latin-1"),
        "RAW_URI": url[url.index(parts.netloc) + len(parts.netloc) :],
        "QUERY_STRING": parts.query,
        "SERVER_NAME": parts.hostname or "",
        "SERVER_PORT": str(parts.port or 80),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": parts.netloc,
        "CONTENT_LENGTH": str(len(content)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": parts.scheme,
        "wsgi.input": BytesIO(content),
        "wsgi.errors": BytesIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in headers.items():
        text = value.decode("latin-1") if isinstance(value, bytes) else str(value)
        key = name.upper().replace("-", "_")
        if key == "CONTENT_TYPE":
            environ[key] = text
        elif key not in ("CONTENT_LENGTH", "HOST"):
            environ[f"HTTP_{key}"] = text
    started: list[Any] = []

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:
        started[:] = [int(status.split()[0]), headers]

    answered = b"".join(application(environ, start_response))
    status, sent = started
    return status, dict(sent), answered
