"""What a bucket answers to CloudFront: at its REST endpoint, and at its website endpoint."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from moved import BUCKET, Site

ARN = f"arn:aws:s3:::{BUCKET}"


@pytest.fixture
def website(site: Site) -> Iterator[Site]:
    """The site as its bucket's website endpoint shows it."""
    s3 = site.client("s3")
    settings = {"IndexDocument": {"Suffix": "index.html"}, "ErrorDocument": {"Key": "error.html"}}
    s3.put_bucket_website(Bucket=BUCKET, WebsiteConfiguration=settings)
    s3.put_object(Bucket=BUCKET, Key="about/index.html", Body=b"<p>About</p>", ContentType="text/html")
    config = site.config()
    custom = {"HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": "http-only"}
    origin = {"Id": "website", "DomainName": f"{BUCKET}.s3-website.me-central-1.amazonaws.com"}
    config["Origins"] = {"Quantity": 1, "Items": [origin | {"CustomOriginConfig": custom}]}
    config["DefaultCacheBehavior"]["TargetOriginId"] = "website"
    config["DefaultRootObject"] = ""
    site.put(config)
    site.invalidate("/*")
    yield site
    for key in ("about/index.html", "error.html"):
        s3.delete_object(Bucket=BUCKET, Key=key)
    s3.delete_bucket_website(Bucket=BUCKET)


@pytest.fixture
def private(site: Site) -> Iterator[Site]:
    """The site with a bucket that nobody may read."""
    s3 = site.client("s3")
    policy = s3.get_bucket_policy(Bucket=BUCKET)["Policy"]
    s3.delete_bucket_policy(Bucket=BUCKET)
    site.invalidate("/*")
    yield site
    s3.put_bucket_policy(Bucket=BUCKET, Policy=policy)


def test_a_website_has_index_documents(website: Site) -> None:
    """At the root, in a folder, and by a redirect where the slash is missing."""
    assert "Coming soon" in website.get("/").text
    assert "About" in website.get("/about/").text
    answer = website.get("/about")
    assert (302, "/about/") == (answer.status, answer.header("location"))


def test_a_website_has_an_error_document(website: Site) -> None:
    """Else S3's own, in HTML."""
    plain = website.get("/missing")
    website.client("s3").put_object(Bucket=BUCKET, Key="error.html", Body=b"<p>Oh</p>", ContentType="text/html")
    own = website.get("/other")
    assert (403, 403) == (plain.status, own.status)
    assert "<li>Code: AccessDenied</li>" in plain.text
    assert "<p>Oh</p>" == own.text


def test_what_nobody_may_read_is_refused(private: Site) -> None:
    """As S3 does it."""
    answer = private.get()
    assert (403, "AmazonS3") == (answer.status, answer.header("server"))
    assert "<Code>AccessDenied</Code>" in answer.text


def test_cloudfront_reads_a_private_bucket_by_its_origin_access(private: Site) -> None:
    """It signs its requests."""
    config = private.config()
    config["Origins"]["Items"][0]["OriginAccessControlId"] = "E1EXAMPLE"
    private.put(config)
    assert "Coming soon" in private.get().text


def test_whoever_may_list_a_bucket_is_told_what_is_missing(site: Site) -> None:
    """404 in the place of 403."""
    s3 = site.client("s3")
    before = s3.get_bucket_policy(Bucket=BUCKET)["Policy"]
    policy = json.loads(before)
    policy["Statement"].append({"Effect": "Allow", "Principal": "*", "Action": "s3:ListBucket", "Resource": ARN})
    s3.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(policy))
    answer = site.get("/gone")
    s3.put_bucket_policy(Bucket=BUCKET, Policy=before)
    assert (404, True) == (answer.status, "<Code>NoSuchKey</Code>" in answer.text)
