"""What stands behind an origin that is a load balancer: its listener, target groups, their tasks, and security groups.

Sources: ELB user guide, "Listeners", "Target groups", "Health checks" (a group of which no target is healthy is sent
requests all the same, one without targets isn't).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from bascule.listener_rules import NOT_UNDERSTOOD, Forward, Rule, in_order, rule
from bascule.plan_json import Unknown
from bascule.planned_values import NotKnown, World, find, first, items, known, may_be_any, of_type, sure, text
from bascule.security_groups import Gate, gate, of_cloudfront, of_groups

TARGET_STATES = "target_states"
"""A key that no target group has in Terraform: the states of its targets, where the account was read (`healthy`,
`unhealthy`, `initial`, …, as ELB says them)."""


UNASKED = frozenset({"draining", "unhealthy.draining", "unused"})
"""States of targets that are sent nothing new (ELB user guide, "Health checks", target health status)."""


@dataclass(frozen=True)
class Listener:
    """A listener, made ready for many requests."""

    address: str
    port: Any
    protocol: str
    rules: tuple[Rule, ...]
    default_actions: Any
    names: frozenset[str] = frozenset()
    """Of the headers that its rules look at, in lower case."""


@dataclass(frozen=True)
class Health:
    """What a target group's health check asks, and what is known of its verdict."""

    check: Mapping[str, Any]
    """Its settings, in Terraform's vocabulary."""
    states: tuple[str, ...] | None
    """Of the registered targets; None where the account wasn't read."""

    @property
    def verdict(self) -> bool | None:
        """Whether any target is healthy; None where that isn't known."""
        return None if self.states is None else "healthy" in self.states


@dataclass(frozen=True)
class Target:
    """A target group that a request may be sent to."""

    group: str
    """Its address; its ARN where it isn't of this world."""
    weight: Any
    health: Health
    known: bool = True
    """Whether the group is of this world."""
    service: str = ""
    """The service whose tasks are in it; empty for none."""
    container: str = ""
    """Name and port of the container that answers."""
    port: Any = None

    @property
    def answers(self) -> bool:
        """Whether there is anybody to answer: registered targets, where the account was read, else a service."""
        states = self.health.states
        return bool(self.service) if states is None else any(state not in UNASKED for state in states)


def load_balancer_of(found: World, origin: Mapping[str, Any]) -> str | None:
    """The address of the load balancer that an origin names, or None."""
    domain = origin.get("domain_name")
    balancers = (address for address, values in of_type(found, "aws_lb") if _same_name(values.get("dns_name"), domain))
    return None if domain is None else next(balancers, None)


def _same_name(one: Any, other: Any) -> bool:
    if isinstance(one, str) and isinstance(other, str):
        return one.lower() == other.lower().removeprefix("dualstack.")
    return bool(one == other)


def listener(found: World, balancer: str, port: Any) -> Listener | None:
    """The listener of a load balancer on a port. Raises NotKnown."""
    arn = found[balancer].get("arn")
    listeners = [(a, v) for a, v in of_type(found, "aws_lb_listener") if v.get("load_balancer_arn") == arn]
    at = next(((a, v) for a, v in listeners if v.get("port") == port), None)
    if at is None:
        for _, values in listeners:
            sure(values.get("port"))
        for _, values in of_type(found, "aws_lb_listener"):
            _not_any(found, values.get("load_balancer_arn"))
        return None
    address, values = at
    rules = in_order(_rules(found, values.get("arn")))
    names = frozenset(str(one.name) for rule in rules for one in rule.conditions if one.kind == "http_header")
    return Listener(address, port, text(values.get("protocol")), rules, values.get("default_action"), names)


def _rules(found: World, arn: Any) -> Iterator[Rule]:
    """The rules of a listener, and those that may be."""
    for address, values in of_type(found, "aws_lb_listener_rule"):
        if values.get("listener_arn") == arn:
            yield rule(address, values)
        elif may_be_any(found, values.get("listener_arn")):
            made = rule(address, values)
            yield replace(made, conditions=(*made.conditions, NOT_UNDERSTOOD))


def _not_any(found: World, reference: Any) -> None:
    if may_be_any(found, reference):
        raise NotKnown(str(reference))


def targets(found: World, forward: Forward) -> tuple[Target, ...]:
    """The target groups of an action, with the services that are in them. Raises NotKnown where none has one, and one
    that isn't known may have."""
    groups = {values.get("arn"): (address, values) for address, values in of_type(found, "aws_lb_target_group")}
    reached = tuple(_target(found, arn, weight, *groups.get(arn, (text(arn), {}))) for arn, weight in forward.groups)
    if not any(target.service or target.known for target in reached):
        for arn, _ in forward.groups:
            sure(arn)
    return reached


def _target(found: World, arn: Any, weight: Any, address: str, group: Mapping[str, Any]) -> Target:
    states = group.get(TARGET_STATES)
    read = None if states is None or isinstance(states, Unknown) else tuple(states)
    health = Health(first(group, "health_check"), read)
    for service, values in of_type(found, "aws_ecs_service"):
        attached = find(values.get("load_balancer"), lambda one: bool(one.get("target_group_arn") == arn))
        if attached is not None:
            port = attached.get("container_port")
            container = f"{text(attached.get('container_name'))}:{text(port)}"
            return Target(address, weight, health, bool(group), service, container, port)
    for _, values in of_type(found, "aws_ecs_service"):
        for one in known(values.get("load_balancer")):
            _not_any(found, one.get("target_group_arn"))
    sure(states)
    return Target(address, weight, health, bool(group))


def gates(found: World, balancer: str, port: Any, reached: tuple[Target, ...]) -> Iterator[Gate]:
    """The security groups that a request passes: into the load balancer, out of it, and into the tasks."""
    front = items(found[balancer].get("security_groups"))
    yield gate(found, f"CloudFront to {balancer}", "ingress", front, port, of_cloudfront(found))
    for target in reached:
        if target.service:
            tasks = _groups(found[target.service])
            way = f"{balancer} to {target.service}"
            yield gate(found, f"{way}, out", "egress", front, target.port, of_groups(tasks))
            yield gate(found, f"{way}, in", "ingress", tasks, target.port, of_groups(front))


def _groups(service: Mapping[str, Any]) -> tuple[Any, ...]:
    try:
        return tuple(
            g for block in known(service.get("network_configuration")) for g in items(block["security_groups"])
        )
    except (NotKnown, KeyError):
        return ()
