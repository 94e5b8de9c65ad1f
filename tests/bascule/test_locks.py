"""Which locks are taken for those of a dead run of ours: only those of which everything fits."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bascule.locks import LATE, Run, holders, made, since

WHO = "marie@laptop"
STATE = "state-bucket/site.tfstate"
BEGAN, SEEN = 1_795_000_000.0, 1_795_000_030.0
RUN = Run(42, "pid:[1] boot 7", WHO, STATE, BEGAN, SEEN)


def lock(moment: float, who: str = WHO, path: str = STATE) -> dict[str, str]:
    """Lock info as Terraform prints it."""
    whole, fraction = divmod(round(moment * 1_000_000), 1_000_000)
    day = datetime.fromtimestamp(whole, UTC)
    created = f"{day:%Y-%m-%d %H:%M:%S}.{fraction:06} +0000 UTC"
    return {"ID": "8b2b", "Path": path, "Operation": "OperationTypeApply", "Who": who, "Created": created}


def test_a_lock_made_while_the_run_was_alive_is_that_run_s() -> None:
    """The run's state, its user and host, and a moment between its begin and the last look at it."""
    assert [RUN] == holders(lock(BEGAN + 1.5), [RUN], WHO)


@pytest.mark.parametrize(
    ("found", "we"),
    [
        (lock(BEGAN + 1, who="jean@laptop"), WHO),
        (lock(BEGAN + 1, who="marie@build-2"), WHO),
        (lock(BEGAN + 1), "marie@build-2"),
        (lock(BEGAN + 1, path="state-bucket/other.tfstate"), WHO),
        (lock(BEGAN - 0.1), WHO),
        (lock(SEEN + LATE + 0.1), WHO),
        ({**lock(BEGAN + 1), "Created": ""}, WHO),
        ({**lock(BEGAN + 1), "Created": "2026-13-45 00:00:00 +0000 UTC"}, WHO),
        ({"ID": "8b2b"}, WHO),
    ],
    ids=["user", "host", "we are elsewhere", "state", "before", "after", "no moment", "no date", "nothing"],
)
def test_a_lock_of_which_anything_does_not_fit_is_nobody_s(found: dict[str, str], we: str) -> None:
    """Another user's, another host's, another state's, one made before the run or after it was last seen."""
    assert [] == holders(found, [RUN], we)


def test_what_was_noted_for_another_user_or_host_counts_for_nothing() -> None:
    """A workspace on a shared disk."""
    assert [] == holders(lock(BEGAN + 1), [replace(RUN, who="marie@build-2")], WHO)


def test_a_clone_s_lock_made_after_our_run_had_died_is_not_ours() -> None:
    """The same user on the same host, in another folder: it noted nothing here."""
    assert [] == holders(lock(SEEN + 60), [RUN], WHO)


@given(st.floats(-100, 100), st.lists(st.tuples(st.floats(-50, 50), st.floats(0, 50)), max_size=4))
def test_only_runs_that_were_alive_then_are_named(moment: float, spans: list[tuple[float, float]]) -> None:
    """Whatever else was noted."""
    runs = [replace(RUN, pid=n, began=BEGAN + a, seen=BEGAN + a + b) for n, (a, b) in enumerate(spans)]
    found = lock(BEGAN + moment)
    at = made(found)
    assert at is not None
    assert [run for run in runs if run.began <= at <= run.seen + LATE] == holders(found, runs, WHO)


@given(st.datetimes(datetime(2020, 1, 1), datetime(2100, 1, 1)))
def test_the_moment_is_read_to_the_microsecond(moment: datetime) -> None:
    """Terraform prints it in UTC, with as many digits as Go likes."""
    seconds = moment.replace(tzinfo=UTC).timestamp()
    assert made({"Created": f"{moment:%Y-%m-%d %H:%M:%S.%f}789 +0000 UTC"}) == pytest.approx(seconds, abs=2e-6)


def test_people_are_told_the_second() -> None:
    """Not nine digits more."""
    assert "2026-11-22 10:12:17 UTC" == since({"Created": "2026-11-22 10:12:17.123456789 +0000 UTC"})
    assert "an unknown time" == since({})
