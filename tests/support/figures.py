"""What tests measured (`record_property`), as lines for the end of a run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Protocol


class Report(Protocol):
    """A test's report, as pytest makes it of each phase; it comes with all of them from another process, too."""

    when: str
    user_properties: Iterable[tuple[str, Any]]


def lines(reports: Iterable[Report]) -> Iterator[str]:
    """A line for each figure, in the order of their names; what isn't a test's own phase has none."""
    found = {
        str(name): value
        for report in reports
        if getattr(report, "when", "") == "call"
        for name, value in report.user_properties
    }
    width = max(map(len, found), default=0)
    for name in sorted(found):
        yield f"{name:<{width}}  {found[name]}"
