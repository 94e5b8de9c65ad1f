"""Whether a lock on the state was left behind by a Terraform of ours that is dead: a decision over what was noted.

Terraform's lock info names who made a lock and when, but no process. So each run that may take a lock is noted in the
workspace while it lasts (`bascule.running`), and a lock is taken for a noted run's only if everything fits:

- it is on the state that the run worked on, and its `Who` is that run's user at this host;
- it was made while the run was seen alive, by the clock of this host: not before it began, and not later than it was
  last seen, which is noted ten times a second;
- the run's process is gone: no process has its id, or one that started at another moment.

What this keeps safe, case by case:

- the lock of a living process is never released: its note says so, or it has none here;
- a clone of the workspace, of the same user on this host, notes its runs elsewhere, so its lock is judged by the times
  of our notes. A lock made after our dead run was last seen isn't ours. One made while our run was alive would mean
  that ours didn't hold it then; and Terraform that doesn't get its lock ends at once (no `-lock-timeout`), which
  removes the note. So they are mistaken only if the clone took its lock in the second or two in which ours was
  starting, and ours was killed in the moment between being refused and having ended;
- where a killed bascule leaves its Terraform alive, and that takes its lock only afterwards, nobody saw it: it stays;
- another host, another user, another place for process ids (a container), or a lock without a moment: left alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

LATE = 1.0
"""Seconds by which a lock may be younger than the last look at its process: there are ten looks a second, but on a busy
machine they come late."""


@dataclass(frozen=True)
class Run:
    """A Terraform process that was noted. Times are seconds since the epoch, by this host's clock."""

    pid: int
    started: str
    """What tells this process from a later one with the same id, and from one of another boot or container."""
    who: str
    """`user@host`, as Terraform writes it into its locks."""
    state: str
    """The state that it works on, as the lock info's `Path` has it: `BUCKET/KEY`."""
    began: float
    seen: float
    """When it was last known to be alive."""


def made(holder: Mapping[str, str]) -> float | None:
    """When a lock was made, in seconds since the epoch; None if its info doesn't say.

    Terraform prints Go's `time.Time` in UTC: `2026-11-24 19:00:49.123456789 +0000 UTC`.
    """
    found = re.match(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)(\.\d+)? \+0000", holder.get("Created", ""))
    if found is None:
        return None
    try:
        whole = datetime.strptime(found[1], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC).timestamp()
    except ValueError:
        return None
    return whole + float(found[2] or 0)


def since(holder: Mapping[str, str]) -> str:
    """When a lock was made, for people."""
    return re.sub(r"\.\d+", "", holder.get("Created", "")).replace(" +0000", "") or "an unknown time"


def holders(holder: Mapping[str, str], runs: Iterable[Run], who: str) -> list[Run]:
    """The noted runs that may have made the lock whose info is `holder`; `who` is the user and host that we are."""
    moment = made(holder)
    if moment is None or holder.get("Who") != who:
        return []
    return [
        run
        for run in runs
        if (run.who, run.state) == (who, holder.get("Path")) and run.began <= moment <= run.seen + LATE
    ]
