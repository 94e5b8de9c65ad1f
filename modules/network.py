"""Security groups of the ALB and of the tasks, and their rules as resources of their own."""

from __future__ import annotations

from bascule.security_groups import CLOUDFRONT
from bascule.site import Site
from modules.cdk import (
    Construct,
    cdktf,
    data_aws_ec2_managed_prefix_list,
    security_group,
    vpc_security_group_egress_rule,
    vpc_security_group_ingress_rule,
)
from modules.names import fixed_name, tags


def listener_port(site: Site) -> int:
    """The ALB's one port: 80 for http, 443 for https."""
    return 443 if site.origin.protocol == "https" else 80


class Network(Construct):
    """Who may talk to whom: CloudFront to the ALB on one port, the ALB to the tasks on theirs, nobody else.

    One port, because CloudFront's list weighs 55 of the 60 rules that a group may hold (CloudFront developer guide,
    AWS-managed prefix list).
    """

    def __init__(self, scope: Construct, site_name: str, site: Site, vpc_id: str) -> None:
        super().__init__(scope, "network")
        port, task_port = listener_port(site), site.service.container_port
        self.alb_group = self._group("alb", "ALB: CloudFront in, tasks out", site_name, vpc_id)
        self.tasks_group = self._group("tasks", "Tasks: the ALB in, everything out", site_name, vpc_id)
        cloudfront = data_aws_ec2_managed_prefix_list.DataAwsEc2ManagedPrefixList(self, "cloudfront", name=CLOUDFRONT)
        cloudfront.override_logical_id("cloudfront")
        ingress = vpc_security_group_ingress_rule.VpcSecurityGroupIngressRule
        egress = vpc_security_group_egress_rule.VpcSecurityGroupEgressRule
        self.rules = (
            ingress(
                self,
                "alb_from_cloudfront",
                security_group_id=self.alb_group.id,
                description="Origin-facing addresses of CloudFront",
                prefix_list_id=cloudfront.id,
                ip_protocol="tcp",
                from_port=port,
                to_port=port,
            ),
            egress(
                self,
                "alb_to_tasks",
                security_group_id=self.alb_group.id,
                description="Requests and health checks to the tasks",
                referenced_security_group_id=self.tasks_group.id,
                ip_protocol="tcp",
                from_port=task_port,
                to_port=task_port,
            ),
            ingress(
                self,
                "tasks_from_alb",
                security_group_id=self.tasks_group.id,
                description="Only the ALB",
                referenced_security_group_id=self.alb_group.id,
                ip_protocol="tcp",
                from_port=task_port,
                to_port=task_port,
            ),
            # The provider revokes the allow-all that AWS gives a new group; images, logs and secrets need it.
            egress(
                self,
                "tasks_to_all",
                security_group_id=self.tasks_group.id,
                description="Image pulls, logs, secrets and calls of the application",
                cidr_ipv4="0.0.0.0/0",
                ip_protocol="-1",
            ),
        )
        for rule in self.rules:
            rule.override_logical_id(rule.node.id)

    def _group(self, role: str, description: str, site_name: str, vpc_id: str) -> security_group.SecurityGroup:
        name = fixed_name(site_name, role, description=description, vpc_id=vpc_id)
        group = security_group.SecurityGroup(
            self,
            role,
            name=name,
            description=description,
            vpc_id=vpc_id,
            tags=tags(site_name, name),
            lifecycle=cdktf.TerraformResourceLifecycle(create_before_destroy=True),
        )
        group.override_logical_id(role)
        return group
