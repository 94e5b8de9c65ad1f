"""The journal: lines that are only added, and read whatever became of the process that wrote them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bascule import journal
from bascule.errors import BasculeError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the journal is to be."""
    return tmp_path / "journal" / "site.jsonl"


def test_entries_come_back_in_order_with_who_did_them(path: Path) -> None:
    """Caller's ARN, event and details are kept."""
    record = journal.recorder(path, "arn:aws:iam::123456789012:user/ada")
    record("gate", gate="ALB active", passed=True)
    record("apply begun", to="build")
    first, second = journal.read(path)
    assert ("gate", {"gate": "ALB active", "passed": True}) == (first.event, first.details)
    assert ("apply begun", {"to": "build"}) == (second.event, second.details)
    assert first.who.startswith("arn:aws:iam::123456789012:user/ada (")


@pytest.mark.parametrize("separator", ["\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\x1c", "\r"])
def test_an_entry_is_a_line_whatever_is_in_it(path: Path, separator: str) -> None:
    """Only a line feed ends one: what else Unicode calls the end of a line may be in a name or a message."""
    journal.recorder(path, "arn")("apply failed", why=f"one{separator}two")
    assert [f"one{separator}two"] == [entry.details["why"] for entry in journal.read(path)]


def test_what_ends_well_and_what_fails_both_say_how_long_it_took(path: Path) -> None:
    """Each has its begin, its end, and its seconds; a failure its reason."""
    record = journal.recorder(path, "arn")
    with journal.timed(record, "apply", to="build"):
        pass
    with pytest.raises(BasculeError), journal.timed(record, "apply", to="attach"):
        raise BasculeError("targets are not healthy")
    entries = journal.read(path)
    assert ["apply begun", "apply done", "apply begun", "apply failed"] == [entry.event for entry in entries]
    assert "targets are not healthy" == entries[-1].details["why"]
    assert all("seconds" in entry.details for entry in entries[1::2])


@given(st.integers(min_value=1))
def test_a_line_that_was_never_finished_hides_no_other(cut: int) -> None:
    """Wherever a dying process stopped, what was written before it is read, and what comes after it as well."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "site.jsonl"
        record = journal.recorder(path, "arn")
        record("adopt")
        whole = path.read_bytes()
        record("apply begun", to="build")
        whole_two = path.read_bytes()
        path.write_bytes(whole_two[: len(whole) + cut % (len(whole_two) - len(whole) - 1)])
        record("apply begun", to="attach")
        events = [(entry.event, entry.details.get("to")) for entry in journal.read(path)]
        assert ("adopt", None) == events[0]
        assert ("apply begun", "attach") == events[-1]


def test_a_journal_is_its_owner_s_alone(path: Path) -> None:
    """Mode 0600."""
    journal.recorder(path, "arn")("adopt")
    assert 0o600 == path.stat().st_mode & 0o777


def test_a_journal_that_was_never_begun_is_empty(path: Path) -> None:
    """No file is no entry."""
    assert [] == journal.read(path)


def test_each_entry_is_told_in_a_line(path: Path) -> None:
    """With its details, but for those that are empty; and who did it, where somebody else goes on."""
    for arn, plan in (("arn", ""), ("arn", "0123456789abcdef"), ("other", "")):
        journal.recorder(path, arn)("apply begun", to="build", plan=plan)
    who, line, planned, other, _ = journal.told(journal.read(path))
    assert (who.split()[:2], other.split()[:2]) == (["by", "arn"], ["by", "other"])
    assert "apply begun" in line
    assert "to build" in line
    assert "plan" not in line
    assert planned.endswith("plan 0123456789ab")
