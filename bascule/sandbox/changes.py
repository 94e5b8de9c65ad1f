"""How often the account may have changed: whoever keeps what it read of it looks here whether that still holds."""

from __future__ import annotations

READING = ("Describe", "Get", "List", "Head", "BatchGet", "Simulate")
"""What the names of operations begin with that change nothing."""

_count = 0


def count() -> int:
    """How many calls that may change something were answered, and switches turned, since the sandbox began."""
    return _count


def note(operation: str = "") -> None:
    """Take note of an operation that was answered, unless it only reads; without a name, of a switch."""
    global _count
    if not operation.startswith(READING):
        _count += 1
