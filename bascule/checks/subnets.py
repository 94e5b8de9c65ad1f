"""Which subnets the load balancer is to be in, and whether those are public: read from routes, not from names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bascule.checks.base import Case
from bascule.inventory import network_of

Subnet = Mapping[str, Any]


def wanted(case: Case) -> Sequence[str]:
    """Ids of the subnets for the load balancer: the site file's, or the service's own."""
    return case.site.load_balancer.subnets or tuple(sorted(of_tasks(case)))


def of_tasks(case: Case) -> Sequence[str]:
    """Ids of the subnets in which tasks start."""
    return tuple(network_of(case.service).get("subnets") or ())


def by_id(case: Case) -> Mapping[str, Subnet]:
    """Every subnet of the VPC."""
    return {subnet["SubnetId"]: subnet for subnet in case.rows("subnets")}


def chosen(case: Case) -> list[Subnet]:
    """The subnets for the load balancer that are in the VPC."""
    known = by_id(case)
    return [known[subnet] for subnet in wanted(case) if subnet in known]


def zones(subnets: Iterable[Subnet]) -> list[str]:
    """Their zones, in order."""
    return [str(subnet.get("AvailabilityZone")) for subnet in subnets]
