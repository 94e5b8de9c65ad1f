"""What the role may do, as IAM's simulation and EC2's dry runs say it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bascule.checks.base import Case, Check, listed, number, unread
from bascule.inventory import Unread
from bascule.ladder import Stage
from bascule.outcomes import Result, fail, passed, unknown, worst

ALLOWED, EXPLICIT_DENY, IMPLICIT_DENY = "allowed", "explicitDeny", "implicitDeny"
"""IAM's words for a decision (IAM API, PolicyEvaluationDecisionType)."""


@dataclass(frozen=True)
class Decision:
    """What IAM says of one action on one resource."""

    action: str
    resource: str
    stage: Stage
    """The first stage that needs it."""
    said: str | Unread
    """`allowed`, `explicitDeny` or `implicitDeny`; Unread where the simulation couldn't be asked."""
    missing: tuple[str, ...] = ()
    """Condition keys that the policies ask about and the simulation had no value of: the decision doesn't count."""
    back: bool = False
    """Whether it is needed on the way down alone."""


DENIED = "denied"


@dataclass(frozen=True)
class DryRun:
    """What EC2 says to a request that it is not to carry out."""

    said: str | Unread
    """`allowed` or `denied`; Unread where AWS said something else."""
    on: str = "ours"
    """The security group that it was asked about, or `ours`: a policy may admit bascule's own groups alone."""


@dataclass(frozen=True)
class Permissions:
    """What one caller may do."""

    principal: str
    """ARN of the role or user whose policies were asked about."""
    decisions: tuple[Decision, ...] = ()
    unasked: str = ""
    """Why nothing was simulated, where nothing could be."""
    note: str = ""
    """What had to be assumed."""
    dry_runs: Mapping[str, DryRun] = field(default_factory=dict)
    """By IAM action, those of DRY_RUNS."""

    def verdict(self, action: str, resource: str = "") -> bool | None:
        """Whether an action is allowed on each resource whose ARN holds `resource`; None where that isn't known."""
        found = [d for d in self.decisions if d.action == action and resource in d.resource]
        if any(_known(d) and d.said != ALLOWED for d in found):
            return False
        return True if found and all(_known(d) for d in found) else None


def _known(decision: Decision) -> bool:
    return isinstance(decision.said, str) and not decision.missing


def _simulated(case: Case) -> Result:
    asked = case.permissions
    if asked is None:
        return unknown("IAM was not asked", "run `bascule preflight` with credentials that may ask IAM")
    by_hand = f"aws iam simulate-principal-policy --policy-source-arn {asked.principal} --action-names ACTION"
    if asked.unasked:
        return unknown(asked.unasked, "use a role for the move: what that may do, IAM tells")
    denied = [d for d in asked.decisions if _known(d) and d.said != ALLOWED]
    whose = asked.principal + (f" ({asked.note})" if asked.note else "")
    if denied:
        actions = listed(dict.fromkeys(d.action for d in denied))
        return fail(
            f"{whose} lacks {number(len({d.action for d in denied}), 'action')}: {_by_stage(denied)}",
            f"allow {actions} to this role, on the resources named",
        )
    unsure = [_unsure(d, by_hand) for d in asked.decisions if not _known(d)]
    if unsure:
        return worst(unsure)
    if not asked.decisions:
        return unknown(f"{whose}: IAM was asked about no action", f"look yourself: `{by_hand}`")
    last = max((d.stage for d in asked.decisions), key=lambda stage: stage.rung)
    return passed(f"{whose} may do all of {number(len({d.action for d in asked.decisions}), 'action')} up to {last}")


def _by_stage(denied: list[Decision]) -> str:
    parts: dict[str, list[str]] = {}
    for d in sorted(denied, key=lambda d: (d.back, d.stage.rung)):
        parts.setdefault("the way back" if d.back else str(d.stage), []).append(
            f"{d.action} on {d.resource} ({d.said})"
        )
    return "; ".join(f"for {what} {listed(dict.fromkeys(each))}" for what, each in parts.items())


def _unsure(decision: Decision, by_hand: str) -> Result:
    if isinstance(decision.said, Unread):
        return unread(decision.said, by_hand)
    return unknown(
        f"{decision.action} on {decision.resource} (for {decision.stage}): the policies ask about "
        f"{listed(decision.missing)}, which the simulation has no value of",
        f"look yourself: `{by_hand}`, with --context-entries for it",
    )


DRY_RUNS = ("ec2:CreateSecurityGroup", "ec2:AuthorizeSecurityGroupIngress")
"""EC2 operations that are asked with DryRun: EC2 itself says whether they would be allowed, and does nothing."""


def _dry(case: Case) -> Result:
    return worst(_one_dry(case.permissions, action) for action in DRY_RUNS)


def _one_dry(asked: Permissions | None, action: str) -> Result:
    command = f"{COMMANDS[action]} --dry-run"
    run = asked.dry_runs.get(action) if asked else None
    if asked is None or run is None:
        return unknown(f"{action} was not asked with DryRun", f"look yourself: `{command}`")
    if isinstance(run.said, Unread):
        return unread(run.said, command)
    if run.said != DENIED:
        return passed(f"{action}: EC2's dry run says that it would succeed")
    if run.on == "ours" or asked.verdict(action) is False:
        return fail(f"{action}: EC2's dry run says UnauthorizedOperation (for build)", f"allow {action} to this role")
    seen = f"{action} on {run.on}: EC2's dry run says UnauthorizedOperation; that group isn't bascule's"
    if asked.verdict(action):
        return passed(f"{seen}, and IAM allows it on bascule's own")
    return unknown(f"{seen}, and a policy may admit bascule's own alone", f"allow {action} to this role, if it isn't")


COMMANDS = {
    "ec2:CreateSecurityGroup": "aws ec2 create-security-group --group-name dry-run --description dry-run --vpc-id VPC",
    "ec2:AuthorizeSecurityGroupIngress": "aws ec2 authorize-security-group-ingress --group-id GROUP --protocol tcp "
    "--port 80 --cidr 192.0.2.1/32",
}

CHECKS = (
    Check(
        "permissions",
        "the role may do all that the move asks for",
        Stage.ADOPT,
        True,
        "Terraform stops in the middle of a rung at the first call that is refused, and what was made until then "
        "stays. IAM is asked beforehand, by SimulatePrincipalPolicy, which changes nothing. It doesn't know session "
        "policies, nor what a bucket's or key's own policy allows: where it is wrong, a waiver says so, and AWS has "
        "the last word.",
        _simulated,
    ),
    Check(
        "security-group-dry-run",
        "EC2 would let the role make the security groups",
        Stage.BUILD,
        False,
        "EC2 takes a request with DryRun, decides on it as on a real one, and does nothing. `build` begins with these.",
        _dry,
    ),
)
