"""What a step's plan may not hold: pure rules over a plan, checked before it is applied."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bascule import summary
from bascule.errors import BasculeError
from bascule.ladder import ALB_ORIGIN_ID, Stage, Step

DISTRIBUTION = "aws_cloudfront_distribution.site"
LISTENER = "aws_lb_listener.alb"
RULE = "aws_lb_listener_rule.cloudfront"


def require(plan: summary.Plan, step: Step) -> None:
    """Raises BasculeError if the plan holds what the step may not."""
    found = list(violations(plan, step))
    if found:
        raise BasculeError(
            "\n".join([f"not going to {step.stage}: the plan holds what this step may not", *found]),
            remedy=f'apply the rest first, at the rung reached: stage = "{step.reached}"'
            if step.reached is not Stage.NONE
            else "the state is empty, but the account isn't as it was adopted: look for the state, or adopt anew",
        )


def violations(plan: summary.Plan, step: Step) -> Iterator[str]:
    """What the plan holds and may not, a line each.

    - The first adoption is three imports and nothing else: with a lost state, anything more would undo the move in an
      order that nobody checked.
    - Where visitors are sent elsewhere, the distribution alone may change: the gates looked at the rest as it is.
    - While the distribution knows the ALB, the listener keeps its protocol, and its rule goes on accepting what
      CloudFront sends: edges learn of a change minutes after the ALB.
    """
    rows = summary.rows(plan)
    if step.reached is Stage.NONE and step.stage is Stage.ADOPT and summary.counts(plan) != summary.ADOPTION:
        yield f"  adopting is {summary.ADOPTION}; this is {summary.counts(plan)}"
    changes = {change["address"]: change["change"] for change in plan.get("resource_changes") or ()}
    before, after = _visitors_go_to(changes, "before"), _visitors_go_to(changes, "after")
    if None not in (before, after) and before != after:
        yield from (f"  {row}" for row in rows if row.address != DISTRIBUTION)
    sent = _sent_header(changes.get(DISTRIBUTION) or {})
    if sent is not None:
        yield from _handshake(changes, *sent)


def sends_visitors_to_the_application(plan: summary.Plan) -> bool:
    """Whether the plan makes the ALB the origin that visitors get, whatever rung the state shows."""
    changes = {change["address"]: change["change"] for change in plan.get("resource_changes") or ()}
    return _visitors_go_to(changes, "before") != ALB_ORIGIN_ID == _visitors_go_to(changes, "after")


def _visitors_go_to(changes: Mapping[str, Mapping[str, Any]], side: str) -> str | None:
    distribution = (changes.get(DISTRIBUTION) or {}).get(side) or {}
    origins = [behavior["target_origin_id"] for behavior in distribution.get("default_cache_behavior") or ()]
    return origins[0] if origins else None


def _sent_header(distribution: Mapping[str, Any]) -> tuple[str, str] | None:
    """Name and value of the header that CloudFront sends to the ALB now; None if it doesn't know the ALB."""
    for origin in (distribution.get("before") or {}).get("origin") or ():
        if origin["origin_id"] == ALB_ORIGIN_ID:
            for header in origin.get("custom_header") or ():
                return header["name"], header["value"]
    return None


def _handshake(changes: Mapping[str, Mapping[str, Any]], name: str, value: str) -> Iterator[str]:
    listener, rule = changes.get(LISTENER), changes.get(RULE)
    if listener is not None:
        before, after = listener.get("before") or {}, listener.get("after") or {}
        if before and (before.get("protocol"), before.get("port")) != (after.get("protocol"), after.get("port")):
            now, then = (f"{side.get('protocol')}:{side.get('port')}" for side in (before, after))
            yield f"  {LISTENER}: {now} → {then if after else 'gone'} while CloudFront uses it"
    if rule is not None and not _accepts(rule.get("after") or {}, name, value):
        yield f"  {RULE}: would refuse the header that CloudFront sends now ({name})"


def _accepts(rule: Mapping[str, Any], name: str, value: str) -> bool:
    """Whether a planned rule takes the header. What is unknown until apply is left out of a plan: no acceptance."""
    return any(
        (header.get("http_header_name") or "").lower() == name.lower() and value in (header.get("values") or ())
        for condition in rule.get("condition") or ()
        for header in condition.get("http_header") or ()
    )
