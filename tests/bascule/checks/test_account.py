"""Whose account it is, and how its region is."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from answered import IDENTITY, REGION, amended, denied, told

from bascule.inventory import Unread

Case = tuple[str, str, tuple[str, ...], dict[str, Any]]

NEXT = "999999999999"


def zone(letter: str, state: str, said: str = "") -> dict[str, Any]:
    messages = [{"Message": said}] if said else []
    return {"ZoneName": f"{REGION}{letter}", "State": state, "ZoneType": "availability-zone", "Messages": messages}


def event(service: str, code: str) -> dict[str, Any]:
    return {"service": service, "eventTypeCode": code, "startTime": datetime(2026, 3, 1, 4, 30, tzinfo=UTC)}


NO_PLAN = Unread("health:DescribeEvents", "SubscriptionRequiredException: no premium support")

CASES: dict[str, Case] = {
    "the account that is expected": ("account", "pass", ("123456789012", "assumed-role/move"), {}),
    "another than was adopted": (
        "account",
        "fail",
        (f"imports/ says {NEXT}", "AWS_PROFILE"),
        {"expected_account": NEXT},
    ),
    "another than the site file's": (
        "account",
        "fail",
        (f"account in the site file says {NEXT}", "correct `account`"),
        {"site": amended(account=NEXT)},
    ),
    "nothing to compare with": (
        "account",
        "warn",
        ("nothing says which is expected", 'write account = "123456789012"'),
        {"expected_account": None},
    ),
    "a clock a minute off": ("clock", "pass", ("60 s ahead",), {"identity": replace(IDENTITY, clock_ahead=60.0)}),
    "a clock that drifts": (
        "clock",
        "warn",
        ("61 s behind", "15 minutes", "set the clock"),
        {"identity": replace(IDENTITY, clock_ahead=-61.0)},
    ),
    "a clock that AWS just takes": ("clock", "warn", ("900 s",), {"identity": replace(IDENTITY, clock_ahead=900.0)}),
    "a clock that AWS refuses": ("clock", "fail", ("901 s ahead",), {"identity": replace(IDENTITY, clock_ahead=901.0)}),
    "a region that needs no opting in": (
        "region-enabled",
        "pass",
        ("opt-in-not-required",),
        {"region": [{"RegionName": REGION, "OptInStatus": "opt-in-not-required"}]},
    ),
    "a region that is off": (
        "region-enabled",
        "fail",
        (f"{REGION} is not-opted-in", f"aws account enable-region --region-name {REGION}"),
        {"region": [{"RegionName": REGION, "OptInStatus": "not-opted-in"}]},
    ),
    "a region that there is not": ("region-enabled", "fail", ("correct `region`",), {"region": []}),
    "a region that is not told of": (
        "region-enabled",
        "unknown",
        ("ec2:DescribeRegions",),
        {"region": denied("ec2:DescribeRegions")},
    ),
    "a zone of ours in trouble": (
        "zones-available",
        "fail",
        (f"{REGION}a is impaired (power)", f"would be in {REGION}a", "load_balancer.subnets"),
        {"zones": [zone("a", "impaired", "power"), zone("b", "available")]},
    ),
    "another zone in trouble": (
        "zones-available",
        "warn",
        (f"{REGION}c is unavailable", "none that the load balancer would be in"),
        {"zones": [zone("a", "available"), zone("b", "available"), zone("c", "unavailable")]},
    ),
    "zones that are not told of": (
        "zones-available",
        "unknown",
        ("ec2:DescribeAvailabilityZones",),
        {"zones": denied("ec2:DescribeAvailabilityZones")},
    ),
    "an outage of what the move needs": (
        "region-health",
        "fail",
        ("AWS_EC2_OPERATIONAL_ISSUE since 2026-03-01 04:30", "health.aws.amazon.com/health/status"),
        {"events": [event("EC2", "AWS_EC2_OPERATIONAL_ISSUE"), event("RDS", "AWS_RDS_OPERATIONAL_ISSUE")]},
    ),
    "an outage of something else": (
        "region-health",
        "warn",
        ("AWS_RDS_OPERATIONAL_ISSUE", "none of the services"),
        {"events": [event("RDS", "AWS_RDS_OPERATIONAL_ISSUE")]},
    ),
    "no support plan": (
        "region-health",
        "unknown",
        (
            "SubscriptionRequiredException",
            "Business Support",
            "→ look yourself: https://health.aws.amazon.com/health/status",
        ),
        {"events": NO_PLAN},
    ),
    "no permission for AWS Health": (
        "region-health",
        "unknown",
        ("allow health:DescribeEvents to this role", "https://health.aws.amazon.com/health/status"),
        {"events": denied("health:DescribeEvents")},
    ),
}


@pytest.mark.parametrize(("id_", "outcome", "pieces", "case"), CASES.values(), ids=CASES)
def test_of_account_and_region(id_: str, outcome: str, pieces: tuple[str, ...], case: dict[str, Any]) -> None:
    """What is seen is said, with ids and numbers, and what to do where it isn't right."""
    told(id_, outcome, *pieces, **case)
