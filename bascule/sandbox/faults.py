"""AWS having a bad day: the next calls of an operation are throttled, fail, or get no answer at all."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from contextlib import suppress
from http import HTTPStatus
from typing import Any, NoReturn

SILENCE = "silence"
"""In the place of an error code: the connection is closed without an answer, and nothing was done."""

ANY = "*"
"""In the place of an operation: whichever comes."""

KEYS = {"operation": str, "code": str, "status": int, "times": int}


def checked(found: Any) -> list[dict[str, Any]]:
    """Faults as the switch takes them: objects with `operation` (or ANY), `code` (or SILENCE), `status` (the answer's
    HTTP status) and `times` (for how many of the next calls). Raises ValueError for anything else."""
    if not isinstance(found, list):
        raise ValueError("faults is a list")
    faults = []
    for one in found:
        fault = {"operation": ANY, "code": "ThrottlingException", "status": 400, "times": 1, **one}
        if set(fault) != set(KEYS) or not all(isinstance(fault[key], type_) for key, type_ in KEYS.items()):
            raise ValueError(f"a fault has {', '.join(KEYS)}; this is {one!r}")
        faults.append(fault)
    return faults


def struck(faults: Sequence[dict[str, Any]], operation: str) -> dict[str, Any] | None:
    """The first fault that a call of `operation` meets, which then has one time less to go; None if it meets none."""
    for fault in faults:
        if fault["times"] > 0 and fault["operation"] in (ANY, operation):
            fault["times"] -= 1
            return fault
    return None


def status_line(status: int) -> str:
    """An HTTP status with its phrase."""
    return f"{status} {HTTPStatus(status).phrase}"


def message(status: int) -> str:
    """What AWS says beside such a code (common errors of its API references)."""
    return "Rate exceeded" if status < 500 else "Service is unable to handle request."


def hang_up(environ: dict[str, Any]) -> NoReturn:
    """Close the connection of a WSGI request of werkzeug's server, which then says nothing more."""
    with suppress(OSError):
        environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
    raise ConnectionResetError("the sandbox was told to say nothing")
