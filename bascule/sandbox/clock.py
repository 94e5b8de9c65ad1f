"""The sandbox's time: the computer's, unless a test stops it or moves it on."""

from __future__ import annotations

import time

_moved = 0.0
_stopped_at: float | None = None


def now() -> float:
    """Seconds since the epoch, as the sandbox sees them."""
    return (time.time() if _stopped_at is None else _stopped_at) + _moved


def stop(stopped: bool) -> None:
    """Stop the clock, or let it run on from where it stood."""
    global _moved, _stopped_at
    if stopped and _stopped_at is None:
        _stopped_at = time.time()
    elif not stopped and _stopped_at is not None:
        _moved -= time.time() - _stopped_at
        _stopped_at = None


def advance(seconds: float) -> None:
    """Move the clock on, whether it runs or not."""
    global _moved
    _moved += seconds
