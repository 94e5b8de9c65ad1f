"""The certificates that visitors see, and that CloudFront sees at the load balancer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from bascule.checks.base import Case, Check, listed
from bascule.ladder import Stage
from bascule.outcomes import Result, fail, passed, unknown, warn

SOON = timedelta(days=30)
"""ACM renews 60 days before the end (ACM user guide, managed renewal): what is left 30 isn't being renewed."""


def covers(name: str, alias: str) -> bool:
    """Whether a certificate's name covers an alias; a wildcard stands for one label (RFC 6125, 6.4.3)."""
    name, alias = name.lower(), alias.lower()
    if name.startswith("*.") and not alias.startswith("*."):
        return alias.partition(".")[2] == name[2:]
    return name == alias


def _judged(case: Case, certificate: Mapping[str, Any], aliases: Sequence[str], what: str) -> Result:
    names = certificate.get("SubjectAlternativeNames") or [certificate.get("DomainName", "")]
    status, until = certificate.get("Status", "of unknown state"), certificate.get("NotAfter")
    seen = f"{certificate.get('CertificateArn')} is {status}, for {listed(names)}"
    region = str(certificate.get("CertificateArn", "")).split(":")[3:4]
    request = f"aws acm request-certificate --region {listed(region)} --domain-name {listed(aliases[:1])}"
    renew = f"request a new one: `{request}`"
    bare = [alias for alias in aliases if not any(covers(name, alias) for name in names)]
    if bare:
        return fail(f"{seen}: not for {listed(bare)}", f"{what} needs a certificate of every alias; {renew}")
    if status != "ISSUED":
        return fail(seen, renew)
    if not isinstance(until, datetime):
        return unknown(f"{seen}, and AWS says no end", f"look yourself: `{case.look('certificates')}`")
    seen += f", until {until:%Y-%m-%d}"
    if until <= case.now:
        return fail(f"{seen}: expired", renew)
    if until - case.now < SOON:
        left = (until - case.now).days
        return warn(f"{seen}: {left} days are left", "look why ACM doesn't renew it (an imported one it never does)")
    return passed(seen)


def _viewer(case: Case) -> Result:
    viewer = case.config.get("ViewerCertificate") or {}
    aliases = case.site.aliases
    if viewer.get("ACMCertificateArn"):
        found = case.maybe("viewer_certificate")
        if found is None:
            return fail(
                f"no certificate {viewer['ACMCertificateArn']}",
                "give the distribution a certificate of every alias, in us-east-1",
            )
        return _judged(case, found, aliases, "the distribution")
    if viewer.get("IAMCertificateId"):
        return unknown(
            f"the certificate is IAM's {viewer['IAMCertificateId']}, which is not read",
            "look yourself: `aws iam list-server-certificates`",
        )
    if aliases:
        return fail(
            f"CloudFront's own certificate, which is not for {listed(aliases)}",
            "give the distribution a certificate of every alias, in us-east-1",
        )
    return passed("CloudFront's own certificate, and no alias")


def _origin(case: Case) -> Result:
    arn = case.site.origin.certificate_arn
    if arn is None:
        return passed('origin.protocol is "http": the load balancer needs no certificate')
    _, _, _, region, account, _ = arn.split(":", 5)
    remedy = f"`{case.look('certificates')}` lists those that the load balancer can use; correct origin.certificate_arn"
    if region != case.site.region or account != case.inventory.identity.account:
        return fail(
            f"{arn} is in {region}, account {account}; the load balancer in {case.site.region}, account "
            f"{case.inventory.identity.account}",
            remedy,
        )
    case.fact("certificates")
    found = case.among("certificates", arn)
    if found is None:
        return fail(f"no issued certificate {arn}", remedy)
    return _judged(case, found, case.site.aliases, "the load balancer")


CHECKS = (
    Check(
        "viewer-certificate",
        "the certificate that visitors see is valid for every alias, and for a while",
        Stage.ADOPT,
        True,
        "Once visitors get the application, nobody looks at the distribution's certificate any more. A wildcard covers "
        "one label: *.example.com is neither example.com nor a.b.example.com.",
        _viewer,
    ),
    Check(
        "origin-certificate",
        "over https, the load balancer's certificate is valid for every alias",
        Stage.BUILD,
        True,
        "CloudFront forwards the visitor's Host and compares the origin's certificate with it: a certificate that "
        "doesn't cover an alias is a 502 for its visitors (CloudFront developer guide, HTTP 502). ACM's certificates "
        "belong to a region.",
        _origin,
    ),
)
