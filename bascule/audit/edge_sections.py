"""The sections of the document about the edge: the distribution, its origins, and the names that lead to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bascule.audit.blocks import Block, Items, Paragraph, Table, Words
from bascule.audit.known import unknown
from bascule.audit.phrases import phrase
from bascule.audit.wording import Item, absent, day, doubt, missing, or_none, yes

METHODS = 7
"""All that CloudFront can be told to take."""


def distribution(it: Any) -> Iterator[Block]:
    """The distribution, its behaviors in the order in which CloudFront looks at them, and its error responses."""
    if absent(it):
        yield from missing(it)
        return
    yield Items(
        (
            (phrase("ID"), (it["id"],)),
            (phrase("Status"), (it["status"], *(() if it["enabled"] else (phrase("(disabled)"),)))),
            (phrase("Domain"), (it["domain"],)),
            (phrase("Aliases"), or_none(it["aliases"])),
            *_certificate(it["certificate"]),
            (phrase("TLS policy"), or_none(it["tls"])),
            (phrase("HTTP version"), or_none(it["http_version"])),
            (phrase("Default root object"), or_none(it["root_object"])),
            (phrase("WAF"), or_none(it["web_acl"])),
            *(() if it["error_responses"] else ((phrase("Error responses"), (phrase("none"),)),)),
        )
    )
    yield Table(
        (
            phrase("Path"),
            phrase("Origin"),
            phrase("Viewers"),
            phrase("Methods"),
            phrase("Cache policy"),
            phrase("Forwards"),
            phrase("Functions"),
        ),
        tuple(
            (
                (one["path"],),
                (one["origin"],),
                (one["viewers"],),
                (phrase("all"),) if len(one["methods"]) == METHODS else (tuple(one["methods"]),),
                or_none(one["cache"], none=phrase("legacy settings")),
                or_none(one["forwards"]),
                or_none(one["functions"]),
            )
            for one in it["behaviors"]
        ),
    )
    if it["error_responses"]:
        yield Table(
            (phrase("Error"), phrase("Page"), phrase("Answered as")),
            tuple(
                ((str(one["code"]),), or_none(one["page"]), or_none(one["answered"])) for one in it["error_responses"]
            ),
        )
    if it["continuous_deployment"]:
        yield Paragraph(phrase("A continuous deployment policy is attached: {id}", id=it["continuous_deployment"]))


def _certificate(it: Any) -> tuple[Item, ...]:
    if it is None:
        return ((phrase("Certificate"), (phrase("CloudFront's own"),)),)
    if unknown(it):
        return ((phrase("Certificate"), (doubt(it),)),)
    if it["status"] is None:
        return ((phrase("Certificate"), (it["id"], phrase("(not in this account's ACM)"))),)
    issued = () if it["status"] == "ISSUED" else (it["status"],)
    names = (phrase("Names of the certificate"), (*or_none(it["names"]), *issued))
    return (names, (phrase("Certificate valid until"), day(it["expires"])))


KINDS = {
    "bucket": phrase("the site's S3 bucket"),
    "website": phrase("the site's S3 website"),
    "other-bucket": phrase("another S3 bucket"),
    "load-balancer": phrase("load balancer"),
    "custom": phrase("another server"),
}

ACCESS = {"oac": phrase("origin access control"), "oai": phrase("origin access identity")}


def origins(distribution: Any) -> Iterator[Block]:
    """Every origin and what it is."""
    if absent(distribution):
        yield from missing(distribution)
        return
    yield Table(
        (phrase("ID"), phrase("Domain"), phrase("Type"), phrase("Path"), phrase("Access")),
        tuple(
            (
                (one["id"],),
                (one["domain"],),
                (KINDS[one["kind"]],),
                or_none(one["path"], none=phrase("(empty)")),
                (ACCESS[one["access"]],) if one["access"] else (phrase("none"),),
            )
            for one in distribution["origins"]
        ),
    )
    target = distribution["behaviors"][-1]["origin"]
    kind = next((one["kind"] for one in distribution["origins"] if one["id"] == target), None)
    conclusions = {
        "bucket": phrase("Conclusion: CloudFront points at an S3 bucket, not at ECS."),
        "website": phrase("Conclusion: CloudFront points at an S3 bucket, not at ECS."),
        "load-balancer": phrase("Conclusion: CloudFront points at a load balancer."),
    }
    yield Paragraph(
        conclusions.get(str(kind), phrase("Conclusion: CloudFront points neither at this bucket nor at ECS.")),
        strong=True,
    )


def names(asked: Sequence[Mapping[str, Any]], distribution: Any) -> Iterator[Block]:
    """Where each name leads that visitors may use."""
    yield Table(
        (phrase("Name"), phrase("Alias of the distribution"), phrase("Leads to it"), phrase("Answer")),
        tuple(((one["name"],), yes(one["alias"]), _here(one), _answer(one, distribution)) for one in asked),
    )


def _here(name: Mapping[str, Any]) -> Words:
    return (phrase("unknown"),) if name["here"] is None else yes(name["here"])


def _answer(name: Mapping[str, Any], distribution: Any) -> Words:
    if absent(distribution):
        return (phrase("nothing to compare with"),)
    if name["here"] is None:
        return (phrase("not asked, or no answer"),)
    source = phrase("by Route 53") if name["by"] == "route53" else phrase("by the DNS")
    return (*or_none(name["answer"], none=phrase("no address")), source)
