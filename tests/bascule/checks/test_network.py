"""Where the load balancer goes, and the quotas that stand before it."""

from __future__ import annotations

from typing import Any

import pytest
from answered import GOOD, MAIN_TABLE, REGION, amended, balancer, denied, service, subnet, told

Case = tuple[str, str, tuple[str, ...], dict[str, Any]]

A, B, C = (f"subnet-0000000{letter}" for letter in "abc")
SUBNETS = "networkConfiguration.awsvpcConfiguration.subnets"

PRIVATE: dict[str, Any] = {
    "RouteTableId": "rtb-private",
    "Associations": [{"SubnetId": A, "Main": False}],
    "Routes": [{"DestinationCidrBlock": "0.0.0.0/0", "NatGatewayId": "nat-1", "State": "active"}],
}
BLACKHOLE: dict[str, Any] = {
    "RouteTableId": "rtb-gone",
    "Associations": [{"SubnetId": B, "Main": False}],
    "Routes": [{"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-gone", "State": "blackhole"}],
}


def limited(name: str, most: int) -> list[dict[str, Any]]:
    """The account's limits with another value of one."""
    return [{**limit, "Max": str(most)} if limit["Name"] == name else limit for limit in GOOD["load_balancer_limits"]]


CASES: dict[str, Case] = {
    "two zones": ("alb-subnets", "pass", (f"{A} ({REGION}a), {B} ({REGION}b)",), {}),
    "one zone": (
        "alb-subnets",
        "fail",
        ("an ALB needs 2 zones", f"load_balancer.subnets: {A} ({REGION}a), {B} ({REGION}b)"),
        {"service": service(SUBNETS, [A])},
    ),
    "two subnets of a zone": (
        "alb-subnets",
        "fail",
        (f"more than one in {REGION}a",),
        {"subnets": [subnet("a"), subnet("b", AvailabilityZone=f"{REGION}a")]},
    ),
    "a subnet elsewhere": (
        "alb-subnets",
        "fail",
        (f"{C}: not in the service's VPC",),
        {"site": amended(load_balancer={"subnets": (A, C)})},
    ),
    "the site file's subnets": (
        "alb-subnets",
        "pass",
        (f"{B} ({REGION}b), {C} ({REGION}c)",),
        {"site": amended(load_balancer={"subnets": (B, C)}), "subnets": [subnet("a"), subnet("b"), subnet("c")]},
    ),
    "subnets that are not told of": (
        "alb-subnets",
        "unknown",
        ("allow ec2:DescribeSubnets to this role", "aws ec2 describe-subnets"),
        {"subnets": denied("ec2:DescribeSubnets")},
    ),
    "the main route table": ("alb-internet-route", "pass", (f"{A} → igw-0c3f86b1 (rtb-0main)",), {}),
    "a private subnet": (
        "alb-internet-route",
        "fail",
        (f"{A}: rtb-private sends 0.0.0.0/0 to no internet gateway", "aws ec2 create-route"),
        {"route_tables": [MAIN_TABLE, PRIVATE]},
    ),
    "a gateway that is gone": (
        "alb-internet-route",
        "fail",
        (f"{B}: rtb-gone",),
        {"route_tables": [MAIN_TABLE, BLACKHOLE]},
    ),
    "no route table": ("alb-internet-route", "fail", ("no route table",), {"route_tables": []}),
    "routes that are not told of": (
        "alb-internet-route",
        "unknown",
        ("ec2:DescribeRouteTables",),
        {"route_tables": denied("ec2:DescribeRouteTables")},
    ),
    "just room enough": (
        "alb-addresses",
        "pass",
        ("8 free",),
        {"subnets": [subnet("a", AvailableIpAddressCount=8), subnet("b")]},
    ),
    "too little room": (
        "alb-addresses",
        "fail",
        (f"{A}: 7 free of 10.20.0.0/20",),
        {"subnets": [subnet("a", AvailableIpAddressCount=7), subnet("b")]},
    ),
    "too small a subnet": (
        "alb-addresses",
        "fail",
        ("10.20.0.0/28", "/27 or larger"),
        {"subnets": [subnet("a", CidrBlock="10.20.0.0/28", AvailableIpAddressCount=11), subnet("b")]},
    ),
    "a zone of tasks without the load balancer": (
        "task-zones",
        "fail",
        (f"tasks in {REGION}a, {REGION}b, {REGION}c", f"name a public subnet of {REGION}c"),
        {
            "site": amended(load_balancer={"subnets": (A, B)}),
            "service": service(SUBNETS, [A, B, C]),
            "subnets": [subnet("a"), subnet("b"), subnet("c")],
        },
    ),
    "the load balancer in more zones than tasks": (
        "task-zones",
        "pass",
        (f"tasks in {REGION}a, ",),
        {"site": amended(load_balancer={"subnets": (A, B)}), "service": service(SUBNETS, [A])},
    ),
    "room for one load balancer": (
        "load-balancer-quota",
        "pass",
        ("1 of 2",),
        {
            "load_balancer_limits": limited("application-load-balancers", 2),
            "load_balancers": [balancer("one"), balancer("mail", "network")],
        },
    ),
    "no room for a load balancer": (
        "load-balancer-quota",
        "fail",
        ("2 of 2", "raise application-load-balancers"),
        {
            "load_balancer_limits": limited("application-load-balancers", 2),
            "load_balancers": [balancer("one"), balancer("two")],
        },
    ),
    "limits that are not told of": (
        "load-balancer-quota",
        "unknown",
        ("elasticloadbalancing:DescribeAccountLimits", "aws elbv2 describe-account-limits"),
        {"load_balancer_limits": denied("elasticloadbalancing:DescribeAccountLimits")},
    ),
    "a limit that has no name": (
        "target-group-quota",
        "unknown",
        ("no limit target-groups",),
        {"load_balancer_limits": []},
    ),
    "no room for a target group": (
        "target-group-quota",
        "fail",
        ("1 of 1 target groups",),
        {"load_balancer_limits": limited("target-groups", 1), "target_groups": [{"TargetGroupName": "one"}]},
    ),
    "no rule allowed": (
        "listener-rule-quota",
        "fail",
        ("0 of 0",),
        {"load_balancer_limits": limited("rules-per-application-load-balancer", 0)},
    ),
    "just rules enough": ("security-group-quota", "pass", ("55 rules", "55"), {"rules_quota": {"Value": 55.0}}),
    "too few rules": (
        "security-group-quota",
        "fail",
        ("pl-0e4f counts for 55 rules", "may have 50", "request-service-quota-increase", "L-0EA8095F"),
        {"rules_quota": {"Value": 50.0}},
    ),
    "a heavier list": (
        "security-group-quota",
        "fail",
        ("counts for 70 rules", "--desired-value 75"),
        {"prefix_list": [{"PrefixListId": "pl-0e4f", "MaxEntries": 70}]},
    ),
    "no list of CloudFront's": ("security-group-quota", "fail", ("origin-facing",), {"prefix_list": []}),
    "a quota that is not told of": (
        "security-group-quota",
        "unknown",
        ("servicequotas:GetServiceQuota", "aws service-quotas get-service-quota"),
        {"rules_quota": denied("servicequotas:GetServiceQuota")},
    ),
}


@pytest.mark.parametrize(("id_", "outcome", "pieces", "case"), CASES.values(), ids=CASES)
def test_of_the_network(id_: str, outcome: str, pieces: tuple[str, ...], case: dict[str, Any]) -> None:
    """What is seen is said, with ids and numbers, and what to do where it isn't right."""
    told(id_, outcome, *pieces, **case)
