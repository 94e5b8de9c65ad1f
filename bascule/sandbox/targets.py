"""Whether a load balancer would find a task healthy."""

from __future__ import annotations

from typing import Any

from moto.ec2.models import ec2_backends
from moto.elbv2.models import elbv2_backends

from bascule.sandbox.switches import SWITCHES

REGISTERING = 1.0
"""Seconds from registration until the target is healthy; before that it is `initial`."""
DRAINING = 1.0
"""Seconds for which a deregistered target is still answered, as `draining`."""

Config = dict[str, Any]


def state(target_group: Any, target: Config, service: str, interface: Any, now: float) -> tuple[str, str | None]:
    """State and reason code of a registered target, as DescribeTargetHealth names them.

    `interface` is the network interface of the running task at that address, None if there is none; `service` the
    name of its service, which a switch can make unhealthy.
    """
    if not target_group.load_balancer_arns:
        return "unused", "Target.NotInUse"
    if "draining_until" in target:
        return "draining", "Target.DeregistrationInProgress"
    if now - target.get("registered_at", 0.0) < REGISTERING:
        return "initial", "Elb.RegistrationInProgress"
    if service in SWITCHES.unhealthy:
        return "unhealthy", "Target.FailedHealthChecks"
    if interface is None or not _admitted(target_group, interface):
        return "unhealthy", "Target.Timeout"
    return "healthy", None


def register(target_group: Any, address: str, now: float) -> None:
    """RegisterTargets of one address."""
    target_group.register([{"Id": address}])
    target_group.targets[address]["registered_at"] = now


def drain(target_group: Any, address: str, now: float) -> None:
    """DeregisterTargets of one address: it goes when it has drained (`forget_drained`)."""
    if address in target_group.targets:
        target_group.targets[address]["draining_until"] = now + DRAINING


def forget_drained(account: str, region: str, now: float) -> None:
    """Take out the targets that have finished draining."""
    for target_group in elbv2_backends[account][region].target_groups.values():
        for target in list(target_group.targets.values()):
            if target.get("draining_until", now) < now:
                del target_group.targets[target["Id"]]


def _admitted(target_group: Any, interface: Any) -> bool:
    """Whether security groups let every load balancer of the target group reach the interface's port."""
    account, region = target_group.account_id, target_group.region_name
    ec2, port = ec2_backends[account][region], int(target_group.port)
    for arn in target_group.load_balancer_arns:
        balancer = elbv2_backends[account][region].load_balancers[arn]
        groups = [ec2.get_security_group_from_id(group) for group in balancer.security_groups]
        leaves = any(
            _admits(rule, port, interface.group_set) for group in groups if group for rule in group.egress_rules
        )
        enters = any(_admits(rule, port, groups) for group in interface.group_set for rule in group.ingress_rules)
        if not (leaves and enters):
            return False
    return True


def _admits(rule: Any, port: int, peers: list[Any]) -> bool:
    in_range = rule.ip_protocol == "-1" or (rule.from_port or 0) <= port <= (rule.to_port or 0)
    group = (rule.source_group or {}).get("GroupId")
    return in_range and (rule.cidr_ipv4 is not None or group in {peer.id for peer in peers})
