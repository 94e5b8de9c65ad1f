"""Rows about names: who answers under each, HTTPS, its certificate, HSTS, HTTP/2."""

from __future__ import annotations

import re
from datetime import timedelta

from bascule.formats import Expect
from bascule.outcomes import Result, fail, not_configured, passed, unknown, warn, worst
from bascule.verify.expectation import Expectation
from bascule.verify.messages import Kind, NoAnswer, Request, Response
from bascule.verify.remedies import LOGS, remedy
from bascule.verify.row import Steps, ask, unanswered
from bascule.verify.source import BEHIND, Source, seen, shown, source
from bascule.verify.walk import page

EXPIRED = timedelta(days=10)
EXPIRING = timedelta(days=30)
"""ACM renews 60 days ahead (ACM user guide, "Managed certificate renewal"), so that less than 30 says that it can't."""


def alias(expected: Expectation, host: str) -> Steps[Result]:
    """Whether a name leads to CloudFront, and there to whom it should."""
    first = yield Request(host)
    cure = f"let the DNS record of {host} point to the distribution, and see that it is enabled"
    if isinstance(first, NoAnswer):
        return unanswered(first) if first.kind is Kind.TLS else fail(f"{host}: {first}", cure)
    if not first.header("x-amz-cf-id"):
        return fail(f"{host}: {seen(first)}, not through CloudFront", cure)
    response = (yield from page(expected, host=host)).response
    by = source(response, expected.markers)
    if by in _expected(expected) and response.status < 400:
        return passed(f"{host} shows {by}: {seen(response)}")
    if by in _expected(expected):
        return fail(f"{host} is answered {response.status} by {by}: {seen(response)}", LOGS)
    return fail(f"{host} shows {by}, not {expected.expect.who}: {seen(response)}", remedy(expected, by))


def _expected(expected: Expectation) -> tuple[Source, ...]:
    return BEHIND if expected.expect is Expect.APPLICATION else (Source.BUCKET,)


def missing(name: str) -> Result:
    """An alias of the site file that the distribution doesn't have."""
    return not_configured(f"{name} isn't an alias of the distribution", "add it there, or take it out of the site file")


def apex(name: str) -> Result:
    """An apex that is no alias."""
    return not_configured(
        f"{name} isn't an alias of the distribution",
        f"whoever types {name} gets what its own DNS record says; to change that, add it to the distribution, to its "
        "certificate and to DNS",
    )


def redirect(expected: Expectation) -> Steps[Result]:
    """Whether HTTP leads to HTTPS, under every name."""
    results = []
    for host in expected.hosts:
        path = f"/?bascule={expected.nonce}"
        answer = yield Request(host, path, scheme="http")
        results.append(_redirect(host, path, answer))
    return worst(results)


def _redirect(host: str, path: str, answer: Response | NoAnswer) -> Result:
    cure = "set the viewer protocol policy of every behavior to redirect-to-https"
    if isinstance(answer, NoAnswer):
        unsure = answer.kind in (Kind.NAME, Kind.UNREACHABLE)
        return unanswered(answer) if unsure else fail(f"http://{host}/: {answer}", cure)
    location = answer.header("location")
    if answer.status in (301, 302, 307, 308) and location == f"https://{host}{path}":
        return passed(f"http://{host}/ answers {answer.status} to https")
    if answer.status in (301, 302, 307, 308) and location.startswith("https://"):
        return warn(f"http://{host}{path} leads to {shown(location)}", "look that no visitor ends up on another page")
    return fail(f"http://{host}/ answers {seen(answer)}", cure)


def certificate(expected: Expectation) -> Steps[Result]:
    """Whether the certificate covers every name, and for how long."""
    results = []
    for host in expected.hosts:
        answer = yield Request(host)
        results.append(_certificate(host, answer, expected))
    return worst(results)


def _certificate(host: str, answer: Response | NoAnswer, expected: Expectation) -> Result:
    cure = "renew it, or issue one that covers every alias: ACM in us-east-1"
    if isinstance(answer, NoAnswer):
        return fail(f"{host}: {answer.why}", cure) if answer.kind is Kind.TLS else unanswered(answer)
    if answer.certificate is None:
        return unknown(f"{host}: its certificate wasn't read", f"look yourself: `openssl s_client -connect {host}:443`")
    left = answer.certificate.not_after - expected.now
    names = ", ".join(shown(name) for name in answer.certificate.names)
    evidence = f"{host}: for {names}, until {answer.certificate.not_after:%Y-%m-%d}, {left.days} days"
    if left < EXPIRED:
        return fail(evidence, cure)
    if left < EXPIRING:
        return warn(evidence, "ACM should have renewed it: look at its validation records")
    return passed(evidence)


def http2(expected: Expectation) -> Steps[Result]:
    """Whether HTTP/2 is spoken."""
    response = yield from ask(Request(expected.host, http2=True))
    evidence = f"{expected.host} speaks {response.http_version} where HTTP/2 is offered"
    if response.http_version == "HTTP/2":
        return passed(evidence)
    return fail(evidence, "set the distribution's http_version to http2 or http2and3")


def hsts(expected: Expectation) -> Steps[Result]:
    """Whether HSTS is sent as long as it should be."""
    sent = (yield from page(expected)).response.header("strict-transport-security")
    if expected.hsts is None:
        return not_configured(f"{shown(sent) or 'not sent'}; the site file doesn't ask for it")
    cure = f"send max-age={expected.hsts} at least, by a response headers policy or the application"
    age = re.search(r'max-age\s*=\s*"?(\d+)', sent, re.IGNORECASE)
    if age is None:
        return fail(f"Strict-Transport-Security: {shown(sent) or 'not sent'}", cure)
    evidence = f"Strict-Transport-Security: {shown(sent)}"
    return passed(evidence) if int(age[1][:18]) >= expected.hsts else fail(evidence, cure)
