"""What is live: reading it, and what keeps it from being adopted."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from example import CONFIG, SITE, Call, Refusal, account, with_path

from bascule import live
from bascule.errors import BasculeError
from bascule.ladder import ALB_ORIGIN_ID
from bascule.live import Live

SERVICE = {
    "serviceName": "next",
    "status": "ACTIVE",
    "taskDefinition": "next:3",
    "deploymentController": {"type": "ECS"},
    "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-b", "subnet-a"], "securityGroups": ["sg-1"]}},
}
TASK_DEFINITION: dict[str, Any] = {
    "family": "next",
    "revision": 3,
    "containerDefinitions": [
        {"name": "logs"},
        {"name": "web", "portMappings": [{"containerPort": 9000}, {"containerPort": 3000}]},
    ],
}
GROUP = {"GroupId": "sg-1", "GroupName": "web", "Tags": [{"Key": "ManagedBy", "Value": "hand"}]}
ZONES = {"subnet-a": "me-central-1a", "subnet-b": "me-central-1b", "subnet-c": "me-central-1c"}
LIVE = Live(CONFIG, "me-central-1", SERVICE, TASK_DEFINITION, [], "vpc-1", ZONES)


def subnets(*names: str) -> dict[str, Any]:
    return {"Subnets": [{"SubnetId": name, "VpcId": "vpc-1", "AvailabilityZone": ZONES[name]} for name in names]}


DISTRIBUTION = {
    "Id": SITE.distribution.id,
    "ARN": "arn:aws:cloudfront::123456789012:distribution/E1EXAMPLE0SITE",
    "Status": "Deployed",
    "LastModifiedTime": datetime(2026, 1, 3, tzinfo=UTC),
    "InProgressInvalidationBatches": 0,
    "DomainName": "d111111abcdef8.cloudfront.net",
    "DistributionConfig": CONFIG,
}
ASK_DISTRIBUTION = Call("cloudfront", "get_distribution", {"Distribution": DISTRIBUTION}, {"Id": "E1EXAMPLE0SITE"})
ASK_BUCKET = Call(
    "s3",
    "head_bucket",
    {"ResponseMetadata": {"HTTPHeaders": {"x-amz-bucket-region": "me-central-1"}}},
    {"Bucket": "old-site"},
)
ASK_SERVICE = Call("ecs", "describe_services", {"services": [SERVICE]}, {"cluster": "web", "services": ["next"]})
REST = [
    Call("ecs", "describe_task_definition", {"taskDefinition": TASK_DEFINITION}, {"taskDefinition": "next:3"}),
    Call("ec2", "describe_subnets", subnets("subnet-b", "subnet-a"), {"SubnetIds": ["subnet-b", "subnet-a"]}),
    Call(
        "ec2",
        "describe_subnets",
        subnets("subnet-c") | {"NextToken": "more"},
        {"Filters": [{"Name": "vpc-id", "Values": ["vpc-1"]}]},
    ),
    Call("ec2", "describe_subnets", subnets("subnet-b", "subnet-a")),
    Call("ec2", "describe_security_groups", {"SecurityGroups": [GROUP]}, {"GroupIds": ["sg-1"]}),
]


def test_read_gathers_what_adoption_needs() -> None:
    """Every page of subnets, sorted, so that the facts file doesn't change when AWS answers in another order."""
    with account(ASK_DISTRIBUTION, ASK_BUCKET, ASK_SERVICE, *REST) as clients:
        found = live.read(clients, SITE)
    assert LIVE == found
    assert list(ZONES) == list(found.zones)


MINE = {"Key": "ManagedBy", "Value": "bascule"}
TARGET_GROUPS = [f"arn:aws:elasticloadbalancing:me-central-1:123456789012:targetgroup/{name}/1" for name in "ab"]


def described(*groups: dict[str, Any]) -> list[Call]:
    """`REST`, but for what the security groups answer: no call for none."""
    asked = {"GroupIds": [group["GroupId"] for group in groups]}
    return [
        *REST[:-1],
        *([Call("ec2", "describe_security_groups", {"SecurityGroups": groups}, asked)] if groups else []),
    ]


def asked_of(service: dict[str, Any]) -> Call:
    """The service as ECS answers it."""
    return Call("ecs", "describe_services", {"services": [service]})


def service_with(groups: list[str], *balancers: dict[str, Any]) -> dict[str, Any]:
    """The service with these security groups and load balancers."""
    network = {"subnets": ["subnet-b", "subnet-a"], "securityGroups": groups}
    return SERVICE | {"networkConfiguration": {"awsvpcConfiguration": network}, "loadBalancers": list(balancers)}


def test_what_bascule_tagged_is_known_as_ours() -> None:
    """Security groups and target groups, whichever of them is left of a move."""
    groups: list[dict[str, Any]] = [GROUP, {"GroupId": "sg-2", "Tags": [MINE]}, {"GroupId": "sg-3"}]
    service = service_with(
        ["sg-1", "sg-2", "sg-3"], *({"targetGroupArn": arn} for arn in TARGET_GROUPS), {"loadBalancerName": "classic"}
    )
    tags = [{"ResourceArn": TARGET_GROUPS[0], "Tags": [MINE]}, {"ResourceArn": TARGET_GROUPS[1], "Tags": GROUP["Tags"]}]
    ask_tags = Call("elbv2", "describe_tags", {"TagDescriptions": tags}, {"ResourceArns": TARGET_GROUPS})
    with account(ASK_DISTRIBUTION, ASK_BUCKET, asked_of(service), *described(*groups), ask_tags) as clients:
        found = live.read(clients, SITE)
    assert ["security group sg-2 of the tasks", f"target group {TARGET_GROUPS[0]}"] == found.ours


@pytest.mark.parametrize("balancers", [[], [{"loadBalancerName": "classic"}]], ids=["none", "a classic one"])
def test_without_ids_nothing_is_asked(balancers: list[dict[str, Any]]) -> None:
    """Asked for no group in particular, EC2 would answer every one of the region."""
    service = service_with([], *balancers)
    with account(ASK_DISTRIBUTION, ASK_BUCKET, asked_of(service), *described()) as clients:
        assert [] == live.read(clients, SITE).ours


@pytest.mark.parametrize(
    ("code", "status"),
    [("301", 301), ("PermanentRedirect", 301), ("400", 400), ("AuthorizationHeaderMalformed", 400)],
)
def test_a_bucket_elsewhere_says_where_it_is(code: str, status: int) -> None:
    """S3 redirects or refuses a call of another region, and names the bucket's own in a header."""
    elsewhere = Call("s3", "head_bucket", Refusal(code, status=status, headers={"x-amz-bucket-region": "eu-west-3"}))
    with account(ASK_DISTRIBUTION, elsewhere, ASK_SERVICE, *REST) as clients:
        found = live.read(clients, SITE)
    assert "eu-west-3" == found.bucket_region
    with pytest.raises(BasculeError, match="the bucket is in eu-west-3, the site file says me-central-1"):
        live.check(found, SITE)


NOT_THERE = {
    "no distribution": (
        [Call("cloudfront", "get_distribution", Refusal("NoSuchDistribution", status=404))],
        "no such distribution in this account",
        "CloudFront distribution E1EXAMPLE0SITE",
        "correct distribution.id",
    ),
    "no bucket": (
        [ASK_DISTRIBUTION, Call("s3", "head_bucket", Refusal("404", "Not Found", 404))],
        "no such bucket",
        "S3 bucket old-site",
        "correct bucket.name",
    ),
    "somebody else's bucket": (
        [
            ASK_DISTRIBUTION,
            Call("s3", "head_bucket", Refusal("403", "Forbidden", 403, {"x-amz-bucket-region": "me-central-1"})),
        ],
        "HeadBucket: 403: Forbidden",
        "",
        "allow the call to this role",
    ),
    "a bucket that can't be asked": (
        [ASK_DISTRIBUTION, Call("s3", "head_bucket", Refusal("400", "Bad Request"))],
        "HeadBucket: 400: Bad Request",
        "",
        "",
    ),
    "no cluster": (
        [ASK_DISTRIBUTION, ASK_BUCKET, Call("ecs", "describe_services", Refusal("ClusterNotFoundException"))],
        "no such cluster in this region",
        "ECS cluster web",
        "region (me-central-1)",
    ),
    "no service": (
        [
            ASK_DISTRIBUTION,
            ASK_BUCKET,
            Call("ecs", "describe_services", {"services": [], "failures": [{"reason": "MISSING"}]}),
        ],
        "no such active service in this cluster",
        "ECS service web/next",
        "service.name",
    ),
    "a deleted service": (
        [
            ASK_DISTRIBUTION,
            ASK_BUCKET,
            Call("ecs", "describe_services", {"services": [SERVICE | {"status": "INACTIVE"}]}),
        ],
        "no such active service in this cluster",
        "ECS service web/next",
        "service.name",
    ),
    "a service without network interfaces": (
        [
            ASK_DISTRIBUTION,
            ASK_BUCKET,
            Call("ecs", "describe_services", {"services": [{**SERVICE, "networkConfiguration": {}}]}),
        ],
        "the tasks have no network interface of their own",
        "ECS service web/next",
        "network mode awsvpc",
    ),
    "a role that may not look": (
        [Call("cloudfront", "get_distribution", Refusal("AccessDenied", "not authorized", 403))],
        "GetDistribution: AccessDenied: not authorized",
        "",
        "allow the call to this role",
    ),
}


@pytest.mark.parametrize(("calls", "what", "where", "remedy"), NOT_THERE.values(), ids=NOT_THERE)
def test_the_first_resource_that_is_not_there_is_named(calls: list[Call], what: str, where: str, remedy: str) -> None:
    """With the key of the site file that names it."""
    with account(*calls) as clients, pytest.raises(BasculeError) as caught:
        live.read(clients, SITE)
    assert what in caught.value.what
    assert where == caught.value.where
    assert remedy in caught.value.remedy


def test_what_the_site_file_says_can_be_adopted() -> None:
    """Nothing is wrong with the example."""
    live.check(LIVE, SITE)


def test_a_service_that_names_no_controller_has_ecs_s_own() -> None:
    """ECS is the default."""
    live.check(replace(LIVE, service={k: v for k, v in SERVICE.items() if k != "deploymentController"}), SITE)


def with_config(path: str, value: Any) -> Live:
    """The example with one part of its distribution changed."""
    return replace(LIVE, distribution=with_path(CONFIG, path, value))


OURS = {"Id": ALB_ORIGIN_ID, "DomainName": "ours-1.me-central-1.elb.amazonaws.com"}
NOT_ADOPTABLE: dict[str, tuple[Live, str, str]] = {
    "a blue/green service": (
        replace(LIVE, service=SERVICE | {"deploymentController": {"type": "CODE_DEPLOY"}}),
        "its deployment controller is CODE_DEPLOY",
        "the controller ECS",
    ),
    "a service of task sets": (
        replace(LIVE, service=SERVICE | {"deploymentController": {"type": "EXTERNAL"}}),
        "its deployment controller is EXTERNAL",
        "the controller ECS",
    ),
    "a service that changes by canary": (
        replace(LIVE, service=SERVICE | {"deploymentConfiguration": {"strategy": "CANARY"}}),
        "its deployment strategy is CANARY",
        "set the strategy ROLLING",
    ),
    "a field that the provider can't express": (
        with_config("ViewerMtlsConfig", {"Mode": "required"}),
        "ViewerMtlsConfig = {'Mode': 'required'}",
        "set them back to CloudFront's default",
    ),
    "a TLS policy that the provider doesn't know": (
        with_config("ViewerCertificate.MinimumProtocolVersion", "TLSv1.3_2025"),
        "its TLS policy TLSv1.3_2025 is newer",
        "TLSv1.2_2021",
    ),
    "an alias less": (
        with_config("Aliases", {"Quantity": 1, "Items": ["www.example.com"]}),
        "its aliases are www.example.com; the site file says example.com, www.example.com",
        'write aliases = ["www.example.com"]',
    ),
    "no alias": (with_config("Aliases", {"Quantity": 0}), "its aliases are none", "write aliases = []"),
    "an origin of ours": (
        with_config("Origins.Items", [*CONFIG["Origins"]["Items"], OURS]),
        "the move is under way: origin bascule-alb",
        'stage = "adopt"',
    ),
    "a security group of ours": (
        replace(LIVE, ours=["security group sg-2 of the tasks"]),
        "the move is under way: security group sg-2 of the tasks",
        'stage = "adopt"',
    ),
    "a target group of ours": (
        replace(LIVE, ours=["target group arn:ours"]),
        "the move is under way: target group arn:ours",
        'stage = "adopt"',
    ),
    "another site's bucket": (
        with_config("Origins.Items.0.DomainName", "older-site.s3.me-central-1.amazonaws.com"),
        "the bucket old-site is none of its origins (older-site.s3.me-central-1.amazonaws.com)",
        "correct bucket.name or distribution.id",
    ),
    "a bucket elsewhere": (replace(LIVE, bucket_region="eu-west-3"), "the bucket is in eu-west-3", "correct `region`"),
}


@pytest.mark.parametrize(("found", "what", "remedy"), NOT_ADOPTABLE.values(), ids=NOT_ADOPTABLE)
def test_what_cannot_be_adopted_is_refused(found: Live, what: str, remedy: str) -> None:
    """The error says what stands in the way, and what can be done about it."""
    with pytest.raises(BasculeError) as caught:
        live.check(found, SITE)
    assert what in caught.value.what
    assert remedy in caught.value.remedy
    assert caught.value.where


@pytest.mark.parametrize("policy", sorted(live.TLS_POLICIES))
def test_every_tls_policy_that_the_provider_knows_is_adopted(policy: str) -> None:
    """The old ones too: adopting changes nothing."""
    live.check(with_config("ViewerCertificate.MinimumProtocolVersion", policy), SITE)


def test_the_default_certificate_has_a_policy_that_the_provider_knows() -> None:
    """CloudFront answers TLSv1 for it, or leaves it out."""
    site = SITE.model_copy(update={"aliases": ()})
    for certificate in ({}, {"CloudFrontDefaultCertificate": True, "MinimumProtocolVersion": "TLSv1"}):
        config = CONFIG | {"Aliases": {"Quantity": 0}, "ViewerCertificate": certificate}
        live.check(replace(LIVE, distribution=config), site)


def test_headers_that_will_be_committed_are_named() -> None:
    """An origin that has its own secret today: by name, not by value."""
    headers = {"Quantity": 1, "Items": [{"HeaderName": "X-Origin-Key", "HeaderValue": "5ec2e7"}]}
    assert ["X-Origin-Key"] == live.secrets_in_clear(with_config("Origins.Items.0.CustomHeaders", headers))
    assert [] == live.secrets_in_clear(LIVE)


def definition(**ports: list[int]) -> dict[str, Any]:
    """A task definition of containers that listen on these ports."""
    containers = [
        {"name": name, "portMappings": [{"containerPort": port} for port in found]} for name, found in ports.items()
    ]
    return {"family": "next", "revision": 3, "containerDefinitions": containers}


CONTAINERS = {
    "one that listens": (definition(web=[3000]), None, "web"),
    "a sidecar on another port": (definition(logs=[9000], web=[3000]), None, "web"),
    "a sidecar without a port": (TASK_DEFINITION, None, "web"),
    "a sidecar with a range of ports": (
        with_path(TASK_DEFINITION, "containerDefinitions.0.portMappings", [{"containerPortRange": "3000-3010"}]),
        None,
        "web",
    ),
    "the one named": (definition(old=[3000], web=[3000]), "web", "web"),
}


@pytest.mark.parametrize(("found", "named", "expected"), CONTAINERS.values(), ids=CONTAINERS)
def test_the_container_is_the_one_on_the_site_s_port(found: dict[str, Any], named: str | None, expected: str) -> None:
    """Named only where two would do."""
    service = SITE.service.model_copy(update={"container": named})
    assert expected == live.container(found, SITE.model_copy(update={"service": service}))


NO_CONTAINER = {
    "none on that port": (definition(web=[8080]), None, "no container listens on port 3000 (web: 8080)"),
    "none at all": (definition(), None, "no container listens on port 3000 ()"),
    "no port": (definition(web=[]), None, "(web: no port)"),
    "a range of ports": (
        with_path(TASK_DEFINITION, "containerDefinitions.1.portMappings", [{"containerPortRange": "3000-3010"}]),
        None,
        "no container listens on port 3000 (logs: no port; web: 0)",
    ),
    "two": (definition(a=[3000], b=[3000, 1]), None, "more than one container listens on port 3000 (a: 3000; b: 3000"),
    "the one named is on another port": (definition(web=[3000], b=[1]), "b", "no container listens on port 3000"),
    "the one named isn't there": (definition(web=[3000]), "next", "no container listens on port 3000 (web: 3000)"),
}


@pytest.mark.parametrize(("found", "named", "what"), NO_CONTAINER.values(), ids=NO_CONTAINER)
def test_a_port_of_no_one_container_is_refused(found: dict[str, Any], named: str | None, what: str) -> None:
    """The error lists who listens where."""
    service = SITE.service.model_copy(update={"container": named})
    with pytest.raises(BasculeError) as caught:
        live.container(found, SITE.model_copy(update={"service": service}))
    assert what in caught.value.what
    assert "task definition next:3" == caught.value.where
