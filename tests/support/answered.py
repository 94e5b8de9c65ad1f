"""An account in which every check passes, in AWS's own vocabulary, and what a check says once a test changed it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from answers_model import valid
from example import CONFIG, TEXT, with_path

from bascule import checks, site_file
from bascule.aws import Identity
from bascule.checks import Finding, Permissions, Result
from bascule.checks.permissions import ALLOWED, DRY_RUNS, Decision, DryRun
from bascule.dns import Answer
from bascule.inventory import Inventory, Unread
from bascule.ladder import Stage
from bascule.site import Site

SITE = site_file.parse(TEXT, "sites/example.toml")
TODAY = date(2026, 3, 2)
ACCOUNT = "123456789012"
REGION = SITE.region
DOMAIN = "d111111abcdef8.cloudfront.net"
TASKS_GROUP = "sg-04e1c7b9a3f58d260"
VIEWER = "arn:aws:acm:us-east-1:123456789012:certificate/3f6c0a52"
REVISION = f"arn:aws:ecs:{REGION}:{ACCOUNT}:task-definition/next:3"
OTHER_REVISION = f"arn:aws:ecs:{REGION}:{ACCOUNT}:task-definition/next:2"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/move"

SHAPES: Mapping[str, tuple[str, str, str]] = {
    "distribution": ("cloudfront", "GetDistribution", "Distribution"),
    "distributions": ("cloudfront", "ListDistributions", "DistributionList.Items"),
    "viewer_certificate": ("acm", "DescribeCertificate", "Certificate"),
    "certificates": ("acm", "DescribeCertificate", "Certificate"),
    "cache_policies": ("cloudfront", "ListCachePolicies", "CachePolicyList.Items"),
    "origin_request_policies": ("cloudfront", "ListOriginRequestPolicies", "OriginRequestPolicyList.Items"),
    "bucket": ("s3", "HeadBucket", ""),
    "website": ("s3", "GetBucketWebsite", ""),
    "bucket_policy_status": ("s3", "GetBucketPolicyStatus", ""),
    "state_bucket": ("s3", "HeadBucket", ""),
    "state_versioning": ("s3", "GetBucketVersioning", ""),
    "cluster": ("ecs", "DescribeClusters", "clusters[]"),
    "service": ("ecs", "DescribeServices", "services[]"),
    "scalable_targets": ("application-autoscaling", "DescribeScalableTargets", "ScalableTargets"),
    "tasks": ("ecs", "DescribeTasks", "tasks"),
    "task_definition": ("ecs", "DescribeTaskDefinition", "taskDefinition"),
    "running_definitions": ("ecs", "DescribeTaskDefinition", "taskDefinition"),
    "subnets": ("ec2", "DescribeSubnets", "Subnets"),
    "route_tables": ("ec2", "DescribeRouteTables", "RouteTables"),
    "security_groups": ("ec2", "DescribeSecurityGroups", "SecurityGroups"),
    "load_balancers": ("elbv2", "DescribeLoadBalancers", "LoadBalancers"),
    "target_groups": ("elbv2", "DescribeTargetGroups", "TargetGroups"),
    "load_balancer_limits": ("elbv2", "DescribeAccountLimits", "Limits"),
    "rules_quota": ("service-quotas", "GetServiceQuota", "Quota"),
    "prefix_list": ("ec2", "DescribeManagedPrefixLists", "PrefixLists"),
    "zones": ("ec2", "DescribeAvailabilityZones", "AvailabilityZones"),
    "region": ("ec2", "DescribeRegions", "Regions"),
    "events": ("health", "DescribeEvents", "events"),
    "ecs_role": ("iam", "GetRole", "Role"),
    "load_balancing_role": ("iam", "GetRole", "Role"),
    "secret": ("ssm", "DescribeParameters", "Parameters"),
    "records": ("route53", "ListResourceRecordSets", "ResourceRecordSets"),
}
"""The call that answers each fact, and the member of the answer that is the fact."""

KEYED = ("certificates", "running_definitions", "records")

FREE = ("functions", "names", "identity")
"""Facts that are no structure of an API's answer."""


def checked(name: str, fact: Any) -> Any:
    """A fact, if AWS can answer it."""
    if fact is None or isinstance(fact, Unread) or name in FREE:
        return fact
    if name in KEYED and isinstance(fact, Mapping):
        return {key: _checked(name, one) for key, one in fact.items()}
    return _checked(name, fact)


def _checked(name: str, fact: Any) -> Any:
    if isinstance(fact, Unread):
        return fact
    service, operation, path = SHAPES[name]
    answer = fact
    for member in reversed(path.split(".") if path else ()):
        answer = {member.removesuffix("[]"): [answer] if member.endswith("[]") else answer}
    valid(service, operation, answer)
    return fact


def certificate(arn: str, *names: str, status: str = "ISSUED", until: datetime | None = None) -> dict[str, Any]:
    """A certificate of ACM."""
    return {
        "CertificateArn": arn,
        "DomainName": names[0],
        "SubjectAlternativeNames": list(names),
        "Status": status,
        "NotAfter": until or datetime(2027, 3, 1, tzinfo=UTC),
    }


def subnet(letter: str, **more: Any) -> dict[str, Any]:
    """The subnet of one zone."""
    return {
        "SubnetId": f"subnet-0000000{letter}",
        "VpcId": "vpc-0a7d41c5",
        "AvailabilityZone": f"{REGION}{letter}",
        "CidrBlock": "10.20.0.0/20",
        "AvailableIpAddressCount": 4091,
        **more,
    }


def group(id_: str, name: str, *rules: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A security group with ingress rules."""
    return {"GroupId": id_, "GroupName": name, "VpcId": "vpc-0a7d41c5", "IpPermissions": list(rules), **more}


def admits(port: int, *, cidr: str = "", source: str = "") -> dict[str, Any]:
    """An ingress rule of a security group on one TCP port."""
    rule: dict[str, Any] = {"IpProtocol": "tcp", "FromPort": port, "ToPort": port}
    if ":" in cidr:
        rule["Ipv6Ranges"] = [{"CidrIpv6": cidr}]
    elif cidr:
        rule["IpRanges"] = [{"CidrIp": cidr}]
    if source:
        rule["UserIdGroupPairs"] = [{"GroupId": source, "UserId": ACCOUNT}]
    return rule


def container(**more: Any) -> dict[str, Any]:
    """The container that serves the application."""
    environment = [{"name": "HOSTNAME", "value": "0.0.0.0"}, {"name": "KEEP_ALIVE_TIMEOUT", "value": "65000"}]
    ports = [{"containerPort": SITE.service.container_port, "protocol": "tcp"}]
    return {"name": "web", "portMappings": ports, "environment": environment, **more}


def definition(*containers: dict[str, Any], revision: int = 3, mode: str = "awsvpc") -> dict[str, Any]:
    """A task definition."""
    return {
        "family": "next",
        "revision": revision,
        "networkMode": mode,
        "containerDefinitions": list(containers) or [container()],
    }


def balancer(name: str, type_: str = "application") -> dict[str, Any]:
    """A load balancer of the region."""
    return {"LoadBalancerName": name, "Type": type_, "VpcId": "vpc-0a7d41c5"}


def record(name: str, target: str, type_: str = "A") -> dict[str, Any]:
    """A record of Route 53: an alias, or a CNAME."""
    if type_ == "CNAME":
        return {"Name": name, "Type": type_, "TTL": 300, "ResourceRecords": [{"Value": target}]}
    alias = {"HostedZoneId": "Z2FDTNDATAQYW2", "DNSName": target, "EvaluateTargetHealth": False}
    return {"Name": name, "Type": type_, "AliasTarget": alias}


def distribution(path: str = "", new: Any = None) -> dict[str, Any]:
    """The distribution, with one member of its config put in another's place, such as `Origins.Items.0.Id`."""
    return {
        "Id": SITE.distribution.id,
        "DomainName": DOMAIN,
        "Status": "Deployed",
        "InProgressInvalidationBatches": 0,
        "DistributionConfig": with_path(CONFIG, path, new) if path else CONFIG,
    }


def other(id_: str, *aliases: str, **more: Any) -> dict[str, Any]:
    """Another distribution of the account."""
    return {"Id": id_, "Aliases": {"Quantity": len(aliases), "Items": list(aliases)}, **more}


IDENTITY = Identity(ACCOUNT, f"arn:aws:sts::{ACCOUNT}:assumed-role/move/me", REGION, "")

SERVICE: dict[str, Any] = {
    "serviceName": SITE.service.name,
    "status": "ACTIVE",
    "desiredCount": 2,
    "runningCount": 2,
    "taskDefinition": REVISION,
    "deploymentController": {"type": "ECS"},
    "deploymentConfiguration": {"strategy": "ROLLING", "minimumHealthyPercent": 100, "maximumPercent": 200},
    "deployments": [{"status": "PRIMARY", "rolloutState": "COMPLETED"}],
    "networkConfiguration": {
        "awsvpcConfiguration": {
            "subnets": ["subnet-0000000a", "subnet-0000000b"],
            "securityGroups": [TASKS_GROUP],
            "assignPublicIp": "ENABLED",
        }
    },
}


def service(path: str = "", new: Any = None) -> dict[str, Any]:
    """The service, with one member changed."""
    changed: dict[str, Any] = with_path(SERVICE, path, new) if path else SERVICE
    return changed


MAIN_TABLE: dict[str, Any] = {
    "RouteTableId": "rtb-0main",
    "Associations": [{"Main": True, "RouteTableId": "rtb-0main"}],
    "Routes": [
        {"DestinationCidrBlock": "10.20.0.0/16", "GatewayId": "local", "State": "active"},
        {"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-0c3f86b1", "State": "active"},
    ],
}

GOOD: dict[str, Any] = {
    "distribution": distribution(),
    "distributions": [other(SITE.distribution.id, *SITE.aliases)],
    "functions": {},
    "viewer_certificate": certificate(VIEWER, "example.com", "*.example.com"),
    "certificates": {},
    "cache_policies": [
        {"Type": "managed", "CachePolicy": {"Id": id_, "CachePolicyConfig": {"Name": f"Managed-{name}"}}}
        for id_, name in (
            ("4135ea2d-6df8-44a3-9df3-4b5a84be39ad", "CachingDisabled"),
            ("658327ea-f89d-4fab-a63d-7e88639e58f6", "CachingOptimized"),
        )
    ],
    "origin_request_policies": [
        {
            "Type": "managed",
            "OriginRequestPolicy": {
                "Id": "216adef6-5c7f-47e4-b989-5492eafa07d3",
                "OriginRequestPolicyConfig": {"Name": "Managed-AllViewer"},
            },
        }
    ],
    "bucket": {"BucketRegion": REGION},
    "bucket_policy_status": {"PolicyStatus": {"IsPublic": True}},
    "state_bucket": {"BucketRegion": "eu-west-1"},
    "state_versioning": {"Status": "Enabled"},
    "cluster": {"clusterName": SITE.service.cluster, "status": "ACTIVE"},
    "service": SERVICE,
    "scalable_targets": [],
    "tasks": [{"taskDefinitionArn": REVISION}, {"taskDefinitionArn": REVISION}],
    "task_definition": definition(),
    "running_definitions": {},
    "subnets": [subnet("a"), subnet("b")],
    "route_tables": [MAIN_TABLE],
    "security_groups": [group(TASKS_GROUP, "tasks", admits(3000, cidr="10.20.0.0/16"))],
    "load_balancers": [],
    "target_groups": [],
    "load_balancer_limits": [
        {"Name": "application-load-balancers", "Max": "50"},
        {"Name": "target-groups", "Max": "3000"},
        {"Name": "rules-per-application-load-balancer", "Max": "100"},
    ],
    "rules_quota": {"QuotaCode": "L-0EA8095F", "Value": 60.0},
    "prefix_list": [{"PrefixListId": "pl-0e4f", "MaxEntries": 55}],
    "zones": [{"ZoneName": f"{REGION}{z}", "State": "available", "ZoneType": "availability-zone"} for z in "ab"],
    "region": [{"RegionName": REGION, "OptInStatus": "opted-in"}],
    "events": [],
    "ecs_role": {"Arn": f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS"},
    "load_balancing_role": {
        "Arn": f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/AWSServiceRoleForElasticLoadBalancing"
    },
    "secret": [{"Name": SITE.origin.secret_parameter, "Type": "SecureString", "Version": 1}],
    "records": {"example.com": [record("example.com.", f"{DOMAIN}."), record("www.example.com.", DOMAIN, "CNAME")]},
    "names": {name: Answer(DOMAIN, ("192.0.2.1",)) for name in (*SITE.aliases, DOMAIN)},
}
"""Every fact that a check looks at, as it is where all is well."""

ALL_ALLOWED = Permissions(
    ROLE,
    (Decision("ecs:UpdateService", "*", Stage.ATTACH, ALLOWED),),
    dry_runs={action: DryRun(ALLOWED) for action in DRY_RUNS},
)


def inventory(**facts: Any) -> Inventory:
    """The good account with these facts in the place of its own, all of them checked against AWS's model."""
    every = {"identity": IDENTITY, **GOOD, **facts}
    return Inventory(read_at=datetime(2026, 3, 2, tzinfo=UTC), **{name: checked(name, f) for name, f in every.items()})


def judged(
    *ids: str,
    site: Site = SITE,
    permissions: Permissions | None = ALL_ALLOWED,
    expected_account: str | None = ACCOUNT,
    today: date = TODAY,
    **facts: Any,
) -> tuple[Finding, ...]:
    """What these checks, or all of them, say of the account."""
    wanted = [checks.find(id_) for id_ in ids] or list(checks.CHECKS)
    return checks.judge(
        inventory(**facts), site, wanted, today, permissions=permissions, expected_account=expected_account
    )


def look(id_: str, **case: Any) -> Result:
    """What one check says."""
    (found,) = judged(id_, **case)
    return found.result


def told(id_: str, outcome: str, *pieces: str, **case: Any) -> None:
    """Asserts what one check says: the outcome, and pieces of evidence and remedy."""
    result = look(id_, **case)
    said = f"{result.evidence} → {result.remedy}"
    lacking = [piece for piece in pieces if piece not in said]
    assert (outcome, []) == (str(result.outcome), lacking), said
    assert (result.outcome == "pass") is (result.remedy == ""), said


def denied(action: str) -> Unread:
    """What AWS refused."""
    return Unread(action, f"AccessDenied: not authorized to perform: {action}")


def amended(**tables: Any) -> Site:
    """The site with keys of its tables changed: `amended(service={"container": "web"})`."""
    changed = {
        name: getattr(SITE, name).model_copy(update=value) if isinstance(value, dict) else value
        for name, value in tables.items()
    }
    return SITE.model_copy(update=changed)
