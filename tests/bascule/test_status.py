"""Status: where a site stands, in a few lines, without changing anything."""

from __future__ import annotations

from pathlib import Path

import pytest
from example import account
from scripted import RUNGS, World, live

from bascule.ladder import Stage
from bascule.status import status


def told(root: Path, now: Stage, wanted: Stage, grace_period: int | None = None) -> dict[str, str]:
    """What `bascule status` says, by the words that lead each line."""
    world = World(root).begin(RUNGS[now], wanted)
    with account(live()) as clients:
        lines = status(world.session(clients, grace_period)).split("\n")
    assert [] == world.ran("plan", "apply", "untaint")
    assert world.state == RUNGS[now]
    return {key: value.strip() for key, _, value in (line.partition(":") for line in lines)}


@pytest.mark.parametrize(
    ("now", "wanted", "grace_period", "following"),
    [
        (Stage.ADOPT, Stage.SERVE, None, "`bascule plan`: connect, then serve"),
        (Stage.ADOPT, Stage.SERVE, 90, "`bascule plan`: attach, then connect, then serve"),
        (Stage.CONNECT, Stage.SERVE, 90, "`bascule plan`: serve"),
        (Stage.SERVE, Stage.BUILD, 90, "`bascule plan`: connect, then attach, then build"),
        (Stage.CONNECT, Stage.CONNECT, 90, "nothing to climb, by the state"),
    ],
)
def test_status_tells_the_way_that_apply_takes(
    tmp_path: Path, now: Stage, wanted: Stage, grace_period: int | None, following: str
) -> None:
    """With a grace period, attaching is an apply of its own on the way up."""
    found = told(tmp_path, now, wanted, grace_period)
    assert following == found["next"]
    assert f"{wanted}   (" in found["rung wanted"]
    assert f"{now}   (Terraform's state)" == found["rung reached"]
    assert "none saved" == found["last plan"]
    assert "the bucket   (CloudFront, now)" == found["visitors get"]  # whatever the state says


def test_status_names_the_plan_that_is_saved(tmp_path: Path) -> None:
    """Its step, and that it wasn't applied."""
    world = World(tmp_path).begin(RUNGS[Stage.ADOPT], Stage.CONNECT)
    with account(live()) as clients:
        world.plan(clients)
        last = status(world.session(clients)).split("\n")[-1]
    assert last.startswith("last plan:     to connect, made 20")
    assert last.endswith(", not applied")
