"""Where `terraform fmt` puts spaces in an expression: `spaceAfterToken` of hclwrite's `format.go`, for one line."""

from __future__ import annotations

import re

WORD = re.compile(r"[^\W\d][\w-]*")
CLOSERS = {"}": "{", ")": "(", "]": "["}
# Behind these a minus is a sign, not a subtraction.
_BEFORE_SIGN = {*"({[=:,?+*/%-!<>", "==", "!=", "<=", ">=", "&&", "||"}


def spaced(tokens: list[str], *, before: str) -> str:
    """Return the tokens as one line, with hclwrite's spaces between them; `before` is what stands before the first."""
    text = ""
    for index, token in enumerate(tokens):
        text += token
        previous = tokens[index - 1] if index else before
        if index + 1 < len(tokens) and _space_between(previous, token, tokens[index + 1]):
            text += " "
    return text


def _space_between(previous: str, token: str, following: str) -> bool:
    """Whether `terraform fmt` puts a space between a token and the following one (hclwrite's `spaceAfterToken`)."""
    word = WORD.fullmatch(token) is not None
    if (word and following in ("(", "::")) or token in (".", "::") or following in (".", ",", "..."):
        return False
    if token == "," or (token == "in" and WORD.fullmatch(previous)):
        return True
    if following == "[" and (word or token[0].isdigit() or token in CLOSERS):
        return False
    if token == "!" or (token == "-" and previous in _BEFORE_SIGN):
        return False
    if token == "-":
        return True
    if token == "{" or following == "}":
        return (token, following) != ("{", "}")
    return token not in ("(", "[") and following not in CLOSERS
