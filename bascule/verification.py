"""What has to be known of the account before the site is asked, and the way to it."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from bascule import aws
from bascule.distribution import to_load_balancer
from bascule.errors import InputError
from bascule.formats import Expect, Via
from bascule.inventory import Inventory, Unread, rows
from bascule.ladder import ALB_ORIGIN_ID
from bascule.reading import Call, perform
from bascule.sandbox import control
from bascule.site import Site
from bascule.verify.expectation import BODY_LIMIT, Expectation, Live, expectation
from bascule.verify.http import Fetcher
from bascule.verify.messages import Address, Answer, Fetch, Kind, NoAnswer, Request
from bascule.verify.run import Target

OLD_PAGE = "index.html"


@dataclass(frozen=True)
class Reach:
    """How the site is asked."""

    target: Target
    fetch: Fetch


def reach(identity: aws.Identity, domain: str, via: Via) -> Reach:
    """The way to the site: as DNS leads, or through the distribution's own name `domain`. Where the account is the
    sandbox, both lead to its edge on this machine. Raises InputError for another stand-in, whose site is nowhere."""
    if not aws.is_loopback(identity.endpoint):
        return Reach(Target.through(domain) if via is Via.CLOUDFRONT else Target(), Fetcher())
    edge = control.edge(identity.endpoint)
    if edge is None:
        raise InputError(
            "the account is a local stand-in, and the site that its names lead to is not",
            where=identity.endpoint,
            remedy="use credentials of the site's account, without AWS_ENDPOINT_URL; or `bascule sandbox start`, which "
            "has a site of its own",
        )
    fetch = Fetcher(edge.ca)
    target = Target(Address(*edge.https), Address(*edge.http))

    def inside(request: Request) -> Answer:
        at = request.at
        if at is None or at in (target.https, target.http):
            return fetch(request)
        standing_in = control.outside(identity.endpoint, at.host, at.port)
        if standing_in is None:
            return NoAnswer(Kind.NAME, "no such address in the sandbox")
        return fetch(replace(request, at=Address(*standing_in)))

    return Reach(target, inside)


def expected(
    found: Inventory, site: Site, clients: aws.Clients, expect: Expect | None = None, *, before: float | None = None
) -> Expectation:
    """What the site is to answer, by what the account holds now: the application if visitors are sent to the load
    balancer, else the bucket, unless `expect` says; `before` is the seconds to the first byte before the switch. Raises
    BasculeError where AWS can't be asked."""
    config = found.config if isinstance(found.config, Mapping) else {}
    return expectation(
        site,
        site.verify,
        Live(
            aliases=tuple(config.get("Aliases", {}).get("Items", ())),
            domain=str(found.distribution["DomainName"]) if config else "",
            probed=any(
                behavior["PathPattern"] == site.distribution.probe_path and behavior["TargetOriginId"] == ALB_ORIGIN_ID
                for behavior in config.get("CacheBehaviors", {}).get("Items", ())
            ),
            load_balancer=next((str(o["DomainName"]) for o in _origins(config) if o["Id"] == ALB_ORIGIN_ID), None),
            tasks=_addresses(found),
            index_html=_old_page(clients, site),
        ),
        expect=expect or who_answers(config),
        now=datetime.now(UTC),
        before=before,
        nonce=secrets.token_hex(4),
    )


def who_answers(config: Mapping[str, Any]) -> Expect:
    """Where the distribution's default behavior sends visitors."""
    return Expect.APPLICATION if to_load_balancer(config) else Expect.BUCKET


def _origins(config: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return list(config.get("Origins", {}).get("Items", ()))


def _addresses(found: Inventory) -> tuple[str, ...] | None:
    """The tasks' public addresses; None if they couldn't be read."""
    if isinstance(found.interfaces, Unread) or isinstance(found.tasks, Unread):
        return None
    addresses = (one.get("Association", {}).get("PublicIp") for one in rows(found.interfaces))
    return tuple(sorted(address for address in addresses if address))


def _old_page(clients: aws.Clients, site: Site) -> bytes | None:
    """The bucket's own page, by which it is known again; None where there is none, or it can't be read."""
    parameters = {"Bucket": site.bucket.name, "Key": OLD_PAGE, "Range": f"bytes=0-{BODY_LIMIT - 1}"}
    with aws.readable():
        answer = perform(clients, Call("s3", "GetObject", parameters, absent=("NoSuchKey", "NoSuchBucket")))
        return bytes(answer["Body"]) if isinstance(answer, Mapping) else None
