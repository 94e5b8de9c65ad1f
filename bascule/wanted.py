"""The rung wanted: one word in the site file, set by commands that change the rung."""

from __future__ import annotations

from collections.abc import Callable

from bascule import files, site_file
from bascule.errors import BasculeError, InputError
from bascule.ladder import Stage
from bascule.synth import synthesize_and_render
from bascule.workspace import Workspace


def want(workspace: Workspace, name: str, stage: Stage) -> None:
    """Set `stage` in the site file, that one word, and render it for reviewers. Raises InputError for a file that can't
    be changed."""
    path = workspace.site_file(name)
    try:
        files.write(path, site_file.with_stage(site_file.read_text(path), stage, str(path)))
    except OSError as error:
        raise InputError(f"can't be written: {error.strerror}", where=str(path)) from None
    synthesize_and_render(workspace, name, stage)


def want_connect(workspace: Workspace, name: str, say: Callable[[str], None]) -> None:
    """The same for going back to the bucket, which a file that can't be changed doesn't stop: it is said."""
    try:
        want(workspace, name, Stage.CONNECT)
    except (BasculeError, OSError) as error:
        say(f"rolling back all the same, but: {error}")
