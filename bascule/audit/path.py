"""The way of a request, today and after the move."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bascule.audit.blocks import Block, Paragraph, Picture, Words
from bascule.audit.facts import Facts
from bascule.audit.known import unknown
from bascule.audit.options import Option
from bascule.audit.phrases import phrase


def before_and_after(facts: Facts, option: Option | None) -> Iterator[Block]:
    """Two pictures and what lies between them."""
    distribution = facts["distribution"]
    if distribution is None or unknown(distribution):
        yield Paragraph(phrase("Where a request goes isn't known without the distribution."))
        return
    visitor: Words = (phrase("visitor"), f"https://{_host(facts)}/")
    edge: Words = ("CloudFront", distribution["id"])
    origin = _default_origin(distribution)
    yield Paragraph(phrase("Today:"), strong=True)
    yield Picture((visitor, edge, _origin(origin, facts)))
    if option is None or moved(facts):
        return
    yield Paragraph(phrase("After the move:"), strong=True)
    if option.strategy == "static-export":
        yield Picture((visitor, edge, ("S3", facts["bucket"]["name"] if isinstance(facts["bucket"], Mapping) else "")))
        return
    new = phrase("a new ALB") if option.strategy == "create-alb" else phrase("the existing ALB")
    yield Picture((visitor, edge, ("ALB", new), _application(facts["service"])))


def moved(facts: Facts) -> bool:
    """Whether visitors are sent to a load balancer already."""
    distribution = facts["distribution"]
    if distribution is None or unknown(distribution):
        return False
    origin = _default_origin(distribution)
    return origin is not None and origin["kind"] == "load-balancer"


def _host(facts: Facts) -> str:
    return next((str(one["name"]) for one in facts["names"] if one["alias"]), str(facts["distribution"]["domain"]))


def _default_origin(distribution: Mapping[str, Any]) -> Mapping[str, Any] | None:
    target = distribution["behaviors"][-1]["origin"]
    return next((one for one in distribution["origins"] if one["id"] == target), None)


def _origin(origin: Mapping[str, Any] | None, facts: Facts) -> Words:
    if origin is None:
        return (phrase("an origin group"),)
    if origin["kind"] in ("bucket", "website"):
        bucket = facts["bucket"]
        return ("S3", bucket["name"] if isinstance(bucket, Mapping) and "name" in bucket else origin["domain"])
    if origin["kind"] == "load-balancer":
        return ("ALB", origin["domain"])
    return (phrase("origin"), origin["domain"])


def _application(service: Any) -> Words:
    if not isinstance(service, Mapping) or unknown(service):
        return ("ECS", phrase("the application"))
    definition = service["task_definition"]
    ports = definition["ports"] if isinstance(definition, Mapping) and "ports" in definition else []
    return ("ECS", f"{service['cluster']}/{service['name']}" + (f":{ports[0]}" if ports else ""))
