"""The adopted CloudFront distribution: what each stage changes on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bascule.error_responses import masks
from bascule.errors import InputError
from bascule.ladder import ALB_ORIGIN_ID, Stage, origin_is_bucket
from bascule.managed_policies import ALL_VIEWER, CACHING_DISABLED, CACHING_OPTIMIZED
from bascule.site import Site

ALL_METHODS = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")
"""Server Actions and route handlers need POST; CloudFront knows sets of 2, 3 and these 7 methods only."""

READ_METHODS = ("GET", "HEAD")

CACHE_KEYS = ("forwarded_values", "min_ttl", "default_ttl", "max_ttl")
"""Arguments that CloudFront refuses beside a cache policy."""


@dataclass(frozen=True)
class AlbOrigin:
    """What the distribution has to know of the ALB; every field may be a Terraform expression."""

    domain_name: str
    secret: str


def distribution_values(
    adopted: Mapping[str, Any], site: Site, stage: Stage, alb: AlbOrigin | None, where: str
) -> dict[str, Any]:
    """The distribution's arguments at `stage`. Raises InputError if `retire` would drop an origin still in use.

    Below `connect` these are `adopted`; from there on `alb` is given, and it is the gates that wait for every edge to
    have the config (`bascule.gates.distribution_deployed`), so that Terraform doesn't hold the state's lock meanwhile:
    for as long as it does, there is no way back.
    """
    values = dict(adopted)
    if alb is None:
        return values
    ordered = list(adopted.get("ordered_cache_behavior", ()))
    (default,) = adopted["default_cache_behavior"]
    values["origin"] = [*adopted["origin"], _origin(site, alb)]
    values["ordered_cache_behavior"] = [_probe(site, default), *ordered]
    values["wait_for_deployment"] = False
    if stage.at_least(Stage.SERVE):
        values["ordered_cache_behavior"] = [_probe(site, default), _static(site, default), *ordered]
        values["default_cache_behavior"] = [_serving(default)]
        values.pop("default_root_object", None)
        if "custom_error_response" in adopted:
            kept = [response for response in adopted["custom_error_response"] if not masks(response)]
            values["custom_error_response"] = kept
    if stage.at_least(Stage.RETIRE):
        values["origin"] = _without_bucket(values, site.bucket.name, where)
    return values


def _origin(site: Site, alb: AlbOrigin) -> dict[str, Any]:
    return {
        "origin_id": ALB_ORIGIN_ID,
        "domain_name": alb.domain_name,
        "connection_attempts": site.origin.connection_attempts,
        "connection_timeout": site.origin.connection_timeout,
        "custom_header": [{"name": site.origin.secret_header, "value": alb.secret}],
        "custom_origin_config": [
            {
                "http_port": 80,
                "https_port": 443,
                "origin_protocol_policy": f"{site.origin.protocol}-only",
                "origin_ssl_protocols": ["TLSv1.2"],
                "origin_read_timeout": site.origin.read_timeout,
                "origin_keepalive_timeout": site.origin.keepalive_timeout,
            }
        ],
    }


def _serving(adopted: Mapping[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in adopted.items() if key not in CACHE_KEYS}
    return {**kept, **_dynamic()}


def _dynamic() -> dict[str, Any]:
    return {
        "target_origin_id": ALB_ORIGIN_ID,
        "allowed_methods": list(ALL_METHODS),
        "cached_methods": list(READ_METHODS),
        "cache_policy_id": CACHING_DISABLED,
        "origin_request_policy_id": ALL_VIEWER,
    }


KEPT = ("compress", "response_headers_policy_id", "trusted_key_groups", "trusted_signers")
"""What the default behavior says and ours beside it have to say, too: a site that asks for signed URLs, or sends
security headers, does so on every path."""


def _probe(site: Site, default: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **_kept(default),
        "path_pattern": site.distribution.probe_path,
        "viewer_protocol_policy": "redirect-to-https",
        **_dynamic(),
    }


def _static(site: Site, default: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **_kept(default),
        "path_pattern": site.distribution.static_path,
        "viewer_protocol_policy": "redirect-to-https",
        "target_origin_id": ALB_ORIGIN_ID,
        "allowed_methods": list(READ_METHODS),
        "cached_methods": list(READ_METHODS),
        "cache_policy_id": CACHING_OPTIMIZED,
        # Over https the ALB's certificate has to match the viewer's Host, or every asset is answered 502.
        "origin_request_policy_id": ALL_VIEWER,
    }


def _kept(default: Mapping[str, Any]) -> dict[str, Any]:
    return {"compress": False} | {name: default[name] for name in KEPT if name in default}


def _without_bucket(values: Mapping[str, Any], bucket: str, where: str) -> list[dict[str, Any]]:
    retired = {o["origin_id"] for o in values["origin"] if origin_is_bucket(o["domain_name"], bucket)}
    users = [
        f"behavior {behavior.get('path_pattern', 'default')}"
        for behavior in (*values["default_cache_behavior"], *values["ordered_cache_behavior"])
        if behavior["target_origin_id"] in retired
    ] + [
        f"origin group {group['origin_id']}"
        for group in values.get("origin_group", ())
        if any(member["origin_id"] in retired for member in group["member"])
    ]
    if users:
        raise InputError(
            f"the bucket's origin is still in use by {', '.join(users)}",
            where=f'{where}: stage = "retire"',
            remedy='keep stage = "serve": what these serve from the bucket would be gone',
        )
    return [origin for origin in values["origin"] if origin["origin_id"] not in retired]
