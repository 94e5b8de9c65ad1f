"""Sending visitors back to the bucket: one apply of the distribution alone, which nothing stands in the way of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from bascule import guard, plans, summary
from bascule.climb import Ask, Declined, show
from bascule.diagnostics import TerraformFailed
from bascule.errors import InputError
from bascule.guard import Blocked
from bascule.journal import timed
from bascule.ladder import Stage, Step, reached
from bascule.observe import knows_load_balancer
from bascule.plans import Planned
from bascule.session import Session, configure, initialize, read_state
from bascule.wanted import want_connect


@dataclass(frozen=True)
class WentBack:
    """What came of a rollback."""

    told: str
    """What to tell the person, and what to do next."""
    in_front: bool
    """Whether the bucket is what visitors are to get now: false where nothing was applied."""


def roll_back(session: Session, ask: Ask) -> WentBack:
    """Send visitors back to the bucket: one apply to `connect`, and `stage` set in the site file.

    Nothing stands in the way: no gate, no other resource (the plan targets the distribution, which on the way down
    waits for nothing), not the configuration of the stage wanted, not a state that lags behind the account, and not a
    load balancer that is gone or changed. Raises Declined where the person says no.
    """
    back = session.at(Stage.CONNECT)
    state = _state_for_going_back(back)
    if (nothing := _nothing_to_do(session, state)) is not None:
        return WentBack(nothing, False)
    try:
        planned = _way_back(back, state)
        changes = not summary.is_empty(planned.plan)
        if changes:
            if not ask(planned):
                raise Declined("nothing applied")
            plans.require_unmoved(back, planned)
            plans.take(back, planned)
        if not Stage.CONNECT.at_least(session.site.stage):
            want_connect(session.workspace, session.name, session.say)
        if changes:
            with timed(
                back.record, "rollback", to=planned.step.stage, since=planned.step.reached, plan=planned.fingerprint
            ):
                plans.apply(back)
    finally:
        # It holds one resource of the step: `bascule apply` would take it for the whole.
        plans.discard(back.directory)
    if not changes and Stage.CONNECT.at_least(session.site.stage):
        return WentBack("visitors are sent to the bucket already, and the site file says so", True)
    return WentBack(commit(session, min(session.site.stage, Stage.CONNECT, key=lambda stage: stage.rung)), True)


def rehearse(session: Session) -> str:
    """Plan the way back and show it; nothing is asked, applied, or written to the site file. Returns what to tell."""
    back = session.at(Stage.CONNECT)
    state = _state_for_going_back(back)
    if (nothing := _nothing_to_do(session, state)) is not None:
        return nothing
    try:
        planned = _way_back(back, state)
    finally:
        plans.discard(back.directory)
    if summary.is_empty(planned.plan):
        return "visitors are served from the bucket already"
    return f"nothing was changed; `bascule rollback {session.name}` does this, then invalidates and verifies"


def commit(session: Session, stage: Stage) -> str:
    """What to tell after going back: the commit to make, and the way further down."""
    return (
        f"CloudFront is told to send visitors to the bucket; the site file asks for {stage}.\n"
        f"Commit it:   git commit -m 'Roll {session.name} back' sites/{session.name}.toml rendered/{session.name}\n"
        'To go further down, set stage = "adopt" (or "none") and run `bascule apply`, which stops at each boundary.'
    )


def _nothing_to_do(session: Session, state: Mapping[str, Any]) -> str | None:
    now = reached(state)
    if now.at_least(Stage.CONNECT) or knows_load_balancer(session.clients, session.site):
        return None
    told = f"nothing to roll back: the rung reached is {now}, where CloudFront doesn't know the load balancer"
    if session.site.stage.at_least(Stage.CONNECT):
        told += f"\nnote: the site file asks for {session.site.stage}, and the next `bascule apply` goes there"
    return told


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
    except (InputError, TerraformFailed, Blocked) as error:
        back.say(
            f"to connect it is not that simple: {error.what}\nso CloudFront lets go of the load balancer altogether"
        )
        # The distribution of `attach` is that of `adopt`, whose configuration asks for nothing else of ours.
        return _distribution_alone(back, Step(now, Stage.ATTACH, Stage.ATTACH, state), Stage.ADOPT)


def _distribution_alone(back: Session, step: Step, configuration: Stage) -> Planned:
    configure(back, replace(step, stage=configuration))
    planned = plans.make(back, step, target=guard.DISTRIBUTION)
    show(back, planned)
    return planned
