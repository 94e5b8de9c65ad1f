"""The way of a request, today and after the move."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bascule.audit.blocks import Block, Paragraph, Picture, Words
from bascule.audit.facts import Facts
from bascule.audit.known import unknown
from bascule.audit.options import Option
from bascule.audit.phrases import phrase
from bascule.audit.reuse import reuse
from bascule.inventory import rows


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
    yield Picture((visitor, edge, _balancer(option, facts["load_balancers"]), _application(facts["service"])))


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
        return _bucket(facts["bucket"], origin["domain"])
    if origin["kind"] == "load-balancer":
        return ("ALB", origin["domain"])
    return (phrase("origin"), origin["domain"])


def _bucket(bucket: Any, otherwise: Any) -> Words:
    return ("S3", otherwise if bucket is None or unknown(bucket) else bucket["name"])


def _balancer(option: Option, balancers: Any) -> Words:
    if option.strategy == "create-alb":
        return (phrase("a new ALB"),)
    name = next((one["name"] for one in rows(balancers) if reuse(one).open), None)
    return ("ALB", name) if name else (phrase("an existing ALB"),)


def _application(service: Any) -> Words:
    if not isinstance(service, Mapping) or unknown(service):
        return ("ECS", phrase("the application"))
    definition = service["task_definition"]
    ports = definition["ports"] if isinstance(definition, Mapping) and "ports" in definition else []
    return ("ECS", f"{service['cluster']}/{service['name']}" + (f":{ports[0]}" if ports else ""))
