"""The one table of AWS calls: what bascule and Terraform call at each rung, and what has to be allowed for it.

Measured with Terraform 1.11.4 and provider 5.100.0: `tests/e2e/test_ladder.py` compares it with what the sandbox logs
on the way up and down, both ways. What AWS asks for beyond that is marked `unseen`, or stands in `also`, with its
source. Permissions, policies and the permission check are made from it (`bascule.permissions`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from bascule.ladder import Stage

Side = Literal["bascule", "terraform"]
"""Who calls: each says so in its user agent."""

Condition = Mapping[str, Mapping[str, str | tuple[str, ...]]]
"""As in a policy: operator, key, value."""

OURS: Condition = {"StringEquals": {"aws:ResourceTag/ManagedBy": "bascule"}}
"""Whatever bascule made carries this tag (`modules.names.tags`)."""
MAKING: Condition = {"StringEquals": {"aws:RequestTag/ManagedBy": "bascule"}}
"""What is being made has to."""

ELB_AT_CREATION: Condition = {
    "StringEquals": {
        "elasticloadbalancing:CreateAction": ("CreateLoadBalancer", "CreateTargetGroup", "CreateListener", "CreateRule")
    }
}
EC2_AT_CREATION: Condition = {"StringEquals": {"ec2:CreateAction": "CreateSecurityGroup"}}
"""Tags may be given to what is being made alone: whoever could tag what is there already could make it bascule's."""

ELB_GUIDE = "Elastic Load Balancing user guide, API permissions"
TAGGING = "EC2 and ELB user guides, grant permission to tag resources during creation"


@dataclass(frozen=True)
class Also:
    """Something that AWS asks for when a call is made, beyond the call's own action."""

    action: str
    why: str
    """Where that is known from."""
    on: tuple[str, ...] = ("*",)
    when: Condition = field(default_factory=dict)


@dataclass(frozen=True)
class Call:
    """An AWS call."""

    service: str
    """boto3's name."""
    operation: str
    on: tuple[str, ...] = ("*",)
    """Names of `bascule.permissions.RESOURCES`, or `*` where the action has none (Service Authorization Reference)."""
    when: Condition = field(default_factory=dict)
    """On which condition it is allowed."""
    also: tuple[Also, ...] = ()
    unseen: str = ""
    """Why the ladder in the sandbox doesn't show it; empty if it does."""


def calls(service: str, operations: str, *on: str, when: Condition | None = None, unseen: str = "") -> tuple[Call, ...]:
    """Calls of one service that are alike in all but their operations, which are the words of `operations`."""
    return tuple(Call(service, name, on or ("*",), when or {}, (), unseen) for name in operations.split())


OPENING = calls("sts", "GetCallerIdentity")
"""bascule, at the beginning of every command, and Terraform, whenever it starts."""

STATE = (
    *calls("s3", "ListObjectsV2", "state bucket"),
    *calls("s3", "HeadObject GetObject", "state", "lock"),
    *calls("s3", "PutObject DeleteObject", "lock"),
)
"""Terraform's S3 backend with a lock file, which planning takes too."""

SAVE = calls("s3", "PutObject", "state")
"""Whatever an apply did is saved. The state itself is never deleted."""

ADOPTED = (
    *calls("cloudfront", "GetDistribution ListTagsForResource", "distribution"),
    *calls("ecs", "DescribeServices", "service"),
    *calls(
        "s3",
        "HeadBucket GetBucketAcl GetBucketCors GetBucketWebsite GetBucketVersioning GetBucketAccelerateConfiguration "
        "GetBucketRequestPayment GetBucketLogging GetBucketLifecycleConfiguration GetBucketReplication "
        "GetBucketEncryption GetObjectLockConfiguration GetBucketPolicy GetBucketTagging",
        "bucket",
    ),
)
"""What Terraform reads of the three adopted resources, from `adopt` on."""

LOOKED_UP = (
    *calls("ssm", "GetParameter", "secret"),
    *calls("ec2", "DescribeManagedPrefixLists"),
    *calls("ec2", "GetManagedPrefixListEntries", "prefix lists"),
)
"""Data sources of the configuration from `build` on. A SecureString under AWS's own key `aws/ssm` needs no permission
for KMS: that key's policy admits everybody in the account who comes by way of SSM."""

READ_BACK = (
    *calls("ec2", "DescribeSecurityGroups"),
    *calls(
        "elbv2",
        "DescribeLoadBalancers DescribeLoadBalancerAttributes DescribeCapacityReservation DescribeTargetGroups "
        "DescribeTargetGroupAttributes DescribeListeners DescribeListenerAttributes DescribeRules DescribeTags",
    ),
)
"""What Terraform reads of what it has just made."""

BUILT = (*READ_BACK, *calls("ec2", "DescribeSecurityGroupRules"))
"""What Terraform reads of what `build` made, while it is there."""

SERVICE_LINKED = Also(
    "iam:CreateServiceLinkedRole",
    f"{ELB_GUIDE}: CreateLoadBalancer; only where the account never had a load balancer",
    ("elb role",),
    {"StringEquals": {"iam:AWSServiceName": "elasticloadbalancing.amazonaws.com"}},
)

MAKE = (
    Call(
        "ec2",
        "CreateSecurityGroup",
        ("security groups",),
        MAKING,
        (
            Also("ec2:CreateSecurityGroup", "Service Authorization Reference: the VPC, which takes no tags", ("vpcs",)),
            Also("ec2:CreateTags", TAGGING, ("security groups",), EC2_AT_CREATION),
        ),
    ),
    *calls(
        "ec2",
        "AuthorizeSecurityGroupIngress AuthorizeSecurityGroupEgress RevokeSecurityGroupEgress",
        "security groups",
        when=OURS,
    ),
    Call(
        "elbv2",
        "CreateLoadBalancer",
        ("load balancers",),
        MAKING,
        (
            SERVICE_LINKED,
            Also("elasticloadbalancing:AddTags", TAGGING, ("load balancers",), ELB_AT_CREATION),
            Also("ec2:DescribeAccountAttributes", ELB_GUIDE),
            Also("ec2:DescribeAddresses", ELB_GUIDE),
            Also("ec2:DescribeInternetGateways", ELB_GUIDE),
            Also("ec2:DescribeSecurityGroups", ELB_GUIDE),
            Also("ec2:DescribeSubnets", ELB_GUIDE),
            Also("ec2:DescribeVpcs", ELB_GUIDE),
            Also("ec2:GetSecurityGroupsForVpc", "AWS managed policy ElasticLoadBalancingFullAccess"),
        ),
    ),
    Call(
        "elbv2",
        "CreateTargetGroup",
        ("target groups",),
        MAKING,
        (
            Also("elasticloadbalancing:AddTags", TAGGING, ("target groups",), ELB_AT_CREATION),
            Also("ec2:DescribeInternetGateways", ELB_GUIDE),
            Also("ec2:DescribeVpcs", ELB_GUIDE),
        ),
    ),
    Call(
        "elbv2",
        "CreateListener",
        ("load balancers",),
        OURS,
        (Also("elasticloadbalancing:AddTags", TAGGING, ("listeners",), ELB_AT_CREATION),),
    ),
    Call(
        "elbv2",
        "CreateRule",
        ("listeners",),
        OURS,
        (Also("elasticloadbalancing:AddTags", TAGGING, ("listener rules",), ELB_AT_CREATION),),
    ),
    *calls("elbv2", "ModifyLoadBalancerAttributes", "load balancers", when=OURS),
    *calls("elbv2", "ModifyTargetGroupAttributes", "target groups", when=OURS),
)
"""What `build` makes."""

UNMAKE = (
    *calls("elbv2", "DeleteRule", "listener rules", when=OURS),
    *calls("elbv2", "DeleteListener", "listeners", when=OURS),
    *calls("elbv2", "DeleteTargetGroup", "target groups", when=OURS),
    *calls("elbv2", "DeleteLoadBalancer", "load balancers", when=OURS),
    *calls("ec2", "DescribeNetworkInterfaces"),
    *calls(
        "ec2",
        "RevokeSecurityGroupIngress RevokeSecurityGroupEgress DeleteSecurityGroup",
        "security groups",
        when=OURS,
    ),
)
"""What taking `build` back deletes. The provider also tries to detach the network interfaces of a load balancer that
is gone; where that is refused it goes on (provider source, elbv2/load_balancer.go), so it isn't granted."""

_CHANGED = "a value in the site file, or the secret, is another"

ADJUST = (
    *calls("elbv2", "ModifyListener", "listeners", when=OURS, unseen=_CHANGED),
    *calls("elbv2", "ModifyRule", "listener rules", when=OURS, unseen=_CHANGED),
    *calls("elbv2", "ModifyTargetGroup", "target groups", when=OURS, unseen=_CHANGED),
    *calls("elbv2", "SetSubnets SetSecurityGroups", "load balancers", when=OURS, unseen=_CHANGED),
    Call(
        "ec2",
        "ModifySecurityGroupRules",
        ("security groups",),
        OURS,
        (Also("ec2:ModifySecurityGroupRules", "the rule, which has no tags", ("security group rules",)),),
        _CHANGED,
    ),
)
"""What an apply changes in place where the site file was changed, or the secret rotated."""

DEPLOY = (
    Call(
        "ecs",
        "UpdateService",
        ("service",),
        {},
        (
            Also(
                "iam:CreateServiceLinkedRole",
                "ECS API, UpdateService: a service with a load balancer needs the role; only where it was deleted",
                ("ecs role",),
                {"StringEquals": {"iam:AWSServiceName": "ecs.amazonaws.com"}},
            ),
        ),
    ),
)
"""Changing the service, which Terraform does at `build`, too: that it waits is sent as an empty update."""

ROUTE = calls("cloudfront", "UpdateDistribution", "distribution")
PROTECT = calls("elbv2", "ModifyLoadBalancerAttributes", "load balancers", when=OURS)

UP: Mapping[Stage, tuple[Call, ...]] = {
    Stage.NONE: (),
    Stage.ADOPT: (),
    Stage.BUILD: (*MAKE, *READ_BACK, *DEPLOY),
    Stage.ATTACH: DEPLOY,
    Stage.CONNECT: (*PROTECT, *ROUTE),
    Stage.SERVE: ROUTE,
    Stage.RETIRE: ROUTE,
}
"""What Terraform's apply calls to climb to a rung from the one below, beyond what its plan reads."""

DOWN: Mapping[Stage, tuple[Call, ...]] = {
    Stage.SERVE: ROUTE,
    Stage.CONNECT: ROUTE,
    Stage.ATTACH: (*PROTECT, *ROUTE),
    Stage.BUILD: DEPLOY,
    Stage.ADOPT: (*UNMAKE, *DEPLOY),
    Stage.NONE: (),
}
"""What it calls to go down to a rung from the one above."""

ALONE = (
    *calls("cloudfront", "GetDistribution ListTagsForResource", "distribution"),
    *calls("ssm", "GetParameter", "secret"),
    *calls("ec2", "DescribeSecurityGroups"),
    *calls("elbv2", "DescribeLoadBalancers DescribeLoadBalancerAttributes DescribeCapacityReservation DescribeTags"),
)
"""What Terraform reads for a rollback: the distribution alone, and what its origin refers to."""

FENCE = calls("cloudfront", "GetDistributionConfig", "distribution")
"""bascule, around every plan that has to do with the distribution."""

BALANCER_GATE = calls("elbv2", "DescribeLoadBalancers")
SERVICE_GATE = (*calls("ecs", "DescribeServices", "service"), *calls("elbv2", "DescribeTargetHealth"))
DISTRIBUTION_GATE = calls("cloudfront", "GetDistribution", "distribution")

GATES_UP: Mapping[Stage, tuple[Call, ...]] = {
    Stage.ATTACH: BALANCER_GATE,
    Stage.CONNECT: (*BALANCER_GATE, *SERVICE_GATE),
    Stage.SERVE: (*BALANCER_GATE, *SERVICE_GATE, *DISTRIBUTION_GATE),
    Stage.RETIRE: (*BALANCER_GATE, *SERVICE_GATE, *DISTRIBUTION_GATE),
}
"""What bascule observes before a step up to a rung (`bascule.observe`)."""

GATES_DOWN: Mapping[Stage, tuple[Call, ...]] = {Stage.BUILD: DISTRIBUTION_GATE, Stage.ADOPT: DISTRIBUTION_GATE}
"""What it observes before a step down to a rung."""

_KILLED = "only where an apply was killed before it had saved the state"

UNRECORDED = (
    *calls("ec2", "DescribeSecurityGroups"),
    *calls("elbv2", "DescribeLoadBalancers DescribeTargetGroups"),
    *calls("ec2", "DescribeSecurityGroupRules", unseen=_KILLED),
    *calls("elbv2", "DescribeListeners DescribeRules DescribeTags", unseen=_KILLED),
)
"""What it looks for before every step from `adopt`, by name: what is ours and not in the state
(`bascule.unrecorded`). Above, all of it is in the state, and nothing is looked for."""

ADOPTING = (
    *calls("cloudfront", "GetDistribution", "distribution"),
    *calls("s3", "HeadBucket", "bucket"),
    *calls("ecs", "DescribeServices", "service"),
    *calls("ecs", "DescribeTaskDefinition"),
    *calls("ec2", "DescribeSubnets DescribeSecurityGroups"),
    *calls("elbv2", "DescribeTags", unseen="only where the service is behind a load balancer already"),
)
"""What `bascule adopt` reads (`bascule.live`); Terraform reads ADOPTED for it."""

SECRET = calls("ssm", "PutParameter", "secret", unseen="the sandbox's secret is there from the start")
"""`bascule secret create`."""

ROTATE = (
    *calls("ssm", "GetParameterHistory PutParameter", "secret"),
    *calls("cloudfront", "GetDistribution", "distribution"),
    *calls("elbv2", "DescribeRules"),
)
"""`bascule secret rotate`, beyond the plans and applies in it, which are of the rung reached; no part of the ladder:
`tests/e2e/test_rotation.py` compares."""

DRY_RUNS = tuple(call for call in MAKE if call.operation in ("CreateSecurityGroup", "AuthorizeSecurityGroupIngress"))
"""What the checks before an apply ask with DryRun (`bascule.simulation`); what they read: `bascule.inventory_calls`."""


def made(reached: Stage, stage: Stage, *, rollback: bool = False) -> Mapping[Side, tuple[Call, ...]]:
    """Every call of one step of the ladder: its plan, its gates, its apply. `rollback` is `bascule rollback`."""
    if rollback:
        return {"terraform": (*OPENING, *STATE, *ALONE, *ROUTE, *SAVE), "bascule": (*OPENING, *FENCE)}
    looked_for = UNRECORDED if reached is Stage.ADOPT else ()
    if stage is Stage.NONE:  # forgetting reads nothing but the state
        return {"terraform": (*OPENING, *STATE, *SAVE), "bascule": (*OPENING, *looked_for)}
    up = stage.at_least(reached)
    passed = [s for s in Stage if (reached.rung < s.rung <= stage.rung if up else stage.rung <= s.rung < reached.rung)]
    applied = [call for rung in passed for call in (UP if up else DOWN)[rung]]
    gates = (GATES_UP if up else GATES_DOWN).get(stage, ())
    return {
        "terraform": (*planned(reached, stage), *applied, *SAVE),
        "bascule": (*OPENING, *FENCE, *gates, *looked_for),
    }


def planned(reached: Stage, stage: Stage) -> tuple[Call, ...]:
    """What Terraform calls to plan a step: the state, what is in it, and what the configuration looks up."""
    looked_up = LOOKED_UP if stage.at_least(Stage.BUILD) else ()
    built = BUILT if reached.at_least(Stage.BUILD) else ()
    return (*OPENING, *STATE, *ADOPTED, *looked_up, *built)
