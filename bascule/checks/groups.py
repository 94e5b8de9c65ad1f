"""The tasks' security groups: what the swap at `attach` closes, and what it would cut off."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from bascule.checks.base import Case, Check, listed
from bascule.inventory import network_of
from bascule.ladder import Stage
from bascule.outcomes import Result, fail, passed, warn

Group = Mapping[str, Any]

WORLD = ("0.0.0.0/0", "::/0")


def of_tasks(case: Case) -> list[Group]:
    """The tasks' security groups: the service's, or its VPC's default one where it names none."""
    groups = case.rows("security_groups")
    named = network_of(case.service).get("securityGroups") or [
        g["GroupId"] for g in groups if g.get("GroupName") == "default"
    ]
    return [group for group in groups if group["GroupId"] in named]


def title(group: Group) -> str:
    """A group's id and name."""
    return f"{group['GroupId']} ({group.get('GroupName', 'without a name')})"


def _within(rule: Mapping[str, Any], port: int) -> bool:
    if rule.get("IpProtocol") == "-1":
        return True
    return rule.get("IpProtocol") in ("tcp", "6") and rule.get("FromPort", 0) <= port <= rule.get("ToPort", 65535)


def _open(case: Case) -> Result:
    port, kept = case.site.service.container_port, case.site.service.keep_security_groups
    groups = of_tasks(case)
    found = [group for group in groups if any(_from_world(rule, port) for rule in group.get("IpPermissions", ()))]
    if not found:
        return passed(f"{listed(title(group) for group in groups) or 'no group'}: not open to the world on {port}")
    seen = f"{listed(title(group) for group in found)} admits the world on {port}"
    staying = [group["GroupId"] for group in found if group["GroupId"] in kept]
    if staying:
        return warn(
            f"{seen}, and stays: the application can be asked past CloudFront",
            f"close the port in {listed(staying)}, or take it out of service.keep_security_groups",
        )
    return warn(f"{seen} until `attach`, which takes the group off the tasks", "nothing to do but to go on to `attach`")


def _from_world(rule: Mapping[str, Any], port: int) -> bool:
    sources = [r.get("CidrIp") for r in rule.get("IpRanges", ())] + [
        r.get("CidrIpv6") for r in rule.get("Ipv6Ranges", ())
    ]
    return _within(rule, port) and any(source in WORLD for source in sources)


def _referring(case: Case) -> Result:
    kept = set(case.site.service.keep_security_groups)
    mine = of_tasks(case)
    going = [group for group in mine if group["GroupId"] not in kept]
    ids = {group["GroupId"] for group in going}
    others = [group for group in case.rows("security_groups") if group["GroupId"] not in ids]
    cut = [(group, name, ports) for group in others for name, ports in _named(group, ids)]
    if cut:
        keep = json.dumps(sorted(kept | {name for _, name, _ in cut}))
        seen = "; ".join(f"{title(group)} admits {name} on {ports}" for group, name, ports in cut)
        return fail(f"{seen}: `attach` takes that group off the tasks", f"service.keep_security_groups = {keep}")
    itself = [(name, ports) for group in going for name, ports in _named(group, ids)]
    if itself:
        keep = json.dumps(sorted(kept | {name for name, _ in itself}))
        return warn(
            "; ".join(f"{name} admits its own members on {ports}" for name, ports in itself)
            + ": what else is in that group hears no more of the tasks after `attach`",
            f"look what else is in it; where the tasks need that, service.keep_security_groups = {keep}",
        )
    stays = f"; {listed(sorted(kept))} stays (service.keep_security_groups)" if kept else ""
    return passed(f"no other group names {listed(sorted(ids)) or 'a group that goes'} as its source{stays}")


def _named(group: Group, ids: set[str]) -> Iterator[tuple[str, str]]:
    """The groups among `ids` that a group admits, each with its ports."""
    ports: dict[str, list[str]] = {}
    for rule in group.get("IpPermissions", ()):
        for pair in rule.get("UserIdGroupPairs", ()):
            if pair.get("GroupId") in ids:
                ports.setdefault(pair["GroupId"], []).append(_ports(rule))
    yield from ((name, listed(dict.fromkeys(those))) for name, those in sorted(ports.items()))


def _ports(rule: Mapping[str, Any]) -> str:
    protocol, first, last = rule.get("IpProtocol"), rule.get("FromPort"), rule.get("ToPort")
    if protocol == "-1" or first is None or first == -1:
        return "every port" if protocol == "-1" else str(protocol)
    return f"{protocol} {first}" if first == last else f"{protocol} {first}-{last}"


CHECKS = (
    Check(
        "tasks-reachable-past",
        "nobody reaches the tasks past CloudFront",
        Stage.ATTACH,
        True,
        "A task that is open to the world today is reached at its public address. `attach` gives the tasks a group "
        "that admits the load balancer alone, in place of those that they have, but for service.keep_security_groups.",
        _open,
    ),
    Check(
        "security-group-references",
        "no other security group lets the tasks in by a group that they lose",
        Stage.ATTACH,
        False,
        "A database, a file system or an endpoint commonly admits the tasks by naming their group as the source. "
        "`attach` swaps the tasks' groups in one UpdateService, so their connections would be refused from the first "
        "new task on. What is in service.keep_security_groups stays beside ours.",
        _referring,
    ),
)
