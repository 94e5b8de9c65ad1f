"""The site's live resources as AWS answers them, and what keeps them from being adopted."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bascule import aws, distribution
from bascule.distribution import TLS_POLICIES
from bascule.errors import BasculeError
from bascule.ladder import ALB_ORIGIN_ID, origin_is_bucket
from bascule.site import Site

Answer = Mapping[str, Any]


@dataclass(frozen=True)
class Live:
    """AWS's answers about one site."""

    distribution: Answer
    """DistributionConfig."""
    bucket_region: str
    service: Answer
    task_definition: Answer
    """The running one."""
    ours: Sequence[str]
    """What the service refers to that bascule made, in words."""
    vpc_id: str
    zones: Mapping[str, str]
    """Availability zone name of every subnet of the VPC, by subnet id."""


def read(clients: aws.Clients, site: Site) -> Live:
    """Read the site's resources. Raises BasculeError naming the first that isn't there or can't be read."""
    config = _distribution(clients, site)
    region = _bucket_region(clients, site)
    service = _service(clients, site)
    network = service.get("networkConfiguration", {}).get("awsvpcConfiguration")
    if not network:
        _check_rolling(service, site)  # a service of task sets has its network there
        raise BasculeError(
            "the tasks have no network interface of their own, so a target group of type ip can't hold them",
            where=_service_name(site),
            remedy="run the service with network mode awsvpc",
        )
    with aws.readable():
        definition = clients("ecs").describe_task_definition(taskDefinition=service["taskDefinition"])["taskDefinition"]
        ec2 = clients("ec2")
        subnets = ec2.describe_subnets(SubnetIds=network["subnets"])["Subnets"]
        vpc_id = subnets[0]["VpcId"]
        pages = ec2.get_paginator("describe_subnets").paginate(Filters=[{"Name": "vpc-id", "Values": [vpc_id]}])
        zones = {subnet["SubnetId"]: subnet["AvailabilityZone"] for page in pages for subnet in page["Subnets"]}
        tagged = _tagged(clients, network.get("securityGroups") or [], service)
    return Live(config, region, service, definition, tagged, vpc_id, dict(sorted(zones.items())))


def check(live: Live, site: Site) -> None:
    """Raises BasculeError for what can't be adopted, or not as the site file says."""
    _check_distribution(live.distribution, site)
    if live.bucket_region != site.region:
        raise BasculeError(
            f"the bucket is in {live.bucket_region}, the site file says {site.region}",
            where=f"S3 bucket {site.bucket.name}",
            remedy="correct `region`, or `bucket.name`",
        )
    _check_rolling(live.service, site)
    container(live.task_definition, site)
    _check_not_ours(live, site)


def _check_rolling(service: Answer, site: Site) -> None:
    """Raises BasculeError for a service that UpdateService can't put behind a load balancer task by task."""
    controller = service.get("deploymentController", {}).get("type", "ECS")
    if controller != "ECS":
        raise BasculeError(
            f"its deployment controller is {controller}, which doesn't let UpdateService change the load balancer",
            where=_service_name(site),
            remedy="make a service with the controller ECS (rolling update); a live one can't change its controller",
        )
    strategy = service.get("deploymentConfiguration", {}).get("strategy", "ROLLING")
    if strategy != "ROLLING":
        raise BasculeError(
            f"its deployment strategy is {strategy}; what is adopted is a rolling update",
            where=_service_name(site),
            remedy="set the strategy ROLLING on the live service first (`aws ecs update-service`)",
        )


def secrets_in_clear(live: Live) -> list[str]:
    """Headers that the live distribution sends to its origins: their values go as they are into what is committed."""
    origins = distribution.from_api(live.distribution).values["origin"]
    return [header["name"] for origin in origins for header in origin.get("custom_header", ())]


def container(task_definition: Answer, site: Site) -> str:
    """The container that listens on the site's port. Raises BasculeError if there is none, or more than one."""
    port = site.service.container_port
    ports: dict[str, list[int]] = {
        definition["name"]: [mapping.get("containerPort", 0) for mapping in definition.get("portMappings", ())]
        for definition in task_definition["containerDefinitions"]
    }
    found = [name for name in ports if port in ports[name] and site.service.container in (None, name)]
    if len(found) == 1:
        return found[0]
    listening = "; ".join(f"{name}: {', '.join(map(str, ports[name])) or 'no port'}" for name in ports)
    raise BasculeError(
        f"{'more than one' if found else 'no'} container listens on port {port} ({listening})",
        where=f"task definition {task_definition['family']}:{task_definition['revision']}",
        remedy="correct service.container_port" + (" and name service.container" if found else ""),
    )


def _check_distribution(config: Answer, site: Site) -> None:
    where = f"CloudFront distribution {site.distribution.id}"
    found = distribution.from_api(config)
    if found.leftover:
        listed = "\n".join(f"  {path} = {value!r}"[:200] for path, value in sorted(found.leftover.items()))
        raise BasculeError(
            f"AWS provider 5.100.0 can't express these, so its first update would reset them:\n{listed}",
            where=where,
            remedy="set them back to CloudFront's default first, if the site can do without",
        )
    (certificate,) = found.values.get("viewer_certificate") or [{}]
    policy = certificate.get("minimum_protocol_version", "TLSv1")
    if policy not in TLS_POLICIES:
        raise BasculeError(
            f"its TLS policy {policy} is newer than AWS provider 5.100.0 knows",
            where=where,
            remedy="set TLSv1.2_2021 first, if the site's clients may be asked for no more than that",
        )
    domains = [origin["domain_name"] for origin in found.values["origin"]]
    if not any(origin_is_bucket(domain, site.bucket.name) for domain in domains):
        raise BasculeError(
            f"the bucket {site.bucket.name} is none of its origins ({', '.join(domains)})",
            where=where,
            remedy="correct bucket.name or distribution.id",
        )
    aliases = tuple(found.values.get("aliases", ()))
    if aliases != tuple(sorted(site.aliases)):
        raise BasculeError(
            f"its aliases are {', '.join(aliases) or 'none'}; the site file says {', '.join(sorted(site.aliases))}",
            where=where,
            remedy=f"write aliases = {json.dumps(aliases)}, or correct distribution.id",
        )


def _tagged(clients: aws.Clients, group_ids: Sequence[str], service: Answer) -> list[str]:
    """The security groups and target groups of the service that carry bascule's tag, in words."""
    mine = {"Key": "ManagedBy", "Value": "bascule"}
    found = []
    if group_ids:  # without ids, the call would answer every group of the region
        groups = clients("ec2").describe_security_groups(GroupIds=group_ids)["SecurityGroups"]
        found += [
            f"security group {group['GroupId']} of the tasks" for group in groups if mine in group.get("Tags", ())
        ]
    arns = [balancer["targetGroupArn"] for balancer in service.get("loadBalancers", ()) if "targetGroupArn" in balancer]
    if arns:
        described = clients("elbv2").describe_tags(ResourceArns=arns)["TagDescriptions"]
        found += [f"target group {group['ResourceArn']}" for group in described if mine in group["Tags"]]
    return found


def _check_not_ours(live: Live, site: Site) -> None:
    ours = [f"origin {o['Id']}" for o in live.distribution["Origins"]["Items"] if o["Id"] == ALB_ORIGIN_ID]
    ours += live.ours
    if ours:
        raise BasculeError(
            f"the move is under way: {', '.join(ours)} is bascule's own, and adopting now would lose the way back",
            where=_service_name(site),
            remedy='go back with stage = "adopt" and `bascule apply` first, or restore imports/ from version control',
        )


def _distribution(clients: aws.Clients, site: Site) -> Answer:
    from botocore.exceptions import ClientError

    with aws.readable():
        try:
            found: Answer = clients("cloudfront").get_distribution(Id=site.distribution.id)["Distribution"]
        except ClientError as error:
            if aws.code(error) != "NoSuchDistribution":
                raise
            raise BasculeError(
                "no such distribution in this account",
                where=f"CloudFront distribution {site.distribution.id}",
                remedy="correct distribution.id, or use credentials of the account that has it "
                "(`aws cloudfront list-distributions`)",
            ) from None
    config: Answer = found["DistributionConfig"]
    return config


def _bucket_region(clients: aws.Clients, site: Site) -> str:
    from botocore.exceptions import ClientError

    with aws.readable():
        try:
            headers = clients("s3").head_bucket(Bucket=site.bucket.name)["ResponseMetadata"]["HTTPHeaders"]
        except ClientError as error:
            headers = error.response["ResponseMetadata"].get("HTTPHeaders", {})
            if aws.code(error) in ("404", "NoSuchBucket"):
                raise BasculeError(
                    "no such bucket", where=f"S3 bucket {site.bucket.name}", remedy="correct bucket.name"
                ) from None
            if "x-amz-bucket-region" not in headers or aws.code(error) in ("403", "AccessDenied"):
                raise
    return str(headers.get("x-amz-bucket-region", site.region))


def _service(clients: aws.Clients, site: Site) -> Answer:
    from botocore.exceptions import ClientError

    remedy = f"correct service.cluster, service.name or region ({site.region}); `aws ecs list-services` lists them"
    with aws.readable():
        try:
            answer = clients("ecs").describe_services(cluster=site.service.cluster, services=[site.service.name])
        except ClientError as error:
            if aws.code(error) != "ClusterNotFoundException":
                raise
            raise BasculeError(
                "no such cluster in this region", where=f"ECS cluster {site.service.cluster}", remedy=remedy
            ) from None
    found: Sequence[Answer] = [service for service in answer["services"] if service["status"] == "ACTIVE"]
    if not found:
        raise BasculeError("no such active service in this cluster", where=_service_name(site), remedy=remedy)
    return found[0]


def _service_name(site: Site) -> str:
    return f"ECS service {site.service.cluster}/{site.service.name}"
