"""A command that is killed at a moment seen from outside, with all that it started: as when its machine loses power."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from time import monotonic

from bascule import demo, journal
from bascule.journal import Entry
from bascule.sandbox import control
from bascule.sandbox.control import LoggedCall, Running
from bascule.workspace import Workspace

BASCULE = [sys.executable, "-m", "bascule"]

PERIOD = 0.05
"""Seconds between two looks at what a run has done."""

LIMIT = 900.0
"""Seconds after which a run that neither ends nor comes to its cue is killed all the same."""


@dataclass(frozen=True)
class Seen:
    """What a run has done so far."""

    calls: Sequence[LoggedCall]
    entries: Sequence[Entry]
    """Of the journal."""


Cue = Callable[[Seen], bool]
"""Whether this is the moment."""


@dataclass(frozen=True)
class Ended:
    """How a run ended."""

    arguments: tuple[str, ...]
    code: int
    """Negative for a signal."""
    printed: str
    calls: tuple[LoggedCall, ...]
    entries: tuple[Entry, ...]
    on_cue: bool = False
    """Whether it was killed at its cue; else it came to an end of its own."""

    @property
    def applied(self) -> list[str]:
        """The rungs that it came to, by its journal."""
        return [str(e.details["to"]) for e in self.entries if e.event in ("apply done", "rollback done")]


def called(operation: str, *, times: int = 1, by: str = "terraform") -> Cue:
    """An AWS call was answered for the `times`th time."""
    return lambda seen: times <= sum((call.operation, call.by) == (operation, by) for call in seen.calls)


def noted(event: str) -> Cue:
    """The journal's last entry is this one."""
    return lambda seen: bool(seen.entries) and seen.entries[-1].event == event


def locked(seen: Seen) -> bool:
    """The run holds the state's lock, an object in the state bucket."""
    writes = [call.operation for call in seen.calls if any(arn.endswith(".tflock") for arn in call.resources)]
    return [name for name in writes if name in ("PutObject", "DeleteObject")][-1:] == ["PutObject"]


def every(*cues: Cue) -> Cue:
    """All of them at once."""
    return lambda seen: all(cue(seen) for cue in cues)


def run(workspace: Workspace, running: Running, *arguments: str, kill: Cue | None = None) -> Ended:
    """Run `bascule` with these arguments in a workspace, to its end; or until `kill`, when it is killed."""
    since, before = len(control.calls(running)), len(_journal(workspace))

    def seen() -> Seen:
        return Seen(control.calls(running, since), _journal(workspace)[before:])

    begin = monotonic()
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
        on_cue = False
        for _ in count():
            try:
                process.wait(PERIOD)
                break
            except subprocess.TimeoutExpired:
                on_cue = kill is not None and kill(seen())
                if on_cue or monotonic() - begin > LIMIT:
                    kill_all(process.pid)
                    process.wait()
                    break
        printed.seek(0)
        found = seen()
        return Ended(arguments, process.returncode, printed.read(), tuple(found.calls), tuple(found.entries), on_cue)


def kill_all(leader: int) -> None:
    """SIGKILL for the process group of `leader`, and those of its children: Terraform has one of its own."""
    with suppress(ProcessLookupError):
        os.killpg(leader, signal.SIGSTOP)  # whoever stands still starts nothing more
    children = subprocess.run(["ps", "-o", "pgid=", "--ppid", str(leader)], capture_output=True, text=True, check=False)
    for group in {leader, *map(int, children.stdout.split())}:
        with suppress(ProcessLookupError):
            os.killpg(group, signal.SIGKILL)


def _journal(workspace: Workspace) -> list[Entry]:
    return journal.read(workspace.journal(demo.SITE))
