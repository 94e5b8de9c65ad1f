"""The ladder in the sandbox, walked once by the demo's own code with real Terraform and provider 5.100.0.

What is shown here: plans, requests and state on the real provider; AWS's side is an emulator's. So is IAM: that the
generated policies suffice, and that the table of calls is complete, is shown for the calls that are really made.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any

import pytest
import recording
from plan_json import comparable
from recording import Record, Walk

from bascule import aws_calls, demo, distribution, guard, live_values, routing, site_file, summary
from bascule.demo import WALK, Rung
from bascule.guard import Judgement
from bascule.inventory_calls import INVALIDATE, INVENTORY, VERIFY
from bascule.ladder import ALB_ORIGIN_ID, Stage, Step
from bascule.routing import Decision
from bascule.rules import Case
from bascule.sandbox.control import LoggedCall
from bascule.summary import Counts

ADOPTED = {"aws_cloudfront_distribution.site", "aws_s3_bucket.site", "aws_ecs_service.site"}

PLANNED = (
    Counts(imported=3),
    Counts(created=10, updated=1),
    Counts(updated=1),
    Counts(updated=2),
    Counts(updated=1),
    Counts(updated=1),
    Counts(updated=2),
    Counts(updated=1),
    Counts(updated=1, deleted=10),
    Counts(forgotten=3),
)
"""What each rung of the walk plans, in its order."""


@pytest.fixture(scope="session")
def walk(tmp_path_factory: pytest.TempPathFactory) -> Walk:
    """The recorded walk."""
    return recording.record(tmp_path_factory.mktemp("ladder"))


def title(rung: Rung) -> str:
    return f"{'rollback-' if rung.rollback else ''}{rung.stage}"


@pytest.fixture(params=range(len(WALK)), ids=[f"{number}-{title(rung)}" for number, rung in enumerate(WALK, 1)])
def number(request: pytest.FixtureRequest) -> int:
    """The place of a rung in the walk."""
    place: int = request.param
    return place


@pytest.fixture
def record(walk: Walk, number: int) -> Record:
    """One rung's record."""
    return walk.records[number]


def test_every_rung_is_one_apply_that_plans_exactly_what_it_should(record: Record, number: int) -> None:
    """Each rung of the walk is a single plan with the counts that design.md's table gives."""
    assert [PLANNED[number]] == [summary.counts(step.plan) for step in record.steps]


def test_the_plan_after_every_apply_is_empty(record: Record) -> None:
    """Planning again at once finds nothing to do."""
    assert [] == summary.differences(record.replan)
    assert summary.is_empty(record.replan)


@pytest.mark.parametrize(
    "url", ["/", "/api/health", "/_next/static/x.js", "http://www.arquantix.com/", "/some/page?a=b"]
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_account_answers_as_the_plan_said(record: Record, url: str, method: str) -> None:
    """`trace --live` after the apply, and `trace` before it: behavior, origin, groups, rule, target, who answers."""
    planned, live = routing.world(record.steps[-1].plan, "after"), record.world
    told = [_told(routing.decide(routing.router(one), routing.request(url, method))) for one in (planned, live)]
    assert told[0] == told[1]
    assert [] == live_values.unread(live)


def _told(decision: Decision | None) -> Any:
    assert decision is not None
    origin = decision.origin and (decision.origin.kind, decision.origin.address)
    gates = [(gate.way, gate.passes) for gate in decision.gates]
    targets = [(target.group, target.service, target.container) for target in decision.targets]
    return decision.behavior, decision.edge, origin, gates, decision.rule, targets, decision.end


def test_rendered_hcl_plans_the_same_as_the_json(record: Record) -> None:
    """Terraform makes the same plan JSON of the HCL that reviewers read and of the JSON that it runs."""
    for step in record.steps:
        assert comparable(step.plan.document) == comparable(step.plan_of_hcl)


def test_the_guard_finds_every_rung_safe(record: Record) -> None:
    """No rule fails or is unknown but for the plain HTTP that the site waives."""
    site = site_file.parse(record.site_file, "site.toml")
    for step in record.steps:
        way = Step(step.reached, step.stage, step.stage, {})
        findings = guard.judge(Case(step.plan, site, way, targeted=record.rung.rollback), date(2026, 1, 3))
        assert Judgement.SAFE is guard.judgement(findings), [f for f in findings if f.seen]


def test_adopted_resources_are_never_deleted_or_replaced(record: Record) -> None:
    """No plan of the walk deletes, replaces or creates an adopted resource."""
    actions = {row.action for step in record.steps for row in summary.rows(step.plan) if row.address in ADOPTED}
    assert actions <= {"update", "import", "forget"}


def test_plans_are_readable_by_their_owner_alone(record: Record) -> None:
    """Plan file, plan JSON and note hold the secret in clear and have mode 0600."""
    assert {0o600} == {mode for step in record.steps for mode in step.plan_modes.values()}


def test_the_calls_on_the_way_are_those_of_the_table(record: Record, number: int) -> None:
    """Terraform and bascule call what `aws_calls` says of this step, and nothing else but the checks before it."""
    (step,) = record.steps
    table = aws_calls.made(step.reached, step.stage, rollback=record.rung.rollback)
    expected = {side: names(calls) for side, calls in table.items()}
    if number == 0:  # adopting goes before
        expected["bascule"] |= names(aws_calls.ADOPTING)
    visits = record.rung.stage in demo.VISITORS_GET
    if visits:  # the demo invalidates, and asks what visitors get
        expected["bascule"] |= {"cloudfront:GetDistribution", *names((*INVALIDATE, *VERIFY))}
    seen = called(record.calls)
    if visits or step.stage.at_least(step.reached):  # compared with what reads the account in tests of their own
        seen["bascule"] -= names((*INVENTORY, *aws_calls.DRY_RUNS)) - expected["bascule"]
    assert expected == seen


def test_the_calls_of_planning_again_are_those_of_the_table(record: Record) -> None:
    """A plan calls what `aws_calls.planned` says; where nothing was adopted any more, it reads the state alone."""
    stage = record.rung.stage
    table = aws_calls.planned(stage, stage) if stage is not Stage.NONE else (*aws_calls.OPENING, *aws_calls.STATE)
    assert {"terraform": names(table), "bascule": names(aws_calls.OPENING)} == called(record.replan_calls)


def test_the_generated_policies_suffice(record: Record) -> None:
    """Nothing was refused to the roles that hold them alone, not even where Terraform would have gone on; but for a
    check's dry run on a security group that isn't bascule's."""
    asked = ("bascule", "AuthorizeSecurityGroupIngress")
    refused = [call for call in (*record.calls, *record.replan_calls) if call.refused]
    assert [] == [call for call in refused if (call.by, call.operation) != asked]


def test_the_bucket_answers_its_page_at_every_rung(record: Record) -> None:
    """The old page stays where it was throughout."""
    assert "Coming soon" in record.live["page"]


def test_the_site_file_and_the_rendered_hcl_follow_the_rung(record: Record) -> None:
    """After each rung the site file asks for it, and the HCL beside it is of that stage."""
    stage = record.rung.stage
    assert f'stage = "{stage}"' in record.site_file
    assert stage.at_least(Stage.BUILD) == ('resource "aws_lb" "alb"' in record.rendered)
    assert stage.at_least(Stage.CONNECT) == (ALB_ORIGIN_ID in record.rendered)


def test_nothing_of_the_sandbox_stands_in_the_configuration(record: Record) -> None:
    """What Terraform runs against the sandbox is what it would run against AWS: no endpoint, no path style."""
    for step in record.steps:
        assert [] == [word for word in ("127.0.0.1", "path_style", "endpoint") if word in step.configuration]


def test_the_secret_is_in_no_configuration_and_nothing_that_was_said(walk: Walk) -> None:
    """The secret header's value appears neither in the JSON, nor in the HCL, nor in any output."""
    shown = [*walk.said, *(r.rendered for r in walk.records), *(s.configuration for r in walk.records for s in r.steps)]
    assert [] == [text for text in shown if walk.secret in text]


def test_attach_makes_one_deployment_behind_healthy_targets(walk: Walk) -> None:
    """After `attach` the service has one finished deployment, our target group and our security group, and every
    target is healthy."""
    seen = rung(walk, Stage.ATTACH).live
    (deployment,) = seen["service"]["deployments"]
    (balancer,) = seen["service"]["loadBalancers"]
    groups = seen["service"]["networkConfiguration"]["awsvpcConfiguration"]["securityGroups"]
    assert ("PRIMARY", "COMPLETED") == (deployment["status"], deployment["rolloutState"])
    assert ("arquantix-coming-soon", 3000) == (balancer["containerName"], balancer["containerPort"])
    assert ["healthy"] == [target["TargetHealth"]["State"] for target in seen["targets"]]
    assert 1 == len(groups)
    assert groups != service_groups(walk.before)


def test_connect_routes_no_visitor_to_the_load_balancer(walk: Walk) -> None:
    """At `connect` only the probe path goes to the ALB; all else is as it was adopted."""
    config = rung(walk, Stage.CONNECT).live["distribution"]
    before, after = (distribution.from_api(seen).values for seen in (walk.before["distribution"], config))
    assert before["default_cache_behavior"] == after["default_cache_behavior"]
    assert [("/api/health", ALB_ORIGIN_ID)] == paths(config)


def test_serve_sends_visitors_to_the_application(walk: Walk) -> None:
    """At `serve` the default behavior goes to the ALB with all methods, uncached, the viewer's Host forwarded."""
    config = rung(walk, Stage.SERVE).live["distribution"]
    default = config["DefaultCacheBehavior"]
    assert ALB_ORIGIN_ID == default["TargetOriginId"]
    assert 7 == default["AllowedMethods"]["Quantity"]
    assert "4135ea2d-6df8-44a3-9df3-4b5a84be39ad" == default["CachePolicyId"]
    assert "216adef6-5c7f-47e4-b989-5492eafa07d3" == default["OriginRequestPolicyId"]
    assert "" == config["DefaultRootObject"]
    assert [("/api/health", ALB_ORIGIN_ID), ("/_next/static/*", ALB_ORIGIN_ID)] == paths(config)
    assert {"S3-arquantix-coming-soon-dev", ALB_ORIGIN_ID} == {origin["Id"] for origin in config["Origins"]["Items"]}


def test_rollback_is_one_update_of_the_distribution_alone(walk: Walk) -> None:
    """The way back touches nothing but the distribution."""
    (step,) = walk.records[5].steps
    assert ["aws_cloudfront_distribution.site"] == [row.address for row in summary.rows(step.plan)]


def test_after_rollback_the_distribution_is_the_adopted_one_but_for_the_unused_origin(walk: Walk) -> None:
    """But for the second origin and its probe path, the live config is what it was before the move."""
    before, after = walk.before["distribution"], dict(walk.records[5].live["distribution"])
    origins = [origin for origin in after["Origins"]["Items"] if origin["Id"] != ALB_ORIGIN_ID]
    after["Origins"] = {"Quantity": len(origins), "Items": origins}
    after["CacheBehaviors"] = {"Quantity": 0}
    assert distribution.from_api(before) == distribution.from_api(after)


def test_in_the_end_the_account_is_as_it_was(walk: Walk) -> None:
    """After the last rung, distribution, load balancers and security groups are those of the beginning, and the
    service is configured as it was."""
    after = walk.records[-1].live
    assert distribution.from_api(walk.before["distribution"]) == distribution.from_api(after["distribution"])
    for name in ("distribution_tags", "load_balancers", "security_groups", "page"):
        assert walk.before[name] == after[name]
    assert settings(walk.before["service"]) == settings(after["service"])


def test_adoption_and_forgetting_send_no_change_to_aws(walk: Walk) -> None:
    """The first and the last rung leave the service's one deployment and the distribution alone."""
    for place in (0, -1):
        changed = [event for event in walk.records[place].events if event["type"] == "apply_start"]
        assert [] == changed
    assert walk.before["service"]["deployments"][0]["id"] == walk.records[0].live["service"]["deployments"][0]["id"]


def test_the_target_group_and_listener_admit_cloudfront_alone(walk: Walk) -> None:
    """The ALB answers 403 but for the secret header, on one port, from CloudFront's prefix list; the tasks admit the
    ALB alone."""
    planned = {change["address"]: change["change"]["after"] for change in changes(walk, Stage.BUILD)}
    (default,) = planned["aws_lb_listener.alb"]["default_action"]
    (answer,) = default["fixed_response"]
    ingress = [after for address, after in planned.items() if "ingress_rule" in address]
    assert "403" == answer["status_code"]
    assert [(80, None, "pl-"), (3000, None, None)] == sorted(
        ((r["from_port"], r.get("cidr_ipv4"), (r.get("prefix_list_id") or "")[:3] or None) for r in ingress),
        key=lambda entry: entry[0],
    )


def names(calls: Iterable[aws_calls.Call]) -> set[str]:
    return {f"{call.service}:{call.operation}" for call in calls if not call.unseen}


def called(calls: Iterable[LoggedCall]) -> dict[str, set[str]]:
    return {
        side: {f"{call.service}:{call.operation}" for call in calls if call.by == side}
        for side in ("terraform", "bascule")
    }


def rung(walk: Walk, stage: Stage) -> Record:
    return next(record for record in walk.records if record.rung.stage is stage)


def changes(walk: Walk, stage: Stage) -> Iterator[Mapping[str, Any]]:
    (step,) = rung(walk, stage).steps
    yield from step.plan.document["resource_changes"]


def paths(config: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(b["PathPattern"], b["TargetOriginId"]) for b in config["CacheBehaviors"].get("Items", ())]


def service_groups(seen: Mapping[str, Any]) -> list[str]:
    groups: list[str] = seen["service"]["networkConfiguration"]["awsvpcConfiguration"]["securityGroups"]
    return groups


def settings(service: Mapping[str, Any]) -> dict[str, Any]:
    """How the service is configured, without what moves by itself; its subnets are a set."""
    moving = ("deployments", "events", "createdAt", "runningCount", "pendingCount", "networkConfiguration")
    network = service["networkConfiguration"]["awsvpcConfiguration"]
    return {
        **{key: value for key, value in service.items() if key not in moving},
        "network": {**network, "subnets": sorted(network["subnets"])},
    }
