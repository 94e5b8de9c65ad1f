"""The workspace: where its files are, and which site is meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from bascule.errors import InputError
from bascule.workspace import CODE, Workspace


def workspace(root: Path, *names: str) -> Workspace:
    """A workspace with site files of these names."""
    (root / "sites").mkdir()
    for name in names:
        (root / "sites" / name).touch()
    return Workspace(root)


def test_sites_are_the_toml_files_sorted(tmp_path: Path) -> None:
    """Nothing else in the folder is one."""
    assert ["a1", "b1"] == workspace(tmp_path, "b1.toml", "a1.toml", "README.md", "c1.toml.bak").sites()


def test_the_only_site_needs_no_name(tmp_path: Path) -> None:
    """Two do, and the error names them."""
    assert "one" == workspace(tmp_path, "one.toml").named("")
    (tmp_path / "sites" / "two.toml").touch()
    with pytest.raises(InputError, match="which site") as caught:
        Workspace(tmp_path).named("")
    assert "name one of one, two" == caught.value.remedy
    assert "two" == Workspace(tmp_path).named("two")


def test_a_folder_without_sites_is_no_workspace(tmp_path: Path) -> None:
    """The error says where sites/ was looked for."""
    with pytest.raises(InputError, match="no site file") as caught:
        Workspace(tmp_path).named("")
    assert str(tmp_path / "sites") == caught.value.where


@pytest.mark.parametrize("name", ["../x", "a/b", "/etc/x", ".", "a/"])
def test_a_site_is_named_not_pointed_at(tmp_path: Path, name: str) -> None:
    """A path would write outside the workspace's folders."""
    with pytest.raises(InputError, match="is no site's name"):
        Workspace(tmp_path).named(name)


def test_everything_is_below_the_workspace(tmp_path: Path) -> None:
    """Where the code is doesn't matter."""
    here = Workspace(tmp_path)
    assert {
        "sites/a1.toml": here.site_file("a1"),
        "imports/a1": here.imports("a1"),
        "rendered/a1/.terraform.lock.hcl": here.lock_file("a1"),
        "cdktf.out/stacks/a1": here.synthesized("a1"),
        "cdktf.out/preview/serve": here.preview("serve"),
        ".bascule": here.scratch(),
    } == {
        str(path.relative_to(tmp_path)): path
        for path in (
            here.site_file("a1"),
            here.imports("a1"),
            here.lock_file("a1"),
            here.synthesized("a1"),
            here.preview("serve"),
            here.scratch(),
        )
    }
    assert (CODE / "main.py").exists()
