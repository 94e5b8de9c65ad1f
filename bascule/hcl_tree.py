"""Lays HCL out as `terraform fmt` would, as a syntax tree of python-hcl2, whose reconstructor writes it.

python-hcl2's own formatter isn't used: it aligns and spaces otherwise than `terraform fmt` does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, TypeGuard

from hcl2 import reconstruct
from lark import Token, Tree
from regex import findall

from bascule import template
from bascule.errors import InputError
from bascule.hcl import IDENTIFIER, KEYWORDS, Attribute, Bare, Block, Gap, Value

LINE = 80
"""A list of scalars whose text is longer has each of them on a line of its own."""


def text(body: tuple[Attribute | Block | Gap, ...]) -> str:
    """Return the text of a file with this body."""
    return str(reconstruct(_tree("start", _tree("body", *_body(body, 0)[1:]))))


def _body(items: Iterable[Attribute | Block | Gap], depth: int) -> list[Tree[Any]]:
    """Return a body's trees, each behind its newline, with blank lines around blocks and groups of attributes."""
    result: list[Tree[Any]] = []
    for _, run in groupby(items, key=type):
        group = list(run)
        blank = bool(result)
        pairs = [(item.name, item.value) for item in group if isinstance(item, Attribute)]
        for name, equals, value in _assignments(pairs, depth):
            result += [_new_line(depth, blank), _tree("attribute", _atom(name), equals, value)]
            blank = False
        for block in group:
            if isinstance(block, Block):
                result += [_new_line(depth, bool(result)), _block(block, depth)]
    return result


def _block(block: Block, depth: int) -> Tree[Any]:
    labels = [_tree("string", _atom(template.quote(template.escape(label)))) for label in block.labels]
    body = _body(block.body, depth + 1)
    end = [_new_line(depth)] if body else []
    braces = _token("LBRACE", "{"), _token("RBRACE", "}")
    return _tree("block", _atom(block.type), *labels, braces[0], _tree("body", *body, *end), braces[1])


def _assignments(pairs: Iterable[tuple[str, Value]], depth: int) -> Iterator[tuple[str, Token, Tree[Any]]]:
    """Yield name, equals sign and value tree of each pair; the signs of neighbours of one line each are aligned."""
    for spans_lines, run in groupby(pairs, key=lambda pair: _spans_lines(pair[1])):
        neighbours = list(run)
        width = 0 if spans_lines else max(len(name) for name, _ in neighbours)
        for name, value in neighbours:
            yield name, _token("EQ", " " * max(width - len(name) + 1, 1) + "="), _expression(value, depth)


def _expression(value: Value, depth: int) -> Tree[Any]:
    if isinstance(value, Mapping):
        return _object(value, depth)
    if _is_list(value):
        return _tuple(value, depth)
    return _tree("expr_term", _atom(_scalar(value)))


def _object(value: Mapping[str, Value], depth: int) -> Tree[Any]:
    children: list[Any] = []
    for name, equals, tree in _assignments([(_key(key), item) for key, item in value.items()], depth + 1):
        children += [_new_line(depth + 1), _tree("object_elem", _atom(name), equals, tree)]
    end = [_new_line(depth)] if children else []
    return _tree("expr_term", _tree("object", _token("LBRACE", "{"), *children, *end, _token("RBRACE", "}")))


def _tuple(value: Sequence[Value], depth: int) -> Tree[Any]:
    lines = _spans_lines(value)
    children: list[Any] = []
    for index, item in enumerate(value):
        children += [_new_line(depth + 1)] if lines else []
        children.append(_expression(item, depth + 1))
        children += [_token("COMMA", ",")] if lines or index + 1 < len(value) else []
    end = [_new_line(depth)] if lines else []
    return _tree("expr_term", _tree("tuple", _token("LSQB", "["), *children, *end, _token("RSQB", "]")))


def _key(key: str) -> str:
    """Return an object's key: an identifier where it can't be mistaken for a keyword, else a quoted string.

    `terraform fmt` aligns by grapheme clusters, in ways of its own where characters join; such a key is escaped.
    """
    if IDENTIFIER.fullmatch(key) and key not in {"for", *KEYWORDS}:
        return key
    source = template.quote(key)
    if source.isascii() or len(findall(r"\X", source)) == len(source):
        return source
    return "".join(char if char.isascii() else template.escape_code(char) for char in source)


def _scalar(value: Value) -> str:
    if isinstance(value, Bare):
        return value.source
    if isinstance(value, str):
        try:
            return template.source(value)
        except InputError as error:
            raise InputError(f"{error.what}: {value!r}") from error
    return "null" if value is None else repr(value).lower()


def _spans_lines(value: Value) -> bool:
    """Whether a value is written on several lines: objects, and lists that hold others or are too long for one line."""
    if isinstance(value, Mapping):
        return bool(value)
    if not _is_list(value) or not value:
        return False
    nested = any(isinstance(item, Mapping) or _is_list(item) for item in value)
    return nested or sum(len(_scalar(item)) + len(", ") for item in value) > LINE


def _is_list(value: Value) -> TypeGuard[Sequence[Value]]:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _tree(rule: str, *children: Any) -> Tree[Any]:
    return Tree(rule, list(children))


def _token(terminal: str, text: str) -> Token:
    return Token(terminal, text)


def _atom(source: str) -> Tree[Any]:
    """Return a leaf that is written as it stands."""
    return _tree("identifier", _token("NAME", source))


def _new_line(depth: int, blank: bool = False) -> Tree[Any]:
    return _tree("new_line_or_comment", _token("NL_OR_COMMENT", "\n" * (1 + blank) + "  " * depth))
