"""What the real Terraform makes of a configuration; its word is the oracle of the HCL tests."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Mapping
from itertools import zip_longest
from pathlib import Path
from typing import Any

from bascule.terraform_environment import environment


def terraform(folder: Path, *arguments: str, text: str | None = None) -> str:
    """The output of a Terraform command that has to succeed, run in `folder`."""
    run = subprocess.run(
        ["terraform", *arguments],
        cwd=folder,
        env=environment(os.environ, folder / ".terraform-cli"),
        input=text,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, f"terraform {arguments[0]}: {run.stdout}{run.stderr}"
    return run.stdout


def outputs(files: Mapping[str, str]) -> dict[str, Any]:
    """The output values of a root module without providers, given its files."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        for name, text in files.items():
            (folder / name).write_text(text, encoding="utf-8")
        terraform(folder, "apply", "-auto-approve", "-no-color")
        return {name: found["value"] for name, found in json.loads(terraform(folder, "output", "-json")).items()}


def assert_canonical(text: str) -> None:
    """`terraform fmt` would change nothing."""
    with tempfile.TemporaryDirectory() as scratch:
        formatted = terraform(Path(scratch), "fmt", "-no-color", "-", text=text)
    differing = [pair for pair in zip_longest(text.splitlines(), formatted.splitlines()) if pair[0] != pair[1]]
    assert text == formatted, differing
