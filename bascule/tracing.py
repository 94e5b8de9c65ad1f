"""Where `bascule trace` gets its world from: the saved plan, a synthesized configuration, or the account."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from bascule import plans, routing
from bascule.errors import InputError
from bascule.ladder import Stage
from bascule.routing import World
from bascule.site_file import load
from bascule.workspace import Workspace

if TYPE_CHECKING:
    from bascule.aws import Clients, Identity
    from bascule.reading import OnCall
    from bascule.site import Site


def world(workspace: Workspace, name: str, stage: Stage | None) -> tuple[World, str]:
    """What there is after the saved plan, or in the configuration of `stage`; without either, of the site file's own.
    And which of them it is, in words.

    A configuration is synthesized below `cdktf.out/preview/`, where nothing is applied. Raises InputError for a saved
    plan that isn't what it was when it was made.
    """
    from bascule import configuration, synth

    wanted = load(workspace.site_file(name))
    directory = workspace.synthesized(name)
    if stage is None and plans.read_note(directory) is not None:
        planned = plans.read_saved(directory, name, wanted)
        return routing.world(planned.plan, "after"), f"after the saved plan to {planned.step.stage}"
    shown = stage or wanted.stage
    folder = synth.preview(workspace, name, shown)
    found = configuration.world(json.loads((folder / synth.CONFIGURATION).read_text(encoding="utf-8")))
    return found, f"by the configuration of {shown}, before any plan"


def live(clients: Clients, identity: Identity, site: Site, on_call: OnCall) -> tuple[World, str]:
    """What the account holds of the site, and in words that it is that.

    Raises BasculeError where AWS can't be asked at all.
    """
    from bascule import live_world

    services = [(site.service.cluster, site.service.name)]
    found = live_world.read(clients, site.distribution.id, services, on_call=on_call)
    return found, f"as the account is now ({identity.account}, {identity.region})"


def headers(given: Sequence[str]) -> list[tuple[str, str]]:
    """`NAME:VALUE` as pairs. Raises InputError for what isn't one."""
    pairs = []
    for one in given:
        name, colon, value = one.partition(":")
        if not colon or not name.strip():
            raise InputError(f"{one!r} is no header", where="--header", remedy="write NAME:VALUE, such as RSC:1")
        pairs.append((name.strip(), value.strip()))
    return pairs
