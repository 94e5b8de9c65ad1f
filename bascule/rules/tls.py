"""TLS that is worth the name, from visitors to CloudFront and from there to the ALB."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bascule.plan_json import Unknown
from bascule.routing import items, known
from bascule.rules.base import Case, Observation, Rule, Severity, fail, load_balancer_origin, unknown

TLS_1_2 = frozenset({"TLSv1.2_2018", "TLSv1.2_2019", "TLSv1.2_2021", "TLSv1.2_2025", "TLSv1.3_2025"})
"""CloudFront's security policies for viewers that take nothing below TLS 1.2 (CloudFront developer guide)."""


def _viewer_tls(case: Case) -> Iterator[Observation]:
    found = case.distribution
    if found is None or found.action != "update":
        return
    certificate: Mapping[str, Any] = next(known(found.after.get("viewer_certificate")), {})
    policy = certificate.get("minimum_protocol_version")
    if isinstance(policy, Unknown):
        yield unknown("the policy for viewers is known after apply")
    elif certificate.get("cloudfront_default_certificate"):
        yield fail("CloudFront's own certificate comes with TLSv1, whatever is asked for")
    elif policy not in TLS_1_2:
        yield fail(f"viewers may use {policy or 'TLSv1'}")


def _origin_tls(case: Case) -> Iterator[Observation]:
    for custom in _custom_origins(case):
        protocols = items(custom.get("origin_ssl_protocols"))
        if custom.get("origin_protocol_policy") == "http-only":
            continue
        for protocol in protocols:
            if isinstance(protocol, Unknown):
                yield unknown("the TLS versions to the origin are known after apply")
            elif protocol != "TLSv1.2":
                yield fail(f"CloudFront may talk {protocol} to the ALB")


def _origin_http(case: Case) -> Iterator[Observation]:
    for custom in _custom_origins(case):
        policy = custom.get("origin_protocol_policy")
        if isinstance(policy, Unknown):
            yield unknown("the protocol to the origin is known after apply")
        elif policy != "https-only":
            yield fail("CloudFront talks plain HTTP to the ALB: the secret header and what visitors send go in clear")


def _custom_origins(case: Case) -> Iterator[Mapping[str, Any]]:
    origin = load_balancer_origin(case.distribution.after) if case.distribution else None
    yield from known((origin or {}).get("custom_origin_config"))


RULES = (
    Rule(
        "viewer-tls",
        Severity.BLOCK,
        "viewers use TLS 1.2 or newer",
        "TLS 1.0 and 1.1 are broken and deprecated (RFC 8996). Set the distribution's security policy to "
        "TLSv1.2_2021 in the account and adopt again; or waive this while old clients are still to be served.",
        _viewer_tls,
    ),
    Rule(
        "origin-tls",
        Severity.BLOCK,
        "CloudFront uses TLS 1.2 to the ALB",
        "What the ALB is asked is decided here, so nothing older than TLS 1.2 is needed between the two.",
        _origin_tls,
    ),
    Rule(
        "origin-http",
        Severity.REVIEW,
        "CloudFront talks to the ALB over TLS",
        "Over plain HTTP the secret header, cookies and form contents cross the network in clear, and the "
        'application sees X-Forwarded-Proto: http. With `protocol = "https"` and a certificate for the site\'s '
        "name in the ALB's region it doesn't. A site that begins with HTTP on purpose says so in a waiver.",
        _origin_http,
    ),
)
