"""What there is on one side of a plan, and its distributions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bascule.plan_json import Plan
from bascule.planned_values import World, items, of_type
from bascule.security_groups import without

DISTRIBUTION_TYPE = "aws_cloudfront_distribution"
SITE = f"{DISTRIBUTION_TYPE}.site"
"""The site's own distribution."""

DELETED = "deleted"
"""A key that no resource has: what a plan deletes is told from what was never there."""


def world(plan: Plan, side: str) -> World:
    """What there is before the plan, or after it, and what its data sources read. What Terraform forgets goes on to be;
    a bucket that is deleted is marked as such; security groups are without what rules let in that are gone then, though
    Terraform shows it until it reads them again."""
    found = {**plan.data, **plan.untouched}
    for address, change in plan.by_address.items():
        values = change.before if change.action == "forget" else getattr(change, side)
        if change.action == "delete" and side == "after" and change.type == "aws_s3_bucket":
            values = {**change.before, DELETED: True}
        if values:
            found[address] = values
    if side == "after":
        for direction in ("ingress", "egress"):
            _close(plan, found, direction)
    return found


def _close(plan: Plan, found: dict[str, Mapping[str, Any]], direction: str) -> None:
    gone = [
        change.before
        for change in plan.of_type(f"aws_vpc_security_group_{direction}_rule")
        if change.action in ("delete", "replace", "update")
    ]
    for address, group in list(of_type(found, "aws_security_group")):
        own = [rule for rule in gone if rule.get("security_group_id") == group.get("id")]
        if own:
            found[address] = {**group, direction: without(group, direction, own)}


def paths(*worlds: World) -> list[str]:
    """A request path for each behavior of the distributions: `/` for the default one, the patterns' own otherwise."""
    patterns = {
        example(str(behavior["path_pattern"])): None
        for one in worlds
        for values in distributions(one)
        for behavior in items(values.get("ordered_cache_behavior"))
        if isinstance(behavior, Mapping) and isinstance(behavior.get("path_pattern"), str)
    }
    return list({"/": None, **patterns})


def example(pattern: str) -> str:
    """A path that a pattern matches: the pattern itself, with its leading slash, wildcards left standing."""
    return pattern if pattern.startswith("/") else f"/{pattern}"


def distributions(found: World) -> Iterator[Mapping[str, Any]]:
    """The distributions of a world, the site's own first."""
    return (values for _, values in addressed(found))


def addressed(found: World) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The same with their addresses."""
    if SITE in found:
        yield SITE, found[SITE]
    yield from ((address, values) for address, values in of_type(found, DISTRIBUTION_TYPE) if address != SITE)
