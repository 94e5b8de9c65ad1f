"""The checks of an account before the move: small questions, each with an id that a waiver can name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from bascule import rules
from bascule.checks import (
    account,
    aliases,
    certificates,
    distribution,
    groups,
    network,
    permissions,
    service,
    serving,
    storage,
    tasks,
)
from bascule.checks.base import Case, Check
from bascule.checks.permissions import Permissions
from bascule.errors import InputError
from bascule.inventory import Inventory
from bascule.ladder import Stage
from bascule.outcomes import Outcome, Result, UnansweredError
from bascule.site import Site, Waiver

__all__ = [
    "CHECKS",
    "Check",
    "Finding",
    "Outcome",
    "Permissions",
    "Result",
    "explain",
    "find",
    "judge",
    "number_of",
    "relevant",
]

CHECKS: tuple[Check, ...] = (
    *account.CHECKS,
    *permissions.CHECKS,
    *distribution.CHECKS,
    *aliases.CHECKS,
    *certificates.CHECKS,
    *storage.CHECKS,
    *service.CHECKS,
    *tasks.CHECKS,
    *network.CHECKS,
    *groups.CHECKS,
    *serving.CHECKS,
)
"""Every check, in the order in which they are told: the first one is number 1."""


@dataclass(frozen=True)
class Finding:
    """What one check says of an account."""

    number: int
    check: Check
    result: Result
    waiver: Waiver | None = None
    """The site's waiver that counts for it, if it didn't pass."""

    @property
    def outcome(self) -> Outcome:
        """The result's, but that a waived failure counts as a warning; what is unknown stays unknown."""
        if self.waiver is not None and self.result.outcome is Outcome.FAIL:
            return Outcome.WARN
        return self.result.outcome


def find(check_id: str) -> Check:
    """The check of that id. Raises InputError if there is none."""
    for check in CHECKS:
        if check.id == check_id:
            return check
    raise InputError(f"no check {check_id!r}", remedy=f"the checks are {', '.join(check.id for check in CHECKS)}")


def number_of(check: Check) -> int:
    """A check's number, from 1; the same whichever checks are asked for."""
    return CHECKS.index(check) + 1


def explain(check: Check) -> str:
    """A check for a person: what has to hold, when it matters, why, and whether it can be waived."""
    until = "" if check.standing else ", and no more once that is reached"
    waived = "A site file may waive it." if check.waivable else "It can't be waived."
    return f"{check.id}: {check.title}.\nIt matters from `{check.rung}` on{until}. {waived}\n\n{check.why}"


def relevant(reached: Stage, wanted: Stage) -> tuple[Check, ...]:
    """The checks that matter on the way from the rung reached to the one wanted."""
    return tuple(
        check
        for check in CHECKS
        if wanted.at_least(check.rung) and (check.standing or not reached.at_least(check.rung))
    )


def judge(
    inventory: Inventory,
    site: Site,
    checks: Sequence[Check],
    today: date,
    *,
    expected_account: str | None = None,
    permissions: Permissions | None = None,
) -> tuple[Finding, ...]:
    """What each check says, in the order given.

    `expected_account` is the one that `bascule adopt` recorded. Raises InputError for a waiver of what is neither check
    nor rule, or of a check that can't be waived.
    """
    waivers = {waiver.rule: waiver for waiver in site.waivers}
    for name in waivers:
        _require_waivable(name)
    case = Case(inventory, site, today, expected_account, permissions)
    return tuple(_finding(check, case, waivers.get(check.id)) for check in checks)


def _finding(check: Check, case: Case, waiver: Waiver | None) -> Finding:
    try:
        result = check.look(case)
    except UnansweredError as error:
        result = error.result
    counts = waiver is not None and waiver.expires >= case.today and result.outcome is not Outcome.PASS
    return Finding(number_of(check), check, result, waiver if counts else None)


def _require_waivable(name: str) -> None:
    check = next((check for check in CHECKS if check.id == name), None)
    if check is not None and not check.waivable:
        raise InputError(f"{name} can't be waived: {check.title}", where="waivers")
    if check is None and all(rule.id != name for rule in rules.RULES):
        known = [*(rule.id for rule in rules.RULES), *(check.id for check in CHECKS)]
        raise InputError(f"no rule or check {name!r}", where="waivers", remedy=f"there are {', '.join(known)}")
