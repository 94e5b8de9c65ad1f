"""`bascule secret rotate`: looks at parameter, distribution and listener rule, and makes one move after the other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bascule import aws, observe, plans, rotation, secret, summary, waiting
from bascule.climb import Ask, Declined, show
from bascule.errors import BasculeError
from bascule.journal import timed
from bascule.ladder import ALB_ORIGIN_ID, Stage, Step, half_made, reached
from bascule.rotation import Apply, Part, Put, Seen, Wait
from bascule.secret import Held
from bascule.session import Session, prepare
from bascule.site import Site


def rotate(session: Session, ask: Ask) -> str:
    """Rotate the secret to a new value, or finish a rotation that was begun; returns what to tell the person.

    Where nothing uses the secret yet, a new value is put in its place. Raises BasculeError where a climb is under way,
    for what `rotation.next_move` refuses, for a plan that changes more than the secret, and from Terraform and the
    guard; Declined where the person says no. Running it again goes on from what is true.
    """
    state = prepare(session)
    now = _settled(session, state)
    if not now.at_least(Stage.BUILD):
        return _unused(session, now)
    moves: list[rotation.Move] = []
    try:
        return _to_the_end(session, now, state, ask, moves)
    except (BasculeError, KeyboardInterrupt):
        if moves:
            session.say("the rotation is under way, and may stay there: `bascule secret rotate` goes on with it")
        raise


def _to_the_end(session: Session, now: Stage, state: Mapping[str, Any], ask: Ask, moves: list[rotation.Move]) -> str:
    """Make one move after the other, kept in `moves`; returns what to tell."""
    begun = False
    while True:
        held, seen = look(session, state)
        move = rotation.next_move(seen)
        if move is None and moves:
            return _told(session, begun=begun)
        if move is None:
            move, begun = rotation.begin(seen, secret.new_value()), True
        elif not moves:
            session.say("a rotation is under way: going on with it")
        if move in moves and not isinstance(move, Wait):
            raise BasculeError(
                f"rotation {move.phase}: done, and nothing has changed",
                remedy="look who else changes the secret; `bascule secret rotate` goes on from what is true",
            )
        moves.append(move)
        match move:
            case Wait():
                _wait(session)
            case Put():
                _put(session, held, move)
            case Apply():
                _apply(session, Step(now, now, now, state), move, seen, ask)


def look(session: Session, state: Mapping[str, Any]) -> tuple[Held, Seen]:
    """What the parameter holds, what the live distribution sends, and what the live listener rule accepts."""
    site = session.site
    held = secret.read(session.clients, site.origin.secret_parameter)
    sent, deployed = _sent(session.clients, site)
    accepted = _accepted(session.clients, _rule(state), site.origin.secret_header)
    return held, Seen(held.value, held.description, sent, deployed, accepted)


def _settled(session: Session, state: Mapping[str, Any]) -> Stage:
    """The rung reached, which is the one wanted. Raises BasculeError where it isn't, or something is half made."""
    now, unfinished = reached(state), half_made(state)
    if now is not session.site.stage or unfinished:
        raise BasculeError(
            f"{', '.join(unfinished)} was being created when an apply was interrupted"
            if unfinished
            else f"the rung reached is {now}, the site file asks for {session.site.stage}",
            where=f"state of {session.name}",
            remedy="`bascule apply` first; then rotate the secret",
        )
    return now


def _unused(session: Session, now: Stage) -> str:
    sent, _ = _sent(session.clients, session.site)
    if sent is not None:
        raise BasculeError(
            f"the rung reached is {now}, but CloudFront knows the load balancer",
            where=f"CloudFront distribution {session.site.distribution.id}",
            remedy="look for the state that knows it: with a new value the load balancer would refuse CloudFront",
        )
    parameter = session.site.origin.secret_parameter
    with timed(session.record, "rotate", phase="put, where nothing uses it yet"):
        held = secret.read(session.clients, parameter)
        secret.replace(session.clients, parameter, held, secret.new_value(), rotation.AT_REST)
    return f"SSM parameter {parameter} holds a new value; at {now} nothing uses it yet"


def _put(session: Session, held: Held, move: Put) -> None:
    session.say(f"rotation {move.phase}: putting it into SSM parameter {session.site.origin.secret_parameter}")
    with timed(session.record, "rotate", phase=f"put {move.phase}"):
        parameter = session.site.origin.secret_parameter
        secret.replace(session.clients, parameter, held, move.value, move.phase.description)


def _apply(session: Session, step: Step, move: Apply, seen: Seen, ask: Ask) -> None:
    session.say(f"rotation {move.phase}")
    planned = plans.make(session, step)
    show(session, planned)
    rotation.require_only(summary.rows(planned.plan), move.part, session.site.origin.secret_header)
    if not ask(planned):
        raise Declined(
            f"nothing applied; the rotation stays before {move.phase}",
            remedy="it may stay there; `bascule secret rotate` goes on",
        )
    # Once more, right before: minutes may have passed at the question.
    if look(session, step.state)[1] != seen:
        raise BasculeError(
            "parameter, distribution or listener rule were changed since this was planned",
            remedy="look who else rotates the secret; `bascule secret rotate` goes on from what is true",
        )
    plans.require_unmoved(session, planned)
    plans.take(session, planned)
    with timed(session.record, "rotate", phase=f"apply {move.phase}", plan=planned.fingerprint):
        plans.apply(session)


def _wait(session: Session) -> None:
    """Until every edge has the distribution's config. Raises BasculeError where that takes longer than the limit."""
    gate = observe.deployed(observe.Looking(session.clients, session.site))
    session.say("waiting until every edge has the distribution's configuration")
    with timed(session.record, "rotate", phase="waiting until deployed"):
        (observed,) = session.wait([gate], watch=lambda seen: session.say(waiting.told(seen)))
        if not observed.passed:
            raise BasculeError(
                f"{observed}: edges may still send the value before",
                where=f"CloudFront distribution {session.site.distribution.id}",
                remedy="it goes on by itself; `bascule secret rotate` then goes on, too",
            )


def _sent(clients: aws.Clients, site: Site) -> tuple[str | None, bool]:
    """The header's value that the live distribution sends to the ALB, as in `Seen.sent`, and whether it is deployed."""
    found = observe.live_distribution(clients, site)
    deployed, name = found["Status"] == "Deployed", site.origin.secret_header.lower()
    for origin in found["DistributionConfig"]["Origins"]["Items"]:
        if origin["Id"] == ALB_ORIGIN_ID:
            headers = (origin.get("CustomHeaders") or {}).get("Items", ())
            return next((h["HeaderValue"] for h in headers if h["HeaderName"].lower() == name), ""), deployed
    return None, deployed


def _accepted(clients: aws.Clients, rule: str, header: str) -> frozenset[str]:
    """The header's values that the live listener rule takes."""
    with aws.readable():
        (found,) = clients("elbv2").describe_rules(RuleArns=[rule])["Rules"]
    asked = [condition["HttpHeaderConfig"] for condition in found["Conditions"] if "HttpHeaderConfig" in condition]
    return frozenset(
        value for one in asked if one["HttpHeaderName"].lower() == header.lower() for value in one["Values"]
    )


def _rule(state: Mapping[str, Any]) -> str:
    """ARN of the listener rule."""
    resources = ((state.get("values") or {}).get("root_module") or {}).get("resources", ())
    for resource in resources:
        if resource["address"] == Part.RULE:
            return str(resource["values"]["arn"])
    raise BasculeError(
        f"Terraform's state holds no {Part.RULE}", remedy="`bascule apply` makes it; then rotate the secret"
    )


def _told(session: Session, *, begun: bool) -> str:
    parameter = session.site.origin.secret_parameter
    if begun:
        return f"rotated: SSM parameter {parameter} holds one new value, and the ALB refuses the one before"
    return (
        f"the rotation that was under way is finished: SSM parameter {parameter} holds one value, and the ALB refuses "
        "any other; for another new value, run it again"
    )
