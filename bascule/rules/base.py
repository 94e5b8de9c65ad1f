"""What a rule is: a question about a plan, with three answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from bascule.ladder import ADOPTED_TYPES, ALB_ORIGIN_ID, Step
from bascule.plan_json import Change, Plan
from bascule.routing import DISTRIBUTION_TYPE, SITE, find, known, sure
from bascule.site import Site


class Outcome(StrEnum):
    """What a rule says of a plan. `unknown` is told at apply only, and never taken for a pass."""

    PASS = "pass"
    UNKNOWN = "unknown"
    FAIL = "fail"


class Severity(StrEnum):
    """What a failure means: `block` keeps the plan from being applied, `review` asks for a person's eyes."""

    REVIEW = "review"
    BLOCK = "block"


@dataclass(frozen=True)
class Observation:
    """One thing that a rule saw and that is not as it should be, or can't be told yet."""

    outcome: Outcome
    seen: str


@dataclass(frozen=True)
class Case:
    """What rules look at."""

    plan: Plan
    site: Site
    step: Step
    targeted: bool = False
    """Whether the plan is of one resource on purpose, as a rollback's is."""
    leftover: Mapping[str, Any] = field(default_factory=dict)
    """What the live distribution has that the provider can't express, by path in the API's config."""

    @property
    def distribution(self) -> Change | None:
        """The change of the distribution, if the plan speaks of it."""
        found = self.plan.of_type(DISTRIBUTION_TYPE)
        return self.plan.by_address.get(SITE) or next(iter(found), None)

    def adopted(self) -> Iterator[Change]:
        """The changes of the adopted resources."""
        return (change for type_ in ADOPTED_TYPES for change in self.plan.of_type(type_))

    def remaining(self, type_: str) -> Iterator[Change]:
        """The resources of a type that there are after the plan."""
        return (change for change in self.plan.of_type(type_) if change.after)


Check = Callable[[Case], Iterable[Observation]]


@dataclass(frozen=True)
class Rule:
    """One rule."""

    id: str
    severity: Severity
    title: str
    """What has to hold, on one line."""
    explanation: str
    """A paragraph: why, and what to do about a failure."""
    check: Check = field(repr=False)
    """Yields what fails or is unknown; nothing where the rule holds or has nothing to say. Raises NotKnown where it
    can't look any further before the apply."""
    waivable: bool = True
    """Whether a site file may waive it; what never can be right can't be waived."""
    stops_rollback: bool = False
    """Whether it blocks even the way back to the bucket, which little else may stop."""


def fail(seen: str) -> Observation:
    """An observation that fails the rule."""
    return Observation(Outcome.FAIL, seen)


def unknown(seen: str) -> Observation:
    """An observation that can't be made before the apply."""
    return Observation(Outcome.UNKNOWN, seen)


def default_behavior(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """The distribution's default behavior; empty where there is none."""
    found: Mapping[str, Any] = next(known(values.get("default_cache_behavior")), {})
    return found


def behaviors(values: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every behavior of a distribution with its path pattern, `default` for the default one."""
    yield "default", default_behavior(values)
    yield from ((str(b.get("path_pattern")), b) for b in known(values.get("ordered_cache_behavior")))


def visitors_go_to(values: Mapping[str, Any]) -> Any:
    """The origin id of the default behavior; None where there is no distribution."""
    return sure(default_behavior(values).get("target_origin_id"))


def serves_application(values: Mapping[str, Any]) -> bool:
    """Whether the ALB is the origin that visitors get."""
    return bool(visitors_go_to(values) == ALB_ORIGIN_ID)


def lists_load_balancer(values: Mapping[str, Any]) -> bool:
    """Whether the ALB is an origin of the distribution."""
    return load_balancer_origin(values) is not None


def load_balancer_origin(values: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The origin of a distribution that is our ALB."""
    return find(values.get("origin"), lambda origin: sure(origin.get("origin_id")) == ALB_ORIGIN_ID)


def attached_groups(service: Mapping[str, Any]) -> tuple[Any, ...]:
    """ARNs of the target groups that a service registers its tasks with."""
    return tuple(balancer.get("target_group_arn") for balancer in known(service.get("load_balancer")))
