"""The matrix against a real HTTPS server: each fault is seen in its rows, and only there."""

from __future__ import annotations

import pytest
import trustme
from webserver import refusing
from webserver_authority import authority, trusting
from webserver_site import BARE, WWW, Fault, site

from bascule.formats import Expect
from bascule.outcomes import Outcome
from bascule.verify.row import Row
from bascule.verify.run import Target, all_pass, measure, verify

ALIASES = {f"alias {WWW}", f"alias {BARE}"}


def not_passing(rows: tuple[Row, ...]) -> dict[str, Outcome]:
    """What didn't pass, with ports, which differ in each run, left out."""
    return {row.id.partition(":")[0]: row.outcome for row in rows if row.outcome is not Outcome.PASS}


def test_a_good_site_passes_every_row() -> None:
    """All rows are there, in order, and progress hears of each once."""
    heard: list[Row] = []
    with site(authority()) as served:
        rows = verify(served.target, served.expected, trusting(), heard.append)
    assert {} == not_passing(rows)
    assert all_pass(rows)
    assert sorted(row.id for row in rows) == sorted(row.id for row in heard)
    assert [f"alias {WWW}", f"alias {BARE}", "redirect", "certificate", "http2", "hsts", "home", "probe", "static"] == [
        row.id for row in rows
    ][:9]
    assert "first-byte" == rows[-1].id == heard[-1].id
    assert all(row.evidence and not row.remedy and row.seconds >= 0 for row in rows)


FAIL, UNKNOWN, WARN = Outcome.FAIL, Outcome.UNKNOWN, Outcome.WARN
CLOSED = "closed 127.0.0.1"
TLS_ROWS = {"http2", "hsts", "home", "probe", "static", "rsc", "post", "query", "cookies", "unknown-path", "first-byte"}

SEEN_IN: dict[Fault, dict[str, Outcome]] = {
    Fault.OLD_PAGE: {
        **dict.fromkeys((*ALIASES, "home", "unknown-path"), FAIL),
        **dict.fromkeys(("static", "rsc", "query", "cookies"), UNKNOWN),
    },
    Fault.MASKED_404: {"unknown-path": FAIL},
    Fault.MASKED_POST: {"post": UNKNOWN},
    Fault.RSC_MIXED: {"rsc": FAIL},
    Fault.RSC_WITHOUT_QUERY: {"rsc": FAIL},
    Fault.RSC_DROPPED: {"rsc": FAIL},
    Fault.NO_REDIRECT: {"redirect": FAIL},
    Fault.EXPIRING: {"certificate": FAIL},
    Fault.SOON_EXPIRING: {"certificate": WARN},
    Fault.OTHER_NAME: {"certificate": FAIL, **dict.fromkeys((*ALIASES, *TLS_ROWS), UNKNOWN)},
    Fault.NO_HTTP2: {"http2": FAIL},
    Fault.NOT_IMMUTABLE: {"static": FAIL},
    Fault.NEVER_A_HIT: {"static": FAIL},
    Fault.POST_REFUSED: {"post": FAIL},
    Fault.ALB_OPEN: {CLOSED: FAIL},
    Fault.ALB_ANSWERS_403: {CLOSED: FAIL},
    Fault.ALB_HANGS_UP: {CLOSED: FAIL},
    Fault.TASK_OPEN: {CLOSED: FAIL},
    Fault.NO_HSTS: {"hsts": FAIL},
    Fault.QUERY_DROPPED: {"query": FAIL},
    Fault.COOKIES_DROPPED: {"cookies": FAIL},
    Fault.UNHEALTHY: {
        **dict.fromkeys((*ALIASES, "home", "probe", "post", "unknown-path"), FAIL),
        **dict.fromkeys(("static", "rsc", "query", "cookies"), UNKNOWN),
    },
    Fault.NOT_CLOUDFRONT: dict.fromkeys(ALIASES, FAIL),
}
"""Rows that don't pass, for each fault."""


@pytest.mark.parametrize("fault", Fault)
def test_a_fault_is_seen_in_its_rows_and_nowhere_else(fault: Fault) -> None:
    """With what to do about it."""
    with site(authority(), fault) as served:
        rows = verify(served.target, served.expected, trusting())
    assert SEEN_IN[fault] == not_passing(rows)
    assert all(row.remedy for row in rows if row.outcome is not Outcome.PASS)
    assert (fault is Fault.SOON_EXPIRING) == all_pass(rows)


def test_the_old_page_passes_where_the_bucket_is_expected() -> None:
    """What only an application has isn't asked for."""
    with site(authority(), expect=Expect.BUCKET, old=True) as served:
        rows = verify(served.target, served.expected, trusting())
    assert {} == not_passing(rows)
    assert not {"static", "rsc", "post", "query", "cookies", "unknown-path"} & {row.id for row in rows}
    assert "the bucket's old page" in next(row.evidence for row in rows if row.id == "home")


def test_the_application_fails_where_the_bucket_is_expected() -> None:
    """A rollback that didn't arrive."""
    with site(authority(), expect=Expect.BUCKET) as served:
        rows = verify(served.target, served.expected, trusting())
    assert dict.fromkeys((*ALIASES, "home"), Outcome.FAIL) == not_passing(rows)


def test_a_site_that_nobody_serves_passes_nothing_but_what_is_closed() -> None:
    """Each row says why it knows nothing."""
    with refusing() as nobody, site(trustme.CA()) as served:
        rows = verify(Target(nobody, nobody), served.expected, trusting())
        assert measure(Target(nobody, nobody), served.expected, trusting()) is None
    assert {CLOSED} == {row.id.partition(":")[0] for row in rows if row.outcome is Outcome.PASS}
    assert all("connection refused" in row.evidence for row in rows)


def test_the_first_byte_can_be_measured_before_the_switch() -> None:
    """To be compared with after it."""
    with site(authority(), expect=Expect.BUCKET, old=True) as served:
        seconds = measure(served.target, served.expected, trusting())
    assert seconds is not None
    assert 0 < seconds < 10
