"""The verification matrix, as lines of a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bascule.outcomes import Outcome
from bascule.verify.row import Row

STYLES = {
    Outcome.PASS: "32",
    Outcome.WARN: "33",
    Outcome.FAIL: "31",
    Outcome.UNKNOWN: "36",
    Outcome.NOT_CONFIGURED: "2",
}
"""Colours of a terminal (ECMA-48, Select Graphic Rendition)."""

WIDTH = max(len(outcome) for outcome in Outcome)


def render(rows: Sequence[Row], *, colour: bool = False) -> str:
    """One line a row with what was answered, what to do below those that didn't pass, and the count of each outcome."""
    lines = [line for row in rows for line in line_of(row, colour=colour)]
    return "\n".join([*lines, "", summary(rows)])


def line_of(row: Row, *, colour: bool = False) -> Iterator[str]:
    """The lines of one row."""
    outcome = f"{row.outcome:<{WIDTH}}"
    if colour:
        outcome = f"\x1b[{STYLES[row.outcome]}m{outcome}\x1b[0m"
    yield f"{outcome}  {row.id}: {row.evidence}"
    if row.remedy and row.outcome is not Outcome.PASS:
        yield f"{' ' * WIDTH}  {row.remedy}"


def summary(rows: Sequence[Row]) -> str:
    """How many rows have each outcome, as far as there are any."""
    counts = {outcome: sum(row.outcome is outcome for row in rows) for outcome in Outcome}
    return ", ".join(f"{count} {outcome}" for outcome, count in counts.items() if count)
