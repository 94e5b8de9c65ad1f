"""What changed between the facts of two audits."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
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
    """Every fact that isn't the same, in the order of its place; who asked isn't a fact of the account."""
    before, after = ({k: v for k, v in _flat(facts, "") if k != "account.caller"} for facts in (old, new))
    return tuple(
        Changed(where, before.get(where), after.get(where))
        for where in sorted(before.keys() | after.keys())
        if before.get(where) != after.get(where)
    )


NAMED_BY = ("path", "name", "id", "digest", "code", "private")
"""By what the items of a list are told apart: an origin that moves up in a list has not changed."""


def _flat(value: Any, where: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _flat(inner, f"{where}.{key}" if where else str(key))
    elif isinstance(value, list) and any(isinstance(item, Mapping) for item in value):
        for number, item in enumerate(value):
            name = next((str(item[key]) for key in NAMED_BY if item.get(key)), str(number))
            yield from _flat(item, f"{where}[{name}]")
    elif isinstance(value, list):
        yield where, ", ".join(str(item) for item in value)
    elif value is not None:
        yield where, value if isinstance(value, str) else json.dumps(value)
