"""What a plan means for visitors, in one sentence: what a reviewer reads first."""

from __future__ import annotations

from collections.abc import Iterator

from bascule import meaning
from bascule.plan_json import Plan
from bascule.routing import DISTRIBUTION_TYPE, Route, World, items, paths, route, router, world

NOTICED = frozenset(
    {
        "aliases",
        "custom_error_response",
        "default_cache_behavior",
        "default_root_object",
        "http_version",
        "is_ipv6_enabled",
        "ordered_cache_behavior",
        "restrictions",
        "viewer_certificate",
        "web_acl_id",
    }
)
"""Arguments of a distribution, beside the origins in use, in which visitors may notice a change."""


OF_THE_MOVE = frozenset(
    {"custom_error_response", "default_cache_behavior", "default_root_object", "ordered_cache_behavior", "origin"}
)
"""Arguments that change where visitors are sent elsewhere."""


def visitors(plan: Plan) -> str:
    """The sentence, without a full stop. It begins with "None" where no visitor can notice anything."""
    for change in plan.of_type(DISTRIBUTION_TYPE):
        if change.action in ("delete", "replace"):
            return f"The site goes down: the distribution would be {change.action}d"
        if change.before.get("enabled") is not False and change.after.get("enabled") is False:
            return "The site goes down: the distribution would be switched off"
    before, after = world(plan, "before"), world(plan, "after")
    old, new = route(before, "/"), route(after, "/")
    if new is None or all(change.action == "forget" for change in plan.of_type(DISTRIBUTION_TYPE)):
        return "None: CloudFront goes on as it is"
    if new.end == "unknown":
        return f"Unknown until apply: {old.answered_by if old else 'nobody asked yet'} now, then {new.answered_by}"
    if old is None or old.answered_by == new.answered_by:
        return _same(plan, before, after, new)
    if new.end in ("nothing", "refusal"):
        return f"Visitors would get {new.answered_by.upper()}, instead of {old.answered_by}"
    besides = [name for name in dict.fromkeys(_noticed(plan)) if name not in OF_THE_MOVE]
    also = f"; and differently: {', '.join(besides)}" if besides else ""
    return f"Visitors get {new.answered_by}, instead of {old.answered_by}{also}"


def _same(plan: Plan, before: World, after: World, new: Route) -> str:
    """The sentence where `/` goes where it went: which other paths don't, or what else visitors may notice."""
    now, then = router(before), router(after)
    moved = {
        path: there.answered_by
        for path in (paths(before, after) if before else ())
        if (there := route(then, path)) and (here := route(now, path)) and here.answered_by != there.answered_by
    }
    if moved:
        goes = "; ".join(f"{path} goes to {end}" for path, end in moved.items())
        alike = set(moved.values()) == {new.answered_by}
        rest = "like everything else" if alike else f"everything else is still served by {new.answered_by}"
        return f"Only {goes}{', ' if alike else '; '}{rest}"
    noticed = list(dict.fromkeys(_noticed(plan)))
    if noticed:
        return f"CloudFront still serves {new.answered_by}, but differently: {', '.join(noticed)}"
    return f"None: CloudFront still serves {new.answered_by}"


def _noticed(plan: Plan) -> Iterator[str]:
    for change in plan.of_type(DISTRIBUTION_TYPE):
        if not change.before:
            continue
        used = {
            str(behavior.get("target_origin_id"))
            for side in (change.before, change.after)
            for name in ("default_cache_behavior", "ordered_cache_behavior")
            for behavior in items(side.get(name))
            if hasattr(behavior, "get")
        }
        for one in meaning.differences(change):
            name = meaning.argument(one.path)
            in_use = name == "origin" and one.path.removeprefix("origin[").partition("]")[0] in used
            if name in NOTICED or in_use:
                yield name
