"""Waiting at gates: all of them are looked at together, again and again, until each holds, can't, or its time is up."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from itertools import count
from typing import Protocol

from bascule.gates import Verdict
from bascule.outcomes import Outcome

FIRST = 1.0
"""Seconds between a gate's first two looks; they double from there up to its `longest`."""

AT_ONCE = 8
"""Looks under way at the same time: most of their time is waiting for answers."""


@dataclass(frozen=True)
class Gate:
    """Something that has to hold in the account, and for how long that is waited for."""

    name: str
    limit: float
    """Seconds after which it is given up. A look that is under way then is waited for."""
    look: Callable[[int], Verdict]
    """Looks once; told the number of the round, in which gates that are looked at together may share what they read.
    Raises BasculeError where no look can succeed, such as without credentials."""
    longest: float = 15.0
    """Seconds between two looks at the most: what the API's documented waiter takes always."""
    settling: float = 0.0
    """Seconds for which it has to hold in every look before it passes."""
    behind: bool = False
    """Whether it looks through all that the others are about, and so is looked at, and its limit counts, once they
    hold; where they don't, nothing comes of it."""


@dataclass(frozen=True)
class Observed:
    """What came of one gate."""

    verdict: Verdict
    """The last one, or why it doesn't count."""
    seconds: float
    """How long it took from the first look until this was known."""
    looks: int

    @property
    def passed(self) -> bool:
        """Whether the gate holds."""
        return self.verdict.passed

    def __str__(self) -> str:
        return f"{self.verdict}, after {self.seconds:.0f} s" if self.seconds >= 0.5 else str(self.verdict)

    @property
    def details(self) -> dict[str, object]:
        """What the journal keeps of it."""
        one = self.verdict
        return {
            "gate": one.gate,
            "outcome": one.outcome,
            "seen": one.seen,
            "seconds": round(self.seconds, 1),
        }


Watch = Callable[[Observed], None]
"""Hears of a gate that is waited for: when what was seen there is something else than before, and when the looks have
become as rare as they get, of each."""


def told(observed: Observed) -> str:
    """A line for a person, of a gate that is waited for."""
    settles = " to settle" if observed.passed else ""
    return f"waiting for {observed.verdict.gate}{settles}: {observed.verdict.seen}, {observed.seconds:.0f} s so far"


class Wait(Protocol):
    """`wait`, or what stands for it in a test."""

    def __call__(self, gates: Sequence[Gate], *, watch: Watch, patient: bool = True) -> list[Observed]: ...


def wait(
    gates: Sequence[Gate],
    *,
    watch: Watch = lambda observed: None,
    patient: bool = True,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
    at_once: int = AT_ONCE,
) -> list[Observed]:
    """What came of each gate that was looked at, in order: passed only if it held in every look for its settling time.

    A gate is looked at FIRST second after it was first, then after 2, 4 and so on up to its `longest`; it begins anew
    at FIRST when it holds and has to settle. One that passed is not looked at again. Ends when each passed, or as soon
    as one of them doesn't: its limit is over, or it is known not to hold however long one waits. Unless `patient`, the
    first look at which one doesn't hold is the end. Raises BasculeError as the looks do.
    """
    rounds = count()
    found: list[Observed] = []
    for behind in (False, True):
        if all(one.passed for one in found):
            together = [gate for gate in gates if gate.behind is behind]
            found += _together(together, watch, patient, clock, sleep, at_once, rounds)
    return found


def _together(
    gates: Sequence[Gate],
    watch: Watch,
    patient: bool,
    clock: Callable[[], float],
    sleep: Callable[[float], None],
    at_once: int,
    rounds: Iterator[int],
) -> list[Observed]:
    """`wait` for gates that are looked at together, in the next of `rounds`."""
    begin = clock()
    courses = [_Course(gate) for gate in gates]

    def look(round_: int, course: _Course) -> _Course:
        if course.done or course.due > clock() - begin:
            return course
        verdict = course.gate.look(round_)
        return _looked(course, verdict, clock() - begin)

    with ThreadPoolExecutor(at_once) as pool:
        while pending := [course for course in courses if course.done is None]:
            pause = min(course.due for course in pending) - (clock() - begin)
            if pause > 0:
                sleep(pause)
            before, courses = courses, list(pool.map(partial(look, next(rounds)), courses))
            lost = any(course.done is not None and not course.done.passed for course in courses)
            if lost or (not patient and any(course.last is not None and not course.last.passed for course in courses)):
                why = "not waited for" if lost else "the first look"
                courses = [_left(course, clock() - begin, why) for course in courses]
            for old, course in zip(before, courses, strict=True):
                news = course.last != old.last or (course.looks > old.looks and course.pause == course.gate.longest)
                if course.done is None and course.last is not None and news:
                    watch(Observed(course.last, clock() - begin, course.looks))
    return [course.done for course in courses if course.done]


@dataclass(frozen=True)
class _Course:
    """One gate while it is waited for; times are seconds since the beginning."""

    gate: Gate
    due: float = 0.0
    """When it is looked at next."""
    pause: float = FIRST
    looks: int = 0
    last: Verdict | None = None
    since: float = 0.0
    """When it began to hold, if it does."""
    done: Observed | None = None


def _looked(course: _Course, verdict: Verdict, now: float) -> _Course:
    """The course after one more look."""
    gate, looks = course.gate, course.looks + 1
    held = verdict.passed and course.last is not None and course.last.passed
    since = course.since if held else now
    settling = gate.settling - (now - since) if verdict.passed else None
    left = gate.limit - now
    if (settling is not None and settling <= 0) or not (verdict.passed or verdict.may_change):
        return replace(course, looks=looks, last=verdict, done=Observed(verdict, now, looks))
    if left <= 0:
        late = _unfinished(gate, verdict, Outcome.FAIL, f"given up after {now:.0f} s")
        return replace(course, looks=looks, last=verdict, done=Observed(late, now, looks))
    pause = FIRST if verdict.passed and not held else course.pause
    soon = min(pause, left, pause if settling is None else settling)
    return _Course(gate, now + max(soon, FIRST), min(pause * 2, gate.longest), looks, verdict, since)


def _left(course: _Course, now: float, why: str) -> _Course:
    """The course of a gate that isn't waited for any longer: what was seen of it is no evidence of how it would have
    ended."""
    if course.done or course.last is None:
        return course
    late = replace(_unfinished(course.gate, course.last, Outcome.UNKNOWN, why), unanswered=False)
    return replace(course, done=Observed(late, now, course.looks))


def _unfinished(gate: Gate, last: Verdict, outcome: Outcome, why: str) -> Verdict:
    """The last verdict; one that passed and hasn't settled is no pass."""
    if last.passed:
        return replace(
            last, outcome=outcome, seen=f"{last.seen}, not for {gate.settling:g} s yet; {why}", may_change=True
        )
    return replace(last, seen=f"{last.seen}; {why}")
