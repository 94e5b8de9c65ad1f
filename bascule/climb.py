"""Moving along the ladder: plan, show, ask, gate, apply, and the next step, until the rung wanted is reached."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from bascule import gates, guard, plans, summary, terraform, waiting
from bascule.errors import BasculeError
from bascule.gates import Verdict
from bascule.journal import timed
from bascule.ladder import Stage, Step, half_made, reached
from bascule.observe import Looking, deployed, gates_before
from bascule.plans import Planned
from bascule.session import Session, configure, prepare, read_state
from bascule.taking_in import take_in
from bascule.unrecorded import OURS
from bascule.waiting import Observed

Ask = Callable[[Planned], bool]
"""Asks a person whether to apply a plan that was shown; False is no."""


class Declined(BasculeError):
    """The person said no; nothing was applied."""


def climb(
    session: Session, ask: Ask, *, each_rung: bool = False, before: Callable[[Step], None] = lambda step: None
) -> Stage:
    """Apply step by step until the rung wanted is reached, which is returned. A saved plan is used for its step; with
    `each_rung` no rung is passed over. `before` hears of each step first, and stops it by raising.

    Preflight first: nothing is planned in an account that isn't ready for the rung wanted.
    A gate that fails where the rung reached isn't finished makes finishing it the next step. Raises BasculeError from
    Terraform, a gate or the guard, and Declined; every step that was applied stays applied, and running it again goes
    on from what the state shows.
    """
    found = prepare(session)
    session.ready(session, reached(found), False)
    state = _kept(session, found)
    done: set[Stage] = set()
    while True:
        step = plans.next_step(session, state, each_rung=each_rung)
        if step.stage in done:
            raise BasculeError(
                f"the state still shows {step.reached} after going to {step.stage}",
                where=f"state of {session.name}",
                remedy="look at `terraform state list`: something in it is neither adopted nor bascule's",
            )
        before(step)
        finishing = replace(step, stage=step.reached)
        finished = step.descends or finishing.stage in done
        # What doesn't hold yet may be what finishing the rung would mend: that comes before waiting.
        observed = _observed(session, step, patient=finished)
        if not all(one.passed for one in observed):
            if not finished and _take(session, finishing, ask):
                done.add(finishing.stage)
                state = read_state(session)
                continue
            if not finished:
                observed = _observed(session, step)
            _require_ready([one.verdict for one in observed], step)
        _take(session, step, ask)
        if step.last:
            return step.wanted
        done.add(step.stage)
        state = read_state(session)


def settle(session: Session) -> None:
    """Wait for all that has to be observed at the rung reached. Raises NotReady where that isn't seen."""
    state = read_state(session)
    now = reached(state)
    above = Step(now, next((stage for stage in Stage if stage.rung > now.rung), now), Stage.RETIRE, state)
    observed = _watched(session, above)
    what = f"{session.name} is at {now}, and this isn't as it should be:"
    gates.require([one.verdict for one in observed], what, f"`bascule cutover {session.name}` looks again")


def _observed(session: Session, step: Step, *, patient: bool = True, again: bool = False) -> Sequence[Observed]:
    """What came of the gates before a step; a rung that is repeated has none."""
    return [] if step.stage is step.reached else _watched(session, step, patient=patient, again=again)


def _watched(session: Session, step: Step, *, patient: bool = True, again: bool = False) -> Sequence[Observed]:
    """What came of the gates, said and written down; with `again`, nothing has to settle a second time.

    Unless `patient`, the first that doesn't hold is the end.
    """
    found = gates_before(Looking(session.clients, session.site, session.reach), step)
    if again:
        found = [replace(gate, settling=0.0) for gate in found]
    observed = session.wait(found, watch=_saying(session), patient=patient)
    for one in observed:
        session.record("gate", before=step.stage, **one.details)
    missed = [one for one in observed if not one.passed]
    if missed:
        yet = "" if patient else " yet"
        session.say("\n".join([f"not ready for {step.stage}{yet}:", *(f"  {one}" for one in missed)]))
    elif observed and not again:
        session.say("\n".join([f"observed before {step.stage}:", *(f"  {one}" for one in observed)]))
    return observed


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
    show(session, planned)
    if summary.is_empty(planned.plan):
        if step.stage is not step.reached:
            plans.catch_up(session)
        return False
    if not ask(planned):
        raise Declined("nothing applied", remedy="the plan stays saved; `bascule apply` offers it again")
    # Once more, right before: minutes may have passed at the question.
    _require_ready(_still(session, planned), step)
    plans.require_unmoved(session, planned)
    plans.take(session, planned)
    with timed(session.record, "apply", to=step.stage, since=step.reached, plan=planned.fingerprint):
        plans.apply(session)
    session.say(f"at {step.stage}")
    return True


def show(session: Session, planned: Planned) -> None:
    """Show the review of a plan. Raises BasculeError if the guard doesn't let it through."""
    found = planned.review(session.name, session.site, session.identity.account)
    session.say(session.show(found))
    guard.require(found.findings, planned.step)


def _still(session: Session, planned: Planned) -> Sequence[Verdict]:
    """The gates before applying a plan, seen once more."""
    step = planned.step
    if step.stage is step.reached and guard.sends_visitors_to_the_application(planned.plan):
        step = replace(step, reached=Stage.CONNECT, stage=Stage.SERVE)
    observed = list(_observed(session, step, again=True))
    if step.reached.at_least(Stage.CONNECT) and guard.changes_what_the_load_balancer_takes(planned.plan):
        # An edge with the config before sends the value before: no other is to be all that the listener takes.
        observed += session.wait([deployed(Looking(session.clients, session.site))], watch=_saying(session))
    return [one.verdict for one in observed]


def _saying(session: Session) -> waiting.Watch:
    return lambda one: session.say(waiting.told(one))


def _require_ready(verdicts: Sequence[Verdict], step: Step) -> None:
    gates.require(verdicts, f"not going to {step.stage}: the account isn't ready", _way_out(step))


def _way_out(step: Step) -> str:
    if step.descends:
        return 'take CloudFront off the load balancer first: stage = "attach", then `bascule apply`'
    return f'mend what failed and apply again; stage = "{step.reached}" repeats the rung reached, a lower one leaves it'


def _kept(session: Session, state: Mapping[str, Any]) -> Mapping[str, Any]:
    """The state, in which what an interrupted apply had begun to create is to be finished instead of replaced; what it
    made and the state doesn't know is to be imported.

    Names are fixed and replacements are created first, so a replacement would collide with what it replaces. Planning
    reads the resource again and changes what is missing in place.
    """
    addresses = [address for address in half_made(state) if address.partition(".")[0] in OURS]
    for address in addresses:
        session.say(f"{address} was being created when an apply was interrupted: it is kept and finished")
        session.record("untaint", address=address)
        plans.discard(session.directory)
        terraform.untaint(session.terraform, session.directory, session.environment, address)
    take_in(session, state)
    return read_state(session) if addresses else state
