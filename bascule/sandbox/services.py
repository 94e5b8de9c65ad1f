"""ECS services that run: tasks with addresses, deployments that roll, targets that become healthy.

What a service looks like is a function of when its tasks started and of the switches: nothing runs in the
background, `settle` brings everything up to date before each answer. Times are in seconds and short, so that
a client sees each state that AWS shows without waiting for it as long as AWS makes it wait.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import ip_network
from typing import Any

from moto.core.exceptions import ServiceException
from moto.ec2.models import ec2_backends
from moto.ecs.models import ecs_backends
from moto.elbv2.models import elbv2_backends
from moto.moto_api._internal import mock_random

from bascule.sandbox import clock, targets
from bascule.sandbox.switches import SWITCHES

Config = dict[str, Any]

STARTING = 0.5
"""Seconds from a task's launch until it is RUNNING and registered in its target groups."""
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
    is_running: bool = False


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


class Refused(ServiceException):
    """`Refused(code, message)`: the error that AWS answers. (moto finds the service by the module of its own class.)"""


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
    config["taskDefinition"] = task_definition(service, request["taskDefinition"]).arn
    _check_network(service, config)
    _check_load_balancers(service, config)
    if not config["loadBalancers"] and "healthCheckGracePeriodSeconds" in request:
        raise _grace_period_refusal()
    _default_grace_period(service)
    _deploy(service, created)
    return service


def register(service: Service) -> Any:
    """Make the service known to moto, which keeps its name, status and tags; returns moto's own object for it."""
    config = service.config
    holder: Any = ecs_backends[service.account][service.region].create_service(
        service.cluster,
        service.name,
        0,
        config["taskDefinition"],
        tags=config.get("tags"),
        launch_type=config.get("launchType"),
    )
    holder.live = service
    return holder


def update(service: Service, request: Config, now: float) -> None:
    """What UpdateService does: a new deployment if the request asks for one, else a change in place."""
    given = {key: value for key, value in request.items() if key not in ("cluster", "service") and value is not None}
    force = given.pop("forceNewDeployment", False)
    if "taskDefinition" in given:
        given["taskDefinition"] = task_definition(service, given["taskDefinition"]).arn
    after = service.config | given
    if "networkConfiguration" in given:
        _check_network(service, after)
    if "loadBalancers" in given or "taskDefinition" in given:
        _check_load_balancers(service, after)
    if "healthCheckGracePeriodSeconds" in given and not (after["loadBalancers"] and service.config["loadBalancers"]):
        raise _grace_period_refusal()
    if "deploymentConfiguration" in given:
        before = service.config["deploymentConfiguration"]
        given["deploymentConfiguration"] = _deployment_configuration(before, given["deploymentConfiguration"])
    rolls = force or any(key in given and given[key] != service.config.get(key) for key in TRIGGERS)
    service.config |= given
    _default_grace_period(service)
    if rolls:
        _deploy(service, now)


def stop(service: Service, now: float) -> None:
    """Take every task down, as DeleteService does."""
    service.config["desiredCount"] = 0
    for deployment in service.deployments:
        for task in list(deployment.tasks):
            _stop_task(service, deployment, task, now)


def settle(service: Service, now: float) -> None:
    """Bring tasks, targets and deployments to where they are at `now`."""
    primary = service.deployments[0]
    _scale(service, primary, now)
    stuck = service.name in SWITCHES.never_steady and primary.rollout != "COMPLETED"
    for task in primary.tasks:
        if not task.is_running and not stuck and now - task.started >= STARTING:
            task.is_running = True
            for target_group in _target_groups(service, primary):
                targets.register(target_group, task.network_interface.private_ip_address, task.started + STARTING)
    steady = not stuck and all(_is_healthy(service, primary, task, now) for task in primary.tasks)
    if primary.rollout == "IN_PROGRESS":
        _roll(service, primary, steady, now)


def _roll(service: Service, primary: Deployment, steady: bool, now: float) -> None:
    if steady:
        for old in service.deployments[1:]:
            for task in list(old.tasks):
                _stop_task(service, old, task, now)
        service.deployments = [primary]
        service.completed = primary.revision
        primary.rollout, primary.updated = "COMPLETED", now
        _say(service, "has reached a steady state.", now)
        return
    since = primary.created + STARTING + targets.REGISTERING
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
    """A new primary; with `keep` (a rollback) it takes over what still runs of the revision that it returns to."""
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
        _stop_task(service, deployment, deployment.tasks[-1], now)
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


def _stop_task(service: Service, deployment: Deployment, task: Task, now: float) -> None:
    deployment.tasks.remove(task)
    address = task.network_interface.private_ip_address
    for target_group in _target_groups(service, deployment):
        targets.drain(target_group, address, now)
    ec2_backends[service.account][service.region].enis.pop(task.network_interface.id, None)


def _is_healthy(service: Service, deployment: Deployment, task: Task, now: float) -> bool:
    interface = task.network_interface
    for target_group in _target_groups(service, deployment):
        target = target_group.targets.get(interface.private_ip_address)
        if target is None or targets.state(target_group, target, service.name, interface, now)[0] != "healthy":
            return False
    return task.is_running


def target_state(target_group: Any, target: Config, now: float) -> tuple[str, str | None]:
    """`targets.state` of a target, whichever service's task it is."""
    for service in running(target_group.account_id, target_group.region_name):
        for task in tasks_of(service):
            if task.network_interface.private_ip_address == target["Id"]:
                return targets.state(target_group, target, service.name, task.network_interface, now)
    return targets.state(target_group, target, "", None, now)


def tasks_of(service: Service) -> list[Task]:
    """The tasks of all its deployments."""
    return [task for deployment in service.deployments for task in deployment.tasks]


def running(account: str, region: str) -> Iterator[Service]:
    """Every service of the account and region that isn't deleted."""
    for holder in ecs_backends[account][region].services.values():
        if holder.status == "ACTIVE":
            yield holder.live  # type: ignore[attr-defined]


def settle_all(account: str, region: str) -> float:
    """Settle every service and return the time at which that was."""
    now = clock.now()
    ecs = ecs_backends[account][region]
    for cluster in ecs.clusters.values():
        live = [service for service in running(account, region) if service.cluster == cluster.name]
        for service in live:
            settle(service, now)
        tasks = [task for service in live for task in tasks_of(service)]
        cluster.active_services_count = len(live)
        cluster.running_tasks_count = sum(task.is_running for task in tasks)
        cluster.pending_tasks_count = len(tasks) - cluster.running_tasks_count
    targets.forget_drained(account, region, now)
    return now


def task_definition(service: Service, name: str) -> Any:
    """moto's task definition of that name or ARN."""
    return ecs_backends[service.account][service.region].describe_task_definition(name)


def _target_groups(service: Service, deployment: Deployment) -> list[Any]:
    known = elbv2_backends[service.account][service.region].target_groups
    balancers = deployment.revision.get("loadBalancers", [])
    return [known[balancer["targetGroupArn"]] for balancer in balancers if balancer["targetGroupArn"] in known]


def _grace_period_refusal() -> Refused:
    # Judged against the load balancers that the service has before the call as well, so it can't travel with them:
    # https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/1313
    message = "Health check grace period is only valid for services configured to use load balancers"
    return Refused("InvalidParameterException", message)


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
    event = {
        "id": str(mock_random.uuid4()),
        "createdAt": datetime.fromtimestamp(now, UTC),
        "message": f"(service {service.name}) {what}",
    }
    service.events.insert(0, event)


def _check_network(service: Service, config: Config) -> None:
    network = config.get("networkConfiguration", {}).get("awsvpcConfiguration")
    if network is None:
        message = "Network Configuration must be provided when networkMode 'awsvpc' is specified."
        raise Refused("InvalidParameterException", message)
    ec2 = ec2_backends[service.account][service.region]
    known = {subnet for zone in ec2.subnets.values() for subnet in zone}
    for subnet in network["subnets"]:
        if subnet not in known:
            message = f"Error retrieving subnet information for [{subnet}]: (ErrorCode: InvalidSubnetID.NotFound)"
            raise Refused("InvalidParameterException", message)
    for group in network.get("securityGroups", []):
        if ec2.get_security_group_from_id(group) is None:
            message = f"Error retrieving security group information for [{group}]: (ErrorCode: InvalidGroup.NotFound)"
            raise Refused("InvalidParameterException", message)


def _check_load_balancers(service: Service, config: Config) -> None:
    elbv2 = elbv2_backends[service.account][service.region]
    containers = task_definition(service, config["taskDefinition"]).container_definitions
    for balancer in config["loadBalancers"]:
        arn = balancer["targetGroupArn"]
        if arn not in elbv2.target_groups:
            raise Refused("InvalidParameterException", f"Unable to describe target group {arn}.")
        if not elbv2._any_listener_using(arn):
            message = f"The target group with targetGroupArn {arn} does not have an associated load balancer."
            raise Refused("InvalidParameterException", message)
        name, port = balancer["containerName"], balancer["containerPort"]
        container = next((one for one in containers if one["name"] == name), None)
        if container is None:
            raise Refused("InvalidParameterException", f"The container {name} does not exist in the task definition.")
        if port not in [mapping["containerPort"] for mapping in container["portMappings"]]:
            message = f"The container {name} did not have a container port {port} defined."
            raise Refused("InvalidParameterException", message)
