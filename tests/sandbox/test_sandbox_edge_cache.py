"""What the edge keeps, for how long, and what takes it out again."""

from __future__ import annotations

from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st
from moved import BUCKET, SERVICE, Site

from bascule.edge_policies import CachePolicy
from bascule.origin_requests import CacheKey
from bascule.sandbox import application, control
from bascule.sandbox.edge.cache import invalidates
from bascule.sandbox.edge.lifetimes import error_lifetime, lifetime

ASSET = application.MAIN
NOW = 1_800_000_000.0
NO_MINIMUM, MINIMUM = CachePolicy("a", 0, 100, 1000), CachePolicy("b", 50, 100, 1000)
HOT = "Hit from cloudfront"
COLD = "Miss from cloudfront"


@pytest.fixture
def serving(site: Site) -> Site:
    """The site at `serve`."""
    site.put(site.serving())
    site.invalidate("/*")
    return site


@pytest.mark.parametrize(
    ("sent", "without", "with_minimum"),
    [
        ({"cache-control": "max-age=500"}, 500, 500),
        ({"cache-control": "max-age=5"}, 5, 50),
        ({"cache-control": "public, max-age=5000"}, 1000, 1000),
        ({}, 100, 100),
        ({"cache-control": "max-age=5, s-maxage=600"}, 600, 600),
        ({"cache-control": "s-maxage=5000, max-age=1"}, 1000, 1000),
        ({"expires": formatdate(NOW + 300, usegmt=True)}, 300, 300),
        ({"expires": formatdate(NOW + 3000, usegmt=True)}, 1000, 1000),
        ({"expires": formatdate(NOW - 3000, usegmt=True)}, 0, 50),
        ({"expires": "never"}, 0, 50),
        ({"expires": formatdate(NOW + 300, usegmt=True), "cache-control": "max-age=400"}, 400, 400),
        ({"cache-control": "no-cache"}, 0, 50),
        ({"cache-control": "private, max-age=300"}, 0, 50),
        ({"cache-control": "No-Store"}, 0, 50),
        ({"cache-control": "immutable"}, 100, 100),
    ],
)
def test_the_guides_table_says_for_how_long(sent: dict[str, str], without: int, with_minimum: int) -> None:
    """CloudFront developer guide, "Specify the amount of time that CloudFront caches objects"."""
    assert (without, with_minimum) == (lifetime(NO_MINIMUM, 200, sent, NOW), lifetime(MINIMUM, 200, sent, NOW))


@given(
    st.integers(0, 100),
    st.integers(0, 100),
    st.integers(0, 100),
    st.text(max_size=30),
    st.sampled_from([200, 206, 404]),
)
def test_a_success_is_kept_within_the_policys_limits(least: int, usual: int, most: int, said: str, status: int) -> None:
    """Whatever the origin says; and nothing is kept where the longest time is none."""
    low, middle, high = sorted((least, usual, most))
    seconds = lifetime(CachePolicy("any", low, middle, high), status, {"cache-control": said}, NOW)
    assert 0 <= seconds <= high
    assert seconds >= low or status != 200 or not high


@pytest.mark.parametrize(
    ("status", "sent", "seconds"),
    [
        (404, {}, 10),
        (502, {"cache-control": "max-age=60"}, 60),
        (502, {"cache-control": "max-age=3"}, 10),
        (404, {"cache-control": "no-store"}, 10),
        (403, {}, 0),
        (403, {"cache-control": "max-age=60"}, 60),
        (416, {"cache-control": "max-age=60"}, 0),
    ],
)
def test_errors_are_kept_by_their_own_rule(status: int, sent: dict[str, str], seconds: int) -> None:
    """CloudFront developer guide, "Control how long CloudFront caches errors", and which codes it caches."""
    assert seconds == error_lifetime(10, status, sent, NOW)


@pytest.mark.parametrize(
    ("path", "kept", "expected"),
    [
        ("/*", ("/", "a=b"), True),
        ("/*", ("/deep/down.html", ""), True),
        ("/images/*", ("/images/a.png", ""), True),
        ("/images/*", ("/image.png", ""), False),
        ("/a.png", ("/a.png", ""), True),
        ("/a.png", ("/A.png", ""), False),
        ("/a.png", ("/a.png", "v=1"), False),
        ("/a.png*", ("/a.png", "v=1"), True),
        ("/a.png?v=1", ("/a.png", "v=1"), True),
        ("a.png", ("/a.png", ""), True),
    ],
)
def test_an_invalidation_names_paths(path: str, kept: tuple[str, str], expected: bool) -> None:
    """CloudFront developer guide, "Invalidate files": what you need to know."""
    assert expected is invalidates(path, CacheKey("d", *kept))


def test_an_asset_is_a_hit_the_second_time(serving: Site) -> None:
    """And says how old it is, whatever HTTP it is asked by, until it is too old."""
    assert [COLD, HOT] == [serving.get(ASSET, http2=http2).header("x-cache") for http2 in (False, True)]
    serving.later(90)
    again = serving.get(ASSET)
    assert (HOT, True) == (again.header("x-cache"), int(again.header("age")) >= 90)
    assert "immutable" in again.header("cache-control")
    assert application.SCRIPT == again.body


def test_pages_are_not_kept_where_the_policy_keeps_none(serving: Site) -> None:
    """Managed-CachingDisabled."""
    assert [COLD, COLD] == [serving.get().header("x-cache") for _ in range(2)]


def test_a_post_is_never_answered_from_the_cache(serving: Site) -> None:
    """Nor is its answer kept."""
    answers = [serving.get("/api/health", method="POST", body=b"x").header("x-cache") for _ in range(2)]
    assert [COLD, COLD] == answers


def test_what_is_too_old_is_asked_for_anew_and_may_still_hold(site: Site) -> None:
    """S3 says 304, and CloudFront that it refreshed."""
    site.get()
    site.later(86_500)
    assert ["RefreshHit from cloudfront", HOT] == [site.get().header("x-cache") for _ in range(2)]
    site.client("s3").put_object(Bucket=BUCKET, Key="other.html", Body=b"<p>one</p>", ContentType="text/html")
    site.get("/other.html")
    site.client("s3").put_object(Bucket=BUCKET, Key="other.html", Body=b"<p>two</p>", ContentType="text/html")
    assert b"<p>one</p>" == site.get("/other.html").body
    site.later(86_500)
    changed = site.get("/other.html")
    site.client("s3").delete_object(Bucket=BUCKET, Key="other.html")
    assert (COLD, b"<p>two</p>") == (changed.header("x-cache"), changed.body)


def test_whoever_has_it_already_is_told_so(site: Site) -> None:
    """By its ETag."""
    etag = site.get().header("etag")
    answer = site.get(headers=(("if-none-match", etag),))
    assert (304, b"") == (answer.status, answer.body)


def test_a_part_is_answered_and_not_kept_for_the_whole(site: Site) -> None:
    """A range is passed on to S3."""
    site.client("s3").put_object(Bucket=BUCKET, Key="part.txt", Body=b"0123456789")
    part = site.get("/part.txt", headers=(("range", "bytes=2-4"),))
    whole = site.get("/part.txt")
    site.client("s3").delete_object(Bucket=BUCKET, Key="part.txt")
    assert (206, b"234", b"0123456789") == (part.status, part.body, whole.body)


def test_an_invalidation_takes_out_what_it_names(site: Site) -> None:
    """From when it is made."""
    site.get()
    site.invalidate("/images/*")
    assert HOT == site.get().header("x-cache")
    site.invalidate("/index.html")
    assert [COLD, HOT] == [site.get().header("x-cache") for _ in range(2)]


def test_the_old_page_stays_in_the_caches_until_it_is_invalidated(site: Site) -> None:
    """Where the new behavior keeps by the same key: why there is an invalidation after a switch and a way back."""
    keeping = site.serving()
    keeping["DefaultCacheBehavior"]["CachePolicyId"] = site.adopted["DefaultCacheBehavior"]["CachePolicyId"]
    keeping["DefaultRootObject"] = "index.html"
    site.get()
    site.put(keeping)
    assert "Coming soon" in site.get().text
    site.invalidate("/*")
    assert 404 == site.get().status


def test_an_error_is_kept_for_ten_seconds(serving: Site) -> None:
    """Also where successes aren't: a visitor may see it though the service is well again."""
    control.configure(serving.running, unhealthy=[SERVICE])
    assert 502 == serving.get("/about").status
    control.configure(serving.running, unhealthy=[])
    assert 502 == serving.get("/about").status
    serving.later(11)
    assert 200 == serving.get("/about").status
