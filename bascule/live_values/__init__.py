"""AWS's answers in Terraform's vocabulary: the account as the routing model's world.

Pure. Addresses are those of the configuration for the site's own and for what bascule made (`facts.name_of`), so that
the account reads like a plan; of anything else the name is in the address.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from bascule.live_values import balancers, edge, tasks
from bascule.live_values.balancers import TARGETS
from bascule.live_values.facts import Answers, Named, NotRead
from bascule.planned_values import World
from bascule.worlds import SITE

__all__ = ["TARGETS", "Answers", "NotRead", "unread", "world"]

READERS: Mapping[str, Callable[[Answers], Named]] = {
    "aws_s3_bucket": edge.buckets,
    "aws_cloudfront_cache_policy": edge.cache_policies,
    "aws_cloudfront_origin_request_policy": edge.origin_request_policies,
    "aws_lb": balancers.balancers,
    "aws_lb_listener": balancers.listeners,
    "aws_lb_listener_rule": balancers.rules,
    "aws_lb_target_group": balancers.target_groups,
    "aws_security_group": tasks.security_groups,
    "data.aws_ec2_managed_prefix_list": tasks.prefix_lists,
    "aws_ecs_service": tasks.services,
}
"""What gives the resources of each type."""


def world(id_: str, answers: Answers) -> World:
    """The world of the distribution with this id; without it, where there is none."""
    found: dict[str, Mapping[str, Any]] = {}
    site = edge.site(id_, answers["distribution"])
    if site is not None:
        found[SITE] = site
    for type_, read in READERS.items():
        for name, values in read(answers):
            found[_free(found, f"{type_}.{_IN_NO_NAME.sub('_', name)}")] = values
    return found


def unread(found: World) -> list[str]:
    """What of a world couldn't be read: each IAM action with AWS's answer, once."""
    return sorted({value.of for values in found.values() for value in values.values() if isinstance(value, NotRead)})


_IN_NO_NAME = re.compile(r"[^\w-]")
"""What no name in Terraform has."""


def _free(taken: World, address: str) -> str:
    """The address, with a number where another has it."""
    free, number = address, 2
    while free in taken:
        free, number = f"{address}_{number}", number + 1
    return free
