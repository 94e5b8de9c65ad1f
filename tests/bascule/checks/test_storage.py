"""The old site's bucket, Terraform's state, and the secret."""

from __future__ import annotations

from typing import Any

import pytest
from answered import SITE, amended, denied, distribution, told

from bascule.site import HcpState

Case = tuple[str, str, tuple[str, ...], dict[str, Any]]

HCP = HcpState(backend="hcp", organization="example", workspace="site")
PRIVATE = {"bucket_policy_status": {"PolicyStatus": {"IsPublic": False}}}

CASES: dict[str, Case] = {
    "the bucket": ("bucket-there", "pass", ("old-site is in me-central-1",), {}),
    "no bucket": ("bucket-there", "fail", ("no bucket old-site", "correct bucket.name"), {"bucket": None}),
    "a bucket elsewhere": (
        "bucket-there",
        "fail",
        ("old-site is in eu-west-1",),
        {"bucket": {"BucketRegion": "eu-west-1"}},
    ),
    "a bucket that is not told of": (
        "bucket-there",
        "unknown",
        ("allow s3:ListBucket to this role", "aws s3api head-bucket --bucket old-site"),
        {"bucket": denied("s3:ListBucket")},
    ),
    "a public bucket": ("bucket-read", "pass", ("public by its policy",), {}),
    "a website": (
        "bucket-read",
        "pass",
        ("public by its policy, a website",),
        {"website": {"IndexDocument": {"Suffix": "index.html"}}},
    ),
    "a bucket for CloudFront alone": ("bucket-read", "pass", ("origin access control",), PRIVATE),
    "a bucket for CloudFront alone, as of old": (
        "bucket-read",
        "pass",
        ("origin access identity",),
        {
            **PRIVATE,
            "distribution": distribution(
                "Origins.Items.0",
                {
                    "Id": "S3-old-site",
                    "DomainName": "old-site.s3.amazonaws.com",
                    "S3OriginConfig": {"OriginAccessIdentity": "origin-access-identity/cloudfront/E2"},
                },
            ),
        },
    ),
    "a bucket for nobody": (
        "bucket-read",
        "warn",
        ("CloudFront has no access of its own",),
        {**PRIVATE, "distribution": distribution("Origins.Items.0.OriginAccessControlId", "")},
    ),
    "a policy that is not told of": (
        "bucket-read",
        "unknown",
        ("s3:GetBucketPolicyStatus", "aws s3api get-bucket-policy-status --bucket old-site"),
        {"bucket_policy_status": denied("s3:GetBucketPolicyStatus")},
    ),
    "a versioned state": ("state-bucket", "pass", ("state-elsewhere in eu-west-1, versioning Enabled",), {}),
    "a state without versions": (
        "state-bucket",
        "warn",
        ("versioning Suspended", "aws s3api put-bucket-versioning --bucket state-elsewhere"),
        {"state_versioning": {"Status": "Suspended"}},
    ),
    "a state that never had versions": ("state-bucket", "warn", ("never enabled",), {"state_versioning": {}}),
    "no bucket for the state": (
        "state-bucket",
        "fail",
        ("no bucket state-elsewhere", "aws s3api create-bucket --bucket state-elsewhere --region eu-west-1"),
        {"state_bucket": None},
    ),
    "a state in another region": (
        "state-bucket",
        "fail",
        ("state-elsewhere is in eu-central-1; state.region says eu-west-1",),
        {"state_bucket": {"BucketRegion": "eu-central-1"}},
    ),
    "a state in the site's bucket": (
        "state-bucket",
        "fail",
        ("old-site is the site's own bucket",),
        {"site": amended(state={"bucket": SITE.bucket.name})},
    ),
    "a state that is not told of": (
        "state-bucket",
        "unknown",
        ("s3:ListBucket", "head-bucket --bucket state-elsewhere"),
        {"state_bucket": denied("s3:ListBucket")},
    ),
    "HCP Terraform": (
        "state-bucket",
        "pass",
        ("HCP Terraform keeps the state: example/site",),
        {"site": amended(state=HCP), "state_bucket": None, "state_versioning": None},
    ),
    "the secret": ("origin-secret", "pass", ("/bascule/example/origin-secret is a SecureString, version 1",), {}),
    "no secret": (
        "origin-secret",
        "fail",
        ("no parameter /bascule/example/origin-secret in me-central-1 → `bascule secret create`",),
        {"secret": []},
    ),
    "a secret in clear": (
        "origin-secret",
        "fail",
        ("is a String", "aws ssm delete-parameter"),
        {"secret": [{"Name": "/bascule/example/origin-secret", "Type": "String"}]},
    ),
    "a secret that is not told of": (
        "origin-secret",
        "unknown",
        ("ssm:DescribeParameters", "aws ssm describe-parameters"),
        {"secret": denied("ssm:DescribeParameters")},
    ),
}


@pytest.mark.parametrize(("id_", "outcome", "pieces", "case"), CASES.values(), ids=CASES)
def test_of_what_is_kept(id_: str, outcome: str, pieces: tuple[str, ...], case: dict[str, Any]) -> None:
    """What is seen is said, with names and regions, and what to do where it isn't right."""
    told(id_, outcome, *pieces, **case)
