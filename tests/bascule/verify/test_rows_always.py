"""What holds of every row, whatever is answered."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC

from hypothesis import given
from hypothesis import strategies as st
from webserver_answers import EXPECTED, HTML, told

from bascule.formats import Expect
from bascule.outcomes import Outcome, UnansweredError
from bascule.verify import pages, requests
from bascule.verify.expectation import Expectation, Markers
from bascule.verify.matrix import questions
from bascule.verify.messages import Answer, Certificate, Kind, NoAnswer, Request, Response
from bascule.verify.row import drive

HEADERS = st.lists(
    st.one_of(
        st.sampled_from(
            [
                HTML,
                ("content-type", "text/x-component"),
                ("server", "AmazonS3"),
                ("server", "CloudFront"),
                ("server", "awselb/2.0"),
                ("x-powered-by", "Next.js"),
                ("x-cache", "Hit from cloudfront"),
                ("x-cache", "Error from cloudfront"),
                ("x-amz-cf-id", "q"),
                ("cache-control", "immutable"),
                ("location", "/en"),
                ("location", "https://example.test/a"),
                ("strict-transport-security", "max-age=1"),
            ]
        ),
        st.tuples(st.sampled_from(["location", "server", "x-cache", "content-type"]), st.text(max_size=30)),
    ),
    max_size=6,
).map(tuple)
BODIES = st.one_of(
    st.binary(max_size=40),
    st.sampled_from(
        [
            b"<script src=/_next/static/a.js>self.__next_f</script>",
            b"<Error><Code>AccessDenied</Code>",
            b"n0nceq n0ncec",
        ]
    ),
)
RESPONSES = st.builds(
    Response,
    st.sampled_from([200, 204, 301, 307, 400, 403, 404, 405, 500, 503]),
    HEADERS,
    BODIES,
    st.sampled_from(["HTTP/1.1", "HTTP/2"]),
    st.floats(0, 60),
    st.none() | st.builds(Certificate, st.tuples(st.text(max_size=9)), st.datetimes(timezones=st.just(UTC))),
)
NO_ANSWERS = st.builds(NoAnswer, st.sampled_from(Kind), st.just("why"), st.booleans())
EXPECTATIONS = st.builds(
    replace,
    st.just(EXPECTED),
    expect=st.sampled_from(Expect),
    echo_path=st.sampled_from([None, "/echo"]),
    hsts=st.sampled_from([None, 1]),
    before=st.sampled_from([None, 0.1]),
    markers=st.builds(Markers, st.none() | st.just("Soon"), st.none() | st.just("Hello"), st.none() | BODIES),
)


@given(EXPECTATIONS, st.lists(RESPONSES | NO_ANSWERS, min_size=1, max_size=30))
def test_whatever_is_answered_each_row_ends_with_evidence(expected: Expectation, answers: list[Answer]) -> None:
    """Fit for a terminal, after not too many requests, and with a remedy where something is to be done."""
    for question in questions(expected):
        count = 0

        def fetch(request: Request) -> Answer:
            nonlocal count
            count += 1
            assert request.path.isascii()
            return answers[count % len(answers)]

        try:
            result = drive(question.steps(expected), fetch)
        except UnansweredError as error:
            result = error.result
        assert count <= 30
        assert result.evidence.isprintable()
        assert result.evidence
        assert result.remedy or result.outcome in (Outcome.PASS, Outcome.NOT_CONFIGURED)


@given(EXPECTATIONS, NO_ANSWERS)
def test_without_an_answer_nothing_passes_but_what_is_closed(expected: Expectation, answer: NoAnswer) -> None:
    """Silence is no proof."""
    for question in questions(expected):
        if not question.id.startswith("closed"):
            assert told(question.steps(expected), answer).outcome is not Outcome.PASS


@given(RESPONSES)
def test_what_comes_from_the_bucket_never_passes_for_the_application(response: Response) -> None:
    """Whatever else it says."""
    response = replace(response, headers=(("server", "AmazonS3"), *(h for h in response.headers if h[0] != "server")))
    for row in (pages.home, pages.static, pages.rsc, pages.unknown_path, requests.probe, requests.post):
        assert told(row(EXPECTED), response).outcome is not Outcome.PASS
