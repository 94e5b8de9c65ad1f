"""HCL is read into, and written from, the vocabulary of Terraform's JSON syntax; the real Terraform is the judge."""

from __future__ import annotations

import json
import unicodedata
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from real_terraform import assert_canonical, outputs

from bascule import hcl, template
from bascule.errors import InputError
from bascule.hcl import Attribute, Bare, Block, Gap

# One Terraform run judges a whole list of values, so a few examples go a long way; shrinking would take minutes.
JUDGED = settings(max_examples=8, deadline=None, phases=[Phase.explicit, Phase.generate])

TEXT = st.lists(
    st.sampled_from(
        ["$", "%", "{", "}", "${", "%{", "$${", '"', "\\", "\n", "\t", "\r\n", " ", "a", "for", "null", "é"]
    )
    | st.characters(exclude_categories=["Cs"], exclude_characters="\r"),
    max_size=8,
).map("".join)
STRINGS = TEXT.map(template.escape)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | STRINGS
KEYS = st.sampled_from(["a", "b-c", "for", "null", "true", "1", "x.y", "aws:tag"]) | STRINGS


def distinct(values: dict[str, Any]) -> bool:
    """Whether the keys stay different in Unicode's normal form C, which Terraform gives them."""
    return len({unicodedata.normalize("NFC", key) for key in values}) == len(values)


VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4).filter(distinct),
    max_leaves=8,
)
BODIES = st.dictionaries(st.from_regex(r"[a-z_][a-z0-9_-]{0,12}", fullmatch=True), VALUES, max_size=5)


def arguments(values: dict[str, Any]) -> tuple[Attribute, ...]:
    """The values as the arguments of a block."""
    return tuple(Attribute(name, value) for name, value in values.items())


@given(BODIES)
@settings(deadline=None)
def test_values_written_as_hcl_and_read_again_are_the_same(values: dict[str, Any]) -> None:
    """HCL loses nothing, and JSON text of the values says the same as their HCL."""
    written = hcl.dumps([Block("locals", body=arguments(values))])
    assert [values] == hcl.loads(written)["locals"] == [json.loads(json.dumps(values))]


@given(st.lists(BODIES, min_size=5, max_size=15))
@JUDGED
def test_hcl_is_canonical_and_means_what_the_json_means(bodies: list[dict[str, Any]]) -> None:
    """Terraform reads the same from both, and `terraform fmt` has nothing to add."""
    # An output can't be null: each value stands in a list.
    in_json = {"output": {f"json{index}": {"value": [body]} for index, body in enumerate(bodies)}}
    in_hcl = [Block("output", (f"hcl{index}",), (Attribute("value", [body]),)) for index, body in enumerate(bodies)]
    # As attributes of a block the values meet other rules of alignment.
    blocks = [
        Block("locals", body=(Attribute(f"z{index}", index), *arguments(body))) for index, body in enumerate(bodies)
    ]
    assert_canonical(hcl.dumps([*in_hcl, *blocks], header=["A header.", "", "  Its end."]))
    found = outputs({"json.tf.json": json.dumps(in_json), "hcl.tf": hcl.dumps(in_hcl)})
    for index, body in enumerate(bodies):
        assert found[f"json{index}"] == found[f"hcl{index}"], body


LINES = st.lists(
    st.sampled_from(
        [" ", "  ", "\t", "a", "b c", '"', "\\n", "$", "$${x}", "%%{", '${upper("x")}', "${ 1 +\n 1 }", "EOT"]
    ),
    max_size=5,
).map("".join)
HEREDOCS = st.builds(
    "<<{}EOF\n{}{}EOF".format,
    st.sampled_from(["", "-"]),
    st.lists(LINES.map("{}\n".format), max_size=5).map("".join),
    st.sampled_from(["", "  ", "\t"]),
)


@given(st.lists(HEREDOCS, min_size=20, max_size=40))
@JUDGED
def test_heredocs_are_read_as_terraform_reads_them(heredocs: list[str]) -> None:
    """Their last newline stays, `<<-` takes the shared indentation off, templates in them stay templates."""
    in_hcl = "".join(f"output o{index} {{\n  value = {text}\n}}\n" for index, text in enumerate(heredocs))
    read = hcl.loads(in_hcl)
    in_json = {"output": {f"json{name}": body for name, body in read["output"].items()}}
    found = outputs({"hcl.tf": in_hcl, "json.tf.json": json.dumps(in_json)})
    for index, text in enumerate(heredocs):
        assert found[f"o{index}"] == found[f"jsono{index}"], text


GENERATED = """\
# __generated__ by Terraform
# Please review these "resources" and move them

# __generated__ by Terraform from "EPJ3WQCO04UWW"
resource "aws_cloudfront_distribution" "site" {
  aliases = ["www.arquantix.com"]
  comment = null // it's empty
  enabled = true
  http_version = "http2and3"
  price_class = 1.50
  tags = {
    "a:b" = "c"
    Name  = "say \\"hi\\" to C:\\\\temp \\u00e9 $${x} %%{ if } ${var.y["k"]}"
  }
  default_cache_behavior {
    target_origin_id = "s3"
    ttl = -1
  }
  origin { origin_id = "a" }
  origin { origin_id = "$${" }
  policy = jsonencode({
    Statement = [{
      Action = "s3:GetObject" /* one */
      Effect = "Allow" }]
    Version = "2012-10-17"
  })
  depends_on = [aws_s3_bucket.site, aws_lb.web["a"]]
  provider   = aws.west
  lifecycle {
    ignore_changes = all
    replace_triggered_by = [aws_lb.web]
  }
}

provider "aws" {}
provider "aws" {
  alias = "west"
}

variable "x" {
  type = map(string)
}

import {
  to = aws_s3_bucket.site
  id = "bucket"
}
"""
VALUES_OF_GENERATED = {
    "resource": {
        "aws_cloudfront_distribution": {
            "site": {
                "aliases": ["www.arquantix.com"],
                "comment": None,
                "enabled": True,
                "http_version": "http2and3",
                "price_class": 1.5,
                "tags": {"a:b": "c", "Name": 'say "hi" to C:\\temp é $${x} %%{ if } ${var.y["k"]}'},
                "default_cache_behavior": [{"target_origin_id": "s3", "ttl": -1}],
                "origin": [{"origin_id": "a"}, {"origin_id": "$${"}],
                "policy": '${jsonencode({ Statement = [{ Action = "s3:GetObject", Effect = "Allow" }], '
                'Version = "2012-10-17" })}',
                "depends_on": ["aws_s3_bucket.site", 'aws_lb.web["a"]'],
                "provider": "aws.west",
                "lifecycle": [{"ignore_changes": "all", "replace_triggered_by": ["aws_lb.web"]}],
            }
        }
    },
    "provider": {"aws": [{}, {"alias": "west"}]},
    "variable": {"x": {"type": "map(string)"}},
    "import": [{"to": "aws_s3_bucket.site", "id": "bucket"}],
}


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_generated_configuration_is_read_into_plain_values(line_end: str) -> None:
    """Blocks, labels, comments, references, escapes and calls, as `terraform plan -generate-config-out` writes them."""
    assert hcl.loads(GENERATED.replace("\n", line_end)) == VALUES_OF_GENERATED


def test_an_escape_without_a_closing_brace_does_not_swallow_what_follows() -> None:
    """python-hcl2's own grammar reads from `$${` to the next `}`, wherever that is."""
    assert hcl.loads('a = "$${"\nb = "}"\n') == {"a": "$${", "b": "}"}


def test_a_number_that_python_would_round_stays_an_expression() -> None:
    """Terraform calculates with more digits than a float has."""
    assert hcl.loads(f"a = 0.1\nb = {10**30}\nc = 0.12345678901234567890123\n") == {
        "a": 0.1,
        "b": 10**30,
        "c": "${0.12345678901234567890123}",
    }


@pytest.mark.parametrize(
    ("text", "what", "line"),
    [
        ("a = ", "ends too early", 1),
        ("\na {\n", "it ends too early", 2),
        ('a = 1\nb = "x', "isn't closed", 2),
        ('a = "\\q"', "no such escape", 1),
        ("\n\nfoo ( baz", "unexpected '( baz'", 3),
        ("foo bar\n", "ends too early", 1),
        ("foo bar\nb = 1", "unexpected 'b = 1'", 2),
        ("a = <<E\nx", "heredoc isn't closed", 1),
        ("a = 1\na = 2", "a is set twice", 2),
        ("a = [1]\na {}", "a is set twice", 2),
        ("a {}\na = 2", "a is set twice", 2),
        ('a "x" {}\na {}', "a is set twice", 2),
        ('a {}\na "x" {}', "a is set twice", 2),
        ("a = {\n", "ends too early", 1),
        ("a = f(b c)", "unexpected 'c)'", 1),
        ("a = b ]", "unexpected ']'", 1),
    ],
)
def test_what_is_not_hcl_is_refused_with_file_and_line(text: str, what: str, line: int) -> None:
    """No parser's own words reach the operator."""
    with pytest.raises(InputError) as error:
        hcl.loads(text, where="imports/x/bucket.tf")
    assert what in error.value.what
    assert f"imports/x/bucket.tf, line {line}" == error.value.where


@given(st.text(max_size=60) | st.lists(st.sampled_from(list(' \n"{}[]()=.,$%<-#/*\\aE1')), max_size=30).map("".join))
@settings(deadline=None)
def test_any_text_is_read_or_refused(text: str) -> None:
    """Nothing but InputError comes out of bad input."""
    where = "x.tf, line 1"
    try:
        assert isinstance(hcl.loads(text, where="x.tf"), dict)
    except InputError as error:
        where = error.where
    assert where.startswith("x.tf, line ")


def test_blocks_are_written_in_the_order_given_with_blank_lines_around_them() -> None:
    """Signs of equality are aligned as `terraform fmt` aligns them: a value of several lines starts afresh."""
    body = (
        Attribute("count", 2),
        Gap(),
        Attribute("name", '${upper("x")}-y'),
        Attribute("x", "${aws_lb.web.arn}"),
        Attribute("tags", {"Name": "é", "é": None, "for": {}}),
        Attribute("list", ["a", Bare("b.c"), -1]),
        Block("empty"),
        Block("inner", body=(Attribute("long", [["x"], "y" * 80, []]),)),
        Attribute("depends_on", [Bare("a.b")]),
    )
    assert (
        hcl.dumps([Block("resource", ("aws_x", "y"), body)], header=["Written by a test."])
        == """\
# Written by a test.

resource "aws_x" "y" {
  count = 2

  name = "${upper("x")}-y"
  x    = aws_lb.web.arn
  tags = {
    Name  = "é"
    "é"   = null
    "for" = {}
  }
  list = ["a", b.c, -1]

  empty {}

  inner {
    long = [
      ["x"],
      "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy",
      [],
    ]
  }

  depends_on = [a.b]
}
"""
    )


def test_a_value_that_is_no_template_is_refused_by_name() -> None:
    """The string itself is the best hint where to look."""
    with pytest.raises(InputError, match=r"isn't closed: 'costs \$\{5'"):
        hcl.dumps([Attribute("a", "costs ${5")])


def test_an_empty_file_is_its_header() -> None:
    """A site without anything to say still gets a readable file."""
    assert hcl.dumps([], header=["Nothing."]) == "# Nothing.\n"
    assert hcl.dumps([]) == ""


def test_identifiers_may_be_of_any_script() -> None:
    """Terraform writes a key as an identifier where Unicode calls it one, as it does a tag named größe or مفتاح."""
    text = 'größe = 1\ntags = {\n  größe = "x"\n  مفتاح = "y"\n  a-ß   = "z"\n}\n'
    assert {"größe": 1, "tags": {"größe": "x", "مفتاح": "y", "a-ß": "z"}} == hcl.loads(text)
