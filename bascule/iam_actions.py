"""The IAM action that an AWS API call needs: the same name but for the services and calls listed here."""

from __future__ import annotations

PREFIXES = {"elbv2": "elasticloadbalancing", "elb": "elasticloadbalancing", "service-quotas": "servicequotas"}
"""Where IAM's service prefix isn't boto3's service name (Service Authorization Reference)."""

S3 = {
    "HeadBucket": "ListBucket",
    "ListBuckets": "ListAllMyBuckets",
    "ListObjectsV2": "ListBucket",
    "ListObjects": "ListBucket",
    "ListObjectVersions": "ListBucketVersions",
    "HeadObject": "GetObject",
    "DeleteObjects": "DeleteObject",
    "GetBucketAccelerateConfiguration": "GetAccelerateConfiguration",
    "GetBucketCors": "GetBucketCORS",
    "GetBucketEncryption": "GetEncryptionConfiguration",
    "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
    "GetBucketReplication": "GetReplicationConfiguration",
    "GetObjectLockConfiguration": "GetBucketObjectLockConfiguration",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "PutBucketLifecycleConfiguration": "PutLifecycleConfiguration",
    "DeleteBucketLifecycle": "PutLifecycleConfiguration",
    "DeleteBucketTagging": "PutBucketTagging",
    "DeletePublicAccessBlock": "PutBucketPublicAccessBlock",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
}
"""S3's calls that aren't named as the permission is (Amazon S3 User Guide, required permissions for S3 API calls)."""

VERSIONED = ("GetObject", "DeleteObject")
"""S3's actions that are others for one version of an object: GetObjectVersion, DeleteObjectVersion (the same page)."""


def action_of(service: str, operation: str, *, version: bool = False) -> str:
    """The IAM action of an operation, e.g. `elasticloadbalancing:DescribeRules` of elbv2's `DescribeRules`.

    `version` is for a call that names one version of an object in S3.
    """
    name = S3.get(operation, operation) if service == "s3" else operation
    if service == "s3" and version and name in VERSIONED:
        name += "Version"
    return f"{PREFIXES.get(service, service)}:{name}"
