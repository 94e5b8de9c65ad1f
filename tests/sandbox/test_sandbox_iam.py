"""The sandbox's door: the log of calls, and IAM when the switch is on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
import roles
from botocore.exceptions import ClientError
from roles import allow, deny

from bascule.sandbox import control
from bascule.sandbox.control import LoggedCall, Running

DISTRIBUTION = "arn:aws:cloudfront::123456789012:distribution/EPJ3WQCO04UWW"
BUCKET = "arn:aws:s3:::arquantix-coming-soon-dev"
SERVICE = "arn:aws:ecs:me-central-1:123456789012:service/arquantix-cluster/arquantix-coming-soon"
NAMED = {"cluster": "arquantix-cluster", "services": ["arquantix-coming-soon"]}


@pytest.fixture
def guarded(sandbox: Running) -> Iterator[Running]:
    """The shared sandbox with IAM on."""
    control.configure(sandbox, iam=True)
    yield sandbox
    control.configure(sandbox, iam=False)


@pytest.fixture
def acting(guarded: Running) -> Callable[..., Callable[..., Any]]:
    """Makes clients of a role that holds exactly the policies given."""

    def role(*policies: roles.Document) -> Callable[..., Any]:
        roles.put(guarded, "tested", **{f"policy-{number}": policy for number, policy in enumerate(policies)})
        made: Callable[..., Any] = roles.clients(guarded, "tested")
        return made

    return role


def refused(call: Callable[..., Any], **parameters: Any) -> tuple[int, str, str]:
    """Status, code and message of the refusal that a call gets."""
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    answer = caught.value.response
    return answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Code"], answer["Error"]["Message"]


def logged(sandbox: Running, make_calls: Callable[[], Any]) -> list[LoggedCall]:
    """What is logged of the calls made."""
    before = len(control.calls(sandbox))
    make_calls()
    return control.calls(sandbox, since=before)


def test_calls_are_logged_by_the_names_of_the_api(sandbox: Running, aws: Callable[..., Any]) -> None:
    """REST calls too: the path, the query and the method say which they are."""

    def calls() -> None:
        s3, cloudfront = aws("s3"), aws("cloudfront")
        bucket = "arquantix-coming-soon-dev"
        s3.head_bucket(Bucket=bucket)
        s3.get_bucket_policy(Bucket=bucket)
        s3.list_objects_v2(Bucket=bucket)
        s3.get_object(Bucket=bucket, Key="index.html")
        s3.list_buckets()
        cloudfront.get_distribution(Id="EPJ3WQCO04UWW")
        cloudfront.list_tags_for_resource(Resource=DISTRIBUTION)
        cloudfront.list_cache_policies(Type="managed")
        aws("ec2").describe_security_group_rules()
        aws("elbv2").describe_load_balancers()
        aws("ecs").describe_services(**NAMED)
        aws("ssm").get_parameter(Name="/bascule/arquantix/origin-secret")
        aws("service-quotas").list_aws_default_service_quotas(ServiceCode="vpc")

    assert [
        ("s3", "HeadBucket", (BUCKET,)),
        ("s3", "GetBucketPolicy", (BUCKET,)),
        ("s3", "ListObjectsV2", (BUCKET,)),
        ("s3", "GetObject", (f"{BUCKET}/index.html",)),
        ("s3", "ListBuckets", ()),
        ("cloudfront", "GetDistribution", (DISTRIBUTION,)),
        ("cloudfront", "ListTagsForResource", (DISTRIBUTION,)),
        ("cloudfront", "ListCachePolicies", ()),
        ("ec2", "DescribeSecurityGroupRules", ()),
        ("elbv2", "DescribeLoadBalancers", ()),
        ("ecs", "DescribeServices", (SERVICE,)),
        ("ssm", "GetParameter", ("arn:aws:ssm:me-central-1:123456789012:parameter/bascule/arquantix/origin-secret",)),
        ("service-quotas", "ListAWSDefaultServiceQuotas", ()),
    ] == [(one.service, one.operation, one.resources) for one in logged(sandbox, calls)]


def test_the_log_says_who_called_and_what_was_answered(sandbox: Running, connect: Callable[..., Any]) -> None:
    """bascule is known by its user agent; a request for the switches is no call."""
    from botocore.config import Config

    ours = connect(sandbox, "ecs", config=Config(user_agent_extra="bascule"))
    theirs = connect(sandbox, "ecs")

    def calls() -> None:
        ours.list_clusters()
        control.configure(sandbox)
        with pytest.raises(ClientError):
            theirs.describe_services(cluster="nowhere", services=["none"])

    assert [("sandbox", "bascule", 200), ("sandbox", "terraform", 400)] == [
        (one.caller, one.by, one.status) for one in logged(sandbox, calls)
    ]


def test_a_session_is_logged_by_the_name_of_its_role(guarded: Running, acting: Callable[..., Any]) -> None:
    """Whose policies decide is what matters."""
    clients = acting(allow("ecs:ListClusters"))
    (call,) = logged(guarded, lambda: clients("ecs").list_clusters())
    assert ("tested", 200) == (call.caller, call.status)


def test_without_the_switch_everything_is_allowed(sandbox: Running) -> None:
    """The sandbox that people start asks nobody for permissions."""
    roles.put(sandbox, "nothing")
    assert roles.clients(sandbox, "nothing")("ecs").list_clusters()["clusterArns"]


def test_the_sandbox_own_key_is_an_administrator(guarded: Running, aws: Callable[..., Any]) -> None:
    """So that tests can make roles while IAM is on."""
    assert aws("cloudfront").get_distribution(Id="EPJ3WQCO04UWW")["Distribution"]


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "action", "expected"),
    [
        ("ec2", "describe_subnets", {}, "ec2:DescribeSubnets", (403, "UnauthorizedOperation")),
        ("elbv2", "describe_rules", {}, "elasticloadbalancing:DescribeRules", (403, "AccessDenied")),
        ("ecs", "describe_services", NAMED, "ecs:DescribeServices", (400, "AccessDeniedException")),
        ("ssm", "describe_parameters", {}, "ssm:DescribeParameters", (400, "AccessDeniedException")),
        ("acm", "list_certificates", {}, "acm:ListCertificates", (400, "AccessDeniedException")),
        ("ecr", "describe_repositories", {}, "ecr:DescribeRepositories", (400, "AccessDeniedException")),
        ("iam", "get_role", {"RoleName": "tested"}, "iam:GetRole", (403, "AccessDenied")),
        ("s3", "list_objects_v2", {"Bucket": "b" * 8}, "s3:ListBucket", (403, "AccessDenied")),
        ("route53", "list_hosted_zones", {}, "route53:ListHostedZones", (403, "AccessDenied")),
        ("service-quotas", "list_services", {}, "servicequotas:ListServices", (400, "AccessDeniedException")),
        ("cloudfront", "get_distribution", {"Id": "E1"}, "cloudfront:GetDistribution", (403, "AccessDenied")),
        (
            "application-autoscaling",
            "describe_scalable_targets",
            {"ServiceNamespace": "ecs"},
            "application-autoscaling:DescribeScalableTargets",
            (400, "AccessDeniedException"),
        ),
    ],
)
def test_each_service_refuses_in_its_own_words(
    acting: Callable[..., Any], service: str, operation: str, parameters: Any, action: str, expected: Any
) -> None:
    """Status and code are the service's, and the message names caller and action."""
    status, code, message = refused(getattr(acting()(service), operation), **parameters)
    assert expected == (status, code)
    assert "arn:aws:sts::123456789012:assumed-role/tested/test is not authorized to perform: " + action in message
    assert f"because no identity-based policy allows the {action} action" in message


def test_head_is_refused_without_a_body(acting: Callable[..., Any]) -> None:
    """S3 answers HEAD with a status alone, which botocore takes for the code."""
    assert (403, "403", "Forbidden") == refused(acting()("s3").head_bucket, Bucket="arquantix-coming-soon-dev")


def test_who_one_is_can_always_be_asked(acting: Callable[..., Any]) -> None:
    """GetCallerIdentity needs no permission, and no policy can take it away."""
    arn = acting(deny("sts:*"))("sts").get_caller_identity()["Arn"]
    assert "arn:aws:sts::123456789012:assumed-role/tested/test" == arn


def test_a_key_of_nobody_is_refused(guarded: Running) -> None:
    """AWS doesn't know it, which is another error than a missing permission."""
    ecs = boto3.client(
        "ecs",
        endpoint_url=guarded.endpoint,
        region_name=guarded.region,
        aws_access_key_id="AKIAIOSFODNN7EXAMPLE",
        aws_secret_access_key="secret",
    )
    assert (400, "UnrecognizedClientException") == refused(ecs.list_clusters)[:2]


def test_resources_are_told_apart(acting: Callable[..., Any]) -> None:
    """A permission for one distribution is none for another, nor for a bucket's objects one for the bucket."""
    clients = acting(allow("cloudfront:*", resource=DISTRIBUTION), allow("s3:*", resource=f"{BUCKET}/*"))
    assert clients("cloudfront").get_distribution(Id="EPJ3WQCO04UWW")["Distribution"]
    assert (403, "AccessDenied") == refused(clients("cloudfront").get_distribution, Id="E2QWRUHAPOMQZL")[:2]
    assert clients("s3").get_object(Bucket="arquantix-coming-soon-dev", Key="index.html")["Body"]
    assert (403, "AccessDenied") == refused(clients("s3").list_objects_v2, Bucket="arquantix-coming-soon-dev")[:2]


def test_an_explicit_deny_wins_and_is_named(acting: Callable[..., Any]) -> None:
    """What is allowed elsewhere is refused all the same."""
    clients = acting(roles.EVERYTHING, deny("ecs:DeleteService", resource=SERVICE))
    _, code, message = refused(
        clients("ecs").delete_service, cluster="arquantix-cluster", service="arquantix-coming-soon", force=True
    )
    assert "AccessDeniedException" == code
    assert f"ecs:DeleteService on resource: {SERVICE} with an explicit deny in an identity-based policy" in message
    assert clients("ecs").describe_services(**NAMED)["services"]


def test_what_is_created_is_judged_by_its_tags(acting: Callable[..., Any]) -> None:
    """Tags in the request need the permission to tag; tags of a resource decide who may delete it."""
    tagged = {"StringEquals": {"aws:RequestTag/ManagedBy": "bascule"}}
    ours = {"StringEquals": {"aws:ResourceTag/ManagedBy": "bascule"}}
    clients = acting(
        allow("ec2:CreateSecurityGroup"),
        allow("ec2:CreateTags", **tagged),
        allow("ec2:DeleteSecurityGroup", **ours),
    )
    ec2 = clients("ec2")
    group = {"Description": "made by a test", "VpcId": "vpc-0a7d41c5be92f3680"}

    def specification(value: str) -> Any:
        return [{"ResourceType": "security-group", "Tags": [{"Key": "ManagedBy", "Value": value}]}]

    _, _, message = refused(
        ec2.create_security_group, GroupName="other", TagSpecifications=specification("other"), **group
    )
    made = ec2.create_security_group(GroupName="ours", TagSpecifications=specification("bascule"), **group)
    assert "ec2:CreateTags" in message
    assert (403, "UnauthorizedOperation") == refused(ec2.delete_security_group, GroupId="sg-04e1c7b9a3f58d260")[:2]
    ec2.delete_security_group(GroupId=made["GroupId"])


def test_a_managed_policy_counts_as_an_inline_one_does(guarded: Running, acting: Callable[..., Any]) -> None:
    """Policies may be attached, too."""
    import json

    iam = roles.client(guarded, "iam")
    policy = iam.create_policy(PolicyName="lists", PolicyDocument=json.dumps(allow("ecs:List*")))["Policy"]["Arn"]
    clients = acting()
    iam.attach_role_policy(RoleName="tested", PolicyArn=policy)
    assert clients("ecs").list_clusters()["clusterArns"]
    iam.detach_role_policy(RoleName="tested", PolicyArn=policy)
    iam.delete_policy(PolicyArn=policy)
    assert (400, "AccessDeniedException") == refused(clients("ecs").list_clusters)[:2]


ROLE = "arn:aws:iam::123456789012:role/tested"


def simulate(sandbox: Running, *actions: str, resource: str, **context: str) -> list[tuple[str, str, list[str]]]:
    """Action, decision and missing condition keys of each result of a simulation."""
    answer = roles.client(sandbox, "iam").simulate_principal_policy(
        PolicySourceArn=ROLE,
        ActionNames=list(actions),
        ResourceArns=[resource],
        ContextEntries=[
            {"ContextKeyName": key.replace("__", ":"), "ContextKeyValues": [value], "ContextKeyType": "string"}
            for key, value in context.items()
        ],
    )
    return [
        (
            one["EvalActionName"],
            one["EvalDecision"],
            (one.get("ResourceSpecificResults") or [one])[0]["MissingContextValues"],
        )
        for one in answer["EvaluationResults"]
    ]


def test_policies_can_be_simulated(guarded: Running, acting: Callable[..., Any]) -> None:
    """Each action on the resource gets its decision."""
    acting(allow("ecs:*", resource=SERVICE), deny("ecs:Delete*"))
    assert [
        ("ecs:UpdateService", "allowed", []),
        ("ecs:DeleteService", "explicitDeny", []),
        ("s3:GetObject", "implicitDeny", []),
    ] == simulate(guarded, "ecs:UpdateService", "ecs:DeleteService", "s3:GetObject", resource=SERVICE)


def test_a_simulation_tells_which_condition_keys_it_was_not_given(guarded: Running, acting: Callable[..., Any]) -> None:
    """Without the key, the decision is that of a request without it."""
    linked = {"StringEquals": {"iam:AWSServiceName": "ecs.amazonaws.com"}}
    acting(allow("iam:CreateServiceLinkedRole", **linked))
    action = "iam:CreateServiceLinkedRole"
    assert [(action, "implicitDeny", ["iam:AWSServiceName"])] == simulate(guarded, action, resource="*")
    assert [(action, "allowed", [])] == simulate(guarded, action, resource="*", iam__AWSServiceName="ecs.amazonaws.com")


def test_the_sandbox_own_user_may_do_everything(sandbox: Running, aws: Callable[..., Any]) -> None:
    """It is a user in IAM like any other, with a policy that says so."""
    arn = aws("sts").get_caller_identity()["Arn"]
    found = aws("iam").simulate_principal_policy(PolicySourceArn=arn, ActionNames=["ec2:RunInstances"])
    assert "arn:aws:iam::123456789012:user/sandbox" == arn
    assert ["allowed"] == [one["EvalDecision"] for one in found["EvaluationResults"]]


def test_nobody_can_be_simulated_who_is_not_there(sandbox: Running, aws: Callable[..., Any]) -> None:
    """As in IAM: the role has to exist, and its session is no principal that could be asked about."""
    simulate = aws("iam").simulate_principal_policy
    session = "arn:aws:sts::123456789012:assumed-role/tested/test"
    assert "InvalidInput" == refused(simulate, PolicySourceArn=session, ActionNames=["s3:GetObject"])[1]
    nobody = "arn:aws:iam::123456789012:role/nobody"
    assert "NoSuchEntity" == refused(simulate, PolicySourceArn=nobody, ActionNames=["s3:GetObject"])[1]


def test_service_linked_roles_have_the_names_that_aws_gives_them(sandbox: Running, aws: Callable[..., Any]) -> None:
    """ECS's is there, since a service runs; Elastic Load Balancing's comes with the first load balancer."""
    iam = aws("iam")
    assert (
        "arn:aws:iam::123456789012:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS"
        == (iam.get_role(RoleName="AWSServiceRoleForECS")["Role"]["Arn"])
    )
    assert "NoSuchEntity" == refused(iam.get_role, RoleName="AWSServiceRoleForElasticLoadBalancing")[1]
    made = iam.create_service_linked_role(AWSServiceName="elasticloadbalancing.amazonaws.com")["Role"]["RoleName"]
    iam.delete_service_linked_role(RoleName=made)
    assert "AWSServiceRoleForElasticLoadBalancing" == made
