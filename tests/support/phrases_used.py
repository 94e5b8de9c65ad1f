"""The templates of every phrase in the audit's source."""

from __future__ import annotations

import ast
from pathlib import Path

AUDIT = Path(__file__).parents[2] / "bascule"
FOLDERS = (AUDIT / "audit", AUDIT / "renderers")


def templates() -> set[str]:
    """What `phrase(…)` is called with, wherever it is called."""
    found = set()
    for path in (path for folder in FOLDERS for path in folder.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("phrase", "Phrase"):
                template = node.args[0]
                if isinstance(template, ast.Constant) and isinstance(template.value, str):
                    found.add(template.value)
                elif path.name != "phrases.py":
                    raise AssertionError(f"{path.name}:{node.lineno}: a phrase that isn't a literal can't be translated")
    return found
