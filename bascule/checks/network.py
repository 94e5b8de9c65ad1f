"""Where the load balancer goes, and the quotas that stand before it."""

from __future__ import annotations

from collections import Counter

from bascule.checks import subnets
from bascule.checks.base import Case, Check, listed, number
from bascule.ladder import Stage
from bascule.outcomes import Result, fail, passed, unknown, worst
from bascule.security_groups import CLOUDFRONT, RULES_QUOTA
from bascule.subnets import FREE, SMALLEST, has_room, internet_gateway, route_table

ZONES = 2
"""An ALB spans at least two availability zones (ELB user guide, Application Load Balancers)."""

WEIGHT = 55
"""Rules that CloudFront's prefix list counts for (CloudFront developer guide), where AWS doesn't say its MaxEntries."""


def _subnets(case: Case) -> Result:
    known, wanted = subnets.by_id(case), subnets.wanted(case)
    lacking = [subnet for subnet in wanted if subnet not in known]
    choice = listed(f"{subnet} ({found.get('AvailabilityZone')})" for subnet, found in sorted(known.items()))
    remedy = f"name public subnets, one a zone, in load_balancer.subnets: {choice}"
    if lacking:
        return fail(f"{listed(lacking)}: not in the service's VPC", remedy)
    zones = subnets.zones(subnets.chosen(case))
    seen = listed(f"{subnet} ({zone})" for subnet, zone in zip(wanted, zones, strict=True)) or "no subnet"
    doubled = [zone for zone, count in Counter(zones).items() if count > 1]
    if doubled:
        return fail(f"{seen}: more than one in {listed(doubled)}, where an ALB takes one", remedy)
    if len(zones) < ZONES:
        return fail(f"{seen}: an ALB needs {ZONES} zones", remedy)
    return passed(seen)


def _public(case: Case) -> Result:
    found = subnets.chosen(case)
    tables = case.rows("route_tables")
    results = []
    for subnet in found:
        name = subnet["SubnetId"]
        table = route_table(name, tables)
        gateway = internet_gateway(table)
        where = table["RouteTableId"] if table else "no route table"
        if gateway:
            results.append(passed(f"{name} → {gateway} ({where})"))
        else:
            results.append(
                fail(
                    f"{name}: {where} sends 0.0.0.0/0 to no internet gateway",
                    "name public subnets in load_balancer.subnets, or add the route: `aws ec2 create-route --region "
                    f"{case.site.region} --route-table-id {where} --destination-cidr-block 0.0.0.0/0 --gateway-id IGW`",
                )
            )
    return worst(results) if results else fail("no subnet to look at", "name public subnets in load_balancer.subnets")


def _addresses(case: Case) -> Result:
    results = []
    for subnet in subnets.chosen(case):
        free, block = subnet.get("AvailableIpAddressCount", 0), subnet.get("CidrBlock")
        seen = f"{subnet['SubnetId']}: {free} free of {block}"
        if not has_room(subnet):
            remedy = f"free addresses there, or name larger subnets (/{SMALLEST} at least) in load_balancer.subnets"
            results.append(fail(f"{seen}; an ALB needs {FREE} in a /{SMALLEST} or larger", remedy))
        else:
            results.append(passed(seen))
    return worst(results) if results else fail("no subnet to look at", "name public subnets in load_balancer.subnets")


def _task_zones(case: Case) -> Result:
    known = subnets.by_id(case)
    balanced = set(subnets.zones(subnets.chosen(case)))
    tasks = set(subnets.zones(known[subnet] for subnet in subnets.of_tasks(case) if subnet in known))
    outside = sorted(tasks - balanced)
    seen = (
        f"tasks in {listed(sorted(tasks)) or 'no zone'}, the load balancer in {listed(sorted(balanced)) or 'no zone'}"
    )
    if outside or not tasks:
        return fail(seen, f"name a public subnet of {listed(outside) or 'each zone'} in load_balancer.subnets too")
    return passed(seen)


def _limit(case: Case, name: str) -> int | None:
    limits = {limit.get("Name"): limit.get("Max") for limit in case.rows("load_balancer_limits")}
    return int(limits[name]) if limits.get(name) else None


def _against(case: Case, limit: str, used: int, what: str) -> Result:
    most = _limit(case, limit)
    if most is None:
        return unknown(f"AWS names no limit {limit}", f"look yourself: `{case.look('load_balancer_limits')}`")
    seen = f"{used} of {most} {what}"
    if used + 1 > most:
        return fail(f"{seen}, and the move makes one more", f"delete one, or ask Service Quotas to raise {limit}")
    return passed(f"{seen}; the move makes one more")


def _balancers(case: Case) -> Result:
    used = sum(balancer.get("Type") == "application" for balancer in case.rows("load_balancers"))
    return _against(case, "application-load-balancers", used, "application load balancers of the region")


def _target_groups(case: Case) -> Result:
    return _against(case, "target-groups", len(case.rows("target_groups")), "target groups of the region")


def _listener_rules(case: Case) -> Result:
    return _against(case, "rules-per-application-load-balancer", 0, "listener rules of the new load balancer")


def _group_rules(case: Case) -> Result:
    lists = case.rows("prefix_list")
    if not lists:
        return fail(
            f"{case.site.region} has no prefix list {CLOUDFRONT}",
            f"look yourself: `{case.look('prefix_list')}`; without it nothing can admit CloudFront alone",
        )
    weight = int(lists[0].get("MaxEntries") or WEIGHT)
    most = int(case.fact("rules_quota").get("Value") or 0)
    seen = f"{lists[0]['PrefixListId']} counts for {number(weight, 'rule')}, one port of it; a group may have {most}"
    if weight > most:
        return fail(
            seen,
            "raise the quota: `aws service-quotas request-service-quota-increase --service-code vpc --quota-code "
            f"{RULES_QUOTA} --desired-value {max(weight + 5, 60)} --region {case.site.region}`",
        )
    return passed(seen)


CHECKS = (
    Check(
        "alb-subnets",
        "the load balancer gets one subnet in each of at least two zones",
        Stage.BUILD,
        True,
        "AWS refuses an Application Load Balancer in one zone, and one with two subnets in the same zone.",
        _subnets,
    ),
    Check(
        "alb-internet-route",
        "those subnets are public: they have a route to an internet gateway",
        Stage.BUILD,
        True,
        "CloudFront reaches the load balancer over the internet. In a private subnet it is created all the same, and "
        "answers nobody. A subnet without a route table of its own uses the VPC's main one.",
        _public,
    ),
    Check(
        "alb-addresses",
        "those subnets have room for the load balancer",
        Stage.BUILD,
        True,
        "A load balancer needs eight free addresses in each subnet, to be made and to grow with its load.",
        _addresses,
    ),
    Check(
        "task-zones",
        "the load balancer is in every zone in which tasks start",
        Stage.BUILD,
        True,
        "A target in a zone that isn't the load balancer's gets no request: its health is `unused`, and the attach "
        "never becomes steady.",
        _task_zones,
    ),
    Check(
        "load-balancer-quota",
        "the region has room for one more load balancer",
        Stage.BUILD,
        False,
        "CreateLoadBalancer fails with TooManyLoadBalancers over the account's live limit, with half of `build` made.",
        _balancers,
    ),
    Check(
        "target-group-quota",
        "the region has room for one more target group",
        Stage.BUILD,
        False,
        "CreateTargetGroup fails with TooManyTargetGroups over the account's live limit, with half of `build` made.",
        _target_groups,
    ),
    Check(
        "listener-rule-quota",
        "the load balancer may have the one rule that lets CloudFront in",
        Stage.BUILD,
        False,
        "Without the rule the listener answers everything with 403. Only an account whose limit was lowered fails.",
        _listener_rules,
    ),
    Check(
        "security-group-quota",
        "a security group may have as many rules as CloudFront's prefix list counts for",
        Stage.BUILD,
        False,
        "AWS counts a managed prefix list as the most entries that it may have, once for each port. A smaller quota "
        "refuses the rule that admits CloudFront.",
        _group_rules,
    ),
)
