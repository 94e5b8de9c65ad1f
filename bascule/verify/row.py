"""A row of the matrix: what it says, and the requests that it makes one after the other."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import TypeVar

from bascule.outcomes import Outcome, Result, UnansweredError, fail, unknown
from bascule.verify.expectation import Expectation
from bascule.verify.messages import Answer, Fetch, Kind, NoAnswer, Request, Response

T = TypeVar("T")

Steps = Generator[Request, Answer, T]
"""Requests, each made after the answer to the one before it is known, and what they come to. It does no I/O itself."""


@dataclass(frozen=True)
class Row:
    """One row of the matrix."""

    id: str
    title: str
    outcome: Outcome
    evidence: str
    remedy: str
    seconds: float
    """How long it took to find out."""


@dataclass(frozen=True)
class Question:
    """What one row is about, before it is asked."""

    id: str
    title: str
    """What has to hold, on one line."""
    steps: Callable[[Expectation], Steps[Result]] = field(repr=False)
    alone: bool = False
    """Whether it is asked when everything else is done, because it measures."""


def drive(steps: Steps[T], fetch: Fetch) -> T:
    """What the steps come to, with `fetch` to make their requests. Raises UnansweredError as they do."""
    try:
        request = next(steps)
        while True:
            request = steps.send(fetch(request))
    except StopIteration as done:
        value: T = done.value
        return value


def ask(request: Request) -> Steps[Response]:
    """The answer to one request. Raises UnansweredError if none comes."""
    answer = yield request
    if isinstance(answer, NoAnswer):
        raise UnansweredError(unanswered(answer))
    return answer


def settled(result: Result) -> Callable[[Expectation], Steps[Result]]:
    """Steps that make no request, because the result is known."""

    def steps(expected: Expectation) -> Steps[Result]:
        yield from ()
        return result

    return steps


def unanswered(answer: NoAnswer) -> Result:
    """What a row says that got no answer: names, ports and certificates have rows of their own."""
    if answer.kind is Kind.SILENT:
        return fail(str(answer), "look at CloudFront's and the load balancer's logs for this request")
    row = "certificate" if answer.kind is Kind.TLS else "alias"
    return unknown(str(answer), f"see the row {row}")
