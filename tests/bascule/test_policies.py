"""IAM policies for a site."""

from __future__ import annotations

import re
from typing import Any, get_args

import example
import pytest

from bascule import permissions, policies
from bascule.errors import BasculeError
from bascule.policies import Kind, document, size
from bascule.sandbox.evaluation import Authorization, Decision, decide

ACCOUNT = "123456789012"
KINDS: tuple[Kind, ...] = get_args(Kind)
ALB = "arn:aws:elasticloadbalancing:me-central-1:123456789012:loadbalancer/app/example-alb-0a1b2c/0123456789abcdef"
DISTRIBUTION = "arn:aws:cloudfront::123456789012:distribution/E1EXAMPLE0SITE"
OURS = {"aws:ResourceTag/ManagedBy": ["bascule"]}


def asked(kind: Kind, action: str, resource: str = "*", context: Any = None) -> Decision:
    return decide([document(kind, example.SITE, ACCOUNT)], Authorization(action, resource, context or {}))


@pytest.mark.parametrize("kind", KINDS)
def test_a_policy_fits_into_a_managed_policy(kind: Kind) -> None:
    """With room for longer names than the example's."""
    assert size(document(kind, example.SITE, ACCOUNT)) < policies.QUOTA - 400


def test_a_policy_that_does_not_fit_says_so() -> None:
    """Names may have hundreds of characters; IAM would refuse the policy."""
    service = example.SITE.service.model_copy(update={"name": "s" * 255, "cluster": "c" * 255})
    state = example.SITE.state.model_copy(update={"key": "k" * 1000})
    with pytest.raises(BasculeError, match=r"the policy apply has [0-9]+ characters; IAM takes 6144"):
        document("apply", example.SITE.model_copy(update={"service": service, "state": state}), ACCOUNT)


@pytest.mark.parametrize("kind", KINDS)
def test_statements_are_named_once_in_letters_and_digits(kind: Kind) -> None:
    """IAM takes no other Sid."""
    sids = [statement["Sid"] for statement in document(kind, example.SITE, ACCOUNT)["Statement"]]
    assert sorted(set(sids)) == sorted(sids)
    assert [] == [sid for sid in sids if not re.fullmatch("[A-Za-z0-9]+", sid)]


@pytest.mark.parametrize("kind", ["audit", "plan", "apply"])
def test_a_policy_allows_what_is_needed_for_it(kind: Kind) -> None:
    """Each grant, on each of its resources, in its context."""
    grants = {
        "audit": permissions.needed_to_audit,
        "plan": permissions.needed_to_plan,
        "apply": permissions.needed_to_apply,
    }[kind](example.SITE, ACCOUNT)
    held = [document(kind, example.SITE, ACCOUNT)]
    refused = [
        (grant.action, arn)
        for grant in grants
        for arn in grant.resources
        for context in [{key: [value] for key, value in grant.context.items()}]
        if decide(held, Authorization(grant.action, arn, context)) is not Decision.ALLOWED
    ]
    assert [] == refused


@pytest.mark.parametrize(
    ("kind", "action", "resource", "context", "expected"),
    [
        ("apply", "elasticloadbalancing:DeleteLoadBalancer", ALB, OURS, Decision.ALLOWED),
        ("apply", "elasticloadbalancing:DeleteLoadBalancer", ALB, {}, Decision.IMPLICIT_DENY),
        ("apply", "cloudfront:UpdateDistribution", DISTRIBUTION, {}, Decision.ALLOWED),
        ("apply", "cloudfront:UpdateDistribution", DISTRIBUTION[:-4] + "ELSE", {}, Decision.IMPLICIT_DENY),
        ("apply", "cloudfront:DeleteDistribution", DISTRIBUTION, {}, Decision.IMPLICIT_DENY),
        ("apply", "s3:PutObject", "arn:aws:s3:::state-elsewhere/example.tfstate", {}, Decision.ALLOWED),
        ("apply", "s3:PutObject", "arn:aws:s3:::state-elsewhere/other.tfstate", {}, Decision.IMPLICIT_DENY),
        ("apply", "s3:DeleteObject", "arn:aws:s3:::state-elsewhere/example.tfstate", {}, Decision.IMPLICIT_DENY),
        ("apply", "s3:DeleteObject", "arn:aws:s3:::old-site/index.html", {}, Decision.IMPLICIT_DENY),
        ("apply", "iam:PassRole", "*", {}, Decision.IMPLICIT_DENY),
        (
            "apply",
            "iam:CreateServiceLinkedRole",
            "arn:aws:iam::123456789012:role/aws-service-role/spot.amazonaws.com/x",
            {"iam:AWSServiceName": ["spot.amazonaws.com"]},
            Decision.IMPLICIT_DENY,
        ),
        ("plan", "cloudfront:UpdateDistribution", DISTRIBUTION, {}, Decision.IMPLICIT_DENY),
        ("plan", "s3:PutObject", "arn:aws:s3:::state-elsewhere/example.tfstate", {}, Decision.IMPLICIT_DENY),
        ("audit", "ssm:GetParameter", "*", {}, Decision.IMPLICIT_DENY),
        ("deny", "cloudfront:DeleteDistribution", DISTRIBUTION, {}, Decision.EXPLICIT_DENY),
        ("deny", "cloudfront:UpdateDistribution", DISTRIBUTION, {}, Decision.IMPLICIT_DENY),
        ("deny", "s3:DeleteObjectVersion", "arn:aws:s3:::old-site/a/b", {}, Decision.EXPLICIT_DENY),
        (
            "deny",
            "ecs:DeleteService",
            "arn:aws:ecs:me-central-1:123456789012:service/web/next",
            {},
            Decision.EXPLICIT_DENY,
        ),
        (
            "deny",
            "ecs:DeleteService",
            "arn:aws:ecs:me-central-1:123456789012:service/web/b",
            {},
            Decision.IMPLICIT_DENY,
        ),
    ],
)
def test_a_policy_is_about_this_site_alone(
    kind: Kind, action: str, resource: str, context: Any, expected: Decision
) -> None:
    """Other distributions, states, services, and what others made, are out of its reach."""
    assert expected == asked(kind, action, resource, context)


def test_the_secret_is_read_by_whoever_plans_and_not_by_whoever_audits() -> None:
    """A plan holds it in clear; an audit needs its name alone."""
    secret = "arn:aws:ssm:me-central-1:123456789012:parameter/bascule/example/origin-secret"
    assert (Decision.ALLOWED, Decision.IMPLICIT_DENY) == (
        asked("plan", "ssm:GetParameter", secret),
        asked("audit", "ssm:GetParameter", secret),
    )


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("cloudfront:GetDistribution", DISTRIBUTION),
        ("s3:GetObject", "arn:aws:s3:::old-site/index.html"),
        ("ecs:ListTasks", "*"),
        ("ecs:DescribeTasks", f"arn:aws:ecs:me-central-1:{ACCOUNT}:task/web/0123456789abcdef"),
        ("ec2:DescribeNetworkInterfaces", "*"),
    ],
)
def test_whoever_applies_can_verify(action: str, resource: str) -> None:
    """`bascule cutover` does, and takes what it couldn't read for unknown: it would end in 1 with all done."""
    assert Decision.ALLOWED is asked("apply", action, resource)


def test_deny_holds_denials_alone() -> None:
    """Attached anywhere, it gives nobody anything."""
    assert {"Deny"} == {statement["Effect"] for statement in document("deny", example.SITE, ACCOUNT)["Statement"]}


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("elasticloadbalancing:AddTags", ALB),
        ("ec2:CreateTags", f"arn:aws:ec2:me-central-1:{ACCOUNT}:security-group/sg-0123456789abcdef0"),
    ],
)
def test_what_is_there_already_cannot_be_tagged_as_bascule_s(action: str, resource: str) -> None:
    """Or whoever applies could make any load balancer or group bascule's, and then delete it."""
    held = [document("apply", example.SITE, ACCOUNT)]
    tagged = {"aws:RequestTag/ManagedBy": ["bascule"]}
    assert Decision.IMPLICIT_DENY is decide(held, Authorization(action, resource, tagged))
