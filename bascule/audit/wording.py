"""How the values of facts become words; what couldn't be read, and what isn't there, have words too."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from bascule.audit.blocks import Block, Paragraph, Words
from bascule.audit.known import unknown, unread
from bascule.audit.phrases import Phrase, phrase

Item = tuple[Phrase | str | None, Words]
"""A label and what it says."""


def missing(fact: Any) -> Iterator[Block]:
    """The one sentence of a section whose subject isn't there, or couldn't be read."""
    yield Paragraph(doubt(fact) if unknown(fact) else phrase("There is none."))


def absent(fact: Any) -> bool:
    """Whether there is nothing more to say of a fact than `missing` does."""
    return fact is None or unknown(fact)


def doubt(fact: Any) -> Phrase:
    """A fact that couldn't be read."""
    return phrase("unknown: {why}", why=unread(fact))


def or_none(value: Any, *, none: Phrase | None = None) -> Words:
    """A value as words: data as it is, what couldn't be read as such, and what isn't there as `none`."""
    if unknown(value):
        return (doubt(value),)
    if value in (None, [], "", ()):
        return (none or phrase("none"),)
    return (tuple(map(str, value)),) if isinstance(value, list) else (value,)


def yes(value: Any) -> Words:
    """Yes or no."""
    if unknown(value):
        return (doubt(value),)
    return (phrase("yes") if value else phrase("no"),)


def day(value: str | None) -> Words:
    """A day of the facts, in the reader's form."""
    return (date.fromisoformat(value),) if value else (phrase("unknown"),)
