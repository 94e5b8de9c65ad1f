"""The whole verification matrix, asked of the sandbox's edge as production is asked, at each stage."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
from moved import DOMAIN, PORT, SERVICE, WWW, Site

from bascule import demo, site_file, verification
from bascule.aws import Identity
from bascule.formats import Expect, Via
from bascule.outcomes import Outcome
from bascule.sandbox import control
from bascule.verify.expectation import Live, expectation
from bascule.verify.row import Row
from bascule.verify.run import verify

BUCKET, APPLICATION = Expect.BUCKET, Expect.APPLICATION


def rows(site: Site, expect: Expect, *, built: bool = True) -> Mapping[str, Row]:
    """The matrix of the site as it is now, by the ids of its rows."""
    wanted = site_file.parse(Path(demo.SITE_FILE).read_text(), "site.toml")
    interfaces = site.client("ec2").describe_network_interfaces()["NetworkInterfaces"]
    tasks = tuple(one["Association"]["PublicIp"] for one in interfaces if one.get("Association"))
    live = Live(
        aliases=(WWW,),
        domain=DOMAIN,
        probed=site.config()["CacheBehaviors"]["Quantity"] > 0,
        load_balancer=site.built["dns"] if built else None,
        tasks=tasks,
        index_html=(Path(control.__file__).parent / "coming-soon.html").read_bytes(),
    )
    expected = expectation(
        wanted, wanted.verify, live, expect=expect, now=datetime.now(UTC), nonce=secrets.token_hex(4)
    )
    way = verification.reach(Identity("123456789012", "arn", "me-central-1", site.running.endpoint), DOMAIN, Via.DNS)
    return {row.id: row for row in verify(way.target, expected, way.fetch)}


def outcomes(found: Mapping[str, Row]) -> dict[str, str]:
    """What the rows say; those of several names or addresses together."""
    said: dict[str, set[str]] = {}
    for name, row in found.items():
        said.setdefault(name.partition(" ")[0], set()).add(str(row.outcome))
    return {name: ", ".join(sorted(outcomes)) for name, outcomes in said.items()}


ALIKE = {
    "alias": "pass",
    "apex": "not configured",
    "redirect": "pass",
    "certificate": "pass",
    "http2": "pass",
    "hsts": "not configured",
    "home": "pass",
    "closed": "pass",
    "first-byte": "pass",
}


@pytest.mark.parametrize(
    ("stage", "expect", "more"),
    [
        ("adopt", BUCKET, {"probe": "not configured"}),
        ("connect", BUCKET, {"probe": "pass"}),
        (
            "serve",
            APPLICATION,
            dict.fromkeys(("probe", "static", "rsc", "post", "query", "cookies", "unknown-path"), "pass"),
        ),
    ],
)
def test_every_row_passes_at_every_stage(site: Site, stage: str, expect: Expect, more: Mapping[str, str]) -> None:
    """For the reason that it is meant to."""
    site.put({"adopt": site.adopted, "connect": site.connected(), "serve": site.serving()}[stage])
    site.invalidate("/*")
    found = rows(site, expect)
    assert ALIKE | more == outcomes(found)
    who = "the bucket" if expect is BUCKET else "the application"
    assert who in found[f"alias {WWW}"].evidence
    assert "connection refused" in found[f"closed {site.built['dns']}:80"].evidence
    if expect is APPLICATION:
        assert "x-powered-by: Next.js" in found["unknown-path"].evidence
        assert "is a hit: Hit from cloudfront" in found["static"].evidence
        assert "the image optimizer" in found["query"].evidence or "repeats the query string" in found["query"].evidence


@pytest.mark.parametrize(("stage", "expect"), [("adopt", APPLICATION), ("serve", BUCKET)])
def test_what_is_not_expected_fails(site: Site, stage: str, expect: Expect) -> None:
    """The old page is not taken for the new one, nor the other way round."""
    site.put(site.serving() if stage == "serve" else site.adopted)
    site.invalidate("/*")
    assert Outcome.FAIL == rows(site, expect)["home"].outcome


def test_the_tasks_open_port_fails_until_it_is_shut(site: Site) -> None:
    """The hole that the audit found: the application answers past CloudFront."""
    site.open(site.built["task_group"], PORT)
    try:
        found = rows(site, BUCKET, built=False)
    finally:
        site.shut(site.built["task_group"], PORT)
    (row,) = (row for name, row in found.items() if name.startswith("closed"))
    assert Outcome.FAIL == row.outcome
    assert "the application answers" in row.evidence


def test_a_switch_to_a_service_that_is_not_healthy_is_seen(site: Site) -> None:
    """It is the load balancer that answers."""
    site.put(site.serving())
    site.invalidate("/*")
    control.configure(site.running, unhealthy=[SERVICE])
    row = rows(site, APPLICATION)["home"]
    assert Outcome.FAIL == row.outcome
    assert "awselb/2.0" in row.evidence
