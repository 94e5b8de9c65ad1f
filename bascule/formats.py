"""How a review can be shown. By itself, because the command line needs the words and nothing behind them."""

from __future__ import annotations

from enum import StrEnum


class Format(StrEnum):
    """How a review can be shown."""

    TEXT = "text"
    MARKDOWN = "markdown"
    HTML = "html"
    JSON = "json"
