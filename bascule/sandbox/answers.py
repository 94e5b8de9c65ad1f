"""Services and tasks as ECS answers them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from bascule.sandbox.services import STARTING, Config, Deployment, Service, Task, task_definition, tasks_of


def described(service: Service, status: str) -> Config:
    """The service as DescribeServices answers it, without its tags."""
    config = service.config
    tasks = tasks_of(service)
    role = f"arn:aws:iam::{service.account}:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS"
    return {
        **{key: value for key, value in config.items() if key not in ("cluster", "role", "clientToken", "tags")},
        "serviceArn": service.arn,
        "clusterArn": f"arn:aws:ecs:{service.region}:{service.account}:cluster/{service.cluster}",
        "status": status,
        "runningCount": sum(task.is_running for task in tasks),
        "pendingCount": sum(not task.is_running for task in tasks),
        "platformFamily": "Linux",
        "deployments": [_described_deployment(service, deployment) for deployment in service.deployments],
        "roleArn": role,
        "events": service.events,
        "createdAt": _time(service.created),
        "createdBy": f"arn:aws:iam::{service.account}:user/sandbox",
    }


def _described_deployment(service: Service, deployment: Deployment) -> Config:
    settled = sum(task.is_running for task in deployment.tasks)
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
    definition = task_definition(service, deployment.revision["taskDefinition"])
    interface = task.network_interface
    status = "RUNNING" if task.is_running else "PENDING"
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
        "startedAt": _time(task.started + STARTING) if task.is_running else None,
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


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
