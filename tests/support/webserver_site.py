"""A site on loopback: CloudFront in front of an application or of a bucket, with faults one at a time."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum, auto

import trustme
from webserver import Asked, Handler, Reply, hanging_up, refusing, serving

from bascule.formats import Expect
from bascule.verify.expectation import Closed, Expectation, Markers
from bascule.verify.messages import Address
from bascule.verify.run import Target

WWW, BARE = "www.example.test", "example.test"
OLD_PAGE = b"<!doctype html><title>Example</title><p>Coming soon</p>"
ASSET = "/_next/static/chunks/main-4f1a2b.js"
NEW_PAGE = (
    f'<!doctype html><title>Example</title><script src="{ASSET}" async></script>'
    "<p>Welcome</p><script>(self.__next_f=self.__next_f||[]).push([0])</script>"
).encode()
NOT_FOUND = f'<!doctype html><title>404</title><script src="{ASSET}" async></script><p>Not here</p>'.encode()
NOT_TAKEN = b"<p>This distribution is not configured to allow the HTTP request method that was used for this request."

HTML = ("content-type", "text/html; charset=utf-8")
NEXT = ("x-powered-by", "Next.js")
S3 = (("server", "AmazonS3"), HTML)
CLOUDFRONT = (("server", "CloudFront"), HTML)
HSTS = ("strict-transport-security", "max-age=31536000; includeSubDomains")


class Fault(StrEnum):
    """What is wrong with a site."""

    OLD_PAGE = auto()
    """The bucket answers where the application should."""
    MASKED_404 = auto()
    MASKED_POST = auto()
    RSC_MIXED = auto()
    """Pages are cached without regard to the header RSC."""
    RSC_WITHOUT_QUERY = auto()
    """Pages are cached without regard to header and query."""
    RSC_DROPPED = auto()
    NO_REDIRECT = auto()
    EXPIRING = auto()
    SOON_EXPIRING = auto()
    OTHER_NAME = auto()
    NO_HTTP2 = auto()
    NOT_IMMUTABLE = auto()
    NEVER_A_HIT = auto()
    POST_REFUSED = auto()
    ALB_OPEN = auto()
    ALB_ANSWERS_403 = auto()
    ALB_HANGS_UP = auto()
    TASK_OPEN = auto()
    NO_HSTS = auto()
    QUERY_DROPPED = auto()
    COOKIES_DROPPED = auto()
    UNHEALTHY = auto()
    """The load balancer has no healthy target."""
    NOT_CLOUDFRONT = auto()
    """DNS leads somewhere else."""


def application(asked: Asked) -> Reply:
    """Next.js 16.3 with an echo and a health check; `_rsc` has no value where RSC is the only header of its kind."""
    if asked.path == ASSET:
        cached = (("cache-control", "public, max-age=31536000, immutable"), ("content-type", "application/javascript"))
        return Reply(200, cached, b"let a")
    if asked.path == "/api/health":
        if asked.method != "GET":
            return Reply(405, (("allow", "GET"),))
        return Reply(200, (("content-type", "application/json"),), b'{"ok":true}')
    if asked.path == "/api/echo":
        return Reply(200, (("content-type", "text/plain"),), f"{asked.query} {asked.header('cookie')}".encode())
    if asked.path == "/_next/image":
        missing = '"w" parameter (width)' if "url=" in asked.query else '"url" parameter'
        return Reply(400, (("content-type", "text/plain"),), f"{missing} is required".encode())
    if asked.path != "/":
        return Reply(404, (HTML, NEXT), NOT_FOUND)
    if asked.header("rsc") == "1":
        plain, _, given = asked.target.partition("_rsc")
        if given:
            return Reply(307, (("location", f"{plain}_rsc"), NEXT))
        return Reply(200, (("content-type", "text/x-component"), NEXT), b'0:["$","div"]')
    return Reply(200, (HTML, NEXT), NEW_PAGE)


def bucket(asked: Asked) -> Reply:
    """S3 with one object."""
    if asked.method not in ("GET", "HEAD"):
        return Reply(405, S3, b"<Error><Code>MethodNotAllowed</Code></Error>")
    if asked.path in ("/", "/index.html"):
        return Reply(200, S3, OLD_PAGE)
    return Reply(403, S3, b"<Error><Code>AccessDenied</Code></Error>")


def load_balancer(asked: Asked) -> Reply:
    """An ALB that knows that this isn't CloudFront."""
    return Reply(403, (("server", "awselb/2.0"), ("content-type", "text/plain")), b"Forbidden")


@dataclass
class CloudFront:
    """A distribution: caches assets, and pages only with a fault; with another, its error page hides answers."""

    behind: Handler
    faults: frozenset[Fault]
    lock: threading.Lock = field(default_factory=threading.Lock)
    cache: dict[str, Reply] = field(default_factory=dict)

    def __call__(self, asked: Asked) -> Reply:
        """What a visitor gets."""
        reply, how = self._answer(asked)
        added = [("x-cache", f"{how} from cloudfront")]
        if Fault.NOT_CLOUDFRONT not in self.faults:
            added += [("x-amz-cf-id", "q8W1"), ("via", "1.1 d111111abcdef8.cloudfront.net (CloudFront)")]
        if Fault.NO_HSTS not in self.faults:
            added.append(HSTS)
        return replace(reply, headers=(*reply.headers, *added))

    def plainly(self, asked: Asked) -> Reply:
        """What a visitor gets over HTTP."""
        if Fault.NO_REDIRECT in self.faults:
            return self(asked)
        return Reply(301, (("location", f"https://{asked.host}{asked.target}"), ("server", "CloudFront")))

    def _answer(self, asked: Asked) -> tuple[Reply, str]:
        if asked.method == "POST" and Fault.POST_REFUSED in self.faults:
            return Reply(403, CLOUDFRONT, NOT_TAKEN), "Error"
        key = self._key(asked)
        with self.lock:
            if key is not None and key in self.cache:
                return self.cache[key], "Hit"
            reply = self._shown(asked, self.behind(self._forwarded(asked)))
            if reply.status >= 400:
                return self._error(asked, reply), "Error"
            if key is not None and reply.status == 200:
                self.cache[key] = reply
            return reply, "Miss"

    def _key(self, asked: Asked) -> str | None:
        if asked.path.startswith("/_next/static/"):
            return None if Fault.NEVER_A_HIT in self.faults else asked.path
        if Fault.RSC_MIXED in self.faults:
            return asked.target
        if Fault.RSC_WITHOUT_QUERY in self.faults and asked.path == "/" and asked.query:
            return f"{asked.path}?"
        return None

    def _forwarded(self, asked: Asked) -> Asked:
        if Fault.QUERY_DROPPED in self.faults:
            return replace(asked, target=asked.path if asked.path != "/" else asked.target)
        dropped = {Fault.COOKIES_DROPPED: "cookie", Fault.RSC_DROPPED: "rsc"}
        names = {name for fault, name in dropped.items() if fault in self.faults}
        return replace(asked, headers=tuple(pair for pair in asked.headers if pair[0] not in names))

    def _shown(self, asked: Asked, reply: Reply) -> Reply:
        if asked.path == ASSET and Fault.NOT_IMMUTABLE in self.faults:
            return replace(reply, headers=(("cache-control", "public, max-age=0"), reply.headers[-1]))
        return reply

    def _error(self, asked: Asked, reply: Reply) -> Reply:
        masks = {Fault.MASKED_404: 404, Fault.MASKED_POST: 405}
        if any(fault in self.faults and reply.status == status for fault, status in masks.items()):
            return bucket(replace(asked, method="GET", target="/index.html"))
        return reply


@dataclass(frozen=True)
class Served:
    """A site that is served, and what is expected of it."""

    target: Target
    expected: Expectation


@contextmanager
def site(ca: trustme.CA, *faults: Fault, expect: Expect = Expect.APPLICATION, old: bool = False) -> Iterator[Served]:
    """A good site but for the faults; `old` has the bucket behind CloudFront."""
    wrong = frozenset(faults)
    with ExitStack() as stack:
        distribution = CloudFront(_behind(wrong, old), wrong)
        https = stack.enter_context(serving(distribution, _context(ca, wrong)))
        http = stack.enter_context(serving(distribution.plainly))
        closed = tuple(Closed(what, stack.enter_context(_outside(what, wrong))) for what in ("load balancer", "task"))
        yield Served(Target(https, http), _expectation(expect, closed))


def _behind(wrong: frozenset[Fault], old: bool) -> Handler:
    if Fault.UNHEALTHY in wrong:
        return lambda asked: Reply(503, (("server", "awselb/2.0"), HTML), b"<h1>503 Service Unavailable</h1>")
    if not old and Fault.OLD_PAGE not in wrong:
        return application
    return lambda asked: (application if asked.path == "/api/health" else bucket)(asked)


@contextmanager
def _outside(what: str, wrong: frozenset[Fault]) -> Iterator[Address]:
    handler = application if Fault.ALB_OPEN in wrong else load_balancer
    alb_open = wrong & {Fault.ALB_OPEN, Fault.ALB_ANSWERS_403}
    if what == "load balancer" and Fault.ALB_HANGS_UP in wrong:
        opened = hanging_up()
    elif (what == "load balancer" and alb_open) or (what == "task" and Fault.TASK_OPEN in wrong):
        opened = serving(handler if what == "load balancer" else application)
    else:
        opened = refusing()
    with opened as address:
        yield address


def _context(ca: trustme.CA, wrong: frozenset[Fault]) -> ssl.SSLContext:
    days = 3 if Fault.EXPIRING in wrong else 20 if Fault.SOON_EXPIRING in wrong else 300
    names = ("other.test",) if Fault.OTHER_NAME in wrong else (WWW, BARE)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert(*names, not_after=datetime.now(UTC) + timedelta(days=days, hours=1)).configure_cert(context)
    context.set_alpn_protocols(["http/1.1"] if Fault.NO_HTTP2 in wrong else ["h2", "http/1.1"])
    return context


def _expectation(expect: Expect, closed: tuple[Closed, ...]) -> Expectation:
    return Expectation(
        expect,
        hosts=(WWW, BARE),
        now=datetime.now(UTC),
        nonce="k3v9x2",
        markers=Markers(index_html=OLD_PAGE),
        probe_path="/api/health",
        post_path="/api/health",
        echo_path="/api/echo",
        hsts=86_400,
        before=0.05,
        closed=closed,
    )
