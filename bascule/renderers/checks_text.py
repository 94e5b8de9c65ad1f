"""What the checks say, as lines of a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bascule.checks import Finding, Outcome
from bascule.errors import printable

STYLES = {Outcome.PASS: "32", Outcome.WARN: "33", Outcome.FAIL: "31", Outcome.UNKNOWN: "36"}
"""Colours of a terminal (ECMA-48, Select Graphic Rendition)."""


def render(findings: Sequence[Finding], *, colour: bool = False) -> str:
    """One line a check with what was seen, and what to do below those that didn't pass."""
    return "\n".join(line for finding in findings for line in _lines(finding, colour))


def _lines(finding: Finding, colour: bool) -> Iterator[str]:
    outcome = f"{finding.outcome:<7}"
    if colour:
        outcome = f"\x1b[{STYLES[finding.outcome]}m{outcome}\x1b[0m"
    yield f"{finding.number:>2}  {outcome}  {finding.check.id}: {printable(finding.result.evidence)}"
    if finding.outcome is not Outcome.PASS and finding.result.remedy:
        yield f"             {printable(finding.result.remedy)}"
    if finding.waiver is not None:
        waiver = finding.waiver
        yield f"             waived: {waiver.reason} (until {waiver.expires}, {waiver.who})"
