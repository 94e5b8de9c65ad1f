"""What an audit says, before it is in a language: a template and its values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Phrase:
    """A sentence or a word of a document; `template` is English and the catalogue's key.

    Values are strings that stay as they are, numbers, dates, phrases, or tuples of these, which become lists.
    """

    template: str
    values: Mapping[str, Any] = field(default_factory=dict)


def phrase(template: str, **values: Any) -> Phrase:
    """A phrase with values for the `{names}` in it."""
    return Phrase(template, values)
