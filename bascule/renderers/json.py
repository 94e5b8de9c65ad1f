"""The review for machines. `docs/review.md` describes every key; `version` rises when one changes its meaning."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from bascule.guard import Finding, Waived
from bascule.meaning import Difference, Marker
from bascule.plan_json import Unknown
from bascule.review import Review
from bascule.routing import Route
from bascule.summary import Row

VERSION = 1


def render(review: Review) -> str:
    """The review as one JSON object, in which a terminal finds nothing to act on."""
    text = json.dumps(document(review), indent=2, ensure_ascii=False) + "\n"
    return "".join(char if char.isprintable() or char == "\n" else json.dumps(char)[1:-1] for char in text)


def document(review: Review) -> dict[str, Any]:
    """The review as plain values."""
    return {
        "version": VERSION,
        "site": review.site,
        "reached": review.step.reached,
        "stage": review.step.stage,
        "wanted": review.step.wanted,
        "judgement": review.judgement,
        "visitors": review.visitors,
        "counts": asdict(review.counts),
        "origin": asdict(review.origin),
        "resources": [_row(row) for row in review.rows],
        "findings": [_finding(finding) for finding in review.findings],
        "waivers": [_waived(waived) for waived in review.waivers],
        "requests": [
            {"path": way.path, "before": _route(way.before), "after": _route(way.after)} for way in review.ways
        ],
        "kept": list(review.kept),
        "drift": list(review.drift),
    }


def _row(row: Row) -> dict[str, Any]:
    return {
        "address": row.address,
        "action": row.action,
        "imported": row.imported,
        "differences": [_difference(one) for one in row.differences],
    }


def _difference(one: Difference) -> dict[str, Any]:
    found = {"path": one.path, "before": _value(one.before), "after": _value(one.after)}
    if one.added or one.removed:
        found |= {"added": _value(one.added), "removed": _value(one.removed)}
    return found


def _value(value: Any) -> Any:
    """A value as JSON; what isn't there is null, what is known later or hidden an object that says so."""
    if isinstance(value, Unknown):
        return {"unknown": value.of}
    if isinstance(value, Marker):
        return None if value.word == "(none)" else {"hidden": True}
    return [_value(item) for item in value] if isinstance(value, tuple) else value


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "rule": finding.rule.id,
        "title": finding.rule.title,
        "severity": finding.severity,
        "outcome": finding.outcome,
        "seen": list(finding.seen),
        "waived": finding.waiver is not None,
    }


def _waived(waived: Waived) -> dict[str, Any]:
    waiver = waived.waiver
    return {
        "rule": waiver.rule,
        "reason": waiver.reason,
        "expires": waiver.expires.isoformat(),
        "who": waiver.who,
        "state": waived.state,
    }


def _route(route: Route | None) -> dict[str, Any] | None:
    if route is None:
        return None
    return {"answered_by": route.answered_by, "end": route.end, "hops": [asdict(hop) for hop in route.hops]}
