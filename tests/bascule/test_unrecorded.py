"""What is live, ours and not in the state, against an account that answers what a set of resources would."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bascule import unrecorded
from bascule.inventory import Unread
from bascule.reading import Call
from bascule.unrecorded import Found, find, missing

TAGS = {"ManagedBy": "bascule", "Name": "n", "Site": "shop"}
ALB, APP = "aws_lb.alb", "aws_lb_target_group.app"
ALB_GROUP, TASKS_GROUP = "aws_security_group.alb", "aws_security_group.tasks"
LISTENER, RULE = "aws_lb_listener.alb", "aws_lb_listener_rule.cloudfront"
CLOUDFRONT_IN = "aws_vpc_security_group_ingress_rule.alb_from_cloudfront"
TASKS_OUT = "aws_vpc_security_group_egress_rule.tasks_to_all"
ALB_OUT = "aws_vpc_security_group_egress_rule.alb_to_tasks"
TASKS_IN = "aws_vpc_security_group_ingress_rule.tasks_from_alb"
GROUPS = (ALB_GROUP, TASKS_GROUP)

CONFIGURED: Mapping[str, Mapping[str, Any]] = {
    ALB_GROUP: {"name": "shop-alb-1", "vpc_id": "vpc-1", "tags": TAGS},
    TASKS_GROUP: {"name": "shop-tasks-1", "vpc_id": "vpc-1", "tags": TAGS},
    ALB: {"name": "shop-alb-2", "tags": TAGS},
    APP: {"name": "shop-app-3", "tags": TAGS},
    LISTENER: {"load_balancer_arn": "${aws_lb.alb.arn}", "port": 80, "tags": TAGS},
    RULE: {"listener_arn": "${aws_lb_listener.alb.arn}", "priority": 1, "tags": TAGS},
    ALB_OUT: {
        "security_group_id": "${aws_security_group.alb.id}",
        "referenced_security_group_id": "${aws_security_group.tasks.id}",
        "ip_protocol": "tcp",
        "from_port": 3000,
        "to_port": 3000,
    },
    TASKS_OUT: {
        "security_group_id": "${aws_security_group.tasks.id}",
        "cidr_ipv4": "0.0.0.0/0",
        "ip_protocol": "-1",
        "description": "All",
    },
    CLOUDFRONT_IN: {
        "security_group_id": "${aws_security_group.alb.id}",
        "prefix_list_id": "${data.aws_ec2_managed_prefix_list.cloudfront.id}",
        "ip_protocol": "tcp",
        "from_port": 80,
        "to_port": 80,
    },
    TASKS_IN: {
        "security_group_id": "${aws_security_group.tasks.id}",
        "referenced_security_group_id": "${aws_security_group.alb.id}",
        "ip_protocol": "tcp",
        "from_port": 3000,
        "to_port": 3000,
    },
}
"""All that bascule makes, as the configuration has it."""

NEEDS = {
    LISTENER: (ALB,),
    RULE: (LISTENER,),
    ALB_OUT: GROUPS,
    TASKS_IN: GROUPS,
    CLOUDFRONT_IN: (ALB_GROUP,),
    TASKS_OUT: (TASKS_GROUP,),
}
"""What something is on, or refers to."""

IDS = {address: f"id-{number}" for number, address in enumerate(CONFIGURED)}


def configuration() -> dict[str, Any]:
    """The Terraform JSON, with what was adopted in it as well."""
    resources: dict[str, Any] = {"aws_s3_bucket": {"site": {"bucket": "b"}}}
    for address, values in CONFIGURED.items():
        type_, _, name = address.partition(".")
        resources.setdefault(type_, {})[name] = values
    return {"resource": resources}


def state(*addresses: str) -> dict[str, Any]:
    """Terraform's state with these in it."""
    resources = [
        {"address": a, "type": a.partition(".")[0], "mode": "managed", "values": {"id": IDS[a]}} for a in addresses
    ]
    return {"values": {"root_module": {"resources": resources}}}


@dataclass
class Account:
    """Answers the calls of a search as AWS would where `live` is there; `strange` of it has no tags of ours."""

    live: frozenset[str]
    strange: frozenset[str] = frozenset()
    fresh: frozenset[str] = frozenset()
    """Groups that have the egress that AWS gives a new one."""
    refused: frozenset[str] = frozenset()
    asked: list[str] = field(default_factory=list)

    def read(self, calls: Mapping[str, Call]) -> Mapping[str, Any]:
        self.asked += [call.operation for call in calls.values()]
        return {name: self.answer(call) for name, call in calls.items()}

    def answer(self, call: Call) -> Any:
        if call.operation in self.refused:
            return Unread(call.action, "AccessDenied")
        parameters = json.dumps(call.parameters)
        found = getattr(self, call.operation)()
        return [row for key, row in found if key in parameters] or None

    def DescribeSecurityGroups(self) -> list[tuple[str, dict[str, Any]]]:
        return [
            (c["name"], {"GroupName": c["name"], "VpcId": "vpc-1", "GroupId": IDS[a], "Tags": self.tags(a)})
            for a, c in self.there("aws_security_group")
        ]

    def DescribeLoadBalancers(self) -> list[tuple[str, dict[str, Any]]]:
        return [(c["name"], {"LoadBalancerArn": IDS[a]}) for a, c in self.there("aws_lb")]

    def DescribeTargetGroups(self) -> list[tuple[str, dict[str, Any]]]:
        return [(c["name"], {"TargetGroupArn": IDS[a]}) for a, c in self.there("aws_lb_target_group")]

    def DescribeListeners(self) -> list[tuple[str, dict[str, Any]]]:
        other = (IDS[ALB], {"ListenerArn": "of-another-port", "Port": 8080})
        return [(IDS[ALB], {"ListenerArn": IDS[a], "Port": 80}) for a, _ in self.there("aws_lb_listener")] + [other]

    def DescribeRules(self) -> list[tuple[str, dict[str, Any]]]:
        default = (IDS[LISTENER], {"RuleArn": "the-default", "Priority": "default"})
        there = self.there("aws_lb_listener_rule")
        return [default, *((IDS[LISTENER], {"RuleArn": IDS[a], "Priority": "1"}) for a, _ in there)]

    def DescribeTags(self) -> list[tuple[str, dict[str, Any]]]:
        return [(IDS[a], {"ResourceArn": IDS[a], "Tags": self.tags(a)}) for a in self.live]

    def DescribeSecurityGroupRules(self) -> list[tuple[str, dict[str, Any]]]:
        rows = []
        for address, c in self.there(unrecorded.INGRESS, unrecorded.EGRESS):
            group = IDS[ALB_GROUP if "aws_security_group.alb" in c["security_group_id"] else TASKS_GROUP]
            row = {"GroupId": group, "SecurityGroupRuleId": IDS[address], "IsEgress": "egress" in address}
            row |= {"IpProtocol": c["ip_protocol"], "FromPort": c.get("from_port", -1), "ToPort": c.get("to_port", -1)}
            row["Description"] = c.get("description", "said")
            if "cidr_ipv4" in c:
                row["CidrIpv4"] = c["cidr_ipv4"]
            if "prefix_list_id" in c:
                row["PrefixListId"] = "pl-1"
            if "referenced_security_group_id" in c:
                peer = ALB_GROUP if "aws_security_group.alb" in c["referenced_security_group_id"] else TASKS_GROUP
                row["ReferencedGroupInfo"] = {"GroupId": IDS[peer]}
            rows.append((group, row))
        default = {"SecurityGroupRuleId": "sgr-default", "IsEgress": True, "IpProtocol": "-1", "CidrIpv4": "0.0.0.0/0"}
        return rows + [(IDS[group], {**default, "GroupId": IDS[group]}) for group in self.fresh & self.live]

    def there(self, *types: str) -> list[tuple[str, Mapping[str, Any]]]:
        return [(a, c) for a, c in CONFIGURED.items() if a in self.live and a.partition(".")[0] in types]

    def tags(self, address: str) -> list[dict[str, str]]:
        tags = {"Name": "theirs"} if address in self.strange else TAGS
        return [{"Key": key, "Value": value} for key, value in tags.items()]


def searched(account: Account, *recorded: str) -> Found:
    """What a search finds with these in the state."""
    there = state(*recorded)
    return find(missing(configuration(), there), there, account.read)


def with_needs(addresses: frozenset[str]) -> frozenset[str]:
    """The addresses and all that has to be there before."""
    more = addresses | {need for address in addresses for need in NEEDS.get(address, ())}
    return addresses if more == addresses else with_needs(more)


some = st.frozensets(st.sampled_from(sorted(CONFIGURED)))


@given(some, some)
def test_what_is_live_and_not_recorded_is_found_and_nothing_else(
    live: frozenset[str], recorded: frozenset[str]
) -> None:
    """Wherever between two calls, and two saves of the state, the apply was killed."""
    account = Account(with_needs(live))
    known = with_needs(recorded) & account.live
    assert {a: IDS[a] for a in account.live - known} == searched(account, *known).imports


@given(some, st.frozensets(st.sampled_from([ALB_GROUP, TASKS_GROUP, ALB, APP, LISTENER, RULE])))
def test_what_does_not_carry_our_tags_is_never_found(live: frozenset[str], strange: frozenset[str]) -> None:
    """Nor is what is on it."""
    account = Account(with_needs(live), strange=strange)
    found = searched(account)
    theirs = {a for a in account.live if with_needs(frozenset({a})) & strange and a.startswith(("aws_lb_l", "aws_vpc"))}
    assert {a: IDS[a] for a in account.live - theirs - strange} == found.imports


@given(some)
def test_where_all_is_recorded_nothing_is_asked(strange: frozenset[str]) -> None:
    """As in every run of which none was killed, above `adopt`."""
    account = Account(frozenset(CONFIGURED), strange=strange)
    assert Found() == searched(account, *CONFIGURED)
    assert [] == account.asked


def test_three_calls_tell_that_nothing_is_there() -> None:
    """As before the first `build`."""
    account = Account(frozenset())
    assert Found() == searched(account)
    assert ["DescribeSecurityGroups", "DescribeLoadBalancers", "DescribeTargetGroups"] == account.asked


def test_a_group_that_still_has_aws_s_own_egress_is_told() -> None:
    """The provider was killed between making it and revoking that; the tasks' rule, which is as wide, isn't it."""
    account = Account(frozenset(GROUPS), fresh=frozenset({TASKS_GROUP}))
    found = searched(account)
    assert (TASKS_GROUP,) == found.wide
    assert set(GROUPS) == set(found.imports)
    assert {"resource": {"aws_security_group": {"tasks": {"egress": []}}}} == json.loads(unrecorded.override(found))


def test_a_group_whose_egress_is_ours_is_left_as_it_is() -> None:
    """Setting `egress` would take our own rule away as well."""
    account = Account(frozenset({*GROUPS, TASKS_OUT}), fresh=frozenset({TASKS_GROUP}))
    found = searched(account)
    assert () == found.wide
    assert "" == unrecorded.override(found)


def test_a_recorded_group_is_never_narrowed() -> None:
    """It is finished, or tainted, and then that is another matter."""
    account = Account(frozenset(GROUPS), fresh=frozenset(GROUPS))
    assert () == searched(account, *GROUPS).wide


def test_a_refused_call_is_told_and_what_can_be_read_is_found() -> None:
    """It names the permission."""
    account = Account(frozenset(CONFIGURED), refused=frozenset({"DescribeTargetGroups"}))
    found = searched(account)
    assert ["elasticloadbalancing:DescribeTargetGroups"] == [one.action for one in found.unread]
    assert set(CONFIGURED) - {APP} == set(found.imports)


@pytest.mark.parametrize(
    "change",
    [
        {"IpProtocol": "udp"},
        {"FromPort": 80},
        {"ToPort": 3001},
        {"CidrIpv4": "10.0.0.0/8"},
        {"CidrIpv6": "::/0"},
        {"PrefixListId": "pl-1"},
        {"ReferencedGroupInfo": {"GroupId": "another"}},
        {"ReferencedGroupInfo": {}},
    ],
)
def test_another_rule_of_the_group_is_not_taken_for_ours(change: dict[str, Any]) -> None:
    """Somebody may have added one by hand."""
    row = {"IpProtocol": "tcp", "FromPort": 3000, "ToPort": 3000, "ReferencedGroupInfo": {"GroupId": IDS[TASKS_GROUP]}}
    assert unrecorded.describes(CONFIGURED[ALB_OUT], row, IDS)
    assert not unrecorded.describes(CONFIGURED[ALB_OUT], {**row, **change}, IDS)


def test_the_blocks_import_what_was_found() -> None:
    """In Terraform's JSON syntax."""
    found = Found({ALB: "arn:1", TASKS_GROUP: "sg-1"})
    blocks = [{"to": ALB, "id": "arn:1"}, {"to": TASKS_GROUP, "id": "sg-1"}]
    assert {"import": blocks} == json.loads(unrecorded.import_blocks(found))
