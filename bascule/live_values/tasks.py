"""Security groups, CloudFront's prefix list, and ECS services."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bascule.inventory import Unread, network_of, rows
from bascule.live_values.balancers import origin_balancers
from bascule.live_values.facts import Answers, Named, name_of, not_read
from bascule.security_groups import CLOUDFRONT


def security_groups(answers: Answers) -> Named:
    """The security groups of load balancers and services, with the rules that they have themselves."""
    found = answers.get("security_groups")
    if isinstance(found, Unread):
        unread = not_read(found)
        yield from ((id_, {"id": id_, "ingress": unread, "egress": unread}) for id_ in groups_of(answers))
    for group in rows(found):
        yield (
            name_of(group["GroupName"]),
            {
                "id": group["GroupId"],
                "name": group["GroupName"],
                "ingress": [_permission(one) for one in group.get("IpPermissions", ())],
                "egress": [_permission(one) for one in group.get("IpPermissionsEgress", ())],
            },
        )


def groups_of(answers: Answers) -> list[str]:
    """The ids of the security groups of load balancers and services."""
    named = {group for balancer in origin_balancers(answers) for group in balancer.get("SecurityGroups", ())}
    services = [service for name in answers if (service := service_of(answers, name)) is not None]
    return sorted(named.union(*(network_of(service).get("securityGroups") or () for service in services)))


def _permission(one: Mapping[str, Any]) -> Mapping[str, Any]:
    """A rule of a group, as the group's own `ingress` or `egress` has it. All ports are none at all in the API."""
    return {
        "protocol": one["IpProtocol"],
        "from_port": one.get("FromPort", 0),
        "to_port": one.get("ToPort", 0),
        "cidr_blocks": [item["CidrIp"] for item in one.get("IpRanges", ())],
        "ipv6_cidr_blocks": [item["CidrIpv6"] for item in one.get("Ipv6Ranges", ())],
        "prefix_list_ids": [item["PrefixListId"] for item in one.get("PrefixListIds", ())],
        "security_groups": [item["GroupId"] for item in one.get("UserIdGroupPairs", ()) if item.get("GroupId")],
    }


def prefix_lists(answers: Answers) -> Named:
    """CloudFront's managed prefix list, the data source of the configuration."""
    found = answers["prefix_list"]
    if isinstance(found, Unread):
        yield "cloudfront", {"id": not_read(found), "name": CLOUDFRONT}
    for one in rows(found):
        yield "cloudfront", {"id": one["PrefixListId"], "name": one["PrefixListName"]}


def service_of(answers: Answers, name: str) -> Mapping[str, Any] | None:
    """The ECS service that a call of that name found, in the API's vocabulary, unless it is deleted."""
    if not name.startswith("service/"):
        return None
    found: Mapping[str, Any] | None = next((s for s in rows(answers[name]) if s.get("status") != "INACTIVE"), None)
    return found


def services(answers: Answers) -> Named:
    """Those that were read first: one that wasn't may be behind any target group."""
    unread = []
    for name in (name for name in answers if name.startswith("service/")):
        called = "site" if name == "service/0" else None
        if isinstance(answers[name], Unread):
            values = {"load_balancer": not_read(answers[name])}
            unread.append((called or name.replace("/", "_"), values))
        if (service := service_of(answers, name)) is not None:
            yield called or service["serviceName"], _service(service)
    yield from unread


def _service(service: Mapping[str, Any]) -> Mapping[str, Any]:
    network = network_of(service)
    attached = [one for some in (service, *service.get("taskSets", ())) for one in some.get("loadBalancers", ())]
    return {
        "id": service["serviceArn"],
        "name": service["serviceName"],
        "cluster": service.get("clusterArn", ""),
        "desired_count": service.get("desiredCount"),
        "load_balancer": [
            {
                "target_group_arn": one.get("targetGroupArn"),
                "container_name": one.get("containerName"),
                "container_port": one.get("containerPort"),
            }
            for one in attached
        ],
        "network_configuration": [
            {"subnets": network.get("subnets") or [], "security_groups": network.get("securityGroups") or []}
        ]
        if network
        else [],
    }
