"""Writing files: whole or not at all."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from bascule import files


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_file_is_written_with_its_folders(tmp_path: Path) -> None:
    """Says that it had to be written."""
    path = tmp_path / "a" / "b" / "file.txt"
    assert files.write(path, "é\r\n")
    assert "é\r\n".encode() == path.read_bytes()
    assert [path] == list(path.parent.iterdir())
    assert 0o644 == mode(path)


def test_a_file_that_is_the_same_is_left_alone(tmp_path: Path) -> None:
    """Not even its time changes: what depends on it isn't made again."""
    path = tmp_path / "file.txt"
    files.write(path, "text")
    os.utime(path, ns=(1, 1))
    before = path.stat()
    assert not files.write(path, "text")
    assert (before.st_ino, 1) == (path.stat().st_ino, path.stat().st_mtime_ns)


@pytest.mark.parametrize("text", ["old", "new"])
def test_a_private_file_is_its_owner_s_alone(tmp_path: Path, text: str) -> None:
    """Whether it is written or was there already, readable by all."""
    path = tmp_path / "plan.json"
    path.write_text("old")
    path.chmod(0o644)
    files.write(path, text, files.PRIVATE)
    assert 0o600 == mode(path)


@pytest.mark.parametrize("text", ["old", "new"])
def test_a_file_keeps_its_own_mode(tmp_path: Path, text: str) -> None:
    """A person chose it, and `stage` is only a word in it."""
    path = tmp_path / "site.toml"
    path.write_text("old")
    path.chmod(0o640)
    assert (text == "new") is files.write(path, text)
    assert (0o640, text) == (mode(path), path.read_text())


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    """What it points to is written, in its own folder, with its own mode."""
    target, link = tmp_path / "kept" / "site.toml", tmp_path / "site.toml"
    files.write(target, "old", files.PRIVATE)
    link.symlink_to(target)
    assert files.write(link, "new")
    assert (target, "new", 0o600) == (link.readlink(), target.read_text(), mode(target))
    assert [link, target.parent] == sorted(tmp_path.iterdir(), reverse=True)


def test_a_link_to_nothing_yet_makes_what_it_points_to(tmp_path: Path) -> None:
    """With its folder."""
    link = tmp_path / "site.toml"
    link.symlink_to("kept/site.toml")
    assert files.write(link, "new")
    assert link.is_symlink()
    assert "new" == (tmp_path / "kept" / "site.toml").read_text()


def test_a_reader_keeps_the_file_that_it_opened(tmp_path: Path) -> None:
    """The new text takes the old one's place in one step, so nobody reads half of each."""
    path = tmp_path / "file.txt"
    files.write(path, "old")
    with path.open() as reader:
        assert files.write(path, "new")
        assert ("old", "new") == (reader.read(), path.read_text())


FULL = """
import resource
from pathlib import Path
from bascule import files
resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10))
files.write(Path("file.txt"), "much more than ten bytes")
"""
"""A disk that takes ten bytes, in a process of its own."""


def test_a_write_that_fails_leaves_the_old_file_and_no_litter(tmp_path: Path) -> None:
    """As when the disk is full."""
    (tmp_path / "file.txt").write_text("old")
    done = subprocess.run([sys.executable, "-B", "-c", FULL], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "File too large" in done.stderr
    assert {"file.txt": "old"} == {path.name: path.read_text() for path in tmp_path.iterdir()}


def test_text_that_has_no_bytes_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    """Half a surrogate pair."""
    with pytest.raises(UnicodeEncodeError):
        files.write(tmp_path / "folder" / "file.txt", "\ud800")
    assert [] == list(tmp_path.iterdir())
