"""A site in a workspace of its own, whose Terraform and CDKTF app are programs that do what a test says."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import scripted_terraform
from example import CONFIG, Call, alb_origin, with_path

from bascule import aws, demo, files, plans, site_file
from bascule.aws import Identity
from bascule.guard import DISTRIBUTION
from bascule.ladder import ALB_ORIGIN_ID, Stage
from bascule.managed_policies import ALL_VIEWER, CACHING_DISABLED, CACHING_OPTIMIZED
from bascule.plans import Planned
from bascule.review import Review
from bascule.session import Session, configure, prepare
from bascule.terraform import Terraform
from bascule.terraform_events import OnEvent
from bascule.waiting import Gate, Observed, Watch, wait
from bascule.workspace import CODE, Workspace

NONE, ADOPT, BUILD, ATTACH, CONNECT, SERVE, RETIRE = Stage
NAME = "arquantix"
SITE = site_file.load(demo.SITE_FILE)
LB = "arn:aws:elasticloadbalancing:me-central-1:123456789012:loadbalancer/app/ours/1"
TARGET_GROUP = "arn:aws:elasticloadbalancing:me-central-1:123456789012:targetgroup/ours/1"
ARN = f"arn:aws:cloudfront::123456789012:distribution/{SITE.distribution.id}"

Resource = dict[str, Any]
Resources = dict[str, Resource]
"""By address."""

APP = """\
import json, os, sys
from pathlib import Path
context = json.loads(os.environ["CDKTF_CONTEXT_JSON"])
with open("calls.log", "a") as log:
    print("synth", context["stage"], *["descending"] * context["descending"], file=log)
world = json.loads(Path("world.json").read_text())
if context["stage"] in world["refused"]:
    sys.exit(print("CloudFront would refuse it", file=sys.stderr) or 2)
folder = Path(os.environ["CDKTF_OUTDIR"], "stacks", context["site"])
folder.mkdir(parents=True, exist_ok=True)
configuration = {"locals": {"stage": context["stage"], "descending": context["descending"], **world["locals"]}}
(folder / "cdk.tf.json").write_text(json.dumps(configuration))
"""
"""A CDKTF app whose configuration says which rung it is for, and no more."""


def resource(address: str, **values: Any) -> Resources:
    """One resource of a state, by its address."""
    type_, _, name = address.partition(".")
    return {address: {"address": address, "mode": "managed", "type": type_, "name": name, "values": values}}


def distribution(default: str, *origins: str) -> Resources:
    """The distribution with these origins; what the ALB is sent holds the header."""
    s3 = {"origin_id": "S3", "domain_name": f"{SITE.bucket.name}.s3.me-central-1.amazonaws.com", "custom_header": []}
    alb = {
        "origin_id": ALB_ORIGIN_ID,
        "domain_name": DOMAIN,
        "custom_header": [{"name": HEADER, "value": SECRET}],
        "custom_origin_config": [{"origin_protocol_policy": "http-only", "http_port": 80}],
    }
    old = {"target_origin_id": "S3", "allowed_methods": ["GET", "HEAD"], "cache_policy_id": CACHING_OPTIMIZED}
    new = {
        "target_origin_id": ALB_ORIGIN_ID,
        "allowed_methods": ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"],
        "cache_policy_id": CACHING_DISABLED,
        "origin_request_policy_id": ALL_VIEWER,
    }
    return resource(
        DISTRIBUTION,
        id=SITE.distribution.id,
        arn=ARN,
        origin=[{"S3": s3, ALB_ORIGIN_ID: alb}[origin] for origin in origins],
        default_cache_behavior=[new if default == ALB_ORIGIN_ID else old],
        viewer_certificate=[{"minimum_protocol_version": "TLSv1.2_2021"}],
    )


HEADER, SECRET, DOMAIN = SITE.origin.secret_header, "5ec2e7" * 8, "ours.elb.amazonaws.com"
LISTENER, RULE = "aws_lb_listener.alb", "aws_lb_listener_rule.cloudfront"
SERVICE, BALANCER = "aws_ecs_service.site", "aws_lb.alb"
_OWN = {"cluster": f"arn:aws:ecs:::cluster/{SITE.service.cluster}", "name": SITE.service.name}
DETACHED = resource(SERVICE, load_balancer=[], **_OWN)
ATTACHED = resource(SERVICE, load_balancer=[{"target_group_arn": TARGET_GROUP}], **_OWN)
PLAIN = distribution("S3", "S3")
CONNECTED = distribution("S3", "S3", ALB_ORIGIN_ID)
SERVED = distribution(ALB_ORIGIN_ID, "S3", ALB_ORIGIN_ID)
BUCKET = resource("aws_s3_bucket.site", bucket=SITE.bucket.name)
CONDITION = [{"http_header": [{"http_header_name": HEADER, "values": [SECRET]}]}]
FORWARD = [{"type": "forward", "target_group_arn": TARGET_GROUP}]
REFUSAL = [{"type": "fixed-response", "fixed_response": [{"status_code": "403"}]}]
BALANCED = {"arn": LB, "dns_name": DOMAIN, "security_groups": ["sg-1"], "enable_deletion_protection": False}
OURS = {
    **resource(BALANCER, **BALANCED),
    **resource("aws_security_group.alb", id="sg-1"),
    **resource("aws_lb_target_group.tasks", arn=TARGET_GROUP),
    **resource(LISTENER, arn="arn:l", load_balancer_arn=LB, port=80, protocol="HTTP", default_action=REFUSAL),
    **resource(RULE, listener_arn="arn:l", condition=CONDITION, action=FORWARD),
}

PROTECTED = {**OURS, **resource(BALANCER, **{**BALANCED, "enable_deletion_protection": True})}

RUNGS: dict[Stage, Resources] = {
    NONE: {},
    ADOPT: {**BUCKET, **DETACHED, **PLAIN},
    BUILD: {**BUCKET, **DETACHED, **PLAIN, **OURS},
    ATTACH: {**BUCKET, **ATTACHED, **PLAIN, **OURS},
    CONNECT: {**BUCKET, **ATTACHED, **CONNECTED, **PROTECTED},
    SERVE: {**BUCKET, **ATTACHED, **SERVED, **PROTECTED},
    RETIRE: {**BUCKET, **ATTACHED, **distribution(ALB_ORIGIN_ID, ALB_ORIGIN_ID), **PROTECTED},
}
"""What the state holds at each rung."""


@contextmanager
def silent() -> Iterator[OnEvent]:
    """Shows no event of Terraform's."""
    yield lambda event: None


def shown(found: Review) -> str:
    """The review in a few words: where it leads, and what is found."""
    if found.is_empty:
        return f"{found.lead}: nothing to do"
    return "\n".join([f"{found.lead}: {found.judgement}", *(f"{f.rule.id}: {s}" for f in found.open for s in f.seen)])


def once(gates: Sequence[Gate], *, watch: Watch, patient: bool = True) -> list[Observed]:
    """Looks at each gate once, in order: in these accounts nothing changes by being waited for."""
    return wait([replace(gate, settling=0.0, limit=0.0) for gate in gates], watch=watch, at_once=1)


class _CloudFront:
    """CloudFront as the world has it: the distribution's config from its file, all else from the script."""

    def __init__(self, world: World, clients: aws.Clients) -> None:
        self._world, self._clients = world, clients

    def get_distribution_config(self, Id: str) -> dict[str, Any]:
        live = json.loads((self._world.root / "world.json").read_text())["live"]
        return {"ETag": live["etag"], "DistributionConfig": {**CONFIG, **live["config"]}}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._clients("cloudfront"), name)


@dataclass
class World:
    """A scratch workspace, what Terraform's state holds in it, and all that was run and said there."""

    root: Path
    said: list[str] = field(default_factory=list)

    def say(self, line: str) -> None:
        """Keep what was said, but for what only shows that something is going on."""
        if line not in ("reading the state", "planning") and "commit it with" not in line:
            self.said.append(line)

    def begin(self, state: Resources, wanted: Stage = CONNECT) -> World:
        """Lay out the workspace: the site file asks for `wanted`, and the state holds this."""
        files.write(self.workspace.app, APP)
        program = f'exec "{sys.executable}" -SE "{scripted_terraform.__file__}" "{self.root}" "$@"\n'
        files.write(self.root / "terraform", f"#!/bin/sh\n{program}", 0o755)
        world = {"state": state, "rungs": RUNGS, "drift": {}, "ends": {}, "refused": [], "locals": {}}
        world |= {"unplannable": [], "ids": SITE.import_ids(), "live": {"etag": "E1", "config": {}}}
        files.write(self.root / "world.json", json.dumps(world))
        files.write(self.root / "calls.log", "")
        self.want(wanted)
        return self

    @property
    def workspace(self) -> Workspace:
        return Workspace(self.root, self.root / "main.py")

    @property
    def site_file(self) -> Path:
        return self.workspace.site_file(NAME)

    @property
    def rendered(self) -> Path:
        return self.workspace.rendered(NAME) / "main.tf"

    def adopt(self) -> None:
        """Put what was adopted of the audited site where the real app reads it."""
        for source in (CODE / "imports" / NAME).glob("*.tf"):
            files.write(self.workspace.imports(NAME) / source.name, source.read_text())

    def want(self, stage: Stage) -> None:
        """Set the stage in the site file."""
        files.write(self.site_file, site_file.with_stage(site_file.read_text(demo.SITE_FILE), stage, "site.toml"))

    def change(self, **parts: Any) -> None:
        """Change parts of what the programs do: the state, a rung, what is live, how the apply of a rung ends."""
        path = self.root / "world.json"
        world = json.loads(path.read_text())
        for part, value in parts.items():
            world[part] = {**world[part], **value} if part == "rungs" else value
        files.write(path, json.dumps(world))

    @property
    def state(self) -> Resources:
        """What Terraform's state holds by now."""
        found: Resources = json.loads((self.root / "world.json").read_text())["state"]
        return found

    def session(self, clients: aws.Clients, grace_period: int | None = None) -> Session:
        """A session as `bascule.session.open_session` makes it."""
        site = site_file.load(self.site_file)
        site = site.model_copy(
            update={"service": site.service.model_copy(update={"health_check_grace_period": grace_period})}
        )
        identity = Identity("123456789012", "arn", site.region, "")
        terraform = Terraform(self.root / "terraform", "1.11.4")
        environment = {"PATH": "/usr/bin:/bin"}
        fenced = self._fenced(clients)
        return Session(
            NAME, site, self.workspace, fenced, identity, terraform, environment, self.say, silent, shown, wait=once
        )

    def _fenced(self, clients: aws.Clients) -> aws.Clients:
        """The clients, with CloudFront's answer about the distribution's config from `world.json`."""
        return lambda service: _CloudFront(self, clients) if service == "cloudfront" else clients(service)

    def plan(self, clients: aws.Clients) -> Planned:
        """What `bascule plan` does."""
        session = self.session(clients)
        step = plans.next_step(session, prepare(session))
        configure(session, step)
        return plans.make(session, step, to_be_read=True)

    def ran(self, *programs: str) -> list[str]:
        """What was run of these, in order: `synth` or a command of Terraform."""
        calls = (self.root / "calls.log").read_text().splitlines()
        return [call for call in calls if call.split()[0] in programs]

    def applied(self) -> list[str]:
        """The rungs that were applied, in order."""
        return [call.removeprefix("applied ") for call in self.ran("applied")]


def answers(*, healthy: bool = True, rollout: str = "COMPLETED") -> list[Call]:
    """What the account answers to the gates of a step up to `serve`."""
    deployment = {"status": "PRIMARY", "rolloutState": rollout}
    service = {
        "desiredCount": 1,
        "deployments": [deployment],
        "loadBalancers": [{"targetGroupArn": TARGET_GROUP}],
    }
    target = {"Target": {"Id": "10.0.0.1"}, "TargetHealth": {"State": "healthy" if healthy else "unhealthy"}}
    balancer = {"LoadBalancerName": "ours", "State": {"Code": "active"}}
    return [
        Call("elbv2", "describe_load_balancers", {"LoadBalancers": [balancer]}, {"LoadBalancerArns": [LB]}),
        Call("ecs", "describe_services", {"services": [service]}),
        Call("elbv2", "describe_target_health", {"TargetHealthDescriptions": [target]}),
        live(),
    ]


def live(*, known: bool = True) -> Call:
    """The live distribution, which knows the load balancer or doesn't."""
    found: Mapping[str, Any] = {
        "Id": SITE.distribution.id,
        "ARN": ARN,
        "Status": "Deployed",
        "LastModifiedTime": datetime(2026, 1, 3, tzinfo=UTC),
        "InProgressInvalidationBatches": 0,
        "DomainName": "d111111abcdef8.cloudfront.net",
        "DistributionConfig": KNOWN if known else CONFIG,
    }
    return Call("cloudfront", "get_distribution", {"Distribution": found}, {"Id": SITE.distribution.id})


KNOWN = with_path(
    with_path(
        CONFIG,
        "Origins",
        {
            "Quantity": 2,
            "Items": [
                *CONFIG["Origins"]["Items"],
                {
                    **alb_origin("ours.elb.amazonaws.com", "x-secret", "s"),
                    "ConnectionAttempts": 3,
                    "ConnectionTimeout": 10,
                    "OriginShield": {"Enabled": False},
                    "OriginAccessControlId": "",
                },
            ],
        },
    ),
    "CacheBehaviors",
    {
        "Quantity": 1,
        "Items": [
            {
                **CONFIG["DefaultCacheBehavior"],
                "PathPattern": SITE.distribution.probe_path,
                "TargetOriginId": ALB_ORIGIN_ID,
            }
        ],
    },
)
"""The live distribution once it knows the load balancer."""
