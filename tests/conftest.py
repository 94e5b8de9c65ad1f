"""What every test is run with."""

import figures
import pytest
from hypothesis import HealthCheck, settings

# A property that is slow is no failure: these machines are shared, and speed is `make bench`'s to measure.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what the tests measured, where they did."""
    reports = [report for found in terminalreporter.stats.values() for report in found]
    if found := list(figures.lines(reports)):
        terminalreporter.section("figures")
        for line in found:
            terminalreporter.line(line)
