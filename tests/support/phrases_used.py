"""The templates of every phrase in the audit's source."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from pathlib import Path

BASCULE = Path(__file__).parents[2] / "bascule"
SOURCES = [path for folder in ("audit", "renderers") for path in sorted((BASCULE / folder).glob("*.py"))]


def templates(sources: Iterable[Path] = SOURCES) -> set[str]:
    """What `phrase(…)` is called with, wherever it is called; an AssertionError for what isn't a literal there."""
    found = set()
    for path in sources:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("phrase", "Phrase"):
                template = node.args[0]
                if isinstance(template, ast.Constant) and isinstance(template.value, str):
                    found.add(template.value)
                elif path.name != "phrases.py":
                    raise AssertionError(
                        f"{path.name}:{node.lineno}: a phrase that isn't a literal can't be translated"
                    )
    return found
