"""What a plan does, counted and listed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bascule import meaning, routing
from bascule.ladder import ALB_ORIGIN_ID
from bascule.meaning import Difference
from bascule.plan_json import Change, Plan

SIGNS = {"create": "+", "update": "~", "replace": "±", "delete": "-", "forget": ".", "import": "="}


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

    @property
    def in_full(self) -> str:
        """All six; a replacement is never hidden in an addition and a destruction."""
        return (
            f"{self.imported} import, {self.created} create, {self.updated} update, {self.replaced} replace, "
            f"{self.deleted} delete, {self.forgotten} forget"
        )


ADOPTION = Counts(imported=3)
"""The proof of an adoption: distribution, bucket and service, and nothing else."""


@dataclass(frozen=True)
class Row:
    """One resource that a plan touches."""

    address: str
    action: str
    """create, update, replace, delete, forget; import where nothing else happens."""
    imported: bool
    differences: tuple[Difference, ...]

    @property
    def words(self) -> str:
        """What happens to it."""
        return f"import and {self.action}" if self.imported and self.action != "import" else self.action

    @property
    def arguments(self) -> tuple[str, ...]:
        """The arguments that differ, without what is inside them."""
        return tuple(dict.fromkeys(meaning.argument(difference.path) for difference in self.differences))

    def __str__(self) -> str:
        changed = f"  ({', '.join(self.arguments)})" if self.arguments and self.action in ("update", "replace") else ""
        return f"  {SIGNS[self.action]} {self.words:<8} {self.address}{changed}"


def rows(plan: Plan) -> list[Row]:
    """Every managed resource that the plan touches, in the plan's order."""
    return [row for change in plan.changes if (row := _row(change)) is not None]


def counts(plan: Plan) -> Counts:
    """The plan's counts."""
    imported = sum(change.import_id is not None for change in plan.changes)
    actions = [change.action for change in plan.changes]
    of = {name: actions.count(name) for name in ("create", "update", "replace", "delete", "forget")}
    return Counts(imported, of["create"], of["update"], of["replace"], of["delete"], of["forget"])


def is_empty(plan: Plan) -> bool:
    """Whether applying the plan would change nothing, in the account or in the state."""
    touched = any(change.action not in ("no-op", "read") or change.import_id is not None for change in plan.changes)
    outputs = (plan.document.get("output_changes") or {}).values()
    return not touched and all(change.get("actions") == ["no-op"] for change in outputs)


def kept_behaviors(plan: Plan) -> list[str]:
    """The behaviors that keep going elsewhere once visitors are sent to the ALB, as `path → origin`."""
    return [
        f"{behavior.get('path_pattern')} → {behavior.get('target_origin_id')}"
        for change in plan.of_type("aws_cloudfront_distribution")
        if routing.first(change.after, "default_cache_behavior").get("target_origin_id") == ALB_ORIGIN_ID
        for behavior in routing.items(change.after.get("ordered_cache_behavior"))
        if isinstance(behavior, Mapping) and behavior.get("target_origin_id") != ALB_ORIGIN_ID
    ]


def differences(plan: Plan) -> list[str]:
    """Every argument in which the plan would change a resource, as `address.argument: before → after`.

    Values that Terraform marks as sensitive, or that may hold the origin's secret, are named and not shown.
    """
    return [f"{row.address}.{difference}" for row in rows(plan) for difference in row.differences]


def _row(change: Change) -> Row | None:
    imported, action = change.import_id is not None, change.action
    if action in ("no-op", "read"):
        return Row(change.address, "import", True, ()) if imported else None
    return Row(change.address, action, imported, tuple(meaning.differences(change)))
