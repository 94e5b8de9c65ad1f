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


DELIVERED_ELSEWHERE = ("task_definition", "desired_count")
"""Arguments of the service that deployments and autoscaling change; Terraform owns the load balancer, not these."""


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


def steps(reached: Stage, wanted: Stage, *, attach_alone: bool = False, each_rung: bool = False) -> tuple[Stage, ...]:
    """The rungs at which an apply has to stop on the way from `reached` to `wanted`, `wanted` last.

    Up: `adopt` by itself, since its plan is the proof; one apply to `connect`; then `serve` and `retire` one each,
    because a failed attach leaves a state that says "attached". Down: visitors first, then one apply per boundary
    (distribution, service, load balancer, adoption), because in one apply Terraform would detach the service before
    CloudFront has let go of the ALB. Both measured: docs/field-notes.md.
    The same rung again is one step, which finishes or repeats it.

    `attach_alone` makes `attach` an apply of its own on the way up: a grace period is set from `connect` on, and may
    not travel in the UpdateService that attaches (hashicorp/terraform-provider-aws issue 31104). `each_rung` makes
    every rung one, up.
    """
    if wanted.at_least(reached) and each_rung:
        between = [s for s in Stage if reached.rung < s.rung < wanted.rung]
    elif wanted.at_least(reached):
        stops = {Stage.ADOPT, Stage.CONNECT, Stage.SERVE, Stage.RETIRE} | ({Stage.ATTACH} if attach_alone else set())
        between = [s for s in Stage if reached.rung < s.rung < wanted.rung and s in stops]
    else:
        stops = {Stage.CONNECT, Stage.ATTACH, Stage.BUILD, Stage.ADOPT, Stage.NONE}
        between = [s for s in reversed(Stage) if wanted.rung < s.rung < reached.rung and s in stops]
    return (*between, wanted)


_SERVICE, _DISTRIBUTION = "aws_ecs_service", "aws_cloudfront_distribution"

PUTS: Mapping[Stage, Mapping[str, tuple[str, ...]]] = {
    Stage.BUILD: {_SERVICE: ("wait_for_steady_state", "timeouts.update")},
    Stage.ATTACH: {_SERVICE: ("load_balancer[*", "network_configuration.security_groups")},
    Stage.CONNECT: {
        _SERVICE: ("health_check_grace_period_seconds",),
        _DISTRIBUTION: (
            f"origin[{ALB_ORIGIN_ID}].*",
            "ordered_cache_behavior[{probe_path}].*",
            "ordered_cache_behavior.order",
            "wait_for_deployment",
        ),
    },
    Stage.SERVE: {
        _DISTRIBUTION: (
            "ordered_cache_behavior[{static_path}].*",
            "default_cache_behavior.target_origin_id",
            "default_cache_behavior.allowed_methods",
            "default_cache_behavior.cached_methods",
            "default_cache_behavior.cache_policy_id",
            "default_cache_behavior.origin_request_policy_id",
            "default_cache_behavior.forwarded_values*",
            "default_cache_behavior.min_ttl",
            "default_cache_behavior.default_ttl",
            "default_cache_behavior.max_ttl",
            "default_root_object",
            "custom_error_response[*",
        )
    },
    Stage.RETIRE: {_DISTRIBUTION: ("origin[*",)},
}
"""What each rung puts on adopted resources, or takes off again on the way down: arguments as `bascule.meaning` writes
their paths; a `*` at the end stands for the rest."""

ALLOWED: Mapping[tuple[Stage, Stage], Mapping[str, tuple[str, ...]]] = {
    (reached, wanted): {
        type_: tuple(
            path
            for stage, puts in PUTS.items()
            if stage.rung <= max(reached.rung, wanted.rung)
            for path in puts.get(type_, ())
        )
        for type_ in ADOPTED_TYPES
    }
    for reached in Stage
    for wanted in Stage
}
"""What may change on adopted resources between two rungs, whichever is the higher: all that bascule has put there up to
that one, since a failed apply, or a number in the site file, can leave any of it to be mended."""


def may_change(type_: str, path: str, reached: Stage, wanted: Stage, **patterns: str) -> bool:
    """Whether an argument of an adopted resource may change between two rungs; `patterns` are the site's
    `probe_path` and `static_path`."""
    for allowed in ALLOWED[reached, wanted].get(type_, ()):
        wanted_path = allowed.format(**patterns)
        if path == wanted_path or (wanted_path.endswith("*") and path.startswith(wanted_path[:-1])):
            return True
    return False


def adopted_ids(state: Mapping[str, Any]) -> dict[str, str]:
    """Terraform import id of each adopted resource that a state holds, by its type."""
    found = {}
    for resource in _managed(state):
        values = resource["values"]
        if resource["type"] == _DISTRIBUTION:
            found[_DISTRIBUTION] = values.get("id")
        elif resource["type"] == "aws_s3_bucket":
            found["aws_s3_bucket"] = values.get("bucket")
        elif resource["type"] == _SERVICE:
            cluster = str(values.get("cluster", "")).rpartition("/")[2]
            found[_SERVICE] = f"{cluster}/{values.get('name')}"
    return {type_: str(id_) for type_, id_ in found.items()}


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


def next_step(
    state: Mapping[str, Any],
    wanted: Stage,
    *,
    attach_alone: bool = False,
    each_rung: bool = False,
    unrecorded: bool = False,
) -> Step:
    """The next apply from the rung that `state` shows towards `wanted`; `attach_alone` and `each_rung` as for `steps`.

    A `connect` that stopped before the service was attached leaves the load balancer protected, and AWS deletes no
    protected one: `build` again takes that off, before what is below it. So it is with what bascule made and the state
    doesn't know (`unrecorded`): a rung that has it in its configuration takes it in, before anything below destroys it.
    """
    now = reached(state)
    if unrecorded:
        now = max(now, Stage.BUILD, key=lambda stage: stage.rung)
    again = unrecorded or _protected(state)
    if now is Stage.BUILD and not wanted.at_least(Stage.BUILD) and again:
        return Step(now, Stage.BUILD, wanted, state)
    return Step(now, steps(now, wanted, attach_alone=attach_alone, each_rung=each_rung)[0], wanted, state)


def _protected(state: Mapping[str, Any]) -> bool:
    balancers = (resource for resource in _managed(state) if resource["type"] == "aws_lb")
    return any(balancer["values"].get("enable_deletion_protection") for balancer in balancers)


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
