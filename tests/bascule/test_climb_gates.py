"""Climbing through gates: when they are waited for, and what is said and kept of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from example import account
from scripted import ATTACH, CONNECT, DETACHED, RUNGS, SERVE, World, answers, once

from bascule.climb import climb
from bascule.gates import NotReady
from bascule.plans import Planned
from bascule.waiting import Gate, Observed, Watch

READY, SICK = answers(), answers(healthy=False)


def yes(planned: Planned) -> bool:
    return True


@dataclass
class Waits:
    """Looks once, and keeps how it was asked to wait."""

    asked: list[tuple[bool, float]] = field(default_factory=list)
    """Whether patiently, and the longest settling time."""

    def __call__(self, gates: Sequence[Gate], *, watch: Watch, patient: bool = True) -> list[Observed]:
        self.asked.append((patient, max((gate.settling for gate in gates), default=0.0)))
        return once(gates, watch=watch, patient=patient)


@dataclass
class Kept:
    """A journal in memory."""

    entries: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def __call__(self, event: str, **details: Any) -> None:
        self.entries.append((event, details))


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A workspace of its own."""
    return World(tmp_path)


def test_what_holds_settles_before_the_plan_and_not_again_at_the_apply(world: World) -> None:
    """Settling is for what has just been made; at the apply, one more look."""
    world.begin(RUNGS[CONNECT], SERVE)
    waits = Waits()
    with account(*READY, *READY) as clients:
        climb(replace(world.session(clients), wait=waits), yes)
    assert [(False, 1.0), (True, 0.0)] == waits.asked
    assert ["serve"] == world.applied()


def test_what_finishing_the_rung_may_mend_is_not_waited_for_first(world: World) -> None:
    """Its plan comes first; then there is patience."""
    world.begin({**RUNGS[CONNECT], **DETACHED}, SERVE)
    waits = Waits()
    with account(*SICK, *READY, *READY) as clients:
        climb(replace(world.session(clients), wait=waits), yes)
    assert [(False, 1.0), (True, 1.0), (True, 0.0)] == waits.asked
    assert ["connect", "serve"] == world.applied()


def test_where_nothing_is_left_to_finish_it_is_waited_for(world: World) -> None:
    """Targets that are just starting, a distribution that is just being deployed."""
    world.begin(RUNGS[CONNECT], SERVE)
    waits = Waits()
    with account(*SICK, *READY, *READY) as clients:
        climb(replace(world.session(clients), wait=waits), yes)
    assert [(False, 1.0), (True, 1.0), (True, 0.0)] == waits.asked
    assert ["serve"] == world.applied()


def test_every_gate_is_kept_with_its_outcome_and_its_seconds(world: World) -> None:
    """Those that held, too."""
    world.begin(RUNGS[ATTACH], CONNECT)
    kept = Kept()
    with account(*SICK[:3], *SICK[:3]) as clients, pytest.raises(NotReady):
        climb(replace(world.session(clients), record=kept), yes)
    gates = [details for event, details in kept.entries if event == "gate"]
    assert [("ALB active", "pass"), ("deployment finished", "pass"), ("targets healthy", "fail")] * 2 == [
        (one["gate"], one["outcome"]) for one in gates
    ]
    assert {CONNECT} == {one["before"] for one in gates}
    assert all(0 <= one["seconds"] < 60 for one in gates)
