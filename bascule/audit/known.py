"""Facts that couldn't be read: how they stand in an audit, and how they are found again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from bascule.audit.phrases import Phrase, phrase
from bascule.inventory import Unread


def unknown(fact: Any) -> bool:
    """Whether a fact couldn't be read."""
    return isinstance(fact, Mapping) and "unknown" in fact


def known(fact: Any, tell: Callable[[Any], Any], *asked_by: Any) -> Any:
    """What `tell` makes of a fact that was read, as were the facts `asked_by` that say what to ask for."""
    unread = next((one for one in (*asked_by, fact) if isinstance(one, Unread)), None)
    return tell(fact) if unread is None else untold(unread)


def untold(unread: Unread) -> dict[str, str]:
    """How what couldn't be read stands in an audit."""
    return {"unknown": unread.action, "why": unread.why}


def unread(fact: Mapping[str, str]) -> Phrase:
    """Why a fact isn't known: a permission is missing, or AWS answered something else."""
    action, why = fact["unknown"], fact["why"]
    if Unread(action, why).refused:
        return phrase("{action} is refused to this role", action=action)
    return phrase("{action} isn't answered ({why})", action=action, why=why)


def day(moment: Any) -> str | None:
    """The day of a moment, as ISO 8601."""
    return moment.date().isoformat() if moment is not None else None
