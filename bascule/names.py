"""Whether a host name leads to the distribution: by Route 53's records where the account has them, else by the DNS."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import asdict, dataclass
from typing import Any

from bascule.inventory import Inventory, Unread, rows


@dataclass(frozen=True)
class Verdict:
    """Where a name leads."""

    here: bool | None
    """Whether to the distribution and nowhere else; None where that isn't known."""
    by: str
    """How it is known: `route53`, `dns`, or `nothing`."""
    answer: str
    """What was answered: a record, a canonical name, addresses, or nothing; or why it isn't known."""

    def told(self) -> dict[str, Any]:
        """As plain values."""
        return asdict(self)


def verdict(name: str, found: Inventory) -> Verdict:
    """Where `name` leads. An address that the distribution's own name has as well is taken for it: CloudFront's edges
    answer for every distribution, but an ALIAS record shows nothing else."""
    if isinstance(found.distribution, Unread):
        return Verdict(None, "nothing", f"{found.distribution.action} is refused, so there is nothing to compare with")
    if found.distribution is None:
        return Verdict(None, "nothing", "there is no distribution to compare with")
    domain = str(found.distribution["DomainName"]).lower()
    asked = _by_dns(name, domain, found)
    ends = _ends(_plain(name), found)
    if ends is None:
        return asked
    recorded = Verdict(ends == {domain}, "route53", ", ".join(sorted(ends)))
    if asked.here is not False or recorded.here is False:
        return recorded
    # A zone that nobody delegates to says whatever it likes. Addresses alone may be CloudFront's of another edge.
    if asked.answer[:1].isdigit():
        return Verdict(None, "nothing", f"Route 53 says {recorded.answer}, the DNS {asked.answer}")
    return asked


def _by_dns(name: str, domain: str, found: Inventory) -> Verdict:
    answers = found.names or {}
    answer = answers.get(name)
    if answer is None or not answer.known:
        return Verdict(None, "nothing", answer.why if answer else "the DNS was not asked")
    if answer.canonical == domain:
        return Verdict(True, "dns", domain)
    if not answer.addresses:
        return Verdict(False, "dns", "")
    if answer.canonical not in ("", name):
        return Verdict(False, "dns", answer.canonical)
    own = answers.get(domain)
    if own is None or not own.known:
        return Verdict(None, "nothing", own.why if own else "the DNS was not asked")
    return Verdict(bool({*answer.addresses} & {*own.addresses}), "dns", ", ".join(answer.addresses))


def _ends(name: str, found: Inventory, passed: frozenset[str] = frozenset()) -> set[str] | None:
    """What Route 53's records of a name lead to in the end, by names that the account holds as well; None where no
    zone of the account that could be read holds the name."""
    records = _records(name, found)
    if records is None:
        return None
    ends = set()
    for record in records:
        for target in _targets(record):
            further = None if target in passed | {name} else _ends(target, found, passed | {name})
            ends |= further or {target}
    return ends


def _records(name: str, found: Inventory) -> Sequence[Mapping[str, Any]] | None:
    """Route 53's address records of a name; None where no zone of the account that could be read holds it."""
    zones = found.records if isinstance(found.records, Mapping) else {}
    holding = max((zone for zone in zones if name == zone or name.endswith(f".{zone}")), key=len, default=None)
    if holding is None or not isinstance(zones[holding], list):
        return None
    every = rows(zones[holding])
    at = {_plain(record["Name"]) for record in every}
    delegated = {_plain(record["Name"]) for record in every if record["Type"] == "NS"} - {holding}
    if any(name == zone or name.endswith(f".{zone}") for zone in delegated):
        return None
    held = name if name in at else _wildcard(name, at)
    return [r for r in every if _plain(r["Name"]) == held and r["Type"] in ("A", "AAAA", "CNAME")]


def _wildcard(name: str, at: AbstractSet[str]) -> str:
    """The wildcard that answers for a name without records of its own: the one at the closest name that has any
    (RFC 4592)."""
    above = name.partition(".")[2]
    while above and above not in at and f"*.{above}" not in at:
        above = above.partition(".")[2]
    return f"*.{above}"


def _targets(record: Mapping[str, Any]) -> list[str]:
    alias = record.get("AliasTarget")
    # A record of a traffic policy has neither.
    return [_plain(alias["DNSName"])] if alias else [_plain(one["Value"]) for one in record.get("ResourceRecords", ())]


def _plain(name: str) -> str:
    """A name as people write it; Route 53 writes the asterisk of a wildcard as an octal code."""
    return name.rstrip(".").lower().replace("\\052", "*")
