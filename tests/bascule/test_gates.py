"""Gates: what has to be seen in the account before the next rung."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from example import CONFIG, SITE, Call, Refusal, account, with_path

from bascule import gates
from bascule.errors import BasculeError
from bascule.gates import Verdict
from bascule.ladder import ALB_ORIGIN_ID, Stage, Step
from bascule.observe import observe

LB = "arn:aws:elasticloadbalancing:me-central-1:123456789012:loadbalancer/app/ours/1"
TARGET_GROUP = "arn:aws:elasticloadbalancing:me-central-1:123456789012:targetgroup/ours/1"
DISTRIBUTION = "arn:aws:cloudfront::123456789012:distribution/EXAMPLE"
STATE = {
    "values": {
        "root_module": {
            "resources": [
                {"mode": "data", "type": "aws_lb", "values": {}},
                {"mode": "managed", "type": "aws_lb", "values": {"arn": LB}},
                {"mode": "managed", "type": "aws_lb_target_group", "values": {"arn": TARGET_GROUP}},
                {"mode": "managed", "type": "aws_cloudfront_distribution", "values": {"arn": DISTRIBUTION}},
            ]
        }
    }
}


def load_balancer(state: str = "active") -> dict[str, Any]:
    return {"LoadBalancerName": "ours", "State": {"Code": state}}


def service(*deployments: dict[str, Any], target_group: str = TARGET_GROUP, desired: int = 2) -> dict[str, Any]:
    return {
        "serviceName": "next",
        "desiredCount": desired,
        "deployments": list(deployments or [deployment()]),
        "loadBalancers": [{"targetGroupArn": target_group, "containerName": "web", "containerPort": 3000}],
    }


def deployment(status: str = "PRIMARY", **more: Any) -> dict[str, Any]:
    return {"status": status, "rolloutState": "COMPLETED"} | more


def targets(*states: str) -> list[dict[str, Any]]:
    return [{"Target": {"Id": "10.0.0.1"}, "TargetHealth": {"State": state}} for state in states]


def distribution(status: str = "Deployed", config: dict[str, Any] = CONFIG) -> dict[str, Any]:
    return {
        "Id": SITE.distribution.id,
        "ARN": f"arn:aws:cloudfront::123456789012:distribution/{SITE.distribution.id}",
        "Status": status,
        "LastModifiedTime": datetime(2026, 1, 3, tzinfo=UTC),
        "InProgressInvalidationBatches": 0,
        "DomainName": "d111111abcdef8.cloudfront.net",
        "DistributionConfig": config,
    }


CONNECTED = with_path(
    CONFIG, "Origins.Items", [*CONFIG["Origins"]["Items"], {"Id": ALB_ORIGIN_ID, "DomainName": "a.b"}]
)

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
}


@pytest.mark.parametrize(("verdict", "passed", "seen"), VERDICTS.values(), ids=VERDICTS)
def test_a_verdict_says_what_was_seen(verdict: Verdict, passed: bool, seen: str) -> None:
    """Whether it holds, and on what grounds."""
    assert passed is verdict.passed
    assert seen in verdict.seen
    assert str(verdict).startswith("pass  " if passed else "FAIL  ")


ASK_LOAD_BALANCER = Call(
    "elbv2", "describe_load_balancers", {"LoadBalancers": [load_balancer()]}, {"LoadBalancerArns": [LB]}
)
ASK_SERVICE = Call("ecs", "describe_services", {"services": [service()]}, {"cluster": "web", "services": ["next"]})
ASK_TARGETS = Call(
    "elbv2",
    "describe_target_health",
    {"TargetHealthDescriptions": targets("healthy", "healthy")},
    {"TargetGroupArn": TARGET_GROUP},
)
ASK_DISTRIBUTION = Call(
    "cloudfront", "get_distribution", {"Distribution": distribution()}, {"Id": SITE.distribution.id}
)

BUILT = [ASK_LOAD_BALANCER]
ATTACHED = [*BUILT, ASK_SERVICE, ASK_TARGETS]
CONNECTED_CALLS = [*ATTACHED, ASK_DISTRIBUTION]
RELEASED = [ASK_DISTRIBUTION]

ASKED = {
    ("none", "connect"): [],
    ("adopt", "connect"): [],
    ("build", "build"): [],
    ("build", "connect"): BUILT,
    ("attach", "attach"): BUILT,
    ("attach", "connect"): ATTACHED,
    ("connect", "connect"): ATTACHED,
    ("connect", "serve"): CONNECTED_CALLS,
    ("serve", "serve"): CONNECTED_CALLS,
    ("serve", "retire"): CONNECTED_CALLS,
    ("retire", "serve"): [],
    ("serve", "connect"): [],
    ("connect", "attach"): [],
    ("attach", "build"): RELEASED,
    ("build", "adopt"): RELEASED,
    ("adopt", "none"): [],
}


@pytest.mark.parametrize(("way", "calls"), ASKED.items(), ids=map(" to ".join, ASKED))
def test_each_step_looks_at_what_it_depends_on(way: tuple[str, str], calls: list[Call]) -> None:
    """Up: every rung below the step, not the one that the apply finishes. Down: CloudFront let go."""
    now, stage = map(Stage, way)
    with account(*calls) as clients:
        verdicts = observe(clients, SITE, Step(now, stage, stage, STATE))
    assert [] == [verdict for verdict in verdicts if not verdict.passed]
    assert bool(calls) == bool(verdicts)
    gates.require(verdicts, stage)


def test_serve_is_refused_while_a_target_is_unhealthy() -> None:
    """The error lists every verdict, so that the one that failed is seen among the others."""
    sick = Call("elbv2", "describe_target_health", {"TargetHealthDescriptions": targets("healthy", "unhealthy")})
    with account(ASK_LOAD_BALANCER, ASK_SERVICE, sick, ASK_DISTRIBUTION) as clients:
        verdicts = observe(clients, SITE, Step(Stage.CONNECT, Stage.SERVE, Stage.SERVE, STATE))
    with pytest.raises(BasculeError) as caught:
        gates.require(verdicts, Stage.SERVE)
    assert [
        "not going to serve: the account isn't ready",
        "  pass  ALB active: ours is active",
        "  pass  deployment finished: PRIMARY COMPLETED; with our target group",
        "  FAIL  targets healthy: 1 of 2 healthy, 2 wanted",
        "  pass  distribution deployed: status Deployed",
    ] == caught.value.what.split("\n")
    assert 1 == caught.value.exit_code
    assert "bascule rollback" in caught.value.remedy


def test_the_service_stays_attached_while_cloudfront_knows_the_load_balancer() -> None:
    """Whatever Terraform's state says."""
    known = Call("cloudfront", "get_distribution", {"Distribution": distribution(config=CONNECTED)})
    with account(known) as clients:
        verdicts = observe(clients, SITE, Step(Stage.ATTACH, Stage.BUILD, Stage.ADOPT, STATE))
    with pytest.raises(BasculeError, match="FAIL  CloudFront let go of the ALB"):
        gates.require(verdicts, Stage.BUILD)


def test_what_a_failed_build_did_not_make_is_made_by_the_next_climb() -> None:
    """A failed apply may have made the security groups and no load balancer: there is nothing to look at yet."""
    with account() as clients:
        assert [] == observe(clients, SITE, Step(Stage.BUILD, Stage.CONNECT, Stage.CONNECT, {}))


def test_the_origin_s_protocol_is_not_changed_under_cloudfront() -> None:
    """The listener would speak https while edges still ask in http."""
    seen = gates.same_origin_protocol({"protocol": "HTTP"}, "https")
    assert Verdict("origin protocol unchanged", False, "the listener speaks HTTP, origin.protocol is https") == seen
    assert gates.same_origin_protocol({"protocol": "HTTPS"}, "https").passed


def test_visitors_are_not_sent_to_what_the_state_does_not_hold() -> None:
    """Above `connect` everything that the gates look at has to be there."""
    with account() as clients, pytest.raises(BasculeError, match="state holds no aws_lb") as caught:
        observe(clients, SITE, Step(Stage.CONNECT, Stage.SERVE, Stage.SERVE, {}))
    assert 'stage = "connect"' in caught.value.remedy


UNREADABLE = {
    "the load balancer is gone": (
        [Call("elbv2", "describe_load_balancers", Refusal("LoadBalancerNotFound", "not found"))],
        "DescribeLoadBalancers: LoadBalancerNotFound: not found",
    ),
    "the service is gone": (
        [ASK_LOAD_BALANCER, ASK_TARGETS, Call("ecs", "describe_services", {"services": [], "failures": [{}]})],
        "no such service in this cluster",
    ),
    "the distribution is gone": (
        [*ATTACHED, Call("cloudfront", "get_distribution", Refusal("NoSuchDistribution", "none"))],
        "GetDistribution: NoSuchDistribution: none",
    ),
    "the role may not look": (
        [Call("elbv2", "describe_load_balancers", Refusal("AccessDenied", "not authorized"))],
        "AccessDenied: not authorized",
    ),
}


@pytest.mark.parametrize(("calls", "what"), UNREADABLE.values(), ids=UNREADABLE)
def test_an_account_that_cannot_be_read_is_an_error(calls: list[Call], what: str) -> None:
    """Not seen is never a pass."""
    with account(*calls) as clients, pytest.raises(BasculeError) as caught:
        observe(clients, SITE, Step(Stage.CONNECT, Stage.SERVE, Stage.SERVE, STATE))
    assert what in str(caught.value)
