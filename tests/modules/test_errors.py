"""How a refusal reads on the command line: `bascule synth` says what, where and how to mend it, and ends with 2."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from synthesis import CODE, NAME, TEXT


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A working directory with the audited site, at `connect`."""
    shutil.copytree(CODE / "imports", tmp_path / "imports", ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    (tmp_path / "sites").mkdir()
    (tmp_path / "sites" / f"{NAME}.toml").write_text(TEXT.replace('stage = "adopt"', 'stage = "connect"'))
    return tmp_path


def edit(file: Path, old: str, new: str) -> None:
    """Replace what is there exactly once."""
    text = file.read_text()
    assert text.count(old) == 1, old
    file.write_text(text.replace(old, new))


def synth(folder: Path, *arguments: str) -> tuple[int, str]:
    """Exit code and standard error of `bascule synth`."""
    run = subprocess.run(
        [sys.executable, "-m", "bascule", "synth", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    return run.returncode, run.stderr


def test_a_key_of_the_site_file(workspace: Path) -> None:
    """The health check's timeout is one that AWS refuses and the provider accepts."""
    with (workspace / "sites" / f"{NAME}.toml").open("a") as file:
        file.write("\n[health_check]\ninterval = 10\ntimeout = 10\n")
    code, message = synth(workspace)
    assert 2 == code
    expected = f"""\
bascule: health_check: timeout = 10 has to be below interval = 10: AWS refuses it
  where:  sites/{NAME}.toml
  remedy: docs/site-file.md lists every key
"""
    assert expected == message


def test_a_key_that_does_not_fit_what_was_adopted(workspace: Path) -> None:
    """Only synthesis sees both."""
    edit(workspace / "sites" / f"{NAME}.toml", "container_port = 3000", "container_port = 8080")
    code, message = synth(workspace)
    assert 2 == code
    expected = f"""\
bascule: container arquantix-coming-soon listened on port 3000 when the site was adopted
  where:  sites/{NAME}.toml: service.container_port, service.container
  remedy: correct the keys; or run `bascule adopt`, if the running task definition is another one by now
"""
    assert expected == message


def test_an_adopted_file_that_cloudfront_would_refuse(workspace: Path) -> None:
    """The file is named that holds it."""
    file = workspace / "imports" / NAME / "distribution.tf"
    edit(file, 'allowed_methods        = ["GET", "HEAD"]', 'allowed_methods        = ["GET", "HEAD", "POST"]')
    code, message = synth(workspace)
    assert 2 == code
    expected = f"""\
bascule: behavior default allows the methods GET, HEAD, POST: CloudFront would refuse it
  where:  imports/{NAME}/distribution.tf
  remedy: correct the live distribution and run `bascule adopt`; the file is written by it
"""
    assert expected == message


def test_a_site_that_is_not_there(workspace: Path) -> None:
    """Nothing is written."""
    code, message = synth(workspace, "nowhere")
    assert 2 == code
    assert message.startswith("bascule: no such site file\n  where:  sites/nowhere.toml\n  remedy: ")
    assert not (workspace / "rendered").exists()
