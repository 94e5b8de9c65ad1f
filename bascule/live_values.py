"""AWS's answers in Terraform's vocabulary: the account as the routing model's world.

Pure. Addresses are those of the configuration for what bascule made (its names are fixed: `modules.names.fixed_name`),
so that the account reads like a plan; of anything else the name is in the address.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bascule import distribution
from bascule.inventory import Unread, network_of, rows
from bascule.live_listeners import actions, conditions
from bascule.live_policies import cache_policy, origin_request_policy
from bascule.load_balancers import TARGET_STATES
from bascule.plan_json import Unknown
from bascule.planned_values import World
from bascule.worlds import DELETED, SITE

TARGETS = "targets"
"""A key that no target group has in Terraform: its registered targets, each with `id` (an IP address, say), `port`,
`state` (as ELB says it) and `reason`; absent where they weren't read."""

BALANCERS = "load_balancers"
"""The name of the answer that holds every load balancer of the region."""

Answers = Mapping[str, Any]
"""Answers by the names that `bascule.live_world` gives its calls."""


@dataclass(frozen=True)
class NotRead(Unknown):
    """A value that couldn't be read. `of` is the IAM action that it needs, and AWS's answer."""

    def __str__(self) -> str:
        return f"not read: {self.of}"


def not_read(unread: Unread) -> NotRead:
    """The same as a value of a world."""
    return NotRead(str(unread))


def world(id_: str, answers: Answers) -> World:
    """The world of the distribution with this id."""
    found: dict[str, Mapping[str, Any]] = {}
    site = _distribution(id_, answers["distribution"])
    if site is not None:
        found[SITE] = site
    for type_, made in (
        ("aws_s3_bucket", _buckets(answers)),
        ("aws_cloudfront_cache_policy", _policies(answers, "cache_policies", "CachePolicyId")),
        (
            "aws_cloudfront_origin_request_policy",
            _policies(answers, "origin_request_policies", "OriginRequestPolicyId"),
        ),
        ("aws_lb", _balancers(answers)),
        ("aws_lb_listener", _listeners(answers)),
        ("aws_lb_listener_rule", _rules(answers)),
        ("aws_lb_target_group", _target_groups(answers)),
        ("aws_security_group", _security_groups(answers)),
        ("data.aws_ec2_managed_prefix_list", _prefix_lists(answers)),
        ("aws_ecs_service", _services(answers)),
    ):
        for name, values in made:
            found[_free(found, f"{type_}.{_IN_NO_NAME.sub('_', name)}")] = values
    return found


_IN_NO_NAME = re.compile(r"[^\w-]")
"""What no name in Terraform has."""

Named = Iterator[tuple[str, Mapping[str, Any]]]
"""Values of resources of one type, each with a name for its address."""


def _free(taken: World, address: str) -> str:
    """The address, with a number where another has it."""
    number = 2
    free = address
    while free in taken:
        free, number = f"{address}_{number}", number + 1
    return free


OURS = re.compile(r".+-(alb|app|tasks)-[0-9a-f]{6}")
"""Names that `modules.names.fixed_name` makes; the role is the resource's name in the configuration."""


def _name(given: str) -> str:
    own = OURS.fullmatch(given)
    return own[1] if own else given


# --- CloudFront and S3


def _distribution(id_: str, answer: Any) -> Mapping[str, Any] | None:
    if answer is None:
        return None
    if isinstance(answer, Unread):
        unread = not_read(answer)
        return {"id": id_, "domain_name": unread, "aliases": unread, "enabled": unread}
    found = answer["Distribution"]
    return {
        **distribution.from_api(found["DistributionConfig"]).values,
        "id": found["Id"],
        "arn": found["ARN"],
        "domain_name": found["DomainName"],
        "status": found["Status"],
        "etag": answer.get("ETag", ""),
    }


def _config(answers: Answers) -> Mapping[str, Any]:
    answer = answers["distribution"]
    return answer["Distribution"]["DistributionConfig"] if isinstance(answer, Mapping) else {}


def _items(config: Mapping[str, Any], name: str) -> Sequence[Mapping[str, Any]]:
    found: Sequence[Mapping[str, Any]] = (config.get(name) or {}).get("Items") or ()
    return found


def behaviors_of(answers: Answers) -> list[Mapping[str, Any]]:
    """The behaviors of the distribution, in the API's vocabulary."""
    config = _config(answers)
    return [config["DefaultCacheBehavior"], *_items(config, "CacheBehaviors")] if config else []


def _domains(answers: Answers) -> list[str]:
    return [origin["DomainName"].lower() for origin in _items(_config(answers), "Origins")]


_BUCKET = re.compile(r"(.+?)\.s3[.-](?:.+\.)?amazonaws\.com(?:\.cn)?")
"""A bucket's REST or website endpoint (`bascule.ladder.origin_is_bucket`, and its sources)."""


def buckets_of(answers: Answers) -> list[str]:
    """The buckets that are origins."""
    return list(dict.fromkeys(match[1] for domain in _domains(answers) if (match := _BUCKET.fullmatch(domain))))


def _buckets(answers: Answers) -> Named:
    for number, bucket in enumerate(buckets_of(answers)):
        answer = answers[f"bucket/{bucket}"]
        values: dict[str, Any] = {"bucket": bucket, "id": bucket}
        if answer is None or isinstance(answer, Unread):
            values |= {DELETED: not_read(answer) if answer is not None else True}
        yield (bucket if number else "site"), values


def _policies(answers: Answers, name: str, key: str) -> Named:
    """The account's own policies that behaviors name."""
    answer = answers.get(name, ())
    named = {str(one[key]) for one in behaviors_of(answers) if one.get(key)}
    if isinstance(answer, Unread):
        unread = not_read(answer)
        yield from ((id_, {"id": id_, "min_ttl": unread, "headers_config": unread}) for id_ in sorted(named))
        return
    convert = cache_policy if name == "cache_policies" else origin_request_policy
    for item in answer:
        values = convert(item)
        if values["id"] in named:
            yield values["name"], values


# --- Load balancers


_BALANCER = re.compile(r".+\.elb\.(?:.+\.)?amazonaws\.com(?:\.cn)?|.+\.elb\.amazonaws\.com(?:\.cn)?")


def origin_balancers(answers: Answers) -> list[Mapping[str, Any]]:
    """The load balancers of the region that are origins, in the API's vocabulary."""
    domains = {domain.removeprefix("dualstack.") for domain in _domains(answers)}
    return [one for one in rows(answers[BALANCERS]) if one["DNSName"].lower() in domains]


def _balancers(answers: Answers) -> Named:
    answer = answers[BALANCERS]
    if isinstance(answer, Unread):
        unread = not_read(answer)
        for domain in _domains(answers):
            if _BALANCER.fullmatch(domain):
                values = {"arn": unread, "dns_name": domain, "security_groups": unread}
                yield domain.removeprefix("dualstack.").partition(".")[0], values
    for one in origin_balancers(answers):
        yield (
            _name(one["LoadBalancerName"]),
            {
                "arn": one["LoadBalancerArn"],
                "id": one["LoadBalancerArn"],
                "name": one["LoadBalancerName"],
                "dns_name": one["DNSName"],
                "load_balancer_type": one.get("Type", ""),
                "internal": one.get("Scheme") == "internal",
                "security_groups": sorted(one.get("SecurityGroups", ())),
            },
        )


def _listeners(answers: Answers) -> Named:
    """A listener that couldn't be read, or of which the rules couldn't, is one that may be any load balancer's."""
    if isinstance(answers[BALANCERS], Unread):
        yield "unread", {"load_balancer_arn": not_read(answers[BALANCERS])}
    for balancer in origin_balancers(answers):
        name, arn = _name(balancer["LoadBalancerName"]), balancer["LoadBalancerArn"]
        answer = answers[f"listeners/{arn}"]
        if isinstance(answer, Unread):
            yield "unread", {"load_balancer_arn": not_read(answer)}
        for listener in rows(answer):
            rules = answers[f"rules/{listener['ListenerArn']}"]
            yield (
                _listener_name(name, answer, listener),
                {
                    "arn": listener["ListenerArn"],
                    "id": listener["ListenerArn"],
                    "load_balancer_arn": not_read(rules) if isinstance(rules, Unread) else arn,
                    "port": listener.get("Port"),
                    "protocol": listener.get("Protocol", ""),
                    "default_action": actions(listener.get("DefaultActions", ())),
                },
            )


def _listener_name(balancer: str, listeners: Sequence[Any], listener: Mapping[str, Any]) -> str:
    return balancer if len(listeners) == 1 else f"{balancer}_{listener.get('Port')}"


def _rules(answers: Answers) -> Named:
    for balancer in origin_balancers(answers):
        name = _name(balancer["LoadBalancerName"])
        listeners = rows(answers[f"listeners/{balancer['LoadBalancerArn']}"])
        for listener in listeners:
            for rule in rows(answers[f"rules/{listener['ListenerArn']}"]):
                if rule.get("IsDefault") or rule["Priority"] == "default":
                    continue
                ours = name == "alb" and rule["Priority"] == "1"  # modules.load_balancer.RULE_PRIORITY
                own = f"{_listener_name(name, listeners, listener)}_{rule['Priority']}"
                yield (
                    ("cloudfront" if ours else own),
                    {
                        "arn": rule["RuleArn"],
                        "id": rule["RuleArn"],
                        "listener_arn": listener["ListenerArn"],
                        "priority": int(rule["Priority"]),
                        "condition": conditions(rule.get("Conditions", ())),
                        "action": actions(rule.get("Actions", ())),
                    },
                )


def _target_groups(answers: Answers) -> Named:
    for balancer in origin_balancers(answers):
        answer = answers[f"target_groups/{balancer['LoadBalancerArn']}"]
        for group in rows(answer):
            yield _name(group["TargetGroupName"]), _target_group(group, answers[f"health/{group['TargetGroupArn']}"])
        if isinstance(answer, Unread):
            for arn in sorted(_forwarded_to(answers)):
                yield _name(arn.split("/")[-2]), {"arn": arn, "id": arn, TARGET_STATES: not_read(answer)}


def _target_group(group: Mapping[str, Any], health: Any) -> Mapping[str, Any]:
    check = {
        "path": group.get("HealthCheckPath"),
        "port": group.get("HealthCheckPort"),
        "protocol": group.get("HealthCheckProtocol"),
        "matcher": group.get("Matcher", {}).get("HttpCode"),
        "interval": group.get("HealthCheckIntervalSeconds"),
        "timeout": group.get("HealthCheckTimeoutSeconds"),
        "healthy_threshold": group.get("HealthyThresholdCount"),
        "unhealthy_threshold": group.get("UnhealthyThresholdCount"),
    }
    values: dict[str, Any] = {
        "arn": group["TargetGroupArn"],
        "id": group["TargetGroupArn"],
        "name": group["TargetGroupName"],
        "port": group.get("Port"),
        "protocol": group.get("Protocol"),
        "target_type": group.get("TargetType"),
        "health_check": [check],
    }
    if isinstance(health, Unread):
        return values | {TARGET_STATES: not_read(health)}
    targets = [
        {
            "id": one["Target"]["Id"],
            "port": one["Target"].get("Port", group.get("Port")),
            "state": one.get("TargetHealth", {}).get("State", ""),
            "reason": one.get("TargetHealth", {}).get("Reason", ""),
        }
        for one in rows(health)
    ]
    return values | {TARGETS: targets, TARGET_STATES: [target["state"] for target in targets]}


def _forwarded_to(answers: Answers) -> set[str]:
    """ARNs of the target groups that any listener's actions name."""
    ruled = (rule for name, answer in answers.items() if name.startswith("rules/") for rule in rows(answer))
    return {
        arn
        for rule in ruled
        for action in rule.get("Actions", ())
        for arn in (
            action.get("TargetGroupArn"),
            *(group.get("TargetGroupArn") for group in action.get("ForwardConfig", {}).get("TargetGroups", ())),
        )
        if arn
    }


# --- Security groups and ECS


def _security_groups(answers: Answers) -> Named:
    for group in rows(answers.get("security_groups")):
        yield (
            _name(group["GroupName"]),
            {
                "id": group["GroupId"],
                "name": group["GroupName"],
                "ingress": [_permission(one) for one in group.get("IpPermissions", ())],
                "egress": [_permission(one) for one in group.get("IpPermissionsEgress", ())],
            },
        )


def _permission(one: Mapping[str, Any]) -> Mapping[str, Any]:
    """A rule of a group, as the group's own `ingress` or `egress` has it. All ports are none at all in the API."""
    return {
        "protocol": one["IpProtocol"],
        "from_port": one.get("FromPort", 0),
        "to_port": one.get("ToPort", 0),
        "cidr_blocks": [item["CidrIp"] for item in one.get("IpRanges", ())],
        "ipv6_cidr_blocks": [item["CidrIpv6"] for item in one.get("Ipv6Ranges", ())],
        "prefix_list_ids": [item["PrefixListId"] for item in one.get("PrefixListIds", ())],
        "security_groups": [item["GroupId"] for item in one.get("UserIdGroupPairs", ()) if item.get("GroupId")],
    }


def _prefix_lists(answers: Answers) -> Named:
    for one in rows(answers["prefix_list"]):
        yield "cloudfront", {"id": one["PrefixListId"], "name": one["PrefixListName"]}


def service_of(answers: Answers, name: str) -> Mapping[str, Any] | None:
    """The ECS service that a call of that name found, in the API's vocabulary, unless it is deleted."""
    if not name.startswith("service/"):
        return None
    found: Mapping[str, Any] | None = next((s for s in rows(answers[name]) if s.get("status") != "INACTIVE"), None)
    return found


def _services(answers: Answers) -> Named:
    """Those that were read first: one that wasn't may be behind any target group."""
    unread = []
    for name in (name for name in answers if name.startswith("service/")):
        called = "site" if name == "service/0" else None
        if isinstance(answers[name], Unread):
            values = {"load_balancer": not_read(answers[name])}
            unread.append((called or name.replace("/", "_"), values))
        if (service := service_of(answers, name)) is not None:
            yield called or service["serviceName"], _service(service)
    yield from unread


def _service(service: Mapping[str, Any]) -> Mapping[str, Any]:
    network = network_of(service)
    attached = [one for some in (service, *service.get("taskSets", ())) for one in some.get("loadBalancers", ())]
    return {
        "id": service["serviceArn"],
        "name": service["serviceName"],
        "cluster": service.get("clusterArn", ""),
        "desired_count": service.get("desiredCount"),
        "load_balancer": [
            {
                "target_group_arn": one.get("targetGroupArn"),
                "container_name": one.get("containerName"),
                "container_port": one.get("containerPort"),
            }
            for one in attached
        ],
        "network_configuration": [
            {"subnets": network.get("subnets") or [], "security_groups": network.get("securityGroups") or []}
        ]
        if network
        else [],
    }
