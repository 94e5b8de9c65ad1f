"""What a plan does, counted and listed, read from `terraform show -json` and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bascule.ladder import ALB_ORIGIN_ID

Plan = Mapping[str, Any]
"""The object that `terraform show -json PLANFILE` prints, format version 1."""

SECRET_PATHS = frozenset({"custom_header", "http_header", "condition"})
"""Arguments that may hold the origin's secret: named where they differ, never shown."""


EMPTY: Plan = {}
"""A plan of which Terraform said that it has no changes: its JSON takes seconds to print, and says no more."""


@dataclass(frozen=True)
class Counts:
    """How many resources a plan imports, creates, updates, replaces, deletes and forgets; a replacement counts once,
    as that. A resource may be imported and updated by the same plan."""

    imported: int = 0
    created: int = 0
    updated: int = 0
    replaced: int = 0
    deleted: int = 0
    forgotten: int = 0

    def __str__(self) -> str:
        words = [f"{self.imported} to import", f"{self.created} to add", f"{self.updated} to change"]
        if self.replaced:
            words.append(f"{self.replaced} to replace")
        words.append(f"{self.deleted} to destroy")
        if self.forgotten:
            words.append(f"{self.forgotten} to forget")
        return ", ".join(words)


ADOPTION = Counts(imported=3)
"""The proof of an adoption: distribution, bucket and service, and nothing else."""


@dataclass(frozen=True)
class Row:
    """One resource that a plan touches."""

    address: str
    action: str
    """create, update, replace, delete, forget, or read; import alone where nothing else happens."""
    imported: bool
    attributes: tuple[str, ...]
    """Top-level arguments that differ, for an update or a replacement."""

    def __str__(self) -> str:
        sign = {"create": "+", "update": "~", "replace": "±", "delete": "-", "forget": ".", "import": "="}[self.action]
        words = f"import and {self.action}" if self.imported and self.action != "import" else self.action
        changed = f"  ({', '.join(self.attributes)})" if self.attributes else ""
        return f"  {sign} {words:<8} {self.address}{changed}"


def rows(plan: Plan) -> list[Row]:
    """Every managed resource that the plan touches, in the plan's order."""
    return list(_rows(plan))


def counts(plan: Plan) -> Counts:
    """The plan's counts."""
    found = rows(plan)

    def count(action: str) -> int:
        return sum(row.action == action for row in found)

    return Counts(
        imported=sum(row.imported for row in found),
        created=count("create"),
        updated=count("update"),
        replaced=count("replace"),
        deleted=count("delete"),
        forgotten=count("forget"),
    )


def is_empty(plan: Plan) -> bool:
    """Whether applying the plan would change nothing, in the account or in the state."""
    return not rows(plan) and not any(
        change.get("actions") != ["no-op"] for change in (plan.get("output_changes") or {}).values()
    )


def kept_behaviors(plan: Plan) -> list[str]:
    """The behaviors that keep going elsewhere once visitors are sent to the ALB, as `path → origin`."""
    return [
        f"{behavior['path_pattern']} → {behavior['target_origin_id']}"
        for change in _managed(plan)
        if change["type"] == "aws_cloudfront_distribution"
        for after in [change["change"].get("after") or {}]
        if any(b["target_origin_id"] == ALB_ORIGIN_ID for b in after.get("default_cache_behavior") or ())
        for behavior in after.get("ordered_cache_behavior") or ()
        if behavior["target_origin_id"] != ALB_ORIGIN_ID
    ]


def differences(plan: Plan) -> list[str]:
    """Every argument in which the plan would change a resource, as `address.argument: before → after`.

    Values that Terraform marks as sensitive, or that may hold the origin's secret, are named and not shown.
    """
    found = []
    for change in _managed(plan):
        detail = change["change"]
        before, after = detail.get("before") or {}, detail.get("after") or {}
        for name in _differing(detail):
            shown = "(hidden)"
            if not _hidden(detail, name):
                then = "(known after apply)" if _unknown(detail, name) else repr(after.get(name))
                shown = f"{before.get(name)!r} → {then}"
            found.append(f"{change['address']}.{name}: {shown}")
    return found


def _rows(plan: Plan) -> Iterator[Row]:
    for change in _managed(plan):
        detail = change["change"]
        action = _action(detail["actions"])
        imported = "importing" in detail and detail["importing"] is not None
        if action == "no-op":
            if not imported:
                continue
            action = "import"
        differing = _differing(detail) if action in ("update", "replace") else []
        yield Row(change["address"], action, imported, tuple(differing))


def _managed(plan: Plan) -> list[Mapping[str, Any]]:
    return [change for change in plan.get("resource_changes") or () if change.get("mode") == "managed"]


def _action(actions: Sequence[str]) -> str:
    return "replace" if set(actions) == {"create", "delete"} else actions[0]


def _differing(detail: Mapping[str, Any]) -> list[str]:
    if detail["actions"] == ["no-op"]:
        return []
    before, after = detail.get("before") or {}, detail.get("after") or {}
    names = sorted(before.keys() | after.keys() | (detail.get("after_unknown") or {}).keys())
    return [name for name in names if _unknown(detail, name) or before.get(name) != after.get(name)]


def _unknown(detail: Mapping[str, Any], name: str) -> bool:
    return _any_true((detail.get("after_unknown") or {}).get(name))


def _any_true(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(_any_true(item) for item in value.values())
    if isinstance(value, list):
        return any(_any_true(item) for item in value)
    return value is True


def _hidden(detail: Mapping[str, Any], name: str) -> bool:
    marks = [detail.get("before_sensitive") or {}, detail.get("after_sensitive") or {}]
    if any(mark is True or (isinstance(mark, Mapping) and _any_true(mark.get(name))) for mark in marks):
        return True
    values = [(detail.get(side) or {}).get(name) for side in ("before", "after")]
    return any(_mentions(value, SECRET_PATHS) for value in [*values, {name: True}])


def _mentions(value: Any, names: frozenset[str]) -> bool:
    if isinstance(value, Mapping):
        return any((key in names and bool(item)) or _mentions(item, names) for key, item in value.items())
    if isinstance(value, list):
        return any(_mentions(item, names) for item in value)
    return False
