"""The audited site and variants of it, synthesized in this process."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import imports
from bascule import demo, site_file
from bascule.ladder import Stage
from bascule.site import Site
from imports import Adopted

CODE = Path(__file__).resolve().parents[2]
NAME = demo.SITE
TEXT = demo.SITE_FILE.read_text(encoding="utf-8")
ADOPTED = imports.read(NAME, CODE)
(S3_ORIGIN,) = ADOPTED.distribution["origin"]
(DEFAULT_BEHAVIOR,) = ADOPTED.distribution["default_cache_behavior"]


def site_with(**tables: str) -> Site:
    """The site file with lines added to tables of it, or with other tables: `[state]` is replaced."""
    text = TEXT.partition("[state]")[0] if "state" in tables else TEXT
    for table, lines in tables.items():
        header = f"[{table}]\n"
        if header in text:
            keys = {line.partition("=")[0].strip() for line in lines.splitlines()}
            head, tail = text.split(header)
            body, bracket, rest = tail.partition("\n[")
            kept = [line for line in body.splitlines() if line.partition("=")[0].strip() not in keys]
            text = f"{head}{header}{lines}\n" + "\n".join(kept) + bracket + rest
        else:
            text += f"\n{header}{lines}\n"
    return site_file.parse(text, f"sites/{NAME}.toml")


SITE = site_with()
CERTIFICATE = "arn:aws:acm:me-central-1:123456789012:certificate/9b1c7a50-3f1e-4d21-8a6b-5f0e2c7d4a13"

LEGACY = {
    "forwarded_values": [{"query_string": True, "headers": ["Origin"], "cookies": [{"forward": "none"}]}],
    "min_ttl": 0,
    "default_ttl": 86400,
    "max_ttl": 31536000,
}
"""How a behavior was cached before there were cache policies."""


def with_distribution(**values: Any) -> Adopted:
    """What was adopted, with other arguments of the distribution."""
    return replace(ADOPTED, distribution={**ADOPTED.distribution, **values})


def with_service(**values: Any) -> Adopted:
    """What was adopted, with other arguments of the service."""
    return replace(ADOPTED, service={**ADOPTED.service, **values})


def behavior(path: str, target: str = S3_ORIGIN["origin_id"], **values: Any) -> dict[str, Any]:
    """An adopted ordered behavior."""
    return {**DEFAULT_BEHAVIOR, "path_pattern": path, "target_origin_id": target, **values}


def without(values: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    """The values but for some keys."""
    return {key: value for key, value in values.items() if key not in keys}


@dataclass(frozen=True)
class Variant:
    """A site, and what was adopted of it."""

    site: Site = SITE
    adopted: Adopted = ADOPTED


BUSY_DISTRIBUTION = with_distribution(
    default_cache_behavior=[{**without(DEFAULT_BEHAVIOR, "cache_policy_id"), **LEGACY}],
    ordered_cache_behavior=[
        behavior("/assets/*", "failover"),
        behavior("/old/*", **LEGACY, cache_policy_id=None) | {"allowed_methods": ["GET", "HEAD", "OPTIONS"]},
    ],
    origin=[
        S3_ORIGIN,
        {
            "origin_id": "legacy",
            "domain_name": "legacy.arquantix.com",
            "custom_origin_config": [
                {
                    "http_port": 80,
                    "https_port": 443,
                    "origin_protocol_policy": "https-only",
                    "origin_ssl_protocols": ["TLSv1.2"],
                }
            ],
        },
    ],
    origin_group=[
        {
            "origin_id": "failover",
            "failover_criteria": [{"status_codes": [500, 502]}],
            "member": [{"origin_id": S3_ORIGIN["origin_id"]}, {"origin_id": "legacy"}],
        }
    ],
    custom_error_response=[
        {"error_code": 403, "response_code": 200, "response_page_path": "/index.html"},
        {"error_code": 503, "error_caching_min_ttl": 0},
    ],
)

VARIANTS = {
    "audited": Variant(),
    "https": Variant(site_with(origin=f'protocol = "https"\ncertificate_arn = "{CERTIFICATE}"')),
    "hcp": Variant(site_with(state='backend = "hcp"\norganization = "arquantix"\nproject = "web"\nworkspace = "site"')),
    "busy-distribution": Variant(adopted=BUSY_DISTRIBUTION),
    "busy-service": Variant(
        site_with(service='keep_security_groups = ["sg-04e1c7b9a3f58d260"]\nhealth_check_grace_period = 90'),
        with_service(
            load_balancer=[{"container_name": "metrics", "container_port": 9000, "target_group_arn": "arn:aws:other"}]
        ),
    ),
}


def synthesize(variant: Variant, stage: Stage, name: str = NAME) -> str:
    """The bytes of `cdk.tf.json`, as text."""
    from modules.cdk import cdktf
    from modules.stack import site_stack

    with tempfile.TemporaryDirectory() as out:
        app = cdktf.App(outdir=out, skip_validation=True)
        site_stack(app, name, variant.site, variant.adopted, stage)
        app.synth()
        return Path(out, "stacks", name, "cdk.tf.json").read_text(encoding="utf-8")


@cache
def synthesized(variant: str, stage: Stage) -> str:
    """What a variant's `cdk.tf.json` holds; each is made once per test run."""
    return synthesize(VARIANTS[variant], stage)


def configuration(variant: str, stage: Stage) -> dict[str, Any]:
    """The same as values."""
    values: dict[str, Any] = json.loads(synthesized(variant, stage))
    return values


def inventory(configuration: Mapping[str, Any]) -> dict[str, Any]:
    """Each block of a configuration by its address, without CDK's own notes."""
    return dict(_blocks(configuration))


def _blocks(configuration: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for kind, content in configuration.items():
        if kind in ("resource", "data"):
            prefix = "data." if kind == "data" else ""
            for type_, named in content.items():
                for name, body in named.items():
                    yield f"{prefix}{type_}.{name}", without(body, "//")
        elif kind in ("import", "removed"):
            for body in content:
                yield f"{kind} {body.get('to', body.get('from'))}", body
        elif kind != "//":
            yield kind, content


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """What one inventory adds to another, changes in it and takes off: arguments with their new value, or None."""
    found: dict[str, Any] = {}
    for address in sorted({*before, *after}):
        old, new = before.get(address), after.get(address)
        if old is None or new is None:
            found[address] = new
        elif changed := {key for key in {*old, *new} if old.get(key) != new.get(key)}:
            found[address] = {key: new.get(key) for key in sorted(changed)}
    return {address: body for address, body in found.items() if before.get(address) != after.get(address)}
