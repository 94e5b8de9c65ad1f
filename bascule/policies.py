"""IAM policies for one site, least privilege, with its ids filled in: to audit, to plan, to apply, and to deny.

`apply` is for whoever climbs: the whole ladder up and down, with what is verified after it. `plan` writes nothing but
the state's lock. `audit` only reads. Each may be a role of its own. `bascule apply` and `cutover` run with `apply`
alone; many of the checks before them are unknown then, and with `audit` beside it they aren't.

`deny` goes on every role of the account that might reach the adopted resources, or is a policy of the organization:
whatever else allows it, they can't be deleted. It is made from what deletes the distribution, the bucket, its objects
or the service, directly or by a lifecycle rule, and what takes away the bucket policy by which CloudFront reads the
old site: without it the way back leads to 403. It doesn't keep anybody from changing them (a distribution can be
disabled, an object overwritten): that is what reviews are for.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Literal, get_args

from bascule.errors import BasculeError
from bascule.permissions import Grant, needed_to_apply, needed_to_audit, needed_to_plan, resources
from bascule.site import Site

Kind = Literal["audit", "plan", "apply", "deny"]
KINDS: tuple[Kind, ...] = get_args(Kind)

QUOTA = 6144
"""Characters of a managed policy, white space not counted (IAM User Guide, IAM and STS quotas)."""

TOGETHER: Mapping[str, str] = dict.fromkeys(
    ("load balancers", "target groups", "listeners", "listener rules"), "load balancing"
)
"""Resources that share a statement: each of its actions is on one of them anyway, and the tag tells whose they are.
One statement each would make `apply` larger than IAM takes."""

DENIED: Mapping[str, tuple[str, ...]] = {
    "distribution": ("cloudfront:DeleteDistribution",),
    "bucket": ("s3:DeleteBucket", "s3:DeleteBucketPolicy", "s3:DeleteBucketWebsite", "s3:PutLifecycleConfiguration"),
    "objects": ("s3:DeleteObject", "s3:DeleteObjectVersion"),
    "service": ("ecs:DeleteService",),
    "cluster": ("ecs:DeleteCluster",),
}
"""What `deny` denies, by the name of the resource."""


def document(kind: Kind, site: Site, account: str) -> dict[str, Any]:
    """The policy document. Raises BasculeError if it is larger than IAM takes."""
    found = {"Version": "2012-10-17", "Statement": _denials(site, account) if kind == "deny" else []}
    if kind != "deny":
        found["Statement"] = _statements(_granted(kind, site, account), resources(site, account))
    if size(found) > QUOTA:
        raise BasculeError(
            f"the policy {kind} has {size(found)} characters; IAM takes {QUOTA}",
            where=f"{site.state.backend} state, service {site.service.name}",
            remedy="shorten the names in the site file, or attach its statements as two policies",
        )
    return found


def size(document: Mapping[str, Any]) -> int:
    """Characters as IAM counts them."""
    return len("".join(json.dumps(document, separators=(",", ":")).split()))


def _granted(kind: Kind, site: Site, account: str) -> Iterable[Grant]:
    if kind == "audit":
        return needed_to_audit(site, account)
    if kind == "plan":
        return needed_to_plan(site, account)
    return needed_to_apply(site, account)


def _statements(grants: Iterable[Grant], arns: Mapping[str, str]) -> list[dict[str, Any]]:
    """One statement for each resource and each condition, and one for what has no resources: more would make `apply`
    larger than IAM takes."""
    found: dict[str, dict[str, Any]] = {}
    for grant in grants:
        for name in (TOGETHER.get(one, one) for one in grant.on):
            sid = _sid(name, grant)
            statement = found.setdefault(sid, {"Sid": sid, "Effect": "Allow", "Action": []})
            statement["Action"] = sorted({*statement["Action"], grant.action})
            statement["Resource"] = arns.get(name, name)
            if grant.condition:
                statement["Condition"] = {
                    operator: {key: value if isinstance(value, str) else list(value) for key, value in keys.items()}
                    for operator, keys in grant.condition.items()
                }
    return [found[sid] for sid in sorted(found)]


def _sid(on: str, grant: Grant) -> str:
    """A name of letters and digits: what the statement is about, and on which condition."""
    about = "any resource" if on == "*" else on
    if "aws:RequestTag/ManagedBy" in grant.context:
        about = f"making {about}"
    if any(key.endswith(":CreateAction") for key in grant.context):
        about = f"tagging new {about}"
    if "aws:ResourceTag/ManagedBy" in grant.context:
        about = f"our {about}"
    return "".join(word[:1].upper() + word[1:] for word in about.replace("-", " ").split())


def _denials(site: Site, account: str) -> list[dict[str, Any]]:
    arns = resources(site, account)
    return [
        {"Sid": f"Keep{name.capitalize()}", "Effect": "Deny", "Action": list(actions), "Resource": arns[name]}
        for name, actions in DENIED.items()
    ]
