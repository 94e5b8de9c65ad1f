"""Moving along the ladder: plan, show, ask, gate, apply, and the next step, until the rung wanted is reached."""

from __future__ import annotations

from collections.abc import Callable

from bascule import files, plans, site, summary
from bascule.errors import BasculeError
from bascule.ladder import Stage, reached
from bascule.session import Session, configure, prepare, read_state

Ask = Callable[[str], bool]
"""Asks a person to go on; False is no."""


class Declined(BasculeError):
    """The person said no; nothing was applied."""


def climb(session: Session, ask: Ask) -> Stage:
    """Apply step by step until the rung wanted is reached, which is returned. A saved plan is used for its step.

    Raises BasculeError from Terraform or a gate, and Declined; every step that was applied stays applied, and running
    it again goes on from what the state shows.
    """
    prepare(session)
    while True:
        step = plans.next_step(session)
        planned = plans.saved(session, step)
        if planned is None:
            planned = plans.make(session, step)
        else:
            session.say(f"using the plan saved at {planned.made}")
        session.say(plans.told(planned))
        if summary.is_empty(planned.plan):
            plans.discard(session.directory)
        else:
            if not ask(f"Apply this to {session.identity.account}?"):
                raise Declined("nothing applied", remedy="the plan stays saved; `bascule apply` offers it again")
            plans.apply(session, planned)
            session.say(f"at {step.stage}")
        if step.last:
            return step.wanted


def roll_back(session: Session, ask: Ask) -> str:
    """Send visitors back to the bucket: one apply to `connect`, and `stage` set in the site file.

    Returns what to tell the person to do next.
    """
    prepare(session)
    now = reached(read_state(session))
    if not now.at_least(Stage.SERVE) and not session.site.stage.at_least(Stage.SERVE):
        return f"nothing to roll back: the rung reached is {now}, where visitors are served from the bucket"
    path = session.workspace.site_file(session.name)
    changed = site.with_stage(site.read_text(path), Stage.CONNECT, str(path))
    back = session.at(Stage.CONNECT)
    planned = plans.make(back, plans.next_step(back))
    back.say(plans.told(planned))
    if not ask(f"Send visitors of {', '.join(session.site.aliases)} back to the bucket?"):
        plans.discard(back.directory)
        configure(session, session.site.stage)
        raise Declined("nothing applied")
    files.write(path, changed)
    if summary.is_empty(planned.plan):
        plans.discard(back.directory)
    else:
        plans.apply(back, planned)
    return (
        f"visitors are served from the bucket again; {path} says stage = \"connect\".\n"
        f"Commit it:   git commit -m 'Roll {session.name} back to connect' {path} rendered/{session.name}\n"
        "To go further down, set stage = \"adopt\" (or \"none\") and run `bascule apply`, which stops at each boundary."
    )
