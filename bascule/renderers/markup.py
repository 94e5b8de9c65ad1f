"""Text in Markdown: as code, in a table's cell, or as prose in which nothing is markup."""

from __future__ import annotations

import re


def code(text: str) -> str:
    """Text as a code span, whatever backticks it holds: nothing in it is markup, and it calls nobody."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def cell(text: str) -> str:
    """Text in a table, where a bar would end the cell, in code too (GFM specification, tables)."""
    return text.replace("|", "\\|")


def prose(text: str) -> str:
    """Text in which nothing is markup. GitHub looks for an @name in what is rendered, so that becomes code."""
    if "@" in text:
        return code(text)
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([\\`*_\[\]#~])", r"\\\1", escaped)
