"""The review of one plan: all that a person, or a machine, should know of it before it is applied."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from bascule import guard, meaning, routing, schema, summary
from bascule.errors import printable
from bascule.guard import Finding, Judgement, Waived
from bascule.ladder import Step
from bascule.meaning import ABSENT, IDENTITY, Difference, shown
from bascule.plan_json import Plan
from bascule.routing import Hop, Route
from bascule.rules import Case, Outcome
from bascule.site import Site
from bascule.summary import Counts, Row
from bascule.visitors import visitors

SHORTEST_SECRET = 8
"""A shorter value isn't looked for in what is shown: it would be found everywhere."""


@dataclass(frozen=True)
class Way:
    """The way of one request, before and after."""

    path: str
    before: Route | None
    after: Route | None

    @property
    def changes(self) -> bool:
        """Whether it is another one afterwards."""
        return self.before != self.after


@dataclass(frozen=True)
class Origin:
    """Where a plan comes from."""

    made: str
    """When, in UTC."""
    account: str = ""
    fingerprint: str = ""
    """SHA-256 over plan file, plan JSON and configuration; empty for a preview, which isn't saved."""
    etag: str = ""
    """The distribution's ETag when it was made."""


@dataclass(frozen=True)
class Review:
    """One plan, reviewed. No secret is in it."""

    site: str
    step: Step
    origin: Origin
    judgement: Judgement
    visitors: str
    counts: Counts
    rows: tuple[Row, ...]
    findings: tuple[Finding, ...]
    waivers: tuple[Waived, ...]
    ways: tuple[Way, ...]
    """The way of a request to each behavior; the first is that of `/`."""
    kept: tuple[str, ...]
    """Behaviors that stay as adopted once visitors get the application, as `path → origin`."""
    drift: tuple[str, ...]
    is_empty: bool
    """Whether applying it would change nothing, in the account or in the state."""

    @property
    def open(self) -> tuple[Finding, ...]:
        """The findings that don't simply hold, blocking ones first."""
        found = [finding for finding in self.findings if finding.outcome is not Outcome.PASS]
        return tuple(sorted(found, key=lambda f: (f.waiver is not None, f.severity != "block", f.outcome != "fail")))

    @property
    def telling_ways(self) -> tuple[Way, ...]:
        """The ways that the plan changes; that of `/` where it changes none."""
        return tuple(way for way in self.ways if way.changes) or self.ways[:1]

    @property
    def lead(self) -> str:
        """Where it leads, on one line."""
        step = self.step
        way = "" if step.last else f" (a step on the way to {step.wanted}; the next is planned after it)"
        return f"{step.reached} → {step.stage}{way}"


@dataclass(frozen=True)
class Group:
    """Differences of one resource that belong together: those of a block that comes or goes, or a single one."""

    path: str
    kind: str
    """`added`, `removed` or `changed`."""
    differences: tuple[Difference, ...]

    def __str__(self) -> str:
        if self.kind == "changed":
            return str(self.differences[0])
        said = [
            f"{name} {shown(one.after if self.kind == 'added' else one.before)}"
            for one in self.differences
            for name in (one.path.removeprefix(f"{self.path}."),)
            if name in TELLING
        ]
        return f"{self.path}: {self.kind}" + (f" ({', '.join(said)})" if said else "")


TELLING = ("domain_name", "target_origin_id", "container_name", "container_port", "response_page_path", "lambda_arn")
"""Arguments by which a block is told of on one line."""


def review(
    name: str,
    site: Site,
    step: Step,
    plan: Plan,
    origin: Origin,
    *,
    today: date,
    targeted: bool = False,
    leftover: Mapping[str, Any] | None = None,
) -> Review:
    """Put every rule to a plan, follow its requests, and list what it changes, with secrets masked.

    Raises InputError for a waiver that can't be.
    """
    hide = _Hide(plan)
    findings = guard.judge(Case(plan, site, step, targeted, leftover or {}), today)
    before, after = routing.world(plan, "before"), routing.world(plan, "after")
    old, new = routing.router(before), routing.router(after)
    ways = (Way(path, routing.route(old, path), routing.route(new, path)) for path in routing.paths(before, after))
    return Review(
        site=name,
        step=step,
        origin=origin,
        judgement=guard.judgement(findings),
        visitors=hide.text(visitors(plan)),
        counts=summary.counts(plan),
        rows=tuple(hide.row(row) for row in summary.rows(plan)),
        findings=tuple(replace(f, seen=tuple(map(hide.text, f.seen))) for f in findings),
        waivers=guard.waived(findings, site.waivers, today),
        ways=tuple(hide.way(way) for way in ways if way.before or way.after),
        kept=tuple(map(hide.text, summary.kept_behaviors(plan))),
        drift=tuple(hide.text(f"{c.address}: {d}") for c in plan.drift for d in meaning.drifted(c)),
        is_empty=summary.is_empty(plan),
    )


def grouped(differences: Iterable[Difference]) -> list[Group]:
    """Differences put together by the block that comes or goes with them."""
    groups: dict[str, Group] = {}
    found = list(differences)
    whole = {
        one.path.rpartition(".")[0]: "added" if one.before is ABSENT else "removed"
        for one in found
        if _identifies(one.path) and ABSENT in (one.before, one.after)
    }
    for one in found:
        block = next((path for path in whole if one.path.startswith(f"{path}.")), None)
        path, kind = (one.path, "changed") if block is None else (block, whole[block])
        held = groups[path].differences if path in groups else ()
        groups[path] = Group(path, kind, (*held, one))
    return list(groups.values())


def _identifies(path: str) -> bool:
    """Whether a path is the argument by which its block is told from others."""
    block, _, argument = path.rpartition(".")
    return block.endswith("]") and argument in IDENTITY.values() and IDENTITY.get(block.partition("[")[0]) == argument


class _Hide:
    """Hides the plan's secrets wherever else they may stand: in a comment, in a tag, in a rule's words, in a path."""

    def __init__(self, plan: Plan) -> None:
        secrets = {secret for change in (*plan.changes, *plan.drift) for secret in meaning.secrets(change)}
        secrets |= {secret for address, values in plan.untouched.items() for secret in _untouched(address, values)}
        secrets |= {
            str(values["value"])
            for address, values in plan.data.items()
            if address.startswith("data.aws_ssm_parameter.") and values.get("value")
        }
        parts = {part for secret in secrets for part in (secret, *secret.split(",")) if len(part) >= SHORTEST_SECRET}
        self._forms = sorted({form for part in parts for form in _forms(part)}, key=len, reverse=True)
        self._starts = {form[:SHORTEST_SECRET] for form in self._forms}

    def text(self, text: str) -> str:
        """The text on one line, fit for a terminal, without any of the secrets."""
        return printable(self._value(text)).replace("\n", "\\n")

    def row(self, row: Row) -> Row:
        return Row(self.text(row.address), row.action, row.imported, tuple(map(self._difference, row.differences)))

    def way(self, way: Way) -> Way:
        return Way(self.text(way.path), self._route(way.before), self._route(way.after))

    def _route(self, route: Route | None) -> Route | None:
        if route is None:
            return None
        hops = (Hop(hop.what, self.text(hop.name), self.text(hop.does)) for hop in route.hops)
        return Route(self.text(route.path), tuple(hops), route.end)

    def _difference(self, one: Difference) -> Difference:
        return Difference(
            self.text(one.path),
            self._value(one.before),
            self._value(one.after),
            tuple(map(self._value, one.added)),
            tuple(map(self._value, one.removed)),
        )

    def _value(self, value: Any) -> Any:
        if isinstance(value, str):
            if any(value[i : i + SHORTEST_SECRET] in self._starts for i in range(len(value) - SHORTEST_SECRET + 1)):
                for form in self._forms:
                    value = value.replace(form, str(meaning.HIDDEN))
            return value
        return tuple(map(self._value, value)) if isinstance(value, tuple) else value


def _untouched(address: str, values: Mapping[str, Any]) -> Iterator[str]:
    leaves = meaning.flat(values, schema.load().resources.get(address.partition(".")[0]))
    return meaning.hidden_strings(leaves)


def _forms(secret: str) -> set[str]:
    """A secret as it is, and as it stands where text is quoted or made fit for a terminal."""
    quoted = {json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
    return {form for one in (secret, *quoted) for form in (one, printable(one))}
