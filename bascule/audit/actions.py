"""What there is to do, with the command for each step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bascule.audit.blocks import Block, Paragraph, Steps
from bascule.audit.facts import Facts
from bascule.audit.known import unknown
from bascule.audit.options import Option
from bascule.audit.phrases import Phrase, phrase

Step = tuple[Phrase, tuple[str, ...]]


def actions(facts: Facts, option: Option | None) -> Iterator[Block]:
    """The steps of the way that is recommended."""
    distribution = facts["distribution"]
    if option is None or not isinstance(distribution, Mapping) or unknown(distribution):
        yield Paragraph(phrase("Settle what rules the ways out, then audit again:"))
        yield Steps(((phrase("Check what stands in the way"), ("bascule preflight",)),))
        return
    yield Steps(tuple(_static(facts) if option.strategy == "static-export" else _move(facts, option)))


def _move(facts: Facts, option: Option) -> Iterator[Step]:
    yield phrase("Check permissions, network, service and names"), ("bascule preflight",)
    yield phrase("Give the roles what the move needs, and no more"), ("bascule policy apply", "bascule policy deny")
    yield (
        phrase("Bring what is live under Terraform, with a plan that changes nothing"),
        ("bascule adopt", "bascule plan", "bascule apply"),
    )
    if facts["secret"] is False:
        yield phrase("Create the secret by which the ALB knows CloudFront"), ("bascule secret create",)
    build = (
        phrase("Create the ALB, its target group for the service, and the listener; no visitor gets there yet")
        if option.strategy == "create-alb"
        else phrase("Add a target group for the service and a rule to the existing listener; no visitor gets there yet")
    )
    yield build, ('stage = "connect"', "bascule plan", "bascule apply")
    yield (
        phrase("Send visitors to the application, in an apply of its own"),
        ('stage = "serve"', "bascule plan", "bascule apply"),
    )
    yield phrase("Invalidate CloudFront's caches"), (_invalidation(facts["distribution"]),)
    yield phrase("Test every name"), tuple(f"curl -sSI https://{name}/" for name in _tested(facts))
    yield phrase("If anything is wrong, go back to the bucket"), ("bascule rollback",)


def _static(facts: Facts) -> Iterator[Step]:
    bucket = facts["bucket"]
    name = bucket["name"] if isinstance(bucket, Mapping) and "name" in bucket else "BUCKET"
    yield phrase("Build the application as a static export (output: 'export')"), ("npm run build",)
    yield phrase("Put the export into the bucket"), (f"aws s3 sync out/ s3://{name}/",)
    yield phrase("Invalidate CloudFront's caches"), (_invalidation(facts["distribution"]),)
    yield phrase("Test every name"), tuple(f"curl -sSI https://{name}/" for name in _tested(facts))


def _invalidation(distribution: Mapping[str, Any]) -> str:
    return f"aws cloudfront create-invalidation --distribution-id {distribution['id']} --paths '/*'"


def _tested(facts: Facts) -> list[str]:
    """Every name that visitors may use, aliases first."""
    return [one["name"] for one in sorted(facts["names"], key=lambda one: (not one["alias"], one["name"]))]
