"""Notes of running processes, with real processes that wait on a pipe."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bascule import files, running
from bascule.terraform_process import run

STATE = "bucket/key"


@pytest.fixture
def process() -> Iterator[subprocess.Popen[bytes]]:
    """A process that lives until its input ends."""
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as alive:
        yield alive


def end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()


def test_a_note_is_there_while_the_process_is_and_says_who(tmp_path: Path, process: subprocess.Popen[bytes]) -> None:
    """Readable by its owner alone, as all of the workspace's own files."""
    with running.noted(tmp_path, process.pid, STATE) as seen:
        (before,) = running.runs(tmp_path)
        seen()
        (after,) = running.runs(tmp_path)
        assert (process.pid, STATE, running.who()) == (after.pid, after.state, after.who)
        assert after.began <= before.seen <= after.seen
        assert not running.is_gone(after)
        assert 0o600 == (tmp_path / f"{process.pid}.json").stat().st_mode & 0o777
    assert [] == running.runs(tmp_path)


def test_a_killed_process_is_gone(tmp_path: Path, process: subprocess.Popen[bytes]) -> None:
    """The note is what the killed run could not remove."""
    with running.noted(tmp_path, process.pid, STATE):
        (run,) = running.runs(tmp_path)
        end(process)
        assert running.is_gone(run)


def test_a_killed_process_that_nobody_asked_for_yet_is_gone(process: subprocess.Popen[bytes]) -> None:
    """It keeps its id, and does nothing any more."""
    process.kill()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert "" == running.started(process.pid)


def test_another_process_with_the_same_id_is_not_the_noted_one(
    tmp_path: Path, process: subprocess.Popen[bytes]
) -> None:
    """Ids are used again; the moment of their start tells."""
    with running.noted(tmp_path, process.pid, STATE):
        (run,) = running.runs(tmp_path)
    assert running.is_gone(replace(run, started=f"{run.started}0"))


def test_what_ran_in_another_container_is_not_called_gone(tmp_path: Path, process: subprocess.Popen[bytes]) -> None:
    """Its ids aren't ours: that none has this one here says nothing."""
    with running.noted(tmp_path, process.pid, STATE):
        (run,) = running.runs(tmp_path)
    end(process)
    assert not running.is_gone(replace(run, started="pid:[1] boot 7"))


def test_a_note_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    """It is a convenience: without it a lock isn't released by itself."""
    notes = tmp_path / "notes"
    notes.write_text("a file, where the notes' folder is to be")
    finished = run(
        ["sh", "-c", "echo done"],
        tmp_path,
        {"PATH": os.environ["PATH"]},
        noting=lambda pid: running.noted(notes, pid, STATE),
    )
    assert (0, "done\n") == (finished.code, finished.stdout)
    assert [] == running.runs(notes)
    running.forget_the_dead(notes, STATE)


def test_a_note_that_cannot_be_removed_stops_nothing(tmp_path: Path, process: subprocess.Popen[bytes]) -> None:
    """Neither the end of the run that it is of, nor a later run that forgets it."""
    note = tmp_path / f"{process.pid}.json"
    with running.noted(tmp_path, process.pid, STATE):
        note.rename(tmp_path / "other.json")
        note.mkdir()
    end(process)
    running.forget_the_dead(tmp_path, STATE)
    assert [process.pid] == [found.pid for found in running.runs(tmp_path)]


def test_ps_tells_the_moment_of_a_living_process_alone(process: subprocess.Popen[bytes]) -> None:
    """Where there is no /proc, as on macOS."""
    assert running._by_ps(process.pid)
    assert running._by_ps(process.pid) == running._by_ps(process.pid)
    end(process)
    assert "" == running._by_ps(process.pid)


def test_only_dead_runs_of_the_state_are_forgotten(tmp_path: Path, process: subprocess.Popen[bytes]) -> None:
    """What another site's killed run left is still needed."""
    with running.noted(tmp_path, process.pid, STATE), running.noted(tmp_path / "other", os.getpid(), STATE):
        running.forget_the_dead(tmp_path, STATE)
        assert 1 == len(running.runs(tmp_path))
        end(process)
        running.forget_the_dead(tmp_path, "bucket/other")
        assert 1 == len(running.runs(tmp_path))
        running.forget_the_dead(tmp_path, STATE)
        assert [] == running.runs(tmp_path)


def test_a_torn_note_is_no_note(tmp_path: Path) -> None:
    """Nor is a file of somebody else's."""
    (tmp_path / "1.json").write_text('{"pid": 1')
    (tmp_path / "2.json").write_text("{}")
    assert [] == running.runs(tmp_path)


def test_a_process_is_noted_while_it_runs_and_not_after(tmp_path: Path) -> None:
    """Also when it fails."""
    notes: list[int] = []

    def look(line: str) -> None:
        notes.extend(found.pid for found in running.runs(tmp_path))

    finished = run(
        ["sh", "-c", "echo $$; exit 3"],
        tmp_path,
        {"PATH": os.environ["PATH"]},
        on_line=look,
        noting=lambda pid: running.noted(tmp_path, pid, STATE),
    )
    assert (3, 1) == (finished.code, len(notes))
    assert [] == running.runs(tmp_path)


@pytest.mark.parametrize(
    ("backend", "state"),
    [
        ('{"backend": {"type": "s3", "config": {"bucket": "b", "key": "k/s.tfstate"}}}', "b/k/s.tfstate"),
        ('{"backend": {"type": "cloud", "config": {"organization": "o"}}}', ""),
        ('{"backend": {"type": "local", "config": {"path": null}}}', ""),
        ("{", ""),
        (None, ""),
    ],
)
def test_the_state_is_the_one_that_init_wrote_down(tmp_path: Path, backend: str | None, state: str) -> None:
    """Only S3's locks stay behind."""
    if backend is not None:
        files.write(tmp_path / running.BACKEND, backend)
    assert state == running.state_of(tmp_path)
