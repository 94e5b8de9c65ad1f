"""After a move: what is waited for, emptied and asked, and in which order.

What the rows are about: tests/bascule/verify; through the sandbox's edge: tests/e2e/test_cutover.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any

import pytest
from example import CONFIG, SITE

from bascule import confirmation, waiting
from bascule.aws import Identity
from bascule.errors import InputError
from bascule.formats import Expect
from bascule.gates import NotReady
from bascule.ladder import ALB_ORIGIN_ID
from bascule.outcomes import Outcome
from bascule.site import Site
from bascule.verify.row import Row
from bascule.waiting import Gate, Observed, Watch

PASS, FAIL, UNKNOWN = Outcome.PASS, Outcome.FAIL, Outcome.UNKNOWN
LOOK, EMPTY, ASK = "GetDistribution", "CreateInvalidation", "verify"


@dataclass
class World:
    """A site and its account, where the distribution is deployed after so many looks."""

    looks: int = 0
    target: str = ALB_ORIGIN_ID
    """Where visitors are sent."""
    rows: list[Outcome] = field(default_factory=lambda: [PASS])
    """What the site's page comes to, each time that it is asked; the last stays."""
    done: list[str] = field(default_factory=list)
    """What was done, in order."""
    slept: list[float] = field(default_factory=list)
    journal: list[str] = field(default_factory=list)
    now: float = 0.0
    name: str = "example"
    site: Site = SITE
    identity: Identity = field(default_factory=lambda: Identity("123456789012", "arn", SITE.region, ""))

    def record(self, event: str, /, **details: Any) -> None:
        self.journal.append(event)

    def clients(self, service: str, region: str | None = None, /) -> Any:
        return SimpleNamespace(get_distribution=self.look, create_invalidation=self.empty)

    def look(self, Id: str) -> dict[str, Any]:
        self.done.append(LOOK)
        self.looks -= 1
        behavior = {**CONFIG["DefaultCacheBehavior"], "TargetOriginId": self.target}
        config = {**CONFIG, "DefaultCacheBehavior": behavior}
        status = "Deployed" if self.looks < 0 else "InProgress"
        return {"Distribution": {"Status": status, "DomainName": "d1.cloudfront.net", "DistributionConfig": config}}

    def empty(self, DistributionId: str, InvalidationBatch: Any) -> dict[str, Any]:
        self.done.append(EMPTY)
        return {"Invalidation": {"Id": "I1", "Status": "Completed"}}

    def verify(self, place: Any, expect: Expect, **more: Any) -> tuple[Expect, tuple[Row, ...]]:
        self.done.append(ASK)
        outcome = self.rows.pop(0) if len(self.rows) > 1 else self.rows[0]
        return expect, (Row("home", "the page", outcome, "seen", "look", 0.1),)

    def wait(self, gates: Sequence[Gate], *, watch: Watch, patient: bool = True) -> list[Observed]:
        """By a clock of the test's own, and not for long."""
        short = [replace(gate, limit=20.0) for gate in gates]
        return waiting.wait(short, watch=watch, clock=lambda: self.now, sleep=self.go_on, at_once=1)

    def go_on(self, seconds: float) -> None:
        self.now += seconds

    def confirm(self, expect: Expect = Expect.BUCKET) -> tuple[Row, ...]:
        return confirmation.confirm(self, expect, lambda line: None, sleep=self.slept.append, wait=self.wait)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    """Visitors were sent back to the bucket."""
    found = World(target="S3-old-site")
    monkeypatch.setattr(confirmation, "verify", found.verify)
    return found


def test_caches_are_emptied_once_every_edge_has_the_config_and_then_the_site_is_asked(world: World) -> None:
    """An edge with the config before would fill its cache from where that leads."""
    world.looks = 3
    world.confirm()
    assert [LOOK] * 4 + [EMPTY, ASK] == world.done
    assert ["gate", "invalidate begun", "invalidate done"] == world.journal


def test_what_is_never_deployed_is_not_emptied(world: World) -> None:
    world.looks = 1000
    with pytest.raises(NotReady, match="nothing was invalidated"):
        world.confirm()
    assert {LOOK} == {*world.done}


def test_the_config_that_was_just_put_is_the_one_that_is_waited_for(world: World) -> None:
    """An answer may lag behind UpdateDistribution, and say Deployed of the one before."""
    world.target = ALB_ORIGIN_ID
    with pytest.raises(NotReady, match="of a config that sends visitors elsewhere"):
        world.confirm(Expect.BUCKET)
    assert EMPTY not in world.done


@pytest.mark.parametrize(
    ("rows", "slept"),
    [([PASS], []), ([FAIL, PASS], [1.0]), ([UNKNOWN], []), ([FAIL], [1.0, 2.0, 4.0]), ([FAIL, FAIL, UNKNOWN], [1, 2])],
)
def test_a_row_that_fails_is_asked_again_three_times(world: World, rows: list[Outcome], slept: list[float]) -> None:
    """A task that starts cold is no reason to go back; what can't be asked isn't asked in a hurry either."""
    last = rows[-1]
    world.rows = rows
    (row,) = world.confirm()
    assert (last, slept) == (row.outcome, world.slept)


def test_paths_by_hand_wait_for_the_config_too(world: World) -> None:
    """Whichever it is: nobody says here where visitors are to go."""
    world.looks, world.target = 1, ALB_ORIGIN_ID
    told = confirmation.invalidate(world, lambda line: None, ["/a"], wait=world.wait)
    assert [LOOK, LOOK, EMPTY] == world.done
    assert told.startswith("invalidation I1 completed")
    with pytest.raises(InputError, match="no leading slash"):
        confirmation.invalidate(world, lambda line: None, ["a"], wait=world.wait)


@pytest.mark.parametrize(
    ("row", "told"), [("home", True), ("post", True), ("http2", False), ("closed 10.0.0.1", False)]
)
def test_only_rows_about_answers_say_that_visitors_get_none(row: str, told: bool) -> None:
    with pytest.raises(confirmation.Unverified) as caught:
        confirmation.require([Row(row, "", FAIL, "seen", "", 0.1)], "this isn't as it should be:")
    assert told is caught.value.unanswered
