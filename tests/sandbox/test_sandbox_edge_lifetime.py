"""Sandboxes of other accounts, and what is left of an edge when its sandbox is gone: nothing."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from bascule.sandbox import control
from bascule.sandbox.control import Running
from bascule.verify.http import Fetcher
from bascule.verify.messages import Address, Answer, Kind, NoAnswer, Request, Response

TASK = "51.112.143.34"


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Running]]:
    """Starts a sandbox of an account file for one test."""

    def one(account: Path | None = None) -> Running:
        return control.start(tmp_path, account=account, owner_pid=os.getpid())

    yield one
    control.stop(tmp_path)


def ask(running: Running, host: str = "www.arquantix.com") -> Answer:
    """What visitors get."""
    return Fetcher(running.edge.ca)(Request(host, at=Address(*running.edge.https)))


def application(running: Running) -> int:
    """The id of the application's process, which is started now if it wasn't."""
    address = control.outside(running.endpoint, TASK, 3000)
    assert address is not None
    answer = Fetcher()(Request(TASK, "/api/health", scheme="http", at=Address(*address)))
    assert isinstance(answer, Response)
    return int(json.loads(answer.text)["pid"])


def is_gone(pid: int) -> bool:
    """Whether there is no such process, or it only waits to be noticed."""
    with suppress(OSError):
        os.kill(pid, 0)
        return ") Z " in Path(f"/proc/{pid}/stat").read_text() if Path("/proc").exists() else False
    return True


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_the_application_ends_with_the_sandbox(
    start: Callable[..., Running], until: Callable[..., Any], number: signal.Signals
) -> None:
    """However that ends."""
    running = start()
    pid = application(running)
    os.kill(running.pid, number)
    until(lambda: is_gone(pid))


def test_without_a_distribution_nobody_is_answered(start: Callable[..., Running]) -> None:
    """CloudFront knows no such name; the edge itself is there."""
    running = start(Path(__file__).parent / "audited" / "missing-distribution.toml")
    assert "" == running.edge.host
    answer = ask(running, "www.cloudfront.net")
    assert isinstance(answer, Response)
    assert (403, "CloudFront") == (answer.status, answer.header("server"))


def test_a_certificate_that_ended_is_not_taken(start: Callable[..., Running]) -> None:
    """The edge presents what ACM holds."""
    answer = ask(start(Path(__file__).parent / "audited" / "expired-certificate.toml"))
    assert isinstance(answer, NoAnswer)
    assert Kind.TLS is answer.kind
    assert "expired" in answer.why
