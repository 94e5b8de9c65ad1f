"""Goes on past a lock that a killed Terraform of ours left on the state; stops at everybody else's."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from bascule import locks, running
from bascule.diagnostics import StateLocked
from bascule.errors import BasculeError
from bascule.journal import Record

T = TypeVar("T")


def past_the_dead(
    notes: Path,
    state: str,
    once: Callable[[], T],
    unlock: Callable[[str], object],
    say: Callable[[str], None],
    record: Record,
) -> T:
    """What `once` returns, which takes the lock of `state`; where a dead run that `notes` tell of holds that, it is
    released by `unlock`, which is given its id and raises BasculeError if it isn't there any more; then `once` tries
    again. That is said, and in the journal.

    Raises StateLocked for a lock that isn't certain to be a dead run's (`bascule.locks`).
    """
    try:
        done = once()
    except StateLocked as locked:
        say(_released(notes, locked, unlock, record))
        done = once()
    running.forget_the_dead(notes, state)
    return done


def _released(notes: Path, locked: StateLocked, unlock: Callable[[str], object], record: Record) -> str:
    """Release a lock and return what to say about it. Raises `locked` if it isn't a dead run's."""
    found = locks.holders(locked.holder, running.runs(notes), running.who())
    for run in found:
        if not running.is_gone(run):
            what = f"{locked.what}; that is process {run.pid} of this host, begun from this folder and still at work"
            remedy = "wait until it has ended: it finishes what it began; then run this again, which goes on from there"
            raise StateLocked(what, where=locked.where, remedy=remedy, holder=locked.holder) from None
    if not found:
        raise locked
    try:
        unlock(locked.holder["ID"])
    except BasculeError as error:
        raise (error if error.exit_code == KEYBOARD else locked) from None  # else released, perhaps taken, meanwhile
    record("unlock", lock=locked.holder["ID"], held_by=found[0].pid)
    made = locks.since(locked.holder)
    return (
        f"released the lock {locked.holder['ID']} of {made}: process {found[0].pid} of this host, its holder, is dead"
    )


KEYBOARD = 130
"""Exit code of what a person interrupted."""
