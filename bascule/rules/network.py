"""Who can reach the ALB and the tasks: their security groups admit CloudFront and the ALB, and nobody else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bascule.ladder import Stage
from bascule.plan_json import Unknown
from bascule.routing import items, known
from bascule.rules.base import Case, Observation, Rule, Severity, fail, unknown
from bascule.security_groups import CLOUDFRONT

WEIGHT, QUOTA = 55, 60
"""Rules that the prefix list counts for, and that a security group may have (VPC user guide, quota L-0EA8095F)."""


def _alb_open(case: Case) -> Iterator[Observation]:
    lists = _cloudfront_lists(case)
    for balancer in case.remaining("aws_lb"):
        groups = items(balancer.after.get("security_groups"))
        if not groups:
            yield fail(f"{balancer.address} has no security group of its own")
        yield from _foreign(case, balancer.address, groups, ())
        for address, rule in _admitted(case, groups):
            yield from _judged(address, rule, lists)


def _foreign(case: Case, address: str, groups: tuple[Any, ...], kept: tuple[str, ...]) -> Iterator[Observation]:
    """Groups that aren't this site's own: nobody here knows whom they admit."""
    own = {group.get("id") for _, group in _values(case, "aws_security_group")} | set(kept)
    for group in groups:
        if group not in own:
            what = f"{address} is in {group}, which is not this site's"
            yield unknown(what) if isinstance(group, Unknown) else fail(what)


def _judged(address: str, rule: Mapping[str, Any], lists: frozenset[Any] | None) -> Iterator[Observation]:
    """What a rule admits that isn't CloudFront."""
    for source in (*_addresses(rule), *_groups(rule)):
        yield fail(f"{address} admits {source}")
    for found in _prefix_lists(rule):
        if lists is not None and found in lists:
            continue
        if lists is None or isinstance(found, Unknown):
            yield unknown(f"{address} admits a prefix list that is known after apply")
        else:
            yield fail(f"{address} admits {found}, which is not CloudFront's")


def _admitted(case: Case, groups: tuple[Any, ...]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every ingress rule of these groups after the plan: as resources of both kinds, and as the groups show them live.

    What a deleted rule let in is still shown by the group until it is read again.
    """
    for type_ in INGRESS_RULES:
        for address, rule in _values(case, type_):
            if rule.get("security_group_id") in groups and rule.get("type", "ingress") == "ingress":
                yield address, rule
    for address, group in _values(case, "aws_security_group"):
        if group.get("id") in groups and not isinstance(group.get("ingress"), Unknown):
            for entry in items(group.get("ingress")):
                gone = _gone(case, group.get("id"), entry)
                yield address, {name: _without(value, gone) for name, value in entry.items()}


def _gone(case: Case, group: Any, entry: Mapping[str, Any]) -> set[Any]:
    """What rules of this group and these ports let in that the plan deletes or changes."""
    return {
        source
        for type_ in INGRESS_RULES
        for change in case.plan.of_type(type_)
        if change.action in ("delete", "replace", "update")
        and change.before.get("security_group_id") == group
        and all(change.before.get(port) == entry.get(port) for port in ("from_port", "to_port"))
        for source in (*_addresses(change.before), *_groups(change.before), *_prefix_lists(change.before))
    }


INGRESS_RULES = ("aws_vpc_security_group_ingress_rule", "aws_security_group_rule")


def _without(value: Any, gone: set[Any]) -> Any:
    return [item for item in value if item not in gone] if isinstance(value, list) else value


def _values(case: Case, type_: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Values of every resource of a type after the plan, those that a narrowed plan doesn't speak of included."""
    yield from ((change.address, change.after) for change in case.remaining(type_))
    yield from ((a, values) for a, values in case.plan.untouched.items() if a.startswith(f"{type_}."))


def _addresses(rule: Mapping[str, Any]) -> tuple[Any, ...]:
    names = ("cidr_ipv4", "cidr_ipv6", "cidr_blocks", "ipv6_cidr_blocks")
    return tuple(source for name in names for source in items(rule.get(name) or None))


def _groups(rule: Mapping[str, Any]) -> tuple[Any, ...]:
    names = ("referenced_security_group_id", "source_security_group_id", "security_groups")
    own = ("itself",) if rule.get("self") is True else ()
    return (*(source for name in names for source in items(rule.get(name) or None)), *own)


def _prefix_lists(rule: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(found for name in ("prefix_list_id", "prefix_list_ids") for found in items(rule.get(name) or None))


def _tasks_open(case: Case) -> Iterator[Observation]:
    balancers = {group for _, lb in _values(case, "aws_lb") for group in items(lb.get("security_groups"))}
    tasks = tuple(
        group.get("id") for _, group in _values(case, "aws_security_group") if group.get("id") not in balancers
    )
    for address, rule in _admitted(case, tasks):
        for source in (*_addresses(rule), *_prefix_lists(rule)):
            yield fail(f"{address} admits {source} to the tasks")
        for source in _groups(rule):
            if source not in balancers:
                what = f"{address} admits {source} to the tasks, which is not the ALB's group"
                yield unknown(what) if isinstance(source, Unknown) else fail(what)
    if case.step.stage.at_least(Stage.ATTACH):
        kept = case.site.service.keep_security_groups
        for service in case.remaining("aws_ecs_service"):
            for network in known(service.after.get("network_configuration")):
                yield from _foreign(case, service.address, items(network.get("security_groups")), kept)


def _one_port(case: Case) -> Iterator[Observation]:
    lists = _cloudfront_lists(case) or frozenset()
    ports: dict[Any, set[tuple[Any, Any]]] = {}
    later: dict[Any, set[tuple[Any, Any]]] = {}
    for type_ in INGRESS_RULES:
        for _, rule in _values(case, type_):
            admitted = (rule.get("from_port"), rule.get("to_port"))
            for found in _prefix_lists(rule):
                if found in lists or isinstance(found, Unknown):
                    where = ports if found in lists else later
                    where.setdefault(rule.get("security_group_id"), set()).add(admitted)
    for group in {**ports, **later}:
        known_ports, all_ports = ports.get(group, set()), ports.get(group, set()) | later.get(group, set())
        what = (
            f"{group}: CloudFront's list on {len(all_ports)} ports counts as {WEIGHT * len(all_ports)} of {QUOTA} rules"
        )
        if len(known_ports) > 1:
            yield fail(what)
        elif len(all_ports) > 1:
            yield unknown(what)


def _cloudfront_lists(case: Case) -> frozenset[Any] | None:
    """Ids of CloudFront's prefix list; None where Terraform could not read it yet."""
    found = [
        values.get("id")
        for address, values in case.plan.data.items()
        if address.startswith("data.aws_ec2_managed_prefix_list.") and values.get("name") == CLOUDFRONT
    ]
    return frozenset(found) if found else None


RULES = (
    Rule(
        "alb-open",
        Severity.BLOCK,
        "the ALB is reachable from CloudFront's addresses and from nowhere else",
        "The security group of the ALB admits AWS's prefix list of CloudFront's origin-facing addresses. Any "
        "other source lets people go round CloudFront, its certificate, its WAF and its logs. Rules that somebody "
        "added by hand count, too: take them away, or give the other client a listener of its own.",
        _alb_open,
    ),
    Rule(
        "tasks-open",
        Severity.BLOCK,
        "the tasks are reachable from the ALB and from nowhere else",
        "The tasks have public addresses; what keeps the world from port 3000 is their security group. It admits "
        "the ALB's group alone.",
        _tasks_open,
    ),
    Rule(
        "prefix-list-ports",
        Severity.BLOCK,
        "CloudFront's prefix list is admitted on one port in a security group",
        f"The list weighs {WEIGHT} of the {QUOTA} rules that a security group may have, for each port. AWS refuses the "
        "second one in the middle of the apply.",
        _one_port,
    ),
)
