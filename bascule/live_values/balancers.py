"""The load balancers that are origins, with their listeners, rules, target groups and targets."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from bascule.inventory import Unread, rows
from bascule.live_values.facts import Answers, Named, domains, name_of, not_read
from bascule.live_values.listeners import actions, conditions, target_group_arns
from bascule.load_balancers import TARGET_STATES

BALANCERS = "load_balancers"
"""The name of the answer that holds every load balancer of the region."""

TARGETS = "targets"
"""A key that no target group has in Terraform: its registered targets, each with `id` (an IP address, say), `port`,
`state` (as ELB says it) and `reason`; absent where they weren't read."""

_BALANCER = re.compile(r".+\.elb\.(?:.+\.)?amazonaws\.com(?:\.cn)?")
"""Names that ELB gives: `NAME.REGION.elb.amazonaws.com`, a Network Load Balancer's `NAME.elb.REGION.amazonaws.com`."""


def origin_balancers(answers: Answers) -> list[Mapping[str, Any]]:
    """The load balancers of the region that are origins, in the API's vocabulary."""
    named = {domain.removeprefix("dualstack.") for domain in domains(answers)}
    return [one for one in rows(answers[BALANCERS]) if one["DNSName"].lower() in named]


def balancers(answers: Answers) -> Named:
    """Load balancers that are origins. Where none could be read, an origin with a name of theirs is one."""
    answer = answers[BALANCERS]
    if isinstance(answer, Unread):
        unread = not_read(answer)
        for domain in domains(answers):
            if _BALANCER.fullmatch(domain):
                values = {"arn": unread, "dns_name": domain, "security_groups": unread}
                yield domain.removeprefix("dualstack.").partition(".")[0], values
    for one in origin_balancers(answers):
        yield (
            name_of(one["LoadBalancerName"]),
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


def listeners(answers: Answers) -> Named:
    """A listener that couldn't be read, or of which the rules couldn't, is one that may be any load balancer's."""
    if isinstance(answers[BALANCERS], Unread):
        yield "unread", {"load_balancer_arn": not_read(answers[BALANCERS])}
    for balancer in origin_balancers(answers):
        name, arn = name_of(balancer["LoadBalancerName"]), balancer["LoadBalancerArn"]
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


def rules(answers: Answers) -> Named:
    """Their rules by priority, without the default one, which a listener has itself."""
    for balancer in origin_balancers(answers):
        name = name_of(balancer["LoadBalancerName"])
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


def target_groups(answers: Answers) -> Named:
    """Target groups that they use. Where those couldn't be read, those that their listeners name."""
    used = [answers[f"target_groups/{balancer['LoadBalancerArn']}"] for balancer in origin_balancers(answers)]
    found = {group["TargetGroupArn"]: group for answer in used for group in rows(answer)}
    for arn, group in found.items():
        yield name_of(group["TargetGroupName"]), _target_group(group, answers[f"health/{arn}"])
    unread = next((answer for answer in used if isinstance(answer, Unread)), None)
    if unread is not None:
        for arn in sorted(_forwarded_to(answers) - found.keys()):
            yield name_of(arn.split("/")[-2]), {"arn": arn, "id": arn, TARGET_STATES: not_read(unread)}


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
    """ARNs of the target groups that any action of the listeners names."""
    blocks = [values["default_action"] for _, values in listeners(answers) if "default_action" in values]
    blocks += [values["action"] for _, values in rules(answers)]
    return {arn for block in blocks for action in block for arn in target_group_arns(action)}
