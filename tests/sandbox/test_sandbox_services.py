"""ECS services, load balancers and security groups as the sandbox corrects them, through boto3."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from bascule.sandbox import control
from bascule.sandbox.control import Running

CLUSTER, SERVICE = "arquantix-cluster", "arquantix-coming-soon"
VPC = "vpc-0a7d41c5be92f3680"
SUBNETS = ["subnet-01b6f3e8d24c7a590", "subnet-02c7a4f9e35d8b6a1", "subnet-03d8b50af46e9c7b2"]
OPEN_GROUP = "sg-04e1c7b9a3f58d260"
STARTED, HEALTHY, DRAINED = 0.6, 1.1, 1.1
"""Seconds until a task runs, from then until its target is healthy, and from deregistration until it is gone."""
STEADY = 3.0
"""Seconds after which a deployment that can complete has."""
Client = Callable[..., Any]
Later = Callable[[float], Any]


@dataclass(frozen=True)
class Front:
    """An ALB in front of nothing yet, with the security groups on both sides."""

    balancer: str
    target_group: str
    listener: str
    alb_group: str
    task_group: str

    @property
    def attached(self) -> list[dict[str, Any]]:
        return [{"targetGroupArn": self.target_group, "containerName": SERVICE, "containerPort": 3000}]


def make_front(ec2: Any, elbv2: Any, name: str) -> Front:
    alb_group, task_group = (
        ec2.create_security_group(GroupName=f"{name}-{side}", Description=side, VpcId=VPC)["GroupId"]
        for side in ("alb", "task")
    )
    from_alb = {"IpProtocol": "tcp", "FromPort": 3000, "ToPort": 3000, "UserIdGroupPairs": [{"GroupId": alb_group}]}
    ec2.authorize_security_group_ingress(GroupId=task_group, IpPermissions=[from_alb])
    balancer = elbv2.create_load_balancer(Name=name, Subnets=SUBNETS, SecurityGroups=[alb_group])["LoadBalancers"][0]
    group = elbv2.create_target_group(Name=name, Protocol="HTTP", Port=3000, VpcId=VPC, TargetType="ip")
    arn = group["TargetGroups"][0]["TargetGroupArn"]
    listener = elbv2.create_listener(
        LoadBalancerArn=balancer["LoadBalancerArn"],
        Protocol="HTTP",
        Port=80,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": arn}],
    )["Listeners"][0]["ListenerArn"]
    return Front(balancer["LoadBalancerArn"], arn, listener, alb_group, task_group)


def remove_front(ec2: Any, elbv2: Any, front: Front) -> None:
    elbv2.delete_load_balancer(LoadBalancerArn=front.balancer)
    elbv2.delete_target_group(TargetGroupArn=front.target_group)
    ec2.delete_security_group(GroupId=front.task_group)
    ec2.delete_security_group(GroupId=front.alb_group)


@pytest.fixture
def front(aws: Client, sandbox: Running, later: Later) -> Iterator[Front]:
    """An ALB for one test; afterwards the service is as it was found, and the ALB gone."""
    front = make_front(aws("ec2"), aws("elbv2"), "front")
    yield front
    control.configure(sandbox, never_steady=[], unhealthy=[])
    update(aws, loadBalancers=[], networkConfiguration=network(OPEN_GROUP), desiredCount=1)
    later(STEADY)
    assert is_steady(aws)
    remove_front(aws("ec2"), aws("elbv2"), front)


def network(*groups: str) -> dict[str, Any]:
    return {"awsvpcConfiguration": {"subnets": SUBNETS, "securityGroups": list(groups), "assignPublicIp": "ENABLED"}}


def described(aws: Client, **options: Any) -> dict[str, Any]:
    answer: dict[str, Any] = aws("ecs").describe_services(cluster=CLUSTER, services=[SERVICE], **options)
    return dict(answer["services"][0])


def update(aws: Client, **request: Any) -> dict[str, Any]:
    return dict(aws("ecs").update_service(cluster=CLUSTER, service=SERVICE, **request)["service"])


def is_steady(aws: Client) -> bool:
    service = described(aws)
    [primary, *others] = service["deployments"]
    return not others and primary["rolloutState"] == "COMPLETED" and service["runningCount"] == service["desiredCount"]


def tasks(aws: Client) -> list[dict[str, Any]]:
    arns = aws("ecs").list_tasks(cluster=CLUSTER, serviceName=SERVICE)["taskArns"]
    return list(aws("ecs").describe_tasks(cluster=CLUSTER, tasks=arns)["tasks"])


def interface_of(aws: Client, task: dict[str, Any]) -> dict[str, Any]:
    details = {detail["name"]: detail["value"] for detail in task["attachments"][0]["details"]}
    interfaces = aws("ec2").describe_network_interfaces(NetworkInterfaceIds=[details["networkInterfaceId"]])
    return dict(interfaces["NetworkInterfaces"][0])


def states(aws: Client, front: Front) -> list[str]:
    health = aws("elbv2").describe_target_health(TargetGroupArn=front.target_group)["TargetHealthDescriptions"]
    return sorted(one["TargetHealth"]["State"] for one in health)


def code_of(caught: pytest.ExceptionInfo[ClientError]) -> str:
    return str(caught.value.response["Error"]["Code"])


def test_the_service_runs_one_task_with_a_public_address(aws: Client) -> None:
    """In a public subnet, with the security group that is open on 3000."""
    [task] = tasks(aws)
    interface = interface_of(aws, task)

    assert task["lastStatus"] == "RUNNING"
    assert task["group"] == f"service:{SERVICE}"
    assert interface["Association"]["PublicIp"]
    assert interface["PrivateIpAddress"] == task["containers"][0]["networkInterfaces"][0]["privateIpv4Address"]
    assert [group["GroupId"] for group in interface["Groups"]] == [OPEN_GROUP]


def test_the_service_is_described_with_everything_that_the_provider_reads(aws: Client) -> None:
    """moto leaves these out, and adoption then reads "1 to change"."""
    service = described(aws)

    assert service["deploymentConfiguration"] == {
        "deploymentCircuitBreaker": {"enable": False, "rollback": False},
        "maximumPercent": 200,
        "minimumHealthyPercent": 100,
        "strategy": "ROLLING",
        "bakeTimeInMinutes": 0,
    }
    assert service["availabilityZoneRebalancing"] == "ENABLED"
    assert service["platformVersion"] == "LATEST"
    assert service["propagateTags"] == "NONE"
    assert service["taskDefinition"].endswith(":task-definition/arquantix-coming-soon:3")
    assert "healthCheckGracePeriodSeconds" not in service
    assert "tags" not in service
    assert described(aws, include=["TAGS"])["tags"] == []


def test_the_cluster_counts_its_service_and_task(aws: Client) -> None:
    """moto counts none."""
    [cluster] = aws("ecs").describe_clusters(clusters=[CLUSTER])["clusters"]

    assert (cluster["activeServicesCount"], cluster["runningTasksCount"]) == (1, 1)


def test_tasks_are_listed_by_service_family_and_status(aws: Client) -> None:
    """As ListTasks filters them."""
    ecs = aws("ecs")

    assert len(ecs.list_tasks(cluster=CLUSTER, family="arquantix-coming-soon")["taskArns"]) == 1
    assert ecs.list_tasks(cluster=CLUSTER, family="another")["taskArns"] == []
    assert ecs.list_tasks(cluster=CLUSTER, desiredStatus="STOPPED")["taskArns"] == []


def test_a_target_is_in_the_zone_of_its_address(aws: Client, front: Front, later: Later) -> None:
    """Elastic Load Balancing finds it by the subnet; moto tells none."""
    update(aws, loadBalancers=front.attached, networkConfiguration=network(front.task_group))
    later(STEADY)

    [task] = tasks(aws)
    health = aws("elbv2").describe_target_health(TargetGroupArn=front.target_group)["TargetHealthDescriptions"]
    zones = {one["Target"]["Id"]: one["Target"]["AvailabilityZone"] for one in health}
    interface = interface_of(aws, task)
    assert zones[interface["PrivateIpAddress"]] == interface["AvailabilityZone"]


def test_attaching_a_load_balancer_rolls_new_tasks_out(aws: Client, front: Front, later: Later) -> None:
    """One UpdateService, one new PRIMARY deployment; the old task leaves when the new one is healthy."""
    [before] = tasks(aws)

    answer = update(aws, loadBalancers=front.attached, networkConfiguration=network(front.task_group))

    assert [deployment["status"] for deployment in answer["deployments"]] == ["PRIMARY", "ACTIVE"]
    assert answer["deployments"][0]["rolloutState"] == "IN_PROGRESS"
    assert answer["healthCheckGracePeriodSeconds"] == 0
    assert answer["runningCount"] >= 1
    later(STEADY)
    assert is_steady(aws)
    [after] = tasks(aws)
    assert after["taskArn"] != before["taskArn"]
    interface = interface_of(aws, after)
    assert [group["GroupId"] for group in interface["Groups"]] == [front.task_group]
    assert interface["Association"]["PublicIp"].startswith("203.0.113.")
    assert states(aws, front) == ["healthy"]
    assert "steady state" in described(aws)["events"][0]["message"]


def test_targets_are_registered_become_healthy_and_drain(aws: Client, front: Front, later: Later) -> None:
    """initial, healthy, draining, gone."""
    update(aws, loadBalancers=front.attached, networkConfiguration=network(front.task_group))

    later(STARTED)
    assert states(aws, front) == ["initial"]
    assert not is_steady(aws)
    later(HEALTHY)
    assert states(aws, front) == ["healthy"]
    assert is_steady(aws)
    update(aws, loadBalancers=[])
    later(STARTED)
    assert states(aws, front) == ["draining"]
    later(DRAINED)
    assert states(aws, front) == []


def test_an_empty_update_starts_no_deployment(aws: Client) -> None:
    """So does one of settings that need no new task (API reference: "doesn't trigger a new service deployment")."""
    before = described(aws)

    update(aws)
    update(aws, enableExecuteCommand=True, deploymentConfiguration={"maximumPercent": 150})
    update(aws, networkConfiguration=before["networkConfiguration"])
    after = update(aws, enableExecuteCommand=False, deploymentConfiguration={"maximumPercent": 200})

    assert after["deployments"] == before["deployments"]
    assert after["deploymentConfiguration"] == before["deploymentConfiguration"]


def test_a_forced_deployment_replaces_the_tasks(aws: Client, later: Later) -> None:
    """Even where nothing else changes."""
    [before] = tasks(aws)

    update(aws, forceNewDeployment=True)
    later(STEADY)

    assert is_steady(aws)
    assert tasks(aws)[0]["taskArn"] != before["taskArn"]


def test_scaling_starts_and_stops_tasks_without_a_deployment(aws: Client, later: Later) -> None:
    """desiredCount is no deployment trigger."""
    before = described(aws)["deployments"][0]["id"]

    update(aws, desiredCount=3)
    later(STEADY)
    assert is_steady(aws)
    assert len({task["availabilityZone"] for task in tasks(aws)}) == 3
    update(aws, desiredCount=1)

    assert len(tasks(aws)) == 1
    assert described(aws)["deployments"][0]["id"] == before


def test_a_target_group_without_a_load_balancer_is_refused(aws: Client, front: Front) -> None:
    """What Terraform meets when the service doesn't depend on the listener; nothing has changed then."""
    aws("elbv2").delete_listener(ListenerArn=front.listener)

    with pytest.raises(ClientError, match="does not have an associated load balancer") as caught:
        update(aws, loadBalancers=front.attached)

    assert code_of(caught) == "InvalidParameterException"
    assert described(aws)["loadBalancers"] == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"containerName": "another"}, "The container another does not exist"),
        ({"containerPort": 80}, "did not have a container port 80"),
    ],
)
def test_a_load_balancer_of_another_container_is_refused(
    change: dict[str, Any], message: str, aws: Client, front: Front
) -> None:
    """Name and port have to be in the task definition."""
    with pytest.raises(ClientError, match=message):
        update(aws, loadBalancers=[front.attached[0] | change])


def test_a_grace_period_cannot_travel_with_the_load_balancer(aws: Client, front: Front) -> None:
    """cloudformation-coverage-roadmap #1313: judged against the service as it is before the call."""
    with pytest.raises(ClientError, match="Health check grace period is only valid") as caught:
        update(aws, loadBalancers=front.attached, healthCheckGracePeriodSeconds=60)
    assert code_of(caught) == "InvalidParameterException"

    update(aws, loadBalancers=front.attached, networkConfiguration=network(front.task_group))
    assert update(aws, healthCheckGracePeriodSeconds=60)["healthCheckGracePeriodSeconds"] == 60

    with pytest.raises(ClientError, match="Health check grace period is only valid"):
        update(aws, loadBalancers=[], healthCheckGracePeriodSeconds=0)
    assert "healthCheckGracePeriodSeconds" not in update(aws, loadBalancers=[])


@pytest.mark.parametrize("change", [{"subnets": ["subnet-0000"]}, {"subnets": SUBNETS, "securityGroups": ["sg-0000"]}])
def test_a_network_that_does_not_exist_is_refused(change: dict[str, Any], aws: Client) -> None:
    """moto would invent the security group."""
    with pytest.raises(ClientError, match="Error retrieving"):
        update(aws, networkConfiguration={"awsvpcConfiguration": change})


def test_a_service_can_be_kept_from_its_steady_state(aws: Client, sandbox: Running, front: Front, later: Later) -> None:
    """The new task stays pending and the old one runs; when the switch is off again, it goes on."""
    control.configure(sandbox, never_steady=[SERVICE])

    update(aws, loadBalancers=front.attached, networkConfiguration=network(front.task_group))
    later(STEADY)
    service = described(aws)

    assert service["deployments"][0]["failedTasks"] > 0
    assert [one["rolloutState"] for one in service["deployments"]] == ["IN_PROGRESS", "COMPLETED"]
    assert (service["runningCount"], service["pendingCount"]) == (1, 1)
    control.configure(sandbox, never_steady=[])
    assert is_steady(aws)


def test_targets_can_be_made_unhealthy(aws: Client, sandbox: Running, front: Front, later: Later) -> None:
    """Without a circuit breaker the deployment waits for ever; when the switch is off again, it completes."""
    control.configure(sandbox, unhealthy=[SERVICE])

    update(aws, loadBalancers=front.attached, networkConfiguration=network(front.task_group))

    later(STEADY)
    assert states(aws, front) == ["unhealthy"]
    assert not is_steady(aws)
    control.configure(sandbox, unhealthy=[])
    assert states(aws, front) == ["healthy"]
    assert is_steady(aws)


def test_the_circuit_breaker_goes_back_and_looks_like_success(
    aws: Client, sandbox: Running, front: Front, later: Later
) -> None:
    """One completed deployment in the end, but without the load balancer: provider issues #19519 and #20858."""
    [before] = tasks(aws)
    update(aws, deploymentConfiguration={"deploymentCircuitBreaker": {"enable": True, "rollback": True}})
    control.configure(sandbox, unhealthy=[SERVICE])

    update(aws, loadBalancers=front.attached, networkConfiguration=network(front.task_group))
    later(2 * STEADY)
    assert "rolling back" in described(aws)["events"][0]["message"]

    assert is_steady(aws)
    service = described(aws)
    assert service["loadBalancers"] == []
    assert service["networkConfiguration"] == network(OPEN_GROUP)
    assert tasks(aws)[0]["taskArn"] == before["taskArn"]
    update(aws, deploymentConfiguration={"deploymentCircuitBreaker": {"enable": False, "rollback": False}})


@pytest.mark.parametrize("side", ["leaving the ALB", "entering the task"])
def test_targets_are_healthy_only_where_security_groups_let_the_check_through(
    side: str, aws: Client, front: Front, later: Later
) -> None:
    """An ALB group without egress to the task's port is what goes wrong in practice."""
    ec2 = aws("ec2")
    update(aws, loadBalancers=front.attached, networkConfiguration=network(front.task_group))
    later(STEADY)
    assert states(aws, front) == ["healthy"]

    if side == "leaving the ALB":
        everything = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
        ec2.revoke_security_group_egress(GroupId=front.alb_group, IpPermissions=[everything])
    else:
        groups = ec2.describe_security_groups(GroupIds=[front.task_group])["SecurityGroups"]
        ec2.revoke_security_group_ingress(GroupId=front.task_group, IpPermissions=groups[0]["IpPermissions"])

    assert states(aws, front) == ["unhealthy"]


def test_a_target_group_forgets_a_load_balancer_that_is_gone(aws: Client, front: Front) -> None:
    """moto only ever adds to LoadBalancerArns."""
    elbv2 = aws("elbv2")

    def balancers() -> list[str]:
        return list(
            elbv2.describe_target_groups(TargetGroupArns=[front.target_group])["TargetGroups"][0]["LoadBalancerArns"]
        )

    assert balancers() == [front.balancer]
    elbv2.delete_listener(ListenerArn=front.listener)
    assert balancers() == []


def test_a_target_group_in_use_is_not_deleted(aws: Client, front: Front) -> None:
    """ResourceInUse while a listener forwards to it."""
    with pytest.raises(ClientError) as caught:
        aws("elbv2").delete_target_group(TargetGroupArn=front.target_group)

    assert code_of(caught) == "ResourceInUse"


def test_deletion_protection_keeps_the_load_balancer(aws: Client, front: Front) -> None:
    """OperationNotPermitted until it is taken off."""
    elbv2 = aws("elbv2")

    def protect(value: str) -> None:
        attributes = [{"Key": "deletion_protection.enabled", "Value": value}]
        elbv2.modify_load_balancer_attributes(LoadBalancerArn=front.balancer, Attributes=attributes)

    protect("true")
    with pytest.raises(ClientError) as caught:
        elbv2.delete_load_balancer(LoadBalancerArn=front.balancer)
    protect("false")

    assert code_of(caught) == "OperationNotPermitted"


def test_a_load_balancer_is_provisioned_and_then_active(aws: Client, front: Front) -> None:
    """A second one of the same name, or in one zone only, isn't made at all."""
    elbv2 = aws("elbv2")
    second = elbv2.create_load_balancer(Name="second", Subnets=SUBNETS[:2], SecurityGroups=[front.alb_group])
    arn = second["LoadBalancers"][0]["LoadBalancerArn"]

    assert second["LoadBalancers"][0]["State"]["Code"] == "provisioning"
    assert elbv2.describe_load_balancers(LoadBalancerArns=[arn])["LoadBalancers"][0]["State"]["Code"] == "active"
    elbv2.delete_load_balancer(LoadBalancerArn=arn)
    for name, subnets, code in (("front", SUBNETS, "DuplicateLoadBalancerName"), ("x", SUBNETS[:1], "ValidationError")):
        with pytest.raises(ClientError) as caught:
            elbv2.create_load_balancer(Name=name, Subnets=subnets, SecurityGroups=[front.alb_group])
        assert code_of(caught) == code


def test_a_port_is_listened_on_once(aws: Client, front: Front) -> None:
    """DuplicateListener; moto takes a second one."""
    with pytest.raises(ClientError) as caught:
        aws("elbv2").create_listener(
            LoadBalancerArn=front.balancer,
            Protocol="HTTP",
            Port=80,
            DefaultActions=[{"Type": "forward", "TargetGroupArn": front.target_group}],
        )

    assert code_of(caught) == "DuplicateListener"


def test_a_security_group_in_use_is_not_deleted(aws: Client, front: Front) -> None:
    """By a task, by a load balancer, by another group's rule: DependencyViolation."""
    ec2 = aws("ec2")
    lonely = ec2.create_security_group(GroupName="lonely", Description="lonely", VpcId=VPC)["GroupId"]
    from_lonely = {"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": lonely}]}
    ec2.authorize_security_group_ingress(GroupId=front.task_group, IpPermissions=[from_lonely])

    for group in (OPEN_GROUP, front.alb_group, lonely):
        with pytest.raises(ClientError) as caught:
            ec2.delete_security_group(GroupId=group)
        assert code_of(caught) == "DependencyViolation"

    ec2.revoke_security_group_ingress(GroupId=front.task_group, IpPermissions=[from_lonely])
    ec2.delete_security_group(GroupId=lonely)


def test_the_cloudfront_prefix_list_has_entries_and_weighs_55(aws: Client) -> None:
    """One port of it fits into a security group's 60 rules, a second doesn't."""
    ec2 = aws("ec2")
    name = "com.amazonaws.global.cloudfront.origin-facing"
    filters = [{"Name": "prefix-list-name", "Values": [name]}]
    [prefix_list] = ec2.describe_managed_prefix_lists(Filters=filters)["PrefixLists"]
    group = ec2.create_security_group(GroupName="weight", Description="weight", VpcId=VPC)["GroupId"]

    def admit(port: int) -> None:
        source = [{"PrefixListId": prefix_list["PrefixListId"], "Description": "CloudFront only"}]
        rule = {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "PrefixListIds": source}
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[rule])

    entries = ec2.get_managed_prefix_list_entries(PrefixListId=prefix_list["PrefixListId"])["Entries"]
    assert len(entries) > 0
    admit(80)
    with pytest.raises(ClientError) as caught:
        admit(443)

    assert code_of(caught) == "RulesPerSecurityGroupLimitExceeded"
    ec2.delete_security_group(GroupId=group)


def test_every_rule_keeps_its_description(aws: Client) -> None:
    """moto loses those of prefix-list and group rules, so that the plan after creating them isn't empty."""
    ec2 = aws("ec2")
    prefix_list = ec2.describe_managed_prefix_lists()["PrefixLists"][0]["PrefixListId"]
    group = ec2.create_security_group(GroupName="described", Description="described", VpcId=VPC)["GroupId"]
    sources: dict[str, dict[str, Any]] = {
        "range": {"IpRanges": [{"CidrIp": "10.0.0.0/8", "Description": "range"}]},
        "group": {"UserIdGroupPairs": [{"GroupId": OPEN_GROUP, "Description": "group"}]},
        "list": {"PrefixListIds": [{"PrefixListId": prefix_list, "Description": "list"}]},
    }
    for source in sources.values():
        rule = {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, **source}
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[rule])

    filters = [{"Name": "group-id", "Values": [group]}]
    found = ec2.describe_security_group_rules(Filters=filters)["SecurityGroupRules"]

    assert {rule.get("Description") for rule in found if not rule["IsEgress"]} == set(sources)
    ec2.delete_security_group(GroupId=group)


def test_a_deleted_service_takes_its_tasks_along(aws: Client) -> None:
    """Their network interfaces go, so that security groups can."""
    ecs = aws("ecs")
    made = ecs.create_service(
        cluster=CLUSTER,
        serviceName="short-lived",
        taskDefinition="arquantix-coming-soon",
        desiredCount=2,
        launchType="FARGATE",
        networkConfiguration=network(OPEN_GROUP),
    )["service"]
    assert made["deployments"][0]["rolloutState"] == "IN_PROGRESS"
    assert len(ecs.list_tasks(cluster=CLUSTER, serviceName="short-lived")["taskArns"]) == 2

    with pytest.raises(ClientError, match="scaled above 0"):
        ecs.delete_service(cluster=CLUSTER, service="short-lived")
    deleted = ecs.delete_service(cluster=CLUSTER, service="short-lived", force=True)["service"]

    assert deleted["status"] == "INACTIVE"
    assert ecs.list_tasks(cluster=CLUSTER, serviceName="short-lived")["taskArns"] == []
    interfaces = aws("ec2").describe_network_interfaces()["NetworkInterfaces"]
    assert len(interfaces) == len(tasks(aws))


def test_another_account_is_seeded_as_it_is_described(
    accounts: Path, tmp_path: Path, connect: Callable[..., Any]
) -> None:
    """A guarded service: two tasks at their addresses, circuit breaker, managed and propagated tags."""
    running = control.start(tmp_path, account=accounts / "guarded-service.toml", owner_pid=os.getpid())

    answer = connect(running, "ecs").describe_services(cluster=CLUSTER, services=[SERVICE], include=["TAGS"])
    interfaces = connect(running, "ec2").describe_network_interfaces()["NetworkInterfaces"]
    control.stop(tmp_path)

    [service] = answer["services"]
    assert service["runningCount"] == 2
    assert service["deploymentConfiguration"]["deploymentCircuitBreaker"] == {"enable": True, "rollback": True}
    assert service["enableECSManagedTags"] is True
    assert service["tags"] == [{"key": "Team", "value": "web"}]
    assert sorted(one["Association"]["PublicIp"] for one in interfaces) == ["51.112.143.34", "51.112.143.35"]
