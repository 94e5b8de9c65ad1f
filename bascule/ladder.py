"""The stages of the move, their order, the rung that a Terraform state shows, and the applies between two rungs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

ALB_ORIGIN_ID = "bascule-alb"
"""Origin id of the ALB in the distribution: the trace by which `connect` and `serve` are recognised."""

ADOPTED_TYPES = ("aws_cloudfront_distribution", "aws_s3_bucket", "aws_ecs_service")
"""Resource types that are adopted, never created; every other managed type in the state is ours."""


class Stage(StrEnum):
    """A rung of the ladder; rungs compare by their place on it."""

    NONE = "none"
    ADOPT = "adopt"
    BUILD = "build"
    ATTACH = "attach"
    CONNECT = "connect"
    SERVE = "serve"
    RETIRE = "retire"

    @property
    def rung(self) -> int:
        """The place on the ladder, from 0."""
        return list(Stage).index(self)

    def at_least(self, other: Stage) -> bool:
        """Whether this rung is `other` or above it."""
        return self.rung >= other.rung

    def __str__(self) -> str:
        return self.value


def reached(state: Mapping[str, Any]) -> Stage:
    """The highest rung of which any trace is in `state`, the object that `terraform show -json` prints for a state.

    A trace, not completion: a failed apply leaves part of a rung behind, and what is left has to be taken back or
    finished from there. An empty state is `none`.
    """
    resources = list(_managed(state))
    traces = [Stage.NONE]
    for resource in resources:
        traces.append(Stage.ADOPT if resource["type"] in ADOPTED_TYPES else Stage.BUILD)
        if resource["type"] == "aws_ecs_service" and _attached(resource["values"], resources):
            traces.append(Stage.ATTACH)
        if resource["type"] == "aws_cloudfront_distribution":
            traces.append(_distribution_rung(resource["values"], resources))
    return max(traces, key=lambda stage: stage.rung)


def steps(reached: Stage, wanted: Stage, *, attach_alone: bool = False) -> tuple[Stage, ...]:
    """The rungs at which an apply has to stop on the way from `reached` to `wanted`, `wanted` last.

    Up: `adopt` by itself, since its plan is the proof; one apply to `connect`; then `serve` and `retire` one each,
    because a failed attach leaves a state that says "attached". Down: visitors first, then one apply per boundary
    (distribution, service, load balancer, adoption), because in one apply Terraform would detach the service before
    CloudFront has let go of the ALB. Both measured: docs/field-notes.md.
    The same rung again is one step, which finishes or repeats it.

    `attach_alone` makes `attach` an apply of its own on the way up: a grace period is set from `connect` on, and may
    not travel in the UpdateService that attaches (hashicorp/terraform-provider-aws issue 31104).
    """
    if wanted.at_least(reached):
        stops = {Stage.ADOPT, Stage.CONNECT, Stage.SERVE, Stage.RETIRE} | ({Stage.ATTACH} if attach_alone else set())
        between = [s for s in Stage if reached.rung < s.rung < wanted.rung and s in stops]
    else:
        stops = {Stage.CONNECT, Stage.ATTACH, Stage.BUILD, Stage.ADOPT, Stage.NONE}
        between = [s for s in reversed(Stage) if wanted.rung < s.rung < reached.rung and s in stops]
    return (*between, wanted)


def half_made(state: Mapping[str, Any]) -> list[str]:
    """Addresses of resources whose creation was interrupted: Terraform calls them tainted and would replace them."""
    return [resource["address"] for resource in _managed(state) if resource.get("tainted")]


@dataclass(frozen=True)
class Step:
    """The next apply: from the rung reached, to `stage`, on the way to the rung wanted."""

    reached: Stage
    stage: Stage
    wanted: Stage
    state: Mapping[str, Any]
    """Terraform's state, as `terraform show -json` prints it."""

    @property
    def descends(self) -> bool:
        """Whether it takes something back."""
        return not self.stage.at_least(self.reached)

    @property
    def last(self) -> bool:
        """Whether nothing is left to do after this step."""
        return self.stage is self.wanted


def next_step(state: Mapping[str, Any], wanted: Stage, *, attach_alone: bool = False) -> Step:
    """The next apply from the rung that `state` shows towards `wanted`; `attach_alone` as for `steps`."""
    now = reached(state)
    return Step(now, steps(now, wanted, attach_alone=attach_alone)[0], wanted, state)


def _managed(state: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    root = (state.get("values") or {}).get("root_module") or {}
    return (r for r in root.get("resources", ()) if r.get("mode") == "managed")


def _attached(service: Mapping[str, Any], resources: list[Mapping[str, Any]]) -> bool:
    target_groups = _values_of(resources, "aws_lb_target_group", "arn")
    groups = _values_of(resources, "aws_security_group", "id")
    balancers = service.get("load_balancer") or ()
    networks = service.get("network_configuration") or ()
    return any(b.get("target_group_arn") in target_groups for b in balancers) or any(
        group in groups for n in networks for group in n.get("security_groups") or ()
    )


def _distribution_rung(distribution: Mapping[str, Any], resources: list[Mapping[str, Any]]) -> Stage:
    origins = {origin["origin_id"] for origin in distribution.get("origin") or ()}
    default = (distribution.get("default_cache_behavior") or [{}])[0].get("target_origin_id")
    ordered = {b.get("target_origin_id") for b in distribution.get("ordered_cache_behavior") or ()}
    if default == ALB_ORIGIN_ID:
        return Stage.SERVE if _bucket_is_an_origin(distribution, resources) else Stage.RETIRE
    if ALB_ORIGIN_ID in origins | ordered:
        return Stage.CONNECT
    return Stage.ADOPT


def _bucket_is_an_origin(distribution: Mapping[str, Any], resources: list[Mapping[str, Any]]) -> bool:
    buckets = _values_of(resources, "aws_s3_bucket", "bucket")
    return any(
        origin_is_bucket(origin.get("domain_name") or "", str(bucket))
        for origin in distribution.get("origin") or ()
        for bucket in buckets
    )


def origin_is_bucket(domain_name: str, bucket: str) -> bool:
    """Whether an origin's domain name is an endpoint of the bucket: REST (global or regional) or website.

    Source: Amazon S3 User Guide, virtual-hosted-style requests and website endpoints; all of them begin
    `BUCKET.s3.`, `BUCKET.s3-` and end in amazonaws.com or amazonaws.com.cn.
    """
    name = domain_name.lower()
    return name.startswith((f"{bucket}.s3.", f"{bucket}.s3-")) and name.endswith(
        (".amazonaws.com", ".amazonaws.com.cn")
    )


def _values_of(resources: list[Mapping[str, Any]], type_: str, attribute: str) -> set[Any]:
    return {r["values"].get(attribute) for r in resources if r["type"] == type_}
