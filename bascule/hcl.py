"""Read and write HCL, in the vocabulary of Terraform's JSON syntax.

A value read here could be dumped as `.tf.json` and mean the same; a value written here is read by Terraform as its JSON
form would be. Strings are templates (`bascule.template`), references and keywords plain strings where Terraform's JSON
syntax wants them so. What is written is canonical: `terraform fmt` changes nothing.

Source of rules: https://developer.hashicorp.com/terraform/language/syntax/json and hclwrite's `format.go`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from bascule import template
from bascule.errors import InputError

if TYPE_CHECKING:
    from lark import Tree

# Arguments that hold no expression but a reference or a keyword, by the path of the blocks around them. JSON syntax
# writes them as plain strings, `"aws_lb.web"`, where any other argument would need `"${aws_lb.web}"`.
REFERENCES: Mapping[str, frozenset[str]] = {
    "resource": frozenset({"depends_on", "provider"}),
    "resource.lifecycle": frozenset({"ignore_changes", "replace_triggered_by"}),
    "data": frozenset({"depends_on", "provider"}),
    "check.data": frozenset({"depends_on", "provider"}),
    "output": frozenset({"depends_on"}),
    "variable": frozenset({"type"}),
    "import": frozenset({"to", "provider"}),
    "moved": frozenset({"from", "to"}),
    "removed": frozenset({"from"}),
}


@dataclass(frozen=True)
class Bare:
    """A value that is HCL source as it stands: a reference or a keyword."""

    source: str


# A string is one of Terraform's JSON syntax: a template.
Value = Bare | str | int | float | bool | None | Sequence["Value"] | Mapping[str, "Value"]


@dataclass(frozen=True)
class Attribute:
    """`name = value`."""

    name: str
    value: Value


@dataclass(frozen=True)
class Block:
    """`type "label" … { body }`, its body in the order given."""

    type: str
    labels: tuple[str, ...] = ()
    body: tuple[Attribute | Block | Gap, ...] = ()


@dataclass(frozen=True)
class Gap:
    """A blank line between two groups of attributes; blocks get theirs anyway."""


def attributes(values: Mapping[str, Value]) -> tuple[Attribute, ...]:
    """Return the attributes of a body, sorted by name."""
    return tuple(Attribute(name, values[name]) for name in sorted(values))


def loads(text: str, *, where: str = "") -> dict[str, Any]:
    """Return the values of an HCL file in the vocabulary of Terraform's JSON syntax.

    Blocks become lists of their bodies; a labelled block becomes a body under its labels, or a list of bodies where the
    same labels come twice. Expressions become `${…}` on one line. `where` is the file's name, for errors.
    Raises InputError, naming file and line, where the text isn't HCL.
    """
    try:
        return _Reader(text).file()
    except InputError as error:
        raise InputError(error.what, where=f"{where}, {error.where}".removeprefix(", ")) from error


class _Reader:
    """Reads one text: python-hcl2's grammar finds the structure, `bascule.template` reads the strings.

    The grammar gets strings wrong (`$${` without a `}` swallows what follows, directives lose their escapes, a heredoc
    its last newline), so it is shown the text with plain strings of the same length in their place, and each value
    is then read from the real text at the position that the grammar found.
    """

    def __init__(self, text: str) -> None:
        self.text = text

    def file(self) -> dict[str, Any]:
        from hcl2 import parses_to_tree
        from lark.exceptions import UnexpectedInput

        try:
            tree = parses_to_tree(template.without_strings(self.text))
        except UnexpectedInput as error:
            position = error.pos_in_stream if error.pos_in_stream is not None else len(self.text)
            found = self.text[position : position + 20].split("\n")[0]
            what = f"this isn't HCL: unexpected {found!r}" if found else "this isn't HCL: it ends too early"
            raise InputError(what, where=template.line_of(self.text, position)) from None
        return self.body(tree.children[0], "")

    def body(self, tree: Tree[Any], path: str) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for child in tree.children:
            if child.data == "attribute":
                name = self.source(child.children[0])
                if name in result:
                    raise InputError(f"{name} is set twice", where=template.line_of(self.text, child.meta.start_pos))
                reference = name in REFERENCES.get(path, ())
                result[name] = self.reference(child.children[2]) if reference else self.value(child.children[2])
            elif child.data == "block":
                self.block(child, path, result)
        return result

    def block(self, tree: Tree[Any], path: str, result: dict[str, Any]) -> None:
        block_type, *labels = [
            self.label(child) for child in tree.children if _is(child, "identifier", "string", "keyword")
        ]
        (content,) = [child for child in tree.children if _is(child, "body")]
        body = self.body(content, f"{path}.{block_type}".removeprefix("."))
        if not labels:
            result.setdefault(block_type, []).append(body)
            return
        for key in (block_type, *labels[:-1]):
            result = result.setdefault(key, {})
        earlier = result.get(labels[-1])
        if earlier is None:
            result[labels[-1]] = body
        elif isinstance(earlier, list):
            earlier.append(body)
        else:
            result[labels[-1]] = [earlier, body]

    def label(self, tree: Tree[Any]) -> str:
        source = self.source(tree)
        return template.from_string(source) if tree.data == "string" else source

    def source(self, tree: Tree[Any]) -> str:
        return self.text[tree.meta.start_pos : tree.meta.end_pos]

    def reference(self, tree: Tree[Any]) -> Any:
        if _is(tree, "expr_term") and _is(tree.children[0], "tuple"):
            return [self.reference(item) for item in _items(tree.children[0])]
        source = template.canonical(self.source(tree))
        return template.from_string(source) if source.startswith('"') else source

    def value(self, tree: Tree[Any]) -> Any:
        source = self.source(tree)
        if source.startswith(('"', "<<")) and template.end_of_string(source, 0) == len(source.rstrip()):
            return template.from_string(source)
        if _NUMBER.fullmatch(source):
            return _number(source.replace(" ", ""))
        if source in _LITERALS:
            return _LITERALS[source]
        if _is(tree, "expr_term"):
            (term, *rest) = tree.children
            if not rest and _is(term, "tuple"):
                return [self.value(item) for item in _items(term)]
            if not rest and _is(term, "object"):
                return {self.key(*elem.children[:1]): self.value(elem.children[2]) for elem in _items(term)}
        return f"${{{template.canonical(source)}}}"

    def key(self, tree: Tree[Any]) -> str:
        source = self.source(tree)
        if _IDENTIFIER.fullmatch(source) or _NUMBER.fullmatch(source):
            return source
        return str(self.value(tree.children[0]))


_NUMBER = re.compile(r"-? ?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
_IDENTIFIER = re.compile(r"[A-Za-z_][\w-]*")
_LITERALS = {"true": True, "false": False, "null": None}


def _number(digits: str) -> Any:
    """Return a number, or the expression where Python can't hold it exactly."""
    number = float(digits) if re.search("[.eE]", digits) else int(digits)
    return number if Decimal(digits) == Decimal(repr(number)) else f"${{{digits}}}"


def _is(tree: Any, *names: str) -> bool:
    return getattr(tree, "data", None) in names


def _items(tree: Tree[Any]) -> list[Tree[Any]]:
    """Return the element trees of a tuple or an object, without brackets, commas and newlines."""
    return [child for child in tree.children if hasattr(child, "data") and child.data != "new_line_or_comment"]


def dumps(body: Iterable[Block | Attribute | Gap], *, header: Iterable[str] = ()) -> str:
    """Return the HCL text of a file's body, under `header` as comment lines; `terraform fmt` leaves it as it is.

    python-hcl2's syntax tree and reconstructor write it; its formatter aligns otherwise than `terraform fmt` does, so
    the tree is laid out here. Raises InputError where a template sequence in a string isn't closed.
    """
    from hcl2 import reconstruct

    comments = "".join(f"# {line}".rstrip() + "\n" for line in header)
    tree = _tree("start", _tree("body", *_body(tuple(body), 0)[1:]))
    return comments + "\n" * bool(comments) + str(reconstruct(tree))


def _body(items: tuple[Attribute | Block | Gap, ...], depth: int) -> list[Tree[Any]]:
    """Return a body's trees, each behind the newline that it stands on; one blank line around each block and gap."""
    result: list[Tree[Any]] = []
    for group in _groups(items):
        blank = "\n" if result else ""
        if isinstance(group, Block):
            labels = [_atom(template.quote(template.escape(label))) for label in group.labels]
            content = _body(group.body, depth + 1)
            end = [_new_line(depth)] if content else []
            result += [
                _new_line(depth, blank),
                _tree(
                    "block",
                    _atom(group.type),
                    *(_tree("string", label) for label in labels),
                    _token("LBRACE", "{"),
                    _tree("body", *content, *end),
                    _token("RBRACE", "}"),
                ),
            ]
            continue
        pairs = [(attribute.name, attribute.value) for attribute in group]
        for name, equals, value in _assignments(pairs, depth):
            result += [_new_line(depth, blank), _tree("attribute", _atom(name), equals, value)]
            blank = ""
    return result


def _groups(items: tuple[Attribute | Block | Gap, ...]) -> list[Block | list[Attribute]]:
    """Return the items with the attributes that stand together in one list, and without the gaps between them."""
    groups: list[Block | list[Attribute]] = []
    together = False
    for item in items:
        if isinstance(item, Attribute) and together:
            groups[-1].append(item)  # type: ignore[union-attr]
        elif not isinstance(item, Gap):
            groups.append([item] if isinstance(item, Attribute) else item)
        together = isinstance(item, Attribute)
    return groups


def _assignments(pairs: Iterable[tuple[str, Value]], depth: int) -> list[tuple[str, Any, Tree[Any]]]:
    """Return name, equals sign and value tree of each pair; the signs of neighbours of one line each are aligned."""
    result: list[tuple[str, Any, Tree[Any]]] = []
    chain: list[tuple[str, Value]] = []
    for pair in [*pairs, None]:
        if pair is not None and not _spans_lines(pair[1]):
            chain.append(pair)
            continue
        width = max((_columns(name) for name, _ in chain), default=0)
        for name, value in chain:
            equals = _token("EQ", " " * (width - _columns(name) + 1) + "=")
            result.append((name, equals, _expression(value, depth)))
        chain = []
        if pair is not None:
            result.append((pair[0], _token("EQ", " ="), _expression(pair[1], depth)))
    return result


def _expression(value: Value, depth: int) -> Tree[Any]:
    if isinstance(value, Mapping):
        pairs = [(_key(key), item) for key, item in value.items()]
        children = [
            part
            for name, equals, tree in _assignments(pairs, depth + 1)
            for part in (_new_line(depth + 1), _tree("object_elem", _atom(name), equals, tree))
        ]
        end = [_new_line(depth)] if children else []
        return _tree("expr_term", _tree("object", _token("LBRACE", "{"), *children, *end, _token("RBRACE", "}")))
    if isinstance(value, Sequence) and not isinstance(value, str):
        lines = _spans_lines(value)
        children = []
        for index, item in enumerate(value):
            children += [_new_line(depth + 1)] if lines else []
            children.append(_expression(item, depth + 1))
            children += [_token("COMMA", ",")] if lines or index + 1 < len(value) else []
        end = [_new_line(depth)] if lines else []
        return _tree("expr_term", _tree("tuple", _token("LSQB", "["), *children, *end, _token("RSQB", "]")))
    return _tree("expr_term", _atom(_scalar(value)))


def _scalar(value: Bare | str | float | bool | None) -> str:
    if isinstance(value, Bare):
        return value.source
    if isinstance(value, str):
        return template.source(value)
    return "null" if value is None else repr(value).lower()


def _key(key: str) -> str:
    """Return an object's key: an identifier where it can't be mistaken for a keyword, else a quoted string."""
    return key if _IDENTIFIER.fullmatch(key) and key not in {"for", *_LITERALS} else template.quote(key)


def _spans_lines(value: Value) -> bool:
    """Whether a value is written on several lines: objects that aren't empty, and lists of such or too long for one."""
    if isinstance(value, Mapping):
        return bool(value)
    if isinstance(value, Sequence) and not isinstance(value, str):
        nested = any(isinstance(item, Mapping | Sequence) and not isinstance(item, str) for item in value)
        return bool(value) and (nested or sum(len(_scalar(item)) + 2 for item in value) > LINE)
    return False


# A list of scalars longer than this has each of them on a line of its own.
LINE = 80


def _columns(source: str) -> int:
    """Return the width at which `terraform fmt` counts a name: in grapheme clusters."""
    if source.isascii():
        return len(source)
    import regex

    return len(regex.findall(r"\X", source))


def _tree(rule: str, *children: Any) -> Tree[Any]:
    from lark import Tree

    return Tree(rule, list(children))


def _token(terminal: str, text: str) -> Any:
    from lark import Token

    return Token(terminal, text)


def _atom(source: str) -> Tree[Any]:
    return _tree("identifier", _token("NAME", source))


def _new_line(depth: int, blank: str = "") -> Tree[Any]:
    return _tree("new_line_or_comment", _token("NL_OR_COMMENT", f"\n{blank}{'  ' * depth}"))
