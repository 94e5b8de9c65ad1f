"""Going back to the bucket: one apply of the distribution alone, which nothing stands in the way of.

Terraform and the account are scripts; through real Terraform: tests/e2e/test_ladder.py and test_cutover.py.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from example import Call, account
from scripted import (
    ADOPT,
    ATTACH,
    BALANCED,
    BALANCER,
    CONNECT,
    CONNECTED,
    DETACHED,
    NONE,
    PROTECTED,
    RETIRE,
    RUNGS,
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
from bascule.guard import DISTRIBUTION
from bascule.ladder import Stage, Step
from bascule.plans import Planned
from bascule.rollback import roll_back
from bascule.session import configure
from bascule.workspace import Workspace

READY = answers()
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
