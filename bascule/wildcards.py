"""Patterns with `*` for any characters and `?` for exactly one: CloudFront's path patterns, the ALB's conditions.

Sources: CloudFront developer guide, "Cache behavior settings" (path pattern); ELB user guide, "Condition types for
listener rules". No other character means anything in either.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache


def takes(pattern: str, text: str) -> bool:
    """Whether the pattern takes all of the text, in this case of letters."""
    return _compiled((pattern,), 0).fullmatch(text) is not None


def any_of(patterns: Iterable[str], *, ignore_case: bool = False) -> re.Pattern[str]:
    """One expression for many patterns: after `fullmatch`, `lastindex` is the number of the first that takes the text,
    counted from 1."""
    return _compiled(tuple(patterns), re.IGNORECASE if ignore_case else 0)


@cache
def _compiled(patterns: tuple[str, ...], flags: int) -> re.Pattern[str]:
    # Of no pattern, an expression that takes nothing.
    return re.compile("|".join(f"({_expression(one)})" for one in patterns) or r"(?!)", flags | re.DOTALL)


def _expression(pattern: str) -> str:
    """Of what stands between two stars the first occurrence will do, so nothing is tried twice: a long pattern of many
    stars takes no longer than the text."""
    begin, *rest = ("".join("." if char == "?" else re.escape(char) for char in part) for part in pattern.split("*"))
    if not rest:
        return begin
    *middle, end = rest
    return begin + "".join(f"(?>.*?{part})" for part in middle if part) + f".*{end}"
