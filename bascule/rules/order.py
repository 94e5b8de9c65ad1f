"""Things happen in an order in which no visitor is ever sent to something that isn't there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from bascule import routing, summary
from bascule.ladder import Stage
from bascule.meaning import ABSENT, Difference, drifted, leaves
from bascule.plan_json import Change, Unknown
from bascule.rules.base import (
    Case,
    Observation,
    Rule,
    Severity,
    attached_groups,
    fail,
    lists_load_balancer,
    load_balancer_origin,
    serves_application,
    unknown,
    visitors_go_to,
)

BEHIND_CLOUDFRONT = ("aws_lb", "aws_lb_target_group", "aws_lb_listener", "aws_lb_listener_rule")
WAY_THROUGH = (
    "aws_security_group.alb",
    "aws_security_group.tasks",
    "aws_vpc_security_group_ingress_rule.alb_from_cloudfront",
    "aws_vpc_security_group_egress_rule.alb_to_tasks",
    "aws_vpc_security_group_ingress_rule.tasks_from_alb",
)
"""Without any one of these types and addresses, the ALB answers CloudFront with an error, or not at all."""

ANSWERING = ("bucket", "application", "elsewhere")
"""Ends of a request's way at which somebody answers it."""


def _attach_and_serve(case: Case) -> Iterator[Observation]:
    found = case.distribution
    if found is None or serves_application(found.before) or not serves_application(found.after):
        return
    for service in case.plan.of_type("aws_ecs_service"):
        if set(attached_groups(service.after)) - set(attached_groups(service.before)):
            yield fail(f"{service.address} is put behind the load balancer and visitors are sent there, in one apply")


def _released(case: Case) -> Iterator[Observation]:
    found = case.distribution
    if found is None or not lists_load_balancer(found.before):
        return
    ours = {change.before.get("arn") for change in case.plan.of_type("aws_lb_target_group")}
    for service in case.plan.of_type("aws_ecs_service"):
        if (set(attached_groups(service.before)) - set(attached_groups(service.after))) & ours:
            yield fail(f"{service.address} would leave the target group while CloudFront still uses the load balancer")
    for change in case.plan.changes:
        needed = change.type in BEHIND_CLOUDFRONT or change.address in WAY_THROUGH
        if needed and change.action in ("delete", "replace"):
            yield fail(f"{change.address} would be {change.action}d while CloudFront still uses it")


def _answers(case: Case) -> Iterator[Observation]:
    before, after = routing.world(case.plan, "before"), routing.world(case.plan, "after")
    then, later = routing.router(before), routing.router(after)
    for path in routing.paths(before, after):
        old, new = routing.route(then, path), routing.route(later, path)
        if new is None or new.end in ANSWERING:
            continue
        if new.end == "unknown":
            yield unknown(f"{path}: where it goes is known after apply")
        elif old is None or old.end in ANSWERING:
            yield fail(f"{path}: {old.answered_by if old else 'nobody asked yet'} now, {new.answered_by} then")
    visitors = routing.route(later, "/")
    found = case.distribution
    if visitors is not None and visitors.end != "unknown" and found is not None and found.action != "forget":
        served = visitors.end == "application"
        if served is not case.step.stage.at_least(Stage.SERVE):
            yield fail(f"at {case.step.stage} visitors would get {visitors.answered_by}")
    if found is not None and found.before.get("enabled") is True and found.after.get("enabled") is False:
        yield fail(f"{found.address} would be switched off")


def _under_visitors(case: Case) -> Iterator[Observation]:
    found = case.distribution
    if found is not None and serves_application(found.before) and serves_application(found.after):
        for row in summary.rows(case.plan):
            if row.address != found.address and row.action != "import" and not _other_secret(row):
                changed = f" ({', '.join(row.arguments)})" if row.action == "update" else ""
                yield fail(f"{row.address}: {row.action}{changed}, while visitors are served through it")


def _other_secret(row: summary.Row) -> bool:
    """Whether a listener rule takes other values of a header, and no more: `handshake` sees to it that what CloudFront
    sends stays among them, and `secret-header` that none can be guessed."""
    paths = [difference.path for difference in row.differences]
    updated = row.address.startswith("aws_lb_listener_rule.") and row.action == "update"
    return updated and bool(paths) and all(map(_VALUES, paths))


_VALUES = re.compile(r"condition\[\d+\]\.http_header\[[^]]+\]\.values").fullmatch


def _deletes(case: Case) -> Iterator[Observation]:
    if not case.step.descends:
        yield from (
            fail(f"{c.address} would be deleted on the way up") for c in case.plan.changes if c.action == "delete"
        )


def _replaces(case: Case) -> Iterator[Observation]:
    yield from (
        fail(f"{change.address} would be replaced") for change in case.plan.changes if change.action == "replace"
    )


def _visitors_alone(case: Case) -> Iterator[Observation]:
    found = case.distribution
    if found is None:
        return
    before, after = visitors_go_to(found.before), visitors_go_to(found.after)
    if None not in (before, after) and before != after:
        others = (row for row in summary.rows(case.plan) if row.address != found.address)
        yield from (fail(f"{row.address} would be changed as well ({row.action})") for row in others)


def _handshake(case: Case) -> Iterator[Observation]:
    sent = _sent(case.distribution)
    if sent is None:
        return
    for listener in case.plan.of_type("aws_lb_listener"):
        before, after = listener.before, listener.after
        if before and (before.get("protocol"), before.get("port")) != (after.get("protocol"), after.get("port")):
            now, then = (f"{side.get('protocol')}:{side.get('port')}" for side in (before, after))
            yield fail(f"{listener.address}: {now} → {then if after else 'gone'} while CloudFront uses it")
    for rule in case.plan.of_type("aws_lb_listener_rule"):
        if not _accepts(rule.after, *sent):
            yield fail(f"{rule.address}: would refuse the header that CloudFront sends now ({sent[0]})")


def _sent(distribution: Change | None) -> tuple[str, str] | None:
    """Name and value of the header that CloudFront sends to the ALB now; None if it doesn't know the ALB."""
    origin = load_balancer_origin(distribution.before) if distribution else None
    for header in (origin or {}).get("custom_header") or ():
        return header["name"], header["value"]
    return None


def _accepts(rule: Mapping[str, Any], name: str, value: str) -> bool:
    """Whether a planned rule is known to take the header, whatever else it may take."""
    conditions = rule.get("condition")
    headers = [
        header
        for condition in (() if isinstance(conditions, Unknown) else conditions or ())
        if not isinstance(condition, Unknown)
        for header in routing.items(condition.get("http_header"))
        if not isinstance(header, Unknown)
    ]
    return any(
        str(header.get("http_header_name") or "").lower() == name.lower()
        and value in routing.items(header.get("values"))
        for header in headers
    )


def _grace(case: Case) -> Iterator[Observation]:
    for service in case.plan.of_type("aws_ecs_service"):
        added = set(attached_groups(service.after)) - set(attached_groups(service.before))
        name = "health_check_grace_period_seconds"
        if service.before and added and service.after.get(name) and service.before.get(name) != service.after.get(name):
            yield fail(f"{service.address}: load_balancer and {name} in one UpdateService")


def _incomplete(case: Case) -> Iterator[Observation]:
    yield from (fail(f"{address} was put off by Terraform") for address in case.plan.deferred)
    if not case.plan.complete and not case.targeted and not case.plan.deferred:
        yield fail("the plan covers a part of the configuration only")


def _drift(case: Case) -> Iterator[Observation]:
    for change in case.plan.drift:
        if change.action == "delete" or not change.after:
            if not _is_to_go(case, change):
                yield fail(f"{change.address} was deleted outside Terraform")
        else:
            yield from (
                fail(f"{change.address}: {one}") for one in drifted(change) if not _is_wanted(case, change, one)
            )


def _is_to_go(case: Case, drift: Change) -> bool:
    """Whether what is gone is to go, on the way down: nothing is planned for what the configuration doesn't hold."""
    return case.step.descends and not case.targeted and drift.address not in case.plan.by_address


def _is_wanted(case: Case, drift: Change, difference: Difference) -> bool:
    """Whether what is live is what the plan ends with: a run that was killed had done it, and saved no state."""
    planned = case.plan.by_address.get(drift.address)
    live, wanted = leaves(drift, "after"), leaves(planned, "after") if planned else {}
    here, there = live.get(difference.path), wanted.get(difference.path)
    return planned is not None and (here.value if here else ABSENT) == (there.value if there else ABSENT)


RULES = (
    Rule(
        "site-answers",
        Severity.BLOCK,
        "whoever is answered now is answered afterwards",
        "Every path of the distribution is followed through behavior, origin, listener, rule and target, as the "
        "plan leaves them. One that would end in nothing or in a refusal takes the site down, or a part of it, "
        "however small the change looks. Below `serve` visitors get what they got; from there on, the "
        "application.",
        _answers,
        waivable=False,
        stops_rollback=True,
    ),
    Rule(
        "under-visitors",
        Severity.REVIEW,
        "nothing changes behind the load balancer while visitors are served through it",
        "A wrong health check path makes ECS replace every task for ever; a port that doesn't match, or a "
        "security group that is gone, cuts visitors off. Such changes are the operator's to make, and somebody's "
        "to read; but for other values of the secret header, which the rules `handshake` and `secret-header` judge.",
        _under_visitors,
    ),
    Rule(
        "attach-and-serve",
        Severity.BLOCK,
        "no plan both attaches the service and sends visitors to it",
        "Within one apply nothing looks at the targets: Terraform would switch CloudFront to a load balancer "
        "whose targets may never become healthy, since a circuit breaker's rollback reports success. Attach "
        "first, look at the targets, then serve; `bascule apply` does it in that order.",
        _attach_and_serve,
        waivable=False,
    ),
    Rule(
        "release-order",
        Severity.BLOCK,
        "CloudFront lets go of the load balancer before anything behind it goes",
        "While the distribution lists the ALB as an origin, edges may use it. In one apply Terraform would detach "
        "the service, or delete the ALB, before CloudFront has let go: the removed reference no longer orders "
        'them. Take the distribution back first, stage = "attach", and go on once it is deployed.',
        _released,
        waivable=False,
        stops_rollback=True,
    ),
    Rule(
        "delete-while-climbing",
        Severity.BLOCK,
        "nothing is deleted on the way up",
        "Climbing adds. A deletion on the way up is something that was removed from the configuration without "
        "going down the ladder, or a resource that another tool put into this state.",
        _deletes,
    ),
    Rule(
        "replacement",
        Severity.REVIEW,
        "nothing of ours is replaced",
        "A replacement is made before the old one goes, but listeners, rules and target groups are wired anew on "
        "the way. Below `connect` no visitor notices; from there on look at what refers to it.",
        _replaces,
    ),
    Rule(
        "visitors-alone",
        Severity.BLOCK,
        "where visitors are sent elsewhere, nothing else changes",
        "The gates looked at load balancer, service and targets as they are. A plan that switches visitors and "
        "changes something else in the same apply switches them to something that nobody has looked at. Apply the "
        "rest first, at the rung reached.",
        _visitors_alone,
        stops_rollback=True,
    ),
    Rule(
        "handshake",
        Severity.BLOCK,
        "the load balancer goes on accepting what CloudFront sends",
        "Edges learn of a change minutes after the ALB. Until then the listener has to keep its port and "
        "protocol, and the rule has to accept the header that CloudFront sends now. To change the header, accept "
        "both values first.",
        _handshake,
    ),
    Rule(
        "incomplete",
        Severity.BLOCK,
        "the plan covers the whole step",
        "A plan that was narrowed by -target, or in which Terraform put something off, leaves a part of the step "
        "to chance. Plan again without narrowing.",
        _incomplete,
    ),
    Rule(
        "drift",
        Severity.REVIEW,
        "nothing was changed outside Terraform",
        "Somebody or something changed a managed resource since Terraform last looked, and the plan changes it back "
        "or on; look whether the people who changed it know. What is live as the plan wants it is left out: a run that "
        "was killed did that.",
        _drift,
    ),
    Rule(
        "grace-period-alone",
        Severity.BLOCK,
        "a grace period doesn't travel with the load balancer that it is for",
        "ECS refuses a health check grace period in the UpdateService that attaches the load balancer "
        "(hashicorp/terraform-provider-aws issue 31104). It happens where a circuit breaker has taken the load "
        'balancer off again behind Terraform\'s back. Attach first: stage = "attach", apply, then climb on.',
        _grace,
    ),
)
