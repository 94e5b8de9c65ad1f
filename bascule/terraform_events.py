"""What Terraform tells while it runs: the lines of `terraform ... -json`, and what they add up to."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bascule.diagnostics import Diagnostic

INTERRUPT = "bascule_interrupt"
"""The type of the one event that is ours, not Terraform's: `times` counts the requests to stop."""

Event = Mapping[str, Any]
"""One line of `terraform ... -json`: https://developer.hashicorp.com/terraform/internals/machine-readable-ui"""

OnEvent = Callable[[Event], None]


@dataclass(frozen=True)
class Changes:
    """How many resources a plan would change, or an apply did. One that is replaced counts as added and destroyed."""

    imported: int = 0
    added: int = 0
    changed: int = 0
    destroyed: int = 0
    forgotten: int = 0


@dataclass
class Told:
    """What the events of one run have said so far."""

    on_event: OnEvent | None
    forgotten: int = 0
    started: list[str] = field(default_factory=list)
    completed: list[str] = field(default_factory=list)
    summary: Event = field(default_factory=dict)
    errors: list[Diagnostic] = field(default_factory=list)
    warnings: list[Diagnostic] = field(default_factory=list)
    stray: list[str] = field(default_factory=list)

    def line(self, text: str) -> None:
        """Take in one line of standard output."""
        try:
            event = json.loads(text)
        except ValueError:
            event = None
        if not isinstance(event, dict) or "type" not in event:
            self.stray.append(text)
            return
        self._note(event)
        if self.on_event is not None:
            self.on_event(event)

    def _note(self, event: Event) -> None:
        match event:
            case {"type": "diagnostic", "diagnostic": {"severity": "error"} as diagnostic}:
                self.errors.append(diagnostic)
            case {"type": "diagnostic", "diagnostic": {"severity": "warning"} as diagnostic}:
                self.warnings.append(diagnostic)
            case {"type": "change_summary", "changes": changes}:
                self.summary = changes
            case {"type": "planned_change", "change": {"action": "remove"}}:
                self.forgotten += 1
            case {"type": "apply_start", "hook": {"resource": {"addr": address}, "action": action}} if action != "read":
                self.started.append(address)
            case {"type": "apply_complete", "hook": {"resource": {"addr": address}}} if address in self.started:
                self.started.remove(address)
                self.completed.append(address)

    def interrupted(self, times: int) -> None:
        """Tell that we were asked to stop, for the n-th time."""
        event = {"type": INTERRUPT, "times": times}
        if self.on_event is not None:
            self.on_event(event)
        elif times == 1:
            print("Stopping: waiting for Terraform to end safely", file=sys.stderr, flush=True)

    def changes(self) -> Changes:
        """Counted by Terraform; it calls the destroyed "remove", and leaves the forgotten out, so we count those."""
        imported, added, changed, destroyed = (
            self.summary.get(key, 0) for key in ("import", "add", "change", "remove")
        )
        return Changes(imported, added, changed, destroyed, self.forgotten)

    def so_far(self) -> str:
        """How far an apply came; empty where no change was begun."""
        if not self.started and not self.completed:
            return ""
        done = f"done: {', '.join(dict.fromkeys(self.completed)) or 'nothing'}"
        return f"{done}; not finished: {', '.join(self.started)}" if self.started else done
