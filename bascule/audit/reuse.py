"""Whether an Application Load Balancer that is there could take the site in as it is: pure decisions over facts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bascule.audit.known import unknown, unread
from bascule.audit.phrases import Phrase, phrase

RULES = 100
"""Rules of an ALB, default actions not counted (ELB user guide, quotas)."""


@dataclass(frozen=True)
class Reuse:
    """What speaks against a load balancer, and what isn't known of it."""

    against: tuple[Phrase, ...]
    unsure: tuple[Phrase, ...]

    @property
    def open(self) -> bool | None:
        """Whether CloudFront can be sent there; None where that isn't known."""
        return False if self.against else None if self.unsure else True


def reuse(balancer: Mapping[str, Any]) -> Reuse:
    """What is found of one of the audit's `load_balancers`."""
    return Reuse(tuple(_against(balancer)), tuple(_unsure(balancer)))


def listeners(balancer: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """Its listeners; none where they couldn't be read."""
    found = balancer["listeners"]
    return found if isinstance(found, list) else ()


def each_once(phrases: Sequence[Phrase]) -> tuple[Phrase, ...]:
    """Without those that were said before."""
    return tuple(one for number, one in enumerate(phrases) if one not in phrases[:number])


def _against(balancer: Mapping[str, Any]) -> Iterator[Phrase]:
    name = balancer["name"]
    if balancer["scheme"] != "internet-facing":
        yield phrase("{name} is internal: CloudFront can't reach it as a plain origin", name=name)
    if balancer["state"] != "active":
        yield phrase("{name} is {state}, not active", name=name, state=balancer["state"])
    if unknown(balancer["listeners"]):
        return
    if not {one["port"] for one in listeners(balancer)} & {80, 443}:
        yield phrase("{name} has no listener on port 80 or 443", name=name)
    used = sum(len(one["priorities"]) for one in listeners(balancer) if isinstance(one["priorities"], list))
    if used >= RULES:
        yield phrase("{name} has {count} rules, which is its quota", name=name, count=used)


def _unsure(balancer: Mapping[str, Any]) -> Iterator[Phrase]:
    asked = (balancer["listeners"], *(one["priorities"] for one in listeners(balancer)))
    yield from each_once([unread(one) for one in asked if unknown(one)])
