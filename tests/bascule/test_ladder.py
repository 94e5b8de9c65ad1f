"""The ladder: which rung a state shows, and which applies lead from one rung to another."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise, product
from typing import Any

import pytest

from bascule.ladder import ALB_ORIGIN_ID, Stage, Step, half_made, next_step, origin_is_bucket, reached, steps

NONE, ADOPT, BUILD, ATTACH, CONNECT, SERVE, RETIRE = Stage

TARGET_GROUP = "arn:aws:elasticloadbalancing:me-central-1:123456789012:targetgroup/ours/1"
S3 = {"origin_id": "S3-old-site", "domain_name": "old-site.s3.me-central-1.amazonaws.com"}
ALB = {"origin_id": ALB_ORIGIN_ID, "domain_name": "ours-1.me-central-1.elb.amazonaws.com"}
ELSEWHERE = {"origin_id": "blog", "domain_name": "blog.example.com"}

Resource = dict[str, Any]


def state(*resources: Resource) -> dict[str, Any]:
    """A state as `terraform show -json` prints it."""
    return {"format_version": "1.0", "values": {"root_module": {"resources": list(resources)}}}


def resource(type_: str, mode: str = "managed", **values: Any) -> Resource:
    return {"address": f"{type_}.site", "mode": mode, "type": type_, "name": "site", "values": values}


def service(balancer: str | None = None, group: str = "sg-theirs") -> Resource:
    balancers = [{"target_group_arn": balancer, "container_port": 3000}] if balancer else []
    return resource(
        "aws_ecs_service", load_balancer=balancers, network_configuration=[{"security_groups": ["sg-other", group]}]
    )


def distribution(default: str = "S3-old-site", origins: tuple[Resource, ...] = (S3,), *ordered: str) -> Resource:
    return resource(
        "aws_cloudfront_distribution",
        origin=list(origins),
        default_cache_behavior=[{"target_origin_id": default}],
        ordered_cache_behavior=[{"path_pattern": "/api/health", "target_origin_id": target} for target in ordered],
    )


BUCKET = resource("aws_s3_bucket", bucket="old-site")
OURS = (
    resource("aws_lb", arn="arn:lb"),
    resource("aws_lb_target_group", arn=TARGET_GROUP),
    resource("aws_security_group", id="sg-ours"),
    resource("aws_security_group", id="sg-tasks"),
)
ATTACHED = service(TARGET_GROUP, "sg-tasks")
SERVED = distribution(ALB_ORIGIN_ID, (S3, ALB), ALB_ORIGIN_ID, ALB_ORIGIN_ID)

STATES: dict[str, tuple[Stage, Mapping[str, Any]]] = {
    "nothing at all": (NONE, {}),
    "an empty state": (NONE, {"format_version": "1.0"}),
    "a state without values": (NONE, {"format_version": "1.0", "values": None}),
    "a root module without resources": (NONE, {"values": {"root_module": {}}}),
    "only data sources": (NONE, state(resource("aws_ssm_parameter", mode="data", value="s"))),
    "one adopted resource of three": (ADOPT, state(BUCKET)),
    "all three": (ADOPT, state(BUCKET, service(), distribution())),
    "a service that was behind another load balancer": (ADOPT, state(BUCKET, service("arn:theirs"), distribution())),
    "other origins of the distribution": (ADOPT, state(BUCKET, service(), distribution("blog", (S3, ELSEWHERE)))),
    "a security group alone": (BUILD, state(BUCKET, service(), distribution(), resource("aws_security_group", id="x"))),
    "what is left of a build when the adopted were forgotten": (BUILD, state(OURS[0])),
    "everything of ours": (BUILD, state(BUCKET, service(), distribution(), *OURS)),
    "the target group on the service": (ATTACH, state(BUCKET, service(TARGET_GROUP), distribution(), *OURS)),
    "only our security group on the service": (ATTACH, state(BUCKET, service(None, "sg-tasks"), distribution(), *OURS)),
    "both": (ATTACH, state(BUCKET, ATTACHED, distribution(), *OURS)),
    "a second origin": (CONNECT, state(BUCKET, ATTACHED, distribution("S3-old-site", (S3, ALB)), *OURS)),
    "a behavior": (CONNECT, state(BUCKET, ATTACHED, distribution("S3-old-site", (S3, ALB), ALB_ORIGIN_ID), *OURS)),
    "an origin, though the service was forgotten": (CONNECT, state(BUCKET, distribution("S3-old-site", (S3, ALB)))),
    "the default behavior": (SERVE, state(BUCKET, ATTACHED, SERVED, *OURS)),
    "the default behavior, though the service isn't attached": (SERVE, state(BUCKET, service(), SERVED, *OURS)),
    "no origin of the bucket": (
        RETIRE,
        state(BUCKET, ATTACHED, distribution(ALB_ORIGIN_ID, (ALB, ELSEWHERE), ALB_ORIGIN_ID), *OURS),
    ),
}


@pytest.mark.parametrize(("rung", "found"), STATES.values(), ids=STATES)
def test_the_rung_reached_is_the_highest_with_a_trace(rung: Stage, found: Mapping[str, Any]) -> None:
    """A trace, not completion: what a failed apply left has to be finished or taken back."""
    assert rung is reached(found)


@pytest.mark.parametrize(("rung", "found"), STATES.values(), ids=STATES)
def test_the_order_of_resources_does_not_matter(rung: Stage, found: Mapping[str, Any]) -> None:
    """Terraform sorts by address, which says nothing about rungs."""
    resources = ((found.get("values") or {}).get("root_module") or {}).get("resources", [])
    assert rung is reached(state(*reversed(resources)))


PAIRS = list(product(Stage, Stage))

STEPS = {
    (NONE, NONE): "none",
    (NONE, ADOPT): "adopt",
    (NONE, BUILD): "adopt build",
    (NONE, ATTACH): "adopt attach",
    (NONE, CONNECT): "adopt connect",
    (NONE, SERVE): "adopt connect serve",
    (NONE, RETIRE): "adopt connect serve retire",
    (ADOPT, NONE): "none",
    (ADOPT, ADOPT): "adopt",
    (ADOPT, BUILD): "build",
    (ADOPT, ATTACH): "attach",
    (ADOPT, CONNECT): "connect",
    (ADOPT, SERVE): "connect serve",
    (ADOPT, RETIRE): "connect serve retire",
    (BUILD, NONE): "adopt none",
    (BUILD, ADOPT): "adopt",
    (BUILD, BUILD): "build",
    (BUILD, ATTACH): "attach",
    (BUILD, CONNECT): "connect",
    (BUILD, SERVE): "connect serve",
    (BUILD, RETIRE): "connect serve retire",
    (ATTACH, NONE): "build adopt none",
    (ATTACH, ADOPT): "build adopt",
    (ATTACH, BUILD): "build",
    (ATTACH, ATTACH): "attach",
    (ATTACH, CONNECT): "connect",
    (ATTACH, SERVE): "connect serve",
    (ATTACH, RETIRE): "connect serve retire",
    (CONNECT, NONE): "attach build adopt none",
    (CONNECT, ADOPT): "attach build adopt",
    (CONNECT, BUILD): "attach build",
    (CONNECT, ATTACH): "attach",
    (CONNECT, CONNECT): "connect",
    (CONNECT, SERVE): "serve",
    (CONNECT, RETIRE): "serve retire",
    (SERVE, NONE): "connect attach build adopt none",
    (SERVE, ADOPT): "connect attach build adopt",
    (SERVE, BUILD): "connect attach build",
    (SERVE, ATTACH): "connect attach",
    (SERVE, CONNECT): "connect",
    (SERVE, SERVE): "serve",
    (SERVE, RETIRE): "retire",
    (RETIRE, NONE): "connect attach build adopt none",
    (RETIRE, ADOPT): "connect attach build adopt",
    (RETIRE, BUILD): "connect attach build",
    (RETIRE, ATTACH): "connect attach",
    (RETIRE, CONNECT): "connect",
    (RETIRE, SERVE): "serve",
    (RETIRE, RETIRE): "retire",
}


@pytest.mark.parametrize(("now", "wanted"), PAIRS)
def test_the_applies_between_two_rungs(now: Stage, wanted: Stage) -> None:
    """The whole table, pair by pair."""
    assert STEPS[now, wanted] == " ".join(steps(now, wanted))


@pytest.mark.parametrize(("now", "wanted"), PAIRS)
def test_attaching_alone_is_one_step_more_on_the_way_up_past_it(now: Stage, wanted: Stage) -> None:
    """A grace period may not travel with the load balancer; on the way down nothing changes."""
    way = STEPS[now, wanted]
    if now.rung < ATTACH.rung < wanted.rung:
        way = way.replace("connect", "attach connect")
    assert way == " ".join(steps(now, wanted, attach_alone=True))


@pytest.mark.parametrize(("now", "wanted"), PAIRS)
def test_every_way_ends_where_it_should_and_never_turns_round(now: Stage, wanted: Stage) -> None:
    """The last step is the rung wanted; every step goes the same way; the rest of the way is the way from there."""
    way = (now, *steps(now, wanted))
    assert wanted is way[-1]
    rungs = [stage.rung for stage in way]
    assert rungs in (sorted(rungs), sorted(rungs, reverse=True))
    for at, _ in pairwise(way[1:]):
        assert way[way.index(at, 1) + 1 :] == steps(at, wanted)


@pytest.mark.parametrize(("now", "wanted"), PAIRS)
def test_no_apply_crosses_what_has_to_be_done_apart(now: Stage, wanted: Stage) -> None:
    """Adopting is proved, and visitors are switched, by an apply of its own; on the way down visitors, CloudFront,
    service and load balancer let go in turn, one apply each."""
    for before, after in pairwise((now, *steps(now, wanted))):
        if after.rung > before.rung and (after.at_least(SERVE) or before is NONE):
            assert 1 == after.rung - before.rung
        if after.rung < before.rung:
            boundaries = [{SERVE, RETIRE}, {CONNECT}, {ATTACH}, {BUILD}, {ADOPT}]
            crossed = [b for b in boundaries if any(after.rung < s.rung <= before.rung for s in b)]
            assert len(crossed) <= 1


def test_a_resource_whose_creation_was_interrupted_is_named() -> None:
    """Terraform would replace it; an adopted one must not be."""
    half = {**resource("aws_lb"), "address": "aws_lb.half", "tainted": True}
    read = {**resource("aws_ssm_parameter", mode="data"), "tainted": True}
    assert ["aws_lb.half"] == half_made(state(BUCKET, half, read, {**OURS[0], "tainted": False}))
    assert [] == half_made({})


def test_the_next_step_is_the_first_of_the_way() -> None:
    """It carries the state that it was read from, and knows whether it is the last."""
    found = state(BUCKET, service(), distribution())
    step = next_step(found, SERVE)
    assert (ADOPT, CONNECT, SERVE, found) == (step.reached, step.stage, step.wanted, step.state)
    assert not step.last
    assert next_step(found, CONNECT).last
    assert ATTACH is next_step(found, CONNECT, attach_alone=True).stage


@pytest.mark.parametrize("wanted", [NONE, ADOPT])
def test_what_the_state_does_not_know_is_taken_in_before_it_is_destroyed(wanted: Stage) -> None:
    """Below `build` no configuration has it, so it would stay for ever."""
    found = state(BUCKET, service(), distribution())
    step = next_step(found, wanted, unrecorded=True)
    assert (BUILD, BUILD, wanted) == (step.reached, step.stage, step.wanted)
    taken_in = state(BUCKET, service(), distribution(), *OURS)
    assert ADOPT is next_step(taken_in, wanted).stage


def test_what_the_state_does_not_know_changes_no_way_up() -> None:
    """The configuration of the rung wanted has it."""
    found = state(BUCKET, service(), distribution())
    step = next_step(found, CONNECT, unrecorded=True)
    assert (BUILD, CONNECT) == (step.reached, step.stage)
    assert next_step(state(BUCKET, ATTACHED, distribution(), *OURS), ADOPT, unrecorded=True).stage is BUILD


@pytest.mark.parametrize(("now", "stage"), PAIRS)
def test_a_step_descends_where_it_takes_something_back(now: Stage, stage: Stage) -> None:
    """The same rung again takes nothing back."""
    assert (stage.rung < now.rung) is Step(now, stage, stage, {}).descends


@pytest.mark.parametrize(
    ("domain_name", "is_bucket"),
    [
        ("old-site.s3.amazonaws.com", True),
        ("old-site.s3.me-central-1.amazonaws.com", True),
        ("Old-Site.S3.me-central-1.amazonaws.com", True),
        ("old-site.s3-website-us-east-1.amazonaws.com", True),
        ("old-site.s3-website.me-central-1.amazonaws.com", True),
        ("old-site.s3.cn-north-1.amazonaws.com.cn", True),
        ("very-old-site.s3.amazonaws.com", False),
        ("old-site.s3.example.com", False),
        ("old-site.example.com", False),
        ("old-site-alb.me-central-1.elb.amazonaws.com", False),
        ("", False),
    ],
)
def test_an_origin_is_the_bucket_by_its_endpoint(domain_name: str, is_bucket: bool) -> None:
    """All of S3's endpoints for that bucket, and nobody else's."""
    assert is_bucket == origin_is_bucket(domain_name, "old-site")
