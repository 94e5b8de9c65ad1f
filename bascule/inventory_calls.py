"""The part of the table of calls (`bascule.aws_calls`) that reads the account: the audit, and the checks of an apply.

It says the same as `bascule.survey` does, which makes the calls; a test compares them.
"""

from __future__ import annotations

from bascule.aws_calls import calls

INVENTORY = (
    *calls("sts", "GetCallerIdentity"),
    *calls("cloudfront", "GetDistribution", "distribution"),
    *calls("cloudfront", "GetFunction", "cloudfront functions"),
    *calls("cloudfront", "ListDistributions ListCachePolicies ListOriginRequestPolicies"),
    *calls("s3", "HeadBucket GetBucketVersioning", "bucket", "state bucket"),
    *calls("s3", "ListObjectsV2 GetBucketWebsite GetBucketPolicyStatus GetPublicAccessBlock", "bucket"),
    *calls("ecs", "DescribeClusters", "cluster"),
    *calls("ecs", "DescribeServices", "service"),
    *calls("ecs", "DescribeTasks", "tasks"),
    *calls("ecs", "DescribeTaskDefinition ListTasks"),
    *calls("application-autoscaling", "DescribeScalableTargets"),
    *calls("ecr", "DescribeRepositories DescribeImages", "repositories"),
    *calls(
        "ec2",
        "DescribeSubnets DescribeRouteTables DescribeSecurityGroups DescribeNetworkInterfaces "
        "DescribeAvailabilityZones DescribeRegions DescribeManagedPrefixLists",
    ),
    *calls("elbv2", "DescribeLoadBalancers DescribeListeners DescribeRules DescribeTargetGroups DescribeAccountLimits"),
    *calls("service-quotas", "GetServiceQuota"),
    *calls("acm", "ListCertificates"),
    *calls("acm", "DescribeCertificate", "certificates"),
    *calls("iam", "GetRole SimulatePrincipalPolicy", "roles"),
    *calls("ssm", "DescribeParameters"),
    *calls("health", "DescribeEvents"),
    *calls("route53", "ListHostedZones"),
    *calls("route53", "ListResourceRecordSets", "hosted zones"),
)
"""What `bascule audit` and the checks before an apply read (`bascule.survey`)."""

VERIFY = calls("s3", "GetObject", "objects")
"""What `bascule verify` reads besides: the old page, by which it is known again (`bascule.verification`)."""

CONFIRM = (
    *calls("cloudfront", "GetDistribution", "distribution"),
    *calls("ecs", "ListTasks"),
    *calls("ecs", "DescribeTasks", "tasks"),
    *calls("ec2", "DescribeNetworkInterfaces"),
    *VERIFY,
)
"""What `bascule cutover` and `rollback` can't verify without: the distribution, the tasks' addresses, and the old page.
They take the whole inventory; of all else in it they need nothing."""

TRACE = (
    *calls("cloudfront", "GetDistribution", "distribution"),
    *calls("cloudfront", "ListCachePolicies ListOriginRequestPolicies"),
    *calls("s3", "HeadBucket", "bucket"),
    *calls("ecs", "DescribeServices", "service"),
    *calls("ec2", "DescribeSecurityGroups DescribeManagedPrefixLists"),
    *calls(
        "elbv2",
        "DescribeLoadBalancers DescribeListeners DescribeRules DescribeTargetGroups DescribeTargetHealth",
    ),
)
"""What `bascule trace --live` reads (`bascule.live_world`)."""

INVALIDATE = calls("cloudfront", "CreateInvalidation GetInvalidation", "distribution")
"""What `bascule invalidate` asks for and waits for."""
