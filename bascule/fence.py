"""The distribution as it was when a plan was made, so that nobody's change is lost between plan and apply.

UpdateDistribution replaces the whole config, and on an outdated ETag AWS provider 5.100.0 reads the new one and sends
its own body again: a console edit made after the plan would be gone without a word (read in the provider's source;
docs/field-notes.md). So the config is compared again right before the apply.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bascule import distribution, schema
from bascule.errors import BasculeError
from bascule.meaning import ABSENT, HIDDEN, Leaf, flat, shown
from bascule.plan_json import Plan
from bascule.routing import DISTRIBUTION_TYPE


@dataclass(frozen=True)
class Fence:
    """A distribution's live config at one moment."""

    etag: str
    config: Mapping[str, Any]
    """DistributionConfig, as GetDistributionConfig answers it."""

    @property
    def digest(self) -> str:
        """SHA-256 of the config, as hex, whatever the order of its keys."""
        return hashlib.sha256(json.dumps(self.config, sort_keys=True).encode()).hexdigest()

    @property
    def leftover(self) -> Mapping[str, Any]:
        """What the provider can't express of it."""
        return distribution.from_api(self.config).leftover


def dumps(fence: Fence) -> str:
    """The fence as JSON: the raw config is the last way back, so it is kept as the API gave it."""
    return json.dumps({"ETag": fence.etag, "DistributionConfig": fence.config}, indent=1) + "\n"


def loads(text: str) -> Fence:
    """The fence that `dumps` wrote. Raises ValueError or KeyError for anything else."""
    found = json.loads(text)
    return Fence(str(found["ETag"]), found["DistributionConfig"])


def require_same(then: Fence, now: Fence, plan: Plan) -> None:
    """Raises BasculeError with a three-way difference if the distribution isn't what the plan was made from."""
    if (then.etag, then.digest) == (now.etag, now.digest):
        return
    changed = differences(then, now, plan)
    listed = changed or ["  nothing that its arguments show; only its ETag is another"]
    raise BasculeError(
        "\n".join(["the distribution was changed after this plan was made, and applying it would undo that:", *listed]),
        where=f"CloudFront distribution, ETag {then.etag} when planned, {now.etag} now",
        remedy="undo it by hand, then `bascule plan`; `bascule review --explain adopted-changed` says how to keep it",
    )


def require_planned_from(fence: Fence, plan: Plan) -> None:
    """Raises BasculeError if the plan was made from another version of the distribution than `fence` holds."""
    for change in plan.of_type(DISTRIBUTION_TYPE):
        etag = change.before.get("etag")
        if etag and etag != fence.etag:
            raise BasculeError(
                "the distribution was changed while this was being planned",
                where=f"ETag {etag} in the plan, {fence.etag} live",
                remedy="plan again, once nobody else is changing it",
            )


def differences(then: Fence, now: Fence, plan: Plan) -> list[str]:
    """A line for each argument that was changed since the plan: what it was, what it is, what the plan makes of it."""
    block = schema.load().resource(DISTRIBUTION_TYPE)
    planned: dict[str, Leaf] = {}
    for change in plan.of_type(DISTRIBUTION_TYPE):
        planned = flat(change.after, block, change.after_sensitive)
    found, beyond = _compared(then, now)
    lines = [
        f"  {path}: was {was}, is now {live}, the plan makes it {_shown(planned, path)}" for path, was, live in found
    ]
    return lines + [f"  {path}: changed, and beyond what the provider can say" for path in beyond]


def becomes(now: Fence, then: Fence) -> list[str]:
    """A line for each argument that differs: what it is, and what it becomes."""
    found, beyond = _compared(now, then)
    return [f"  {path}: {is_now} becomes {later}" for path, is_now, later in found] + [
        f"  {path}: changes, and is beyond what the provider can say" for path in beyond
    ]


def overwritten(now: Fence, then: Fence) -> list[str]:
    """The arguments of `now`, and the fields that the provider can't express, that `then` would change or take off."""
    found, beyond = _compared(now, then)
    held = flat(distribution.from_api(now.config).values, schema.load().resource(DISTRIBUTION_TYPE))
    return [*(path for path, _, _ in found if path in held), *beyond]


def _compared(one: Fence, other: Fence) -> tuple[list[tuple[str, str, str]], list[str]]:
    """The arguments in which two configs differ, with their two values as they are shown, and the fields that the
    provider can't express."""
    block = schema.load().resource(DISTRIBUTION_TYPE)
    old, new = (flat(distribution.from_api(each.config).values, block) for each in (one, other))
    differing = [
        (path, _shown(old, path), _shown(new, path))
        for path in sorted({*old, *new})
        if _value(old, path) != _value(new, path)
    ]
    beyond = sorted({*one.leftover, *other.leftover})
    return differing, [path for path in beyond if one.leftover.get(path) != other.leftover.get(path)]


def _value(leaves: Mapping[str, Leaf], path: str) -> Any:
    return leaves[path].value if path in leaves else ABSENT


def _shown(leaves: Mapping[str, Leaf], path: str) -> str:
    return shown(HIDDEN if path in leaves and leaves[path].hidden else _value(leaves, path))
