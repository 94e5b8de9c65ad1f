"""The rows of the matrix, for whoever is expected to answer."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from bascule.formats import Expect
from bascule.verify import names, outside, pages, requests
from bascule.verify.expectation import Expectation
from bascule.verify.row import Question, settled

APPLICATION_ALONE = (
    Question("static", "assets are immutable, and a hit the second time", pages.static),
    Question("rsc", "RSC payload and HTML of one URL are never mixed", pages.rsc),
    Question("post", "a POST reaches the application", requests.post),
    Question("query", "query strings arrive", requests.query),
    Question("cookies", "cookies arrive", requests.cookies),
    Question("unknown-path", "a path that isn't there is the application's 404", pages.unknown_path),
)
"""What there is to ask of the application, and not of a bucket."""

ANSWERS = frozenset({"home", "probe", *(question.id for question in APPLICATION_ALONE)})
"""The rows about what visitors are answered. All others are about names, certificate, protocols, ports and speed, which
don't get better by sending visitors elsewhere."""


def questions(expected: Expectation) -> tuple[Question, ...]:
    """The rows, in the order in which they are told."""
    new = expected.expect is Expect.APPLICATION
    return (
        *_names(expected),
        Question("redirect", "HTTP leads to HTTPS", names.redirect),
        Question("certificate", "the certificate covers every name, and for a while", names.certificate),
        Question("http2", "HTTP/2 is spoken", names.http2),
        Question("hsts", "HSTS is sent", names.hsts),
        Question("home", f"/ is {'HTML from the application' if new else 'the old page'}", pages.home),
        Question("probe", "the probe path reaches the application", requests.probe),
        *(APPLICATION_ALONE if new else ()),
        *_closed(expected),
        Question("first-byte", "time to first byte", outside.speed, alone=True),
    )


def _names(expected: Expectation) -> Iterator[Question]:
    for host in expected.hosts:
        yield Question(f"alias {host}", "the name leads to whom it should", partial(names.alias, host=host))
    for name in expected.missing:
        result = names.missing(name)
        yield Question(f"alias {name}", "the name leads to whom it should", settled(result))
    for name in expected.apexes:
        result = names.apex(name)
        yield Question(f"apex {name}", "the bare domain leads to the site", settled(result))


def _closed(expected: Expectation) -> Iterator[Question]:
    for one in expected.closed or ():
        yield Question(
            f"closed {one.address}", f"the {one.what} is closed from outside", partial(outside.closed, one=one)
        )
    if not expected.closed:
        result = outside.nothing_to_close(expected)
        yield Question("closed", "load balancer and tasks are closed from outside", settled(result))
