"""The sections of the document that say what the account holds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from bascule.audit.blocks import Block, Heading, Items, Paragraph, Table, Words
from bascule.audit.facts import Facts
from bascule.audit.known import unknown
from bascule.audit.phrases import Phrase, phrase

Item = tuple[Phrase | str | None, Words]


def sections(facts: Facts) -> Iterator[Block]:
    """One section for each kind of thing, numbered."""
    parts = (
        (phrase("CloudFront distribution"), _distribution(facts["distribution"])),
        (phrase("CloudFront origins"), _origins(facts["distribution"])),
        (phrase("S3 bucket"), _bucket(facts["bucket"])),
        (phrase("ECS service"), _service(facts["service"])),
        (phrase("ECR repository"), _registry(facts["registry"])),
        (phrase("Load balancers in the service's VPC"), _load_balancers(facts["load_balancers"])),
        (phrase("Names in the DNS"), _names(facts["names"])),
    )
    for number, (title, blocks) in enumerate(parts, 1):
        yield Heading(3, phrase("{number}. {title}", number=number, title=title))
        yield from blocks


def _missing(fact: Any) -> Iterator[Block]:
    """The one sentence of a section whose subject isn't there, or couldn't be read."""
    if unknown(fact):
        yield Paragraph(_unread(fact))
    else:
        yield Paragraph(phrase("There is none."))


def _unread(fact: Mapping[str, str]) -> Phrase:
    return phrase("unknown: {action} is refused to this role", action=fact["unknown"])


def _absent(fact: Any) -> bool:
    return fact is None or unknown(fact)


def _or_none(value: Any, *, none: Phrase | None = None) -> Words:
    """A value as words: data as it is, what couldn't be read as such, and what isn't there as `none`."""
    if unknown(value):
        return (_unread(value),)
    if value in (None, [], "", ()):
        return (none or phrase("none"),)
    return (tuple(map(str, value)),) if isinstance(value, list) else (value,)


def _yes(value: Any) -> Words:
    if unknown(value):
        return (_unread(value),)
    return (phrase("yes") if value else phrase("no"),)


def _day(value: str | None) -> Words:
    return (date.fromisoformat(value),) if value else (phrase("unknown"),)


def _distribution(it: Any) -> Iterator[Block]:
    if _absent(it):
        yield from _missing(it)
        return
    yield Items(
        (
            (phrase("ID"), (it["id"],)),
            (phrase("Status"), (it["status"], *(() if it["enabled"] else (phrase("(disabled)"),)))),
            (phrase("Domain"), (it["domain"],)),
            (phrase("Aliases"), _or_none(it["aliases"])),
            *_certificate(it["certificate"]),
            (phrase("TLS policy"), _or_none(it["tls"])),
            (phrase("HTTP version"), _or_none(it["http_version"])),
            (phrase("Default root object"), _or_none(it["root_object"])),
            (phrase("WAF"), _or_none(it["web_acl"])),
        )
    )
    yield Table(
        (
            phrase("Path"),
            phrase("Origin"),
            phrase("Methods"),
            phrase("Cache policy"),
            phrase("Forwards"),
            phrase("Functions"),
        ),
        tuple(
            (
                (one["path"],),
                (one["origin"],),
                (len(one["methods"]),) if len(one["methods"]) > 3 else (tuple(one["methods"]),),
                _or_none(one["cache"], none=phrase("legacy settings")),
                _or_none(one["forwards"]),
                _or_none(one["functions"]),
            )
            for one in it["behaviors"]
        ),
    )
    if it["error_responses"]:
        yield Table(
            (phrase("Error"), phrase("Page"), phrase("Answered as")),
            tuple(
                ((str(one["code"]),), _or_none(one["page"]), _or_none(one["answered"])) for one in it["error_responses"]
            ),
        )
    if it["continuous_deployment"]:
        yield Paragraph(phrase("A continuous deployment policy is attached: {id}", id=it["continuous_deployment"]))


def _certificate(it: Any) -> tuple[Item, ...]:
    if it is None:
        return ((phrase("Certificate"), (phrase("CloudFront's own"),)),)
    if unknown(it):
        return ((phrase("Certificate"), (_unread(it),)),)
    names = (phrase("Names of the certificate"), _or_none(it["names"]))
    return (names, (phrase("Certificate valid until"), _day(it["expires"])))


KINDS = {
    "bucket": phrase("the site's S3 bucket"),
    "website": phrase("the site's S3 website"),
    "other-bucket": phrase("another S3 bucket"),
    "load-balancer": phrase("load balancer"),
    "custom": phrase("another server"),
}

ACCESS = {"oac": phrase("origin access control"), "oai": phrase("origin access identity")}


def _origins(distribution: Any) -> Iterator[Block]:
    if _absent(distribution):
        yield from _missing(distribution)
        return
    yield Table(
        (phrase("ID"), phrase("Domain"), phrase("Type"), phrase("Path"), phrase("Access")),
        tuple(
            (
                (one["id"],),
                (one["domain"],),
                (KINDS[one["kind"]],),
                _or_none(one["path"], none=phrase("(empty)")),
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


POLICIES = {"public": phrase("public"), "private": phrase("private"), None: phrase("none")}
BLOCKS = {"open": phrase("not blocked"), "partly": phrase("partly blocked"), "blocked": phrase("blocked")}


def _bucket(it: Any) -> Iterator[Block]:
    if _absent(it):
        yield from _missing(it)
        return
    policy, access = it["policy"], it["public_access"]
    yield Items(
        (
            (phrase("Bucket"), (it["name"],)),
            (phrase("Region"), _or_none(it["region"])),
            *_contents(it["contents"]),
            (phrase("Website hosting"), _yes(it["website"])),
            (phrase("Bucket policy"), (_unread(policy) if unknown(policy) else POLICIES[policy],)),
            (phrase("Public access"), (_unread(access) if unknown(access) else BLOCKS[access],)),
            (phrase("Distributions that read it"), _or_none(it["used_by"])),
        )
    )


def _contents(it: Any) -> tuple[Item, ...]:
    if unknown(it):
        return ((phrase("Objects"), (_unread(it),)),)
    kinds = [f"{'-' if kind == '-' else '*' + kind} ({count})" for kind, count in it["kinds"].items()]
    count = phrase("at least {count}", count=it["objects"]) if it["more"] else it["objects"]
    return (
        (phrase("Objects"), (count,)),
        (phrase("Size"), (phrase("{size} kB", size=round(int(it["bytes"]) / 1000, 1)),)),
        (phrase("Kinds"), _or_none(kinds)),
    )


def _service(it: Any) -> Iterator[Block]:
    if _absent(it):
        yield from _missing(it)
        return
    running = phrase("(tasks running: {running} of {desired})", running=it["running"], desired=it["desired"])
    yield Items(
        (
            (phrase("Cluster"), (it["cluster"],)),
            (phrase("Service"), (it["name"],)),
            (phrase("Created"), _day(it["created"])),
            (phrase("Status"), (it["status"], running)),
            (phrase("Launch type"), _or_none(it["launch"])),
            (phrase("Deployment controller"), (it["controller"],)),
            (phrase("Deployments"), (tuple(f"{one['status']} {one['rollout']}" for one in it["deployments"]),)),
            (phrase("Target groups"), _or_none(it["target_groups"])),
            (phrase("Autoscaling"), _autoscaling(it["autoscaling"])),
            *_definition(it["task_definition"]),
        )
    )
    yield from _tasks(it["tasks"], it["task_definition"])


def _autoscaling(it: Any) -> Words:
    if _absent(it):
        return _or_none(it)
    return (phrase("{least} to {most} tasks", least=it["min"], most=it["max"]),)


def _definition(it: Any) -> tuple[Item, ...]:
    if _absent(it):
        return ((phrase("Task definition"), _or_none(it)),)
    return (
        (phrase("Task definition"), (it["name"],)),
        (phrase("Container"), (it["container"], phrase("on ports"), _or_none([str(p) for p in it["ports"]])[0])),
        (phrase("Image"), (it["image"],)),
    )


def _tasks(tasks: Any, definition: Any) -> Iterator[Block]:
    if unknown(tasks):
        yield from _missing(tasks)
        return
    if not tasks:
        return
    yield Table(
        (phrase("Zone"), phrase("Status"), phrase("Private address"), phrase("Public address")),
        tuple(
            ((str(one["zone"]),), (one["status"],), _or_none(one["private"]), _or_none(one["public"])) for one in tasks
        ),
    )
    if any(isinstance(one["public"], str) for one in tasks):
        yield Paragraph(phrase("Tasks have public addresses: whether they answer there is up to their security group."))


def _registry(it: Any) -> Iterator[Block]:
    if _absent(it):
        yield from _missing(it)
        return
    mutable = phrase("mutable: an image can change under its tag") if it["tags"] == "MUTABLE" else phrase("immutable")
    yield Items(
        (
            (phrase("Repository"), (it["repository"],)),
            (phrase("Tags"), (mutable,)),
            (phrase("Scan on push"), _yes(it["scans"])),
            (phrase("Images"), _or_none(it["images"])),
        )
    )
    if isinstance(it["latest"], list) and it["latest"]:
        yield Table(
            (phrase("Pushed"), phrase("Tags"), phrase("Digest"), phrase("Findings")),
            tuple(
                (_day(one["pushed"]), _or_none(one["tags"]), (one["digest"][:19],), _findings(one["findings"]))
                for one in it["latest"]
            ),
        )


def _findings(counts: Mapping[str, int] | None) -> Words:
    if counts is None:
        return (phrase("not scanned"),)
    return (tuple(f"{severity} {count}" for severity, count in counts.items()) or phrase("none"),)


def _load_balancers(it: Any) -> Iterator[Block]:
    if _absent(it) or not it:
        yield from _missing(it)
        return
    yield Table(
        (phrase("Name"), phrase("Scheme"), phrase("State"), phrase("Zones"), phrase("Listeners")),
        tuple(
            (
                (one["name"],),
                (one["scheme"],),
                (one["state"],),
                _or_none(one["zones"]),
                _or_none(_listeners(one["listeners"])),
            )
            for one in it
        ),
    )


def _listeners(listeners: Any) -> Any:
    if unknown(listeners):
        return listeners
    return [f"{one['protocol']}:{one['port']}" for one in listeners or ()]


def _names(names: Sequence[Mapping[str, Any]]) -> Iterator[Block]:
    yield Table(
        (phrase("Name"), phrase("Alias of the distribution"), phrase("Leads to it"), phrase("Answer")),
        tuple(((one["name"],), _yes(one["alias"]), _here(one), _answer(one)) for one in names),
    )


def _here(name: Mapping[str, Any]) -> Words:
    return (phrase("unknown"),) if name["here"] is None else _yes(name["here"])


def _answer(name: Mapping[str, Any]) -> Words:
    if name["here"] is None:
        return (phrase("not asked, or no answer"),)
    source = phrase("by Route 53") if name["by"] == "route53" else phrase("by the DNS")
    return (*_or_none(name["answer"], none=phrase("no address")), source)
