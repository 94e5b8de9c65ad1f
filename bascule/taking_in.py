"""Lets the next plan import what a killed apply made and didn't record: blocks beside the configuration."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from bascule import files, plans, reading, synth, unrecorded
from bascule.errors import BasculeError, InputError
from bascule.ladder import Stage, reached
from bascule.session import Session


def take_in(session: Session, state: Mapping[str, Any]) -> None:
    """Look for what is live, ours, and not in `state`; say what is found, and write the import blocks for it.

    They are there for the next plan, which shows them, and gone after its apply. Nothing is looked for before the
    adoption: with no state at all, importing would rebuild it in an order that nobody checked. A saved plan that a
    killed apply had begun to use is discarded.

    A call that is refused is said to be. Raises BasculeError for one that wasn't answered: the plan would make again
    what may be there.
    """
    directory = session.directory
    if (directory / plans.APPLYING).exists():
        plans.discard(directory)
    synth.take_nothing_in(directory)
    if reached(state) is Stage.NONE:
        return
    wanted = unrecorded.missing(_built(session), state)
    found = unrecorded.find(wanted, state, partial(reading.read, session.clients))
    for one in found.unread:
        if not one.refused:
            raise BasculeError(
                f"{_CANNOT_BE_TOLD}: {one}",
                where=f"account {session.identity.account}",
                remedy="run it again: it goes on from what is there",
            )
        session.say(f"{_CANNOT_BE_TOLD}: {one.action} is refused")
    if not found.imports:
        return
    for address, id_ in found.imports.items():
        session.record("take in", address=address, id=id_)
        session.say(
            f"{address} is there ({id_}), and Terraform's state doesn't know: an apply was killed; it is imported"
        )
    files.write(directory / synth.IMPORTS, unrecorded.import_blocks(found))
    if override := unrecorded.override(found):
        files.write(directory / synth.OVERRIDE, override)


_CANNOT_BE_TOLD = "whether a killed apply left anything of ours behind can't be told"


def _built(session: Session) -> Mapping[str, Any]:
    """A configuration that holds what bascule makes: the one at hand, or else that of `build`; empty where the site
    file doesn't allow for that."""
    folder: Path = session.directory
    if not session.site.stage.at_least(Stage.BUILD):
        try:
            folder = synth.synthesize(
                session.workspace, session.name, Stage.BUILD, session.workspace.preview(Stage.BUILD.value)
            )
        except InputError:
            return {}
    found: Mapping[str, Any] = json.loads((folder / synth.CONFIGURATION).read_text(encoding="utf-8"))
    return found
