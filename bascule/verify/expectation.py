"""What a site is expected to answer: by whom, under which names, and from where not at all."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from html import unescape
from typing import Protocol

from bascule.formats import Expect
from bascule.site import Site
from bascule.verify.messages import Address

BODY_LIMIT = 1_048_576
"""Bytes of an answer that are looked at."""


@dataclass(frozen=True)
class Markers:
    """How the old page and the new one are known.

    Without markers of the site's own, the old page is the bucket's index.html, byte for byte or by its title; the new
    one is what Next.js writes (`/_next/` in the HTML, or `X-Powered-By: Next.js`). A title never convicts: the new page
    may well have the same.
    """

    old: str | None = None
    """Text that only the old page has."""
    new: str | None = None
    """Text that only the new page has."""
    index_html: bytes | None = None
    """The bucket's index.html, where it was read."""

    def is_old(self, body: bytes) -> bool:
        """Whether a body is the old page beyond doubt."""
        if self.old is not None:
            return self.old in body.decode(errors="replace")
        return bool(self.index_html) and body == (self.index_html or b"")[:BODY_LIMIT]

    def looks_old(self, body: bytes) -> bool | None:
        """Whether a body looks like the old page; None if nothing says what that looks like."""
        if self.old is None and not self.index_html:
            return None
        if self.old is not None or self.is_old(body):
            return self.is_old(body)
        wanted = title(self.index_html or b"")
        return wanted is not None and wanted == title(body)

    def is_new(self, body: bytes) -> bool:
        """Whether a body has the new page's own marker."""
        return self.new is not None and self.new in body.decode(errors="replace")


@dataclass(frozen=True)
class Closed:
    """An address that must not answer from outside."""

    what: str
    """"load balancer" or "task"."""
    address: Address


@dataclass(frozen=True)
class Expectation:
    """All that the rows compare answers with."""

    expect: Expect
    hosts: tuple[str, ...]
    """Names under which the distribution answers; the first one is asked what doesn't depend on the name."""
    now: datetime
    nonce: str
    """Letters and digits, new in each run: keeps earlier answers in caches out of it."""
    missing: tuple[str, ...] = ()
    """Aliases of the site file that the distribution doesn't have."""
    apexes: tuple[str, ...] = ()
    """Apex names of `www.` aliases that aren't aliases themselves."""
    markers: Markers = field(default_factory=Markers)
    probe_path: str | None = None
    """None where the distribution doesn't route it to the application."""
    post_path: str | None = None
    """Path that is sent a POST; None where nothing takes one."""
    echo_path: str | None = None
    """Path at which the application repeats query string and cookies; None where there is none."""
    hsts: int | None = None
    """Least max-age in seconds; None where the site doesn't mean to send it."""
    before: float | None = None
    """Seconds to the first byte before the switch, where it was measured."""
    closed: tuple[Closed, ...] | None = ()
    """None if the account couldn't be asked for them."""

    @property
    def host(self) -> str:
        """The name that is asked what doesn't depend on the name."""
        return self.hosts[0]


class Settings(Protocol):
    """`[verify]` of the site file."""

    @property
    def old_marker(self) -> str | None:
        """Text that only the old page has."""

    @property
    def new_marker(self) -> str | None:
        """Text that only the new page has."""

    @property
    def post_path(self) -> str | None:
        """Path that is sent a POST; None for the probe path."""

    @property
    def echo_path(self) -> str | None:
        """Path at which the application repeats query string and cookies."""

    @property
    def hsts_min_age(self) -> int | None:
        """Least max-age of HSTS in seconds."""


@dataclass(frozen=True)
class Live:
    """What was read of the account."""

    aliases: tuple[str, ...]
    """The distribution's own."""
    domain: str
    """The distribution's name below cloudfront.net."""
    probed: bool
    """Whether the probe path is routed to the application."""
    load_balancer: str | None = None
    """Its DNS name; None where there is none."""
    tasks: tuple[str, ...] | None = ()
    """Public addresses of the tasks; None if they couldn't be read."""
    index_html: bytes | None = None
    """The bucket's index.html, where it was read."""


def expectation(
    site: Site,
    settings: Settings,
    live: Live,
    *,
    expect: Expect,
    now: datetime,
    nonce: str,
    before: float | None = None,
) -> Expectation:
    """What the site is expected to answer."""
    configured = tuple(name for name in site.aliases if name in live.aliases)
    return Expectation(
        expect,
        hosts=tuple(askable(name) for name in configured) or (live.domain,),
        now=now,
        nonce=nonce,
        missing=tuple(name for name in site.aliases if name not in live.aliases),
        apexes=apexes((*site.aliases, *live.aliases)),
        markers=Markers(settings.old_marker, settings.new_marker, live.index_html),
        probe_path=site.distribution.probe_path if live.probed else None,
        post_path=settings.post_path or site.distribution.probe_path,
        echo_path=settings.echo_path,
        hsts=settings.hsts_min_age,
        before=before,
        closed=addresses(live.load_balancer, live.tasks, site.service.container_port),
    )


def apexes(aliases: Iterable[str]) -> tuple[str, ...]:
    """The apex of every `www.` name that isn't an alias, too: `example.com` of `www.example.com`."""
    names = list(aliases)
    found = (name.removeprefix("www.") for name in names if name.startswith("www."))
    return tuple(dict.fromkeys(name for name in found if name not in names))


def askable(alias: str) -> str:
    """A name that can be asked: a wildcard alias covers any label in its place."""
    return f"bascule.{alias[2:]}" if alias.startswith("*.") else alias


def addresses(load_balancer: str | None, tasks: tuple[str, ...] | None, port: int) -> tuple[Closed, ...] | None:
    """What has to be closed from outside: both ports of the ALB, and the tasks' own. None if tasks couldn't be read."""
    if tasks is None:
        return None
    balancers = [Closed("load balancer", Address(load_balancer, p)) for p in (80, 443)] if load_balancer else []
    return (*balancers, *(Closed("task", Address(task, port)) for task in tasks))


def title(page: bytes) -> str | None:
    """The title of an HTML page, its spaces made one; None if it has none."""
    found = re.search(rb"<title[^>]*>(.*?)</title", page, re.IGNORECASE | re.DOTALL)
    text = " ".join(unescape(found[1].decode(errors="replace")).split()) if found else ""
    return text or None
