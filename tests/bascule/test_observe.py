"""Observing: which gates each step looks at, and what an account that can't be read is."""

from __future__ import annotations

from typing import Any

import pytest
from example import CONFIG, SITE, Call, Refusal, account
from gate_answers import (
    CONNECTED,
    DISTRIBUTION,
    LB,
    TARGET_GROUP,
    WITH_ORIGIN,
    distribution,
    load_balancer,
    service,
    targets,
)

from bascule.errors import BasculeError
from bascule.ladder import Stage, Step
from bascule.observe import knows_load_balancer, observe

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
ASK_CONNECTED = Call("cloudfront", "get_distribution", {"Distribution": distribution(config=CONNECTED)})

BUILT = [ASK_LOAD_BALANCER]
ATTACHED = [*BUILT, ASK_SERVICE, ASK_TARGETS]
CONNECTED_CALLS = [*ATTACHED, ASK_CONNECTED]
RELEASED = [ASK_DISTRIBUTION]

ASKED = {
    ("none", "adopt"): [],
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
    ("retire", "retire"): CONNECTED_CALLS,
    ("retire", "connect"): [],
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


def test_one_failed_verdict_is_among_the_others() -> None:
    """Every gate of every rung reached is looked at, whichever fails."""
    sick = Call("elbv2", "describe_target_health", {"TargetHealthDescriptions": targets("healthy", "unhealthy")})
    with account(ASK_LOAD_BALANCER, ASK_SERVICE, sick, ASK_CONNECTED) as clients:
        verdicts = observe(clients, SITE, Step(Stage.CONNECT, Stage.SERVE, Stage.SERVE, STATE))
    assert {
        "ALB active": True,
        "deployment finished": True,
        "targets healthy": False,
        "distribution deployed": True,
        "CloudFront knows the ALB": True,
        "nothing that Terraform would reset": True,
    } == {verdict.gate: verdict.passed for verdict in verdicts}


def test_visitors_are_not_sent_where_cloudfront_only_should_know_the_load_balancer() -> None:
    """A failed update of the distribution leaves a state that says it was made."""
    with account(*ATTACHED, ASK_DISTRIBUTION) as clients:
        verdicts = observe(clients, SITE, Step(Stage.CONNECT, Stage.SERVE, Stage.SERVE, STATE))
    assert ["CloudFront knows the ALB"] == [verdict.gate for verdict in verdicts if not verdict.passed]


@pytest.mark.parametrize(
    ("found", "failed"),
    [
        (distribution(config=CONNECTED), ["CloudFront let go of the ALB"]),
        (distribution("InProgress"), ["distribution deployed"]),
    ],
    ids=["known", "not yet at every edge"],
)
def test_the_service_stays_attached_until_cloudfront_let_go(found: dict[str, Any], failed: list[str]) -> None:
    """Whatever Terraform's state says."""
    with account(Call("cloudfront", "get_distribution", {"Distribution": found})) as clients:
        verdicts = observe(clients, SITE, Step(Stage.ATTACH, Stage.BUILD, Stage.ADOPT, STATE))
    assert failed == [verdict.gate for verdict in verdicts if not verdict.passed]


@pytest.mark.parametrize(("config", "knows"), [(CONNECTED, True), (WITH_ORIGIN, True), (CONFIG, False)])
def test_the_live_distribution_says_whether_it_knows_the_load_balancer(config: dict[str, Any], knows: bool) -> None:
    """By its origins: a rollback doesn't rest on the state."""
    with account(Call("cloudfront", "get_distribution", {"Distribution": distribution(config=config)})) as clients:
        assert knows is knows_load_balancer(clients, SITE)


def test_what_a_failed_build_did_not_make_is_made_by_the_next_climb() -> None:
    """A failed apply may have made the security groups and no load balancer: there is nothing to look at yet."""
    with account() as clients:
        assert [] == observe(clients, SITE, Step(Stage.BUILD, Stage.CONNECT, Stage.CONNECT, {}))


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
