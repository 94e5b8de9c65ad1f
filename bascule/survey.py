"""Reads the inventory of an account: which calls, and in which order, since some answers name what is asked next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from bascule import aws, dns
from bascule.answers import facts
from bascule.inventory import (
    MOST_OBJECTS,
    Inventory,
    apexes,
    balancers_in,
    function_names,
    network_of,
    repositories,
    rows,
    vpc_id,
)
from bascule.reading import Call, OnCall, read
from bascule.security_groups import CLOUDFRONT, RULES_QUOTA
from bascule.site import S3State, Site

GLOBAL = "us-east-1"
"""Where CloudFront's certificates and AWS Health's events are (ACM user guide, supported Regions; Health API endpoint).
"""

KEY_TYPES = (
    "RSA_1024",
    "RSA_2048",
    "RSA_3072",
    "RSA_4096",
    "EC_prime256v1",
    "EC_secp384r1",
    "EC_secp521r1",
)
"""Every kind of key: without them, ListCertificates leaves out all but RSA of up to 2,048 bits (ACM API, Filters)."""


def take(
    clients: aws.Clients,
    identity: aws.Identity,
    site: Site,
    *,
    on_call: OnCall = lambda call: None,
    resolve: dns.Resolve | None = None,
) -> Inventory:
    """Read the account. A call that is refused leaves an Unread; raises BasculeError where AWS can't be asked at all.

    `resolve` asks the DNS; by default the system's resolver, and nobody where AWS is a local stand-in.
    """
    found = Inventory(identity, datetime.now(UTC))
    if resolve is None:
        resolve = dns.nobody if aws.is_loopback(identity.endpoint) else dns.system
    for wave in (_first, _second, _third, _fourth):
        answers = read(clients, wave(found, site), on_call)
        found = replace(found, **facts(found, answers))
    aliases = _aliases(found, site)
    asked = {*aliases, *apexes(aliases)}
    if isinstance(found.distribution, Mapping):
        asked.add(found.distribution["DomainName"].lower())
    return replace(found, names=dns.ask(sorted(asked), resolve))


def _first(found: Inventory, site: Site) -> dict[str, Call]:
    """What can be asked by the site file alone."""
    bucket, cluster, name = {"Bucket": site.bucket.name}, site.service.cluster, site.service.name
    unbucketed = ("404", "NoSuchBucket")
    calls = {
        "distribution": Call(
            "cloudfront", "GetDistribution", {"Id": site.distribution.id}, absent=("NoSuchDistribution",)
        ),
        "distributions": Call("cloudfront", "ListDistributions", items="DistributionList.Items"),
        "cache_policies": Call("cloudfront", "ListCachePolicies", _MANAGED, "CachePolicyList.Items"),
        "origin_request_policies": Call(
            "cloudfront", "ListOriginRequestPolicies", _MANAGED, "OriginRequestPolicyList.Items"
        ),
        "bucket": Call("s3", "HeadBucket", bucket, absent=unbucketed),
        "objects": Call("s3", "ListObjectsV2", bucket, "Contents", unbucketed, most=MOST_OBJECTS + 1),
        "website": Call("s3", "GetBucketWebsite", bucket, absent=("NoSuchWebsiteConfiguration", *unbucketed)),
        "bucket_policy_status": Call("s3", "GetBucketPolicyStatus", bucket, absent=("NoSuchBucketPolicy", *unbucketed)),
        "public_access_block": Call(
            "s3", "GetPublicAccessBlock", bucket, absent=("NoSuchPublicAccessBlockConfiguration", *unbucketed)
        ),
        "cluster": Call("ecs", "DescribeClusters", {"clusters": [cluster]}, "clusters"),
        "service": Call(
            "ecs",
            "DescribeServices",
            {"cluster": cluster, "services": [name]},
            "services",
            ("ClusterNotFoundException",),
        ),
        "tasks": Call(
            "ecs",
            "ListTasks",
            {"cluster": cluster, "serviceName": name},
            "taskArns",
            ("ClusterNotFoundException", "ServiceNotFoundException"),
        ),
        "scalable_targets": Call(
            "application-autoscaling",
            "DescribeScalableTargets",
            {"ServiceNamespace": "ecs", "ResourceIds": [f"service/{cluster}/{name}"]},
            "ScalableTargets",
        ),
        "load_balancers": Call("elbv2", "DescribeLoadBalancers", items="LoadBalancers"),
        "target_groups": Call("elbv2", "DescribeTargetGroups", items="TargetGroups"),
        "load_balancer_limits": Call("elbv2", "DescribeAccountLimits", items="Limits"),
        "rules_quota": Call("service-quotas", "GetServiceQuota", {"ServiceCode": "vpc", "QuotaCode": RULES_QUOTA}),
        "prefix_list": Call(
            "ec2",
            "DescribeManagedPrefixLists",
            {"Filters": [{"Name": "prefix-list-name", "Values": [CLOUDFRONT]}]},
            "PrefixLists",
        ),
        "zones": Call("ec2", "DescribeAvailabilityZones", items="AvailabilityZones"),
        "region": Call(
            "ec2", "DescribeRegions", {"RegionNames": [site.region], "AllRegions": True}, "Regions", region=GLOBAL
        ),
        "certificates": Call(
            "acm",
            "ListCertificates",
            {"CertificateStatuses": ["ISSUED"], "Includes": {"keyTypes": list(KEY_TYPES)}},
            "CertificateSummaryList",
        ),
        "ecs_role": Call("iam", "GetRole", {"RoleName": "AWSServiceRoleForECS"}, absent=("NoSuchEntity",)),
        "load_balancing_role": Call(
            "iam", "GetRole", {"RoleName": "AWSServiceRoleForElasticLoadBalancing"}, absent=("NoSuchEntity",)
        ),
        "secret": Call(
            "ssm",
            "DescribeParameters",
            {"ParameterFilters": [{"Key": "Name", "Values": [site.origin.secret_parameter]}]},
            "Parameters",
        ),
        "events": Call(
            "health",
            "DescribeEvents",
            {
                "filter": {
                    "regions": [site.region, "global"],
                    "eventTypeCategories": ["issue"],
                    "eventStatusCodes": ["open"],
                }
            },
            "events",
            region=GLOBAL,
        ),
        "records": Call("route53", "ListHostedZones", items="HostedZones"),
    }
    if isinstance(site.state, S3State):
        state = {"Bucket": site.state.bucket}
        calls["state_bucket"] = Call("s3", "HeadBucket", state, absent=unbucketed)
        calls["state_versioning"] = Call("s3", "GetBucketVersioning", state, absent=unbucketed)
    return calls


def _second(found: Inventory, site: Site) -> dict[str, Call]:
    """What the first answers name: functions, certificates, task definition, tasks, the service's subnets, records."""
    calls: dict[str, Call] = {}
    config = found.config
    if isinstance(config, Mapping):
        for name in sorted(function_names(config)):
            calls[f"functions/{name}"] = Call("cloudfront", "GetFunction", {"Name": name, "Stage": "LIVE"})
        arn = config.get("ViewerCertificate", {}).get("ACMCertificateArn")
        if arn:
            calls["viewer_certificate"] = Call(
                "acm",
                "DescribeCertificate",
                {"CertificateArn": arn},
                absent=("ResourceNotFoundException",),
                region=GLOBAL,
            )
    for certificate in rows(found.certificates):
        arn = certificate["CertificateArn"]
        calls[f"certificates/{arn}"] = _certificate(arn)
    if isinstance(found.service, Mapping):
        if found.service.get("taskDefinition"):  # task sets of an EXTERNAL controller have theirs
            calls["task_definition"] = _task_definition(found.service["taskDefinition"])
        subnets = network_of(found.service).get("subnets") or []
        if subnets:
            calls["subnets"] = Call("ec2", "DescribeSubnets", {"SubnetIds": list(subnets)}, "Subnets")
    arns = rows(found.tasks)
    for number, start in enumerate(range(0, len(arns), 100)):  # DescribeTasks takes a hundred
        some = {"cluster": site.service.cluster, "tasks": list(arns[start : start + 100])}
        calls[f"tasks/{number}"] = Call("ecs", "DescribeTasks", some, "tasks")
    for zone in rows(found.records):
        if not zone.get("Config", {}).get("PrivateZone") and _may_hold(zone["Name"], _aliases(found, site)):
            calls[f"records/{zone['Name'].rstrip('.')}"] = Call(
                "route53", "ListResourceRecordSets", {"HostedZoneId": zone["Id"]}, "ResourceRecordSets"
            )
    return calls


def _third(found: Inventory, site: Site) -> dict[str, Call]:
    """What is in the service's VPC, its image's repository, and what its running tasks are."""
    calls: dict[str, Call] = {}
    if isinstance(found.task_definition, Mapping):
        for registry, region, name in sorted(repositories(found.task_definition, site))[:1]:
            where, elsewhere = {"registryId": registry}, region if region != site.region else None
            unknown = ("RepositoryNotFoundException",)
            named = {**where, "repositoryNames": [name]}
            calls["repository"] = Call("ecr", "DescribeRepositories", named, "repositories", unknown, elsewhere)
            found_by = {**where, "repositoryName": name}
            calls["images"] = Call("ecr", "DescribeImages", found_by, "imageDetails", unknown, elsewhere)
    ids = sorted(_interface_ids(rows(found.tasks)))
    for number, start in enumerate(range(0, len(ids), 200)):  # a filter takes two hundred values
        some = [{"Name": "network-interface-id", "Values": ids[start : start + 200]}]
        calls[f"interfaces/{number}"] = Call("ec2", "DescribeNetworkInterfaces", {"Filters": some}, "NetworkInterfaces")
    current = found.service.get("taskDefinition") if isinstance(found.service, Mapping) else None
    for arn in sorted({task["taskDefinitionArn"] for task in rows(found.tasks)} - {current}):
        calls[f"running_definitions/{arn}"] = _task_definition(arn)
    vpc = vpc_id(found)
    if vpc:
        within = {"Filters": [{"Name": "vpc-id", "Values": [vpc]}]}
        calls["subnets"] = Call("ec2", "DescribeSubnets", within, "Subnets")
        calls["route_tables"] = Call("ec2", "DescribeRouteTables", within, "RouteTables")
        calls["security_groups"] = Call("ec2", "DescribeSecurityGroups", within, "SecurityGroups")
        for balancer in balancers_in(found, vpc):
            arn = balancer["LoadBalancerArn"]
            calls[f"listeners/{arn}"] = Call("elbv2", "DescribeListeners", {"LoadBalancerArn": arn}, "Listeners")
    return calls


def _fourth(found: Inventory, site: Site) -> dict[str, Call]:
    """The rules of each listener."""
    listeners = [listener for some in (found.listeners or {}).values() for listener in rows(some)]
    return {
        f"listener_rules/{listener['ListenerArn']}": Call(
            "elbv2", "DescribeRules", {"ListenerArn": listener["ListenerArn"]}, "Rules"
        )
        for listener in listeners
    }


def _certificate(arn: str, region: str | None = None) -> Call:
    absent = ("ResourceNotFoundException",)
    return Call("acm", "DescribeCertificate", {"CertificateArn": arn}, absent=absent, region=region)


def _task_definition(arn: str) -> Call:
    return Call("ecs", "DescribeTaskDefinition", {"taskDefinition": arn})


def _interface_ids(tasks: Sequence[Any]) -> Iterator[str]:
    for task in tasks:
        for attachment in task.get("attachments", ()):
            for detail in attachment.get("details", ()):
                if detail.get("name") == "networkInterfaceId":
                    yield detail["value"]


def _aliases(found: Inventory, site: Site) -> list[str]:
    """The site file's and the distribution's own."""
    config = found.config
    live = config.get("Aliases", {}).get("Items", ()) if isinstance(config, Mapping) else ()
    return sorted({*site.aliases, *live})


def _may_hold(zone: str, aliases: Sequence[str]) -> bool:
    name = zone.rstrip(".")
    return any(alias == name or alias.endswith(f".{name}") for alias in aliases)


_MANAGED = {"Type": "managed"}
