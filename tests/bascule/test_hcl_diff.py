"""Two versions of a site's HCL, compared as a reviewer reads them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bascule.errors import InputError
from bascule.hcl_diff import compare, falls_too_far, way
from bascule.ladder import Stage, steps
from bascule.renderers import text

HCL = (Path(__file__).parents[2] / "rendered" / "arquantix" / "main.tf").read_text(encoding="utf-8")
NONE, ADOPT, BUILD, ATTACH, CONNECT, SERVE, RETIRE = Stage


def told(old: str, new: str) -> list[str]:
    return text.render_diff(compare(old, new, "main.tf"), None, None).split("\n")


def test_the_same_configuration_has_no_difference() -> None:
    """In whatever order its blocks stand."""
    assert [] == compare(HCL, HCL, "main.tf")
    blocks = [f"{block}}}" for block in HCL.strip().split("\n}") if block]
    assert [] == compare(HCL, "\n".join(block.strip().removesuffix("}") + "\n}" for block in reversed(blocks)), "x")
    assert ["no difference"] == told(HCL, HCL)


def test_a_changed_argument_is_named_by_its_resource() -> None:
    """With both values; nothing else of the resource is shown."""
    assert [
        "~ aws_cloudfront_distribution.site",
        '      price_class: "PriceClass_All" → "PriceClass_100"',
    ] == told(HCL, HCL.replace("PriceClass_All", "PriceClass_100"))


def test_a_set_in_another_order_is_the_same() -> None:
    """Terraform reads it as a set, too."""
    old = 'resource "aws_cloudfront_distribution" "site" {\n  aliases = ["a.example.com", "b.example.com"]\n}\n'
    assert [] == compare(old, old.replace('"a.example.com", "b.example.com"', '"b.example.com", "a.example.com"'), "x")


def test_a_block_with_an_identity_comes_and_goes_as_a_whole() -> None:
    """One line for an origin, with where it leads; the origins beside it are not mentioned."""
    old = """resource "aws_cloudfront_distribution" "site" {
  origin {
    domain_name = "old.example.com"
    origin_id   = "old"
  }
}
"""
    more = '  origin {\n    domain_name = "new.example.com"\n    origin_id   = "new"\n  }\n}\n'
    new = old.removesuffix("}\n") + more
    address = "~ aws_cloudfront_distribution.site"
    assert [address, '      origin[new]: added (domain_name "new.example.com")'] == told(old, new)
    assert [address, '      origin[new]: removed (domain_name "new.example.com")'] == told(new, old)


def test_a_literal_secret_header_is_not_shown() -> None:
    """An adopted origin may send one."""
    old = """resource "aws_cloudfront_distribution" "site" {
  origin {
    origin_id = "old"
    custom_header {
      name  = "X-Key"
      value = "swordfish"
    }
  }
}
"""
    lines = told(old, old.replace("swordfish", "marlin"))
    assert [
        "~ aws_cloudfront_distribution.site",
        "      origin[old].custom_header[X-Key].value: (hidden) → (hidden)",
    ] == lines


def test_whole_blocks_come_and_go() -> None:
    """Imports and backends among them; from nothing, all of it is new."""
    without = HCL.replace(HCL[HCL.index("import {") : HCL.index("resource ")], "")
    assert "- import aws_cloudfront_distribution.site" in told(HCL, without)
    assert {"create"} == {changed.action for changed in compare("", HCL, "main.tf")}
    assert {"delete"} == {changed.action for changed in compare(HCL, "", "main.tf")}
    assert ["~ terraform", '      backend[s3][key]: "bascule/arquantix.tfstate" → "elsewhere"'] == told(
        HCL, HCL.replace("bascule/arquantix.tfstate", "elsewhere")
    )


def test_what_is_no_hcl_is_an_error_that_names_the_side() -> None:
    """The revision's, or the working tree's."""
    with pytest.raises(InputError) as caught:
        compare("resource {", HCL, "rendered/x/main.tf")
    assert "as it was" in caught.value.where


@given(st.sampled_from(Stage), st.sampled_from(Stage))
def test_a_fall_is_too_far_where_it_takes_more_than_one_apply(old: Stage, new: Stage) -> None:
    """Whatever the rungs; a climb never falls."""
    assert falls_too_far(old, new) == (new.rung < old.rung and len(steps(old, new)) > 1)
    assert (way(old, new) == ()) == (old is new)


@pytest.mark.parametrize(
    ("old", "new", "refused"),
    [
        (SERVE, CONNECT, False),
        (RETIRE, CONNECT, False),
        (RETIRE, SERVE, False),
        (SERVE, ATTACH, True),
        (CONNECT, BUILD, True),
        (BUILD, ADOPT, False),
        (ADOPT, NONE, False),
        (ADOPT, SERVE, False),
        (None, SERVE, False),
        (SERVE, None, False),
    ],
)
def test_a_fall_across_two_boundaries_is_refused(old: Stage | None, new: Stage | None, refused: bool) -> None:
    """One is what going down is for; a stage that isn't known on both sides says nothing."""
    assert refused is falls_too_far(old, new)
    assert refused is ("REFUSED" in text.render_diff([], old, new))


def test_a_climb_of_more_than_one_apply_is_told() -> None:
    """A VCS-driven run knows no steps."""
    assert [
        "no difference",
        "stage: adopt → serve, by 2 applies: connect, serve",
        "a run that applies this as it is knows no steps and no gates: one commit a step",
    ] == text.render_diff([], ADOPT, SERVE).split("\n")
    assert (CONNECT, SERVE) == way(ADOPT, SERVE)
