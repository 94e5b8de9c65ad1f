"""The review's page in a real browser: it is readable at both widths and in both schemes, and it asks nobody anything.

Needs Chromium on PATH; `make test-browser` runs it.
"""

from __future__ import annotations

import html
import json
import re
import shutil
import struct
import subprocess
import zlib
from pathlib import Path

import pytest
from small_reviews import GOLDEN, hostile, many

from bascule.renderers import html as renderer

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"]
FLAGS += ["--disable-background-networking", "--disable-component-update", "--enable-logging=stderr"]
FLAGS += ["--virtual-time-budget=2000", "--hide-scrollbars", "--run-all-compositor-stages-before-draw"]
# A fresh browser asks its makers for the time and for updates: no name is resolved, and no proxy asked, for anyone.
FLAGS += ["--host-resolver-rules=MAP * ~NOTFOUND", "--no-proxy-server"]
SCHEMES = {"light": 1, "dark": 0}
"""Chromium's own numbers of the colour schemes that a page is told its reader prefers."""

PAGES = {**GOLDEN, "hostile": hostile, "many resources": lambda: many(60, 400)}

pytestmark = pytest.mark.browser


def chromium(tmp_path: Path, page: Path, *options: str) -> tuple[str, str]:
    """What Chromium writes when it opens a page: on standard output, and as its log."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    assert found is not None, f"none of {', '.join(BROWSERS)} is on PATH; Debian has it as `apt-get install chromium`"
    profile = tmp_path / "profile"
    finished = subprocess.run(
        [found, *FLAGS, f"--user-data-dir={profile}", *options, page.as_uri()],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert 0 == finished.returncode, finished.stderr
    return finished.stdout, finished.stderr


def saved(tmp_path: Path, name: str) -> Path:
    """The page of a review, as a file."""
    page = tmp_path / "review.html"
    page.write_text(renderer.render(PAGES[name]()), encoding="utf-8")
    return page


def pixels(picture: bytes) -> tuple[int, int, tuple[int, int, int]]:
    """Width and height of a PNG, and the colour of its first pixel: the page's own background."""
    width, height, depth, kind = struct.unpack(">IIBB", picture[16:26])
    assert 8 == depth
    data, place = b"", 8
    while place < len(picture):
        length, name = struct.unpack(">I4s", picture[place : place + 8])
        data += picture[place + 8 : place + 8 + length] if name == b"IDAT" else b""
        place += 12 + length
    # Whatever filter the first line has, its first pixel has no neighbour and stands as it is.
    red, green, blue = zlib.decompress(data)[1:4]
    assert kind in (2, 6)
    return width, height, (red, green, blue)


BACKGROUNDS = {"light": (0xFF, 0xFF, 0xFF), "dark": (0x14, 0x18, 0x1D)}


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(("width", "height"), [(1280, 900), (390, 844)])
@pytest.mark.parametrize("name", ["safe", "blocked"])
def test_a_page_is_drawn_wide_and_narrow_light_and_dark(
    tmp_path: Path, name: str, width: int, height: int, scheme: str
) -> None:
    """As large as the window, on the background of the scheme that the reader prefers."""
    picture = tmp_path / "page.png"
    chromium(
        tmp_path,
        saved(tmp_path, name),
        f"--window-size={width},{height}",
        f"--blink-settings=preferredColorScheme={SCHEMES[scheme]}",
        f"--screenshot={picture}",
    )
    assert (width, height, BACKGROUNDS[scheme]) == pixels(picture.read_bytes())


def opened(tmp_path: Path, page: Path) -> tuple[set[str], list[str]]:
    """What a page asks for when it is opened, and what it, or the browser about it, says on the console."""
    log = tmp_path / "net.json"
    _, stderr = chromium(tmp_path, page, f"--log-net-log={log}", "--dump-dom")
    details = [event.get("params") or {} for event in json.loads(log.read_text(encoding="utf-8"))["events"]]
    # What the browser asks on its own behalf is begun by no origin; a page, a file too, is one.
    asked = {one["url"] for one in details if "url" in one and one.get("initiator", BROWSER) != BROWSER}
    return asked, re.findall("CONSOLE.*", stderr)


BROWSER = "not an origin"


@pytest.mark.parametrize("name", ["blocked", "hostile"])
def test_a_page_asks_nobody_anything_and_complains_of_nothing(tmp_path: Path, name: str) -> None:
    """It is read without a network, and the console stays empty."""
    page = saved(tmp_path, name)
    assert (set(), []) == opened(tmp_path, page)
    assert not re.search(r"<(script|link|img|iframe|object)\b|\b(src|href)=", page.read_text(encoding="utf-8"))


def test_a_page_that_asks_and_complains_is_found_out(tmp_path: Path) -> None:
    """The test above would see it."""
    page = tmp_path / "asking.html"
    page.write_text('<!doctype html><img src="http://127.0.0.1:9/picture.png"><script>console.log("x")</script>')
    asked, said = opened(tmp_path, page)
    assert {"http://127.0.0.1:9/picture.png"} == asked
    assert any('"x"' in line for line in said)


MEASURE = """<!doctype html><body style="margin:0">
<iframe style="border:0;width:{width}px;height:800px" srcdoc="{page}"></iframe><script>
onload = () => {{
  const page = document.querySelector("iframe").contentDocument;
  page.querySelectorAll("details").forEach(one => one.open = true);
  const inside = page.documentElement;
  const over = [...page.querySelectorAll("body *")].filter(one => one.getBoundingClientRect().right > {width} + 1);
  document.body.textContent = JSON.stringify({{scroll: inside.scrollWidth, width: inside.clientWidth,
    over: over.map(one => one.outerHTML.slice(0, 120))}});
}};
</script>"""


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_doesn_t_scroll_sideways(tmp_path: Path, name: str, width: int) -> None:
    """With every fold opened, no line is wider than the window, whatever stands in it."""
    outer = tmp_path / "measure.html"
    source = html.escape(saved(tmp_path, name).read_text(encoding="utf-8"), quote=True)
    outer.write_text(MEASURE.format(width=width, page=source), encoding="utf-8")
    shown, _ = chromium(tmp_path, outer, f"--window-size={max(width, 500)},900", "--dump-dom")
    found = re.search(r"\{.*\}", html.unescape(shown), re.DOTALL)
    assert found is not None, shown
    measured = json.loads(found.group())
    assert {"scroll": width, "width": width, "over": []} == measured
