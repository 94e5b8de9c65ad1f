"""What the provider accepts and AWS would refuse in the middle of an apply (measured: docs/field-notes.md)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bascule.errors import InputError
from bascule.site import Site
from imports import Adopted

ZONES = 2
"""An ALB spans at least two availability zones (ELB user guide, Application Load Balancers)."""

METHOD_SETS = (
    frozenset({"GET", "HEAD"}),
    frozenset({"GET", "HEAD", "OPTIONS"}),
    frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"}),
)
"""The sets of allowed methods that CloudFront knows (CloudFront API, AllowedMethods)."""

BEHAVIORS = 75
"""Cache behaviors of one distribution (CloudFront quotas)."""


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
    return subnets


def check_distribution(values: Mapping[str, Any], where: str) -> None:
    """Raises InputError for a distribution that the provider accepts and CloudFront would refuse."""
    targets = {o["origin_id"] for o in values["origin"]} | {g["origin_id"] for g in values.get("origin_group", ())}
    ordered = values.get("ordered_cache_behavior", ())
    if len(ordered) + 1 > BEHAVIORS:
        raise InputError(f"{len(ordered) + 1} cache behaviors; CloudFront allows {BEHAVIORS}", where=where)
    paths = [behavior["path_pattern"] for behavior in ordered]
    for key, path in (("probe_path", paths[0]), ("static_path", paths[1] if len(paths) > 1 else "")):
        if path and paths.count(path) > 1:
            raise InputError(
                f"the distribution has a behavior for {path} already",
                where=f"{where}: distribution.{key}",
                remedy="choose a path that no adopted behavior uses",
            )
    for behavior in (*values["default_cache_behavior"], *ordered):
        _check_behavior(behavior, targets, f"{where}: behavior {behavior.get('path_pattern', 'default')}")


def _check_behavior(behavior: Mapping[str, Any], targets: set[str], where: str) -> None:
    if behavior["target_origin_id"] not in targets:
        raise InputError(f"goes to {behavior['target_origin_id']}, which is no origin", where=where)
    if frozenset(behavior["allowed_methods"]) not in METHOD_SETS:
        raise InputError(
            f"allowed methods {', '.join(behavior['allowed_methods'])} are no set of CloudFront's", where=where
        )
    refused = [key for key in ("forwarded_values", "min_ttl", "default_ttl", "max_ttl") if behavior.get(key)]
    if behavior.get("cache_policy_id") and refused:
        raise InputError(
            f"has a cache policy and {', '.join(refused)}: CloudFront accepts one or the other", where=where
        )
