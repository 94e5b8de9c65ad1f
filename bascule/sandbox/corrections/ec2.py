"""Where moto 5.2.5 is corrected towards AWS: EC2."""

from __future__ import annotations

from typing import Any

from moto.ec2.exceptions import DependencyViolationError, RulesPerSecurityGroupLimitExceededError
from moto.ec2.models.security_groups import SecurityGroupBackend, SecurityGroupRule
from moto.elbv2.models import elbv2_backends

from bascule.sandbox.corrections.instead import instead
from bascule.security_groups import CLOUDFRONT

RULES_PER_GROUP = 60
"""AWS's default quota of inbound rules in a security group, L-0EA8095F."""


def security_group_in_use_stays() -> None:
    """DeleteSecurityGroup refuses a group that a network interface, a load balancer or another group's rule uses.

    API reference: DependencyViolation. moto deletes it ("TODO this should raise an error", ec2 responses).
    """
    original: Any = SecurityGroupBackend._delete_security_group

    @instead(SecurityGroupBackend, "_delete_security_group")
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

    @instead(SecurityGroupRule, "__init__")
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

    @instead(SecurityGroupBackend, "authorize_security_group_ingress")
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
    return 55 if prefix_list and prefix_list.prefix_list_name == CLOUDFRONT else 1


CORRECTIONS = (
    security_group_in_use_stays,
    rule_keeps_its_description,
    prefix_list_counts_with_its_weight,
)
