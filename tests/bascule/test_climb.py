"""Moving along the ladder with a scripted Terraform and a scripted account: what is asked, gated, applied and said."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
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
    RULE,
    RUNGS,
    SECRET,
    SERVE,
    SERVICE,
    World,
    answers,
    live,
    resource,
)

from bascule import plans
from bascule.climb import Declined, climb
from bascule.errors import BasculeError
from bascule.gates import NotReady
from bascule.guard import DISTRIBUTION
from bascule.ladder import Stage
from bascule.plans import Planned
from bascule.rollback import roll_back

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


def test_a_connect_that_was_stopped_behind_the_load_balancer_goes_down_in_steps(world: World) -> None:
    """Deletion protection is switched on first, and AWS deletes no protected load balancer: that is taken back
    before what is below it, and the service isn't attached on the way."""
    world.begin({**RUNGS[BUILD], BALANCER: PROTECTED[BALANCER]}, ADOPT)
    with account(GONE, GONE) as clients:
        assert ADOPT is climb(world.session(clients), yes)
    assert ["build", "adopt"] == world.applied()


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
