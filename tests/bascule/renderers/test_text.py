"""The review in a terminal."""

from __future__ import annotations

import re

import pytest
from small_plans import BUILD, SECRET, SERVE, plan, review, review_of, update
from small_reviews import GOLDEN, golden, hostile, many
from syrupy.assertion import SnapshotAssertion

from bascule.ladder import Stage
from bascule.renderers import text

COLOUR = re.compile(r"\x1b\[[0-9;]*m")


@pytest.mark.parametrize("name", GOLDEN)
def test_a_review_reads_like_this(snapshot: SnapshotAssertion, name: str) -> None:
    """The golden file is regenerated with `pytest --snapshot-update`."""
    assert text.render(GOLDEN[name]()) + "\n" == snapshot(extension_class=golden("txt"))


@pytest.mark.parametrize("name", GOLDEN)
def test_colour_changes_no_word(name: str) -> None:
    """It is there for those who see it, and in the same places."""
    found = GOLDEN[name]()
    assert text.render(found) == COLOUR.sub("", text.render(found, colour=True))


def test_there_is_no_colour_unless_it_is_asked_for() -> None:
    """A pipe gets text alone."""
    assert "\x1b" not in text.render(review(SERVE))


def test_the_verdict_has_its_own_line() -> None:
    """Judgement, visitors, then the six counts, then the rows."""
    lines = text.render(review(BUILD, Stage.ADOPT, Stage.BUILD)).splitlines()
    verdict = next(index for index, line in enumerate(lines) if line.startswith("SAFE"))
    assert "SAFE  Changes for visitors? None: CloudFront still serves the bucket." == lines[verdict]
    assert "  0 import, 2 create, 0 update, 0 replace, 0 delete, 0 forget" == lines[verdict + 1]
    assert ["  + create   aws_lb.alb", "  + create   aws_lb_target_group.app"] == lines[verdict + 2 :]


def test_no_control_character_reaches_a_terminal() -> None:
    """A tag may hold an escape sequence; it neither clears the screen nor colours a verdict, nor turns text around."""
    shown = text.render(hostile())
    assert [] == [character for character in shown if not character.isprintable() and character != "\n"]


def test_a_line_break_in_a_value_starts_no_line() -> None:
    """Nothing that stands in a plan can look like a line of the review."""
    assert [] == [line for line in text.render(hostile()).splitlines() if line.startswith("## SAFE")]


def test_markup_of_the_terminal_library_is_text() -> None:
    """`[red]` is what stands there."""
    shown = text.render(review_of(update("aws_x.y", {"name": "a"}, {"name": "[red]b[/red] :smile:"})))
    assert 'name: "a" → "[red]b[/red] :smile:"' in shown


def test_a_long_line_is_not_broken() -> None:
    """Whoever pipes it into grep finds the whole."""
    assert "f" * 5_000 in text.render(many(16, 5_000))


def test_every_row_is_there() -> None:
    """None is left out, however many there are."""
    assert 300 == text.render(many(300)).count("~ update   aws_x.number_")


def test_an_empty_plan_that_is_blocked_says_so() -> None:
    """Terraform may have put everything off: no row, and yet not nothing."""
    deferred = [{"reason": "x", "resource_change": {"address": "aws_lb.alb"}}]
    shown = text.render(review(plan(deferred_changes=deferred, complete=False)))
    assert "BLOCKED" in shown
    assert "incomplete: aws_lb.alb was put off by Terraform" in shown


def test_an_empty_plan_tells_of_drift() -> None:
    """What somebody changed is there to be seen, though the plan takes it as it is."""
    drifted = update("aws_lb.alb", {"name": "a"}, None) | {}
    drifted["change"]["actions"] = ["delete"]
    shown = text.render(review(plan(resource_drift=[drifted])))
    assert "aws_lb.alb was deleted outside Terraform" in shown


def test_no_secret_is_shown() -> None:
    """With colour or without."""
    for found in [*(make() for make in GOLDEN.values()), hostile()]:
        assert SECRET not in text.render(found)
        assert SECRET not in text.render(found, colour=True)
