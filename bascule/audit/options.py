"""The three ways that the first audit saw, and whether each is open to this account: pure decisions over facts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from bascule.audit.facts import Facts
from bascule.audit.known import unknown
from bascule.audit.phrases import Phrase, phrase

FREE_ADDRESSES = 8
"""Addresses that a subnet of an ALB needs free (ELB user guide, subnets for your load balancer)."""

RULES = 100
"""Rules of an ALB, default actions not counted (ELB user guide, quotas)."""


class Verdict(StrEnum):
    """Whether a way is open."""

    FEASIBLE = "feasible"
    NOT_FEASIBLE = "not feasible"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Option:
    """One of the three ways."""

    number: int
    strategy: str
    """The site file's word for it."""
    verdict: Verdict
    reasons: tuple[Phrase, ...]
    """What speaks against it where it isn't feasible, what isn't known, or what was found."""


def options(facts: Facts) -> tuple[Option, Option, Option]:
    """The options in the order of the first audit: an existing ALB, a new one, a static export."""
    return _existing(facts), _new(facts), _static(facts)


def recommended(found: Sequence[Option]) -> Option | None:
    """The option to take: a new ALB where it isn't ruled out, since it depends on nothing that others use; else an
    existing one; else the static export, which costs server-side rendering. None where all are ruled out."""
    existing, new, static = found
    for option in (new, existing, static):
        if option.verdict is Verdict.FEASIBLE:
            return option
    return next((option for option in (new, existing, static) if option.verdict is Verdict.UNKNOWN), None)


Reasons = tuple[list[Phrase], list[Phrase]]
"""What rules a way out, and what isn't known."""


def _option(number: int, strategy: str, reasons: Reasons, found: Sequence[Phrase]) -> Option:
    against, unsure = reasons
    if against:
        return Option(number, strategy, Verdict.NOT_FEASIBLE, tuple(against))
    if unsure:
        return Option(number, strategy, Verdict.UNKNOWN, tuple(unsure))
    return Option(number, strategy, Verdict.FEASIBLE, tuple(found))


def _existing(facts: Facts) -> Option:
    against, unsure = _service(facts)
    balancers = facts["load_balancers"]
    if unknown(balancers):
        unsure.append(_unread(balancers))
    elif balancers is not None:
        reusable = [one for one in balancers if not any(_unfit(one))]
        if not balancers:
            against.append(phrase("there is no Application Load Balancer in the service's VPC"))
        elif not reusable:
            against += [reason for one in balancers for reason in _unfit(one)]
        found = [
            phrase(
                "{name}: {scheme}, listeners {listeners}",
                name=one["name"],
                scheme=one["scheme"],
                listeners=tuple(f"{it['protocol']}:{it['port']}" for it in _listeners(one)),
            )
            for one in reusable
        ]
        return _option(1, "existing-alb", (against, unsure), found)
    return _option(1, "existing-alb", (against, unsure), [])


def _listeners(balancer: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    listeners = balancer["listeners"]
    return listeners if isinstance(listeners, list) else ()


def _unfit(balancer: Mapping[str, Any]) -> Iterator[Phrase]:
    """Why CloudFront couldn't be sent to this ALB as it is."""
    name = balancer["name"]
    if balancer["scheme"] != "internet-facing":
        yield phrase("{name} is internal: CloudFront can't reach it as a plain origin", name=name)
    if balancer["state"] != "active":
        yield phrase("{name} is {state}, not active", name=name, state=balancer["state"])
    if isinstance(balancer["listeners"], list):
        ports = {one["port"] for one in balancer["listeners"]}
        if not ports & {80, 443}:
            yield phrase("{name} has no listener on port 80 or 443", name=name)
        used = sum(len(one["priorities"]) for one in balancer["listeners"] if isinstance(one["priorities"], list))
        if used >= RULES:
            yield phrase("{name} has {count} rules, which is its quota", name=name, count=used)


def _new(facts: Facts) -> Option:
    against, unsure = _service(facts)
    network, found = facts["network"], []
    if isinstance(network, Mapping) and not unknown(network):
        subnets = network["subnets"]
        if unknown(subnets):
            unsure.append(_unread(subnets))
        else:
            unread = next((one["public"] for one in subnets if unknown(one["public"])), None)
            usable = [one for one in subnets if one["public"] is True and one["free"] >= FREE_ADDRESSES]
            zones = tuple(sorted({one["zone"] for one in usable}))
            if unread is not None:
                unsure.append(_unread(unread))
            elif len(zones) < 2:
                against.append(
                    phrase(
                        "an ALB needs public subnets with {free} free addresses in two zones; they are in {zones}",
                        free=FREE_ADDRESSES,
                        zones=zones or phrase("no zone"),
                    )
                )
            else:
                found.append(phrase("public subnets with room in {zones}", zones=zones))
        most, have = network["most_balancers"], network["balancers"]
        if isinstance(most, int) and isinstance(have, int):
            if have >= most:
                against.append(phrase("the region has {count} ALBs, which is its quota", count=have))
            else:
                found.append(phrase("{count} of {most} ALBs of the region's quota are there", count=have, most=most))
        else:
            unsure += [_unread(one) for one in (most, have) if unknown(one)]
    return _option(2, "create-alb", (against, unsure), found)


def _service(facts: Facts) -> Reasons:
    """What keeps the service from being put behind any ALB."""
    service, distribution = facts["service"], facts["distribution"]
    against, unsure = [], []
    for fact, missing in (
        (distribution, phrase("the distribution of the site file isn't there")),
        (service, phrase("the ECS service of the site file isn't there")),
    ):
        if unknown(fact):
            unsure.append(_unread(fact))
        elif fact is None:
            against.append(missing)
    if not isinstance(service, Mapping) or unknown(service):
        return against, unsure
    if service["controller"] != "ECS":
        against.append(
            phrase(
                "the service's deployment controller is {controller}, which doesn't let its load balancer change",
                controller=service["controller"],
            )
        )
    definition = service["task_definition"]
    if unknown(definition):
        unsure.append(_unread(definition))
    elif definition is not None and not definition["listens"]:
        against.append(
            phrase(
                "container {container} doesn't listen on the site file's port, but on {ports}",
                container=definition["container"],
                ports=tuple(str(port) for port in definition["ports"]) or phrase("no port"),
            )
        )
    return against, unsure


def _static(facts: Facts) -> Option:
    against, unsure = [], []
    for fact, missing in (
        (facts["distribution"], phrase("the distribution of the site file isn't there")),
        (facts["bucket"], phrase("the bucket of the site file isn't there")),
    ):
        if unknown(fact):
            unsure.append(_unread(fact))
        elif fact is None:
            against.append(missing)
    unsure.append(
        phrase(
            "whether the application can be exported (output: 'export') can't be seen from the account: it can't "
            "have server-side rendering, route handlers, Server Actions, middleware or on-demand images"
        )
    )
    return _option(3, "static-export", (against, unsure), [])


def _unread(fact: Mapping[str, str]) -> Phrase:
    return phrase("{action} is refused", action=fact["unknown"])
