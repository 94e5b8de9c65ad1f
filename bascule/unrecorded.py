"""What bascule made and Terraform's state doesn't know: found by its fixed name and its tags, to be imported.

During an apply Terraform writes its state to S3 every 20 seconds (internal/backend/local/hook_state.go), so a killed
one leaves behind what it made in between; made again it would collide with itself.

Only what is ours is found: what carries the tags `ManagedBy` and `Site` that the configuration gives it, and in one of
our security groups, whose rules have no tags, the rules that the configuration describes. The calls that create a
group, load balancer, target group, listener or listener rule give it its tags at once (provider 5.100.0, by what the
sandbox is asked), so nothing of ours is left without. In a partition that refuses that, the provider tags in a second
call, and what was killed between the two isn't found: Terraform then says "already exists".
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bascule.inventory import Unread
from bascule.reading import Call

GROUP, BALANCER, TARGETS = "aws_security_group", "aws_lb", "aws_lb_target_group"
LISTENER, LISTENER_RULE = "aws_lb_listener", "aws_lb_listener_rule"
EGRESS, INGRESS = "aws_vpc_security_group_egress_rule", "aws_vpc_security_group_ingress_rule"
OURS = (GROUP, BALANCER, TARGETS, LISTENER, LISTENER_RULE, EGRESS, INGRESS)
"""The types of what bascule makes."""

TAGS = ("ManagedBy", "Site")
"""Tags by which a resource is known to be this site's and of bascule's making (`modules.names.tags`)."""

Values = Mapping[str, Any]
Read = Callable[[Mapping[str, Call]], Mapping[str, Any]]
"""Makes independent calls and returns their answers by the same names, as `bascule.reading.read` does."""


@dataclass(frozen=True)
class Found:
    """What is live, ours, and not in the state."""

    imports: Mapping[str, str] = field(default_factory=dict)
    """Terraform import id by address."""
    wide: tuple[str, ...] = ()
    """Of those, the addresses of security groups that still have the egress to everywhere that AWS gives a new group:
    the provider revokes it in a call of its own, and was killed before."""
    unread: tuple[Unread, ...] = ()
    """What couldn't be looked at."""


def missing(configuration: Values, state: Values) -> dict[str, Values]:
    """The values of what bascule makes that `configuration`, Terraform JSON, holds and `state` doesn't, by address."""
    recorded = {resource["address"] for resource in _recorded(state)}
    resources = configuration.get("resource") or {}
    return {
        address: values
        for type_ in OURS
        for name, values in (resources.get(type_) or {}).items()
        if (address := f"{type_}.{name}") not in recorded
    }


def find(wanted: Mapping[str, Values], state: Values, read: Read) -> Found:
    """Which of `wanted`, what isn't in `state`, is live and ours. Nothing is read where nothing is wanted.

    Three rounds of calls at the most: what has a name, what is on it, and its tags; one where nothing of ours is live.
    """
    known = {r["address"]: str(r["values"].get("id")) for r in _recorded(state) if r["type"] in OURS}
    search = _Search(wanted, known, read)
    search.named()
    search.on_it()
    return search.found()


class _Search:
    """One search; `ids` grows from what is in the state to what is live."""

    def __init__(self, wanted: Mapping[str, Values], known: Mapping[str, str], read: Read) -> None:
        self._wanted, self._read = wanted, read
        self._ids = dict(known)
        self._imports: dict[str, str] = {}
        self._wide: list[str] = []
        self._unread: list[Unread] = []

    def named(self) -> None:
        """Groups, load balancer, target group."""
        calls = {}
        groups = dict(self._of(GROUP))
        if groups:
            filters = [
                {"Name": "group-name", "Values": sorted({str(values["name"]) for values in groups.values()})},
                {"Name": "vpc-id", "Values": sorted({str(values["vpc_id"]) for values in groups.values()})},
            ]
            calls[GROUP] = Call("ec2", "DescribeSecurityGroups", {"Filters": filters}, "SecurityGroups")
        for address, values in self._of(BALANCER):
            names = {"Names": [values["name"]]}
            calls[address] = Call("elbv2", "DescribeLoadBalancers", names, "LoadBalancers", ("LoadBalancerNotFound",))
        for address, values in self._of(TARGETS):
            names = {"Names": [values["name"]]}
            calls[address] = Call("elbv2", "DescribeTargetGroups", names, "TargetGroups", ("TargetGroupNotFound",))
        answers = self._ask(calls)
        for address, values in groups.items():
            for group in answers.get(GROUP, ()):
                same = (group["GroupName"], group.get("VpcId")) == (values["name"], values["vpc_id"])
                if same and ours(group.get("Tags", ()), values):
                    self._take(address, group["GroupId"])
        candidates = {
            address: str(row["LoadBalancerArn" if address.startswith(f"{BALANCER}.") else "TargetGroupArn"])
            for address, rows in answers.items()
            if address != GROUP
            for row in rows
        }
        self._take_tagged(candidates)

    def on_it(self) -> None:
        """Rules of groups, listeners, and their rules."""
        groups = {self._ids.get(_referred(values, "security_group_id")) for _, values in self._of(INGRESS, EGRESS)}
        groups |= {self._imports.get(address) for address, _ in self._of(GROUP)}
        calls = {}
        if live := sorted(group for group in groups if group):
            filters = {"Filters": [{"Name": "group-id", "Values": live}]}
            calls[GROUP] = Call("ec2", "DescribeSecurityGroupRules", filters, "SecurityGroupRules")
        for address, values in self._of(LISTENER):
            if arn := self._ids.get(_referred(values, "load_balancer_arn")):
                calls[address] = Call("elbv2", "DescribeListeners", {"LoadBalancerArn": arn}, "Listeners")
        answers = self._ask(calls)
        self._group_rules(answers.get(GROUP, ()))
        listeners = {
            address: str(row["ListenerArn"])
            for address, values in self._of(LISTENER)
            for row in answers.get(address, ())
            if row.get("Port") == values["port"]
        }
        self._take_tagged(listeners)
        calls = {
            address: Call("elbv2", "DescribeRules", {"ListenerArn": arn}, "Rules")
            for address, values in self._of(LISTENER_RULE)
            if (arn := self._ids.get(_referred(values, "listener_arn")))
        }
        rules = {
            address: str(row["RuleArn"])
            for address, rows in self._ask(calls).items()
            for row in rows
            if row.get("Priority") == str(self._wanted[address]["priority"])
        }
        self._take_tagged(rules)

    def found(self) -> Found:
        """What was found, in the order of their making."""
        return Found(dict(self._imports), tuple(self._wide), tuple(self._unread))

    def _group_rules(self, rows: Sequence[Values]) -> None:
        taken = set()
        for address, values in self._of(INGRESS, EGRESS):
            group = self._ids.get(_referred(values, "security_group_id"))
            for row in rows:
                egress = address.startswith(f"{EGRESS}.")
                here = row["GroupId"] == group and row["IsEgress"] == egress and not _is_aws_default(row)
                if group and here and describes(values, row, self._ids):
                    self._take(address, row["SecurityGroupRuleId"])
                    taken.add(row["SecurityGroupRuleId"])
        for address, group in self._imports.items():
            egress_rules = [row for row in rows if row["GroupId"] == group and row["IsEgress"]]
            if address.startswith(f"{GROUP}.") and egress_rules and all(map(_is_aws_default, egress_rules)):
                self._wide.append(address)

    def _of(self, *types: str) -> Iterator[tuple[str, Values]]:
        return ((a, v) for a, v in self._wanted.items() if a.partition(".")[0] in types)

    def _ask(self, calls: Mapping[str, Call]) -> dict[str, Sequence[Values]]:
        answers = self._read(calls) if calls else {}
        self._unread += [answer for answer in answers.values() if isinstance(answer, Unread)]
        return {name: answer for name, answer in answers.items() if answer and not isinstance(answer, Unread)}

    def _take_tagged(self, candidates: Mapping[str, str]) -> None:
        if not candidates:
            return
        call = Call("elbv2", "DescribeTags", {"ResourceArns": sorted(candidates.values())}, "TagDescriptions")
        rows = self._ask({"tags": call}).get("tags", ())
        tags = {row["ResourceArn"]: row.get("Tags", ()) for row in rows}
        for address, arn in candidates.items():
            if ours(tags.get(arn, ()), self._wanted[address]):
                self._take(address, arn)

    def _take(self, address: str, id_: str) -> None:
        self._imports[address] = self._ids[address] = id_


def ours(tags: Sequence[Values], values: Values) -> bool:
    """Whether AWS's tags say that a resource is this site's and of bascule's making, as the configured `values` do."""
    live = {tag["Key"]: tag.get("Value") for tag in tags}
    wanted = values.get("tags") or {}
    return all(wanted.get(name) and live.get(name) == wanted[name] for name in TAGS)


def describes(values: Values, row: Values, ids: Mapping[str, str]) -> bool:
    """Whether the configured `values` describe the live security group rule `row`; `ids` are those of addresses.

    A prefix list is a data source's, whose id isn't known here: the plan shows if it is another one.
    """
    ports = (values.get("from_port", -1), values.get("to_port", -1))
    peer = _referred(values, "referenced_security_group_id")
    return (
        values["ip_protocol"] == row["IpProtocol"]
        and ports == (row.get("FromPort", -1), row.get("ToPort", -1))
        and values.get("cidr_ipv4") == row.get("CidrIpv4")
        and values.get("cidr_ipv6") == row.get("CidrIpv6")
        and bool(values.get("prefix_list_id")) == bool(row.get("PrefixListId"))
        and (ids.get(peer) if peer else None) == (row.get("ReferencedGroupInfo") or {}).get("GroupId")
    )


def _is_aws_default(row: Values) -> bool:
    """Whether a rule is the egress to everywhere that AWS gives a new group (EC2 user guide, security group rules).
    Ours has a description."""
    everywhere = row.get("CidrIpv4") == "0.0.0.0/0" or row.get("CidrIpv6") == "::/0"
    return bool(row["IsEgress"]) and row["IpProtocol"] == "-1" and everywhere and not row.get("Description")


def _referred(values: Values, argument: str) -> str:
    """The address that an argument refers to, `aws_lb.alb` for `${aws_lb.alb.arn}`; empty if it isn't such."""
    match = re.fullmatch(r"\$\{(\w+\.\w+)\.\w+\}", str(values.get(argument, "")))
    return match[1] if match else ""


def _recorded(state: Values) -> Iterator[Values]:
    root = (state.get("values") or {}).get("root_module") or {}
    return (r for r in root.get("resources", ()) if r.get("mode") == "managed")


def import_blocks(found: Found) -> str:
    """The Terraform JSON that imports what was found."""
    return json.dumps({"import": [{"to": to, "id": id_} for to, id_ in found.imports.items()]}, indent=2) + "\n"


def override(found: Found) -> str:
    """The Terraform JSON of an override file that takes AWS's own egress off; empty where there is none.

    `egress` is optional and computed: only where it is set does the provider look at it, and next time it isn't.
    """
    groups: dict[str, Values] = {address.partition(".")[2]: {"egress": []} for address in found.wide}
    return json.dumps({"resource": {GROUP: groups}}, indent=2) + "\n" if groups else ""
