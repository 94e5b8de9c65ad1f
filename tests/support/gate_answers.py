"""What the account answers to the gates: load balancer, service, targets, distribution."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from typing import Any

from example import CONFIG, SITE, with_path

from bascule.ladder import ALB_ORIGIN_ID

LB = "arn:aws:elasticloadbalancing:me-central-1:123456789012:loadbalancer/app/ours/1"
TARGET_GROUP = "arn:aws:elasticloadbalancing:me-central-1:123456789012:targetgroup/ours/1"
DISTRIBUTION = f"arn:aws:cloudfront::123456789012:distribution/{SITE.distribution.id}"
OURS = {"Id": ALB_ORIGIN_ID, "DomainName": "ours-1.me-central-1.elb.amazonaws.com"}

WITH_ORIGIN = with_path(CONFIG, "Origins.Items", [*CONFIG["Origins"]["Items"], OURS])
"""The distribution with our origin and no behavior that uses it."""


def behavior(path: str, target: str) -> dict[str, Any]:
    return {**CONFIG["DefaultCacheBehavior"], "PathPattern": path, "TargetOriginId": target}


def with_behaviors(config: dict[str, Any], *behaviors: dict[str, Any]) -> dict[str, Any]:
    return {**config, "CacheBehaviors": {"Quantity": len(behaviors), "Items": list(behaviors)}}


CONNECTED = with_behaviors(WITH_ORIGIN, behavior(SITE.distribution.probe_path, ALB_ORIGIN_ID))
"""The distribution at `connect`."""


def load_balancer(state: str = "active") -> dict[str, Any]:
    return {"LoadBalancerName": "ours", "DNSName": OURS["DomainName"], "State": {"Code": state}}


def service(*deployments: dict[str, Any], target_group: str = TARGET_GROUP, desired: int = 2) -> dict[str, Any]:
    return {
        "serviceName": "next",
        "desiredCount": desired,
        "deployments": list(deployments or [deployment()]),
        "loadBalancers": [{"targetGroupArn": target_group, "containerName": "web", "containerPort": 3000}],
    }


def deployment(status: str = "PRIMARY", **more: Any) -> dict[str, Any]:
    return {"status": status, "rolloutState": "COMPLETED"} | more


def targets(*states: str, zones: str = "ab") -> list[dict[str, Any]]:
    """A target in each of these states, such as `unhealthy Target.Timeout`; in zones in turn, of which ` ` isn't told
    and `*` is `all`."""
    found = []
    for number, (said, letter) in enumerate(zip(states, itertools.cycle(zones), strict=False)):
        state, _, reason = said.partition(" ")
        target: dict[str, Any] = {"Id": f"10.0.0.{number + 1}"}
        if letter != " ":
            target["AvailabilityZone"] = "all" if letter == "*" else f"me-central-1{letter}"
        health = {"State": state} | ({"Reason": reason} if reason else {})
        found.append({"Target": target, "TargetHealth": health})
    return found


def distribution(status: str = "Deployed", config: dict[str, Any] = CONFIG) -> dict[str, Any]:
    return {
        "Id": SITE.distribution.id,
        "ARN": DISTRIBUTION,
        "Status": status,
        "LastModifiedTime": datetime(2026, 1, 3, tzinfo=UTC),
        "InProgressInvalidationBatches": 0,
        "DomainName": "d111111abcdef8.cloudfront.net",
        "DistributionConfig": config,
    }
