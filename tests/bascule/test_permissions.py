"""The table of calls, and what has to be allowed for them, for a site."""

from __future__ import annotations

import string
from collections.abc import Iterable
from itertools import pairwise

import example
import pytest
from botocore.session import Session

from bascule import aws_calls, inventory_calls, permissions, site_file
from bascule.aws_calls import Call
from bascule.iam_actions import action_of
from bascule.ladder import Stage
from bascule.permissions import Grant, needed, needed_back, needed_to_apply, needed_to_audit, needed_to_plan
from bascule.site import Site

ACCOUNT = "123456789012"
HCP = '[state]\nbackend = "hcp"\norganization = "example"\nworkspace = "site"\n'
ROWS: dict[str, tuple[Call, ...]] = {
    name: row
    for name, row in (vars(aws_calls) | vars(inventory_calls)).items()
    if name.isupper() and isinstance(row, tuple) and row and isinstance(row[0], Call)
}
"""Every row of the table."""


def actions(grants: Iterable[Grant]) -> set[str]:
    return {grant.action for grant in grants}


def test_every_call_of_the_table_is_one_of_the_api() -> None:
    """botocore's models know each service and operation."""
    session = Session()
    called = {(call.service, call.operation) for row in ROWS.values() for call in row}
    known = {service: session.get_service_model(service).operation_names for service, _ in called}
    assert [] == sorted(f"{service}:{name}" for service, name in called if name not in known[service])


def test_every_resource_of_the_table_has_a_template() -> None:
    """And every template is used."""
    calls = [*(call for row in ROWS.values() for call in row), *inventory_calls.VERIFY, *inventory_calls.INVALIDATE]
    named = {name for call in calls for name in (*call.on, *(name for also in call.also for name in also.on))}
    together = {"load balancing"}  # bascule.policies speaks of these
    assert set(permissions.RESOURCES) - together == named - {"*"}


def test_whatever_the_sandbox_does_not_show_says_why() -> None:
    """What AWS asks for beyond a call's own action has a source."""
    assert [] == [also.action for row in ROWS.values() for call in row for also in call.also if not also.why]


def test_climbing_higher_never_needs_less() -> None:
    """Each rung needs what the ones below it do, and more from one with new calls on."""
    climbed = [actions(needed(example.SITE, ACCOUNT, stage)) for stage in Stage]
    assert all(below <= above for below, above in pairwise(climbed))
    first = {
        "elasticloadbalancing:CreateLoadBalancer": Stage.BUILD,
        "ec2:CreateTags": Stage.BUILD,
        "iam:CreateServiceLinkedRole": Stage.BUILD,
        "ecs:UpdateService": Stage.BUILD,
        "elasticloadbalancing:DescribeTargetHealth": Stage.CONNECT,
        "cloudfront:UpdateDistribution": Stage.CONNECT,
    }
    assert first == {
        action: next(s for s, got in zip(Stage, climbed, strict=True) if action in got) for action in first
    }


def test_adopting_needs_reads_and_the_state_alone() -> None:
    """Nothing in the account is changed."""
    writes = {
        grant.action: grant.on
        for grant in needed(example.SITE, ACCOUNT, Stage.ADOPT)
        if not grant.action.partition(":")[2].startswith(("Get", "List", "Describe"))
    }
    assert {"s3:PutObject": ("lock", "state"), "s3:DeleteObject": ("lock",)} == writes


def test_planning_writes_the_lock_alone() -> None:
    """Not even the state."""
    writes = {
        grant.action: grant.on
        for grant in needed_to_plan(example.SITE, ACCOUNT)
        if not grant.action.partition(":")[2].startswith(("Get", "List", "Describe"))
    }
    assert {"s3:PutObject": ("lock",), "s3:DeleteObject": ("lock",)} == writes


def test_auditing_only_reads() -> None:
    """And so do the checks before an apply."""
    simulating = {"iam:SimulatePrincipalPolicy"}
    reads = ("Get", "List", "Describe")
    assert [] == [
        action
        for action in sorted(actions(needed_to_audit(example.SITE, ACCOUNT)) - simulating)
        if not action.partition(":")[2].startswith(reads)
    ]


def test_nothing_that_was_adopted_is_ever_deleted() -> None:
    """What may be deleted is bascule's own, by its tag, or the state's lock."""
    deletions = {
        (grant.action, grant.resources if not grant.condition else "ours")
        for grant in needed_to_apply(example.SITE, ACCOUNT)
        if ":Delete" in grant.action
    }
    assert {
        ("s3:DeleteObject", ("arn:aws:s3:::state-elsewhere/example.tfstate.tflock",)),
        ("ec2:DeleteSecurityGroup", "ours"),
        ("elasticloadbalancing:DeleteListener", "ours"),
        ("elasticloadbalancing:DeleteLoadBalancer", "ours"),
        ("elasticloadbalancing:DeleteRule", "ours"),
        ("elasticloadbalancing:DeleteTargetGroup", "ours"),
    } == deletions


def test_the_way_down_is_needed_in_full_for_applying() -> None:
    """Whoever may climb may go back."""
    everything = actions(needed_to_apply(example.SITE, ACCOUNT))
    ways = actions(needed_back(example.SITE, ACCOUNT)) | actions(needed(example.SITE, ACCOUNT, Stage.RETIRE))
    beside = {"cloudfront:CreateInvalidation", "cloudfront:GetInvalidation", "ssm:GetParameterHistory"}
    beside |= {"ecs:ListTasks", "ecs:DescribeTasks"}
    assert ways | beside == everything
    assert "elasticloadbalancing:DeleteLoadBalancer" in everything


def test_a_grant_says_what_it_is_for_and_in_which_context() -> None:
    """That is what a check shows, and what a simulation has to be given."""
    grants = needed(example.SITE, ACCOUNT, Stage.BUILD)
    found = {grant.action: grant for grant in grants}
    (role,) = (grant for grant in grants if grant.on == ("elb role",))
    assert "going up to build, by Terraform" in role.purpose
    assert "Elastic Load Balancing user guide" in role.purpose
    assert {"iam:AWSServiceName": "elasticloadbalancing.amazonaws.com"} == role.context
    assert {} == found["cloudfront:GetDistribution"].context
    assert ("arn:aws:cloudfront::123456789012:distribution/E1EXAMPLE0SITE",) == found[
        "cloudfront:GetDistribution"
    ].resources


def test_ids_are_filled_in_everywhere() -> None:
    """No ARN keeps a hole."""
    arns = permissions.resources(example.SITE, ACCOUNT).values()
    assert [] == [arn for arn in arns if list(string.Formatter().parse(arn))[-1][1] is not None]
    assert "arn:aws:ssm:me-central-1:123456789012:parameter/bascule/example/origin-secret" in arns


@pytest.mark.parametrize(
    ("region", "partition"),
    [("me-central-1", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov"), ("us-east-1", "aws")],
)
def test_the_partition_follows_the_region(region: str, partition: str) -> None:
    """ARNs of China and GovCloud begin otherwise."""
    site = example.SITE.model_copy(update={"region": region})
    arns = permissions.resources(site, ACCOUNT).values()
    assert {partition} == {arn.split(":")[1] for arn in arns}


def test_state_in_hcp_needs_no_bucket() -> None:
    """HCP Terraform holds it."""
    site = hcp()
    grants = needed_to_apply(site, ACCOUNT)
    assert [] == [grant for grant in grants if {"state", "lock", "state bucket"} & set(grant.on)]
    assert "s3:PutObject" not in actions(grants)


def hcp() -> Site:
    return site_file.parse(example.TEXT[: example.TEXT.index("[state]")] + HCP, "sites/example.toml")


@pytest.mark.parametrize(
    ("service", "operation", "action"),
    [
        ("elbv2", "DescribeRules", "elasticloadbalancing:DescribeRules"),
        ("s3", "HeadBucket", "s3:ListBucket"),
        ("s3", "GetBucketPolicy", "s3:GetBucketPolicy"),
        ("s3", "DeleteObjects", "s3:DeleteObject"),
        ("service-quotas", "GetServiceQuota", "servicequotas:GetServiceQuota"),
        ("application-autoscaling", "DescribeScalableTargets", "application-autoscaling:DescribeScalableTargets"),
    ],
)
def test_an_action_is_named_after_its_call_but_for_what_is_listed(service: str, operation: str, action: str) -> None:
    """S3's are the exceptions."""
    assert action == action_of(service, operation)


def test_one_version_of_an_object_is_another_action() -> None:
    """So a policy that denies deleting has to name both."""
    assert ("s3:DeleteObject", "s3:DeleteObjectVersion") == (
        action_of("s3", "DeleteObject"),
        action_of("s3", "DeleteObject", version=True),
    )
