"""A permission that is missing at a rung: the check before an apply names it; where IAM can't be asked, the apply
fails readably; and it goes on once the permission is given.

Terraform and provider are real, and so is what they make of a refusal; that AWS refuses in these words is the
emulator's.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import pytest
import recording
import roles

from bascule import demo, ladder, policies, session, site_file
from bascule.adopt import adopt
from bascule.ladder import Stage
from bascule.sandbox.control import Running
from bascule.workspace import Workspace

pytestmark = pytest.mark.faults

MISSING: Mapping[Stage, str] = {
    Stage.ADOPT: "s3:GetLifecycleConfiguration",
    Stage.BUILD: "elasticloadbalancing:AddTags",
    Stage.ATTACH: "ecs:UpdateService",
    Stage.CONNECT: "elasticloadbalancing:ModifyLoadBalancerAttributes",
    Stage.SERVE: "cloudfront:UpdateDistribution",
}
"""What is missing at each rung: a read, a permission beyond the call's own, and three writes."""

ASKING = "iam:SimulatePrincipalPolicy"
"""Without it, which is how roles of single sign-on often are, the check doesn't know."""


@dataclass
class Rung:
    """Three applies to one rung."""

    checked: subprocess.CompletedProcess[str]
    """Without the permission."""
    refused: subprocess.CompletedProcess[str]
    """Without it, and without that to ask IAM."""
    allowed: subprocess.CompletedProcess[str]
    """With all; after a plan, which a person reads where a refused update has left the state ahead of the account."""
    reached: Stage


@pytest.fixture(scope="session")
def climb(tmp_path_factory: pytest.TempPathFactory) -> Mapping[Stage, Rung]:
    """One way up, on which each rung is tried without one permission first."""
    found = {}
    root = tmp_path_factory.mktemp("permissions") / "site"
    with demo.sandboxed(root, lambda line: None) as workspace:
        running = recording.make_roles(workspace)
        with roles.acting_as(roles.credentials(running, recording.APPLYING)):
            adopt(recording.open_session(workspace))
            for stage, action in MISSING.items():
                demo.set_stage(workspace, stage)
                give(running, workspace, action)
                checked = bascule(workspace, "apply", "--yes")
                give(running, workspace, action, ASKING)
                refused = bascule(workspace, "apply", "--yes")
                give(running, workspace)
                bascule(workspace, "plan")
                found[stage] = Rung(checked, refused, bascule(workspace, "apply", "--yes"), reached(workspace))
    return found


def give(running: Running, workspace: Workspace, *without: str) -> None:
    """Give the role the generated policies, but for some actions."""
    site = site_file.load(workspace.site_file(demo.SITE))
    held = {kind: policies.document(kind, site, running.account_id) for kind in ("apply", "audit")}
    left = {kind: less(document, without) for kind, document in held.items()}
    roles.put(running, recording.APPLYING, **left, deny=policies.document("deny", site, running.account_id))


def less(document: roles.Document, actions: Sequence[str]) -> roles.Document:
    """The policy without some actions; a statement that has none left is dropped."""
    left: dict[str, Any] = deepcopy(dict(document))
    for statement in left["Statement"]:
        statement["Action"] = [name for name in statement["Action"] if name not in actions]
    left["Statement"] = [statement for statement in left["Statement"] if statement["Action"]]
    return left


def bascule(workspace: Workspace, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "bascule", *arguments]
    return subprocess.run(command, cwd=workspace.root, capture_output=True, text=True, check=False, env=os.environ)


def reached(workspace: Workspace) -> Stage:
    opened = recording.open_session(workspace)
    return ladder.reached(session.read_state(opened))


@pytest.fixture(params=MISSING, ids=str)
def stage(request: pytest.FixtureRequest) -> Stage:
    """A rung."""
    rung: Stage = request.param
    return rung


def test_the_check_before_an_apply_names_the_action(climb: Mapping[Stage, Rung], stage: Stage) -> None:
    """Nothing is planned, and nothing was applied."""
    checked = climb[stage].checked
    assert 1 == checked.returncode, checked.stdout + checked.stderr
    assert MISSING[stage] in checked.stderr
    assert "planning" not in checked.stdout


def test_the_apply_fails_and_names_the_action(climb: Mapping[Stage, Rung], stage: Stage) -> None:
    """It ends with 1, says who may not do what, and what to do."""
    refused = climb[stage].refused
    assert 1 == refused.returncode, refused.stdout + refused.stderr
    assert f"is not authorized to perform: {MISSING[stage]} on resource: " in " ".join(refused.stderr.split())
    assert "lack the permission named above" in refused.stderr


def test_a_refusal_is_no_traceback(climb: Mapping[Stage, Rung], stage: Stage) -> None:
    """Neither of Python nor of Go."""
    for failed in (climb[stage].checked, climb[stage].refused):
        assert [] == [word for word in ("Traceback", "panic:", "goroutine") if word in failed.stdout + failed.stderr]


def test_with_the_permission_it_goes_on(climb: Mapping[Stage, Rung], stage: Stage) -> None:
    """Whatever the refused apply left half done is finished, and the rung is reached."""
    allowed = climb[stage].allowed
    assert 0 == allowed.returncode, allowed.stdout + allowed.stderr
    assert stage is climb[stage].reached
