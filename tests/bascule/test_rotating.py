"""Rotating the secret with a scripted Terraform: what is put, applied and said, and what a second run goes on with."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError
from example import CONFIG
from scripted import BALANCED, BALANCER, HEADER, RULE, RUNGS, SECRET, SITE, Resources, World, resource

from bascule import gates, waiting
from bascule.climb import Declined
from bascule.errors import BasculeError
from bascule.guard import DISTRIBUTION
from bascule.ladder import ALB_ORIGIN_ID, Stage
from bascule.outcomes import Outcome
from bascule.plans import Planned
from bascule.rotating import rotate
from bascule.rotation import AT_REST, Phase
from bascule.session import Session

NONE, ADOPT, BUILD, ATTACH, CONNECT, SERVE, RETIRE = Stage
ARN = "arn:aws:elasticloadbalancing:me-central-1:123456789012:listener-rule/app/ours/1/2/3"
PARAMETER = SITE.origin.secret_parameter
OTHER = "07" * 32


def at(stage: Stage, value: str) -> Resources:
    """What the state holds at a rung once the parameter's value is applied."""
    found = deepcopy(RUNGS[stage])
    if RULE in found:
        found[RULE]["values"] |= {"arn": ARN}
        found[RULE]["values"]["condition"][0]["http_header"][0]["values"] = sorted(value.split(","))
    for origin in found.get(DISTRIBUTION, {"values": {}})["values"].get("origin", ()):
        for header in origin["custom_header"]:
            header["value"] = value.split(",")[0]
    return found


@dataclass
class Account:
    """SSM with one parameter; CloudFront and the ALB as Terraform left them in the world."""

    world: World
    value: str = SECRET
    description: str = AT_REST
    version: int = 3
    unfinished: int = 0
    """How many more looks find the distribution in progress."""
    throttled: int = 0
    """How many more looks CloudFront doesn't answer."""
    puts: list[str] = field(default_factory=list)
    after_put: Callable[[], None] = lambda: None
    knows: bool = False
    """Whether CloudFront knows the ALB though the state doesn't."""

    def __call__(self, service: str, region: str | None = None, /) -> Any:
        return {
            "ssm": SimpleNamespace(get_paginator=lambda name: self, put_parameter=self.put),
            "elbv2": SimpleNamespace(describe_rules=self.rules),
            "cloudfront": SimpleNamespace(get_distribution=self.distribution),
        }[service]

    def paginate(self, Name: str, WithDecryption: bool) -> list[dict[str, Any]]:
        """The newest version on the first page."""
        assert (PARAMETER, True) == (Name, WithDecryption)
        now = {"Value": self.value, "Description": self.description, "Version": self.version, "KeyId": "alias/ours"}
        return [{"Parameters": [now]}, {"Parameters": [{"Value": "older", "Version": self.version - 1}]}]

    def put(self, Name: str, Value: str, Overwrite: bool, Description: str, KeyId: str) -> dict[str, int]:
        """PutParameter, after which every rung's configuration is another one."""
        assert (PARAMETER, True, "alias/ours") == (Name, Overwrite, KeyId)
        self.value, self.description, self.version = Value, Description, self.version + 1
        self.puts.append(Value)
        self.configure()
        self.after_put()
        return {"Version": self.version}

    def configure(self) -> None:
        """Terraform's configuration reads the parameter."""
        self.world.change(rungs={stage: at(stage, self.value) for stage in Stage})

    def rules(self, RuleArns: Sequence[str]) -> dict[str, Any]:
        """The one rule."""
        assert [ARN] == RuleArns
        config = {"HttpHeaderName": HEADER, "Values": self.accepted}
        return {"Rules": [{"Conditions": [{"Field": "http-header", "HttpHeaderConfig": config}]}]}

    def distribution(self, Id: str) -> dict[str, Any]:
        """The distribution, deployed after a while."""
        if self.throttled:
            self.throttled -= 1
            raise ClientError({"Error": {"Code": "Throttling", "Message": "Rate exceeded"}}, "GetDistribution")
        self.unfinished, status = max(self.unfinished - 1, 0), "InProgress" if self.unfinished else "Deployed"
        origins = list(CONFIG["Origins"]["Items"])
        if self.sent is not None or self.knows:
            headers = [{"HeaderName": HEADER.lower(), "HeaderValue": self.sent or SECRET}]
            origins.append({"Id": ALB_ORIGIN_ID, "CustomHeaders": {"Quantity": 1, "Items": headers}})
        return {"Distribution": {"Id": Id, "Status": status, "DistributionConfig": {"Origins": {"Items": origins}}}}

    @property
    def accepted(self) -> list[str]:
        found: list[str] = self.world.state[RULE]["values"]["condition"][0]["http_header"][0]["values"]
        return found

    @property
    def sent(self) -> str | None:
        origins = self.world.state.get(DISTRIBUTION, {"values": {}})["values"].get("origin", ())
        return next((str(h["value"]) for origin in origins for h in origin["custom_header"]), None)


def begun(root: Path, stage: Stage, value: str = SECRET, description: str = AT_REST, **more: Any) -> Account:
    """A site at a rung, whose parameter holds this, and is applied."""
    account = Account(World(root).begin(at(stage, value), stage), value, description, **more)
    account.configure()
    return account


def run(account: Account, ask: Callable[[Planned], bool] = lambda planned: True, **more: Any) -> str:
    return rotate(replace(account.world.session(account), **more), ask)


def settled(account: Account, value: str) -> bool:
    """Whether parameter, ALB and CloudFront agree on a value."""
    return (account.value, account.description, account.accepted) == (value, AT_REST, [value]) and (
        account.sent in (None, value)
    )


@pytest.mark.parametrize("stage", [BUILD, ATTACH, CONNECT, SERVE, RETIRE])
def test_at_every_rung_the_new_value_is_what_is_sent_and_accepted(tmp_path: Path, stage: Stage) -> None:
    """By way of both; and no value is ever said, or written to the journal."""
    account = begun(tmp_path, stage)
    entries: list[str] = []
    said = run(account, record=lambda event, **details: entries.append(f"{event} {details}"))
    new = account.value
    assert SECRET != new
    assert settled(account, new)
    switch = [f"{new},{SECRET}"] if account.sent is not None else []
    assert [f"{SECRET},{new}", *switch, new] == account.puts
    assert len(account.puts) == len(account.world.applied())

    shown = "\n".join([said, *account.world.said, *entries])
    assert f"rotated: SSM parameter {PARAMETER}" in shown
    assert [] == [value for value in (SECRET, new) if value in shown]
    assert "rotate done {'phase': 'put 1 of 3: the ALB accepts both values'" in shown
    assert "rotate begun {'phase': 'apply 3 of 3: the ALB accepts the new value alone', 'plan': " in shown


class Stopped(Exception):
    """Stands for a process that dies."""


@pytest.mark.parametrize("number", [1, 2, 3])
@pytest.mark.parametrize("where", ["before the put", "after the put", "at the question", "after the apply"])
def test_a_run_that_died_anywhere_is_taken_up_by_the_next(tmp_path: Path, where: str, number: int) -> None:
    """Which brings the same new value to its end, and begins none of its own; but before anything was put."""
    account = begun(tmp_path, SERVE)
    left = {where: number}

    def stop(at: str) -> None:
        left[at] = left.get(at, 0) - 1
        if left[at] == 0:
            raise Stopped

    def ask(planned: Planned) -> bool:
        stop("at the question")
        return True

    def record(event: str, **details: Any) -> None:
        if event == "rotate begun" and details["phase"].startswith("put"):
            stop("before the put")
        if event == "rotate done" and details["phase"].startswith("apply"):
            stop("after the apply")

    account.after_put = lambda: stop("after the put")
    with pytest.raises(Stopped):
        run(account, ask, record=record)
    begun_with = list(account.puts)
    if where == "after the apply" and number == 3:  # that was all
        assert settled(account, account.value)
        return
    said = run(account, ask, record=record)
    new = account.puts[0].split(",")[1]
    assert settled(account, new)
    assert {SECRET, new} == {value for put in account.puts for value in put.split(",")}
    assert ("is finished" in said) == bool(begun_with)
    assert any("going on with it" in line for line in account.world.said) == bool(begun_with)


def test_a_no_leaves_the_rotation_where_it_is(tmp_path: Path) -> None:
    """Both values are in the parameter, the old one is sent and accepted."""
    account = begun(tmp_path, SERVE)
    with pytest.raises(Declined, match="stays before 1 of 3") as caught:
        run(account, lambda planned: False)
    assert "goes on" in caught.value.remedy
    assert (Phase.BOTH.description, SECRET, [SECRET]) == (account.description, account.sent, account.accepted)
    assert [] == account.world.applied()
    run(account)
    assert 3 == len(account.puts)


@pytest.mark.parametrize("stage", [NONE, ADOPT])
def test_where_nothing_uses_it_a_new_value_is_put_in_its_place(tmp_path: Path, stage: Stage) -> None:
    """Nothing is planned, nobody is asked."""
    account = begun(tmp_path, stage)
    said = run(account, lambda planned: pytest.fail("asked"))
    assert [account.value] == account.puts
    assert f"at {stage} nothing uses it yet" in said
    assert [] == account.world.ran("plan", "apply")


def test_where_cloudfront_knows_the_load_balancer_it_is_in_use_whatever_the_state_says(tmp_path: Path) -> None:
    """A state that was lost doesn't make the ALB refuse CloudFront."""
    account = begun(tmp_path, ADOPT, knows=True)
    with pytest.raises(BasculeError, match="but CloudFront knows the load balancer"):
        run(account)
    assert [] == account.puts


@pytest.mark.parametrize("stage", [ADOPT, CONNECT])
def test_a_climb_is_finished_first(tmp_path: Path, stage: Stage) -> None:
    """Up or down."""
    account = begun(tmp_path, SERVE)
    account.world.want(stage)
    with pytest.raises(BasculeError, match=f"reached is serve, the site file asks for {stage}") as caught:
        run(account)
    assert "bascule apply" in caught.value.remedy
    assert [] == account.puts


def test_what_is_half_made_is_finished_first(tmp_path: Path) -> None:
    """A plan would replace it."""
    account = begun(tmp_path, BUILD)
    state = at(BUILD, SECRET) | resource(BALANCER, **BALANCED)
    state[BALANCER]["tainted"] = True
    account.world.change(state=state)
    with pytest.raises(BasculeError, match=f"{BALANCER} was being created"):
        run(account)
    assert [] == account.puts


def test_a_state_without_the_rule_is_applied_first(tmp_path: Path) -> None:
    """A part of `build` is missing."""
    account = begun(tmp_path, BUILD)
    account.world.change(state={address: one for address, one in at(BUILD, SECRET).items() if address != RULE})
    with pytest.raises(BasculeError, match="Terraform's state holds no"):
        run(account)
    assert [] == account.puts


def test_a_plan_that_changes_more_than_the_secret_is_not_applied(tmp_path: Path) -> None:
    """Somebody changed the site file and hasn't applied it."""
    account = begun(tmp_path, BUILD)
    more = {"idle_timeout": 61}

    def widen() -> None:
        found = at(BUILD, account.value)
        found[BALANCER]["values"] |= more
        account.world.change(rungs={BUILD: found})

    account.after_put = widen
    with pytest.raises(BasculeError, match="changes more than the secret"):
        run(account)
    assert [] == account.world.applied()
    more.clear()
    widen()
    assert "is finished" in run(account)


def test_two_at_the_same_moment_are_noticed(tmp_path: Path) -> None:
    """By the parameter's version."""
    account = begun(tmp_path, SERVE)

    def again() -> None:
        account.version += 1

    account.after_put = again
    with pytest.raises(BasculeError, match="at the same moment"):
        run(account)
    assert [] == account.world.applied()


def test_what_was_changed_during_the_question_stops_the_apply(tmp_path: Path) -> None:
    """A plan holds the values that were there when it was made."""
    account = begun(tmp_path, SERVE)

    def ask(planned: Planned) -> bool:
        account.value = f"{SECRET},{OTHER}"
        return True

    with pytest.raises(BasculeError, match="were changed since this was planned"):
        run(account, ask)
    assert [] == account.world.applied()


def test_cloudfront_is_waited_for_before_the_old_value_is_refused(tmp_path: Path) -> None:
    """Edges that haven't the new config yet send the old value."""
    account = begun(tmp_path, SERVE)
    waited: list[str] = []

    def record(event: str, **details: Any) -> None:
        if event == "rotate done" and details["phase"] == f"apply {Phase.SWITCH}":
            account.unfinished = 2

    def wait(found: Sequence[waiting.Gate], **more: Any) -> list[waiting.Observed]:
        waited.extend(gate.name for gate in found)
        assert 2 == len(account.accepted)
        return waiting.wait(found, sleep=lambda seconds: None, **more)

    run(account, record=record, wait=wait)
    assert [gates.DEPLOYED] == waited
    assert settled(account, account.value)


def test_a_look_that_is_not_answered_is_looked_again(tmp_path: Path) -> None:
    """CloudFront answers few reads a second, and whoever waits has time."""
    account = begun(tmp_path, SERVE, unfinished=3)

    def wait(found: Sequence[waiting.Gate], **more: Any) -> list[waiting.Observed]:
        account.throttled = 1
        return waiting.wait(found, sleep=lambda seconds: None, **more)

    run(account, wait=wait)
    assert settled(account, account.value)
    assert [] != [line for line in account.world.said if "Throttling" in line]


def test_a_distribution_that_stays_in_progress_stops_it_there(tmp_path: Path) -> None:
    """Both values stay accepted."""
    account = begun(tmp_path, SERVE, unfinished=1000)
    late = gates.Verdict(gates.DEPLOYED, Outcome.FAIL, "status InProgress; given up after 2100 s")

    def wait(found: Sequence[waiting.Gate], **more: Any) -> list[waiting.Observed]:
        return [waiting.Observed(late, 2100.0, 99)]

    with pytest.raises(BasculeError, match="edges may still send the value before") as caught:
        run(account, wait=wait)
    assert "goes on" in caught.value.remedy
    assert [] == account.world.applied()


def test_two_values_of_a_person_s_are_left_alone(tmp_path: Path) -> None:
    """Nobody can tell which of them is the new one."""
    account = begun(tmp_path, SERVE, f"{SECRET},{OTHER}")
    with pytest.raises(BasculeError, match="not by `bascule secret rotate`"):
        run(account)
    assert [] == account.puts


def test_a_value_that_was_put_in_the_place_of_the_one_in_use_is_rotated_to(tmp_path: Path) -> None:
    """As if it had been made here."""
    account = begun(tmp_path, SERVE)
    account.value, account.version = OTHER, account.version + 1
    account.configure()
    run(account)
    assert [f"{SECRET},{OTHER}", f"{OTHER},{SECRET}", OTHER] == account.puts
    assert settled(account, OTHER)


def test_what_changes_nothing_is_not_done_for_ever(tmp_path: Path) -> None:
    """Such as a rule that somebody sets back at once."""
    account = begun(tmp_path, SERVE)

    def record(event: str, **details: Any) -> None:
        if event == "rotate done" and details["phase"] == f"apply {Phase.BOTH}":
            account.world.change(state=at(SERVE, SECRET))

    session: Session = replace(account.world.session(account), record=record)
    with pytest.raises(BasculeError, match="done, and nothing has changed"):
        rotate(session, lambda planned: True)
    assert 1 == len(account.world.applied())
    assert json.dumps(account.accepted) == json.dumps([SECRET])
