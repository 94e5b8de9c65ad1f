"""Writing files so that nobody ever reads half of one."""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
from pathlib import Path

PRIVATE = 0o600
"""Plans and state hold the origin's secret in clear, so only their owner may read them."""


def read(path: Path) -> str:
    """The text of a file; empty if it isn't there."""
    return path.read_text(encoding="utf-8") if path.exists() else ""


def digest(path: Path) -> str:
    """SHA-256 of a file, as hex; that of nothing if it isn't there."""
    return hashlib.sha256(path.read_bytes() if path.exists() else b"").hexdigest()


def write(path: Path, text: str, mode: int | None = None) -> bool:
    """Write `text` to `path` in one step, unless it is there already; returns whether it had to be written.

    Without `mode` a file keeps its own, and a new one gets 0644. A link stays a link: what it points to is written.
    """
    path = path.resolve()
    data = text.encode()
    exists = path.exists()
    if mode is None:
        mode = stat.S_IMODE(path.stat().st_mode) if exists else 0o644
    if exists and path.read_bytes() == data:
        path.chmod(mode)
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(name).chmod(mode)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return True
