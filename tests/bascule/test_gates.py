"""Gates: what has to be seen in the account before the next rung."""

from __future__ import annotations

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
from bascule.errors import BasculeError
from bascule.gates import Verdict
from bascule.ladder import ALB_ORIGIN_ID, Stage

PROBE = SITE.distribution.probe_path

VERDICTS: dict[str, tuple[Verdict, bool, str]] = {
    "the ALB is active": (gates.load_balancer_active(load_balancer()), True, "ours is active"),
    "the ALB is on its way": (gates.load_balancer_active(load_balancer("provisioning")), False, "ours is provisioning"),
    "the ALB failed": (gates.load_balancer_active(load_balancer("failed")), False, "ours is failed"),
    "one finished deployment": (
        gates.service_attached(service(), TARGET_GROUP),
        True,
        "PRIMARY COMPLETED; with our target group",
    ),
    "a deployment that runs": (
        gates.service_attached(service(deployment(rolloutState="IN_PROGRESS")), TARGET_GROUP),
        False,
        "PRIMARY IN_PROGRESS; with our target group",
    ),
    "a deployment that failed": (
        gates.service_attached(service(deployment(rolloutState="FAILED")), TARGET_GROUP),
        False,
        "PRIMARY FAILED",
    ),
    "a deployment that says nothing": (
        gates.service_attached(service({"status": "PRIMARY"}), TARGET_GROUP),
        False,
        "PRIMARY of unknown state",
    ),
    "old tasks still leaving": (
        gates.service_attached(service(deployment(), deployment("ACTIVE")), TARGET_GROUP),
        False,
        "PRIMARY COMPLETED, ACTIVE COMPLETED",
    ),
    "no deployment of the service's own": (
        gates.service_attached(service(deployment("ACTIVE")), TARGET_GROUP),
        False,
        "ACTIVE COMPLETED",
    ),
    "rolled back by the circuit breaker": (
        gates.service_attached(service() | {"loadBalancers": []}, TARGET_GROUP),
        False,
        "PRIMARY COMPLETED; WITHOUT our target group",
    ),
    "behind another load balancer": (
        gates.service_attached(service(target_group="arn:theirs"), TARGET_GROUP),
        False,
        "WITHOUT our target group",
    ),
    "no deployment": (
        gates.service_attached(service() | {"deployments": []}, TARGET_GROUP),
        False,
        "no deployment; with our target group",
    ),
    "every target healthy": (gates.targets_healthy(targets("healthy", "healthy"), 2), True, "2 of 2 healthy, 2 wanted"),
    "more than wanted": (gates.targets_healthy(targets("healthy", "healthy"), 1), True, "2 of 2 healthy, 1 wanted"),
    "one target unhealthy": (
        gates.targets_healthy(targets("healthy", "unhealthy"), 1),
        False,
        "1 of 2 healthy, 1 wanted",
    ),
    "one target draining": (gates.targets_healthy(targets("healthy", "draining"), 1), False, "1 of 2 healthy"),
    "one target starting": (gates.targets_healthy(targets("healthy", "initial"), 1), False, "1 of 2 healthy"),
    "fewer than wanted": (gates.targets_healthy(targets("healthy"), 2), False, "1 of 1 healthy, 2 wanted"),
    "no target": (gates.targets_healthy([], 1), False, "0 of 0 healthy, 1 wanted"),
    "no task wanted": (gates.targets_healthy([], 0), False, "0 of 0 healthy, 0 wanted"),
    "deployed": (gates.distribution_deployed(distribution()), True, "status Deployed"),
    "not deployed": (gates.distribution_deployed(distribution("InProgress")), False, "status InProgress"),
    "released": (gates.distribution_released(CONFIG), True, "origins S3-old-site"),
    "not released": (gates.distribution_released(CONNECTED), False, f"origins S3-old-site, {ALB_ORIGIN_ID}"),
    "the probe path goes to the ALB": (
        gates.distribution_connected(CONNECTED, PROBE),
        True,
        f"origins S3-old-site, {ALB_ORIGIN_ID}; {PROBE} → {ALB_ORIGIN_ID}",
    ),
    "CloudFront doesn't know the ALB": (
        gates.distribution_connected(CONFIG, PROBE),
        False,
        f"origins S3-old-site; {PROBE} → the default behavior",
    ),
    "an origin that no path uses": (
        gates.distribution_connected(WITH_ORIGIN, PROBE),
        False,
        f"{ALB_ORIGIN_ID}; {PROBE} → the default behavior",
    ),
    "the ALB under another path": (
        gates.distribution_connected(with_behaviors(WITH_ORIGIN, behavior("/other", ALB_ORIGIN_ID)), PROBE),
        False,
        f"{PROBE} → the default behavior",
    ),
    "the probe path goes elsewhere": (
        gates.distribution_connected(with_behaviors(WITH_ORIGIN, behavior(PROBE, "S3-old-site")), PROBE),
        False,
        f"{PROBE} → S3-old-site",
    ),
    "the provider knows every field": (gates.distribution_expressible(CONNECTED), True, "nothing found"),
    "a field that the provider doesn't know": (
        gates.distribution_expressible(CONNECTED | {"ViewerMtlsConfig": {"Mode": "required"}}),
        False,
        "ViewerMtlsConfig",
    ),
}


@pytest.mark.parametrize(("verdict", "passed", "seen"), VERDICTS.values(), ids=VERDICTS)
def test_a_verdict_says_what_was_seen(verdict: Verdict, passed: bool, seen: str) -> None:
    """Whether it holds, and on what grounds."""
    assert passed is verdict.passed
    assert seen in verdict.seen
    assert str(verdict).startswith("pass  " if passed else "FAIL  ")


PASS = Verdict("ALB active", True, "ours is active")
FAIL = Verdict("targets healthy", False, "1 of 2 healthy, 2 wanted")


def test_a_step_is_refused_with_every_verdict_and_the_way_out() -> None:
    """So that the one that failed is seen among the others."""
    with pytest.raises(BasculeError) as caught:
        gates.require([PASS, FAIL], Stage.SERVE, "mend it")
    assert [
        "not going to serve: the account isn't ready",
        "  pass  ALB active: ours is active",
        "  FAIL  targets healthy: 1 of 2 healthy, 2 wanted",
    ] == caught.value.what.split("\n")
    assert (1, "mend it") == (caught.value.exit_code, caught.value.remedy)


@pytest.mark.parametrize("verdicts", [[], [PASS], [PASS, PASS]], ids=len)
def test_a_step_whose_gates_hold_is_not_refused(verdicts: list[Verdict]) -> None:
    """Nor one that has none."""
    gates.require(verdicts, Stage.SERVE, "mend it")
