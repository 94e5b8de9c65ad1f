"""What Terraform is doing, told resource by resource while it does it.

In a pipe: one plain line when a resource starts, every ten seconds while it goes on, and when it is done. In a
terminal: a line for each resource that is done, and below them the running ones with their elapsed seconds.
Events hold no attribute values; the one kind that holds values, `outputs`, is not shown.
"""

from __future__ import annotations

import itertools
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from bascule.terraform_events import INTERRUPT, Event, OnEvent

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult

DOING = {"create": "creating", "update": "changing", "delete": "destroying", "read": "reading"}
DONE = {"create": "created", "update": "changed", "delete": "destroyed", "read": "read"}
"""By the action in an event's hook."""

ON_PURPOSE = frozenset(
    {
        "Resource targeting is in effect",
        "Applied changes may be incomplete",
        "Config generation is experimental",
        "Some objects will no longer be managed by Terraform",
    }
)
"""Warnings of what bascule does on purpose: a rollback is of one resource, `adopt` generates, `none` forgets."""

STOPPING = "stopping: Terraform was asked to end, and is given the time that it needs to save its state"
STILL_STOPPING = "still stopping: to force Terraform now could lose the state, so it is not forced"


def line(event: Event) -> str | None:
    """The line that tells of one event, or None where it isn't worth one (reads, planned changes, errors).

    Planned changes are the review's to show, errors come as one BasculeError at the end.
    """
    match event:
        case {"type": "apply_start" | "apply_progress" | "apply_complete", "hook": {"action": "read"}}:
            return None
        case {"type": "apply_start", "hook": hook}:
            return f"{_address(hook)}: {_doing(hook)}{_id(hook)}"
        case {"type": "apply_progress", "hook": hook}:
            return f"{_address(hook)}: still {_doing(hook)}, {_elapsed(hook)}"
        case {"type": "apply_complete", "hook": hook}:
            return f"{_address(hook)}: {DONE.get(hook['action'], hook['action'])} in {_elapsed(hook)}{_id(hook)}"
        case {"type": "apply_errored", "hook": hook}:
            return f"{_address(hook)}: failed after {_elapsed(hook)} of {_doing(hook)}"
        case {"type": "change_summary", "changes": {"operation": operation} as changes}:
            return _summary(operation, changes)
        case {"type": "diagnostic", "diagnostic": {"severity": "warning", "summary": summary}} if summary in ON_PURPOSE:
            return None
        case {"type": "diagnostic", "diagnostic": {"severity": "warning", "summary": summary} as diagnostic}:
            return f"warning: {summary}" + (f" ({diagnostic['address']})" if diagnostic.get("address") else "")
        case {"type": "log", "@message": str(message)} if message.startswith("Installing provider"):
            return message
        case {"type": kind, "times": times} if kind == INTERRUPT:
            return STOPPING if times == 1 else STILL_STOPPING
    return None


@contextmanager
def shown(console: Console | None = None) -> Iterator[OnEvent]:
    """A callback that shows events on the console (by default standard output) while the context lasts."""
    from rich.console import Console

    console = console or Console(highlight=False, soft_wrap=True)
    if console.is_terminal and not console.is_dumb_terminal:
        terminal = _Terminal(console)
        with terminal.live:
            yield terminal.show
    else:
        yield _Plain(console).show


@contextmanager
def reading(what: str) -> Iterator[Callable[[object], None]]:
    """A callback for each answer, counted on standard error while the context lasts; in a pipe, one line at the
    start."""
    if not sys.stderr.isatty():
        print(what, file=sys.stderr, flush=True)
        yield lambda answered: None
        return
    from rich.console import Console

    count = itertools.count(1)
    with Console(stderr=True, highlight=False).status(what) as status:
        yield lambda answered: status.update(f"{what}: {next(count)} answers")


class _Plain:
    """One line an event, and the number of objects that a plan read."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._read: set[str] = set()

    def show(self, event: Event) -> None:
        self._count(event)
        text = line(event)
        if text is not None:
            self._print(text)

    def _count(self, event: Event) -> None:
        """Keep count of what is read, and tell it before the summary."""
        match event:
            case {"type": "refresh_complete" | "apply_complete" as kind, "hook": hook}:
                if kind == "refresh_complete" or hook.get("action") == "read":
                    self._read.add(_address(hook))
            case {"type": "change_summary"} if self._read:
                self._print(f"read {len(self._read)} {'object' if len(self._read) == 1 else 'objects'}")
                self._read.clear()

    def _print(self, text: str) -> None:
        from rich.text import Text

        self._console.print(Text(text))  # as it is: in a string rich would turn ":key:" of an ARN into a picture


class _Terminal(_Plain):
    """Lines for what is done; below them, redrawn four times a second, what is going on."""

    def __init__(self, console: Console) -> None:
        from rich.live import Live

        super().__init__(console)
        self._running: dict[str, tuple[str, float]] = {}
        self.live = Live(self, console=console, refresh_per_second=4, transient=True)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        from rich.text import Text

        now = time.monotonic()
        for doing, since in list(self._running.values()):  # rich draws in a thread of its own
            yield Text(f"{'-/|'[int(now * 4) % 3]} {doing} {now - since:.0f} s", style="cyan")

    def show(self, event: Event) -> None:
        match event:
            case {"type": "apply_start" | "refresh_start" as kind, "hook": hook}:
                doing = "reading" if kind == "refresh_start" else _doing(hook)
                self._running[_address(hook)] = (f"{_address(hook)}: {doing}", time.monotonic())
                self.live.refresh()
            case {"type": "apply_progress"}:
                pass
            case {"type": "apply_complete" | "apply_errored" | "refresh_complete", "hook": hook}:
                self._running.pop(_address(hook), None)
                super().show(event)
            case _:
                super().show(event)


def _summary(operation: str, changes: Mapping[str, Any]) -> str:
    before, verbs = {
        "plan": ("plan: ", ("to import", "to add", "to change", "to destroy")),
    }.get(operation, ("done: ", ("imported", "added", "changed", "destroyed")))
    counts = (changes.get(key, 0) for key in ("import", "add", "change", "remove"))
    return before + ", ".join(f"{count} {verb}" for count, verb in zip(counts, verbs, strict=True))


def _address(hook: Mapping[str, Any]) -> str:
    return str(hook["resource"]["addr"])


def _doing(hook: Mapping[str, Any]) -> str:
    return DOING.get(hook["action"], str(hook["action"]))


def _elapsed(hook: Mapping[str, Any]) -> str:
    return f"{hook.get('elapsed_seconds', 0):.0f} s"


def _id(hook: Mapping[str, Any]) -> str:
    return f" (id {hook['id_value']})" if hook.get("id_value") else ""
