"""The distribution's config between plan and apply."""

from __future__ import annotations

import json
from typing import Any

import pytest
from example import CONFIG, with_path
from hypothesis import given
from hypothesis import strategies as st

from bascule import fence, plan_json
from bascule.errors import BasculeError
from bascule.fence import Fence

SECRET = "5ec2e7" * 8
THEN = Fence("E1", CONFIG)


def plan(**after: Any) -> plan_json.Plan:
    """A plan of the distribution, made from ETag E1."""
    change = {"actions": ["update"], "before": {"etag": "E1", "comment": "Old site"}, "after": after}
    entry = {"address": "aws_cloudfront_distribution.site", "mode": "managed", "type": "aws_cloudfront_distribution"}
    return plan_json.read({"format_version": "1.2", "resource_changes": [entry | {"change": change}]})


def with_header(value: str) -> dict[str, Any]:
    headers = {"Quantity": 1, "Items": [{"HeaderName": "X-Key", "HeaderValue": value}]}
    changed: dict[str, Any] = with_path(CONFIG, "Origins.Items.0.CustomHeaders", headers)
    return changed


def test_the_same_distribution_is_let_through() -> None:
    """In whatever order its keys come."""
    fence.require_same(THEN, Fence("E1", dict(reversed(CONFIG.items()))), plan())


@pytest.mark.parametrize(
    ("config", "line"),
    [
        (
            with_path(CONFIG, "Comment", "new"),
            'comment: was "Old site", is now "new", the plan makes it "planned"',
        ),
        (
            with_path(CONFIG, "Aliases", {"Quantity": 1, "Items": ["www.example.com"]}),
            'aliases: was ["example.com", "www.example.com"], is now ["www.example.com"], the plan makes it (none)',
        ),
        (with_path(CONFIG, "AnycastIpListId", "l-1"), "AnycastIpListId: changed, and beyond what the provider can say"),
        (with_path(CONFIG, "Staging", False), "nothing that its arguments show; only its ETag is another"),
    ],
)
def test_a_change_is_shown_three_ways(config: dict[str, Any], line: str) -> None:
    """What it was, what it is, and what the plan would make of it."""
    with pytest.raises(BasculeError) as caught:
        fence.require_same(THEN, Fence("E2", config), plan(comment="planned"))
    assert f"  {line}" in str(caught.value).split("\n")
    assert "ETag E1 when planned, E2 now" in caught.value.where
    assert "bascule plan" in caught.value.remedy


def test_a_config_that_changed_under_the_same_etag_is_a_change_all_the_same() -> None:
    """The digest is compared, not only the ETag."""
    with pytest.raises(BasculeError, match="was changed after this plan"):
        fence.require_same(THEN, Fence("E1", with_path(CONFIG, "Comment", "new")), plan())


def test_secret_headers_are_not_shown() -> None:
    """That they differ is."""
    with pytest.raises(BasculeError) as caught:
        fence.require_same(Fence("E1", with_header(SECRET)), Fence("E2", with_header(SECRET[::-1])), plan())
    assert "custom_header[X-Key].value: was (hidden), is now (hidden)" in str(caught.value)
    assert SECRET not in str(caught.value)
    assert SECRET[::-1] not in str(caught.value)


def test_a_plan_from_another_version_is_refused() -> None:
    """Somebody changed the distribution while Terraform was planning."""
    fence.require_planned_from(THEN, plan())
    with pytest.raises(BasculeError, match="changed while this was being planned"):
        fence.require_planned_from(Fence("E2", CONFIG), plan())


TEXTS = st.dictionaries(st.text(), st.text() | st.booleans() | st.integers() | st.none(), max_size=5)


@given(st.text(), TEXTS)
def test_what_is_kept_is_what_was_live(etag: str, config: dict[str, Any]) -> None:
    """The file beside the plan is the last way back: nothing of it may be lost."""
    kept = Fence(etag, config)
    again = fence.loads(fence.dumps(kept))
    assert (kept, kept.digest) == (again, again.digest)


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", json.dumps({"ETag": "E1"})])
def test_what_is_no_config_is_refused(text: str) -> None:
    """As a value that isn't there."""
    with pytest.raises((ValueError, KeyError, TypeError)):
        fence.loads(text)
