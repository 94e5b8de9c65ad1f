"""What identity-based policies say to one request: IAM's evaluation logic, as far as a role's own policies go.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html

Modelled: Effect, Action and NotAction, Resource and NotResource with wildcards, and the condition operators in
OPERATORS, each with `IfExists`, and `ForAnyValue` and `ForAllValues` before it. An explicit Deny wins; what nothing
allows is refused. A condition that isn't modelled (numbers, dates, addresses, policy variables) never holds in an
Allow and always in a Deny: what can't be judged is refused.

Not modelled: resource-based policies (a bucket policy can allow on its own), permissions boundaries, session policies,
and policies of an organization.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

Document = Mapping[str, Any]
"""A policy document."""

Context = Mapping[str, Sequence[str]]
"""The values of a request's condition keys; a key that the request doesn't have is left out."""


class Decision(Enum):
    """What the policies say."""

    ALLOWED = "allowed"
    EXPLICIT_DENY = "explicitDeny"
    IMPLICIT_DENY = "implicitDeny"


@dataclass(frozen=True)
class Authorization:
    """One thing to be allowed: an IAM action on one resource, and the request's context."""

    action: str
    """For instance `ecs:UpdateService`."""
    resource: str = "*"
    """The ARN, or `*` where the action has no resources, or the request doesn't tell which."""
    context: Context = field(default_factory=dict)


def decide(policies: Iterable[Document], asked: Authorization) -> Decision:
    """What `policies` say to one authorization."""
    effects = {effect for policy in policies for effect in _effects(policy, asked)}
    if "Deny" in effects:
        return Decision.EXPLICIT_DENY
    return Decision.ALLOWED if "Allow" in effects else Decision.IMPLICIT_DENY


def missing(policies: Iterable[Document], asked: Authorization) -> frozenset[str]:
    """The condition keys of every statement about this action on this resource that the context doesn't have."""
    return frozenset(
        key
        for policy in policies
        for statement in _listed(policy.get("Statement", ()))
        if _concerns(statement, asked)
        for keys in statement.get("Condition", {}).values()
        for key in keys
        if key.lower() not in _lower(asked.context)
    )


def _effects(policy: Document, asked: Authorization) -> Iterable[str]:
    for statement in _listed(policy.get("Statement", ())):
        if _applies(statement, asked):
            yield statement["Effect"]


def _applies(statement: Document, asked: Authorization) -> bool:
    return _concerns(statement, asked) and all(
        _holds(operator, key, [str(value) for value in _listed(values)], asked.context, statement["Effect"])
        for operator, keys in statement.get("Condition", {}).items()
        for key, values in keys.items()
    )


def _concerns(statement: Document, asked: Authorization) -> bool:
    """Whether a statement is about this action on this resource."""
    names, refused = _listed(statement.get("Action", ())), _listed(statement.get("NotAction", ()))
    if not (any(_same(name, asked.action) for name in names) if names else _none(refused, asked.action)):
        return False
    resources, others = _listed(statement.get("Resource", ())), _listed(statement.get("NotResource", ()))
    return any(matches(one, asked.resource) for one in resources) if resources else _but(others, asked.resource)


def _none(refused: Sequence[str], action: str) -> bool:
    return bool(refused) and not any(_same(name, action) for name in refused)


def _but(others: Sequence[str], resource: str) -> bool:
    return bool(others) and not any(matches(one, resource) for one in others)


def _same(pattern: str, action: str) -> bool:
    """Actions are compared without case (IAM User Guide, Action)."""
    return matches(pattern.lower(), action.lower())


def matches(pattern: str, value: str) -> bool:
    """Whether `value` fits a pattern in which `*` stands for any characters and `?` for one."""
    expression = "".join({"*": ".*", "?": "."}.get(c, re.escape(c)) for c in pattern)
    return re.fullmatch(expression, value, re.DOTALL) is not None


def _holds(operator: str, key: str, wanted: Sequence[str], context: Context, effect: str) -> bool:
    quantifier, _, name = operator.rpartition(":")
    if name == "Null":
        return any((value.lower() == "true") == (key.lower() not in _lower(context)) for value in wanted)
    optional, name = name.endswith("IfExists"), name.removesuffix("IfExists")
    found = _lower(context).get(key.lower())
    if name not in OPERATORS or any("${" in value for value in wanted):
        return effect == "Deny"
    if found is None:
        return optional or quantifier == "ForAllValues" or name in NEGATED
    compare = OPERATORS[name]
    each = [compare(wanted, value) for value in found]
    return all(each) if quantifier == "ForAllValues" or (not quantifier and name in NEGATED) else any(each)


def _lower(context: Context) -> Context:
    """Condition keys are compared without case, the values of most operators with it (IAM User Guide, Condition)."""
    return {key.lower(): values for key, values in context.items()}


def _any(same: Callable[[str, str], bool]) -> Callable[[Sequence[str], str], bool]:
    return lambda wanted, value: any(same(one, value) for one in wanted)


def _no(same: Callable[[str, str], bool]) -> Callable[[Sequence[str], str], bool]:
    return lambda wanted, value: not any(same(one, value) for one in wanted)


def _equal(one: str, other: str) -> bool:
    return one == other


def _equal_ignoring_case(one: str, other: str) -> bool:
    return one.lower() == other.lower()


OPERATORS: Mapping[str, Callable[[Sequence[str], str], bool]] = {
    "StringEquals": _any(_equal),
    "StringNotEquals": _no(_equal),
    "StringEqualsIgnoreCase": _any(_equal_ignoring_case),
    "StringLike": _any(matches),
    "StringNotLike": _no(matches),
    "ArnEquals": _any(matches),
    "ArnLike": _any(matches),
    "ArnNotEquals": _no(matches),
    "ArnNotLike": _no(matches),
    "Bool": _any(_equal_ignoring_case),
}
"""ArnEquals and ArnLike behave identically (IAM User Guide, condition operators)."""

NEGATED = frozenset(name for name in OPERATORS if "Not" in name)
"""These hold where the request doesn't have the key."""


def _listed(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list | tuple) else [value]
