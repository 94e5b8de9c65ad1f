"""A behavior of a distribution with all that lies behind it, made ready for many requests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from bascule.decisions import Hop, Origin, Unclear
from bascule.edge import Function, functions, provisos
from bascule.edge_policies import cache_policy, origin_request_policy
from bascule.http_request import Request
from bascule.listener_rules import ANY, Action, Asked, FixedResponse, Forward, Redirect, action, taking
from bascule.load_balancers import Listener, Target, gates, targets
from bascule.origin_requests import OriginRequest, Recipe, recipe
from bascule.origins import ENDS, Entrance, entrance_of, origin_of, scheme_of, station
from bascule.planned_values import NotKnown, World, items, known, of_type, sure, text
from bascule.request_headers import CLOUDFRONTS
from bascule.security_groups import Gate


@dataclass(frozen=True)
class Turn:
    """What a listener makes of a request."""

    hops: tuple[Hop, ...]
    end: str
    why: str = ""
    rule: str = ""
    action: Action | None = None
    targets: tuple[Target, ...] = ()
    gates: tuple[Gate, ...] = ()

    @cached_property
    def shut(self) -> Gate | None:
        """The first security group that doesn't let it pass."""
        return next((gate for gate in self.gates if gate.passes is False), None)


@dataclass(frozen=True)
class Lane:
    """One behavior, for viewers of one scheme."""

    name: str
    behavior: Mapping[str, Any]
    scheme: str
    """That the origin is asked with."""
    hops: tuple[Hop, ...]
    """Up to the end, or up to the listener that decides the rest."""
    end: str
    """Empty where the listener decides."""
    why: str
    origin: Origin | None
    listener: Listener | None
    front: tuple[Gate, ...]
    """The way into the load balancer."""
    recipe: Recipe | Unclear
    custom: Mapping[str, tuple[str, Any]] | None
    """The origin's own headers; None where they aren't known."""
    functions: tuple[Function, ...] | Unclear
    provisos: tuple[str, ...]
    always: Turn | None
    """What the listener makes of every request, where the origin's own headers are all that its rules look at."""
    turns: dict[str, Turn] = field(default_factory=dict, repr=False, compare=False)
    """Those taken already, by rule."""


def lane(found: World, distribution: Mapping[str, Any], name: str, behavior: Mapping[str, Any], viewers: str) -> Lane:
    """A behavior made ready for viewers of a scheme, `http` or `https`."""
    hops, why, scheme = [Hop("behavior", name)], "", viewers
    origin: Origin | None = None
    entrance: Entrance | None = None
    try:
        origin = origin_of(found, distribution, behavior)
        hops.append(station(origin))
        end = ENDS[origin.kind]
        if origin.values is not None:
            scheme = scheme_of(origin.values, viewers)
            if origin.kind == "balancer":
                entrance = entrance_of(found, origin.address, origin.values, scheme)
                hops.append(entrance.hop)
                end, why = entrance.end, entrance.why
        sure(origin.domain)
    except NotKnown as error:
        if origin is None or origin.kind != "balancer" or entrance is None:
            end, why = "unknown", str(error)
    try:
        met: tuple[Function, ...] | Unclear = functions(behavior)
    except NotKnown as error:
        met = Unclear(str(error) or "a function")
    custom = _custom(origin.values if origin is not None else None)
    made = Lane(
        name=name,
        behavior=behavior,
        scheme=scheme,
        hops=tuple(hops),
        end=end,
        why=why,
        origin=origin,
        listener=entrance.listener if entrance is not None else None,
        front=entrance.gates if entrance is not None else (),
        recipe=_recipe(found, distribution, behavior, origin, custom),
        custom=custom,
        functions=met,
        provisos=tuple(provisos(distribution, behavior)),
        always=None,
    )
    return replace(made, always=_always(found, made))


def _always(found: World, lane: Lane) -> Turn | None:
    if lane.listener is None or lane.end or lane.custom is None:
        return None
    own = {name: (value,) for name, (_, value) in lane.custom.items()}
    taken = turn(found, lane, lane.listener, Asked(own, unclear=frozenset({ANY})))
    return taken if taken.end != "unknown" and not isinstance(taken.action, Redirect) else None


def _custom(origin: Mapping[str, Any] | None) -> Mapping[str, tuple[str, Any]] | None:
    try:
        headers = list(known((origin or {}).get("custom_header")))
        return {text(sure(one.get("name"))).lower(): (text(one.get("name")), one.get("value")) for one in headers}
    except NotKnown:
        return None


def _recipe(
    found: World,
    distribution: Mapping[str, Any],
    behavior: Mapping[str, Any],
    origin: Origin | None,
    custom: Mapping[str, tuple[str, Any]] | None,
) -> Recipe | Unclear:
    if origin is None or origin.values is None:
        return Unclear("there is no one origin")
    if custom is None:
        return Unclear("the origin's headers")
    try:
        return recipe(
            text(distribution.get("domain_name")),
            cache_policy(found, behavior),
            origin_request_policy(found, behavior),
            items(behavior.get("cached_methods")),
            domain=origin.domain,
            prefix=text(sure(origin.values.get("origin_path"))),
            custom=custom,
            bucket=not items(origin.values.get("custom_origin_config")),
        )
    except NotKnown as error:
        return Unclear(str(error))


MADE_UP = frozenset({"connection", "via", "x-amz-cf-id", "user-agent", "x-forwarded-for", CLOUDFRONTS})
"""Headers that the origin may be sent though the viewer sent none."""


def asked(lane: Lane, request: Request, path: str, forwarded: OriginRequest | Unclear) -> Asked:
    """What the load balancer is asked, as far as it is known. Raises NotKnown."""
    if isinstance(forwarded, OriginRequest):
        headers = {name: _values(lane, forwarded, name) for name in lane.listener.names} if lane.listener else {}
        return Asked(headers, forwarded.method, (forwarded.host,), forwarded.path, forwarded.query)
    if lane.custom is None or lane.origin is None or lane.origin.values is None:
        raise NotKnown(forwarded.why)
    own = {name: (value,) for name, (_, value) in lane.custom.items()}
    return Asked(
        own,
        request.method,
        (request.host, lane.origin.domain),
        f"{text(sure(lane.origin.values.get('origin_path')))}{path}",
        None if request.query else "",
        (MADE_UP | {name.lower() for name, _ in request.headers}) - own.keys(),
    )


def _values(lane: Lane, forwarded: OriginRequest, lower: str) -> tuple[Any, ...]:
    if lane.custom is not None and lower in lane.custom:
        return (lane.custom[lower][1],)
    return tuple(value for name, value in forwarded.headers if name.lower() == lower)


def turn(found: World, lane: Lane, listener: Listener, asked: Asked) -> Turn:
    """What the listener makes of what it is asked."""
    try:
        taken = taking(listener.rules, asked)
    except NotKnown as error:
        hop = Hop("rule", str(error), "its condition is known after apply")
        return Turn((hop,), "unknown", str(error), str(error), gates=lane.front)
    address = taken.address if taken is not None else ""
    if address in lane.turns:
        return lane.turns[address]
    hop = Hop("rule", address, "takes the secret header") if address else Hop("rule", "the listener's default action")
    made = _made(found, lane, listener, asked, taken.actions if taken is not None else listener.default_actions, hop)
    if not isinstance(made.action, Redirect):
        lane.turns[address] = made
    return made


def _made(found: World, lane: Lane, listener: Listener, asked: Asked, actions: Any, hop: Hop) -> Turn:
    rule = "" if hop.name == "the listener's default action" else hop.name
    hops = [hop]
    done: Action | None = None
    try:
        done = action(actions, _url(lane, listener, asked))
        reached: tuple[Target, ...] = ()
        if isinstance(done, Forward):
            own = {values.get("arn"): address for address, values in of_type(found, "aws_lb_target_group")}
            arns = [arn for arn, _ in done.groups]
            names = [own[arn] for arn in arns if arn in own] or [text(arn) for arn in arns]
            hops.append(Hop("target group", ", ".join(names)))
            reached = targets(found, done)
    except NotKnown as error:
        return Turn(tuple(hops), "unknown", str(error), rule, done, gates=lane.front)
    ways = gates(found, lane.origin.address, listener.port, reached) if lane.origin is not None else ()
    return Turn((*hops, _last(done, reached)), _end(done, reached), "", rule, done, reached, tuple(ways))


def _last(done: Action | None, reached: tuple[Target, ...]) -> Hop:
    if isinstance(done, FixedResponse):
        return Hop("answer", "fixed response", done.status)
    if isinstance(done, Forward):
        serving = next((target for target in reached if target.answers), None)
        if serving is None:
            return Hop("target", "none")
        return Hop("target", serving.service or serving.group, serving.container)
    return Hop("answer", "none" if done is None else "redirect" if isinstance(done, Redirect) else done.kind)


def _end(done: Action | None, reached: tuple[Target, ...]) -> str:
    if done is None:
        return "nothing"
    if isinstance(done, Forward):
        return "application" if any(target.answers for target in reached) else "nothing"
    return "refusal" if isinstance(done, FixedResponse) else "elsewhere"


def _url(lane: Lane, listener: Listener, asked: Asked) -> Mapping[str, Any]:
    host = next((host for host in asked.hosts if len(asked.hosts) == 1), "#{host}")
    path = "#{path}" if asked.path is None else asked.path.removeprefix("/")
    query = "#{query}" if asked.query is None else asked.query
    return {"protocol": lane.scheme, "host": host, "port": listener.port, "path": path, "query": query}
