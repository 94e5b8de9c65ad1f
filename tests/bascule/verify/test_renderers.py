"""The matrix for people and for machines."""

from __future__ import annotations

import json

import pytest

from bascule.formats import Expect
from bascule.outcomes import Outcome
from bascule.renderers import verify_json, verify_text
from bascule.verify.row import Row
from bascule.verify.run import all_pass

ROWS = (
    Row("home", "/ is HTML from the application", Outcome.PASS, "/ is the application's: 200 text/html", "", 0.1234),
    Row("apex a.test", "the bare domain leads to the site", Outcome.NOT_CONFIGURED, "isn't an alias", "add it", 0.0),
    Row("cookies", "cookies arrive", Outcome.UNKNOWN, "nothing echoes", "say echo_path", 0.0),
)


def test_a_line_for_a_row_and_what_to_do_below_it() -> None:
    """Then how many there are of each."""
    assert """\
pass            home: / is the application's: 200 text/html
not configured  apex a.test: isn't an alias
                add it
unknown         cookies: nothing echoes
                say echo_path

1 pass, 1 unknown, 1 not configured""" == verify_text.render(ROWS)


def test_colour_is_around_the_outcome_alone() -> None:
    """And only where it is asked for."""
    assert "\x1b[32mpass          \x1b[0m  home: " in verify_text.render(ROWS, colour=True)
    assert "\x1b" not in verify_text.render(ROWS)


def test_machines_get_all_of_a_row() -> None:
    """And the verdict that the command exits with."""
    document = json.loads(verify_json.render(ROWS, "example", Expect.APPLICATION))
    assert {"version": 1, "site": "example", "expect": "application", "passed": False} == {
        key: value for key, value in document.items() if key != "rows"
    }
    assert {
        "id": "home",
        "title": "/ is HTML from the application",
        "outcome": "pass",
        "evidence": "/ is the application's: 200 text/html",
        "remedy": "",
        "seconds": 0.123,
    } == document["rows"][0]


@pytest.mark.parametrize(
    ("outcome", "passes"),
    [
        (Outcome.PASS, True),
        (Outcome.WARN, True),
        (Outcome.NOT_CONFIGURED, True),
        (Outcome.FAIL, False),
        (Outcome.UNKNOWN, False),
    ],
)
def test_what_fails_or_is_unknown_is_no_pass(outcome: Outcome, passes: bool) -> None:
    """A warning may be left as it is."""
    assert passes is all_pass((ROWS[0], Row("x", "y", outcome, "seen", "do", 0.0)))
