"""Asks all that the matrix wants to know: independent rows at the same time, the requests of one in order."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace

from bascule.outcomes import Outcome, UnansweredError
from bascule.verify.expectation import Expectation
from bascule.verify.matrix import questions
from bascule.verify.messages import Address, Answer, Fetch, Request
from bascule.verify.outside import first_byte
from bascule.verify.row import Question, Row, drive

WORKERS = 8
"""Rows asked at the same time; most of their time is waiting."""


@dataclass(frozen=True)
class Target:
    """Where connections for the site's names go; None for where DNS says."""

    https: Address | None = None
    http: Address | None = None

    @classmethod
    def through(cls, domain: str) -> Target:
        """To a distribution by its own name, as if DNS already led there."""
        return cls(Address(domain, 443), Address(domain, 80))

    def route(self, request: Request) -> Request:
        """The request with where it goes; one that says so itself goes there."""
        if request.at is not None:
            return request
        return replace(request, at=self.https if request.scheme == "https" else self.http)


def verify(
    target: Target, expected: Expectation, fetch: Fetch, progress: Callable[[Row], None] = lambda row: None
) -> tuple[Row, ...]:
    """The rows of the matrix, in its order; `progress` hears of each as soon as it is known."""

    def routed(request: Request) -> Answer:
        return fetch(target.route(request))

    asked = questions(expected)
    found: dict[str, Row] = {}
    with ThreadPoolExecutor(WORKERS) as pool:
        waiting = [pool.submit(_row, question, expected, routed) for question in asked if not question.alone]
        for done in as_completed(waiting):
            row = done.result()
            found[row.id] = row
            progress(row)
    for question in asked:
        if question.alone:
            found[question.id] = _row(question, expected, routed)
            progress(found[question.id])
    return tuple(found[question.id] for question in asked)


def _row(question: Question, expected: Expectation, fetch: Fetch) -> Row:
    start = time.perf_counter()
    try:
        result = drive(question.steps(expected), fetch)
    except UnansweredError as error:
        result = error.result
    seconds = time.perf_counter() - start
    return Row(question.id, question.title, result.outcome, result.evidence, result.remedy, seconds)


def measure(target: Target, expected: Expectation, fetch: Fetch) -> float | None:
    """Seconds to the first byte of the home page, to be compared with after the switch; None without an answer."""
    try:
        return drive(first_byte(expected), lambda request: fetch(target.route(request)))
    except UnansweredError:
        return None


def all_pass(rows: Sequence[Row]) -> bool:
    """Whether nothing fails and nothing is unknown. A warning may be left as it is, and what nobody set up isn't
    missing."""
    return not any(row.outcome in (Outcome.FAIL, Outcome.UNKNOWN) for row in rows)
