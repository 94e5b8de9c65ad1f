"""What people see while Terraform works; the events are as recorded from Terraform 1.11.4."""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import Any

import pytest
from rich.console import Console

from bascule.progress import line, shown
from bascule.terraform_events import INTERRUPT


def hook(kind: str, address: str = "aws_lb.this", action: str = "create", **more: Any) -> dict[str, Any]:
    return {"type": kind, "@message": "", "hook": {"resource": {"addr": address}, "action": action, **more}}


def summary(operation: str, **counts: int) -> dict[str, Any]:
    counts = {"add": 0, "change": 0, "import": 0, "remove": 0} | counts
    return {"type": "change_summary", "changes": {"operation": operation, **counts}}


READ = {"type": "refresh_complete", "hook": {"resource": {"addr": "aws_s3_bucket.site"}}}


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (hook("apply_start"), "aws_lb.this: creating"),
        (hook("apply_start", action="update", id_key="id", id_value="E1"), "aws_lb.this: changing (id E1)"),
        (hook("apply_start", action="delete", id_value="E1"), "aws_lb.this: destroying (id E1)"),
        (hook("apply_progress", elapsed_seconds=20), "aws_lb.this: still creating, 20 s"),
        (hook("apply_complete", id_value="arn", elapsed_seconds=61), "aws_lb.this: created in 61 s (id arn)"),
        (hook("apply_complete", action="update", elapsed_seconds=30), "aws_lb.this: changed in 30 s"),
        (hook("apply_complete", action="delete", elapsed_seconds=0), "aws_lb.this: destroyed in 0 s"),
        (hook("apply_errored", elapsed_seconds=3), "aws_lb.this: failed after 3 s of creating"),
        (hook("apply_start", action="somersault"), "aws_lb.this: somersault"),
        (hook("apply_start", action="read"), None),
        (hook("apply_complete", action="read"), None),
        (READ, None),
        (summary("plan", **{"import": 3}), "plan: 3 to import, 0 to add, 0 to change, 0 to destroy"),
        (summary("apply", add=8, change=1), "done: 0 imported, 8 added, 1 changed, 0 destroyed"),
        ({"type": "version", "terraform": "1.11.4"}, None),
        ({"type": "planned_change", "change": {"action": "create"}}, None),
        ({"type": "diagnostic", "diagnostic": {"severity": "error", "summary": "No"}}, None),
        ({"type": "diagnostic", "diagnostic": {"severity": "warning", "summary": "Old"}}, "warning: Old"),
        (
            {"type": "diagnostic", "diagnostic": {"severity": "warning", "summary": "Old", "address": "aws_lb.this"}},
            "warning: Old (aws_lb.this)",
        ),
        ({"type": "outputs", "outputs": {"secret": {"sensitive": True, "value": "hush"}}}, None),
        (
            {"type": "log", "@message": "Installing provider version: hashicorp/aws v5.100.0..."},
            "Installing provider version: hashicorp/aws v5.100.0...",
        ),
        ({"type": "log", "@message": "Stopping operation..."}, None),
        ({"type": "something_new"}, None),
    ],
)
def test_an_event_is_a_line(event: dict[str, Any], expected: str | None) -> None:
    """Or none, where it tells nothing that another place doesn't tell better."""
    assert line(event) == expected


def test_a_request_to_stop_is_answered_each_time() -> None:
    """The first time with what happens, then with why it isn't forced."""
    assert "asked to end" in str(line({"type": INTERRUPT, "times": 1}))
    assert "not forced" in str(line({"type": INTERRUPT, "times": 2}))
    assert "not forced" in str(line({"type": INTERRUPT, "times": 3}))


def told(events: Iterable[dict[str, Any]], **terminal: Any) -> str:
    """What the console shows for the events."""
    console = Console(file=io.StringIO(), width=100, **terminal)
    with shown(console) as show:
        for event in events:
            show(event)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_a_pipe_gets_plain_lines() -> None:
    """Start, progress and end of each resource; no control sequence, and nothing in a name is interpreted."""
    address = 'aws_lb.this["[red] arn:aws:key:1"]'
    events = [hook("apply_start", address), hook("apply_progress", address, elapsed_seconds=10)]
    expected = f"{address}: creating\n{address}: still creating, 10 s\n"
    assert told(events) == expected


def test_what_a_plan_reads_is_counted_not_listed() -> None:
    """Refreshed resources and data sources, each once."""
    data = [hook("apply_start", "data.aws_vpc.this", "read"), hook("apply_complete", "data.aws_vpc.this", "read")]
    shown_lines = told([READ, *data, READ, summary("plan")]).splitlines()
    assert shown_lines == ["read 2 objects", "plan: 0 to import, 0 to add, 0 to change, 0 to destroy"]


def test_a_terminal_keeps_a_line_for_each_finished_resource() -> None:
    """Starts and progress are in the part that is redrawn, and gone at the end."""
    events = [
        hook("apply_start"),
        hook("apply_progress", elapsed_seconds=10),
        hook("apply_complete", elapsed_seconds=12),
    ]
    text = told(events, force_terminal=True, color_system=None)
    assert "aws_lb.this: creating" in text
    assert "still" not in text
    assert text.count("aws_lb.this: created in 12 s") == 1


def test_a_terminal_without_cursor_gets_plain_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    """TERM=dumb, as in an editor's shell."""
    monkeypatch.setenv("TERM", "dumb")
    assert told([hook("apply_start")], force_terminal=True, color_system=None) == "aws_lb.this: creating\n"


def test_a_terminal_without_colour_gets_none() -> None:
    """NO_COLOR is rich's to respect; our lines bring no colour of their own."""
    assert "\x1b[3" not in told([hook("apply_start")], force_terminal=True, no_color=True)
