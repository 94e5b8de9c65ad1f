"""The review, shown: each renderer is a function from a review to text."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING

from bascule.formats import Format

if TYPE_CHECKING:  # the audit's renderers are of this package too, and need no rules
    from bascule.review import Review


def renderer(format: Format) -> Callable[[Review], str]:
    """The renderer of a format, which is a module of this package with a function `render`."""
    render: Callable[[Review], str] = import_module(f"{__name__}.{format.value}").render
    return render
