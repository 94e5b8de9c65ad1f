"""An account that has something of everything, as AWS's answers; and audits made of it, of a sandbox, or of facts."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import answered
import boto3
from answered import ACCOUNT, DOMAIN, IDENTITY, REGION, SITE, TASKS_GROUP, VIEWER
from example import CONFIG, Refusal
from scripted_answers import scripted

from bascule import aws, dns, survey
from bascule.audit.document import Audit, document
from bascule.audit.facts import facts
from bascule.formats import Language
from bascule.inventory import Inventory
from bascule.language import say_in
from bascule.renderers import audit_markdown, audit_text
from bascule.sandbox import control
from bascule.sandbox.control import Running
from bascule.site import Site

DAY = date(2026, 1, 3)
MOMENT = datetime(2026, 1, 3, 9, 20, 41, tzinfo=UTC)
UNTIL = datetime(2027, 2, 3, tzinfo=UTC)

Answer = Mapping[str, Any] | Callable[[Mapping[str, Any]], Mapping[str, Any]]
"""What an operation answers, or what makes that of the parameters."""

BALANCER = f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:loadbalancer/app/shared/50dc6c495c0c9188"
LISTENER = f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:listener/app/shared/50dc6c495c0c9188/f2f7dc8efc522ab2"
FUNCTION = f"arn:aws:cloudfront::{ACCOUNT}:function/old-pages"
REGIONAL = f"arn:aws:acm:{REGION}:{ACCOUNT}:certificate/9d1f2b77"
IMAGE = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/next:latest"
TASK = f"arn:aws:ecs:{REGION}:{ACCOUNT}:task/web/0d1e"
INTERFACE = "eni-0f29b6c4"


class Body(bytes):
    """A blob that streams."""

    def read(self) -> bytes:
        return bytes(self)


def _distribution() -> dict[str, Any]:
    default = CONFIG["DefaultCacheBehavior"]
    function = {"FunctionARN": FUNCTION, "EventType": "viewer-request"}
    old = {**default, "PathPattern": "/old/*", "FunctionAssociations": {"Quantity": 1, "Items": [function]}}
    page = {"ErrorCode": 403, "ResponsePagePath": "/404.html", "ResponseCode": "404", "ErrorCachingMinTTL": 10}
    config = {
        **CONFIG,
        "CacheBehaviors": {"Quantity": 1, "Items": [old]},
        "CustomErrorResponses": {"Quantity": 1, "Items": [page]},
    }
    return {"Id": SITE.distribution.id, "DomainName": DOMAIN, "Status": "Deployed", "DistributionConfig": config}


def _summary() -> dict[str, Any]:
    origins = CONFIG["Origins"]
    return {"Id": SITE.distribution.id, "Aliases": CONFIG["Aliases"], "Origins": origins, "DomainName": DOMAIN}


def _certificate(asked: Mapping[str, Any]) -> dict[str, Any]:
    names = ("example.com", "www.example.com") if asked["CertificateArn"] == VIEWER else ("origin.example.com",)
    return {"Certificate": answered.certificate(asked["CertificateArn"], *names, until=UNTIL)}


def _policies(kind: str, *policies: tuple[str, str]) -> dict[str, Any]:
    config = f"{kind}Config"
    items = [{"Type": "managed", kind: {"Id": id_, config: {"Name": f"Managed-{name}"}}} for id_, name in policies]
    return {f"{kind}List": {"Items": items}}


def _task() -> dict[str, Any]:
    details = [
        {"name": "networkInterfaceId", "value": INTERFACE},
        {"name": "privateIPv4Address", "value": "10.20.3.117"},
    ]
    return {
        "taskArn": TASK,
        "taskDefinitionArn": answered.OTHER_REVISION,
        "lastStatus": "RUNNING",
        "availabilityZone": f"{REGION}a",
        "attachments": [{"type": "ElasticNetworkInterface", "details": details}],
    }


def _image(day: int, *tags: str, **findings: int) -> dict[str, Any]:
    return {
        "imageDigest": f"sha256:{day}{'0' * 63}",
        "imageTags": list(tags),
        "imagePushedAt": datetime(2026, 1, day, tzinfo=UTC),
        "imageScanFindingsSummary": {"findingSeverityCounts": findings},
    }


def balancer(name: str = "shared", **more: Any) -> dict[str, Any]:
    """An application load balancer in the service's VPC."""
    return {
        "LoadBalancerArn": BALANCER if name == "shared" else BALANCER.replace("shared", name),
        "LoadBalancerName": name,
        "DNSName": f"{name}-1.{REGION}.elb.amazonaws.com",
        "Scheme": "internet-facing",
        "State": {"Code": "active"},
        "Type": "application",
        "VpcId": "vpc-0a7d41c5",
        "AvailabilityZones": [{"ZoneName": f"{REGION}{zone}"} for zone in "ab"],
        **more,
    }


RUNNING = {"createdAt": MOMENT, "launchType": "FARGATE", "desiredCount": 1, "runningCount": 1}
SERVICE = answered.service() | RUNNING

ANSWERS: Mapping[tuple[str, str], Answer] = {
    ("cloudfront", "GetDistribution"): {"Distribution": _distribution()},
    ("cloudfront", "ListDistributions"): {"DistributionList": {"Items": [_summary()], "IsTruncated": False}},
    ("cloudfront", "ListCachePolicies"): _policies(
        "CachePolicy", ("658327ea-f89d-4fab-a63d-7e88639e58f6", "CachingOptimized")
    ),
    ("cloudfront", "ListOriginRequestPolicies"): _policies(
        "OriginRequestPolicy", ("216adef6-5c7f-47e4-b989-5492eafa07d3", "AllViewer")
    ),
    ("cloudfront", "GetFunction"): {"FunctionCode": Body(b"function handler(event) { return event.request; }")},
    ("s3", "HeadBucket"): {"BucketRegion": REGION},
    ("s3", "ListObjectsV2"): {
        "Contents": [{"Key": f"{page:04}.html", "Size": 1000} for page in range(1190)]
        + [{"Key": f"{picture}.png", "Size": 4000} for picture in range(9)]
        + [{"Key": "CNAME", "Size": 15}]
    },
    ("s3", "GetBucketWebsite"): {"IndexDocument": {"Suffix": "index.html"}},
    ("s3", "GetBucketPolicyStatus"): {"PolicyStatus": {"IsPublic": True}},
    ("s3", "GetPublicAccessBlock"): {
        "PublicAccessBlockConfiguration": {"BlockPublicAcls": True, "BlockPublicPolicy": False}
    },
    ("s3", "GetBucketVersioning"): {"Status": "Enabled"},
    ("ecs", "DescribeClusters"): {"clusters": [{"clusterName": SITE.service.cluster, "status": "ACTIVE"}]},
    ("ecs", "DescribeServices"): {"services": [SERVICE]},
    ("ecs", "ListTasks"): {"taskArns": [TASK]},
    ("ecs", "DescribeTasks"): {"tasks": [_task()]},
    ("ecs", "DescribeTaskDefinition"): {"taskDefinition": answered.definition(answered.container(image=IMAGE))},
    ("application-autoscaling", "DescribeScalableTargets"): {
        "ScalableTargets": [{"MinCapacity": 1, "MaxCapacity": 1200}]
    },
    ("ecr", "DescribeRepositories"): {
        "repositories": [
            {
                "repositoryName": "next",
                "imageTagMutability": "MUTABLE",
                "imageScanningConfiguration": {"scanOnPush": True},
            }
        ]
    },
    ("ecr", "DescribeImages"): {"imageDetails": [_image(1), _image(2), _image(3, "latest", HIGH=2, LOW=1000)]},
    ("ec2", "DescribeSubnets"): {"Subnets": answered.GOOD["subnets"]},
    ("ec2", "DescribeRouteTables"): {"RouteTables": answered.GOOD["route_tables"]},
    ("ec2", "DescribeSecurityGroups"): {"SecurityGroups": [answered.group(TASKS_GROUP, "tasks")]},
    ("ec2", "DescribeNetworkInterfaces"): {
        "NetworkInterfaces": [{"NetworkInterfaceId": INTERFACE, "Association": {"PublicIp": "51.112.143.34"}}]
    },
    ("ec2", "DescribeAvailabilityZones"): {"AvailabilityZones": answered.GOOD["zones"]},
    ("ec2", "DescribeRegions"): {"Regions": answered.GOOD["region"]},
    ("ec2", "DescribeManagedPrefixLists"): {"PrefixLists": answered.GOOD["prefix_list"]},
    ("elbv2", "DescribeLoadBalancers"): {"LoadBalancers": [balancer()]},
    ("elbv2", "DescribeListeners"): {
        "Listeners": [{"ListenerArn": LISTENER, "LoadBalancerArn": BALANCER, "Port": 443, "Protocol": "HTTPS"}]
    },
    ("elbv2", "DescribeRules"): {
        "Rules": [
            {"RuleArn": "arn:1", "Priority": "10", "IsDefault": False},
            {"RuleArn": "arn:2", "Priority": "default", "IsDefault": True},
        ]
    },
    ("elbv2", "DescribeTargetGroups"): {"TargetGroups": []},
    ("elbv2", "DescribeAccountLimits"): {"Limits": answered.GOOD["load_balancer_limits"]},
    ("service-quotas", "GetServiceQuota"): {"Quota": answered.GOOD["rules_quota"]},
    ("acm", "ListCertificates"): {"CertificateSummaryList": [{"CertificateArn": REGIONAL}]},
    ("acm", "DescribeCertificate"): _certificate,
    ("iam", "GetRole"): {"Role": answered.GOOD["ecs_role"]},
    ("ssm", "DescribeParameters"): {"Parameters": []},
    ("health", "DescribeEvents"): {"events": []},
    ("route53", "ListHostedZones"): {"HostedZones": [{"Id": "/hostedzone/Z1", "Name": "example.com."}]},
    ("route53", "ListResourceRecordSets"): {"ResourceRecordSets": answered.GOOD["records"]["example.com"]},
}
"""The answer of every call that a survey makes."""

DENIED = Refusal("AccessDeniedException", "is not authorized", 403)

Script = Callable[[str, str, Mapping[str, Any]], Mapping[str, Any] | Refusal]


def answer(service: str, operation: str, asked: Mapping[str, Any]) -> Mapping[str, Any]:
    """What this account answers."""
    found = ANSWERS[service, operation]
    return found(asked) if callable(found) else found


@contextmanager
def account(script: Script = answer) -> Iterator[aws.Clients]:
    """Clients of an account that answers as `script` does."""
    with scripted(script) as clients:
        for service in sorted({service for service, _ in ANSWERS}):  # boto3 makes no clients in two threads at once
            clients(service)
        yield clients


def read(*denied: tuple[str, str], refusal: Refusal = DENIED, **answers: Answer) -> Inventory:
    """A survey of this account; some operations are denied, some answer what is given by their name."""

    def script(service: str, operation: str, asked: Mapping[str, Any]) -> Mapping[str, Any] | Refusal:
        if (service, operation) in denied:
            return refusal
        other = answers.get(operation)
        if other is None:
            return answer(service, operation, asked)
        return other(asked) if callable(other) else other

    with account(script) as clients:
        found = survey.take(clients, IDENTITY, SITE, resolve=lambda name: dns.Answer(DOMAIN, ("192.0.2.1",)))
    return replace(found, read_at=MOMENT)


def audit(found: Inventory, site: Site = SITE, name: str = "example", **more: Any) -> Audit:
    """The audit of the day on which the first one was made."""
    return Audit(name, DAY, facts(found, site), **more)


def rendered(made: Audit, language: Language, *, markdown: bool = False) -> str:
    """The document."""
    renderer = audit_markdown if markdown else audit_text
    return renderer.render(document(made), say_in(language))


_MAKING = threading.Lock()
_SESSION = boto3.Session()


def clients_of(running: Running) -> aws.Clients:
    """Clients of a sandbox, whatever the environment says."""
    made: dict[tuple[str, str], Any] = {}

    def client(service: str, region: str | None = None, /) -> Any:
        key = service, region or running.region
        with _MAKING:
            if key not in made:
                made[key] = _SESSION.client(
                    service,
                    region_name=key[1],
                    endpoint_url=running.endpoint,
                    aws_access_key_id="sandbox",
                    aws_secret_access_key="sandbox",
                )
        return made[key]

    return client


def survey_of(running: Running, site: Site) -> Inventory:
    """What a sandbox holds."""
    clients = clients_of(running)
    return survey.take(clients, aws.identity(clients, running.region), site)


FORKING = """\
import os, sys
from pathlib import Path
from bascule.sandbox import server
from bascule.sandbox.control import LOG
owner, *pairs = sys.argv[1:]
for account, root in zip(pairs[::2], pairs[1::2]):
    if os.fork() == 0:
        log = os.open(Path(root) / LOG, os.O_WRONLY | os.O_CREAT)
        os.dup2(log, 1), os.dup2(log, 2)
        os._exit(server.main(["--root", root, "--account", account, "--owner", owner]))
"""
"""moto is imported once; each account is a fork of that process, which ends when the owner does."""


def sandboxes(accounts: Sequence[Path], folder: Path) -> dict[str, Path]:
    """Start a sandbox for each account file at once; the folder of each, by the file's name."""
    roots = {path.stem: folder / path.stem for path in accounts}
    for root in roots.values():
        root.mkdir()
    pairs = [str(one) for path in accounts for one in (path.resolve(), roots[path.stem])]
    command = [sys.executable, "-c", FORKING, str(os.getpid()), *pairs]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, timeout=60)
    return roots


def running(root: Path, seconds: float = 60.0) -> Running:
    """The sandbox of a folder, once it answers."""
    deadline = time.monotonic() + seconds
    while (found := control.status(root)) is None:
        assert time.monotonic() < deadline, (root / control.LOG).read_text()
        time.sleep(0.05)
    return found
