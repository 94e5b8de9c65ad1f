"""The account as a world: what AWS answers, decided on; and what can't be read, which is never taken for an answer."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import pytest
import served
from example import Refusal
from served import ALB_ORIGIN, ANSWERS, DNS_NAME, GROUP, SECRET, config, distribution, read, rule, target

from bascule import live_values, routing, trace
from bascule.iam_actions import action_of
from bascule.inventory_calls import TRACE
from bascule.listener_rules import Forward
from bascule.live_values import TARGETS, NotRead
from bascule.load_balancers import TARGET_STATES
from bascule.origin_requests import OriginRequest
from bascule.planned_values import World
from bascule.reading import Call
from bascule.routing import Decision, Unclear

REQUESTS = (
    "/",
    "/closed",
    "/old/page?page=2&other=1",
    "http://www.example.com/",
    "https://elsewhere.example/",
)


def decided(found: World, url: str = "/", *headers: tuple[str, str]) -> Decision:
    """What becomes of a request."""
    decision = routing.decide(routing.router(found), routing.request(url, "GET", list(headers)))
    assert decision is not None
    return decision


def test_every_call_of_the_table_is_made_and_no_other() -> None:
    """So that the policy `audit`, which is made from the table, is what `trace --live` needs."""
    made: list[Call] = []
    read(on_call=made.append)
    assert {(call.service, call.operation) for call in TRACE} == {(call.service, call.operation) for call in made}
    assert len(ANSWERS) == len(made)


def test_addresses_are_those_of_the_configuration() -> None:
    """So that a trace of the account reads like one of the plan; a policy has its own name."""
    assert [
        "aws_cloudfront_cache_policy.pages",
        "aws_cloudfront_distribution.site",
        "aws_cloudfront_origin_request_policy.sessions",
        "aws_ecs_service.site",
        "aws_lb.alb",
        "aws_lb_listener.alb",
        "aws_lb_listener_rule.alb_5",
        "aws_lb_listener_rule.cloudfront",
        "aws_lb_target_group.app",
        "aws_s3_bucket.site",
        "aws_security_group.alb",
        "aws_security_group.tasks",
        "data.aws_ec2_managed_prefix_list.cloudfront",
    ] == sorted(read())


def test_visitors_get_the_application_and_every_station_is_known() -> None:
    """Three groups let the request pass, one of two targets is healthy, the secret is recognized and not told."""
    found = read()
    decision = decided(found)
    assert "application" == decision.end
    assert [True, True, True] == [gate.passes for gate in decision.gates]
    assert [("healthy", "unhealthy")] == [one.health.states for one in decision.targets]
    told = trace.told(decision)
    assert "1 of 2 targets healthy, 1 unhealthy" in told
    assert SECRET not in told
    assert SECRET not in repr(decision)
    assert [] == live_values.unread(found)


def test_targets_are_kept_with_their_addresses() -> None:
    """Whoever sends requests to them needs those."""
    assert [
        {"id": "10.20.1.5", "port": 3000, "state": "healthy", "reason": ""},
        {"id": "10.20.2.7", "port": 3000, "state": "unhealthy", "reason": "Target.Timeout"},
    ] == read()["aws_lb_target_group.app"][TARGETS]


def test_the_account_s_own_policies_are_applied() -> None:
    """What is in the cache key, and what is forwarded beside it."""
    decision = decided(read(), "/old/x?page=2&other=1", ("Cookie", "session=1; theme=dark"), ("Accept-Language", "fr"))
    assert not isinstance(decision.caching, Unclear | None)
    assert ("page=2", 60) == (decision.caching.key.query, decision.caching.policy.min_ttl)
    assert [("accept-language", "fr")] == [(n.lower(), v) for n, v in decision.caching.key.headers if v == "fr"]
    assert isinstance(decision.forwarded, OriginRequest)
    assert "page=2&other=1" == decision.forwarded.query
    assert ["session=1"] == [value for name, value in decision.forwarded.headers if name.lower() == "cookie"]


def same_or_not_known(full: Decision, partly: Decision) -> list[str]:
    """What a decision says that the one of an account that could be read whole doesn't."""
    wrong = [f"end {partly.end}"] if partly.end not in (full.end, "unknown") else []
    known: dict[str, Any] = {gate.way: gate.passes for gate in full.gates}
    wrong += [f"{g.way}: {g.passes}" for g in partly.gates if g.passes is not None and g.passes != known[g.way]]
    verdicts = [target.health.verdict for target in full.targets]
    wrong += [f"{t.group}: {t.health.verdict}" for t in partly.targets if t.health.verdict not in (None, *verdicts)]
    for name in ("caching", "forwarded", "error", "edge"):
        said = getattr(partly, name)
        if said is not None and not isinstance(said, Unclear) and said != getattr(full, name):
            wrong.append(f"{name} {said}")
    if partly.end == full.end and full.action != partly.action:
        wrong.append(f"action {partly.action}")
    return wrong


@pytest.mark.parametrize("call", ANSWERS, ids=lambda call: ":".join(call))
def test_a_refused_call_never_leads_to_a_wrong_answer(call: tuple[str, str]) -> None:
    """Each in turn, for each request: the answer is the same, or isn't known; the permission is named."""
    full, partly = read(), read(call)
    assert [] == [wrong for url in REQUESTS for wrong in same_or_not_known(decided(full, url), decided(partly, url))]
    unread = live_values.unread(partly)
    assert [f"{action_of(*call)}: AccessDeniedException: is not authorized"] == unread


@pytest.mark.parametrize("calls", list(combinations(ANSWERS, 2)), ids=lambda calls: "+".join(name for _, name in calls))
def test_two_refused_calls_never_lead_to_a_wrong_answer(calls: tuple[tuple[str, str], ...]) -> None:
    """What one of them leaves unknown, the other doesn't make up."""
    full, partly = read(), read(*calls)
    assert [] == [wrong for url in REQUESTS for wrong in same_or_not_known(decided(full, url), decided(partly, url))]


@pytest.mark.parametrize(
    "call",
    [
        ("cloudfront", "GetDistribution"),
        ("ecs", "DescribeServices"),
        ("elbv2", "DescribeLoadBalancers"),
        ("elbv2", "DescribeListeners"),
        ("elbv2", "DescribeRules"),
    ],
    ids=lambda call: ":".join(call),
)
def test_who_answers_is_not_known_without(call: tuple[str, str]) -> None:
    """And the trace says which permission is missing."""
    decision = decided(read(call))
    assert "unknown" == decision.end
    assert f"not known: not read: {action_of(*call)}: AccessDeniedException" in trace.told(decision)


def test_everything_refused_at_once() -> None:
    """As for a role that may do nothing."""
    found = read(*ANSWERS)
    assert {"unknown"} == {decided(found, url).end for url in REQUESTS}


def test_a_distribution_that_is_not_there_is_none() -> None:
    """Which is another thing than one that couldn't be read."""
    assert (
        routing.decide(routing.router(read(GetDistribution=Refusal("NoSuchDistribution"))), routing.request("/"))
        is None
    )


def test_a_bucket_that_is_gone_answers_nothing() -> None:
    """And whether one of somebody else's is there isn't known."""
    gone, hidden = (read(HeadBucket=Refusal(code, status=int(code))) for code in ("404", "403"))
    assert ("nothing", "unknown") == (decided(gone, "/old/x").end, decided(hidden, "/old/x").end)


def test_an_access_point_is_no_bucket() -> None:
    """Its name is no bucket's."""
    named = {**CONFIG_ORIGIN, "DomainName": "point-123456789012.s3-accesspoint.me-central-1.amazonaws.com"}
    found = read(
        GetDistribution=distribution(config(ALB_ORIGIN, Origins={"Quantity": 2, "Items": [named, ALB_ORIGIN]}))
    )
    assert "elsewhere" == decided(found, "/old/x").end


CONFIG_ORIGIN = config()["Origins"]["Items"][0]


@pytest.mark.parametrize("name", [DNS_NAME.upper(), f"dualstack.{DNS_NAME}"])
def test_a_load_balancer_is_known_by_any_of_its_names(name: str) -> None:
    """Case doesn't count, and the console's `dualstack.` leads to the same one."""
    assert "application" == decided(read(GetDistribution=distribution(config({**ALB_ORIGIN, "DomainName": name})))).end


@pytest.mark.parametrize(
    ("states", "end"),
    [
        ([], "nothing"),
        (["draining", "unused"], "nothing"),
        (["unhealthy"], "application"),
        (["initial", "draining"], "application"),
    ],
)
def test_who_answers_is_whoever_is_registered(states: list[str], end: str) -> None:
    """Though the service is attached: ELB answers 503 where a group has no targets, and asks unhealthy ones where no
    other is."""
    found = [target(f"10.0.0.{number}", state) for number, state in enumerate(states)]
    assert end == decided(read(DescribeTargetHealth={"TargetHealthDescriptions": found})).end


def test_targets_of_nobody_s_service_answer_too() -> None:
    """An instance, or a service that nobody named."""
    decision = decided(read(services=()))
    assert ("application", [""]) == (decision.end, [one.service for one in decision.targets])


@pytest.mark.parametrize("call", ["DescribeTargetHealth", "DescribeTargetGroups"])
def test_without_a_service_it_is_the_targets_that_tell(call: str) -> None:
    """Where those couldn't be read, nothing does."""
    assert "unknown" == decided(read(("elbv2", call), services=())).end


def test_a_second_service_that_could_not_be_read_takes_nothing_from_the_first() -> None:
    """The target group is known to be the first one's."""

    def answer(asked: Any) -> Any:
        first = ANSWERS["ecs", "DescribeServices"]
        return first if asked["services"] == ["next"] else {"services": [], "failures": [{"reason": "MISSING"}]}

    found = read(services=(*served.SERVICES, ("web", "other")), DescribeServices=answer)
    assert "application" == decided(found).end
    assert ["aws_ecs_service.site"] == [address for address in found if address.startswith("aws_ecs_service.")]


def test_a_rule_with_a_regular_expression_is_not_known() -> None:
    """The model can't match it."""
    regex = {"Field": "path-pattern", "PathPatternConfig": {"RegexValues": ["^/$"]}}
    rules = {"Rules": [rule(1, [regex], served.GONE), rule(2, [served.SIGNED], served.FORWARD)]}
    assert "unknown" == decided(read(DescribeRules=rules)).end


def test_a_secret_that_differs_is_refused() -> None:
    """The listener's rule has another value than the distribution sends."""
    other = {**served.SIGNED, "HttpHeaderConfig": {"HttpHeaderName": "X-Origin-Verify", "Values": ["0" * 48]}}
    decision = decided(read(DescribeRules={"Rules": [rule(1, [other], served.FORWARD)]}))
    assert ("refusal", "") == (decision.end, decision.rule)


def test_a_listener_that_forwards_by_weights_leads_to_each_group() -> None:
    """But for those that get nothing."""
    groups = [{"TargetGroupArn": GROUP, "Weight": 9}, {"TargetGroupArn": f"{GROUP}0", "Weight": 0}]
    weighed = {"Type": "forward", "Order": 1, "ForwardConfig": {"TargetGroups": groups}}
    decision = decided(read(DescribeRules={"Rules": [rule(1, [served.SIGNED], weighed)]}))
    assert Forward(((GROUP, 9),)) == decision.action


def test_what_is_not_read_says_so() -> None:
    """Where the model shows a value."""
    found = read(("elbv2", "DescribeTargetHealth"))
    states = found["aws_lb_target_group.app"][TARGET_STATES]
    assert isinstance(states, NotRead)
    assert "not read: elasticloadbalancing:DescribeTargetHealth: AccessDeniedException: is not authorized" == str(
        states
    )
