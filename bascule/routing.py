"""Where a request goes: behavior → origin → listener → rule → target, over Terraform's values of one side of a plan.

Pure, and in Terraform's vocabulary. What is known after apply only is followed by what it refers to, and said to be
unknown where that doesn't tell. Sources: CloudFront developer guide (path pattern: `*` any characters, `?` one, case
counts, a leading slash may be left out; the first match in the list's order, else the default behavior), ELB user guide
(rules by priority, header conditions without case and with the same wildcards).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from bascule.ladder import origin_is_bucket
from bascule.plan_json import Plan, Unknown

DISTRIBUTION_TYPE = "aws_cloudfront_distribution"
SITE = f"{DISTRIBUTION_TYPE}.site"
"""The site's own distribution."""

World = Mapping[str, Mapping[str, Any]]
"""Values of every resource there is on one side of a plan, by address."""

DEFAULT = "default"
"""The name of the default behavior, which has no path pattern."""

DELETED = "deleted"
"""A key that no resource has: what a plan deletes is told from what was never there."""


@dataclass(frozen=True)
class Hop:
    """One station of a request: what it is, its name, and what it does with the request."""

    what: str
    name: str
    does: str = ""


@dataclass(frozen=True)
class Route:
    """The way of one request."""

    path: str
    hops: tuple[Hop, ...]
    end: str
    """What answers: `bucket`, `application`, `refusal`, `elsewhere`, `nothing` or `unknown`."""

    @property
    def answered_by(self) -> str:
        """What answers, in words."""
        last = self.hops[-1] if self.hops else Hop("nothing", "")
        return {
            "bucket": "the bucket",
            "application": "the application",
            "refusal": f"a refusal ({last.does})",
            "nothing": "nothing",
            "unknown": "what is known after apply only",
        }.get(self.end, last.name)


def world(plan: Plan, side: str) -> World:
    """What there is before the plan, or after it. What Terraform forgets goes on to be; a bucket that is deleted is
    marked as such."""
    found = dict(plan.untouched)
    for address, change in plan.by_address.items():
        values = change.before if change.action == "forget" else getattr(change, side)
        if change.action == "delete" and side == "after" and change.type == "aws_s3_bucket":
            values = {**change.before, DELETED: True}
        if values:
            found[address] = values
    return found


def paths(*worlds: World) -> list[str]:
    """A request path for each behavior of the distributions: `/` for the default one, the patterns' own otherwise."""
    patterns = {
        example(str(behavior["path_pattern"])): None
        for one in worlds
        for values in distributions(one)
        for behavior in items(values.get("ordered_cache_behavior"))
        if isinstance(behavior, Mapping) and isinstance(behavior.get("path_pattern"), str)
    }
    return list({"/": None, **patterns})


def example(pattern: str) -> str:
    """A path that a pattern matches: the pattern itself, with its leading slash, wildcards left standing."""
    return pattern if pattern.startswith("/") else f"/{pattern}"


def distributions(found: World) -> Iterator[Mapping[str, Any]]:
    """The distributions of a world, the site's own first."""
    if SITE in found:
        yield found[SITE]
    yield from (values for address, values in _of_type(found, DISTRIBUTION_TYPE) if address != SITE)


def behavior_of(distribution: Mapping[str, Any], path: str) -> tuple[str, Mapping[str, Any]]:
    """The behavior that a path meets: its pattern, or DEFAULT, and its arguments. Raises NotKnown."""
    for behavior in known(distribution.get("ordered_cache_behavior")):
        if matches(_text(sure(behavior.get("path_pattern"))), path):
            return _text(behavior.get("path_pattern")), behavior
    return DEFAULT, next(iter(known(distribution.get("default_cache_behavior"))), {})


def matches(pattern: str, path: str) -> bool:
    """Whether CloudFront's path pattern takes a path."""
    return _wildcards(pattern.removeprefix("/")).fullmatch(path.removeprefix("/")) is not None


class NotKnown(Exception):
    """The way depends on something that is known after apply only."""


def route(found: World, path: str) -> Route | None:
    """The way of a request for `path`; None where there is no distribution."""
    for distribution in distributions(found):
        hops: list[Hop] = []
        try:
            end = _follow(found, distribution, path, hops)
        except NotKnown:
            end = "unknown"
        return Route(path, tuple(hops), end)
    return None


def _follow(found: World, distribution: Mapping[str, Any], path: str, hops: list[Hop]) -> str:
    """Add the stations of a request to `hops`, and return what answers it. Raises NotKnown."""
    name, behavior = behavior_of(distribution, path)
    hops.append(Hop("behavior", name))
    target = sure(behavior.get("target_origin_id"))
    origin = find(distribution.get("origin"), lambda one: sure(one.get("origin_id")) == target)
    if origin is not None:
        return _at_origin(found, origin, hops)
    group = find(distribution.get("origin_group"), lambda one: sure(one.get("origin_id")) == target)
    hops.append(Hop("origin" if group is None else "origin group", _text(target)))
    return "nothing" if group is None else "elsewhere"


def _at_origin(found: World, origin: Mapping[str, Any], hops: list[Hop]) -> str:
    name, domain = _text(origin.get("origin_id")), origin.get("domain_name")
    balancer = load_balancer_of(found, origin)
    if balancer is not None:
        hops.append(Hop("origin", name, f"{balancer} over {_protocol(origin)}"))
        return _through(found, balancer, origin, hops)
    hops.append(Hop("origin", name, _text(domain)))
    for _, bucket in _of_type(found, "aws_s3_bucket"):
        if origin_is_bucket(_text(sure(domain)), _text(bucket.get("bucket"))):
            return "nothing" if bucket.get(DELETED) else "bucket"
    sure(domain)
    return "elsewhere"


def load_balancer_of(found: World, origin: Mapping[str, Any]) -> str | None:
    """The address of the load balancer that an origin names, or None."""
    domain = origin.get("domain_name")
    balancers = (address for address, values in _of_type(found, "aws_lb") if values.get("dns_name") == domain)
    return None if domain is None else next(balancers, None)


def _through(found: World, balancer: str, origin: Mapping[str, Any], hops: list[Hop]) -> str:
    """The stations behind the load balancer for what CloudFront sends to this origin."""
    port, arn = _port(origin), found[balancer].get("arn")
    listeners = [(a, v) for a, v in _of_type(found, "aws_lb_listener") if v.get("load_balancer_arn") == arn]
    listener = next(((a, v) for a, v in listeners if v.get("port") == port), None)
    if listener is None:
        for _, values in listeners:
            sure(values.get("port"))
        hops.append(Hop("listener", f"none on port {port}"))
        return "nothing"
    address, values = listener
    hops.append(Hop("listener", address, f"{_text(values.get('protocol'))}:{port}"))
    headers = {_text(h.get("name")).lower(): h.get("value") for h in known(origin.get("custom_header"))}
    rules = [(a, v) for a, v in _of_type(found, "aws_lb_listener_rule") if v.get("listener_arn") == values.get("arn")]
    for rule, its in sorted(rules, key=lambda entry: str(entry[1].get("priority")).zfill(6)):
        taken = accepts(its, headers)
        if taken is None:
            hops.append(Hop("rule", rule, "its condition is known after apply"))
            raise NotKnown
        if taken:
            hops.append(Hop("rule", rule, "takes the secret header"))
            return _act(found, its.get("action"), hops)
    hops.append(Hop("rule", "the listener's default action"))
    return _act(found, values.get("default_action"), hops)


def accepts(rule: Mapping[str, Any], headers: Mapping[str, Any]) -> bool | None:
    """Whether a listener rule takes a request with these headers (names in lower case); None if that isn't known.

    Only header conditions are understood; with any other, the answer isn't known.
    """
    verdicts: list[bool | None] = []
    for condition in items(rule.get("condition")):
        if isinstance(condition, Unknown) or any(value and name != "http_header" for name, value in condition.items()):
            verdicts.append(None)
            continue
        for header in items(condition.get("http_header")):
            if isinstance(header, Unknown):
                verdicts.append(None)
                continue
            sent = headers.get(_text(header.get("http_header_name")).lower())
            verdicts.append(_takes(items(header.get("values")), sent))
    if False in verdicts:
        return False
    return None if None in verdicts else bool(verdicts)


def _takes(values: Sequence[Any], sent: Any) -> bool | None:
    if sent is None:
        return False
    if sent in values:
        return True
    if isinstance(sent, Unknown) or any(isinstance(value, Unknown) for value in values):
        return None
    return any(_wildcards(str(value).lower()).fullmatch(str(sent).lower()) for value in values)


def first(values: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """The first block of that name; empty where there is none, or none that is known."""
    return next((block for block in items(values.get(name)) if isinstance(block, Mapping)), {})


def items(value: Any) -> tuple[Any, ...]:
    """The items of a list, of which Terraform may know nothing yet but what it refers to."""
    if value is None:
        return ()
    return (value,) if isinstance(value, Unknown | str | Mapping) else tuple(value)


def known(value: Any) -> Iterator[Mapping[str, Any]]:
    """The blocks of a list, one after the other. Raises NotKnown at the first that isn't known."""
    for item in items(value):
        yield sure(item)


def find(value: Any, wanted: Callable[[Mapping[str, Any]], bool]) -> Mapping[str, Any] | None:
    """The first block that is wanted. Raises NotKnown where one that isn't known may be it."""
    unsure = False
    for item in items(value):
        try:
            if wanted(sure(item)):
                found: Mapping[str, Any] = item
                return found
        except NotKnown:
            unsure = True
    if unsure:
        raise NotKnown
    return None


def sure(value: Any) -> Any:
    """The value. Raises NotKnown if it is known after apply only."""
    if isinstance(value, Unknown):
        raise NotKnown
    return value


def _of_type(found: World, type_: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    return ((address, values) for address, values in found.items() if address.startswith(f"{type_}."))


def _act(found: World, actions: Any, hops: list[Hop]) -> str:
    for action in known(actions):
        if action.get("type") == "fixed-response":
            hops.append(Hop("answer", "fixed response", _text(first(action, "fixed_response").get("status_code"))))
            return "refusal"
        if action.get("type") == "forward":
            arns = [action.get("target_group_arn")] if action.get("target_group_arn") else []
            arns += [group.get("arn") for f in known(action.get("forward")) for group in known(f.get("target_group"))]
            return _at_targets(found, arns, hops)
        hops.append(Hop("answer", _text(action.get("type"))))
        return "elsewhere"
    hops.append(Hop("answer", "none"))
    return "nothing"


def _at_targets(found: World, arns: Sequence[Any], hops: list[Hop]) -> str:
    groups = [a for a, v in _of_type(found, "aws_lb_target_group") if v.get("arn") in arns]
    hops.append(Hop("target group", ", ".join(groups) or ", ".join(map(_text, arns))))
    for address, service in _of_type(found, "aws_ecs_service"):
        target = find(service.get("load_balancer"), lambda one: one.get("target_group_arn") in arns)
        if target is not None:
            container = f"{_text(target.get('container_name'))}:{_text(target.get('container_port'))}"
            hops.append(Hop("target", address, container))
            return "application"
    if not groups:
        for arn in arns:
            sure(arn)
    hops.append(Hop("target", "none"))
    return "nothing"


def _protocol(origin: Mapping[str, Any]) -> str:
    policy = _text(first(origin, "custom_origin_config").get("origin_protocol_policy"))
    return {"http-only": "HTTP", "https-only": "HTTPS"}.get(policy, "the viewer's protocol")


def _port(origin: Mapping[str, Any]) -> Any:
    custom = next(known(origin.get("custom_origin_config")), {})
    return sure(custom.get("http_port" if sure(custom.get("origin_protocol_policy")) == "http-only" else "https_port"))


@cache
def _wildcards(pattern: str) -> re.Pattern[str]:
    parts = (".*" if char == "*" else "." if char == "?" else re.escape(char) for char in pattern)
    return re.compile("".join(parts), re.DOTALL)


def _text(value: Any) -> str:
    return "" if value is None else str(value)
