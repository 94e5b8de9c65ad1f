"""A command that is killed in the midst of something, with all that it started: as when its machine loses power."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from bascule import demo, journal
from bascule.journal import Entry
from bascule.sandbox import control
from bascule.sandbox.control import LoggedCall, Running
from bascule.workspace import Workspace

BASCULE = [sys.executable, "-m", "bascule"]

PERIOD = 0.05
"""Seconds between two looks at what a run has done."""

LIMIT = 900.0
"""Seconds after which a run that neither ends nor comes to its moment is killed all the same."""

STILL: Mapping[str, Any] = {"stopped_clock": True}
"""Nothing in AWS comes to its end: no deployment, no invalidation."""

GOING_ON: Mapping[str, Any] = {"stopped_clock": False, "faults": []}


def throttled(operation: str) -> Mapping[str, Any]:
    """Whoever makes this call is told to try again, for ever."""
    return {"faults": [{"operation": operation, "code": "Throttling", "times": 1_000_000}]}


@dataclass(frozen=True)
class Moment:
    """When a run is killed: something was begun, by the journal, and since then a call was answered, by the sandbox."""

    begun: str
    """The journal's entry."""
    call: str = ""
    """The operation; without one, it is the lock of the state that is held."""
    to: str | None = None
    """The rung that the entry names."""
    hold: Mapping[str, Any] = field(default_factory=dict)
    """Switches of the sandbox that are turned as soon as it is begun, so that it doesn't end before."""

    def is_begun(self, entries: Sequence[Entry]) -> bool:
        """Whether the journal says so."""
        return any(one.event == self.begun and one.details.get("to") == self.to for one in entries)

    def is_there(self, calls: Sequence[LoggedCall]) -> bool:
        """Whether it is now, by the calls since it was begun."""
        if self.call:
            return any(call.operation == self.call and call.status < 300 for call in calls)
        locks = [call.operation for call in calls if any(arn.endswith(".tflock") for arn in call.resources)]
        return [name for name in locks if name in ("PutObject", "DeleteObject")][-1:] == ["PutObject"]


@dataclass(frozen=True)
class Ended:
    """How a run ended."""

    code: int
    """Negative for a signal."""
    printed: str
    calls: Sequence[LoggedCall]
    entries: Sequence[Entry]
    """Of the journal."""
    in_the_midst: bool
    """Whether it was killed at its moment; else it came to an end of its own."""
    switches: Mapping[str, Any]
    """Of the sandbox, right afterwards: what is left of the faults is there."""


def run(workspace: Workspace, running: Running, *arguments: str, kill: Moment | None = None) -> Ended:
    """Run `bascule` with these arguments in a workspace: to its end, or until the moment `kill`."""
    since, before = len(control.calls(running)), len(_journal(workspace))
    with tempfile.TemporaryFile("w+", encoding="utf-8") as printed:
        process = subprocess.Popen(
            [*BASCULE, *arguments],
            cwd=workspace.root,
            stdin=subprocess.DEVNULL,
            stdout=printed,
            stderr=subprocess.STDOUT,
            env=os.environ | {"PYTHONUNBUFFERED": "1"},
            start_new_session=True,
        )
        begin, seen, begun, in_the_midst = monotonic(), since, -1, False
        while not _ends(process):
            if kill is not None and begun < 0:
                # The call may be answered before this look sees that it is begun: so it counts from the look before.
                calls_so_far = len(control.calls(running))
                if kill.is_begun(_journal(workspace)[before:]):
                    begun = seen
                    control.configure(running, **kill.hold)
                seen = calls_so_far
            in_the_midst = kill is not None and begun >= 0 and kill.is_there(control.calls(running, begun))
            if in_the_midst or monotonic() - begin > LIMIT:
                kill_all(process.pid)
                process.wait()
                break
        switches = control.configure(running)
        control.configure(running, **GOING_ON)
        printed.seek(0)
        calls, entries = control.calls(running, since), _journal(workspace)[before:]
        return Ended(process.returncode, printed.read(), calls, entries, in_the_midst, switches)


def kill_all(leader: int) -> None:
    """SIGKILL for the process group of `leader`, and those of its children: Terraform has one of its own."""
    with suppress(ProcessLookupError):
        os.killpg(leader, signal.SIGSTOP)  # whoever stands still starts nothing more
    children = subprocess.run(["ps", "-o", "pgid=", "--ppid", str(leader)], capture_output=True, text=True, check=False)
    for group in {leader, *map(int, children.stdout.split())}:
        with suppress(ProcessLookupError):
            os.killpg(group, signal.SIGKILL)


def _ends(process: subprocess.Popen[Any]) -> bool:
    """Whether it has ended by itself, after the time until the next look."""
    try:
        process.wait(PERIOD)
    except subprocess.TimeoutExpired:
        return False
    return True


def _journal(workspace: Workspace) -> list[Entry]:
    return journal.read(workspace.journal(demo.SITE))
