"""The audit as a document in no language yet: headings, facts, tables, sentences, and commands to type."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from bascule.audit import account, actions, path
from bascule.audit.blocks import Block, Heading, Items, Paragraph
from bascule.audit.changes import Changed
from bascule.audit.facts import Facts
from bascule.audit.known import unread
from bascule.audit.options import Option, Verdict, options, recommended
from bascule.audit.phrases import Phrase, phrase


@dataclass(frozen=True)
class Audit:
    """What one audit is about."""

    site: str
    made: date
    facts: Facts
    since: date | None = None
    """The day of the audit that it is compared with."""
    changes: tuple[Changed, ...] = ()

    @property
    def title(self) -> str:
        """The host name that visitors use, or the site's own."""
        return next((str(one["name"]) for one in self.facts["names"] if one["alias"]), self.site)


VERDICTS = {
    Verdict.FEASIBLE: phrase("feasible"),
    Verdict.NOT_FEASIBLE: phrase("not feasible"),
    Verdict.UNKNOWN: phrase("unknown"),
}

TITLES = (
    phrase("Option 1: use an existing ALB"),
    phrase("Option 2: create an ALB"),
    phrase("Option 3: keep S3, with a static export of the application"),
)


def document(audit: Audit) -> tuple[Block, ...]:
    """The whole document, in the order of the audit by hand that bascule began with."""
    return tuple(_document(audit))


def _document(audit: Audit) -> Iterator[Block]:
    facts = audit.facts
    yield Heading(1, phrase("Infrastructure audit of {name}", name=audit.title))
    yield Items(
        (
            (phrase("Date"), (audit.made,)),
            (phrase("Purpose"), (phrase("understand the present configuration and find the changes needed"),)),
            (phrase("Account"), (facts["account"]["id"], facts["account"]["region"])),
            (phrase("Read as"), (facts["account"]["caller"],)),
        )
    )
    if audit.since is not None:
        yield from _since(audit.since, audit.changes)
    yield Heading(2, phrase("Present configuration"))
    yield from account.sections(facts)
    yield Heading(2, phrase("The way of a request"))
    yield from path.before_and_after(facts, recommended(options(facts)))
    if path.moved(facts):
        yield Paragraph(phrase("Visitors get the application: the move has been made."))
        yield Heading(2, phrase("Actions required"))
        yield from actions.after_the_move(facts)
    else:
        yield from _ways(facts, audit.site)
    yield from _questions(facts)
    yield Heading(2, phrase("Notes"))
    yield Items(tuple((None, (note,)) for note in NOTES))


NOTES = (
    phrase("A bucket serves files as they are; what an application renders needs a server, here ECS."),
    phrase("CloudFront can't point at a task's IP address, hence the load balancer between the two."),
    phrase("Everything here was read; nothing in the account was changed."),
    phrase("Nothing here was asked of the application itself."),
)


def _ways(facts: Facts, site: str) -> Iterator[Block]:
    found = options(facts)
    yield Heading(2, phrase("Possible ways"))
    for option, title in zip(found, TITLES, strict=True):
        yield from _option(option, title)
    yield Heading(2, phrase("Recommendation"))
    yield from _recommendation(recommended(found))
    yield Heading(2, phrase("Actions required"))
    yield from actions.actions(facts, recommended(found), site)


def _since(since: date, changes: Sequence[Changed]) -> Iterator[Block]:
    yield Heading(2, phrase("Changed since {day}", day=since))
    if not changes:
        yield Paragraph(phrase("Nothing of what is told here has changed."))
        return
    yield Items(tuple((change.where, _change(change)) for change in changes))


def _change(change: Changed) -> tuple[Any, ...]:
    old, new = (phrase("nothing") if value is None else value for value in (change.old, change.new))
    return (old, phrase("→"), new)


def _option(option: Option, title: Phrase) -> Iterator[Block]:
    yield Heading(3, title)
    yield Paragraph(phrase("Verdict: {verdict}", verdict=VERDICTS[option.verdict]), strong=True)
    yield Items(tuple((None, (reason,)) for reason in option.reasons))
    drawbacks = {
        1: phrase("Its listener, its certificate and its quota are shared with whatever it serves today."),
        2: phrase("It costs an ALB and its public IPv4 addresses every hour, and serves this site alone."),
        3: phrase("It loses server-side rendering and everything that needs a server."),
    }
    yield Paragraph(drawbacks[option.number])


REASONS = {
    "create-alb": (
        phrase("works with server-side rendering"),
        phrase("scales to several tasks"),
        phrase("health checks decide where requests go"),
        phrase("gives CloudFront a domain name"),
        phrase("touches nothing that serves anybody today until the last step, which can be taken back"),
    ),
    "existing-alb": (
        phrase("works with server-side rendering"),
        phrase("needs no new load balancer, where a new one isn't possible"),
    ),
}


def _recommendation(option: Option | None) -> Iterator[Block]:
    if option is None:
        yield Paragraph(
            phrase(
                "No ALB is possible as things are; what rules it out is listed above. Option 3 remains if the "
                "application allows it, and overwrites what the bucket serves today."
            )
        )
        return
    title = TITLES[option.number - 1]
    yield Paragraph(
        phrase("Recommended: {option}.", option=title)
        if option.verdict is Verdict.FEASIBLE
        else phrase("Recommended, once what isn't known about it is settled: {option}.", option=title),
        strong=True,
    )
    yield Items(tuple((None, (reason,)) for reason in REASONS[option.strategy]))


def _questions(facts: Facts) -> Iterator[Block]:
    """What couldn't be read."""
    questions = [unread(one) for one in facts["unread"]]
    questions += [phrase("where {name} leads", name=one["name"]) for one in facts["names"] if one["here"] is None]
    if not questions:
        return
    yield Heading(2, phrase("What this audit couldn't see"))
    yield Items(tuple((None, (question,)) for question in questions))
