"""Saved plans: what they were made for, and whether they still may be applied."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from example import CONFIG, SITE, account

from bascule import fence, files, plan_json, plans
from bascule.aws import Identity
from bascule.errors import BasculeError, InputError
from bascule.fence import Fence
from bascule.ladder import Stage, Step
from bascule.plans import Note, Planned
from bascule.session import Session
from bascule.terraform import Terraform
from bascule.workspace import Workspace

STEP = Step(Stage.ADOPT, Stage.CONNECT, Stage.SERVE, {})
MADE = datetime.now(UTC).isoformat(timespec="seconds")
DISTRIBUTION = {
    "address": "aws_cloudfront_distribution.site",
    "mode": "managed",
    "type": "aws_cloudfront_distribution",
    "change": {
        "actions": ["update"],
        "before": {"id": SITE.distribution.id, "comment": "old"},
        "after": {"comment": "new"},
    },
}
PLAN: dict[str, Any] = {"format_version": "1.2", "resource_changes": [DISTRIBUTION]}
FENCE = Fence("E1", CONFIG)


@pytest.fixture
def session(tmp_path: Path) -> Session:
    """A session with a configuration where Terraform would run; nothing runs it."""
    with account() as clients:
        made = Session(
            "example",
            SITE,
            Workspace(tmp_path),
            clients,
            Identity("123456789012", "arn", SITE.region, ""),
            Terraform(tmp_path / "terraform", "1.11.4"),
            {"PATH": "/usr/bin:/bin"},
            print,
        )
    files.write(made.directory / "cdk.tf.json", "{}")
    return made


def save(session: Session, plan: str | None = None, **differently: Any) -> None:
    """A saved plan for STEP and the configuration as it is, as `plans.make` leaves it."""
    folder = session.directory
    (folder / plans.PLAN_FILE).write_text("plan")
    (folder / plans.PLAN_JSON).write_text(json.dumps(PLAN) if plan is None else plan)
    (folder / plans.LIVE_CONFIG).write_text(fence.dumps(FENCE))
    note = Note(
        "example",
        "adopt",
        "connect",
        "serve",
        plans.digest(folder),
        "",
        MADE,
        "123456789012",
    )
    note = replace(note, **differently)
    note = replace(note, fingerprint=plans.fingerprint(folder, note))
    (folder / plans.PLAN_NOTE).write_text(json.dumps(asdict(note)))


def test_a_plan_for_this_step_and_configuration_is_used(session: Session) -> None:
    """With the distribution that it was made from, and its fingerprint."""
    save(session)
    note = plans.read_note(session.directory)
    assert note is not None
    expected = Planned(STEP, plan_json.read(PLAN), MADE, FENCE, note.fingerprint)
    assert expected == plans.saved(session, STEP)


@pytest.mark.parametrize("to_be_read", [True, False])
def test_only_a_plan_that_was_made_to_be_read_counts_as_read(session: Session, to_be_read: bool) -> None:
    """One that an apply made, and that was refused there, was never in front of anybody."""
    save(session, to_be_read=to_be_read)
    planned = plans.saved(session, STEP)
    assert planned is not None
    assert to_be_read is planned.reviewed


@pytest.mark.parametrize(
    "differently", [{"step": "serve"}, {"wanted": "connect"}, {"target": "aws_lb.alb"}], ids=lambda d: next(iter(d))
)
def test_a_plan_for_another_step_is_not(session: Session, differently: dict[str, str]) -> None:
    """Another rung, another stage in the site file, one resource on purpose: what follows is planned anew."""
    save(session, **differently)
    assert plans.saved(session, STEP) is None


def changed_configuration(session: Session) -> None:
    files.write(session.directory / "cdk.tf.json", "{} ")


def edited_json(session: Session) -> None:
    path = session.directory / plans.PLAN_JSON
    path.write_text(path.read_text().replace("new", "newer"))


def edited_plan(session: Session) -> None:
    (session.directory / plans.PLAN_FILE).write_text("another plan")


def edited_live_config(session: Session) -> None:
    (session.directory / plans.LIVE_CONFIG).write_text(fence.dumps(Fence("E2", CONFIG)))


def edited_note(session: Session) -> None:
    path = session.directory / plans.PLAN_NOTE
    path.write_text(path.read_text().replace('"reached": "adopt"', '"reached": "build"'))


def without_json(session: Session) -> None:
    (session.directory / plans.PLAN_JSON).unlink()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (changed_configuration, "the configuration has changed since this was planned"),
        (edited_json, "its files were changed"),
        (edited_plan, "its files were changed"),
        (edited_live_config, "its files were changed"),
        (edited_note, "its files were changed"),
        (without_json, "its files were changed"),
    ],
)
def test_a_plan_that_is_not_the_reviewed_one_is_refused(
    session: Session, change: Callable[[Session], None], message: str
) -> None:
    """By a single byte in any of its files; the remedy is to plan again."""
    save(session)
    change(session)
    with pytest.raises(BasculeError, match=message) as caught:
        plans.saved(session, STEP)
    assert "bascule plan example" in caught.value.remedy


@pytest.mark.parametrize(("minutes", "age"), [(121, "2.0 hours"), (60 * 24 * 7, "168.0 hours")])
def test_a_plan_that_is_too_old_is_refused(session: Session, minutes: int, age: str) -> None:
    """The site file's plan.max_age, by default two hours."""
    save(session, made=(datetime.now(UTC) - timedelta(minutes=minutes)).isoformat())
    with pytest.raises(BasculeError, match=f"this plan is {age} old; plan.max_age is 120 minutes"):
        plans.saved(session, STEP)


def test_a_plan_of_another_account_is_refused(session: Session) -> None:
    """Credentials may have been changed meanwhile."""
    save(session, account="210987654321")
    with pytest.raises(BasculeError, match="planned in account 210987654321; these credentials are of 123456789012"):
        plans.saved(session, STEP)


UNREADABLE: dict[str, tuple[str, str]] = {
    "cut off": (json.dumps(PLAN)[:-9], "not JSON, or cut off"),
    "no JSON": ("not a plan", "not JSON, or cut off"),
    "another format": (json.dumps(PLAN | {"format_version": "2.0"}), "a plan in format 2.0"),
    "a state": (json.dumps({"format_version": "1.0", "values": {}}), "not a plan"),
    "a list": ("[]", "not a plan"),
    "a plan that Terraform gave up on": (json.dumps(PLAN | {"errored": True}), "gave up on this plan"),
    "changes of nothing": (json.dumps(PLAN | {"resource_changes": [{}]}), "not a plan as Terraform writes it"),
    "another site's": (
        json.dumps(PLAN).replace(SITE.distribution.id, "E9OTHERSITE99"),
        "a plan of another site: its distribution is E9OTHERSITE99",
    ),
}


@pytest.mark.parametrize(("text", "message"), UNREADABLE.values(), ids=UNREADABLE)
def test_what_is_no_plan_of_this_site_is_refused_by_name(session: Session, text: str, message: str) -> None:
    """Even with a note that fits it; and the error names the file."""
    save(session, text)
    with pytest.raises(InputError, match=message) as caught:
        plans.read_saved(session.directory, "example", SITE)
    assert str(session.directory / plans.PLAN_JSON) == caught.value.where


def test_a_plan_of_another_site_file_is_refused(session: Session) -> None:
    """Somebody copied the folder."""
    save(session, site="other")
    with pytest.raises(InputError, match="a plan of the site other, not of example"):
        plans.read_saved(session.directory, "example", SITE)


def test_without_a_plan_there_is_none(session: Session) -> None:
    """And none after it was discarded; discarding nothing is fine. The raw config stays: it is the last way back."""
    assert plans.saved(session, STEP) is None
    save(session)
    plans.discard(session.directory)
    plans.discard(session.directory)
    assert plans.saved(session, STEP) is None
    with pytest.raises(InputError, match="there is no saved plan"):
        plans.read_saved(session.directory, "example", SITE)
    assert ["cdk.tf.json", plans.LIVE_CONFIG] == sorted(path.name for path in session.directory.iterdir())


@pytest.mark.parametrize("note", ["", "{", "[]", "null", "{}", '{"step": "x"}', '{"step": 1, "more": 2}', '"\\ud800"'])
def test_a_note_that_cannot_be_read_is_no_plan(session: Session, note: str) -> None:
    """It is made anew instead."""
    save(session)
    (session.directory / plans.PLAN_NOTE).write_text(note)
    assert plans.read_note(session.directory) is None
    assert plans.saved(session, STEP) is None


@pytest.mark.parametrize(
    "differently", [{"made": "soon"}, {"made": 5}, {"reached": "up"}, {"step": None}, {"wanted": ""}]
)
def test_a_note_that_says_nothing_that_can_be_is_no_plan(session: Session, differently: dict[str, Any]) -> None:
    """It is made anew instead."""
    save(session, **differently)
    assert plans.read_note(session.directory) is None


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
