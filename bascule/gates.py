"""What has to be observed in the account before the next rung: pure verdicts over what AWS answered."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bascule import aws
from bascule.errors import BasculeError
from bascule.ladder import ALB_ORIGIN_ID, Stage, Step
from bascule.site import Site

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


def observe(clients: aws.Clients, site: Site, step: Step) -> list[Verdict]:
    """The verdicts that applying `step` depends on.

    Climbing: the gate of every rung reached that is below the step, since a failed apply also leaves traces of a rung.
    Descending below `attach`: CloudFront has to have let go. Raises BasculeError if the account can't be read.
    """
    if step.stage.at_least(step.reached):
        passed = [gate for rung, gate in _CLIMBING if rung.rung <= step.reached.rung and rung.rung < step.stage.rung]
        return [verdict for gate in passed for verdict in gate(clients, site, step.state)]
    if not step.stage.at_least(Stage.ATTACH):
        return _released(clients, site, step.state)
    return []


def require(verdicts: Sequence[Verdict], step: Stage) -> None:
    """Raises BasculeError if any verdict failed."""
    if all(verdict.passed for verdict in verdicts):
        return
    raise BasculeError(
        "\n".join([f"not going to {step}: the account isn't ready", *(f"  {verdict}" for verdict in verdicts)]),
        remedy="mend what failed and run it again; `bascule rollback` or an earlier stage leads back",
    )


def _load_balancer(clients: aws.Clients, site: Site, state: Answer) -> list[Verdict]:
    arn = _attribute(state, "aws_lb", "arn")
    with aws.readable():
        (found,) = clients("elbv2").describe_load_balancers(LoadBalancerArns=[arn])["LoadBalancers"]
    return [load_balancer_active(found)]


def _service(clients: aws.Clients, site: Site, state: Answer) -> list[Verdict]:
    arn = _attribute(state, "aws_lb_target_group", "arn")
    with aws.readable():
        services = clients("ecs").describe_services(cluster=site.service.cluster, services=[site.service.name])
        targets = clients("elbv2").describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
    if not services["services"]:
        raise BasculeError(
            "no such service in this cluster",
            where=f"ECS service {site.service.cluster}/{site.service.name}",
            remedy="correct service.cluster or service.name; Terraform's state knows it, so it was there",
        )
    (service,) = services["services"]
    return [service_attached(service, arn), targets_healthy(targets, service["desiredCount"])]


def _distribution(clients: aws.Clients, site: Site, state: Answer) -> list[Verdict]:
    with aws.readable():
        found = clients("cloudfront").get_distribution(Id=site.distribution.id)["Distribution"]
    return [distribution_deployed(found)]


def _released(clients: aws.Clients, site: Site, state: Answer) -> list[Verdict]:
    with aws.readable():
        found = clients("cloudfront").get_distribution(Id=site.distribution.id)["Distribution"]
    return [distribution_released(found["DistributionConfig"]), distribution_deployed(found)]


Gate = Callable[[aws.Clients, Site, Answer], list[Verdict]]

_CLIMBING: tuple[tuple[Stage, Gate], ...] = (
    (Stage.BUILD, _load_balancer),
    (Stage.ATTACH, _service),
    (Stage.CONNECT, _distribution),
)


def _attribute(state: Answer, type_: str, name: str) -> str:
    resources = ((state.get("values") or {}).get("root_module") or {}).get("resources", ())
    for resource in resources:
        if resource["type"] == type_ and resource["mode"] == "managed":
            return str(resource["values"][name])
    raise BasculeError(
        f"Terraform's state holds no {type_}, though it shows a later rung",
        remedy="set an earlier stage in the site file and apply: that finishes or takes back the rung",
    )
