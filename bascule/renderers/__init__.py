"""The review, shown: each renderer is a function from a review to text."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from bascule.formats import Format
from bascule.review import Review

Render = Callable[[Review], str]


def renderer(format: Format) -> Render:
    """The renderer of a format, which is a module of this package with a function `render`."""
    render: Render = import_module(f"{__name__}.{format.value}").render
    return render
