"""The review as one self-contained page: no script, nothing fetched, light and dark, wide and narrow."""

from __future__ import annotations

from importlib import resources

from bascule.review import Review, grouped
from bascule.summary import SIGNS

TEMPLATE = "review.html.j2"


def render(review: Review) -> str:
    """The page. Everything out of the plan is escaped: a resource's comment may hold markup."""
    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    source = resources.files("bascule").joinpath("data", TEMPLATE).read_text(encoding="utf-8")
    template = environment.from_string(source)
    return template.render(review=review, grouped=grouped, signs=SIGNS) + "\n"
