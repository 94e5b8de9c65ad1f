"""ECS services that run: tasks with addresses, deployments that roll, targets that become healthy.

What a service looks like is a function of when its tasks started and of the switches: nothing runs in the
background, `settle` brings everything up to date before each answer. Times are in seconds and short, so that
a client sees each state that AWS shows without waiting for it as long as AWS makes it wait.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import ip_network
from typing import Any

from moto.core.exceptions import ServiceException
from moto.ec2 import ec2_backends
from moto.ecs import ecs_backends
from moto.elbv2 import elbv2_backends
from moto.moto_api._internal import mock_random

from bascule.sandbox.switches import SWITCHES

Config = dict[str, Any]

STARTING = 0.5
"""Seconds from a task's launch until it is RUNNING and registered in its target groups."""
REGISTERING = 1.0
"""Seconds from registration until the target is healthy; before that it is `initial`."""
FAILING = 1.0
"""Seconds after which a task that can't come up counts as failed."""
BREAKER = 3
"""Failed tasks that trip the circuit breaker; AWS: half the desired count, but at least 3."""

TRIGGERS = (
    "taskDefinition",
    "networkConfiguration",
    "platformVersion",
    "loadBalancers",
    "serviceRegistries",
    "serviceConnectConfiguration",
    "volumeConfigurations",
)
"""Members of UpdateService that start a deployment (API reference); the others change the service in place."""


@dataclass
class Task:
    id: str
    started: float
    network_interface: Any
    settled: bool = False
    """True once it is RUNNING, and for as long as it runs."""


@dataclass
class Deployment:
    id: str
    revision: Config
    """The service's TRIGGERS as this deployment has them."""
    created: float
    rollout: str = "IN_PROGRESS"
    failed: int = 0
    updated: float = 0.0
    tasks: list[Task] = field(default_factory=list)


@dataclass
class Service:
    account: str
    region: str
    cluster: str
    name: str
    config: Config
    """CreateService's request with ECS's defaults filled in, changed by every UpdateService since."""
    created: float
    deployments: list[Deployment] = field(default_factory=list)
    """The first is PRIMARY, the others ACTIVE: their tasks run until the primary is steady."""
    completed: Config = field(default_factory=dict)
    """The revision of the last deployment that completed: where a circuit breaker goes back to."""
    events: list[Config] = field(default_factory=list)
    launched: int = 0

    @property
    def arn(self) -> str:
        return f"arn:aws:ecs:{self.region}:{self.account}:service/{self.cluster}/{self.name}"


def refuse(code: str, message: str) -> ServiceException:
    """The error that AWS answers, to be raised."""
    return ServiceException(code, message)


def create(account: str, region: str, request: Config, created: float) -> Service:
    """A service without tasks yet, with the defaults that CreateService fills in."""
    config = {
        "schedulingStrategy": "REPLICA",
        "deploymentController": {"type": "ECS"},
        "platformVersion": "LATEST",
        "loadBalancers": [],
        "serviceRegistries": [],
        "placementConstraints": [],
        "placementStrategy": [],
        "availabilityZoneRebalancing": "ENABLED",
        "enableECSManagedTags": False,
        "enableExecuteCommand": False,
        "propagateTags": "NONE",
        **request,
        "deploymentConfiguration": _deployment_configuration({}, request.get("deploymentConfiguration", {})),
    }
    cluster = str(request.get("cluster", "default")).split("/")[-1]
    service = Service(account, region, cluster, request["serviceName"], config, created)
    config["taskDefinition"] = _task_definition(service, request["taskDefinition"]).arn
    _check_load_balancers(service, config["loadBalancers"])
    if not config["loadBalancers"] and "healthCheckGracePeriodSeconds" in request:
        raise _grace_period_refusal()
    _default_grace_period(service)
    _deploy(service, created)
    return service


def update(service: Service, request: Config, now: float) -> None:
    """What UpdateService does: a new deployment if the request asks for one, else a change in place."""
    given = {key: value for key, value in request.items() if key not in ("cluster", "service") and value is not None}
    force = given.pop("forceNewDeployment", False)
    if "loadBalancers" in given:
        _check_load_balancers(service, given["loadBalancers"])
    after = given.get("loadBalancers", service.config["loadBalancers"])
    if "healthCheckGracePeriodSeconds" in given and not (after and service.config["loadBalancers"]):
        raise _grace_period_refusal()
    if "taskDefinition" in given:
        given["taskDefinition"] = _task_definition(service, given["taskDefinition"]).arn
    if "deploymentConfiguration" in given:
        before = service.config["deploymentConfiguration"]
        given["deploymentConfiguration"] = _deployment_configuration(before, given["deploymentConfiguration"])
    rolls = force or any(key in given and given[key] != service.config.get(key) for key in TRIGGERS)
    service.config |= given
    _default_grace_period(service)
    if rolls:
        _deploy(service, now)


def stop(service: Service) -> None:
    """Take every task down, as DeleteService does."""
    service.config["desiredCount"] = 0
    for deployment in service.deployments:
        for task in list(deployment.tasks):
            _stop_task(service, deployment, task)


def settle(service: Service, now: float) -> None:
    """Bring tasks, targets and deployments to where they are at `now`."""
    primary = service.deployments[0]
    _scale(service, primary, now)
    stuck = service.name in SWITCHES.never_steady and primary.rollout != "COMPLETED"
    for task in primary.tasks:
        if not task.settled and not stuck and now - task.started >= STARTING:
            task.settled = True
            for target_group in _target_groups(service, primary):
                target_group.register([{"Id": task.network_interface.private_ip_address}])
    steady = not stuck and all(_is_healthy(service, primary, task, now) for task in primary.tasks)
    if primary.rollout == "IN_PROGRESS":
        _roll(service, primary, steady, now)


def _roll(service: Service, primary: Deployment, steady: bool, now: float) -> None:
    if steady:
        for old in service.deployments[1:]:
            for task in list(old.tasks):
                _stop_task(service, old, task)
        service.deployments = [primary]
        service.completed = primary.revision
        primary.rollout, primary.updated = "COMPLETED", now
        _say(service, "has reached a steady state.", now)
        return
    since = primary.created + STARTING + REGISTERING
    primary.failed = max(primary.failed, int((now - since) / FAILING))
    breaker = service.config["deploymentConfiguration"]["deploymentCircuitBreaker"]
    if breaker["enable"] and primary.failed >= BREAKER:
        primary.rollout, primary.updated = "FAILED", now
        _say(service, f"(deployment {primary.id}) deployment failed: tasks failed to start.", now)
        if breaker["rollback"] and service.completed:
            _say(service, f"rolling back to deployment {service.deployments[-1].id}.", now)
            service.config |= service.completed
            _default_grace_period(service)
            _deploy(service, now, keep=True)


def _deploy(service: Service, now: float, *, keep: bool = False) -> None:
    """A new primary; with `keep` (a rollback) it takes over the tasks that still run from the revision it returns to."""
    revision = {key: service.config[key] for key in TRIGGERS if key in service.config}
    deployment = Deployment(f"ecs-svc/{mock_random.randint(10**18, 10**19 - 1)}", revision, now, updated=now)
    if keep:
        returned = next((old for old in service.deployments[1:] if old.revision == revision), None)
        if returned:
            deployment.tasks, returned.tasks = returned.tasks, []
    service.deployments.insert(0, deployment)


def _scale(service: Service, deployment: Deployment, now: float) -> None:
    wanted = service.config.get("desiredCount", 0) if deployment.rollout != "FAILED" else 0
    while len(deployment.tasks) > wanted:
        _stop_task(service, deployment, deployment.tasks[-1])
    while len(deployment.tasks) < wanted:
        deployment.tasks.append(_launch(service, now))


def _launch(service: Service, now: float) -> Task:
    service.launched += 1
    network = service.config["networkConfiguration"]["awsvpcConfiguration"]
    ec2 = ec2_backends[service.account][service.region]
    subnet = ec2.get_subnet(network["subnets"][(service.launched - 1) % len(network["subnets"])])
    host = 16 + service.launched
    interface = ec2.create_network_interface(
        subnet,
        str(ip_network(subnet.cidr_block)[host]),
        group_ids=network.get("securityGroups"),
        description=f"arn:aws:ecs:{service.region}:{service.account}:attachment/{mock_random.uuid4()}",
    )
    interface.status = "in-use"
    if network.get("assignPublicIp") == "ENABLED":
        interface.public_ip = f"203.0.113.{host % 256}"  # TEST-NET-3, RFC 5737: nobody's address
    return Task(mock_random.get_random_hex(32), now, interface)


def _stop_task(service: Service, deployment: Deployment, task: Task) -> None:
    deployment.tasks.remove(task)
    address = task.network_interface.private_ip_address
    for target_group in _target_groups(service, deployment):
        if address in target_group.targets:
            target_group.deregister([{"Id": address}])
    ec2_backends[service.account][service.region].enis.pop(task.network_interface.id, None)


def target_state(account: str, region: str, target_group: Any, address: str, now: float) -> tuple[str, str | None]:
    """State and reason code of a registered target, as DescribeTargetHealth names them."""
    if not target_group.load_balancer_arns:
        return "unused", "Target.NotInUse"
    found = next(
        (
            (service, task)
            for service in running(account, region)
            for deployment in service.deployments
            for task in deployment.tasks
            if task.network_interface.private_ip_address == address
        ),
        None,
    )
    if found is None:
        return "unhealthy", "Target.Timeout"
    service, task = found
    if now - task.started < STARTING + REGISTERING:
        return "initial", "Elb.RegistrationInProgress"
    if service.name in SWITCHES.unhealthy:
        return "unhealthy", "Target.FailedHealthChecks"
    if not _admitted(account, region, target_group, task.network_interface):
        return "unhealthy", "Target.Timeout"
    return "healthy", None


def _is_healthy(service: Service, deployment: Deployment, task: Task, now: float) -> bool:
    address = task.network_interface.private_ip_address
    return task.settled and all(
        target_state(service.account, service.region, target_group, address, now)[0] == "healthy"
        for target_group in _target_groups(service, deployment)
    )


def _admitted(account: str, region: str, target_group: Any, interface: Any) -> bool:
    """Whether security groups let each load balancer of the target group reach the task's port."""
    ec2 = ec2_backends[account][region]
    port = int(target_group.port)
    balancers = elbv2_backends[account][region].load_balancers
    for arn in target_group.load_balancer_arns:
        if arn not in balancers:
            continue
        sources = [ec2.get_security_group_from_id(group) for group in balancers[arn].security_groups]
        leaves = any(
            _rule_admits(rule, port, interface.group_set) for group in sources if group for rule in group.egress_rules
        )
        enters = any(_rule_admits(rule, port, sources) for group in interface.group_set for rule in group.ingress_rules)
        if not (leaves and enters):
            return False
    return True


def _rule_admits(rule: Any, port: int, peers: list[Any]) -> bool:
    in_range = rule.ip_protocol == "-1" or (rule.from_port or 0) <= port <= (rule.to_port or 0)
    group = (rule.source_group or {}).get("GroupId")
    return in_range and (rule.cidr_ipv4 is not None or group in {peer.id for peer in peers if peer})


def running(account: str, region: str) -> Iterator[Service]:
    """Every service of the account and region that isn't deleted."""
    for service in ecs_backends[account][region].services.values():
        if service.status == "ACTIVE":
            yield service.live


def settle_all(account: str, region: str) -> float:
    """Settle every service and return the time at which that was."""
    now = time.time()
    for service in running(account, region):
        settle(service, now)
    return now


def described(service: Service, status: str, tags: list[Config]) -> Config:
    """The service as DescribeServices answers it; `tags` are shown where the caller asked for them."""
    config = service.config
    tasks = [task for deployment in service.deployments for task in deployment.tasks]
    role = f"arn:aws:iam::{service.account}:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS"
    return {
        **{key: value for key, value in config.items() if key not in ("cluster", "role", "clientToken", "tags")},
        "serviceArn": service.arn,
        "clusterArn": f"arn:aws:ecs:{service.region}:{service.account}:cluster/{service.cluster}",
        "status": status,
        "runningCount": sum(task.settled for task in tasks),
        "pendingCount": sum(not task.settled for task in tasks),
        "platformFamily": "Linux",
        "deployments": [_described_deployment(service, deployment) for deployment in service.deployments],
        "roleArn": role,
        "events": service.events,
        "createdAt": _time(service.created),
        "createdBy": f"arn:aws:iam::{service.account}:user/sandbox",
        "tags": tags,
    }


def _described_deployment(service: Service, deployment: Deployment) -> Config:
    settled = sum(task.settled for task in deployment.tasks)
    progress = {"IN_PROGRESS": "in progress", "COMPLETED": "completed", "FAILED": "failed: tasks failed to start"}
    return {
        "id": deployment.id,
        "status": "PRIMARY" if deployment is service.deployments[0] else "ACTIVE",
        "taskDefinition": deployment.revision["taskDefinition"],
        "desiredCount": service.config.get("desiredCount", 0) if deployment is service.deployments[0] else 0,
        "pendingCount": len(deployment.tasks) - settled,
        "runningCount": settled,
        "failedTasks": deployment.failed,
        "createdAt": _time(deployment.created),
        "updatedAt": _time(deployment.updated),
        "launchType": service.config.get("launchType"),
        "platformVersion": "1.4.0",
        "platformFamily": "Linux",
        "networkConfiguration": deployment.revision.get("networkConfiguration"),
        "rolloutState": deployment.rollout,
        "rolloutStateReason": f"ECS deployment {deployment.id} {progress[deployment.rollout]}.",
    }


def described_tasks(service: Service) -> Iterator[Config]:
    """The service's tasks as DescribeTasks answers them."""
    for deployment in service.deployments:
        for task in deployment.tasks:
            yield _described_task(service, deployment, task)


def _described_task(service: Service, deployment: Deployment, task: Task) -> Config:
    definition = _task_definition(service, deployment.revision["taskDefinition"])
    interface = task.network_interface
    status = "RUNNING" if task.settled else "PENDING"
    arn = f"arn:aws:ecs:{service.region}:{service.account}:task/{service.cluster}/{task.id}"
    return {
        "taskArn": arn,
        "clusterArn": f"arn:aws:ecs:{service.region}:{service.account}:cluster/{service.cluster}",
        "taskDefinitionArn": definition.arn,
        "group": f"service:{service.name}",
        "startedBy": deployment.id,
        "availabilityZone": interface.availability_zone,
        "desiredStatus": "RUNNING",
        "lastStatus": status,
        "launchType": service.config.get("launchType"),
        "cpu": definition.cpu,
        "memory": definition.memory,
        "platformVersion": "1.4.0",
        "platformFamily": "Linux",
        "connectivity": "CONNECTED",
        "createdAt": _time(task.started),
        "startedAt": _time(task.started + STARTING) if task.settled else None,
        "overrides": {"containerOverrides": []},
        "containers": [
            {
                "name": container["name"],
                "image": container["image"],
                "taskArn": arn,
                "lastStatus": status,
                "networkInterfaces": [{"privateIpv4Address": interface.private_ip_address}],
                "healthStatus": "UNKNOWN",
            }
            for container in definition.container_definitions
        ],
        "attachments": [
            {
                "id": interface.description.split("/")[-1],
                "type": "ElasticNetworkInterface",
                "status": "ATTACHED",
                "details": [
                    {"name": "subnetId", "value": interface.subnet.id},
                    {"name": "networkInterfaceId", "value": interface.id},
                    {"name": "macAddress", "value": interface.mac_address},
                    {"name": "privateIPv4Address", "value": interface.private_ip_address},
                ],
            }
        ],
    }


def _task_definition(service: Service, name: str) -> Any:
    return ecs_backends[service.account][service.region].describe_task_definition(name)


def _target_groups(service: Service, deployment: Deployment) -> list[Any]:
    known = elbv2_backends[service.account][service.region].target_groups
    balancers = deployment.revision.get("loadBalancers", [])
    return [known[balancer["targetGroupArn"]] for balancer in balancers if balancer["targetGroupArn"] in known]


def _check_load_balancers(service: Service, balancers: list[Config]) -> None:
    elbv2 = elbv2_backends[service.account][service.region]
    containers = _task_definition(service, service.config["taskDefinition"]).container_definitions
    for balancer in balancers:
        arn = balancer["targetGroupArn"]
        if arn not in elbv2.target_groups:
            raise refuse("InvalidParameterException", f"Unable to describe target group {arn}.")
        if not elbv2._any_listener_using(arn):
            message = f"The target group with targetGroupArn {arn} does not have an associated load balancer."
            raise refuse("InvalidParameterException", message)
        name, port = balancer["containerName"], balancer["containerPort"]
        container = next((one for one in containers if one["name"] == name), None)
        if container is None:
            raise refuse("InvalidParameterException", f"The container {name} does not exist in the task definition.")
        if port not in [mapping["containerPort"] for mapping in container["portMappings"]]:
            message = f"The container {name} did not have a container port {port} defined."
            raise refuse("InvalidParameterException", message)


def _grace_period_refusal() -> ServiceException:
    # Judged against the load balancers that the service has before the call as well, so it can't travel with them:
    # https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/1313
    message = "Health check grace period is only valid for services configured to use load balancers"
    return refuse("InvalidParameterException", message)


def _default_grace_period(service: Service) -> None:
    """ECS answers 0 for a service with a load balancer and leaves the member out for one without."""
    if service.config["loadBalancers"]:
        service.config.setdefault("healthCheckGracePeriodSeconds", 0)
    else:
        service.config.pop("healthCheckGracePeriodSeconds", None)


def _deployment_configuration(before: Config, given: Config) -> Config:
    breaker = {"enable": False, "rollback": False} | before.get("deploymentCircuitBreaker", {})
    defaults = {"maximumPercent": 200, "minimumHealthyPercent": 100, "strategy": "ROLLING", "bakeTimeInMinutes": 0}
    result = defaults | before | given
    result["deploymentCircuitBreaker"] = breaker | given.get("deploymentCircuitBreaker", {})
    return result


def _say(service: Service, what: str, now: float) -> None:
    event = {"id": str(mock_random.uuid4()), "createdAt": _time(now), "message": f"(service {service.name}) {what}"}
    service.events.insert(0, event)


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
