"""The whole move by one command, as a person types it; and back by itself, by Terraform, and past Terraform.

All of it by a role that holds the generated policy `apply` and nothing else.

Shown on real Terraform and the real provider, and by real visitors over HTTPS; what AWS does is the emulator's, what
its edge does the sandbox's.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise

import pytest
import recording
import roles
from prober import Prober, probing

from bascule import demo, journal, policies, site_file
from bascule.adopt import adopt
from bascule.ladder import Stage, reached
from bascule.observe import visitors_go_to
from bascule.sandbox import control
from bascule.session import read_state

pytestmark = pytest.mark.faults

BASCULE = [sys.executable, "-m", "bascule"]
SERVICE = "arquantix-coming-soon"
BUCKET, BALANCER = "S3-arquantix-coming-soon-dev", "bascule-alb"


@dataclass
class Told:
    """What one command printed, how it ended, where visitors go afterwards, and what the site file asks for."""

    code: int
    printed: str
    visitors: str
    wanted: str
    prober: Prober


@dataclass
class Story:
    """The commands by what they were for."""

    commands: dict[str, Told] = field(default_factory=dict)
    events: list[str] = field(default_factory=list)
    at: Stage | None = None
    """The rung that the state shows in the end."""


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    """The move with a broken application; then with one that works; then back, three times."""
    root, told = tmp_path_factory.mktemp("cutover") / "site", Story()
    with demo.sandboxed(root, lambda line: None) as workspace:
        running = recording.make_roles(workspace)
        site = site_file.load(workspace.site_file(demo.SITE))
        roles.put(running, recording.APPLYING, apply=policies.document("apply", site, running.account_id))
        acting = os.environ | roles.credentials(running, recording.APPLYING)
        adopt(recording.open_session(workspace))
        session = recording.open_session(workspace)

        def run(name: str, *arguments: str) -> None:
            with probing(running.endpoint) as prober:
                done = subprocess.run(
                    [*BASCULE, *arguments], cwd=root, env=acting, capture_output=True, text=True, check=False
                )
            visitors = visitors_go_to(session.clients, session.site)
            wanted = workspace.site_file(demo.SITE).read_text(encoding="utf-8")
            printed = done.stdout + done.stderr
            told.commands[name] = Told(done.returncode, printed, visitors, wanted, prober)

        control.configure(running, broken=[SERVICE])
        run("broken", "cutover", "--yes")
        control.configure(running, broken=[])
        run("mended", "cutover", "--yes")
        run("rehearsed", "rollback", "--dry-run")
        run("direct", "rollback", "--direct", "--yes")
        run("reconciled", "apply", "--yes")
        told.at = reached(read_state(recording.open_session(workspace)))
        told.events = [entry.event for entry in journal.read(workspace.journal(demo.SITE)) if entry.event != "gate"]
    return told


def test_an_application_that_fails_its_visitors_is_taken_back(story: Story) -> None:
    """Its health check and the probe path answer, so no gate sees it: the verification does, and visitors get the old
    page again with nobody being asked."""
    told = story.commands["broken"]
    assert 1 == told.code
    assert "going back by itself, because of what was seen:" in told.printed
    assert "visitors were sent back to the bucket, and get it again, since" in told.printed
    assert "fail  home:" in told.printed
    assert BUCKET == told.visitors
    assert 'stage = "connect"' in told.wanted


def test_visitors_saw_it_only_until_it_was_taken_back(story: Story) -> None:
    """The prober's failures are one stretch, and good answers come before and after it."""
    outcomes = [good for good, _ in story.commands["broken"].prober.answers]
    assert outcomes[0]
    assert outcomes[-1]
    changes = [one for one, other in pairwise(outcomes) if one is not other]
    assert False in outcomes
    assert len(changes) >= 2


def test_one_command_moves_the_site(story: Story) -> None:
    told = story.commands["mended"]
    assert 0 == told.code, told.printed
    assert "arquantix is at serve, and visitors get the application" in told.printed
    assert "application answers: /api/health reaches the application" in told.printed
    assert "ALB closed from outside" in told.printed
    assert BALANCER == told.visitors
    assert 'stage = "serve"' in told.wanted


def test_a_rehearsal_changes_nothing(story: Story) -> None:
    told = story.commands["rehearsed"]
    assert 0 == told.code
    assert f'default_cache_behavior.target_origin_id: "{BALANCER}" → "{BUCKET}"' in told.printed
    assert BALANCER == told.visitors
    assert 'stage = "serve"' in told.wanted


def test_past_terraform_the_config_of_before_goes_back(story: Story) -> None:
    """In one call, and it is verified; the site file asks for `connect`."""
    told = story.commands["direct"]
    assert 0 == told.code, told.printed
    assert f'default_cache_behavior.target_origin_id: "{BALANCER}" becomes "{BUCKET}"' in told.printed
    assert "home: / is the bucket's old page" in told.printed
    assert BUCKET == told.visitors
    assert 'stage = "connect"' in told.wanted


def test_terraform_catches_up(story: Story) -> None:
    """The state, which knew nothing of it, is at `connect` after the next apply."""
    assert 0 == story.commands["reconciled"].code, story.commands["reconciled"].printed
    assert Stage.CONNECT is story.at


@pytest.mark.parametrize("name", ["mended", "rehearsed", "direct", "reconciled"])
def test_no_visitor_was_left_without_a_good_answer(
    story: Story, name: str, record_property: Callable[[str, object], None]
) -> None:
    """Asked ten times a second, throughout."""
    prober = story.commands[name].prober
    record_property(f"cutover, {name}: requests asked, failed", f"{prober.asked}, {prober.failed}")
    assert [] == prober.failures
    assert prober.asked > 0


def test_the_journal_tells_it(story: Story) -> None:
    """The automatic way back among it."""
    first = story.events[: story.events.index("cutover failed") + 1]
    assert ["going back", "rollback begun", "rollback done"] == [e for e in first if "back" in e]
    assert {"cutover done", "direct rollback begun", "direct rollback done", "verify"} <= {*story.events}
