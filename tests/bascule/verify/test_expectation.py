"""What is expected of a site, and who answered."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pytest
from example import SITE
from hypothesis import given
from hypothesis import strategies as st

from bascule.verify.expectation import (
    BODY_LIMIT,
    Closed,
    Expect,
    Live,
    Markers,
    addresses,
    apexes,
    askable,
    expectation,
    title,
)
from bascule.verify.messages import Address, Response
from bascule.verify.source import Source, seen, shown, source

OLD = b"<html><title> Example\n site </title>Soon</html>"
NOW = datetime(2026, 5, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Settings:
    """`[verify]` as the site file would say it."""

    old_marker: str | None = None
    new_marker: str | None = None
    post_path: str | None = None
    echo_path: str | None = None
    hsts_min_age: int | None = None


def test_names_are_those_that_the_distribution_has() -> None:
    """What the site file has beyond them is missing, and an apex that is neither is told."""
    site = SITE.model_copy(update={"aliases": ("www.example.com", "shop.example.com")})
    live = Live(aliases=("www.example.com", "other.example.com"), domain="d1.cloudfront.net", probed=True)
    found = expectation(site, Settings(), live, expect=Expect.APPLICATION, now=NOW, nonce="n")
    assert ("www.example.com",) == found.hosts
    assert ("shop.example.com",) == found.missing
    assert ("example.com",) == found.apexes
    assert site.distribution.probe_path == found.probe_path == found.post_path


def test_without_any_alias_the_distributions_own_name_is_asked() -> None:
    """And no probe path where none is routed."""
    live = Live(aliases=(), domain="d1.cloudfront.net", probed=False)
    found = expectation(SITE, Settings(post_path="/form"), live, expect=Expect.BUCKET, now=NOW, nonce="n")
    assert "d1.cloudfront.net" == found.host
    assert (None, "/form") == (found.probe_path, found.post_path)


def test_closed_are_both_ports_of_the_load_balancer_and_the_tasks_own() -> None:
    """What couldn't be read isn't taken for none."""
    assert (
        Closed("load balancer", Address("alb.test", 80)),
        Closed("load balancer", Address("alb.test", 443)),
        Closed("task", Address("198.51.100.7", 3000)),
    ) == addresses("alb.test", ("198.51.100.7",), 3000)
    assert () == addresses(None, (), 3000)
    assert addresses("alb.test", None, 3000) is None


def test_an_apex_that_is_an_alias_is_none_to_tell() -> None:
    """Nor is there one of a name without www."""
    assert () == apexes(("www.a.test", "a.test", "shop.b.test"))
    assert ("a.test",) == apexes(("www.a.test", "www.a.test"))


def test_a_wildcard_alias_is_asked_by_a_label() -> None:
    """Any is covered."""
    assert ("bascule.a.test", "www.a.test") == (askable("*.a.test"), askable("www.a.test"))


def test_the_old_page_is_known_by_its_bytes_or_its_title() -> None:
    """But only its bytes convict: the new page may have the same title."""
    markers = Markers(index_html=OLD)
    same_title = b"<title>Example site</title>Welcome"
    assert (True, True) == (markers.is_old(OLD), markers.looks_old(OLD))
    assert (False, True) == (markers.is_old(same_title), markers.looks_old(same_title))
    assert markers.looks_old(b"<title>Other</title>") is False
    assert Markers().looks_old(OLD) is None
    assert Markers(index_html=b"").looks_old(b"") is None
    long = b"x" * (BODY_LIMIT + 1)
    assert Markers(index_html=long).is_old(long[:BODY_LIMIT])


def test_a_marker_of_the_sites_own_is_all_that_counts() -> None:
    """Whatever the bucket holds."""
    markers = Markers(old="Soon", new="Welcome", index_html=OLD)
    assert (True, True) == (markers.is_old(b"Soon!"), markers.looks_old(b"Soon!"))
    assert markers.looks_old(b"<title>Example site</title>") is False
    assert (True, False) == (markers.is_new(b"Welcome"), markers.is_new(OLD))


@given(st.binary(max_size=200))
def test_any_bytes_have_a_title_or_none(page: bytes) -> None:
    """Nothing is raised."""
    found = title(page)
    assert found is None or found == " ".join(found.split()) != ""


NEXT = Response(200, (("content-type", "text/html"),), b'<script src="/_next/static/a.js">')


@pytest.mark.parametrize(
    ("response", "by"),
    [
        (NEXT, Source.APPLICATION),
        (Response(405, (("x-powered-by", "Next.js"),)), Source.APPLICATION),
        (Response(200, (("content-type", "application/json"),), b"{}"), Source.OTHER),
        (replace(NEXT, headers=(("server", "AmazonS3"),)), Source.BUCKET),
        (Response(200, (("x-amz-request-id", "4442"),)), Source.BUCKET),
        (Response(403, (), b"<?xml version='1.0'?>\n<Error><Code>AccessDenied</Code>"), Source.BUCKET),
        (Response(200, (), b'<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'), Source.BUCKET),
        (Response(404, (), b"<ul><li>Code: NoSuchKey</li>"), Source.BUCKET),
        (Response(200, (), OLD), Source.BUCKET),
        (Response(403, (("server", "CloudFront"),), b"Request blocked"), Source.CLOUDFRONT),
        (Response(503, (("server", "awselb/2.0"),)), Source.LOAD_BALANCER),
        (Response(200, (), b"New shop"), Source.APPLICATION),
    ],
)
def test_who_answered_is_told_by_signs(response: Response, by: Source) -> None:
    """A static export is the bucket's, for all its `/_next/`."""
    assert by is source(response, Markers(new="New shop", index_html=OLD))


@given(st.text(max_size=300))
def test_what_a_server_sends_is_shown_without_what_a_terminal_acts_on(text: str) -> None:
    """And not at length."""
    assert shown(text).isprintable()
    assert len(shown(text)) <= 120
    assert seen(Response(200, (("server", text), ("content-type", text)))).isprintable()
