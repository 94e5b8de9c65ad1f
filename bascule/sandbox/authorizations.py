"""What a call has to be allowed: its IAM actions, on the resources that the request names, with its condition keys.

Source: Service Authorization Reference, one page a service:
https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html

Modelled are the calls that bascule and Terraform make, and those that delete what was adopted. Any other call asks for
its own action on `*`. Not modelled: dependent actions that AWS checks on its own account (service-linked roles,
`ec2:Describe…` by Elastic Load Balancing), and condition keys other than those set here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bascule.iam_actions import action_of
from bascule.sandbox.evaluation import Authorization

Parameters = Mapping[str, Any]
Tags = Mapping[str, str]


@dataclass(frozen=True)
class Place:
    """Where a call is made."""

    partition: str
    region: str
    account: str
    tags: Callable[[str], Tags] = lambda arn: {}
    """The tags of an existing resource."""

    def arn(self, service: str, resource: str, *, regional: bool = True) -> str:
        return f"arn:{self.partition}:{service}:{self.region if regional else ''}:{self.account}:{resource}"


ALWAYS_ALLOWED = frozenset({("sts", "GetCallerIdentity")})
"""Needs no permission, not even against an explicit Deny (STS API reference, GetCallerIdentity)."""


def authorizations(service: str, operation: str, parameters: Parameters, place: Place) -> tuple[Authorization, ...]:
    """All that has to be allowed for one call; nothing for a call that needs no permission."""
    if (service, operation) in ALWAYS_ALLOWED:
        return ()
    action = action_of(service, operation, version=bool(parameters.get("VersionId")))
    asked = _request_tags(service, operation, parameters)
    context: dict[str, Sequence[str]] = {"aws:RequestedRegion": [place.region], **asked}
    context |= _own_keys(service, operation, parameters, place)
    own = [
        Authorization(action, arn, {**_told(context, arn), **_resource_tags(place.tags(arn))})
        for arn in _resources(service, operation, parameters, place) or ["*"]
    ]
    return (*own, *_tagging(service, operation, own, asked, context))


def _told(context: Mapping[str, Sequence[str]], arn: str) -> Mapping[str, Sequence[str]]:
    """The tags in a request are those of what is created, not of the VPC in which it is."""
    if ":vpc/" not in arn:
        return context
    return {key: values for key, values in context.items() if not key.startswith(("aws:RequestTag", "aws:TagKeys"))}


def _tagging(
    service: str, operation: str, own: Sequence[Authorization], asked: Mapping[str, Any], context: Mapping[str, Any]
) -> Iterator[Authorization]:
    """Tags in a request that creates something need the permission to tag what is created.

    Amazon EC2 User Guide and ELB User Guide, both "Grant permission to tag resources during creation".
    """
    kinds = {"ec2": "ec2:CreateTags", "elbv2": "elasticloadbalancing:AddTags"}
    if asked and operation.startswith("Create") and operation != "CreateTags" and service in kinds:
        prefix = kinds[service].partition(":")[0]
        created = next((one for one in own if ":vpc/" not in one.resource), own[0])
        resource = _CREATED[operation](created.resource) if operation in _CREATED else created.resource
        yield replace(
            created,
            action=kinds[service],
            resource=resource,
            context={**context, f"{prefix}:CreateAction": [operation]},
        )


_CREATED: Mapping[str, Callable[[str], str]] = {
    "CreateListener": lambda balancer: balancer.replace(":loadbalancer/", ":listener/") + "/*",
    "CreateRule": lambda listener: listener.replace(":listener/", ":listener-rule/") + "/*",
}
"""What is created is another thing than what the action is on."""


def _resources(service: str, operation: str, given: Parameters, place: Place) -> list[str]:
    """The ARNs that a call is on; empty where it has none, or doesn't tell."""
    named = _BY_SERVICE.get(service)
    return [arn for arn in named(operation, given, place) if arn] if named else []


def _s3(operation: str, given: Parameters, place: Place) -> list[str]:
    bucket, key = given.get("Bucket"), given.get("Key")
    if not bucket:
        return []
    arn = f"arn:{place.partition}:s3:::{bucket}"
    if operation == "DeleteObjects":
        return [f"{arn}/{one['Key']}" for one in given.get("Delete", {}).get("Objects", ())]
    return [f"{arn}/{key}" if key else arn]


def _cloudfront(operation: str, given: Parameters, place: Place) -> list[str]:
    if operation in ("TagResource", "UntagResource", "ListTagsForResource"):
        return [given.get("Resource", "")]
    if operation in ("CreateInvalidation", "GetInvalidation", "ListInvalidations"):
        return [place.arn("cloudfront", f"distribution/{given.get('DistributionId')}", regional=False)]
    for word, kind in (
        ("DistributionConfig", "distribution"),
        ("Distribution", "distribution"),
        ("CachePolicy", "cache-policy"),
        ("OriginRequestPolicy", "origin-request-policy"),
        ("ResponseHeadersPolicy", "response-headers-policy"),
        ("OriginAccessControl", "origin-access-control"),
    ):
        if operation.removeprefix("Get").removeprefix("Update").removeprefix("Delete") == word and given.get("Id"):
            return [place.arn("cloudfront", f"{kind}/{given['Id']}", regional=False)]
    if operation in ("GetFunction", "DescribeFunction") and given.get("Name"):
        return [place.arn("cloudfront", f"function/{given['Name']}", regional=False)]
    return []


def _ecs(operation: str, given: Parameters, place: Place) -> list[str]:
    cluster = str(given.get("cluster") or "default").rpartition("/")[2]
    if operation in ("DescribeServices", "UpdateService", "DeleteService", "CreateService"):
        named = given.get("services") or [given.get("service") or given.get("serviceName") or "*"]
        return [place.arn("ecs", f"service/{cluster}/{str(name).rpartition('/')[2]}") for name in named]
    if operation == "DescribeTasks":
        return [place.arn("ecs", f"task/{cluster}/{str(task).rpartition('/')[2]}") for task in given.get("tasks", ())]
    if operation == "DeleteCluster":
        return [place.arn("ecs", f"cluster/{cluster}")]
    if operation == "DescribeClusters":
        names = given.get("clusters") or ["default"]
        return [place.arn("ecs", f"cluster/{str(name).rpartition('/')[2]}") for name in names]
    return [given["resourceArn"]] if given.get("resourceArn") else []


def _elbv2(operation: str, given: Parameters, place: Place) -> list[str]:
    if operation.startswith("Describe"):
        return []  # none of them has resources
    if operation in ("AddTags", "RemoveTags"):
        return list(given.get("ResourceArns") or [])
    if operation == "CreateLoadBalancer":
        return [place.arn("elasticloadbalancing", f"loadbalancer/app/{given.get('Name')}/*")]
    if operation == "CreateTargetGroup":
        return [place.arn("elasticloadbalancing", f"targetgroup/{given.get('Name')}/*")]
    if operation == "SetRulePriorities":
        return [one["RuleArn"] for one in given.get("RulePriorities", ())]
    named = ("RuleArn", "ListenerArn", "TargetGroupArn", "LoadBalancerArn")
    return [next((given[name] for name in named if given.get(name)), "")]


def _ec2(operation: str, given: Parameters, place: Place) -> list[str]:
    if operation.startswith("Describe"):
        return []  # none of them has resources
    if operation == "CreateSecurityGroup":
        vpc = given.get("VpcId")
        return [place.arn("ec2", "security-group/*"), place.arn("ec2", f"vpc/{vpc}") if vpc else ""]
    if operation in ("CreateTags", "DeleteTags"):
        return [place.arn("ec2", f"{_ec2_kind(id_)}/{id_}") for id_ in given.get("Resources", ())]
    if operation == "GetManagedPrefixListEntries":
        return [place.arn("ec2", f"prefix-list/{given.get('PrefixListId')}")]
    return [place.arn("ec2", f"security-group/{given['GroupId']}")] if given.get("GroupId") else []


def _ec2_kind(id_: str) -> str:
    kinds = {"sg": "security-group", "sgr": "security-group-rule", "vpc": "vpc", "subnet": "subnet"}
    return kinds.get(id_.partition("-")[0], "*")


def _ssm(operation: str, given: Parameters, place: Place) -> list[str]:
    names = given.get("Names") or [given.get("Name")]
    return [place.arn("ssm", f"parameter/{str(name).removeprefix('/')}") for name in names if name]


def _iam(operation: str, given: Parameters, place: Place) -> list[str]:
    if given.get("PolicySourceArn"):
        return [str(given["PolicySourceArn"])]
    if operation == "CreateServiceLinkedRole":
        return [place.arn("iam", f"role/aws-service-role/{given.get('AWSServiceName')}/*", regional=False)]
    return [place.arn("iam", f"role/{given['RoleName']}", regional=False)] if given.get("RoleName") else []


def _sts(operation: str, given: Parameters, place: Place) -> list[str]:
    return [str(given.get("RoleArn", ""))]


def _ecr(operation: str, given: Parameters, place: Place) -> list[str]:
    names = given.get("repositoryNames") or [given.get("repositoryName")]
    return [place.arn("ecr", f"repository/{name}") for name in names if name]


def _acm(operation: str, given: Parameters, place: Place) -> list[str]:
    return [str(given.get("CertificateArn", ""))]


def _route53(operation: str, given: Parameters, place: Place) -> list[str]:
    zone = str(given.get("HostedZoneId") or "").rpartition("/")[2]
    return [f"arn:{place.partition}:route53:::hostedzone/{zone}"] if zone else []


_BY_SERVICE: Mapping[str, Callable[[str, Parameters, Place], list[str]]] = {
    "s3": _s3,
    "cloudfront": _cloudfront,
    "ecs": _ecs,
    "elbv2": _elbv2,
    "ec2": _ec2,
    "ssm": _ssm,
    "iam": _iam,
    "sts": _sts,
    "ecr": _ecr,
    "acm": _acm,
    "route53": _route53,
}


def _own_keys(service: str, operation: str, given: Parameters, place: Place) -> dict[str, Sequence[str]]:
    """Condition keys of single services."""
    if service == "iam" and given.get("AWSServiceName"):
        return {"iam:AWSServiceName": [str(given["AWSServiceName"])]}
    if service == "ecs" and given.get("cluster"):
        cluster = str(given["cluster"]).rpartition("/")[2]
        return {"ecs:cluster": [place.arn("ecs", f"cluster/{cluster}")]}
    if service == "s3" and operation.startswith("ListObject"):
        return {"s3:prefix": [str(given.get("Prefix") or "")]}
    return {}


def _request_tags(service: str, operation: str, given: Parameters) -> dict[str, Sequence[str]]:
    """`aws:RequestTag/…` and `aws:TagKeys` of the tags that a request brings along."""
    if operation.startswith(("Put", "Delete", "Untag", "Remove")):
        return {}
    tags = given.get("Tags") or given.get("tags") or ()
    if isinstance(tags, Mapping):
        tags = tags.get("Items") or ()
    if service == "ec2" and operation != "CreateTags":
        tags = [tag for one in given.get("TagSpecifications") or () for tag in one.get("Tags") or ()]
    pairs = {str(tag.get("Key", tag.get("key"))): str(tag.get("Value", tag.get("value", ""))) for tag in tags}
    keys: dict[str, Sequence[str]] = {f"aws:RequestTag/{key}": [value] for key, value in pairs.items()}
    return {**keys, "aws:TagKeys": list(pairs)} if pairs else {}


def _resource_tags(tags: Tags) -> dict[str, Sequence[str]]:
    return {f"aws:ResourceTag/{key}": [value] for key, value in tags.items()}
