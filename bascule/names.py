"""Whether a host name leads to the distribution: by Route 53's records where the account has them, else by the DNS."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from bascule.inventory import Inventory, rows


@dataclass(frozen=True)
class Verdict:
    """Where a name leads."""

    here: bool | None
    """Whether to the distribution; None where that isn't known."""
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
    domain = str(found.distribution["DomainName"]).lower() if isinstance(found.distribution, Mapping) else None
    if domain is None:
        return Verdict(None, "nothing", "there is no distribution to compare with")
    records = _records(name, found)
    if records is not None:
        leads = [_target(record) for record in records]
        return Verdict(domain in leads, "route53", ", ".join(sorted(set(leads))))
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


def _records(name: str, found: Inventory) -> Sequence[Mapping[str, Any]] | None:
    """Route 53's address records of a name; None where no zone of the account that could be read holds it."""
    zones = found.records if isinstance(found.records, Mapping) else {}
    holding = max((zone for zone in zones if name == zone or name.endswith(f".{zone}")), key=len, default=None)
    if holding is None or not isinstance(zones[holding], list):
        return None
    every = rows(zones[holding])
    delegated = [r for r in every if r["Type"] == "NS" and name.endswith(f".{_plain(r['Name'])}")]
    if any(_plain(record["Name"]) != holding for record in delegated):
        return None
    return [r for r in every if _plain(r["Name"]) == name and r["Type"] in ("A", "AAAA", "CNAME")]


def _target(record: Mapping[str, Any]) -> str:
    alias = record.get("AliasTarget")
    return _plain(alias["DNSName"] if alias else record["ResourceRecords"][0]["Value"])


def _plain(name: str) -> str:
    return name.rstrip(".").lower()
