"""Answers to the calls of a survey as the facts of an inventory: without envelopes, those of one kind together."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bascule.inventory import Fact, Inventory, Unread

_WHOLE: Mapping[str, str] = {
    "distribution": "Distribution",
    "viewer_certificate": "Certificate",
    "task_definition": "taskDefinition",
    "ecs_role": "Role",
    "load_balancing_role": "Role",
    "website": "",
    "rules_quota": "Quota",
}
"""The member of an answer that is the fact."""


def facts(found: Inventory, answers: Mapping[str, Fact]) -> dict[str, Fact]:
    """The answers as fields: those of one kind put together by name, single answers without their envelope."""
    opened: dict[str, Fact] = {}
    grouped: dict[str, dict[str, Fact]] = {}
    for key, answer in answers.items():
        name, slash, part = key.partition("/")
        if slash:
            grouped.setdefault(name, {})[part] = _INNER.get(name, lambda value: value)(answer)
        else:
            opened[key] = _opened(name, answer)
    for name, parts in grouped.items():
        opened[name] = _together(name, parts)
    for name in ("functions", "listeners", "listener_rules", "running_definitions"):
        if name not in opened and getattr(found, name) is None:
            opened[name] = {}
    return opened


def _opened(name: str, answer: Fact) -> Fact:
    if isinstance(answer, Mapping) and _WHOLE.get(name):
        return answer[_WHOLE[name]]
    if name in ("service", "cluster", "repository") and isinstance(answer, list):
        return next((one for one in answer if one.get("status", "ACTIVE") == "ACTIVE"), None)
    return answer


def _together(name: str, parts: Mapping[str, Fact]) -> Fact:
    """Pages of one list as a list, Unread if one of them is; everything else by name."""
    if name not in ("tasks", "interfaces"):
        return dict(parts)
    unread = next((part for part in parts.values() if isinstance(part, Unread)), None)
    return unread or [item for part in parts.values() for item in part]


def _code(answer: Fact) -> Fact:
    return answer["FunctionCode"].decode("utf-8", "replace") if isinstance(answer, Mapping) else answer


_INNER: Mapping[str, Callable[[Fact], Fact]] = {
    "functions": _code,
    "certificates": lambda answer: answer["Certificate"] if isinstance(answer, Mapping) else answer,
    "running_definitions": lambda answer: answer["taskDefinition"] if isinstance(answer, Mapping) else answer,
}
