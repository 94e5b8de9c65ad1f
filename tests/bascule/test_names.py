"""Whether a name leads to the distribution."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from answered import DOMAIN, denied, inventory, record

from bascule import names
from bascule.dns import Answer
from bascule.names import Verdict

NAME = "www.example.com"
BALANCER = "alb-1.me-central-1.elb.amazonaws.com"


def address(name: str, *values: str, type_: str = "A") -> dict[str, Any]:
    """A record of plain values."""
    return {"Name": name, "Type": type_, "TTL": 300, "ResourceRecords": [{"Value": value} for value in values]}


def zone(*records: dict[str, Any]) -> dict[str, Any]:
    """The zone example.com with its own NS record, and these."""
    return {"example.com": [address("example.com.", "ns-1.awsdns-01.org.", type_="NS"), *records]}


ROUTE53: Mapping[str, tuple[Any, Verdict]] = {
    "an alias record": (zone(record(f"{NAME}.", f"{DOMAIN}.")), Verdict(True, "route53", DOMAIN)),
    "in capitals": (zone(record("WWW.Example.COM.", DOMAIN.upper())), Verdict(True, "route53", DOMAIN)),
    "a CNAME": (zone(record(f"{NAME}.", f"{DOMAIN}.", "CNAME")), Verdict(True, "route53", DOMAIN)),
    "IPv4 and IPv6": (
        zone(record(f"{NAME}.", DOMAIN), record(f"{NAME}.", DOMAIN, "AAAA")),
        Verdict(True, "route53", DOMAIN),
    ),
    "elsewhere": (zone(record(f"{NAME}.", BALANCER)), Verdict(False, "route53", BALANCER)),
    "partly elsewhere": (
        zone(record(f"{NAME}.", DOMAIN), record(f"{NAME}.", BALANCER)),
        Verdict(False, "route53", f"{BALANCER}, {DOMAIN}"),
    ),
    "addresses": (
        zone(address(f"{NAME}.", "192.0.2.1", "192.0.2.2")),
        Verdict(False, "route53", "192.0.2.1, 192.0.2.2"),
    ),
    "no record": (zone(), Verdict(False, "route53", "")),
    "records, none of them an address": (
        zone(address(f"{NAME}.", '"v=spf1"', type_="TXT"), record("\\052.example.com.", DOMAIN)),
        Verdict(False, "route53", ""),
    ),
    "by another name of the zone": (
        zone(record(f"{NAME}.", "example.com.", "CNAME"), record("example.com.", f"{DOMAIN}.")),
        Verdict(True, "route53", DOMAIN),
    ),
    "in a circle": (
        zone(record(f"{NAME}.", "a.example.com.", "CNAME"), record("a.example.com.", f"{NAME}.", "CNAME")),
        Verdict(False, "route53", NAME),
    ),
    "a wildcard": (zone(record("\\052.example.com.", DOMAIN)), Verdict(True, "route53", DOMAIN)),
    "the closest zone": (
        {"example.com": [record(f"{NAME}.", BALANCER)], NAME: [record(f"{NAME}.", DOMAIN)]},
        Verdict(True, "route53", DOMAIN),
    ),
}


@pytest.mark.parametrize(("records", "expected"), ROUTE53.values(), ids=ROUTE53)
def test_a_zone_of_the_account_says(records: Any, expected: Verdict) -> None:
    """Whatever the DNS has of it by now."""
    assert expected == names.verdict(NAME, inventory(records=records, names={NAME: Answer(why="not asked")}))


def test_a_zone_that_the_dns_knows_nothing_of_says_nothing() -> None:
    """Visitors go where the DNS leads; other addresses may be CloudFront's of another edge."""
    records = {"example.com": [address(NAME, DOMAIN, type_="CNAME")]}
    answers = {
        Answer("shop.example.net", ("192.0.2.9",)): Verdict(False, "dns", "shop.example.net"),
        Answer(): Verdict(False, "dns", ""),
        Answer(DOMAIN, ("192.0.2.1",)): Verdict(True, "route53", DOMAIN),
        Answer(NAME, ("198.51.100.1",)): Verdict(None, "nothing", f"Route 53 says {DOMAIN}, the DNS 198.51.100.1"),
    }
    for answer, expected in answers.items():
        assert expected == names.verdict(NAME, inventory(records=records, names={**SAME, NAME: answer}))


OTHERS: Mapping[str, Any] = {
    "another zone": {"example.org": []},
    "a zone that can't be read": {"example.com": denied("route53:ListResourceRecordSets")},
    "zones that can't be listed": denied("route53:ListHostedZones"),
    "no zone": None,
    "a name that is delegated": zone(
        address("www.example.com.", "ns-9.elsewhere.example.", type_="NS"), record(f"{NAME}.", BALANCER)
    ),
}


@pytest.mark.parametrize("records", OTHERS.values(), ids=OTHERS)
def test_what_no_zone_says_the_dns_does(records: Any) -> None:
    """A zone that is delegated elsewhere says nothing about the names in it."""
    found = names.verdict(NAME, inventory(records=records, names={NAME: Answer(DOMAIN, ("192.0.2.1",))}))
    assert Verdict(True, "dns", DOMAIN) == found


SAME = {DOMAIN: Answer(DOMAIN, ("192.0.2.1", "192.0.2.2"))}

DNS: Mapping[str, tuple[Mapping[str, Answer] | None, Verdict]] = {
    "its canonical name": ({NAME: Answer(DOMAIN, ("192.0.2.9",))}, Verdict(True, "dns", DOMAIN)),
    "another canonical name": (
        {NAME: Answer("pages.example.net", ("192.0.2.1",)), **SAME},
        Verdict(False, "dns", "pages.example.net"),
    ),
    "one address of its own": (
        {NAME: Answer(NAME, ("192.0.2.2", "192.0.2.3")), **SAME},
        Verdict(True, "dns", "192.0.2.2, 192.0.2.3"),
    ),
    "other addresses": ({NAME: Answer(NAME, ("198.51.100.1",)), **SAME}, Verdict(False, "dns", "198.51.100.1")),
    "no address": ({NAME: Answer()}, Verdict(False, "dns", "")),
    "addresses, and its own aren't known": (
        {NAME: Answer(NAME, ("192.0.2.1",)), DOMAIN: Answer(why="no answer within 3 s")},
        Verdict(None, "nothing", "no answer within 3 s"),
    ),
    "addresses, and its own weren't asked for": (
        {NAME: Answer(NAME, ("192.0.2.1",))},
        Verdict(None, "nothing", "the DNS was not asked"),
    ),
    "no answer": ({NAME: Answer(why="no answer within 3 s")}, Verdict(None, "nothing", "no answer within 3 s")),
    "not asked": ({}, Verdict(None, "nothing", "the DNS was not asked")),
    "nobody was asked": (None, Verdict(None, "nothing", "the DNS was not asked")),
}


@pytest.mark.parametrize(("answers", "expected"), DNS.values(), ids=DNS)
def test_the_dns_says(answers: Mapping[str, Answer] | None, expected: Verdict) -> None:
    """Nothing is known where it didn't answer."""
    assert expected == names.verdict(NAME, inventory(records=None, names=answers))


def test_without_the_distribution_nothing_is_known() -> None:
    """Whether it isn't there or may not be read."""
    gone = names.verdict(NAME, inventory(distribution=None))
    unread = names.verdict(NAME, inventory(distribution=denied("cloudfront:GetDistribution")))
    assert (None, "there is no distribution to compare with") == (gone.here, gone.answer)
    assert unread.here is None
    assert "cloudfront:GetDistribution is refused" in unread.answer
