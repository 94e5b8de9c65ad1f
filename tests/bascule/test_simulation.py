"""What IAM's simulation and EC2's dry runs say of the caller, and what the checks make of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from answered import ACCOUNT, IDENTITY, ROLE, SITE, TASKS_GROUP, denied, group, inventory, look, told
from example import Refusal
from scripted_answers import scripted

from bascule import simulation
from bascule.checks import Permissions
from bascule.checks.permissions import ALLOWED, DRY_RUNS, EXPLICIT_DENY, IMPLICIT_DENY, Decision, DryRun
from bascule.inventory import Inventory, Unread
from bascule.ladder import Stage
from bascule.permissions import needed, needed_back
from bascule.simulation import UNCHECKED, Asked

UP = sorted({grant.action for grant in needed(SITE, ACCOUNT, Stage.RETIRE)} - UNCHECKED)
BACK = sorted({grant.action for grant in needed_back(SITE, ACCOUNT)} - {*UP, *UNCHECKED})
EVERYTHING = simulation.questions(SITE, ACCOUNT, Stage.RETIRE)

PER_PAGE = 3
"""Results of one page: every list is read to its end."""

WOULD = Refusal("DryRunOperation", "Request would have succeeded, but DryRun flag is set.", 412)
MAY_NOT = Refusal("UnauthorizedOperation", "You are not authorized to perform this operation.", 403)
NO_LOOK = Refusal("AccessDenied", f"not authorized to perform: {simulation.SIMULATE}", 403)


@dataclass
class Account:
    """An account that decides as a test says, and remembers what it was asked."""

    refused: Mapping[str, str] = field(default_factory=dict)
    """The decision on each action that isn't allowed."""
    missing: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Context keys that an action's policies ask about."""
    role: Mapping[str, Any] | Refusal = field(default_factory=lambda: {"Role": {"Arn": ROLE}})
    simulating: Refusal | None = None
    dry: Mapping[str, Refusal] = field(default_factory=dict)
    specific: bool = False
    """Whether decisions stand beside each resource, as IAM writes them for a list of resources."""
    calls: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)

    def __call__(self, service: str, operation: str, asked: Mapping[str, Any]) -> Mapping[str, Any] | Refusal:
        self.calls.append((operation, asked))
        if service == "ec2":
            return self.dry.get(operation, WOULD)
        if operation == "GetRole":
            return self.role
        if self.simulating:
            return self.simulating
        start = int(asked.get("Marker", "0"))
        some = asked["ActionNames"][start : start + PER_PAGE]
        more = start + PER_PAGE < len(asked["ActionNames"])
        page = {"EvaluationResults": [self.evaluated(action, asked["ResourceArns"][0]) for action in some]}
        return {**page, "IsTruncated": more, **({"Marker": str(start + PER_PAGE)} if more else {})}

    def evaluated(self, action: str, resource: str) -> Mapping[str, Any]:
        decision, missing = self.refused.get(action, ALLOWED), list(self.missing.get(action, ()))
        if not self.specific:
            return {
                "EvalActionName": action,
                "EvalResourceName": resource,
                "EvalDecision": decision,
                "MissingContextValues": missing,
            }
        one = {
            "EvalResourceName": resource,
            "EvalResourceDecision": decision,
            "MissingContextValues": missing,
        }
        return {"EvalActionName": action, "EvalDecision": IMPLICIT_DENY, "ResourceSpecificResults": [one]}

    def asked(self, operation: str) -> list[Mapping[str, Any]]:
        """The parameters of each call of an operation."""
        return [parameters for name, parameters in self.calls if name == operation]


def simulated(account: Account, found: Inventory | None = None, asked: Sequence[Asked] = EVERYTHING) -> Permissions:
    """What comes out for the account."""
    with scripted(account) as clients:
        return simulation.simulate(clients, found or inventory(), SITE, "example", asked)


def as_caller(arn: str) -> Inventory:
    """The account as somebody else reads it."""
    return inventory(identity=replace(IDENTITY, arn=arn))


# What the role lacks.


def test_a_role_that_may_do_everything_passes() -> None:
    """On every page, and with the role named."""
    told("permissions", "pass", ROLE, f"all of {len({*UP, *BACK})} actions", permissions=simulated(Account()))


def first_stage(action: str) -> Stage:
    """The first rung that needs an action; adopting is what everything begins with."""
    return next(
        stage for stage in list(Stage)[1:] if action in {grant.action for grant in needed(SITE, ACCOUNT, stage)}
    )


@pytest.mark.parametrize("action", UP)
def test_each_missing_action_is_named_with_the_stage_that_needs_it(action: str) -> None:
    """Whichever it is, and nothing else."""
    permissions = simulated(Account({action: IMPLICIT_DENY}))
    result = look("permissions", permissions=permissions)
    assert ("fail", f"allow {action} to this role, on the resources named") == (result.outcome, result.remedy)
    assert f"{ROLE} lacks 1 action: for {first_stage(action)} {action} on " in result.evidence


@pytest.mark.parametrize("action", BACK)
def test_what_only_the_way_back_needs_is_named_too(action: str) -> None:
    """A move that can't be taken back is none."""
    permissions = simulated(Account({action: EXPLICIT_DENY}))
    told("permissions", "fail", f"for the way back {action} on ", "(explicitDeny)", permissions=permissions)


def test_all_that_is_missing_is_named_in_the_order_of_the_stages() -> None:
    """One look at IAM is enough."""
    actions = ["cloudfront:UpdateDistribution", "elasticloadbalancing:CreateLoadBalancer", "s3:GetBucketPolicy"]
    evidence = look("permissions", permissions=simulated(Account(dict.fromkeys(actions, IMPLICIT_DENY)))).evidence
    assert "lacks 3 actions: for adopt s3:GetBucketPolicy" in evidence
    assert sorted(actions, key=evidence.index) == list(reversed(actions))


def test_a_decision_that_stands_beside_its_resource_is_the_one_that_counts() -> None:
    """IAM writes it so where it is asked about resources."""
    action = "ecs:UpdateService"
    assert ("pass", "fail") == tuple(
        str(look("permissions", permissions=simulated(Account(refused, specific=True))).outcome)
        for refused in ({}, {action: IMPLICIT_DENY})
    )


def test_missing_context_makes_a_decision_unknown() -> None:
    """A policy that asks what the simulation isn't told is neither allowed nor denied."""
    account = Account({"ecs:UpdateService": IMPLICIT_DENY}, {"ecs:UpdateService": ["aws:SourceIp"]})
    told(
        "permissions",
        "unknown",
        "ecs:UpdateService",
        "aws:SourceIp",
        "--context-entries",
        permissions=simulated(account),
    )


def test_a_denied_simulation_is_unknown() -> None:
    """With the permission that it needs; a role that may not ask isn't told to lack anything."""
    told(
        "permissions",
        "unknown",
        "AccessDenied",
        "allow iam:SimulatePrincipalPolicy to this role",
        f"aws iam simulate-principal-policy --policy-source-arn {ROLE}",
        permissions=simulated(Account(simulating=NO_LOOK)),
    )


def test_what_iam_says_nothing_of_is_unknown() -> None:
    """An answer without the action that was asked about is no permission."""

    def silent(service: str, operation: str, asked: Mapping[str, Any]) -> Mapping[str, Any] | Refusal:
        return (
            {"EvaluationResults": []}
            if operation == "SimulatePrincipalPolicy"
            else Account()(service, operation, asked)
        )

    with scripted(silent) as clients:
        permissions = simulation.simulate(clients, inventory(), SITE, "example", EVERYTHING)
    told("permissions", "unknown", "no answer about", permissions=permissions)


def test_nobody_was_asked() -> None:
    """Unknown, not passed."""
    told("permissions", "unknown", "IAM was not asked", permissions=None)
    told("security-group-dry-run", "unknown", *(f"{action} was not asked" for action in DRY_RUNS), permissions=None)


def test_a_verdict_is_of_one_action_on_the_resources_named() -> None:
    """Another action's, or the same one's elsewhere, makes no difference."""
    elsewhere = [("a:Do", "arn:one", ALLOWED), ("a:Do", "arn:two", IMPLICIT_DENY), ("a:Undo", "arn:one", EXPLICIT_DENY)]
    found = Permissions(ROLE, tuple(Decision(action, on, Stage.BUILD, said) for action, on, said in elsewhere))
    assert [True, False, False, None] == [
        found.verdict("a:Do", "one"),
        found.verdict("a:Do", "two"),
        found.verdict("a:Do"),
        found.verdict("a:Redo"),
    ]


def test_a_dry_run_that_was_left_out_is_unknown() -> None:
    """Whatever IAM says."""
    told("security-group-dry-run", "unknown", "was not asked with DryRun", permissions=Permissions(ROLE))


# Whose policies.


def source(account: Account, arn: str) -> set[str]:
    """Whose policies were simulated for a caller."""
    simulated(account, as_caller(arn))
    return {asked["PolicySourceArn"] for asked in account.asked("SimulatePrincipalPolicy")}


SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/move/me"


def test_a_session_is_asked_about_as_its_role_with_the_path_that_iam_tells() -> None:
    """A session's ARN doesn't have it."""
    path = f"arn:aws:iam::{ACCOUNT}:role/aws-reserved/sso.amazonaws.com/move"
    account = Account(role={"Role": {"Arn": path}})
    assert {path} == source(account, SESSION)
    assert [{"RoleName": "move"}] == account.asked("GetRole")


def test_a_role_that_may_not_be_looked_at_is_taken_for_one_without_a_path() -> None:
    """And that is said."""
    account = Account(role=Refusal("AccessDenied", "not authorized to perform: iam:GetRole", 403))
    assert {ROLE} == source(account, SESSION)
    told("permissions", "pass", f"{ROLE} (taken for a role without a path (iam:GetRole", permissions=simulated(account))


def test_a_user_is_asked_about_as_it_is() -> None:
    """With its path."""
    user = f"arn:aws:iam::{ACCOUNT}:user/people/me"
    account = Account()
    assert {user} == source(account, user)
    assert [] == account.asked("GetRole")


@pytest.mark.parametrize(
    ("arn", "why"),
    [
        (f"arn:aws:iam::{ACCOUNT}:root", "root can't be simulated, and needs nothing"),
        (f"arn:aws:sts::{ACCOUNT}:federated-user/me", "neither a role nor a user"),
    ],
)
def test_who_can_not_be_simulated_is_unknown(arn: str, why: str) -> None:
    """IAM isn't asked."""
    account = Account()
    told("permissions", "unknown", why, permissions=simulated(account, as_caller(arn)))
    assert [] == account.asked("SimulatePrincipalPolicy") + account.asked("GetRole")


# How IAM is asked.


def test_actions_are_asked_about_together_where_resource_and_context_are_the_same() -> None:
    """Some twenty calls, not a hundred; each action once."""
    account = Account()
    simulated(account)
    asked = [one for one in account.asked("SimulatePrincipalPolicy") if "Marker" not in one]
    alike = {(one.resource, tuple(sorted(one.context.items()))) for one in EVERYTHING if one.action not in UNCHECKED}
    assert len(alike) == len(asked)
    assert len([one for one in EVERYTHING if one.action not in UNCHECKED]) == sum(len(o["ActionNames"]) for o in asked)
    assert {1} == {len(one["ResourceArns"]) for one in asked}


def test_many_actions_are_asked_about_in_batches() -> None:
    """IAM takes no endless list."""
    account = Account()
    many = [Asked(f"ec2:Describe{number}", "*", Stage.BUILD) for number in range(simulation.AT_ONCE + 1)]
    assert len(many) == len(simulated(account, asked=many).decisions)
    asked = [one for one in account.asked("SimulatePrincipalPolicy") if "Marker" not in one]
    assert [1, simulation.AT_ONCE] == sorted(len(one["ActionNames"]) for one in asked)


def test_the_context_of_a_request_is_told() -> None:
    """What conditions of a policy ask about: which service's role it is, whose tags, and the region."""
    account = Account()
    simulated(account)
    told_of = {
        (entry["ContextKeyName"], value)
        for one in account.asked("SimulatePrincipalPolicy")
        for entry in one["ContextEntries"]
        for value in entry["ContextKeyValues"]
    }
    assert {
        ("iam:AWSServiceName", "elasticloadbalancing.amazonaws.com"),
        ("iam:AWSServiceName", "ecs.amazonaws.com"),
        ("aws:RequestTag/ManagedBy", "bascule"),
        ("aws:ResourceTag/ManagedBy", "bascule"),
        ("aws:RequestedRegion", SITE.region),
        ("aws:RequestedRegion", "us-east-1"),
    } <= told_of


def test_what_a_lower_rung_does_not_need_is_not_asked_about() -> None:
    """Adopting takes no load balancer, though the way back is always asked about."""
    up = {one.action for one in simulation.questions(SITE, ACCOUNT, Stage.ADOPT) if not one.back}
    assert {grant.action for grant in needed(SITE, ACCOUNT, Stage.ADOPT)} == up


def test_what_needs_no_permission_is_not_asked_about() -> None:
    """IAM would call GetCallerIdentity denied, and STS answers it all the same."""
    account = Account()
    assert () == simulated(account, asked=[Asked(action, "*", Stage.ADOPT) for action in UNCHECKED]).decisions


# EC2's dry runs.


def test_a_dry_run_is_always_one() -> None:
    """Nothing is written, with the tags that a policy may ask for."""
    account = Account()
    permissions = simulated(account)
    asked = account.asked("CreateSecurityGroup") + account.asked("AuthorizeSecurityGroupIngress")
    assert [True, True] == [one["DryRun"] for one in asked]
    assert {"Key": "ManagedBy", "Value": "bascule"} in asked[0]["TagSpecifications"][0]["Tags"]
    told("security-group-dry-run", "pass", *DRY_RUNS, permissions=permissions)


def test_a_dry_run_that_is_refused_names_the_action() -> None:
    """EC2 decided on it as on a real one."""
    permissions = simulated(Account(dry={"CreateSecurityGroup": MAY_NOT}))
    told(
        "security-group-dry-run",
        "fail",
        "ec2:CreateSecurityGroup: EC2's dry run says UnauthorizedOperation (for build)",
        "allow ec2:CreateSecurityGroup to this role",
        permissions=permissions,
    )


def test_a_dry_run_that_ends_otherwise_is_unknown() -> None:
    """Only two answers say something of permissions."""
    other = Refusal("VpcLimitExceeded", "too many")
    permissions = simulated(Account(dry={"CreateSecurityGroup": other}))
    told("security-group-dry-run", "unknown", "ec2:CreateSecurityGroup: VpcLimitExceeded", permissions=permissions)


def ours() -> Inventory:
    """The account with a security group that bascule made."""
    tags = [{"Key": "ManagedBy", "Value": "bascule"}]
    return inventory(security_groups=[group(TASKS_GROUP, "tasks"), group("sg-0b0b0b0b0", "example-alb", Tags=tags)])


INGRESS = "ec2:AuthorizeSecurityGroupIngress"
REFUSED = {"AuthorizeSecurityGroupIngress": MAY_NOT}

FOREIGN: dict[str, tuple[Callable[[], Permissions], str, str]] = {
    "IAM allows it on bascule's own": (
        lambda: simulated(Account(dry=REFUSED)),
        "pass",
        "IAM allows it on bascule's own",
    ),
    "IAM doesn't either": (
        lambda: simulated(Account({INGRESS: IMPLICIT_DENY}, dry=REFUSED)),
        "fail",
        f"{INGRESS}: EC2's dry run says UnauthorizedOperation",
    ),
    "IAM can't be asked": (
        lambda: simulated(Account(simulating=NO_LOOK, dry=REFUSED)),
        "unknown",
        f"{INGRESS} on {TASKS_GROUP}",
    ),
    "the group is bascule's own": (
        lambda: simulated(Account(dry=REFUSED), ours()),
        "fail",
        f"{INGRESS}: EC2's dry run says UnauthorizedOperation",
    ),
}


@pytest.mark.parametrize(("permissions", "outcome", "piece"), FOREIGN.values(), ids=FOREIGN)
def test_a_refusal_about_a_group_that_is_not_ours_is_compared_with_iam(
    permissions: Callable[[], Permissions], outcome: str, piece: str
) -> None:
    """A policy that admits bascule's own groups alone refuses any other, and is right to."""
    told("security-group-dry-run", outcome, piece, permissions=permissions())


def test_where_the_vpc_is_not_known_nothing_is_asked_of_ec2() -> None:
    """Without an id there is no request to try."""
    account = Account()
    found = inventory(subnets=denied("ec2:DescribeSubnets"), security_groups=None, service=None)
    permissions = simulated(account, found)
    assert [] == account.asked("CreateSecurityGroup") + account.asked("AuthorizeSecurityGroupIngress")
    told("security-group-dry-run", "unknown", "neither the VPC nor a security group", permissions=permissions)


def test_an_answer_that_is_no_error_is_no_permission() -> None:
    """EC2 always answers a dry run with one."""

    def careless(service: str, operation: str, asked: Mapping[str, Any]) -> Mapping[str, Any] | Refusal:
        return {"GroupId": "sg-1"} if operation == "CreateSecurityGroup" else Account()(service, operation, asked)

    with scripted(careless) as clients:
        found = simulation.simulate(clients, inventory(), SITE, "example", ())
    assert Unread("ec2:CreateSecurityGroup", "EC2 answered as if it weren't a dry run") == (
        found.dry_runs["ec2:CreateSecurityGroup"].said
    )
    assert {DryRun(ALLOWED, TASKS_GROUP)} == {found.dry_runs[INGRESS]}
