"""The AWS CLI's command for each fact of the inventory: what a person runs where bascule may not look."""

from __future__ import annotations

from collections.abc import Mapping

from bascule.inventory import Inventory, vpc_id
from bascule.security_groups import CLOUDFRONT, RULES_QUOTA
from bascule.site import S3State, Site

COMMANDS: Mapping[str, str] = {
    "identity": "aws sts get-caller-identity",
    "distribution": "aws cloudfront get-distribution --id {distribution}",
    "distributions": "aws cloudfront list-distributions",
    "functions": "aws cloudfront get-function --name {key} --stage LIVE /dev/stdout",
    "viewer_certificate": "aws acm list-certificates --region us-east-1",
    "certificates": "aws acm list-certificates --region {region}",
    "cache_policies": "aws cloudfront list-cache-policies --type managed",
    "origin_request_policies": "aws cloudfront list-origin-request-policies --type managed",
    "bucket": "aws s3api head-bucket --bucket {bucket}",
    "objects": "aws s3api list-objects-v2 --bucket {bucket}",
    "website": "aws s3api get-bucket-website --bucket {bucket}",
    "bucket_policy_status": "aws s3api get-bucket-policy-status --bucket {bucket}",
    "public_access_block": "aws s3api get-public-access-block --bucket {bucket}",
    "state_bucket": "aws s3api head-bucket --bucket {state}",
    "state_versioning": "aws s3api get-bucket-versioning --bucket {state}",
    "cluster": "aws ecs describe-clusters --region {region} --clusters {cluster}",
    "service": "aws ecs describe-services --region {region} --cluster {cluster} --services {service}",
    "scalable_targets": "aws application-autoscaling describe-scalable-targets --region {region} "
    "--service-namespace ecs --resource-ids service/{cluster}/{service}",
    "tasks": "aws ecs list-tasks --region {region} --cluster {cluster} --service-name {service}",
    "task_definition": "aws ecs describe-task-definition --region {region} --task-definition {key}",
    "running_definitions": "aws ecs describe-task-definition --region {region} --task-definition {key}",
    "interfaces": "aws ec2 describe-network-interfaces --region {region}",
    "subnets": "aws ec2 describe-subnets --region {region}{in_vpc}",
    "route_tables": "aws ec2 describe-route-tables --region {region}{in_vpc}",
    "security_groups": "aws ec2 describe-security-groups --region {region}{in_vpc}",
    "load_balancers": "aws elbv2 describe-load-balancers --region {region}",
    "target_groups": "aws elbv2 describe-target-groups --region {region}",
    "load_balancer_limits": "aws elbv2 describe-account-limits --region {region}",
    "rules_quota": "aws service-quotas get-service-quota --region {region} --service-code vpc "
    "--quota-code {rules_quota}",
    "prefix_list": "aws ec2 describe-managed-prefix-lists --region {region} "
    "--filters Name=prefix-list-name,Values={cloudfront}",
    "zones": "aws ec2 describe-availability-zones --region {region}",
    "region": "aws ec2 describe-regions --all-regions --region-names {region}",
    "events": "aws health describe-events --region us-east-1 --filter regions={region}",
    "ecs_role": "aws iam get-role --role-name AWSServiceRoleForECS",
    "load_balancing_role": "aws iam get-role --role-name AWSServiceRoleForElasticLoadBalancing",
    "secret": "aws ssm describe-parameters --region {region} --parameter-filters Key=Name,Values={secret}",
    "records": "aws route53 list-hosted-zones",
    "names": "dig {alias}",
}
"""By the fact's name; `{key}` is which one of those that are kept by key."""


def by_hand(name: str, site: Site, inventory: Inventory, key: str = "") -> str:
    """The command that reads one fact."""
    vpc = vpc_id(inventory)
    service = inventory.service if isinstance(inventory.service, Mapping) else {}
    return COMMANDS[name].format(
        distribution=site.distribution.id,
        region=site.region,
        bucket=site.bucket.name,
        state=site.state.bucket if isinstance(site.state, S3State) else "",
        cluster=site.service.cluster,
        service=site.service.name,
        secret=site.origin.secret_parameter,
        alias=next(iter(site.aliases), "NAME"),
        in_vpc=f" --filters Name=vpc-id,Values={vpc}" if vpc else "",
        rules_quota=RULES_QUOTA,
        cloudfront=CLOUDFRONT,
        key=key or service.get("taskDefinition") or "NAME",
    )
