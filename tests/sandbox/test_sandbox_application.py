"""The application behind the sandbox's load balancers, asked directly: it does what Next.js does."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from http.client import HTTPConnection, HTTPResponse

import pytest

from bascule.sandbox import application

Ask = Callable[..., tuple[HTTPResponse, bytes]]


@pytest.fixture(scope="module")
def ask() -> Iterator[Ask]:
    """Asks an application's process that ends with its standard input."""
    command = [sys.executable, "-m", "bascule.sandbox.application"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline())

        def one(
            path: str, method: str = "GET", body: bytes | None = None, **headers: str
        ) -> tuple[HTTPResponse, bytes]:
            connection = HTTPConnection(application.HOST, port, timeout=10)
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            content = response.read()
            connection.close()
            return response, content

        yield one
        assert process.stdin is not None
        process.stdin.close()
        assert 0 == process.wait(10)


def test_a_page_is_streamed_html_of_the_app_router(ask: Ask) -> None:
    """With what tells browsers and caches to keep nothing of it."""
    response, body = ask("/")
    assert ("chunked", "Next.js") == (response.headers["transfer-encoding"], response.headers["x-powered-by"])
    assert application.DYNAMIC == response.headers["cache-control"]
    assert "visited=1" in response.headers["set-cookie"]
    assert b"self.__next_f" in body
    assert application.MAIN.encode() in body


def test_the_same_url_is_an_rsc_payload_to_whoever_asks_for_one(ask: Ask) -> None:
    """And it says by which headers they differ."""
    response, body = ask("/?_rsc=1abc", RSC="1")
    assert "text/x-component" == response.headers["content-type"]
    assert response.headers["vary"].startswith("RSC, Next-Router-State-Tree")
    assert b"<html" not in body


@pytest.mark.parametrize("path", list(application.ASSETS))
def test_assets_are_immutable(ask: Ask, path: str) -> None:
    """They are named by their content."""
    response, body = ask(path)
    assert (200, application.IMMUTABLE) == (response.status, response.headers["cache-control"])
    assert application.ASSETS[path][1] == body


@pytest.mark.parametrize(
    ("query", "status", "said"),
    [
        ("", 400, b'"url" parameter is required'),
        ("?url=%2Fa.png", 400, b'"w" parameter (width) is required'),
        ("?url=%2Fa.png&w=17&q=75", 400, b'"w" parameter (width) of 17 is not allowed'),
        ("?url=%2Fa.png&w=64", 400, b'"q" parameter (quality) is required'),
        ("?url=%2Fa.png&w=64&q=75", 200, application.PIXEL),
    ],
)
def test_the_image_optimizer_says_what_it_misses(ask: Ask, query: str, status: int, said: bytes) -> None:
    """In Next.js's words, by which `verify` knows whether query strings arrive."""
    response, body = ask(f"/_next/image{query}")
    assert (status, said) == (response.status, body)


def test_a_post_is_for_route_handlers_alone(ask: Ask) -> None:
    """A page without a Server Action doesn't take one, and a path that isn't there isn't there."""
    taken, body = ask("/api/echo", "POST", b"12345")
    assert (200, b'{"method": "POST", "received": 5}') == (taken.status, body)
    assert [405, 404] == [ask(path, "POST", b"x")[0].status for path in ("/", "/nothing")]


def test_a_path_that_is_not_there_is_a_page_of_its_own(ask: Ask) -> None:
    """With Next.js's signs, so that it is told from S3's and CloudFront's."""
    response, body = ask("/nothing")
    assert (404, "Next.js") == (response.status, response.headers["x-powered-by"])
    assert b"This page could not be found" in body


def test_the_health_check_is_answered(ask: Ask) -> None:
    """At the site file's default probe path, and at the target group's."""
    assert [200, 200] == [ask(path)[0].status for path in ("/api/health", "/")]
