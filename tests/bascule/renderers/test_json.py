"""The review for machines."""

from __future__ import annotations

import json
from typing import Any

import pytest
from small_plans import BUILD, CONNECTED, SECRET, SERVE, SITE, STAYS, plan, review, review_of, update, waiver
from small_reviews import GOLDEN, golden, hostile, many
from syrupy.assertion import SnapshotAssertion

from bascule.ladder import Stage
from bascule.renderers import json as renderer
from bascule.review import Review


def document(found: Review) -> dict[str, Any]:
    """What a machine reads."""
    read: dict[str, Any] = json.loads(renderer.render(found))
    return read


@pytest.mark.parametrize("name", GOLDEN)
def test_a_review_reads_like_this(snapshot: SnapshotAssertion, name: str) -> None:
    """The golden file is regenerated with `pytest --snapshot-update`."""
    assert renderer.render(GOLDEN[name]()) == snapshot(extension_class=golden("json"))


@pytest.mark.parametrize("name", [*GOLDEN, "hostile"])
def test_a_review_is_plain_json(name: str) -> None:
    """What is read is what was made: no value needs a library to be understood."""
    found = hostile() if name == "hostile" else GOLDEN[name]()
    assert json.loads(json.dumps(renderer.document(found), allow_nan=False)) == document(found)


@pytest.mark.parametrize("name", GOLDEN)
def test_every_review_has_the_same_keys(name: str) -> None:
    """Whatever is in the plan; the version comes first."""
    keys = "version site reached stage wanted judgement visitors counts origin resources findings waivers requests kept"
    assert [*keys.split(), "drift"] == list(document(GOLDEN[name]()))
    assert 1 == document(GOLDEN[name]())["version"]


def test_every_rule_is_told_of() -> None:
    """Those that hold, too."""
    found = document(review(BUILD, Stage.ADOPT, Stage.BUILD))
    assert {"pass"} == {finding["outcome"] for finding in found["findings"]}
    assert len(found["findings"]) == len({finding["rule"] for finding in found["findings"]})


def test_waivers_are_carried() -> None:
    """With reason, last day and who."""
    found = document(review(SERVE, Stage.CONNECT, Stage.SERVE, waiver("methods"), waiver("tag-lost")))
    assert [
        {
            "rule": rule,
            "reason": "Decided in the audit.",
            "expires": "2027-12-31",
            "who": "the audit",
            "state": state,
        }
        for rule, state in (("methods", "used"), ("tag-lost", "unused"))
    ] == found["waivers"]
    assert ["methods"] == [finding["rule"] for finding in found["findings"] if finding["waived"]]


def differences(before: Any, after: Any, **detail: Any) -> list[dict[str, Any]]:
    """The differences of one update."""
    (resource,) = document(review_of(update("aws_lb.alb", before, after, **detail)))["resources"]
    found: list[dict[str, Any]] = resource["differences"]
    return found


def without_order(one: dict[str, Any]) -> dict[str, Any]:
    """A difference whose sets are all in the same order."""
    return {key: sorted(value, key=str) if isinstance(value, list) else value for key, value in one.items()}


VALUES = {
    "a value": ({"name": "a"}, {"name": "b"}, {}, {"path": "name", "before": "a", "after": "b"}),
    "a number": ({"idle_timeout": 1}, {"idle_timeout": 2}, {}, {"path": "idle_timeout", "before": 1, "after": 2}),
    "what isn't there": ({}, {"internal": False}, {}, {"path": "internal", "before": None, "after": False}),
    "what is known later": (
        {"name": "a"},
        {},
        {"after_unknown": {"name": True}},
        {"path": "name", "before": "a", "after": {"unknown": "aws_lb.alb.name"}},
    ),
    "what is hidden": (
        {"name": "a"},
        {"name": "b"},
        {"after_sensitive": {"name": True}},
        {"path": "name", "before": {"hidden": True}, "after": {"hidden": True}},
    ),
    "a set": (
        {"subnets": ["a", "b"]},
        {"subnets": ["c", "b", None]},
        {"after_unknown": {"subnets": [False, False, True]}},
        {
            "path": "subnets",
            "before": ["a", "b"],
            "after": [{"unknown": "aws_lb.alb.subnets[2]"}, "b", "c"],
            "added": [{"unknown": "aws_lb.alb.subnets[2]"}, "c"],
            "removed": ["a"],
        },
    ),
    "text that looks like a marker": (
        {"name": "(none)"},
        {"name": "(hidden)"},
        {},
        {"path": "name", "before": "(none)", "after": "(hidden)"},
    ),
    "unicode": ({"name": "é"}, {"name": "\U0001f98a"}, {}, {"path": "name", "before": "é", "after": "\U0001f98a"}),
}


@pytest.mark.parametrize(("before", "after", "detail", "expected"), VALUES.values(), ids=VALUES)
def test_a_value_is_told_from_what_stands_for_one(before: Any, after: Any, detail: Any, expected: Any) -> None:
    """Nothing is null; what is hidden or known later is an object that says so."""
    assert [without_order(expected)] == [without_order(one) for one in differences(before, after, **detail)]


def test_requests_are_told_on_both_sides() -> None:
    """With their stations, and what answers."""
    found = document(review(SERVE))["requests"]
    assert [("/", "bucket", "application"), ("/api/health", "application", "application")] == [
        (request["path"], request["before"]["end"], request["after"]["end"]) for request in found
    ]
    assert {"what": "origin", "name": "S3-old-site", "does": ""} in [
        {**hop, "does": ""} for hop in found[0]["before"]["hops"]
    ]


def test_every_resource_is_there() -> None:
    """A machine reads them all."""
    assert 300 == len(document(many(300))["resources"])


def test_what_stands_in_a_plan_is_text() -> None:
    """It comes back as it was, but for the secrets."""
    comment = "</script> \x1b[2J \u202e | ` \r\n"
    after = {**CONNECTED, "comment": comment}
    found = document(review(plan(update(SITE, CONNECTED, after), *STAYS)))
    assert [comment] == [one["after"] for resource in found["resources"] for one in resource["differences"]]


def test_no_secret_is_shown() -> None:
    """Under any key."""
    for found in [*(make() for make in GOLDEN.values()), hostile()]:
        assert SECRET not in renderer.render(found)


def test_no_control_character_reaches_a_terminal() -> None:
    """JSON has escapes for every one of them, and machines read those as well."""
    shown = renderer.render(hostile())
    assert [] == [character for character in shown if not character.isprintable() and character != "\n"]
