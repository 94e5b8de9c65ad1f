"""The ECS service, what runs in its tasks, and who else knows those."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from answered import (
    ALL_ALLOWED,
    OTHER_REVISION,
    REVISION,
    TASKS_GROUP,
    admits,
    amended,
    container,
    definition,
    denied,
    group,
    service,
    told,
)

from bascule.checks.permissions import ALLOWED, IMPLICIT_DENY, Decision, Permissions
from bascule.ladder import Stage

Case = tuple[str, str, tuple[str, ...], dict[str, Any]]

CONFIGURATION = "deploymentConfiguration"
DATABASE, CACHE = "sg-0da7aba5e", "sg-0cac4e000"


def deployments(*states: str) -> dict[str, Any]:
    """The service with deployments in these states."""
    listed = [
        {"status": "ACTIVE" if number else "PRIMARY", "rolloutState": state} for number, state in enumerate(states)
    ]
    return service("deployments", listed)


def percent(minimum: int, maximum: int, desired: int) -> dict[str, Any]:
    """The service with these percentages."""
    found = service(f"{CONFIGURATION}.minimumHealthyPercent", minimum)
    return {
        **found,
        CONFIGURATION: {**found[CONFIGURATION], "maximumPercent": maximum},
        "desiredCount": desired,
        "runningCount": desired,
    }


def linked(said: str, *missing: str) -> Permissions:
    """What IAM says of making Elastic Load Balancing's role."""
    arn = "arn:aws:iam::123456789012:role/aws-service-role/elasticloadbalancing.amazonaws.com/*"
    return replace(ALL_ALLOWED, decisions=(Decision("iam:CreateServiceLinkedRole", arn, Stage.BUILD, said, missing),))


SERVICE: dict[str, Case] = {
    "a service that runs": ("service-there", "pass", ("web/next in me-central-1 is ACTIVE",), {}),
    "no service": (
        "service-there",
        "fail",
        ("no active service web/next", "correct service.cluster"),
        {"service": None},
    ),
    "no cluster": ("service-there", "fail", ("no such cluster",), {"service": None, "cluster": None}),
    "a service that is being deleted": (
        "service-there",
        "fail",
        ("is DRAINING",),
        {"service": service("status", "DRAINING")},
    ),
    "a service that is not told of": (
        "service-there",
        "unknown",
        ("ecs:DescribeServices", "aws ecs describe-services --region me-central-1 --cluster web --services next"),
        {"service": denied("ecs:DescribeServices")},
    ),
    "another controller": (
        "deployment-controller",
        "fail",
        ("controller CODE_DEPLOY",),
        {"service": service("deploymentController.type", "CODE_DEPLOY")},
    ),
    "another strategy": (
        "deployment-controller",
        "fail",
        ("strategy BLUE_GREEN", "strategy=ROLLING"),
        {"service": service(f"{CONFIGURATION}.strategy", "BLUE_GREEN")},
    ),
    "a service from before there were strategies": (
        "deployment-controller",
        "pass",
        ("controller ECS, strategy ROLLING",),
        {"service": {k: v for k, v in service().items() if k not in ("deploymentController", CONFIGURATION)}},
    ),
    "no network of the tasks' own": (
        "network-mode",
        "fail",
        ("no awsvpcConfiguration",),
        {"service": service("networkConfiguration", {})},
    ),
    "bridge networking": (
        "network-mode",
        "fail",
        ("network mode bridge", "awsvpc"),
        {"task_definition": definition(mode="bridge")},
    ),
    "a definition that is not told of": (
        "network-mode",
        "unknown",
        ("ecs:DescribeTaskDefinition", f"--task-definition {REVISION}"),
        {"task_definition": denied("ecs:DescribeTaskDefinition")},
    ),
    "one that is finished": ("deployment-finished", "pass", ("1 deployment: PRIMARY COMPLETED",), {}),
    "one that goes on": (
        "deployment-finished",
        "fail",
        ("PRIMARY IN_PROGRESS, ACTIVE COMPLETED", "aws ecs wait services-stable"),
        {"service": deployments("IN_PROGRESS", "COMPLETED")},
    ),
    "one that failed": ("deployment-finished", "fail", ("PRIMARY FAILED",), {"service": deployments("FAILED")}),
    "two that are finished": (
        "deployment-finished",
        "fail",
        ("2 deployments",),
        {"service": deployments("COMPLETED", "COMPLETED")},
    ),
    "none": ("deployment-finished", "fail", ("0 deployments",), {"service": deployments()}),
    "the usual percentages": ("deployment-percent", "pass", ("2 to 4 tasks while 2 are wanted",), {}),
    "one task that may stop first": (
        "deployment-percent",
        "fail",
        ("0 to 2 tasks while 1 are wanted", "minimumHealthyPercent=100,maximumPercent=200"),
        {"service": percent(0, 200, 1)},
    ),
    "half of one task, which is one": ("deployment-percent", "pass", ("1 to 2",), {"service": percent(50, 200, 1)}),
    "half of four": (
        "deployment-percent",
        "warn",
        ("2 to 8 tasks", "fewer tasks for a while"),
        {"service": percent(50, 200, 4)},
    ),
    "no room for a task more": ("deployment-percent", "fail", ("2 to 2",), {"service": percent(100, 100, 2)}),
    "half a task more, which is none": ("deployment-percent", "fail", ("1 to 1",), {"service": percent(100, 150, 1)}),
    "half of two more, which is one": ("deployment-percent", "pass", ("2 to 3",), {"service": percent(100, 150, 2)}),
    "one task": (
        "desired-count",
        "warn",
        ("1 task wanted", "one zone", "--desired-count 2"),
        {"service": percent(100, 200, 1)},
    ),
    "no task": ("desired-count", "fail", ("0 tasks wanted", "no target"), {"service": percent(100, 200, 0)}),
    "fewer than wanted": (
        "desired-count",
        "warn",
        ("2 tasks wanted, 1 running",),
        {"service": service("runningCount", 1)},
    ),
    "autoscaling": (
        "autoscaling",
        "pass",
        ("autoscaling from 2 to 6 tasks",),
        {"scalable_targets": [{"MinCapacity": 2, "MaxCapacity": 6}]},
    ),
    "autoscaling that is not told of": (
        "autoscaling",
        "unknown",
        ("application-autoscaling:DescribeScalableTargets",),
        {"scalable_targets": denied("application-autoscaling:DescribeScalableTargets")},
    ),
    "no role of ECS": (
        "ecs-role",
        "fail",
        ("AWSServiceRoleForECS", "create-service-linked-role --aws-service-name ecs.amazonaws.com"),
        {"ecs_role": None},
    ),
    "a role that may not be seen": (
        "ecs-role",
        "unknown",
        ("iam:GetRole", "aws iam get-role --role-name AWSServiceRoleForECS"),
        {"ecs_role": denied("iam:GetRole")},
    ),
    "no role of Elastic Load Balancing, and nobody asked": (
        "load-balancing-role",
        "warn",
        ("if iam:CreateServiceLinkedRole is allowed", "elasticloadbalancing.amazonaws.com"),
        {"load_balancing_role": None, "permissions": None},
    ),
    "no role of Elastic Load Balancing, which may be made": (
        "load-balancing-role",
        "pass",
        ("and iam:CreateServiceLinkedRole is allowed",),
        {"load_balancing_role": None, "permissions": linked(ALLOWED)},
    ),
    "no role of Elastic Load Balancing, which may not be made": (
        "load-balancing-role",
        "fail",
        ("iam:CreateServiceLinkedRole is not allowed",),
        {"load_balancing_role": None, "permissions": linked(IMPLICIT_DENY)},
    ),
    "no role of Elastic Load Balancing, and IAM isn't sure": (
        "load-balancing-role",
        "warn",
        ("if iam:CreateServiceLinkedRole is allowed",),
        {"load_balancing_role": None, "permissions": linked(IMPLICIT_DENY, "iam:AWSServiceName")},
    ),
}

SIDECAR = container(name="proxy", environment=[])


def running(*containers: dict[str, Any]) -> dict[str, Any]:
    """Tasks of an older revision than the service names."""
    return {
        "tasks": [{"taskDefinitionArn": OTHER_REVISION}],
        "running_definitions": {OTHER_REVISION: definition(*containers, revision=2)},
    }


def with_environment(**values: str) -> dict[str, Any]:
    """The task definition whose container has this environment."""
    environment = [{"name": name, "value": value} for name, value in values.items()]
    return {"task_definition": definition(container(environment=environment))}


TASKS: dict[str, Case] = {
    "the container": ("container-port", "pass", ("next:3: web listens on 3000",), {}),
    "no container on that port": (
        "container-port",
        "fail",
        ("next:3: no container of any name listens on 3000 (web on 8080)", "correct service.container_port"),
        {"task_definition": definition(container(portMappings=[{"containerPort": 8080}]))},
    ),
    "two containers on it": (
        "container-port",
        "fail",
        ("more than one", "name service.container"),
        {"task_definition": definition(container(), SIDECAR)},
    ),
    "two containers on it, one of which is named": (
        "container-port",
        "pass",
        ("proxy listens",),
        {"task_definition": definition(container(), SIDECAR), "site": amended(service={"container": "proxy"})},
    ),
    "another revision that runs": (
        "container-port",
        "fail",
        ("next:2: no container",),
        running(container(portMappings=[])),
    ),
    "no task that runs": ("container-port", "pass", ("next:3",), {"tasks": []}),
    "a running revision that is not told of": (
        "container-port",
        "unknown",
        ("ecs:DescribeTaskDefinition", OTHER_REVISION),
        {
            "tasks": [{"taskDefinitionArn": OTHER_REVISION}],
            "running_definitions": {OTHER_REVISION: denied("ecs:DescribeTaskDefinition")},
        },
    ),
    "HOSTNAME": ("hostname", "pass", ("next:3 web: HOSTNAME is 0.0.0.0",), {}),
    "no HOSTNAME": (
        "hostname",
        "warn",
        ("no HOSTNAME", '{ name = "HOSTNAME", value = "0.0.0.0" }'),
        with_environment(),
    ),
    "another HOSTNAME": ("hostname", "fail", ("HOSTNAME is 127.0.0.1",), with_environment(HOSTNAME="127.0.0.1")),
    "HOSTNAME in the command": (
        "hostname",
        "pass",
        ("0.0.0.0",),
        {"task_definition": definition(container(environment=[], command=["next", "start", "-H", "0.0.0.0"]))},
    ),
    "HOSTNAME of a secret": (
        "hostname",
        "unknown",
        ("a secret",),
        {"task_definition": definition(container(environment=[], secrets=[{"name": "HOSTNAME", "valueFrom": "/x"}]))},
    ),
    "HOSTNAME in a running revision only": (
        "hostname",
        "warn",
        ("next:2 web: no HOSTNAME",),
        running(container(environment=[])),
    ),
    "no container to look at": (
        "hostname",
        "unknown",
        ("no container listens on 3000",),
        {"task_definition": definition(container(portMappings=[]))},
    ),
    "longer than the load balancer": ("keep-alive", "pass", ("KEEP_ALIVE_TIMEOUT is 65000 ms",), {}),
    "as long as the load balancer": (
        "keep-alive",
        "fail",
        ("KEEP_ALIVE_TIMEOUT is 60000 ms", "60000 ms", '"65000"'),
        with_environment(KEEP_ALIVE_TIMEOUT="60000"),
    ),
    "Node's default": (
        "keep-alive",
        "warn",
        ("Node's default is 5000 ms", "load_balancer.idle_timeout"),
        with_environment(),
    ),
    "Node's default, and a load balancer that is faster": (
        "keep-alive",
        "pass",
        ("4000 ms",),
        {**with_environment(), "site": amended(load_balancer={"idle_timeout": 4})},
    ),
    "no number": ("keep-alive", "fail", ("'65s', which is no number",), with_environment(KEEP_ALIVE_TIMEOUT="65s")),
    "an option of the command": (
        "keep-alive",
        "pass",
        ("70000",),
        {
            "task_definition": definition(
                container(environment=[], command=["sh", "-c", "next start --keepAliveTimeout=70000"])
            )
        },
    ),
    "an environment file": (
        "keep-alive",
        "unknown",
        ("an environment file",),
        {
            "task_definition": definition(
                container(environment=[], environmentFiles=[{"type": "s3", "value": "arn:aws:s3:::env/web.env"}])
            )
        },
    ),
}

OPEN = group(TASKS_GROUP, "tasks", admits(3000, cidr="0.0.0.0/0"))
ADMITTING = group(DATABASE, "database", admits(5432, source=TASKS_GROUP), admits(5433, source=TASKS_GROUP))
CACHING = group(CACHE, "cache", {"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": TASKS_GROUP}]})
TASKS_ALONE = group(TASKS_GROUP, "tasks")
KEEPING = amended(service={"keep_security_groups": (TASKS_GROUP,)})

GROUPS: dict[str, Case] = {
    "closed": ("tasks-reachable-past", "pass", (f"{TASKS_GROUP} (tasks): not open to the world on 3000",), {}),
    "open": (
        "tasks-reachable-past",
        "warn",
        (f"{TASKS_GROUP} (tasks) admits the world on 3000 until `attach`",),
        {"security_groups": [OPEN]},
    ),
    "open over IPv6": (
        "tasks-reachable-past",
        "warn",
        ("admits the world",),
        {"security_groups": [group(TASKS_GROUP, "tasks", admits(3000, cidr="::/0"))]},
    ),
    "open on every port": (
        "tasks-reachable-past",
        "warn",
        ("admits the world",),
        {"security_groups": [group(TASKS_GROUP, "tasks", {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]})]},
    ),
    "open on another port": (
        "tasks-reachable-past",
        "pass",
        (),
        {"security_groups": [group(TASKS_GROUP, "tasks", admits(22, cidr="0.0.0.0/0"))]},
    ),
    "open and kept": (
        "tasks-reachable-past",
        "warn",
        ("and stays", "take it out of service.keep_security_groups"),
        {"security_groups": [OPEN], "site": KEEPING},
    ),
    "nobody names it": ("security-group-references", "pass", (f"no other group names {TASKS_GROUP}",), {}),
    "a database and a cache name it": (
        "security-group-references",
        "fail",
        (
            f"{DATABASE} (database) admits {TASKS_GROUP} on tcp 5432, tcp 5433",
            f"{CACHE} (cache) admits {TASKS_GROUP} on every port",
            f'→ service.keep_security_groups = ["{TASKS_GROUP}"]',
        ),
        {"security_groups": [TASKS_ALONE, ADMITTING, CACHING]},
    ),
    "a database names it, and it is kept": (
        "security-group-references",
        "pass",
        (f"{TASKS_GROUP} stays (service.keep_security_groups)",),
        {"security_groups": [TASKS_ALONE, ADMITTING], "site": KEEPING},
    ),
    "a database names another group": (
        "security-group-references",
        "pass",
        (),
        {"security_groups": [TASKS_ALONE, group(DATABASE, "database", admits(5432, source=CACHE))]},
    ),
    "it names itself": (
        "security-group-references",
        "warn",
        (f"{TASKS_GROUP} admits its own members on tcp 5432", f'keep_security_groups = ["{TASKS_GROUP}"]'),
        {"security_groups": [group(TASKS_GROUP, "shared", admits(5432, source=TASKS_GROUP))]},
    ),
    "the VPC's default group": (
        "security-group-references",
        "fail",
        (f'service.keep_security_groups = ["{CACHE}"]',),
        {
            "service": service("networkConfiguration.awsvpcConfiguration.securityGroups", []),
            "security_groups": [group(CACHE, "default"), group(DATABASE, "database", admits(5432, source=CACHE))],
        },
    ),
    "groups that are not told of": (
        "security-group-references",
        "unknown",
        ("ec2:DescribeSecurityGroups",),
        {"security_groups": denied("ec2:DescribeSecurityGroups")},
    ),
}


@pytest.mark.parametrize(("id_", "outcome", "pieces", "case"), SERVICE.values(), ids=SERVICE)
def test_of_the_service(id_: str, outcome: str, pieces: tuple[str, ...], case: dict[str, Any]) -> None:
    """Whether its next deployment can go without a visitor noticing."""
    told(id_, outcome, *pieces, **case)


@pytest.mark.parametrize(("id_", "outcome", "pieces", "case"), TASKS.values(), ids=TASKS)
def test_of_the_tasks(id_: str, outcome: str, pieces: tuple[str, ...], case: dict[str, Any]) -> None:
    """What runs counts, not what the service names."""
    told(id_, outcome, *pieces, **case)


@pytest.mark.parametrize(("id_", "outcome", "pieces", "case"), GROUPS.values(), ids=GROUPS)
def test_of_the_security_groups(id_: str, outcome: str, pieces: tuple[str, ...], case: dict[str, Any]) -> None:
    """What the swap at `attach` closes, and what it would cut off, with the key that keeps it."""
    told(id_, outcome, *pieces, **case)
