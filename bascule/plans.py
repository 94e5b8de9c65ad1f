"""Plans: made for one step of the ladder, saved beside the configuration, and applied."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bascule import files, ladder, summary, synth, terraform
from bascule.ladder import Stage, Step, reached
from bascule.session import Session, initialize

PLAN_FILE = "plan.tfplan"
PLAN_JSON = "plan.json"
PLAN_NOTE = "plan.note.json"
"""What a saved plan was made for; see `Note`."""


@dataclass(frozen=True)
class Note:
    """What a saved plan was made for: a plan for anything else is not applied."""

    step: str
    """The rung that applying it leads to."""
    wanted: str
    """The site file's stage when it was made."""
    configuration: str
    """SHA-256 of the Terraform JSON that it was made from."""
    made: str
    """When, in UTC."""


@dataclass(frozen=True)
class Planned:
    """A saved plan for one step."""

    step: Step
    plan: Mapping[str, Any]
    """The plan, as `terraform show -json` prints it."""
    made: str
    """When, in UTC."""


def next_step(session: Session, state: Mapping[str, Any]) -> Step:
    """The next step from the rung that `state` shows towards the rung wanted."""
    attach_alone = session.site.service.health_check_grace_period is not None
    return ladder.next_step(state, session.site.stage, attach_alone=attach_alone)


def make(session: Session, step: Step, *, target: str | None = None) -> Planned:
    """Plan `step`, whose configuration is where Terraform runs (`session.configure`), and save the plan beside it.

    A plan with nothing in it is not saved. `target` is the address of the one resource that may change.
    """
    discard(session.directory)
    plan = _plan(session, session.directory, target)
    if summary.is_empty(plan):
        discard(session.directory)
        return Planned(step, plan, _now())
    files.write(session.directory / PLAN_JSON, json.dumps(plan), files.PRIVATE)
    made = _now()
    note = Note(step.stage.value, step.wanted.value, digest(session.directory), made)
    files.write(session.directory / PLAN_NOTE, json.dumps(asdict(note)), files.PRIVATE)
    return Planned(step, plan, made)


def preview(session: Session, stage: Stage) -> Planned:
    """A plan straight from the rung reached to `stage`, for a look: it isn't kept, so it can't be applied."""
    folder = synth.preview(session.workspace, session.name, stage)
    initialize(session, folder)
    state = terraform.show_json(session.terraform, folder, session.environment)
    try:
        plan = _plan(session, folder)
    finally:
        discard(folder)
    return Planned(Step(reached(state), stage, stage, state), plan, _now())


def saved(session: Session, step: Step) -> Planned | None:
    """The saved plan, if it is for `step` and for the configuration as it is now; else None."""
    note = read_note(session.directory)
    if note is None:
        return None
    if (note.step, note.wanted, note.configuration) != (step.stage, step.wanted, digest(session.directory)):
        return None
    return Planned(step, _read_plan(session, session.directory), note.made)


def apply(session: Session) -> None:
    """Apply the saved plan. Afterwards it is gone, whatever came of it: it was used."""
    try:
        with session.watch() as on_event:
            terraform.apply(
                session.terraform,
                session.directory,
                session.environment,
                session.directory / PLAN_FILE,
                on_event=on_event,
            )
    finally:
        discard(session.directory)


def discard(directory: Path) -> None:
    """Remove the saved plan, if there is one."""
    for name in (PLAN_NOTE, PLAN_FILE, PLAN_JSON):
        (directory / name).unlink(missing_ok=True)


def read_note(directory: Path) -> Note | None:
    """What the saved plan was made for; None if there is no usable one."""
    try:
        note = Note(**json.loads((directory / PLAN_NOTE).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
    return note if (directory / PLAN_FILE).exists() else None


def digest(directory: Path) -> str:
    """SHA-256 of the Terraform JSON in `directory`, as hex."""
    return hashlib.sha256((directory / synth.CONFIGURATION).read_bytes()).hexdigest()


def told(planned: Planned) -> str:
    """The plan for a person: where it leads, what it touches, and what it counts to."""
    step = planned.step
    lead = f"{step.reached} → {step.stage}"
    if not step.last:
        lead += f" (a step on the way to {step.wanted}; the next is planned after it)"
    if summary.is_empty(planned.plan):
        return f"{lead}: nothing to do"
    lines = [lead, *(str(row) for row in summary.rows(planned.plan)), f"  {summary.counts(planned.plan)}"]
    lines += [f"  kept as adopted: {behavior}" for behavior in summary.kept_behaviors(planned.plan)]
    return "\n".join(lines)


def _plan(session: Session, directory: Path, target: str | None = None) -> Mapping[str, Any]:
    out, extra = directory / PLAN_FILE, [f"-target={target}"] if target else []
    session.say("planning")
    with session.watch() as on_event:
        result = terraform.plan(
            session.terraform, directory, session.environment, out=out, extra=extra, on_event=on_event
        )
    return _read_plan(session, directory) if result.has_changes else summary.EMPTY


def _read_plan(session: Session, directory: Path) -> Mapping[str, Any]:
    return terraform.show_json(session.terraform, directory, session.environment, directory / PLAN_FILE)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
