"""A site in a workspace of its own, whose Terraform and CDKTF app are programs that do what a test says."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import scripted_terraform
from example import CONFIG, Call, with_path

from bascule import aws, demo, files, plans, site_file
from bascule.aws import Identity
from bascule.guard import DISTRIBUTION, LISTENER, RULE
from bascule.ladder import ALB_ORIGIN_ID, Stage
from bascule.plans import Planned
from bascule.session import Session, configure, prepare
from bascule.terraform import Terraform
from bascule.terraform_events import OnEvent
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
    domains = {"S3": f"{SITE.bucket.name}.s3.me-central-1.amazonaws.com", ALB_ORIGIN_ID: "ours.elb.amazonaws.com"}
    headers = {"S3": [], ALB_ORIGIN_ID: [{"name": "x-secret", "value": "s"}]}
    return resource(
        DISTRIBUTION,
        arn=ARN,
        origin=[{"origin_id": o, "domain_name": domains[o], "custom_header": headers[o]} for o in origins],
        default_cache_behavior=[{"target_origin_id": default}],
    )


SERVICE, BALANCER = "aws_ecs_service.site", "aws_lb.alb"
DETACHED = resource(SERVICE, load_balancer=[])
ATTACHED = resource(SERVICE, load_balancer=[{"target_group_arn": TARGET_GROUP}])
PLAIN = distribution("S3", "S3")
CONNECTED = distribution("S3", "S3", ALB_ORIGIN_ID)
SERVED = distribution(ALB_ORIGIN_ID, "S3", ALB_ORIGIN_ID)
BUCKET = resource("aws_s3_bucket.site", bucket=SITE.bucket.name)
CONDITION = [{"http_header": [{"http_header_name": "x-secret", "values": ["s"]}]}]
OURS = {
    **resource(BALANCER, arn=LB),
    **resource("aws_lb_target_group.tasks", arn=TARGET_GROUP),
    **resource(LISTENER, port=80, protocol="HTTP"),
    **resource(RULE, condition=CONDITION),
}

RUNGS: dict[Stage, Resources] = {
    NONE: {},
    ADOPT: {**BUCKET, **DETACHED, **PLAIN},
    BUILD: {**BUCKET, **DETACHED, **PLAIN, **OURS},
    ATTACH: {**BUCKET, **ATTACHED, **PLAIN, **OURS},
    CONNECT: {**BUCKET, **ATTACHED, **CONNECTED, **OURS},
    SERVE: {**BUCKET, **ATTACHED, **SERVED, **OURS},
    RETIRE: {**BUCKET, **ATTACHED, **distribution(ALB_ORIGIN_ID, ALB_ORIGIN_ID), **OURS},
}
"""What the state holds at each rung."""


@contextmanager
def silent() -> Iterator[OnEvent]:
    """Shows no event of Terraform's."""
    yield lambda event: None


@dataclass
class World:
    """A scratch workspace, what Terraform's state holds in it, and all that was run and said there."""

    root: Path
    said: list[str] = field(default_factory=list)

    def say(self, line: str) -> None:
        """Keep what was said, but for what only shows that something is going on."""
        if line not in ("reading the state", "planning"):
            self.said.append(line)

    def begin(self, state: Resources, wanted: Stage = CONNECT) -> World:
        """Lay out the workspace: the site file asks for `wanted`, and the state holds this."""
        files.write(self.workspace.app, APP)
        program = f'exec "{sys.executable}" -SE "{scripted_terraform.__file__}" "{self.root}" "$@"\n'
        files.write(self.root / "terraform", f"#!/bin/sh\n{program}", 0o755)
        world = {"state": state, "rungs": RUNGS, "drift": {}, "ends": {}, "refused": [], "locals": {}}
        world |= {"unplannable": []}
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
        return Session(NAME, site, self.workspace, clients, identity, terraform, environment, self.say, silent)

    def plan(self, clients: aws.Clients) -> Planned:
        """What `bascule plan` does."""
        session = self.session(clients)
        step = plans.next_step(session, prepare(session))
        configure(session, step)
        return plans.make(session, step)

    def ran(self, *programs: str) -> list[str]:
        """What was run of these, in order: `synth` or a command of Terraform."""
        calls = (self.root / "calls.log").read_text().splitlines()
        return [call for call in calls if call.split()[0] in programs]

    def applied(self) -> list[str]:
        """The rungs that were applied, in order."""
        return [call.removeprefix("applied ") for call in self.ran("applied")]


def answers(*, healthy: bool = True) -> list[Call]:
    """What the account answers to the gates of a step up to `serve`."""
    deployment = {"status": "PRIMARY", "rolloutState": "COMPLETED"}
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
                    "Id": ALB_ORIGIN_ID,
                    "DomainName": "ours.elb.amazonaws.com",
                    "OriginPath": "",
                    "CustomHeaders": {"Quantity": 1, "Items": [{"HeaderName": "x-secret", "HeaderValue": "s"}]},
                    "CustomOriginConfig": {
                        "HTTPPort": 80,
                        "HTTPSPort": 443,
                        "OriginProtocolPolicy": "http-only",
                        "OriginSslProtocols": {"Quantity": 1, "Items": ["TLSv1.2"]},
                        "OriginReadTimeout": 30,
                        "OriginKeepaliveTimeout": 5,
                    },
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
