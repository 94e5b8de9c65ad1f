"""Two applies at once, Ctrl-C in the middle of one, and carrying on, through real processes as a person would.

Shown on real Terraform, its S3 backend's lock and the real provider; S3 and the ALB are the emulator's.
"""

from __future__ import annotations

import getpass
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import recording

from bascule import demo, plans, summary
from bascule.adopt import adopt
from bascule.ladder import Stage
from bascule.plan_json import Plan
from bascule.workspace import Workspace

pytestmark = pytest.mark.faults

BASCULE = [sys.executable, "-m", "bascule"]


@dataclass
class Story:
    """What the three commands printed, and how they ended."""

    interrupted: str
    interrupted_code: int
    second: str
    second_code: int
    resumed: str
    resumed_code: int
    replan: Plan
    load_balancers: int


@pytest.fixture(scope="session")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    """An apply of `build` is interrupted while the ALB is being created; meanwhile a colleague tries one too."""
    root = tmp_path_factory.mktemp("interrupted") / "site"
    with demo.sandboxed(root, lambda line: None) as workspace:
        adopt(recording.open_session(workspace))
        demo.set_stage(workspace, Stage.BUILD)
        colleague = Workspace(root / "colleague")
        for folder in ("sites", "imports"):
            shutil.copytree(root / folder, colleague.root / folder)

        first = subprocess.Popen(
            [*BASCULE, "apply", "--yes"],
            cwd=root,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=os.environ | {"PYTHONUNBUFFERED": "1"},
        )
        assert first.stdout is not None
        printed = list(until(first.stdout, "aws_lb.alb: still creating"))
        second = subprocess.run(
            [*BASCULE, "apply", "--yes"], cwd=colleague.root, capture_output=True, text=True, check=False
        )
        first.send_signal(signal.SIGINT)
        printed += first.stdout.readlines()
        first.wait()

        resumed = subprocess.run([*BASCULE, "apply", "--yes"], cwd=root, capture_output=True, text=True, check=False)
        session = recording.open_session(workspace)
        plans_ = plans.preview(session, Stage.BUILD).plan
        balancers = recording.live(session)["load_balancers"]
    return Story(
        "".join(printed),
        first.returncode,
        second.stderr,
        second.returncode,
        resumed.stdout + resumed.stderr,
        resumed.returncode,
        plans_,
        len(balancers),
    )


def until(lines: Iterator[str], word: str) -> Iterator[str]:
    for line in lines:
        yield line
        if word in line:
            return


def test_the_second_apply_stops_on_the_lock_and_says_who_holds_it(story: Story) -> None:
    """The colleague is told that the state is locked, by whom, and what to do."""
    assert 1 == story.second_code
    assert "locked" in story.second
    assert "Traceback" not in story.second
    assert f"{getpass.getuser()}@{socket.gethostname()}" in story.second
    assert "force-unlock" in story.second


def test_ctrl_c_lets_terraform_end_by_itself_and_says_so(story: Story) -> None:
    """The apply ends with 130, having said that it waits and what was saved."""
    assert 130 == story.interrupted_code
    assert "Terraform was asked to end" in story.interrupted
    assert "the state is saved" in story.interrupted
    assert "Traceback" not in story.interrupted


def test_the_next_apply_finishes_what_was_begun(story: Story) -> None:
    """Nothing is made twice, nothing is replaced, and the plan afterwards is empty."""
    assert (0, 1) == (story.resumed_code, story.load_balancers), story.resumed
    assert [] == summary.differences(story.replan)
    assert summary.is_empty(story.replan)


def test_the_demo_cleans_up_after_ctrl_c(tmp_path: Path) -> None:
    """Interrupted in the middle, the demo stops its sandbox, removes its copy, and ends with 130."""
    process = subprocess.Popen(
        [*BASCULE, "demo"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )
    assert process.stdout is not None
    printed = list(until(process.stdout, "asking Terraform"))
    process.send_signal(signal.SIGINT)
    printed += process.stdout.readlines()
    process.wait()
    assert 130 == process.returncode, "".join(printed)
    assert "Traceback" not in "".join(printed)
    assert [] == [path.name for path in (tmp_path / ".bascule").iterdir() if path.name == "demo"]
