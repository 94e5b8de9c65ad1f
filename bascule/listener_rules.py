"""Which rule of a load balancer's listener takes a request, and what it does with it.

Sources: ELB user guide, "Listener rules" (by priority, the default rule last), "Condition types" (`*` and `?`; case
counts for paths and methods, and not for headers, hosts and query strings; one value of a condition is enough, every
condition has to be met), "Action types" (weights, redirects with `#{…}`, fixed responses). Not said there: whether
parameters are unescaped before they are compared; here they aren't. Which of CloudFront's addresses asks isn't known,
so a condition on the source's address is met by all of IPv4 only, and else not known.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bascule.http_request import parameters
from bascule.plan_json import Unknown
from bascule.planned_values import NotKnown, first, items, known, sure, text
from bascule.wildcards import any_of


@dataclass(frozen=True)
class Asked:
    """What a load balancer is asked, as far as it is known: None, and a value of None, is what isn't."""

    headers: Mapping[str, Sequence[Any]]
    """By name in lower case. Unknown is a value that is known after apply."""
    method: str | None = None
    hosts: tuple[Any, ...] = ()
    """The host, or each that it may be."""
    path: str | None = None
    query: str | None = None
    unclear: frozenset[str] = frozenset()
    """Names of headers, in lower case, of which nothing is known; `cloudfront-` stands for CloudFront's own, ANY for
    all of which no value is told."""


ANY = "*"


@dataclass(frozen=True)
class Condition:
    """One condition, made ready for many requests."""

    kind: str
    name: Any = ""
    """Of the header, in lower case; Unknown where it isn't known."""
    values: tuple[Any, ...] = ()
    pattern: re.Pattern[str] = field(default=any_of(()), repr=False)
    unsure: bool = False
    """Whether there are values that aren't known."""
    pairs: tuple[tuple[re.Pattern[str] | None, re.Pattern[str]], ...] = ()
    """Patterns of query parameters: of their names, if those matter, and of their values."""


@dataclass(frozen=True)
class Rule:
    """A rule of a listener, made ready for many requests."""

    address: str
    priority: int | None
    """None where it is known after apply."""
    conditions: tuple[Condition, ...]
    actions: Any


@dataclass(frozen=True)
class Forward:
    """Send it to a target group, or to one of several by their weights."""

    groups: tuple[tuple[Any, Any], ...]
    """ARNs and weights; without those that get nothing."""


@dataclass(frozen=True)
class Redirect:
    """Send the viewer elsewhere."""

    status: str
    location: str


@dataclass(frozen=True)
class FixedResponse:
    """Answer by itself."""

    status: str
    content_type: str = ""
    body: str = ""


@dataclass(frozen=True)
class Other:
    """What isn't modelled: a log-in."""

    kind: str


Action = Forward | Redirect | FixedResponse | Other

NOT_UNDERSTOOD = Condition("not understood")
LISTS = ("host_header", "path_pattern", "http_request_method", "source_ip")


def rule(address: str, values: Mapping[str, Any]) -> Rule:
    """A rule in Terraform's vocabulary, made ready."""
    priority = values.get("priority")
    number = int(priority) if isinstance(priority, int | str) else None
    return Rule(address, number, tuple(conditions(values)), values.get("action"))


def conditions(values: Mapping[str, Any]) -> Iterator[Condition]:
    """The conditions of a rule, each of which has to be met."""
    for condition in items(values.get("condition")):
        for kind, blocks in ({"": condition} if isinstance(condition, Unknown) else condition).items():
            if not blocks:
                continue
            if kind == "query_string":
                yield _query_condition(items(blocks))
                continue
            for block in items(blocks):
                yield NOT_UNDERSTOOD if isinstance(block, Unknown) else _condition(kind, block)


def _condition(kind: str, block: Mapping[str, Any]) -> Condition:
    if kind not in (*LISTS, "http_header"):
        return NOT_UNDERSTOOD
    values = items(block.get("values"))
    told = [str(value) for value in values if not isinstance(value, Unknown)]
    named = block.get("http_header_name")
    return Condition(
        kind,
        named if isinstance(named, Unknown) else text(named).lower(),
        values,
        any_of(told, ignore_case=kind in ("host_header", "http_header")),
        len(told) < len(values),
    )


def _query_condition(blocks: tuple[Any, ...]) -> Condition:
    pairs = []
    unsure = False
    for block in blocks:
        key, value = (None, block) if isinstance(block, Unknown) else (block.get("key"), block.get("value"))
        if isinstance(key, Unknown) or isinstance(value, Unknown):
            unsure = True
            continue
        named = any_of((str(key),), ignore_case=True) if key else None
        pairs.append((named, any_of((text(value),), ignore_case=True)))
    return Condition("query_string", unsure=unsure, pairs=tuple(pairs))


def takes(conditions: Sequence[Condition], asked: Asked) -> bool | None:
    """Whether a request meets every condition; None if that isn't known. Without conditions it doesn't."""
    sure_of_all = True
    for condition in conditions:
        verdict = _meets(condition, asked)
        if verdict is False:
            return False
        sure_of_all = sure_of_all and verdict is True
    return None if not sure_of_all else bool(conditions)


def _meets(condition: Condition, asked: Asked) -> bool | None:
    if condition.kind == "http_header":
        return _header(condition, asked)
    if condition.kind == "host_header":
        verdicts = {_one(condition, host) for host in asked.hosts}
        return verdicts.pop() if len(verdicts) == 1 else None
    if condition.kind == "path_pattern":
        return None if asked.path is None else _one(condition, asked.path)
    if condition.kind == "http_request_method":
        if asked.method is None:
            return None
        return asked.method in condition.values or (None if condition.unsure else False)
    if condition.kind == "source_ip":
        return True if "0.0.0.0/0" in condition.values else None
    if condition.kind == "query_string":
        return None if asked.query is None else _parameter(condition, asked.query)
    return None


def _header(condition: Condition, asked: Asked) -> bool | None:
    name = condition.name
    if isinstance(name, Unknown):
        return None
    sent = asked.headers.get(name)
    if not sent:
        own = name.startswith("cloudfront-") and "cloudfront-" in asked.unclear
        return None if own or name in asked.unclear or ANY in asked.unclear else False
    verdicts = [_one(condition, value) for value in sent]
    return True if True in verdicts else None if None in verdicts else False


def _one(condition: Condition, value: Any) -> bool | None:
    """Whether one of the condition's values takes this one."""
    if value is None:
        return None
    # What is known after apply on both sides is the same if it will be the same.
    if value in condition.values:
        return True
    if not isinstance(value, Unknown) and condition.pattern.fullmatch(str(value)):
        return True
    return None if condition.unsure or isinstance(value, Unknown) else False


def _parameter(condition: Condition, query: str) -> bool | None:
    for name, part in parameters(query):
        value = part[len(name) + 1 :]
        for named, pattern in condition.pairs:
            if (named is None or named.fullmatch(name)) and pattern.fullmatch(value):
                return True
    return None if condition.unsure else False


def in_order(rules: Iterable[Rule]) -> tuple[Rule, ...]:
    """Rules by priority; those of which it isn't known come last."""
    return tuple(sorted(rules, key=lambda one: (one.priority is None, one.priority or 0)))


def taking(rules: Sequence[Rule], asked: Asked) -> Rule | None:
    """The rule, of these in their order, that takes a request; None is the default rule. Raises NotKnown, where another
    may take it before."""
    found = None
    for one in rules:
        if found is not None and one.priority is not None:
            continue
        verdict = takes(one.conditions, asked)
        if verdict is None or (verdict and found is not None):
            raise NotKnown(one.address)
        if verdict:
            found = one
            if rules[-1].priority is not None:
                break
    return found


def action(actions: Any, request: Mapping[str, Any]) -> Action | None:
    """What a rule does: the first of its actions; None where it has none. `request` has the parts of the URL that a
    redirect may refer to. Raises NotKnown."""
    for values in _in_order(actions):
        kind = text(sure(values.get("type")))
        if kind == "fixed-response":
            block = first(values, "fixed_response")
            told = (text(block.get(name)) for name in ("status_code", "content_type", "message_body"))
            return FixedResponse(*told)
        if kind == "forward":
            return Forward(tuple(_groups(values)))
        if kind == "redirect":
            return _redirect(first(values, "redirect"), request)
        return Other(kind)
    return None


def _in_order(actions: Any) -> list[Mapping[str, Any]]:
    found = list(known(actions))
    return sorted(found, key=lambda one: order if isinstance(order := one.get("order"), int) else 0)


def _groups(values: Mapping[str, Any]) -> Iterator[tuple[Any, Any]]:
    if values.get("target_group_arn"):
        yield values["target_group_arn"], 1
        return
    for block in known(values.get("forward")):
        for group in known(block.get("target_group")):
            weight = group.get("weight")
            if weight != 0:
                yield group.get("arn"), 1 if weight is None else weight


_KEYWORD = re.compile(r"#\{(protocol|host|port|path|query)\}")


def _redirect(block: Mapping[str, Any], request: Mapping[str, Any]) -> Redirect:
    """Where it leads; what isn't configured stays as it was asked."""

    def told(name: str, default: str) -> str:
        return _KEYWORD.sub(lambda found: str(request[found[1]]), text(block.get(name)) or default)

    protocol, port = told("protocol", "#{protocol}").lower(), told("port", "#{port}")
    usual = {"http": "80", "https": "443"}.get(protocol) == port
    query = told("query", "#{query}")
    place = f"{told('host', '#{host}')}{'' if usual else f':{port}'}{told('path', '/#{path}')}"
    return Redirect(
        text(block.get("status_code")).removeprefix("HTTP_"), f"{protocol}://{place}{f'?{query}' if query else ''}"
    )
