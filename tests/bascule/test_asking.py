"""Who is asked before an apply, and what goes without a question."""

from __future__ import annotations

from dataclasses import replace

import pytest
from example import account
from scripted import ADOPT, BALANCED, BALANCER, CONNECT, RUNGS, World, resource

from bascule.cli_move import asking
from bascule.errors import InputError
from bascule.plans import Planned


@pytest.fixture
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A scratch workspace."""
    return World(tmp_path_factory.mktemp("world"))


def drafted(world: World, *, safe: bool) -> Planned:
    """A plan to `connect`; unsafe, a tag of the load balancer would be lost by it."""
    tagged = {} if safe else resource(BALANCER, **BALANCED, tags={"CostCenter": "42"})
    world.begin({**RUNGS[ADOPT]} if safe else {**RUNGS[CONNECT], **tagged}, CONNECT)
    with account() as clients:
        return world.plan(clients)


@pytest.mark.parametrize(
    ("reviewed", "safe", "strict"), [(False, True, True), (True, False, True), (False, False, False)]
)
def test_yes_skips_the_question(world: World, reviewed: bool, safe: bool, strict: bool) -> None:
    """For a plan in which every rule holds, for one that an earlier command showed, and on the way back."""
    planned = replace(drafted(world, safe=safe), reviewed=reviewed)
    with account() as clients:
        assert asking(world.session(clients), yes=True, strict=strict)(planned)


def test_yes_is_no_answer_for_a_plan_that_nobody_has_read(world: World) -> None:
    """It is shown, and to be applied by another command."""
    planned = drafted(world, safe=False)
    with account() as clients, pytest.raises(InputError, match="for a person's eyes") as caught:
        asking(world.session(clients), yes=True)(planned)
    assert "plan arquantix" in caught.value.remedy
