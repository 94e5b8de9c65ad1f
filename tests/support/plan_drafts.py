"""What people and bugs do to a configuration: each draft becomes a plan in tests/plans/ (see plan_fixtures.py)."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Any

from bascule.ladder import ALB_ORIGIN_ID, Stage
from bascule.managed_policies import CACHING_OPTIMIZED
from bascule.session import Session

NONE, ADOPT, BUILD, ATTACH, CONNECT, SERVE, RETIRE = Stage

GONE = object()
"""Put in the place of what is taken out of a configuration."""

LATER = "${terraform_data.later.id}"
"""A value that Terraform knows after apply only: terraform_data is built in, and its id is made when it is created."""

SECRET = "0123456789abcdef" * 4
"""What stands in the plans where the sandbox's secret was."""

DISTRIBUTION, BUCKET, SERVICE = "aws_cloudfront_distribution.site", "aws_s3_bucket.site", "aws_ecs_service.site"
ALB, LISTENER, RULE = "aws_lb.alb", "aws_lb_listener.alb", "aws_lb_listener_rule.cloudfront"
INGRESS = "aws_vpc_security_group_ingress_rule"
DEFAULT, PROBE = f"{DISTRIBUTION}.default_cache_behavior.0", f"{DISTRIBUTION}.ordered_cache_behavior.0"
ORIGIN = f"{DISTRIBUTION}.origin.-1.custom_origin_config.0"
CERTIFICATE = f"{DISTRIBUTION}.viewer_certificate.0"
ALL_BUT_HOST = "b689b0a8-53d0-40ab-baf2-68738e2966ac"
OTHER_BUCKET = "arquantix-terraform-state"
OLD_GROUP = "sg-04e1c7b9a3f58d260"
"""The security group in which the tasks were adopted: port 3000, open to the world."""

Live = Callable[[Session], AbstractContextManager[None]]
"""Changes the account as somebody would at the console, and takes it back."""


@dataclass(frozen=True)
class Draft:
    """One plan to be made: from which rung to which configuration, and what was done to that or to the account."""

    name: str
    at: Stage
    to: Stage
    puts: Mapping[str, Any] = field(default_factory=dict)
    """Values by path: `aws_lb.alb.idle_timeout`."""
    imports: Mapping[str, str] = field(default_factory=dict)
    """Other import ids, by address."""
    forgets: tuple[str, ...] = ()
    """Addresses for which a `removed` block stands in the place of the resource."""
    target: str | None = None
    targeted: bool = False
    """Whether it is narrowed to `target` on purpose, as a rollback is."""
    live: Live | None = None

    def apply_to(self, configuration: Mapping[str, Any]) -> dict[str, Any]:
        """The configuration as this draft has it."""
        edited = copy.deepcopy(dict(configuration))
        for path, value in self.puts.items():
            _put(edited, path, value)
        for address in self.forgets:
            _put(edited, address, GONE)
            edited.setdefault("removed", []).append({"from": address, "lifecycle": {"destroy": False}})
        resources = {type_: named for type_, named in edited["resource"].items() if named}
        if LATER.split(".")[1] in str(self.puts.values()):
            resources["terraform_data"] = {"later": {}}
        edited["resource"] = resources
        there = {f"{type_}.{name}" for type_, named in resources.items() for name in named}
        edited["import"] = [
            {**one, "id": self.imports.get(one["to"], one["id"])} for one in edited["import"] if one["to"] in there
        ]
        return edited


def _put(configuration: dict[str, Any], path: str, value: Any) -> None:
    *parents, last = path.split(".")
    place: Any = configuration["resource"]
    for name in parents:
        place = place[int(name)] if isinstance(place, list) else place.setdefault(name, {})
    if value is GONE:
        del place[last]
    else:
        place[last] = value


def _rule(group: str, **values: Any) -> dict[str, Any]:
    """An ingress rule of a security group of ours."""
    return {"security_group_id": f"${{aws_security_group.{group}.id}}", "ip_protocol": "tcp", **values}


CLOUDFRONT = {"prefix_list_id": "${data.aws_ec2_managed_prefix_list.cloudfront.id}"}
FORWARD = {"type": "forward", "target_group_arn": "${aws_lb_target_group.app.arn}"}
EVERYBODY = (
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"s3:GetObject",'
    f'"Resource":"arn:aws:s3:::{OTHER_BUCKET}/*"}}]}}'
)


def _block(*, closed: Any) -> dict[str, Any]:
    names = ("block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets")
    return {"bucket": "${aws_s3_bucket.site.id}", **dict.fromkeys(names, closed)}


@contextmanager
def _opened_by_hand(session: Session) -> Iterator[None]:
    """Somebody lets the world to the ALB at the console."""
    ec2, elbv2 = session.clients("ec2"), session.clients("elbv2")
    (group,) = elbv2.describe_load_balancers()["LoadBalancers"][0]["SecurityGroups"]
    world = {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[world])
    try:
        yield
    finally:
        ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=[world])


@contextmanager
def _tagged_and_commented(session: Session) -> Iterator[None]:
    """Another tool tags the ALB, and somebody writes a comment into the distribution."""
    elbv2 = session.clients("elbv2")
    arns = [balancer["LoadBalancerArn"] for balancer in elbv2.describe_load_balancers()["LoadBalancers"]]
    elbv2.add_tags(ResourceArns=arns, Tags=[{"Key": "CostCenter", "Value": "web"}])
    try:
        with _distribution(session, lambda config: config.update(Comment="do not touch before Monday")):
            yield
    finally:
        elbv2.remove_tags(ResourceArns=arns, TagKeys=["CostCenter"])


@contextmanager
def _dual_stack(session: Session) -> Iterator[None]:
    """Somebody makes the ALB's origin dual-stack, for which provider 5.100.0 has no argument."""

    def edit(config: dict[str, Any]) -> None:
        (ours,) = [origin for origin in config["Origins"]["Items"] if origin["Id"] == ALB_ORIGIN_ID]
        ours["CustomOriginConfig"]["IpAddressType"] = "dualstack"

    with _distribution(session, edit):
        yield


@contextmanager
def _distribution(session: Session, edit: Callable[[dict[str, Any]], None]) -> Iterator[None]:
    cloudfront, id_ = session.clients("cloudfront"), session.site.distribution.id
    before = cloudfront.get_distribution_config(Id=id_)
    edited = copy.deepcopy(before["DistributionConfig"])
    edit(edited)
    cloudfront.update_distribution(Id=id_, IfMatch=before["ETag"], DistributionConfig=edited)
    try:
        yield
    finally:
        etag = cloudfront.get_distribution_config(Id=id_)["ETag"]
        cloudfront.update_distribution(Id=id_, IfMatch=etag, DistributionConfig=before["DistributionConfig"])


ADOPTING = (
    Draft(
        "adopt-another-bucket",
        NONE,
        ADOPT,
        {f"{BUCKET}.bucket": OTHER_BUCKET},
        imports={BUCKET: OTHER_BUCKET},
    ),
    Draft("adopt-and-change", NONE, ADOPT, {f"{DISTRIBUTION}.comment": "moved"}),
    Draft(
        "bucket-opened",
        ADOPT,
        ADOPT,
        {
            "aws_s3_bucket_policy.open": {"bucket": "${aws_s3_bucket.site.id}", "policy": EVERYBODY},
            "aws_s3_bucket_public_access_block.open": _block(closed=False),
        },
    ),
    Draft("bucket-closed", ADOPT, ADOPT, {"aws_s3_bucket_public_access_block.closed": _block(closed=True)}),
    Draft(
        "bucket-known-later",
        ADOPT,
        ADOPT,
        {
            "aws_s3_bucket_policy.later": {"bucket": "${aws_s3_bucket.site.id}", "policy": LATER},
            "aws_s3_bucket_public_access_block.later": _block(closed=LATER),
        },
    ),
    Draft(
        "service-renamed",
        ADOPT,
        ADOPT,
        {f"{SERVICE}.name": "arquantix-site", f"{SERVICE}.lifecycle.prevent_destroy": False},
    ),
    Draft(
        "distribution-changed",
        ADOPT,
        ADOPT,
        {f"{DISTRIBUTION}.price_class": "PriceClass_100", f"{CERTIFICATE}.minimum_protocol_version": "TLSv1"},
    ),
    Draft("viewer-tls-known-later", ADOPT, ADOPT, {f"{CERTIFICATE}.minimum_protocol_version": LATER}),
)

BUILDING = (
    Draft("bucket-forgotten-service-deleted", ADOPT, BUILD, {SERVICE: GONE}, forgets=(BUCKET,)),
    Draft(
        "network-open",
        ADOPT,
        BUILD,
        {
            f"{INGRESS}.world": _rule("alb", from_port=80, to_port=80, cidr_ipv4="0.0.0.0/0"),
            f"{INGRESS}.tls": _rule("alb", from_port=443, to_port=443, **CLOUDFRONT),
            f"{INGRESS}.tasks": _rule("tasks", from_port=3000, to_port=3000, cidr_ipv6="::/0"),
        },
    ),
    Draft(
        "listener-open",
        ADOPT,
        BUILD,
        {
            f"{LISTENER}.default_action": [FORWARD],
            f"{RULE}.condition": [{"path_pattern": {"values": ["/*"]}}],
        },
    ),
    Draft(
        "build-known-later",
        ADOPT,
        BUILD,
        {
            f"{LISTENER}.default_action.0.fixed_response.status_code": LATER,
            f"{RULE}.condition.0.http_header.values": [LATER],
            f"{INGRESS}.alb_from_cloudfront.prefix_list_id": LATER,
            f"{INGRESS}.alb_too": _rule("alb", from_port=443, to_port=443, prefix_list_id=LATER),
            f"{INGRESS}.tasks_from_alb.referenced_security_group_id": LATER,
        },
    ),
    Draft("rule-added-by-hand", BUILD, ATTACH, live=_opened_by_hand),
    Draft("balancer-replaced", BUILD, ATTACH, {f"{ALB}.internal": True, f"{ALB}.name": "arquantix-alb-2"}),
    Draft(
        "tags-lost",
        BUILD,
        ATTACH,
        {f"{ALB}.tags.Site": GONE, f"{LISTENER}.tags.ManagedBy": "somebody"},
    ),
    Draft("tags-known-later", BUILD, ATTACH, {f"{ALB}.tags.Site": LATER}),
    Draft(
        "weak-secret",
        BUILD,
        ATTACH,
        {
            f"{RULE}.condition.0.http_header.values": ["hush", f"{SECRET[:-1]}*"],
            f"{LISTENER}.default_action.0.fixed_response.status_code": "404",
        },
    ),
    Draft(
        "balancer-in-a-second-group",
        BUILD,
        ATTACH,
        {f"{ALB}.security_groups": ["${aws_security_group.alb.id}", OLD_GROUP]},
    ),
    Draft("grace-period-with-the-attachment", BUILD, CONNECT, {f"{SERVICE}.health_check_grace_period_seconds": 60}),
)

CONNECTING = (
    Draft("direct-to-connect", ADOPT, CONNECT),
    Draft("health-check-under-visitors", SERVE, SERVE, {"aws_lb_target_group.app.health_check.path": "/wrong"}),
    Draft("direct-to-serve", ADOPT, SERVE),
    Draft(
        "connect-carelessly",
        ATTACH,
        CONNECT,
        {
            f"{ALB}.enable_deletion_protection": False,
            f"{ORIGIN}.origin_protocol_policy": "https-only",
            f"{ORIGIN}.origin_ssl_protocols": ["SSLv3", "TLSv1.2"],
            f"{PROBE}.origin_request_policy_id": ALL_BUT_HOST,
            f"{PROBE}.cache_policy_id": CACHING_OPTIMIZED,
        },
    ),
    Draft(
        "connect-known-later",
        ATTACH,
        CONNECT,
        {
            f"{ALB}.enable_deletion_protection": LATER,
            f"{ORIGIN}.origin_protocol_policy": LATER,
            f"{ORIGIN}.origin_ssl_protocols": ["TLSv1.2", LATER],
            f"{PROBE}.origin_request_policy_id": LATER,
            f"{PROBE}.cache_policy_id": LATER,
        },
    ),
    Draft(
        "handshake-broken",
        CONNECT,
        CONNECT,
        {f"{LISTENER}.port": 8080, f"{RULE}.condition.0.http_header.values": [SECRET[::-1]]},
    ),
    Draft("only-a-part", CONNECT, CONNECT, {f"{ALB}.idle_timeout": 61}, target=ALB),
    Draft(
        "listener-forgotten",
        CONNECT,
        CONNECT,
        {
            f"{SERVICE}.depends_on": GONE,
            "aws_lb_listener_rule": GONE,
        },
        forgets=(LISTENER,),
    ),
    Draft("changed-by-hand", CONNECT, CONNECT, live=_tagged_and_commented),
    Draft("changed-beyond-the-provider", CONNECT, SERVE, live=_dual_stack),
    Draft("all-at-once-down", CONNECT, ADOPT),
)

SERVING = (
    Draft(
        "serve-like-a-bucket",
        CONNECT,
        SERVE,
        {
            f"{DISTRIBUTION}.default_root_object": "index.html",
            f"{DISTRIBUTION}.custom_error_response": [
                {"error_code": 404, "response_code": 200, "response_page_path": "/index.html"}
            ],
            f"{DEFAULT}.allowed_methods": ["GET", "HEAD"],
            f"{DEFAULT}.origin_request_policy_id": ALL_BUT_HOST,
            f"{DEFAULT}.cache_policy_id": CACHING_OPTIMIZED,
            f"{DEFAULT}.function_association": [
                {
                    "event_type": "viewer-request",
                    "function_arn": "arn:aws:cloudfront::123456789012:function/add-index-html",
                }
            ],
        },
    ),
    Draft(
        "serve-known-later",
        CONNECT,
        SERVE,
        {
            f"{DISTRIBUTION}.default_root_object": LATER,
            f"{DISTRIBUTION}.custom_error_response": [
                {"error_code": 404, "response_code": 404, "response_page_path": LATER}
            ],
            f"{DEFAULT}.allowed_methods": ["GET", "HEAD", LATER],
            f"{DEFAULT}.origin_request_policy_id": LATER,
            f"{DEFAULT}.cache_policy_id": LATER,
            f"{DEFAULT}.lambda_function_association": [
                {
                    "event_type": LATER,
                    "lambda_arn": "arn:aws:lambda:us-east-1:123456789012:function:headers:1",
                }
            ],
        },
    ),
    Draft("serve-and-more", CONNECT, SERVE, {f"{ALB}.idle_timeout": 61}),
    Draft("rollback-from-serve", SERVE, CONNECT, target=DISTRIBUTION, targeted=True),
    Draft("let-go-at-once", SERVE, BUILD),
)

DRAFTS = (*ADOPTING, *BUILDING, *CONNECTING, *SERVING)
