"""IAM's evaluation logic, as the sandbox has it."""

from __future__ import annotations

from typing import Any

import pytest
from roles import allow, deny

from bascule.sandbox.evaluation import Authorization, Decision, decide, matches

ALLOWED, EXPLICIT, IMPLICIT = Decision.ALLOWED, Decision.EXPLICIT_DENY, Decision.IMPLICIT_DENY
UPDATE = Authorization("ecs:UpdateService", "arn:aws:ecs:r:1:service/c/s", {"aws:ResourceTag/Team": ["web"]})


def statement(**parts: Any) -> Any:
    return {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Resource": "*", **parts}}


@pytest.mark.parametrize(
    ("policies", "expected"),
    [
        ([], IMPLICIT),
        ([allow("ecs:UpdateService")], ALLOWED),
        ([allow("ecs:updateservice")], ALLOWED),
        ([allow("ecs:Update*")], ALLOWED),
        ([allow("ecs:UpdateServic?")], ALLOWED),
        ([allow("ecs:Describe*")], IMPLICIT),
        ([allow("*"), deny("ecs:*")], EXPLICIT),
        ([deny("ecs:*"), allow("*")], EXPLICIT),
        ([deny("ecs:Delete*"), allow("*")], ALLOWED),
        ([allow("*", resource="arn:aws:ecs:r:1:service/c/*")], ALLOWED),
        ([allow("*", resource="arn:aws:ecs:r:1:service/C/*")], IMPLICIT),
        ([allow("*", resource="arn:aws:ecs:r:1:cluster/*")], IMPLICIT),
        ([statement(NotAction="iam:*")], ALLOWED),
        ([statement(NotAction=["ecs:*", "iam:*"])], IMPLICIT),
        ([statement(Action="*", Resource=[], NotResource="arn:aws:ecs:*")], IMPLICIT),
        ([statement(Action="*", Resource=[], NotResource="arn:aws:s3:*")], ALLOWED),
    ],
)
def test_effects_actions_and_resources(policies: Any, expected: Decision) -> None:
    """An explicit Deny wins, and what nothing allows is refused."""
    assert expected == decide(policies, UPDATE)


@pytest.mark.parametrize(
    ("operator", "key", "values", "holds"),
    [
        ("StringEquals", "aws:ResourceTag/Team", "web", True),
        ("StringEquals", "AWS:resourcetag/team", "web", True),
        ("StringEquals", "aws:ResourceTag/Team", ["ops", "web"], True),
        ("StringEquals", "aws:ResourceTag/Team", "Web", False),
        ("StringEqualsIgnoreCase", "aws:ResourceTag/Team", "Web", True),
        ("StringEquals", "aws:ResourceTag/Team", "w*", False),
        ("StringLike", "aws:ResourceTag/Team", "w*", True),
        ("StringNotLike", "aws:ResourceTag/Team", "w*", False),
        ("StringNotEquals", "aws:ResourceTag/Team", "ops", True),
        ("StringNotEquals", "aws:ResourceTag/Other", "ops", True),
        ("StringEquals", "aws:ResourceTag/Other", "ops", False),
        ("StringEqualsIfExists", "aws:ResourceTag/Other", "ops", True),
        ("StringEqualsIfExists", "aws:ResourceTag/Team", "ops", False),
        ("Null", "aws:ResourceTag/Other", "true", True),
        ("Null", "aws:ResourceTag/Team", "true", False),
        ("Null", "aws:ResourceTag/Team", "false", True),
        ("ForAllValues:StringEquals", "aws:ResourceTag/Other", "ops", True),
        ("ForAnyValue:StringEquals", "aws:ResourceTag/Other", "ops", False),
    ],
)
def test_conditions(operator: str, key: str, values: Any, holds: bool) -> None:
    """Keys are compared without case, values with it; a key that isn't there fails but for the negated operators."""
    decision = decide([allow("*", **{operator: {key: values}})], UPDATE)
    assert (ALLOWED if holds else IMPLICIT) == decision


@pytest.mark.parametrize(("wanted", "expected"), [(["a", "b", "c"], ALLOWED), (["a"], IMPLICIT)])
def test_all_values_of_a_key_can_be_asked_for(wanted: list[str], expected: Decision) -> None:
    """`ForAllValues` wants each value of the request among those of the policy."""
    tagged = Authorization("ec2:CreateTags", context={"aws:TagKeys": ["a", "b"]})
    assert expected == decide([allow("*", **{"ForAllValues:StringEquals": {"aws:TagKeys": wanted}})], tagged)


@pytest.mark.parametrize(
    "condition",
    [{"NumericLessThan": {"s3:max-keys": "10"}}, {"StringEquals": {"aws:ResourceTag/Team": "${aws:PrincipalTag/T}"}}],
)
def test_what_is_not_modelled_is_refused(condition: Any) -> None:
    """It never holds in an Allow and always in a Deny."""
    assert IMPLICIT == decide([allow("*", **condition)], UPDATE)
    assert EXPLICIT == decide([allow("*"), deny("*", **condition)], UPDATE)


def test_patterns_know_two_wildcards_and_nothing_else() -> None:
    """Whatever a regular expression would read into it is taken as it stands."""
    assert [True, True, False, False] == [
        matches("a.b*", "a.bcd"),
        matches("a?c", "abc"),
        matches("a.c", "abc"),
        matches("[ab]", "a"),
    ]
