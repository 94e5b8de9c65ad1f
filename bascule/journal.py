"""Who did what when on a site: JSON lines that are only ever added to, readable when a process died half way."""

from __future__ import annotations

import getpass
import json
import os
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any, Protocol

from bascule.errors import BasculeError


class Record(Protocol):
    """Adds an entry to a journal."""

    def __call__(self, event: str, **details: Any) -> None: ...


def nowhere(event: str, **details: Any) -> None:
    """Keeps no journal."""


@dataclass(frozen=True)
class Entry:
    """One thing that happened."""

    at: str
    """UTC, ISO 8601 with seconds."""
    who: str
    """The caller's ARN, and the user and host where it ran."""
    process: int
    event: str
    details: Mapping[str, Any]


def recorder(path: Path, arn: str) -> Record:
    """Adds entries to the journal at `path`, each in one write that is on the disk before it returns.

    The file is its owner's alone: plans name resources, though no secret is ever in an entry.
    """
    who = f"{arn} ({_user()}@{socket.gethostname()})"

    def record(event: str, **details: Any) -> None:
        entry = {
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "who": who,
            "process": os.getpid(),
            "event": event,
            **details,
        }
        path.parent.mkdir(parents=True, exist_ok=True)
        # A line that a dead process left unfinished stays a line of its own.
        start = "\n" if _torn(path) else ""
        handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(handle, (start + json.dumps(entry, ensure_ascii=False, default=str) + "\n").encode())
            os.fsync(handle)
        finally:
            os.close(handle)

    return record


@contextmanager
def timed(record: Record, event: str, **details: Any) -> Iterator[None]:
    """Records that something begins, and how it ends: `EVENT begun`, then `EVENT done` or `EVENT failed` with seconds.

    A `begun` without an end is a process that died.
    """
    record(f"{event} begun", **details)
    begin = monotonic()
    try:
        yield
    except BaseException as error:
        why = error.what if isinstance(error, BasculeError) else type(error).__name__
        record(f"{event} failed", **details, seconds=round(monotonic() - begin, 1), why=why)
        raise
    record(f"{event} done", **details, seconds=round(monotonic() - begin, 1))


def read(path: Path) -> list[Entry]:
    """All entries in order; a line that was never finished is left out."""
    if not path.exists():
        return []
    lines = path.read_bytes().decode(errors="replace").split("\n")  # U+2028 and the like are no ends of lines here
    return [entry for line in lines if (entry := _entry(line)) is not None]


def told(entries: Sequence[Entry]) -> Iterator[str]:
    """A line for each entry, and one where somebody else goes on. A plan's fingerprint is told by its beginning."""
    who = None
    for entry in entries:
        if entry.who != who:
            who = entry.who
            yield f"by {who}:"
        details = ", ".join(_detail(key, value) for key, value in entry.details.items() if value not in (None, ""))
        yield f"{entry.at}  {entry.event:<14}  {details}".rstrip()


def _detail(key: str, value: object) -> str:
    return f"{key} {str(value)[:12] if key == 'plan' else value}"


def _entry(line: str) -> Entry | None:
    try:
        found = json.loads(line)
        at, who, process, event = (found.pop(key) for key in ("at", "who", "process", "event"))
    except (ValueError, KeyError, AttributeError, TypeError):
        return None
    return Entry(at, who, process, event, found)


def _torn(path: Path) -> bool:
    if not path.exists() or not path.stat().st_size:
        return False
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read() != b"\n"


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user that has no name
        return str(os.getuid())
