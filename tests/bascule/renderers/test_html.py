"""The review as one self-contained page."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from small_plans import BUILD, SECRET, SERVE, plan, review, review_of, update, waiver
from small_reviews import GOLDEN, HOSTILE, golden, hostile, many
from syrupy.assertion import SnapshotAssertion

from bascule.ladder import Stage
from bascule.renderers import html

VOID = {"meta", "link", "br", "img", "hr", "input"}


class Page(HTMLParser):
    """A page, read: its elements, its text, and what isn't closed as it was opened."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.wrong: list[str] = []
        self.text = ""
        self.pieces: list[str] = []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data
        self.pieces.append(data)

    @property
    def tags(self) -> set[str]:
        return {tag for tag, _ in self.elements}

    @property
    def words(self) -> str:
        """Its text on one line, element by element."""
        return " ".join(" ".join(self.pieces).split())


@pytest.mark.parametrize("name", GOLDEN)
def test_a_review_reads_like_this(snapshot: SnapshotAssertion, name: str) -> None:
    """The golden file is regenerated with `pytest --snapshot-update`."""
    assert html.render(GOLDEN[name]()) == snapshot(extension_class=golden("html"))


@pytest.mark.parametrize("name", [*GOLDEN, "hostile"])
def test_a_page_is_well_formed(name: str) -> None:
    """Every element is closed where it was opened."""
    page = Page(html.render(hostile() if name == "hostile" else GOLDEN[name]()))
    assert ([], []) == (page.wrong, page.open)


@pytest.mark.parametrize("name", [*GOLDEN, "hostile"])
def test_a_page_fetches_nothing_and_runs_nothing(name: str) -> None:
    """No script, no image, no style sheet but its own, no link to anywhere."""
    source = html.render(hostile() if name == "hostile" else GOLDEN[name]())
    page = Page(source)
    assert set() == page.tags & {"script", "img", "link", "iframe", "object", "embed", "form", "base", "a"}
    names = {name for _, attributes in page.elements for name in attributes}
    assert set() == {name for name in names if name in ("src", "href", "srcset", "action") or name.startswith("on")}
    assert not re.search(r"@import|url\(", source.partition("</style>")[0])


def test_what_stands_in_a_plan_is_text() -> None:
    """A comment that holds a script shows it."""
    source = html.render(hostile())
    page = Page(source)
    assert "<script" not in source
    assert "<script>alert(1)</script>" in page.text
    assert "${x} {{ 1 }}" in page.text
    assert set() == page.tags - Page(html.render(review(SERVE, Stage.CONNECT, Stage.SERVE, waiver("methods")))).tags
    assert "\x1b" not in source


def test_the_only_page_that_a_plan_makes_is_this_one() -> None:
    """Its title and its headings are the review's own."""
    page = Page(html.render(hostile()))
    assert 1 == sum(tag == "h1" for tag, _ in page.elements)
    assert HOSTILE not in page.text.partition(":root")[0]


def test_a_page_says_what_the_other_formats_say() -> None:
    """Verdict, visitors, counts, findings, ways and changes."""
    words = Page(html.render(review(SERVE))).words
    for piece in (
        "BLOCKED Changes for visitors? Visitors get the application, instead of the bucket.",
        "0 import, 0 create, 1 update, 0 replace, 0 delete, 0 forget",
        "fail, blocks methods",
        "before: the bucket",
        "after: the application",
        "viewer example distribution CloudFront behavior default origin S3-old-site",
        "target aws_ecs_service.site app:3000",
        'default_cache_behavior.target_origin_id: "S3-old-site" → "bascule-alb"',
    ):
        assert piece in words


def test_a_way_that_stays_is_drawn_once() -> None:
    """Before and after are the same picture."""
    source = html.render(review(BUILD, Stage.ADOPT, Stage.BUILD))
    assert ["<h3>before and after: the bucket</h3>"] == re.findall("<h3>.*</h3>", source)
    assert 'class="new"' not in source


def test_a_station_that_is_new_on_the_way_is_marked() -> None:
    """What was on the way before isn't."""
    source = html.render(review(SERVE))
    marked = re.findall('<li class="new"><span class="what">(.*?)</span>', source)
    assert ["origin", "listener", "rule", "target group", "target"] == marked


def test_what_blocks_is_told_from_what_asks_for_eyes() -> None:
    """Both fail; one of them keeps the plan from being applied."""
    source = html.render(review(SERVE))
    assert "<strong>fail, blocks</strong> <code>methods</code>" in source
    assert "<strong>fail</strong> <code>origin-http</code>" in source


def test_without_a_distribution_no_way_is_drawn() -> None:
    """Nothing is known of it; the heading doesn't stand over nothing."""
    source = html.render(review_of(update("aws_x.y", {"name": "a"}, {"name": "b"})))
    assert "The way of a request" not in source


def test_a_plan_of_nothing_says_so() -> None:
    """And is a whole page."""
    assert "Nothing." in Page(html.render(review(plan()))).words


def test_every_resource_is_there() -> None:
    """A page has no limit."""
    assert 300 == html.render(many(300)).count('<div class="resource">')


def test_a_page_is_light_and_dark_and_narrow() -> None:
    """As the reader's device is."""
    source = html.render(review(SERVE))
    for piece in ('content="light dark"', "prefers-color-scheme: dark", "@media (max-width", "width=device-width"):
        assert piece in source
    assert source.startswith('<!doctype html>\n<html lang="en">')


def test_no_secret_is_shown() -> None:
    """Not even in what is folded."""
    for found in [*(make() for make in GOLDEN.values()), hostile()]:
        assert SECRET not in html.render(found)
