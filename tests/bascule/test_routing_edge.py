"""What CloudFront's edge makes of a request, as its developer guide says."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bascule import edge, wildcards
from bascule.errors import InputError
from bascule.http_request import Request, normalized, request
from bascule.plan_json import Unknown
from bascule.planned_values import NotKnown

LATER = Unknown("aws_x.y.z")


def reference(pattern: str, text: str) -> bool:
    """Whether the pattern takes the text, by the definition: what is left of both, character by character."""
    if not pattern:
        return not text
    if pattern[0] == "*":
        return any(reference(pattern[1:], text[begin:]) for begin in range(len(text) + 1))
    return bool(text) and pattern[0] in ("?", text[0]) and reference(pattern[1:], text[1:])


few = st.text("ab*?/.", max_size=7)


@given(few, st.text("ab/.", max_size=9))
def test_a_pattern_takes_what_its_definition_says(pattern: str, text: str) -> None:
    """The expression it becomes never tries twice, and loses nothing by that."""
    assert reference(pattern, text) is wildcards.takes(pattern, text)


@given(st.lists(few, max_size=5), st.text("ab/.", max_size=6))
def test_of_many_patterns_the_first_that_takes_it_is_told(patterns: list[str], text: str) -> None:
    """By its number, though they are one expression."""
    first = next((number for number, one in enumerate(patterns, 1) if reference(one, text)), None)
    taken = wildcards.any_of(patterns).fullmatch(text)
    assert first == (taken.lastindex if taken else None)


def test_a_pattern_of_many_stars_takes_no_longer_than_the_text() -> None:
    """A person may write 255 characters; tried in every way, this would take years."""
    assert not wildcards.takes("*a" * 127, "a" * 126 + "b" * 4000)


# CloudFront developer guide, "Cache behavior settings", path normalization: consistent with RFC 3986; doubled slashes
# and dot segments are removed before a behavior is looked for.
@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/", "/"),
        ("/a/b", "/a/b"),
        ("/a//b", "/a/b"),
        ("//a", "/a"),
        ("/a/./b", "/a/b"),
        ("/a/b/..", "/a/"),
        ("/a/b/../c", "/a/c"),
        ("/a/.", "/a/"),
        ("/../..", "/"),
        ("/..a/.b/c.", "/..a/.b/c."),
        ("/%7euser", "/~user"),
        ("/%2e%2e/a", "/a"),
        ("/a%2fb", "/a%2Fb"),
        ("/100%", "/100%"),
    ],
)
def test_a_path_is_normalized_before_it_meets_patterns(path: str, expected: str) -> None:
    """Or else `//admin` would go round a behavior for `/admin`."""
    assert expected == normalized(path)


@given(st.text("/.a%2eF", max_size=12).map(lambda path: f"/{path}"))
def test_a_normalized_path_stays_as_it_is(path: str) -> None:
    """Once is enough, unless an escape was escaped."""
    once = normalized(path)
    assert once.startswith("/")
    assert "//" not in once
    assert "%" in path or once == normalized(once)


def distribution(*ordered: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "aliases": ["www.example.com", "*.shop.example.com"],
        "domain_name": "d111111abcdef8.cloudfront.net",
        "default_cache_behavior": [{"target_origin_id": "default"}],
        "ordered_cache_behavior": list(ordered),
        **more,
    }


def test_the_guides_example_of_order() -> None:
    """`images/sample.gif` meets the second of three patterns, though it meets the third as well."""
    found = distribution(*({"path_pattern": one} for one in ("images/*.jpg", "images/*", "*.gif")))
    assert "images/*" == edge.behavior_of(found, "/images/sample.gif")[0]
    assert "images/*" == edge.behavior_of(found, "/images/../images//sample.gif")[0]
    assert edge.DEFAULT == edge.behavior_of(found, "/sample.png")[0]


@given(st.lists(few, min_size=1, max_size=5), few, st.text("ab/.", max_size=6).map(lambda path: f"/{path}"))
def test_a_behavior_behind_takes_nothing_from_those_before(patterns: list[str], behind: str, path: str) -> None:
    """What met one of them goes on to meet it."""
    before = edge.behavior_of(distribution(*({"path_pattern": one} for one in patterns)), path)[1]
    after = edge.behavior_of(distribution(*({"path_pattern": one} for one in [*patterns, behind])), path)[1]
    assert before == after or "path_pattern" not in before


def test_a_pattern_that_is_not_known_hides_those_behind_and_no_others() -> None:
    """What an earlier one takes is known."""
    found = distribution({"path_pattern": "/a"}, {"path_pattern": LATER}, {"path_pattern": "/b"})
    assert "/a" == edge.behavior_of(found, "/a")[0]
    for path in ("/b", "/c"):
        with pytest.raises(NotKnown):
            edge.behavior_of(found, path)


# CloudFront developer guide, "Specify a default root object": for the root alone, for every method; a directory gets
# none; it may be in a folder.
@pytest.mark.parametrize(
    ("root", "path", "expected"),
    [
        ("index.html", "/", "/index.html"),
        ("folder/index.html", "/", "/folder/index.html"),
        ("index.html", "/install/", "/install/"),
        ("index.html", "/index.html", "/index.html"),
        ("", "/", "/"),
        (None, "/", "/"),
        (LATER, "/install/", "/install/"),
    ],
)
def test_the_default_root_object_stands_for_the_root_alone(root: Any, path: str, expected: str) -> None:
    """S3's index documents are another thing."""
    assert expected == edge.path_asked(distribution(default_root_object=root), path)


# CloudFront developer guide, "Use custom URLs by adding alternate domain names": a wildcard covers every name that ends
# so, at any depth; not the bare domain.
@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("www.example.com", True),
        ("WWW.EXAMPLE.COM", True),
        ("www.example.com:443", True),
        ("d111111abcdef8.cloudfront.net", True),
        ("a.shop.example.com", True),
        ("a.b.shop.example.com", True),
        ("shop.example.com", False),
        ("example.com", False),
        ("xshop.example.com", False),
        ("d222222abcdef8.cloudfront.net", False),
    ],
)
def test_a_distribution_answers_for_its_names_alone(host: str, expected: bool) -> None:
    """Case doesn't count."""
    assert expected is edge.serves(distribution(), host)


def test_a_name_that_is_known_after_apply_may_be_any() -> None:
    """But CloudFront's own are CloudFront's to give."""
    later = distribution(domain_name=LATER)
    assert edge.serves(later, "www.example.com")
    assert not edge.serves(later, "example.com")
    for found, host in (
        (later, "d1.cloudfront.net"),
        (distribution(aliases=[LATER]), "example.com"),
        (distribution(aliases=LATER), "example.com"),
    ):
        with pytest.raises(NotKnown):
            edge.serves(found, host)
    assert ["www.example.com", "d111111abcdef8.cloudfront.net", ""] == [
        edge.own_name(found) for found in (distribution(), distribution(aliases=["*.a.b"]), {"aliases": LATER})
    ]


# CloudFront developer guide, "Require HTTPS for communication between viewers and CloudFront".
@pytest.mark.parametrize(
    ("policy", "scheme", "method", "status"),
    [
        ("allow-all", "http", "GET", None),
        ("https-only", "http", "GET", 403),
        ("https-only", "https", "GET", None),
        ("redirect-to-https", "https", "POST", None),
        *(("redirect-to-https", "http", method, 301) for method in ("GET", "HEAD")),
        *(("redirect-to-https", "http", m, 307) for m in ("POST", "PUT", "DELETE", "OPTIONS", "PATCH")),
    ],
)
def test_the_viewer_protocol_policy_is_kept(policy: str, scheme: str, method: str, status: int | None) -> None:
    """A redirect keeps path and query, and the method of what has a body."""
    methods = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"]
    behavior = {"viewer_protocol_policy": policy, "allowed_methods": methods}
    asked = Request("/a%20b", method, scheme, "www.example.com", query="x=1")
    found = edge.edge_answer(behavior, asked)
    assert status == (found.status if found else None)
    if status in (301, 307):
        assert found is not None
        assert "https://www.example.com/a%20b?x=1" == found.location


def test_a_method_that_the_behavior_does_not_take_is_refused() -> None:
    """By CloudFront itself; and a GET with a body, always."""
    assert edge.edge_answer({"allowed_methods": ["GET", "HEAD"]}, Request(method="GET")) is None
    for behavior, asked, method in (
        ({"allowed_methods": ["GET", "HEAD"]}, Request(method="POST"), True),
        ({}, Request(method="OPTIONS"), True),
        ({"allowed_methods": ["GET", "HEAD"]}, Request(method="get"), True),
        ({}, Request(body=True), False),
    ):
        found = edge.edge_answer(behavior, asked)
        assert found is not None
        assert (403, method) == (found.status, found.refuses_method)
    with pytest.raises(NotKnown):
        edge.edge_answer({"allowed_methods": ["GET", LATER]}, Request(method="POST"))
    with pytest.raises(NotKnown):
        edge.edge_answer({"viewer_protocol_policy": LATER}, Request(scheme="http"))


# CloudFront developer guide, "How CloudFront processes HTTP 4xx and 5xx status codes from your origin".
def test_an_error_becomes_the_page_that_is_configured_for_it() -> None:
    """With its own code unless another is told, kept for ten seconds unless told."""
    pages = [
        {"error_code": 404, "response_code": 200, "response_page_path": "/404.html", "error_caching_min_ttl": 0},
        {"error_code": 403, "response_page_path": "/403.html"},
        {"error_code": 502, "error_caching_min_ttl": 1, "response_code": 0, "response_page_path": ""},
    ]
    found = distribution(custom_error_response=pages)
    assert [
        edge.ErrorPage(404, 200, "/404.html", 0),
        edge.ErrorPage(403, 403, "/403.html", 10),
        edge.ErrorPage(502, 502, "", 1),
        None,
        None,
    ] == [edge.error_page(found, status) for status in (404, 403, 502, 500, 200)]


def test_an_error_page_that_is_not_known_is_not_told() -> None:
    """Nor is another one, where it may be for the same error."""
    for page in (LATER, {"error_code": LATER}, {"error_code": 404, "response_page_path": LATER}):
        with pytest.raises(NotKnown):
            edge.error_page(distribution(custom_error_response=[page]), 404)


def test_functions_and_what_is_not_modelled_are_told() -> None:
    """What an edge function, a web ACL or a signature does to a request is not in a configuration."""
    behavior = {
        "function_association": [{"event_type": "viewer-request", "function_arn": "arn:f"}],
        "lambda_function_association": [{"event_type": "origin-response", "lambda_arn": "arn:l"}],
        "trusted_key_groups": ["k"],
    }
    found = distribution(web_acl_id="arn:waf", restrictions=[{"geo_restriction": [{"restriction_type": "whitelist"}]}])
    assert (
        edge.Function("viewer-request", "arn:f", "cloudfront"),
        edge.Function("origin-response", "arn:l", "lambda"),
    ) == edge.functions(behavior)
    assert [
        "the web ACL lets it pass",
        "the viewer's country is admitted",
        "its URL or cookie is signed",
        "the viewer-request function leaves it as it is",
    ] == list(edge.provisos(found, behavior))
    assert [] == list(edge.provisos(distribution(), {}))


def test_a_url_becomes_a_request() -> None:
    """Nothing of it is resolved; a mere path is asked of the site's own name."""
    assert Request("/a%20b", "POST", "http", "www.example.com", "q=1&r", (("X-A", "b"),)) == request(
        "http://WWW.example.com/a%20b?q=1&r#top", "POST", {"X-A": "b"}
    )
    assert Request("/a") == request("/a")
    assert Request("/", host="example.com") == request("example.com")
    assert Request("/", host="other.example") == request("https://example.com", headers=[("host", "other.example")])


@pytest.mark.parametrize("url", ["ftp://example.com/", "https://example.com:8443/", "https://[", "https://a:b/"])
def test_what_is_no_url_of_a_site_is_refused(url: str) -> None:
    """CloudFront listens on 80 and 443 alone."""
    with pytest.raises(InputError):
        request(url)
