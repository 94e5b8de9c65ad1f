"""Every place where moto 5.2.5 is corrected towards AWS: one function per deviation, applied once by the server.

Each docstring says what AWS does, what moto does, and where that is known from. `tests/sandbox` holds a test
for each, so that a moto release that changes one of them is noticed.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from moto.cloudfront import models as cloudfront
from moto.cloudfront import responses as cloudfront_responses
from moto.cloudfront import urls as cloudfront_urls
from moto.core.responses import ActionResult
from moto.ec2 import ec2_backends
from moto.ec2.exceptions import DependencyViolationError
from moto.ec2.models import security_groups
from moto.ecs import models as ecs
from moto.ecs import responses as ecs_responses
from moto.elbv2 import elbv2_backends
from moto.elbv2 import models as elbv2
from moto.elbv2 import responses as elbv2_responses
from moto.elbv2.exceptions import ELBClientError

from bascule.sandbox import cloudfront as rules
from bascule.sandbox import managed_policies, services
from bascule.sandbox.services import refuse
from bascule.sandbox.switches import SWITCHES

DEPLOYING = 1.0
"""Seconds for which an updated distribution is InProgress; AWS takes minutes."""


def apply() -> None:
    """Correct moto in this process."""
    for correct in CORRECTIONS:
        correct()


class _KeptConfig(dict[str, Any]):
    """A DistributionConfig that moto's own code can read by attribute, as it does with its model."""

    def __getattr__(self, name: str) -> Any:
        key = {"caller_reference": "CallerReference"}.get(name, name)
        try:
            return self[key]
        except KeyError:
            raise AttributeError(name) from None


def _kept(config: dict[str, Any]) -> _KeptConfig:
    complete = rules.complete(config)
    if refusal := rules.refusal(complete):
        raise refuse(*refusal)
    return _KeptConfig(complete)


def distribution_keeps_what_it_is_given() -> None:
    """GetDistributionConfig answers what UpdateDistribution was given, with every default filled in.

    moto's model drops what it doesn't know (origin access control, function associations, origin groups' and
    newer members), answers ForwardedValues beside a cache policy and `CloudFrontDefaultCertificate: true` beside
    an ACM certificate (cloudfront/models.py, DefaultCacheBehaviour and ViewerCertificate), so that importing it
    reads as a change. It also accepts what CloudFront refuses: `bascule.sandbox.cloudfront.refusal`.
    """
    cloudfront.DistributionConfig = _kept
    cloudfront.DISTRIBUTION_CONFIG_FIELDS.append("Staging")


def distribution_checks_if_match() -> None:
    """UpdateDistribution and DeleteDistribution answer 412 to an outdated If-Match; every update has a new ETag.

    API reference: PreconditionFailed, HTTP 412. moto takes any value and keeps the ETag for ever. AWS also sets
    LastModifiedTime; moto answers a fixed date of 2021.
    """
    original = cloudfront.CloudFrontBackend.update_distribution

    def update_distribution(self: Any, dist_config: dict[str, Any], _id: str, if_match: str) -> Any:
        distribution = self.distributions.get(_id)
        if distribution and if_match:
            _check_if_match(distribution, if_match)
        _, location, _ = original(self, dist_config, _id, if_match)
        distribution.etag = cloudfront.random_id(length=14)
        distribution.modified = time.time()
        distribution.last_modified_time = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(distribution.modified))
        return distribution, location, distribution.etag

    cloudfront.CloudFrontBackend.update_distribution = update_distribution


def distribution_is_in_progress_after_an_update() -> None:
    """Status is InProgress after an update and then Deployed.

    moto's state machine says Deployed at the first look. Here the answer to the update itself says InProgress, and
    so does everything during the next second, or for as long as a switch holds it there.
    """

    def status(self: Any) -> str:
        modified = getattr(self, "modified", 0.0)
        held = SWITCHES.distributions_in_progress and modified
        return "InProgress" if held or time.time() - modified < DEPLOYING else "Deployed"

    cloudfront.Distribution.status = property(status, lambda self, value: None)


def distribution_is_disabled_before_it_is_deleted() -> None:
    """DeleteDistribution refuses an enabled distribution: DistributionNotDisabled (API reference). moto deletes it."""
    original = cloudfront.CloudFrontBackend.delete_distribution

    def delete_distribution(self: Any, distribution_id: str, if_match: str) -> None:
        distribution = self.distributions.get(distribution_id)
        if distribution and if_match:
            _check_if_match(distribution, if_match)
            if distribution.distribution_config["Enabled"]:
                message = "The distribution you are trying to delete has not been disabled."
                raise refuse("DistributionNotDisabled", message)
        original(self, distribution_id, if_match)

    cloudfront.CloudFrontBackend.delete_distribution = delete_distribution


def _check_if_match(distribution: Any, if_match: str) -> None:
    if if_match != distribution.etag:
        message = "The request failed because it didn't meet the preconditions in one or more request-header fields."
        raise refuse("PreconditionFailed", message)


def managed_policies_can_be_read() -> None:
    """AWS's managed cache, origin request and response headers policies exist in every account. moto has no such API."""
    response = cloudfront_responses.CloudFrontResponse
    for kind in managed_policies.KINDS:
        setattr(response, f"get_{kind.snake}", _get_policy(kind))
        setattr(response, f"list_{kind.snake_plural}", _list_policies(kind))
        for path in (f"{kind.path}$", f"{kind.path}/(?P<policy_id>[^/]+)$"):
            cloudfront_urls.url_paths["{0}/2020-05-31/" + path] = response.dispatch


def _get_policy(kind: managed_policies.Kind) -> Callable[[Any], ActionResult]:
    def get(self: Any) -> ActionResult:
        policy = next((one for one in kind.policies if one["Id"] == self._get_param("Id")), None)
        if policy is None:
            raise refuse(f"NoSuch{kind.name}", f"The {kind.path.replace('-', ' ')} does not exist.")
        return ActionResult({kind.name: policy, "ETag": managed_policies.ETAG})

    return get


def _list_policies(kind: managed_policies.Kind) -> Callable[[Any], ActionResult]:
    def list_(self: Any) -> ActionResult:
        policies = kind.policies if self._get_param("Type") != "custom" else []
        items = [{"Type": "managed", kind.name: policy} for policy in policies]
        return ActionResult({f"{kind.name}List": {"MaxItems": 100, "Quantity": len(items), "Items": items}})

    return list_


def services_run_their_tasks() -> None:
    """Create-, Update-, Delete- and DescribeServices behave as `bascule.sandbox.services` describes.

    moto starts no tasks, never reaches a steady state by itself, changes load balancers without a deployment and
    without checking them, and answers no deployment percentages, circuit breaker, zone rebalancing, role or grace
    period (ecs/models.py, class Service): adopting such a service reads "1 to change".
    """
    response = ecs_responses.EC2ContainerServiceResponse
    original_create = ecs.EC2ContainerServiceBackend.create_service
    original_delete = ecs.EC2ContainerServiceBackend.delete_service

    def create_service(self: Any) -> ActionResult:
        request = dict(self._get_params())
        live = services.create(self.current_account, self.region, request, time.time())
        service = original_create(
            self.ecs_backend,
            live.cluster,
            live.name,
            0,
            live.config["taskDefinition"],
            tags=request.get("tags"),
            launch_type=request.get("launchType"),
        )
        service.live = live
        return ActionResult({"service": _described(service)})

    def update_service(self: Any) -> ActionResult:
        request = dict(self._get_params())
        service = self.ecs_backend._get_service(request.get("cluster", "default"), request["service"].split("/")[-1])
        services.update(service.live, request, services.settle_all(self.current_account, self.region))
        services.settle_all(self.current_account, self.region)
        return ActionResult({"service": _described(service)})

    def delete_service(self: Any, cluster_name: str, service_name: str, force: bool) -> Any:
        service = self._get_service(cluster_name, service_name.split("/")[-1])
        service.desired_count = service.live.config.get("desiredCount", 0)
        original_delete(self, cluster_name, service.name, force)
        services.stop(service.live)
        return service

    def delete_service_response(self: Any) -> ActionResult:
        cluster, name = self._get_param("cluster", "default"), self._get_param("service")
        return ActionResult(
            {"service": _described(delete_service(self.ecs_backend, cluster, name, self._get_param("force", False)))}
        )

    def describe_services(self: Any) -> ActionResult:
        services.settle_all(self.current_account, self.region)
        cluster, names = self._get_param("cluster", "default"), self._get_param("services", [])
        found, failures = self.ecs_backend.describe_services(cluster, names)
        with_tags = "TAGS" in self._get_param("include", [])
        return ActionResult({"services": [_described(one, with_tags) for one in found], "failures": failures})

    response.create_service = create_service
    response.update_service = update_service
    response.delete_service = delete_service_response
    response.describe_services = describe_services
    response.RESPONSE_KEY_PATH_TO_TRANSFORMER.pop(ecs_responses.DESCRIBE_SERVICES_TAGS, None)


def _described(service: Any, with_tags: bool = False) -> dict[str, Any]:
    answer = services.described(service.live, service.status, service.tags if with_tags else [])
    return answer if with_tags else {key: value for key, value in answer.items() if key != "tags"}


def tasks_of_services_are_listed() -> None:
    """ListTasks and DescribeTasks know the tasks of services, with network interface and container.

    moto knows only tasks that RunTask started (its list_tasks says so: "We can't filter on service_name until the
    backend actually launches tasks").
    """
    response = ecs_responses.EC2ContainerServiceResponse
    original_list, original_describe = response.list_tasks, response.describe_tasks

    def tasks_in(self: Any, cluster: str) -> list[dict[str, Any]]:
        services.settle_all(self.current_account, self.region)
        here = services.running(self.current_account, self.region)
        name = cluster.split("/")[-1]
        return [task for service in here if service.cluster == name for task in services.described_tasks(service)]

    def list_tasks(self: Any) -> ActionResult:
        tasks = tasks_in(self, self._get_param("cluster", "default"))
        if service := self._get_param("serviceName"):
            tasks = [task for task in tasks if task["group"] == f"service:{service.split('/')[-1]}"]
        if family := self._get_param("family"):
            tasks = [task for task in tasks if task["taskDefinitionArn"].split("/")[-1].startswith(f"{family}:")]
        if self._get_param("desiredStatus", "RUNNING") != "RUNNING":
            tasks = []
        alone = [] if service else original_list(self).result["taskArns"]
        return ActionResult({"taskArns": [task["taskArn"] for task in tasks] + alone})

    def describe_tasks(self: Any) -> ActionResult:
        wanted = {name.split("/")[-1] for name in self._get_param("tasks", [])}
        tasks = tasks_in(self, self._get_param("cluster", "default"))
        tasks = [task for task in tasks if task["taskArn"].split("/")[-1] in wanted]
        result = original_describe(self).result
        return ActionResult({**result, "tasks": tasks + list(result["tasks"])})

    response.list_tasks, response.describe_tasks = list_tasks, describe_tasks


def target_health_follows_the_tasks() -> None:
    """DescribeTargetHealth: `initial`, then `healthy` where the load balancer reaches the task, `unhealthy` where not.

    moto calls every registered target healthy at once. Here the security groups on the way decide as well, because
    that is what fails in practice (an ALB group without egress to the task's port).
    """

    def describe_target_health(self: Any) -> ActionResult:
        now = services.settle_all(self.current_account, self.region)
        arn = self._get_param("TargetGroupArn")
        group = self.elbv2_backend.target_groups.get(arn)
        if group is None:
            raise elbv2.TargetGroupNotFoundError()
        wanted = {target["Id"] for target in self._get_param("Targets", [])}
        health = [
            _health(group, target, services.target_state(self.current_account, self.region, group, target["Id"], now))
            for target in group.targets.values()
            if not wanted or target["Id"] in wanted
        ]
        return ActionResult({"TargetHealthDescriptions": health})

    elbv2_responses.ELBV2Response.describe_target_health = describe_target_health


def _health(group: Any, target: dict[str, Any], state: tuple[str, str | None]) -> dict[str, Any]:
    descriptions = {
        "Elb.RegistrationInProgress": "Target registration is in progress",
        "Target.FailedHealthChecks": "Health checks failed with these codes: [503]",
        "Target.Timeout": "Request timed out",
        "Target.NotInUse": "Target group is not configured to receive traffic from the load balancer",
    }
    name, reason = state
    return {
        "Target": {"Id": target["Id"], "Port": int(target["Port"])},
        "HealthCheckPort": str(target["Port"]),
        "TargetHealth": {"State": name, "Reason": reason, "Description": descriptions.get(reason or "")},
    }


def load_balancer_with_deletion_protection_stays() -> None:
    """DeleteLoadBalancer refuses while deletion protection is on: OperationNotPermitted (API reference).

    moto deletes it (elbv2/models.py, delete_load_balancer). AWS also frees the target groups that it used.
    """
    original = elbv2.ELBv2Backend.delete_load_balancer

    def delete_load_balancer(self: Any, arn: str) -> None:
        balancer = self.load_balancers.get(arn)
        if balancer and str(balancer.attrs.get("deletion_protection.enabled")).lower() == "true":
            message = f"Load balancer '{arn}' cannot be deleted because deletion protection is enabled"
            raise ELBClientError("OperationNotPermitted", message)
        original(self, arn)
        for group in self.target_groups.values():
            group.load_balancer_arns = [one for one in group.load_balancer_arns if one != arn]

    elbv2.ELBv2Backend.delete_load_balancer = delete_load_balancer


def security_group_in_use_stays() -> None:
    """DeleteSecurityGroup refuses a group that a network interface, a load balancer or another group's rule uses.

    API reference: DependencyViolation. moto deletes it ("TODO this should raise an error", ec2 responses).
    """
    original = security_groups.SecurityGroupBackend._delete_security_group

    def _delete_security_group(self: Any, vpc_id: str | None, group_id: str) -> None:
        interfaces = any(group_id in {group.id for group in eni.group_set} for eni in self.enis.values())
        balancers = elbv2_backends[self.account_id][self.region_name].load_balancers.values()
        balanced = any(group_id in balancer.security_groups for balancer in balancers)
        others = (group for groups in self.groups.values() for group in groups.values() if group.id != group_id)
        referenced = any(
            (rule.source_group or {}).get("GroupId") == group_id
            for group in others
            for rule in (*group.ingress_rules, *group.egress_rules)
        )
        if interfaces or balanced or referenced:
            raise DependencyViolationError(f"resource {group_id} has a dependent object")
        original(self, vpc_id, group_id)

    security_groups.SecurityGroupBackend._delete_security_group = _delete_security_group


def prefix_list_rule_keeps_its_description() -> None:
    """DescribeSecurityGroupRules answers the description that a rule was authorized with, whatever its source.

    moto keeps it for CIDR ranges only (ec2/models/security_groups.py, SecurityGroupRule.description), so that the
    plan after creating a prefix-list or group rule with a description isn't empty.
    """
    original = security_groups.SecurityGroupRule.__init__

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        source_group, prefix_list = (*args[6:8], None, None)[:2]
        source = source_group or prefix_list or kwargs.get("source_group") or kwargs.get("prefix_list_id") or {}
        if source.get("Description"):
            self.ip_range = {**self.ip_range, "Description": source["Description"]}

    security_groups.SecurityGroupRule.__init__ = __init__


CORRECTIONS = (
    distribution_keeps_what_it_is_given,
    distribution_checks_if_match,
    distribution_is_in_progress_after_an_update,
    distribution_is_disabled_before_it_is_deleted,
    managed_policies_can_be_read,
    services_run_their_tasks,
    tasks_of_services_are_listed,
    target_health_follows_the_tasks,
    load_balancer_with_deletion_protection_stays,
    security_group_in_use_stays,
    prefix_list_rule_keeps_its_description,
)
