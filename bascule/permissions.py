"""What has to be allowed to go along the ladder, for one site: the table of calls (`bascule.aws_calls`) filled in.

Not covered, since the site file doesn't tell of it: a KMS key of one's own, under which the state bucket or the secret
is encrypted (kms:Decrypt, kms:GenerateDataKey); and what UpdateDistribution asks for where the adopted distribution
writes access logs to a bucket: s3:GetBucketAcl and s3:PutBucketAcl on it (CloudFront developer guide, API permissions).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from bascule import aws_calls
from bascule.aws_calls import Call, Condition
from bascule.iam_actions import action_of
from bascule.inventory_calls import CONFIRM, INVALIDATE, INVENTORY, TRACE, VERIFY
from bascule.ladder import Stage
from bascule.site import S3State, Site

RESOURCES: Mapping[str, str] = {
    "distribution": "arn:{partition}:cloudfront::{account}:distribution/{distribution}",
    "cloudfront functions": "arn:{partition}:cloudfront::{account}:function/*",
    "bucket": "arn:{partition}:s3:::{bucket}",
    "objects": "arn:{partition}:s3:::{bucket}/*",
    "state bucket": "arn:{partition}:s3:::{state_bucket}",
    "state": "arn:{partition}:s3:::{state_bucket}/{state_key}",
    "lock": "arn:{partition}:s3:::{state_bucket}/{state_key}.tflock",
    "cluster": "arn:{partition}:ecs:{region}:{account}:cluster/{cluster}",
    "service": "arn:{partition}:ecs:{region}:{account}:service/{cluster}/{service}",
    "tasks": "arn:{partition}:ecs:{region}:{account}:task/{cluster}/*",
    "secret": "arn:{partition}:ssm:{region}:{account}:parameter{secret}",
    "security groups": "arn:{partition}:ec2:{region}:{account}:security-group/*",
    "security group rules": "arn:{partition}:ec2:{region}:{account}:security-group-rule/*",
    "vpcs": "arn:{partition}:ec2:{region}:{account}:vpc/*",
    "prefix lists": "arn:{partition}:ec2:{region}:*:prefix-list/*",
    "load balancers": "arn:{partition}:elasticloadbalancing:{region}:{account}:loadbalancer/app/*",
    "target groups": "arn:{partition}:elasticloadbalancing:{region}:{account}:targetgroup/*",
    "listeners": "arn:{partition}:elasticloadbalancing:{region}:{account}:listener/app/*",
    "listener rules": "arn:{partition}:elasticloadbalancing:{region}:{account}:listener-rule/app/*",
    "load balancing": "arn:{partition}:elasticloadbalancing:{region}:{account}:*",
    "roles": "arn:{partition}:iam::{account}:role/*",
    "repositories": "arn:{partition}:ecr:{region}:{account}:repository/*",
    "certificates": "arn:{partition}:acm:*:{account}:certificate/*",
    "hosted zones": "arn:{partition}:route53:::hostedzone/*",
    "elb role": "arn:{partition}:iam::{account}:role/aws-service-role/elasticloadbalancing.amazonaws.com/*",
    "ecs role": "arn:{partition}:iam::{account}:role/aws-service-role/ecs.amazonaws.com/*",
}
"""Every resource that the table names, as an ARN to be filled in. AWS's own prefix lists are in the account `aws`."""

STATE_RESOURCES = frozenset({"state bucket", "state", "lock"})
"""What there is only where the state is in S3."""


@dataclass(frozen=True)
class Grant:
    """One IAM action that has to be allowed."""

    action: str
    on: tuple[str, ...]
    """Names of RESOURCES, or `*`."""
    resources: tuple[str, ...]
    """The same as ARNs, with wildcards where the id isn't known before it is made."""
    condition: Condition
    purpose: str
    """What it is for, in words."""

    @property
    def context(self) -> Mapping[str, str]:
        """The condition keys that a request has when it needs this, and their values: of several, the first."""
        return {
            key: value if isinstance(value, str) else value[0]
            for keys in self.condition.values()
            for key, value in keys.items()
        }


def needed(site: Site, account: str, stage: Stage) -> tuple[Grant, ...]:
    """All that going to `stage` from nothing needs: adopting, the secret, and each rung on the way up, also in one
    apply, and planning again at each."""
    return _merged([*_adopting(site, account), *_climbing(site, account, stage)])


def needed_back(site: Site, account: str) -> tuple[Grant, ...]:
    """All that the whole way down needs, from `retire` to `none`, and `bascule rollback`."""
    return _merged(_descending(site, account))


def needed_to_apply(site: Site, account: str) -> tuple[Grant, ...]:
    """All that the whole ladder needs, up and down, the invalidation and the verification after it, and rotating the
    secret."""
    after = _grants(INVALIDATE, "invalidating CloudFront's caches", site, account)
    verified = _grants(CONFIRM, "verifying what visitors get", site, account)
    rotation = _grants(aws_calls.ROTATE, "bascule secret rotate", site, account)
    return _merged([*needed(site, account, Stage.RETIRE), *needed_back(site, account), *after, *verified, *rotation])


def needed_to_plan(site: Site, account: str) -> tuple[Grant, ...]:
    """All that planning at any rung needs, up or down, and adopting: nothing but the state's lock is written."""
    found = list(_adopting(site, account))
    for stage in Stage:
        what = f"planning at {stage}"
        gates = (*aws_calls.GATES_UP.get(stage, ()), *aws_calls.GATES_DOWN.get(stage, ()))
        calls = (*aws_calls.planned(stage, stage), *aws_calls.FENCE, *gates)
        found += _grants(calls, what, site, account)
    return _merged(found)


def needed_to_audit(site: Site, account: str) -> tuple[Grant, ...]:
    """All that `bascule audit`, `verify` and `trace --live` need: they only read."""
    return _merged(_grants((*INVENTORY, *VERIFY, *TRACE), "reading the account", site, account))


def _adopting(site: Site, account: str) -> Iterator[Grant]:
    yield from _grants((*aws_calls.OPENING, *aws_calls.ADOPTING), "bascule adopt", site, account)
    yield from _grants(aws_calls.ADOPTED, "bascule adopt, by Terraform", site, account)


def _climbing(site: Site, account: str, stage: Stage) -> Iterator[Grant]:
    if stage.at_least(Stage.BUILD):
        yield from _grants(aws_calls.SECRET, "bascule secret create", site, account)
    rungs = [rung for rung in Stage if Stage.NONE.rung < rung.rung <= stage.rung]
    for before, rung in pairwise([Stage.NONE, *rungs]):
        for side, calls in aws_calls.made(before, rung).items():
            yield from _grants(calls, f"going up to {rung}, by {_NAMES[side]}", site, account)
        yield from _grants(aws_calls.planned(rung, rung), f"planning at {rung}", site, account)
    if stage.at_least(Stage.BUILD):
        yield from _grants(aws_calls.ADJUST, "changing what was built", site, account)


def _descending(site: Site, account: str) -> Iterator[Grant]:
    down = list(reversed(Stage))
    for before, rung in pairwise(down):
        for side, calls in aws_calls.made(before, rung).items():
            yield from _grants(calls, f"going down to {rung}, by {_NAMES[side]}", site, account)
    for side, calls in aws_calls.made(Stage.SERVE, Stage.CONNECT, rollback=True).items():
        yield from _grants(calls, f"bascule rollback, by {_NAMES[side]}", site, account)


_NAMES = {"terraform": "Terraform", "bascule": "bascule"}


def _grants(calls: Iterable[Call], purpose: str, site: Site, account: str) -> Iterator[Grant]:
    """The action of each call, and what AWS asks for beside it. A call that needs no permission has none."""
    arns = resources(site, account)
    for call in calls:
        if (call.service, call.operation) in NO_PERMISSION:
            continue
        own = (action_of(call.service, call.operation), call.on, call.when, purpose)
        beside = [(one.action, one.on, one.when, f"{purpose} ({one.why})") for one in call.also]
        for action, on, when, why in (own, *beside):
            known = tuple(name for name in on if name == "*" or name in arns)
            if known:
                yield Grant(action, known, tuple(arns.get(name, name) for name in known), when, why)


NO_PERMISSION = frozenset({("sts", "GetCallerIdentity")})
"""Allowed to everybody, whatever the policies say (STS API reference, GetCallerIdentity)."""


def resources(site: Site, account: str) -> Mapping[str, str]:
    """RESOURCES, filled in for a site and its account."""
    state = site.state if isinstance(site.state, S3State) else None
    values = {
        "partition": partition(site.region),
        "region": site.region,
        "account": account,
        "distribution": site.distribution.id,
        "bucket": site.bucket.name,
        "state_bucket": state.bucket if state else "",
        "state_key": state.key if state else "",
        "cluster": site.service.cluster,
        "service": site.service.name,
        "secret": site.origin.secret_parameter,
    }
    return {
        name: template.format(**values)
        for name, template in RESOURCES.items()
        if state is not None or name not in STATE_RESOURCES
    }


def partition(region: str) -> str:
    """The partition that a region is in (IAM User Guide, ARN format)."""
    return {"cn": "aws-cn", "us-gov": "aws-us-gov"}.get(region.rpartition("-")[0].rpartition("-")[0], "aws")


def _merged(grants: Iterable[Grant]) -> tuple[Grant, ...]:
    """Each action and condition once, with all its resources, for the purpose that comes first."""
    found: dict[tuple[str, str], Grant] = {}
    for grant in grants:
        key = grant.action, repr(grant.condition)
        first = found.setdefault(key, grant)
        found[key] = replace(first, on=_joined(first.on, grant.on), resources=_joined(first.resources, grant.resources))
    return tuple(found.values())


def _joined(one: Sequence[str], other: Sequence[str]) -> tuple[str, ...]:
    """Both in order, each once; all of them, where one is `*`."""
    both = tuple(dict.fromkeys((*one, *other)))
    return ("*",) if "*" in both else both
