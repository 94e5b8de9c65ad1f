"""The error that people see."""

from __future__ import annotations

import pytest

from bascule.errors import BasculeError, InputError


def test_an_error_says_what_where_and_how_to_mend_it() -> None:
    """One part a line; a part that is missing has no line."""
    assert "broken\n  where:  here\n  remedy: mend it" == str(BasculeError("broken", where="here", remedy="mend it"))
    assert "broken" == str(BasculeError("broken"))


def test_input_has_an_exit_code_of_its_own() -> None:
    """2 is for what a person wrote, 1 for everything else."""
    assert (1, 2) == (BasculeError.exit_code, InputError.exit_code)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("two\nlines, é and 日本", "two\nlines, é and 日本"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("\r\t\x00\x9b", "\\r\\t\\x00\\x9b"),
        ("\u202egnp\ufeff\U000e0001", "\\u202egnp\\ufeff\\U000e0001"),
        ("\ud800", "\\ud800"),
    ],
)
def test_what_a_terminal_would_act_on_is_shown_as_an_escape(text: str, shown: str) -> None:
    """An error may quote a file, in any of its parts."""
    assert f"{shown}\n  where:  {shown}\n  remedy: {shown}" == str(BasculeError(text, where=text, remedy=text))
