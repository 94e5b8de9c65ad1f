"""What IAM's policy simulator says of policies: the answer of SimulatePrincipalPolicy.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bascule.sandbox.evaluation import Authorization, Document, decide, missing


def simulated(policies: Sequence[Document], request: Mapping[str, Any]) -> dict[str, Any]:
    """The answer for `policies`: a result for each action on each resource. Matched statements aren't told."""
    context = {
        entry["ContextKeyName"]: [str(value) for value in entry.get("ContextKeyValues", ())]
        for entry in request.get("ContextEntries") or ()
    }
    results = [
        _result(policies, Authorization(action, resource, context))
        for action in request["ActionNames"]
        for resource in request.get("ResourceArns") or ["*"]
    ]
    return {"EvaluationResults": results, "IsTruncated": False}


def _result(policies: Sequence[Document], asked: Authorization) -> dict[str, Any]:
    decision, left = decide(policies, asked).value, sorted(missing(policies, asked))
    specific = {
        "EvalResourceName": asked.resource,
        "EvalResourceDecision": decision,
        "MatchedStatements": [],
        "MissingContextValues": left,
    }
    return {
        "EvalActionName": asked.action,
        "EvalResourceName": asked.resource,
        "EvalDecision": decision,
        "MatchedStatements": [],
        # With resources named, missing keys are told for each of them (API reference, EvaluationResult).
        "MissingContextValues": left if asked.resource == "*" else [],
        "ResourceSpecificResults": [] if asked.resource == "*" else [specific],
    }
