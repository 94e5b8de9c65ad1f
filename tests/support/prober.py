"""A visitor who never stops asking: ten times a second, at the sandbox's edge, over HTTPS."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import monotonic

from bascule.sandbox import control
from bascule.verify.expectation import Markers
from bascule.verify.http import Fetcher
from bascule.verify.messages import Address, NoAnswer, Request
from bascule.verify.source import BEHIND, Source, seen, source

HOST = "www.arquantix.com"
PERIOD = 0.1
"""Seconds from one request to the next."""
PATIENCE = 10.0
"""Seconds after which a visitor has gone."""


@dataclass
class Prober:
    """What it was answered: whether that was good, and what it was."""

    answers: list[tuple[bool, str]] = field(default_factory=list)

    @property
    def asked(self) -> int:
        """How many requests."""
        return len(self.answers)

    @property
    def failures(self) -> list[str]:
        """What was no good answer."""
        return [evidence for good, evidence in self.answers if not good]

    @property
    def failed(self) -> int:
        """How many."""
        return len(self.failures)


@contextmanager
def probing(endpoint: str, host: str = HOST) -> Iterator[Prober]:
    """Ask for the home page while the context lasts; each request on a connection of its own.

    A good answer is 200 with the old page or the application's. Requests that are under way at the end are waited for.
    """
    edge = control.edge(endpoint)
    assert edge is not None
    fetch, prober, over = Fetcher(edge.ca), Prober(), threading.Event()
    request = Request(host, at=Address(*edge.https), timeout=PATIENCE)

    def ask() -> None:
        answer = fetch(request)
        if isinstance(answer, NoAnswer):
            prober.answers.append((False, str(answer)))
            return
        by = source(answer, Markers())
        good = answer.status == 200 and (by is Source.BUCKET or by in BEHIND)
        prober.answers.append((good, f"{by}: {seen(answer)}"))

    def go_on() -> None:
        due = monotonic()
        asking: list[threading.Thread] = []
        while not over.wait(max(0.0, due - monotonic())):
            thread = threading.Thread(target=ask)
            thread.start()
            asking = [one for one in asking if one.is_alive()] + [thread]
            due = max(due + PERIOD, monotonic())
        for thread in asking:
            thread.join()

    visitor = threading.Thread(target=go_on)
    visitor.start()
    try:
        yield prober
    finally:
        over.set()
        visitor.join()
