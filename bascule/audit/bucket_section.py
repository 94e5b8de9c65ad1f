"""The section of the document about the bucket."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bascule.audit.blocks import Block, Items
from bascule.audit.known import unknown
from bascule.audit.phrases import phrase
from bascule.audit.wording import Item, absent, doubt, missing, or_none, yes

POLICIES = {"public": phrase("public"), "private": phrase("private"), None: phrase("none")}
BLOCKS = {
    "open": phrase("not blocked by the bucket itself"),
    "partly": phrase("partly blocked"),
    "blocked": phrase("blocked"),
}


def bucket(it: Any) -> Iterator[Block]:
    """What it holds, who may read it, and who does."""
    if absent(it):
        yield from missing(it)
        return
    policy, access = it["policy"], it["public_access"]
    yield Items(
        (
            (phrase("Bucket"), (it["name"],)),
            (phrase("Region"), or_none(it["region"])),
            *_contents(it["contents"]),
            (phrase("Website hosting"), yes(it["website"])),
            (phrase("Bucket policy"), (doubt(policy) if unknown(policy) else POLICIES[policy],)),
            (phrase("Public access"), (doubt(access) if unknown(access) else BLOCKS[access],)),
            (phrase("Distributions that read it"), or_none(it["used_by"])),
        )
    )


def _contents(it: Any) -> tuple[Item, ...]:
    if unknown(it):
        return ((phrase("Objects"), (doubt(it),)),)
    kinds = tuple(
        phrase("{thing} ({count})", thing=phrase("without an ending") if kind == "-" else f"*{kind}", count=count)
        for kind, count in it["kinds"].items()
    )
    count = phrase("at least {count}", count=it["objects"]) if it["more"] else it["objects"]
    return (
        (phrase("Objects"), (count,)),
        (phrase("Size"), (phrase("{size} kB", size=round(int(it["bytes"]) / 1000, 1)),)),
        (phrase("Kinds"), or_none(kinds)),
    )
