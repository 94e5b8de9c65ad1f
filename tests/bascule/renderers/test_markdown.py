"""The review as one comment of a pull request."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_plans import (
    BUCKET_ORIGIN,
    BUILD,
    SECRET,
    SERVE,
    SITE,
    STAYS,
    change,
    configuration,
    distribution,
    plan,
    review,
    review_of,
    same,
    update,
)
from small_reviews import GOLDEN, golden, hostile, many
from syrupy.assertion import SnapshotAssertion

from bascule.ladder import ALB_ORIGIN_ID, Stage
from bascule.renderers import markdown
from bascule.review import Review


@pytest.mark.parametrize("name", GOLDEN)
def test_a_review_reads_like_this(snapshot: SnapshotAssertion, name: str) -> None:
    """The golden file is regenerated with `pytest --snapshot-update`."""
    assert markdown.render(GOLDEN[name]()) == snapshot(extension_class=golden("md"))


def test_a_comment_is_found_again_by_its_first_line() -> None:
    """Which no plan can imitate for another site."""
    assert "<!-- bascule review example -->" == markdown.render(review(SERVE)).splitlines()[0]
    assert markdown.marker("example") == markdown.render(review(SERVE)).splitlines()[0]
    shown = markdown.render(hostile())
    assert 1 == len(re.findall("^<!--", shown, re.MULTILINE))


def test_what_counts_is_visible_and_detail_is_collapsed() -> None:
    """Verdict and counts come before any fold."""
    shown = markdown.render(review(SERVE))
    visible, _, folded = shown.partition("<details>")
    for piece in ("BLOCKED", "instead of the bucket", "1 update, 0 replace", "| fail, blocks | methods |", SITE):
        assert piece in visible
    assert "default_cache_behavior.target_origin_id" in folded


def test_behaviors_that_stay_are_told() -> None:
    """As they are in the other formats: someone has to know of them."""
    blog = {"path_pattern": "/blog", "target_origin_id": "S3-old-site"}
    document = plan(update(SITE, distribution("S3-old-site", blog), distribution(ALB_ORIGIN_ID, blog)), *STAYS)
    assert "/blog → S3-old-site" in markdown.render(review(document))


def assert_whole_or_said(found: Review) -> None:
    """A comment that GitHub takes, and that says so if it isn't the whole."""
    shown = markdown.render(found)
    assert len(shown) <= markdown.LIMIT
    detail = shown.partition("<summary>Every change</summary>")[2]
    left_out = [row.address for row in found.rows if f"`{row.address}`" not in detail]
    if left_out:
        assert f"**Not the whole plan**: {len(left_out)} of {len(found.rows)} resources" in shown


@pytest.mark.parametrize(
    ("number", "length"), [(1, 1), (40, 40), (41, 40), (300, 40), (300, 400), (1_000, 200), (3, 40_000)]
)
def test_a_comment_is_whole_or_says_that_it_isn_t(number: int, length: int) -> None:
    """GitHub takes 65,536 characters; what doesn't fit is counted."""
    assert_whole_or_said(many(number, length))


@pytest.mark.parametrize("length", [65_000, 65_536, 200_000])
def test_a_single_resource_that_doesn_t_fit_is_said_to_be_left_out(length: int) -> None:
    """Even where nothing is left to be shown, it isn't left out silently."""
    assert_whole_or_said(many(1, length))
    assert "Not the whole plan" in markdown.render(many(1, length))


def test_a_plan_that_fits_isn_t_said_to_be_cut() -> None:
    """Nobody is sent away for nothing."""
    assert "Not the whole plan" not in markdown.render(many(100))


def test_three_hundred_small_resources_are_all_there() -> None:
    """In the fold, with the first ones in sight."""
    shown = markdown.render(many(300, 1))
    assert "260 more resources are below." in shown
    assert 340 == shown.count("~ update")


def test_a_comment_with_thousands_of_findings_fits() -> None:
    """What a rule sees has no end; the comment says how much of it is left out."""
    found = review_of(
        resource_drift=[update(f"aws_lb.number_{index}", {"name": "a"}, {"name": "b" * 40}) for index in range(2_000)],
        configuration={
            "root_module": {
                "resources": [
                    {"address": f"aws_lb.number_{index}", "expressions": {"name": {}}} for index in range(2_000)
                ]
            }
        },
    )
    shown = markdown.render(found)
    assert len(shown) <= markdown.LIMIT
    assert re.search(r"\d+ more", shown)


def test_a_comment_with_a_hundred_ways_fits() -> None:
    """A distribution has as many behaviors as its quota lets it."""
    behaviors = [{"path_pattern": f"/{'a' * 100}/{index}/*", "target_origin_id": "S3-old-site"} for index in range(150)]
    moved = [{**behavior, "target_origin_id": ALB_ORIGIN_ID} for behavior in behaviors]
    document = plan(update(SITE, distribution("S3-old-site", *behaviors), distribution("S3-old-site", *moved)), *STAYS)
    assert_whole_or_said(review(document))


@given(st.lists(st.integers(min_value=1, max_value=20_000), min_size=1, max_size=60))
@settings(max_examples=30)
def test_no_plan_makes_a_comment_that_is_cut_silently(lengths: list[int]) -> None:
    """Whatever the sizes of its resources."""
    changes = [update(f"aws_x.number_{i}", {"note": "a"}, {"note": "b" * length}) for i, length in enumerate(lengths)]
    assert_whole_or_said(review_of(*changes))


def outside_spans(shown: str) -> str:
    """What isn't in a code span."""
    return re.sub(r"(?<![\\`])(`+)(?!`)(.*?)(?<!`)\1(?!`)", "", shown)


def outside_code(shown: str) -> str:
    """What a reader sees as markdown: no code spans, no escaped characters."""
    return re.sub(r"\\[!-/:-@\[-`{-~]", "", outside_spans(shown))


def test_nothing_in_a_plan_is_markup() -> None:
    """A name, a tag or a comment may hold HTML, links, images, headings and backticks."""
    shown = outside_code(markdown.render(hostile()))
    for piece in ("<script", "](", "![", "</code>", "<b>", "*this*"):
        assert piece not in shown
    assert ["## example: BLOCKED (connect → serve)"] == re.findall("^ *#.*$", shown, re.MULTILINE)


def test_nothing_in_a_plan_breaks_a_line() -> None:
    """Every line break is the comment's own, whichever character it is."""
    shown = markdown.render(hostile())
    assert [] == [character for character in shown if not character.isprintable() and character != "\n"]
    rows = [line for line in shown.splitlines() if line.startswith("| ") and "---" not in line]
    # In a table a backslash before a bar escapes it, whatever stands before the backslash (GFM spec, tables).
    assert {4} == {len(re.findall(r"(?<!\\)\|", line)) for line in rows}


def test_folds_are_closed_and_not_nested() -> None:
    """What stands in a plan neither opens nor closes one."""
    shown = outside_code(markdown.render(hostile()))
    assert ["<details>", "</details>"] * 2 == re.findall("</?details>", shown)


def test_nobody_is_called_by_a_plan() -> None:
    """GitHub looks for an `@name` in the text as it is rendered, so only a code span keeps it from notifying them."""
    assert [] == re.findall(r"(?:@|&#64;)\w+", outside_spans(markdown.render(hostile())))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("a", '`note: "x" → "a"`'),
        ("a`b", '``note: "x" → "a`b"``'),
        ("``", '```note: "x" → "``"```'),
        ("a|b", '`note: "x" → "a|b"`'),
        ("a\nb", '`note: "x" → "a\\nb"`'),
        ("\U0001f98a", '`note: "x" → "\U0001f98a"`'),
        ("<b>", '`note: "x" → "<b>"`'),
    ],
)
def test_a_value_stands_in_code_as_it_is(value: str, expected: str) -> None:
    """In a list a bar needs no escape, and would show one."""
    shown = markdown.render(review_of(update("aws_x.y", {"note": "x"}, {"note": value})))
    assert f"  - {expected}\n" in shown


def test_a_bar_in_a_table_is_escaped() -> None:
    """Else it would end the cell."""
    shown = markdown.render(review_of(change('aws_x.y["a|b"]', ["delete"], before={"name": "a"}, after=None)))
    assert '| - delete | `aws_x.y["a\\|b"]` |  |' in shown


def test_an_unchanged_way_is_told_once() -> None:
    """As it was before."""
    shown = markdown.render(review(BUILD, Stage.ADOPT, Stage.BUILD))
    assert "  - as before: behavior `default` → origin `S3-old-site`" in shown
    assert "before:" not in shown.replace("as before:", "")


def test_a_preview_is_told_from_a_saved_plan() -> None:
    """Only what is saved has a fingerprint."""
    assert f"plan sha256:{'ab' * 32}" in markdown.render(GOLDEN["blocked"]())
    assert "a preview, not saved" in markdown.render(GOLDEN["safe"]())


def test_drift_is_told() -> None:
    """What somebody changed is in sight."""
    found = review_of(
        same(SITE, distribution(origins=[BUCKET_ORIGIN])),
        resource_drift=[update("aws_lb.alb", {"name": "a"}, {"name": "b"})],
        configuration=configuration(aws_lb__alb={"name": {"constant_value": "a"}}),
    )
    assert "| fail | drift | `aws_lb.alb: name: " in markdown.render(found)


def test_no_secret_is_shown() -> None:
    """In sight or in a fold."""
    for found in [*(make() for make in GOLDEN.values()), hostile()]:
        assert SECRET not in markdown.render(found)
