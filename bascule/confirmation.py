"""After traffic moved: CloudFront's caches emptied, and the site asked what visitors ask it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from bascule import aws, gates, invalidation, observe, progress, survey, verification, waiting
from bascule.errors import BasculeError, InputError
from bascule.formats import Expect, Via
from bascule.invalidation import EVERYTHING
from bascule.inventory import Inventory
from bascule.journal import Record, timed
from bascule.outcomes import Outcome
from bascule.renderers import verify_text
from bascule.site import Site
from bascule.verify import run
from bascule.verify.matrix import ANSWERS
from bascule.verify.row import Row
from bascule.waiting import Gate, Wait

AGAIN = (1.0, 2.0, 4.0)
"""Seconds before the site is asked again where a row failed: a task that starts cold, or one edge that is behind, is no
reason to go back."""


class Place(Protocol):
    """A site, its account, and where to write down what is done: a session, or the account alone."""

    @property
    def name(self) -> str:
        """Of the site."""

    @property
    def site(self) -> Site:
        """Its intent."""

    @property
    def clients(self) -> aws.Clients:
        """Of the account."""

    @property
    def identity(self) -> aws.Identity:
        """Who is asking."""

    @property
    def record(self) -> Record:
        """Keeps the journal."""


def invalidate(
    place: Place, say: Callable[[str], None], paths: Sequence[str] = EVERYTHING, *, wait: Wait = waiting.wait
) -> str:
    """Wait until every edge has the distribution's config, since one with the old one would fill its cache with what
    that leads to; empty CloudFront's caches of `paths`, wait until that is completed, and return what to say about it.
    Progress goes to standard error.

    Raises InputError for a path without a leading slash, NotReady where the distribution isn't deployed, BasculeError
    where AWS refuses or doesn't come to an end.
    """
    invalidation.check(paths)
    _wait(place, observe.deployed(_looking(place)), say, wait)
    return _invalidate(place, paths)


def _looking(place: Place) -> observe.Looking:
    def reach(domain: str) -> verification.Reach:
        return verification.reach(place.identity, domain, Via.CLOUDFRONT)

    return observe.Looking(place.clients, place.site, reach)


def _wait(place: Place, gate: Gate, say: Callable[[str], None], wait: Wait) -> None:
    (deployed,) = wait([gate], watch=lambda one: say(waiting.told(one)))
    place.record("gate", before="invalidation", **deployed.details)
    what = "not every edge is known to have the distribution's config, and nothing was invalidated:"
    gates.require([deployed.verdict], what, "once it is deployed: `bascule invalidate`, then `bascule verify`")
    say(f"observed before the invalidation:\n  {deployed}")


def _invalidate(place: Place, paths: Sequence[str]) -> str:
    distribution = place.site.distribution.id
    with (
        timed(place.record, "invalidate", paths=" ".join(paths)),
        progress.reading(f"invalidating {' '.join(paths)}") as on_look,
    ):
        done = invalidation.invalidate(place.clients, distribution, paths, watch=on_look)
        invalidation.require(done, distribution)
    return f"invalidation {done.id} completed after {done.seconds:.0f} s"


def verify(
    place: Place, expect: Expect | None = None, via: Via = Via.CLOUDFRONT, *, before: float | None = None
) -> tuple[Expect, tuple[Row, ...]]:
    """Ask the site what the matrix asks; who was expected to answer, and the rows. Progress goes to standard error.

    `before` is how many seconds a page took before the switch. Raises InputError where there is no distribution, or no
    site behind a local stand-in; BasculeError where AWS can't be asked.
    """
    found = _inventory(place)
    wanted = verification.expected(found, place.site, place.clients, expect, before=before)
    reach = verification.reach(place.identity, str(found.distribution["DomainName"]), via)
    with progress.reading(f"asking {wanted.host}") as on_row:
        rows = run.verify(reach.target, wanted, reach.fetch, on_row)
    summary, failed = verify_text.summary(rows), ", ".join(row.id for row in failing(rows))
    place.record("verify", expect=wanted.expect.value, passed=run.all_pass(rows), seen=summary, failed=failed)
    return wanted.expect, rows


def speed(place: Place) -> float | None:
    """Seconds to the first byte of the page that visitors get now; None where it doesn't answer, or can't be asked."""
    try:
        found = _inventory(place)
        wanted = verification.expected(found, place.site, place.clients)
        reach = verification.reach(place.identity, str(found.distribution["DomainName"]), Via.CLOUDFRONT)
    except BasculeError:
        return None
    return run.measure(reach.target, wanted, reach.fetch)


def confirm(
    place: Place,
    expect: Expect,
    say: Callable[[str], None],
    *,
    before: float | None = None,
    sleep: Callable[[float], None] = time.sleep,
    wait: Wait = waiting.wait,
) -> tuple[Row, ...]:
    """Wait until every edge has the config that sends visitors to `expect`, empty the caches, then ask the site until
    no row fails, or AGAIN is over. Returns the rows, which were said; some may be unknown.

    Raises NotReady where that isn't seen, or visitors get errors meanwhile; else as `invalidate` and `verify` do.
    """
    _wait(place, observe.arrived(_looking(place), expect), say, wait)
    say(_invalidate(place, EVERYTHING))
    _, rows = verify(place, expect, before=before)
    for seconds in AGAIN:
        if not failing(rows):
            break
        say(f"not yet ({', '.join(row.id for row in failing(rows))} failed): asking again in {seconds:.0f} s")
        sleep(seconds)
        _, rows = verify(place, expect, before=before)
    say(verify_text.render(rows))
    return rows


def failing(rows: Sequence[Row]) -> list[Row]:
    """The rows that fail."""
    return [row for row in rows if row.outcome is Outcome.FAIL]


class Unverified(BasculeError):
    """The site doesn't answer as it should, or that couldn't be settled."""

    unanswered = False
    """Whether a row failed that is about what visitors are answered."""


def require(rows: Sequence[Row], what: str) -> None:
    """Raises Unverified, with `what` and the rows that fail, or else those that are unknown, unless all pass."""
    if run.all_pass(rows):
        return
    missed = failing(rows) or [row for row in rows if not run.all_pass([row])]
    listed = [f"  {row.outcome}  {row.id}: {row.evidence}" for row in missed]
    remedies = dict.fromkeys([*(row.remedy for row in missed if row.remedy), "`bascule verify` asks again"])
    error = Unverified("\n".join([what, *listed]), remedy="\n          ".join(remedies))
    error.unanswered = any(row.id in ANSWERS for row in failing(rows))
    raise error


def require_bucket(place: Place, say: Callable[[str], None], *, sleep: Callable[[float], None] = time.sleep) -> None:
    """Confirm that visitors get the old page again. Raises Unverified where they don't."""
    rows = confirm(place, Expect.BUCKET, say, sleep=sleep)
    require(rows, "visitors are sent to the bucket, and this isn't as it should be:")


def _inventory(place: Place) -> Inventory:
    with progress.reading("reading the account") as on_call:
        found = survey.take(place.clients, place.identity, place.site, on_call=on_call)
    if not isinstance(found.config, Mapping):
        why = str(found.distribution) if found.distribution is not None else "no such distribution in this account"
        raise InputError(why, where=f"CloudFront distribution {place.site.distribution.id}")
    return found
