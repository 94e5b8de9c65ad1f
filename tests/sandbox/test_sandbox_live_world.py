"""The sandbox's account, made by hand what a plan leads to, decides as the plan does.

The plans are real Terraform's (`tests/plans`); what is compared is the reading and translation of the account, without
a walk of the ladder, which `tests/e2e/test_ladder.py` makes.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from example import alb_origin

from bascule import live_values, live_world, plan_json, routing, site_file
from bascule.managed_policies import ALL_VIEWER, CACHING_DISABLED, CACHING_OPTIMIZED
from bascule.planned_values import World
from bascule.sandbox import control
from bascule.security_groups import CLOUDFRONT

PLANS = Path(__file__).parents[1] / "plans"
SITE = site_file.load(Path(control.__file__).with_name("site.toml"))
SECRET = "0123456789abcdef" * 3
URLS = ("/", "/api/health", "/_next/static/x.js", "/some/page?a=b", "http://www.arquantix.com/")

Client = Callable[[str], Any]


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory, connect: Callable[..., Any]) -> Iterator[Client]:
    """Clients of a sandbox in which the move was made as far as `connect`."""
    root = tmp_path_factory.mktemp("live")
    running = control.start(root, owner_pid=os.getpid())
    made = cache(lambda service, region=None: connect(running, service))
    for service in ("cloudfront", "ecs", "ec2", "elbv2", "s3"):
        made(service)
    build(made)
    yield made
    control.stop(root)


def build(client: Client) -> None:
    """Security groups, load balancer, target group, listener and rule; the service behind them; the origin."""
    ec2, elbv2, ecs = client("ec2"), client("elbv2"), client("ecs")
    named = {"cluster": SITE.service.cluster, "services": [SITE.service.name]}
    (service,) = ecs.describe_services(**named)["services"]
    network = service["networkConfiguration"]["awsvpcConfiguration"]
    vpc = ec2.describe_subnets(SubnetIds=network["subnets"])["Subnets"][0]["VpcId"]
    alb, tasks = (
        ec2.create_security_group(GroupName=f"arquantix-{role}-0a1b2c", Description=role, VpcId=vpc)["GroupId"]
        for role in ("alb", "tasks")
    )
    (prefixes,) = ec2.describe_managed_prefix_lists(Filters=[{"Name": "prefix-list-name", "Values": [CLOUDFRONT]}])[
        "PrefixLists"
    ]
    port = {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80}
    task_port = {"IpProtocol": "tcp", "FromPort": 3000, "ToPort": 3000}
    from_cloudfront = {**port, "PrefixListIds": [{"PrefixListId": prefixes["PrefixListId"]}]}
    ec2.authorize_security_group_ingress(GroupId=alb, IpPermissions=[from_cloudfront])
    ec2.authorize_security_group_ingress(
        GroupId=tasks, IpPermissions=[{**task_port, "UserIdGroupPairs": [{"GroupId": alb}]}]
    )
    (balancer,) = elbv2.create_load_balancer(
        Name="arquantix-alb-0a1b2c", Subnets=network["subnets"], SecurityGroups=[alb], Type="application"
    )["LoadBalancers"]
    (group,) = elbv2.create_target_group(
        Name="arquantix-app-0a1b2c", Protocol="HTTP", Port=3000, VpcId=vpc, TargetType="ip", HealthCheckPath="/"
    )["TargetGroups"]
    forbidden = {"StatusCode": "403", "ContentType": "text/plain", "MessageBody": "Forbidden"}
    (listener,) = elbv2.create_listener(
        LoadBalancerArn=balancer["LoadBalancerArn"],
        Protocol="HTTP",
        Port=80,
        DefaultActions=[{"Type": "fixed-response", "FixedResponseConfig": forbidden}],
    )["Listeners"]
    header = {"HttpHeaderName": SITE.origin.secret_header, "Values": [SECRET]}
    elbv2.create_rule(
        ListenerArn=listener["ListenerArn"],
        Priority=1,
        Conditions=[{"Field": "http-header", "HttpHeaderConfig": header}],
        Actions=[{"Type": "forward", "TargetGroupArn": group["TargetGroupArn"]}],
    )
    container = "arquantix-coming-soon"
    ecs.update_service(
        cluster=SITE.service.cluster,
        service=SITE.service.name,
        loadBalancers=[{"targetGroupArn": group["TargetGroupArn"], "containerName": container, "containerPort": 3000}],
        networkConfiguration={"awsvpcConfiguration": {**network, "securityGroups": [tasks]}},
    )
    change(client, lambda config: _connected(config, balancer["DNSName"]))


def change(client: Client, changed: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Change the distribution's config."""
    cloudfront, id_ = client("cloudfront"), SITE.distribution.id
    found = cloudfront.get_distribution_config(Id=id_)
    cloudfront.update_distribution(
        Id=id_, IfMatch=found["ETag"], DistributionConfig=changed(found["DistributionConfig"])
    )


EVERY = ["GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE"]
READ = {"Quantity": 2, "Items": ["GET", "HEAD"]}


def _to_alb(config: dict[str, Any], cache_policy: str, methods: list[str]) -> dict[str, Any]:
    return {
        **config["DefaultCacheBehavior"],
        "TargetOriginId": "bascule-alb",
        "CachePolicyId": cache_policy,
        "OriginRequestPolicyId": ALL_VIEWER,
        "AllowedMethods": {"Quantity": len(methods), "Items": methods, "CachedMethods": READ},
    }


def _behaviors(*found: dict[str, Any]) -> dict[str, Any]:
    return {"Quantity": len(found), "Items": list(found)}


def _connected(config: dict[str, Any], name: str) -> dict[str, Any]:
    origin = alb_origin(name, SITE.origin.secret_header, SECRET)
    probe = {"PathPattern": SITE.distribution.probe_path, **_to_alb(config, CACHING_DISABLED, EVERY)}
    origins = [*config["Origins"]["Items"], origin]
    return {
        **config,
        "Origins": {"Quantity": len(origins), "Items": origins},
        "CacheBehaviors": _behaviors(probe),
    }


def _serving(config: dict[str, Any]) -> dict[str, Any]:
    static = {"PathPattern": SITE.distribution.static_path, **_to_alb(config, CACHING_OPTIMIZED, READ["Items"])}
    return {
        **config,
        "DefaultRootObject": "",
        "DefaultCacheBehavior": _to_alb(config, CACHING_DISABLED, EVERY),
        "CacheBehaviors": _behaviors(*config["CacheBehaviors"]["Items"], static),
    }


def planned(name: str) -> World:
    """What there is after a plan."""
    document = json.loads((PLANS / f"{name}.json").read_text(encoding="utf-8"))["plan"]
    return routing.world(plan_json.read(document), "after")


def live(client: Client) -> World:
    """What the sandbox holds."""
    return live_world.read(client, SITE.distribution.id, [(SITE.service.cluster, SITE.service.name)])


def told(found: World, url: str, method: str) -> Any:
    """What is decided of a request, without the values that are each account's own."""
    decision = routing.decide(routing.router(found), routing.request(url, method))
    assert decision is not None
    origin = decision.origin and (decision.origin.kind, decision.origin.address)
    gates = [(gate.way, gate.passes) for gate in decision.gates]
    targets = [(target.group, target.service, target.container) for target in decision.targets]
    return decision.behavior, decision.edge, decision.caching, origin, gates, decision.rule, targets, decision.end


def test_the_account_decides_as_the_plans_do(client: Client, until: Callable[..., Any]) -> None:
    """At `connect`, and at `serve`, once a target is registered; and nothing is unread."""
    until(lambda: live(client)["aws_lb_target_group.app"][live_values.TARGETS], 60)
    for name, step in (("up-to-connect", None), ("up-to-serve", _serving)):
        if step is not None:
            change(client, step)
        found = live(client)
        assert [] == live_values.unread(found)
        for url in URLS:
            for method in ("GET", "POST"):
                assert told(planned(name), url, method) == told(found, url, method), (name, url, method)
