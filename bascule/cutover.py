"""The whole move: rung by rung, each observed before the next; and back by itself where visitors don't get what they
should."""

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
from bascule.ladder import ALB_ORIGIN_ID, Stage
from bascule.observe import visitors_go_to
from bascule.session import Session
from bascule.terraform import Interrupted
from bascule.wanted import want


def cut_over(
    session: Session,
    ask: Ask,
    *,
    to: Stage = Stage.SERVE,
    goes_back: bool = True,
    sleep: Callable[[float], None] = time.sleep,
) -> str:
    """Climb to `to` rung by rung, then empty the caches and ask the site whether the application answers.

    `stage` is set in the site file, that one word. What is done is what the state and the account don't show yet, so a
    run that died is finished by the next one. Where a gate or the verification fails once visitors are sent to the load
    balancer, they are sent back to the bucket, unless `goes_back` is false, and that is verified too. Returns what to
    tell the person; raises BasculeError with what was seen where the move isn't done, also after going back.
    """
    before = session.site.stage
    if before.rung > to.rung:
        raise InputError(
            f"the site file asks for {before}, which is above {to}",
            where=str(session.workspace.site_file(session.name)),
            remedy="go down by `bascule rollback`, or by setting `stage` and `bascule apply`",
        )
    going = session.at(to)
    if to is not before:
        want(session.workspace, session.name, to)
        session.say(f'sites/{session.name}.toml: stage = "{to}", was "{before}"')
    with timed(session.record, "cutover", to=to):
        moved = _moved(going)
        pace = None if moved else confirmation.speed(going)
        climbed = False
        try:
            climb.climb(going, ask, each_rung=True)
            climbed = True
            climb.settle(going)
            if to.at_least(Stage.SERVE):
                rows = confirmation.confirm(going, Expect.APPLICATION, session.say, before=pace, sleep=sleep)
                confirmation.require(rows, "visitors are sent to the application, and this isn't as it should be:")
        except (Declined, Interrupted):
            raise
        except BasculeError as error:
            if not goes_back or not _is_about_visitors(error, going, switching=not moved and not climbed):
                raise
            _go_back(going, error, sleep)
    visitors = ", and visitors get the application" if to.at_least(Stage.SERVE) else ""
    files = f"sites/{session.name}.toml rendered/{session.name}"
    return f"{session.name} is at {to}{visitors}\nCommit it:   git commit -m 'Move {session.name} to {to}' {files}"


def _is_about_visitors(error: BasculeError, session: Session, *, switching: bool) -> bool:
    """Whether visitors are sent to the load balancer, and what failed says that they shouldn't be: a gate, a row of the
    verification, or the very apply that sent them there. What couldn't be asked afterwards says nothing of them.
    """
    if isinstance(error, Unverified):
        return error.failed
    told = error.failed if isinstance(error, NotReady) else switching
    return told and _moved(session)


def _go_back(session: Session, error: BasculeError, sleep: Callable[[float], None]) -> None:
    """Send visitors back to the bucket, unasked. Raises BasculeError with what was seen, and with what came of it."""
    session.say(f"going back by itself, because of what was seen:\n{error.what}")
    session.record("going back", why=error.what)
    went = rollback.roll_back(session, lambda planned: True)
    session.say(went.told)
    confirmation.require_bucket(session, session.say, sleep=sleep)
    raise BasculeError(
        f"visitors were sent back to the bucket, and get it again, since\n{error.what}",
        where=error.where,
        remedy=error.remedy,
    )


def _moved(session: Session) -> bool:
    return visitors_go_to(session.clients, session.site) == ALB_ORIGIN_ID
