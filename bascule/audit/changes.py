"""What changed between the facts of two audits."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bascule.audit.facts import Facts


@dataclass(frozen=True)
class Changed:
    """One fact: where it stands, and its two values; None where there was none, or is none any more."""

    where: str
    old: str | None
    new: str | None


def changes(old: Facts, new: Facts) -> tuple[Changed, ...]:
    """Every fact that isn't the same, in the order of its place; who asked isn't a fact of the account.

    Of what either audit couldn't read, that is told, and nothing else: it may be as it was.
    """
    before, after = ({k: v for k, v in _flat(facts, "") if not k.startswith(ABOUT_THE_AUDIT)} for facts in (old, new))
    unread = tuple({where.removesuffix(UNKNOWN) for where in {*before, *after} if where.endswith(UNKNOWN)})
    return tuple(
        Changed(where, before.get(where), after.get(where))
        for where in sorted(before.keys() | after.keys())
        if before.get(where) != after.get(where) and (where.endswith(UNKNOWN) or not _below(where, unread))
    )


ABOUT_THE_AUDIT = ("account.caller", "unread")
"""What says who asked and how that went; where it matters, it stands at the fact, too."""

UNKNOWN = ".unknown"
"""Where a fact that couldn't be read names the action."""

NAMED_BY = ("path", "name", "id", "digest", "code", "port", "private", "status")
"""By what the items of a list are told apart: an origin that moves up in a list has not changed."""

ORDERED = "distribution.behaviors"
"""The list whose order counts: CloudFront takes the first behavior whose path fits."""


def _below(where: str, unread: tuple[str, ...]) -> bool:
    return any(where == fact or where.startswith((f"{fact}.", f"{fact}[")) for fact in unread)


def _flat(value: Any, where: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, inner in _told(value).items():
            yield from _flat(inner, f"{where}.{key}" if where else str(key))
    elif isinstance(value, list) and value and all(isinstance(item, Mapping) for item in value):
        names = _names(value)
        if where == ORDERED:
            yield where, ", ".join(names)
        for name, item in zip(names, value, strict=True):
            yield from _flat(item, f"{where}[{name}]")
    elif isinstance(value, list):
        if value:
            yield where, ", ".join(str(item) for item in value)
    elif value is not None:
        yield where, value if isinstance(value, str) else json.dumps(value)


def _told(value: Mapping[str, Any]) -> Mapping[str, Any]:
    """A fact, without what isn't one: where a name leads that the DNS wasn't asked of, and at which of CloudFront's
    edges, which changes by the minute."""
    if "here" in value and value["here"] is None:
        return {"unknown": value.get("answer")}
    if value.get("here") is True and value.get("by") == "dns":
        return {key: inner for key, inner in value.items() if key != "answer"}
    return value


def _names(items: Sequence[Any]) -> list[str]:
    """What each item is called; its number, where that wouldn't tell two of them apart."""
    found = [next((str(item[key]) for key in NAMED_BY if item.get(key)), "") for item in items]
    return found if len({*found, ""}) > len(found) else [str(number) for number, _ in enumerate(items)]
