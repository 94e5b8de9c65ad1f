"""Who passes security groups: CloudFront to the load balancer, the load balancer to the tasks.

Sources: VPC user guide, "Security group rules" (a rule admits; what none admits is kept out), CloudFront developer
guide, "Restrict access to Application Load Balancers" (AWS's list of CloudFront's origin-facing addresses). CloudFront
asks over IPv4. Addresses aren't compared with ranges but with all of IPv4: which ones CloudFront or a task has isn't in
a plan.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bascule.plan_json import Unknown
from bascule.planned_values import World, items, may_be_any, of_type

CLOUDFRONT = "com.amazonaws.global.cloudfront.origin-facing"
"""The name of AWS's list of CloudFront's origin-facing addresses (CloudFront developer guide, AWS-managed prefix list).
"""

RULES_QUOTA = "L-0EA8095F"
"""Service Quotas' code of "Inbound or outbound rules per security group"."""
EVERYWHERE = "0.0.0.0/0"

Admits = Callable[[Mapping[str, Any]], bool | None]
"""Whether a rule speaks of whom is asked for; None if that isn't known."""


@dataclass(frozen=True)
class Gate:
    """Security groups that a request has to pass."""

    way: str
    """From where to where."""
    port: Any
    groups: tuple[Any, ...]
    passes: bool | None
    """None where that isn't known."""
    by: str = ""
    """The address of the rule that lets it pass."""


def gate(found: World, way: str, direction: str, groups: Iterable[Any], port: Any, admits: Admits) -> Gate:
    """Whether some rule of the groups, `ingress` or `egress`, lets TCP pass to a port for whom `admits` speaks of."""
    asked = tuple(groups)
    own = {group.get("id") for _, group in of_type(found, "aws_security_group")}
    unsure = not asked or any(group not in own for group in asked)
    for address, rule in _rules(found, direction, asked):
        verdict = False if rule is None else _both(_on(rule, port), admits(rule))
        if verdict:
            return Gate(way, port, asked, True, address)
        unsure = unsure or verdict is None or rule is None
    return Gate(way, port, asked, None if unsure else False)


def _rules(found: World, direction: str, groups: tuple[Any, ...]) -> Iterator[tuple[str, Mapping[str, Any] | None]]:
    """The rules of these groups, by either kind of resource and as the groups themselves have them; None for one of
    which nothing is known."""
    alone = of_type(found, f"aws_vpc_security_group_{direction}_rule")
    older = ((a, v) for a, v in of_type(found, "aws_security_group_rule") if v.get("type") == direction)
    for address, rule in (*alone, *older):
        if rule.get("security_group_id") in groups:
            yield address, rule
        elif may_be_any(found, rule.get("security_group_id")):
            yield address, None
    for address, group in of_type(found, "aws_security_group"):
        if group.get("id") in groups:
            yield from ((address, None if isinstance(one, Unknown) else one) for one in items(group.get(direction)))


def _on(rule: Mapping[str, Any], port: Any) -> bool | None:
    protocol = rule.get("ip_protocol", rule.get("protocol"))
    if str(protocol) in ("-1", "all"):
        return True
    if str(protocol) not in ("tcp", "6") and not isinstance(protocol, Unknown):
        return False
    first, last = rule.get("from_port"), rule.get("to_port")
    if any(isinstance(one, Unknown) or one is None for one in (protocol, first, last, port)):
        return None
    return bool(int(first or 0) <= int(port) <= int(last or 0))


def _both(one: bool | None, other: bool | None) -> bool | None:
    if one is False or other is False:
        return False
    return None if one is None or other is None else True


def _named(rule: Mapping[str, Any], *names: str) -> list[Any]:
    return [one for name in names for one in items(rule.get(name) or None)]


def _ranges(rule: Mapping[str, Any]) -> bool | None:
    """Whether the rule speaks of all of IPv4; None where it speaks of a part of it, or that isn't known."""
    ranges = _named(rule, "cidr_ipv4", "cidr_blocks")
    if EVERYWHERE in ranges:
        return True
    return None if ranges else False


def anyone(rule: Mapping[str, Any]) -> bool | None:
    """Speaks of everybody there is, by IPv4."""
    return _ranges(rule)


def of_cloudfront(found: World) -> Admits:
    """Speaks of CloudFront's origin-facing servers."""
    lists = {
        values.get("id")
        for kind in ("aws_ec2_managed_prefix_list", "data.aws_ec2_managed_prefix_list")
        for _, values in of_type(found, kind)
        if values.get("name") == CLOUDFRONT
    }

    def admits(rule: Mapping[str, Any]) -> bool | None:
        named = _named(rule, "prefix_list_id", "prefix_list_ids")
        if lists & {one for one in named if isinstance(one, str | Unknown)}:
            return True
        if named and (not lists or any(isinstance(one, Unknown) for one in (*named, *lists))):
            return None
        return _ranges(rule)

    return admits


def of_groups(groups: Iterable[Any]) -> Admits:
    """Speaks of what is in any of these groups."""
    asked = set(groups)

    def admits(rule: Mapping[str, Any]) -> bool | None:
        named = _named(rule, "referenced_security_group_id", "source_security_group_id", "security_groups")
        itself = rule.get("self") is True
        ranges = _ranges(rule)
        if ranges or asked & set(named) or (itself and rule.get("security_group_id") in asked):
            return True
        if itself or not asked or (named and any(isinstance(one, Unknown) for one in (*named, *asked))):
            return None
        return None if ranges is False and _named(rule, "prefix_list_id", "prefix_list_ids") else ranges

    return admits


def without(group: Mapping[str, Any], direction: str, gone: Iterable[Mapping[str, Any]]) -> list[Any]:
    """A group's own rules as it will have them once these others, resources of their own, are gone."""
    kept = []
    for entry in items(group.get(direction)):
        if isinstance(entry, Unknown) or not any(_same(entry, rule) for rule in gone):
            kept.append(entry)
    return kept


_SOURCES = (
    ("cidr_blocks", "cidr_ipv4"),
    ("ipv6_cidr_blocks", "cidr_ipv6"),
    ("prefix_list_ids", "prefix_list_id"),
    ("security_groups", "referenced_security_group_id"),
)


def _same(entry: Mapping[str, Any], rule: Mapping[str, Any]) -> bool:
    ports = all(entry.get(name) == (rule.get(name) or 0) for name in ("from_port", "to_port"))
    return ports and all(set(_named(entry, many)) == set(_named(rule, one, many)) for many, one in _SOURCES)
