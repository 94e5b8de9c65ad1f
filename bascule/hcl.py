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

IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
KEYWORDS = {"true": True, "false": False, "null": None}
_OTHER_SCRIPTS = re.compile(r"[^\x00-\x7f]")
_NUMBER = re.compile(r"-? ?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
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

    python-hcl2 8.1 gets strings wrong: `$${` without a `}` swallows what follows, escapes between directives stay, a
    heredoc loses its last newline. So its grammar is shown the text with plain strings of the same length in their
    place, and each value is then read from the real text at the position that the grammar found.
    """

    def __init__(self, text: str) -> None:
        self.text = text

    def file(self) -> dict[str, Any]:
        from hcl2 import parses_to_tree
        from lark.exceptions import UnexpectedInput

        try:
            tree = parses_to_tree(_ascii_letters(template.without_strings(self.text)))
        except UnexpectedInput as error:
            end = len(self.text.rstrip())
            position = min(error.pos_in_stream if error.pos_in_stream is not None else end, end)
            found = self.text[position : position + 20].split("\n")[0]
            what = "it ends too early" if position == end else f"unexpected {found!r}"
            raise InputError(f"this isn't HCL: {what}", where=template.line_of(self.text, position)) from None
        return self.body(tree.children[0], "")

    def body(self, tree: Tree[Any], path: str) -> dict[str, Any]:
        result: dict[str, Any] = {}
        arguments: set[str] = set()
        for child in tree.children:
            if _is(child, "attribute"):
                name, value = self.source(child.children[0]), child.children[2]
                if name in result:
                    raise self.twice(name, child)
                arguments.add(name)
                result[name] = self.reference(value) if name in REFERENCES.get(path, ()) else self.value(value)
            elif _is(child, "block"):
                if self.source(child.children[0]) in arguments:
                    raise self.twice(self.source(child.children[0]), child)
                self.block(child, path, result)
        return result

    def block(self, tree: Tree[Any], path: str, result: dict[str, Any]) -> None:
        block_type, *labels = map(self.label, _items(tree)[:-1])
        body = self.body(_items(tree)[-1], f"{path}.{block_type}".removeprefix("."))
        holder: Any = result
        for name in (block_type, *labels)[:-1]:
            holder = holder.setdefault(name, {})
            if not isinstance(holder, dict):
                raise self.twice(block_type, tree)
        if labels:
            earlier = holder.get(labels[-1])
            holder[labels[-1]] = (
                body if earlier is None else [*(earlier if isinstance(earlier, list) else [earlier]), body]
            )
        elif isinstance(holder.setdefault(block_type, []), list):
            holder[block_type].append(body)
        else:
            raise self.twice(block_type, tree)

    def twice(self, name: str, tree: Tree[Any]) -> InputError:
        return InputError(f"{name} is set twice", where=template.line_of(self.text, tree.meta.start_pos))

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
        if source in KEYWORDS:
            return KEYWORDS[source]
        if _is(tree, "expr_term"):
            (term, *rest) = tree.children
            if not rest and _is(term, "tuple"):
                return [self.value(item) for item in _items(term)]
            if not rest and _is(term, "object"):
                return {self.key(elem.children[0]): self.value(elem.children[2]) for elem in _items(term)}
        return f"${{{template.canonical(source)}}}"

    def key(self, tree: Tree[Any]) -> str:
        source = self.source(tree)
        if _ascii_letters(source).replace("-", "_").isidentifier() or _NUMBER.fullmatch(source):
            return source
        return str(self.value(tree.children[0]))


def _ascii_letters(text: str) -> str:
    """Return `text` with an ASCII letter for each of another script: an identifier may be of any, and Terraform writes
    the keys of an object as identifiers where it can, but python-hcl2's grammar knows ASCII alone."""
    return _OTHER_SCRIPTS.sub(lambda match: "x" if f"_{match[0]}".isidentifier() else match[0], text)


def _number(digits: str) -> Any:
    """Return a number, or the expression where Python can't hold it exactly."""
    number = float(digits) if re.search("[.eE]", digits) else int(digits)
    return number if Decimal(digits) == Decimal(repr(number)) else f"${{{digits}}}"


def _is(tree: Any, *names: str) -> bool:
    return getattr(tree, "data", None) in names


def _items(tree: Tree[Any]) -> list[Tree[Any]]:
    """Return the trees in a tuple, an object or a block, without its punctuation and newlines."""
    return [child for child in tree.children if hasattr(child, "data") and child.data != "new_line_or_comment"]


def dumps(body: Iterable[Block | Attribute | Gap], *, header: Iterable[str] = ()) -> str:
    """Return the HCL text of a file's body, under `header` as comment lines; `terraform fmt` leaves it as it is.

    Raises InputError where a template sequence in a string isn't closed.
    """
    from bascule import hcl_tree  # brings python-hcl2, which takes a tenth of a second to import

    comments = "".join(f"# {line}".rstrip() + "\n" for line in header)
    return "\n".join(filter(None, (comments, hcl_tree.text(tuple(body)))))
