"""The sections of the document that say what the account holds."""

from __future__ import annotations

from collections.abc import Iterator

from bascule.audit import bucket_section, edge_sections, service_sections
from bascule.audit.blocks import Block, Heading
from bascule.audit.facts import Facts
from bascule.audit.phrases import phrase


def sections(facts: Facts) -> Iterator[Block]:
    """One section for each kind of thing, numbered."""
    parts = (
        (phrase("CloudFront distribution"), edge_sections.distribution(facts["distribution"])),
        (phrase("CloudFront origins"), edge_sections.origins(facts["distribution"])),
        (phrase("S3 bucket"), bucket_section.bucket(facts["bucket"])),
        (phrase("ECS service"), service_sections.service(facts["service"], facts["registry"])),
        (phrase("ECR repository"), service_sections.registry(facts["registry"])),
        (phrase("Load balancers in the service's VPC"), service_sections.load_balancers(facts["load_balancers"])),
        (phrase("Names in the DNS"), edge_sections.names(facts["names"], facts["distribution"])),
    )
    for number, (title, blocks) in enumerate(parts, 1):
        yield Heading(3, phrase("{number}. {title}", number=number, title=title))
        yield from blocks
