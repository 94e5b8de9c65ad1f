"""Asks IAM and EC2 what the caller may do, changing nothing: policy simulation, and requests with DryRun."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bascule import aws, permissions
from bascule.checks.permissions import ALLOWED, DENIED, Decision, DryRun, Permissions
from bascule.inventory import Inventory, Unread, network_of, rows, vpc_id
from bascule.ladder import Stage
from bascule.reading import Call, OnCall, read
from bascule.site import Site

SIMULATE = "iam:SimulatePrincipalPolicy"

AT_ONCE = 50
"""Actions of one call."""

OURS = {"Key": "ManagedBy", "Value": "bascule"}
"""The tag of everything that bascule makes (`modules.names.tags`)."""

GLOBAL = frozenset({"cloudfront", "iam", "route53", "health"})
"""Services whose requests are made in us-east-1, which is then their aws:RequestedRegion."""


@dataclass(frozen=True)
class Asked:
    """One action on one resource, and the request's context."""

    action: str
    resource: str
    stage: Stage
    """The first stage that needs it."""
    context: Mapping[str, str] = field(default_factory=dict)
    """Condition keys that the request will have, such as `iam:AWSServiceName`."""
    back: bool = False
    """Whether it is needed on the way down alone."""


UNCHECKED = frozenset({"sts:GetCallerIdentity"})
"""Needs no permission, whatever a simulation says (STS API, GetCallerIdentity)."""


def questions(site: Site, account: str, wanted: Stage) -> tuple[Asked, ...]:
    """What the move up to `wanted` needs, each with the first stage that needs it, and then what the way back does."""
    found: dict[tuple[str, str, tuple[tuple[str, str], ...]], Asked] = {}
    grants = [
        (grant, stage, False)
        for stage in Stage
        if wanted.at_least(stage) and stage is not Stage.NONE
        for grant in permissions.needed(site, account, stage)
    ] + [(grant, wanted, True) for grant in permissions.needed_back(site, account)]
    for grant, stage, back in grants:
        for resource in grant.resources:
            key = grant.action, resource, tuple(sorted(grant.context.items()))
            found.setdefault(key, Asked(grant.action, resource, stage, grant.context, back))
    return tuple(found.values())


def questions_of_planning(site: Site, account: str, wanted: Stage) -> tuple[Asked, ...]:
    """What planning needs, at any stage: `policy plan` allows it."""
    return tuple(
        Asked(grant.action, resource, wanted, grant.context)
        for grant in permissions.needed_to_plan(site, account)
        for resource in grant.resources
    )


@dataclass(frozen=True)
class Principal:
    """Whose policies are to be asked about."""

    arn: str
    unasked: str = ""
    """Why they can't be."""
    note: str = ""
    """What had to be assumed."""


def simulate(
    clients: aws.Clients,
    inventory: Inventory,
    site: Site,
    name: str,
    asked: Iterable[Asked],
    on_call: OnCall = lambda call: None,
) -> Permissions:
    """What IAM says of each thing asked, and EC2 of making the site's security groups. `name` is the site's.

    A call that is refused leaves an Unread; raises BasculeError where AWS can't be asked at all.
    """
    principal = principal_of(clients, inventory.identity.arn, on_call)
    batches = {} if principal.unasked else dict(enumerate(_batches(asked)))
    calls = {f"{key}": _simulation(principal.arn, batch, site) for key, batch in batches.items()}
    runs = _dry_runs(inventory, site, name)
    calls |= {action: call for action, (call, _) in runs.items() if call is not None}
    answers = read(clients, calls, on_call)
    return Permissions(
        principal.arn,
        tuple(_decision(one, answers[f"{key}"]) for key, batch in batches.items() for one in batch),
        principal.unasked,
        principal.note,
        {action: DryRun(_dry(action, answers.get(action)), on) for action, (_, on) in runs.items()},
    )


def principal_of(clients: aws.Clients, arn: str, on_call: OnCall = lambda call: None) -> Principal:
    """The role or user behind a caller's ARN: of a role's session the role itself, which IAM tells with its path."""
    _, partition, service, _, account, resource = arn.split(":", 5)
    kind, _, rest = resource.partition("/")
    if resource == "root":
        return Principal(arn, "root can't be simulated, and needs nothing")
    if kind == "user":
        return Principal(arn)
    if service != "sts" or kind != "assumed-role":
        return Principal(arn, f"{arn} is neither a role nor a user, so its policies can't be simulated")
    role = rest.partition("/")[0]
    call = Call("iam", "GetRole", {"RoleName": role}, absent=("NoSuchEntity",))
    found = read(clients, {"role": call}, on_call)["role"]
    if isinstance(found, Mapping):
        return Principal(str(found["Role"]["Arn"]))
    why = f" ({found})" if found is not None else ""
    return Principal(f"arn:{partition}:iam::{account}:role/{role}", note=f"taken for a role without a path{why}")


def _batches(asked: Iterable[Asked]) -> Iterator[Sequence[Asked]]:
    """What one call can ask: actions on the same resource, with the same context, each action once."""
    alike: dict[Any, dict[str, Asked]] = {}
    for one in (one for one in asked if one.action not in UNCHECKED):
        alike.setdefault((one.resource, tuple(sorted(one.context.items()))), {}).setdefault(one.action, one)
    for actions in alike.values():
        each = list(actions.values())
        yield from (each[start : start + AT_ONCE] for start in range(0, len(each), AT_ONCE))


def _simulation(principal: str, batch: Sequence[Asked], site: Site) -> Call:
    regions = {"us-east-1" if one.action.partition(":")[0] in GLOBAL else site.region for one in batch}
    known = {**batch[0].context, **({"aws:RequestedRegion": regions.pop()} if len(regions) == 1 else {})}
    request = {
        "PolicySourceArn": principal,
        "ActionNames": [one.action for one in batch],
        "ResourceArns": [batch[0].resource],
        "ContextEntries": [
            {"ContextKeyName": key, "ContextKeyValues": [value], "ContextKeyType": "string"}
            for key, value in sorted(known.items())
        ],
    }
    return Call("iam", "SimulatePrincipalPolicy", request, "EvaluationResults")


def _decision(one: Asked, answer: Any) -> Decision:
    found: Mapping[str, Any] | None = next(
        (result for result in rows(answer) if result["EvalActionName"].lower() == one.action.lower()), None
    )
    if found is None:
        unread = answer if isinstance(answer, Unread) else Unread(SIMULATE, f"no answer about {one.action}")
        return Decision(one.action, one.resource, one.stage, unread, back=one.back)
    specific: Mapping[str, Any] = next(iter(found.get("ResourceSpecificResults") or ()), {})
    said = str(specific.get("EvalResourceDecision") or found["EvalDecision"])
    missing = {*(found.get("MissingContextValues") or ()), *(specific.get("MissingContextValues") or ())}
    return Decision(one.action, one.resource, one.stage, said, tuple(sorted(missing)), one.back)


def _dry_runs(inventory: Inventory, site: Site, name: str) -> dict[str, tuple[Call | None, str]]:
    """The requests with DryRun, each with what it is about; None where it isn't known about what to ask."""
    vpc = vpc_id(inventory)
    groups = rows(inventory.security_groups)
    ours = [group["GroupId"] for group in groups if OURS in group.get("Tags", ())]
    service = inventory.service if isinstance(inventory.service, Mapping) else {}
    group = next(iter([*ours, *(network_of(service).get("securityGroups") or ())]), None)
    tags = [OURS, {"Key": "Name", "Value": f"{name}-alb"}, {"Key": "Site", "Value": name}]
    port = 443 if site.origin.protocol == "https" else 80
    lists = [found["PrefixListId"] for found in rows(inventory.prefix_list)]
    create = Call(
        "ec2",
        "CreateSecurityGroup",
        {
            "GroupName": f"{name}-alb-dry-run",
            "Description": "Asked with DryRun",
            "VpcId": vpc,
            "TagSpecifications": [{"ResourceType": "security-group", "Tags": tags}],
            "DryRun": True,
        },
    )
    permission: dict[str, Any] = {"IpProtocol": "tcp", "FromPort": port, "ToPort": port}
    permission["PrefixListIds"] = [{"PrefixListId": found} for found in lists[:1]]
    authorize = Call(
        "ec2",
        "AuthorizeSecurityGroupIngress",
        {"GroupId": group, "IpPermissions": [permission], "DryRun": True},
    )
    return {
        create.action: (create if vpc else None, "ours" if vpc else ""),
        authorize.action: (authorize if group else None, "ours" if ours else group or ""),
    }


def _dry(action: str, answer: Any) -> str | Unread:
    """What EC2 says to a request with DryRun, which is always an error (EC2 API, common query parameters)."""
    if isinstance(answer, Unread):
        code = answer.why.partition(":")[0]
        return {"DryRunOperation": ALLOWED, "UnauthorizedOperation": DENIED}.get(code, answer)
    if answer is None:
        return Unread(action, "neither the VPC nor a security group of it is known")
    return Unread(action, "EC2 answered as if it weren't a dry run")
