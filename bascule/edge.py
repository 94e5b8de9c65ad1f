"""What CloudFront's edge makes of a request before it asks an origin, and of an error that the origin answers.

Sources: CloudFront developer guide, "Cache behavior settings" (path pattern, order, normalization, allowed methods),
"Require HTTPS for communication between viewers and CloudFront" (301, 307, 403), "Specify a default root object", "Use
custom URLs by adding alternate domain names" (wildcards), "Request and response behavior for custom origins" (GET with
a body), "How CloudFront processes HTTP 4xx and 5xx status codes from your origin". Not said there, and taken for
granted: that the root object is put in before a behavior is looked for; that the protocol is looked at before the
method; that an unknown host is answered with 403 (it is what CloudFront does).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bascule.http_request import Request, normalized
from bascule.plan_json import Unknown
from bascule.planned_values import NotKnown, first, items, known, sure, text
from bascule.wildcards import any_of, takes

DEFAULT = "default"
"""The name of the default behavior, which has no path pattern."""

ERROR_TTL = 10
"""Seconds for which an error is kept unless the distribution says otherwise."""


@dataclass(frozen=True)
class EdgeAnswer:
    """What the edge answers by itself."""

    status: int
    why: str
    location: str = ""
    refuses_method: bool = False
    """Whether the behavior doesn't take the request's method."""


@dataclass(frozen=True)
class Function:
    """A function that runs on the way: CloudFront's, or Lambda@Edge."""

    event: Any
    arn: Any
    kind: str
    """`cloudfront` or `lambda`."""


@dataclass(frozen=True)
class ErrorPage:
    """What visitors get for an error of the origin's."""

    code: int
    """What the origin answered."""
    status: int
    """What visitors are told."""
    path: str
    """The page that is asked for in the place of the origin's own, by the behavior that takes it; empty for none."""
    ttl: int
    """Seconds for which the error is kept, unless the origin says longer."""


@dataclass(frozen=True)
class Behaviors:
    """The behaviors of a distribution, made ready for many requests."""

    found: tuple[tuple[str, Mapping[str, Any]], ...]
    """Those with a known pattern, up to the first without, in their order."""
    patterns: re.Pattern[str]
    unsure: NotKnown | None
    """What it is that isn't known of the next one, which takes what those before don't take."""
    default: Mapping[str, Any]


def behaviors(distribution: Mapping[str, Any]) -> Behaviors:
    """The behaviors of a distribution, in Terraform's vocabulary."""
    found: list[tuple[str, Mapping[str, Any]]] = []
    unsure = None
    try:
        for behavior in known(distribution.get("ordered_cache_behavior")):
            found.append((text(sure(behavior.get("path_pattern"))), behavior))
    except NotKnown as error:
        unsure = error
    default: Mapping[str, Any] = {}
    if unsure is None:
        try:
            default = next(known(distribution.get("default_cache_behavior")), {})
        except NotKnown as error:
            unsure = error
    return Behaviors(tuple(found), any_of(name.removeprefix("/") for name, _ in found), unsure, default)


def number_of(behaviors: Behaviors, path: str) -> int:
    """The number of the behavior that a path meets: the first whose pattern takes it, from 0; -1 for the default one.
    Raises NotKnown."""
    taken = behaviors.patterns.fullmatch(normalized(path).removeprefix("/"))
    if taken is not None and taken.lastindex is not None:
        return taken.lastindex - 1
    if behaviors.unsure is not None:
        raise behaviors.unsure
    return -1


def behavior_of(distribution: Mapping[str, Any], path: str) -> tuple[str, Mapping[str, Any]]:
    """The behavior that a path meets: its pattern, or DEFAULT, and its arguments. Raises NotKnown."""
    ready = behaviors(distribution)
    number = number_of(ready, path)
    return (DEFAULT, ready.default) if number < 0 else ready.found[number]


def matches(pattern: str, path: str) -> bool:
    """Whether CloudFront's path pattern takes a path."""
    return takes(pattern.removeprefix("/"), path.removeprefix("/"))


def path_asked(distribution: Mapping[str, Any], path: str) -> str:
    """The path that is asked for: for the root of the site, and for nothing else, the default root object. Raises
    NotKnown."""
    root = text(sure(distribution.get("default_root_object"))) if path in ("/", "") else ""
    return f"/{root.removeprefix('/')}" if root else path


def serves(distribution: Mapping[str, Any], host: str) -> bool:
    """Whether the distribution answers for a host name: its own, or an alternate one. Raises NotKnown."""
    name = host.lower().partition(":")[0].rstrip(".")
    names = (distribution.get("domain_name"), *items(distribution.get("aliases")))
    if any(isinstance(one, str) and _covers(one.lower(), name) for one in names):
        return True
    for one in names:
        # CloudFront's own names are given by CloudFront: an unknown one is none of the site's.
        if isinstance(one, Unknown) and (one != names[0] or name.endswith(".cloudfront.net")):
            sure(one)
    return False


def _covers(alias: str, name: str) -> bool:
    return name.endswith(alias[1:]) and name != alias[1:] if alias.startswith("*.") else name == alias


def own_name(distribution: Mapping[str, Any]) -> str:
    """The name that visitors use: the first alternate one without a wildcard, else CloudFront's; empty if unknown."""
    names = (*sorted(map(str, items(distribution.get("aliases")))), distribution.get("domain_name"))
    return next((one for one in names if isinstance(one, str) and one and not one.startswith(("*", "("))), "")


METHODS = frozenset({"GET", "HEAD"})
"""What a behavior takes that says nothing of methods (API reference, AllowedMethods)."""


def edge_answer(behavior: Mapping[str, Any], request: Request) -> EdgeAnswer | None:
    """What the edge answers by itself to a request that meets a behavior, or None. Raises NotKnown."""
    policy = sure(behavior.get("viewer_protocol_policy")) if request.scheme == "http" else None
    if policy == "https-only":
        return EdgeAnswer(403, "HTTPS only")
    if policy == "redirect-to-https":
        query = f"?{request.query}" if request.query else ""
        status = 301 if request.method in METHODS else 307
        return EdgeAnswer(status, "HTTP is redirected to HTTPS", f"https://{request.host}{request.path}{query}")
    methods = items(behavior.get("allowed_methods")) or METHODS
    if request.method not in methods:
        for method in methods:
            sure(method)
        return EdgeAnswer(403, f"the behavior doesn't take {request.method}", refuses_method=True)
    if request.body and request.method == "GET":
        return EdgeAnswer(403, "a GET with a body")
    return None


FUNCTIONS = (
    ("function_association", "function_arn", "cloudfront"),
    ("lambda_function_association", "lambda_arn", "lambda"),
)


def functions(behavior: Mapping[str, Any]) -> tuple[Function, ...]:
    """The functions that a request meets. Raises NotKnown."""
    kinds = (
        ("function_association", "function_arn", "cloudfront"),
        ("lambda_function_association", "lambda_arn", "lambda"),
    )
    return tuple(
        Function(found.get("event_type"), found.get(arn), kind)
        for name, arn, kind in kinds
        for found in known(behavior.get(name))
    )


def provisos(distribution: Mapping[str, Any], behavior: Mapping[str, Any]) -> Iterator[str]:
    """What may still keep a request from its way, and isn't modelled."""
    if distribution.get("web_acl_id"):
        yield "the web ACL lets it pass"
    geo = first(first(distribution, "restrictions"), "geo_restriction")
    if geo.get("restriction_type") not in (None, "none"):
        yield "the viewer's country is admitted"
    if items(behavior.get("trusted_key_groups")) or items(behavior.get("trusted_signers")):
        yield "its URL or cookie is signed"
    if distribution.get("continuous_deployment_policy_id"):
        yield "continuous deployment doesn't send it to the staging distribution"
    for kind, _, _ in FUNCTIONS:
        for found in items(behavior.get(kind)):
            event = "" if isinstance(found, Unknown) else text(found.get("event_type"))
            if not event.endswith("-response"):
                yield f"the {event or 'edge'} function leaves it as it is"


def error_page(distribution: Mapping[str, Any], status: int) -> ErrorPage | None:
    """What the distribution makes of an error of the origin's; None where it says nothing of it, and the error is kept
    for ERROR_TTL. Raises NotKnown.

    The guide speaks of 400, 403, 405, 412 and 415 as kept only if the origin says for how long; of what visitors get,
    it makes no such difference, nor does this.
    """
    if status < 400:
        return None
    unsure: NotKnown | None = None
    try:
        for response in known(distribution.get("custom_error_response")):
            if isinstance(response.get("error_code"), Unknown):
                unsure = NotKnown("an error response")
            elif int(response.get("error_code") or 0) == status:
                path = text(sure(response.get("response_page_path")))
                ttl = sure(response.get("error_caching_min_ttl"))
                code = sure(response.get("response_code")) if path else None
                return ErrorPage(status, int(code or status), path, ERROR_TTL if ttl is None else int(ttl))
    except NotKnown as error:
        unsure = error
    if unsure is not None:
        raise unsure
    return None
