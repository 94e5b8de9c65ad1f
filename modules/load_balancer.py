"""The Application Load Balancer: it forwards what CloudFront signed with the secret header, and refuses the rest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bascule.site import Site
from modules.cdk import (
    Construct,
    cdktf,
    data_aws_ssm_parameter,
    lb,
    lb_listener,
    lb_listener_rule,
    lb_target_group,
)
from modules.names import fixed_name, tags
from modules.network import Network, listener_port

TLS_POLICY = "ELBSecurityPolicy-TLS13-1-2-2021-06"
"""TLS 1.2 and 1.3 only (ELB user guide, security policies)."""

SECRET_PATTERN = "^[0-9a-f]{32,128}(,[0-9a-f]{32,128})?$"
"""One or two values of lowercase hex. The listener compares without case and takes * and ? as wildcards, 128
characters at most (ELB API, HttpHeaderConditionConfig); two values are what a rotation needs."""

RULE_PRIORITY = 1
"""The listener is ours alone, so its one rule comes first."""


class OriginSecret(Construct):
    """The secret header's value, read by Terraform from SSM; it may hold two values, the first of which is sent."""

    def __init__(self, scope: Construct, site: Site) -> None:
        super().__init__(scope, "secret")
        parameter = data_aws_ssm_parameter.DataAwsSsmParameter(
            self,
            "origin_secret",
            name=site.origin.secret_parameter,
            with_decryption=True,
            lifecycle=cdktf.TerraformResourceLifecycle(
                postcondition=[
                    cdktf.Postcondition(
                        condition=f'${{can(regex("{SECRET_PATTERN}", self.value))}}',
                        error_message=f"{site.origin.secret_parameter} has to hold one or two comma-separated values "
                        "of 32 to 128 lowercase hex digits; `bascule secret create` makes one.",
                    )
                ]
            ),
        )
        parameter.override_logical_id("origin_secret")
        self.accepted = cdktf.Fn.split(",", parameter.value)
        self.sent = cdktf.Fn.element(self.accepted, 0)


class LoadBalancer(Construct):
    """ALB, target group, listener with a fixed 403, and the rule that forwards."""

    def __init__(
        self,
        scope: Construct,
        site_name: str,
        site: Site,
        *,
        network: Network,
        secret: OriginSecret,
        vpc_id: str,
        subnets: Sequence[str],
        protected: bool,
    ) -> None:
        super().__init__(scope, "load_balancer")
        name = fixed_name(site_name, "alb", internal=False, type="application")
        self.alb = lb.Lb(
            self,
            "alb",
            name=name,
            internal=False,
            load_balancer_type="application",
            security_groups=[network.alb_group.id],
            subnets=list(subnets),
            idle_timeout=site.load_balancer.idle_timeout,
            drop_invalid_header_fields=True,
            enable_deletion_protection=protected,
            tags=tags(site_name, name),
            lifecycle=cdktf.TerraformResourceLifecycle(create_before_destroy=True),
        )
        # Before anything refers to them: a reference carries the logical id of its day.
        self.alb.override_logical_id("alb")
        self.target_group = self._target_group(site_name, site, vpc_id)
        self.target_group.override_logical_id("app")
        self.listener = self._listener(site_name, site)
        self.listener.override_logical_id("alb")
        self.rule = lb_listener_rule.LbListenerRule(
            self,
            "cloudfront",
            listener_arn=self.listener.arn,
            priority=RULE_PRIORITY,
            condition=[
                lb_listener_rule.LbListenerRuleCondition(
                    http_header=lb_listener_rule.LbListenerRuleConditionHttpHeader(
                        http_header_name=site.origin.secret_header, values=cdktf.Token.as_list(secret.accepted)
                    )
                )
            ],
            action=[lb_listener_rule.LbListenerRuleAction(type="forward", target_group_arn=self.target_group.arn)],
            tags=tags(site_name, f"{site_name}-cloudfront"),
        )
        self.rule.override_logical_id("cloudfront")

    def _target_group(self, site_name: str, site: Site, vpc_id: str) -> lb_target_group.LbTargetGroup:
        fixed: dict[str, Any] = {
            "port": site.service.container_port,
            "protocol": "HTTP",
            "protocol_version": "HTTP1",
            "target_type": "ip",
            "vpc_id": vpc_id,
        }
        name = fixed_name(site_name, "app", **fixed)
        check = site.health_check
        return lb_target_group.LbTargetGroup(
            self,
            "app",
            name=name,
            **fixed,
            deregistration_delay=str(site.load_balancer.deregistration_delay),
            health_check=lb_target_group.LbTargetGroupHealthCheck(
                path=check.path,
                matcher=check.matcher,
                interval=check.interval,
                timeout=check.timeout,
                healthy_threshold=check.healthy_threshold,
                unhealthy_threshold=check.unhealthy_threshold,
            ),
            tags=tags(site_name, name),
            lifecycle=cdktf.TerraformResourceLifecycle(create_before_destroy=True),
        )

    def _listener(self, site_name: str, site: Site) -> lb_listener.LbListener:
        https = site.origin.protocol == "https"
        return lb_listener.LbListener(
            self,
            "listener",
            load_balancer_arn=self.alb.arn,
            port=listener_port(site),
            protocol="HTTPS" if https else "HTTP",
            ssl_policy=TLS_POLICY if https else None,
            certificate_arn=site.origin.certificate_arn,
            default_action=[
                lb_listener.LbListenerDefaultAction(
                    type="fixed-response",
                    fixed_response=lb_listener.LbListenerDefaultActionFixedResponse(
                        content_type="text/plain", message_body="Forbidden", status_code="403"
                    ),
                )
            ],
            tags=tags(site_name, f"{site_name}-alb"),
        )
