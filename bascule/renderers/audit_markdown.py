"""An audit as Markdown: what is data is code, what is a sentence is prose."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bascule.audit.blocks import Block, Heading, Items, Paragraph, Picture, Steps, Table, Words
from bascule.audit.phrases import phrase
from bascule.language import Say
from bascule.renderers.markup import cell, code, prose


def render(blocks: Sequence[Block], say: Say) -> str:
    """The document, in the language of `say`."""
    return "\n\n".join("\n".join(_lines(block, say)).rstrip("\n") for block in blocks) + "\n"


def _lines(block: Block, say: Say) -> Iterator[str]:
    match block:
        case Heading(level, text):
            yield f"{'#' * level} {prose(say(text))}"
        case Paragraph(text, strong):
            yield f"**{prose(say(text))}**" if strong else prose(say(text))
        case Items(items):
            for label, words in items:
                # The space before a colon is the language's own, so label and colon are a phrase together.
                said = f"**{prose(say(phrase('{label}:', label=label)))}** " if label is not None else ""
                yield f"- {said}{_words(words, say)}"
        case Table(head, rows):
            yield f"| {' | '.join(prose(say(one)) for one in head)} |"
            yield f"|{' --- |' * len(head)}"
            for row in rows:
                yield f"| {' | '.join(cell(_words(words, say)) for words in row)} |"
        case Steps(steps):
            for number, (text, commands) in enumerate(steps, 1):
                yield f"{number}. {prose(say(text))}"
                if commands:
                    yield from ("", "   ```", *(f"   {command}" for command in commands), "   ```", "")
        case Picture(stations):
            yield from ("```", " → ".join(" ".join(say(word) for word in station) for station in stations), "```")


def _words(words: Words, say: Say) -> str:
    return " ".join(_word(word, say) for word in words)


def _word(word: object, say: Say) -> str:
    if isinstance(word, str):
        return code(word)
    if isinstance(word, tuple):
        return ", ".join(_word(item, say) for item in word)
    return prose(say(word))
