"""Two versions of a site's HCL compared by resource address and argument, as reviewers read a pull request."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bascule import hcl, meaning, schema
from bascule.ladder import Stage, steps
from bascule.meaning import Difference, Leaf

SINGLE = ("terraform", "locals")
"""Blocks that have no label: one address for all of them."""

LABELLED = {"import": "to", "removed": "from", "moved": "from"}
"""Blocks without a label, told apart by an argument."""


@dataclass(frozen=True)
class Changed:
    """One block that differs."""

    address: str
    action: str
    """`create`, `update` or `delete`, as of the block in the configuration."""
    differences: tuple[Difference, ...]


def compare(old: str, new: str, where: str) -> list[Changed]:
    """The blocks in which two texts of HCL differ, in the order of the newer one; empty text is no configuration.

    Raises InputError where one of them is no HCL.
    """
    before, after = _blocks(old, f"{where} as it was"), _blocks(new, where)
    found = []
    for address in (*after, *(address for address in before if address not in after)):
        differences = meaning.between(before.get(address, {}), after.get(address, {}))
        action = "update" if address in before and address in after else "create" if address in after else "delete"
        if differences or action != "update":
            found.append(Changed(address, action, tuple(differences)))
    return found


def way(old: Stage | None, new: Stage | None) -> tuple[Stage, ...]:
    """The applies that a change of `stage` takes; none where it doesn't change or isn't known on both sides."""
    return steps(old, new) if old is not None and new is not None and old is not new else ()


def falls_too_far(old: Stage | None, new: Stage | None) -> bool:
    """Whether `stage` falls across more than one boundary: a run that applies a commit as it is, as VCS-driven ones do,
    would take service and load balancer away in one apply, before CloudFront has let go."""
    return len(way(old, new)) > 1 and old is not None and new is not None and new.rung < old.rung


def _blocks(text: str, where: str) -> dict[str, Mapping[str, Leaf]]:
    return dict(_addressed(hcl.loads(text, where=where))) if text.strip() else {}


def _addressed(configuration: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Leaf]]]:
    extract = schema.load()
    for kind, body in configuration.items():
        if kind in ("resource", "data"):
            known = extract.resources if kind == "resource" else extract.data_sources
            for type_, named in body.items():
                for name, values in named.items():
                    prefix = "" if kind == "resource" else "data."
                    yield f"{prefix}{type_}.{name}", meaning.flat(_one(values), known.get(type_))
        elif kind in LABELLED:
            for block in body if isinstance(body, list) else [body]:
                yield f"{kind} {block.get(LABELLED[kind])}", meaning.flat(block)
        elif kind in SINGLE:
            yield kind, meaning.flat(_one(body))
        else:
            yield from ((f"{kind}.{label}", meaning.flat(_one(values))) for label, values in body.items())


def _one(body: Any) -> Mapping[str, Any]:
    """A body, of which HCL allows several for some blocks, as one."""
    if isinstance(body, Mapping):
        return body
    merged: dict[str, Any] = {}
    for part in body:
        merged |= part
    return merged
