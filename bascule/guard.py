"""The guard: every rule put to a plan, with the site's waivers, and what that adds up to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from bascule import checks, rules
from bascule.errors import BasculeError, InputError
from bascule.ladder import Stage, Step
from bascule.plan_json import Plan
from bascule.routing import DISTRIBUTION_TYPE, SITE, NotKnown
from bascule.rules import Case, Observation, Outcome, Rule, Severity
from bascule.rules.base import serves_application
from bascule.site import Waiver

DISTRIBUTION = SITE


class Blocked(BasculeError):
    """A plan that the rules don't let through."""


class Judgement(StrEnum):
    """What the guard says of a plan."""

    SAFE = "SAFE"
    """Every rule holds, or a person waived it."""
    REVIEW = "REVIEW"
    """Something is for a person's eyes, or can't be told before the apply."""
    BLOCKED = "BLOCKED"
    """It is not applied."""


@dataclass(frozen=True)
class Finding:
    """What one rule says of a plan."""

    rule: Rule
    severity: Severity
    """The rule's own; on the way back to the bucket most of them only ask for a person's eyes."""
    outcome: Outcome
    seen: tuple[str, ...]
    waiver: Waiver | None = None
    """The site's waiver that counts for it, if it fails or is unknown."""

    @property
    def blocks(self) -> bool:
        """Whether it keeps the plan from being applied. What can never be right may not stay unknown either."""
        stops = self.outcome is Outcome.FAIL or (self.outcome is Outcome.UNKNOWN and not self.rule.waivable)
        return stops and self.severity is Severity.BLOCK and self.waiver is None


@dataclass(frozen=True)
class Waived:
    """What became of one waiver of the site."""

    waiver: Waiver
    state: str
    """`used`, `unused` (its rule holds) or `expired`."""


def judge(case: Case, today: date) -> tuple[Finding, ...]:
    """Every rule's finding, in the order of `rules.RULES`.

    Raises InputError for a waiver of what is neither rule nor check, or that can't be waived.
    """
    waivers = {waiver.rule: waiver for waiver in case.site.waivers}
    for name in waivers:
        if not _is_check(name) and not _waivable(name):
            raise InputError(f"{name} can't be waived: {rules.find(name).title}", where="waivers")
    return tuple(_finding(rule, case, waivers.get(rule.id), today) for rule in rules.RULES)


def judgement(findings: Sequence[Finding]) -> Judgement:
    """What the findings add up to. A waived block still asks for a person's eyes; a waived review doesn't."""
    open_ = [finding for finding in findings if finding.outcome is not Outcome.PASS]
    if any(finding.blocks for finding in open_):
        return Judgement.BLOCKED
    if any(finding.waiver is None or finding.severity is Severity.BLOCK for finding in open_):
        return Judgement.REVIEW
    return Judgement.SAFE


def waived(findings: Sequence[Finding], waivers: Sequence[Waiver], today: date) -> tuple[Waived, ...]:
    """What became of the site's waivers; of those that name a check, `bascule.checks` knows whether they are used."""
    used = {finding.rule.id for finding in findings if finding.waiver is not None}
    return tuple(
        Waived(waiver, "expired" if waiver.expires < today else "used" if waiver.rule in used else "unused")
        for waiver in waivers
        if waiver.expires < today or not _is_check(waiver.rule)
    )


def require(findings: Sequence[Finding], step: Step) -> None:
    """Raises Blocked, with what was found, if the plan is not to be applied."""
    blocking = [finding for finding in findings if finding.blocks]
    if not blocking:
        return
    lines = [f"  {finding.rule.id}: {seen}" for finding in blocking for seen in finding.seen]
    raise Blocked(
        "\n".join([f"not going to {step.stage}: the plan holds what this step may not", *lines]),
        remedy=f"`bascule review --explain {blocking[0].rule.id}` says why. {_way_out(step)}",
    )


def sends_visitors_to_the_application(plan: Plan) -> bool:
    """Whether the plan makes the ALB the origin that visitors get, whatever rung the state shows."""
    return any(
        serves_application(change.after) and not serves_application(change.before)
        for change in plan.of_type(DISTRIBUTION_TYPE)
    )


def changes_what_the_load_balancer_takes(plan: Plan) -> bool:
    """Whether the plan changes the rule by which the ALB knows CloudFront."""
    return any(change.action == "update" for change in plan.of_type("aws_lb_listener_rule"))


def _is_check(name: str) -> bool:
    return any(check.id == name for check in checks.CHECKS)


def _waivable(name: str) -> bool:
    try:
        return rules.find(name).waivable
    except InputError as error:
        known = ", ".join(check.id for check in checks.CHECKS)
        raise InputError(error.what, where="waivers", remedy=f"{error.remedy}; the checks are {known}") from None


def _finding(rule: Rule, case: Case, waiver: Waiver | None, today: date) -> Finding:
    seen = tuple(dict.fromkeys(_observed(rule, case)))
    outcomes = {observation.outcome for observation in seen}
    outcome = next((o for o in (Outcome.FAIL, Outcome.UNKNOWN) if o in outcomes), Outcome.PASS)
    counts = waiver if outcome is not Outcome.PASS and waiver is not None and waiver.expires >= today else None
    eased = case.targeted and (not rule.stops_rollback or outcome is Outcome.UNKNOWN)
    severity = Severity.REVIEW if eased else rule.severity
    return Finding(rule, severity, outcome, tuple(o.seen for o in seen if o.outcome is outcome), counts)


def _observed(rule: Rule, case: Case) -> Iterator[Observation]:
    try:
        yield from rule.check(case)
    except NotKnown:
        yield Observation(Outcome.UNKNOWN, "what this rule looks at is known after apply only")


def _way_out(step: Step) -> str:
    if step.reached is Stage.NONE:
        return "The state is empty, but the account isn't as it was adopted: look for the state, or adopt anew"
    return f'Apply the rest first, at the rung reached: stage = "{step.reached}"'
