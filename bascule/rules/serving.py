"""What an S3-era distribution gets wrong in front of a Next.js application."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bascule.error_responses import masks
from bascule.ladder import ALB_ORIGIN_ID
from bascule.managed_policies import (
    ALL_VIEWER,
    ALL_VIEWER_AND_CLOUDFRONT_HEADERS,
    CACHING_DISABLED,
    NAMES,
    USE_ORIGIN_HEADERS_WITH_QUERY_STRINGS,
)
from bascule.plan_json import Unknown
from bascule.routing import items, known, sure
from bascule.rules.base import (
    Case,
    Observation,
    Rule,
    Severity,
    behaviors,
    default_behavior,
    fail,
    serves_application,
    unknown,
)

FORWARD_HOST = frozenset({ALL_VIEWER, ALL_VIEWER_AND_CLOUDFRONT_HEADERS})
NOT_MIXING = frozenset({CACHING_DISABLED, USE_ORIGIN_HEADERS_WITH_QUERY_STRINGS})
"""Cache policies that never answer a page with its RSC payload: one caches nothing, one keys on `_rsc`."""


def _served(case: Case) -> Mapping[str, Any] | None:
    """The distribution as the plan leaves it, where visitors get the application."""
    found = case.distribution
    return found.after if found is not None and serves_application(found.after) else None


def _to_load_balancer(case: Case) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The behaviors that lead to the application."""
    found = case.distribution
    for path, behavior in behaviors(found.after) if found is not None and found.after else ():
        if sure(behavior.get("target_origin_id")) == ALB_ORIGIN_ID:
            yield path, behavior


def _dynamic(case: Case) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The behaviors that lead to the application, but for its immutable assets."""
    static = case.site.distribution.static_path
    return ((path, behavior) for path, behavior in _to_load_balancer(case) if path != static)


def _root_object(case: Case) -> Iterator[Observation]:
    root = (_served(case) or {}).get("default_root_object")
    if isinstance(root, Unknown):
        yield unknown("the default root object is known after apply")
    elif root:
        yield fail(f"a request for / would ask the application for /{root}")


def _masking(case: Case) -> Iterator[Observation]:
    for response in known((_served(case) or {}).get("custom_error_response")):
        if any(isinstance(value, Unknown) for value in response.values()):
            yield unknown("an error response is known after apply")
        elif masks(response):
            yield fail(f"the application's {response['error_code']} would be shown as {response['response_page_path']}")


def _methods(case: Case) -> Iterator[Observation]:
    served = _served(case)
    if served is not None:
        methods = items(default_behavior(served).get("allowed_methods"))
        if "POST" not in methods and any(isinstance(method, Unknown) for method in methods):
            yield unknown("the methods are known after apply")
        elif "POST" not in methods:
            yield fail(f"the default behavior takes {', '.join(sorted(methods)) or 'no method'}")


def _host(case: Case) -> Iterator[Observation]:
    for path, behavior in _to_load_balancer(case):
        policy = behavior.get("origin_request_policy_id")
        forwarded = [h for f in known(behavior.get("forwarded_values")) for h in items(f.get("headers"))]
        if policy in FORWARD_HOST or {"Host", "host", "*"} & {h for h in forwarded if isinstance(h, str)}:
            continue
        if isinstance(policy, Unknown):
            yield unknown(f"{path}: the origin request policy is known after apply")
        elif policy and policy not in NAMES:
            yield unknown(f"{path}: origin request policy {policy} is the account's own: look whether it forwards Host")
        else:
            what = f"{NAMES[str(policy)]} doesn't forward Host" if policy else "nothing forwards Host"
            yield fail(f"{path}: {what}")


def _rsc(case: Case) -> Iterator[Observation]:
    for path, behavior in _dynamic(case):
        policy = behavior.get("cache_policy_id")
        if policy in NOT_MIXING:
            continue
        if isinstance(policy, Unknown):
            yield unknown(f"{path}: the cache policy is known after apply")
        elif policy and policy not in NAMES:
            yield unknown(f"{path}: cache policy {policy} is the account's own: look whether `_rsc` is in its key")
        elif policy:
            yield fail(f"{path}: {NAMES[str(policy)]} would answer a page with its RSC payload, or the other way round")
        elif any(behavior.get(ttl) != 0 for ttl in ("min_ttl", "default_ttl", "max_ttl")):
            longest = behavior.get("max_ttl")
            how_long = f"up to {longest} s" if longest is not None else "as long as it likes"
            yield fail(f"{path}: without a cache policy CloudFront caches pages for {how_long}")


EDGE_EVENTS = ("viewer-request", "origin-request")
"""Functions that run before the origin is asked, and so see or rewrite what the application gets."""


def _functions(case: Case) -> Iterator[Observation]:
    served = _served(case)
    for kind in ("function_association", "lambda_function_association"):
        for found in known(default_behavior(served).get(kind)) if served is not None else ():
            if sure(found.get("event_type")) in EDGE_EVENTS:
                arn = found.get("function_arn") or found.get("lambda_arn")
                yield fail(f"{found['event_type']}: {arn} still runs on every request")


RULES = (
    Rule(
        "root-object",
        Severity.BLOCK,
        "no default root object stands before the application",
        "CloudFront turns / into the default root object. S3 needs that; the application has no /index.html and "
        "answers 404 for the home page, and only there.",
        _root_object,
    ),
    Rule(
        "masked-errors",
        Severity.BLOCK,
        "no S3-era error page hides what the application answers",
        "A page in the place of every 403 and 404, often with code 200, made a static site behave. In front of an "
        "application it hides its own not-found pages, its API's errors, and the ALB's refusals from every check.",
        _masking,
    ),
    Rule(
        "methods",
        Severity.BLOCK,
        "visitors may use the methods that the application needs",
        "S3 needed GET and HEAD. Server Actions and route handlers need POST, and CloudFront answers 403 by "
        "itself to a method that a behavior doesn't allow.",
        _methods,
    ),
    Rule(
        "host-header",
        Severity.BLOCK,
        "the application is told the name that visitors use",
        "Server Actions compare Origin with Host and refuse what differs; redirects are made from Host. The "
        "origin request policy has to forward it: AllViewer does, AllViewerExceptHostHeader doesn't.",
        _host,
    ),
    Rule(
        "rsc-cached",
        Severity.BLOCK,
        "a page and its RSC payload are never mixed up in the cache",
        "Next.js answers one URL with HTML or with an RSC payload, depending on a header that CloudFront doesn't "
        "have in its cache key. Cached, visitors get the payload as a page. Pages are not cached; the assets that "
        "are named by their content are.",
        _rsc,
    ),
    Rule(
        "edge-functions",
        Severity.REVIEW,
        "no function made for the old site rewrites what the application is asked",
        "A function that turns / into /index.html, common before S3, gives the application a path that it doesn't "
        "have; the probe path doesn't show it, since functions belong to a behavior. Read what the named ones do. "
        "Where they are still wanted, a waiver says so; else take them off the default behavior in the account, "
        "and adopt again.",
        _functions,
    ),
)
