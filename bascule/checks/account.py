"""Whose account it is, and how its region is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bascule.checks.base import Case, Check, listed, number
from bascule.checks.subnets import chosen
from bascule.inventory import Unread
from bascule.ladder import Stage
from bascule.outcomes import Result, fail, passed, unknown, warn

NOTABLE, ALLOWED = 60, 900
"""Seconds of clock skew: what a set clock doesn't have, and what AWS refuses (IAM User Guide, signing requests)."""

HEALTH_PAGE = "https://health.aws.amazon.com/health/status"
"""What AWS says of its services to everybody."""

SUBSCRIPTION = "SubscriptionRequired"
"""AWS Health's answer to accounts without a support plan that has its API (AWS Health API, describing events)."""


def _account(case: Case) -> Result:
    identity, site = case.inventory.identity, case.site
    said = {"account in the site file": site.account, "imports/": case.expected_account}
    seen = f"account {identity.account}, as {identity.arn}"
    other = [f"{where} says {account}" for where, account in said.items() if account not in (None, identity.account)]
    if other:
        return fail(
            f"{seen}; {'; '.join(other)}", "use credentials of that account (AWS_PROFILE), or correct `account`"
        )
    if not any(said.values()):
        return warn(
            f"{seen}; nothing says which is expected", f'write account = "{identity.account}" into the site file'
        )
    return passed(seen)


def _clock(case: Case) -> Result:
    ahead = case.inventory.identity.clock_ahead
    seen = f"this machine's clock is {abs(ahead):.0f} s {'ahead of' if ahead >= 0 else 'behind'} AWS's"
    if abs(ahead) > NOTABLE:
        found = fail if abs(ahead) > ALLOWED else warn
        return found(
            f"{seen}; AWS refuses what is {ALLOWED // 60} minutes off", "set the clock (`timedatectl set-ntp true`)"
        )
    return passed(seen)


def _region(case: Case) -> Result:
    region = case.site.region
    found = next(iter(case.rows("region")), None)
    if found is None:
        return fail(f"AWS knows no region {region}", "correct `region` in the site file")
    status = found.get("OptInStatus", "opt-in-not-required")
    if status == "not-opted-in":
        return fail(f"{region} is {status}", f"`aws account enable-region --region-name {region}`, which takes minutes")
    return passed(f"{region} is {status}")


def _zones(case: Case) -> Result:
    zones = [z for z in case.rows("zones") if z.get("ZoneType", "availability-zone") == "availability-zone"]
    poor = {zone["ZoneName"]: zone for zone in zones if zone.get("State", "available") != "available"}
    if not poor:
        return passed(
            f"{number(len(zones), 'zone')} of {case.site.region} available: {listed(z['ZoneName'] for z in zones)}"
        )
    used = {subnet.get("AvailabilityZone") for subnet in chosen(case)}
    seen = "; ".join(_zone(zone) for zone in poor.values())
    if used & set(poor):
        return fail(
            f"{seen}; the load balancer would be in {listed(sorted(used & set(poor)))}",
            f"name subnets in other zones in load_balancer.subnets, or wait: {HEALTH_PAGE}",
        )
    return warn(f"{seen}; none that the load balancer would be in", f"look before each apply: {HEALTH_PAGE}")


def _zone(zone: Mapping[str, Any]) -> str:
    said = [message["Message"] for message in zone.get("Messages", ()) if message.get("Message")]
    return f"{zone['ZoneName']} is {zone['State']}" + (f" ({listed(said)})" if said else "")


TOUCHED = frozenset(
    {"ACM", "CLOUDFRONT", "EC2", "ECR", "ECS", "ELASTICLOADBALANCING", "FARGATE", "MULTIPLE_SERVICES", "S3", "VPC"}
)
"""Services of AWS Health without which the move, or the site, doesn't work."""


def _events(case: Case) -> Result:
    fact = case.inventory.events
    if isinstance(fact, Unread):
        why = ": AWS Health's API answers accounts with Business Support or above" if SUBSCRIPTION in fact.why else ""
        allow = f"allow {fact.action} to this role, or " if fact.refused else ""
        return unknown(f"{fact}{why}", f"{allow}look yourself: {HEALTH_PAGE} (region {case.site.region})")
    events = case.rows("events")
    if not events:
        return passed(f"no open issue in {case.site.region}")
    seen = [f"{e.get('eventTypeCode', e.get('arn', '?'))} since {e.get('startTime', '?')}" for e in events]
    remedy = f"wait until it is over: {HEALTH_PAGE}"
    if any(event.get("service") in TOUCHED for event in events):
        return fail(f"{number(len(seen), 'open issue')} in {case.site.region}: {listed(seen)}", remedy)
    return warn(
        f"{listed(seen)}: none of the services that the move touches", f"look whether it spreads: {HEALTH_PAGE}"
    )


CHECKS = (
    Check(
        "account",
        "the credentials are of the site's account",
        Stage.NONE,
        True,
        "Everything below is read from the account that the credentials belong to. What was adopted in one account "
        "can't be planned in another: the ids mean nothing there, or something else.",
        _account,
        waivable=False,
    ),
    Check(
        "clock",
        "this machine's clock is AWS's",
        Stage.NONE,
        True,
        "Requests are signed with the time. AWS refuses what is 15 minutes off, and a clock that drifts gets there "
        "in the middle of an apply.",
        _clock,
    ),
    Check(
        "region-enabled",
        "the region is enabled for the account",
        Stage.ADOPT,
        True,
        "Regions since 2019, me-central-1 among them, are off until the account opts in; calls there fail with errors "
        "about the credentials.",
        _region,
    ),
    Check(
        "zones-available",
        "the zones that are used are available",
        Stage.BUILD,
        True,
        "A load balancer can't be created in an impaired zone, and tasks don't start there.",
        _zones,
    ),
    Check(
        "region-health",
        "AWS reports no open issue in the region",
        Stage.BUILD,
        True,
        "In the middle of an outage load balancers aren't created and tasks don't start, and every rung is then half "
        "done. The Health API answers accounts with a support plan only; the public page says the same to all.",
        _events,
    ),
)
