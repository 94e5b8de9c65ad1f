"""What the provider accepts and AWS would refuse in the middle of an apply (measured: docs/field-notes.md)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bascule.errors import InputError
from bascule.ladder import ALB_ORIGIN_ID
from bascule.site import Site
from imports import Adopted
from modules.distribution import CACHE_KEYS

ZONES = 2
"""An ALB spans at least two availability zones (ELB user guide, Application Load Balancers)."""

METHOD_SETS = (
    frozenset({"GET", "HEAD"}),
    frozenset({"GET", "HEAD", "OPTIONS"}),
    frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"}),
)
"""The sets of allowed methods that CloudFront knows (CloudFront API, AllowedMethods)."""

ORIGINS = 25
"""Origins of one distribution (CloudFront quotas)."""

BEHAVIORS = 75
"""Cache behaviors of one distribution (CloudFront quotas)."""

SECURITY_GROUPS = 5
"""Security groups of one service (ECS API, AwsVpcConfiguration)."""

TARGET_GROUPS = 5
"""Target groups of one service (ECS developer guide, registering multiple target groups)."""


def check_service(site: Site, adopted: Adopted, where: str) -> None:
    """Raises InputError for a service that ECS would not put behind the load balancer."""
    if not adopted.service.get("network_configuration"):
        raise InputError(
            "the service's tasks have no addresses of their own, so a target group of type ip can't reach them",
            where=f"{where}: service.name",
            remedy="bascule moves services whose task definition has networkMode awsvpc",
        )
    facts = adopted.facts
    if site.service.container_port != facts.container_port or site.service.container not in (None, facts.container):
        raise InputError(
            f"container {facts.container} listened on port {facts.container_port} when the site was adopted",
            where=f"{where}: service.container_port, service.container",
            remedy="correct the keys; or run `bascule adopt`, if the running task definition is another one by now",
        )
    if len(site.service.keep_security_groups) >= SECURITY_GROUPS:
        raise InputError(
            f"{len(site.service.keep_security_groups)} groups and the one that admits the load balancer; ECS allows "
            f"{SECURITY_GROUPS}",
            where=f"{where}: service.keep_security_groups",
            remedy=f"keep at most {SECURITY_GROUPS - 1}: those that other resources name",
        )
    others = len(adopted.service.get("load_balancer", ()))
    if others >= TARGET_GROUPS:
        raise InputError(
            f"the service has {others} target groups already; ECS allows {TARGET_GROUPS}",
            where=f"{where}: service.name",
            remedy="take one off the service, then run `bascule adopt`",
        )

    if others and not site.service.keep_security_groups:
        raise InputError(
            "the service has a load balancer already, which reaches the tasks by their present security groups",
            where=f"{where}: service.keep_security_groups",
            remedy="name the groups that its load balancer needs; ours come beside them",
        )
    minimum = adopted.service.get("deployment_minimum_healthy_percent", 100)
    maximum = adopted.service.get("deployment_maximum_percent", 200)
    tasks = max(adopted.service.get("desired_count", 1), 1)
    # ECS rounds the most tasks of a deployment down (ECS API, DeploymentConfiguration).
    if tasks * maximum // 100 <= tasks or minimum == 0:
        raise InputError(
            f"a deployment keeps at least {minimum} % and at most {maximum} % of the tasks, of which there "
            f"{'is' if tasks == 1 else 'are'} {tasks}: one would stop before another starts, or none could start",
            where=f"imports of the service {site.service.name}",
            remedy="set minimumHealthyPercent 100 and maximumPercent 200 on the live service, then run `bascule adopt`",
        )


def check_certificate(site: Site, adopted: Adopted, where: str) -> None:
    """Raises InputError for a certificate that the load balancer could not use: ACM's are bound to region and account
    (ELB user guide, HTTPS listeners).
    """
    if site.origin.certificate_arn is None:
        return
    _, _, _, region, account, _ = site.origin.certificate_arn.split(":", 5)
    if (region, account) != (site.region, adopted.facts.account):
        raise InputError(
            f"the certificate is in {region}, account {account}; the load balancer is in {site.region}, account "
            f"{adopted.facts.account}",
            where=f"{where}: origin.certificate_arn",
            remedy=f"`aws acm list-certificates --region {site.region}` lists those that it can use",
        )


def alb_subnets(site: Site, adopted: Adopted, where: str) -> Sequence[str]:
    """The subnets for the ALB: the site file's, or the service's own. Raises InputError if AWS would refuse them."""
    (network,) = adopted.service.get("network_configuration") or [{}]
    subnets = site.load_balancer.subnets or tuple(sorted(network.get("subnets", ())))
    where = f"{where}: load_balancer.subnets"
    unknown = [subnet for subnet in subnets if subnet not in adopted.facts.zones]
    if unknown:
        raise InputError(
            f"{', '.join(unknown)}: not in {adopted.facts.vpc_id}, the service's VPC",
            where=where,
            remedy=f"choose among {', '.join(adopted.facts.zones)}",
        )
    zones = [adopted.facts.zones[subnet] for subnet in subnets]
    if len(set(zones)) < ZONES or len(set(zones)) < len(zones):
        raise InputError(
            f"an ALB needs one subnet in each of at least {ZONES} zones; these are in {', '.join(zones) or 'none'}",
            where=where,
            remedy="name public subnets, one a zone: "
            + ", ".join(f"{subnet} ({zone})" for subnet, zone in adopted.facts.zones.items()),
        )
    tasks = {adopted.facts.zones[subnet] for subnet in network.get("subnets", ()) if subnet in adopted.facts.zones}
    if not tasks <= set(zones):
        raise InputError(
            f"tasks run in {', '.join(sorted(tasks - set(zones)))} too, where the ALB couldn't reach them",
            where=where,
            remedy="name a subnet in each zone of the service's tasks",
        )
    return subnets


def check_distribution(values: Mapping[str, Any], where: str, adopted_in: str) -> None:
    """Raises InputError for a distribution that the provider accepts and CloudFront would refuse.

    `adopted_in` is the file that the behaviors and origins come from that aren't ours.
    """
    ordered = values["ordered_cache_behavior"]
    paths = [behavior["path_pattern"].removeprefix("/") for behavior in ordered]
    ours = {
        behavior["path_pattern"]: key
        for key, behavior in zip(("probe_path", "static_path"), ordered, strict=False)
        if behavior["target_origin_id"] == ALB_ORIGIN_ID
    }
    for path, key in ours.items():
        if paths.count(path.removeprefix("/")) > 1:
            raise InputError(
                f"the distribution has a behavior for {path} already",
                where=f"{where}: distribution.{key}",
                remedy="choose a path that no other behavior uses",
            )
    for what, number, limit in (
        ("origins", len(values["origin"]), ORIGINS),
        ("cache behaviors", len(ordered) + 1, BEHAVIORS),
    ):
        if number > limit:
            raise InputError(
                f"{number} {what} with ours; CloudFront allows {limit}",
                where=adopted_in,
                remedy="take one that isn't used off the distribution, then run `bascule adopt`",
            )
    for refusal in _refusals(values):
        raise InputError(
            f"{refusal}: CloudFront would refuse it",
            where=adopted_in,
            remedy="correct the live distribution and run `bascule adopt`; the file is written by it",
        )


def _refusals(values: Mapping[str, Any]) -> Iterator[str]:
    targets = {o["origin_id"] for o in values["origin"]} | {g["origin_id"] for g in values.get("origin_group", ())}
    for origin in values["origin"]:
        if not (origin.get("custom_origin_config") or origin.get("vpc_origin_config") or _is_s3(origin["domain_name"])):
            yield f"origin {origin['origin_id']} is no S3 bucket and has no custom_origin_config"
    for behavior in (*values["default_cache_behavior"], *values["ordered_cache_behavior"]):
        name = f"behavior {behavior.get('path_pattern', 'default')}"
        if behavior["target_origin_id"] not in targets:
            yield f"{name} goes to {behavior['target_origin_id']}, which is no origin"
        if frozenset(behavior["allowed_methods"]) not in METHOD_SETS:
            yield f"{name} allows the methods {', '.join(behavior['allowed_methods'])}"
        beside = [key for key in CACHE_KEYS if behavior.get(key)]
        if behavior.get("cache_policy_id") and beside:
            yield f"{name} has {', '.join(beside)} beside its cache policy"


def _is_s3(domain_name: str) -> bool:
    """Whether it is a bucket's REST endpoint, which needs no origin configuration; its website endpoint does."""
    return re.search(r"[.]s3(?!-website)[.-]([a-z0-9.-]+[.])?amazonaws[.]com([.]cn)?$", domain_name.lower()) is not None
