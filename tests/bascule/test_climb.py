"""Moving along the ladder with a scripted Terraform and a scripted account: what is asked, gated, applied and said."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from example import Call, account
from scripted import (
    ADOPT,
    ATTACH,
    BALANCED,
    BALANCER,
    BUILD,
    CONDITION,
    CONNECT,
    CONNECTED,
    DETACHED,
    FORWARD,
    HEADER,
    LISTENER,
    NONE,
    OURS,
    PLAIN,
    PROTECTED,
    RETIRE,
    RULE,
    RUNGS,
    SECRET,
    SERVE,
    SERVED,
    SERVICE,
    World,
    answers,
    live,
    resource,
)

from bascule import files, plans, site_file
from bascule.climb import Declined, climb
from bascule.diagnostics import StateLocked
from bascule.errors import BasculeError
from bascule.gates import NotReady
from bascule.guard import DISTRIBUTION
from bascule.ladder import Stage, Step
from bascule.plans import Planned
from bascule.rollback import roll_back
from bascule.session import configure
from bascule.workspace import Workspace

READY = answers()
SICK = answers(healthy=False)
GONE = live(known=False)


def yes(planned: Planned) -> bool:
    return True


def no(planned: Planned) -> bool:
    return False


def never(planned: Planned) -> bool:
    raise AssertionError(f"asked about {plans.told(planned)}")


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A workspace of its own."""
    return World(tmp_path)


# --- the saved plan


def test_a_saved_plan_is_used_for_its_step(world: World) -> None:
    """It is not made a second time, and gone afterwards."""
    world.begin(RUNGS[ADOPT], CONNECT)
    with account() as clients:
        planned = world.plan(clients)
        assert CONNECT is climb(world.session(clients), yes)
        assert plans.read_note(world.session(clients).directory) is None
    assert f"using the plan saved at {planned.made}" in world.said
    assert (1, ["connect"]) == (len(world.ran("plan")), world.applied())
    assert RUNGS[CONNECT] == world.state


def test_a_saved_plan_for_another_stage_is_made_anew(world: World) -> None:
    """It is shown and asked about, like one that was never saved."""
    world.begin(RUNGS[ADOPT], CONNECT)
    with account() as clients:
        world.plan(clients)
        world.want(SERVE)
        with pytest.raises(Declined):
            climb(world.session(clients), no)
    assert 2 == len(world.ran("plan"))
    assert not any("using the plan saved" in line for line in world.said)
    assert any("is not for this: planning anew" in line for line in world.said)


def test_a_saved_plan_of_another_configuration_is_refused(world: World) -> None:
    """What was reviewed is applied, or nothing: nobody has read what would be done now."""
    world.begin(RUNGS[ADOPT], CONNECT)
    with account() as clients:
        world.plan(clients)
        world.change(locals={"more": True})
        with pytest.raises(BasculeError, match="the configuration has changed since this was planned") as caught:
            climb(world.session(clients), yes)
    assert "bascule plan" in caught.value.remedy
    assert (1, []) == (len(world.ran("plan")), world.applied())


def test_what_is_applied_is_a_copy_that_only_its_owner_reads(world: World) -> None:
    """It holds the secret in clear, and is gone afterwards."""
    world.begin(RUNGS[ADOPT], CONNECT)
    with account() as clients:
        session, planned = world.session(clients), world.plan(clients)
        plans.take(session, planned)
        copy = session.directory / plans.APPLYING
        assert 0o600 == copy.stat().st_mode & 0o777
        assert (session.directory / plans.PLAN_FILE).read_bytes() == copy.read_bytes()
        plans.apply(session)
        assert not copy.exists()
    assert ["connect"] == world.applied()


def test_a_plan_that_is_made_anew_at_the_question_is_not_applied(world: World) -> None:
    """Somebody plans in another terminal meanwhile: what lies there is not what was shown."""
    world.begin(RUNGS[ADOPT], CONNECT)
    with account() as clients:
        session = world.session(clients)

        def meanwhile(planned: Planned) -> bool:
            (session.directory / plans.PLAN_FILE).write_text(json.dumps({"plan": {}, "after": {}, "stage": "none"}))
            return True

        with pytest.raises(BasculeError, match="the saved plan is not the one that was shown"):
            climb(session, meanwhile)
    assert [] == world.applied()


@pytest.mark.parametrize("back", [False, True], ids=["climbing", "rolling back"])
def test_a_distribution_that_is_changed_at_the_question_is_not_overwritten(world: World, back: bool) -> None:
    """The console edit is shown beside what was planned from and what the plan would make of it."""
    world.begin(RUNGS[SERVE if back else ADOPT], SERVE if back else CONNECT)

    def meanwhile(planned: Planned) -> bool:
        world.change(live={"etag": "E2", "config": {"Comment": "edited in the console"}})
        return True

    move = roll_back if back else climb
    with account() as clients, pytest.raises(BasculeError) as caught:
        move(world.session(clients), meanwhile)
    assert "the distribution was changed after this plan was made" in str(caught.value)
    assert 'comment: was "Old site", is now "edited in the console", the plan makes it (none)' in str(caught.value)
    assert "ETag E1 when planned, E2 now" in str(caught.value)
    assert [] == world.applied()


def test_a_distribution_that_is_changed_while_planning_is_no_plan(world: World) -> None:
    """Terraform read another version than bascule kept."""
    changed = {**PLAIN[DISTRIBUTION], "values": {**PLAIN[DISTRIBUTION]["values"], "etag": "E0"}}
    world.begin({**RUNGS[ADOPT], DISTRIBUTION: changed}, CONNECT)
    with account() as clients, pytest.raises(BasculeError, match="changed while this was being planned"):
        climb(world.session(clients), never)
    with account() as clients:
        assert plans.read_note(world.session(clients).directory) is None


def test_a_state_of_another_resource_is_refused(world: World) -> None:
    """Terraform would pass over the import block, and write this site's configuration onto that distribution."""
    other = {**PLAIN[DISTRIBUTION], "values": {**PLAIN[DISTRIBUTION]["values"], "id": "E9OTHERSITE99"}}
    world.begin({**RUNGS[ADOPT], DISTRIBUTION: other}, CONNECT)
    with (
        account() as clients,
        pytest.raises(BasculeError, match="the state holds the aws_cloudfront_distribution E9OTHERSITE99"),
    ):
        climb(world.session(clients), never)
    assert [] == world.ran("plan", "apply")


def test_a_saved_plan_for_another_step_is_made_anew(world: World) -> None:
    """Somebody else has gone on since."""
    world.begin(RUNGS[ADOPT], SERVE)
    with account(*READY) as clients:
        world.plan(clients)
        world.change(state=RUNGS[CONNECT])
        with pytest.raises(Declined):
            climb(world.session(clients), no)
    assert 2 == len(world.ran("plan"))
    assert not any("using the plan saved" in line for line in world.said)
    assert any("is not for this: planning anew" in line for line in world.said)


def test_a_plan_that_was_declined_is_offered_again(world: World) -> None:
    """Nothing is applied meanwhile."""
    world.begin(RUNGS[ADOPT], CONNECT)
    with account() as clients:
        with pytest.raises(Declined, match="nothing applied") as caught:
            climb(world.session(clients), no)
        assert "the plan stays saved" in caught.value.remedy
        assert (RUNGS[ADOPT], []) == (world.state, world.applied())
        offered: list[bool] = []
        climb(world.session(clients), lambda planned: not offered.append(planned.reviewed))
    assert (1, ["connect"]) == (len(world.ran("plan")), world.applied())
    assert [False] == offered  # `--yes` doesn't take it for one that somebody has read


@pytest.mark.parametrize("stage", [NONE, ADOPT, CONNECT, SERVE])
def test_where_nothing_is_to_do_nobody_is_asked(world: World, stage: Stage) -> None:
    """Nor is the account, and no empty plan stays behind."""
    world.begin(RUNGS[stage], stage)
    with account() as clients:
        assert stage is climb(world.session(clients), never)
        assert not (world.session(clients).directory / plans.PLAN_FILE).exists()
    assert [f"{stage} → {stage}: nothing to do"] == world.said
    assert [] == world.applied()


def test_a_failed_apply_is_planned_anew_from_what_it_left(world: World) -> None:
    """Its plan was used up; what it did stays done."""
    world.begin(RUNGS[ADOPT], CONNECT)
    half = {**RUNGS[ATTACH], **DETACHED}
    world.change(ends={"connect": {"state": half, "error": "no capacity"}})
    with account(READY[0]) as clients:
        with pytest.raises(BasculeError, match="no capacity"):
            climb(world.session(clients), yes)
        assert plans.read_note(world.session(clients).directory) is None
        world.said.clear()
        with pytest.raises(Declined):
            climb(world.session(clients), no)
    assert world.said[0].startswith("observed before connect:\n  pass  ALB active")
    assert world.said[1].startswith("build → connect: ")


# --- up and down


def test_climbing_to_serve_stops_where_the_account_is_looked_at(world: World) -> None:
    """The adoption is the proof, `serve` waits for the gates; each step is planned from what the one before left."""
    world.begin({}, SERVE)
    asked: list[Stage] = []

    def ask(planned: Planned) -> bool:
        asked.append(planned.step.stage)
        return True

    with account(*READY, *READY) as clients:
        assert SERVE is climb(world.session(clients), ask)
    assert [ADOPT, CONNECT, SERVE] == asked
    assert ["adopt", "connect", "serve"] == world.applied()
    assert ["synth serve", "synth adopt", "synth connect", "synth serve"] == world.ran("synth")
    assert [
        "none → adopt (a step on the way to serve; the next is planned after it): SAFE",
        "at adopt",
        "adopt → connect (a step on the way to serve; the next is planned after it): SAFE",
        "at connect",
        "observed before serve:",
        "connect → serve: SAFE",
        "at serve",
    ] == [line.split("\n")[0] for line in world.said]


def test_descending_to_none_takes_one_boundary_at_a_time(world: World) -> None:
    """Visitors, CloudFront, the service, the load balancer, the adoption; once CloudFront has to have let go."""
    world.begin(RUNGS[SERVE], NONE)
    with account(GONE, GONE, GONE, GONE) as clients:
        assert NONE is climb(world.session(clients), yes)
    assert ["connect", "attach", "build", "adopt", "none"] == world.applied()
    assert [f"synth {stage} descending" for stage in (CONNECT, ATTACH, BUILD, ADOPT, NONE)] == world.ran("synth")[2:]
    assert {} == world.state


def test_a_grace_period_makes_attaching_a_step_of_its_own(world: World) -> None:
    """It may not travel in the update that attaches."""
    world.begin(RUNGS[ADOPT], CONNECT)
    gates_of_attach = READY[:3]
    with account(*gates_of_attach, *gates_of_attach) as clients:
        climb(world.session(clients, grace_period=60), yes)
    assert ["attach", "connect"] == world.applied()


def test_a_state_that_does_not_move_on_is_an_error(world: World) -> None:
    """Instead of the same apply again and again."""
    world.begin({}, CONNECT)
    world.change(ends={"adopt": {"state": {}, "error": ""}})
    with account() as clients, pytest.raises(BasculeError, match="still shows none after going to adopt") as caught:
        climb(world.session(clients), yes)
    assert "terraform state list" in caught.value.remedy
    assert ["adopt"] == world.applied()


# --- gates


def test_a_gate_that_fails_makes_finishing_the_rung_the_next_step(world: World) -> None:
    """Its own plan may hold the cure; then the gates are looked at anew."""
    world.begin({**RUNGS[CONNECT], **DETACHED}, SERVE)
    with account(*SICK, *READY, *READY) as clients:
        assert SERVE is climb(world.session(clients), yes)
    assert ["connect", "serve"] == world.applied()
    assert "not ready for serve yet:\n" in world.said[0]
    assert "  FAIL  targets healthy: 0 of 1 healthy, 1 wanted" in world.said[0]
    assert world.said[1].startswith("connect → connect (a step on the way to serve")


def test_a_gate_that_fails_where_nothing_is_left_to_finish_refuses(world: World) -> None:
    """It names what was seen, and the ways out."""
    world.begin(RUNGS[CONNECT], SERVE)
    with account(*SICK, *SICK) as clients, pytest.raises(NotReady) as caught:
        climb(world.session(clients), never)
    assert ["not going to serve: the account isn't ready", "  FAIL  targets healthy: 0 of 1 healthy"] == [
        line.partition(",")[0] for line in caught.value.what.split("\n") if not line.startswith("  pass")
    ]
    assert 'stage = "connect" repeats the rung reached, a lower one leaves it' in caught.value.remedy
    assert [] == world.applied()


def test_a_gate_that_still_fails_once_the_rung_is_finished_refuses(world: World) -> None:
    """Finishing is tried once, even where its plan never comes to an end."""
    drifting = {**RUNGS[CONNECT], **DETACHED}
    world.begin(drifting, SERVE)
    world.change(ends={"connect": {"state": drifting, "error": ""}})
    with account(*SICK, *SICK) as clients, pytest.raises(BasculeError, match="not going to serve"):
        climb(world.session(clients), yes)
    assert ["connect"] == world.applied()


def test_finishing_a_rung_can_be_declined(world: World) -> None:
    """It is a plan like any other."""
    world.begin({**RUNGS[CONNECT], **DETACHED}, SERVE)
    with account(*SICK) as clients, pytest.raises(Declined):
        climb(world.session(clients), no)
    assert [] == world.applied()


@pytest.mark.parametrize(("reached", "wanted"), [(ATTACH, BUILD), (ATTACH, NONE), (BUILD, ADOPT)])
def test_a_descent_under_cloudfront_is_refused(world: World, reached: Stage, wanted: Stage) -> None:
    """Whatever the state says, the live distribution knows the load balancer; nothing is planned."""
    world.begin(RUNGS[reached], wanted)
    with account(live()) as clients, pytest.raises(BasculeError, match="FAIL  CloudFront let go of the ALB") as caught:
        climb(world.session(clients), never)
    assert 'stage = "attach"' in caught.value.remedy
    assert [] == world.ran("plan", "apply")


@pytest.mark.parametrize(
    ("reached", "wanted", "first", "then"),
    [(CONNECT, SERVE, READY, SICK), (ATTACH, BUILD, [GONE], [live()])],
)
def test_the_gates_are_looked_at_again_right_before_the_apply(
    world: World, reached: Stage, wanted: Stage, first: list[Call], then: list[Call]
) -> None:
    """Minutes may have passed at the question."""
    world.begin(RUNGS[reached], wanted)
    with account(*first, *then) as clients, pytest.raises(BasculeError, match=f"not going to {wanted}"):
        climb(world.session(clients), yes)
    assert [] == world.applied()


DRIFTED = {"drift": CONNECTED}
"""Somebody has sent visitors back to the bucket by hand; Terraform's state doesn't know."""


@pytest.mark.parametrize(("account_says", "applied"), [(SICK, []), (READY, ["serve"])])
def test_sending_visitors_to_the_application_again_is_gated(
    world: World, account_says: list[Call], applied: list[str]
) -> None:
    """Though the state shows `serve` already, so that it is no step up."""
    world.begin(RUNGS[SERVE], SERVE)
    world.change(**DRIFTED)
    with account(*account_says) as clients:
        if applied:
            climb(world.session(clients), yes)
        else:
            with pytest.raises(BasculeError, match="FAIL  targets healthy"):
                climb(world.session(clients), yes)
    assert applied == world.applied()


@pytest.mark.parametrize(("status", "applied"), [("InProgress", []), ("Deployed", ["connect"])])
def test_the_listener_forgets_no_value_that_an_edge_may_still_send(
    world: World, status: str, applied: list[str]
) -> None:
    """Each edge sends the value of the config that it has; so two are taken until every edge has the last one."""
    both = [{"http_header": [{"http_header_name": HEADER, "values": [SECRET, "07" * 32]}]}]
    arns = {"arn": "arn:r", "listener_arn": "arn:l", "action": FORWARD}
    world.begin({**RUNGS[CONNECT], **resource(RULE, **arns, condition=both)}, CONNECT)
    world.change(rungs={"connect": {**RUNGS[CONNECT], **resource(RULE, **arns, condition=CONDITION)}})
    asked = live()
    assert isinstance(asked.answer, dict)
    answer = {"Distribution": asked.answer["Distribution"] | {"Status": status}}
    with account(replace(asked, answer=answer)) as clients:
        if applied:
            climb(world.session(clients), yes)
        else:
            with pytest.raises(NotReady, match="status InProgress"):
                climb(world.session(clients), yes)
    assert applied == world.applied()


# --- the guard

MORE = {
    "an adoption that makes something": ({}, ADOPT, {"adopt": {**RUNGS[ADOPT], **resource(BALANCER)}}, "1 to add"),
    "a lost state": ({}, CONNECT, {"adopt": {**RUNGS[ADOPT], SERVICE: None}}, "2 to import"),
    "visitors and another resource": (
        RUNGS[CONNECT],
        SERVE,
        {"serve": {**RUNGS[SERVE], **resource(LISTENER, port=8080, protocol="HTTP")}},
        f"visitors-alone: {LISTENER} would be changed as well (update)",
    ),
    "the header while CloudFront sends another": (
        RUNGS[CONNECT],
        CONNECT,
        {"connect": {**RUNGS[CONNECT], **resource(RULE, condition=[])}},
        f"{RULE}: would refuse the header",
    ),
}


@pytest.mark.parametrize(("state", "wanted", "rungs", "named"), MORE.values(), ids=MORE)
def test_a_plan_that_holds_more_than_its_step_may_is_refused(
    world: World, state: dict[str, Any], wanted: Stage, rungs: dict[str, Any], named: str
) -> None:
    """Before anybody is asked."""
    world.begin(state, wanted)
    wants = {stage: {key: value for key, value in held.items() if value} for stage, held in rungs.items()}
    world.change(rungs=wants)
    with (
        account(*(READY if wanted is SERVE else [])) as clients,
        pytest.raises(BasculeError, match="the plan holds what this step may not") as caught,
    ):
        climb(world.session(clients), never)
    assert named in caught.value.what
    assert [] == world.applied()


# --- what an interrupted apply left


def test_a_resource_that_was_being_created_is_kept_and_finished(world: World) -> None:
    """Its replacement would collide with it. A plan from before, which may hold the replacement, is dropped."""
    half = {**RUNGS[BUILD], BALANCER: {**OURS[BALANCER], "tainted": True}}
    world.begin(half, BUILD)
    events: list[tuple[str, Any]] = []
    with account() as clients:
        world.plan(clients)
        session = replace(world.session(clients), record=lambda event, **more: events.append((event, more)))
        assert BUILD is climb(session, never)
    assert ("untaint", {"address": BALANCER}) in events
    kept = f"{BALANCER} was being created when an apply was interrupted: it is kept and finished"
    assert [kept, "build → build: nothing to do"] == world.said
    assert [f"untaint -no-color {BALANCER}"] == world.ran("untaint")
    assert RUNGS[BUILD] == world.state


def test_nothing_of_the_kind_is_done_in_an_account_that_is_not_ready(world: World) -> None:
    """Nor to what bascule didn't make: somebody's own resource that is tainted is theirs."""

    def refuse(*args: Any) -> None:
        raise BasculeError("the account isn't ready")

    world.begin({**RUNGS[BUILD], BALANCER: {**OURS[BALANCER], "tainted": True}}, BUILD)
    with account() as clients, pytest.raises(BasculeError, match="isn't ready"):
        climb(replace(world.session(clients), ready=refuse), never)
    assert [] == world.ran("untaint")
    theirs = {**DETACHED[SERVICE], "tainted": True}
    world.begin({**RUNGS[BUILD], SERVICE: theirs}, BUILD)
    with account() as clients, pytest.raises(BasculeError):
        climb(world.session(clients), no)
    assert [] == world.ran("untaint")


# --- back to the bucket


def rolled_back(world: World, *calls: Call, ask: Callable[[Planned], bool] = yes) -> str:
    """What a rollback returned, in an account that is asked these and nothing else."""
    with account(*calls) as clients:
        return roll_back(world.session(clients), ask).told


@pytest.mark.parametrize("reached", [SERVE, RETIRE])
def test_a_rollback_is_one_apply_of_the_distribution_alone(world: World, reached: Stage) -> None:
    """No gate is asked, whatever else the plan would hold; the configuration is the one that waits for nothing."""
    world.begin({**RUNGS[reached], **DETACHED}, reached)
    told = rolled_back(world)
    (planned,) = world.ran("plan")
    assert planned.split()[-1] == f"-target={DISTRIBUTION}"
    calls = world.ran("synth", "plan")
    assert "synth connect descending" == calls[calls.index(planned) - 1]
    assert ["connect"] == world.applied()
    assert {**RUNGS[CONNECT], **DETACHED} == world.state
    assert told.startswith(
        "CloudFront is told to send visitors to the bucket; the site file asks for connect.\nCommit it: "
    )


def test_a_rollback_sets_the_stage_and_what_reviewers_read(world: World) -> None:
    """One word of the site file, and rendered/ as it is synthesized for that."""
    before = world.begin(RUNGS[SERVE], SERVE).site_file.read_text()
    rolled_back(world)
    assert before.replace('stage = "serve"', 'stage = "connect"') == world.site_file.read_text()
    assert 'stage      = "connect"' in world.rendered.read_text()
    assert "descending = false" in world.rendered.read_text()


def test_a_rollback_does_not_need_the_stage_wanted_to_be_possible(world: World) -> None:
    """A configuration that is refused is the reason to go back, not an obstacle."""
    world.begin(RUNGS[SERVE], RETIRE)
    world.change(refused=["retire"])
    with account() as clients, pytest.raises(BasculeError, match="CloudFront would refuse it"):
        climb(world.session(clients), never)
    rolled_back(world)
    assert CONNECT is site_file.load(world.site_file).stage
    assert ["connect"] == world.applied()


def test_a_rollback_looks_at_what_is_live(world: World) -> None:
    """A state that lags behind, or was restored, says that visitors are at the bucket."""
    world.begin(RUNGS[ATTACH], SERVE)
    world.change(drift={**SERVED, BALANCER: PROTECTED[BALANCER]})
    rolled_back(world, live())
    assert ["connect"] == world.applied()
    assert CONNECTED[DISTRIBUTION] == world.state[DISTRIBUTION]


@pytest.mark.parametrize(
    "broken",
    [
        {"drift": {BALANCER: None}},
        {"drift": resource(BALANCER, **BALANCED, tags={"CostCenter": "42"})},
        {"refused": ["connect"]},
        {"unplannable": ["connect"]},
    ],
    ids=["the load balancer is gone", "it was tagged by somebody", "AWS would refuse it", "Terraform can't plan it"],
)
def test_where_connect_itself_is_broken_a_rollback_leaves_the_load_balancer_out(
    world: World, broken: dict[str, Any]
) -> None:
    """A targeted plan takes along what the origin refers to. The bucket is where visitors are safe, whatever became of
    the load balancer: the distribution goes back to what was adopted, and nothing else is touched."""
    world.begin(RUNGS[SERVE], SERVE)
    world.change(**broken)
    told = rolled_back(world)
    assert ["adopt"] == world.applied()
    assert {**RUNGS[SERVE], DISTRIBUTION: RUNGS[ADOPT][DISTRIBUTION]} == world.state
    assert CONNECT is site_file.load(world.site_file).stage
    assert any(line.startswith("to connect it is not that simple:") for line in world.said)
    assert told.startswith("CloudFront is told to send visitors to the bucket; the site file asks for connect.\n")


@pytest.mark.parametrize("error", [StateLocked("locked", where="", remedy="wait", holder={}), BasculeError("AWS")])
def test_what_says_nothing_of_the_plan_to_connect_makes_no_other(
    world: World, monkeypatch: pytest.MonkeyPatch, error: BasculeError
) -> None:
    """A lock, or a call that AWS didn't answer: the way back is still the one that leaves least behind."""
    world.begin(RUNGS[SERVE], SERVE)

    def failing(*args: Any, **more: Any) -> Any:
        raise error

    monkeypatch.setattr(plans, "make", failing)
    with pytest.raises(BasculeError) as caught:
        rolled_back(world)
    assert caught.value is error
    assert not any(line.startswith("to connect it is not that simple:") for line in world.said)


def test_a_connect_that_was_stopped_behind_the_load_balancer_goes_down_in_steps(world: World) -> None:
    """Deletion protection is switched on first, and AWS deletes no protected load balancer: that is taken back
    before what is below it, and the service isn't attached on the way."""
    world.begin({**RUNGS[BUILD], BALANCER: PROTECTED[BALANCER]}, ADOPT)
    with account(GONE, GONE) as clients:
        assert ADOPT is climb(world.session(clients), yes)
    assert ["build", "adopt"] == world.applied()


@pytest.mark.parametrize("reached", [NONE, ADOPT, ATTACH])
def test_below_connect_nothing_is_rolled_back(world: World, reached: Stage) -> None:
    """CloudFront was asked, and doesn't know the load balancer."""
    world.begin(RUNGS[reached], CONNECT)
    assert f"nothing to roll back: the rung reached is {reached}, " in rolled_back(world, GONE, ask=never)
    assert [] == world.ran("plan", "apply")
    assert CONNECT is site_file.load(world.site_file).stage
    assert not world.rendered.exists()


@pytest.mark.parametrize("wanted", [NONE, ADOPT, ATTACH, CONNECT])
def test_a_rollback_never_raises_the_stage(world: World, wanted: Stage) -> None:
    """Who wants to go further down still does, afterwards."""
    before = world.begin(RUNGS[SERVE], wanted).site_file.read_bytes()
    files.write(world.rendered, "as it was")
    assert f"asks for {wanted}.\n" in rolled_back(world)
    assert ["connect"] == world.applied()
    assert (before, "as it was") == (world.site_file.read_bytes(), world.rendered.read_text())


def test_a_rollback_with_nothing_to_apply_asks_nothing(world: World) -> None:
    """Visitors are at the bucket already; the site file learns of it all the same."""
    world.begin(RUNGS[CONNECT], SERVE)
    rolled_back(world, ask=never)
    assert [] == world.applied()
    assert CONNECT is site_file.load(world.site_file).stage
    assert 'stage      = "connect"' in world.rendered.read_text()


def test_a_rollback_that_was_declined_leaves_everything_as_it_was(world: World) -> None:
    """Site file and rendered/ byte by byte; and the plan is not kept, for `bascule apply` would not ask for it."""
    before = world.begin(RUNGS[SERVE], SERVE).site_file.read_bytes()
    files.write(world.rendered, "as it was")
    with pytest.raises(Declined, match="nothing applied"):
        rolled_back(world, ask=no)
    assert (before, "as it was") == (world.site_file.read_bytes(), world.rendered.read_text())
    assert (RUNGS[SERVE], []) == (world.state, world.applied())
    with account() as clients:
        assert plans.read_note(world.session(clients).directory) is None


def interrupted(planned: Planned) -> bool:
    raise KeyboardInterrupt


def test_a_rollback_that_was_interrupted_leaves_no_plan(world: World) -> None:
    """`bascule apply` would take the plan of one resource for that of the whole step."""
    world.begin(RUNGS[SERVE], SERVE)
    with pytest.raises(KeyboardInterrupt):
        rolled_back(world, ask=interrupted)
    with account() as clients:
        assert plans.read_note(world.session(clients).directory) is None


def test_on_the_way_down_the_distribution_waits_for_nothing(world: World) -> None:
    """In the app's own configuration: up it waits for the service, and a target would take the service along."""
    world.begin(RUNGS[SERVE], SERVE)
    world.adopt()

    def distribution(reached: Stage) -> dict[str, Any]:
        with account() as clients:
            session = replace(world.session(clients), workspace=Workspace(world.root))
        configure(session, Step(reached, CONNECT, CONNECT, {}))
        text = (session.directory / "cdk.tf.json").read_text()
        found: dict[str, Any] = json.loads(text)["resource"]["aws_cloudfront_distribution"]["site"]
        return found

    up, down = distribution(ADOPT), distribution(SERVE)
    assert [SERVICE] == up.pop("depends_on")
    assert up == down


# --- the question


class Identity(BaseHTTPRequestHandler):
    """Answers GetCallerIdentity and GetDistributionConfig, and refuses everything else."""

    ANSWER = b"""<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>
        <Arn>arn:aws:iam::123456789012:user/test</Arn><UserId>A</UserId><Account>123456789012</Account>
        </GetCallerIdentityResult></GetCallerIdentityResponse>"""

    CONFIG = b"""<DistributionConfig xmlns="http://cloudfront.amazonaws.com/doc/2020-05-31/">
        <CallerReference>1</CallerReference></DistributionConfig>"""

    REFUSAL = b"""<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>"""

    def do_POST(self) -> None:
        asked = self.rfile.read(int(self.headers["Content-Length"]))
        if b"Action=GetCallerIdentity" in asked:
            self._answer(self.ANSWER)
        else:
            self._answer(self.REFUSAL, 403)

    def do_GET(self) -> None:
        if self.path.endswith("/config"):
            self._answer(self.CONFIG)
        else:
            self._answer(self.REFUSAL, 403)

    def do_HEAD(self) -> None:
        self.send_error(403)

    def _answer(self, body: bytes, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("ETag", "E1")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: Any) -> None:
        pass


@pytest.fixture
def endpoint() -> Iterator[str]:
    """An AWS endpoint that knows who asks, and nothing else."""
    with HTTPServer(("127.0.0.1", 0), Identity) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_without_a_terminal_nothing_is_applied_unless_asked_for(world: World, endpoint: str) -> None:
    """The command ends with exit code 2 and names --yes; with it, the plan that was saved is applied."""
    world.begin({}, ADOPT)
    world.adopt()

    def apply(*options: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "bascule", "apply", *options],
            cwd=world.root,
            env={
                "PATH": f"{world.root}:/usr/bin:/bin",
                "HOME": str(world.root),
                "AWS_ENDPOINT_URL": endpoint,
                "AWS_ACCESS_KEY_ID": "test",
                "AWS_SECRET_ACCESS_KEY": "test",
                "AWS_EC2_METADATA_DISABLED": "true",
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    refused = apply()
    assert 2 == refused.returncode, refused.stderr
    assert "SAFE  Changes for visitors? None: CloudFront still serves the bucket." in refused.stdout
    assert "bascule: nobody to ask\n" in refused.stderr
    assert "--yes" in refused.stderr
    assert [] == world.applied()
    done = apply("--yes")
    assert 0 == done.returncode, done.stderr
    assert "using the plan saved at" in done.stdout
    assert done.stdout.endswith("at adopt\narquantix is at adopt\n")
    assert ["adopt"] == world.applied()
