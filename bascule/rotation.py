"""Rotating the origin's secret: what to do next, told by what is true, so that no request is ever refused.

`old` → `old,new`: the ALB accepts both → `new,old`: CloudFront sends the new one → `new`: the ALB accepts it alone.
CloudFront sends the first value of the parameter, the listener rule accepts all of them (`modules/load_balancer.py`).

Two values alone don't tell which of them is the new one, so the parameter's description says how far the rotation is:
PutParameter writes it in the same call as the value (tags it refuses together with Overwrite: SSM API, PutParameter).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from bascule.errors import BasculeError
from bascule.ladder import ALB_ORIGIN_ID
from bascule.summary import Row

VALUE = re.compile("[0-9a-f]{32,128}")
"""One value, as the configuration takes it (`modules.load_balancer.SECRET_PATTERN`)."""

AT_REST = "Header by which the ALB knows CloudFront; two comma-separated values during a rotation"
"""The parameter's description while it holds one value."""

MARK = re.compile("bascule: rotation ([12]) of 3")
"""How the description of a parameter begins that holds two values of ours."""


class Phase(StrEnum):
    """How far a rotation is; each ends with an apply."""

    BOTH = "1 of 3: the ALB accepts both values"
    SWITCH = "2 of 3: CloudFront sends the new value"
    ALONE = "3 of 3: the ALB accepts the new value alone"

    @property
    def description(self) -> str:
        """The parameter's description from the phase's beginning on."""
        return AT_REST if self is Phase.ALONE else f"bascule: rotation {self.value}"


class Part(StrEnum):
    """What an apply of a rotation changes, by its address."""

    RULE = "aws_lb_listener_rule.cloudfront"
    DISTRIBUTION = "aws_cloudfront_distribution.site"


@dataclass(frozen=True)
class Seen:
    """The parameter, the distribution and the listener rule as they are. No value is ever in a `repr`."""

    value: str = field(repr=False)
    description: str
    sent: str | None = field(repr=False)
    """The header that the distribution's config sends to the ALB: None if it doesn't know the ALB, empty if it sends
    it none."""
    deployed: bool
    """Whether every edge has that config."""
    accepted: frozenset[str] = field(repr=False)
    """The values that the listener rule takes."""


@dataclass(frozen=True)
class Wait:
    """Wait until every edge has the distribution's config."""


@dataclass(frozen=True)
class Put:
    """Put another value into the parameter, and how far that is."""

    phase: Phase
    value: str = field(repr=False)


@dataclass(frozen=True)
class Apply:
    """Apply what the parameter says; exactly one part changes."""

    phase: Phase
    part: Part


Move = Wait | Put | Apply


def begin(seen: Seen, new: str) -> Put:
    """The first move of a new rotation, from where `next_move` has none."""
    return Put(Phase.BOTH, f"{seen.value},{new}")


def next_move(seen: Seen) -> Move | None:
    """The next move of the rotation under way; None where there is none: one value, sent and accepted alone.

    A value that was put in the place of the one that CloudFront sends is rotated to, too. Each move is safe whoever
    applies the configuration when: what the edges send is accepted before it, during it and after it. Raises
    BasculeError for what no rotation leads to.
    """
    values = seen.value.split(",")
    if len(values) > 2 or len(set(values)) < len(values) or not all(map(VALUE.fullmatch, values)):
        raise BasculeError(
            "the parameter doesn't hold one or two values as `bascule secret create` makes them",
            remedy=f"put one of 32 to 128 lowercase hex digits there; {_HISTORY}",
        )
    mark = MARK.match(seen.description)
    if len(values) == 2 and mark is None:
        raise BasculeError(
            "the parameter holds two values, and not by `bascule secret rotate`: which is the new one can't be told",
            remedy="finish by hand, step by step with `bascule apply`, until it holds one value, the one that "
            "CloudFront sends",
        )
    if len(values) == 1:
        return _alone(seen, seen.value)
    old, new = values if mark and mark[1] == "1" else reversed(values)
    return _between(seen, old, new)


def _alone(seen: Seen, value: str) -> Move | None:
    if seen.sent not in (None, value):
        if not VALUE.fullmatch(seen.sent or ""):
            raise BasculeError(
                "CloudFront sends the ALB no value as `bascule secret create` makes them",
                remedy="somebody changed the header of the distribution's origin: `bascule plan` shows what is there",
            )
        return _when_deployed(seen, Put(Phase.BOTH, f"{seen.sent},{value}"))
    if seen.accepted != {value}:
        return _when_deployed(seen, Apply(Phase.ALONE, Part.RULE))
    return None


def _between(seen: Seen, old: str, new: str) -> Move:
    if seen.sent not in (None, old, new):
        raise BasculeError(
            "CloudFront sends the ALB a value that isn't in the parameter",
            remedy=f"somebody changed the one or the other; put the value that is sent there, alone; {_HISTORY}",
        )
    if seen.sent == new:
        return _when_deployed(seen, Put(Phase.ALONE, new))
    if seen.accepted != {old, new}:
        return _when_deployed(seen, _written(seen, Phase.BOTH, f"{old},{new}") or Apply(Phase.BOTH, Part.RULE))
    if seen.sent is None:
        return _when_deployed(seen, Put(Phase.ALONE, new))
    return _when_deployed(seen, _written(seen, Phase.SWITCH, f"{new},{old}") or Apply(Phase.SWITCH, Part.DISTRIBUTION))


def _when_deployed(seen: Seen, move: Move) -> Move:
    """Edges that haven't the config yet send what they sent before it, which is not in it any more."""
    return move if seen.deployed else Wait()


def _written(seen: Seen, phase: Phase, value: str) -> Put | None:
    return None if seen.value == value else Put(phase, value)


def require_only(rows: Sequence[Row], part: Part, header: str) -> None:
    """Raises BasculeError unless a plan, whose rows these are, changes the header's value on `part` and no more."""
    wanted = {
        Part.RULE: f"condition[0].http_header[{header}].values",
        Part.DISTRIBUTION: f"origin[{ALB_ORIGIN_ID}].custom_header[{header}].value",
    }[part]
    beyond = [str(row).strip() for row in rows if row.address != part or row.action != "update" or row.imported]
    beyond += [
        f"{row.address}.{difference}"
        for row in rows
        if row.address == part
        for difference in row.differences
        if difference.path != wanted
    ]
    if beyond:
        raise BasculeError(
            "\n".join(["the plan changes more than the secret:", *(f"  {line}" for line in beyond)]),
            remedy="`bascule apply` first, which is safe at any time, or undo what was changed; "
            "then `bascule secret rotate` goes on",
        )
    if not rows:
        raise BasculeError(
            f"the plan doesn't change {part}, which hasn't the parameter's value yet",
            remedy="SSM may need a moment: `bascule secret rotate` goes on from what is true",
        )


_HISTORY = "`aws ssm get-parameter-history` has the values before"
