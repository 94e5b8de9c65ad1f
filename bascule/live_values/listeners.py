"""Conditions and actions of a listener's rules: ELB's API in Terraform's vocabulary.

Source: ELB API reference, RuleCondition and Action; provider 5.100.0, aws_lb_listener_rule.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

CONDITIONS = {
    "host-header": "HostHeaderConfig",
    "path-pattern": "PathPatternConfig",
    "http-header": "HttpHeaderConfig",
    "http-request-method": "HttpRequestMethodConfig",
    "query-string": "QueryStringConfig",
    "source-ip": "SourceIpConfig",
}
"""Where each field has its settings in the API."""

NOT_UNDERSTOOD: dict[str, Any] = {"regex": [{}]}
"""A condition of a kind that the routing model doesn't know, and of which it says so."""


def conditions(found: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """`condition` blocks. A regular expression, which the model can't match, is a condition that it doesn't know."""
    return [_condition(one) for one in found]


def _condition(one: Mapping[str, Any]) -> dict[str, Any]:
    field = one.get("Field", "")
    if field not in CONDITIONS:
        return NOT_UNDERSTOOD
    config = one.get(CONDITIONS[field]) or {}
    if config.get("RegexValues") or one.get("RegexValues"):
        return NOT_UNDERSTOOD
    values = config.get("Values") or one.get("Values") or []
    if field == "query-string":
        block = [{"key": value.get("Key"), "value": value.get("Value")} for value in values]
    elif field == "http-header":
        block = [{"http_header_name": config.get("HttpHeaderName", ""), "values": list(values)}]
    else:
        block = [{"values": list(values)}]
    return {field.replace("-", "_"): block}


def actions(found: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """`action` or `default_action` blocks. Logging in comes with its type alone."""
    return [_action(one) for one in found]


def _action(one: Mapping[str, Any]) -> dict[str, Any]:
    values: dict[str, Any] = {"type": one["Type"], "order": one.get("Order")}
    groups = one.get("ForwardConfig", {}).get("TargetGroups")
    if groups:  # the API repeats a single target group outside of it
        weighed = [{"arn": group["TargetGroupArn"], "weight": group.get("Weight")} for group in groups]
        values["forward"] = [{"target_group": weighed}]
    elif one.get("TargetGroupArn"):
        values["target_group_arn"] = one["TargetGroupArn"]
    if fixed := one.get("FixedResponseConfig"):
        values["fixed_response"] = [
            {
                "status_code": fixed.get("StatusCode"),
                "content_type": fixed.get("ContentType"),
                "message_body": fixed.get("MessageBody"),
            }
        ]
    if redirect := one.get("RedirectConfig"):
        names = ("Protocol", "Port", "Host", "Path", "Query", "StatusCode")
        told = {name.lower(): redirect.get(name) for name in names}
        values["redirect"] = [{**told, "status_code": told.pop("statuscode")}]
    return values


def target_group_arns(action: Mapping[str, Any]) -> list[str]:
    """The target groups that an `action` block forwards to."""
    weighed = [group["arn"] for block in action.get("forward", ()) for group in block["target_group"]]
    return [action["target_group_arn"]] if "target_group_arn" in action else weighed
