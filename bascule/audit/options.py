"""The three ways that the first audit saw, and whether each is open to this account: pure decisions over facts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from bascule.audit.facts import Facts
from bascule.audit.known import unknown, unread
from bascule.audit.phrases import Phrase, phrase
from bascule.audit.reuse import each_once, listeners, reuse
from bascule.subnets import FREE


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
    existing one. None where both are ruled out: a static export is never taken for granted, since no account shows
    whether the application allows it, and it overwrites what the bucket serves."""
    existing, new, _ = found
    for option in (new, existing):
        if option.verdict is Verdict.FEASIBLE:
            return option
    return next((option for option in (new, existing) if option.verdict is Verdict.UNKNOWN), None)


Reasons = tuple[list[Phrase], list[Phrase]]
"""What rules a way out, and what isn't known."""


def _option(number: int, strategy: str, reasons: Reasons, found: Sequence[Phrase]) -> Option:
    against, unsure = reasons
    if against:
        return Option(number, strategy, Verdict.NOT_FEASIBLE, tuple(against))
    if unsure:
        return Option(number, strategy, Verdict.UNKNOWN, each_once(unsure))
    return Option(number, strategy, Verdict.FEASIBLE, tuple(found))


def _existing(facts: Facts) -> Option:
    against, unsure = _service(facts)
    balancers, found = facts["load_balancers"], []
    if unknown(balancers):
        unsure.append(unread(balancers))
    elif balancers is not None:
        judged = {one["name"]: reuse(one) for one in balancers}
        reusable = [one for one in balancers if judged[one["name"]].open]
        if not balancers:
            against.append(phrase("there is no Application Load Balancer in the service's VPC"))
        elif not reusable:
            doubts = [doubt for one in judged.values() if one.open is None for doubt in one.unsure]
            unsure += doubts
            against += [] if doubts else [reason for one in judged.values() for reason in one.against]
        found = [
            phrase(
                "{name}: {scheme}, listeners {listeners}",
                name=one["name"],
                scheme=one["scheme"],
                listeners=tuple(f"{it['protocol']}:{it['port']}" for it in listeners(one)),
            )
            for one in reusable
        ]
    return _option(1, "existing-alb", (against, unsure), found)


def _new(facts: Facts) -> Option:
    against, unsure = _service(facts)
    found: list[Phrase] = []
    network = facts["network"]
    if isinstance(network, Mapping) and not unknown(network):
        for more, to in zip(_room(network["subnets"]), (against, unsure, found), strict=True):
            to += more
        most, have = network["most_balancers"], network["balancers"]
        if isinstance(most, int) and isinstance(have, int):
            if have >= most:
                against.append(phrase("the region has {count} ALBs, which is its quota", count=have))
            else:
                found.append(phrase("ALBs in the region: {count}, of a quota of {most}", count=have, most=most))
        else:
            unsure += [unread(one) for one in (most, have) if unknown(one)]
    return _option(2, "create-alb", (against, unsure), found)


def _room(subnets: Any) -> tuple[list[Phrase], list[Phrase], list[Phrase]]:
    """What speaks against a new ALB in these subnets, what isn't known of them, and what was found."""
    if unknown(subnets):
        return [], [unread(subnets)], []
    unseen = next((one["public"] for one in subnets if unknown(one["public"])), None)
    if unseen is not None:
        return [], [unread(unseen)], []
    own = zones([one for one in subnets if one["wanted"]])
    if len(own) > 1:
        return [], [], [phrase("public subnets with room in {zones}", zones=own)]
    if len(zones(subnets)) > 1:
        others = tuple(one["id"] for one in usable(subnets))
        return (
            [],
            [],
            [phrase("in other subnets of the VPC than the service's, which are public: {subnets}", subnets=others)],
        )
    needs = phrase("an ALB needs public subnets with {free} free addresses in two zones", free=FREE)
    if own:
        return [phrase("{needs}; the service has them in {zones} alone", needs=needs, zones=own)], [], []
    return [phrase("{needs}; the service has none", needs=needs)], [], []


def usable(subnets: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The subnets of the facts in which an ALB that faces the internet can stand."""
    return [one for one in subnets if one["public"] is True and one["room"]]


def zones(subnets: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """The zones of the usable ones."""
    return tuple(sorted({str(one["zone"]) for one in usable(subnets)}))


def _service(facts: Facts) -> Reasons:
    """What keeps the service from being put behind any ALB."""
    service, distribution = facts["service"], facts["distribution"]
    against, unsure = [], []
    for fact, missing in (
        (distribution, phrase("the distribution of the site file isn't there")),
        (service, phrase("the ECS service of the site file isn't there")),
        (facts["bucket"], phrase("the bucket of the site file isn't there")),
    ):
        if unknown(fact):
            unsure.append(unread(fact))
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
        unsure.append(unread(definition))
    elif definition is None:
        against.append(phrase("the service has no task definition"))
    elif not definition["listens"]:
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
            unsure.append(unread(fact))
        elif fact is None:
            against.append(missing)
    unsure.append(
        phrase(
            "whether the application can be exported (output: 'export') can't be seen from the account: it can't "
            "have server-side rendering, route handlers, Server Actions, middleware or on-demand images"
        )
    )
    return _option(3, "static-export", (against, unsure), [])
