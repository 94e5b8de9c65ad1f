"""Earlier revisions of the workspace."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from bascule import git
from bascule.errors import InputError

NAME = Path("sites/x.toml")


def run(root: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=test", "-c", "user.email=test@example.com"]
    done = subprocess.run(["git", "-C", root, *identity, *arguments], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def commit(root: Path, text: str) -> str:
    (root / NAME).parent.mkdir(exist_ok=True)
    (root / NAME).write_text(text, encoding="utf-8")
    run(root, "add", ".")
    run(root, "commit", "-q", "-m", text)
    return run(root, "rev-parse", "HEAD")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with one commit on main, and another on a branch that is checked out."""
    run(tmp_path, "init", "-q", "-b", "main")
    commit(tmp_path, "first é")
    run(tmp_path, "checkout", "-q", "-b", "work")
    commit(tmp_path, "second")
    return tmp_path


def test_the_base_is_where_the_branch_left_main(repository: Path) -> None:
    """However far it has gone since; on main itself it is the last commit."""
    assert run(repository, "rev-parse", "main") == git.merge_base(repository)
    run(repository, "checkout", "-q", "main")
    assert run(repository, "rev-parse", "HEAD") == git.merge_base(repository)


def test_a_file_is_shown_as_it_was(repository: Path) -> None:
    """Not as it is now; empty where it wasn't there."""
    assert "first é" == git.show(repository, "main", NAME)
    assert "second" == git.show(repository, "HEAD", NAME)
    assert "" == git.show(repository, "HEAD", Path("sites/other.toml"))


def test_a_workspace_below_the_repository_is_found(repository: Path) -> None:
    """Paths are the workspace's, not the repository's."""
    assert "first é" == git.show(repository / "sites", "main", Path("x.toml"))


@pytest.mark.parametrize("revision", ["nope", "0" * 40, "main:sites", "--help"])
def test_a_revision_that_is_not_is_an_error(repository: Path, revision: str) -> None:
    """With what can be named."""
    with pytest.raises(InputError, match="no revision") as caught:
        git.show(repository, revision, NAME)
    assert caught.value.remedy


def test_outside_a_repository_it_is_said(tmp_path: Path) -> None:
    """And in one without a main line."""
    with pytest.raises(InputError, match="not in a git repository"):
        git.merge_base(tmp_path)
    run(tmp_path, "init", "-q", "-b", "trunk")
    with pytest.raises(InputError, match="no main branch"):
        git.merge_base(tmp_path)
