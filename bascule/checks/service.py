"""The ECS service: whether its next deployment can go without a visitor noticing."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from bascule.checks.base import Case, Check, listed, number, unread
from bascule.inventory import Unread, network_of
from bascule.ladder import Stage
from bascule.outcomes import Result, UnansweredError, fail, passed, warn


def _there(case: Case) -> Result:
    where = f"{case.site.service.cluster}/{case.site.service.name} in {case.site.region}"
    service = case.maybe("service")
    remedy = f"correct service.cluster, service.name or region; `{case.look('service')}`"
    if service is None:
        cluster = case.inventory.cluster
        if isinstance(cluster, Unread):
            raise UnansweredError(unread(cluster, case.look("cluster")))
        return fail(f"no active service {where}" + ("" if cluster else ": there is no such cluster"), remedy)
    status = service.get("status", "ACTIVE")
    if status != "ACTIVE":
        return fail(f"service {where} is {status}", remedy)
    return passed(f"service {where} is {status}")


def _controller(case: Case) -> Result:
    controller = case.service.get("deploymentController", {}).get("type", "ECS")
    strategy = case.service.get("deploymentConfiguration", {}).get("strategy", "ROLLING")
    seen = f"controller {controller}, strategy {strategy}"
    if controller != "ECS":
        return fail(seen, "make a service with the controller ECS; a live one can't change its controller")
    if strategy != "ROLLING":
        return fail(
            seen,
            f"`aws ecs update-service --region {case.site.region} --cluster {case.site.service.cluster} "
            f"--service {case.site.service.name} --deployment-configuration strategy=ROLLING`",
        )
    return passed(seen)


def _network_mode(case: Case) -> Result:
    remedy = (
        'give the task definition networkMode "awsvpc": a target group of type ip needs an address of each task\'s own'
    )
    if not network_of(case.service):
        return fail("the service has no awsvpcConfiguration", remedy)
    mode = case.fact("task_definition").get("networkMode", "bridge")
    seen = f"network mode {mode}, {number(len(network_of(case.service).get('subnets') or ()), 'subnet')}"
    return passed(seen) if mode == "awsvpc" else fail(seen, remedy)


def _deployment(case: Case) -> Result:
    deployments = case.service.get("deployments") or []
    states = [f"{d.get('status')} {d.get('rolloutState', 'of unknown state')}" for d in deployments]
    seen = f"{number(len(deployments), 'deployment')}: {listed(states) or 'none'}"
    if [d.get("rolloutState") for d in deployments] == ["COMPLETED"]:
        return passed(seen)
    where = f"--region {case.site.region} --cluster {case.site.service.cluster} --services {case.site.service.name}"
    return fail(seen, f"wait for it: `aws ecs wait services-stable {where}`; where it doesn't end, look at its events")


def _percent(case: Case) -> Result:
    settings = case.service.get("deploymentConfiguration") or {}
    minimum, maximum = settings.get("minimumHealthyPercent", 100), settings.get("maximumPercent", 200)
    desired = max(case.service.get("desiredCount", 1), 1)
    # ECS rounds the fewest tasks up and the most down (ECS API, DeploymentConfiguration).
    fewest, most = math.ceil(desired * minimum / 100), desired * maximum // 100
    seen = f"minimum {minimum} %, maximum {maximum} %: {fewest} to {number(most, 'task')} while {desired} are wanted"
    remedy = (
        f"`aws ecs update-service --region {case.site.region} --cluster {case.site.service.cluster} --service "
        f"{case.site.service.name} --deployment-configuration minimumHealthyPercent=100,maximumPercent=200`"
    )
    if fewest < 1 or most <= desired:
        return fail(seen, remedy)
    if fewest < desired:
        return warn(f"{seen}: visitors have fewer tasks for a while", remedy)
    return passed(seen)


def _count(case: Case) -> Result:
    desired, running = case.service.get("desiredCount", 0), case.service.get("runningCount", 0)
    seen = f"{number(desired, 'task')} wanted, {running} running"
    remedy = (
        f"`aws ecs update-service --region {case.site.region} --cluster {case.site.service.cluster} "
        f"--service {case.site.service.name} --desired-count 2`"
    )
    if desired < 1:
        return fail(f"{seen}: the load balancer would have no target", remedy)
    if desired == 1:
        return warn(f"{seen}: one task is in one zone, and visitors depend on it", remedy)
    if running < desired:
        return warn(seen, "look at the service's events for why tasks don't start")
    return passed(seen)


def _scaling(case: Case) -> Result:
    targets = case.rows("scalable_targets")
    if not targets:
        return passed("no autoscaling: desired_count is what it is, and Terraform leaves it alone")
    return passed(
        listed(_range(target) for target in targets) + ": autoscaling sets desired_count, and Terraform leaves it alone"
    )


def _range(target: Mapping[str, Any]) -> str:
    return f"autoscaling from {target.get('MinCapacity')} to {target.get('MaxCapacity')} tasks"


def _ecs_role(case: Case) -> Result:
    role = case.maybe("ecs_role")
    if role is None:
        return fail(
            "no role AWSServiceRoleForECS in the account",
            "`aws iam create-service-linked-role --aws-service-name ecs.amazonaws.com`",
        )
    return passed(str(role.get("Arn")))


CREATE_ROLE = "iam:CreateServiceLinkedRole"


def _balancing_role(case: Case) -> Result:
    role = case.maybe("load_balancing_role")
    if role is not None:
        return passed(str(role.get("Arn")))
    seen = "no role AWSServiceRoleForElasticLoadBalancing yet: the first CreateLoadBalancer makes it"
    remedy = "`aws iam create-service-linked-role --aws-service-name elasticloadbalancing.amazonaws.com`"
    verdict = case.permissions.verdict(CREATE_ROLE, "elasticloadbalancing") if case.permissions else None
    if verdict is True:
        return passed(f"{seen}, and {CREATE_ROLE} is allowed")
    if verdict is False:
        return fail(f"{seen}, and {CREATE_ROLE} is not allowed", remedy)
    return warn(f"{seen} if {CREATE_ROLE} is allowed", remedy)


CHECKS = (
    Check(
        "service-there",
        "the ECS service is there and active",
        Stage.ADOPT,
        True,
        "It runs the application; without it nothing here can be adopted.",
        _there,
        waivable=False,
    ),
    Check(
        "deployment-controller",
        "ECS itself rolls the service's deployments",
        Stage.ADOPT,
        True,
        "Only a service with the controller ECS lets UpdateService change its load balancer; blue/green, linear and "
        "canary strategies ask for a second target group, which isn't there.",
        _controller,
        waivable=False,
    ),
    Check(
        "network-mode",
        "each task has an address of its own",
        Stage.ADOPT,
        True,
        "The target group holds addresses. With bridge or host networking tasks share their instance's.",
        _network_mode,
        waivable=False,
    ),
    Check(
        "deployment-finished",
        "the service has exactly one deployment, and that is completed",
        Stage.ATTACH,
        False,
        "The attach is a deployment. Beside another one, or after a failed one, nobody can tell which of them the "
        "tasks that run belong to. Once it is attached, the gate before the next rung looks at that; a failed attach "
        "is mended by applying it again.",
        _deployment,
    ),
    Check(
        "deployment-percent",
        "a deployment starts new tasks before it stops old ones",
        Stage.ATTACH,
        True,
        "The attach replaces every task. Where none has to run meanwhile, or no more than those that do, visitors get "
        "nothing for as long as the application starts, or the deployment never begins. Where some have to, but fewer "
        "than wanted, visitors get an answer and may wait for it: a warning.",
        _percent,
    ),
    Check(
        "desired-count",
        "more than one task is wanted",
        Stage.ATTACH,
        True,
        "One task is in one zone: its zone, its host and each of its crashes are the site's.",
        _count,
    ),
    Check(
        "autoscaling",
        "what sets the number of tasks is known",
        Stage.ATTACH,
        True,
        "A note: autoscaling keeps on working. Terraform ignores desired_count and the task definition.",
        _scaling,
    ),
    Check(
        "ecs-role",
        "ECS has its service-linked role",
        Stage.ATTACH,
        True,
        "ECS registers targets by it. Without it, UpdateService fails with « Unable to assume the service linked "
        "role ». Accounts that made their first cluster in the console have it.",
        _ecs_role,
    ),
    Check(
        "load-balancing-role",
        "Elastic Load Balancing has its service-linked role, or can make it",
        Stage.BUILD,
        False,
        "The account's first load balancer makes the role, by the permissions of whoever creates it.",
        _balancing_role,
    ),
)
