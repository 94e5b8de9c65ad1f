"""Invalidations: asked for once, and waited for no longer and no more often than needed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from scripted_answers import scripted

from bascule import invalidation
from bascule.errors import BasculeError, InputError


class Time:
    """A clock that goes on when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def time() -> Time:
    """A clock of the test's own."""
    return Time()


def answers(*states: str) -> Any:
    """CloudFront, which says these states of one invalidation one after the other, and then the last for ever."""
    asked: list[tuple[str, Mapping[str, Any]]] = []

    def script(service: str, operation: str, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        state = states[min(len(asked), len(states) - 1)]
        asked.append((operation, parameters))
        batch = {"Paths": {"Quantity": 1, "Items": ["/*"]}, "CallerReference": "r"}
        made = {"Id": "I1", "Status": state, "CreateTime": datetime(2026, 1, 3, tzinfo=UTC), "InvalidationBatch": batch}
        return {"Invalidation": made}

    return script, asked


def test_it_is_asked_for_once_and_looked_at_ever_less_often(time: Time) -> None:
    """One, two, four seconds between the looks, until it is completed."""
    script, asked = answers("InProgress", "InProgress", "InProgress", "InProgress", "Completed")
    with scripted(script) as clients:
        done = invalidation.invalidate(clients, "E1", clock=time.clock, sleep=time.sleep)
    assert [1.0, 2.0, 4.0, 8.0] == time.slept
    assert ["CreateInvalidation", *["GetInvalidation"] * 4] == [operation for operation, _ in asked]
    assert (True, 15.0) == (done.completed, done.seconds)


def test_it_is_given_up_at_its_limit_and_said_to_be_so(time: Time) -> None:
    """Never completed is no success, and the looks are never further apart than the longest."""
    script, _ = answers("InProgress")
    with scripted(script) as clients:
        done = invalidation.invalidate(clients, "E1", limit=100, clock=time.clock, sleep=time.sleep)
    assert (False, 100.0) == (done.completed, done.seconds)
    assert max(time.slept) <= invalidation.LONGEST
    with pytest.raises(BasculeError, match="still in progress after 100 s"):
        invalidation.require(done, "E1")


def test_the_paths_are_those_that_were_asked_for(time: Time) -> None:
    """As they are; everything by default."""
    script, asked = answers("Completed")
    with scripted(script) as clients:
        invalidation.invalidate(clients, "E1", ["/a", "/b*"], clock=time.clock, sleep=time.sleep)
        invalidation.invalidate(clients, "E1", clock=time.clock, sleep=time.sleep)
    paths = [parameters["InvalidationBatch"]["Paths"]["Items"] for _, parameters in asked]
    assert [["/a", "/b*"], ["/*"]] == paths


def test_a_path_without_a_slash_is_refused_before_anything_is_asked(time: Time) -> None:
    """CloudFront would refuse it too, in words of its own."""
    script, asked = answers("Completed")
    with scripted(script) as clients, pytest.raises(InputError, match="no leading slash"):
        invalidation.invalidate(clients, "E1", ["page"], clock=time.clock, sleep=time.sleep)
    assert [] == asked
