"""What `bascule adopt` recorded of the account."""

from __future__ import annotations

from bascule import hcl
from bascule.workspace import Workspace

FACTS = "facts.tf"
"""The file of imports/SITE/ for what no adopted resource carries."""


def account(workspace: Workspace, name: str) -> str | None:
    """The account that a site was adopted in, or None before that."""
    path = workspace.imports(name) / FACTS
    if not path.exists():
        return None
    found = hcl.loads(path.read_text(encoding="utf-8"), where=str(path))
    return next((str(block["account"]) for block in found.get("locals", ()) if "account" in block), None)
