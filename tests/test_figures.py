"""The figures that a run of tests ends with."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import figures
import pytest

pytest_plugins = ["pytester"]


@dataclass
class Report:
    when: str
    user_properties: list[tuple[str, object]] = field(default_factory=list)


def test_each_figure_is_a_line_and_told_once() -> None:
    """Each phase of a test reports what was recorded so far; its own tells all."""
    recorded = [("seconds", 4), ("asked, failed", "12, 0")]
    reports = [Report("setup", recorded[:1]), Report("call", recorded), Report("teardown", recorded), Report("call")]
    assert ["asked, failed  12, 0", "seconds        4"] == list(figures.lines(reports))


def test_they_come_before_the_closing_line(pytester: pytest.Pytester) -> None:
    """In one process and in several; and where nothing was measured, nothing is said."""
    conftest = Path(__file__).with_name("conftest.py").read_text(encoding="utf-8")
    pytester.makeconftest(conftest)
    pytester.makepyfile("def test_it(record_property): record_property('asked', 7)")
    for options in ([], ["-n", "1"]):
        *_, figure, closing = filter(None, pytester.runpytest_subprocess(*options, *_on_path()).outlines)
        assert "asked  7" == figure
        assert "1 passed" in closing
    pytester.makepyfile("def test_it(): pass")
    assert "figures" not in "".join(pytester.runpytest_subprocess(*_on_path()).outlines)


def _on_path() -> list[str]:
    return ["-o", f"pythonpath={Path(figures.__file__).parent}"]
