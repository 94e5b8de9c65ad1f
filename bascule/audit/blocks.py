"""What a document is made of. Strings are data and stay as they are; what has to be translated is a Phrase."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bascule.audit.phrases import Phrase

Words = tuple[Any, ...]
"""Pieces that stand one after the other: strings that are data, and phrases, numbers and dates."""


@dataclass(frozen=True)
class Heading:
    """The title of a section; 1 is the document's own."""

    level: int
    text: Phrase


@dataclass(frozen=True)
class Paragraph:
    """A sentence or several."""

    text: Phrase
    strong: bool = False


@dataclass(frozen=True)
class Items:
    """A list; each item has a label, or none."""

    items: tuple[tuple[Phrase | str | None, Words], ...]


@dataclass(frozen=True)
class Table:
    """Rows of cells under their heads."""

    head: tuple[Phrase, ...]
    rows: tuple[tuple[Words, ...], ...]


@dataclass(frozen=True)
class Steps:
    """Numbered actions, each with the commands to type, if any."""

    steps: tuple[tuple[Phrase, tuple[str, ...]], ...]


@dataclass(frozen=True)
class Picture:
    """Stations of a request, drawn from left to right; each is a title and a detail."""

    stations: tuple[Words, ...]


Block = Heading | Paragraph | Items | Table | Steps | Picture
