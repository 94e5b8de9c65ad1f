"""Preflight: reads the account, asks IAM, and judges the checks that matter on the way from one rung to another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bascule import adopted, aws, checks, progress, simulation, survey
from bascule.checks import Finding, Outcome
from bascule.errors import BasculeError
from bascule.inventory import Inventory, rows
from bascule.ladder import ALB_ORIGIN_ID, Stage
from bascule.reading import OnCall
from bascule.session import Session
from bascule.simulation import OURS
from bascule.site import Site


@dataclass(frozen=True)
class Subject:
    """Which site is checked, in which account, and by whom."""

    name: str
    site: Site
    expected_account: str | None
    """The account that the site was adopted in, where it is."""
    clients: aws.Clients
    identity: aws.Identity


def run(
    subject: Subject,
    wanted: Stage,
    reached: Stage | None = None,
    on_call: OnCall = lambda call: None,
    *,
    planning: bool = False,
) -> tuple[Finding, ...]:
    """What the checks say that matter for going to `wanted`; from the rung that the account shows, unless `reached` is
    given. With `planning` the role has to be able to plan, and no more. Nothing is changed. Raises BasculeError where
    AWS can't be asked at all."""
    site = subject.site
    found = survey.take(subject.clients, subject.identity, site, on_call=on_call)
    chosen = checks.relevant(rung_seen(found) if reached is None else reached, wanted)
    if planning:
        chosen = tuple(check for check in chosen if check.id != "security-group-dry-run")
        asked = simulation.questions_of_planning(site, subject.identity.account, wanted)
    else:
        asked = simulation.questions(site, subject.identity.account, wanted)
    allowed = simulation.simulate(subject.clients, found, site, subject.name, asked, on_call)
    return checks.judge(
        found, site, chosen, found.read_at.date(), expected_account=subject.expected_account, permissions=allowed
    )


def ready(session: Session, reached: Stage, planning: bool) -> None:
    """Run the checks that matter for the rung that the site file asks for, and say how many of them pass, and which
    don't. With `planning` the role has to be able to plan, and no more.

    Raises BasculeError with what fails; going back is never held up.
    """
    wanted = session.site.stage
    if not wanted.at_least(reached):
        return
    expected = adopted.account(session.workspace, session.name)
    subject = Subject(session.name, session.site, expected, session.clients, session.identity)
    with progress.reading("checking the account") as on_call:
        findings = run(subject, wanted, reached, on_call, planning=planning)
    failing = [finding for finding in findings if finding.outcome is Outcome.FAIL]
    if failing:
        raise BasculeError(
            "\n".join(["the account isn't ready:", *(line for one in failing for line in _told(one))]),
            remedy=f"`bascule preflight --stage {wanted}` checks again; a waiver in the site file lets a check go",
        )
    told = [f.check.id for f in findings if f.outcome is not Outcome.PASS]
    more = f" (`bascule preflight` tells of {', '.join(told)})" if told else ""
    session.say(f"preflight: {counted(findings)}{more}")


def counted(findings: Sequence[Finding]) -> str:
    """How many checks say what, e.g. "30 pass, 2 warn, 1 unknown"."""
    counts: Mapping[Outcome, int] = Counter(finding.outcome for finding in findings)
    return ", ".join(f"{counts[outcome]} {outcome}" for outcome in Outcome if outcome in counts) or "nothing to check"


def rung_seen(found: Inventory) -> Stage:
    """The rung that the account shows; a service behind some load balancer isn't known to be behind ours."""
    config = found.config
    if isinstance(config, Mapping):
        if config["DefaultCacheBehavior"]["TargetOriginId"] == ALB_ORIGIN_ID:
            return Stage.SERVE
        if any(origin["Id"] == ALB_ORIGIN_ID for origin in config["Origins"]["Items"]):
            return Stage.CONNECT
    if any(OURS in group.get("Tags", ()) for group in rows(found.security_groups)):
        return Stage.BUILD
    return Stage.NONE


def _told(finding: Finding) -> Iterator[str]:
    yield f"  {finding.number:>2}  {finding.check.id}: {finding.result.evidence}"
    yield f"      {finding.result.remedy}"
