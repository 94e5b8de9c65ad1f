"""What a check is: a question about an account before the move, with four answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from bascule.checks.by_hand import by_hand
from bascule.inventory import Fact, Inventory, Unread
from bascule.ladder import Stage
from bascule.outcomes import Result, UnansweredError, unknown
from bascule.site import Site

if TYPE_CHECKING:
    from bascule.checks.permissions import Permissions


@dataclass(frozen=True)
class Case:
    """What checks look at."""

    inventory: Inventory
    site: Site
    today: date
    expected_account: str | None = None
    """The account that `bascule adopt` recorded, where the site is adopted."""
    permissions: Permissions | None = None
    """What IAM says that the role may do, where it was asked."""

    def maybe(self, name: str) -> Fact:
        """A fact of the inventory, or None where there is none. Raises UnansweredError where it couldn't be read.

        What is None only for want of another fact is as unanswered as that one.
        """
        fact = getattr(self.inventory, name)
        if isinstance(fact, Unread):
            raise self.unanswered(name, fact)
        if fact is None and name in ASKED_BY:
            self.fact(ASKED_BY[name])
        return fact

    def fact(self, name: str) -> Any:
        """A fact of the inventory. Raises UnansweredError where there is none or it couldn't be read."""
        fact = self.maybe(name)
        if fact is None:
            raise UnansweredError(
                unknown(
                    f"{WORDS.get(name, name.replace('_', ' '))}: none was found", f"look yourself: `{self.look(name)}`"
                )
            )
        return fact

    def among(self, name: str, key: str) -> Fact:
        """One of the facts that are kept by key; None where there is no such one. Raises UnansweredError where it, or
        all of them, couldn't be read."""
        every = self.maybe(name)
        fact = every.get(key) if isinstance(every, Mapping) else None
        if isinstance(fact, Unread):
            raise self.unanswered(name, fact, key)
        return fact

    def rows(self, name: str) -> list[Any]:
        """A fact that is a list. Raises UnansweredError where it couldn't be read."""
        fact = self.fact(name)
        return list(fact) if isinstance(fact, list | tuple) else []

    def unanswered(self, name: str, fact: Unread, key: str = "") -> UnansweredError:
        """What a check says of a fact that couldn't be read: the action, AWS's answer, and how to look by hand."""
        return UnansweredError(unread(fact, self.look(name, key)))

    def look(self, name: str, key: str = "") -> str:
        """The command by which a person reads a fact."""
        return by_hand(name, self.site, self.inventory, key)

    @property
    def config(self) -> Mapping[str, Any]:
        """The distribution's config. Raises UnansweredError where there is none or it couldn't be read."""
        config: Mapping[str, Any] = self.fact("distribution")["DistributionConfig"]
        return config

    @property
    def service(self) -> Mapping[str, Any]:
        """The service. Raises UnansweredError where there is none or it couldn't be read."""
        service: Mapping[str, Any] = self.fact("service")
        return service

    @property
    def now(self) -> datetime:
        """The first moment of today."""
        return datetime(self.today.year, self.today.month, self.today.day, tzinfo=UTC)


@dataclass(frozen=True)
class Check:
    """One check."""

    id: str
    title: str
    """What has to hold, on one line."""
    rung: Stage
    """The stage at which it begins to matter."""
    standing: bool
    """Whether it goes on to matter above that rung; else only for a move that has yet to pass it."""
    why: str
    """A paragraph: why, and what a failure would do."""
    look: Callable[[Case], Result] = field(repr=False)
    """Raises UnansweredError where what it looks at couldn't be read."""
    waivable: bool = True
    """Whether a site file may waive it. Not where bascule itself would go no further: what the site file names has to
    be there and adoptable, in the account that is meant. Permissions may: a simulation isn't AWS's last word."""


ASKED_BY: Mapping[str, str] = {
    "functions": "distribution",
    "viewer_certificate": "distribution",
    "task_definition": "service",
    "running_definitions": "tasks",
    "interfaces": "tasks",
    "subnets": "service",
    "route_tables": "subnets",
    "security_groups": "subnets",
}
"""Facts that are asked for only where another one was answered."""

WORDS: Mapping[str, str] = {
    "service": "the ECS service",
    "distribution": "the distribution",
    "load_balancer_limits": "Elastic Load Balancing's limits",
    "rules_quota": "the quota of rules per security group",
    "prefix_list": "CloudFront's prefix list",
    "events": "AWS Health's events",
}
"""Facts in words, where their names don't say it."""


def unread(fact: Unread, command: str) -> Result:
    """What couldn't be read; only a refusal is mended by a permission."""
    yourself = f"look yourself: `{command}`"
    remedy = f"allow {fact.action} to this role; or {yourself}" if fact.refused else f"{yourself}, or try again"
    return unknown(str(fact), remedy)


def items(holder: Mapping[str, Any], key: str) -> list[Any]:
    """The items of one of CloudFront's lists, which has none at all where it is empty."""
    return list((holder.get(key) or {}).get("Items") or ())


def listed(values: Iterable[Any]) -> str:
    """Values in a sentence."""
    return ", ".join(str(value) for value in values)


def number(count: float, one: str, many: str = "") -> str:
    """A count with its noun."""
    return f"{count:g} {one if count == 1 else many or one + 's'}"
