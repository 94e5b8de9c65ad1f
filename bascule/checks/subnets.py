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


def route_table(subnet: str, tables: Iterable[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """The route table of a subnet: its own, or the VPC's main one (VPC user guide, subnet route tables)."""
    found = [(table, link) for table in tables for link in table.get("Associations", ())]
    for table, link in found:
        if link.get("SubnetId") == subnet:
            return table
    return next((table for table, link in found if link.get("Main")), None)


def internet_gateway(table: Mapping[str, Any] | None) -> str | None:
    """The internet gateway that a route table sends everything to, if it does and the gateway is there."""
    for route in (table or {}).get("Routes", ()):
        gateway = str(route.get("GatewayId") or "")
        everything = route.get("DestinationCidrBlock") == "0.0.0.0/0"
        if everything and gateway.startswith("igw-") and route.get("State", "active") == "active":
            return gateway
    return None
