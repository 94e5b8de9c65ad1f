"""The good plans, each broken in one place: the rule that is about that place has to say so."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

import plan_fixtures
import pytest
from plan_drafts import ALL_BUT_HOST, OLD_GROUP, SECRET

from bascule import rules
from bascule.guard import judge
from bascule.ladder import ALB_ORIGIN_ID
from bascule.managed_policies import CACHING_DISABLED, CACHING_OPTIMIZED
from bascule.rules import Outcome

TODAY = date(2026, 3, 2)
FAIL, UNKNOWN = Outcome.FAIL, Outcome.UNKNOWN

File = dict[str, Any]
"""A file of tests/plans/, read."""

Edit = Callable[[File], None]


@dataclass(frozen=True)
class Mutant:
    """A plan of the ladder in which one thing is another."""

    what: str
    plan: str
    edit: Edit
    rule: str
    outcome: Outcome = FAIL
    given: Edit | None = None
    """What has to be otherwise before, so that the rule has something to say and holds."""

    def __str__(self) -> str:
        return f"{self.rule}: {self.what}"


@cache
def _file(name: str) -> File:
    return plan_fixtures.head(name)


def outcomes(found: File) -> dict[str, Outcome]:
    """What each rule says of the plan in a file."""
    return {finding.rule.id: finding.outcome for finding in judge(plan_fixtures.case(found), TODAY)}


# Edits.


def sets(address: str, path: str, value: Any) -> Edit:
    """Another value somewhere in one entry of `resource_changes`: `after.origin.origin_id=S3.domain_name`."""

    def edit(found: File) -> None:
        change = _entry(found, address)["change"]
        _put(change, _keys(change, path), value)

    return edit


def later(address: str, path: str) -> Edit:
    """A value of a resource that is known after apply only: Terraform leaves it out, and marks it."""

    def edit(found: File) -> None:
        change = _entry(found, address)["change"]
        keys = _keys(change["after"], path)
        _put(change["after"], keys, None)
        change["after_unknown"] = _marked(change["after_unknown"], keys)

    return edit


Key = str | int


def _keys(values: Any, path: str) -> list[Key]:
    """A path as keys: an item of a list is named by its place, or by an argument that tells it from the others."""
    keys: list[Key] = []
    for name in path.split("."):
        key: Key = name
        if isinstance(values, list):
            argument, by_argument, value = name.partition("=")
            (key,) = [i for i, item in enumerate(values) if by_argument and item[argument] == value] or [int(name)]
        keys.append(key)
        values = values[key] if isinstance(values, list) else (values or {}).get(key)
    return keys


def _put(values: Any, keys: list[Key], value: Any) -> None:
    for key in keys[:-1]:
        values = values[key]
    values[keys[-1]] = value


def _marked(marks: Any, keys: list[Key]) -> Any:
    """Terraform's marks of what is unknown, in the shape of the values, with one more."""
    if not keys:
        return True
    key, *rest = keys
    if isinstance(key, int):
        items = [*marks] if isinstance(marks, list) else []
        items += [{} for _ in range(key + 1 - len(items))]
        return [_marked(item, rest) if place == key else item for place, item in enumerate(items)]
    known = marks if isinstance(marks, dict) else {}
    return {**known, key: _marked(known.get(key), rest)}


def _entry(found: File, address: str) -> dict[str, Any]:
    (entry,) = [one for one in found["plan"]["resource_changes"] if one["address"] == address]
    return entry


def adds(name: str, type_: str, **after: Any) -> Edit:
    """One resource more, created with these values."""

    def edit(found: File) -> None:
        change = {"actions": ["create"], "before": None, "after": after, "after_unknown": {"id": True}}
        entry = {"address": f"{type_}.{name}", "mode": "managed", "type": type_, "name": name, "change": change}
        found["plan"]["resource_changes"].append(entry)

    return edit


def does(address: str, *actions: str) -> Edit:
    """Terraform does something else with a resource; what it deletes or forgets isn't there afterwards."""

    def edit(found: File) -> None:
        change = _entry(found, address)["change"]
        change["actions"] = list(actions)
        if "create" not in actions and {"delete", "forget"} & set(actions):
            change["after"], change["after_unknown"] = None, {}

    return edit


def says(name: str, value: Any) -> Edit:
    """Something else about the plan as a whole."""

    def edit(found: File) -> None:
        found["plan"][name] = value

    return edit


def leaves_over(path: str, value: Any) -> Edit:
    """The live distribution has something that the provider can't express."""

    def edit(found: File) -> None:
        found["leftover"] = {path: value}

    return edit


def drifts(address: str, *actions: str, path: str = "", value: Any = None) -> Edit:
    """Somebody changed a resource, or deleted it, outside Terraform."""

    def edit(found: File) -> None:
        entry = copy.deepcopy(_entry(found, address))
        change = entry["change"]
        change["actions"], change["after"] = list(actions), None if actions == ("delete",) else change["before"]
        if path:
            change["after"] = {**change["before"], path: value}
        found["plan"].setdefault("resource_drift", []).append(entry)

    return edit


def done_already(address: str, path: str) -> Edit:
    """What the plan changes is live by now, and the state doesn't know."""

    def edit(found: File) -> None:
        entry = copy.deepcopy(_entry(found, address))
        change = entry["change"]
        was, wanted = change["before"], change["after"][path]
        assert was[path] != wanted
        drift = {**copy.deepcopy(entry), "change": {**change, "actions": ["update"], "after": {**was, path: wanted}}}
        found["plan"].setdefault("resource_drift", []).append(drift)

    return edit


def deleted_already(address: str) -> Edit:
    """What the plan deletes is gone by now, and the state doesn't know: nothing is planned for it."""

    def edit(found: File) -> None:
        entry = _entry(found, address)
        assert ["delete"] == entry["change"]["actions"]
        found["plan"]["resource_changes"].remove(entry)
        found["plan"].setdefault("resource_drift", []).append(entry)

    return edit


def again(address: str, name: str, path: str, value: Any) -> Edit:
    """One resource twice, with one difference."""

    def edit(found: File) -> None:
        entry = copy.deepcopy(_entry(found, address))
        entry |= {"address": f"{entry['type']}.{name}", "name": name}
        _put(entry["change"], _keys(entry["change"], path), value)
        found["plan"]["resource_changes"].append(entry)
        configured = found["plan"]["configuration"]["root_module"]["resources"]
        configured += [{**one, "address": entry["address"]} for one in configured if one["address"] == address]

    return edit


def opens_the_old_way(found: File) -> None:
    """A rule of the type that provider 5.100.0 still has beside the newer one lets the world to the ALB."""
    group = _entry(found, ALB_GROUP)["change"]["after"]["id"]
    adds("world", "aws_security_group_rule", type="ingress", cidr_blocks=["0.0.0.0/0"], security_group_id=group)(found)


def shuts_out_the_world(found: File) -> None:
    """A rule of ours that lets the world in is deleted; until then the group shows it among its live rules."""
    group = _entry(found, ALB_GROUP)["change"]["after"]
    before = {"security_group_id": group["id"], "cidr_ipv4": "0.0.0.0/0", "from_port": 80, "to_port": 80}
    adds("world", INGRESS.partition(".")[0])(found)
    found["plan"]["resource_changes"][-1]["change"] = {"actions": ["delete"], "before": before, "after": None}
    group["ingress"] = admitting(cidr_blocks=["0.0.0.0/0"])


# Where things are.

SITE = "aws_cloudfront_distribution.site"
BUCKET, SERVICE = "aws_s3_bucket.site", "aws_ecs_service.site"
ALB, GROUP = "aws_lb.alb", "aws_lb_target_group.app"
LISTENER, RULE = "aws_lb_listener.alb", "aws_lb_listener_rule.cloudfront"
INGRESS = "aws_vpc_security_group_ingress_rule.alb_from_cloudfront"
TASKS_INGRESS = "aws_vpc_security_group_ingress_rule.tasks_from_alb"
ALB_GROUP, TASKS_GROUP = "aws_security_group.alb", "aws_security_group.tasks"

DEFAULT = "default_cache_behavior.0"
PROBE = "ordered_cache_behavior.path_pattern=/api/health"
STATIC = "ordered_cache_behavior.path_pattern=/_next/static/*"
ORIGIN = f"origin.origin_id={ALB_ORIGIN_ID}"
OLD_ORIGIN = "origin.origin_id=S3-arquantix-coming-soon-dev"
CUSTOM = f"{ORIGIN}.custom_origin_config.0"
CERTIFICATE = "viewer_certificate.0"
HEADER = "condition.0.http_header.0"
ANSWER = "default_action.0"
OWN_POLICY = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"
"""A policy of the account's own: its id doesn't say what it does."""
OTHER_LIST = "pl-0123456789abcdef0"


def page(code: int, answered: int, path: str) -> dict[str, Any]:
    return {"error_code": code, "response_code": answered, "response_page_path": path, "error_caching_min_ttl": 10}


def function(event: str) -> list[dict[str, Any]]:
    return [{"event_type": event, "function_arn": "arn:aws:cloudfront::123456789012:function/index"}]


def edge(event: str) -> list[dict[str, Any]]:
    return [{"event_type": event, "lambda_arn": "arn:aws:lambda:us-east-1:1:function:index:1", "include_body": False}]


def policy(effect: str, principal: str) -> str:
    return (
        f'{{"Version":"2012-10-17","Statement":[{{"Effect":"{effect}","Principal":{principal},"Action":"s3:GetObject",'
        '"Resource":"arn:aws:s3:::b/*"}]}'
    )


def admitting(**what: Any) -> list[dict[str, Any]]:
    """What a security group shows of its live ingress rules, with one that nobody wrote down."""
    lists = ("cidr_blocks", "ipv6_cidr_blocks", "prefix_list_ids", "security_groups")
    nothing: dict[str, Any] = {name: [] for name in lists}
    return [{**nothing, "from_port": 80, "to_port": 80, "protocol": "tcp", "self": False, "description": "", **what}]


HTTPS = sets(SITE, f"after.{CUSTOM}.origin_protocol_policy", "https-only")

SERVING = [
    Mutant("the old one is kept", "up-to-serve", sets(SITE, "after.default_root_object", "index.html"), "root-object"),
    Mutant("in a folder", "up-to-serve", sets(SITE, "after.default_root_object", "en/index.html"), "root-object"),
    Mutant("known later", "up-to-serve", later(SITE, "default_root_object"), "root-object", UNKNOWN),
    Mutant("kept at retire", "up-to-retire", sets(SITE, "after.default_root_object", "index.html"), "root-object"),
    Mutant(
        "404 becomes a page of the old site",
        "up-to-serve",
        sets(SITE, "after.custom_error_response", [page(404, 200, "/index.html")]),
        "masked-errors",
    ),
    Mutant(
        "403 becomes a 404 page",
        "up-to-serve",
        sets(SITE, "after.custom_error_response", [page(403, 404, "/404.html")]),
        "masked-errors",
    ),
    Mutant(
        "500 becomes a success",
        "up-to-serve",
        sets(SITE, "after.custom_error_response", [page(500, 200, "/sorry.html")]),
        "masked-errors",
    ),
    Mutant("all known later", "up-to-serve", later(SITE, "custom_error_response"), "masked-errors", UNKNOWN),
    Mutant("read only", "up-to-serve", sets(SITE, f"after.{DEFAULT}.allowed_methods", ["GET", "HEAD"]), "methods"),
    Mutant(
        "with OPTIONS",
        "up-to-serve",
        sets(SITE, f"after.{DEFAULT}.allowed_methods", ["GET", "HEAD", "OPTIONS"]),
        "methods",
    ),
    Mutant("known later", "up-to-serve", later(SITE, f"{DEFAULT}.allowed_methods"), "methods", UNKNOWN),
    Mutant(
        "one known later",
        "up-to-serve",
        later(SITE, f"{DEFAULT}.allowed_methods.5"),
        "methods",
        UNKNOWN,
    ),
    Mutant("none", "up-to-serve", sets(SITE, f"after.{DEFAULT}.origin_request_policy_id", ""), "host-header"),
    Mutant(
        "all but Host",
        "up-to-serve",
        sets(SITE, f"after.{DEFAULT}.origin_request_policy_id", ALL_BUT_HOST),
        "host-header",
    ),
    Mutant(
        "all but Host for the probe",
        "up-to-connect",
        sets(SITE, f"after.{PROBE}.origin_request_policy_id", ALL_BUT_HOST),
        "host-header",
    ),
    Mutant(
        "none for the assets",
        "up-to-serve",
        sets(SITE, f"after.{STATIC}.origin_request_policy_id", None),
        "host-header",
    ),
    Mutant(
        "a policy of the account's own",
        "up-to-serve",
        sets(SITE, f"after.{DEFAULT}.origin_request_policy_id", OWN_POLICY),
        "host-header",
        UNKNOWN,
    ),
    Mutant("behaviors known later", "up-to-serve", later(SITE, "ordered_cache_behavior"), "host-header", UNKNOWN),
    Mutant(
        "pages cached",
        "up-to-serve",
        sets(SITE, f"after.{DEFAULT}.cache_policy_id", CACHING_OPTIMIZED),
        "rsc-cached",
    ),
    Mutant(
        "the probe cached",
        "up-to-connect",
        sets(SITE, f"after.{PROBE}.cache_policy_id", CACHING_OPTIMIZED),
        "rsc-cached",
    ),
    Mutant(
        "a policy of the account's own",
        "up-to-serve",
        sets(SITE, f"after.{DEFAULT}.cache_policy_id", OWN_POLICY),
        "rsc-cached",
        UNKNOWN,
    ),
    Mutant("known later", "up-to-serve", later(SITE, f"{DEFAULT}.cache_policy_id"), "rsc-cached", UNKNOWN),
    Mutant(
        "no policy, and an hour at most",
        "up-to-serve",
        sets(SITE, f"after.{DEFAULT}.max_ttl", 3600),
        "rsc-cached",
        given=sets(SITE, f"after.{DEFAULT}.cache_policy_id", ""),
    ),
    Mutant(
        "a function for viewers' requests",
        "up-to-serve",
        sets(SITE, f"after.{DEFAULT}.function_association", function("viewer-request")),
        "edge-functions",
    ),
    Mutant(
        "a Lambda for the origin's requests",
        "up-to-retire",
        sets(SITE, f"after.{DEFAULT}.lambda_function_association", edge("origin-request")),
        "edge-functions",
    ),
    Mutant("known later", "up-to-serve", later(SITE, f"{DEFAULT}.function_association"), "edge-functions", UNKNOWN),
    *(
        Mutant(
            "where visitors go is known later",
            "up-to-connect",
            later(SITE, f"{DEFAULT}.target_origin_id"),
            rule,
            UNKNOWN,
        )
        for rule in ("root-object", "methods", "rsc-cached", "host-header")
    ),
]

ADOPTED = [
    Mutant(what, "up-to-serve", sets(SITE, f"after.{path}", value), "adopted-changed")
    for what, path, value in (
        ("price class", "price_class", "PriceClass_100"),
        ("comment", "comment", ""),
        ("aliases", "aliases", []),
        ("switched off", "enabled", False),
        ("web ACL", "web_acl_id", "arn:aws:wafv2:us-east-1:123456789012:global/webacl/other/1"),
        ("HTTP version", "http_version", "http2and3"),
        ("IPv6", "is_ipv6_enabled", False),
        ("certificate", f"{CERTIFICATE}.acm_certificate_arn", "arn:aws:acm:us-east-1:123456789012:certificate/other"),
        ("viewers over HTTP", f"{DEFAULT}.viewer_protocol_policy", "allow-all"),
        ("compression", f"{DEFAULT}.compress", False),
        ("security headers", f"{DEFAULT}.response_headers_policy_id", OWN_POLICY),
        ("the bucket's origin", f"{OLD_ORIGIN}.domain_name", "another.s3.me-central-1.amazonaws.com"),
        ("countries", "restrictions.0.geo_restriction.0.restriction_type", "whitelist"),
        ("logs", "logging_config", [{"bucket": "logs.s3.amazonaws.com", "include_cookies": False, "prefix": ""}]),
        ("tags", "tags", {"Owner": "somebody"}),
    )
] + [
    Mutant("tasks", "up-to-attach", sets(SERVICE, "after.desired_count", 0), "adopted-changed"),
    Mutant("task definition", "up-to-attach", sets(SERVICE, "after.task_definition", "other:1"), "adopted-changed"),
    Mutant(
        "public addresses",
        "up-to-attach",
        sets(SERVICE, "after.network_configuration.0.assign_public_ip", False),
        "adopted-changed",
    ),
    Mutant("root object before serve", "up-to-connect", sets(SITE, "after.default_root_object", ""), "adopted-changed"),
    Mutant("distribution replaced", "up-to-serve", does(SITE, "delete", "create"), "adopted-deleted"),
    Mutant("distribution deleted", "down-to-adopt", does(SITE, "delete"), "adopted-deleted"),
    Mutant("bucket deleted", "up-to-retire", does(BUCKET, "delete"), "adopted-deleted"),
    Mutant("service replaced", "up-to-attach", does(SERVICE, "create", "delete"), "adopted-deleted"),
    Mutant("service deleted", "down-to-none", does(SERVICE, "delete"), "adopted-deleted"),
    Mutant("bucket forgotten", "up-to-retire", does(BUCKET, "forget"), "adopted-forgotten"),
    Mutant("ALB forgotten", "down-to-adopt", does(ALB, "forget"), "adopted-forgotten"),
    Mutant("another bucket", "up-to-adopt", sets(BUCKET, "importing.id", "other"), "import-id"),
    Mutant("another distribution", "up-to-adopt", sets(SITE, "importing.id", "E1OTHER"), "import-id"),
    Mutant("another service", "up-to-adopt", sets(SERVICE, "importing.id", "web/other"), "import-id"),
    Mutant("one of ours", "up-to-connect", sets(ALB, "importing", {"id": "arn:aws:other"}), "import-id"),
    Mutant("a service less", "up-to-adopt", sets(SERVICE, "importing", None), "adoption-proof"),
    Mutant("a change", "up-to-adopt", does(SITE, "update"), "adoption-proof"),
    Mutant("one more", "up-to-adopt", adds("more", "aws_s3_bucket", bucket="more"), "adoption-proof"),
    Mutant("one gone", "up-to-connect", sets(ALB, "after.tags", {"ManagedBy": "bascule"}), "tag-lost"),
    Mutant("all gone", "up-to-connect", sets(ALB, "after.tags", None), "tag-lost"),
    Mutant("another value", "up-to-connect", sets(ALB, "after.tags.Name", "other"), "tag-lost"),
    Mutant("all known later", "up-to-connect", later(ALB, "tags"), "tag-lost", UNKNOWN),
    Mutant("one known later", "up-to-connect", later(ALB, "tags.Name"), "tag-lost", UNKNOWN),
    Mutant("by ACL", "up-to-build", adds("a", "aws_s3_bucket_acl", acl="public-read"), "bucket-public"),
    Mutant(
        "by grant",
        "up-to-build",
        adds(
            "a",
            "aws_s3_bucket_acl",
            access_control_policy=[
                {"grant": [{"grantee": [{"uri": "http://acs.amazonaws.com/groups/global/AllUsers"}]}]}
            ],
        ),
        "bucket-public",
    ),
    Mutant(
        "by policy", "up-to-build", adds("a", "aws_s3_bucket_policy", policy=policy("Allow", '"*"')), "bucket-public"
    ),
    Mutant(
        "by policy, in a list",
        "up-to-build",
        adds("a", "aws_s3_bucket_policy", policy=policy("Allow", '{"AWS": ["*"]}')),
        "bucket-public",
    ),
    Mutant(
        "by an opened block",
        "up-to-build",
        adds("a", "aws_s3_bucket_public_access_block", block_public_policy=False),
        "bucket-public",
    ),
    Mutant("beyond the provider", "up-to-connect", leaves_over("ConnectionMode", "tenant-only"), "unexpressible"),
]

REACHED = [
    Mutant("the world", "up-to-build", sets(INGRESS, "after.cidr_ipv4", "0.0.0.0/0"), "alb-open"),
    Mutant("an office", "up-to-build", sets(INGRESS, "after.cidr_ipv4", "192.0.2.0/24"), "alb-open"),
    Mutant("the world over IPv6", "up-to-serve", sets(INGRESS, "after.cidr_ipv6", "::/0"), "alb-open"),
    Mutant(
        "another group",
        "up-to-serve",
        sets(INGRESS, "after.referenced_security_group_id", OLD_GROUP),
        "alb-open",
    ),
    Mutant("another prefix list", "up-to-serve", sets(INGRESS, "after.prefix_list_id", OTHER_LIST), "alb-open"),
    Mutant("a prefix list known later", "up-to-build", later(INGRESS, "prefix_list_id"), "alb-open", UNKNOWN),
    Mutant("no group", "up-to-serve", sets(ALB, "after.security_groups", []), "alb-open"),
    Mutant("somebody's group", "up-to-serve", sets(ALB, "after.security_groups.0", OLD_GROUP), "alb-open"),
    Mutant("groups known later", "up-to-serve", later(ALB, "security_groups"), "alb-open", UNKNOWN),
    Mutant(
        "opened by hand",
        "up-to-serve",
        sets(ALB_GROUP, "after.ingress", admitting(cidr_blocks=["0.0.0.0/0"])),
        "alb-open",
    ),
    Mutant(
        "opened to itself by hand",
        "up-to-serve",
        sets(ALB_GROUP, "after.ingress", admitting(self=True)),
        "alb-open",
    ),
    Mutant("by a rule of the old kind", "up-to-serve", opens_the_old_way, "alb-open"),
    Mutant("the world", "up-to-build", sets(TASKS_INGRESS, "after.cidr_ipv4", "0.0.0.0/0"), "tasks-open"),
    Mutant(
        "another group",
        "up-to-serve",
        sets(TASKS_INGRESS, "after.referenced_security_group_id", OLD_GROUP),
        "tasks-open",
    ),
    Mutant("CloudFront itself", "up-to-serve", sets(TASKS_INGRESS, "after.prefix_list_id", OTHER_LIST), "tasks-open"),
    Mutant(
        "a group known later",
        "up-to-serve",
        later(TASKS_INGRESS, "referenced_security_group_id"),
        "tasks-open",
        UNKNOWN,
    ),
    Mutant(
        "opened by hand",
        "up-to-serve",
        sets(TASKS_GROUP, "after.ingress", admitting(cidr_blocks=["0.0.0.0/0"])),
        "tasks-open",
    ),
    Mutant(
        "still in the group of the old site",
        "up-to-attach",
        sets(SERVICE, "after.network_configuration.0.security_groups", [OLD_GROUP]),
        "tasks-open",
    ),
    Mutant("two ports", "up-to-build", again(INGRESS, "more", "after.from_port", 443), "prefix-list-ports"),
    Mutant("two ports", "up-to-serve", again(INGRESS, "more", "after.to_port", 443), "prefix-list-ports"),
    Mutant("no condition", "up-to-build", sets(RULE, "after.condition", []), "secret-header"),
    Mutant("another header", "up-to-serve", sets(RULE, f"after.{HEADER}.http_header_name", "X-Other"), "secret-header"),
    Mutant("any value", "up-to-build", sets(RULE, f"after.{HEADER}.values", ["*"]), "secret-header"),
    Mutant("no value", "up-to-serve", sets(RULE, f"after.{HEADER}.values", []), "secret-header"),
    Mutant("a short value more", "up-to-build", sets(RULE, f"after.{HEADER}.values", [SECRET, "x"]), "secret-header"),
    Mutant("a wildcard", "up-to-build", sets(RULE, f"after.{HEADER}.values", [f"?{SECRET}"]), "secret-header"),
    Mutant("condition known later", "up-to-build", later(RULE, "condition"), "secret-header", UNKNOWN),
    Mutant("header known later", "up-to-build", later(RULE, "condition.0.http_header"), "secret-header", UNKNOWN),
    Mutant("name known later", "up-to-build", later(RULE, f"{HEADER}.http_header_name"), "secret-header", UNKNOWN),
    Mutant("values known later", "up-to-build", later(RULE, f"{HEADER}.values"), "secret-header", UNKNOWN),
    Mutant(
        "a second rule without it",
        "up-to-build",
        adds(
            "more",
            "aws_lb_listener_rule",
            action=[{"type": "forward"}],
            condition=[{"path_pattern": [{"values": ["/"]}]}],
        ),
        "secret-header",
    ),
    Mutant("forwards", "up-to-build", sets(LISTENER, f"after.{ANSWER}.type", "forward"), "default-action"),
    Mutant("redirects", "up-to-serve", sets(LISTENER, f"after.{ANSWER}.type", "redirect"), "default-action"),
    Mutant(
        "404",
        "up-to-build",
        sets(LISTENER, f"after.{ANSWER}.fixed_response.0.status_code", "404"),
        "default-action",
    ),
    Mutant("nothing", "up-to-serve", sets(LISTENER, "after.default_action", []), "default-action"),
    Mutant(
        "a status known later",
        "up-to-build",
        later(LISTENER, f"{ANSWER}.fixed_response.0.status_code"),
        "default-action",
        UNKNOWN,
    ),
    Mutant("known later", "up-to-build", later(LISTENER, "default_action"), "default-action", UNKNOWN),
    Mutant("type known later", "up-to-build", later(LISTENER, f"{ANSWER}.type"), "default-action", UNKNOWN),
    *(
        Mutant(old, "up-to-connect", sets(SITE, f"after.{CERTIFICATE}.minimum_protocol_version", old), "viewer-tls")
        for old in ("SSLv3", "TLSv1", "TLSv1_2016", "TLSv1.1_2016")
    ),
    Mutant("no certificate", "up-to-serve", sets(SITE, "after.viewer_certificate", []), "viewer-tls"),
    Mutant(
        "CloudFront's own certificate",
        "up-to-serve",
        sets(SITE, f"after.{CERTIFICATE}.cloudfront_default_certificate", True),
        "viewer-tls",
    ),
    Mutant(
        "known later",
        "up-to-serve",
        later(SITE, f"{CERTIFICATE}.minimum_protocol_version"),
        "viewer-tls",
        UNKNOWN,
    ),
    Mutant("certificate known later", "up-to-serve", later(SITE, "viewer_certificate"), "viewer-tls", UNKNOWN),
    Mutant(
        "TLS 1.1 as well",
        "up-to-connect",
        sets(SITE, f"after.{CUSTOM}.origin_ssl_protocols", ["TLSv1.1", "TLSv1.2"]),
        "origin-tls",
        given=HTTPS,
    ),
    Mutant(
        "known later",
        "up-to-connect",
        later(SITE, f"{CUSTOM}.origin_ssl_protocols"),
        "origin-tls",
        UNKNOWN,
        given=HTTPS,
    ),
    Mutant(
        "like the viewer",
        "up-to-connect",
        sets(SITE, f"after.{CUSTOM}.origin_protocol_policy", "match-viewer"),
        "origin-http",
        given=HTTPS,
    ),
    Mutant(
        "known later",
        "up-to-connect",
        later(SITE, f"{CUSTOM}.origin_protocol_policy"),
        "origin-http",
        UNKNOWN,
        given=HTTPS,
    ),
    Mutant("origins known later", "up-to-connect", later(SITE, "origin"), "origin-http", UNKNOWN, given=HTTPS),
    *(
        Mutant(f"off at {plan}", plan, sets(ALB, "after.enable_deletion_protection", False), "deletion-protection")
        for plan in ("up-to-connect", "up-to-serve", "up-to-retire")
    ),
    Mutant(
        "known later",
        "up-to-connect",
        later(ALB, "enable_deletion_protection"),
        "deletion-protection",
        UNKNOWN,
    ),
]


def prioritised(found: File) -> None:
    """The rule comes later, and takes another value of the header as well."""
    does(RULE, "update")(found)
    sets(RULE, "after.priority", 2)(found)
    sets(RULE, f"after.{HEADER}.values", [SECRET, SECRET[::-1]])(found)


ANSWERS = [
    Mutant(
        "a value that the rule refuses",
        "up-to-serve",
        sets(SITE, f"after.{ORIGIN}.custom_header.0.value", "x" * 64),
        "site-answers",
    ),
    Mutant(
        "a port on which nobody listens", "up-to-serve", sets(SITE, f"after.{CUSTOM}.http_port", 8080), "site-answers"
    ),
    Mutant("TLS to a listener of HTTP", "up-to-serve", HTTPS, "site-answers"),
    Mutant(
        "another target group",
        "up-to-retire",
        sets(RULE, "after.action.0.target_group_arn", "arn:other"),
        "site-answers",
    ),
    Mutant(
        "the rule refuses", "up-to-retire", sets(RULE, "after.action", [{"type": "fixed-response"}]), "site-answers"
    ),
    Mutant(
        "an origin that isn't there",
        "rollback-from-serve",
        sets(SITE, f"after.{DEFAULT}.target_origin_id", "nowhere"),
        "site-answers",
    ),
    Mutant(
        "another server", "up-to-serve", sets(SITE, f"after.{ORIGIN}.domain_name", "gone.example.com"), "site-answers"
    ),
    Mutant("switched off", "up-to-serve", sets(SITE, "after.enabled", False), "site-answers"),
    Mutant("the service let go", "up-to-serve", sets(SERVICE, "after.load_balancer", []), "site-answers"),
    Mutant(
        "visitors too early",
        "up-to-connect",
        sets(SITE, f"after.{DEFAULT}.target_origin_id", ALB_ORIGIN_ID),
        "site-answers",
    ),
    Mutant(
        "visitors left at the bucket",
        "up-to-serve",
        sets(SITE, f"after.{DEFAULT}.target_origin_id", "S3-arquantix-coming-soon-dev"),
        "site-answers",
    ),
    Mutant(
        "a condition on the path",
        "up-to-retire",
        sets(RULE, "after.condition.0.path_pattern", [{"values": ["/x"]}]),
        "site-answers",
        UNKNOWN,
    ),
    Mutant("where it goes known later", "up-to-serve", later(SITE, f"{ORIGIN}.domain_name"), "site-answers", UNKNOWN),
    Mutant("another check", "up-to-retire", does(GROUP, "update"), "under-visitors"),
    Mutant("another port of the ALB's group", "up-to-retire", does(INGRESS, "update"), "under-visitors"),
    Mutant("the tasks' network", "up-to-retire", does(SERVICE, "update"), "under-visitors"),
    Mutant("the rule, and nothing shows in what", "up-to-retire", does(RULE, "update"), "under-visitors"),
    Mutant("the rule's priority", "up-to-retire", prioritised, "under-visitors"),
    Mutant("the rule replaced", "up-to-retire", does(RULE, "delete", "create"), "under-visitors"),
    Mutant("the way in gone", "down-to-attach", does(INGRESS, "delete"), "release-order"),
    Mutant("the way to the tasks gone", "down-to-attach", does(TASKS_INGRESS, "delete"), "release-order"),
]

ORDER = [
    Mutant("attached as well", "up-to-serve", sets(SERVICE, "before.load_balancer", []), "attach-and-serve"),
    Mutant(
        "to another group as well",
        "up-to-serve",
        sets(SERVICE, "after.load_balancer.0.target_group_arn", "arn:other"),
        "attach-and-serve",
    ),
    *(
        Mutant(f"{address} deleted", "down-to-attach", does(address, "delete"), "release-order")
        for address in (ALB, GROUP, LISTENER, RULE)
    ),
    Mutant("target group replaced", "up-to-serve", does(GROUP, "create", "delete"), "release-order"),
    Mutant("detached", "down-to-attach", sets(SERVICE, "after.load_balancer", []), "release-order"),
    Mutant("a rule of the tasks", "up-to-attach", does(TASKS_INGRESS, "delete"), "delete-while-climbing"),
    Mutant("a group", "up-to-attach", does(ALB_GROUP, "create", "delete"), "replacement"),
    Mutant("ALB changed", "up-to-serve", does(ALB, "update"), "visitors-alone"),
    Mutant("a tag of ours changed", "rollback-from-retire", does(ALB, "update"), "visitors-alone"),
    Mutant("one resource more", "up-to-serve", adds("more", "aws_lb_target_group", port=1), "visitors-alone"),
    Mutant(
        "visitors elsewhere",
        "up-to-connect",
        sets(SITE, f"after.{DEFAULT}.target_origin_id", ALB_ORIGIN_ID),
        "visitors-alone",
    ),
    Mutant("another port", "up-to-serve", sets(LISTENER, "after.port", 8080), "handshake"),
    Mutant("another protocol", "up-to-serve", sets(LISTENER, "after.protocol", "HTTPS"), "handshake"),
    Mutant("another value", "up-to-serve", sets(RULE, f"after.{HEADER}.values", [SECRET[::-1]]), "handshake"),
    Mutant("another header", "up-to-retire", sets(RULE, f"after.{HEADER}.http_header_name", "X-New"), "handshake"),
    Mutant("a value known later", "up-to-serve", later(RULE, f"{HEADER}.values"), "handshake"),
    Mutant("the rule gone", "down-to-attach", does(RULE, "delete"), "handshake"),
    Mutant("narrowed", "up-to-serve", says("complete", False), "incomplete"),
    Mutant(
        "put off",
        "up-to-build",
        says("deferred_changes", [{"reason": "resource_config_unknown", "resource_change": {"address": ALB}}]),
        "incomplete",
    ),
    Mutant("ALB deleted outside", "up-to-connect", drifts(ALB, "delete"), "drift"),
    Mutant("listener changed outside", "up-to-connect", drifts(LISTENER, "update", path="port", value=81), "drift"),
    Mutant(
        "with the load balancer",
        "up-to-attach",
        sets(SERVICE, "after.health_check_grace_period_seconds", 60),
        "grace-period-alone",
    ),
]

MUTANTS = [*SERVING, *ADOPTED, *REACHED, *ANSWERS, *ORDER]


@pytest.mark.parametrize("mutant", MUTANTS, ids=str)
def test_a_plan_that_is_broken_in_one_place_is_caught(mutant: Mutant) -> None:
    """By the rule that is about it, which holds in the plan as it is."""
    found = copy.deepcopy(_file(mutant.plan))
    if mutant.given is not None:
        mutant.given(found)
    assert Outcome.PASS is outcomes(found)[mutant.rule]
    mutant.edit(found)
    assert mutant.outcome is outcomes(found)[mutant.rule]


def test_there_is_a_mutant_for_every_rule() -> None:
    """And more than forty that fail."""
    assert {rule.id for rule in rules.RULES} == {mutant.rule for mutant in MUTANTS}
    assert 40 < sum(mutant.outcome is FAIL for mutant in MUTANTS)


# What only looks broken.


def rotates(found: File) -> None:
    """The rule takes another value as well, and nothing else changes."""
    does(RULE, "update")(found)
    sets(RULE, f"after.{HEADER}.values", [SECRET, SECRET[::-1]])(found)


@dataclass(frozen=True)
class Harmless:
    """A plan of the ladder in which one thing is another, and nothing is wrong with it."""

    what: str
    plan: str
    edit: Edit

    def __str__(self) -> str:
        return self.what


HARMLESS = [
    Harmless(
        "methods in another order",
        "up-to-serve",
        sets(SITE, f"after.{DEFAULT}.allowed_methods", ["PUT", "POST", "PATCH", "OPTIONS", "HEAD", "GET", "DELETE"]),
    ),
    Harmless(
        "an error page that stays an error",
        "up-to-serve",
        sets(SITE, "after.custom_error_response", [page(500, 500, "/500.html")]),
    ),
    Harmless(
        "a 404 that is only cached longer",
        "up-to-serve",
        sets(SITE, "after.custom_error_response", [page(404, 0, "")]),
    ),
    Harmless(
        "assets that are not cached",
        "up-to-serve",
        sets(SITE, f"after.{STATIC}.cache_policy_id", CACHING_DISABLED),
    ),
    Harmless(
        "two values while the secret is rotated",
        "up-to-serve",
        sets(RULE, f"after.{HEADER}.values", [SECRET, SECRET[::-1]]),
    ),
    Harmless("two values while visitors are served", "up-to-retire", rotates),
    Harmless(
        "the header in other letters", "up-to-serve", sets(RULE, f"after.{HEADER}.http_header_name", "x-origin-verify")
    ),
    Harmless("a tag more", "up-to-connect", sets(ALB, "after.tags.Team", "web")),
    Harmless(
        "longer waits for the application", "up-to-connect", sets(SITE, f"after.{CUSTOM}.origin_read_timeout", 60)
    ),
    Harmless(
        "a block of public access",
        "up-to-build",
        adds("a", "aws_s3_bucket_public_access_block", block_public_acls=True),
    ),
    Harmless(
        "a bucket policy that asks for TLS of everybody",
        "up-to-build",
        adds("a", "aws_s3_bucket_policy", policy=policy("Deny", '"*"')),
    ),
    Harmless(
        "a bucket policy for CloudFront",
        "up-to-build",
        adds("a", "aws_s3_bucket_policy", policy=policy("Allow", '{"Service": "cloudfront.amazonaws.com"}')),
    ),
    Harmless("the world shut out again", "down-to-attach", shuts_out_the_world),
    Harmless("an output", "up-to-serve", says("output_changes", {"url": {"actions": ["create"]}})),
    Harmless(
        "a status that is a number", "up-to-build", sets(LISTENER, f"after.{ANSWER}.fixed_response.0.status_code", 403)
    ),
    Harmless(
        "what a killed run had done already",
        "down-to-attach",
        done_already("aws_lb.alb", "enable_deletion_protection"),
    ),
    Harmless("what a killed run had deleted already", "down-to-adopt", deleted_already(ALB)),
    Harmless(
        "a group that learns of its rules",
        "up-to-connect",
        drifts(ALB_GROUP, "update", path="ingress", value=admitting()),
    ),
]


@pytest.mark.parametrize("harmless", HARMLESS, ids=str)
def test_a_plan_that_only_looks_broken_is_let_through(harmless: Harmless) -> None:
    """Every rule says of it what it says of the plan as it is."""
    found = copy.deepcopy(_file(harmless.plan))
    expected = outcomes(found)
    harmless.edit(found)
    assert expected == outcomes(found)
