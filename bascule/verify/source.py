"""Who answered: CloudFront shows visitors the answers of others, and some of its own."""

from __future__ import annotations

import re
from enum import StrEnum

from bascule.verify.expectation import Expectation, Markers
from bascule.verify.messages import Response

S3_ERROR = re.compile(
    r"<ListBucketResult\b|<Error>\s*<Code>\w+</Code>|<li>Code: (NoSuchKey|AccessDenied|NoSuchBucket)\b"
)
"""What S3 writes instead of a page: REST endpoints XML, website endpoints HTML (Amazon S3 API reference, "Error
responses"; user guide, "Configuring a custom error document")."""

NEXT_JS = re.compile(r"/_next/|__NEXT_DATA__|self\.__next_f\b")
"""What Next.js writes into its pages."""

APP_ROUTER = "self.__next_f"
"""What only pages of the App Router hold: these have RSC payloads."""


class Source(StrEnum):
    """Who answered."""

    BUCKET = "the bucket"
    CLOUDFRONT = "CloudFront itself"
    LOAD_BALANCER = "the load balancer itself"
    APPLICATION = "the application"
    OTHER = "a server that is none of AWS's"
    """Neither bucket, CloudFront nor load balancer, and no sign of the application: its API, for instance."""


BEHIND = (Source.APPLICATION, Source.OTHER)
"""Behind the load balancer, only the application is left."""


def source(response: Response, markers: Markers) -> Source:
    """Who answered. A static export has Next.js's signs and is still the bucket's, so S3's signs count first."""
    server = response.header("server").lower()
    text = response.text
    if server == "amazons3" or response.header("x-amz-request-id") or response.header("x-amz-id-2"):
        return Source.BUCKET
    if S3_ERROR.search(text) or markers.is_old(response.body):
        return Source.BUCKET
    if server == "cloudfront":
        return Source.CLOUDFRONT
    if server.startswith("awselb/"):
        return Source.LOAD_BALANCER
    if markers.is_new(response.body) or signed(response):
        return Source.APPLICATION
    return Source.OTHER


def signed(response: Response) -> bool:
    """Whether it has Next.js's own signs."""
    return "next.js" in response.header("x-powered-by").lower() or NEXT_JS.search(response.text) is not None


def masked(response: Response, expected: Expectation) -> bool:
    """Whether a custom error response of CloudFront stands where the origin answered something else.

    CloudFront says `Error from cloudfront` of whatever the origin answered with an error, also where it then sends
    another page and another status. S3's own error is no page in anybody's place: the request was the bucket's.
    """
    if not response.header("x-cache").lower().startswith("error"):
        return False
    if response.status < 400:
        return True
    return source(response, expected.markers) is Source.BUCKET and S3_ERROR.search(response.text) is None


def seen(response: Response) -> str:
    """An answer in a few words: what tells who it comes from."""
    facts = [f"{response.status} {shown(response.media_type)}".strip()]
    for name in ("server", "x-powered-by", "x-cache", "age", "location"):
        if value := response.header(name):
            facts.append(f"{name}: {shown(value)}")
    return ", ".join(facts)


def shown(text: str, length: int = 120) -> str:
    """What a server sent, fit for a terminal and not too long."""
    printable = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)
    return printable if len(printable) <= length else printable[: length - 1] + "…"
