"""Which of the three ways are open, which one is recommended, and what there is to do then."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import answered
import audited
import pytest
from audited import SERVICE, balancer, read

from bascule.audit.options import options, recommended
from bascule.formats import Language
from bascule.inventory import Inventory, Unread
from bascule.language import say_in

OPEN, CLOSED, UNSURE = "feasible", "not feasible", "unknown"
DENIED = Unread("x:Y", "AccessDenied: refused")


def service(path: str, new: Any) -> dict[str, Any]:
    """What DescribeServices answers of a service that differs in one thing."""
    return {"services": [answered.service(path, new) | audited.RUNNING]}


def subnets(*free: int) -> dict[str, Any]:
    """What DescribeSubnets answers of subnets with so many free addresses, each in a zone of its own."""
    return {"Subnets": [answered.subnet(z, AvailableIpAddressCount=f) for z, f in zip("ab", free, strict=True)]}


def alb(**more: Any) -> dict[str, Any]:
    """What DescribeLoadBalancers answers of one."""
    return {"LoadBalancers": [balancer(**more)]}


def rules(count: int) -> dict[str, Any]:
    """What DescribeRules answers of so many rules."""
    return {"Rules": [{"RuleArn": f"arn:{number}", "Priority": str(number)} for number in range(1, count + 1)]}


NO_ALB = {"DescribeLoadBalancers": {"LoadBalancers": []}}
PRIVATE = {"DescribeRouteTables": {"RouteTables": []}}

CASES: Mapping[str, tuple[Callable[[], Inventory], tuple[str, str], str | None, tuple[str, ...]]] = {
    "all is open": (read, (OPEN, OPEN), "create-alb", ("shared: internet-facing, listeners HTTPS:443",)),
    "no ALB": (
        lambda: read(**NO_ALB),
        (CLOSED, OPEN),
        "create-alb",
        ("there is no Application Load Balancer in the service's VPC",),
    ),
    "an ALB of another VPC": (
        lambda: read(DescribeLoadBalancers=alb(VpcId="vpc-other")),
        (CLOSED, OPEN),
        "create-alb",
        (),
    ),
    "a network load balancer": (
        lambda: read(DescribeLoadBalancers=alb(Type="network")),
        (CLOSED, OPEN),
        "create-alb",
        (),
    ),
    "an internal ALB": (
        lambda: read(DescribeLoadBalancers=alb(Scheme="internal")),
        (CLOSED, OPEN),
        "create-alb",
        ("shared is internal: CloudFront can't reach it as a plain origin",),
    ),
    "an ALB that is being made": (
        lambda: read(DescribeLoadBalancers=alb(State={"Code": "provisioning"})),
        (CLOSED, OPEN),
        "create-alb",
        ("shared is provisioning, not active",),
    ),
    "an ALB without listeners": (
        lambda: read(DescribeListeners={"Listeners": []}),
        (CLOSED, OPEN),
        "create-alb",
        ("shared has no listener on port 80 or 443",),
    ),
    "an ALB that is full": (
        lambda: read(DescribeRules=rules(100)),
        (CLOSED, OPEN),
        "create-alb",
        ("shared has 100 rules, which is its quota",),
    ),
    "an ALB that is almost full": (lambda: read(DescribeRules=rules(99)), (OPEN, OPEN), "create-alb", ()),
    "an ALB whose listeners can't be read": (
        lambda: read(("elbv2", "DescribeListeners")),
        (UNSURE, OPEN),
        "create-alb",
        ("elasticloadbalancing:DescribeListeners is refused to this role",),
    ),
    "an ALB whose rules can't be read": (
        lambda: read(("elbv2", "DescribeRules")),
        (UNSURE, OPEN),
        "create-alb",
        ("elasticloadbalancing:DescribeRules is refused to this role",),
    ),
    "an ALB that is open, one that is not": (
        lambda: read(DescribeLoadBalancers={"LoadBalancers": [balancer(), balancer("inside", Scheme="internal")]}),
        (OPEN, OPEN),
        "create-alb",
        (),
    ),
    "no public subnet": (
        lambda: read(**PRIVATE, **NO_ALB),
        (CLOSED, CLOSED),
        None,
        ("an ALB needs public subnets with 8 free addresses in two zones; the service has none",),
    ),
    "no public subnet, but an ALB": (lambda: read(**PRIVATE), (OPEN, CLOSED), "existing-alb", ()),
    "public subnets, but not the service's": (
        lambda: read(
            DescribeServices=service("networkConfiguration.awsvpcConfiguration.subnets", ["subnet-000private"])
        ),
        (OPEN, OPEN),
        "create-alb",
        ("in other subnets of the VPC than the service's, which are public: subnet-0000000a and subnet-0000000b",),
    ),
    "one zone": (
        lambda: read(DescribeSubnets={"Subnets": [answered.subnet("a")]}, **NO_ALB),
        (CLOSED, CLOSED),
        None,
        ("the service has them in me-central-1a alone",),
    ),
    "a subnet that is almost full": (
        lambda: read(DescribeSubnets=subnets(4091, 7), **NO_ALB),
        (CLOSED, CLOSED),
        None,
        ("the service has them in me-central-1a alone",),
    ),
    "subnets with just enough room": (lambda: read(DescribeSubnets=subnets(8, 8)), (OPEN, OPEN), "create-alb", ()),
    "routes that can't be read": (
        lambda: read(("ec2", "DescribeRouteTables")),
        (OPEN, UNSURE),
        "existing-alb",
        ("ec2:DescribeRouteTables is refused to this role",),
    ),
    "a region whose quota is used up": (
        lambda: read(DescribeAccountLimits={"Limits": [{"Name": "application-load-balancers", "Max": "1"}]}),
        (OPEN, CLOSED),
        "existing-alb",
        ("the region has 1 ALBs, which is its quota",),
    ),
    "a quota that can't be read": (
        lambda: read(("elbv2", "DescribeAccountLimits"), **NO_ALB),
        (CLOSED, UNSURE),
        "create-alb",
        ("elasticloadbalancing:DescribeAccountLimits is refused to this role",),
    ),
    "CODE_DEPLOY": (
        lambda: read(DescribeServices=service("deploymentController", {"type": "CODE_DEPLOY"})),
        (CLOSED, CLOSED),
        None,
        ("the service's deployment controller is CODE_DEPLOY, which doesn't let its load balancer change",),
    ),
    "another port": (
        lambda: read(
            DescribeTaskDefinition={
                "taskDefinition": answered.definition(
                    answered.container(image="next", portMappings=[{"containerPort": 8080}])
                )
            }
        ),
        (CLOSED, CLOSED),
        None,
        ("container web doesn't listen on the site file's port, but on 8080",),
    ),
    "no port": (
        lambda: read(
            DescribeTaskDefinition={
                "taskDefinition": answered.definition(answered.container(image="next", portMappings=[]))
            }
        ),
        (CLOSED, CLOSED),
        None,
        ("but on no port",),
    ),
    "a task definition that can't be read": (
        lambda: read(("ecs", "DescribeTaskDefinition")),
        (UNSURE, UNSURE),
        "create-alb",
        ("ecs:DescribeTaskDefinition is refused to this role",),
    ),
    "no task definition": (
        lambda: read(DescribeServices={"services": [{k: v for k, v in SERVICE.items() if k != "taskDefinition"}]}),
        (CLOSED, CLOSED),
        None,
        ("the service has no task definition",),
    ),
    "no service": (
        lambda: read(DescribeServices={"services": []}, ListTasks={"taskArns": []}),
        (CLOSED, CLOSED),
        None,
        ("the ECS service of the site file isn't there",),
    ),
    "a service that can't be read": (
        lambda: read(("ecs", "DescribeServices")),
        (UNSURE, UNSURE),
        "create-alb",
        ("ecs:DescribeServices is refused to this role",),
    ),
    "no distribution": (
        lambda: replace(read(), distribution=None),
        (CLOSED, CLOSED),
        None,
        ("the distribution of the site file isn't there",),
    ),
    "a distribution that can't be read": (
        lambda: replace(read(), distribution=DENIED),
        (UNSURE, UNSURE),
        "create-alb",
        ("x:Y is refused to this role",),
    ),
}


@pytest.mark.parametrize(("make", "verdicts", "wanted", "reasons"), CASES.values(), ids=CASES)
def test_a_verdict_has_its_reason(
    make: Callable[[], Inventory], verdicts: tuple[str, str], wanted: str | None, reasons: tuple[str, ...]
) -> None:
    """Of an existing ALB and a new one; and what follows is what is recommended."""
    found = options(audited.audit(make()).facts)
    said = [say_in(Language.EN)(reason) for option in found for reason in option.reasons]
    assert verdicts == tuple(str(option.verdict) for option in found[:2])
    assert [] == [reason for reason in reasons if not any(reason in one for one in said)], said
    recommendation = recommended(found)
    assert wanted == (recommendation.strategy if recommendation else None)


@pytest.mark.parametrize("make", [case[0] for case in CASES.values()], ids=CASES)
def test_no_reason_is_said_twice_and_none_is_missing(make: Callable[[], Inventory]) -> None:
    """Every verdict says why."""
    for option in options(audited.audit(make()).facts):
        assert option.reasons
        assert [] == [one for number, one in enumerate(option.reasons) if one in option.reasons[:number]]


@pytest.mark.parametrize(
    ("changed", "verdict", "reason"),
    [
        ({}, UNSURE, "whether the application can be exported"),
        ({"bucket": None}, CLOSED, "the bucket of the site file isn't there"),
        ({"distribution": None}, CLOSED, "the distribution of the site file isn't there"),
        ({"bucket": DENIED}, UNSURE, "x:Y is refused to this role"),
    ],
)
def test_a_static_export_is_never_known_to_be_possible(changed: dict[str, Any], verdict: str, reason: str) -> None:
    """No account shows what the application is made of."""
    (_, _, static) = options(audited.audit(replace(read(), **changed)).facts)
    assert verdict == static.verdict
    assert any(say_in(Language.EN)(one).startswith(reason) for one in static.reasons)


def steps(found: Inventory) -> str:
    """What there is to do."""
    shown = audited.rendered(audited.audit(found), Language.EN)
    return shown.partition("Actions required\n")[2].partition("\n\nWhat")[0].partition("\n\nNotes")[0]


def test_a_new_alb_is_bascule_s_to_make() -> None:
    """Rung by rung, with the way back."""
    told = steps(read())
    order = [
        "preflight",
        "policy",
        "adopt",
        "secret create",
        '"connect"',
        '"serve"',
        "invalidate",
        "verify",
        "curl",
        "rollback",
    ]
    assert order == sorted(order, key=told.index)


def test_a_secret_that_is_there_is_not_made_again() -> None:
    """It would be another one."""
    there = {"Parameters": answered.GOOD["secret"]}
    assert "secret create" not in steps(read(DescribeParameters=there))


def test_an_existing_alb_is_a_move_by_hand() -> None:
    """With the ids of this account; the rule comes after those that are there."""
    told = steps(read(**PRIVATE))
    assert "bascule doesn't make this move itself yet" in told
    for piece in (
        "create-target-group --name example --target-type ip --protocol HTTP --port 3000 --vpc-id vpc-0a7d41c5",
        f"create-rule --listener-arn {audited.LISTENER} --priority 11",
        "Values=example.com,www.example.com",
        "update-service --cluster web --service next --load-balancers "
        "targetGroupArn=$TARGET_GROUP,containerName=web,containerPort=3000",
        "Add shared-1.me-central-1.elb.amazonaws.com as an origin",
        "update-distribution --id E1EXAMPLE0SITE --if-match $ETAG",
    ):
        assert piece in told


def test_an_export_is_never_begun_for_anybody() -> None:
    """It would overwrite what the bucket serves today, which may be a mistake in the site file away."""
    told = steps(read(**PRIVATE, **NO_ALB))
    assert "1. Check what stands in the way\n       bascule preflight" in told
    assert "s3 sync" not in told


def test_what_is_not_settled_has_no_commands() -> None:
    """But the one that says what is in the way."""
    for found in (replace(read(), distribution=None), read(("elbv2", "DescribeListeners"), **PRIVATE)):
        assert "1. Check what stands in the way\n       bascule preflight" in steps(found)


def test_public_subnets_that_are_not_the_service_s_have_to_be_named() -> None:
    """Else the ALB would be put where the service is."""
    private = service("networkConfiguration.awsvpcConfiguration.subnets", ["subnet-000private"])
    named = '# sites/example.toml: load_balancer.subnets = ["subnet-0000000a", "subnet-0000000b"]'
    assert named in steps(read(DescribeServices=private))
    assert "load_balancer.subnets" not in steps(read())
