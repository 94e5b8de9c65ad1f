"""What every rule says of every plan in tests/plans/, which real Terraform made on the sandbox (`make fixtures`)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import date
from functools import cache
from typing import Any

import plan_fixtures
import pytest
import small_plans
from plan_drafts import DRAFTS, SECRET
from plan_fixtures import PLANS, SITE

from bascule import rules
from bascule.errors import InputError
from bascule.guard import Judgement, judge, judgement
from bascule.ladder import Stage, Step
from bascule.rules import Case, Outcome, Rule, Severity

TODAY = date(2026, 3, 2)
REMEDY = "make fixtures"

HTTP = "origin-http"
"""The one rule that fails on the good way: the first site waives it, and its waiver quotes the audit."""

GOOD = {
    "up-to-adopt": (),
    "up-to-build": (),
    "up-to-attach": (),
    "up-to-connect": (HTTP,),
    "up-to-serve": (HTTP,),
    "up-to-retire": (HTTP,),
    "rollback-from-retire": (HTTP,),
    "rollback-from-serve": (HTTP,),
    "down-to-attach": (),
    "down-to-build": (),
    "down-to-adopt": (),
    "down-to-none": (),
    "direct-to-connect": (HTTP,),
    "bucket-closed": (),
}
"""Plans as they should be, and what fails in them."""

FAILS = {
    "adopt-another-bucket": ("import-id",),
    "adopt-and-change": ("adoption-proof", "adopted-changed"),
    "bucket-opened": ("bucket-public",),
    "bucket-known-later": (),
    "service-renamed": ("adopted-deleted", "replacement"),
    "distribution-changed": ("adopted-changed", "viewer-tls"),
    "viewer-tls-known-later": ("adopted-changed",),
    "bucket-forgotten-service-deleted": ("adopted-deleted", "adopted-forgotten", "delete-while-climbing"),
    "network-open": ("alb-open", "tasks-open", "prefix-list-ports"),
    "listener-open": ("secret-header", "default-action"),
    "build-known-later": (),
    "rule-added-by-hand": ("alb-open",),
    "balancer-replaced": ("replacement",),
    "tags-lost": ("tag-lost",),
    "tags-known-later": (),
    "weak-secret": ("secret-header", "default-action"),
    "balancer-in-a-second-group": ("alb-open",),
    "grace-period-with-the-attachment": ("grace-period-alone", HTTP),
    "direct-to-serve": ("attach-and-serve", "visitors-alone", HTTP),
    "health-check-under-visitors": ("under-visitors", HTTP),
    "connect-carelessly": ("site-answers", "deletion-protection", "origin-tls", "host-header", "rsc-cached"),
    "connect-known-later": (),
    "handshake-broken": ("handshake", "site-answers", HTTP),
    "only-a-part": ("incomplete",),
    "listener-forgotten": (
        "adopted-forgotten",
        "delete-while-climbing",
        "release-order",
        "handshake",
        "site-answers",
        HTTP,
    ),
    "changed-by-hand": ("adopted-changed", "tag-lost", "drift", HTTP),
    "changed-beyond-the-provider": ("unexpressible", HTTP),
    "all-at-once-down": ("release-order", "handshake"),
    "serve-like-a-bucket": (
        "root-object",
        "masked-errors",
        "methods",
        "host-header",
        "rsc-cached",
        "edge-functions",
        "adopted-changed",
        HTTP,
    ),
    "serve-known-later": ("adopted-changed", "visitors-alone", HTTP),
    "serve-and-more": ("visitors-alone", HTTP),
    "let-go-at-once": ("release-order", "visitors-alone"),
}
"""Plans to which something was done, and the rules that fail; all others hold, but for those below."""

UNKNOWN = {
    "bucket-known-later": ("bucket-public",),
    "viewer-tls-known-later": ("viewer-tls",),
    "build-known-later": ("alb-open", "tasks-open", "prefix-list-ports", "secret-header", "default-action"),
    "tags-known-later": ("tag-lost",),
    "connect-known-later": ("site-answers", "origin-tls", HTTP, "deletion-protection", "host-header", "rsc-cached"),
    "serve-known-later": ("root-object", "masked-errors", "methods", "host-header", "rsc-cached", "edge-functions"),
}
"""What Terraform knows after apply only, and so a rule, too."""

CAN_BE_UNKNOWN = {
    "site-answers",
    "bucket-public",
    "tag-lost",
    "alb-open",
    "tasks-open",
    "prefix-list-ports",
    "secret-header",
    "default-action",
    "viewer-tls",
    "origin-tls",
    "origin-http",
    "deletion-protection",
    "root-object",
    "masked-errors",
    "methods",
    "host-header",
    "rsc-cached",
    "edge-functions",
}
"""Rules that read a value which Terraform may know after apply only. The others read what is there already, what
Terraform does (create, update, delete), or take a value that isn't known for the worst."""

SPEAKS = {
    "adopted-deleted": "up-to-serve",
    "adopted-forgotten": "down-to-none",
    "import-id": "up-to-adopt",
    "adoption-proof": "up-to-adopt",
    "adopted-changed": "up-to-serve",
    "tag-lost": "up-to-connect",
    "bucket-public": "bucket-closed",
    "unexpressible": "up-to-serve",
    "attach-and-serve": "up-to-serve",
    "release-order": "down-to-build",
    "site-answers": "up-to-serve",
    "under-visitors": "up-to-retire",
    "delete-while-climbing": "down-to-adopt",
    "replacement": "up-to-connect",
    "visitors-alone": "rollback-from-serve",
    "handshake": "up-to-retire",
    "incomplete": "rollback-from-retire",
    "drift": "down-to-attach",
    "grace-period-alone": "up-to-attach",
    "alb-open": "up-to-attach",
    "tasks-open": "up-to-attach",
    "prefix-list-ports": "direct-to-connect",
    "secret-header": "up-to-build",
    "default-action": "up-to-build",
    "viewer-tls": "up-to-connect",
    "origin-tls": "up-to-connect",
    "origin-http": "connect-carelessly",
    "deletion-protection": "up-to-connect",
    "root-object": "up-to-serve",
    "masked-errors": "up-to-serve",
    "methods": "up-to-serve",
    "host-header": "up-to-serve",
    "rsc-cached": "up-to-serve",
    "edge-functions": "up-to-serve",
}
"""A plan of which each rule has something to say, and in which it holds."""

NAMES = (*GOOD, *FAILS)


@cache
def case(name: str) -> Case:
    return plan_fixtures.case(plan_fixtures.head(name))


def outcomes(name: str) -> Mapping[str, Outcome]:
    """What each rule says of a plan."""
    return {found.rule.id: found.outcome for found in judge(case(name), TODAY)}


@pytest.mark.parametrize("name", NAMES)
def test_each_rule_says_of_each_plan_what_it_should(name: str) -> None:
    """It holds, fails or can't be told yet; a plan of the ladder fails nowhere but where the site waives it."""
    fails, unknown = {**GOOD, **FAILS}[name], UNKNOWN.get(name, ())
    expected = dict.fromkeys((rule.id for rule in rules.RULES), Outcome.PASS)
    expected |= dict.fromkeys(unknown, Outcome.UNKNOWN) | dict.fromkeys(fails, Outcome.FAIL)
    assert expected == outcomes(name)


def test_every_plan_is_in_the_table() -> None:
    """`make fixtures` writes these plans and no others."""
    assert sorted(NAMES) == plan_fixtures.names(), REMEDY
    assert {draft.name for draft in DRAFTS} <= set(NAMES)


@pytest.mark.parametrize("name", GOOD)
def test_the_ladder_is_safe_with_the_waiver_of_the_site(name: str) -> None:
    """Every plan of the way up and down: nothing is left for a person to decide."""
    assert Judgement.SAFE is judgement(judge(case(name), TODAY))


@pytest.mark.parametrize("name", FAILS)
def test_no_plan_to_which_something_was_done_is_safe(name: str) -> None:
    """It is blocked, or a person looks at it."""
    assert Judgement.SAFE is not judgement(judge(case(name), TODAY))


@pytest.mark.parametrize("rule", [rule.id for rule in rules.RULES])
def test_each_rule_holds_in_a_plan_and_fails_in_another(rule: str) -> None:
    """By real Terraform: where it holds, the plan has in it what the rule is about."""
    assert any(rule in fails for fails in FAILS.values())
    assert Outcome.PASS is outcomes(SPEAKS[rule])[rule]


@pytest.mark.parametrize("rule", sorted(CAN_BE_UNKNOWN))
def test_each_rule_that_reads_what_may_be_unknown_says_so(rule: str) -> None:
    """Unknown is never shown as pass."""
    assert any(Outcome.UNKNOWN is outcomes(name)[rule] for name in UNKNOWN)


def test_no_other_rule_is_ever_unknown() -> None:
    """The set above is whole, as far as these plans show."""
    assert CAN_BE_UNKNOWN == {rule for unknown in UNKNOWN.values() for rule in unknown}


# The rules themselves.


@pytest.mark.parametrize("rule", rules.RULES, ids=lambda rule: rule.id)
def test_each_rule_can_be_named_and_explained(rule: Rule) -> None:
    """Its id fits a waiver, its title a line, and its explanation is a paragraph of sentences."""
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", rule.id)
    assert len(rule.id) <= 40
    assert 10 < len(rule.title) < 100
    assert not rule.title.endswith(".")
    assert "\n" not in rule.explanation
    assert re.fullmatch(r"\S.{60,}\.", rule.explanation)
    assert rule is rules.find(rule.id)


def test_no_two_rules_have_one_name_or_say_the_same() -> None:
    """A waiver names one rule."""
    for told in ("id", "title", "explanation"):
        said = [getattr(rule, told) for rule in rules.RULES]
        assert sorted(set(said)) == sorted(said)


def test_an_explanation_says_what_a_failure_means() -> None:
    """Whether it blocks, whether it can be waived, and why the rule is there."""
    text = {rule.id: rules.explain(rule) for rule in rules.RULES}
    assert text["import-id"].startswith("import-id: what is imported is what the site file names, or bascule's own.\n")
    assert "keeps the plan from being applied. It can't be waived." in text["import-id"]
    assert "asks for a person's eyes. A site file may waive it." in text["origin-http"]
    assert all(rule.explanation in text[rule.id] for rule in rules.RULES)


def test_a_rule_that_there_is_not_is_refused_with_those_that_there_are() -> None:
    """Whoever asks for an explanation has the names before them."""
    with pytest.raises(InputError, match="no rule 'tls'") as caught:
        rules.find("tls")
    assert ", ".join(rule.id for rule in rules.RULES) in caught.value.remedy


def test_what_stops_a_rollback_can_not_be_waived_away_but_for_visitors_alone() -> None:
    """Whatever breaks the way back is blocked at every step."""
    stopping = [rule for rule in rules.RULES if rule.stops_rollback]
    assert {Severity.BLOCK} == {rule.severity for rule in stopping}
    assert ["visitors-alone"] == [rule.id for rule in stopping if rule.waivable]


# The plans themselves.


@pytest.mark.parametrize("name", NAMES)
def test_a_plan_holds_no_secret_and_no_place_of_a_machine(name: str) -> None:
    """What stands in place of the sandbox's secret is the only long hex in a header."""
    text = (PLANS / f"{name}.json").read_text(encoding="utf-8")
    found = plan_fixtures.head(name)
    assert REMEDY == found["made_by"]
    assert [] == re.findall(r"127\.0\.0\.1|localhost|/tmp/|/home/|/root/|/work/", text)
    assert set(_header_values(found["plan"])) <= {SECRET, SECRET[::-1], f"{SECRET[:-1]}*", "hush"}


def _header_values(value: Any) -> list[str]:
    """Every value of a header that CloudFront sends or the listener asks for, wherever it stands."""
    if isinstance(value, list):
        return [found for item in value for found in _header_values(item)]
    if not isinstance(value, dict):
        return []
    here = [value["value"]] if value.get("name") == SITE.origin.secret_header else []
    if value.get("http_header_name") == SITE.origin.secret_header:
        here += value.get("values") or []
    found = [one for one in here if isinstance(one, str)]
    return found + [one for item in value.values() for one in _header_values(item)]


def test_the_plans_are_small_enough_to_be_checked_in() -> None:
    """Together below 2.5 MB."""
    assert sum(path.stat().st_size for path in PLANS.glob("*.json")) < 2_500_000


def test_a_plan_has_a_line_for_each_change() -> None:
    """So a difference between two runs of `make fixtures` can be read."""
    text = (PLANS / "up-to-serve.json").read_text(encoding="utf-8")
    changes = json.loads(text)["plan"]["resource_changes"]
    lines = [line.strip().removesuffix(",") for line in text.splitlines() if line.startswith("   {")]
    assert all(json.dumps(change, ensure_ascii=False, sort_keys=True) in lines for change in changes)


MADE = {
    "aws_lb.alb": {"id": "arn:1", "tags": {"ManagedBy": "bascule", "Site": "arquantix", "Name": "n"}},
    "aws_security_group.alb": {"id": "sg-1", "tags": {"ManagedBy": "bascule", "Site": "arquantix"}},
    "aws_vpc_security_group_egress_rule.all": {"id": "sgr-1", "security_group_id": "sg-1", "tags": None},
}


def importing(**live: Mapping[str, Any]) -> list[str]:
    """The addresses that may not be imported, where these are live and the configuration wants them as bascule's."""
    found = {**MADE, **{address.replace("__", "."): values for address, values in live.items()}}
    changes = [
        small_plans.change(
            address,
            ["no-op"],
            before=values,
            after={**values, "tags": MADE[address]["tags"]},
            importing={"id": MADE[address]["id"]},
        )
        for address, values in found.items()
    ]
    case = Case(small_plans.read(*changes), SITE, Step(Stage.BUILD, Stage.BUILD, Stage.BUILD, {}))
    return [observation.seen.partition(" ")[0] for observation in rules.find("import-id").check(case)]


def test_what_a_killed_apply_made_may_be_imported() -> None:
    """It carries the site's tags; a security group's rule is in such a group."""
    assert [] == importing()


@pytest.mark.parametrize(
    "live",
    [
        {"id": "arn:1", "tags": {"ManagedBy": "bascule", "Site": "shop"}},
        {"id": "arn:1", "tags": {"Site": "arquantix"}},
        {"id": "arn:1", "tags": None},
        {"id": "arn:2", "tags": MADE["aws_lb.alb"]["tags"]},
    ],
    ids=["another site's", "not by bascule", "untagged", "another one"],
)
def test_a_stranger_s_resource_may_not_be_imported(live: Mapping[str, Any]) -> None:
    """Whatever its name is."""
    assert ["aws_lb.alb"] == importing(aws_lb__alb=live)


def test_a_rule_of_a_stranger_s_group_may_not_be_imported() -> None:
    """Rules have no tags of ours."""
    rule = {"id": "sgr-1", "security_group_id": "sg-9"}
    assert ["aws_vpc_security_group_egress_rule.all"] == importing(aws_vpc_security_group_egress_rule__all=rule)
