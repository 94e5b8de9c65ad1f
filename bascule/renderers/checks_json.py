"""What the checks say, for machines; `version` rises when a key changes its meaning."""

from __future__ import annotations

import json
from collections.abc import Sequence

from bascule.checks import Finding, Outcome
from bascule.ladder import Stage

VERSION = 1


def render(findings: Sequence[Finding], site: str, stage: Stage) -> str:
    """The findings as one JSON object; `ready` is whether nothing fails."""
    document = {
        "version": VERSION,
        "site": site,
        "stage": stage,
        "ready": all(finding.outcome is not Outcome.FAIL for finding in findings),
        "checks": [
            {
                "number": finding.number,
                "id": finding.check.id,
                "title": finding.check.title,
                "outcome": finding.outcome,
                "evidence": finding.result.evidence,
                "remedy": finding.result.remedy,
                "waived": finding.waiver.model_dump(mode="json") if finding.waiver else None,
            }
            for finding in findings
        ],
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
