"""What has to be observed in the account before the next rung: pure verdicts over what AWS answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bascule import distribution
from bascule.errors import BasculeError
from bascule.ladder import ALB_ORIGIN_ID, Stage

Answer = Mapping[str, Any]
"""A structure out of an AWS answer, in the API's own vocabulary."""


@dataclass(frozen=True)
class Verdict:
    """One observation: whether the gate holds, and what was seen."""

    gate: str
    passed: bool
    seen: str

    def __str__(self) -> str:
        return f"{'pass' if self.passed else 'FAIL'}  {self.gate}: {self.seen}"


def load_balancer_active(load_balancer: Answer) -> Verdict:
    """The ALB's state is `active` (ELB API, LoadBalancerState)."""
    code = load_balancer["State"]["Code"]
    return Verdict("ALB active", code == "active", f"{load_balancer['LoadBalancerName']} is {code}")


def service_attached(service: Answer, target_group_arn: str) -> Verdict:
    """One deployment, PRIMARY and COMPLETED, and our target group on the service.

    A circuit-breaker rollback also ends in one completed deployment, with the old configuration: that is why the
    target group is looked for (hashicorp/terraform-provider-aws issue 20858).
    """
    deployments = service["deployments"]
    primary = [d for d in deployments if d["status"] == "PRIMARY"]
    groups = {balancer.get("targetGroupArn") for balancer in service.get("loadBalancers", ())}
    attached = target_group_arn in groups
    completed = len(deployments) == 1 and len(primary) == 1 and primary[0].get("rolloutState") == "COMPLETED"
    rollouts = ", ".join(f"{d['status']} {d.get('rolloutState', 'of unknown state')}" for d in deployments)
    seen = f"{rollouts or 'no deployment'}; {'with' if attached else 'WITHOUT'} our target group"
    return Verdict("deployment finished", completed and attached, seen)


def targets_healthy(targets: Sequence[Answer], desired: int) -> Verdict:
    """Every registered target is healthy, and there are as many as the service wants tasks, at least one."""
    states = [target["TargetHealth"]["State"] for target in targets]
    healthy = states.count("healthy")
    seen = f"{healthy} of {len(states)} healthy, {desired} wanted"
    return Verdict("targets healthy", healthy == len(states) and healthy >= max(desired, 1), seen)


def distribution_deployed(distribution: Answer) -> Verdict:
    """Every edge has the distribution's latest config."""
    return Verdict("distribution deployed", distribution["Status"] == "Deployed", f"status {distribution['Status']}")


def distribution_released(config: Answer) -> Verdict:
    """No origin of the distribution is our ALB any more."""
    origins = [origin["Id"] for origin in config["Origins"]["Items"]]
    return Verdict("CloudFront let go of the ALB", ALB_ORIGIN_ID not in origins, f"origins {', '.join(origins)}")


def distribution_connected(config: Answer, probe_path: str) -> Verdict:
    """The live config has our origin, and the probe path goes to it: a failed update leaves a state that says so."""
    origins = [origin["Id"] for origin in config["Origins"]["Items"]]
    probes = [b["TargetOriginId"] for b in config["CacheBehaviors"].get("Items", ()) if b["PathPattern"] == probe_path]
    seen = f"origins {', '.join(origins)}; {probe_path} → {', '.join(probes) or 'the default behavior'}"
    return Verdict("CloudFront knows the ALB", ALB_ORIGIN_ID in origins and probes == [ALB_ORIGIN_ID], seen)


def distribution_expressible(config: Answer) -> Verdict:
    """Nothing in the live config is beyond the provider: its next update would reset that, with no diff in the plan."""
    leftover = distribution.from_api(config).leftover
    return Verdict("nothing that Terraform would reset", not leftover, ", ".join(sorted(leftover)) or "nothing found")


def require(verdicts: Sequence[Verdict], step: Stage, remedy: str) -> None:
    """Raises BasculeError, with `remedy`, if any verdict failed."""
    if all(verdict.passed for verdict in verdicts):
        return
    raise BasculeError(
        "\n".join([f"not going to {step}: the account isn't ready", *(f"  {verdict}" for verdict in verdicts)]),
        remedy=remedy,
    )
