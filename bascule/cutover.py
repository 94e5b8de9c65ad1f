"""The whole move: rung by rung, each observed before the next; and back by itself where visitors aren't answered by the
application."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NoReturn

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
    asked = False

    def verify() -> None:
        nonlocal asked
        asked = True
        rows = confirmation.confirm(going, Expect.APPLICATION, session.say, before=pace, sleep=sleep)
        confirmation.require(
            rows, "what the site answers isn't as it should be once visitors are sent to the application:"
        )

    def on_the_way(step: Step) -> None:
        if step.descends:
            raise _descent(session, f"the rung reached is {step.reached}, which is above {to}")
        if (step.reached, step.stage) == (Stage.SERVE, Stage.RETIRE) and not asked:
            _require_moved(going)
            verify()

    with timed(session.record, "cutover", to=to):
        try:
            climb.climb(going, ask, each_rung=True, before=on_the_way)
            if to.at_least(Stage.SERVE):
                verify()
            climb.settle(going)
        except (Declined, Interrupted, KeyboardInterrupt):
            session.say(f"stopped; {_whereabouts(going)}; the site file asks for {to}")
            raise
        except BasculeError as error:
            # An apply that fails may have moved them all the same: what they get then decides, as always.
            seen = error if moved or asked or not _is_moved(going) else _failure_of(verify, error)
            if goes_back and isinstance(seen, (NotReady, Unverified)) and seen.unanswered and _is_moved(going):
                _go_back(going, seen, sleep)
            session.say(_whereabouts(going))
            raise
    visitors = ", and visitors get the application" if to.at_least(Stage.SERVE) else ""
    files = f"sites/{session.name}.toml rendered/{session.name}"
    return f"{session.name} is at {to}{visitors}\nCommit it:   git commit -m 'Move {session.name} to {to}' {files}"


def _failure_of(verify: Callable[[], None], error: BasculeError) -> BasculeError:
    """What the verification fails with; `error` where it doesn't."""
    try:
        verify()
    except Interrupted:
        raise
    except BasculeError as found:
        return found
    return error


def _go_back(session: Session, error: BasculeError, sleep: Callable[[float], None]) -> NoReturn:
    """Send visitors back to the bucket, unasked. Raises BasculeError with what was seen, and with what came of it."""
    session.say(f"going back by itself, because of what was seen:\n{error.what}")
    session.record("going back", why=error.what)
    sent = False
    try:
        went = rollback.roll_back(session, lambda planned: True)
        sent = True
        session.say(went.told)
        confirmation.require_bucket(session, session.say, sleep=sleep)
    except (Interrupted, KeyboardInterrupt):
        session.say(f"stopped; {_whereabouts(session)}")
        raise
    except BasculeError as failure:
        what = "visitors were sent back to the bucket, but" if sent else "going back failed:"
        raise BasculeError(
            f"{what} {failure.what}\nthis is what they were to be sent back for:\n{error.what}",
            where=failure.where,
            remedy=failure.remedy if sent else "; or ".join(filter(None, [failure.remedy, DIRECT])),
        ) from failure
    raise BasculeError(
        f"visitors were sent back to the bucket, and get it again, since\n{error.what}",
        where=error.where,
        remedy=error.remedy,
    )


def _require_moved(session: Session) -> None:
    """Raises BasculeError where the state shows `serve`, and somebody sent visitors back to the bucket since."""
    if not _moved(session):
        raise BasculeError(
            "Terraform's state shows serve, but visitors are sent to the bucket",
            where=f"CloudFront distribution {session.site.distribution.id}",
            remedy=f'set stage = "serve", then `bascule cutover {session.name}` sends them to the application again; '
            "then go to retire",
        )


def _descent(session: Session, what: str) -> InputError:
    return InputError(
        what,
        where=str(session.workspace.site_file(session.name)),
        remedy="cutover goes up alone; to go down, set `stage` and `bascule apply`: with visitors at the application, "
        "`bascule rollback` first",
    )


def _whereabouts(session: Session) -> str:
    """Where visitors are sent, and the ways from there, for who has to go on by hand."""
    try:
        moved = _moved(session)
    except BasculeError:
        return f"where visitors are sent can't be told: `bascule verify {session.name}` asks"
    if not moved:
        return f"visitors are sent to the bucket; `bascule cutover {session.name}` goes on"
    return (
        f"visitors are sent to the application; `bascule cutover {session.name}` goes on, "
        f"`bascule rollback {session.name}` takes them back"
    )


def _is_moved(session: Session) -> bool:
    """Whether visitors are known to be sent to the load balancer."""
    try:
        return _moved(session)
    except BasculeError:
        return False


def _moved(session: Session) -> bool:
    return visitors_go_to(session.clients, session.site) == ALB_ORIGIN_ID
