"""What is kept: the old site's bucket, Terraform's state, and the secret that CloudFront and the ALB share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bascule.checks.base import Case, Check, items
from bascule.ladder import Stage, origin_is_bucket
from bascule.outcomes import Result, fail, passed, warn
from bascule.site import S3State


def _region(answer: Mapping[str, Any]) -> str | None:
    headers = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    region: str | None = answer.get("BucketRegion") or headers.get("x-amz-bucket-region")
    return region


def _there(case: Case) -> Result:
    bucket = case.site.bucket.name
    found = case.maybe("bucket")
    if found is None:
        return fail(f"no bucket {bucket}", "correct bucket.name")
    region = _region(found)
    if region not in (None, case.site.region):
        return fail(f"{bucket} is in {region}", f"correct `region` ({case.site.region}) or bucket.name")
    return passed(f"{bucket} is in {region or case.site.region}")


def _readable(case: Case) -> Result:
    bucket = case.site.bucket.name
    status, website = case.maybe("bucket_policy_status"), case.maybe("website")
    public = bool(((status or {}).get("PolicyStatus") or {}).get("IsPublic"))
    ways = ["public by its policy"] if public else []
    ways += ["a website"] if website else []
    for origin in items(case.config, "Origins"):
        if origin_is_bucket(origin.get("DomainName") or "", bucket):
            ways += ["CloudFront by origin access control"] if origin.get("OriginAccessControlId") else []
            old = (origin.get("S3OriginConfig") or {}).get("OriginAccessIdentity")
            ways += ["CloudFront by origin access identity"] if old else []
    if not ways:
        return warn(
            f"{bucket} is not public by its policy, is no website, and CloudFront has no access of its own",
            "look whether visitors get the old site at all: going back means going back to that",
        )
    return passed(f"{bucket} is read as it is today: {', '.join(ways)}; the move leaves that as it is")


def _state(case: Case) -> Result:
    state = case.site.state
    if not isinstance(state, S3State):
        return passed(f"HCP Terraform keeps the state: {state.organization}/{state.workspace}")
    found = case.maybe("state_bucket")
    if found is None:
        made = f"aws s3api create-bucket --bucket {state.bucket} --region {state.region}"
        if state.region != "us-east-1":
            made += f" --create-bucket-configuration LocationConstraint={state.region}"
        return fail(f"no bucket {state.bucket}", f"`{made}`, or correct state.bucket")
    if state.bucket == case.site.bucket.name:
        return fail(f"{state.bucket} is the site's own bucket", "name another one in state.bucket")
    region = _region(found)
    if region not in (None, state.region):
        return fail(f"{state.bucket} is in {region}; state.region says {state.region}", f'write region = "{region}"')
    versioning = (case.maybe("state_versioning") or {}).get("Status", "never enabled")
    seen = f"{state.bucket} in {region or state.region}, versioning {versioning}"
    if versioning != "Enabled":
        return warn(
            f"{seen}: a state that is lost or overwritten stays so",
            f"`aws s3api put-bucket-versioning --bucket {state.bucket} --versioning-configuration Status=Enabled`",
        )
    return passed(seen)


def _secret(case: Case) -> Result:
    name = case.site.origin.secret_parameter
    found = next(iter(case.rows("secret")), None)
    if found is None:
        return fail(f"no parameter {name} in {case.site.region}", "`bascule secret create`")
    if found.get("Type") != "SecureString":
        return fail(
            f"{name} is a {found.get('Type')}",
            f"`aws ssm delete-parameter --region {case.site.region} --name {name}`, then `bascule secret create`",
        )
    return passed(f"{name} is a SecureString, version {found.get('Version')}")


CHECKS = (
    Check(
        "bucket-there",
        "the bucket is there, in the site's region",
        Stage.ADOPT,
        True,
        "It is adopted, and visitors go back to it.",
        _there,
        waivable=False,
    ),
    Check(
        "bucket-read",
        "something lets visitors read the bucket",
        Stage.ADOPT,
        True,
        "A note on how the old site is read: publicly, as a website, or by CloudFront alone. The move leaves that.",
        _readable,
    ),
    Check(
        "state-bucket",
        "Terraform's state has a versioned bucket of its own",
        Stage.ADOPT,
        True,
        "Whoever loses the state loses the way back. Versioning keeps every state that was written; the site's own "
        "bucket may be public.",
        _state,
    ),
    Check(
        "origin-secret",
        "the secret header's value is in SSM",
        Stage.BUILD,
        True,
        "Terraform reads it for the listener rule and for CloudFront's origin; without it no plan is made.",
        _secret,
    ),
)
