"""The sections of the document about the service: ECS, the images that it runs, and the load balancers near it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bascule.audit.blocks import Block, Items, Paragraph, Table, Words
from bascule.audit.known import unknown
from bascule.audit.phrases import Phrase, phrase
from bascule.audit.reuse import Reuse, reuse
from bascule.audit.wording import Item, absent, day, missing, or_none, yes


def service(it: Any, registry: Any) -> Iterator[Block]:
    """The service, what it runs, and its tasks."""
    if absent(it):
        yield from missing(it)
        return
    running = phrase("(tasks running: {running} of {desired})", running=it["running"], desired=it["desired"])
    yield Items(
        (
            (phrase("Cluster"), (it["cluster"],)),
            (phrase("Service"), (it["name"],)),
            (phrase("Created"), day(it["created"])),
            (phrase("Status"), (it["status"], running)),
            (phrase("Launch type"), or_none(it["launch"])),
            (phrase("Deployment controller"), (it["controller"],)),
            (phrase("Deployments"), or_none([_deployment(one) for one in it["deployments"]])),
            (phrase("Target groups"), or_none(it["target_groups"])),
            (phrase("Autoscaling"), _autoscaling(it["autoscaling"])),
            *_definition(it["task_definition"], registry),
        )
    )
    yield from _tasks(it["tasks"])


def _deployment(it: Mapping[str, Any]) -> str:
    """Its status and, where the ECS controller rolls it out, how far that is."""
    return f"{it['status']} {it['rollout'] or ''}".rstrip()


def _autoscaling(it: Any) -> Words:
    if absent(it):
        return or_none(it)
    return (phrase("{least} to {most} tasks", least=it["min"], most=it["max"]),)


def _definition(it: Any, registry: Any) -> tuple[Item, ...]:
    if absent(it):
        return ((phrase("Task definition"), or_none(it)),)
    return (
        (phrase("Task definition"), (it["name"],)),
        (phrase("Container"), (it["container"], phrase("on ports"), or_none([str(p) for p in it["ports"]])[0])),
        (phrase("Image"), (it["image"], _tag(it, registry))),
    )


def _tag(definition: Mapping[str, Any], registry: Any) -> Phrase:
    """Whether tasks that start later have the same image."""
    if definition["by_digest"]:
        return phrase("(by its digest: always the same image)")
    if absent(registry):
        return phrase("(by a tag; whether it can move isn't known)")
    if _is_mutable(registry):
        return phrase("(by a tag that can move: a task that starts later may run another image)")
    return phrase("(by a tag that can't move)")


def _is_mutable(registry: Mapping[str, Any]) -> bool:
    # There is MUTABLE_WITH_EXCLUSION, too (ECR API, Repository).
    return str(registry["tags"]).startswith("MUTABLE")


def _tasks(tasks: Any) -> Iterator[Block]:
    if unknown(tasks):
        yield from missing(tasks)
        return
    if not tasks:
        yield Paragraph(phrase("No task is running."))
        return
    yield Table(
        (
            phrase("Zone"),
            phrase("Status"),
            phrase("Task definition"),
            phrase("Private address"),
            phrase("Public address"),
        ),
        tuple(
            (
                or_none(one["zone"]),
                (one["status"],),
                (one["definition"],),
                or_none(one["private"]),
                or_none(one["public"]),
            )
            for one in tasks
        ),
    )
    if any(isinstance(one["public"], str) for one in tasks):
        yield Paragraph(phrase("Tasks have public addresses: whether they answer there is up to their security group."))


def registry(it: Any) -> Iterator[Block]:
    """The repository and its latest images."""
    if absent(it):
        yield from missing(it)
        return
    mutable = phrase("mutable: an image can change under its tag") if _is_mutable(it) else phrase("immutable")
    yield Items(
        (
            (phrase("Repository"), (it["repository"],)),
            (phrase("Tags"), (mutable,)),
            (phrase("Scan on push"), yes(it["scans"])),
            (phrase("Images"), or_none(it["images"])),
        )
    )
    if isinstance(it["latest"], list) and it["latest"]:
        yield Table(
            (phrase("Pushed"), phrase("Tags"), phrase("Digest"), phrase("Findings")),
            tuple(
                (day(one["pushed"]), or_none(one["tags"]), (one["digest"][:19],), _findings(one["findings"]))
                for one in it["latest"]
            ),
        )


def _findings(counts: Mapping[str, int] | None) -> Words:
    if counts is None:
        return (phrase("not scanned"),)
    found = tuple(phrase("{thing} ({count})", thing=severity, count=count) for severity, count in counts.items())
    return (found or phrase("none"),)


def load_balancers(it: Any) -> Iterator[Block]:
    """The application load balancers in the service's VPC, and whether the site could go behind them."""
    if it is None:
        yield Paragraph(phrase("Without the service its VPC isn't known."))
        return
    if unknown(it) or not it:
        yield from missing(it)
        return
    yield Table(
        (
            phrase("Name"),
            phrase("Scheme"),
            phrase("State"),
            phrase("Zones"),
            phrase("Listeners"),
            phrase("Can be reused"),
        ),
        tuple(
            (
                (one["name"],),
                (one["scheme"],),
                (one["state"],),
                or_none(one["zones"]),
                or_none(_listeners(one["listeners"])),
                _reusable(reuse(one)),
            )
            for one in it
        ),
    )


def _reusable(found: Reuse) -> Words:
    if found.open:
        return (phrase("yes"),)
    return (phrase("no:") if found.against else phrase("unknown:"), found.against or found.unsure)


def _listeners(listeners: Any) -> Any:
    if unknown(listeners):
        return listeners
    return [f"{one['protocol']}:{one['port']}" for one in listeners or ()]
