"""What git knows of the workspace: files of an earlier revision."""

from __future__ import annotations

import subprocess
from pathlib import Path

from bascule.errors import BasculeError, InputError

MAIN = ("origin/HEAD", "main", "origin/main", "master", "origin/master")
"""Where the main line is looked for, in this order."""


def merge_base(root: Path) -> str:
    """The commit at which the working tree's branch left the main line. Raises InputError if there is no main line."""
    for name in MAIN:
        found = _git(root, "merge-base", "HEAD", name)
        if found.returncode == 0:
            return found.stdout.strip()
    raise InputError("no main branch to compare with", where=str(root), remedy="name a revision: --base REV")


def show(root: Path, revision: str, path: Path) -> str:
    """A file of the workspace as it was at `revision`; empty if it wasn't there.

    Raises InputError if git doesn't know the revision, BasculeError without git or outside a repository.
    """
    if _git(root, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}").returncode:
        raise InputError(f"no revision {revision!r}", where="--base", remedy="name a commit, branch or tag")
    found = _git(root, "show", f"{revision}:./{path.as_posix()}")
    return found.stdout if found.returncode == 0 else ""


def _git(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = ["git", "-C", str(root), *arguments]
    try:
        inside = subprocess.run(
            [*command[:3], "rev-parse", "--is-inside-work-tree"], capture_output=True, text=True, check=False
        )
        if inside.returncode:
            raise InputError("not in a git repository", where=str(root), remedy="run it in a clone, with sites/ in it")
        return subprocess.run(command, capture_output=True, encoding="utf-8", errors="replace", check=False)
    except FileNotFoundError:
        raise BasculeError("git is not installed", remedy="install git on PATH") from None
