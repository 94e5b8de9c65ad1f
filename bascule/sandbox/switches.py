"""What a test can turn while the sandbox runs; the server's process holds one set."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from typing import Any


@dataclass
class Switches:
    never_steady: list[str] = field(default_factory=list)
    """Names of services whose next deployments never start a task."""

    unhealthy: list[str] = field(default_factory=list)
    """Names of services whose targets fail their health check."""

    distributions_in_progress: bool = False
    """Distributions that are updated stay InProgress until this is turned off."""


SWITCHES = Switches()


def turn(settings: dict[str, Any]) -> dict[str, Any]:
    """Set the named switches, leave the others, and return them all; ValueError names an unknown one."""
    known = {one.name for one in fields(Switches)}
    if unknown := sorted(set(settings) - known):
        raise ValueError(f"unknown switch {unknown[0]!r}; there are {', '.join(sorted(known))}")
    for name, value in settings.items():
        setattr(SWITCHES, name, value)
    return asdict(SWITCHES)
