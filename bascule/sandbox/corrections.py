"""Every place where moto 5.2.5 is corrected towards AWS: one function per deviation, applied once by the server.

Each docstring says what AWS does, what moto does, and where that is known from. `tests/sandbox` holds a test for
each, so that a moto release that changes one of them is noticed.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

from moto.cloudfront import models as cloudfront
from moto.cloudfront.responses import CloudFrontResponse
from moto.cloudfront.urls import url_paths as cloudfront_paths
from moto.core.responses import ActionResult, BaseResponse
from moto.ec2.exceptions import DependencyViolationError, RulesPerSecurityGroupLimitExceededError
from moto.ec2.models import ec2_backends
from moto.ec2.models.security_groups import SecurityGroupBackend, SecurityGroupRule
from moto.ecs.models import EC2ContainerServiceBackend
from moto.ecs.responses import DESCRIBE_SERVICES_TAGS, EC2ContainerServiceResponse
from moto.elbv2.exceptions import DuplicateListenerError, ELBClientError, TargetGroupNotFoundError
from moto.elbv2.models import ELBv2Backend, FakeTargetGroup, elbv2_backends
from moto.elbv2.responses import ELBV2Response
from moto.iam.models import SERVICE_NAME_CONVERSION
from moto.iam.responses import IamResponse

from bascule.sandbox import answers, clock, corrections_inventory, managed_policies, services
from bascule.sandbox import cloudfront as rules
from bascule.sandbox.principals import policies_of
from bascule.sandbox.services import Refused
from bascule.sandbox.simulation import simulated

DEPLOYING = 1.0
"""Seconds for which an updated distribution and a new invalidation are InProgress; AWS takes minutes."""

RULES_PER_GROUP = 60
"""AWS's default quota of inbound rules in a security group, L-0EA8095F."""

ORIGIN_FACING = "com.amazonaws.global.cloudfront.origin-facing"


def apply() -> None:
    """Correct moto in this process."""
    for correct in (*CORRECTIONS, *corrections_inventory.CORRECTIONS):
        correct()


def _instead(owner: Any, name: str) -> Callable[[Any], Any]:
    """Puts what it decorates in the place of moto's `owner.name`; AttributeError if moto has no such name any more."""
    getattr(owner, name)

    def replace(by: Any) -> Any:
        setattr(owner, name, by)
        return by

    return replace


# CloudFront


class _KeptConfig(dict[str, Any]):
    """A DistributionConfig that moto's own code can read by attribute, as it does with its model."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self["CallerReference" if name == "caller_reference" else name]
        except KeyError:
            raise AttributeError(name) from None


def distribution_keeps_what_it_is_given() -> None:
    """GetDistributionConfig answers what UpdateDistribution was given, with every default filled in.

    moto's model drops what it doesn't know (origin access control, function associations, newer members), answers
    ForwardedValues beside a cache policy and `CloudFrontDefaultCertificate: true` beside an ACM certificate
    (cloudfront/models.py, DefaultCacheBehaviour and ViewerCertificate), so that importing it reads as a change. It
    also accepts what CloudFront refuses: `bascule.sandbox.cloudfront.refusal`.
    """
    cloudfront.DISTRIBUTION_CONFIG_FIELDS.append("Staging")

    @_instead(cloudfront, "DistributionConfig")
    def kept(config: dict[str, Any]) -> _KeptConfig:
        complete = rules.complete(config)
        if refusal := rules.refusal(complete):
            raise Refused(*refusal)
        return _KeptConfig(complete)


def distribution_update_checks_if_match() -> None:
    """UpdateDistribution answers 412 PreconditionFailed to an outdated If-Match, and every update has a new ETag.

    API reference. moto takes any value and keeps the ETag for ever. AWS also sets LastModifiedTime (moto answers a
    fixed date of 2021) and refuses another CallerReference: IllegalUpdate.
    """
    original: Any = cloudfront.CloudFrontBackend.update_distribution

    @_instead(cloudfront.CloudFrontBackend, "update_distribution")
    def update_distribution(self: Any, dist_config: dict[str, Any], _id: str, if_match: str) -> Any:
        distribution = self.distributions.get(_id)
        if distribution and if_match:
            _check_if_match(distribution, if_match)
            if dist_config.get("CallerReference") != distribution.distribution_config["CallerReference"]:
                raise Refused("IllegalUpdate", "The update contains modifications that are not allowed.")
        _, location, _ = original(self, dist_config, _id, if_match)
        distribution.etag = cloudfront.random_id(length=14)
        distribution.updated = clock.now()
        distribution.last_modified_time = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(distribution.updated))
        return distribution, location, distribution.etag


def distribution_is_in_progress_after_an_update() -> None:
    """Status is InProgress after an update and then Deployed.

    moto's state machine says Deployed at the first look.
    """

    def status(self: Any) -> str:
        return "InProgress" if clock.now() - getattr(self, "updated", 0.0) < DEPLOYING else "Deployed"

    _instead(cloudfront.Distribution, "status")(property(status, lambda self, value: None))


def distribution_is_disabled_before_it_is_deleted() -> None:
    """DeleteDistribution refuses an enabled distribution: DistributionNotDisabled (API reference). moto deletes it."""
    original: Any = cloudfront.CloudFrontBackend.delete_distribution

    @_instead(cloudfront.CloudFrontBackend, "delete_distribution")
    def delete_distribution(self: Any, distribution_id: str, if_match: str) -> None:
        distribution = self.distributions.get(distribution_id)
        if distribution and if_match:
            _check_if_match(distribution, if_match)
            if distribution.distribution_config["Enabled"]:
                message = "The distribution you are trying to delete has not been disabled."
                raise Refused("DistributionNotDisabled", message)
        original(self, distribution_id, if_match)


def _check_if_match(distribution: Any, if_match: str) -> None:
    if if_match != distribution.etag:
        message = "The request failed because it didn't meet the preconditions in one or more request-header fields."
        raise Refused("PreconditionFailed", message)


def invalidation_completes() -> None:
    """An invalidation is InProgress and then Completed: what botocore's waiter InvalidationCompleted waits for.

    moto says COMPLETED from the start, which that waiter never accepts, and counts none at the distribution.
    """
    original: Any = cloudfront.Invalidation.__init__

    @_instead(cloudfront.Invalidation, "__init__")
    def initialize(self: Any, *args: Any, **kwargs: Any) -> None:
        self.created = clock.now()
        original(self, *args, **kwargs)

    def status(self: Any) -> str:
        return "InProgress" if clock.now() - self.created < DEPLOYING else "Completed"

    def in_progress(self: Any) -> int:
        backend = cloudfront.cloudfront_backends[self.arn.split(":")[4]]["aws"]
        return sum(one.status == "InProgress" for one in backend.invalidations.get(self.id, []))

    cloudfront.Invalidation.status = property(status, lambda self, value: None)  # type: ignore[assignment]
    cloudfront.Distribution.in_progress_invalidation_batches = property(  # type: ignore[assignment]
        in_progress, lambda self, value: None
    )


def managed_policies_can_be_read() -> None:
    """AWS's managed cache, origin request and response headers policies are in every account; moto has no such API."""
    for kind in managed_policies.KINDS:
        setattr(CloudFrontResponse, f"get_{kind.snake}", _get_policy(kind))
        setattr(CloudFrontResponse, f"list_{kind.snake_plural}", _list_policies(kind))
        for path in (f"{kind.path}$", f"{kind.path}/(?P<policy_id>[^/]+)$"):
            cloudfront_paths["{0}/2020-05-31/" + path] = CloudFrontResponse.dispatch


def _get_policy(kind: managed_policies.Kind) -> Callable[[Any], ActionResult]:
    def get(self: Any) -> ActionResult:
        policy = next((one for one in kind.policies if one["Id"] == self._get_param("Id")), None)
        if policy is None:
            raise Refused(f"NoSuch{kind.name}", f"The {kind.path.replace('-', ' ')} does not exist.")
        return ActionResult({kind.name: policy, "ETag": managed_policies.ETAG})

    return get


def _list_policies(kind: managed_policies.Kind) -> Callable[[Any], ActionResult]:
    def list_(self: Any) -> ActionResult:
        policies = kind.policies if self._get_param("Type") != "custom" else []
        items = [{"Type": "managed", kind.name: policy} for policy in policies]
        return ActionResult({f"{kind.name}List": {"MaxItems": 100, "Quantity": len(items), "Items": items}})

    return list_


# ECS: what a service does is in bascule.sandbox.services; here it is put behind the API.


def service_starts_its_tasks() -> None:
    """CreateService fills in ECS's defaults, checks network and target groups, and starts tasks.

    moto starts none and never reaches a steady state by itself (ecs/models.py, Service; MOTO_ECS_SERVICE_RUNNING only
    sets a number).
    """

    @_instead(EC2ContainerServiceResponse, "create_service")
    def create_service(self: Any) -> ActionResult:
        request = dict(self._get_params())
        live = services.create(self.current_account, self.region, request, clock.now())
        return ActionResult({"service": _described(services.register(live))})


def service_update_rolls_out() -> None:
    """UpdateService starts a deployment if tasks have to change, and refuses what ECS refuses.

    moto sets the attributes, without a deployment, tasks, or a look at the target group.
    """

    @_instead(EC2ContainerServiceResponse, "update_service")
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

    @_instead(EC2ContainerServiceResponse, "describe_services")
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

    @_instead(EC2ContainerServiceBackend, "delete_service")
    def delete_service(self: Any, cluster_name: str, service_name: str, force: bool) -> Any:
        service = self._get_service(cluster_name, service_name.split("/")[-1])
        service.desired_count = service.live.config.get("desiredCount", 0)
        original(self, cluster_name, service.name, force)
        services.stop(service.live, clock.now())
        return service

    @_instead(EC2ContainerServiceResponse, "delete_service")
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

    @_instead(EC2ContainerServiceResponse, "describe_clusters")
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

    @_instead(EC2ContainerServiceResponse, "list_tasks")
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

    @_instead(EC2ContainerServiceResponse, "describe_tasks")
    def describe_tasks(self: Any) -> ActionResult:
        wanted = {name.split("/")[-1] for name in self._get_param("tasks", [])}
        tasks = tasks_in(self, self._get_param("cluster", "default"))
        tasks = [task for task in tasks if task["taskArn"].split("/")[-1] in wanted]
        result = original_describe(self).result
        return ActionResult({**result, "tasks": tasks + list(result["tasks"])})


# Elastic Load Balancing


def target_health_follows_the_tasks() -> None:
    """DescribeTargetHealth: `initial`, then `healthy` or `unhealthy`; `draining` after deregistration.

    moto calls every registered target healthy at once. Here the security groups on the way decide as well, because
    that is what fails in practice (an ALB group without egress to the task's port).
    """

    @_instead(ELBV2Response, "describe_target_health")
    def describe_target_health(self: Any) -> ActionResult:
        now = services.settle_all(self.current_account, self.region)
        group = self.elbv2_backend.target_groups.get(self._get_param("TargetGroupArn"))
        if group is None:
            raise TargetGroupNotFoundError()
        wanted = {target["Id"] for target in self._get_param("Targets", [])}
        health = [
            _health(target, services.target_state(group, target, now))
            for target in group.targets.values()
            if not wanted or target["Id"] in wanted
        ]
        return ActionResult({"TargetHealthDescriptions": health})


def _health(target: dict[str, Any], state: tuple[str, str | None]) -> dict[str, Any]:
    descriptions = {
        "Elb.RegistrationInProgress": "Target registration is in progress",
        "Target.FailedHealthChecks": "Health checks failed with these codes: [503]",
        "Target.Timeout": "Request timed out",
        "Target.DeregistrationInProgress": "Target deregistration is in progress",
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

    moto deletes it (elbv2/models.py, delete_load_balancer).
    """
    original: Any = ELBv2Backend.delete_load_balancer

    @_instead(ELBv2Backend, "delete_load_balancer")
    def delete_load_balancer(self: Any, arn: str) -> None:
        balancer = self.load_balancers.get(arn)
        if balancer and str(balancer.attrs.get("deletion_protection.enabled")).lower() == "true":
            message = f"Load balancer '{arn}' cannot be deleted because deletion protection is enabled"
            raise ELBClientError("OperationNotPermitted", message)
        original(self, arn)


def load_balancer_needs_two_zones_and_a_free_name() -> None:
    """CreateLoadBalancer of an ALB refuses subnets of fewer than two zones, and a name that is taken.

    API reference: "You must specify subnets from at least two Availability Zones", DuplicateLoadBalancerName. moto
    takes any subnets, and looks for the name by an ARN that it has just made at random.
    """
    original: Any = ELBv2Backend.create_load_balancer

    @_instead(ELBv2Backend, "create_load_balancer")
    def create_load_balancer(self: Any, name: str, security_groups: Any, subnet_ids: list[str], **rest: Any) -> Any:
        if any(balancer.name == name for balancer in self.load_balancers.values()):
            message = f"A load balancer with the same name '{name}' exists, but with different settings"
            raise ELBClientError("DuplicateLoadBalancerName", message)
        mapped = [mapping["SubnetId"] for mapping in rest.get("subnet_mappings") or []]
        ec2 = ec2_backends[self.account_id][self.region_name]
        zones = {ec2.get_subnet(subnet).availability_zone for subnet in [*(subnet_ids or []), *mapped]}
        if (rest.get("loadbalancer_type") or "application") == "application" and len(zones) < 2:
            message = "At least two subnets in two different Availability Zones must be specified"
            raise ELBClientError("ValidationError", message)
        return original(self, name, security_groups, subnet_ids, **rest)


def listener_port_is_taken_once() -> None:
    """CreateListener refuses a port that the load balancer already listens on: DuplicateListener (API reference).

    moto looks for the port among the listeners' ARNs.
    """
    original: Any = ELBv2Backend.create_listener

    @_instead(ELBv2Backend, "create_listener")
    def create_listener(self: Any, load_balancer_arn: str, protocol: str, port: Any, *rest: Any, **named: Any) -> Any:
        balancer = self.load_balancers.get(load_balancer_arn)
        if balancer and str(port) in {str(listener.port) for listener in balancer.listeners.values()}:
            raise DuplicateListenerError()
        return original(self, load_balancer_arn, protocol, port, *rest, **named)


def target_group_names_its_load_balancers() -> None:
    """LoadBalancerArns of a target group are those whose listeners or rules forward to it now.

    moto only ever adds to the list, so a target group stays attached to a load balancer that is gone.
    """

    def load_balancer_arns(self: Any) -> list[str]:
        backend = elbv2_backends[self.account_id][self.region_name]
        return [arn for arn, balancer in backend.load_balancers.items() if _forwards(backend, balancer, self.arn)]

    FakeTargetGroup.load_balancer_arns = property(  # type: ignore[assignment]
        load_balancer_arns, lambda self, value: None
    )


def _forwards(backend: Any, balancer: Any, target_group_arn: str) -> bool:
    return any(
        target_group_arn in backend._get_target_group_arns_from(action_data=action.data)
        for listener in balancer.listeners.values()
        for rule in listener.rules.values()
        for action in rule.actions
    )


# EC2


def security_group_in_use_stays() -> None:
    """DeleteSecurityGroup refuses a group that a network interface, a load balancer or another group's rule uses.

    API reference: DependencyViolation. moto deletes it ("TODO this should raise an error", ec2 responses).
    """
    original: Any = SecurityGroupBackend._delete_security_group

    @_instead(SecurityGroupBackend, "_delete_security_group")
    def delete_security_group(self: Any, vpc_id: str | None, group_id: str) -> None:
        balancers = elbv2_backends[self.account_id][self.region_name].load_balancers.values()
        others = (group for groups in self.groups.values() for group in groups.values() if group.id != group_id)
        in_use = (
            any(group_id in {group.id for group in interface.group_set} for interface in self.enis.values())
            or any(group_id in balancer.security_groups for balancer in balancers)
            or any(
                (rule.source_group or {}).get("GroupId") == group_id
                for group in others
                for rule in (*group.ingress_rules, *group.egress_rules)
            )
        )
        if in_use:
            raise DependencyViolationError(f"resource {group_id} has a dependent object")
        original(self, vpc_id, group_id)


def rule_keeps_its_description() -> None:
    """DescribeSecurityGroupRules answers the description that a rule was authorized with, whatever its source.

    moto keeps it for CIDR ranges only (SecurityGroupRule.description), so that the plan after creating a prefix-list
    or group rule with a description isn't empty.
    """
    original: Any = SecurityGroupRule.__init__

    @_instead(SecurityGroupRule, "__init__")
    def initialize(self: Any, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        positional = dict(zip(("source_group", "prefix_list_id"), args[6:8], strict=False))
        given = positional | kwargs
        source = given.get("source_group") or given.get("prefix_list_id") or {}
        if source.get("Description"):
            self.ip_range = {**self.ip_range, "Description": source["Description"]}


def prefix_list_counts_with_its_weight() -> None:
    """A rule for CloudFront's origin-facing prefix list counts as 55 of the 60 rules that a security group may have.

    https://docs.aws.amazon.com/vpc/latest/userguide/working-with-aws-managed-prefix-lists.html (weights): a second
    port is refused. moto counts such rules as none.
    """
    original: Any = SecurityGroupBackend.authorize_security_group_ingress

    @_instead(SecurityGroupBackend, "authorize_security_group_ingress")
    def authorize_security_group_ingress(self: Any, group_name_or_id: str, *args: Any, **kwargs: Any) -> Any:
        group = self.get_security_group_by_name_or_id(group_name_or_id)
        added = [one["PrefixListId"] for one in kwargs.get("prefix_list_ids") or []]
        if group and added:
            present = [rule.prefix_list_id for rule in group.ingress_rules]
            if sum(_weight(self, one) for one in present + added) > RULES_PER_GROUP:
                raise RulesPerSecurityGroupLimitExceededError
        return original(self, group_name_or_id, *args, **kwargs)


def _weight(ec2: Any, prefix_list_id: str | None) -> int:
    prefix_list = ec2.managed_prefix_lists.get(prefix_list_id)
    return 55 if prefix_list and prefix_list.prefix_list_name == ORIGIN_FACING else 1


# IAM: who may do what is in bascule.sandbox.iam.


def access_key_may_be_any_word() -> None:
    """A request's access key is what its signature says: 16 to 128 letters, digits or underscores (IAM API, AccessKey).

    moto finds those of exactly 20 capitals and digits only (core/responses.py, access_key_regex), and takes everybody
    else for `user/moto`.
    """
    original: Any = BaseResponse.get_access_key

    @_instead(BaseResponse, "get_access_key")
    def get_access_key(self: Any) -> str:
        found = re.search(r"Credential=(\w+)/", self.headers.get("Authorization", ""))
        return found[1] if found else str(original(self))


def service_linked_roles_have_their_names() -> None:
    """CreateServiceLinkedRole makes AWSServiceRoleForECS and AWSServiceRoleForElasticLoadBalancing.

    ECS developer guide and ELB user guide, service-linked roles. moto writes the service as in its address: …Forecs.
    """
    SERVICE_NAME_CONVERSION.update({"ecs": "ECS", "elasticloadbalancing": "ElasticLoadBalancing"})


def policies_can_be_simulated() -> None:
    """SimulatePrincipalPolicy says what the policies of a role or user allow (API reference). moto has no such API."""

    def simulate_principal_policy(self: Any) -> ActionResult:
        request = dict(self._get_params())
        source = str(request["PolicySourceArn"])
        if ":iam:" not in source:
            raise Refused("InvalidInput", f"Invalid Entity Arn: {source} does not clearly define entity type and name.")
        return ActionResult(simulated(policies_of(source, self.current_account), request))

    IamResponse.simulate_principal_policy = simulate_principal_policy  # type: ignore[attr-defined]


CORRECTIONS = (
    distribution_keeps_what_it_is_given,
    distribution_update_checks_if_match,
    distribution_is_in_progress_after_an_update,
    distribution_is_disabled_before_it_is_deleted,
    invalidation_completes,
    managed_policies_can_be_read,
    service_starts_its_tasks,
    service_update_rolls_out,
    service_is_described_in_full,
    service_takes_its_tasks_along,
    cluster_counts_services_and_tasks,
    tasks_of_services_are_listed,
    target_health_follows_the_tasks,
    load_balancer_with_deletion_protection_stays,
    load_balancer_needs_two_zones_and_a_free_name,
    listener_port_is_taken_once,
    target_group_names_its_load_balancers,
    security_group_in_use_stays,
    rule_keeps_its_description,
    prefix_list_counts_with_its_weight,
    access_key_may_be_any_word,
    service_linked_roles_have_their_names,
    policies_can_be_simulated,
)
