"""Phrases in the reader's language: the catalogue is whole, and numbers, dates and lists have the reader's form."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from string import Formatter
from typing import Any

import pytest
from phrases_used import templates

from bascule.audit.phrases import phrase
from bascule.formats import Language
from bascule.language import CATALOGUES, catalogue, say_in

THIN = "\u202f"
"""French groups digits by a narrow space that doesn't break."""

SAME = {
    "Audit", "Bucket", "Cluster", "Date", "ID", "Image", "Images", "Listeners", "Notes", "Page", "Service", "Tags",
    "Target groups", "Task definition", "Type", "WAF", "Zone", "Zones", "load balancer", "origin access control",
    "origin access identity", "{number}. {title}", "{thing} ({count})", "→",
}  # fmt: skip
"""What is the same in both languages: AWS's own words, and words that French shares."""


def fields(template: str) -> list[str]:
    """The names of a template's values."""
    return sorted(name for _, name, _, _ in Formatter().parse(template) if name is not None)


def test_every_phrase_has_a_french_translation() -> None:
    """A document in two languages is in none."""
    assert set() == templates() - catalogue(Language.FR).keys()


def test_no_translation_is_left_of_a_phrase_that_is_gone() -> None:
    """The catalogue is data/fr.po."""
    assert set() == catalogue(Language.FR).keys() - templates()


def test_no_translation_is_the_english_of_it() -> None:
    """But for words that both languages have."""
    copied = {english for english, french in catalogue(Language.FR).items() if english == french}
    assert set() == copied - SAME


@pytest.mark.parametrize("english", sorted(templates()))
def test_a_translation_says_as_much(english: str) -> None:
    """It has the same values, and French spaces before its high punctuation that don't break a line."""
    french = catalogue(Language.FR)[english]
    assert fields(english) == fields(french)
    assert [] == re.findall(r" [:;?!»]", french)
    assert french.endswith((".", ":")) == english.endswith((".", ":"))


def test_the_catalogue_is_sorted() -> None:
    """So that two people who add phrases rarely meet."""
    ids = re.findall(r'^msgid "(.*)"$', (CATALOGUES / "fr.po").read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(set(ids)) == ids


@pytest.mark.parametrize("argument", ['f"no {thing}"', '"a" + b', "words[0]"])
def test_a_phrase_that_is_no_literal_is_found(argument: str, tmp_path: Path) -> None:
    """No catalogue could have it."""
    source = tmp_path / "section.py"
    source.write_text(f"said = phrase({argument}, name=name)\n")
    with pytest.raises(AssertionError, match=r"section\.py:1: a phrase that isn't a literal"):
        templates([source])


VALUES: Mapping[str, tuple[Any, str, str]] = {
    "thousands": (1200, "1,200", f"1{THIN}200"),
    "a fraction": (1234.5, "1,234.5", f"1{THIN}234,5"),
    "nothing": (0, "0", "0"),
    "a day": (date(2026, 1, 3), "3 January 2026", "3 janvier 2026"),
    "the first of a month": (date(2026, 8, 1), "1 August 2026", "1er août 2026"),
    "the eleventh": (date(2026, 8, 11), "11 August 2026", "11 août 2026"),
    "one thing": (("a",), "a", "a"),
    "two things": (("a", "b"), "a and b", "a et b"),
    "three things": (("a", "b", "c"), "a, b and c", "a, b et c"),
    "data": ("2026-01-03 none", "2026-01-03 none", "2026-01-03 none"),
    "a phrase": (phrase("yes"), "yes", "oui"),
    "a phrase in a phrase": (phrase("unknown: {why}", why=phrase("no")), "unknown: no", "inconnu\xa0: non"),
    "a number in a phrase": (phrase("at least {count}", count=20000), "at least 20,000", f"au moins 20{THIN}000"),
    "a date in a phrase": (
        phrase("Changed since {day}", day=date(2026, 1, 3)),
        "Changed since 3 January 2026",
        "Ce qui a changé depuis le 3 janvier 2026",
    ),
    "braces in data": (phrase("where {name} leads", name="{x}"), "where {x} leads", "où mène {x}"),
}


@pytest.mark.parametrize(("value", "english", "french"), VALUES.values(), ids=VALUES)
def test_a_value_in_words(value: Any, english: str, french: str) -> None:
    """In the form that the reader is used to."""
    assert (english, french) == (say_in(Language.EN)(value), say_in(Language.FR)(value))


@pytest.mark.parametrize("value", [None, True, False, ("a", None), phrase("where {name} leads", name=None)])
def test_what_has_no_words_is_refused(value: Any) -> None:
    """A document never says "None"."""
    with pytest.raises(TypeError, match="say what it means"):
        say_in(Language.EN)(value)
