"""An audit as lines of a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bascule.audit.blocks import Block, Heading, Items, Paragraph, Picture, Steps, Table, Words
from bascule.audit.phrases import phrase
from bascule.language import Say

RULES = {1: "═", 2: "─"}


def render(blocks: Sequence[Block], say: Say) -> str:
    """The document, in the language of `say`."""
    return "\n\n".join("\n".join(_lines(block, say)) for block in blocks) + "\n"


def _lines(block: Block, say: Say) -> Iterator[str]:
    match block:
        case Heading(level, text):
            yield say(text)
            if level in RULES:
                yield RULES[level] * len(say(text))
        case Paragraph(text, _):
            yield say(text)
        case Items(items):
            labels = [say(phrase("{label}:", label=label)) if label is not None else "" for label, _ in items]
            width = max((len(label) for label in labels), default=0)
            for label, (_, words) in zip(labels, items, strict=True):
                yield f"  {label:<{width}} {_words(words, say)}" if width else f"  - {_words(words, say)}"
        case Table(head, rows):
            lines = [[say(one) for one in head], *([_words(words, say) for words in row] for row in rows)]
            widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
            for line in lines:
                cells = (f"{one:<{width}}" for one, width in zip(line, widths, strict=True))
                yield f"  {'  '.join(cells)}".rstrip()
        case Steps(steps):
            for number, (text, commands) in enumerate(steps, 1):
                yield f"  {number}. {say(text)}"
                yield from (f"       {command}" for command in commands)
        case Picture(stations):
            yield "  " + " → ".join(" ".join(say(word) for word in station) for station in stations)


def _words(words: Words, say: Say) -> str:
    return " ".join(", ".join(say(item) for item in word) if isinstance(word, tuple) else say(word) for word in words)
