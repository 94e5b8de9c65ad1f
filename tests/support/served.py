"""An account at `serve`, as AWS's answers to what `bascule.live_world` asks; and worlds read of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from answered import ACCOUNT, DOMAIN, REGION, SITE, TASKS_GROUP, service
from example import CONFIG, Refusal, alb_origin
from scripted_answers import scripted

from bascule import live_world
from bascule.managed_policies import ALL_VIEWER, CACHING_DISABLED
from bascule.planned_values import World
from bascule.reading import OnCall
from bascule.security_groups import CLOUDFRONT

Answer = Mapping[str, Any] | Refusal | Callable[[Mapping[str, Any]], Mapping[str, Any]]

ELB = f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}"
BALANCER = f"{ELB}:loadbalancer/app/example-alb-0a1b2c/50dc6c495c0c9188"
LISTENER = f"{ELB}:listener/app/example-alb-0a1b2c/50dc6c495c0c9188/f2f7dc8efc522ab2"
GROUP = f"{ELB}:targetgroup/example-app-3d4e5f/73e2d6bc24d8a067"
ALB_GROUP = "sg-0f1e2d3c4b5a69788"
PREFIX_LIST = "pl-3b927c52"
DNS_NAME = f"example-alb-0a1b2c-1.{REGION}.elb.amazonaws.com"
SECRET = "5ec2e7" * 8
OWN_CACHE, OWN_REQUEST = "0b1d4c7e-0000-4000-8000-0a0a0a0a0a0a", "0b1d4c7e-0000-4000-8000-0b0b0b0b0b0b"

ALB_ORIGIN = alb_origin(DNS_NAME, "X-Origin-Verify", SECRET)
BUCKETS = CONFIG["DefaultCacheBehavior"]
ALBS = BUCKETS | {
    "TargetOriginId": "bascule-alb",
    "CachePolicyId": CACHING_DISABLED,
    "OriginRequestPolicyId": ALL_VIEWER,
}
OLD = {"PathPattern": "/old/*", **BUCKETS, "CachePolicyId": OWN_CACHE, "OriginRequestPolicyId": OWN_REQUEST}


def config(*origins: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """The distribution's config, with these origins beside the bucket."""
    every = [*CONFIG["Origins"]["Items"], *(origins or (ALB_ORIGIN,))]
    return {
        **CONFIG,
        "DefaultRootObject": "",
        "Origins": {"Quantity": len(every), "Items": every},
        "DefaultCacheBehavior": ALBS,
        "CacheBehaviors": {"Quantity": 1, "Items": [OLD]},
        **more,
    }


def distribution(found: Mapping[str, Any]) -> dict[str, Any]:
    """GetDistribution's answer."""
    arn = f"arn:aws:cloudfront::{ACCOUNT}:distribution/{SITE.distribution.id}"
    values = {"Id": SITE.distribution.id, "ARN": arn, "DomainName": DOMAIN, "Status": "Deployed"}
    return {"Distribution": {**values, "DistributionConfig": found}, "ETag": "E2QWRUHEXAMPLE"}


def permission(port: int, **sources: Any) -> dict[str, Any]:
    """A rule of a security group on one TCP port."""
    return {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, **sources}


def _from(group: str) -> dict[str, Any]:
    return {"UserIdGroupPairs": [{"GroupId": group, "UserId": ACCOUNT}]}


def rule(number: int, conditions: Sequence[Mapping[str, Any]], *actions: Mapping[str, Any]) -> dict[str, Any]:
    """A rule of the listener."""
    arn = LISTENER.replace(":listener/", ":listener-rule/")
    return {
        "RuleArn": f"{arn}/{number:016x}",
        "Priority": str(number),
        "Conditions": list(conditions),
        "Actions": list(actions),
        "IsDefault": False,
    }


def target(address: str, state: str) -> dict[str, Any]:
    """A registered target."""
    health = {"State": state} if state == "healthy" else {"State": state, "Reason": "Target.Timeout"}
    return {"Target": {"Id": address, "Port": 3000, "AvailabilityZone": f"{REGION}a"}, "TargetHealth": health}


SIGNED = {
    "Field": "http-header",
    "HttpHeaderConfig": {"HttpHeaderName": "X-Origin-Verify", "Values": [SECRET]},
}
CLOSED = {"Field": "path-pattern", "Values": ["/closed"], "PathPatternConfig": {"Values": ["/closed"]}}
FORWARD = {
    "Type": "forward",
    "TargetGroupArn": GROUP,
    "Order": 1,
    "ForwardConfig": {
        "TargetGroups": [{"TargetGroupArn": GROUP, "Weight": 1}],
        "TargetGroupStickinessConfig": {"Enabled": False},
    },
}
GONE = {"Type": "fixed-response", "Order": 1, "FixedResponseConfig": {"StatusCode": "410", "ContentType": "text/plain"}}
FORBIDDEN = {
    "Type": "fixed-response",
    "FixedResponseConfig": {"StatusCode": "403", "ContentType": "text/plain", "MessageBody": "Forbidden"},
}
DEFAULT_RULE = {"RuleArn": "arn:default", "Priority": "default", "Actions": [FORBIDDEN], "IsDefault": True}

ANSWERS: Mapping[tuple[str, str], Answer] = {
    ("cloudfront", "GetDistribution"): distribution(config()),
    ("cloudfront", "ListCachePolicies"): {
        "CachePolicyList": {
            "MaxItems": 100,
            "Quantity": 1,
            "Items": [
                {
                    "Type": "custom",
                    "CachePolicy": {
                        "Id": OWN_CACHE,
                        "CachePolicyConfig": {
                            "Name": "pages",
                            "MinTTL": 60,
                            "DefaultTTL": 300,
                            "MaxTTL": 600,
                            "ParametersInCacheKeyAndForwardedToOrigin": {
                                "EnableAcceptEncodingGzip": True,
                                "EnableAcceptEncodingBrotli": False,
                                "HeadersConfig": {
                                    "HeaderBehavior": "whitelist",
                                    "Headers": {"Quantity": 1, "Items": ["Accept-Language"]},
                                },
                                "CookiesConfig": {"CookieBehavior": "none"},
                                "QueryStringsConfig": {
                                    "QueryStringBehavior": "whitelist",
                                    "QueryStrings": {"Quantity": 1, "Items": ["page"]},
                                },
                            },
                        },
                    },
                }
            ],
        }
    },
    ("cloudfront", "ListOriginRequestPolicies"): {
        "OriginRequestPolicyList": {
            "MaxItems": 100,
            "Quantity": 1,
            "Items": [
                {
                    "Type": "custom",
                    "OriginRequestPolicy": {
                        "Id": OWN_REQUEST,
                        "OriginRequestPolicyConfig": {
                            "Name": "sessions",
                            "HeadersConfig": {"HeaderBehavior": "none"},
                            "CookiesConfig": {
                                "CookieBehavior": "whitelist",
                                "Cookies": {"Quantity": 1, "Items": ["session"]},
                            },
                            "QueryStringsConfig": {"QueryStringBehavior": "all"},
                        },
                    },
                }
            ],
        }
    },
    ("s3", "HeadBucket"): {"BucketRegion": REGION},
    ("ecs", "DescribeServices"): {
        "services": [
            service("loadBalancers", [{"targetGroupArn": GROUP, "containerName": "web", "containerPort": 3000}])
            | {"serviceArn": f"arn:aws:ecs:{REGION}:{ACCOUNT}:service/web/next"}
        ]
    },
    ("ec2", "DescribeManagedPrefixLists"): {
        "PrefixLists": [{"PrefixListId": PREFIX_LIST, "PrefixListName": CLOUDFRONT}]
    },
    ("ec2", "DescribeSecurityGroups"): {
        "SecurityGroups": [
            {
                "GroupId": ALB_GROUP,
                "GroupName": "example-alb-1a2b3c",
                "IpPermissions": [permission(80, PrefixListIds=[{"PrefixListId": PREFIX_LIST}])],
                "IpPermissionsEgress": [permission(3000, **_from(TASKS_GROUP))],
            },
            {
                "GroupId": TASKS_GROUP,
                "GroupName": "example-tasks-1a2b3c",
                "IpPermissions": [permission(3000, **_from(ALB_GROUP))],
                "IpPermissionsEgress": [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}],
            },
        ]
    },
    ("elbv2", "DescribeLoadBalancers"): {
        "LoadBalancers": [
            {
                "LoadBalancerArn": BALANCER,
                "LoadBalancerName": "example-alb-0a1b2c",
                "DNSName": DNS_NAME,
                "Scheme": "internet-facing",
                "Type": "application",
                "SecurityGroups": [ALB_GROUP],
            },
            {"LoadBalancerArn": f"{BALANCER}0", "LoadBalancerName": "other", "DNSName": f"other-1.{DNS_NAME}"},
        ]
    },
    ("elbv2", "DescribeListeners"): {
        "Listeners": [
            {
                "ListenerArn": LISTENER,
                "LoadBalancerArn": BALANCER,
                "Port": 80,
                "Protocol": "HTTP",
                "DefaultActions": [FORBIDDEN],
            }
        ]
    },
    ("elbv2", "DescribeRules"): {"Rules": [rule(1, [SIGNED], FORWARD), rule(5, [CLOSED], GONE), DEFAULT_RULE]},
    ("elbv2", "DescribeTargetGroups"): {
        "TargetGroups": [
            {
                "TargetGroupArn": GROUP,
                "TargetGroupName": "example-app-3d4e5f",
                "Port": 3000,
                "Protocol": "HTTP",
                "TargetType": "ip",
                "HealthCheckPath": "/",
                "HealthCheckPort": "traffic-port",
                "HealthCheckProtocol": "HTTP",
                "HealthCheckIntervalSeconds": 15,
                "HealthCheckTimeoutSeconds": 5,
                "HealthyThresholdCount": 2,
                "UnhealthyThresholdCount": 3,
                "Matcher": {"HttpCode": "200-399"},
            }
        ]
    },
    ("elbv2", "DescribeTargetHealth"): {
        "TargetHealthDescriptions": [target("10.20.1.5", "healthy"), target("10.20.2.7", "unhealthy")]
    },
}
"""The answer of every call that is made."""

DENIED = Refusal("AccessDeniedException", "is not authorized", 403)
SERVICES = ((SITE.service.cluster, SITE.service.name),)


def read(
    *denied: tuple[str, str],
    services: Sequence[tuple[str, str]] = SERVICES,
    on_call: OnCall = lambda call: None,
    **answers: Answer,
) -> World:
    """The world of this account; some operations are denied, some answer what is given by their name."""

    def script(service: str, operation: str, asked: Mapping[str, Any]) -> Mapping[str, Any] | Refusal:
        found = answers.get(operation, ANSWERS[service, operation])
        if (service, operation) in denied:
            return DENIED
        return found(asked) if callable(found) else found

    with scripted(script) as clients:
        for service_ in sorted({service for service, _ in ANSWERS}):  # boto3 makes no clients in two threads at once
            clients(service_)
        return live_world.read(clients, SITE.distribution.id, services, on_call=on_call)
