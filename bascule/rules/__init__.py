"""The rules over a plan: small questions, each with an id that a waiver can name."""

from __future__ import annotations

from bascule.errors import InputError
from bascule.rules import adoption, listener, network, order, serving, tls
from bascule.rules.base import Case, Observation, Outcome, Rule, Severity

__all__ = ["RULES", "Case", "Observation", "Outcome", "Rule", "Severity", "explain", "find"]

RULES: tuple[Rule, ...] = (
    *adoption.RULES,
    *order.RULES,
    *network.RULES,
    *listener.RULES,
    *tls.RULES,
    *serving.RULES,
)
"""Every rule, in the order in which a review tells them."""


def find(rule_id: str) -> Rule:
    """The rule of that id. Raises InputError if there is none."""
    for rule in RULES:
        if rule.id == rule_id:
            return rule
    raise InputError(f"no rule {rule_id!r}", remedy=f"the rules are {', '.join(rule.id for rule in RULES)}")


def explain(rule: Rule) -> str:
    """A rule for a person: what has to hold, what a failure means, why, and whether it can be waived."""
    means = "keeps the plan from being applied" if rule.severity is Severity.BLOCK else "asks for a person's eyes"
    waived = "A site file may waive it." if rule.waivable else "It can't be waived."
    return f"{rule.id}: {rule.title}.\nA failure {means}. {waived}\n\n{rule.explanation}"
