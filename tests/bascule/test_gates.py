"""Gates: what has to be seen in the account before the next rung."""

from __future__ import annotations

from typing import Any

import pytest
from example import CONFIG, SITE
from gate_answers import (
    CONNECTED,
    TARGET_GROUP,
    WITH_ORIGIN,
    behavior,
    deployment,
    distribution,
    load_balancer,
    service,
    targets,
    with_behaviors,
)

from bascule import gates
from bascule.gates import NotReady, Verdict
from bascule.inventory import Unread
from bascule.ladder import ALB_ORIGIN_ID
from bascule.outcomes import Outcome, fail, passed, unknown, warn

PROBE = SITE.distribution.probe_path

PASS, FAIL, UNKNOWN = Outcome.PASS, Outcome.FAIL, Outcome.UNKNOWN

WAITED, FINAL = True, False
"""Whether waiting may help; of no account where it passed."""

ROLLED_BACK = service() | {"loadBalancers": []}
IN_PROGRESS = deployment(rolloutState="IN_PROGRESS")

ATTACHED: dict[str, tuple[dict[str, Any], Outcome, bool, str]] = {
    "one finished deployment": (service(), PASS, FINAL, "PRIMARY COMPLETED; with our target group"),
    "a deployment that runs": (service(IN_PROGRESS), FAIL, WAITED, "PRIMARY IN_PROGRESS; with our target group"),
    "a deployment that failed": (service(deployment(rolloutState="FAILED")), FAIL, FINAL, "PRIMARY FAILED"),
    "a deployment that says nothing": (service({"status": "PRIMARY"}), UNKNOWN, FINAL, "PRIMARY of unknown state"),
    "old tasks still leaving": (
        service(deployment(), deployment("ACTIVE")),
        FAIL,
        WAITED,
        "PRIMARY COMPLETED, ACTIVE COMPLETED",
    ),
    "no deployment of the service's own": (service(deployment("ACTIVE")), FAIL, FINAL, "ACTIVE COMPLETED"),
    "rolled back by the circuit breaker": (ROLLED_BACK, FAIL, FINAL, "PRIMARY COMPLETED; WITHOUT our target group"),
    "being rolled back": (
        ROLLED_BACK | {"deployments": [IN_PROGRESS, deployment("ACTIVE", rolloutState="FAILED")]},
        FAIL,
        FINAL,
        "PRIMARY IN_PROGRESS, ACTIVE FAILED; WITHOUT our target group",
    ),
    "behind another load balancer": (service(target_group="arn:theirs"), FAIL, FINAL, "WITHOUT our target group"),
    "no deployment": (service() | {"deployments": []}, FAIL, FINAL, "no deployment; with our target group"),
    "being deleted": (service(IN_PROGRESS) | {"status": "DRAINING"}, FAIL, FINAL, "the service is DRAINING; PRIMARY"),
}


@pytest.mark.parametrize(("found", "outcome", "waited", "seen"), ATTACHED.values(), ids=ATTACHED)
def test_the_deployment_is_finished_with_our_target_group(
    found: dict[str, Any], outcome: Outcome, waited: bool, seen: str
) -> None:
    """A rollback finishes, too, and never brings it back: that isn't waited for."""
    said(gates.service_attached(found, TARGET_GROUP), outcome, waited, seen)


HEALTH: dict[str, tuple[list[dict[str, Any]], int, Outcome, bool, str]] = {
    "every target healthy": (
        targets("healthy", "healthy"),
        2,
        PASS,
        FINAL,
        "2 of 2 healthy, 2 wanted, in 2 zones",
    ),
    "more than wanted": (targets("healthy", "healthy"), 1, PASS, FINAL, "2 of 2 healthy, 1 wanted"),
    "one task": (targets("healthy"), 1, PASS, FINAL, "1 of 1 healthy, 1 wanted, in 1 zone, all that 1 task can be in"),
    "three in two zones": (targets("healthy", "healthy", "healthy"), 3, PASS, FINAL, "3 wanted, in 2 zones"),
    "two in one zone": (
        targets("healthy", "healthy", zones="a"),
        2,
        FAIL,
        WAITED,
        "2 of 2 healthy, 2 wanted, in 1 zone",
    ),
    "zones that aren't told": (targets("healthy", "healthy", zones=" "), 2, UNKNOWN, FINAL, "zones not told"),
    "zones that are treated as all": (targets("healthy", "healthy", zones="*"), 2, UNKNOWN, FINAL, "zones not told"),
    "one task, its zone not told": (targets("healthy", zones=" "), 1, PASS, FINAL, "1 wanted, zones not told"),
    "one target unhealthy": (
        targets("healthy", "unhealthy Target.Timeout"),
        1,
        FAIL,
        WAITED,
        "1 of 2 healthy, 1 wanted, in 1 zone, all that 1 task can be in (unhealthy Target.Timeout)",
    ),
    "one target draining": (targets("healthy", "draining"), 1, FAIL, WAITED, "1 of 2 healthy"),
    "one target starting": (targets("healthy", "initial"), 1, FAIL, WAITED, "(initial)"),
    "a target that nothing leads to": (targets("healthy", "unused Target.NotInUse"), 1, FAIL, FINAL, "Target.NotInUse"),
    "an address of the load balancer's": (targets("unused Target.IpUnusable"), 1, FAIL, FINAL, "Target.IpUnusable"),
    "a target of a stopped task": (targets("unused Target.InvalidState"), 1, FAIL, WAITED, "Target.InvalidState"),
    "fewer than wanted": (targets("healthy"), 2, FAIL, WAITED, "1 of 1 healthy, 2 wanted"),
    "no target": ([], 1, FAIL, WAITED, "0 of 0 healthy, 1 wanted"),
    "no task wanted": ([], 0, FAIL, FINAL, "0 of 0 healthy, 0 wanted"),
}


@pytest.mark.parametrize(("found", "desired", "outcome", "waited", "seen"), HEALTH.values(), ids=HEALTH)
def test_every_target_is_healthy_in_as_many_zones_as_it_takes(
    found: list[dict[str, Any]], desired: int, outcome: Outcome, waited: bool, seen: str
) -> None:
    """In two, or in as many as there are tasks, which is said."""
    said(gates.targets_healthy(found, desired), outcome, waited, seen)


VERDICTS: dict[str, tuple[Verdict, Outcome, bool, str]] = {
    "the ALB is active": (gates.load_balancer_active(load_balancer()), PASS, FINAL, "ours is active"),
    "the ALB is on its way": (gates.load_balancer_active(load_balancer("provisioning")), FAIL, WAITED, "provisioning"),
    "the ALB can't grow": (
        gates.load_balancer_active(load_balancer("active_impaired")),
        FAIL,
        WAITED,
        "active_impaired",
    ),
    "the ALB failed": (gates.load_balancer_active(load_balancer("failed")), FAIL, FINAL, "ours is failed"),
    "deployed": (gates.distribution_deployed(distribution()), PASS, FINAL, "status Deployed"),
    "not deployed": (gates.distribution_deployed(distribution("InProgress")), FAIL, WAITED, "status InProgress"),
    "released": (gates.distribution_released(CONFIG), PASS, FINAL, "origins S3-old-site"),
    "not released": (gates.distribution_released(CONNECTED), FAIL, FINAL, f"origins S3-old-site, {ALB_ORIGIN_ID}"),
    "the probe path goes to the ALB": (
        gates.distribution_connected(CONNECTED, PROBE),
        PASS,
        FINAL,
        f"origins S3-old-site, {ALB_ORIGIN_ID}; {PROBE} → {ALB_ORIGIN_ID}",
    ),
    "CloudFront doesn't know the ALB": (
        gates.distribution_connected(CONFIG, PROBE),
        FAIL,
        FINAL,
        f"origins S3-old-site; {PROBE} → the default behavior",
    ),
    "an origin that no path uses": (
        gates.distribution_connected(WITH_ORIGIN, PROBE),
        FAIL,
        FINAL,
        f"{ALB_ORIGIN_ID}; {PROBE} → the default behavior",
    ),
    "the ALB under another path": (
        gates.distribution_connected(with_behaviors(WITH_ORIGIN, behavior("/other", ALB_ORIGIN_ID)), PROBE),
        FAIL,
        FINAL,
        f"{PROBE} → the default behavior",
    ),
    "the probe path goes elsewhere": (
        gates.distribution_connected(with_behaviors(WITH_ORIGIN, behavior(PROBE, "S3-old-site")), PROBE),
        FAIL,
        FINAL,
        f"{PROBE} → S3-old-site",
    ),
    "the provider knows every field": (gates.distribution_expressible(CONNECTED), PASS, FINAL, "nothing found"),
    "a field that the provider doesn't know": (
        gates.distribution_expressible(CONNECTED | {"ViewerMtlsConfig": {"Mode": "required"}}),
        FAIL,
        FINAL,
        "ViewerMtlsConfig",
    ),
    "the application answers": (gates.application_answers(passed("200"), True), PASS, FINAL, "200"),
    "its own 404": (gates.application_answers(warn("404", "say a path"), True), PASS, FINAL, "404"),
    "somebody else answers": (gates.application_answers(fail("503", "look"), True), FAIL, WAITED, "503"),
    "an error page stands in": (gates.application_answers(unknown("200", "mask"), True), UNKNOWN, FINAL, "200"),
    "one of the config before, perhaps": (
        gates.application_answers(unknown("200", "mask"), False),
        UNKNOWN,
        WAITED,
        "200",
    ),
    "nobody answers": (gates.application_silent(unknown("no such name", "look")), UNKNOWN, WAITED, "no such name"),
    "closed from outside": (gates.load_balancer_closed(passed("timed out")), PASS, FINAL, "timed out"),
    "open to everybody": (gates.load_balancer_closed(fail("answers", "shut it")), FAIL, FINAL, "answers"),
    "a name that isn't found yet": (gates.load_balancer_closed(unknown("no name", "")), UNKNOWN, WAITED, "no name"),
    "what isn't there": (gates.missing("gate", "no load balancer", ""), FAIL, FINAL, "no load balancer"),
    "what may not be read": (
        gates.unread("gate", Unread("ecs:DescribeServices", "AccessDeniedException: not authorized")),
        UNKNOWN,
        FINAL,
        "ecs:DescribeServices",
    ),
    "what can't be read now": (
        gates.unread("gate", Unread("ecs:DescribeServices", "ThrottlingException: Rate exceeded")),
        UNKNOWN,
        WAITED,
        "Rate exceeded",
    ),
}


@pytest.mark.parametrize(("verdict", "outcome", "waited", "seen"), VERDICTS.values(), ids=VERDICTS)
def test_a_verdict_says_what_was_seen(verdict: Verdict, outcome: Outcome, waited: bool, seen: str) -> None:
    """Whether it holds, on what grounds, and whether it may hold in a while."""
    said(verdict, outcome, waited, seen)


def said(verdict: Verdict, outcome: Outcome, waited: bool, seen: str) -> None:
    assert (outcome, waited) == (verdict.outcome, verdict.may_change)
    assert seen in verdict.seen
    assert (outcome is PASS) is verdict.passed
    assert str(verdict).startswith({PASS: "pass  ", FAIL: "FAIL  ", UNKNOWN: "UNKNOWN  "}[outcome])


def test_a_refusal_names_what_to_allow() -> None:
    """The action, for whoever writes the policy."""
    found = gates.unread("gate", Unread("ecs:DescribeServices", "AccessDeniedException: not authorized"))
    assert "allow ecs:DescribeServices to this role, or use another one" == found.remedy


HELD = Verdict("ALB active", PASS, "ours is active")
MISSED = Verdict("targets healthy", FAIL, "1 of 2 healthy, 2 wanted", "ask the task")
UNSEEN = Verdict("application answers", UNKNOWN, "an error page")


def test_a_step_is_refused_with_every_verdict_and_the_ways_out() -> None:
    """So that the one that failed is seen among the others."""
    with pytest.raises(NotReady) as caught:
        gates.require([HELD, MISSED, UNSEEN], "not going to serve:", "mend it")
    assert [
        "not going to serve:",
        "  pass  ALB active: ours is active",
        "  FAIL  targets healthy: 1 of 2 healthy, 2 wanted",
        "  UNKNOWN  application answers: an error page",
    ] == caught.value.what.split("\n")
    assert ["targets healthy: ask the task", "mend it"] == [line.strip() for line in caught.value.remedy.split("\n")]
    assert 1 == caught.value.exit_code


def test_unknown_is_no_pass() -> None:
    with pytest.raises(NotReady):
        gates.require([HELD, UNSEEN], "not going to serve:", "mend it")


SICK = {"Target": {"Id": "10.0.0.1"}, "TargetHealth": {"State": "unhealthy"}}
WELL = {"Target": {"Id": "10.0.0.2", "AvailabilityZone": "a"}, "TargetHealth": {"State": "healthy"}}


@pytest.mark.parametrize(
    ("verdict", "unanswered"),
    {
        "no healthy target": (gates.targets_healthy([SICK], 1), True),
        "no target": (gates.targets_healthy([], 1), True),
        "one of two": (gates.targets_healthy([SICK, WELL], 2), False),
        "somebody else answers": (gates.application_answers(fail("the load balancer's 503", ""), True), True),
        "nothing is known": (gates.application_answers(unknown("masked", ""), True), False),
        "an open port": (gates.load_balancer_closed(fail("answers", "")), False),
        "what is not read": (gates.unread("gate", Unread("cloudfront:GetDistribution", "")), False),
    }.values(),
)
def test_what_says_that_visitors_are_not_answered(verdict: Verdict, unanswered: bool) -> None:
    """And what doesn't, which is no reason to send them back."""
    assert unanswered is verdict.unanswered
    with pytest.raises(NotReady) as caught:
        gates.require([HELD, verdict], "not going to serve:", "mend it")
    assert unanswered is caught.value.unanswered


@pytest.mark.parametrize("verdicts", [[], [HELD], [HELD, HELD]], ids=len)
def test_a_step_whose_gates_hold_is_not_refused(verdicts: list[Verdict]) -> None:
    """Nor one that has none."""
    gates.require(verdicts, "not going to serve:", "mend it")
