"""Terraform's strings: literal text with `${…}` and `%{…}` sequences, in JSON syntax and in HCL.

A string in Terraform's JSON syntax is an HCL *template* without quotes: backslashes mean nothing in it. A quoted string
in HCL is one with backslash escapes. Both are read into the same parts (literal values and sequences) and written from
them, so that a value keeps its meaning from one syntax to the other. Expressions are written on one line, spaced as
`terraform fmt` spaces them.

Rules: HCL's native syntax specification (templates, heredocs), hclwrite's `format.go` (spaces), and what Terraform 1.11
was measured to do where these are silent; `test_template.py` puts each case to the real `terraform`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from bascule.errors import InputError
from bascule.hcl_spacing import CLOSERS, WORD, spaced


@dataclass(frozen=True)
class Sequence:
    """A template sequence: `opener` is `${` or `%{`, `expression` what stands before its `}`, on one line."""

    opener: str
    expression: str

    def __str__(self) -> str:
        before = " " if self.expression.startswith("{") else ""
        after = " " if self.expression.endswith("}") else ""
        return f"{self.opener}{before}{self.expression}{after}}}"


Part = str | Sequence

_WORD = WORD.pattern
_BLOCK_COMMENT = r"/\*(?s:.)*?\*/"
_HEREDOC = re.compile(rf"<<(?P<flush>-?)(?P<marker>{_WORD})\r?\n(?P<body>(?:.*\n)*?)[ \t]*(?P=marker)(?=\r?(?:\n|\Z))")
_HEREDOC_START = r"<<-?[^\W\d]"
_STRING = rf'(?P<string>"|{_HEREDOC_START})'
_COMMENT = rf"\#[^\n]*|//[^\n]*|{_BLOCK_COMMENT}"
_STRING_OR_COMMENT = re.compile(rf"{_STRING}|{_COMMENT}")
_TOKEN = re.compile(
    rf"(?P<blank>[ \t\r]+|{_COMMENT})|(?P<newline>\n)"
    rf"|{_STRING}|(?P<end>~?\}})"
    rf"|(?P<word>{_WORD})|(?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)"
    r"|==|!=|<=|>=|=>|&&|\|\||\.\.\.|::|[{()\[\].,:?=<>+\-*/%!]"
)
# Of a run of `$` before `{` all but the last stand for themselves; where there are two or more, the last is an escape.
_OPENER = r"(?P<escaped>\$+(?=\$\{)|%+(?=%\{))[$%]\{|(?P<opener>[$%]\{)(?P<strip>~?)"
# Behind a lone carriage return Terraform (1.11) misses sequences and escapes, some even on later lines.
_LONE_RETURN = r"\r(?!\n)(?=(?s:.)*[$%]\{)"
_TEMPLATE_PART = re.compile(rf"{_OPENER}|(?P<carriage>{_LONE_RETURN})|(?P<plain>[^$%\r]+|[$%\r])")
_QUOTED_PART = re.compile(
    rf'{_OPENER}|(?P<end>")|\\(?:(?P<simple>[nrt"\\])|u(?P<u>[\da-fA-F]{{4}})|U(?P<U>[\da-fA-F]{{8}}))'
    r'|(?P<plain>[^$%"\\\n]+|[$%])'
)
_SIMPLE_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}
_QUOTED_ESCAPES = {value: f"\\{letter}" for letter, value in _SIMPLE_ESCAPES.items()}
# What Go's unicode.IsSpace calls a space: a strip marker (`${~ x ~}`) takes these.
_SPACES = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))


def parts(template: str) -> tuple[Part, ...]:
    """Return the literal values and the sequences that a string of Terraform's JSON syntax is made of.

    Strip markers are resolved into the literals beside them. Raises InputError where a sequence isn't closed.
    """
    return _parse(template, 0, _TEMPLATE_PART)[0]


def escape(value: str) -> str:
    """Return the string of Terraform's JSON syntax whose value is exactly `value`."""
    return _template((value,))


def quote(template: str) -> str:
    """Return the quoted HCL string that means what this string of Terraform's JSON syntax means."""
    return _quoted(parts(template))


def source(template: str) -> str:
    """Return HCL for a string of Terraform's JSON syntax: where it is one `${…}` and nothing else, the expression."""
    found = parts(template)
    while len(found) == 1 and isinstance(found[0], Sequence) and found[0].opener == "${":
        expression = found[0].expression
        if not expression.startswith('"') or end_of_string(expression, 0) < len(expression):
            return expression
        found, _ = _parse(expression, 1, _QUOTED_PART)
    return _quoted(found)


def canonical(expression: str) -> str:
    """Return an HCL expression on one line, without comments, spaced as `terraform fmt` spaces it.

    Raises InputError where a bracket or a string in it isn't closed.
    """
    return spaced(_tokens(expression, 0, closed=False)[0], before="=")


def from_string(string: str) -> str:
    """Return a quoted HCL string or a heredoc, given as source, as a string of Terraform's JSON syntax."""
    return _template(_string(string, 0)[0])


def escape_code(char: str) -> str:
    """Return a character as an escape in a quoted HCL string: `\\u00e9`."""
    return f"\\u{ord(char):04x}" if ord(char) <= 0xFFFF else f"\\U{ord(char):08x}"


def end_of_string(text: str, start: int) -> int:
    """Return where the quoted string or heredoc that begins at `start` ends.

    Raises InputError where it doesn't end.
    """
    return _string(text, start)[1]


def without_strings(text: str) -> str:
    """Return HCL source with a plain string of the same length in place of every string, spaces in that of comments.

    Raises InputError where a string or a heredoc isn't closed.
    """
    result, position = "", 0
    while found := _STRING_OR_COMMENT.search(text, position):
        start, end = found.span()
        if found["string"]:
            end = end_of_string(text, start)
        result += text[position:start]
        result += f'"{"s" * (end - start - 2)}"' if found["string"] else " " * (end - start)
        position = end
    return result + text[position:]


def line_of(text: str, position: int) -> str:
    """Return `line N` for a position in a text."""
    return f"line {text.count(chr(10), 0, position) + 1}"


def _parse(text: str, start: int, pattern: re.Pattern[str]) -> tuple[tuple[Part, ...], int]:
    """Return the parts of the template that begins at `start`, and where it ends (behind the quote, if it has one)."""
    quoted = pattern is _QUOTED_PART
    literals, sequences, strips = [""], [], []
    position = start
    while quoted or position < len(text):
        match = pattern.match(text, position)
        if match is None:
            what = "HCL has no such escape" if text[position : position + 1] == "\\" else "a string isn't closed"
            raise InputError(what, where=line_of(text, position))
        if match.groupdict().get("carriage"):
            what = "Terraform can't read ${ or %{ behind a lone carriage return"
            raise InputError(what, where=line_of(text, position))
        position = match.end()
        if match["opener"]:
            tokens, position = _tokens(text, position, closed=True)
            sequences.append(Sequence(match["opener"], spaced(tokens, before=match["opener"])))
            strips.append((bool(match["strip"]), text[position - 2] == "~"))
            literals.append("")
        elif quoted and match["end"]:
            break
        else:
            literals[-1] += _value(match)
    for index, (before, after) in enumerate(strips):
        # In a template without quotes each line is a token of its own, and a marker strips the nearest token only.
        if before:
            kept, last = ("", literals[index]) if quoted else _split_lines(literals[index], -1)
            literals[index] = kept + last.rstrip(_SPACES)
        if after:
            first, kept = (literals[index + 1], "") if quoted else _split_lines(literals[index + 1], 1)
            literals[index + 1] = first.lstrip(_SPACES) + kept
    found: list[Part] = [literals[0]]
    for sequence, following in zip(sequences, literals[1:], strict=True):
        found += [sequence, following]
    return tuple(part for part in found if part != ""), position


def _value(match: re.Match[str]) -> str:
    """Return the value of a piece of literal text."""
    groups = match.groupdict()
    if groups["escaped"]:
        return f"{groups['escaped']}{{"
    if groups.get("simple"):
        return _SIMPLE_ESCAPES[groups["simple"]]
    if code := groups.get("u") or groups.get("U"):
        return chr(int(code, 16))
    return str(groups["plain"])


def _split_lines(text: str, index: int) -> tuple[str, str]:
    """Return a text cut behind its first line (index 1) or before its last one (index -1)."""
    lines = re.findall(r"[^\n]*\n|[^\n]+", text)
    return "".join(lines[:index]), "".join(lines[index:])


def _template(found: tuple[Part, ...]) -> str:
    """Return the string of Terraform's JSON syntax that has these parts."""
    text = ""
    for index, part in enumerate(found):
        piece = str(part) if isinstance(part, Sequence) else _escaped(part)
        if _sigil_touches(part, found[index + 1 : index + 2]):
            piece = f'{piece[:-1]}${{"{piece[-1]}"}}'
        text += piece
    return re.sub(rf"(\$*){_LONE_RETURN}", r'${"\1\\r"}', text)


def _escaped(value: str) -> str:
    return re.sub(r"([$%])(?=\{)", r"\1\1", value)


def _quoted(found: tuple[Part, ...]) -> str:
    """Return the quoted HCL string that has these parts."""
    text = ""
    for index, part in enumerate(found):
        piece = str(part) if isinstance(part, Sequence) else "".join(map(_written, _escaped(part)))
        if _sigil_touches(part, found[index + 1 : index + 2]):
            piece = piece[:-1] + escape_code(piece[-1])
        text += piece
    return f'"{text}"'


def _written(char: str) -> str:
    if char in _QUOTED_ESCAPES or char.isprintable():
        return _QUOTED_ESCAPES.get(char, char)
    return escape_code(char)


def _sigil_touches(part: Part, following: tuple[Part, ...]) -> bool:
    """Whether a literal ends in the sign that would make an escape of the opener behind it."""
    return isinstance(part, str) and any(str(opener)[:2] == part[-1] + "{" for opener in following)


def _string(text: str, start: int) -> tuple[tuple[Part, ...], int]:
    """Return the parts of the quoted string or heredoc that begins at `start`, and where it ends."""
    if text[start] == '"':
        return _parse(text, start + 1, _QUOTED_PART)
    heredoc = _HEREDOC.match(text, start)
    if heredoc is None:
        raise InputError("a heredoc isn't closed", where=line_of(text, start))
    found = parts(heredoc["body"])
    return _flushed(found) if heredoc["flush"] else found, heredoc.end()


def _flushed(found: tuple[Part, ...]) -> tuple[Part, ...]:
    """Return a `<<-` heredoc's parts without the indentation that all of its lines share; blank lines stay."""
    pieces = [
        line for part in found for line in (re.findall(r"[^\n]*\n|[^\n]+", part) if isinstance(part, str) else [part])
    ]
    starts = [index for index, _ in enumerate(pieces) if index == 0 or str(pieces[index - 1])[-1] == "\n"]
    indents = {}
    for index in starts:
        piece = pieces[index]
        text = piece if isinstance(piece, str) else ""
        if text.lstrip(_SPACES) or not text.endswith("\n"):
            indents[index] = len(text) - len(text.lstrip(_SPACES))
    shared = min(indents.values(), default=0)
    result: list[Part] = []
    for index, piece in enumerate(pieces):
        kept = piece[shared:] if isinstance(piece, str) and index in indents else piece
        if isinstance(kept, str) and result and isinstance(result[-1], str):
            result[-1] += kept
        elif kept != "":
            result.append(kept)
    return tuple(result)


def _tokens(text: str, start: int, *, closed: bool) -> tuple[list[str], int]:
    """Return an expression's tokens and where it ends: behind its closing `}` if `closed`, else at the text's end."""
    tokens: list[str] = []
    brackets: list[str] = []
    position, separator = start, False
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise InputError(
                f"HCL has no such character in an expression: {text[position]!r}", where=line_of(text, position)
            )
        position = match.end()
        if match["blank"]:
            continue
        if match["newline"]:
            # Inside an object a line's end separates elements, as a comma does; anywhere else it means nothing.
            separator = separator or (brackets[-1:] == ["{"] and tokens[-1] not in "{,")
            continue
        token = match[0]
        if token.endswith("}") and not brackets and closed:
            return tokens, position
        if match["string"]:
            found, position = _string(text, match.start())
            token = _quoted(found)
        if separator and token not in "},":
            tokens.append(",")
        separator = False
        if token in ("{", "(", "["):
            brackets.append(token)
        elif token in ("}", ")", "]"):
            if not brackets or CLOSERS[token] != brackets.pop()[0]:
                raise InputError(f"a {token} closes nothing", where=line_of(text, match.start()))
        elif token == "for" and brackets[-1:] == ["{"] and tokens[-1] == "{":
            brackets[-1] = "{for"
        tokens.append(token)
    if closed or brackets:
        raise InputError("a template sequence or a bracket isn't closed", where=line_of(text, start))
    return tokens, position
