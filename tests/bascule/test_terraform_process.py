"""One process from start to end, played by a small script that records what reaches it."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from bascule.terraform_process import run

FAKE = """\
import os, signal, sys, threading
from pathlib import Path
here = Path(sys.argv[1])
def record(number, frame):
    with (here / "signals").open("a") as file:
        file.write(signal.Signals(number).name + "\\n")
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, record)
gate = os.open(here / "gate", os.O_RDWR)  # opened for good: a signal while it is being opened could miss its writer
print("started", flush=True)
os.read(gate, 1)
print("ended", flush=True)
(here / "mark").write_text(f"{os.getsid(0)} {os.getpid()}")
(here / "done").open("wb").write(b"ended")
"""
"""Says that it started, waits until someone opens the gate, and says that it ended."""


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A folder with the script and its two gates."""
    (tmp_path / "fake.py").write_text(FAKE)
    os.mkfifo(tmp_path / "gate")
    (tmp_path / "done").touch()
    return tmp_path


def command(here: Path) -> list[str]:
    return [sys.executable, "-S", "-E", str(here / "fake.py"), str(here)]


def open_gate(here: Path) -> None:
    (here / "gate").write_bytes(b"x")


def signals(here: Path) -> list[str]:
    path = here / "signals"
    return path.read_text().split() if path.exists() else []


def test_lines_come_while_the_process_runs(here: Path) -> None:
    """The gate is opened by the first line, so it must have come before the end."""
    lines: list[str] = []

    def on_line(line: str) -> None:
        lines.append(line)
        if line == "started":
            open_gate(here)

    assert run(command(here), here, os.environ, on_line=on_line).code == 0
    assert lines == ["started", "ended"]


def test_without_a_callback_the_output_is_returned(tmp_path: Path) -> None:
    """Standard output and error apart; bytes that are no UTF-8 are replaced."""
    script = r"import os; os.write(1, b'out\xff\nmore'); os.write(2, b'err'); raise SystemExit(3)"
    finished = run([sys.executable, "-c", script], tmp_path, os.environ)
    assert (finished.code, finished.stdout, finished.stderr) == (3, "out�\nmore", "err")


def test_a_last_line_without_newline_and_long_lines_come_whole(tmp_path: Path) -> None:
    """A line may be longer than what is read at once, as a plan's is."""
    lines: list[str] = []
    script = "print('x' * 200_000); print('y', end='')"
    run([sys.executable, "-c", script], tmp_path, os.environ, on_line=lines.append)
    assert lines == ["x" * 200_000, "y"]


def test_files_are_readable_by_their_owner_alone(tmp_path: Path) -> None:
    """Plans and state hold secrets."""
    run([sys.executable, "-c", "open('f', 'w'); import os; os.mkdir('d')"], tmp_path, os.environ)
    assert [(tmp_path / name).stat().st_mode & 0o777 for name in "fd"] == [0o600, 0o700]


def test_nothing_can_be_asked_of_the_terminal(tmp_path: Path) -> None:
    """Standard input is at its end."""
    assert run([sys.executable, "-c", "print(repr(input.__self__ and open(0).read()))"], tmp_path, {}).stdout == "''\n"


def test_it_runs_in_a_session_of_its_own(here: Path) -> None:
    """So that a terminal's Ctrl-C reaches us alone."""
    run(command(here), here, os.environ, on_line=lambda line: open_gate(here) if line == "started" else None)
    session, process = (here / "mark").read_text().split()
    assert session == process


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_asked_to_stop_again_and_again_it_gets_one_sigint(number: signal.Signals, here: Path) -> None:
    """At a second one Terraform would exit at once, without saving its state."""
    told: list[int] = []

    def on_line(line: str) -> None:
        if line == "started":
            os.kill(os.getpid(), number)

    def on_interrupt(times: int) -> None:
        told.append(times)
        if times < 3:
            os.kill(os.getpid(), signal.SIGINT)
        else:
            open_gate(here)

    before = signal.signal(number, signal.SIG_DFL)  # under nohup, SIGHUP is ignored, and stays so
    try:
        finished = run(command(here), here, os.environ, on_line=on_line, on_interrupt=on_interrupt)
    finally:
        signal.signal(number, before)
    assert (finished.code, finished.interrupts, told) == (0, 3, [1, 2, 3])
    assert signals(here) == ["SIGINT"]


def test_handlers_are_put_back(tmp_path: Path) -> None:
    """A Ctrl-C between two runs ends us as ever."""
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]
    run(["true"], tmp_path, os.environ)
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)] == before


def test_a_hangup_that_nohup_ignores_stays_ignored(here: Path) -> None:
    """`nohup make apply` is meant to outlive its terminal."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)

    def on_line(line: str) -> None:
        if line == "started":
            os.kill(os.getpid(), signal.SIGHUP)
            open_gate(here)

    try:
        assert run(command(here), here, os.environ, on_line=on_line).interrupts == 0
    finally:
        signal.signal(signal.SIGHUP, before)


def test_in_another_thread_it_runs_without_handlers(tmp_path: Path) -> None:
    """Python delivers signals to the main thread only."""
    codes: list[int] = []
    thread = threading.Thread(target=lambda: codes.append(run(["true"], tmp_path, os.environ).code))
    thread.start()
    thread.join()
    assert codes == [0]


def test_a_callback_that_raises_does_not_stop_the_process(here: Path) -> None:
    """The process runs to its end, no callback is called again, and only then the exception comes."""
    lines: list[str] = []

    def on_line(line: str) -> None:
        lines.append(line)
        open_gate(here)
        raise BrokenPipeError("the reader is gone")

    with pytest.raises(BrokenPipeError):
        run(command(here), here, os.environ, on_line=on_line)
    assert (here / "done").read_text() == "ended"
    assert lines == ["started"]
    assert signals(here) == []


def test_the_process_outlives_us(here: Path, wait_for: Callable[[int], bytes]) -> None:
    """Killed by the kernel, we take no Terraform with us in the middle of an apply."""
    (here / "done").unlink()
    os.mkfifo(here / "done")
    done = os.open(here / "done", os.O_RDONLY | os.O_NONBLOCK)
    driver = (
        "import os, sys; from pathlib import Path; from bascule.terraform_process import run; "
        "run(sys.argv[2:], Path(sys.argv[1]), os.environ, on_line=lambda line: print(line, flush=True))"
    )
    us = subprocess.Popen([sys.executable, "-c", driver, str(here), *command(here)], stdout=subprocess.PIPE, text=True)
    assert us.stdout is not None
    assert us.stdout.readline() == "started\n"
    us.kill()
    us.wait()
    us.stdout.close()
    open_gate(here)
    assert wait_for(done) == b"ended"
    os.close(done)


@pytest.fixture
def wait_for() -> Callable[[int], bytes]:
    """What arrives at a descriptor within 20 seconds."""

    def wait(descriptor: int) -> bytes:
        ready, _, _ = select.select([descriptor], [], [], 20)
        return os.read(descriptor, 100) if ready else b""

    return wait
