"""Answers as values, and rows that are told them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from bascule.formats import Expect
from bascule.outcomes import Outcome, Result, UnansweredError
from bascule.verify.expectation import Closed, Expectation
from bascule.verify.messages import Address, Answer, Request, Response
from bascule.verify.row import Steps, drive

NOW = datetime(2026, 5, 1, tzinfo=UTC)
EXPECTED = Expectation(
    Expect.APPLICATION,
    hosts=("www.example.test", "example.test"),
    now=NOW,
    nonce="n0nce",
    probe_path="/api/health",
    post_path="/api/health",
    closed=(Closed("task", Address("198.51.100.7", 3000)),),
)
HTML = ("content-type", "text/html")
NEXT = Response(200, (HTML, ("x-powered-by", "Next.js"), ("x-amz-cf-id", "q")), b"<p>Hello</p>")
S3 = Response(200, (HTML, ("server", "AmazonS3"), ("x-amz-cf-id", "q")), b"<p>Soon</p>")

Script = Callable[[Request], Answer]


def told(steps: Steps[Result], *answers: Answer) -> Result:
    """What steps come to when these are the answers; the last one stays."""
    left = list(answers)
    try:
        return drive(steps, lambda request: left.pop(0) if len(left) > 1 else left[0])
    except UnansweredError as error:
        return error.result


def outcome(steps: Steps[Result], *answers: Answer) -> Outcome:
    return told(steps, *answers).outcome
