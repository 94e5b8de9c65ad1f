"""What a question about an account or a site comes to: an outcome, what was seen, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """The answer. `unknown` is what couldn't be looked at, and never taken for a pass."""

    PASS = "pass"
    WARN = "warn"
    FAIL = "fail"
    UNKNOWN = "unknown"
    NOT_CONFIGURED = "not configured"
    """There is nothing to look at, because nobody set it up; no check of an account says so, a row of verify may."""


@dataclass(frozen=True)
class Result:
    """What was seen."""

    outcome: Outcome
    evidence: str
    """What was observed, with ids and numbers."""
    remedy: str = ""
    """What to do about it; empty where it passed."""


class UnansweredError(Exception):
    """What is looked at couldn't be read, isn't there or didn't answer; `result` is what is said then."""

    def __init__(self, result: Result) -> None:
        super().__init__(result.evidence)
        self.result = result


def passed(evidence: str) -> Result:
    """What holds."""
    return Result(Outcome.PASS, evidence)


def warn(evidence: str, remedy: str) -> Result:
    """What a person should know, and what may be left as it is."""
    return Result(Outcome.WARN, evidence, remedy)


def fail(evidence: str, remedy: str) -> Result:
    """What doesn't hold, and has to."""
    return Result(Outcome.FAIL, evidence, remedy)


def unknown(evidence: str, remedy: str) -> Result:
    """What couldn't be looked at."""
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
