"""Where moto 5.2.5 is corrected towards AWS: ECS.

What a service does is in `bascule.sandbox.services`; here it is put behind the API.
"""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.ecs.models import EC2ContainerServiceBackend
from moto.ecs.responses import DESCRIBE_SERVICES_TAGS, EC2ContainerServiceResponse

from bascule.sandbox import answers, clock, services
from bascule.sandbox.corrections.instead import instead


def service_starts_its_tasks() -> None:
    """CreateService fills in ECS's defaults, checks network and target groups, and starts tasks.

    moto starts none and never reaches a steady state by itself (ecs/models.py, Service; MOTO_ECS_SERVICE_RUNNING only
    sets a number).
    """

    @instead(EC2ContainerServiceResponse, "create_service")
    def create_service(self: Any) -> ActionResult:
        request = dict(self._get_params())
        live = services.create(self.current_account, self.region, request, clock.now())
        return ActionResult({"service": _described(services.register(live))})


def service_update_rolls_out() -> None:
    """UpdateService starts a deployment if tasks have to change, and refuses what ECS refuses.

    moto sets the attributes, without a deployment, tasks, or a look at the target group.
    """

    @instead(EC2ContainerServiceResponse, "update_service")
    def update_service(self: Any) -> ActionResult:
        request = dict(self._get_params())
        service = self.ecs_backend._get_service(request.get("cluster", "default"), request["service"].split("/")[-1])
        services.update(service.live, request, services.settle_all(self.current_account, self.region))
        services.settle_all(self.current_account, self.region)
        return ActionResult({"service": _described(service)})


def service_is_described_in_full() -> None:
    """DescribeServices answers deployments as they stand, percentages, circuit breaker, zone rebalancing, role.

    moto leaves these out, so that adopting a service reads "1 to change".
    """
    EC2ContainerServiceResponse.RESPONSE_KEY_PATH_TO_TRANSFORMER.pop(DESCRIBE_SERVICES_TAGS, None)

    @instead(EC2ContainerServiceResponse, "describe_services")
    def describe_services(self: Any) -> ActionResult:
        services.settle_all(self.current_account, self.region)
        cluster, names = self._get_param("cluster", "default"), self._get_param("services", [])
        found, failures = self.ecs_backend.describe_services(cluster, names)
        with_tags = "TAGS" in self._get_param("include", [])
        described = [_described(one) | ({"tags": one.tags} if with_tags else {}) for one in found]
        return ActionResult({"services": described, "failures": failures})


def service_takes_its_tasks_along() -> None:
    """DeleteService stops the tasks, so that their security groups can be deleted; moto has no tasks to stop."""
    original: Any = EC2ContainerServiceBackend.delete_service

    @instead(EC2ContainerServiceBackend, "delete_service")
    def delete_service(self: Any, cluster_name: str, service_name: str, force: bool) -> Any:
        service = self._get_service(cluster_name, service_name.split("/")[-1])
        service.desired_count = service.live.config.get("desiredCount", 0)
        original(self, cluster_name, service.name, force)
        services.stop(service.live, clock.now())
        return service

    @instead(EC2ContainerServiceResponse, "delete_service")
    def answer(self: Any) -> ActionResult:
        cluster, name = self._get_param("cluster", "default"), self._get_param("service")
        return ActionResult(
            {"service": _described(self.ecs_backend.delete_service(cluster, name, self._get_param("force")))}
        )


def _described(service: Any) -> dict[str, Any]:
    return answers.described(service.live, service.status)


def cluster_counts_services_and_tasks() -> None:
    """DescribeClusters answers activeServicesCount and runningTasksCount; moto's stay at 0 for services."""
    original: Any = EC2ContainerServiceResponse.describe_clusters

    @instead(EC2ContainerServiceResponse, "describe_clusters")
    def describe_clusters(self: Any) -> ActionResult:
        services.settle_all(self.current_account, self.region)
        result: ActionResult = original(self)
        return result


def tasks_of_services_are_listed() -> None:
    """ListTasks and DescribeTasks know the tasks of services, with network interface and container.

    moto knows only those that RunTask started (its list_tasks: "We can't filter on service_name until the backend
    actually launches tasks").
    """
    original_list: Any = EC2ContainerServiceResponse.list_tasks
    original_describe: Any = EC2ContainerServiceResponse.describe_tasks

    def tasks_in(self: Any, cluster: str) -> list[dict[str, Any]]:
        services.settle_all(self.current_account, self.region)
        here = services.running(self.current_account, self.region)
        name = cluster.split("/")[-1]
        return [task for service in here if service.cluster == name for task in answers.described_tasks(service)]

    @instead(EC2ContainerServiceResponse, "list_tasks")
    def list_tasks(self: Any) -> ActionResult:
        tasks = tasks_in(self, self._get_param("cluster", "default"))
        service, family = self._get_param("serviceName"), self._get_param("family")
        if service:
            tasks = [task for task in tasks if task["group"] == f"service:{service.split('/')[-1]}"]
        if family:
            tasks = [task for task in tasks if task["taskDefinitionArn"].split("/")[-1].startswith(f"{family}:")]
        if self._get_param("desiredStatus", "RUNNING") != "RUNNING":
            tasks = []
        alone = [] if service else original_list(self).result["taskArns"]
        return ActionResult({"taskArns": [task["taskArn"] for task in tasks] + alone})

    @instead(EC2ContainerServiceResponse, "describe_tasks")
    def describe_tasks(self: Any) -> ActionResult:
        wanted = {name.split("/")[-1] for name in self._get_param("tasks", [])}
        tasks = tasks_in(self, self._get_param("cluster", "default"))
        tasks = [task for task in tasks if task["taskArn"].split("/")[-1] in wanted]
        result = original_describe(self).result
        return ActionResult({**result, "tasks": tasks + list(result["tasks"])})


CORRECTIONS = (
    service_starts_its_tasks,
    service_update_rolls_out,
    service_is_described_in_full,
    service_takes_its_tasks_along,
    cluster_counts_services_and_tasks,
    tasks_of_services_are_listed,
)
