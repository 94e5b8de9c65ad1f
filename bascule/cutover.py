"""The whole move: rung by rung, each observed before the next; and back by itself where visitors aren't answered by the
application."""

from __future__ import annotations

import time
from collections.abc import Callable

from bascule import climb, confirmation, rollback
from bascule.climb import Ask, Declined
from bascule.confirmation import Unverified
from bascule.errors import BasculeError, InputError
from bascule.formats import Expect
from bascule.gates import NotReady
from bascule.journal import timed
from bascule.ladder import ALB_ORIGIN_ID, Stage, Step
from bascule.observe import visitors_go_to
from bascule.session import Session
from bascule.terraform import Interrupted
from bascule.wanted import want

DIRECT = "`bascule rollback --direct` needs neither Terraform nor its state"


def cut_over(
    session: Session,
    ask: Ask,
    *,
    to: Stage = Stage.SERVE,
    goes_back: bool = True,
    sleep: Callable[[float], None] = time.sleep,
) -> str:
    """Climb to `to` rung by rung; once visitors are sent to the load balancer, empty the caches, ask the site whether
    the application answers, and look at all gates once more.

    `stage` is set in the site file, that one word. What is done is what the state and the account don't show yet, so a
    run that died is finished by the next one. Where what is seen after the switch says that visitors aren't answered by
    the application, they are sent back to the bucket, unless `goes_back` is false, and that is verified too. Returns
    what to tell the person; raises BasculeError with what was seen where the move isn't done, also after going back.
    """
    before = session.site.stage
    if before.rung > to.rung:
        raise _descent(session, f"the site file asks for {before}, which is above {to}")
    going = session.at(to)
    moved = _moved(going)  # in another account there is no such distribution: nothing is written then
    pace = confirmation.speed(going) if to.at_least(Stage.SERVE) and not moved else None
    if to is not before:
        want(session.workspace, session.name, to)
        session.say(f'sites/{session.name}.toml: stage = "{to}", was "{before}"')
    switching = not moved
    """Whether an apply that fails may be the one that sent visitors to the load balancer."""

    def verify() -> None:
        nonlocal switching
        rows = confirmation.confirm(going, Expect.APPLICATION, session.say, before=pace, sleep=sleep)
        confirmation.require(rows, "visitors are sent to the application, and this isn't as it should be:")
        switching = False

    def on_the_way(step: Step) -> None:
        if step.descends:
            raise _descent(session, f"the rung reached is {step.reached}, which is above {to}")
        if (step.reached, step.stage) == (Stage.SERVE, Stage.RETIRE):
            verify()

    with timed(session.record, "cutover", to=to):
        try:
            climb.climb(going, ask, each_rung=True, before=on_the_way)
            switching = False
            if to.at_least(Stage.SERVE):
                verify()
            climb.settle(going)
        except Declined:
            raise
        except (Interrupted, KeyboardInterrupt):
            session.say(_whereabouts(going))
            raise
        except BasculeError as error:
            if not goes_back or not _is_unanswered(error, going, switching=switching):
                raise
            _go_back(going, error, sleep)
    visitors = ", and visitors get the application" if to.at_least(Stage.SERVE) else ""
    files = f"sites/{session.name}.toml rendered/{session.name}"
    return f"{session.name} is at {to}{visitors}\nCommit it:   git commit -m 'Move {session.name} to {to}' {files}"


def _is_unanswered(error: BasculeError, session: Session, *, switching: bool) -> bool:
    """Whether visitors are sent to the load balancer, and what failed says that they aren't answered there: a row of
    the verification, a gate, or the very apply that sent them. What couldn't be asked afterwards says nothing of them,
    nor does what going back wouldn't mend: a certificate, an open port, somebody's deployment.
    """
    if isinstance(error, Unverified):
        return error.unanswered
    told = error.unanswered if isinstance(error, NotReady) else switching
    return told and _moved(session)


def _go_back(session: Session, error: BasculeError, sleep: Callable[[float], None]) -> None:
    """Send visitors back to the bucket, unasked. Raises BasculeError with what was seen, and with what came of it."""
    session.say(f"going back by itself, because of what was seen:\n{error.what}")
    session.record("going back", why=error.what)
    try:
        went = rollback.roll_back(session, lambda planned: True)
    except Interrupted:
        raise
    except BasculeError as failure:
        raise BasculeError(
            f"going back failed: {failure.what}\nand visitors are still where this was seen:\n{error.what}",
            where=failure.where,
            remedy="; or ".join(filter(None, [failure.remedy, DIRECT])),
        ) from failure
    session.say(went.told)
    confirmation.require_bucket(session, session.say, sleep=sleep)
    raise BasculeError(
        f"visitors were sent back to the bucket, and get it again, since\n{error.what}",
        where=error.where,
        remedy=error.remedy,
    )


def _descent(session: Session, what: str) -> InputError:
    return InputError(
        what,
        where=str(session.workspace.site_file(session.name)),
        remedy="go down by `bascule rollback`, or by setting `stage` and `bascule apply`",
    )


def _whereabouts(session: Session) -> str:
    """Where visitors are sent, for who stopped it half way."""
    try:
        moved = _moved(session)
    except BasculeError:
        return f"stopped; whether visitors get the application can't be told: `bascule verify {session.name}` asks"
    if not moved:
        return f"stopped; visitors get the bucket; `bascule cutover {session.name}` goes on"
    return (
        f"stopped; visitors are sent to the application, and that wasn't verified to the end: "
        f"`bascule cutover {session.name}` goes on, `bascule rollback {session.name}` takes them back"
    )


def _moved(session: Session) -> bool:
    return visitors_go_to(session.clients, session.site) == ALB_ORIGIN_ID
