"""Waiting at gates: when they pass, when they are given up, how often is looked, and what is told meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise, takewhile
from threading import Barrier

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bascule import waiting
from bascule.errors import BasculeError
from bascule.gates import Verdict
from bascule.outcomes import Outcome
from bascule.waiting import FIRST, Gate, Observed

HOLDS = Verdict("gate", Outcome.PASS, "it holds")
NOT_YET = Verdict("gate", Outcome.FAIL, "not yet", may_change=True)
NEVER = Verdict("gate", Outcome.FAIL, "rolled back")
UNSEEN = Verdict("gate", Outcome.UNKNOWN, "no answer", may_change=True)
REFUSED = Verdict("gate", Outcome.UNKNOWN, "refused")


@dataclass
class World:
    """A clock that moves when somebody sleeps or looks, and what is seen by it."""

    now: float = 0.0
    told: list[Observed] = field(default_factory=list)

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.now += seconds

    def wait(self, *gates: Gate, patient: bool = True) -> list[Observed]:
        return waiting.wait(
            gates, watch=self.told.append, patient=patient, clock=self.clock, sleep=self.sleep, at_once=1
        )


@dataclass
class Scene:
    """What a gate sees as time goes by: each verdict from its time on; and when it looked."""

    world: World
    seen: Sequence[tuple[float, Verdict]]
    lasts: float = 0.0
    """Seconds that a look takes."""
    looked: list[float] = field(default_factory=list)
    rounds: list[int] = field(default_factory=list)

    def __call__(self, round_: int) -> Verdict:
        self.world.now += self.lasts
        self.looked.append(self.world.now)
        self.rounds.append(round_)
        return self.at(self.world.now)

    def at(self, now: float) -> Verdict:
        return [verdict for since, verdict in self.seen if since <= now][-1]

    def holds(self, now: float) -> bool:
        return self.at(now).passed

    def gate(self, limit: float = 600.0, longest: float = 15.0, settling: float = 0.0, *, behind: bool = False) -> Gate:
        return Gate("gate", limit, self, longest, settling, behind)


@pytest.fixture
def world() -> World:
    """A clock at 0."""
    return World()


def test_what_holds_at_once_passes_at_once(world: World) -> None:
    """One look, and nothing is said of waiting."""
    scene = Scene(world, [(0, HOLDS)])
    assert [Observed(HOLDS, 0.0, 1)] == world.wait(scene.gate())
    assert ([0.0], []) == (scene.looked, world.told)


def test_nothing_to_wait_for_is_no_wait(world: World) -> None:
    """A step without gates."""
    assert ([], 0.0) == (world.wait(), world.now)


def test_the_looks_become_rarer_up_to_what_the_api_s_waiter_does(world: World) -> None:
    """1 s, then twice as long each time, then `longest`; the last one at the limit."""
    scene = Scene(world, [(0, NOT_YET)])
    (observed,) = world.wait(scene.gate(limit=60, longest=15))
    assert [0, 1, 3, 7, 15, 30, 45, 60] == scene.looked
    assert (Outcome.FAIL, "not yet; given up after 60 s") == (observed.verdict.outcome, observed.verdict.seen)
    assert (60.0, 8) == (observed.seconds, observed.looks)


def test_what_begins_to_hold_passes_with_the_seconds_it_took(world: World) -> None:
    """They are told beside what was seen."""
    (observed,) = world.wait(Scene(world, [(0, NOT_YET), (5, HOLDS)]).gate())
    assert "pass  gate: it holds, after 7 s" == str(observed)


@pytest.mark.parametrize("final", [NEVER, REFUSED], ids=["fails", "unknown"])
def test_what_cannot_change_is_not_waited_for(world: World, final: Verdict) -> None:
    """Neither a rollback nor a refusal mends itself."""
    scene = Scene(world, [(0, NOT_YET), (3, final)])
    assert [Observed(final, 3.0, 3)] == world.wait(scene.gate())


def test_what_is_never_seen_is_unknown_in_the_end(world: World) -> None:
    """And not a failure, since nothing was seen to fail."""
    (observed,) = world.wait(Scene(world, [(0, UNSEEN)]).gate(limit=10))
    assert "UNKNOWN  gate: no answer; given up after 10 s, after 10 s" == str(observed)


def test_one_that_cannot_pass_ends_the_waiting_for_all(world: World) -> None:
    """What was seen of the others is said; one that hadn't settled yet is no pass."""
    slow, settling, lost = (
        Scene(world, [(0, NOT_YET)]),
        Scene(world, [(0, HOLDS)]),
        Scene(world, [(0, NOT_YET), (7, NEVER)]),
    )
    done = Scene(world, [(0, HOLDS)])
    observed = world.wait(slow.gate(), settling.gate(settling=30), lost.gate(), done.gate())
    assert [
        "FAIL  gate: not yet; not waited for, after 7 s",
        "UNKNOWN  gate: it holds, not for 30 s yet; not waited for, after 7 s",
        "FAIL  gate: rolled back, after 7 s",
        "pass  gate: it holds",
    ] == [str(one) for one in observed]


def test_one_whose_time_is_up_ends_the_waiting_for_all(world: World) -> None:
    """Not all can pass any more; and visitors may be waiting for what is done about it."""
    quick, slow = Scene(world, [(0, NOT_YET)]), Scene(world, [(0, UNSEEN), (40, HOLDS)])
    observed = world.wait(quick.gate(limit=10), slow.gate())
    assert [
        "FAIL  gate: not yet; given up after 10 s, after 10 s",
        "UNKNOWN  gate: no answer; not waited for, after 10 s",
    ] == [str(one) for one in observed]


def test_what_is_not_waited_for_to_the_end_is_no_evidence(world: World) -> None:
    """One look at it says nothing of how it would have ended."""
    sick = replace(NOT_YET, unanswered=True)
    given_up, lost = Scene(world, [(0, sick)]), Scene(world, [(0, NEVER)])
    assert [False, False] == [one.verdict.unanswered for one in world.wait(given_up.gate(), lost.gate())]
    (alone,) = world.wait(given_up.gate(limit=10))
    assert alone.verdict.unanswered


def test_what_looks_through_the_others_is_waited_for_once_they_hold(world: World) -> None:
    """Its limit counts from there: a distribution takes minutes, and the application is given two after that."""
    first, through = Scene(world, [(0, NOT_YET), (240, HOLDS)]), Scene(world, [(0, NOT_YET), (300, HOLDS)])
    observed = world.wait(through.gate(limit=120, behind=True), first.gate())
    assert [True, True] == [one.passed for one in observed]
    assert first.looked[-1] == through.looked[0] >= 240
    assert first.rounds[-1] < through.rounds[0]


def test_where_the_others_do_not_hold_what_looks_through_them_is_not_looked_at(world: World) -> None:
    through = Scene(world, [(0, HOLDS)])
    (observed,) = world.wait(through.gate(behind=True), Scene(world, [(0, NEVER)]).gate())
    assert ("rolled back", []) == (observed.verdict.seen, through.looked)


def test_who_is_not_patient_has_the_first_look(world: World) -> None:
    """Where something doesn't hold; what holds settles all the same."""
    assert [False, True] == [
        one.passed
        for one in world.wait(Scene(world, [(0, NOT_YET)]).gate(), Scene(world, [(0, HOLDS)]).gate(), patient=False)
    ]
    assert (0.0, []) == (world.now, world.told)
    assert [Observed(HOLDS, 10.0, 5)] == world.wait(Scene(world, [(0, HOLDS)]).gate(settling=10), patient=False)


def test_settling_begins_with_quick_looks_anew(world: World) -> None:
    """Two looks 15 s apart would not see what comes and goes between them."""
    scene = Scene(world, [(0, NOT_YET), (16, HOLDS)])
    (observed,) = world.wait(scene.gate(settling=10))
    assert [0, 1, 3, 7, 15, 30, 31, 33, 37, 40] == scene.looked
    assert (True, 40.0) == (observed.passed, observed.seconds)


def test_a_relapse_begins_settling_anew(world: World) -> None:
    """However long it held before."""
    scene = Scene(world, [(0, HOLDS), (6, NOT_YET), (8, HOLDS)])
    (observed,) = world.wait(scene.gate(settling=10))
    assert observed.passed
    assert observed.seconds >= 18


def test_a_limit_that_comes_before_it_settled_is_a_failure(world: World) -> None:
    """It held, and not long enough to be believed."""
    (observed,) = world.wait(Scene(world, [(0, NOT_YET), (20, HOLDS)]).gate(limit=32, settling=30))
    assert "FAIL  gate: it holds, not for 30 s yet; given up after 32 s, after 32 s" == str(observed)


def test_gates_that_are_looked_at_together_share_a_round(world: World) -> None:
    """So that they can share what they read; each round has a number of its own."""
    one, other = Scene(world, [(0, NOT_YET)]), Scene(world, [(0, NOT_YET)])
    world.wait(one.gate(limit=7), other.gate(limit=7))
    assert [0, 1, 2, 3] == one.rounds == other.rounds


def test_a_look_that_takes_long_delays_no_settling(world: World) -> None:
    """Time counts from when each look was done."""
    quick, slow = Scene(world, [(0, HOLDS)]), Scene(world, [(0, HOLDS)], lasts=5)
    observed = world.wait(quick.gate(settling=5), slow.gate())
    assert [5.0, 5.0] == [one.seconds for one in observed]


def test_what_is_seen_is_told_when_it_is_news(world: World) -> None:
    """And once looks are as rare as they get, at each, so that a person sees that something goes on."""
    other = Verdict("gate", Outcome.FAIL, "nearly", may_change=True)
    world.wait(Scene(world, [(0, NOT_YET), (3, other), (31, HOLDS)]).gate())
    assert [("not yet", 0.0), ("nearly", 3.0), ("nearly", 7.0), ("nearly", 15.0), ("nearly", 30.0)] == [
        (one.verdict.seen, one.seconds) for one in world.told
    ]
    assert "waiting for gate: nearly, 30 s so far" == waiting.told(world.told[-1])
    assert "waiting for gate to settle: it holds, 3 s so far" == waiting.told(Observed(HOLDS, 3.0, 2))


def test_looks_are_made_at_the_same_time() -> None:
    """The first is over only once the second has begun."""
    both = Barrier(2, timeout=10)

    def look(round_: int) -> Verdict:
        both.wait()
        return HOLDS

    assert [True, True] == [one.passed for one in waiting.wait([Gate("one", 1, look), Gate("other", 1, look)])]


def test_a_look_that_no_credentials_allow_is_an_error(world: World) -> None:
    """It can't succeed however long one waits."""

    def look(round_: int) -> Verdict:
        raise BasculeError("no AWS credentials")

    with pytest.raises(BasculeError, match="no AWS credentials"):
        world.wait(Gate("gate", 60, look))


VERDICTS = st.sampled_from([HOLDS, NOT_YET, UNSEEN, NEVER, REFUSED])
SECONDS = st.integers(min_value=0, max_value=240).map(lambda halves: halves / 2)
SCENES = st.tuples(
    st.lists(st.tuples(SECONDS, st.sampled_from([HOLDS, HOLDS, NOT_YET, UNSEEN]) | VERDICTS), max_size=6),
    VERDICTS,
    SECONDS,
    st.integers(min_value=1, max_value=20).map(float),
    st.integers(min_value=0, max_value=40).map(float),
    st.sampled_from([0.0, 0.0, 0.25, 5.0]),
)


@given(st.lists(SCENES, max_size=4), st.booleans())
def test_whatever_is_seen_no_gate_passes_that_did_not_hold_and_every_wait_ends(
    drawn: list[tuple[list[tuple[float, Verdict]], Verdict, float, float, float, float]], patient: bool
) -> None:
    """Looks are never closer than FIRST; what came of a gate is known by its limit and a pause."""
    world = World()
    scenes, gates = [], []
    for later, first, limit, longest, settling, lasts in drawn:
        scene = Scene(world, sorted([(0.0, first), *later], key=lambda at: at[0]), lasts)
        scenes.append(scene)
        gates.append(scene.gate(limit, longest, settling))
    observed = world.wait(*gates, patient=patient)
    assert len(gates) == len(observed)
    once_around = sum(scene.lasts for scene in scenes)
    for gate, scene, one in zip(gates, scenes, observed, strict=True):
        assert len(scene.looked) == one.looks
        assert all(later - earlier >= FIRST - 1e-9 for earlier, later in pairwise(scene.looked))
        assert one.seconds <= gate.limit + FIRST + 2 * once_around + 1e-9
        if one.passed:
            held = list(takewhile(scene.holds, reversed(scene.looked)))
            assert one.seconds == held[0]
            assert held[0] - held[-1] >= gate.settling - 1e-9
    lost = any(
        not one.passed and (not one.verdict.may_change or one.seconds >= gate.limit)
        for gate, one in zip(gates, observed, strict=True)
    )
    assert lost or not patient or all(one.passed for one in observed)


COURSES = st.tuples(
    st.lists(st.tuples(SECONDS, st.sampled_from([HOLDS, NOT_YET, UNSEEN])), max_size=5),
    SECONDS,
    st.integers(min_value=1, max_value=20).map(float),
    st.sampled_from([0.0, 3.0, 12.5]),
)


@given(st.lists(COURSES, min_size=2, max_size=4))
def test_waiting_together_is_waiting_for_each(
    drawn: list[tuple[list[tuple[float, Verdict]], float, float, float]],
) -> None:
    """Where looks take no time, no gate is looked at more often or longer because of another; and once one is given up,
    none is looked at any more."""

    def scene(world: World, seen: list[tuple[float, Verdict]]) -> Scene:
        return Scene(world, sorted([(0.0, NOT_YET), *seen], key=lambda at: at[0]))

    together = World()
    scenes = [scene(together, seen) for seen, *_ in drawn]
    observed = together.wait(*(one.gate(*rest) for one, (_, *rest) in zip(scenes, drawn, strict=True)))
    alone = []
    for seen, *rest in drawn:
        world = World()
        by_itself = scene(world, seen)
        alone.append((by_itself, *world.wait(by_itself.gate(*rest))))
    end = min((one.seconds for _, one in alone if not one.passed), default=float("inf"))
    for (by_itself, one), among, came in zip(alone, scenes, observed, strict=True):
        assert [at for at in by_itself.looked if at <= end] == among.looked
        assert one.seconds > end or one == came
