"""The guard: what a step's plan may not hold."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bascule import guard
from bascule.errors import BasculeError
from bascule.guard import DISTRIBUTION, LISTENER, RULE
from bascule.ladder import ALB_ORIGIN_ID, Stage, Step

NONE, ADOPT, BUILD, ATTACH, CONNECT, SERVE, RETIRE = Stage
S3 = "S3-old-site"
HEADER, VALUE = "x-bascule-origin", "5ec2e7"
SERVICE, BALANCER, BUCKET = "aws_ecs_service.site", "aws_lb.alb", "aws_s3_bucket.site"

Change = dict[str, Any]
Values = dict[str, Any]


def change(address: str, action: str, before: Values | None, after: Values | None, **detail: Any) -> Change:
    """One entry of `resource_changes`."""
    parts = {"actions": [action], "before": before, "after": after, "after_unknown": {}, **detail}
    return {"address": address, "mode": "managed", "type": address.split(".")[0], "change": parts}


def plan(*changes: Change) -> dict[str, Any]:
    return {"format_version": "1.2", "resource_changes": list(changes)}


def step(now: Stage, stage: Stage) -> Step:
    return Step(now, stage, stage, {})


def distribution(default: str, *origins: str, value: str = VALUE) -> Values:
    """The distribution with these origins; what goes to the ALB has the header."""
    headers = {ALB_ORIGIN_ID: [{"name": HEADER, "value": value}]}
    return {
        "origin": [{"origin_id": origin, "custom_header": headers.get(origin, [])} for origin in origins],
        "default_cache_behavior": [{"target_origin_id": default}],
    }


PLAIN = distribution(S3, S3)
CONNECTED = distribution(S3, S3, ALB_ORIGIN_ID)
SERVED = distribution(ALB_ORIGIN_ID, S3, ALB_ORIGIN_ID)
RETIRED = distribution(ALB_ORIGIN_ID, ALB_ORIGIN_ID)


def accepting(*values: str | None, name: str = HEADER) -> Values:
    """A listener rule that lets these values of a header pass."""
    return {"condition": [{"http_header": [{"http_header_name": name, "values": list(values)}]}]}


HTTP: Values = {"protocol": "HTTP", "port": 80}
HTTPS: Values = {"protocol": "HTTPS", "port": 443}

KNOWN = change(DISTRIBUTION, "no-op", CONNECTED, CONNECTED)
UNKNOWN_TO_CLOUDFRONT = change(DISTRIBUTION, "no-op", PLAIN, PLAIN)
SWITCH = change(DISTRIBUTION, "update", CONNECTED, SERVED)
BACK = change(DISTRIBUTION, "update", SERVED, CONNECTED)
RULE_KEPT = change(RULE, "no-op", accepting(VALUE), accepting(VALUE))
LISTENER_KEPT = change(LISTENER, "no-op", HTTP, HTTP)
RESIZED = change(SERVICE, "update", {"desired_count": 1}, {"desired_count": 2})
IMPORTS = [
    change(address, "no-op", values, values, importing={"id": "x"})
    for address, values in ((DISTRIBUTION, PLAIN), (BUCKET, {}), (SERVICE, {}))
]

REFUSED_HEADER = f"  {RULE}: would refuse the header that CloudFront sends now ({HEADER})"

ALLOWED: dict[str, tuple[Step, list[Change]]] = {
    "three imports": (step(NONE, ADOPT), IMPORTS),
    "adopting again with a change": (step(ADOPT, ADOPT), [UNKNOWN_TO_CLOUDFRONT, RESIZED]),
    "forgetting": (
        step(ADOPT, NONE),
        [change(DISTRIBUTION, "forget", PLAIN, None), change(BUCKET, "forget", {}, None)],
    ),
    "building": (step(ADOPT, BUILD), [UNKNOWN_TO_CLOUDFRONT, change(BALANCER, "create", None, {})]),
    "connecting with all that it needs": (
        step(ADOPT, CONNECT),
        [
            change(DISTRIBUTION, "update", PLAIN, CONNECTED),
            change(LISTENER, "create", None, HTTP),
            change(RULE, "create", None, accepting(VALUE)),
            RESIZED,
        ],
    ),
    "switching alone": (step(CONNECT, SERVE), [SWITCH, RULE_KEPT, LISTENER_KEPT]),
    "switching back alone": (step(SERVE, CONNECT), [BACK]),
    "switching back from retire": (step(RETIRE, CONNECT), [change(DISTRIBUTION, "update", RETIRED, CONNECTED)]),
    "dropping the bucket's origin": (
        step(SERVE, RETIRE),
        [change(DISTRIBUTION, "update", SERVED, RETIRED), RULE_KEPT, LISTENER_KEPT],
    ),
    "a change of the service between two rungs": (step(CONNECT, CONNECT), [KNOWN, RULE_KEPT, RESIZED]),
    "one value more for the header": (
        step(CONNECT, CONNECT),
        [KNOWN, change(RULE, "update", accepting(VALUE), accepting("new", VALUE))],
    ),
    "a new value that CloudFront sends already": (
        step(CONNECT, CONNECT),
        [KNOWN, change(RULE, "update", accepting("old", VALUE), accepting(VALUE))],
    ),
    "the header's name in other letters": (
        step(CONNECT, CONNECT),
        [KNOWN, change(RULE, "update", accepting(VALUE), accepting(VALUE, name=HEADER.upper()))],
    ),
    "another protocol before CloudFront knows": (
        step(BUILD, CONNECT),
        [UNKNOWN_TO_CLOUDFRONT, change(LISTENER, "update", HTTP, HTTPS)],
    ),
    "a rule and a listener that come late": (
        step(CONNECT, CONNECT),
        [KNOWN, change(LISTENER, "create", None, HTTP), change(RULE, "create", None, accepting(VALUE))],
    ),
    "taking down what CloudFront let go of": (
        step(BUILD, ADOPT),
        [
            UNKNOWN_TO_CLOUDFRONT,
            change(LISTENER, "delete", HTTP, None),
            change(RULE, "delete", accepting(VALUE), None),
            change(BALANCER, "delete", {}, None),
        ],
    ),
    "nothing at all": (step(SERVE, SERVE), []),
}


@pytest.mark.parametrize(("way", "changes"), ALLOWED.values(), ids=ALLOWED)
def test_what_a_step_is_for_is_let_through(way: Step, changes: list[Change]) -> None:
    """Up, down, and the same rung again."""
    assert [] == list(guard.violations(plan(*changes), way))
    guard.require(plan(*changes), way)


REFUSED: dict[str, tuple[Step, list[Change], list[str]]] = {
    "an import less": (
        step(NONE, ADOPT),
        IMPORTS[:2],
        ["  adopting is 3 to import, 0 to add, 0 to change, 0 to destroy; "
         "this is 2 to import, 0 to add, 0 to change, 0 to destroy"],
    ),
    "an import that changes something": (
        step(NONE, ADOPT),
        [*IMPORTS[:2], change(SERVICE, "update", {"n": 1}, {"n": 2}, importing={"id": "x"})],
        ["  adopting is 3 to import, 0 to add, 0 to change, 0 to destroy; "
         "this is 3 to import, 0 to add, 1 to change, 0 to destroy"],
    ),
    "switching with a change of the service": (
        step(CONNECT, SERVE),
        [SWITCH, RESIZED, RULE_KEPT],
        [f"    ~ update   {SERVICE}  (desired_count)"],
    ),
    "switching with an import": (
        step(CONNECT, SERVE),
        [SWITCH, change(BUCKET, "no-op", {}, {}, importing={"id": "old-site"})],
        [f"    = import   {BUCKET}"],
    ),
    "switching a distribution that is imported, with what the state lost": (
        step(CONNECT, SERVE),
        [change(DISTRIBUTION, "update", PLAIN, SERVED, importing={"id": "E1"}), change(BALANCER, "create", None, {})],
        [f"    + create   {BALANCER}"],
    ),
    "switching back with a change of the service": (
        step(SERVE, CONNECT),
        [BACK, RESIZED],
        [f"    ~ update   {SERVICE}  (desired_count)"],
    ),
    "switching back while the load balancer goes": (
        step(RETIRE, CONNECT),
        [change(DISTRIBUTION, "update", RETIRED, CONNECTED), change(BALANCER, "delete", {}, None)],
        [f"    - delete   {BALANCER}"],
    ),
    "another protocol": (
        step(CONNECT, CONNECT),
        [KNOWN, change(LISTENER, "update", HTTP, HTTPS)],
        [f"  {LISTENER}: HTTP:80 → HTTPS:443 while CloudFront uses it"],
    ),
    "another port": (
        step(SERVE, RETIRE),
        [change(DISTRIBUTION, "update", SERVED, RETIRED), change(LISTENER, "update", HTTP, {**HTTP, "port": 8080})],
        [f"  {LISTENER}: HTTP:80 → HTTP:8080 while CloudFront uses it"],
    ),
    "no listener any more": (
        step(CONNECT, BUILD),
        [change(DISTRIBUTION, "update", CONNECTED, PLAIN), change(LISTENER, "delete", HTTP, None)],
        [f"  {LISTENER}: HTTP:80 → gone while CloudFront uses it"],
    ),
    "no rule any more": (
        step(CONNECT, BUILD),
        [change(DISTRIBUTION, "update", CONNECTED, PLAIN), change(RULE, "delete", accepting(VALUE), None)],
        [REFUSED_HEADER],
    ),
    "another value in one go": (
        step(CONNECT, CONNECT),
        [
            change(DISTRIBUTION, "update", CONNECTED, distribution(S3, S3, ALB_ORIGIN_ID, value="new")),
            change(RULE, "update", accepting(VALUE), accepting("new")),
        ],
        [REFUSED_HEADER],
    ),
    "another header": (
        step(RETIRE, RETIRE),
        [change(DISTRIBUTION, "no-op", RETIRED, RETIRED), change(RULE, "update", {}, accepting(VALUE, name="x-other"))],
        [REFUSED_HEADER],
    ),
    "a rule that is made anew with another value": (
        step(CONNECT, CONNECT),
        [KNOWN, change(RULE, "create", None, accepting("new"))],
        [REFUSED_HEADER],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("way", "changes", "found"), REFUSED.values(), ids=REFUSED)
def test_what_a_step_may_not_hold_is_named(way: Step, changes: list[Change], found: list[str]) -> None:
    """A line each; and never the header's value."""
    assert found == list(guard.violations(plan(*changes), way))
    with pytest.raises(
        BasculeError, match=f"not going to {way.stage}: the plan holds what this step may not"
    ) as caught:
        guard.require(plan(*changes), way)
    assert VALUE not in str(caught.value)


UNKNOWN: dict[str, Values] = {
    "the whole condition": {},
    "the header": {"condition": [{}]},
    "its name and values": {"condition": [{"http_header": [{}]}]},
    "its values": {"condition": [{"http_header": [{"http_header_name": HEADER}]}]},
    "its name": {"condition": [{"http_header": [{"values": [VALUE]}]}]},
    "one of its values": accepting(None),
    "nulls for all of it": {"condition": [{"http_header": [{"http_header_name": None, "values": None}]}]},
}
"""Rules of which a plan leaves out what Terraform will know only when it applies."""


@pytest.mark.parametrize("after", UNKNOWN.values(), ids=UNKNOWN)
def test_what_is_unknown_until_apply_is_not_taken_for_accepted(after: Values) -> None:
    """It may turn out to be another value."""
    rule = change(RULE, "update", accepting(VALUE), after, after_unknown={"condition": True})
    assert [REFUSED_HEADER] == list(guard.violations(plan(KNOWN, rule), step(CONNECT, CONNECT)))


def test_one_known_value_is_enough_beside_an_unknown_one() -> None:
    """The rule takes any of them."""
    rule = change(RULE, "update", accepting(VALUE), accepting(None, VALUE))
    assert [] == list(guard.violations(plan(KNOWN, rule), step(CONNECT, CONNECT)))


@pytest.mark.parametrize(
    ("now", "remedy"), [(CONNECT, 'stage = "connect"'), (SERVE, 'stage = "serve"'), (NONE, "the state is empty")]
)
def test_the_way_out_is_the_rung_reached(now: Stage, remedy: str) -> None:
    """With an empty state there is none: the state has to be found."""
    way = step(now, ADOPT if now is NONE else SERVE if now is CONNECT else CONNECT)
    with pytest.raises(BasculeError) as caught:
        guard.require(plan(SWITCH if now is CONNECT else BACK, RESIZED), way)
    assert remedy in caught.value.remedy
    assert 1 == caught.value.exit_code


@pytest.mark.parametrize(
    ("before", "after", "sends"),
    [
        (CONNECTED, SERVED, True),
        (PLAIN, SERVED, True),
        (None, SERVED, True),
        (SERVED, SERVED, False),
        (SERVED, RETIRED, False),
        (SERVED, CONNECTED, False),
        (CONNECTED, CONNECTED, False),
        (SERVED, None, False),
    ],
)
def test_a_plan_that_sends_visitors_to_the_application_is_known(
    before: Values | None, after: Values | None, sends: bool
) -> None:
    """Whatever rung the state shows; not one that leaves them there or takes them back."""
    assert sends is guard.sends_visitors_to_the_application(plan(change(DISTRIBUTION, "update", before, after)))


def test_a_plan_without_the_distribution_sends_nobody_anywhere() -> None:
    """Nor does an empty one."""
    assert [False, False] == [guard.sends_visitors_to_the_application(p) for p in ({}, plan(RESIZED))]


OTHERS = st.lists(
    st.builds(
        change,
        st.sampled_from([SERVICE, BALANCER, BUCKET, "aws_lb_target_group.tasks", "aws_security_group.tasks"]),
        st.sampled_from(["no-op", "create", "update", "delete", "forget"]),
        st.dictionaries(st.sampled_from("abc"), st.integers()),
        st.none() | st.dictionaries(st.sampled_from("abc"), st.integers()),
    )
)
STAYING = [
    None,
    *(
        (before, after)
        for before, after in product([PLAIN, CONNECTED, SERVED, RETIRED], repeat=2)
        if before["default_cache_behavior"] == after["default_cache_behavior"]
    ),
]


@given(others=OTHERS, both=st.sampled_from(STAYING), kept=st.booleans(), now=st.sampled_from(Stage), data=st.data())
def test_where_visitors_stay_and_the_load_balancer_listens_as_before_nothing_is_refused(
    others: list[Change], both: tuple[Values, Values] | None, kept: bool, now: Stage, data: st.DataObject
) -> None:
    """Whatever else is planned, at every step but the first adoption."""
    stage = data.draw(st.sampled_from([s for s in Stage if (now, s) != (NONE, ADOPT)]))
    changes = [*others, *([change(DISTRIBUTION, "update", *both)] if both else [])]
    changes += [RULE_KEPT, LISTENER_KEPT] if kept else []
    assert [] == list(guard.violations(plan(*changes), step(now, stage)))
