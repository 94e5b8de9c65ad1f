"""The account that a site was adopted in."""

from __future__ import annotations

from pathlib import Path

import pytest

from bascule import adopted
from bascule.errors import InputError
from bascule.workspace import Workspace


def recorded(root: Path, text: str) -> Workspace:
    """A workspace whose site `example` has these facts."""
    folder = root / "imports" / "example"
    folder.mkdir(parents=True)
    (folder / "facts.tf").write_text(text)
    return Workspace(root)


def test_the_account_stands_among_the_facts(tmp_path: Path) -> None:
    """As `bascule adopt` writes them."""
    workspace = recorded(tmp_path, 'locals {\n  account = "123456789012"\n  container_port = 3000\n}\n')
    assert "123456789012" == adopted.account(workspace, "example")


def test_before_adoption_no_account_is_known(tmp_path: Path) -> None:
    """There are no facts, or none about the account."""
    assert adopted.account(Workspace(tmp_path), "example") is None
    assert adopted.account(recorded(tmp_path, "locals {\n  container_port = 3000\n}\n"), "example") is None


def test_facts_that_cannot_be_read_name_their_file(tmp_path: Path) -> None:
    """Somebody's merge may have broken them."""
    workspace = recorded(tmp_path, "<<<<<<< HEAD\n")
    with pytest.raises(InputError, match=r"facts\.tf"):
        adopted.account(workspace, "example")
