"""The review as one comment of a pull request, to be written anew at every push and found again by its marker.

What counts is visible, the detail is collapsed. GitHub takes 65,536 characters: what doesn't fit is counted, and the
comment says that it isn't the whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from bascule.guard import Finding
from bascule.renderers.markup import cell, code, prose
from bascule.review import Review, Way, grouped
from bascule.routing import Route
from bascule.rules import Outcome
from bascule.summary import SIGNS, Row

LIMIT = 65_536
"""Characters of a GitHub comment (GitHub's own error message: "body is too long (maximum is 65536 characters)")."""

FINDINGS, RESOURCES, WAYS = 15_000, 8_000, 8_000
"""Characters for the tables in sight and for the ways; what is left of LIMIT is for the detail of every change."""

ROOM = 1_000
"""Characters kept for the words that say what was left out."""


def render(review: Review) -> str:
    """The comment."""
    head, tail = "\n".join(_head(review)), "\n".join(_tail(review))
    rows, shown = _fitting(map(_detail, review.rows), LIMIT - len(head) - len(tail) - ROOM)
    parts = [head]
    if shown < len(review.rows):
        parts.append(
            f"> **Not the whole plan**: {len(review.rows) - shown} of {len(review.rows)} resources don't fit into a "
            f"comment. Don't approve from this one; `bascule review {review.site}` shows all of them."
        )
    if rows:
        parts.append("\n".join(["<details><summary>Every change</summary>", "", *rows, "", "</details>"]))
    return "\n\n".join([*parts, tail]) + "\n"


def marker(site: str) -> str:
    """The first line of the comment, by which it is found again."""
    return f"<!-- bascule review {site} -->"


def _head(review: Review) -> Iterator[str]:
    yield marker(review.site)
    yield f"## {review.site}: {review.judgement} ({review.lead})"
    yield from ("", f"**Changes for visitors?** {prose(review.visitors)}.", "", f"**{review.counts.in_full}**")
    yield from _table(("", "rule", "seen"), map(_finding, review.open), len(review.open), FINDINGS, "findings")
    for waived in review.waivers:
        if waived.state != "used":
            word = f"expired on {waived.waiver.expires}" if waived.state == "expired" else "not needed by this plan"
            yield from ("", f"Waiver of {waived.waiver.rule}: {word}.")
    yield from _table(
        ("", "resource", "changes"), map(_row, review.rows[:SHOWN]), len(review.rows), RESOURCES, "resources"
    )
    kept, shown = _fitting(([f"- kept as adopted: {code(one)}"] for one in review.kept), WAYS)
    yield from ("", *kept) if kept else ()
    yield from _more(len(review.kept) - shown, "behaviors stay as adopted")


SHOWN = 40
"""Resources in the visible table; all of them are in the collapsed part."""


def _table(names: Sequence[str], lines: Iterable[str], number: int, room: int, what: str) -> Iterator[str]:
    rows, shown = _fitting(([line] for line in lines), room)
    if number:
        yield from ("", f"| {' | '.join(names)} |", "|---" * len(names) + "|", *rows)
    yield from _more(number - shown, f"{what} are below" if what == "resources" else what)


def _more(number: int, what: str) -> Iterator[str]:
    if number > 0:
        yield from ("", f"{number} more {what}.")


LONGEST = 500
"""Characters of one thing that a rule saw, in sight."""

SEEN = 20
"""What one rule saw, in sight."""


def _finding(finding: Finding) -> str:
    state = "waived" if finding.waiver else f"{finding.outcome}{', blocks' if finding.blocks else ''}"
    lines = [cell(code(_cut(seen))) for seen in finding.seen[:SEEN]]
    if len(finding.seen) > SEEN:
        lines.append(f"and {len(finding.seen) - SEEN} more")
    if finding.waiver:
        waiver = finding.waiver
        lines.append(cell(f"{prose(waiver.reason)} (until {waiver.expires}, {prose(waiver.who)})"))
    return f"| {state} | {finding.rule.id} | {'<br>'.join(lines)} |"


def _cut(text: str) -> str:
    more = len(text) - LONGEST
    return f"{text[:LONGEST]}… ({more} more characters)" if more > 0 else text


def _row(row: Row) -> str:
    changes = ", ".join(f"`{name}`" for name in row.arguments) if row.action in ("update", "replace") else ""
    return f"| {SIGNS[row.action]} {row.words} | {cell(code(row.address))} | {changes} |"


def _detail(row: Row) -> list[str]:
    lines = [f"- {SIGNS[row.action]} {row.words} {code(row.address)}"]
    for group in grouped(row.differences):
        lines.append(f"  - {code(str(group))}")
        if len(group.differences) > 1:
            lines += [f"    - {code(str(one))}" for one in group.differences]
    return lines


def _fitting(blocks: Iterable[list[str]], room: int) -> tuple[list[str], int]:
    """The lines of as many blocks as fit, and how many these are."""
    lines: list[str] = []
    for number, block in enumerate(blocks):
        room -= sum(len(line) + 1 for line in block)
        if room < 0:
            return lines, number
        lines += block
    return lines, number + 1 if lines else 0


def _tail(review: Review) -> Iterator[str]:
    if review.telling_ways:
        ways, shown = _fitting((list(_way(way)) for way in review.telling_ways), WAYS)
        yield from ("<details><summary>The way of a request</summary>", "", *ways)
        yield from _more(len(review.telling_ways) - shown, "ways change")
        yield from ("", "</details>", "")
    passed = sum(finding.outcome is Outcome.PASS for finding in review.findings)
    parts = [f"{passed} of {len(review.findings)} rules hold", f"made {review.origin.made}"]
    parts += [f"plan sha256:{review.origin.fingerprint}"] if review.origin.fingerprint else ["a preview, not saved"]
    parts += [f"distribution ETag {review.origin.etag}"] if review.origin.etag else []
    yield f"<sub>{' · '.join(parts)}</sub>"


def _way(way: Way) -> Iterator[str]:
    yield f"- {code(way.path)}"
    if way.changes:
        yield f"  - before: {_stations(way.before)}"
    yield f"  - {'after' if way.changes else 'as before'}: {_stations(way.after)}"


def _stations(route: Route | None) -> str:
    if route is None:
        return "not known here"
    return " → ".join(f"{hop.what} {code(hop.name)}" for hop in route.hops)
