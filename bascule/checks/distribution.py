"""The distribution: whether it is there, at rest, and nothing that Terraform would lose."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bascule import distribution
from bascule.checks.base import Case, Check, items, listed, number
from bascule.ladder import ALB_ORIGIN_ID, Stage, origin_is_bucket
from bascule.managed_policies import ALL_VIEWER, CACHING_DISABLED, CACHING_OPTIMIZED, NAMES
from bascule.outcomes import Result, fail, passed, warn


def _there(case: Case) -> Result:
    found = case.maybe("distribution")
    if found is None:
        return fail(
            f"no distribution {case.site.distribution.id} in account {case.inventory.identity.account}",
            f"correct distribution.id, or use credentials of its account: `{case.look('distributions')}`",
        )
    return passed(f"{found.get('Id')}, {found.get('DomainName')}")


def _enabled(case: Case) -> Result:
    if case.config.get("Enabled"):
        return passed("it is enabled")
    return fail("it is disabled: CloudFront answers no visitor", "enable it in the account, then run `bascule adopt`")


def _deployed(case: Case) -> Result:
    found = case.fact("distribution")
    status, batches = found.get("Status"), found.get("InProgressInvalidationBatches", 0)
    seen = f"status {status}, {number(batches, 'invalidation')} in progress"
    if status != "Deployed" or batches:
        return warn(
            f"{seen}: edges don't all answer the same yet",
            f"wait: `aws cloudfront wait distribution-deployed --id {case.site.distribution.id}`",
        )
    return passed(seen)


def _staging(case: Case) -> Result:
    policy = case.config.get("ContinuousDeploymentPolicyId")
    if case.config.get("Staging"):
        return fail("it is a staging distribution", "name the primary one in distribution.id")
    if policy:
        return fail(
            f"continuous deployment policy {policy}: some visitors get a staging distribution",
            "promote or end the continuous deployment in the console, then run `bascule adopt`",
        )
    left = [d for d in case.rows("distributions") if d.get("Staging") and _from_bucket(d, case.site.bucket.name)]
    if left:
        ids = listed(str(one.get("Id")) for one in left)
        return warn(f"{ids}: a staging distribution of the same bucket", f"delete {ids} if nobody uses it any more")
    return passed("no continuous deployment, no staging distribution of the same bucket")


def _from_bucket(found: Mapping[str, Any], bucket: str) -> bool:
    return any(origin_is_bucket(origin.get("DomainName") or "", bucket) for origin in items(found, "Origins"))


def _fields(case: Case) -> Result:
    leftover = distribution.from_api(case.config).leftover
    if leftover:
        return fail(
            "; ".join(f"{path} = {value!r}"[:200] for path, value in sorted(leftover.items())),
            "set these back to CloudFront's default, if the site can do without: the first update would reset them",
        )
    return passed("every field that is set, AWS provider 5.100.0 knows")


def _tls(case: Case) -> Result:
    policy = (case.config.get("ViewerCertificate") or {}).get("MinimumProtocolVersion") or "TLSv1"
    if policy not in distribution.TLS_POLICIES:
        return fail(
            f"TLS policy {policy}, which is newer than AWS provider 5.100.0 knows",
            "set TLSv1.2_2021 first, if the site's clients may be asked for no more than that",
        )
    return passed(f"TLS policy {policy}")


def _bucket(case: Case) -> Result:
    config, bucket = case.config, case.site.bucket.name
    origins = {str(origin["Id"]): str(origin["DomainName"]) for origin in items(config, "Origins")}
    found = [id_ for id_, domain in origins.items() if origin_is_bucket(domain, bucket)]
    if found:
        return passed(f"origin {listed(found)} is {listed(origins[id_] for id_ in found)}")
    if (config.get("DefaultCacheBehavior") or {}).get("TargetOriginId") == ALB_ORIGIN_ID:
        return passed(f"the origin of {bucket} was dropped at `retire`")
    return fail(
        f"{bucket} is none of its origins ({listed(origins.values())})", "correct bucket.name or distribution.id"
    )


USED: Mapping[str, tuple[str, str]] = {
    CACHING_DISABLED: ("cache_policies", "CachePolicy"),
    CACHING_OPTIMIZED: ("cache_policies", "CachePolicy"),
    ALL_VIEWER: ("origin_request_policies", "OriginRequestPolicy"),
}
"""The managed policies that the behaviors of ours name: where the account lists each, and as what."""


def _policies(case: Case) -> Result:
    wrong, seen = [], []
    for id_, (fact, kind) in USED.items():
        live = {one.get(kind, {}).get("Id"): one.get(kind, {}).get(f"{kind}Config", {}) for one in case.rows(fact)}
        name = str(live[id_].get("Name", "")).removeprefix("Managed-") if id_ in live else "not there"
        seen.append(f"{id_} is {name}")
        if name != NAMES[id_]:
            wrong.append(f"{id_} is {name}, not {NAMES[id_]}")
    if wrong:
        return fail("; ".join(wrong), "open an issue with this line: the ids are the same in every account of AWS")
    return passed("; ".join(seen))


CHECKS = (
    Check(
        "distribution-there",
        "the distribution is there",
        Stage.ADOPT,
        True,
        "It is what the move is about.",
        _there,
        waivable=False,
    ),
    Check(
        "distribution-enabled",
        "the distribution answers visitors",
        Stage.ADOPT,
        True,
        "A disabled distribution answers nobody, before the move and after it.",
        _enabled,
    ),
    Check(
        "distribution-at-rest",
        "no update and no invalidation is on its way to the edges",
        Stage.CONNECT,
        True,
        "CloudFront takes an update while another is under way, and then nobody can tell which of them an edge "
        "answers by. A warning: it is over in minutes.",
        _deployed,
    ),
    Check(
        "staging",
        "no continuous deployment is under way",
        Stage.ADOPT,
        True,
        "A continuous deployment sends some visitors to a staging distribution, which this move doesn't change; and "
        "promoting that one would overwrite what the move did.",
        _staging,
    ),
    Check(
        "provider-fields",
        "Terraform can say everything that the distribution has",
        Stage.ADOPT,
        True,
        "UpdateDistribution replaces the whole config, so what AWS provider 5.100.0 doesn't know is reset by its first "
        "update, with no diff in the plan. `bascule adopt` refuses it.",
        _fields,
        waivable=False,
    ),
    Check(
        "tls-policy",
        "Terraform knows the distribution's TLS policy",
        Stage.ADOPT,
        True,
        "A policy that AWS provider 5.100.0 doesn't know can't be adopted without a downgrade.",
        _tls,
        waivable=False,
    ),
    Check(
        "bucket-origin",
        "an origin of the distribution is the bucket",
        Stage.ADOPT,
        True,
        "It is what visitors go back to.",
        _bucket,
        waivable=False,
    ),
    Check(
        "managed-policies",
        "AWS's managed policies are what their ids are taken for",
        Stage.CONNECT,
        True,
        "The behaviors that lead to the application name these policies by id. Another policy under an id could cache "
        "pages, or drop the Host header.",
        _policies,
    ),
)
