"""What the account holds now, read as a world that the routing model decides on (`bascule.routing`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bascule import aws, reading
from bascule.edge_policies import CACHE_POLICIES, ORIGIN_REQUEST_POLICIES
from bascule.inventory import rows
from bascule.live_values import world
from bascule.live_values.balancers import BALANCERS, origin_balancers
from bascule.live_values.edge import buckets_of
from bascule.live_values.facts import behaviors
from bascule.live_values.tasks import groups_of
from bascule.planned_values import World
from bascule.reading import Call, OnCall
from bascule.security_groups import CLOUDFRONT


def read(
    clients: aws.Clients,
    distribution: str,
    services: Sequence[tuple[str, str]] = (),
    *,
    on_call: OnCall = lambda call: None,
) -> World:
    """The distribution of this id, what its behaviors and origins name, and the ECS services (cluster, name).

    What couldn't be read is `live_values.NotRead`, so that the model answers "not known" where it matters. Without the
    distribution there is none in the world. Raises BasculeError where AWS can't be asked at all.
    """
    answers: dict[str, Any] = reading.read(clients, _first(distribution, services), on_call)
    for wave in (_second, _third):
        answers |= reading.read(clients, wave(answers), on_call)
    return world(distribution, answers)


def _first(distribution: str, services: Sequence[tuple[str, str]]) -> dict[str, Call]:
    named = {
        f"service/{number}": Call(
            "ecs",
            "DescribeServices",
            {"cluster": cluster, "services": [name]},
            "services",
            ("ClusterNotFoundException",),
        )
        for number, (cluster, name) in enumerate(services)
    }
    of_cloudfront = {"Filters": [{"Name": "prefix-list-name", "Values": [CLOUDFRONT]}]}
    return {
        "distribution": Call("cloudfront", "GetDistribution", {"Id": distribution}, absent=("NoSuchDistribution",)),
        BALANCERS: Call("elbv2", "DescribeLoadBalancers", items="LoadBalancers"),
        "prefix_list": Call("ec2", "DescribeManagedPrefixLists", of_cloudfront, "PrefixLists"),
        **named,
    }


def _second(answers: Mapping[str, Any]) -> dict[str, Call]:
    """What distribution, load balancers and services name."""
    calls = {}
    for balancer in origin_balancers(answers):
        arn = balancer["LoadBalancerArn"]
        at = {"LoadBalancerArn": arn}
        calls[f"listeners/{arn}"] = Call("elbv2", "DescribeListeners", at, "Listeners")
        calls[f"target_groups/{arn}"] = Call("elbv2", "DescribeTargetGroups", at, "TargetGroups")
    if groups := groups_of(answers):
        named = {"Filters": [{"Name": "group-id", "Values": groups}]}
        calls["security_groups"] = Call("ec2", "DescribeSecurityGroups", named, "SecurityGroups")
    for bucket in buckets_of(answers):
        calls[f"bucket/{bucket}"] = Call("s3", "HeadBucket", {"Bucket": bucket}, absent=("404", "NoSuchBucket"))
    met = behaviors(answers)
    if {one.get("CachePolicyId") for one in met} - {None, "", *CACHE_POLICIES}:
        calls["cache_policies"] = Call("cloudfront", "ListCachePolicies", _CUSTOM, "CachePolicyList.Items")
    if {one.get("OriginRequestPolicyId") for one in met} - {None, "", *ORIGIN_REQUEST_POLICIES}:
        calls["origin_request_policies"] = Call(
            "cloudfront", "ListOriginRequestPolicies", _CUSTOM, "OriginRequestPolicyList.Items"
        )
    return calls


def _third(answers: Mapping[str, Any]) -> dict[str, Call]:
    """The rules of the listeners, and how the targets are."""
    calls = {}
    for listener in (one for name in answers if name.startswith("listeners/") for one in rows(answers[name])):
        arn = listener["ListenerArn"]
        calls[f"rules/{arn}"] = Call("elbv2", "DescribeRules", {"ListenerArn": arn}, "Rules")
    for group in (one for name in answers if name.startswith("target_groups/") for one in rows(answers[name])):
        arn = group["TargetGroupArn"]
        calls[f"health/{arn}"] = Call(
            "elbv2", "DescribeTargetHealth", {"TargetGroupArn": arn}, "TargetHealthDescriptions"
        )
    return calls


_CUSTOM = {"Type": "custom"}
"""The account's own: what the managed ones say is known by their ids (`bascule.edge_policies`)."""
