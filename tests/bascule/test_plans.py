"""Saved plans: what they were made for, and whether they still may be applied."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from example import SITE, account

from bascule import files, plans
from bascule.aws import Identity
from bascule.ladder import Stage, Step
from bascule.plans import Note, Planned
from bascule.session import Session
from bascule.terraform import Terraform
from bascule.workspace import Workspace

STEP = Step(Stage.ADOPT, Stage.CONNECT, Stage.SERVE, {})
PLAN: dict[str, Any] = {"format_version": "1.2", "resource_changes": []}
SHOW = f"#!/bin/sh\necho '{json.dumps(PLAN)}'\n"
"""A Terraform that shows one plan, whatever it is asked."""


@pytest.fixture
def session(tmp_path: Path) -> Session:
    """A session whose Terraform only shows PLAN, with a configuration where Terraform would run."""
    terraform = tmp_path / "terraform"
    terraform.write_text(SHOW)
    terraform.chmod(0o755)
    with account() as clients:
        made = Session(
            "example",
            SITE,
            Workspace(tmp_path),
            clients,
            Identity("123456789012", "arn", SITE.region, ""),
            Terraform(terraform, "1.11.4"),
            {"PATH": "/usr/bin:/bin"},
            print,
        )
    files.write(made.directory / "cdk.tf.json", "{}")
    return made


def save(session: Session, **differently: str) -> None:
    """A saved plan for STEP and the configuration as it is, as `plans.make` leaves it."""
    note = Note("connect", "serve", plans.digest(session.directory), "2026-01-03T10:00:00+00:00")
    (session.directory / plans.PLAN_FILE).write_text("plan")
    (session.directory / plans.PLAN_JSON).write_text("{}")
    (session.directory / plans.PLAN_NOTE).write_text(json.dumps(replace(note, **differently).__dict__))


def test_a_plan_for_this_step_and_configuration_is_used(session: Session) -> None:
    """What Terraform shows of the plan file is what counts, not the JSON beside it."""
    save(session)
    assert Planned(STEP, PLAN, "2026-01-03T10:00:00+00:00") == plans.saved(session, STEP)


@pytest.mark.parametrize(
    "differently", [{"step": "serve"}, {"wanted": "connect"}, {"configuration": "0" * 64}], ids=lambda d: next(iter(d))
)
def test_a_plan_for_anything_else_is_not(session: Session, differently: dict[str, str]) -> None:
    """Another step, another stage in the site file, another configuration."""
    save(session, **differently)
    assert plans.saved(session, STEP) is None


def test_a_plan_is_not_used_once_the_configuration_changed(session: Session) -> None:
    """By a single byte."""
    save(session)
    files.write(session.directory / "cdk.tf.json", "{} ")
    assert plans.saved(session, STEP) is None


def test_without_a_plan_there_is_none(session: Session) -> None:
    """And none after it was discarded; discarding nothing is fine."""
    assert plans.saved(session, STEP) is None
    save(session)
    plans.discard(session.directory)
    plans.discard(session.directory)
    assert plans.saved(session, STEP) is None
    assert ["cdk.tf.json"] == [path.name for path in session.directory.iterdir()]


@pytest.mark.parametrize("note", ["", "{", "[]", "null", "{}", '{"step": "x"}', '{"step": 1, "more": 2}', '"\\ud800"'])
def test_a_note_that_cannot_be_read_is_no_plan(session: Session, note: str) -> None:
    """It is made anew instead."""
    save(session)
    (session.directory / plans.PLAN_NOTE).write_text(note)
    assert plans.read_note(session.directory) is None
    assert plans.saved(session, STEP) is None


def test_a_note_of_other_bytes_is_no_plan(session: Session) -> None:
    """Nor one that isn't text."""
    save(session)
    (session.directory / plans.PLAN_NOTE).write_bytes(b"\xff\xfe{}")
    assert plans.read_note(session.directory) is None


def test_a_note_without_its_plan_file_is_no_plan(session: Session) -> None:
    """There would be nothing to apply."""
    save(session)
    (session.directory / plans.PLAN_FILE).unlink()
    assert plans.read_note(session.directory) is None


CREATE = {
    "address": "aws_lb.alb",
    "mode": "managed",
    "type": "aws_lb",
    "change": {"actions": ["create"], "after": {"name": "x"}},
}


def test_a_plan_is_told_with_where_it_leads() -> None:
    """Rungs, one line a resource, the count; and that more steps follow, where they do."""
    assert [
        "adopt → connect (a step on the way to serve; the next is planned after it)",
        "  + create   aws_lb.alb",
        "  0 to import, 1 to add, 0 to change, 0 to destroy",
    ] == plans.told(Planned(STEP, {"resource_changes": [CREATE]}, "now")).split("\n")
    last = replace(STEP, wanted=Stage.CONNECT)
    assert plans.told(Planned(last, {"resource_changes": [CREATE]}, "now")).startswith("adopt → connect\n")


def test_a_plan_that_does_nothing_is_told_in_one_line() -> None:
    """No empty table."""
    same = Step(Stage.SERVE, Stage.SERVE, Stage.SERVE, {})
    assert "serve → serve: nothing to do" == plans.told(Planned(same, PLAN, "now"))
