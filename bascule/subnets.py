"""What a load balancer needs of a subnet: a way to the internet, and room."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from ipaddress import ip_network
from typing import Any

FREE, SMALLEST = 8, 27
"""Free addresses, and prefix length of the smallest block, of a subnet that an Application Load Balancer is in (ELB
user guide, subnets for your load balancer)."""


def has_room(subnet: Mapping[str, Any]) -> bool:
    """Whether an Application Load Balancer finds room in a subnet, as DescribeSubnets has it."""
    block = subnet.get("CidrBlock")
    small = block is not None and ip_network(block).prefixlen > SMALLEST
    return int(subnet.get("AvailableIpAddressCount", 0)) >= FREE and not small


def is_public(subnet: str, tables: Iterable[Mapping[str, Any]]) -> bool:
    """Whether a subnet's route table leads everywhere by an internet gateway."""
    return internet_gateway(route_table(subnet, tables)) is not None


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
