"""What changed between two audits, and reading the earlier one."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import audited
import pytest
from audited import ANSWERS
from hypothesis import given
from hypothesis import strategies as st

from bascule.audit.changes import Changed, changes
from bascule.errors import InputError
from bascule.iam_actions import action_of
from bascule.renderers import audit_json

FACTS = audited.audit(audited.read()).facts


def edited(edit: Callable[[Any], Any]) -> dict[str, Any]:
    """The facts after an edit."""
    facts: dict[str, Any] = copy.deepcopy(dict(FACTS))
    edit(facts)
    return facts


def put(where: str, value: Any) -> Callable[[Any], None]:
    """Puts a value at a place such as `distribution.status`."""

    def edit(facts: Any) -> None:
        *parents, last = where.split(".")
        for parent in parents:
            facts = facts[parent]
        facts[last] = value

    return edit


def an_image(facts: Any) -> None:
    """Somebody pushed."""
    pushed = {"digest": "sha256:4", "tags": ["latest"], "pushed": "2026-01-04", "findings": None}
    facts["registry"]["latest"] = [pushed, *facts["registry"]["latest"][:2]]
    facts["registry"]["latest"][1]["tags"] = []


CHANGED: Mapping[str, tuple[Callable[[Any], Any], tuple[Changed, ...]]] = {
    "a status": (
        put("distribution.status", "InProgress"),
        (Changed("distribution.status", "Deployed", "InProgress"),),
    ),
    "an alias that is gone": (
        put("distribution.aliases", ["example.com"]),
        (Changed("distribution.aliases", "example.com, www.example.com", "example.com"),),
    ),
    "the last alias": (
        put("distribution.aliases", []),
        (Changed("distribution.aliases", "example.com, www.example.com", None),),
    ),
    "a firewall": (put("distribution.web_acl", "arn:1"), (Changed("distribution.web_acl", None, "arn:1"),)),
    "a number": (put("service.desired", 2), (Changed("service.desired", "1", "2"),)),
    "yes or no": (put("secret", True), (Changed("secret", "false", "true"),)),
    "a new image": (
        an_image,
        (
            Changed(f"registry.latest[sha256:1{'0' * 63}].digest", f"sha256:1{'0' * 63}", None),
            Changed(f"registry.latest[sha256:1{'0' * 63}].pushed", "2026-01-01", None),
            Changed(f"registry.latest[sha256:3{'0' * 63}].tags", "latest", None),
            Changed("registry.latest[sha256:4].digest", None, "sha256:4"),
            Changed("registry.latest[sha256:4].pushed", None, "2026-01-04"),
            Changed("registry.latest[sha256:4].tags", None, "latest"),
        ),
    ),
    "the order of behaviors": (
        lambda facts: facts["distribution"]["behaviors"].reverse(),
        (Changed("distribution.behaviors", "/old/*, *", "*, /old/*"),),
    ),
    "a bucket that is gone": (
        put("bucket", {"name": "old-site"}),
        tuple(
            Changed(f"bucket.{where}", old, None)
            for where, old in (
                ("contents.bytes", "1226015"),
                ("contents.kinds.-", "1"),
                ("contents.kinds..html", "1190"),
                ("contents.kinds..png", "9"),
                ("contents.more", "false"),
                ("contents.objects", "1200"),
                ("policy", "public"),
                ("public_access", "partly"),
                ("region", "me-central-1"),
                ("used_by", "E1EXAMPLE0SITE"),
                ("website", "true"),
            )
        ),
    ),
}


@pytest.mark.parametrize(("edit", "expected"), CHANGED.values(), ids=CHANGED)
def test_a_changed_fact_is_told_with_its_place(edit: Callable[[Any], Any], expected: tuple[Changed, ...]) -> None:
    """What it was, and what it is; nothing else."""
    assert expected == changes(FACTS, edited(edit))


@pytest.mark.parametrize(("edit", "expected"), CHANGED.values(), ids=CHANGED)
def test_the_other_way_round_a_change_is_the_reverse(edit: Callable[[Any], Any], expected: tuple[Changed, ...]) -> None:
    """Old and new aren't mixed up."""
    assert tuple(Changed(c.where, c.new, c.old) for c in expected) == changes(edited(edit), FACTS)


def two_origins(facts: Any) -> None:
    """Another origin besides the bucket."""
    facts["distribution"]["origins"].append({"id": "other", "domain": "other.example.com", "kind": "custom"})


@pytest.mark.parametrize("place", ["distribution.origins", "load_balancers", "names", "network.subnets"])
def test_what_moves_in_a_list_has_not_changed(place: str) -> None:
    """AWS promises no order."""
    before = edited(two_origins)
    after = copy.deepcopy(before)
    moved: Any = after
    for part in place.split("."):
        moved = moved[part]
    moved.reverse()
    assert () == changes(before, after)


def test_who_asked_is_no_fact_of_the_account() -> None:
    """Two people compare their audits."""
    assert () == changes(FACTS, edited(put("account.caller", "arn:aws:iam::123456789012:user/other")))


def test_things_that_are_called_the_same_are_told_apart_by_their_number() -> None:
    """No change hides behind another one."""
    task = {"zone": "a", "status": "RUNNING", "private": None, "public": None}
    before, after = ({"tasks": [task, {**task, "zone": zone}]} for zone in "bc")
    assert (Changed("tasks[1].zone", "b", "c"),) == changes(before, after)


@pytest.mark.parametrize("call", ANSWERS, ids=":".join)
def test_what_could_not_be_read_has_not_become_nothing(call: tuple[str, str]) -> None:
    """That it isn't known is told, and what hangs on it isn't."""
    told = changes(FACTS, audited.audit(audited.read(call)).facts)
    unknown = [one for one in told if one.where.endswith(".unknown")]
    # Without the zone the DNS is asked: the same answer by another way.
    rest = [one for one in told if one not in unknown and not one.where.startswith("names[")]
    assert [] == [one for one in rest if one.new is None]
    assert {action_of(*call)} >= {one.new for one in unknown if not one.where.startswith("names[")}


def test_where_a_name_leads_is_not_known_for_nothing() -> None:
    """Without an answer of the DNS nothing has changed; which of CloudFront's edges answers says nothing."""
    here = {"name": "a.example", "here": True, "by": "dns", "answer": "192.0.2.1"}
    there = {"name": "a.example", "here": False, "by": "dns", "answer": "198.51.100.1"}
    unknown = {"name": "a.example", "here": None, "by": "nothing", "answer": "no answer within 3 s"}
    assert () == changes({"names": [here]}, {"names": [{**here, "answer": "192.0.2.9"}]})
    assert (Changed("names[a.example].unknown", None, "no answer within 3 s"),) == changes(
        {"names": [here]}, {"names": [unknown]}
    )
    assert {"names[a.example].here", "names[a.example].answer"} == {
        one.where for one in changes({"names": [here]}, {"names": [there]})
    }


KEYS = ["name", "id", "here", "by", "answer", "unknown", "a.b", "x"]
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=3),
    max_leaves=12,
)
ANY_FACTS = st.dictionaries(st.sampled_from(["distribution", "names", "account", "unread"]), VALUES, max_size=4)


@given(ANY_FACTS)
def test_nothing_has_changed_in_what_is_the_same(facts: dict[str, Any]) -> None:
    """Whatever it is."""
    assert () == changes(facts, copy.deepcopy(facts))


@given(ANY_FACTS, ANY_FACTS)
def test_changes_are_facts_with_two_values(old: dict[str, Any], new: dict[str, Any]) -> None:
    """Each at a place of its own, in order."""
    found = changes(old, new)
    assert sorted({one.where for one in found}) == [one.where for one in found]
    assert [] == [one for one in found if one.old == one.new]


# --- the earlier audit


def test_an_audit_that_was_kept_is_read_again() -> None:
    """And nothing has changed since."""
    made = audited.audit(audited.read())
    earlier = audit_json.read(audit_json.render(made), "kept.json")
    assert ("example", audited.DAY) == (earlier.site, earlier.made)
    assert () == changes(earlier.facts, made.facts)


def test_changes_stand_in_the_json() -> None:
    """With the day of the earlier audit."""
    made = audited.audit(audited.read(), since=date(2026, 1, 1), changes=(Changed("secret", "false", "true"),))
    document = json.loads(audit_json.render(made))
    assert "2026-01-01" == document["since"]
    assert [{"where": "secret", "old": "false", "new": "true"}] == document["changes"]


NO_AUDITS = {
    "nothing": "",
    "text": "Infrastructure audit of example.com",
    "a list": "[]",
    "a number": "3",
    "another document": "{}",
    "no date": '{"version": 1, "site": "example", "made": "yesterday", "facts": {}}',
    "no facts": '{"version": 1, "site": "example", "made": "2026-01-03", "facts": 3}',
    "deep": "[" * 100_000,
}


@pytest.mark.parametrize("text", NO_AUDITS.values(), ids=NO_AUDITS)
def test_what_is_no_audit_is_refused(text: str) -> None:
    """The message names the file and how to keep one."""
    with pytest.raises(InputError, match="this is no audit in JSON") as raised:
        audit_json.read(text, "kept.json")
    assert "kept.json" in str(raised.value)
    assert "--format json" in str(raised.value)


def test_an_audit_of_another_version_is_refused() -> None:
    """Its keys may mean something else."""
    with pytest.raises(InputError, match="it is of version 2"):
        audit_json.read('{"version": 2}', "kept.json")
