"""What CloudFront forwards and keeps answers by: policies by id, the table of headers, forwarded values."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bascule import managed_policies
from bascule.edge_policies import (
    ALL,
    CACHE_POLICIES,
    NO_POLICY,
    ORIGIN_REQUEST_POLICIES,
    CachePolicy,
    Selection,
    cache_policy,
    origin_request_policy,
)
from bascule.http_request import Request, cookies
from bascule.origin_requests import Caching, OriginRequest, Recipe, caching, origin_request, recipe
from bascule.plan_json import Unknown
from bascule.planned_values import NotKnown
from bascule.sandbox import managed_policies as answered

DISABLED, OPTIMIZED = managed_policies.CACHING_DISABLED, managed_policies.CACHING_OPTIMIZED
QUERY_STRINGS = managed_policies.USE_ORIGIN_HEADERS_WITH_QUERY_STRINGS
NAMED = {policy.name: id for table in (CACHE_POLICIES, ORIGIN_REQUEST_POLICIES) for id, policy in table.items()}


def test_every_managed_policy_that_has_a_name_has_contents() -> None:
    """One list of ids, two tables."""
    assert managed_policies.NAMES.items() <= {id: name for name, id in NAMED.items()}.items()


def selection(config: dict[str, Any], behavior: str, items: str) -> Selection:
    names = frozenset(name.lower() for name in config.get(items, {}).get("Items", ()))
    kind = config[behavior]
    return (
        ALL
        if kind in ("all", "allViewer", "allViewerAndWhitelistCloudFront")
        else Selection(kind == "allExcept", names)
    )


@pytest.mark.parametrize("answer", answered.CACHE, ids=lambda answer: answer["CachePolicyConfig"]["Name"])
def test_cache_policies_are_what_the_sandbox_answers(answer: dict[str, Any]) -> None:
    """The two tables were written from the same page; what they have in common has to agree."""
    config, ours = answer["CachePolicyConfig"], CACHE_POLICIES[answer["Id"]]
    key = config["ParametersInCacheKeyAndForwardedToOrigin"]
    assert (config["MinTTL"], config["DefaultTTL"], config["MaxTTL"]) == (ours.min_ttl, ours.default_ttl, ours.max_ttl)
    assert selection(key["HeadersConfig"], "HeaderBehavior", "Headers") == ours.headers
    assert selection(key["CookiesConfig"], "CookieBehavior", "Cookies") == ours.cookies
    assert selection(key["QueryStringsConfig"], "QueryStringBehavior", "QueryStrings") == ours.query
    assert key["EnableAcceptEncodingGzip"] is ("gzip" in ours.encodings)
    assert key["EnableAcceptEncodingBrotli"] is ("br" in ours.encodings)


@pytest.mark.parametrize(
    "answer", answered.ORIGIN_REQUEST, ids=lambda answer: answer["OriginRequestPolicyConfig"]["Name"]
)
def test_origin_request_policies_are_what_the_sandbox_answers(answer: dict[str, Any]) -> None:
    """As above."""
    config, ours = answer["OriginRequestPolicyConfig"], ORIGIN_REQUEST_POLICIES[answer["Id"]]
    headers = config["HeadersConfig"]
    assert selection(headers, "HeaderBehavior", "Headers") == ours.headers
    if headers["HeaderBehavior"] == "allViewerAndWhitelistCloudFront":
        assert {name.lower() for name in headers["Headers"]["Items"]} == ours.added
    assert selection(config["CookiesConfig"], "CookieBehavior", "Cookies") == ours.cookies
    assert selection(config["QueryStringsConfig"], "QueryStringBehavior", "QueryStrings") == ours.query


selections = st.builds(Selection, st.booleans(), st.frozensets(st.sampled_from("abc")))


@given(selections, selections, st.sampled_from("abcd"))
def test_what_either_selects_is_selected(one: Selection, other: Selection, name: str) -> None:
    """What is in the cache key is forwarded, and what the origin request policy names, too."""
    assert (one.picks(name) or other.picks(name)) is (one | other).picks(name)


HEADERS = (
    ("User-Agent", "Mozilla/5.0"),
    ("Accept", "text/html"),
    ("Accept-Encoding", "gzip, deflate, br;q=0.9"),
    ("Accept-Language", "en"),
    ("Referer", "https://a.example/"),
    ("RSC", "1"),
    ("Origin", "https://www.example.com"),
    ("Cookie", "b=2; a=1;A=3"),
    ("Authorization", "Basic x"),
    ("X-Forwarded-For", "192.0.2.4,192.0.2.3"),
    ("X-Forwarded-Proto", "http"),
    ("X-Edge-Location", "x"),
    ("Proxy-Authorization", "x"),
    ("TE", "trailers"),
    ("Content-Type", "text/plain"),
    ("If-None-Match", '"x"'),
    ("CloudFront-Viewer-Country", "XX"),
    ("X-Origin-Verify", "guessed"),
)
ASKED = Request(
    "/a/b", host="www.example.com", query="x=1&_rsc=2&X=3&x=4", headers=HEADERS, address="192.0.2.2", scheme="https"
)
CUSTOM = {"x-origin-verify": ("X-Origin-Verify", "secret")}


def made(
    cache: str | CachePolicy, beside: str = "", cached_methods: tuple[str, ...] = ("GET", "HEAD"), **more: Any
) -> Recipe:
    ours = {"domain": "alb.example", "prefix": "", "custom": CUSTOM, "bucket": False, **more}
    kept = CACHE_POLICIES[NAMED.get(cache, cache)] if isinstance(cache, str) else cache
    forwarded = ORIGIN_REQUEST_POLICIES[NAMED[beside]] if beside else NO_POLICY
    return recipe("d1.cloudfront.net", kept, forwarded, cached_methods, **ours)


def sent(found: Recipe, asked: Request = ASKED) -> tuple[OriginRequest, dict[str, Any]]:
    got = origin_request(found, asked, asked.path, "http")
    headers = {name.lower(): value for name, value in got.headers}
    assert len(headers) == len(got.headers), "no header twice"
    return got, headers


ALWAYS = {
    "connection": "Keep-Alive",
    "via": None,
    "x-amz-cf-id": None,
    "x-forwarded-for": "192.0.2.4,192.0.2.3,192.0.2.2",
    "x-origin-verify": "secret",
    "content-type": "text/plain",
    "if-none-match": '"x"',
}
"""Whatever is configured: CloudFront developer guide, "Request and response behavior for custom origins"."""
OWN_AGENT = {"user-agent": "Amazon CloudFront"}
ALL_VIEWER = {
    "user-agent": "Mozilla/5.0",
    "accept": "text/html",
    "accept-language": "en",
    "referer": "https://a.example/",
    "rsc": "1",
    "origin": "https://www.example.com",
    "cookie": "A=3; a=1; b=2",
    "authorization": "Basic x",
}
AS_SENT, NORMALIZED = {"accept-encoding": "gzip, deflate, br;q=0.9"}, {"accept-encoding": "br,gzip"}

# CloudFront developer guide, "Use managed cache policies", "Use managed origin request policies".
FORWARDED: dict[tuple[str, str], tuple[str, str, dict[str, Any]]] = {
    ("CachingDisabled", ""): ("alb.example", "", OWN_AGENT),
    ("CachingOptimized", ""): ("alb.example", "", OWN_AGENT | NORMALIZED),
    ("CachingDisabled", "AllViewer"): ("www.example.com", ASKED.query, ALL_VIEWER | AS_SENT),
    ("CachingOptimized", "AllViewer"): ("www.example.com", ASKED.query, ALL_VIEWER | NORMALIZED),
    ("CachingDisabled", "AllViewerExceptHostHeader"): ("alb.example", ASKED.query, ALL_VIEWER | AS_SENT),
    ("CachingDisabled", "HostHeaderOnly"): ("www.example.com", "", OWN_AGENT),
    ("CachingDisabled", "UserAgentRefererHeaders"): (
        "alb.example",
        "",
        {"user-agent": "Mozilla/5.0", "referer": "https://a.example/"},
    ),
    ("CachingDisabled", "CORS-CustomOrigin"): (
        "alb.example",
        "",
        OWN_AGENT | {"origin": "https://www.example.com"},
    ),
    ("UseOriginCacheControlHeaders-QueryStrings", ""): (
        "www.example.com",
        ASKED.query,
        OWN_AGENT | NORMALIZED | {"origin": "https://www.example.com", "cookie": "A=3; a=1; b=2"},
    ),
    ("UseOriginCacheControlHeaders", ""): (
        "www.example.com",
        "",
        OWN_AGENT | NORMALIZED | {"origin": "https://www.example.com", "cookie": "A=3; a=1; b=2"},
    ),
    ("Amplify", ""): (
        "www.example.com",
        ASKED.query,
        OWN_AGENT
        | NORMALIZED
        | {"authorization": "Basic x", "cloudfront-viewer-country": None, "cookie": "A=3; a=1; b=2"},
    ),
}


@pytest.mark.parametrize(("policies", "expected"), FORWARDED.items(), ids=map(" + ".join, FORWARDED))
def test_policies_forward_what_their_page_says(
    policies: tuple[str, str], expected: tuple[str, str, dict[str, Any]]
) -> None:
    """Host, query string, and every header; and neither what may never be, nor what the viewer made up."""
    host, query, headers = expected
    got, found = sent(made(*policies))
    assert (host, query, "/a/b", "http", "GET") == (got.host, got.query, got.path, got.scheme, got.method)
    assert ALWAYS | headers == found


def test_cloudfronts_own_headers_are_added_and_not_taken_from_viewers() -> None:
    """Most values are CloudFront's to make; the viewer's protocol is known."""
    found = sent(made("CachingDisabled", "AllViewerAndCloudFrontHeaders-2022-06"))[1]
    assert "https" == found["cloudfront-forwarded-proto"]
    assert found["cloudfront-viewer-country"] is None
    assert 21 == len([name for name in found if name.startswith("cloudfront-")])


def test_the_origins_path_and_headers_are_put_in() -> None:
    """An origin path goes before the path; an origin's header takes the place of the viewer's of that name."""
    found = made("CachingDisabled", "AllViewer", prefix="/production", custom={"rsc": ("Rsc", Unknown("x.y.z"))})
    got, headers = sent(found)
    assert "/production/a/b" == got.path
    assert Unknown("x.y.z") == headers["rsc"]
    assert "guessed" == headers["x-origin-verify"]


def test_a_bucket_is_not_asked_for_other_response_headers() -> None:
    """The note on the page of managed origin request policies."""
    asked = Request(query="response-content-type=a&b=1")
    assert "b=1" == sent(made("CachingDisabled", "AllViewer", bucket=True), asked)[0].query
    assert asked.query == sent(made("CachingDisabled", "AllViewer"), asked)[0].query


@pytest.mark.parametrize(
    ("method", "cached", "expected"),
    [
        ("GET", ("GET", "HEAD"), False),
        ("HEAD", ("GET", "HEAD"), False),
        ("OPTIONS", ("GET", "HEAD"), True),
        ("OPTIONS", ("GET", "HEAD", "OPTIONS"), False),
        *((method, ("GET", "HEAD"), True) for method in ("POST", "PUT", "PATCH", "DELETE")),
    ],
)
def test_authorization_is_removed_where_an_answer_may_be_kept(
    method: str, cached: tuple[str, ...], expected: bool
) -> None:
    """Unless it is asked for: the table of headers."""
    asked = Request(method=method, headers=(("Authorization", "x"),))
    assert expected is ("authorization" in sent(made("CachingDisabled", cached_methods=cached), asked)[1])
    assert "authorization" in sent(made("CachingDisabled", "AllViewer", cached), asked)[1]


# CloudFront developer guide, "Compression support": what is offered of the two, `br` first.
@pytest.mark.parametrize(
    ("offered", "forwarded", "in_key"),
    [
        ("gzip, br", "br,gzip", "br,gzip"),
        ("GZIP;q=0.5", "gzip", "gzip"),
        ("br", "br", "br"),
        ("deflate", "identity", None),
        (None, None, None),
    ],
)
def test_encodings_are_normalized(offered: str | None, forwarded: str | None, in_key: str | None) -> None:
    """So that browsers share what is kept."""
    asked = Request(headers=(("Accept-Encoding", offered),) if offered else ())
    found = made("CachingOptimized")
    assert forwarded == sent(found, asked)[1].get("accept-encoding")
    assert in_key == dict(caching(found, asked, "/").key.headers).get("accept-encoding")


def key(found: Recipe, **asked: Any) -> Caching:
    request = Request(**{"path": "/a", "host": "www.example.com", **asked})
    return caching(found, request, request.path)


def test_the_cache_key_is_the_distribution_and_the_path_by_default() -> None:
    """Neither the viewer's host, nor a query string, a header or a cookie: "Understand the cache key"."""
    found = made("CachingOptimizedForUncompressedObjects")
    alike = {"host": "other.example", "query": "a=1", "headers": HEADERS, "method": "HEAD", "scheme": "http"}
    assert key(found).key == key(found, **alike).key
    assert key(found).key != key(found, path="/A").key
    assert key(found).key != key(found, method="OPTIONS").key


def test_the_cache_key_has_what_the_policy_names() -> None:
    """Case counts for values and not for names of headers, and for both elsewhere; the order of parameters counts."""
    found = made("UseOriginCacheControlHeaders-QueryStrings")
    base = key(found, headers=(("Origin", "a"),), query="a=1&b=2").key
    assert base == key(found, headers=(("origin", "a"), ("RSC", "1")), query="a=1&b=2").key
    for other in (
        {"headers": (("Origin", "A"),), "query": "a=1&b=2"},
        {"headers": (("Origin", "a"),), "query": "b=2&a=1"},
        {"headers": (("Origin", "a"),), "query": "A=1&b=2"},
        {"headers": (("Origin", "a"),), "query": "a=1&b=2", "host": "other.example"},
        {"headers": (("Origin", "a"), ("Cookie", "a=1")), "query": "a=1&b=2"},
    ):
        assert base != key(found, **other).key
    assert (
        key(found, headers=(("Cookie", "a=1; b=2"),)).key
        == key(found, headers=(("Cookie", "b=2"), ("cookie", "a=1"))).key
    )


def test_what_a_whitelist_does_not_name_is_neither_kept_by_nor_forwarded() -> None:
    """By the name of a parameter, with its case; only `&` parts parameters."""
    found = made("Elemental-MediaPackage")
    asked = Request(query="start=1&x=2&Start=3&end=4;m=5")
    assert "start=1&end=4;m=5" == sent(found, asked)[0].query == caching(found, asked, "/").key.query


@pytest.mark.parametrize(
    ("policy", "method", "cached", "kept"),
    [
        ("CachingDisabled", "GET", (), False),
        ("CachingOptimized", "GET", (), True),
        ("CachingOptimized", "HEAD", (), True),
        ("CachingOptimized", "POST", (), False),
        ("CachingOptimized", "OPTIONS", ("GET", "HEAD"), False),
        ("CachingOptimized", "OPTIONS", ("GET", "HEAD", "OPTIONS"), True),
        ("UseOriginCacheControlHeaders", "GET", (), True),
    ],
)
def test_what_may_be_kept(policy: str, method: str, cached: tuple[str, ...], kept: bool) -> None:
    """GET and HEAD always, OPTIONS where the behavior says so, and nothing for no time."""
    assert kept is key(made(policy, cached_methods=cached), method=method).kept


def behavior(**forwarded: Any) -> dict[str, Any]:
    return {"min_ttl": 0, "default_ttl": 60, "max_ttl": 300, "forwarded_values": [forwarded]}


def test_forwarded_values_forward_other_headers_too() -> None:
    """What the table says is removed is removed; of other headers it says: forwarded."""
    found = made(cache_policy({}, behavior(query_string=False, cookies=[{"forward": "none"}])))
    got, headers = sent(found)
    assert ("alb.example", "") == (got.host, got.query)
    assert ALWAYS | OWN_AGENT | NORMALIZED | {"rsc": "1", "origin": "https://www.example.com"} == headers
    assert ((), "") == (key(found, headers=HEADERS).key.headers, key(found, query="a=1").key.query)
    assert key(found).kept


def test_forwarded_values_with_every_header_keep_nothing() -> None:
    """The guide: such objects aren't cached."""
    found = made(cache_policy({}, behavior(headers=["*"], query_string=True, cookies=[{"forward": "all"}])))
    got, headers = sent(found)
    assert ("www.example.com", ASKED.query) == (got.host, got.query)
    assert ALWAYS | ALL_VIEWER | NORMALIZED == headers
    assert not key(found).kept


def test_forwarded_values_may_forward_more_than_is_in_the_key() -> None:
    """Every parameter, kept by one of them; and the cookies that are named."""
    found = made(
        cache_policy(
            {},
            behavior(
                headers=["Host"],
                query_string=True,
                query_string_cache_keys=["x"],
                cookies=[{"forward": "whitelist", "whitelisted_names": ["a"]}],
            ),
        )
    )
    got, headers = sent(found)
    assert ("www.example.com", ASKED.query, "a=1") == (got.host, got.query, headers["cookie"])
    kept = caching(found, ASKED, "/").key
    assert ("x=1&x=4", ("a=1",), (("host", "www.example.com"),)) == (kept.query, kept.cookies, kept.headers)


def test_the_accounts_own_policies_are_read_where_they_are_known() -> None:
    """As resources or as data sources, in Terraform's words."""
    cache = {
        "id": "own-cache",
        "name": "ours",
        "min_ttl": 5,
        "default_ttl": None,
        "max_ttl": 50,
        "parameters_in_cache_key_and_forwarded_to_origin": [
            {
                "cookies_config": [{"cookie_behavior": "allExcept", "cookies": [{"items": ["a"]}]}],
                "headers_config": [{"header_behavior": "whitelist", "headers": [{"items": ["RSC"]}]}],
                "query_strings_config": [{"query_string_behavior": "all", "query_strings": []}],
                "enable_accept_encoding_gzip": True,
                "enable_accept_encoding_brotli": False,
            }
        ],
    }
    beside = {
        "id": "own-request",
        "name": "theirs",
        "cookies_config": [{"cookie_behavior": "none"}],
        "headers_config": [
            {
                "header_behavior": "allViewerAndWhitelistCloudFront",
                "headers": [{"items": ["CloudFront-Viewer-TLS"]}],
            }
        ],
        "query_strings_config": [{"query_string_behavior": "whitelist", "query_strings": [{"items": ["q"]}]}],
    }
    world = {
        "aws_cloudfront_cache_policy.a": cache,
        "data.aws_cloudfront_origin_request_policy.b": beside,
    }
    found = cache_policy(world, {"cache_policy_id": "own-cache"})
    assert (
        CachePolicy(
            "ours",
            5,
            86400,
            50,
            Selection(names=frozenset({"rsc"})),
            Selection(True, frozenset({"a"})),
            ALL,
            ("gzip",),
        )
        == found
    )
    policy = origin_request_policy(world, {"origin_request_policy_id": "own-request"})
    assert ("theirs", ALL, frozenset({"cloudfront-viewer-tls"}), Selection(), Selection(names=frozenset("q"))) == (
        policy.name,
        policy.headers,
        policy.added,
        policy.cookies,
        policy.query,
    )
    assert not policy.managed


LATER = Unknown("x.y.z")


@pytest.mark.parametrize(
    "behavior",
    [
        {"cache_policy_id": LATER},
        {"cache_policy_id": "nobody-read-it"},
        {},
        {"forwarded_values": LATER},
        {"forwarded_values": [{"headers": [LATER]}]},
        {"forwarded_values": [{"cookies": [{"forward": "whitelist", "whitelisted_names": ["a*"]}]}]},
    ],
)
def test_what_is_not_known_of_a_cache_policy_is_not_told(behavior: dict[str, Any]) -> None:
    """Nor is it taken for a usual one; names of cookies with wildcards aren't modelled."""
    with pytest.raises(NotKnown):
        cache_policy({}, behavior)


@pytest.mark.parametrize("policy", [LATER, "nobody-read-it"])
def test_what_is_not_known_of_an_origin_request_policy_is_not_told(policy: Any) -> None:
    """None at all is known to add nothing."""
    with pytest.raises(NotKnown):
        origin_request_policy({}, {"origin_request_policy_id": policy})
    assert NO_POLICY == origin_request_policy({}, {"origin_request_policy_id": ""})


def test_cookies_are_read_by_name_and_sorted() -> None:
    """CloudFront developer guide, "Cache content based on cookies": sorted by name, names with their case."""
    assert [("A", "A=3"), ("a", "a=1"), ("b", "b=2")] == cookies(["b=2; a=1;A=3"])
    assert [] == cookies([" ; "])
