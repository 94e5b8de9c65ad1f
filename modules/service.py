"""The adopted ECS service: what each stage changes on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bascule.ladder import DELIVERED_ELSEWHERE, Stage
from bascule.site import Service
from modules.cdk import AdoptedResource, Construct, cdktf


def service_values(
    adopted: Mapping[str, Any],
    site: Service,
    stage: Stage,
    *,
    container: str = "",
    target_group_arn: str = "",
    tasks_group_id: str = "",
) -> dict[str, Any]:
    """The service's arguments at `stage`: `adopted`, and from `attach` on our target group and security group, both
    of which travel in one UpdateService and so make one deployment.
    """
    values = dict(adopted)
    if stage.at_least(Stage.BUILD):
        values["wait_for_steady_state"] = True
        values["timeouts"] = {"update": f"{site.steady_state_timeout}m"}
    if stage.at_least(Stage.ATTACH):
        ours = {
            "container_name": container,
            "container_port": site.container_port,
            "target_group_arn": target_group_arn,
        }
        values["load_balancer"] = [*adopted.get("load_balancer", ()), ours]
        (network,) = adopted["network_configuration"]
        groups = [*site.keep_security_groups, tasks_group_id]
        values["network_configuration"] = [{**network, "security_groups": groups}]
    if stage.at_least(Stage.CONNECT) and site.health_check_grace_period is not None:
        values["health_check_grace_period_seconds"] = site.health_check_grace_period
    return values


def adopted_service(
    scope: Construct, values: Mapping[str, Any], depends_on: Sequence[cdktf.ITerraformDependable]
) -> AdoptedResource:
    """The service. `depends_on` holds what has to exist before ECS accepts the target group: ECS refuses one that no
    listener uses (hashicorp/terraform-provider-aws issue 3495).
    """
    return AdoptedResource(
        scope,
        "aws_ecs_service",
        values,
        lifecycle=cdktf.TerraformResourceLifecycle(prevent_destroy=True, ignore_changes=list(DELIVERED_ELSEWHERE)),
        depends_on=depends_on,
    )
