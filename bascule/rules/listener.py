"""What the listener lets through: requests that carry the secret header; and that the ALB stays."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bascule.ladder import Stage
from bascule.plan_json import Unknown
from bascule.routing import first, items, known, sure
from bascule.rules.base import Case, Observation, Rule, Severity, fail, unknown

SECRET_LENGTH = 32
"""Characters that the secret header has at the least: 128 bits of hex."""


def _forwards(case: Case) -> Iterator[Observation]:
    for rule in case.remaining("aws_lb_listener_rule"):
        if not any(action.get("type") == "forward" for action in known(rule.after.get("action"))):
            continue
        headers = [
            header
            for condition in known(rule.after.get("condition"))
            for header in known(condition.get("http_header"))
            if str(sure(header.get("http_header_name")) or "").lower() == case.site.origin.secret_header.lower()
        ]
        if not headers:
            yield fail(f"{rule.address} forwards without the header {case.site.origin.secret_header}")
        for header in headers:
            yield from _weak(rule.address, items(header.get("values")))


def _weak(address: str, values: tuple[Any, ...]) -> Iterator[Observation]:
    if not values:
        yield fail(f"{address} forwards with no value of the header")
    for value in values:
        if isinstance(value, Unknown):
            yield unknown(f"{address}: the header's value is known after apply")
        elif "*" in str(value) or "?" in str(value) or len(str(value)) < SECRET_LENGTH:
            yield fail(f"{address} takes a value of the header that can be guessed: short, or with a wildcard")


def _default_action(case: Case) -> Iterator[Observation]:
    for listener in case.remaining("aws_lb_listener"):
        for action in items(listener.after.get("default_action")) or [{"type": "nothing"}]:
            status = first(sure(action), "fixed_response").get("status_code")
            if sure(action.get("type")) != "fixed-response":
                yield fail(f"{listener.address} answers strangers with {action.get('type')}")
            elif isinstance(status, Unknown):
                yield unknown(f"{listener.address} answers strangers with a status that is known after apply")
            elif str(status) != "403":
                yield fail(f"{listener.address} answers strangers with {status}")


def _protection(case: Case) -> Iterator[Observation]:
    if case.step.stage.at_least(Stage.CONNECT):
        for balancer in case.remaining("aws_lb"):
            protected = balancer.after.get("enable_deletion_protection")
            if isinstance(protected, Unknown):
                yield unknown(f"{balancer.address}: whether it is protected is known after apply")
            elif protected is not True:
                yield fail(f"{balancer.address} could be deleted by one click")


RULES = (
    Rule(
        "secret-header",
        Severity.BLOCK,
        "the listener forwards only requests that carry the secret header",
        "The prefix list admits everybody's distributions, not only this one: anyone can point a distribution of "
        "their own at the ALB. The header is what tells them apart, so every rule that forwards asks for it, with "
        "a value that can't be guessed and holds no wildcard.",
        _forwards,
    ),
    Rule(
        "default-action",
        Severity.BLOCK,
        "whatever lacks the header is answered 403",
        "The listener's default action is what a stranger gets. A fixed 403 says no and nothing else.",
        _default_action,
    ),
    Rule(
        "deletion-protection",
        Severity.BLOCK,
        "from `connect` on, the ALB is protected from deletion",
        "Once CloudFront knows the ALB, deleting it takes visitors down. Deletion protection makes that two decisions.",
        _protection,
    ),
)
