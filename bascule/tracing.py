"""Where `bascule trace` gets its world from: the saved plan, or a synthesized configuration."""

from __future__ import annotations

import json
from collections.abc import Sequence

from bascule import configuration, plans, routing, synth
from bascule.errors import InputError
from bascule.ladder import Stage
from bascule.routing import World
from bascule.site_file import load
from bascule.workspace import Workspace


def world(workspace: Workspace, name: str, stage: Stage | None) -> tuple[World, str]:
    """What there is after the saved plan, or in the configuration of `stage`; without either, of the site file's own.
    And which of them it is, in words.

    A configuration is synthesized below `cdktf.out/preview/`, where nothing is applied. Raises InputError for a saved
    plan that isn't what it was when it was made.
    """
    wanted = load(workspace.site_file(name))
    directory = workspace.synthesized(name)
    if stage is None and plans.read_note(directory) is not None:
        planned = plans.read_saved(directory, name, wanted)
        return routing.world(planned.plan, "after"), f"after the saved plan to {planned.step.stage}"
    shown = stage or wanted.stage
    folder = synth.preview(workspace, name, shown)
    found = configuration.world(json.loads((folder / synth.CONFIGURATION).read_text(encoding="utf-8")))
    return found, f"by the configuration of {shown}, before any plan"


def headers(given: Sequence[str]) -> list[tuple[str, str]]:
    """`NAME:VALUE` as pairs. Raises InputError for what isn't one."""
    pairs = []
    for one in given:
        name, colon, value = one.partition(":")
        if not colon or not name.strip():
            raise InputError(f"{one!r} is no header", where="--header", remedy="write NAME:VALUE, such as RSC:1")
        pairs.append((name.strip(), value.strip()))
    return pairs
