"""Phrases in the reader's language, numbers and dates in its form (CLDR, by Babel); the catalogue is data/fr.po."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from bascule.audit.phrases import Phrase
from bascule.formats import Language

CATALOGUES = Path(__file__).with_name("data")


Say = Callable[[Any], str]
"""A value in words: a Phrase, a date, a number, a list of these, or a string, which stays as it is."""


def say_in(language: Language) -> Say:
    """What turns values into the language's words."""

    def say(value: Any) -> str:
        if isinstance(value, Phrase):
            words = {name: say(inner) for name, inner in value.values.items()}
            return _translated(language, value.template).format(**words)
        return _formatted(language, value, say)

    return say


def _formatted(language: Language, value: Any, say: Say) -> str:
    from babel.dates import format_date
    from babel.lists import format_list
    from babel.numbers import format_decimal

    locale = {Language.EN: "en_GB", Language.FR: "fr"}[language]
    if isinstance(value, bool) or value is None:
        raise TypeError(f"{value!r} has no words of its own: say what it means")
    if isinstance(value, int | float):
        return format_decimal(value, locale=locale)
    if isinstance(value, date):
        said: str = format_date(value, "long", locale=locale)
        # CLDR has no ordinals in dates; French writes the first day of a month as one.
        return f"1er{said[1:]}" if language is Language.FR and value.day == 1 else said
    if isinstance(value, tuple):
        return format_list([say(item) for item in value], locale=locale)
    return str(value)


def _translated(language: Language, template: str) -> str:
    return template if language is Language.EN else catalogue(language).get(template, template)


@cache
def catalogue(language: Language) -> dict[str, str]:
    """The translations of every phrase."""
    from babel.messages.pofile import read_po

    with (CATALOGUES / f"{language}.po").open("rb") as file:
        return {str(message.id): str(message.string) for message in read_po(file) if message.id and message.string}
