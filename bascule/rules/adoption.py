"""What was there before bascule stays what it is, but for what the move is about."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from bascule import summary
from bascule.ladder import ADOPTED_TYPES, ALB_ORIGIN_ID, Stage, may_change, origin_is_bucket
from bascule.meaning import differences, short
from bascule.plan_json import Change, Unknown
from bascule.routing import known, sure
from bascule.rules.base import Case, Observation, Rule, Severity, fail, unknown

PUBLIC = ("public-read", "public-read-write", "authenticated-read")
"""Canned ACLs that let others than the owner read (S3 user guide, canned ACL)."""

EVERYBODY = ("/AllUsers", "/AuthenticatedUsers")
"""How the URIs of S3's public grantees end (S3 user guide, Amazon S3 predefined groups)."""


GROUP_RULES = ("aws_vpc_security_group_ingress_rule", "aws_vpc_security_group_egress_rule")


def _deleted(case: Case) -> Iterator[Observation]:
    for change in case.adopted():
        if change.action in ("delete", "replace"):
            yield fail(f"{change.address} would be {change.action}d")


def _forgotten(case: Case) -> Iterator[Observation]:
    for change in case.plan.changes:
        if change.action == "forget" and not (case.step.stage is Stage.NONE and change.type in ADOPTED_TYPES):
            yield fail(f"{change.address} would be forgotten at {case.step.stage}")


def _imports(case: Case) -> Iterator[Observation]:
    expected = case.site.import_ids()
    for change in case.plan.changes:
        if change.import_id is None or change.import_id == expected.get(change.type):
            continue
        if change.type in expected:
            yield fail(f"{change.address} would import {change.import_id}; the site file says {expected[change.type]}")
        elif not _made_by_us(case, change):
            yield fail(f"{change.address} would import {change.import_id}, which doesn't carry this site's tags")


def _made_by_us(case: Case, change: Change) -> bool:
    """Whether what is imported is bascule's for this site: by its tags as they are live, and a security group's rule,
    which has none, by its group's being one of the plan."""
    if change.before.get("id") != change.import_id:
        return False
    if change.type in GROUP_RULES:
        groups = {group.before.get("id") for group in case.plan.of_type("aws_security_group") if group.before}
        return change.before.get("security_group_id") in groups
    before, after = change.before.get("tags") or {}, sure(change.after.get("tags")) or {}
    return before.get("ManagedBy") == "bascule" and bool(before.get("Site")) and before["Site"] == after.get("Site")


def _proof(case: Case) -> Iterator[Observation]:
    counted = summary.counts(case.plan)
    if case.step.reached is Stage.NONE and case.step.stage is Stage.ADOPT and counted != summary.ADOPTION:
        yield fail(f"adopting is {summary.ADOPTION}; this is {counted}")


def _changed(case: Case) -> Iterator[Observation]:
    patterns = {
        "probe_path": case.site.distribution.probe_path,
        "static_path": case.site.distribution.static_path,
    }
    for change in case.adopted():
        if change.action != "update":
            continue
        for difference in differences(change):
            allowed = may_change(change.type, difference.path, case.step.reached, case.step.stage, **patterns)
            if _lost_tag(change, difference.path):
                continue  # told by `tag-lost`: an organisation's tagger may not hold up the way down
            if not allowed or _somebody_elses(case, change, difference.path):
                yield fail(f"{change.address}: {difference}")


def _lost_tag(change: Change, path: str) -> bool:
    tags = change.before.get("tags") or {}
    return any(path == f"tags[{key}]" for key in tags)


def _somebody_elses(case: Case, change: Change, path: str) -> bool:
    """Whether a path is in an origin that is neither the bucket's nor ours, or in another target group than ours: at
    some rung such blocks come and go, but none of these."""
    if path.startswith("origin["):
        origins = [one for side in (change.before, change.after) for one in known(side.get("origin"))]
        bucket = case.site.bucket.name
        buckets = [one.get("origin_id") for one in origins if origin_is_bucket(str(one.get("domain_name")), bucket)]
        return not any(path.startswith(f"origin[{name}].") for name in (ALB_ORIGIN_ID, *buckets))
    if path == "ordered_cache_behavior.order":
        ours = {case.site.distribution.probe_path, case.site.distribution.static_path}
        old, new = (
            [
                b.get("path_pattern")
                for b in known(side.get("ordered_cache_behavior"))
                if b.get("path_pattern") not in ours
            ]
            for side in (change.before, change.after)
        )
        return old != new
    if path.startswith("load_balancer["):
        groups = case.plan.of_type("aws_lb_target_group")
        ours = {short(side.get("arn")) for group in groups for side in (group.before, group.after)}
        return not any(path.startswith(f"load_balancer[{name}].") for name in ours)
    return False


def _tags(case: Case) -> Iterator[Observation]:
    for change in case.plan.changes:
        if change.action not in ("update", "replace"):
            continue
        before, after = change.before.get("tags") or {}, sure(change.after.get("tags")) or {}
        for key, value in before.items():
            if isinstance(after.get(key), Unknown):
                yield unknown(f"{change.address}: tag {key} is known after apply")
            elif after.get(key) != value:
                yield fail(f"{change.address}: tag {key} would be {'changed' if key in after else 'gone'}")


def _public(case: Case) -> Iterator[Observation]:
    for change in case.plan.changes:
        if change.action in ("no-op", "forget") or not change.type.startswith("aws_s3_bucket"):
            continue
        before, after = _openings(change, "before"), _openings(change, "after")
        if change.type == "aws_s3_bucket_public_access_block":
            # The block is what keeps it private: taking it away opens, too.
            before, after = before if change.before else set(), after if change.after else {"no public access block"}
        yield from (fail(f"{change.address}: {opening}") for opening in sorted(after - before))


def _openings(change: Change, side: str) -> set[str]:
    """The ways in which one side of a bucket's change lets the public in."""
    values: Mapping[str, Any] = getattr(change, side)
    acl, policy = _set(values.get("acl")), _set(values.get("policy"))
    found = {f"acl {acl}"} if acl in PUBLIC else set()
    grants = [*known(_set(values.get("grant"))), *_grants_of_acl(values)]
    found |= {f"a grant to {g['uri'].rpartition('/')[2]}" for g in grants if str(g.get("uri")).endswith(EVERYBODY)}
    opening = (json.dumps(one, sort_keys=True) for one in _statements(policy or "") if _for_everybody(one))
    found |= {f"a bucket policy for everybody: {statement}" for statement in opening}
    blocks = ("block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets")
    return found | {f"{name} off" for name in blocks if values.get(name) is False}


def _set(value: Any) -> Any:
    """A value that somebody set. Raises NotKnown if that is known later; what the provider fills in is no decision."""
    return sure(value) if not isinstance(value, Unknown) or value.configured else None


def _statements(policy: str) -> Iterator[Mapping[str, Any]]:
    try:
        found = json.loads(policy).get("Statement", ())
    except (ValueError, AttributeError):
        return
    yield from (one for one in (found if isinstance(found, list) else [found]) if isinstance(one, Mapping))


def _for_everybody(statement: Mapping[str, Any]) -> bool:
    if "NotPrincipal" in statement:
        return statement.get("Effect") == "Allow"
    principal = statement.get("Principal")
    named = principal.get("AWS") if isinstance(principal, Mapping) else principal
    return statement.get("Effect") == "Allow" and "*" in (named if isinstance(named, list) else [named])


def _grants_of_acl(values: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for policy in known(values.get("access_control_policy")):
        for grant in known(policy.get("grant")):
            yield from known(grant.get("grantee"))


def _unexpressible(case: Case) -> Iterator[Observation]:
    distribution = case.distribution
    if distribution is not None and distribution.action == "update":
        yield from (fail(f"the live distribution has {path}") for path in sorted(case.leftover))


RULES = (
    Rule(
        "adopted-deleted",
        Severity.BLOCK,
        "no adopted resource is deleted or replaced",
        "The distribution, the bucket and the service were there before bascule and are live. A plan that deletes "
        "or replaces one takes the site down: a new distribution has another domain name, a new bucket is empty, "
        "a new service has no tasks. Look for a changed id, cluster or region in the site file, and adopt again.",
        _deleted,
        waivable=False,
        stops_rollback=True,
    ),
    Rule(
        "adopted-forgotten",
        Severity.BLOCK,
        "nothing is forgotten but what was adopted, and that at `none` alone",
        'Forgetting a resource (a `removed` block) leaves it live with nobody to change it back. `stage = "none"` '
        "does so on purpose, once everything that bascule built is gone; at any other rung it would lose the way "
        "back.",
        _forgotten,
        waivable=False,
        stops_rollback=True,
    ),
    Rule(
        "import-id",
        Severity.BLOCK,
        "what is imported is what the site file names, or bascule's own",
        "An import block with another id puts a stranger's resource under this site's configuration, and the next "
        "plan would change it into this site's. Synthesize again; if it stays, the configuration was edited by "
        "hand. What bascule made for this site, and a killed apply didn't record, is imported too: it is known by "
        "its tags ManagedBy and Site, and a rule of a security group by its group.",
        _imports,
        waivable=False,
    ),
    Rule(
        "adoption-proof",
        Severity.BLOCK,
        "the first adoption is three imports and nothing else",
        "Adoption has to be provably free of change. Where the plan holds more, either the account has changed "
        "since `bascule adopt`, which is to be run again, or the state was lost: with an empty state anything "
        "more would undo the move in an order that nobody checked. Look for the state first.",
        _proof,
        waivable=False,
    ),
    Rule(
        "adopted-changed",
        Severity.BLOCK,
        "adopted resources change in what this rung is about, and in nothing else",
        "Each rung changes a few named arguments of the adopted resources (the table is in bascule/ladder.py). "
        "Anything else is drift: somebody changed the live resource after it was adopted, and this plan would "
        "silently change it back. Undo it in the account; or, to keep it, waive this rule for the way down to "
        "`adopt`, and run `bascule adopt` there.",
        _changed,
    ),
    Rule(
        "tag-lost",
        Severity.REVIEW,
        "no tag is lost or changed",
        "Tags carry cost allocation, ownership and access rules that nobody sees in the configuration. Where "
        "another tool tags these resources, tell it to leave them, or accept that its tags come and go.",
        _tags,
    ),
    Rule(
        "bucket-public",
        Severity.BLOCK,
        "no bucket is made public",
        "The move never needs a bucket to be more open than it is: CloudFront reads it as it did. A public ACL, a "
        "policy for everybody or a public access block that is taken away exposes every object in it.",
        _public,
    ),
    Rule(
        "unexpressible",
        Severity.BLOCK,
        "the live distribution has nothing that the provider would reset",
        "UpdateDistribution replaces the whole config, and AWS provider 5.100.0 sends only what it knows: "
        "whatever the live distribution has beyond that is reset by the first update, with no difference in the "
        "plan. Set the named fields back to CloudFront's default first, if the site can do without them.",
        _unexpressible,
    ),
)
