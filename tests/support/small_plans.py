"""Small plans, written by hand in the form of `terraform show -json`, and reviews of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import example

from bascule import plan_json
from bascule.ladder import ALB_ORIGIN_ID, Stage, Step
from bascule.plan_json import Plan
from bascule.review import Origin, Review
from bascule.review import review as make_review
from bascule.site import Waiver

TODAY = date(2026, 11, 24)
SECRET = "5ec2e7c0ffee5ec2e7c0ffee5ec2e7c0ffee"
"""What CloudFront tells the load balancer in the plans below; no output of any format may hold it."""

Values = dict[str, Any]


def change(address: str, actions: Sequence[str], *, mode: str = "managed", **detail: Any) -> Values:
    """One entry of `resource_changes`."""
    type_ = address.removeprefix("data.").split(".")[0]
    return {"address": address, "mode": mode, "type": type_, "change": {"actions": list(actions), **detail}}


def update(address: str, before: Values, after: Values, **detail: Any) -> Values:
    """An entry that changes a resource in place."""
    return change(address, ["update"], before=before, after=after, **detail)


def same(address: str, values: Values) -> Values:
    """An entry that leaves a resource as it is."""
    return change(address, ["no-op"], before=values, after=values)


def plan(*changes: Values, **rest: Any) -> Values:
    """The document of a plan."""
    return {"format_version": "1.2", "resource_changes": list(changes), **rest}


def configuration(**expressions: Mapping[str, Any]) -> Values:
    """The `configuration` section; `aws_lb__alb` stands for `aws_lb.alb`."""
    resources = [{"address": name.replace("__", "."), "expressions": value} for name, value in expressions.items()]
    return {"root_module": {"resources": resources}}


def prior(*resources: tuple[str, Values]) -> Values:
    """The `prior_state` section: addresses and values."""
    found = [
        {"address": address, "mode": "data" if address.startswith("data.") else "managed", "values": values}
        for address, values in resources
    ]
    return {"values": {"root_module": {"resources": found}}}


def read(*changes: Values, **rest: Any) -> Plan:
    """A plan of these entries, read."""
    return plan_json.read(plan(*changes, **rest))


BUCKET_ORIGIN = {"origin_id": "S3-old-site", "domain_name": "old-site.s3.me-central-1.amazonaws.com"}
ALB_DOMAIN = "ours-1.me-central-1.elb.amazonaws.com"
ALB_ORIGIN = {
    "origin_id": ALB_ORIGIN_ID,
    "domain_name": ALB_DOMAIN,
    "custom_header": [{"name": "X-Origin-Verify", "value": SECRET}],
    "custom_origin_config": [{"http_port": 80, "https_port": 443, "origin_protocol_policy": "http-only"}],
}
HEALTH = {"path_pattern": "/api/health", "target_origin_id": ALB_ORIGIN_ID}


def distribution(default: str = "S3-old-site", *ordered: Values, origins: Sequence[Any] = (), **more: Any) -> Values:
    """Values of a distribution; its origins are the bucket and the load balancer unless told."""
    return {
        "origin": list(origins or (BUCKET_ORIGIN, ALB_ORIGIN)),
        "default_cache_behavior": [{"target_origin_id": default}],
        "ordered_cache_behavior": list(ordered),
        "enabled": True,
        **more,
    }


BUCKET = {"bucket": "old-site"}
GROUP = {"arn": "arn:aws:elasticloadbalancing:me-central-1:123456789012:targetgroup/ours/1"}
BALANCER = {"arn": "arn:lb", "dns_name": ALB_DOMAIN}
REFUSAL = {"type": "fixed-response", "fixed_response": [{"status_code": "403"}]}
LISTENER = {
    "arn": "arn:listener",
    "load_balancer_arn": "arn:lb",
    "port": 80,
    "protocol": "HTTP",
    "default_action": [REFUSAL],
}
RULE = {
    "listener_arn": "arn:listener",
    "priority": 1,
    "condition": [{"http_header": [{"http_header_name": "X-Origin-Verify", "values": [SECRET]}], "path_pattern": []}],
    "action": [{"type": "forward", "target_group_arn": GROUP["arn"]}],
}
SERVICE = {
    "name": "next",
    "load_balancer": [{"target_group_arn": GROUP["arn"], "container_name": "app", "container_port": 3000}],
}

WORLD: Mapping[str, Values] = {
    "aws_cloudfront_distribution.site": distribution("S3-old-site", HEALTH),
    "aws_s3_bucket.site": BUCKET,
    "aws_ecs_service.site": SERVICE,
    "aws_lb.alb": BALANCER,
    "aws_lb_listener.alb": LISTENER,
    "aws_lb_listener_rule.cloudfront": RULE,
    "aws_lb_target_group.app": GROUP,
}
"""A site at `connect`: the bucket serves visitors, `/api/health` goes through the load balancer."""

STAYS = tuple(same(address, values) for address, values in WORLD.items() if "distribution" not in address)
"""Everything but the distribution, unchanged."""

SITE = "aws_cloudfront_distribution.site"
CONNECTED, SERVED = WORLD[SITE], distribution(ALB_ORIGIN_ID, HEALTH)

SERVE = plan(update(SITE, CONNECTED, SERVED), *STAYS)
"""The plan that sends visitors to the application, with little else in the distribution that a rule wants."""

BUILD = plan(
    same(SITE, distribution(origins=[BUCKET_ORIGIN])),
    same("aws_s3_bucket.site", BUCKET),
    change(
        "aws_lb.alb",
        ["create"],
        before=None,
        after={"name": "ours", "security_groups": ["sg-0123456789abcdef0"]},
        after_unknown={"arn": True, "dns_name": True},
    ),
    same("aws_security_group.alb", {"id": "sg-0123456789abcdef0"}),
    change("aws_lb_target_group.app", ["create"], before=None, after={"name": "ours"}, after_unknown={"arn": True}),
)
"""The plan that builds a load balancer behind nothing."""

FORGET = plan(
    change(SITE, ["forget"], before=CONNECTED, after=None),
    change("aws_s3_bucket.site", ["forget"], before=BUCKET, after=None),
)
"""The plan that lets go of what was adopted."""


def waiver(rule: str, expires: date = date(2027, 12, 31), reason: str = "Decided in the audit.") -> Waiver:
    """A waiver of a rule."""
    return Waiver(rule=rule, reason=reason, expires=expires, who="the audit")


def review(
    document: Mapping[str, Any],
    reached: Stage = Stage.CONNECT,
    stage: Stage = Stage.SERVE,
    *waivers: Waiver,
    wanted: Stage | None = None,
    origin: Origin | None = None,
    **more: Any,
) -> Review:
    """A review of a plan's document, made on a fixed day."""
    site = example.SITE.model_copy(update={"waivers": waivers})
    made = Origin("2026-11-24T11:00:00+00:00", "123456789012", "ab" * 32, "E1ETAG") if origin is None else origin
    step = Step(reached, stage, wanted or stage, {})
    return make_review("example", site, step, plan_json.read(document), made, today=TODAY, **more)


def review_of(*changes: Values, **rest: Any) -> Review:
    """A review of a plan of these entries, made at `connect` on the way to nowhere else."""
    return review(plan(*changes, **rest), Stage.CONNECT, Stage.CONNECT)


def as_saved_nowhere(found: Review) -> Review:
    """The same review of a plan that isn't saved."""
    return replace(found, origin=Origin(found.origin.made))
