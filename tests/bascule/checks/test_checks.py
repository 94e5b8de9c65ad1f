"""The checks as a whole: their list, which of them matter, waivers, and what is said of what couldn't be read."""

from __future__ import annotations

import re
from dataclasses import fields, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from answered import ALL_ALLOWED, GOOD, SITE, TODAY, denied, inventory, judged, look
from hypothesis import given
from hypothesis import strategies as st

from bascule import checks, guard, plan_json, rules
from bascule.checks import CHECKS, Check, Outcome
from bascule.checks.by_hand import COMMANDS
from bascule.checks.distribution import USED
from bascule.errors import InputError
from bascule.inventory import Inventory, Unread
from bascule.ladder import Stage, Step
from bascule.rules import Case
from bascule.site import Site, Waiver

IDS = [check.id for check in CHECKS]
FACTS = [field.name for field in fields(Inventory) if field.name not in ("identity", "read_at")]
REFUSABLE = [fact for fact in FACTS if fact != "names"]
"""What the DNS says is no call of AWS, so it is never Unread."""
ROOT = Path(__file__).parents[3]


def test_every_check_passes_where_all_is_well() -> None:
    """The account that the other tests change."""
    assert {} == {found.check.id: found.result for found in judged() if found.outcome is not Outcome.PASS}


def test_ids_are_kebab_case_and_no_two_are_the_same() -> None:
    """They are typed after --explain and in waivers; no id is a rule's either."""
    assert [] == [id_ for id_ in IDS if not re.fullmatch("[a-z]+(-[a-z]+)*", id_) or len(id_) > 40]
    names = [*IDS, *(rule.id for rule in rules.RULES)]
    assert sorted(set(names)) == sorted(names)


def test_a_check_keeps_its_number_whichever_others_are_asked_for() -> None:
    """Counted from 1, in the order of the list."""
    assert list(range(1, len(CHECKS) + 1)) == [checks.number_of(check) for check in CHECKS]
    assert (len(CHECKS),) == tuple(found.number for found in judged(IDS[-1]))


@pytest.mark.parametrize("check", CHECKS, ids=IDS)
def test_each_check_explains_itself(check: Check) -> None:
    """What has to hold, from which rung on, until when, whether it can be waived, and why."""
    said = checks.explain(checks.find(check.id))
    pieces = (
        check.id,
        check.title,
        f"`{check.rung}`",
        check.why,
        "can't be waived" if not check.waivable else "may waive",
    )
    assert [] == [piece for piece in pieces if piece not in said]
    assert check.standing is ("no more once that is reached" not in said)


def test_a_check_that_there_is_not_is_answered_with_those_that_there_are() -> None:
    """A misspelt one is easily found."""
    with pytest.raises(InputError, match="no check 'acount'") as caught:
        checks.find("acount")
    assert "account, clock" in caught.value.remedy


@pytest.mark.parametrize("wanted", Stage)
@pytest.mark.parametrize("reached", Stage)
def test_a_check_matters_from_its_rung_on(reached: Stage, wanted: Stage) -> None:
    """A standing one also above it, any other only for a move that has yet to pass it."""
    found = checks.relevant(reached, wanted)
    assert [
        check
        for check in CHECKS
        if check.rung.rung <= wanted.rung and (check.standing or check.rung.rung > reached.rung)
    ] == list(found)


def test_every_rung_adds_to_what_matters() -> None:
    """Adopting needs no load balancer, and quotas no longer matter once it is built."""
    from_nothing = [len(checks.relevant(Stage.NONE, wanted)) for wanted in Stage]
    assert sorted(from_nothing) == from_nothing
    assert {"alb-subnets"} <= {c.id for c in checks.relevant(Stage.BUILD, Stage.SERVE)}
    assert set() == {"load-balancer-quota", "security-group-quota"} & {
        c.id for c in checks.relevant(Stage.BUILD, Stage.SERVE)
    }


# What couldn't be read.


@pytest.mark.parametrize("fact", FACTS)
def test_no_check_raises_whatever_there_is_not(fact: str) -> None:
    """A fact that is None is answered like any other."""
    assert len(CHECKS) == len(judged(**{fact: None}))


ELSEWHERE = {"records": "pass", "distributions": "warn"}
"""The DNS tells of an alias as well; and an apex is a warning whoever else has it."""


@pytest.mark.parametrize("fact", REFUSABLE)
def test_no_check_passes_by_what_it_could_not_read(fact: str) -> None:
    """Where a refused fact changes what a check says, it says unknown, the action, AWS's answer, and what to do."""
    refusal = denied("some:Action")
    before, after = judged(), judged(**{fact: refusal})
    changed = [new for old, new in zip(before, after, strict=True) if old.result != new.result]
    assert {"unknown", ELSEWHERE.get(fact, "unknown")} >= {str(found.outcome) for found in changed}
    for found in changed:
        if found.outcome is Outcome.UNKNOWN:
            assert str(refusal) in found.result.evidence
            assert "allow some:Action to this role" in found.result.remedy
            assert "look yourself: " in found.result.remedy


def test_what_could_not_be_read_for_another_reason_is_mended_by_no_permission() -> None:
    """Throttling isn't refusal."""
    result = look("region-enabled", region=Unread("ec2:DescribeRegions", "Throttling: Rate exceeded"))
    assert ("unknown", "ec2:DescribeRegions: Throttling: Rate exceeded") == (result.outcome, result.evidence)
    assert "look yourself: `aws ec2 describe-regions --all-regions --region-names me-central-1`, or try again" == (
        result.remedy
    )


@pytest.mark.parametrize("id_", ["alb-subnets", "alb-internet-route", "security-group-references"])
def test_what_was_not_asked_for_want_of_another_fact_is_unknown_as_that_is(id_: str) -> None:
    """Without the service nobody knows its VPC: the one permission that is missing is named, not those behind it."""
    refusal = denied("ecs:DescribeServices")
    unasked = dict.fromkeys(("subnets", "route_tables", "security_groups"))
    assert str(refusal) == look(id_, service=refusal, **unasked).evidence


@pytest.mark.parametrize("second", ["service", "distribution", "subnets"])
@pytest.mark.parametrize("fact", REFUSABLE)
def test_no_check_raises_whatever_two_facts_there_are_not(fact: str, second: str) -> None:
    """Nor where one couldn't be read, and another isn't there."""
    assert len(CHECKS) == len(judged(**{second: None, fact: denied("some:Action")}))


@given(st.dictionaries(st.sampled_from(REFUSABLE), st.sampled_from([None, denied("some:Action")])), st.booleans())
def test_no_check_raises_whatever_there_is_not_all_together(facts: dict[str, Any], asked: bool) -> None:
    """Every check answers, and a pass has no remedy."""
    found = judged(**facts, **({} if asked else {"names": None}))
    assert len(CHECKS) == len(found)
    assert [] == [one for one in found if (one.result.outcome is Outcome.PASS) is bool(one.result.remedy)]


KEYED: dict[str, dict[str, Any]] = {
    "functions": {"rewrite": denied("cloudfront:GetFunction")},
    "certificates": {"arn": denied("acm:DescribeCertificate")},
    "records": {"example.com": denied("route53:ListResourceRecordSets")},
    "running_definitions": {"arn": denied("ecs:DescribeTaskDefinition")},
}


@pytest.mark.parametrize("fact", KEYED)
def test_no_check_raises_where_one_of_many_could_not_be_read(fact: str) -> None:
    """A list that was read may name what was not."""
    assert len(CHECKS) == len(judged(**{fact: KEYED[fact]}))


def test_an_empty_account_is_answered() -> None:
    """Nothing but who is asking is known of it."""
    bare = Inventory(inventory().identity, inventory().read_at)
    found = checks.judge(bare, SITE, CHECKS, TODAY)
    passing = {one.check.id for one in found if one.outcome is Outcome.PASS}
    assert {"clock", "origin-certificate", "apex"} == passing


def test_every_fact_that_is_looked_at_has_a_command_to_look_by_hand() -> None:
    """An unknown ends in what a person can do."""
    assert set() == {name for name in GOOD if name not in COMMANDS}


def test_a_command_names_the_resources_of_the_site() -> None:
    """It can be pasted."""
    refusal = denied("ec2:DescribeSecurityGroups")
    assert (
        "allow ec2:DescribeSecurityGroups to this role; or look yourself: `aws ec2 describe-security-groups "
        "--region me-central-1 --filters Name=vpc-id,Values=vpc-0a7d41c5`"
    ) == look("security-group-references", security_groups=refusal).remedy


def test_the_managed_policies_are_those_that_the_modules_use() -> None:
    """What is asserted of the account is what Terraform will name."""
    from bascule import managed_policies

    named = {
        name
        for path in (ROOT / "modules").glob("*.py")
        for names in re.findall(r"^from bascule.managed_policies import (.+)$", path.read_text(), re.MULTILINE)
        for name in names.split(", ")
    }
    assert {getattr(managed_policies, name) for name in named} == set(USED)


# Waivers.


def waiving(name: str, expires: date = TODAY) -> Site:
    """The site with one waiver."""
    return SITE.model_copy(update={"waivers": (Waiver(rule=name, reason="So far.", expires=expires, who="the owner"),)})


NO_ROLE: dict[str, Any] = {"ecs_role": None}


def test_a_waived_failure_counts_as_a_warning() -> None:
    """What was seen stays what it is, with the waiver beside it."""
    (found,) = judged("ecs-role", site=waiving("ecs-role"), **NO_ROLE)
    assert (Outcome.WARN, Outcome.FAIL, "ecs-role") == (
        found.outcome,
        found.result.outcome,
        found.waiver and found.waiver.rule,
    )


def test_what_is_unknown_stays_unknown_though_waived() -> None:
    """A waiver is no look at the account."""
    (found,) = judged("ecs-role", site=waiving("ecs-role"), ecs_role=denied("iam:GetRole"))
    assert Outcome.UNKNOWN is found.outcome


def test_a_waiver_of_what_passes_is_not_used() -> None:
    """It would hide nothing."""
    (found,) = judged("ecs-role", site=waiving("ecs-role"))
    assert (Outcome.PASS, None) == (found.outcome, found.waiver)


@pytest.mark.parametrize(("days", "outcome"), [(1, "warn"), (0, "warn"), (-1, "fail")])
def test_a_waiver_counts_through_its_last_day(days: int, outcome: str) -> None:
    """On the day after, the check fails again."""
    (found,) = judged("ecs-role", site=waiving("ecs-role", TODAY + timedelta(days)), **NO_ROLE)
    assert outcome == found.outcome


def test_a_waiver_counts_for_its_check_alone() -> None:
    """Another one's failure stays one."""
    found = judged("ecs-role", "region-enabled", site=waiving("region-enabled"), **NO_ROLE)
    assert ["fail", "pass"] == [one.outcome for one in found]


@pytest.mark.parametrize("name", [check.id for check in CHECKS if not check.waivable])
def test_what_bascule_could_not_work_without_can_not_be_waived(name: str) -> None:
    """What the site file names has to be there, in the account that is meant."""
    with pytest.raises(InputError, match=f"{name} can't be waived"):
        judged(site=waiving(name))


def test_a_waiver_of_neither_check_nor_rule_is_refused() -> None:
    """With all that there are."""
    with pytest.raises(InputError, match="no rule or check 'ecs-rule'") as caught:
        judged(site=waiving("ecs-rule"))
    assert ["waivers", True, True] == [
        caught.value.where,
        "ecs-role" in caught.value.remedy,
        "viewer-tls" in caught.value.remedy,
    ]


def test_a_waiver_of_a_rule_is_none_of_the_checks_business() -> None:
    """One list in the site file serves both."""
    assert [Outcome.PASS] == [found.outcome for found in judged("ecs-role", site=waiving("viewer-tls"))]


@pytest.mark.parametrize(("days", "states"), [(0, []), (-1, ["expired"])])
def test_the_guard_takes_a_waiver_of_a_check(days: int, states: list[str]) -> None:
    """A review doesn't call it unused, which it can't know; that it has expired it can."""
    site = waiving("ecs-role", TODAY + timedelta(days))
    found = guard.judge(Case(plan_json.EMPTY, site, Step(Stage.ADOPT, Stage.ADOPT, Stage.ADOPT, {})), TODAY)
    assert states == [waived.state for waived in guard.waived(found, site.waivers, TODAY)]


def test_the_audited_site_waives_nothing_that_a_check_would_refuse() -> None:
    """Its waiver names a rule."""
    without = replace(ALL_ALLOWED, decisions=())
    assert len(CHECKS) == len(judged(permissions=without))
