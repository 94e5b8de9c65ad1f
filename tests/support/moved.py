"""The sandbox's site as it is moved: an ALB of its own, the service behind it, and the distribution at each stage.

By the API, in seconds and without Terraform; what each stage sets is what modules/ sets.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from bascule.managed_policies import ALL_VIEWER, CACHING_DISABLED, CACHING_OPTIMIZED
from bascule.sandbox import control
from bascule.sandbox.control import Running
from bascule.security_groups import CLOUDFRONT
from bascule.verify.http import Fetcher
from bascule.verify.messages import Address, Answer, Request, Response
from bascule.verify.run import Target

ID, WWW, DOMAIN = "EPJ3WQCO04UWW", "www.arquantix.com", "d2gtzmv0zk47i6.cloudfront.net"
BUCKET = "arquantix-coming-soon-dev"
CLUSTER, SERVICE, PORT = "arquantix-cluster", "arquantix-coming-soon", 3000
VPC = "vpc-0a7d41c5be92f3680"
SUBNETS = ["subnet-01b6f3e8d24c7a590", "subnet-02c7a4f9e35d8b6a1", "subnet-03d8b50af46e9c7b2"]
OPEN_GROUP = "sg-04e1c7b9a3f58d260"
ALL_METHODS = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"]
ANYBODY = {"IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
FORBIDDEN = {"StatusCode": "403", "ContentType": "text/plain", "MessageBody": "Forbidden"}
ALB = "bascule-alb"
AFTERWARDS = 10.0
"""Seconds that are let go by until distributions are Deployed, deployments completed and targets healthy."""

Config = dict[str, Any]


@dataclass
class Site:
    """The site in one sandbox, and how visitors ask it."""

    running: Running
    client: Callable[[str], Any]
    secret: str = field(default_factory=lambda: secrets.token_hex(32))
    built: Mapping[str, Any] = field(default_factory=dict)
    """What the ALB consists of: `dns`, `balancer`, `listener`, `rule`, `target_group`, `alb_group`, `task_group`."""

    def __post_init__(self) -> None:
        self.adopted: Config = self.config()
        self.fetch = Fetcher(self.running.edge.ca)
        self.target = Target(Address(*self.running.edge.https), Address(*self.running.edge.http))

    def ask(self, path: str = "/", *, host: str = WWW, **more: Any) -> Answer:
        """The edge's answer to a visitor."""
        return self.fetch(self.target.route(Request(host, path, **more)))

    def get(self, path: str = "/", *, host: str = WWW, **more: Any) -> Response:
        """The same, which has to be one."""
        answer = self.ask(path, host=host, **more)
        assert isinstance(answer, Response), answer
        return answer

    def later(self, seconds: float = AFTERWARDS) -> None:
        """Let so many seconds go by."""
        control.configure(self.running, advance=seconds)

    def build(self) -> None:
        """Security groups, ALB, target group, listener and rule: as `build` makes them."""
        ec2, elbv2 = self.client("ec2"), self.client("elbv2")
        name = f"site-{secrets.token_hex(3)}"
        alb_group, task_group = (
            ec2.create_security_group(GroupName=f"{name}-{side}", Description=side, VpcId=VPC)["GroupId"]
            for side in ("alb", "tasks")
        )
        lists = ec2.describe_managed_prefix_lists(Filters=[{"Name": "prefix-list-name", "Values": [CLOUDFRONT]}])
        edges = {"PrefixListIds": [{"PrefixListId": lists["PrefixLists"][0]["PrefixListId"]}]}
        ec2.authorize_security_group_ingress(GroupId=alb_group, IpPermissions=[_rule(80, edges)])
        ec2.authorize_security_group_ingress(GroupId=task_group, IpPermissions=[_rule(PORT, _group(alb_group))])
        balancer = elbv2.create_load_balancer(Name=name, Subnets=SUBNETS, SecurityGroups=[alb_group])["LoadBalancers"][
            0
        ]
        group = elbv2.create_target_group(Name=name, Protocol="HTTP", Port=PORT, VpcId=VPC, TargetType="ip")
        arn = group["TargetGroups"][0]["TargetGroupArn"]
        listener = elbv2.create_listener(
            LoadBalancerArn=balancer["LoadBalancerArn"],
            Protocol="HTTP",
            Port=80,
            DefaultActions=[{"Type": "fixed-response", "FixedResponseConfig": FORBIDDEN}],
        )["Listeners"][0]["ListenerArn"]
        rule = elbv2.create_rule(
            ListenerArn=listener,
            Priority=1,
            Conditions=[_header(self.secret)],
            Actions=[{"Type": "forward", "TargetGroupArn": arn}],
        )["Rules"][0]["RuleArn"]
        self.built = {
            "dns": balancer["DNSName"],
            "balancer": balancer["LoadBalancerArn"],
            "target_group": arn,
            "listener": listener,
            "rule": rule,
            "alb_group": alb_group,
            "task_group": task_group,
            "edges": edges,
        }

    def attach(self) -> None:
        """The service's tasks become targets: as `attach` does."""
        attached = {"targetGroupArn": self.built["target_group"], "containerName": SERVICE, "containerPort": PORT}
        self.update_service(self.built["task_group"], [attached])

    def update_service(self, group: str, attached: Sequence[Mapping[str, Any]] = ()) -> None:
        """UpdateService, and what it starts is finished."""
        network = {"subnets": SUBNETS, "securityGroups": [group], "assignPublicIp": "ENABLED"}
        self.client("ecs").update_service(
            cluster=CLUSTER,
            service=SERVICE,
            loadBalancers=list(attached),
            networkConfiguration={"awsvpcConfiguration": network},
        )
        for _ in range(3):
            self.client("ecs").describe_services(cluster=CLUSTER, services=[SERVICE])
            self.later()

    def connected(self) -> Config:
        """The distribution's config at `connect`."""
        config = deepcopy(self.adopted)
        secret = {"HeaderName": "X-Origin-Verify", "HeaderValue": self.secret}
        origin = {
            "Id": ALB,
            "DomainName": self.built["dns"],
            "CustomHeaders": {"Quantity": 1, "Items": [secret]},
            "CustomOriginConfig": {
                "HTTPPort": 80,
                "HTTPSPort": 443,
                "OriginProtocolPolicy": "http-only",
                "OriginSslProtocols": {"Quantity": 1, "Items": ["TLSv1.2"]},
            },
        }
        origins = [*config["Origins"]["Items"], origin]
        config["Origins"] = {"Quantity": len(origins), "Items": origins}
        config["CacheBehaviors"] = {"Quantity": 1, "Items": [_behavior("/api/health")]}
        return config

    def serving(self) -> Config:
        """The distribution's config at `serve`."""
        config = self.connected()
        static = _behavior("/_next/static/*", CachePolicyId=CACHING_OPTIMIZED, AllowedMethods=_methods(["GET", "HEAD"]))
        config["CacheBehaviors"] = {"Quantity": 2, "Items": [_behavior("/api/health"), static]}
        config["DefaultCacheBehavior"] = _behavior() | {"Compress": True}
        config["DefaultRootObject"] = ""
        return config

    def config(self) -> Config:
        """The distribution's config now."""
        config: Config = self.client("cloudfront").get_distribution_config(Id=ID)["DistributionConfig"]
        return config

    def put(self, config: Config, *, deployed: bool = True) -> None:
        """UpdateDistribution; edges have it all, or some have it already."""
        cloudfront = self.client("cloudfront")
        etag = cloudfront.get_distribution_config(Id=ID)["ETag"]
        cloudfront.update_distribution(Id=ID, IfMatch=etag, DistributionConfig=config)
        if deployed:
            self.later()

    def invalidate(self, *paths: str) -> None:
        """CreateInvalidation."""
        batch = {"Paths": {"Quantity": len(paths), "Items": list(paths)}, "CallerReference": secrets.token_hex(8)}
        self.client("cloudfront").create_invalidation(DistributionId=ID, InvalidationBatch=batch)

    def restore(self) -> None:
        """Everything is as it was before a test began, but for the ALB."""
        control.configure(self.running, unhealthy=[], never_steady=[], stopped_clock=False, iam=False)
        self.put(self.adopted)
        self.invalidate("/*")

    def open(self, group: str, port: int) -> None:
        """Let everybody pass a security group."""
        self.client("ec2").authorize_security_group_ingress(GroupId=group, IpPermissions=[_rule(port, ANYBODY)])

    def shut(self, group: str, port: int, sources: Mapping[str, Any] = ANYBODY) -> None:
        """Let nobody, or none of these, pass it."""
        self.client("ec2").revoke_security_group_ingress(GroupId=group, IpPermissions=[_rule(port, sources)])

    def reopen(self, group: str, port: int, sources: Mapping[str, Any]) -> None:
        """Let these pass it again."""
        self.client("ec2").authorize_security_group_ingress(GroupId=group, IpPermissions=[_rule(port, sources)])


def _rule(port: int, sources: Mapping[str, Any]) -> Config:
    return {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, **sources}


def _group(group: str) -> Config:
    return {"UserIdGroupPairs": [{"GroupId": group}]}


def _header(*values: str) -> Config:
    settings = {"HttpHeaderName": "X-Origin-Verify", "Values": list(values)}
    return {"Field": "http-header", "HttpHeaderConfig": settings}


def _methods(methods: Sequence[str]) -> Config:
    read = {"Quantity": 2, "Items": ["GET", "HEAD"]}
    return {"Quantity": len(methods), "Items": list(methods), "CachedMethods": read}


def _behavior(pattern: str = "", **more: Any) -> Config:
    behavior = {
        "TargetOriginId": ALB,
        "ViewerProtocolPolicy": "redirect-to-https",
        "AllowedMethods": _methods(ALL_METHODS),
        "CachePolicyId": CACHING_DISABLED,
        "OriginRequestPolicyId": ALL_VIEWER,
        "Compress": False,
        **more,
    }
    return ({"PathPattern": pattern} if pattern else {}) | behavior
