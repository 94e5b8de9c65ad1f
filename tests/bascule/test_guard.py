"""The guard: what a step's plan may not hold, what may be waived, and what that adds up to."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bascule import demo, guard, plan_json, rules, site_file
from bascule.errors import BasculeError, InputError
from bascule.guard import DISTRIBUTION, Finding, Judgement
from bascule.ladder import ALB_ORIGIN_ID, Stage, Step
from bascule.plan_json import Plan
from bascule.rules import Case, Outcome, Severity
from bascule.site import Site, Waiver

NONE, ADOPT, BUILD, ATTACH, CONNECT, SERVE, RETIRE = Stage
SITE = site_file.load(demo.SITE_FILE)
TODAY = date(2026, 3, 2)
S3 = "S3-old-site"
HEADER, VALUE = SITE.origin.secret_header, "0123456789abcdef" * 4
NEW = VALUE[::-1]
SERVICE, BALANCER, BUCKET = "aws_ecs_service.site", "aws_lb.alb", "aws_s3_bucket.site"
LISTENER, RULE = "aws_lb_listener.alb", "aws_lb_listener_rule.cloudfront"

Change = dict[str, Any]
Values = dict[str, Any]
Seen = dict[str, tuple[str, ...]]


def change(address: str, action: str, before: Values | None, after: Values | None, **detail: Any) -> Change:
    """One entry of `resource_changes`."""
    parts = {"actions": [action], "before": before, "after": after, "after_unknown": {}, **detail}
    return {"address": address, "mode": "managed", "type": address.split(".")[0], "change": parts}


def plan(*changes: Change) -> Plan:
    return plan_json.read({"format_version": "1.2", "resource_changes": list(changes)})


def step(now: Stage, stage: Stage) -> Step:
    return Step(now, stage, stage, {})


def judge(
    way: Step, *changes: Change, site: Site = SITE, targeted: bool = False, today: date = TODAY
) -> tuple[Finding, ...]:
    """What the guard finds in a plan of these changes."""
    return guard.judge(Case(plan(*changes), site, way, targeted), today)


def seen(findings: tuple[Finding, ...]) -> Seen:
    """What the three rules of the order of things saw, by rule."""
    order = ("adoption-proof", "visitors-alone", "handshake")
    return {finding.rule.id: finding.seen for finding in findings if finding.rule.id in order and finding.seen}


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


def condition(*headers: Values) -> Values:
    """A listener rule that forwards what has these headers."""
    return {"action": [{"type": "forward"}], "condition": [{"http_header": list(headers)}]}


def accepting(*values: str | None, name: str = HEADER) -> Values:
    """A listener rule that lets these values of a header pass."""
    return condition({"http_header_name": name, "values": list(values)})


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
    change(address, "no-op", values, values, importing={"id": SITE.import_ids()[address.split(".")[0]]})
    for address, values in ((DISTRIBUTION, PLAIN), (BUCKET, {}), (SERVICE, {}))
]

REFUSED_HEADER = {"handshake": (f"{RULE}: would refuse the header that CloudFront sends now ({HEADER})",)}
AS_WELL = "would be changed as well"

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
        [KNOWN, change(RULE, "update", accepting(VALUE), accepting(NEW, VALUE))],
    ),
    "a new value that CloudFront sends already": (
        step(CONNECT, CONNECT),
        [KNOWN, change(RULE, "update", accepting(NEW, VALUE), accepting(VALUE))],
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
    """Up, down, and the same rung again, the rules of what comes in which order hold."""
    assert {} == seen(judge(way, *changes))


REFUSED: dict[str, tuple[Step, list[Change], Seen]] = {
    "an import less": (
        step(NONE, ADOPT),
        IMPORTS[:2],
        {
            "adoption-proof": (
                "adopting is 3 to import, 0 to add, 0 to change, 0 to destroy; "
                "this is 2 to import, 0 to add, 0 to change, 0 to destroy",
            )
        },
    ),
    "an import that changes something": (
        step(NONE, ADOPT),
        [*IMPORTS[:2], change(SERVICE, "update", {"n": 1}, {"n": 2}, importing={"id": "x"})],
        {
            "adoption-proof": (
                "adopting is 3 to import, 0 to add, 0 to change, 0 to destroy; "
                "this is 3 to import, 0 to add, 1 to change, 0 to destroy",
            )
        },
    ),
    "switching with a change of the service": (
        step(CONNECT, SERVE),
        [SWITCH, RESIZED, RULE_KEPT],
        {"visitors-alone": (f"{SERVICE} {AS_WELL} (update)",)},
    ),
    "switching with an import": (
        step(CONNECT, SERVE),
        [SWITCH, change(BUCKET, "no-op", {}, {}, importing={"id": "old-site"})],
        {"visitors-alone": (f"{BUCKET} {AS_WELL} (import)",)},
    ),
    "switching a distribution that is imported, with what the state lost": (
        step(CONNECT, SERVE),
        [change(DISTRIBUTION, "update", PLAIN, SERVED, importing={"id": "E1"}), change(BALANCER, "create", None, {})],
        {"visitors-alone": (f"{BALANCER} {AS_WELL} (create)",)},
    ),
    "switching back with a change of the service": (
        step(SERVE, CONNECT),
        [BACK, RESIZED],
        {"visitors-alone": (f"{SERVICE} {AS_WELL} (update)",)},
    ),
    "switching back while the load balancer goes": (
        step(RETIRE, CONNECT),
        [change(DISTRIBUTION, "update", RETIRED, CONNECTED), change(BALANCER, "delete", {}, None)],
        {"visitors-alone": (f"{BALANCER} {AS_WELL} (delete)",)},
    ),
    "another protocol": (
        step(CONNECT, CONNECT),
        [KNOWN, change(LISTENER, "update", HTTP, HTTPS)],
        {"handshake": (f"{LISTENER}: HTTP:80 → HTTPS:443 while CloudFront uses it",)},
    ),
    "another port": (
        step(SERVE, RETIRE),
        [change(DISTRIBUTION, "update", SERVED, RETIRED), change(LISTENER, "update", HTTP, {**HTTP, "port": 8080})],
        {"handshake": (f"{LISTENER}: HTTP:80 → HTTP:8080 while CloudFront uses it",)},
    ),
    "no listener any more": (
        step(CONNECT, BUILD),
        [change(DISTRIBUTION, "update", CONNECTED, PLAIN), change(LISTENER, "delete", HTTP, None)],
        {"handshake": (f"{LISTENER}: HTTP:80 → gone while CloudFront uses it",)},
    ),
    "no rule any more": (
        step(CONNECT, BUILD),
        [change(DISTRIBUTION, "update", CONNECTED, PLAIN), change(RULE, "delete", accepting(VALUE), None)],
        REFUSED_HEADER,
    ),
    "another value in one go": (
        step(CONNECT, CONNECT),
        [
            change(DISTRIBUTION, "update", CONNECTED, distribution(S3, S3, ALB_ORIGIN_ID, value=NEW)),
            change(RULE, "update", accepting(VALUE), accepting(NEW)),
        ],
        REFUSED_HEADER,
    ),
    "another header": (
        step(RETIRE, RETIRE),
        [change(DISTRIBUTION, "no-op", RETIRED, RETIRED), change(RULE, "update", {}, accepting(VALUE, name="x-other"))],
        REFUSED_HEADER,
    ),
    "a rule that is made anew with another value": (
        step(CONNECT, CONNECT),
        [KNOWN, change(RULE, "create", None, accepting(NEW))],
        REFUSED_HEADER,
    ),
}


@pytest.mark.parametrize(("way", "changes", "found"), REFUSED.values(), ids=REFUSED)
def test_what_a_step_may_not_hold_is_named(way: Step, changes: list[Change], found: Seen) -> None:
    """A line each, with the rule before it; and never the header's value."""
    findings = judge(way, *changes)
    assert found == seen(findings)
    with pytest.raises(
        BasculeError, match=f"not going to {way.stage}: the plan holds what this step may not"
    ) as caught:
        guard.require(findings, way)
    lines = str(caught.value).splitlines()
    assert [] == [line for rule, said in found.items() for one in said if (line := f"  {rule}: {one}") not in lines]
    assert VALUE not in str(caught.value)


UNKNOWN: dict[str, tuple[Values, Any]] = {
    "the whole condition": ({"action": [{"type": "forward"}]}, True),
    "the header": ({"action": [{"type": "forward"}], "condition": [{}]}, [{"http_header": True}]),
    "its name and values": (condition({}), [{"http_header": [{"http_header_name": True, "values": True}]}]),
    "its values": (condition({"http_header_name": HEADER}), [{"http_header": [{"values": True}]}]),
    "its name": (condition({"values": [VALUE]}), [{"http_header": [{"http_header_name": True}]}]),
    "one of its values": (accepting(None), [{"http_header": [{"values": [True]}]}]),
}
"""Rules of which a plan leaves out what Terraform will know only when it applies: what is said, and what isn't."""


@pytest.mark.parametrize(("after", "marks"), UNKNOWN.values(), ids=UNKNOWN)
def test_what_is_unknown_until_apply_is_not_taken_for_accepted(after: Values, marks: Any) -> None:
    """It may turn out to be another value."""
    rule = change(RULE, "update", accepting(VALUE), after, after_unknown={"condition": marks})
    assert REFUSED_HEADER == seen(judge(step(CONNECT, CONNECT), KNOWN, rule))


def test_a_rule_without_a_value_accepts_nothing() -> None:
    """Nulls are how Terraform writes arguments that aren't set."""
    rule = change(RULE, "update", accepting(VALUE), condition({"http_header_name": None, "values": None}))
    assert REFUSED_HEADER == seen(judge(step(CONNECT, CONNECT), KNOWN, rule))


def test_one_known_value_is_enough_beside_an_unknown_one() -> None:
    """The rule takes any of them."""
    marks = {"condition": [{"http_header": [{"values": [True, False]}]}]}
    rule = change(RULE, "update", accepting(VALUE), accepting(None, VALUE), after_unknown=marks)
    assert {} == seen(judge(step(CONNECT, CONNECT), KNOWN, rule))


@pytest.mark.parametrize(
    ("now", "remedy"), [(CONNECT, 'stage = "connect"'), (SERVE, 'stage = "serve"'), (NONE, "The state is empty")]
)
def test_the_way_out_is_the_rung_reached(now: Stage, remedy: str) -> None:
    """With an empty state there is none: the state has to be found."""
    way = step(now, ADOPT if now is NONE else SERVE if now is CONNECT else CONNECT)
    with pytest.raises(BasculeError) as caught:
        guard.require(judge(way, SWITCH if now is CONNECT else BACK, RESIZED), way)
    assert remedy in caught.value.remedy
    assert 1 == caught.value.exit_code


def test_a_refusal_says_how_to_have_its_rule_explained() -> None:
    """The first rule of those that block is named in the remedy."""
    way = step(CONNECT, CONNECT)
    with pytest.raises(BasculeError) as caught:
        guard.require(judge(way, KNOWN, change(LISTENER, "update", HTTP, HTTPS)), way)
    assert "bascule review --explain handshake" in caught.value.remedy


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
    assert [False, False] == [guard.sends_visitors_to_the_application(p) for p in (plan_json.EMPTY, plan(RESIZED))]


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
def test_where_visitors_stay_and_the_load_balancer_listens_as_before_the_order_is_kept(
    others: list[Change], both: tuple[Values, Values] | None, kept: bool, now: Stage, data: st.DataObject
) -> None:
    """Whatever else is planned, at every step but the first adoption."""
    stage = data.draw(st.sampled_from([s for s in Stage if (now, s) != (NONE, ADOPT)]))
    changes = [*others, *([change(DISTRIBUTION, "update", *both)] if both else [])]
    changes += [RULE_KEPT, LISTENER_KEPT] if kept else []
    assert {} == seen(judge(step(now, stage), *changes))


# What the findings add up to.

WAIVER = Waiver(rule="viewer-tls", reason="Old televisions.", expires=TODAY, who="the owner")


def finding(severity: Severity, outcome: Outcome, *, waived: bool = False) -> Finding:
    """One finding; which rule it is of makes no difference."""
    said = () if outcome is Outcome.PASS else ("something",)
    return Finding(rules.find("viewer-tls"), severity, outcome, said, WAIVER if waived else None)


BLOCK, REVIEW = Severity.BLOCK, Severity.REVIEW
PASS, FAIL, LATER = Outcome.PASS, Outcome.FAIL, Outcome.UNKNOWN

JUDGED: dict[str, tuple[list[Finding], Judgement]] = {
    "no finding": ([], Judgement.SAFE),
    "every rule holds": ([finding(BLOCK, PASS), finding(REVIEW, PASS)], Judgement.SAFE),
    "a block": ([finding(BLOCK, FAIL)], Judgement.BLOCKED),
    "a block that may turn out": ([finding(BLOCK, LATER)], Judgement.REVIEW),
    "something to look at": ([finding(REVIEW, FAIL)], Judgement.REVIEW),
    "something that may be to look at": ([finding(REVIEW, LATER)], Judgement.REVIEW),
    "a waived block": ([finding(BLOCK, FAIL, waived=True)], Judgement.REVIEW),
    "a waived block that may turn out": ([finding(BLOCK, LATER, waived=True)], Judgement.REVIEW),
    "something waived": ([finding(REVIEW, FAIL, waived=True)], Judgement.SAFE),
    "a waived block beside another": ([finding(BLOCK, FAIL, waived=True), finding(BLOCK, FAIL)], Judgement.BLOCKED),
    "a block beside something to look at": ([finding(REVIEW, FAIL), finding(BLOCK, FAIL)], Judgement.BLOCKED),
}


@pytest.mark.parametrize(("findings", "judgement"), JUDGED.values(), ids=JUDGED)
def test_the_judgement_is_that_of_the_worst_finding(findings: list[Finding], judgement: Judgement) -> None:
    """A waived block still asks for a person's eyes; what is unknown is never taken for safe."""
    assert judgement is guard.judgement(findings)


@pytest.mark.parametrize(("findings", "judgement"), JUDGED.values(), ids=JUDGED)
def test_exactly_what_is_blocked_is_refused(findings: list[Finding], judgement: Judgement) -> None:
    """The refusal and the judgement never disagree."""
    refused = False
    try:
        guard.require(findings, step(CONNECT, CONNECT))
    except BasculeError:
        refused = True
    assert (judgement is Judgement.BLOCKED) is refused


def test_every_rule_has_its_finding_in_the_order_of_the_rules() -> None:
    """Those that hold as well: a review counts them."""
    assert [rule.id for rule in rules.RULES] == [found.rule.id for found in judge(step(ADOPT, ADOPT))]


def test_a_rule_that_sees_the_same_twice_says_it_once() -> None:
    """Two targets of one service are one reason."""
    twice = change(SERVICE, "update", {}, {"load_balancer": [{"target_group_arn": arn} for arn in ("a", "b")]})
    (found,) = [f for f in judge(step(ADOPT, SERVE), SWITCH, twice) if f.rule.id == "attach-and-serve"]
    assert 1 == len(found.seen)


# The way back to the bucket.

UNSTOPPED = [change(DISTRIBUTION, "update", {**SERVED, "comment": "old"}, {**CONNECTED, "comment": "new"})]
"""A rollback that also undoes somebody's change, which would block at any other step."""


def test_on_the_way_back_little_blocks() -> None:
    """Only what would break the way back itself keeps its severity; the rest asks for a person's eyes."""
    blocking = {found.rule.id for found in judge(step(SERVE, CONNECT), targeted=True) if found.severity is BLOCK}
    assert {"adopted-deleted", "adopted-forgotten", "release-order", "visitors-alone", "site-answers"} == blocking


def test_a_rollback_that_undoes_a_change_by_hand_goes_through() -> None:
    """The same plan is blocked where it isn't a rollback."""
    way = step(SERVE, CONNECT)
    back, not_back = (judge(way, *UNSTOPPED, targeted=targeted) for targeted in (True, False))
    guard.require(back, way)
    assert [Judgement.REVIEW, Judgement.BLOCKED] == [guard.judgement(back), guard.judgement(not_back)]


def test_a_rollback_that_takes_something_down_as_well_is_refused() -> None:
    """The load balancer may not go in the same apply: edges go on using it for minutes."""
    way = step(SERVE, CONNECT)
    with pytest.raises(BasculeError, match="release-order"):
        guard.require(judge(way, BACK, change(BALANCER, "delete", {}, None), targeted=True), way)


# Waivers.


def waiving(rule: str, expires: date = TODAY) -> Site:
    """The site with one waiver, of that rule."""
    return SITE.model_copy(update={"waivers": (WAIVER.model_copy(update={"rule": rule, "expires": expires}),)})


OLD_TLS = change(DISTRIBUTION, "update", {}, {"viewer_certificate": [{"minimum_protocol_version": "TLSv1"}]})
FROM_HERE = step(CONNECT, CONNECT)


def of(findings: tuple[Finding, ...], rule: str) -> Finding:
    (found,) = [finding for finding in findings if finding.rule.id == rule]
    return found


def test_a_waiver_counts_for_its_rule_alone() -> None:
    """The finding stays what it is, with the waiver beside it; what else fails has none."""
    site = waiving("viewer-tls")
    findings = judge(FROM_HERE, OLD_TLS, site=site)
    found, other = of(findings, "viewer-tls"), of(findings, "adopted-changed")
    assert (FAIL, BLOCK, site.waivers[0]) == (found.outcome, found.severity, found.waiver)
    assert (FAIL, None) == (other.outcome, other.waiver)


@pytest.mark.parametrize(
    ("expires", "state"),
    [(TODAY + timedelta(1), "used"), (TODAY, "used"), (TODAY - timedelta(1), "expired")],
)
def test_a_waiver_counts_through_its_last_day(expires: date, state: str) -> None:
    """On the day after it is told as expired, and its rule blocks again."""
    site = waiving("viewer-tls", expires)
    findings = judge(FROM_HERE, OLD_TLS, site=site)
    (waived,) = guard.waived(findings, site.waivers, TODAY)
    assert state == waived.state
    assert (state == "used") is (of(findings, "viewer-tls").waiver is not None)


@pytest.mark.parametrize(("expires", "state"), [(TODAY, "unused"), (TODAY - timedelta(1), "expired")])
def test_a_waiver_of_a_rule_that_holds_is_told(expires: date, state: str) -> None:
    """It is to be taken out; an expired one as well."""
    site = waiving("methods", expires)
    findings = judge(FROM_HERE, OLD_TLS, site=site)
    assert [state] == [waived.state for waived in guard.waived(findings, site.waivers, TODAY)]
    assert of(findings, "methods").waiver is None


def test_a_waiver_takes_a_block_to_a_review_and_a_review_to_safe() -> None:
    """What is blocked only by the waived rule may be applied."""
    served = {**SERVED, "origin": [{"origin_id": ALB_ORIGIN_ID, "custom_origin_config": [{}]}]}
    plain_http = change(DISTRIBUTION, "no-op", served, served)
    own_bucket = change("aws_s3_bucket.more", "create", None, {"acl": "public-read"})
    unwaived = SITE.model_copy(update={"waivers": ()})
    said = {
        rule: [
            of(judge(FROM_HERE, changed, site=site), rule)
            for site in (unwaived, waiving(rule))
        ]
        for rule, changed in (("origin-http", plain_http), ("bucket-public", own_bucket))
    }  # fmt: skip
    assert {
        "origin-http": [Judgement.REVIEW, Judgement.SAFE],
        "bucket-public": [Judgement.BLOCKED, Judgement.REVIEW],
    } == {rule: [guard.judgement([one]) for one in pair] for rule, pair in said.items()}


def test_an_unknown_is_waived_like_a_failure() -> None:
    """Whoever does without the rule does so whatever comes out at the apply."""
    marks = {"viewer_certificate": [{"minimum_protocol_version": True}]}
    later = change(DISTRIBUTION, "update", {}, {"viewer_certificate": [{}]}, after_unknown=marks)
    found = of(judge(FROM_HERE, later, site=waiving("viewer-tls")), "viewer-tls")
    assert (LATER, "viewer-tls") == (found.outcome, found.waiver.rule if found.waiver else None)


def test_a_waiver_of_no_rule_is_refused_with_the_rules_that_there_are() -> None:
    """A misspelt one would never be used, and the rule it means would block."""
    with pytest.raises(InputError, match="no rule 'viewer-tsl'") as caught:
        judge(FROM_HERE, site=waiving("viewer-tsl"))
    assert "waivers" == caught.value.where
    assert "viewer-tls" in caught.value.remedy


@pytest.mark.parametrize("rule", [rule.id for rule in rules.RULES if not rule.waivable])
def test_what_can_never_be_right_can_not_be_waived(rule: str) -> None:
    """The error says what the rule holds on to."""
    with pytest.raises(InputError, match=f"{rule} can't be waived") as caught:
        judge(FROM_HERE, site=waiving(rule))
    assert "waivers" == caught.value.where


def test_the_site_of_the_audit_waives_plain_http_to_the_origin_alone() -> None:
    """The audit is quoted, and the waiver ends."""
    (waiver,) = SITE.waivers
    assert ("origin-http", date(2027, 12, 31)) == (waiver.rule, waiver.expires)
    assert "Configurer Listener (HTTP:80)" in waiver.reason
