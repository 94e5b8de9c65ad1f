"""What Terraform of ours is running, noted in the workspace: so that a lock which a killed one left can be known.

A note is a file for each process, gone when the process has ended; its time of change is when the process was last seen
alive.
"""

from __future__ import annotations

import json
import os
import pwd
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import asdict, replace
from pathlib import Path

from bascule import files
from bascule.locks import Run

BACKEND = Path(".terraform") / "terraform.tfstate"
"""Where `terraform init` writes down the backend, below the folder that Terraform runs in."""

Seen = Callable[[], None]
"""Called while the process is alive."""

Noting = Callable[[int], AbstractContextManager[Seen]]
"""Notes the process with an id for as long as the context lasts."""


def state_of(directory: Path) -> str:
    """The state that Terraform locks when it runs in an initialized `directory`, as lock info names it: `BUCKET/KEY`.

    Empty where the state isn't in S3: HCP Terraform keeps its own locks, and ends its own dead runs.
    """
    try:
        backend = json.loads((directory / BACKEND).read_text(encoding="utf-8"))["backend"]
        return f"{backend['config']['bucket']}/{backend['config']['key']}" if backend["type"] == "s3" else ""
    except (OSError, ValueError, KeyError, TypeError):
        return ""


@contextmanager
def noted(folder: Path, pid: int, state: str) -> Iterator[Seen]:
    """Note in `folder` that the process `pid` works on `state`, until the end of the context, which has to be after the
    process's; calling what it gives notes that the process is alive now.

    Where the note can't be written or removed, nothing else is different: the process goes on, whose lock, if it is
    killed, is left to a person then."""
    run = Run(pid, started(pid), who(), state, time.time(), time.time())
    path = folder / f"{pid}.json"
    with suppress(OSError):
        files.write(path, json.dumps(asdict(run)), files.PRIVATE)

    def seen() -> None:
        now = time.time()
        with suppress(OSError):  # whoever removed the note wants none
            os.utime(path, (now, now))

    seen()
    try:
        yield seen
    finally:
        with suppress(OSError):
            path.unlink()


def runs(folder: Path) -> list[Run]:
    """What is noted in `folder`, of living and of dead processes."""
    found = []
    for path in sorted(folder.glob("*.json")):
        with suppress(OSError, ValueError, TypeError):
            run = Run(**json.loads(path.read_text(encoding="utf-8")))
            found.append(replace(run, seen=path.stat().st_mtime))
    return found


def forget_the_dead(folder: Path, state: str) -> None:
    """Remove the notes of dead runs on `state`: once somebody else had its lock, none of them holds it."""
    for run in runs(folder):
        if run.state == state and is_gone(run):
            with suppress(OSError):
                (folder / f"{run.pid}.json").unlink()


def is_gone(run: Run) -> bool:
    """Whether the process of a run has ended: nothing has its id, or something that began at another moment.

    False in doubt: where it ran in another place for process ids than we do, such as a container.
    """
    return _place(run.started) == _place(started(os.getpid())) and run.started != started(run.pid)


def started(pid: int) -> str:
    """What tells the process `pid` from any other: place for process ids, boot and moment; empty if there is none.

    Linux: /proc (proc(5): `starttime`, in clock ticks since boot). Elsewhere: `ps -o lstart=`, to the second.
    A process that has ended and that nobody has asked for yet is none.
    """
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
        fields = text.rpartition(")")[2].split()  # after the name, which may hold anything
        if fields[0] in ("Z", "X"):
            return ""
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{Path('/proc/self/ns/pid').readlink()} {boot} {fields[19]}"
    except (OSError, IndexError):
        pass
    if Path("/proc/self").exists():
        return ""
    return _by_ps(pid)


def _by_ps(pid: int) -> str:
    env = {"LC_ALL": "C", "TZ": "UTC0", "PATH": os.environ.get("PATH", os.defpath)}
    asked = ["ps", "-o", "stat=,lstart=", "-p", str(pid)]
    try:
        answer = subprocess.run(asked, env=env, capture_output=True, text=True, timeout=10, check=False).stdout
    except (OSError, subprocess.SubprocessError):
        return ""
    state, _, moment = answer.strip().partition(" ")
    return "" if state.startswith("Z") else " ".join(moment.split())


def _place(started: str) -> str:
    """The place for process ids; empty where the system knows but one."""
    return started.partition(" ")[0] if started.startswith("pid:") else ""


def who() -> str:
    """`user@host`, as Terraform writes it into a lock (internal/states/statemgr/locker.go)."""
    try:
        user = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        user = os.environ.get("USER", "")
    return f"{user}@{socket.gethostname()}"
