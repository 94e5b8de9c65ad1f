"""What a test can turn while the sandbox runs; the server's process holds one set."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from typing import Any

from bascule.sandbox import changes, clock, faults


@dataclass
class Switches:
    never_steady: list[str] = field(default_factory=list)
    """Names of services whose next deployments never start a task."""

    unhealthy: list[str] = field(default_factory=list)
    """Names of services whose targets fail their health check."""

    broken: list[str] = field(default_factory=list)
    """Names of services whose application fails on everything but what its health check asks."""

    stopped_clock: bool = False
    """Time stands still: distributions stay InProgress, deployments go no further, targets stay `initial`."""

    undeployed: bool = False
    """Distributions that are updated while it is on stay InProgress until it is off."""

    faults: list[dict[str, Any]] = field(default_factory=list)
    """What the next calls meet, see `bascule.sandbox.faults`; what is left of it is what is read here."""

    iam: bool = False
    """Calls are refused unless the caller's policies allow them (`bascule.sandbox.iam`)."""


SWITCHES = Switches()


def turn(settings: dict[str, Any]) -> dict[str, Any]:
    """Set the named switches, leave the others, and return them all; ValueError names an unknown one.

    `advance` is no switch but a push: so many seconds go by at once.
    """
    known = {one.name for one in fields(Switches)}
    if unknown := sorted(set(settings) - known - {"advance"}):
        raise ValueError(f"unknown switch {unknown[0]!r}; there are advance, {', '.join(sorted(known))}")
    if "faults" in settings:
        settings = {**settings, "faults": faults.checked(settings["faults"])}
    for name in known & set(settings):
        setattr(SWITCHES, name, settings[name])
    clock.stop(SWITCHES.stopped_clock)
    clock.advance(settings.get("advance", 0.0))
    if settings:
        changes.note()
    return asdict(SWITCHES)
