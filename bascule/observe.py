"""Reads from the account what the gates of the ladder decide on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from bascule import aws
from bascule.errors import BasculeError
from bascule.gates import (
    Answer,
    Verdict,
    distribution_connected,
    distribution_deployed,
    distribution_expressible,
    distribution_released,
    load_balancer_active,
    service_attached,
    targets_healthy,
)
from bascule.ladder import Stage, Step
from bascule.site import Site


def observe(clients: aws.Clients, site: Site, step: Step) -> list[Verdict]:
    """The verdicts that applying `step` depends on.

    Climbing: the gate of every rung reached that is below the step, since a failed apply also leaves traces of a rung.
    What a failed apply didn't get to isn't in the state and can't be looked at: up to `connect` the step itself makes
    it, above that it has to be there. Descending below `attach`: CloudFront has to have let go of the ALB. Raises
    BasculeError if the account can't be read.
    """
    if not step.descends:
        verdicts = []
        for rung, type_, gate in _CLIMBING:
            if rung.rung <= step.reached.rung and rung.rung < step.stage.rung:
                resource = _values(step.state, type_)
                if resource:
                    verdicts += gate(clients, site, resource["arn"])
                elif step.stage.at_least(Stage.SERVE):
                    raise BasculeError(
                        f"Terraform's state holds no {type_}, though it shows {step.reached}",
                        remedy='set stage = "connect" and apply: that makes what is missing',
                    )
        return verdicts
    if not step.stage.at_least(Stage.ATTACH) and step.reached.at_least(Stage.BUILD):
        found = _distribution(clients, site)
        return [distribution_released(found["DistributionConfig"]), distribution_deployed(found)]
    return []


def knows_load_balancer(clients: aws.Clients, site: Site) -> bool:
    """Whether the live distribution has our origin, whatever the state says."""
    return not distribution_released(_distribution(clients, site)["DistributionConfig"]).passed


def visitors_go_to(clients: aws.Clients, site: Site) -> str:
    """The origin of the live distribution's default behavior."""
    config = _distribution(clients, site)["DistributionConfig"]
    return str(config["DefaultCacheBehavior"]["TargetOriginId"])


def _load_balancer(clients: aws.Clients, site: Site, arn: str) -> list[Verdict]:
    with aws.readable():
        (found,) = clients("elbv2").describe_load_balancers(LoadBalancerArns=[arn])["LoadBalancers"]
    return [load_balancer_active(found)]


def _service(clients: aws.Clients, site: Site, target_group_arn: str) -> list[Verdict]:
    with aws.readable():
        services = clients("ecs").describe_services(cluster=site.service.cluster, services=[site.service.name])
        health = clients("elbv2").describe_target_health(TargetGroupArn=target_group_arn)
    if not services["services"]:
        raise BasculeError(
            "no such service in this cluster",
            where=f"ECS service {site.service.cluster}/{site.service.name}",
            remedy="correct service.cluster or service.name; Terraform's state knows it, so it was there",
        )
    (service,) = services["services"]
    targets = health["TargetHealthDescriptions"]
    return [service_attached(service, target_group_arn), targets_healthy(targets, service["desiredCount"])]


def _connected(clients: aws.Clients, site: Site, arn: str) -> list[Verdict]:
    found = _distribution(clients, site)
    config = found["DistributionConfig"]
    return [
        distribution_deployed(found),
        distribution_connected(config, site.distribution.probe_path),
        distribution_expressible(config),
    ]


def _distribution(clients: aws.Clients, site: Site) -> Answer:
    with aws.readable():
        found: Answer = clients("cloudfront").get_distribution(Id=site.distribution.id)["Distribution"]
    return found


Gate = Callable[[aws.Clients, Site, str], list[Verdict]]

_CLIMBING: tuple[tuple[Stage, str, Gate], ...] = (
    (Stage.BUILD, "aws_lb", _load_balancer),
    (Stage.ATTACH, "aws_lb_target_group", _service),
    (Stage.CONNECT, "aws_cloudfront_distribution", _connected),
)
"""The gate of each rung, and the type of the resource in the state whose ARN it needs."""


def _values(state: Mapping[str, Any], type_: str) -> Mapping[str, Any]:
    resources = ((state.get("values") or {}).get("root_module") or {}).get("resources", ())
    return next((r["values"] for r in resources if r["type"] == type_ and r["mode"] == "managed"), {})
