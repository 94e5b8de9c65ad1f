"""The review in a terminal: one screen, colour where there is a terminal that wants it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from io import StringIO
from typing import TYPE_CHECKING

from bascule import hcl_diff
from bascule.guard import Judgement
from bascule.hcl_diff import Changed
from bascule.ladder import Stage
from bascule.review import Review, grouped
from bascule.summary import SIGNS

if TYPE_CHECKING:
    from rich.text import Text

STYLES = {Judgement.SAFE: "bold green", Judgement.REVIEW: "bold yellow", Judgement.BLOCKED: "bold red"}
COLOURS = {"create": "green", "update": "yellow", "replace": "red", "delete": "red", "forget": "cyan", "import": "cyan"}


def render(review: Review, *, colour: bool = False) -> str:
    """The review as lines: where it leads, what is changed, what was found, and the verdict last but for the counts."""
    return _printed(_lines(review), colour)


def _printed(lines: Iterable[Text], colour: bool) -> str:
    from rich.console import Console

    out = StringIO()
    console = Console(file=out, force_terminal=colour, no_color=not colour, highlight=False, soft_wrap=True, width=200)
    for line in lines:
        console.print(line)
    return out.getvalue().rstrip("\n")


def _lines(review: Review) -> Iterator[Text]:
    from rich.text import Text

    if review.is_empty and not review.open:
        yield Text(f"{review.lead}: nothing to do")
        return
    yield Text(review.lead)
    for finding in review.open:
        state = "waived" if finding.waiver else "BLOCKS" if finding.blocks else finding.outcome.value
        style = "dim" if finding.waiver else "red" if finding.outcome == "fail" else "yellow"
        for seen in finding.seen:
            yield Text.assemble("  ", (f"{state:<8}", style), f" {finding.rule.id}: {seen}")
        if finding.waiver:
            waiver = finding.waiver
            yield Text(f"           {waiver.reason} (until {waiver.expires}, {waiver.who})", style="dim")
    for waived in review.waivers:
        if waived.state != "used":
            word = f"expired on {waived.waiver.expires}" if waived.state == "expired" else "not needed by this plan"
            yield Text(f"  waiver   {waived.waiver.rule}: {word}", style="dim")
    yield Text.assemble(
        (review.judgement.value, STYLES[review.judgement]), f"  Changes for visitors? {review.visitors}."
    )
    yield Text(f"  {review.counts.in_full}")
    for row in review.rows:
        yield Text.assemble("  ", (f"{SIGNS[row.action]} {row.words:<8} {row.address}", COLOURS[row.action]))
        if row.action in ("update", "replace"):
            yield from (Text(f"        {group}") for group in grouped(row.differences))
    yield from (Text(f"  kept as adopted: {behavior}") for behavior in review.kept)


def render_diff(changed: Sequence[Changed], old: Stage | None, new: Stage | None, *, colour: bool = False) -> str:
    """What changed between two versions of a site's HCL, and what a change of `stage` means."""
    return _printed(_diff_lines(changed, old, new), colour)


def _diff_lines(changed: Sequence[Changed], old: Stage | None, new: Stage | None) -> Iterator[Text]:
    from rich.text import Text

    for block in changed:
        yield Text.assemble((f"{SIGNS[block.action]} {block.address}", COLOURS[block.action]))
        if block.action == "update":
            yield from (Text(f"      {group}") for group in grouped(block.differences))
    if not changed:
        yield Text("no difference")
    way = hcl_diff.way(old, new)
    if way:
        yield Text(f"stage: {old} → {new}, by {len(way)} {'apply' if len(way) == 1 else 'applies'}: {', '.join(way)}")
    if hcl_diff.falls_too_far(old, new):
        yield Text(
            "REFUSED  a run that applies this as it is would cross these boundaries at once; make it a commit for each",
            style="bold red",
        )
    elif len(way) > 1:
        yield Text("a run that applies this as it is knows no steps and no gates: one commit a step", style="yellow")
