"""Observing: which gates each step looks at, how long for, and what is not known where the account can't be read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from example import CONFIG, SITE, Call, Refusal, account
from gate_answers import (
    CONNECTED,
    DISTRIBUTION,
    LB,
    OURS,
    TARGET_GROUP,
    WITH_ORIGIN,
    deployment,
    distribution,
    load_balancer,
    service,
    targets,
)
from scripted_answers import Parameters, scripted

from bascule import aws, observe, waiting
from bascule.errors import BasculeError
from bascule.formats import Expect
from bascule.gates import ALB_ACTIVE, CLOSED, DEPLOYED, DEPLOYMENT, EXPRESSIBLE, PROBE, RELEASED, TARGETS, Verdict
from bascule.gates import CONNECTED as CONNECTED_GATE
from bascule.ladder import Stage, Step
from bascule.observe import Looking, gates_before, knows_load_balancer
from bascule.outcomes import Outcome
from bascule.site import Site
from bascule.verification import Reach
from bascule.verify.messages import Address, Answer, Kind, NoAnswer, Request, Response
from bascule.verify.run import Target
from bascule.waiting import Gate, Observed

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

TO_SERVE = Step(Stage.CONNECT, Stage.SERVE, Stage.SERVE, STATE)

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
LETS_GO = [ASK_DISTRIBUTION]

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
    ("attach", "build"): LETS_GO,
    ("build", "adopt"): LETS_GO,
    ("adopt", "none"): [],
}


@pytest.mark.parametrize(("way", "calls"), ASKED.items(), ids=map(" to ".join, ASKED))
def test_each_step_looks_at_what_it_depends_on(way: tuple[str, str], calls: list[Call]) -> None:
    """Up: every rung below the step, not the one that the apply finishes. Down: CloudFront let go."""
    now, stage = map(Stage, way)
    with account(*calls) as clients:
        verdicts = looked(clients, Step(now, stage, stage, STATE))
    assert [] == [verdict for verdict in verdicts if not verdict.passed]
    assert bool(calls) == bool(verdicts)


def test_one_failed_verdict_is_among_the_others() -> None:
    """Every gate of every rung reached is looked at, whichever fails."""
    sick = Call("elbv2", "describe_target_health", {"TargetHealthDescriptions": targets("healthy", "unhealthy")})
    with account(ASK_LOAD_BALANCER, ASK_SERVICE, sick, ASK_CONNECTED) as clients:
        verdicts = looked(clients, TO_SERVE)
    assert {
        ALB_ACTIVE: True,
        DEPLOYMENT: True,
        TARGETS: False,
        DEPLOYED: True,
        CONNECTED_GATE: True,
        EXPRESSIBLE: True,
    } == {verdict.gate: verdict.passed for verdict in verdicts}


def test_visitors_are_not_sent_where_cloudfront_only_should_know_the_load_balancer() -> None:
    """A failed update of the distribution leaves a state that says it was made."""
    with account(*ATTACHED, ASK_DISTRIBUTION) as clients:
        verdicts = looked(clients, TO_SERVE)
    assert [CONNECTED_GATE] == [verdict.gate for verdict in verdicts if not verdict.passed]


@pytest.mark.parametrize(
    ("found", "failed"),
    [
        (distribution(config=CONNECTED), [RELEASED]),
        (distribution("InProgress"), [DEPLOYED]),
    ],
    ids=["known", "not yet at every edge"],
)
def test_the_service_stays_attached_until_cloudfront_let_go(found: dict[str, Any], failed: list[str]) -> None:
    """Whatever Terraform's state says."""
    with account(Call("cloudfront", "get_distribution", {"Distribution": found})) as clients:
        verdicts = looked(clients, Step(Stage.ATTACH, Stage.BUILD, Stage.ADOPT, STATE))
    assert failed == [verdict.gate for verdict in verdicts if not verdict.passed]


@pytest.mark.parametrize(("config", "knows"), [(CONNECTED, True), (WITH_ORIGIN, True), (CONFIG, False)])
def test_the_live_distribution_says_whether_it_knows_the_load_balancer(config: dict[str, Any], knows: bool) -> None:
    """By its origins: a rollback doesn't rest on the state."""
    with account(Call("cloudfront", "get_distribution", {"Distribution": distribution(config=config)})) as clients:
        assert knows is knows_load_balancer(clients, SITE)


def test_what_a_failed_build_did_not_make_is_made_by_the_next_climb() -> None:
    """A failed apply may have made the security groups and no load balancer: there is nothing to look at yet."""
    with account() as clients:
        assert [] == looked(clients, Step(Stage.BUILD, Stage.CONNECT, Stage.CONNECT, {}))


def test_visitors_are_not_sent_to_what_the_state_does_not_hold() -> None:
    """Above `connect` everything that the gates look at has to be there."""
    with account() as clients, pytest.raises(BasculeError, match="state holds no aws_lb") as caught:
        gates_before(Looking(clients, SITE), replace(TO_SERVE, state={}))
    assert 'stage = "connect"' in caught.value.remedy


# --- what can't be read

CALLS: Mapping[str, tuple[str, str, list[str]]] = {
    "DescribeLoadBalancers": (
        "elasticloadbalancing:DescribeLoadBalancers",
        "LoadBalancerNotFound",
        [ALB_ACTIVE],
    ),
    "DescribeServices": ("ecs:DescribeServices", "ClusterNotFoundException", [DEPLOYMENT, TARGETS]),
    "DescribeTargetHealth": ("elasticloadbalancing:DescribeTargetHealth", "TargetGroupNotFound", [TARGETS]),
    "GetDistribution": (
        "cloudfront:GetDistribution",
        "NoSuchDistribution",
        [DEPLOYED, CONNECTED_GATE, EXPRESSIBLE],
    ),
}
"""Each call, the action that it needs, AWS's word for what isn't there, and the gates that it tells of first."""


@pytest.mark.parametrize("operation", CALLS)
def test_a_refused_call_makes_its_gates_unknown_and_names_the_action(operation: str) -> None:
    """Not seen is never a pass, nor a failure; and nobody waits for a permission."""
    action, _, told_of = CALLS[operation]
    world = World()
    world.answers[operation] = lambda now: Refusal("AccessDeniedException", "not authorized")
    observed = world.wait(TO_SERVE)
    unknown = {one.verdict.gate: one.verdict for one in observed if one.verdict.outcome is Outcome.UNKNOWN}
    assert set(told_of) <= {*unknown}
    for gate in told_of:
        assert action in unknown[gate].seen
        assert f"allow {action} to this role" in unknown[gate].remedy
    assert 0.0 == world.now


@pytest.mark.parametrize("operation", CALLS)
def test_what_is_gone_fails_at_once(operation: str) -> None:
    """It was there: Terraform's state knows it."""
    _, code, told_of = CALLS[operation]
    world = World()
    world.answers[operation] = lambda now: Refusal(code, "none")
    failed = {one.verdict.gate for one in world.wait(TO_SERVE) if one.verdict.outcome is Outcome.FAIL}
    assert set(told_of) == failed
    assert 0.0 == world.now


def test_a_service_that_is_gone_fails_at_once() -> None:
    """DescribeServices answers with nothing then, and no error."""
    world = World()
    world.answers["DescribeServices"] = lambda now: {"services": [], "failures": [{}]}
    found = {one.verdict.gate: one.verdict for one in world.wait(TO_SERVE)}
    assert "no service next in the cluster web" == found[DEPLOYMENT].seen
    assert "correct service.cluster or service.name" in found[DEPLOYMENT].remedy


@pytest.mark.parametrize("operation", CALLS)
def test_a_call_that_fails_for_a_while_is_made_again(operation: str) -> None:
    """AWS throttles, and has errors of its own."""
    world = World()
    good = world.answers[operation]
    world.answers[operation] = lambda now: Refusal("ThrottlingException", "Rate exceeded") if now < 5 else good(now)
    observed = world.wait(TO_SERVE, settling=0)
    assert [] == [one.verdict for one in observed if not one.passed]
    assert {7.0} == {one.seconds for one in observed if one.verdict.gate in CALLS[operation][2]}


def test_expired_credentials_are_an_error() -> None:
    """No call can succeed any more."""
    world = World()
    world.answers["DescribeServices"] = lambda now: Refusal("ExpiredTokenException", "expired")
    with pytest.raises(BasculeError, match="expired"):
        world.wait(TO_SERVE)


def test_gates_that_are_looked_at_together_share_their_calls() -> None:
    """Each call once a round, whichever gates ask: they are judged by one answer, and AWS isn't asked five times. What
    visitors get is another round."""
    world = World()
    world.answers["GetDistribution"] = lambda now: {"Distribution": distribution(config=CONNECTED)}
    world.wait(TO_SERVE, settling=0)
    assert sorted([*CALLS, "DescribeLoadBalancers", "GetDistribution"]) == sorted(world.asked)


# --- what changes while it is waited for

IN_PROGRESS = {"services": [service(deployment(rolloutState="IN_PROGRESS"), deployment("ACTIVE"))]}
STARTING = {"TargetHealthDescriptions": targets("initial Elb.InitialHealthChecking", "healthy")}
ROLLED_BACK = {"services": [service() | {"loadBalancers": []}]}


@dataclass
class Change:
    """An answer until it changes, and what comes of the gate that it is about."""

    operation: str
    first: Mapping[str, Any]
    until: float
    gate: str
    seconds: float
    passes: bool = True


BECOMES = {
    "the ALB becomes active": Change(
        "DescribeLoadBalancers", {"LoadBalancers": [load_balancer("provisioning")]}, 100, ALB_ACTIVE, 105
    ),
    "the deployment finishes": Change("DescribeServices", IN_PROGRESS, 12, DEPLOYMENT, 15),
    "targets become healthy, and settle": Change("DescribeTargetHealth", STARTING, 16, TARGETS, 40),
    "every edge has the config": Change(
        "GetDistribution", {"Distribution": distribution("InProgress", CONNECTED)}, 200, DEPLOYED, 211
    ),
    "the ALB never becomes active": Change(
        "DescribeLoadBalancers", {"LoadBalancers": [load_balancer("provisioning")]}, 9999, ALB_ACTIVE, 600, False
    ),
    "the deployment never finishes": Change("DescribeServices", IN_PROGRESS, 9999, DEPLOYMENT, 1200, False),
    "targets never become healthy": Change("DescribeTargetHealth", STARTING, 9999, TARGETS, 1210, False),
    "the distribution is stuck": Change(
        "GetDistribution", {"Distribution": distribution("InProgress", CONNECTED)}, 9999, DEPLOYED, 2100, False
    ),
}


@pytest.mark.parametrize("change", BECOMES.values(), ids=BECOMES)
def test_what_may_become_so_is_waited_for(change: Change) -> None:
    """For as long as AWS's own waiters would; for the service as long as the site file says."""
    world = World()
    good = world.answers[change.operation]
    world.answers[change.operation] = lambda now: change.first if now < change.until else good(now)
    observed = {one.verdict.gate: one for one in world.wait(TO_SERVE)}
    assert (change.passes, change.seconds) == (observed[change.gate].passed, observed[change.gate].seconds)
    assert [] == [one.verdict for one in observed.values() if not one.passed and one.verdict.gate != change.gate]


def test_a_rollback_while_it_is_waited_for_ends_the_waiting() -> None:
    """A circuit breaker's: the deployment finishes, with the old configuration."""
    world = World()
    world.answers["DescribeServices"] = lambda now: IN_PROGRESS if now < 20 else ROLLED_BACK
    found = {one.verdict.gate: one for one in world.wait(TO_SERVE)}
    assert "PRIMARY COMPLETED; WITHOUT our target group" == found[DEPLOYMENT].verdict.seen
    assert 30.0 == found[DEPLOYMENT].seconds


@pytest.mark.parametrize(("settling", "interval", "seconds"), [(None, 15, 15), (3, 15, 3), (0, 15, 0)])
def test_targets_settle_for_a_health_check_s_interval_unless_the_site_file_says(
    settling: int | None, interval: int, seconds: float
) -> None:
    """So that each was checked again."""
    world = World()
    found = {one.verdict.gate: one for one in world.wait(TO_SERVE, settling=settling, interval=interval)}
    assert (True, seconds) == (found[TARGETS].passed, found[TARGETS].seconds)


# --- what visitors get


def test_the_application_is_asked_through_the_distribution_under_the_site_s_name() -> None:
    """Whether DNS leads there yet or not; and with a query that no cache has seen."""
    world = World()
    world.wait(TO_SERVE)
    (probe,) = [request for request in world.requests if request.path.startswith("/api/health?bascule=")]
    assert ("www.example.com", Address("d111111abcdef8.cloudfront.net", 443)) == (probe.host, probe.at)


def test_the_load_balancer_is_asked_at_both_ports() -> None:
    """By its own name, from outside."""
    world = World()
    world.wait(TO_SERVE)
    asked = [(request.scheme, request.at) for request in world.requests if request.at and request.at.host == BALANCER]
    assert [("http", Address(BALANCER, 80)), ("https", Address(BALANCER, 443))] == asked


CLOUDFRONT = (("server", "CloudFront"), ("x-cache", "Error from cloudfront"))
S3 = (("server", "AmazonS3"), ("x-cache", "Error from cloudfront"), ("content-type", "text/html"))
OWN_404 = Response(404, (("content-type", "application/json"), ("x-cache", "Error from cloudfront")), b"{}")
ERROR_PAGE = Response(200, S3, b"<title>Coming soon</title>")
UNAVAILABLE = Response(503, (("server", "awselb/2.0"), ("x-cache", "Error from cloudfront")), b"<h1>503</h1>")
NO_NAME = NoAnswer(Kind.NAME, "no such name in DNS")
SILENT = NoAnswer(Kind.SILENT, "no answer for 10 s")

ANSWERS: Mapping[str, tuple[Answer, Outcome, float, str]] = {
    "the application's own 404": (OWN_404, Outcome.PASS, 0, "404 application/json"),
    "an error page": (ERROR_PAGE, Outcome.UNKNOWN, 0, "200 text/html, server: AmazonS3"),
    "the load balancer": (UNAVAILABLE, Outcome.FAIL, 120, "comes from the load balancer itself"),
    "CloudFront": (Response(502, CLOUDFRONT), Outcome.FAIL, 120, "comes from CloudFront itself"),
    "nobody": (NO_NAME, Outcome.UNKNOWN, 120, "no such name in DNS"),
    "a connection that stays silent": (SILENT, Outcome.FAIL, 120, "no answer for 10 s"),
}


@pytest.mark.parametrize(("answer", "outcome", "seconds", "seen"), ANSWERS.values(), ids=ANSWERS)
def test_the_application_has_to_answer_through_cloudfront(
    answer: Answer, outcome: Outcome, seconds: float, seen: str
) -> None:
    """Its own 404 will do; what stands in for it is unknown, and what isn't the application is asked again."""
    world = World()
    world.probed = lambda now: answer
    found = {one.verdict.gate: one for one in world.wait(TO_SERVE)}[PROBE]
    assert (outcome, seconds) == (found.verdict.outcome, found.seconds)
    assert seen in found.verdict.seen


def test_an_answer_of_the_config_before_is_waited_for_until_the_distribution_is_deployed() -> None:
    """An edge that hasn't the probe path yet asks the bucket, for minutes: it isn't asked so early."""
    world = World()
    world.answers["GetDistribution"] = lambda now: {
        "Distribution": distribution("InProgress" if now < 400 else "Deployed", CONNECTED)
    }
    world.probed = lambda now: UNAVAILABLE if now < 450 else OWN_404
    found = {one.verdict.gate: one for one in world.wait(TO_SERVE)}
    assert [True, True] == [found[DEPLOYED].passed, found[PROBE].passed]


def test_a_load_balancer_that_answers_from_outside_stops_the_move() -> None:
    """Whatever it answers."""
    world = World()
    world.outside = lambda now: UNAVAILABLE
    found = {one.verdict.gate: one for one in world.wait(TO_SERVE)}[CLOSED]
    assert (Outcome.FAIL, 0.0) == (found.verdict.outcome, found.seconds)
    assert f"load balancer {BALANCER}:80: the load balancer itself answers" in found.verdict.seen


def test_where_nothing_leads_to_the_site_it_is_not_asked() -> None:
    """The account's gates are left."""
    with account(*CONNECTED_CALLS) as clients:
        assert {PROBE, CLOSED}.isdisjoint(gate.name for gate in gates_before(Looking(clients, SITE), TO_SERVE))
        looked(clients, TO_SERVE)


def test_that_every_edge_has_the_config_can_be_waited_for_alone() -> None:
    """After the switch, before the caches are emptied."""
    with account(ASK_DISTRIBUTION) as clients:
        (found,) = waiting.wait([observe.deployed(Looking(clients, SITE))])
    assert (DEPLOYED, True) == (found.verdict.gate, found.passed)


# --- while edges are getting the config that moves visitors

SERVED = CONNECTED | {"DefaultCacheBehavior": CONNECTED["DefaultCacheBehavior"] | {"TargetOriginId": OURS["Id"]}}
OLD_PAGE = Response(200, (("server", "AmazonS3"), ("content-type", "text/html")), b"<title>Coming soon</title>")
FORBIDDEN = Response(403, (("server", "awselb/2.0"),), b"Forbidden")
ITS_OWN_500 = Response(500, (("x-powered-by", "Next.js"),), b"")


def arriving(world: World, config: Mapping[str, Any], expect: Expect, deployed: float = 300) -> Observed:
    """What came of waiting for this config, which every edge has after so many seconds."""
    world.answers["GetDistribution"] = lambda now: {
        "Distribution": distribution("InProgress" if now < deployed else "Deployed", config)
    }
    (found,) = world.wait_for(lambda looking: [observe.arrived(looking, expect)])
    return found


@pytest.mark.parametrize("answer", [UNAVAILABLE, FORBIDDEN, Response(502, CLOUDFRONT), ITS_OWN_500, SILENT])
def test_visitors_who_get_errors_do_not_wait_until_every_edge_has_the_config(answer: Answer) -> None:
    """That takes minutes. Four errors in a row are no accident: a fifth would only be somebody else's."""
    world = World(probed=lambda now: answer)
    found = arriving(world, SERVED, Expect.APPLICATION)
    assert (False, 7.0, True) == (found.passed, found.seconds, found.verdict.unanswered)
    assert "again and again" in found.verdict.seen
    assert {"/"} == {request.path for request in world.requests}


@pytest.mark.parametrize(
    "probed",
    [
        lambda now: OLD_PAGE if now < 200 else OWN_404,
        lambda now: UNAVAILABLE if now % 3 == 1 else OLD_PAGE,
        lambda now: NO_NAME,
    ],
    ids=["the page before", "an error now and then", "nothing can be asked from here"],
)
def test_what_is_no_error_time_and_again_is_waited_out(probed: Callable[[float], Answer]) -> None:
    """Edges that haven't the config yet answer with the page before, as they should."""
    found = arriving(World(probed=probed), SERVED, Expect.APPLICATION)
    assert found.passed


def test_going_back_nobody_is_asked_meanwhile() -> None:
    """Nothing would be done about it: the bucket is where visitors are safe."""
    world = World(probed=lambda now: UNAVAILABLE)
    assert arriving(world, CONNECTED, Expect.BUCKET).passed
    assert [] == world.requests


@pytest.mark.parametrize(("config", "expect"), [(CONNECTED, Expect.APPLICATION), (SERVED, Expect.BUCKET)])
def test_a_deployed_config_of_before_the_update_is_not_the_one(config: Mapping[str, Any], expect: Expect) -> None:
    """An answer may lag behind the update that was just made."""
    found = arriving(World(probed=lambda now: OLD_PAGE), config, expect, deployed=0)
    assert (False, 2100.0) == (found.passed, found.seconds)
    assert "status Deployed, of a config that sends visitors elsewhere" in found.verdict.seen


def test_where_visitors_are_already_no_gate_is_waited_for_as_if_they_were_not() -> None:
    """What fails there fails for them."""
    world = World()
    world.answers["DescribeTargetHealth"] = lambda now: {"TargetHealthDescriptions": targets("unhealthy")}
    found = {one.verdict.gate: one for one in world.wait(replace(TO_SERVE, reached=Stage.SERVE, stage=Stage.RETIRE))}
    assert (130.0, True) == (found[TARGETS].seconds, found[TARGETS].verdict.unanswered)


# --- the account, by the clock

BALANCER = OURS["DomainName"]


@dataclass
class World:
    """An account at `connect` and a site where everything holds, unless a test says otherwise; and a clock."""

    now: float = 0.0
    asked: list[str] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    answers: dict[str, Callable[[float], Mapping[str, Any] | Refusal]] = field(
        default_factory=lambda: {
            "DescribeLoadBalancers": lambda now: {"LoadBalancers": [load_balancer()]},
            "DescribeServices": lambda now: {"services": [service()]},
            "DescribeTargetHealth": lambda now: {"TargetHealthDescriptions": targets("healthy", "healthy")},
            "GetDistribution": lambda now: {"Distribution": distribution(config=CONNECTED)},
        }
    )
    """Of each call, by the seconds since the beginning."""
    probed: Callable[[float], Answer] = lambda now: OWN_404
    outside: Callable[[float], Answer] = lambda now: NoAnswer(Kind.TIMED_OUT, "no connection for 5 s")

    def wait(self, step: Step, *, settling: int | None = 10, interval: int = 15) -> list[Observed]:
        return self.wait_for(lambda looking: gates_before(looking, step), settling=settling, interval=interval)

    def wait_for(
        self, gates: Callable[[Looking], list[Gate]], *, settling: int | None = 10, interval: int = 15
    ) -> list[Observed]:
        site = SITE.model_copy(
            update={
                "gates": SITE.gates.model_copy(update={"settling": settling}),
                "health_check": SITE.health_check.model_copy(update={"interval": interval}),
            }
        )
        with scripted(self._script) as clients:
            found = gates(Looking(clients, site, self._reach))
            return waiting.wait(found, clock=lambda: self.now, sleep=self._sleep, at_once=1)

    def _script(self, service: str, operation: str, parameters: Parameters) -> Mapping[str, Any] | Refusal:
        self.asked.append(operation)
        return self.answers[operation](self.now)

    def _reach(self, domain: str) -> Reach:
        return Reach(Target.through(domain), self._fetch)

    def _fetch(self, request: Request) -> Answer:
        self.requests.append(request)
        assert request.at is not None
        return self.outside(self.now) if request.at.host == BALANCER else self.probed(self.now)

    def _sleep(self, seconds: float) -> None:
        self.now += seconds


def looked(clients: aws.Clients, step: Step, site: Site = SITE) -> list[Verdict]:
    """What one look at each gate of a step shows, in order."""
    found = [replace(gate, settling=0.0) for gate in gates_before(Looking(clients, site), step)]
    return [one.verdict for one in waiting.wait(found, patient=False, at_once=1)]
