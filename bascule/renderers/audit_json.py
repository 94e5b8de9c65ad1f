"""An audit for machines, and to compare a later one with; `version` rises when a key changes its meaning."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from bascule.audit.document import Audit
from bascule.audit.facts import Facts
from bascule.audit.options import options, recommended
from bascule.errors import InputError
from bascule.formats import Language
from bascule.language import say_in

VERSION = 1


@dataclass(frozen=True)
class Earlier:
    """An audit that was kept."""

    site: str
    made: date
    facts: Facts


def render(audit: Audit) -> str:
    """The audit as one JSON object; sentences are English."""
    say, found = say_in(Language.EN), options(audit.facts)
    recommendation = recommended(found)
    document: dict[str, Any] = {
        "version": VERSION,
        "site": audit.site,
        "made": audit.made.isoformat(),
        "facts": audit.facts,
        "options": [
            {
                "number": option.number,
                "strategy": option.strategy,
                "verdict": option.verdict,
                "reasons": [say(reason) for reason in option.reasons],
            }
            for option in found
        ],
        "recommended": recommendation.strategy if recommendation else None,
    }
    if audit.since is not None:
        document["since"] = audit.since.isoformat()
        document["changes"] = [asdict(change) for change in audit.changes]
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def read(text: str, where: str) -> Earlier:
    """An audit that `render` wrote. Raises InputError for anything else."""
    try:
        document = json.loads(text)
        if document["version"] != VERSION:
            raise InputError(
                f"it is of version {document['version']}, this bascule reads version {VERSION}", where=where
            )
        return Earlier(str(document["site"]), date.fromisoformat(document["made"]), dict(document["facts"]))
    except (ValueError, TypeError, KeyError, RecursionError):
        raise InputError(
            "this is no audit in JSON", where=where, remedy="keep one with `bascule audit --format json > FILE`"
        ) from None
