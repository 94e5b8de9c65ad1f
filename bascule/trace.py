"""What a request would meet, station by station, told for a person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from bascule.decisions import Decision, Unclear
from bascule.errors import printable
from bascule.listener_rules import FixedResponse, Forward, Redirect
from bascule.load_balancers import Health, Target
from bascule.origin_requests import Caching, OriginRequest
from bascule.plan_json import Unknown
from bascule.security_groups import Gate

SHOWN_HEADERS = ("host", "origin", "accept-encoding", "rsc")
"""Forwarded headers whose values are shown; of the others the names, since one of them is the secret."""


def told(decision: Decision) -> str:
    """A line for each station; no value of a custom header is in it."""
    request = decision.request
    query = f"?{request.query}" if request.query else ""
    host = request.host or "(the site's own name)"
    lines = [f"{request.method} {request.scheme}://{host}{request.path}{query}"]
    lines += [f"  {label:<15}{text}" for label, text in _stations(decision)]
    return printable("\n".join(lines))


def _stations(decision: Decision) -> Iterator[tuple[str, str]]:
    yield "distribution", decision.distribution
    if decision.edge is not None:
        location = f" → {decision.edge.location}" if decision.edge.location else ""
        yield "edge", f"{decision.edge.status}{location}: {decision.edge.why}"
    if decision.behavior:
        yield "behavior", decision.behavior
    if decision.path and decision.path != decision.request.path:
        yield "asked as", decision.path
    for function in decision.functions:
        yield "function", f"{function.event}: {_text(function.arn)}"
    if (kept := decision.caching) is not None:
        yield "cache", kept.why if isinstance(kept, Unclear) else _caching(kept)
    if (sent := decision.forwarded) is not None:
        yield "forwarded", sent.why if isinstance(sent, Unclear) else _forwarded(sent)
    if decision.origin is not None:
        what = f" ({decision.origin.address})" if decision.origin.address else ""
        yield "origin", f"{decision.origin.id}: {_text(decision.origin.domain)}{what}"
    for gate in decision.gates:
        yield "security group", _gate(gate)
    if decision.listener:
        yield "listener", decision.listener
        yield "rule", decision.rule or "none takes it: the default action"
    if decision.action is not None:
        yield "action", _action(decision.action)
    for target in decision.targets:
        yield "target group", _target(target)
    if decision.error is not None:
        page = decision.error
        yield "error page", page.why if isinstance(page, Unclear) else f"{page.path}, as {page.status}"
    for proviso in decision.provisos:
        yield "provided that", proviso
    answered_by = "not known" if decision.end == "unknown" and decision.why else decision.answered_by
    yield "answered by", answered_by + (f": {decision.why}" if decision.why else "")


def _caching(caching: Caching) -> str:
    key = caching.key
    parts = [key.path + (f"?{key.query}" if key.query else "")]
    parts += [f"headers {', '.join(name for name, _ in key.headers)}"] if key.headers else []
    parts += [f"cookies {', '.join(key.cookies)}"] if key.cookies else []
    kept = "may be kept" if caching.kept else "never kept"
    return f"{caching.policy.name}: {kept}; key: {'; '.join(parts)}"


def _forwarded(forwarded: OriginRequest) -> str:
    query = f"?{forwarded.query}" if forwarded.query else ""
    headers = [
        f"{name}: {_text(value)}" if name.lower() in SHOWN_HEADERS and value is not None else name
        for name, value in forwarded.headers
    ]
    first = f"{forwarded.method} {forwarded.scheme}://{_text(forwarded.host)}{forwarded.path}{query}"
    return f"{first}; headers {', '.join(headers) or 'none'}"


def _gate(gate: Gate) -> str:
    verdict = {True: f"passes by {gate.by}", False: "SHUT", None: "not known"}[gate.passes]
    return f"{gate.way}, port {_text(gate.port)}: {verdict}"


def _action(action: Any) -> str:
    match action:
        case FixedResponse():
            return f"fixed response {_text(action.status)}"
        case Redirect():
            return f"redirect {_text(action.status)} to {_text(action.location)}"
        case Forward():
            return "forward"
    return str(action)


def _target(target: Target) -> str:
    check = target.health.check
    asked = f"health check {_text(check.get('path'))} every {_text(check.get('interval'))} s" if check else ""
    service = f"{target.service} {target.container}" if target.service else "no service"
    return "; ".join(part for part in (f"{target.group}: {service}", asked, _health(target.health)) if part)


def _health(health: Health) -> str:
    """The verdict of the health check; empty where the account wasn't read."""
    if health.states is None:
        return ""
    others = Counter(state for state in health.states if state != "healthy")
    count = f"{health.states.count('healthy')} of {len(health.states)} targets healthy"
    return ", ".join((count, *(f"{number} {state}" for state, number in sorted(others.items()))))


def _text(value: Any) -> str:
    if isinstance(value, Unknown):
        return "(known after apply)"
    return "" if value is None else str(value)
