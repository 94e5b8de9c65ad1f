"""Moving along the ladder: plan, show, ask, gate, apply, and the next step, until the rung wanted is reached."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from bascule import files, gates, guard, plans, site_file, summary, terraform
from bascule.errors import BasculeError, InputError
from bascule.gates import Verdict
from bascule.journal import timed
from bascule.ladder import Stage, Step, half_made, reached
from bascule.observe import knows_load_balancer, observe
from bascule.plans import Planned
from bascule.session import Session, configure, initialize, prepare, read_state
from bascule.synth import synthesize_and_render

Ask = Callable[[Planned], bool]
"""Asks a person whether to apply a plan that was shown; False is no."""


class Declined(BasculeError):
    """The person said no; nothing was applied."""


def climb(session: Session, ask: Ask) -> Stage:
    """Apply step by step until the rung wanted is reached, which is returned. A saved plan is used for its step.

    Preflight first: nothing is planned in an account that isn't ready for the rung wanted.
    A gate that fails where the rung reached isn't finished makes finishing it the next step. Raises BasculeError from
    Terraform, a gate or the guard, and Declined; every step that was applied stays applied, and running it again goes
    on from what the state shows.
    """
    state = _kept(session, prepare(session))
    session.ready(session, reached(state), False)
    done: set[Stage] = set()
    while True:
        step = plans.next_step(session, state)
        if step.stage in done:
            raise BasculeError(
                f"the state still shows {step.reached} after going to {step.stage}",
                where=f"state of {session.name}",
                remedy="look at `terraform state list`: something in it is neither adopted nor bascule's",
            )
        verdicts = _before(session, step)
        failed = [verdict for verdict in verdicts if not verdict.passed]
        for verdict in verdicts:
            session.record("gate", before=step.stage, gate=verdict.gate, passed=verdict.passed, seen=verdict.seen)
        if verdicts and not failed:
            session.say("\n".join([f"observed before {step.stage}:", *(f"  {verdict}" for verdict in verdicts)]))
        if failed:
            finishing = replace(step, stage=step.reached)
            if step.descends or finishing.stage in done:
                gates.require(failed, step.stage, _way_out(step))
            session.say("\n".join([f"not ready for {step.stage}:", *(f"  {verdict}" for verdict in failed)]))
            if not _take(session, finishing, ask):
                gates.require(failed, step.stage, _way_out(step))
            done.add(finishing.stage)
        else:
            applied = _take(session, step, ask)
            if applied and step.stage is Stage.SERVE:
                session.say(_invalidation(session))
            if step.last:
                return step.wanted
            done.add(step.stage)
        state = read_state(session)


def _before(session: Session, step: Step) -> Sequence[Verdict]:
    return observe(session.clients, session.site, step) if step.stage is not step.reached else []


def _take(session: Session, step: Step, ask: Ask) -> bool:
    """Plan one step, show it, ask, and apply it; returns whether there was anything to apply."""
    configure(session, step)
    planned = plans.saved(session, step)
    if planned is None:
        if note := plans.read_note(session.directory):
            session.say(f"the saved plan, to {note.step} and made {note.made}, is not for this: planning anew")
        planned = plans.make(session, step)
    else:
        session.say(f"using the plan saved at {planned.made}")
    _show(session, planned)
    if summary.is_empty(planned.plan):
        return False
    if not ask(planned):
        raise Declined("nothing applied", remedy="the plan stays saved; `bascule apply` offers it again")
    # Once more, right before: minutes may have passed at the question.
    gates.require(_verdicts(session, planned), step.stage, _way_out(step))
    plans.require_unmoved(session, planned)
    plans.take(session, planned)
    with timed(session.record, "apply", to=step.stage, since=step.reached, plan=planned.fingerprint):
        plans.apply(session)
    session.say(f"at {step.stage}")
    return True


def _show(session: Session, planned: Planned) -> None:
    """Show the review of a plan. Raises BasculeError if the guard doesn't let it through."""
    found = planned.review(session.name, session.site, session.identity.account)
    session.say(session.show(found))
    guard.require(found.findings, planned.step)


def _verdicts(session: Session, planned: Planned) -> Sequence[Verdict]:
    step = planned.step
    if step.stage is step.reached and guard.sends_visitors_to_the_application(planned.plan):
        step = replace(step, reached=Stage.CONNECT, stage=Stage.SERVE)
    return _before(session, step)


def _way_out(step: Step) -> str:
    if step.descends:
        return 'take CloudFront off the load balancer first: stage = "attach", then `bascule apply`'
    return f'mend what failed and apply again; stage = "{step.reached}" repeats the rung reached, a lower one leaves it'


def roll_back(session: Session, ask: Ask) -> str:
    """Send visitors back to the bucket: one apply to `connect`, and `stage` set in the site file.

    Nothing stands in the way: no gate, no other resource (the plan targets the distribution, which on the way down
    waits for nothing), not the configuration of the stage wanted, not a state that lags behind the account, and not a
    load balancer that is gone or changed. Returns what to tell the person to do next.
    """
    back = session.at(Stage.CONNECT)
    state = _state_for_going_back(back)
    now = reached(state)
    if not now.at_least(Stage.CONNECT) and not knows_load_balancer(back.clients, back.site):
        told = f"nothing to roll back: the rung reached is {now}, where CloudFront doesn't know the load balancer"
        if session.site.stage.at_least(Stage.CONNECT):
            told += f"\nnote: the site file asks for {session.site.stage}, and the next `bascule apply` goes there"
        return told
    path = session.workspace.site_file(session.name)
    try:
        planned = _way_back(back, state)
        changes = not summary.is_empty(planned.plan)
        if changes:
            if not ask(planned):
                raise Declined("nothing applied")
            plans.require_unmoved(back, planned)
            plans.take(back, planned)
        if not Stage.CONNECT.at_least(session.site.stage):
            _want_connect(back, path)
        if changes:
            with timed(
                back.record, "rollback", to=planned.step.stage, since=planned.step.reached, plan=planned.fingerprint
            ):
                plans.apply(back)
    finally:
        # It holds one resource of the step: `bascule apply` would take it for the whole.
        plans.discard(back.directory)
    stage = min(session.site.stage, Stage.CONNECT, key=lambda stage: stage.rung)
    return (
        f"visitors are served from the bucket; the site file asks for {stage}.\n"
        f"Commit it:   git commit -m 'Roll {session.name} back' sites/{session.name}.toml rendered/{session.name}\n"
        f"{_invalidation(session)}\n"
        'To go further down, set stage = "adopt" (or "none") and run `bascule apply`, which stops at each boundary.'
    )


def _state_for_going_back(back: Session) -> Mapping[str, Any]:
    """The state, read with a configuration that doesn't depend on the load balancer as CloudFront knows it."""
    configure(back, Step(Stage.SERVE, Stage.ADOPT, Stage.ADOPT, {}))
    initialize(back, back.directory)
    return read_state(back)


def _way_back(back: Session, state: Mapping[str, Any]) -> Planned:
    """The plan to `connect` of the distribution alone. A targeted plan takes along what the origin refers to, so where
    that is broken, it is the plan to the distribution as it was adopted, which refers to nothing of ours."""
    now = max(reached(state), Stage.SERVE, key=lambda stage: stage.rung)
    try:
        return _distribution_alone(back, Step(now, Stage.CONNECT, Stage.CONNECT, state), Stage.CONNECT)
    except terraform.Interrupted:
        raise
    except BasculeError as error:
        back.say(
            f"to connect it is not that simple: {error.what}\nso CloudFront lets go of the load balancer altogether"
        )
        # The distribution of `attach` is that of `adopt`, whose configuration asks for nothing else of ours.
        return _distribution_alone(back, Step(now, Stage.ATTACH, Stage.ATTACH, state), Stage.ADOPT)


def _distribution_alone(back: Session, step: Step, configuration: Stage) -> Planned:
    configure(back, replace(step, stage=configuration))
    planned = plans.make(back, step, target=guard.DISTRIBUTION)
    _show(back, planned)
    return planned


def _invalidation(session: Session) -> str:
    return (
        f"CloudFront may answer from its caches until they are invalidated:  bascule invalidate --site {session.name}\n"
        f"Then see what visitors get:  bascule verify {session.name}"
    )


def _want_connect(session: Session, path: Path) -> None:
    """Set `stage` in the site file and render it; a file that can't be changed is said, and stops no rollback."""
    try:
        files.write(path, site_file.with_stage(site_file.read_text(path), Stage.CONNECT, str(path)))
        synthesize_and_render(session.workspace, session.name, Stage.CONNECT)
    except InputError as error:
        session.say(f"rolling back all the same, but: {error}")


def _kept(session: Session, state: Mapping[str, Any]) -> Mapping[str, Any]:
    """The state, in which what an interrupted apply had begun to create is to be finished instead of replaced.

    Names are fixed and replacements are created first, so a replacement would collide with what it replaces. Planning
    reads the resource again and changes what is missing in place.
    """
    addresses = half_made(state)
    for address in addresses:
        session.say(f"{address} was being created when an apply was interrupted: it is kept and finished")
        plans.discard(session.directory)
        terraform.untaint(session.terraform, session.directory, session.environment, address)
    return read_state(session) if addresses else state
