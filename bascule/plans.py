"""Plans: made for one step of the ladder, saved beside the configuration with what they were made from, and applied.

Terraform is imported where it runs: whoever reads a saved plan does without.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bascule import aws, fence, files, ladder, plan_json, summary, synth, way_back
from bascule.errors import BasculeError, InputError
from bascule.fence import Fence
from bascule.journal import timed
from bascule.ladder import Stage, Step, reached
from bascule.plan_json import Plan

if TYPE_CHECKING:
    from bascule.review import Review
    from bascule.session import Session
    from bascule.site import Site

PLAN_FILE = "plan.tfplan"
PLAN_JSON = "plan.json"
LIVE_CONFIG = "distribution.json"
"""The distribution's raw config when the plan was made: what the apply compares with."""
APPLYING = "applying.tfplan"
"""A copy of the plan while it is being applied."""
PLAN_NOTE = "plan.note.json"
"""What a saved plan was made for; see `Note`."""

CONFIGURED = (synth.CONFIGURATION, synth.IMPORTS, synth.OVERRIDE)
"""The files that a plan is made from."""

FINGERPRINTED = (PLAN_FILE, PLAN_JSON, *CONFIGURED, LIVE_CONFIG)
"""The files that a review is of, and that an apply uses."""


@dataclass(frozen=True)
class Note:
    """What a saved plan was made for: a plan for anything else is not applied."""

    site: str
    reached: str
    """The rung that the state showed."""
    step: str
    """The rung that applying it leads to."""
    wanted: str
    """The site file's stage when it was made."""
    configuration: str
    """SHA-256 of the Terraform JSON that it was made from."""
    fingerprint: str
    """SHA-256 over FINGERPRINTED and the rest of this note."""
    made: str
    """When, in UTC."""
    account: str
    target: str | None = None
    """Address of the one resource that it is of, on purpose."""
    to_be_read: bool = False
    """Whether it was made for a person to read before it is applied, which is what `bascule plan` is for."""


@dataclass(frozen=True)
class Planned:
    """A plan for one step."""

    step: Step
    plan: Plan
    made: str
    """When, in UTC."""
    fence: Fence | None = None
    """The distribution when it was made."""
    fingerprint: str = ""
    """SHA-256 over FINGERPRINTED and its note; empty where it isn't saved."""
    target: str | None = None
    reviewed: bool = False
    """Whether it was made to be read, by an earlier command."""

    def review(self, name: str, site: Site, account: str) -> Review:
        """The review of this plan, as of today."""
        from bascule.review import Origin, review  # and every rule, which `bascule trace` does without

        origin = Origin(self.made, account, self.fingerprint, self.fence.etag if self.fence else "")
        return review(
            name,
            site,
            self.step,
            self.plan,
            origin,
            today=datetime.now(UTC).date(),
            targeted=self.target is not None,
            leftover=self.fence.leftover if self.fence else {},
        )


def next_step(session: Session, state: Mapping[str, Any], *, each_rung: bool = False) -> Step:
    """The next step from the rung that `state` shows towards the rung wanted; `each_rung` as for `ladder.steps`.

    Where a killed apply left something to take in (`bascule.taking_in`), it is a step with that in its configuration.
    """
    attach_alone = session.site.service.health_check_grace_period is not None
    unrecorded = (session.directory / synth.IMPORTS).exists()
    return ladder.next_step(
        state, session.site.stage, attach_alone=attach_alone, each_rung=each_rung, unrecorded=unrecorded
    )


def make(session: Session, step: Step, *, target: str | None = None, to_be_read: bool = False) -> Planned:
    """Plan `step`, whose configuration is where Terraform runs (`session.configure`), and save the plan beside it.

    A plan with nothing in it is not saved. `target` is the address of the one resource that may change, `to_be_read`
    as in `Note`. Raises BasculeError if the distribution was changed meanwhile.
    """
    directory = session.directory
    discard(directory)
    document = _plan(session, directory, target)
    plan = plan_json.read(document) if document else plan_json.EMPTY
    if summary.is_empty(plan):
        discard(directory)
        return Planned(step, plan, _now(), target=target)
    try:
        found = _fence_for(session, plan)
    except BaseException:
        discard(directory)
        raise
    made = _now()
    files.write(directory / PLAN_JSON, json.dumps(document), files.PRIVATE)
    (directory / LIVE_CONFIG).unlink(missing_ok=True)
    if found is not None:
        files.write(directory / LIVE_CONFIG, fence.dumps(found), files.PRIVATE)
        way_back.keep(session.workspace.way_back(session.name), found)
    note = Note(
        site=session.name,
        reached=step.reached.value,
        step=step.stage.value,
        wanted=step.wanted.value,
        configuration=digest(directory),
        fingerprint="",
        made=made,
        account=session.identity.account,
        target=target,
        to_be_read=to_be_read,
    )
    note = replace(note, fingerprint=fingerprint(directory, note))
    files.write(directory / PLAN_NOTE, json.dumps(asdict(note)), files.PRIVATE)
    return Planned(step, plan, made, found, note.fingerprint, target)


def _fence_for(session: Session, plan: Plan) -> Fence | None:
    """The distribution that a plan was made from; None where the plan lets go of it, and so sends it nothing."""
    if all(change.action == "forget" for change in plan.of_type("aws_cloudfront_distribution")):
        return None
    found = live_fence(session)
    fence.require_planned_from(found, plan)
    return found


def require_unmoved(session: Session, planned: Planned) -> None:
    """Raises BasculeError, with what was changed, if the distribution isn't what the plan was made from any more."""
    if planned.fence is not None:
        fence.require_same(planned.fence, live_fence(session), planned.plan)


def live_fence(session: Session) -> Fence:
    """The distribution as it is live."""
    with aws.readable():
        found = session.clients("cloudfront").get_distribution_config(Id=session.site.distribution.id)
    return Fence(found["ETag"], found["DistributionConfig"])


def preview(session: Session, stage: Stage) -> Planned:
    """A plan straight from the rung reached to `stage`, for a look: it isn't kept, so it can't be applied."""
    from bascule import terraform
    from bascule.session import initialize

    folder = synth.preview(session.workspace, session.name, stage)
    initialize(session, folder)
    state = terraform.show_json(session.terraform, folder, session.environment)
    try:
        document = _plan(session, folder)
    finally:
        discard(folder)
    plan = plan_json.read(document) if document else plan_json.EMPTY
    found = _fence_for(session, plan) if document else None
    return Planned(Step(reached(state), stage, stage, state), plan, _now(), found)


def saved(session: Session, step: Step) -> Planned | None:
    """The saved plan, if it is for `step`; None if there is none, or one for another step.

    Raises BasculeError if it is for this step but not the plan that was reviewed: another configuration by now, files
    that were changed since, or older than the site file allows.
    """
    directory = session.directory
    note = read_note(directory)
    if note is None or (note.step, note.wanted, note.target) != (step.stage, step.wanted, None):
        return None
    again = f"`bascule plan {session.name}` makes it anew; read it, then apply"
    where = f"the plan to {note.step}, made {note.made}"
    if note.account != session.identity.account:
        what = f"this was planned in account {note.account}; these credentials are of {session.identity.account}"
        raise BasculeError(what, where=where, remedy=again)
    if note.configuration != digest(directory):
        raise BasculeError("the configuration has changed since this was planned", where=where, remedy=again)
    _require_young(session, note.made)
    return replace(read_saved(directory, session.name, session.site), step=step, reviewed=note.to_be_read)


def read_saved(directory: Path, name: str, site: Site) -> Planned:
    """The plan that is saved in `directory`, with no look at AWS or Terraform.

    Raises InputError if there is none, if it is another site's, or if its files aren't what they were when it was made.
    """
    again = f"`bascule plan {name}` makes it anew"
    note = read_note(directory)
    if note is None:
        raise InputError("there is no saved plan", where=str(directory), remedy=again)
    if note.site != name:
        raise InputError(f"this is a plan of the site {note.site}, not of {name}", where=str(directory), remedy=again)
    if note.fingerprint != fingerprint(directory, note):
        what = "its files were changed after it was made"
        raise InputError(f"not the plan that was made: {what}", where=str(directory), remedy=again)
    document = load_json(directory / PLAN_JSON)
    plan = plan_json.read(document, str(directory / PLAN_JSON))
    _require_site(plan, site, str(directory / PLAN_JSON))
    now, stage, wanted = Stage(note.reached), Stage(note.step), Stage(note.wanted)
    live = directory / LIVE_CONFIG
    try:
        found = fence.loads(live.read_text(encoding="utf-8")) if live.exists() else None
    except (ValueError, KeyError, TypeError):
        raise InputError("not a distribution's config", where=str(live), remedy=again) from None
    return Planned(Step(now, stage, wanted, {}), plan, note.made, found, note.fingerprint, note.target)


def load_json(path: Path) -> Any:
    """The JSON that a file holds. Raises InputError if it can't be read or isn't whole."""
    try:
        return json.loads(path.read_bytes())
    except OSError as error:
        raise InputError(f"can't be read: {error.strerror}", where=str(path), remedy=plan_json.REPLAN) from None
    except (ValueError, RecursionError) as error:
        raise InputError(f"not JSON, or cut off: {error}"[:160], where=str(path), remedy=plan_json.REPLAN) from None


def _require_site(plan: Plan, site: Site, where: str) -> None:
    for change in plan.of_type("aws_cloudfront_distribution"):
        found = change.import_id or change.before.get("id")
        if found not in (None, site.distribution.id):
            raise InputError(
                f"a plan of another site: its distribution is {found}, this site's is {site.distribution.id}",
                where=where,
                remedy=plan_json.REPLAN,
            )


def review_saved(directory: Path, name: str, site: Site) -> Review:
    """The review of the plan that is saved in `directory`. Raises InputError as `read_saved` does, or if the plan's
    values aren't in the shape in which Terraform writes them.
    """
    planned, note = read_saved(directory, name, site), read_note(directory)
    try:
        return planned.review(name, site, note.account if note else "")
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        what = f"not a plan as Terraform writes it: {type(error).__name__} {error}"[:160]
        raise InputError(what, where=str(directory), remedy=plan_json.REPLAN) from None


def take(session: Session, planned: Planned) -> None:
    """Put the saved plan aside for `apply`. Raises BasculeError if it isn't the one that was shown, or is too old.

    A copy is taken first and looked at then: from here on nobody's `bascule plan` puts another plan in its place.
    """
    directory, ours = session.directory, session.directory / APPLYING
    note = read_note(directory)
    if note is None:
        raise _another_plan(session)
    ours.touch(files.PRIVATE)  # before anything is in it: a plan holds the secret in clear
    shutil.copyfile(directory / PLAN_FILE, ours)
    shown = planned.fingerprint == note.fingerprint == fingerprint(directory, note)
    if not shown or files.digest(ours) != files.digest(directory / PLAN_FILE):
        ours.unlink()
        raise _another_plan(session)
    _require_young(session, note.made)


def apply(session: Session) -> None:
    """Apply the plan that was taken. Afterwards it is gone, whatever came of it: it was used."""
    from bascule import terraform

    ours = session.directory / APPLYING
    try:
        with session.watch() as on_event:
            terraform.apply(session.terraform, session.directory, session.environment, ours, on_event=on_event)
    finally:
        discard(session.directory)
        synth.take_nothing_in(session.directory)


def catch_up(session: Session) -> None:
    """Let the state catch up with the account where there is nothing to plan: an apply that was killed may have done
    all of its work, and saved nothing."""
    from bascule import terraform

    session.say("nothing is left to do, but the state doesn't say so yet: writing down what is live")
    with timed(session.record, "catch up"), session.watch() as on_event:
        terraform.refresh(session.terraform, session.directory, session.environment, on_event=on_event)


def _another_plan(session: Session) -> BasculeError:
    return BasculeError(
        "the saved plan is not the one that was shown: it was made anew meanwhile",
        where=str(session.directory),
        remedy="nothing was applied; look who else plans here, then `bascule apply` again",
    )


def _require_young(session: Session, made: str) -> None:
    """Raises BasculeError if a plan is older than the site file allows."""
    age, limit = _age(made), session.site.plan.max_age
    if age > limit * 60:
        raise BasculeError(
            f"this plan is {_minutes(age)} old; plan.max_age is {limit} minutes",
            where=f"the plan made {made}",
            remedy=f"`bascule plan {session.name}` makes it anew; read it, then apply",
        )


def discard(directory: Path) -> None:
    """Remove the saved plan, if there is one; the raw config beside it is overwritten by the next."""
    for name in (PLAN_NOTE, PLAN_FILE, PLAN_JSON, APPLYING):
        (directory / name).unlink(missing_ok=True)


def read_note(directory: Path) -> Note | None:
    """What the saved plan was made for; None if there is no usable one."""
    try:
        note = Note(**json.loads((directory / PLAN_NOTE).read_text(encoding="utf-8")))
        _age(note.made)
        for stage in (note.reached, note.step, note.wanted):
            Stage(stage)
    except (OSError, ValueError, TypeError):
        return None
    return note if (directory / PLAN_FILE).exists() else None


def digest(directory: Path) -> str:
    """SHA-256 of the Terraform JSON in `directory`, as hex."""
    lines = [f"{name} {files.digest(directory / name)}" for name in CONFIGURED]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def fingerprint(directory: Path, note: Note) -> str:
    """SHA-256, as hex, over the names and digests of FINGERPRINTED, and the note: another byte is another plan."""
    lines = [f"{name} {files.digest(directory / name)}" for name in FINGERPRINTED]
    lines.append(json.dumps(asdict(replace(note, fingerprint=""))))
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _plan(session: Session, directory: Path, target: str | None = None) -> Mapping[str, Any]:
    """The JSON of the plan, empty if Terraform says that it has no changes."""
    from bascule import terraform

    out, extra = directory / PLAN_FILE, [f"-target={target}"] if target else []
    session.say("planning")
    with session.watch() as on_event:
        result = terraform.plan(
            session.terraform, directory, session.environment, out=out, extra=extra, on_event=on_event
        )
    if not result.has_changes:
        return {}
    return terraform.show_json(session.terraform, directory, session.environment, directory / PLAN_FILE)


def _age(made: str) -> float:
    """Seconds since `made`, which is UTC. Raises ValueError or TypeError if that is no moment."""
    return (datetime.now(UTC) - datetime.fromisoformat(made).replace(tzinfo=UTC)).total_seconds()


def _minutes(seconds: float) -> str:
    return f"{seconds / 3600:.1f} hours" if seconds >= 7200 else f"{seconds / 60:.0f} minutes"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
