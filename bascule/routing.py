"""Where a request goes, and what becomes of it: edge → behavior → cache, origin → listener → rule → target.

Pure, and in Terraform's vocabulary, so that one model serves a side of a plan, a live account and the sandbox's edge.
What is known after apply only is followed by what it refers to, and said to be unknown where that doesn't tell. What
AWS's documentation says stands in the modules that this one puts together, each with its sources.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from bascule.decisions import Decision, Hop, Origin, Route, Unclear
from bascule.edge import (
    DEFAULT,
    Behaviors,
    EdgeAnswer,
    ErrorPage,
    Function,
    behavior_of,
    behaviors,
    edge_answer,
    error_page,
    matches,
    number_of,
    own_name,
    path_asked,
    serves,
)
from bascule.http_request import Request, request
from bascule.lanes import Lane, Turn, asked, lane, turn
from bascule.listener_rules import Asked, FixedResponse, conditions, takes
from bascule.load_balancers import TARGET_STATES, load_balancer_of
from bascule.origin_requests import CacheKey, Caching, OriginRequest, Recipe, forwarded_and_kept, origin_request
from bascule.planned_values import NotKnown, World, find, first, items, known, sure
from bascule.security_groups import Gate
from bascule.worlds import DELETED, DISTRIBUTION_TYPE, SITE, addressed, distributions, example, paths, world

__all__ = [
    "DEFAULT",
    "DELETED",
    "DISTRIBUTION_TYPE",
    "SITE",
    "TARGET_STATES",
    "CacheKey",
    "Caching",
    "Decision",
    "EdgeAnswer",
    "ErrorPage",
    "Function",
    "Gate",
    "Hop",
    "NotKnown",
    "Origin",
    "OriginRequest",
    "Request",
    "Route",
    "Router",
    "Unclear",
    "World",
    "accepts",
    "behavior_of",
    "decide",
    "distributions",
    "error_page",
    "example",
    "find",
    "first",
    "items",
    "known",
    "load_balancer_of",
    "matches",
    "paths",
    "request",
    "route",
    "router",
    "sure",
    "world",
]


def accepts(rule: Mapping[str, Any], headers: Mapping[str, Any]) -> bool | None:
    """Whether a listener rule takes a request with these headers (names in lower case), whatever else it is; None if
    that isn't known."""
    return takes(tuple(conditions(rule)), Asked({name: (value,) for name, value in headers.items()}))


@dataclass(frozen=True)
class Site:
    """A distribution, made ready for many requests."""

    address: str
    values: Mapping[str, Any]
    name: str
    """That visitors use."""
    behaviors: Behaviors
    lanes: dict[tuple[int, str], Lane] = field(default_factory=dict, repr=False, compare=False)
    """Those met already."""


@dataclass(frozen=True)
class Router:
    """A world, made ready for many requests. It is as good as new as long as nobody changes the world's values."""

    found: World = field(repr=False)
    sites: tuple[Site, ...]


def router(found: World) -> Router:
    """The world made ready."""
    sites = (Site(address, values, own_name(values), behaviors(values)) for address, values in addressed(found))
    return Router(found, tuple(sites))


def route(found: World | Router, path: str) -> Route | None:
    """The way of the requests that `path` is an example of, from behavior to target; None where there is no
    distribution. It is said of all of them: whatever the edge says of host, protocol and method, and unknown where a
    listener rule asks for more than headers. What an unknown default root object leads to is known where every behavior
    leads there."""
    ready = found if isinstance(found, Router) else router(found)
    for site in ready.sites:
        try:
            wanted = path_asked(site.values, path)
            return _route(ready, site, path, _lane(ready, site, wanted, "https"))
        except NotKnown:
            pass
        try:
            lanes = [_lane_of(ready, site, number, "https") for number in range(-1, len(site.behaviors.found))]
            here = _route(ready, site, path, _lane(ready, site, path, "https"))
        except NotKnown:
            return Route(path, (), "unknown")
        alike = site.behaviors.unsure is None and {_route(ready, site, path, one).end for one in lanes} == {here.end}
        return here if alike else Route(path, here.hops[:1], "unknown")
    return None


def _route(ready: Router, site: Site, path: str, met: Lane) -> Route:
    taken = _turn(ready, met, Request(path, host=site.name), path, _forwarded(met, Request(path), path), of_all=True)
    return Route(path, (*met.hops, *taken.hops), taken.end)


def decide(ready: Router, viewers: Request) -> Decision | None:
    """What becomes of a viewer's request; None where there is no distribution. Never raises NotKnown: what depends on
    something unknown is Unclear, and a way that does ends in `unknown`."""
    if not ready.sites:
        return None
    site = ready.sites[0]
    try:
        if not viewers.host:
            viewers = replace(viewers, host=site.name)
        elif viewers.host != site.name:
            serving = _serving(ready, viewers.host)
            if serving is None:
                return _answered(viewers, site, EdgeAnswer(403, f"no distribution answers for {viewers.host}"))
            site = serving
        if sure(site.values.get("enabled")) is False:
            return Decision(viewers, site.address, "nothing", why="the distribution is switched off")
        path = path_asked(site.values, viewers.path)
        met = _lane(ready, site, path, viewers.scheme)
        answer = edge_answer(met.behavior, viewers)
    except NotKnown as error:
        return Decision(viewers, site.address, why=str(error))
    if answer is not None:
        return _answered(viewers, site, answer, met, path)
    return _decided(ready, site, met, viewers, path)


def _serving(ready: Router, host: str) -> Site | None:
    unsure: NotKnown | None = None
    for site in ready.sites:
        try:
            if serves(site.values, host):
                return site
        except NotKnown as error:
            unsure = error
    if unsure is not None:
        raise unsure
    return None


def _answered(viewers: Request, site: Site, answer: EdgeAnswer, met: Lane | None = None, path: str = "") -> Decision:
    hops = () if met is None else met.hops[:1]
    name = DEFAULT if met is None else met.name
    return Decision(
        viewers,
        site.address,
        "edge",
        (*hops, Hop("edge", answer.why, str(answer.status))),
        behavior="" if met is None else name,
        path=path,
        edge=answer,
    )


def _lane(ready: Router, site: Site, path: str, scheme: str) -> Lane:
    """The behavior that a path meets, made ready. Raises NotKnown."""
    return _lane_of(ready, site, number_of(site.behaviors, path), scheme)


def _lane_of(ready: Router, site: Site, number: int, scheme: str) -> Lane:
    made = site.lanes.get((number, scheme))
    if made is None:
        name, behavior = (DEFAULT, site.behaviors.default) if number < 0 else site.behaviors.found[number]
        made = lane(ready.found, site.values, name, behavior, scheme)
        site.lanes[number, scheme] = made
    return made


def _forwarded(met: Lane, viewers: Request, path: str) -> OriginRequest | Unclear:
    return origin_request(met.recipe, viewers, path, met.scheme) if isinstance(met.recipe, Recipe) else met.recipe


def _turn(
    ready: Router,
    met: Lane,
    viewers: Request,
    path: str,
    forwarded: OriginRequest | Unclear,
    *,
    of_all: bool = False,
) -> Turn:
    """What the listener makes of a request, or of all that differ from it in more than headers."""
    if met.listener is None or met.end:
        return Turn((), met.end, met.why, gates=met.front)
    if met.always is not None:
        return met.always
    try:
        told = asked(met, viewers, path, forwarded)
    except NotKnown as error:
        return Turn((), "unknown", str(error), gates=met.front)
    known_of_all = Asked(told.headers, unclear=told.unclear)
    return turn(ready.found, met, met.listener, known_of_all if of_all else told)


def _decided(ready: Router, site: Site, met: Lane, viewers: Request, path: str) -> Decision:
    """What becomes of a request that the edge doesn't answer by itself."""
    forwarded: OriginRequest | Unclear
    kept: Caching | Unclear
    if isinstance(met.recipe, Recipe):
        forwarded, kept = forwarded_and_kept(met.recipe, viewers, path, met.scheme)
    else:
        forwarded = kept = met.recipe
    taken = _turn(ready, met, viewers, path, forwarded)
    shut = taken.shut
    refusal = taken.action if isinstance(taken.action, FixedResponse) else None
    return Decision(
        request=viewers,
        distribution=site.address,
        end="nothing" if shut is not None else taken.end,
        hops=(*met.hops, *taken.hops),
        why=taken.why if shut is None else f"{shut.way}: no rule lets it pass on port {shut.port}",
        behavior=met.name,
        path=path,
        functions=met.functions if isinstance(met.functions, tuple) else (),
        provisos=met.provisos,
        response_headers_policy_id=met.behavior.get("response_headers_policy_id") or None,
        caching=kept,
        forwarded=forwarded,
        origin=met.origin,
        gates=taken.gates,
        listener=met.listener.address if met.listener is not None else "",
        rule=taken.rule,
        action=taken.action,
        targets=taken.targets,
        error=_error(site, refusal) if refusal is not None else None,
    )


def _error(site: Site, refusal: FixedResponse) -> ErrorPage | Unclear | None:
    try:
        return error_page(site.values, int(refusal.status)) if refusal.status.isdigit() else Unclear(refusal.status)
    except NotKnown as error:
        return Unclear(str(error))
