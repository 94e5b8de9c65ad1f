"""A row of the matrix: what it says, and the requests that it makes one after the other."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeVar

from bascule.verify.expectation import Expectation
from bascule.verify.messages import Answer, Fetch, Kind, NoAnswer, Request, Response

T = TypeVar("T")

Steps = Generator[Request, Answer, T]
"""Requests, each made after the answer to the one before it is known, and what they come to. It does no I/O itself."""


class Outcome(StrEnum):
    """What a row says. `unknown` is what couldn't be seen, and never taken for a pass."""

    PASS = "pass"
    WARN = "warn"
    FAIL = "fail"
    UNKNOWN = "unknown"
    NOT_CONFIGURED = "not configured"
    """There is nothing to look at, because nobody set it up."""


@dataclass(frozen=True)
class Result:
    """What a row saw."""

    outcome: Outcome
    evidence: str
    """What was answered."""
    remedy: str = ""
    """What to do about it; empty where it passed."""


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


class UnansweredError(Exception):
    """A row needs an answer that didn't come, or another page; `result` is what it says then."""

    def __init__(self, result: Result) -> None:
        super().__init__(result.evidence)
        self.result = result


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


def passed(evidence: str) -> Result:
    """What holds."""
    return Result(Outcome.PASS, evidence)


def warn(evidence: str, remedy: str) -> Result:
    """What a person should know, and what may be left as it is."""
    return Result(Outcome.WARN, evidence, remedy)


def fail(evidence: str, remedy: str) -> Result:
    """What doesn't hold."""
    return Result(Outcome.FAIL, evidence, remedy)


def unknown(evidence: str, remedy: str) -> Result:
    """What couldn't be seen."""
    return Result(Outcome.UNKNOWN, evidence, remedy)


def not_configured(evidence: str, remedy: str = "") -> Result:
    """What nobody set up."""
    return Result(Outcome.NOT_CONFIGURED, evidence, remedy)


WORST_FIRST = (Outcome.FAIL, Outcome.UNKNOWN, Outcome.WARN, Outcome.PASS, Outcome.NOT_CONFIGURED)


def worst(results: Iterable[Result]) -> Result:
    """Several results as one: the worst outcome, with all evidence and remedies that have it."""
    found = list(results)
    outcome = min((result.outcome for result in found), key=WORST_FIRST.index)
    said = [result for result in found if result.outcome is outcome]
    return Result(outcome, _joined(r.evidence for r in said), _joined(r.remedy for r in said))


def _joined(texts: Iterable[str]) -> str:
    return "; ".join(dict.fromkeys(text for text in texts if text))
