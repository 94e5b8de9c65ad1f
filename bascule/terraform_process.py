"""One Terraform process, from start to end: lines as they come, one polite interrupt, never a kill.

Terraform saves its state and releases its lock only if it may finish. So:

- it runs in a session of its own: a Ctrl-C in the terminal reaches bascule alone, which passes on exactly one SIGINT
  (at a second one Terraform exits at once, without saving), and to Terraform alone, not to its provider plugins;
- it writes to unlinked temporary files, not to pipes: were bascule killed, a pipe's end would take Terraform with it
  (SIGPIPE) in the middle of an apply;
- a callback that raises does not stop it; the exception is raised again when Terraform has ended.
"""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TypeVar

from bascule.running import Noting

T = TypeVar("T")

POLL = 0.1
"""Seconds between two looks at Terraform's output."""


@dataclass(frozen=True)
class Finished:
    """How a process ended: `code` is negative for a signal; `interrupts` counts the requests to stop that came."""

    code: int
    stdout: str
    stderr: str
    interrupts: int


def run(
    command: Sequence[str | Path],
    directory: Path,
    environment: Mapping[str, str],
    *,
    on_line: Callable[[str], None] | None = None,
    on_interrupt: Callable[[int], None] | None = None,
    noting: Noting | None = None,
) -> Finished:
    """Run `command` to its own end and return how it went.

    `on_line` gets each line of standard output as it is written; without it the whole is in `stdout` of the result.
    `on_interrupt` gets the count of requests to stop (SIGINT, SIGTERM, SIGHUP) so far; the first one is passed on as
    SIGINT. Signals are seen in the main thread only; in any other thread nothing interrupts the process.
    `noting` notes its id while it runs, and that it is alive at each look.
    Files that the process creates are readable by their owner alone.
    """
    calls = _Callbacks()
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err, _stop_requests() as requests:
        process = subprocess.Popen(
            command,
            cwd=directory,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            start_new_session=True,
            umask=0o077,
        )
        with noting(process.pid) if noting is not None else nullcontext(_unnoted) as seen:
            lines = _Lines(out)
            told = 0
            running = True
            while running:
                running = _still_running(process)
                if running:
                    seen()
                if running and len(requests) > told:
                    if told == 0:
                        process.send_signal(signal.SIGINT)
                    told = len(requests)
                    calls(on_interrupt, told)
                if on_line is not None:
                    for line in lines.fresh(last=not running):
                        calls(on_line, line)
        calls.raise_failure(process.returncode)
        return Finished(
            code=process.returncode,
            stdout="" if on_line is not None else _text(out),
            stderr=_text(err),
            interrupts=len(requests),
        )


def _unnoted() -> None:
    """Nothing is noted."""


def _still_running(process: subprocess.Popen[bytes]) -> bool:
    try:
        process.wait(POLL)
    except subprocess.TimeoutExpired:
        return True
    return False


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode(errors="replace")


class _Lines:
    """The lines of a file that another process is still writing."""

    def __init__(self, file: IO[bytes]) -> None:
        self._descriptor = file.fileno()
        self._offset = 0
        self._rest = b""

    def fresh(self, *, last: bool) -> Iterator[str]:
        """The lines completed since the last call; with `last`, also one that lacks its newline."""
        # pread: the offset of the open file is shared with the process that writes.
        while chunk := os.pread(self._descriptor, 1 << 16, self._offset):
            self._offset += len(chunk)
            *whole, self._rest = (self._rest + chunk).split(b"\n")
            yield from (line.decode(errors="replace") for line in whole)
        if last and self._rest:
            yield self._rest.decode(errors="replace")


class _Callbacks:
    """Calls what the caller gave until it raises once; from then on Terraform is only waited for."""

    def __init__(self) -> None:
        self._failure: BaseException | None = None

    def __call__(self, callback: Callable[[T], None] | None, value: T) -> None:
        if callback is None or self._failure is not None:
            return
        try:
            callback(value)
        except BaseException as failure:
            self._failure = failure

    def raise_failure(self, code: int) -> None:
        if self._failure is not None:
            self._failure.add_note(f"the process went on to its end, with exit code {code}")
            raise self._failure


@contextmanager
def _stop_requests() -> Iterator[list[int]]:
    """While inside, requests to stop this process are collected in the list instead of ending it."""
    requests: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield requests
        return
    before = {}
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if number == signal.SIGHUP and signal.getsignal(number) is signal.SIG_IGN:
            continue  # started under nohup: the terminal's end is meant to pass unnoticed
        before[number] = signal.signal(number, lambda received, _frame: requests.append(received))
    try:
        yield requests
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
