"""The verification matrix, for machines; `version` rises when a key changes its meaning."""

from __future__ import annotations

import json
from collections.abc import Sequence

from bascule.formats import Expect
from bascule.verify.row import Row
from bascule.verify.run import all_pass

VERSION = 1


def render(rows: Sequence[Row], site: str, expect: Expect) -> str:
    """The rows as one JSON object; `passed` is whether nothing fails and nothing is unknown."""
    document = {
        "version": VERSION,
        "site": site,
        "expect": expect,
        "passed": all_pass(rows),
        "rows": [
            {
                "id": row.id,
                "title": row.title,
                "outcome": row.outcome,
                "evidence": row.evidence,
                "remedy": row.remedy,
                "seconds": round(row.seconds, 3),
            }
            for row in rows
        ],
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
