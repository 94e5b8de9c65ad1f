"""The whole move: what is asked and applied, and when visitors are sent back unasked.

Terraform and the account are scripts; what the site answers is what a test says. Through real Terraform and the
sandbox's edge: tests/e2e/test_cutover.py.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from example import CONFIG
from scripted import (
    ADOPT,
    ATTACH,
    BUILD,
    CONNECT,
    KNOWN,
    RETIRE,
    RUNGS,
    SERVE,
    World,
    answers,
)

from bascule import confirmation, rollback, site_file, terraform
from bascule.climb import Declined
from bascule.cutover import cut_over
from bascule.errors import BasculeError, InputError
from bascule.formats import Expect
from bascule.guard import DISTRIBUTION
from bascule.ladder import ALB_ORIGIN_ID, Stage
from bascule.outcomes import Outcome
from bascule.plans import Planned
from bascule.verify.row import Row


@dataclass
class Account:
    """Answers as the world's state would have it; `healthy` may be changed on the way."""

    world: World
    healthy: bool = True
    rollout: str = "COMPLETED"
    live: str = ""
    """Where visitors are sent, if not where the state says."""

    def __call__(self, service: str) -> Any:
        return self

    def get_distribution(self, Id: str) -> Any:
        held = self.world.state[DISTRIBUTION]["values"]
        origins = [origin["origin_id"] for origin in held["origin"]]
        config = dict(KNOWN if ALB_ORIGIN_ID in origins else CONFIG)
        target = self.live or held["default_cache_behavior"][0]["target_origin_id"]
        config["DefaultCacheBehavior"] = {**config["DefaultCacheBehavior"], "TargetOriginId": target}
        found = {"Id": Id, "Status": "Deployed", "DomainName": "d1.cloudfront.net", "DistributionConfig": config}
        return {"Distribution": found}

    def __getattr__(self, operation: str) -> Any:
        if operation.startswith("_"):
            raise AttributeError(operation)
        told = answers(healthy=self.healthy, rollout=self.rollout)
        (answer,) = (call.answer for call in told if call.operation == operation)
        return lambda **asked: answer


@dataclass
class Site:
    """What the site answers when it is asked, in turn; the last answer stays."""

    outcomes: list[Outcome] = field(default_factory=lambda: [Outcome.PASS])
    row: str = "home"
    asked: list[Expect] = field(default_factory=list)

    def confirm(self, place: Any, expect: Expect, say: Any, **more: Any) -> tuple[Row, ...]:
        self.asked.append(expect)
        outcome = self.outcomes.pop(0) if len(self.outcomes) > 1 else self.outcomes[0]
        return (Row(self.row, "the page", outcome, f"as it is for {expect}", "look", 0.1),)


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Site:
    """The site as it is asked after traffic moved."""
    found = Site()
    monkeypatch.setattr(confirmation, "confirm", found.confirm)
    monkeypatch.setattr(confirmation, "speed", lambda place: 0.25)
    return found


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def yes(planned: Planned) -> bool:
    return True


def cut(world: World, ask: Callable[[Planned], bool] = yes, account: Account | None = None, **options: Any) -> str:
    return cut_over(world.session(account or Account(world)), ask, **options)


def wanted(world: World) -> Stage:
    """The rung that the site file asks for by now."""
    return site_file.load(world.site_file).stage


def test_every_rung_is_an_apply_of_its_own_and_asked_about(world: World, site: Site) -> None:
    asked: list[Stage] = []

    def ask(planned: Planned) -> bool:
        asked.append(planned.step.stage)
        return True

    world.begin(RUNGS[ADOPT], ADOPT)
    told = cut(world, ask)
    assert [BUILD, ATTACH, CONNECT, SERVE] == asked
    assert ["build", "attach", "connect", "serve"] == world.applied()
    assert [Expect.APPLICATION] == site.asked
    assert told.startswith("arquantix is at serve, and visitors get the application\nCommit it: ")
    assert SERVE is wanted(world)
    assert 'stage      = "serve"' in world.rendered.read_text()


def test_each_rung_is_observed_before_the_next(world: World, site: Site) -> None:
    world.begin(RUNGS[ADOPT], ADOPT)
    cut(world)
    observed = [line.split("\n")[0] for line in world.said if line.startswith("observed before")]
    assert [f"observed before {stage}:" for stage in (ATTACH, CONNECT, SERVE, RETIRE)] == observed


def test_a_lower_rung_can_be_the_end(world: World, site: Site) -> None:
    """No visitor is moved, so nothing is asked of the site."""
    world.begin(RUNGS[ADOPT], ADOPT)
    told = cut(world, to=CONNECT)
    assert ["build", "attach", "connect"] == world.applied()
    assert told.startswith("arquantix is at connect\n")
    assert [] == site.asked


def test_run_again_it_looks_again(world: World, site: Site) -> None:
    """A run that died after the switch is finished: nothing is left to apply, all is left to be seen."""
    world.begin(RUNGS[SERVE], SERVE)
    cut(world)
    assert [] == world.applied()
    assert [Expect.APPLICATION] == site.asked


def test_a_site_that_does_not_answer_as_it_should_is_taken_back(world: World, site: Site) -> None:
    """Unasked; and the old page is verified too. The error says what was seen."""
    world.begin(RUNGS[CONNECT], CONNECT)
    site.outcomes = [Outcome.FAIL, Outcome.PASS]
    asked: list[Stage] = []

    def ask(planned: Planned) -> bool:
        asked.append(planned.step.stage)
        return True

    with pytest.raises(BasculeError) as caught:
        cut(world, ask)
    assert [SERVE] == asked
    assert ["serve", "connect"] == world.applied()
    assert [Expect.APPLICATION, Expect.BUCKET] == site.asked
    assert "visitors were sent back to the bucket, and get it again, since" in caught.value.what
    assert "fail  home: as it is for application" in caught.value.what
    assert CONNECT is wanted(world)


def test_the_old_page_that_does_not_come_back_is_what_is_told(world: World, site: Site) -> None:
    world.begin(RUNGS[CONNECT], CONNECT)
    site.outcomes = [Outcome.FAIL]
    with pytest.raises(BasculeError, match="visitors are sent to the bucket, and this isn't as it should be"):
        cut(world)
    assert ["serve", "connect"] == world.applied()


@pytest.mark.parametrize(
    ("outcomes", "options"), [([Outcome.FAIL], {"goes_back": False}), ([Outcome.UNKNOWN], {})], ids=["asked", "unknown"]
)
def test_visitors_stay_where_they_are(
    world: World, site: Site, outcomes: Sequence[Outcome], options: dict[str, Any]
) -> None:
    """With --no-rollback; and where nothing was seen that is wrong."""
    world.begin(RUNGS[CONNECT], CONNECT)
    site.outcomes = list(outcomes)
    with pytest.raises(BasculeError, match="what the site answers isn't as it should be"):
        cut(world, **options)
    assert ["serve"] == world.applied()
    assert SERVE is wanted(world)


def test_a_gate_that_fails_before_the_switch_moves_nobody(world: World, site: Site) -> None:
    """And nobody back."""
    world.begin(RUNGS[CONNECT], CONNECT)
    with pytest.raises(BasculeError, match="targets healthy: 0 of 1 healthy"):
        cut(world, account=Account(world, healthy=False))
    assert [] == world.applied()


def test_a_gate_that_fails_after_the_switch_takes_visitors_back(world: World, site: Site) -> None:
    world.begin(RUNGS[SERVE], SERVE)
    with pytest.raises(BasculeError, match="visitors were sent back to the bucket") as caught:
        cut(world, account=Account(world, healthy=False))
    assert ["connect"] == world.applied()
    assert "targets healthy: 0 of 1 healthy" in caught.value.what
    assert [Expect.APPLICATION, Expect.BUCKET] == site.asked


@pytest.mark.parametrize("row", ["certificate", "http2", "closed ours.elb.amazonaws.com", "alias www.arquantix.com"])
def test_a_row_that_going_back_would_not_mend_takes_nobody_back(world: World, site: Site, row: str) -> None:
    """It isn't done, and it is said."""
    world.begin(RUNGS[CONNECT], CONNECT)
    site.outcomes, site.row = [Outcome.FAIL], row
    with pytest.raises(BasculeError, match=f"fail  {row}: as it is for application"):
        cut(world)
    assert ["serve"] == world.applied()
    assert [Expect.APPLICATION] == site.asked


def test_a_gate_that_says_nothing_of_visitors_takes_nobody_back(world: World, site: Site) -> None:
    """Somebody deploys right after the switch, and the deployment fails: the tasks before it go on answering."""
    world.begin(RUNGS[SERVE], SERVE)
    with pytest.raises(BasculeError, match=r"arquantix is at serve, and this isn't as it should be:\n") as caught:
        cut(world, account=Account(world, rollout="FAILED"))
    assert "FAIL  deployment finished: PRIMARY FAILED" in caught.value.what
    assert [] == world.applied()


def test_above_serve_the_site_is_verified_at_serve_first(world: World, site: Site) -> None:
    """The bucket stays an origin until the application has been seen to answer."""
    world.begin(RUNGS[CONNECT], CONNECT)
    site.outcomes = [Outcome.FAIL, Outcome.PASS]
    with pytest.raises(BasculeError, match="visitors were sent back to the bucket"):
        cut(world, to=RETIRE)
    assert ["serve", "connect"] == world.applied()
    assert [Expect.APPLICATION, Expect.BUCKET] == site.asked


@pytest.mark.parametrize("reached", [CONNECT, SERVE])
def test_up_to_retire_it_is_verified_twice(world: World, site: Site, reached: Stage) -> None:
    """At `serve`, also where a run died there; and in the end."""
    world.begin(RUNGS[reached], reached)
    cut(world, to=RETIRE)
    assert ["serve", "retire"][reached is SERVE :] == world.applied()
    assert [Expect.APPLICATION, Expect.APPLICATION] == site.asked


@pytest.mark.parametrize("to", [SERVE, RETIRE])
def test_what_could_not_be_invalidated_takes_nobody_back(
    world: World, site: Site, monkeypatch: pytest.MonkeyPatch, to: Stage
) -> None:
    """And who stands there is told where visitors are."""
    world.begin(RUNGS[CONNECT], CONNECT)

    def refused(*args: Any, **more: Any) -> Any:
        raise BasculeError("CreateInvalidation: AccessDenied")

    monkeypatch.setattr(confirmation, "confirm", refused)
    with pytest.raises(BasculeError, match="CreateInvalidation"):
        cut(world, to=to)
    assert ["serve"] == world.applied()
    assert "`bascule rollback arquantix` takes them back" in world.said[-1]


def test_where_somebody_sent_visitors_back_nothing_is_retired(world: World, site: Site) -> None:
    """Past Terraform, so that its state still shows `serve`: that the old page answers is no failure then."""
    world.begin(RUNGS[SERVE], SERVE)
    account = Account(world, live="S3")
    with pytest.raises(BasculeError, match="state shows serve, but visitors are sent to the bucket"):
        cut(world, account=account, to=RETIRE)
    assert ([], []) == (world.applied(), site.asked)


def test_an_apply_that_fails_after_it_was_verified_takes_nobody_back(world: World, site: Site) -> None:
    world.begin(RUNGS[CONNECT], CONNECT)
    world.change(ends={"retire": {"state": RUNGS[SERVE], "error": "refused"}})
    with pytest.raises(BasculeError, match="refused"):
        cut(world, to=RETIRE)
    assert "connect" not in world.applied()


def test_a_way_back_that_fails_says_what_it_was_for_and_names_another(
    world: World, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody else's run has the state's lock, say."""
    world.begin(RUNGS[CONNECT], CONNECT)
    site.outcomes = [Outcome.FAIL]

    def locked(*args: Any, **more: Any) -> Any:
        raise BasculeError("the state is locked", remedy="wait")

    monkeypatch.setattr(rollback, "roll_back", locked)
    with pytest.raises(BasculeError, match="going back failed: the state is locked") as caught:
        cut(world)
    assert "fail  home: as it is for application" in caught.value.what
    assert "wait; or `bascule rollback --direct` needs" in caught.value.remedy


@pytest.mark.parametrize(
    ("outcome", "told", "applied"),
    [
        (Outcome.FAIL, "visitors were sent back to the bucket", ["serve", "connect"]),
        (Outcome.PASS, "Failed to save state", ["serve"]),
    ],
    ids=["they get nothing", "they get the application"],
)
def test_an_apply_that_fails_once_visitors_are_moved_is_judged_by_what_they_get(
    world: World, site: Site, outcome: Outcome, told: str, applied: list[str]
) -> None:
    """The distribution has its new config, and the state couldn't be written, say."""
    world.begin(RUNGS[CONNECT], CONNECT)
    world.change(ends={"serve": {"state": RUNGS[SERVE], "error": "Failed to save state"}})
    site.outcomes = [outcome, Outcome.PASS]
    with pytest.raises(BasculeError, match=told):
        cut(world)
    assert applied == world.applied()
    assert Expect.APPLICATION is site.asked[0]


def test_an_apply_that_fails_before_that_takes_nobody_back(world: World, site: Site) -> None:
    world.begin(RUNGS[BUILD], BUILD)
    world.change(ends={"attach": {"state": RUNGS[BUILD], "error": "refused"}})
    with pytest.raises(BasculeError):
        cut(world)
    assert [] == site.asked
    assert "connect" not in world.applied()


def test_a_person_who_stops_it_is_not_overruled(world: World, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    world.begin(RUNGS[CONNECT], CONNECT)

    def interrupted(*args: Any, **more: Any) -> Any:
        raise terraform.Interrupted("stopped")

    monkeypatch.setattr(confirmation, "confirm", interrupted)
    with pytest.raises(terraform.Interrupted):
        cut(world)
    assert ["serve"] == world.applied()
    assert world.said[-1].startswith(
        "stopped; visitors are sent to the application; `bascule cutover arquantix` goes on"
    )


def test_who_stops_it_before_the_switch_is_told_that_nobody_was_moved(world: World, site: Site) -> None:
    def interrupted(planned: Planned) -> bool:
        raise KeyboardInterrupt

    world.begin(RUNGS[CONNECT], CONNECT)
    with pytest.raises(KeyboardInterrupt):
        cut(world, interrupted)
    assert (
        "stopped; visitors are sent to the bucket; `bascule cutover arquantix` goes on; the site file asks for serve"
        == world.said[-1]
    )


def test_no_is_no(world: World, site: Site) -> None:
    world.begin(RUNGS[ADOPT], ADOPT)
    with pytest.raises(Declined):
        cut(world, lambda planned: False)
    assert [] == world.applied()


def test_it_does_not_go_down(world: World, site: Site) -> None:
    world.begin(RUNGS[SERVE], SERVE)
    with pytest.raises(InputError, match="the site file asks for serve, which is above connect"):
        cut(world, to=CONNECT)
    assert [] == world.applied()


def test_nor_where_the_site_file_lags_behind_the_state(world: World, site: Site) -> None:
    world.begin(RUNGS[SERVE], ADOPT)
    with pytest.raises(InputError, match="the rung reached is serve, which is above connect"):
        cut(world, to=CONNECT)
    assert [] == world.applied()


def test_in_another_account_nothing_is_written(world: World, site: Site) -> None:
    """The distribution isn't there."""
    before = world.begin(RUNGS[ADOPT], ADOPT).site_file.read_bytes()

    def elsewhere(service: str) -> Any:
        raise BasculeError("NoSuchDistribution")

    with pytest.raises(BasculeError, match="NoSuchDistribution"):
        cut_over(world.session(elsewhere), yes)
    assert before == world.site_file.read_bytes()


def test_it_is_written_down(world: World, site: Site) -> None:
    """Beginning and end, and why it went back."""
    world.begin(RUNGS[CONNECT], CONNECT)
    site.outcomes = [Outcome.FAIL, Outcome.PASS]
    events: list[tuple[str, dict[str, Any]]] = []
    session = replace(world.session(Account(world)), record=lambda event, **details: events.append((event, details)))
    with pytest.raises(BasculeError):
        cut_over(session, yes)
    names = [event for event, _ in events if event != "gate"]
    assert ["cutover begun", "apply begun", "apply done", "going back", "rollback begun", "rollback done"] == names[:-1]
    assert "cutover failed" == names[-1]
    assert "home: as it is for application" in dict(events)["going back"]["why"]
