"""Whether visitors come here: the aliases, where the DNS leads them, and the names above them."""

from __future__ import annotations

import json

from bascule import names
from bascule.checks.base import Case, Check, items, listed
from bascule.inventory import Unread, apexes, rows
from bascule.ladder import Stage
from bascule.outcomes import Result, fail, passed, unknown, warn, worst


def _equal(case: Case) -> Result:
    live, said = sorted(items(case.config, "Aliases")), sorted(case.site.aliases)
    seen = f"the distribution's aliases are {listed(live) or 'none'}"
    if live != said:
        remedy = f"write aliases = {json.dumps(live)}, or correct distribution.id"
        return fail(f"{seen}; the site file says {listed(said) or 'none'}", remedy)
    return passed(seen)


def _lead_here(case: Case) -> Result:
    home = str(case.fact("distribution")["DomainName"]).lower()
    return worst([_leads(case, alias, home) for alias in case.site.aliases] or [passed("no alias")])


def _leads(case: Case, alias: str, home: str) -> Result:
    found = names.verdict(alias, case.inventory)
    by = {"route53": "Route 53", "dns": "DNS"}.get(found.by, found.by)
    if found.here:
        return passed(f"{alias} → {found.answer} ({by})")
    if found.here is None:
        refusal = _unread_zone(case, alias)
        if refusal is not None:
            raise case.unanswered("records", refusal)
        remedy = f"look yourself: `dig {alias.replace('*', 'anything')}` is to lead to {home}"
        return unknown(f"{alias}: no record in a zone of this account, and {found.answer}", remedy)
    return warn(
        f"{alias} → {found.answer or 'no address'} ({by}), not {home}: its visitors don't come here",
        f"point {alias} to {home}, if its visitors are to get the application",
    )


def _unread_zone(case: Case, alias: str) -> Unread | None:
    """Why the records that would tell of an alias couldn't be read."""
    records = case.inventory.records
    if isinstance(records, Unread):
        return records
    zones = records.items() if isinstance(records, dict) else ()
    return next((z for name, z in zones if isinstance(z, Unread) and f".{alias}".endswith(f".{name}")), None)


def _apex(case: Case) -> Result:
    above = apexes(case.site.aliases)
    if not above:
        return passed("no alias begins with www., or the name above it is an alias too")
    return worst(_one_apex(case, apex) for apex in above)


def _one_apex(case: Case, apex: str) -> Result:
    remedy = f"nothing for the move; add {apex} to the distribution's aliases, or redirect it, if visitors type it"
    seen = f"{apex} is no alias of this distribution"
    every = case.inventory.distributions
    if not isinstance(every, list):
        return warn(f"{seen}; whether another one has it is unknown ({every or 'no list of distributions'})", remedy)
    others = [other for other in rows(every) if other.get("Id") != case.site.distribution.id]
    holders = [str(other.get("Id")) for other in others if apex in items(other, "Aliases")]
    if holders:
        return warn(f"{seen} but of {listed(holders)}: its visitors get what that one serves", remedy)
    return warn(f"{seen}, nor of another one of the account: its visitors don't get the application", remedy)


CHECKS = (
    Check(
        "aliases",
        "the distribution's aliases are the site file's",
        Stage.ADOPT,
        True,
        "They are what certificates and names are checked against, and what `bascule adopt` recognizes it by.",
        _equal,
        waivable=False,
    ),
    Check(
        "alias-dns",
        "every alias leads to this distribution",
        Stage.SERVE,
        True,
        "Whoever types a name that leads elsewhere doesn't get what `serve` serves. That is a warning, not a failure: "
        "the move harms nobody who isn't here, the names may be meant to follow later, and a proxy before CloudFront "
        "looks the same from outside.",
        _lead_here,
    ),
    Check(
        "apex",
        "the name above www. is looked after, too",
        Stage.SERVE,
        True,
        "Many visitors type the name without www. Where it isn't an alias of the distribution, they get what they get "
        "today, whatever this move does.",
        _apex,
    ),
)
