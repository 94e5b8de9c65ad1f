"""Past a dead run's lock and past no other, with real processes, and with functions in the place of Terraform."""

from __future__ import annotations

import os
import subprocess
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bascule import running
from bascule.diagnostics import StateLocked
from bascule.errors import BasculeError
from bascule.unlocking import past_the_dead

STATE = "bucket/key"


def locked(who: str) -> StateLocked:
    """The error of Terraform that finds a lock, made now."""
    created = f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S.%f} +0000 UTC"
    holder = {"ID": "8b2b", "Path": STATE, "Who": who, "Created": created}
    return StateLocked(f"the state is locked: {who}", where=STATE, remedy="wait", holder=holder)


class Backend:
    """A state with a lock, perhaps; it keeps what it was asked."""

    def __init__(self, held: StateLocked | None, *, unlocks: bool = True) -> None:
        self.held, self.unlocks = held, unlocks
        self.unlocked: list[str] = []
        self.said: list[str] = []
        self.entries: list[tuple[str, Any]] = []

    def once(self) -> str:
        if self.held is not None:
            raise self.held
        return "done"

    def unlock(self, lock: str) -> None:
        self.unlocked.append(lock)
        if not self.unlocks:
            raise BasculeError("lock ID does not match")
        self.held = None

    def past(self, notes: Path) -> str:
        return past_the_dead(notes, STATE, self.once, self.unlock, self.said.append, self.record)

    def record(self, event: str, **details: Any) -> None:
        self.entries.append((event, details))


def leave_behind(notes: Path, *, alive: bool = False) -> subprocess.Popen[bytes]:
    """The note of a process that was killed together with what noted it, or that lives on without that."""
    process = subprocess.Popen(["cat"], stdin=subprocess.PIPE)
    with running.noted(notes, process.pid, STATE):
        text = (notes / f"{process.pid}.json").read_text()
    if not alive:
        process.kill()
        process.communicate()
    (notes / f"{process.pid}.json").write_text(text)
    return process


def test_the_lock_of_a_dead_run_is_released_and_said_so(tmp_path: Path) -> None:
    """Then the command is tried again, and the note isn't needed any more; the journal tells of it."""
    process = leave_behind(tmp_path)
    backend = Backend(locked(running.who()))
    assert "done" == backend.past(tmp_path)
    assert ["8b2b"] == backend.unlocked
    assert f"process {process.pid}" in backend.said[0]
    assert [("unlock", {"lock": "8b2b", "held_by": process.pid})] == backend.entries
    assert [] == running.runs(tmp_path)


def test_the_lock_of_a_living_run_stays_and_its_process_is_named(tmp_path: Path) -> None:
    """A killed bascule leaves its Terraform to finish what it does."""
    process = leave_behind(tmp_path, alive=True)
    backend = Backend(locked(running.who()))
    with pytest.raises(StateLocked, match=f"process {process.pid} of this host") as caught:
        backend.past(tmp_path)
    process.communicate()
    assert [] == backend.unlocked
    assert caught.value.remedy.startswith("wait until it has ended")  # and nothing of force-unlock


@pytest.mark.parametrize("who", ["somebody@else", ""])
def test_the_lock_of_anybody_else_stays(tmp_path: Path, who: str) -> None:
    """Another user's or host's; and of ours, one of which nothing is noted here."""
    if who:
        leave_behind(tmp_path)
    backend = Backend(locked(who or running.who()))
    with pytest.raises(StateLocked, match="the state is locked"):
        backend.past(tmp_path)
    assert ([], []) == (backend.unlocked, backend.said)


def test_a_clone_s_lock_stays_when_our_dead_run_was_seen_last_before_it(tmp_path: Path) -> None:
    """The same user, the same host, another folder."""
    process = leave_behind(tmp_path)
    os.utime(tmp_path / f"{process.pid}.json", (time.time() - 60, time.time() - 60))
    backend = Backend(locked(running.who()))
    with pytest.raises(StateLocked):
        backend.past(tmp_path)
    assert [] == backend.unlocked


def test_a_lock_that_is_another_one_meanwhile_is_not_forced(tmp_path: Path) -> None:
    """Terraform unlocks by id, and refuses."""
    leave_behind(tmp_path)
    backend = Backend(locked(running.who()), unlocks=False)
    with pytest.raises(StateLocked):
        backend.past(tmp_path)
    assert ([], []) == (backend.said, backend.entries)


def test_without_a_lock_old_notes_are_forgotten(tmp_path: Path) -> None:
    """Who had the lock knows that none of them holds it."""
    leave_behind(tmp_path)
    assert "done" == Backend(None).past(tmp_path)
    assert [] == running.runs(tmp_path)
