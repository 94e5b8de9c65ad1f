"""What a response headers policy adds to an answer.

Source: CloudFront developer guide, "Understand response headers policies" (an origin's header stays unless the policy
overrides it), API reference, ResponseHeadersPolicySecurityHeadersConfig. CORS isn't modelled.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bascule.sandbox.edge.messages import Answer

Config = Mapping[str, Any]


def with_policy(answer: Answer, policy: Config | None) -> Answer:
    """The answer with the headers of a ResponseHeadersPolicyConfig; as it is where there is none."""
    if policy is None:
        return answer
    sent = {name.lower() for name, _ in answer.headers}
    removed = [one["Header"].lower() for one in _items(policy.get("RemoveHeadersConfig"))]
    added = [(name, value) for name, value, override in _headers(policy) if override or name.lower() not in sent]
    return answer.without(*removed).having(*added)


def _headers(policy: Config) -> Iterator[tuple[str, str, bool]]:
    """Name, value, and whether it takes the place of the origin's."""
    security = policy.get("SecurityHeadersConfig") or {}
    for member, name, said in (
        ("StrictTransportSecurity", "Strict-Transport-Security", _hsts),
        ("ContentTypeOptions", "X-Content-Type-Options", lambda one: "nosniff"),
        ("FrameOptions", "X-Frame-Options", lambda one: one["FrameOption"]),
        ("ReferrerPolicy", "Referrer-Policy", lambda one: one["ReferrerPolicy"]),
        ("XSSProtection", "X-XSS-Protection", _xss),
        ("ContentSecurityPolicy", "Content-Security-Policy", lambda one: one["ContentSecurityPolicy"]),
    ):
        if one := security.get(member):
            yield name, str(said(one)), bool(one.get("Override"))
    for one in _items(policy.get("CustomHeadersConfig")):
        yield one["Header"], one["Value"], bool(one.get("Override"))


def _items(container: Any) -> list[Config]:
    return list((container or {}).get("Items") or ())


def _hsts(one: Config) -> str:
    parts = [f"max-age={one['AccessControlMaxAgeSec']}"]
    parts += ["includeSubdomains"] if one.get("IncludeSubdomains") else []
    return "; ".join([*parts, *(["preload"] if one.get("Preload") else [])])


def _xss(one: Config) -> str:
    return "0" if not one.get("Protection") else "1; mode=block" if one.get("ModeBlock") else "1"
