"""How something of moto's is put out of its place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def instead(owner: Any, name: str) -> Callable[[Any], Any]:
    """Puts what it decorates in the place of moto's `owner.name`; AttributeError if moto has no such name any more."""
    getattr(owner, name)

    def replace(by: Any) -> Any:
        setattr(owner, name, by)
        return by

    return replace
