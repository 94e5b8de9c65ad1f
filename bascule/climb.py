"""Moving along the ladder: plan, show, ask, gate, apply, and the next step, until the rung wanted is reached."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from bascule import files, gates, plans, site_file, summary, terraform
from bascule.errors import BasculeError
from bascule.ladder import Stage, half_made, reached
from bascule.observe import observe
from bascule.plans import Planned
from bascule.session import Session, configure, prepare, read_state

Ask = Callable[[Planned], bool]
"""Asks a person whether to apply a plan that was shown; False is no."""


class Declined(BasculeError):
    """The person said no; nothing was applied."""


def climb(session: Session, ask: Ask) -> Stage:
    """Apply step by step until the rung wanted is reached, which is returned. A saved plan is used for its step.

    Raises BasculeError from Terraform or a gate, and Declined; every step that was applied stays applied, and running
    it again goes on from what the state shows.
    """
    state, configured = _kept(session, prepare(session)), session.site.stage
    seen: set[Stage] = set()
    while True:
        step = plans.next_step(session, state, configured)
        if step.stage in seen:
            raise BasculeError(
                f"the state still shows {step.reached} after going to {step.stage}",
                where=f"state of {session.name}",
                remedy="look at `terraform state list`: something in it is neither adopted nor bascule's",
            )
        seen.add(step.stage)
        planned = plans.saved(session, step)
        if planned is None:
            planned = plans.make(session, step)
        else:
            session.say(f"using the plan saved at {planned.made}")
        session.say(plans.told(planned))
        if not summary.is_empty(planned.plan):
            if not ask(planned):
                raise Declined("nothing applied", remedy="the plan stays saved; `bascule apply` offers it again")
            gates.require(observe(session.clients, session.site, step), step.stage)
            plans.apply(session)
            session.say(f"at {step.stage}")
        if step.last:
            return step.wanted
        state, configured = read_state(session), step.stage


def roll_back(session: Session, ask: Ask) -> str:
    """Send visitors back to the bucket: one apply to `connect`, and `stage` set in the site file.

    No gate stands in the way: the bucket is where visitors are safe. Returns what to tell the person to do next.
    """
    state = prepare(session)
    now = reached(state)
    if not now.at_least(Stage.CONNECT):
        return f"nothing to roll back: the rung reached is {now}, where CloudFront doesn't know the load balancer"
    path = session.workspace.site_file(session.name)
    changed = site_file.with_stage(site_file.read_text(path), Stage.CONNECT, str(path))
    back = session.at(Stage.CONNECT)
    planned = plans.make(back, plans.next_step(back, state, session.site.stage))
    back.say(plans.told(planned))
    if not ask(planned):
        plans.discard(back.directory)
        configure(session, session.site.stage)
        raise Declined("nothing applied")
    files.write(path, changed)
    if not summary.is_empty(planned.plan):
        plans.apply(back)
    return (
        f'visitors are served from the bucket again; {path} says stage = "connect".\n'
        f"Commit it:   git commit -m 'Roll {session.name} back to connect' {path} rendered/{session.name}\n"
        'To go further down, set stage = "adopt" (or "none") and run `bascule apply`, which stops at each boundary.'
    )


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
