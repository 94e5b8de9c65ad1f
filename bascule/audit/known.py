"""Facts that couldn't be read: how they stand in an audit, and how they are found again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from bascule.inventory import Unread


def unknown(fact: Any) -> bool:
    """Whether a fact couldn't be read."""
    return isinstance(fact, Mapping) and "unknown" in fact


def unknowns(fact: Any) -> dict[str, str]:
    """Every call that was refused in what is told: AWS's answer by the IAM action that it needs."""
    if unknown(fact):
        return {fact["unknown"]: fact["why"]}
    inner = fact.values() if isinstance(fact, Mapping) else fact if isinstance(fact, list) else ()
    return {action: why for one in inner for action, why in unknowns(one).items()}


def known(fact: Any, tell: Callable[[Any], Any]) -> Any:
    """What `tell` makes of a fact that was read."""
    return {"unknown": fact.action, "why": fact.why} if isinstance(fact, Unread) else tell(fact)


def day(moment: Any) -> str | None:
    """The day of a moment, as ISO 8601."""
    return moment.date().isoformat() if moment is not None else None
