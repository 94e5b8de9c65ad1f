"""Terraform's strings keep their meaning between JSON syntax and HCL: the real Terraform reads both and is asked."""

from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from real_terraform import assert_canonical, outputs

from bascule import hcl, template
from bascule.errors import InputError

# One Terraform run judges a whole list of strings, so a few examples go a long way.
# Shrinking is left out: it would take minutes to say less than the one string that differs.
JUDGED = settings(max_examples=8, deadline=None, phases=[Phase.explicit, Phase.generate])

# Pieces that mean something to HCL or to JSON come often, anything else sometimes.
TEXT = st.lists(
    st.sampled_from(
        ["$", "%", "{", "}", "${", "%{", "$${", "%%{", "~", '"', "\\", "\n", "\r", "\t", "\r\n", " ", "a", "n", "u0041"]
    )
    | st.characters(exclude_categories=["Cs"]),
    max_size=8,
).map("".join)


def spaced(pieces: list[str]) -> st.SearchStrategy[str]:
    """The pieces, with white space, comments, or (where HCL allows them, outside objects) newlines between them."""
    blanks = ["", " ", "  ", "\t", " /* }} */ "]
    if "{{" not in "".join(pieces):
        blanks += ["\n", ' # }}"\n', "// ${{\n "]
    between = st.lists(st.sampled_from(blanks), min_size=len(pieces) - 1, max_size=len(pieces) - 1)
    return between.map(lambda found: "".join(a + b for a, b in zip(["", *found], pieces, strict=True)))


# A newline ends an element wherever an object is the innermost bracket, so only pieces within other brackets get any.
FORMS = [
    ["upper(", "{}", ")"],
    ["join(", '"-"', ",", "[", "{}", ",", "{}", ",", "]", ")"],
    ["(", "{}", ")"],
    ["[", "{}", ",", "{}", "][", "-", "1", "+", "2", "]"],
    ["(", "{}", "==", "{}", "&&", "!", "false", "?", "{}", ":", "{}", ")"],
    ["tostring(", "1", "-", "-", "1", "*", "2", ">=", "3", "||", "2", "%", "3", "!=", "1", ")"],
    ["{{", "a", "=", "{}", ",", '"b c"', ":", "{}", "}}", "[", '"a"', "]"],
    ["{{\n# }}\n", "a", "=", "{}", "\n\n", "b", "=", "{}", ",\n", "(", '"c"', ")", "=", "{}", "\n", "}}", ".", "b"],
    ["jsonencode(", "[", "for", " k", ",", "v", " in", "{{", "x", "=", "{}", "}}", ":", "v", "]", ")"],
    ["jsonencode(", "{{", "for", " v", " in", "[", "{}", "]", ":", "v", "=>", "-", "1.5e+3", "...", "}}", ")"],
    ["jsonencode(", "{{", "for", " v", " in\n", "[", "{}", "]", ":\n", "v", "=>", "[", "]", "\n}}", ")"],
    ["join(", '","', ",", 'split("a", ', "{}", ")[", "*", "]", ")"],
]


def operations(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Expressions made of smaller ones, all of them strings, so that they fit together."""
    return st.sampled_from(FORMS).flatmap(
        lambda form: st.builds(
            lambda blanked, holes: blanked.format(*holes),
            spaced(form),
            st.lists(inner, min_size=form.count("{}"), max_size=form.count("{}")),
        )
    )


STRINGS = TEXT.map(lambda text: template.quote(template.escape(text)))
EXPRESSIONS = st.recursive(
    STRINGS, lambda inner: operations(inner) | inner.map(lambda found: f'"<${{{found}\n}}>"'), max_leaves=6
)


def sequences(expressions: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Template sequences: interpolations and directives, with and without strip markers."""
    mark = st.sampled_from(["", "", "", "~"])
    interpolation = st.builds("${{{}{}{}}}".format, mark, expressions, mark)
    condition = st.builds("%{{{} if true {}}}{}%{{{}else{}}}no%{{ endif }}".format, mark, mark, LITERALS, mark, mark)
    loop = st.builds("%{{ for x in [ 1,2 ] {}}}{}${{ x }}%{{{} endfor }}".format, mark, LITERALS, mark)
    return interpolation | condition | loop


# A literal that ends in a sigil would make an escape of the sequence behind it; a lone carriage return hides sequences.
LITERALS = TEXT.filter(lambda text: not text.endswith(("$", "%")) and "\r" not in text).map(template.escape)
TEMPLATES = st.lists(LITERALS | sequences(EXPRESSIONS), max_size=4).map("".join)


def evaluated_both_ways(templates: list[str]) -> tuple[list[object], list[object]]:
    """What Terraform makes of the strings in JSON syntax, and of what bascule writes for them in HCL."""
    in_json = json.dumps({"output": {f"json{index}": {"value": text} for index, text in enumerate(templates)}})
    in_hcl = "".join(
        f'output "hcl{index}" {{\n  value = {template.source(text)}\n}}\n' for index, text in enumerate(templates)
    )
    assert_canonical(in_hcl)
    found = outputs({"json.tf.json": in_json, "hcl.tf": in_hcl})
    return [[found[f"{syntax}{index}"] for index, _ in enumerate(templates)] for syntax in ("json", "hcl")]


@given(st.lists(TEXT, min_size=20, max_size=60))
@JUDGED
def test_any_text_can_be_escaped(texts: list[str]) -> None:
    """Terraform reads escaped text as exactly that text (in Unicode's normal form C), from JSON and from HCL."""
    normal = [unicodedata.normalize("NFC", text) for text in texts]
    for expected, *found in zip(normal, *evaluated_both_ways([template.escape(text) for text in texts]), strict=True):
        assert [expected, expected] == found


@given(st.lists(TEMPLATES, min_size=20, max_size=60))
@JUDGED
def test_a_template_means_the_same_in_hcl_and_its_hcl_is_canonical(templates: list[str]) -> None:
    """Literals, interpolations, directives, strip markers, comments and newlines in expressions, in any mixture."""
    for text, in_json, in_hcl in zip(templates, *evaluated_both_ways(templates), strict=True):
        assert in_json == in_hcl, template.source(text)


@given(TEMPLATES)
@settings(deadline=None)
def test_reading_what_was_written_gives_the_same_hcl(text: str) -> None:
    """Strings and expressions that are read from a file and written again have not changed."""
    quoted, source = template.quote(text), template.source(text)
    read = hcl.loads(f"quoted = {quoted}\nsource = {source}\n")
    assert (template.quote(read["quoted"]), template.source(read["source"])) == (quoted, source)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("${a", "isn't closed"),
        ("${a(}", "closes nothing"),
        ('${"a}', "isn't closed"),
        ("%{ if a", "isn't closed"),
        ("${a ; b}", "no such character"),
        ('${"\\q"}', "no such escape"),
        ("${<<EOF\na}", "heredoc isn't closed"),
    ],
)
def test_a_broken_template_is_refused(text: str, what: str) -> None:
    """The error says what is wrong with it, and where."""
    with pytest.raises(InputError, match=what) as error:
        template.quote(text)
    assert error.value.where == "line 1"
