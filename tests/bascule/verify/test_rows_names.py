"""The rows about names, addresses and speed, as functions from answers to results."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from webserver_answers import EXPECTED, HTML, NEXT, NOW, outcome, told

from bascule.outcomes import Outcome, fail, passed, unknown, worst
from bascule.verify import names, outside
from bascule.verify.expectation import Closed
from bascule.verify.matrix import questions
from bascule.verify.messages import Address, Answer, Certificate, Kind, NoAnswer, Request, Response
from bascule.verify.row import drive
from bascule.verify.run import Target


@pytest.mark.parametrize(
    ("answer", "outcome_"),
    [
        (NoAnswer(Kind.TIMED_OUT, "no connection for 5 s"), Outcome.PASS),
        (NoAnswer(Kind.REFUSED, "connection refused"), Outcome.PASS),
        (NoAnswer(Kind.UNREACHABLE, "reset", connected=True), Outcome.FAIL),
        (NoAnswer(Kind.NAME, "no such name in DNS"), Outcome.UNKNOWN),
        (NoAnswer(Kind.UNREACHABLE, "no route"), Outcome.UNKNOWN),
        (NoAnswer(Kind.TLS, "the certificate isn't valid", connected=True), Outcome.FAIL),
        (NoAnswer(Kind.SILENT, "silent for 5 s", connected=True), Outcome.FAIL),
        (Response(403, (("server", "awselb/2.0"),)), Outcome.FAIL),
        (NEXT, Outcome.FAIL),
    ],
)
def test_closed_is_what_takes_no_connection(answer: Answer, outcome_: Outcome) -> None:
    """Whoever answers there."""
    one = Closed("load balancer", Address("alb.test", 443))
    assert outcome_ is outcome(outside.closed(EXPECTED, one), answer)


@pytest.mark.parametrize(
    ("days", "outcome_"), [(-1, Outcome.FAIL), (9, Outcome.FAIL), (10, Outcome.WARN), (30, Outcome.PASS)]
)
def test_a_certificate_lasts_for_a_while(days: int, outcome_: Outcome) -> None:
    """One that can't be renewed is told in time."""
    answer = replace(NEXT, certificate=Certificate(("*.example.test",), NOW + timedelta(days=days)))
    assert outcome_ is outcome(names.certificate(EXPECTED), answer)
    assert Outcome.UNKNOWN is outcome(names.certificate(EXPECTED), NEXT)


@pytest.mark.parametrize(
    ("wanted", "sent", "outcome_"),
    [
        (None, "", Outcome.NOT_CONFIGURED),
        (None, "max-age=300", Outcome.NOT_CONFIGURED),
        (300, "", Outcome.FAIL),
        (300, "max-age=299", Outcome.FAIL),
        (300, 'includeSubDomains; Max-Age="300"', Outcome.PASS),
        (300, f"max-age={'9' * 5000}", Outcome.PASS),
    ],
)
def test_hsts_is_as_long_as_the_site_file_says(wanted: int | None, sent: str, outcome_: Outcome) -> None:
    """And nothing is asked of a site that doesn't mean to send it."""
    answer = replace(NEXT, headers=(("strict-transport-security", sent),) if sent else ())
    assert outcome_ is outcome(names.hsts(replace(EXPECTED, hsts=wanted)), answer)


def test_http_leads_to_the_same_address_on_https() -> None:
    """Another page is a warning; an answer over HTTP, CloudFront's 403 included, a failure."""

    def script(make: Callable[[Request], Answer]) -> Outcome:
        return drive(names.redirect(EXPECTED), make).outcome

    assert Outcome.PASS is script(lambda r: Response(301, (("location", f"https://{r.host}{r.path}"),)))
    assert Outcome.WARN is script(lambda r: Response(301, (("location", "https://example.test/"),)))
    assert Outcome.FAIL is script(lambda r: Response(301, (("location", "http://example.test/"),)))
    assert Outcome.FAIL is script(lambda r: Response(403, (("server", "CloudFront"),)))
    assert Outcome.FAIL is script(lambda r: NoAnswer(Kind.REFUSED, "refused"))
    assert Outcome.UNKNOWN is script(lambda r: NoAnswer(Kind.NAME, "no such name"))


def test_a_name_has_to_lead_to_cloudfront() -> None:
    """A page of the application alone doesn't do."""
    steps = names.alias(EXPECTED, "example.test")
    assert Outcome.FAIL is outcome(steps, replace(NEXT, headers=(HTML, ("x-powered-by", "Next.js"))))
    assert Outcome.FAIL is outcome(names.alias(EXPECTED, "example.test"), NoAnswer(Kind.NAME, "no such name"))
    assert Outcome.FAIL is outcome(names.alias(EXPECTED, "example.test"), replace(NEXT, status=404))
    assert Outcome.PASS is outcome(names.alias(EXPECTED, "example.test"), NEXT)


def test_slower_is_told_and_is_no_failure() -> None:
    """A page that is made is slower than one that lies in a cache."""
    slow = replace(NEXT, first_byte=2.0)
    assert Outcome.WARN is outcome(outside.speed(replace(EXPECTED, before=0.2)), slow)
    assert Outcome.PASS is outcome(outside.speed(replace(EXPECTED, before=1.5)), slow)
    assert "it wasn't measured before" in told(outside.speed(EXPECTED), slow).evidence


def test_what_nobody_set_up_reads_not_configured() -> None:
    """Aliases that the distribution doesn't have, the bare domain, no address to be closed."""
    expected = replace(EXPECTED, missing=("shop.example.test",), apexes=("other.test",), closed=())
    rows = {question.id: question for question in questions(expected)}
    for name in ("alias shop.example.test", "apex other.test", "closed"):
        assert Outcome.NOT_CONFIGURED is outcome(rows[name].steps(expected), NEXT)
    unread = replace(EXPECTED, closed=None)
    closed = next(question for question in questions(unread) if question.id == "closed")
    assert Outcome.UNKNOWN is outcome(closed.steps(unread), NEXT)


def test_the_worst_is_told_and_the_others_are_not() -> None:
    """An unknown is worse than a pass."""
    assert passed("a; b") == worst([passed("a"), passed("b"), passed("a")])
    assert unknown("x", "look") == worst([passed("a"), unknown("x", "look")])
    assert fail("y", "mend") == worst([fail("y", "mend"), unknown("x", "look")])


def test_a_target_stands_in_for_dns_and_not_for_an_address() -> None:
    """By scheme."""
    target = Target.through("d1.cloudfront.net")
    assert Address("d1.cloudfront.net", 443) == target.route(Request("a.test")).at
    assert Address("d1.cloudfront.net", 80) == target.route(Request("a.test", scheme="http")).at
    elsewhere = Request("a.test", at=Address("alb.test", 80))
    assert elsewhere == target.route(elsewhere)
    assert Target().route(Request("a.test")).at is None
