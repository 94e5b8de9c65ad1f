"""Where moto 5.2.5 is corrected towards AWS: Elastic Load Balancing."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.models import ec2_backends
from moto.elbv2.exceptions import DuplicateListenerError, ELBClientError, TargetGroupNotFoundError
from moto.elbv2.models import ELBv2Backend, FakeTargetGroup, elbv2_backends
from moto.elbv2.responses import ELBV2Response

from bascule.sandbox import services
from bascule.sandbox.corrections.instead import instead


def target_health_follows_the_tasks() -> None:
    """DescribeTargetHealth: `initial`, then `healthy` or `unhealthy`; `draining` after deregistration.

    moto calls every registered target healthy at once. Here the security groups on the way decide as well, because
    that is what fails in practice (an ALB group without egress to the task's port). The zone of an address in the VPC
    is "automatically detected" (API reference, TargetDescription); moto tells the one that it was registered with.
    """

    @instead(ELBV2Response, "describe_target_health")
    def describe_target_health(self: Any) -> ActionResult:
        now = services.settle_all(self.current_account, self.region)
        group = self.elbv2_backend.target_groups.get(self._get_param("TargetGroupArn"))
        if group is None:
            raise TargetGroupNotFoundError()
        ec2 = ec2_backends[self.current_account][self.region]
        wanted = {target["Id"] for target in self._get_param("Targets", [])}
        health = [
            _health(target, services.target_state(group, target, now), _zone(ec2, group.vpc_id, target["Id"]))
            for target in group.targets.values()
            if not wanted or target["Id"] in wanted
        ]
        return ActionResult({"TargetHealthDescriptions": health})


def _zone(ec2: Any, vpc: str, address: str) -> str | None:
    """The zone of an address, if it is in a subnet of the VPC."""
    subnets = (subnet for zone in ec2.subnets.values() for subnet in zone.values() if subnet.vpc_id == vpc)
    return next((s.availability_zone for s in subnets if ip_address(address) in ip_network(s.cidr_block)), None)


def _health(target: dict[str, Any], state: tuple[str, str | None], zone: str | None) -> dict[str, Any]:
    descriptions = {
        "Elb.RegistrationInProgress": "Target registration is in progress",
        "Target.FailedHealthChecks": "Health checks failed with these codes: [503]",
        "Target.Timeout": "Request timed out",
        "Target.DeregistrationInProgress": "Target deregistration is in progress",
        "Target.NotInUse": "Target group is not configured to receive traffic from the load balancer",
    }
    name, reason = state
    return {
        "Target": {"Id": target["Id"], "Port": int(target["Port"])} | ({"AvailabilityZone": zone} if zone else {}),
        "HealthCheckPort": str(target["Port"]),
        "TargetHealth": {"State": name, "Reason": reason, "Description": descriptions.get(reason or "")},
    }


def load_balancer_with_deletion_protection_stays() -> None:
    """DeleteLoadBalancer refuses while deletion protection is on: OperationNotPermitted (API reference).

    moto deletes it (elbv2/models.py, delete_load_balancer).
    """
    original: Any = ELBv2Backend.delete_load_balancer

    @instead(ELBv2Backend, "delete_load_balancer")
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

    @instead(ELBv2Backend, "create_load_balancer")
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

    @instead(ELBv2Backend, "create_listener")
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


CORRECTIONS = (
    target_health_follows_the_tasks,
    load_balancer_with_deletion_protection_stays,
    load_balancer_needs_two_zones_and_a_free_name,
    listener_port_is_taken_once,
    target_group_names_its_load_balancers,
)
