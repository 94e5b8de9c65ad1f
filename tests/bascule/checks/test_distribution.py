"""The distribution, its aliases and certificates, and what made a bucket behave as a site."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from answered import (
    ACCOUNT,
    DOMAIN,
    GOOD,
    REGION,
    SITE,
    VIEWER,
    amended,
    certificate,
    denied,
    distribution,
    other,
    record,
    told,
)
from example import CONFIG

from bascule.dns import Answer
from bascule.ladder import ALB_ORIGIN_ID

Case = tuple[str, str, tuple[str, ...], dict[str, Any]]

STAGING_ORIGINS = {
    "Quantity": 1,
    "Items": [{"Id": "S3", "DomainName": "old-site.s3.me-central-1.amazonaws.com"}],
}


def config(path: str, new: Any) -> dict[str, Any]:
    """The distribution with one member of its config changed."""
    return {"distribution": distribution(path, new)}


def renamed(id_: str, name: str) -> list[dict[str, Any]]:
    """The account's cache policies with another name under an id."""
    return [
        {"Type": "managed", "CachePolicy": {"Id": id_, "CachePolicyConfig": {"Name": name}}}
        if found["CachePolicy"]["Id"] == id_
        else found
        for found in GOOD["cache_policies"]
    ]


DISTRIBUTION: dict[str, Case] = {
    "a distribution": ("distribution-there", "pass", (SITE.distribution.id, DOMAIN), {}),
    "none": (
        "distribution-there",
        "fail",
        (f"no distribution {SITE.distribution.id} in account {ACCOUNT}", "aws cloudfront list-distributions"),
        {"distribution": None},
    ),
    "one that is not told of": (
        "distribution-there",
        "unknown",
        ("cloudfront:GetDistribution", f"aws cloudfront get-distribution --id {SITE.distribution.id}"),
        {"distribution": denied("cloudfront:GetDistribution")},
    ),
    "disabled": ("distribution-enabled", "fail", ("it is disabled",), config("Enabled", False)),
    "an update on its way": (
        "distribution-at-rest",
        "warn",
        ("status InProgress", "aws cloudfront wait distribution-deployed"),
        {"distribution": {**distribution(), "Status": "InProgress"}},
    ),
    "an invalidation on its way": (
        "distribution-at-rest",
        "warn",
        ("1 invalidation in progress",),
        {"distribution": {**distribution(), "InProgressInvalidationBatches": 1}},
    ),
    "a continuous deployment": (
        "staging",
        "fail",
        ("continuous deployment policy 5b1e", "promote or end"),
        config("ContinuousDeploymentPolicyId", "5b1e"),
    ),
    "a staging distribution": ("staging", "fail", ("it is a staging distribution",), config("Staging", True)),
    "a staging distribution of the same bucket": (
        "staging",
        "warn",
        ("E9STAGING", "delete E9STAGING"),
        {"distributions": [other("E9STAGING", Staging=True, Origins=STAGING_ORIGINS)]},
    ),
    "a staging distribution of another site": (
        "staging",
        "pass",
        (),
        {"distributions": [other("E9STAGING", Staging=True, Origins={"Quantity": 0, "Items": []})]},
    ),
    "distributions that are not told of": (
        "staging",
        "unknown",
        ("cloudfront:ListDistributions",),
        {"distributions": denied("cloudfront:ListDistributions")},
    ),
    "a field beyond the provider": (
        "provider-fields",
        "fail",
        ("AnycastIpListId = 'aip_1'", "CloudFront's default"),
        config("AnycastIpListId", "aip_1"),
    ),
    "a TLS policy beyond the provider": (
        "tls-policy",
        "fail",
        ("TLSv1.2_2025", "TLSv1.2_2021"),
        config("ViewerCertificate.MinimumProtocolVersion", "TLSv1.2_2025"),
    ),
    "the bucket": ("bucket-origin", "pass", ("S3-old-site is old-site.s3.me-central-1.amazonaws.com",), {}),
    "another bucket": (
        "bucket-origin",
        "fail",
        ("old-site is none of its origins (new-site.s3.amazonaws.com)", "correct bucket.name"),
        config("Origins.Items.0.DomainName", "new-site.s3.amazonaws.com"),
    ),
    "a bucket that was retired": (
        "bucket-origin",
        "pass",
        ("dropped at `retire`",),
        {
            "distribution": {
                **distribution(),
                "DistributionConfig": {
                    **CONFIG,
                    "Origins": {"Quantity": 1, "Items": [{"Id": ALB_ORIGIN_ID, "DomainName": "x.elb.amazonaws.com"}]},
                    "DefaultCacheBehavior": {**CONFIG["DefaultCacheBehavior"], "TargetOriginId": ALB_ORIGIN_ID},
                },
            }
        },
    ),
    "another policy under an id": (
        "managed-policies",
        "fail",
        ("4135ea2d-6df8-44a3-9df3-4b5a84be39ad is CachingOptimized, not CachingDisabled",),
        {"cache_policies": renamed("4135ea2d-6df8-44a3-9df3-4b5a84be39ad", "Managed-CachingOptimized")},
    ),
    "a policy that is not there": (
        "managed-policies",
        "fail",
        ("216adef6-5c7f-47e4-b989-5492eafa07d3 is not there",),
        {"origin_request_policies": []},
    ),
    "policies that are not told of": (
        "managed-policies",
        "unknown",
        ("cloudfront:ListCachePolicies", "aws cloudfront list-cache-policies --type managed"),
        {"cache_policies": denied("cloudfront:ListCachePolicies")},
    ),
}

ELSEWHERE = "d999999abcdef8.cloudfront.net"
ZONE = GOOD["records"]["example.com"]
UNASKED = {name: Answer(why="no answer within 3 s") for name in (*SITE.aliases, DOMAIN)}


def dns(answer: Answer) -> dict[str, Any]:
    """No hosted zone, and this answer of the DNS for www."""
    return {"records": [], "names": {**GOOD["names"], "www.example.com": answer}}


WWW_ALONE = amended(aliases=("www.example.com",))
WILD = amended(aliases=("*.example.com",))

ALIASES: dict[str, Case] = {
    "the site file's": ("aliases", "pass", ("example.com, www.example.com",), {}),
    "others": (
        "aliases",
        "fail",
        ("the site file says example.com, www.example.com", 'write aliases = ["www.example.com"]'),
        config("Aliases", {"Quantity": 1, "Items": ["www.example.com"]}),
    ),
    "records that lead here": ("alias-dns", "pass", (f"www.example.com → {DOMAIN} (Route 53)",), {}),
    "a record that leads elsewhere": (
        "alias-dns",
        "warn",
        (f"example.com → {ELSEWHERE} (Route 53), not {DOMAIN}", f"point example.com to {DOMAIN}"),
        {"records": {"example.com": [record("example.com.", f"{ELSEWHERE}."), ZONE[1]]}},
    ),
    "a record of a record that leads here": (
        "alias-dns",
        "pass",
        ("(Route 53)",),
        {"records": {"example.com": [ZONE[0], record("www.example.com.", "example.com.")]}},
    ),
    "a name that is answered as the distribution's": (
        "alias-dns",
        "pass",
        ("(DNS)",),
        dns(Answer(DOMAIN, ("192.0.2.9",))),
    ),
    "a name with an address of the distribution": (
        "alias-dns",
        "pass",
        ("(DNS)",),
        dns(Answer("www.example.com", ("192.0.2.1", "192.0.2.2"))),
    ),
    "a name that is answered otherwise": (
        "alias-dns",
        "warn",
        ("www.example.com → proxy.example.net (DNS)",),
        dns(Answer("proxy.example.net", ("198.51.100.1",))),
    ),
    "a name that nobody knows": ("alias-dns", "warn", ("www.example.com → no address (DNS)",), dns(Answer())),
    "a name that could not be asked for": (
        "alias-dns",
        "unknown",
        ("no answer within 3 s", f"`dig example.com` is to lead to {DOMAIN}"),
        {"records": [], "names": UNASKED},
    ),
    "records that are not told of, and no answer": (
        "alias-dns",
        "unknown",
        ("route53:ListResourceRecordSets", "aws route53 list-hosted-zones"),
        {"records": {"example.com": denied("route53:ListResourceRecordSets")}, "names": UNASKED},
    ),
    "records of another zone that are not told of": (
        "alias-dns",
        "unknown",
        ("no answer within 3 s",),
        {"records": {"ample.com": denied("route53:ListResourceRecordSets")}, "names": UNASKED},
    ),
    "zones that are not told of, and no answer": (
        "alias-dns",
        "unknown",
        ("route53:ListHostedZones",),
        {"records": denied("route53:ListHostedZones"), "names": UNASKED},
    ),
    "a wildcard's record": (
        "alias-dns",
        "pass",
        (f"*.example.com → {DOMAIN} (Route 53)",),
        {"site": WILD, "records": {"example.com": [record("\\052.example.com.", DOMAIN)]}},
    ),
    "a wildcard without a zone": (
        "alias-dns",
        "unknown",
        ("*.example.com: no record", "the DNS was not asked", f"`dig anything.example.com` is to lead to {DOMAIN}"),
        {"site": WILD, "records": []},
    ),
    "an apex that is an alias too": ("apex", "pass", (), {}),
    "an apex that is nobody's": (
        "apex",
        "warn",
        ("example.com is no alias of this distribution, nor of another one", "add example.com"),
        {"site": WWW_ALONE, "distributions": [other("E9OTHER0SITE", "shop.example.com")]},
    ),
    "an apex that is another distribution's": (
        "apex",
        "warn",
        ("but of E9OTHER0SITE",),
        {"site": WWW_ALONE, "distributions": [other("E9OTHER0SITE", "example.com")]},
    ),
    "an apex, and distributions that are not told of": (
        "apex",
        "warn",
        ("whether another one has it is unknown (cloudfront:ListDistributions",),
        {"site": WWW_ALONE, "distributions": denied("cloudfront:ListDistributions")},
    ),
}

ORIGIN = f"arn:aws:acm:{REGION}:{ACCOUNT}:certificate/0a1b2c"


def https(arn: str = ORIGIN) -> dict[str, Any]:
    """The site with https to its origin."""
    return {"site": amended(origin={"protocol": "https", "certificate_arn": arn})}


def seen(*names: str, **more: Any) -> dict[str, Any]:
    """Another certificate for visitors."""
    return {"viewer_certificate": certificate(VIEWER, *names, **more)}


CERTIFICATES: dict[str, Case] = {
    "a wildcard and its apex": ("viewer-certificate", "pass", ("ISSUED", "until 2027-03-01"), {}),
    "a wildcard, which isn't its apex": (
        "viewer-certificate",
        "fail",
        ("not for example.com", "aws acm request-certificate --region us-east-1"),
        seen("*.example.com"),
    ),
    "a wildcard two labels above": (
        "viewer-certificate",
        "fail",
        ("not for a.b.example.com",),
        {**seen("*.example.com"), "site": amended(aliases=("a.b.example.com",))},
    ),
    "a wildcard for a wildcard": (
        "viewer-certificate",
        "pass",
        (),
        {**seen("*.example.com"), "site": amended(aliases=("*.example.com",))},
    ),
    "one that waits for validation": (
        "viewer-certificate",
        "fail",
        ("is PENDING_VALIDATION",),
        seen("example.com", "www.example.com", status="PENDING_VALIDATION"),
    ),
    "an expired one": (
        "viewer-certificate",
        "fail",
        ("until 2026-03-01: expired",),
        seen("example.com", "www.example.com", until=datetime(2026, 3, 1, tzinfo=UTC)),
    ),
    "one that ends now": (
        "viewer-certificate",
        "fail",
        ("until 2026-03-02: expired",),
        seen("example.com", "www.example.com", until=datetime(2026, 3, 2, tzinfo=UTC)),
    ),
    "one that ends soon": (
        "viewer-certificate",
        "warn",
        ("29 days are left",),
        seen("example.com", "www.example.com", until=datetime(2026, 3, 31, tzinfo=UTC)),
    ),
    "one that ends in 30 days": (
        "viewer-certificate",
        "pass",
        (),
        seen("example.com", "www.example.com", until=datetime(2026, 4, 1, tzinfo=UTC)),
    ),
    "one that is gone": ("viewer-certificate", "fail", (f"no certificate {VIEWER}",), {"viewer_certificate": None}),
    "one that is not told of": (
        "viewer-certificate",
        "unknown",
        ("acm:DescribeCertificate", "--region us-east-1"),
        {"viewer_certificate": denied("acm:DescribeCertificate")},
    ),
    "IAM's": (
        "viewer-certificate",
        "unknown",
        ("IAM's ASCA1",),
        config("ViewerCertificate", {"IAMCertificateId": "ASCA1"}),
    ),
    "CloudFront's own": (
        "viewer-certificate",
        "fail",
        ("not for www.example.com, example.com",),
        config("ViewerCertificate", {"CloudFrontDefaultCertificate": True}),
    ),
    "http to the origin": ("origin-certificate", "pass", ("http",), {}),
    "https to the origin": (
        "origin-certificate",
        "pass",
        (ORIGIN,),
        {**https(), "certificates": {ORIGIN: certificate(ORIGIN, "example.com", "www.example.com")}},
    ),
    "no such certificate": ("origin-certificate", "fail", (f"no issued certificate {ORIGIN}",), https()),
    "a certificate of another name": (
        "origin-certificate",
        "fail",
        ("not for www.example.com", f"--region {REGION}"),
        {**https(), "certificates": {ORIGIN: certificate(ORIGIN, "example.com")}},
    ),
    "a certificate of another region": (
        "origin-certificate",
        "fail",
        ("is in us-east-1",),
        https(f"arn:aws:acm:us-east-1:{ACCOUNT}:certificate/0a1b2c"),
    ),
    "a certificate for the origin that is not told of": (
        "origin-certificate",
        "unknown",
        ("acm:DescribeCertificate", f"aws acm list-certificates --region {REGION}"),
        {**https(), "certificates": {ORIGIN: denied("acm:DescribeCertificate")}},
    ),
    "certificates that are not told of": (
        "origin-certificate",
        "unknown",
        ("acm:ListCertificates",),
        {**https(), "certificates": denied("acm:ListCertificates")},
    ),
}


def responses(*items: dict[str, Any]) -> dict[str, Any]:
    """The distribution with these error responses."""
    return config("CustomErrorResponses", {"Quantity": len(items), "Items": list(items)})


MASKING = {"ErrorCode": 404, "ResponseCode": "200", "ResponsePagePath": "/index.html", "ErrorCachingMinTTL": 10}
MAINTENANCE = {"ErrorCode": 503, "ResponseCode": "503", "ResponsePagePath": "/503.html", "ErrorCachingMinTTL": 10}
CODE = "function handler(event) { event.request.uri += 'index.html'; return event.request; }"
FUNCTION = f"arn:aws:cloudfront::{ACCOUNT}:function/rewrite"
EDGE = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:edge:1"


def runs(event: str, code: Any) -> dict[str, Any]:
    """A CloudFront function on the default behavior."""
    associations = {"Quantity": 1, "Items": [{"FunctionARN": FUNCTION, "EventType": event}]}
    return {**config("DefaultCacheBehavior.FunctionAssociations", associations), "functions": {"rewrite": code}}


SERVING: dict[str, Case] = {
    "no error page": ("error-pages", "pass", (), {}),
    "an error page that serve takes off": (
        "error-pages",
        "pass",
        ("404 → /index.html as 200: `serve` takes it off",),
        responses(MASKING),
    ),
    "an error page that stays": (
        "error-pages",
        "warn",
        ("503 → /503.html as 503 stays at `serve`",),
        responses(MASKING, MAINTENANCE),
    ),
    "an error that is cached, without a page": (
        "error-pages",
        "pass",
        ("no error response",),
        responses({"ErrorCode": 404, "ResponseCode": "", "ResponsePagePath": "", "ErrorCachingMinTTL": 10}),
    ),
    "no function": ("index-functions", "pass", (), {}),
    "a function that appends index.html": (
        "index-functions",
        "fail",
        ("rewrite runs at viewer-request", "index.html", "take it off the default behavior"),
        runs("viewer-request", CODE),
    ),
    "a function that does something else": (
        "index-functions",
        "warn",
        ("rewrite runs at viewer-request: `serve` leaves it there",),
        runs("viewer-request", "function handler(event) { return event.request; }"),
    ),
    "a function after the answer": ("index-functions", "pass", ("viewer-response",), runs("viewer-response", CODE)),
    "a function that is not told of": (
        "index-functions",
        "unknown",
        ("cloudfront:GetFunction", "aws cloudfront get-function --name rewrite --stage LIVE"),
        runs("viewer-request", denied("cloudfront:GetFunction")),
    ),
    "a function at the edge": (
        "lambda-edge",
        "warn",
        (f"default: origin-request {EDGE}",),
        config(
            "DefaultCacheBehavior.LambdaFunctionAssociations",
            {"Quantity": 1, "Items": [{"LambdaFunctionARN": EDGE, "EventType": "origin-request"}]},
        ),
    ),
    "methods that only read": ("allowed-methods", "pass", ("GET, HEAD: `serve` makes that all seven",), {}),
    "all methods": (
        "allowed-methods",
        "pass",
        ("POST",),
        config("DefaultCacheBehavior.AllowedMethods", {"Quantity": 3, "Items": ["GET", "HEAD", "POST"]}),
    ),
    "a root object": ("default-root-object", "pass", ("/index.html: `serve` takes that off",), {}),
    "no root object": ("default-root-object", "pass", ("no default root object",), config("DefaultRootObject", "")),
}


@pytest.mark.parametrize(("id_", "outcome", "pieces", "case"), DISTRIBUTION.values(), ids=DISTRIBUTION)
def test_of_the_distribution(id_: str, outcome: str, pieces: tuple[str, ...], case: dict[str, Any]) -> None:
    """Whether it is there, at rest, and nothing that Terraform would lose."""
    told(id_, outcome, *pieces, **case)


@pytest.mark.parametrize(("id_", "outcome", "pieces", "case"), ALIASES.values(), ids=ALIASES)
def test_of_the_aliases(id_: str, outcome: str, pieces: tuple[str, ...], case: dict[str, Any]) -> None:
    """Whether visitors come here, and who doesn't."""
    told(id_, outcome, *pieces, **case)


@pytest.mark.parametrize(("id_", "outcome", "pieces", "case"), CERTIFICATES.values(), ids=CERTIFICATES)
def test_of_the_certificates(id_: str, outcome: str, pieces: tuple[str, ...], case: dict[str, Any]) -> None:
    """A wildcard covers one label, and what ends soon is told."""
    told(id_, outcome, *pieces, **case)


@pytest.mark.parametrize(("id_", "outcome", "pieces", "case"), SERVING.values(), ids=SERVING)
def test_of_what_a_bucket_needed(id_: str, outcome: str, pieces: tuple[str, ...], case: dict[str, Any]) -> None:
    """What `serve` changes by itself passes, with that said."""
    told(id_, outcome, *pieces, **case)
