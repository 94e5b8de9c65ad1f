"""The rows about pages and requests, as functions from answers to results."""

from __future__ import annotations

from dataclasses import replace

import pytest
from webserver_answers import EXPECTED, HTML, NEXT, S3, Script, outcome, told

from bascule.formats import Expect
from bascule.outcomes import Outcome
from bascule.verify import pages, requests
from bascule.verify.expectation import Markers
from bascule.verify.messages import Answer, Kind, NoAnswer, Request, Response
from bascule.verify.row import drive
from bascule.verify.walk import HOPS, page


@pytest.mark.parametrize(
    ("answer", "outcome_"),
    [
        (NEXT, Outcome.PASS),
        (S3, Outcome.FAIL),
        (replace(NEXT, status=500), Outcome.FAIL),
        (replace(NEXT, headers=(("content-type", "application/json"), ("x-powered-by", "Next.js"))), Outcome.FAIL),
        (Response(200, (HTML,), b"some other framework"), Outcome.FAIL),
        (replace(NEXT, headers=(*NEXT.headers, ("x-cache", "Error from cloudfront"))), Outcome.FAIL),
        (NoAnswer(Kind.TLS, "expired"), Outcome.UNKNOWN),
        (NoAnswer(Kind.SILENT, "hung up", connected=True), Outcome.FAIL),
    ],
)
def test_home_is_the_applications_html_or_fails(answer: Answer, outcome_: Outcome) -> None:
    """What has no sign of it isn't taken for it."""
    assert outcome_ is outcome(pages.home(EXPECTED), answer)


def test_home_has_the_new_pages_marker_where_one_is_said() -> None:
    """Next.js's own signs don't count then."""
    marked = replace(EXPECTED, markers=Markers(new="Hello"))
    assert Outcome.PASS is outcome(pages.home(marked), Response(200, (HTML,), b"Hello"))
    assert Outcome.FAIL is outcome(pages.home(marked), replace(NEXT, body=b"Bye"))


def test_home_of_the_bucket_without_a_marker_is_a_warning() -> None:
    """Nothing says that it is the old page."""
    rolled_back = replace(EXPECTED, expect=Expect.BUCKET)
    assert Outcome.WARN is outcome(pages.home(rolled_back), S3)
    known = replace(rolled_back, markers=Markers(old="Soon"))
    assert Outcome.PASS is outcome(pages.home(known), S3)
    assert Outcome.FAIL is outcome(pages.home(known), replace(S3, body=b"<p>Other</p>"))
    assert Outcome.FAIL is outcome(pages.home(known), NEXT)


def test_redirects_within_the_site_are_followed_and_others_are_not() -> None:
    """Only to names of the site, on HTTPS, and only so often."""
    asked: list[Request] = []

    def answers(*locations: str) -> Script:
        def fetch(request: Request) -> Answer:
            asked.append(request)
            left = locations[len(asked) - 1] if len(asked) <= len(locations) else ""
            return Response(307, (("location", left),)) if left else NEXT

        return fetch

    assert "/en?a=1" == drive(page(EXPECTED), answers("/en", "https://example.test/en?a=1")).request.path
    assert ["www.example.test", "www.example.test", "example.test"] == [request.host for request in asked]
    for elsewhere in ("https://evil.test/", "http://example.test/", "https://example.test:8443/", "https://[", "/\x1b"):
        asked.clear()
        assert 307 == drive(page(EXPECTED), answers(elsewhere)).response.status
        assert 1 == len(asked)
    asked.clear()
    assert 307 == drive(page(EXPECTED), answers(*["/loop"] * 20)).response.status
    assert HOPS + 1 == len(asked)


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (b'<link href="/_next/static/css/a.css" />', ("www.example.test", "/_next/static/css/a.css")),
        (b'src="/docs/_next/static/c/[slug]/p.js"', None),
        (b'src="/docs/_next/static/c/p.js?dpl=1a">', ("www.example.test", "/docs/_next/static/c/p.js?dpl=1a")),
        (b'src="https://cdn.test/_next/static/p.js"', ("cdn.test", "/_next/static/p.js")),
        (b'src="//cdn.test/_next/static/p.js"', ("cdn.test", "/_next/static/p.js")),
        (b"<p>/_next/image</p>", None),
    ],
)
def test_an_asset_is_found_in_the_page(body: bytes, found: tuple[str, str] | None) -> None:
    """With base path, deployment id, or on another host."""
    home = drive(page(EXPECTED), lambda request: replace(NEXT, body=body))
    assert found == pages.asset(home)


ASSET = Response(200, (("cache-control", "public, max-age=31536000, immutable"), ("x-cache", "Miss from cloudfront")))
WITH_ASSET = replace(NEXT, body=b'<script src="/_next/static/a.js">')


def hit(response: Response) -> Response:
    return replace(response, headers=(response.headers[0], ("x-cache", "Hit from cloudfront")))


def test_an_asset_may_be_a_hit_a_little_later() -> None:
    """An edge location has more than one cache."""
    assert Outcome.PASS is outcome(pages.static(EXPECTED), WITH_ASSET, ASSET, hit(ASSET))
    assert "request 3 is a hit" in told(pages.static(EXPECTED), WITH_ASSET, ASSET, ASSET, hit(ASSET)).evidence
    assert Outcome.FAIL is outcome(pages.static(EXPECTED), WITH_ASSET, ASSET)
    assert Outcome.FAIL is outcome(pages.static(EXPECTED), WITH_ASSET, Response(404))
    assert Outcome.UNKNOWN is outcome(pages.static(EXPECTED), NEXT)
    assert Outcome.UNKNOWN is outcome(pages.static(EXPECTED), S3)
    foreign = replace(NEXT, body=b'<script src="https://cdn.test/_next/static/a.js">')
    assert Outcome.WARN is outcome(pages.static(EXPECTED), foreign)


def test_a_page_of_the_pages_router_has_no_rsc_payload() -> None:
    """Which is no fault."""
    assert Outcome.NOT_CONFIGURED is outcome(pages.rsc(EXPECTED), NEXT)


@pytest.mark.parametrize("error", [False, True])
@pytest.mark.parametrize("wrong", range(1, 7))
def test_each_of_the_six_answers_to_rsc_and_html_counts(wrong: int, error: bool) -> None:
    """Any one that is of the other kind is a mix, and an error is none of them."""
    home = replace(NEXT, body=b"self.__next_f")
    payload = replace(NEXT, headers=(("content-type", "text/x-component"),))
    count = -1

    def script(request: Request) -> Answer:
        nonlocal count
        count += 1
        flight = ("rsc", "1") in request.headers
        right = error or count != wrong
        answer = payload if flight is right else home
        return replace(answer, status=500) if error and count == wrong else answer

    assert Outcome.FAIL is drive(pages.rsc(EXPECTED), script).outcome
    assert 6 == count


@pytest.mark.parametrize(
    ("answer", "outcome_"),
    [
        (Response(204), Outcome.PASS),
        (Response(405, (("x-powered-by", "Next.js"), ("x-cache", "Error from cloudfront"))), Outcome.PASS),
        (Response(403, (("server", "CloudFront"),), requests.NOT_ALLOWED.encode()), Outcome.FAIL),
        (Response(403, (("server", "CloudFront"),), b"Request blocked."), Outcome.FAIL),
        (
            Response(
                405,
                (("server", "AmazonS3"), ("x-cache", "Error from cloudfront")),
                b"<Error><Code>MethodNotAllowed</Code></Error>",
            ),
            Outcome.FAIL,
        ),
        (Response(503, (("server", "awselb/2.0"),)), Outcome.FAIL),
        (Response(200, (("x-cache", "Error from cloudfront"),), b"<p>Soon</p>"), Outcome.UNKNOWN),
        (replace(S3, status=404, headers=(*S3.headers, ("x-cache", "Error from cloudfront"))), Outcome.UNKNOWN),
        (NoAnswer(Kind.REFUSED, "refused"), Outcome.UNKNOWN),
    ],
)
def test_any_answer_of_the_application_to_a_post_will_do(answer: Answer, outcome_: Outcome) -> None:
    """What hides it is unknown, and CloudFront's own refusal a failure."""
    assert outcome_ is outcome(requests.post(EXPECTED), answer)


def test_a_probe_that_is_masked_is_unknown() -> None:
    """And one that isn't routed fails."""
    masked = replace(S3, headers=(*S3.headers, ("x-cache", "Error from cloudfront")))
    assert Outcome.UNKNOWN is outcome(requests.probe(EXPECTED), masked)
    assert Outcome.FAIL is outcome(requests.probe(EXPECTED), S3)
    assert Outcome.WARN is outcome(requests.probe(EXPECTED), replace(NEXT, status=404))
    assert Outcome.FAIL is outcome(requests.probe(EXPECTED), replace(NEXT, status=500))
    assert Outcome.PASS is outcome(requests.probe(EXPECTED), Response(200, (), b"ok"))
    assert Outcome.NOT_CONFIGURED is outcome(requests.probe(replace(EXPECTED, probe_path=None)), S3)


def test_without_an_echo_nobody_set_cookies_up_to_be_seen_and_queries_are_by_the_image_optimizer() -> None:
    """It says which parameter it misses. A site that has no such path can be moved all the same."""
    assert (Outcome.NOT_CONFIGURED, "no path is known that repeats them") == (
        outcome(requests.cookies(EXPECTED), NEXT),
        told(requests.cookies(EXPECTED), NEXT).evidence,
    )
    arrived = Response(400, (), b'"w" parameter (width) is required')
    assert Outcome.PASS is outcome(requests.query(EXPECTED), arrived)
    assert Outcome.PASS is outcome(requests.query(EXPECTED), Response(400, (), b'"url" parameter is not allowed'))
    assert Outcome.FAIL is outcome(requests.query(EXPECTED), Response(400, (), b'"url" parameter is required'))
    assert Outcome.NOT_CONFIGURED is outcome(requests.query(EXPECTED), replace(NEXT, status=404))
    assert Outcome.UNKNOWN is outcome(requests.query(EXPECTED), replace(NEXT, status=500))
    assert "see the row home" == told(requests.query(EXPECTED), S3).remedy


def test_an_echo_tells_what_arrives() -> None:
    """An echo path that isn't there tells nothing; a redirect repeats the query by itself."""
    echo = replace(EXPECTED, echo_path="/api/echo?x=1")
    for row, token in ((requests.query, "n0nceq"), (requests.cookies, "n0ncec")):
        assert Outcome.PASS is outcome(row(echo), Response(200, (), token.encode()))
        assert Outcome.PASS is outcome(row(echo), Response(200, (("set-cookie", f"a={token}"),)))
        assert Outcome.FAIL is outcome(row(echo), Response(200, (), b"nothing"))
        assert Outcome.UNKNOWN is outcome(row(echo), Response(404, (), b"nothing"))
        assert "see the row home" == told(row(echo), S3).remedy
        assert Outcome.FAIL is outcome(row(echo), Response(307, (("location", f"/login?next={token}"),)))
