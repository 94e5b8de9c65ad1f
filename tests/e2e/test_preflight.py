"""Preflight on accounts of all kinds, in the sandbox: what fails is what the account was made for.

AWS's side is the emulator's: what it says of quotas, permissions and routes is its own word, by its own evaluation.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import roles

from bascule import aws, demo, policies, preflight, site_file
from bascule.aws_calls import DRY_RUNS
from bascule.checks import Finding, Outcome
from bascule.inventory_calls import INVENTORY
from bascule.ladder import Stage
from bascule.sandbox import control
from bascule.sandbox.control import LoggedCall

ACCOUNTS = Path(__file__).parents[1] / "sandbox" / "audited"

FAILS: dict[str, set[str]] = {
    "busy-service": {"deployment-finished", "deployment-percent"},
    "masked-errors": {"index-functions"},
    "no-secret-no-state": {"origin-secret", "state-bucket"},
    "private-subnets": {"alb-internet-route"},
    "reusable-alb": set(),
    "shared-database": {"security-group-references"},
    "wrong-port": {"container-port"},
}
"""The checks that fail in each account for the whole move; all others pass, warn, or can't be answered.

Every check has tests of its own over small inventories (tests/bascule/checks); these are whole accounts."""


@dataclass(frozen=True)
class Flown:
    """A preflight, and the calls that it made."""

    findings: tuple[Finding, ...]
    calls: tuple[LoggedCall, ...]


@pytest.fixture(scope="module")
def flights() -> dict[str, Flown]:
    """Those that were made already, by account."""
    return {}


@pytest.fixture
def fly(flights: dict[str, Flown], tmp_path: Path) -> Callable[[str], Flown]:
    """Runs the checks of the whole move in an account's sandbox, once."""

    def run(name: str) -> Flown:
        if name not in flights:
            account = ACCOUNTS / f"{name}.toml" if name else None
            with demo.sandboxed(tmp_path / "site", lambda line: None, account) as workspace:
                running = control.status(workspace.root / "sandbox")
                assert running is not None
                site = site_file.load(demo.SITE_FILE)
                clients = aws.clients(site.region)
                identity = aws.identity(clients, site.region)
                subject = preflight.Subject(demo.SITE, site, None, clients, identity)
                flights[name] = Flown(preflight.run(subject, Stage.RETIRE), tuple(control.calls(running)))
        return flights[name]

    return run


def failing(flown: Flown) -> set[str]:
    return {finding.check.id for finding in flown.findings if finding.outcome is Outcome.FAIL}


def test_the_audited_account_is_ready(fly: Callable[[str], Flown]) -> None:
    """Nothing fails; each check that didn't pass says what to do."""
    flown = fly("")
    assert set() == failing(flown)
    assert [] == [f.check.id for f in flown.findings if f.outcome is not Outcome.PASS and not f.result.remedy]


@pytest.mark.parametrize("name", sorted(FAILS))
def test_what_fails_is_what_the_account_was_made_for(fly: Callable[[str], Flown], name: str) -> None:
    """And no other check with it; what can't be answered is never a failure."""
    assert FAILS[name] == failing(fly(name))


def test_a_role_that_may_only_plan_is_ready_to_plan(tmp_path: Path) -> None:
    """Under the policies `plan` and `audit`, planning the way to serve is held up by nothing, and applying it is."""
    with demo.sandboxed(tmp_path / "site", lambda line: None) as workspace:
        running = control.status(workspace.root / "sandbox")
        assert running is not None
        site = site_file.load(demo.SITE_FILE)
        held = {kind: policies.document(kind, site, running.account_id) for kind in ("plan", "audit")}
        roles.put(running, "planner", **held)
        control.configure(running, iam=True)
        with roles.acting_as(roles.credentials(running, "planner")):
            clients = aws.clients(site.region)
            subject = preflight.Subject(demo.SITE, site, None, clients, aws.identity(clients, site.region))
            planning = preflight.run(subject, Stage.SERVE, planning=True)
            applying = preflight.run(subject, Stage.SERVE)
    assert set() == {finding.check.id for finding in planning if finding.outcome is Outcome.FAIL}
    assert "permissions" in {finding.check.id for finding in applying if finding.outcome is Outcome.FAIL}


def test_the_table_of_calls_is_what_is_read(fly: Callable[[str], Flown]) -> None:
    """Both ways: the audit and the checks make no call that isn't in the table, and every call that is."""
    made = {(c.service, c.operation) for name in ("", "masked-errors", "reusable-alb") for c in fly(name).calls}
    assert made == {(call.service, call.operation) for call in (*INVENTORY, *DRY_RUNS)}


def test_nothing_is_written(fly: Callable[[str], Flown]) -> None:
    """Every call only reads, but for the two that EC2 is asked with DryRun, which it refuses to carry out."""
    written = {
        call.operation
        for call in fly("").calls
        if not call.operation.startswith(("Describe", "Get", "List", "Head", "Simulate"))
    }
    assert {"CreateSecurityGroup", "AuthorizeSecurityGroupIngress"} == written
    assert {412} == {call.status for call in fly("").calls if call.operation in written}
