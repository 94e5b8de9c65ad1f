"""What a load balancer makes of a request, as the ELB user guide says, and which security groups it passes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bascule import listener_rules, security_groups
from bascule.listener_rules import (
    Asked,
    FixedResponse,
    Forward,
    Other,
    Redirect,
    Rule,
    action,
    conditions,
    takes,
    taking,
)
from bascule.load_balancers import TARGET_STATES, Target, gates, listener, targets
from bascule.plan_json import Unknown
from bascule.planned_values import NotKnown

LATER = Unknown("x.y.z")
ASKED = Asked(
    {"user-agent": ("Mozilla Chrome/1",), "x-twice": ("one", "two"), "x-made-up": (None,)},
    "GET",
    ("Test.Example.com",),
    "/img/a.jpg",
    "Version=V1&a=b%20c&flag",
    frozenset({"cookie", "cloudfront-"}),
)


def one(kind: str, *values: Any, **more: Any) -> dict[str, Any]:
    """A rule with one condition."""
    return {"condition": [{kind: [{"values": list(values), **more}]}]}


def header(name: Any, *values: Any) -> dict[str, Any]:
    return one("http_header", *values, http_header_name=name)


def query(*pairs: Any) -> dict[str, Any]:
    blocks = [pair if isinstance(pair, Unknown) else {"key": pair[0], "value": pair[1]} for pair in pairs]
    return {"condition": [{"query_string": blocks}]}


# ELB user guide, "Condition types for listener rules", its examples first.
# https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-condition-types.html
CONDITIONS: list[tuple[dict[str, Any], bool | None]] = [
    (header("User-Agent", "*Chrome*", "*Safari*"), True),
    (header("user-agent", "*CHROME*"), True),
    (header("User-*", "*Chrome*"), False),
    (header("X-Twice", "two"), True),
    (header("X-Twice", "t?o"), True),
    (header("X-Twice", "t?"), False),
    (header("X-Absent", "*"), False),
    (header("X-Made-Up", "*"), None),
    (header("Cookie", "*"), None),
    (header("CloudFront-Viewer-Country", "CH"), None),
    (header(LATER, "*"), None),
    (header("X-Twice", "three", LATER), None),
    (header("X-Twice", "two", LATER), True),
    (one("host_header", "*.example.com"), True),
    (one("host_header", "test.example.com"), True),
    (one("host_header", "example.com"), False),
    (one("path_pattern", "/img/*"), True),
    (one("path_pattern", "/js/*", "/img/?.jpg"), True),
    (one("path_pattern", "/IMG/*"), False),
    (one("path_pattern", "img/*"), False),
    (one("path_pattern", LATER), None),
    (one("http_request_method", "GET", "HEAD"), True),
    (one("http_request_method", "get"), False),
    (one("http_request_method", "G*"), False),
    (one("http_request_method", LATER), None),
    (query(("version", "v1")), True),
    (query(("version", "v2"), (None, "b%20c")), True),
    (query(("", "V?")), True),
    (query(("flag", "")), True),
    (query(("b", "*")), False),
    (query(("b", "*"), ("c", LATER)), None),
    (query(LATER), None),
    (one("source_ip", "192.0.2.0/24"), None),
    (one("source_ip", "0.0.0.0/0"), True),
    (one("weather", "rain"), None),
    ({"condition": LATER}, None),
    ({"condition": [LATER]}, None),
    ({"condition": [{"path_pattern": LATER}]}, None),
    ({"condition": []}, False),
    ({"condition": [*one("path_pattern", "/img/*")["condition"], *header("X-Twice", "one")["condition"]]}, True),
    ({"condition": [*one("source_ip", "192.0.2.0/24")["condition"], *header("X-Twice", "no")["condition"]]}, False),
]


@pytest.mark.parametrize(("rule", "expected"), CONDITIONS, ids=[str(rule) for rule, _ in CONDITIONS])
def test_a_condition_is_read_as_elb_says(rule: dict[str, Any], expected: bool | None) -> None:
    """One value is enough, every condition has to be met; what isn't known is neither met nor missed."""
    assert expected is takes(tuple(conditions(rule)), ASKED)


def test_what_is_not_known_of_a_request_meets_nothing_for_sure() -> None:
    """Nor does it miss it; a host that may be one of two does if both would."""
    blank = Asked({})
    for rule in (
        one("host_header", "*"),
        one("path_pattern", "*"),
        one("http_request_method", "GET"),
        query(("a", "b")),
    ):
        assert takes(tuple(conditions(rule)), blank) is None
    two = Asked({}, hosts=("www.example.com", "alb.example"))
    assert [True, False, None] == [
        takes(tuple(conditions(one("host_header", value))), two) for value in ("*", "example.org", "www.*")
    ]


words = st.text("abXY-.", min_size=1, max_size=5)


@given(words, words, st.booleans())
def test_the_case_of_a_header_never_counts(name: str, value: str, wild: bool) -> None:
    """Neither of its name nor of its value, with a wildcard or without."""
    wanted = f"*{value[1:]}" if wild else value
    for sent in (value, value.upper(), value.lower(), value.swapcase()):
        for named in (name, name.upper(), name.lower()):
            assert takes(tuple(conditions(header(named, wanted))), Asked({name.lower(): (sent,)})) is True


def rules(*priorities: tuple[Any, dict[str, Any]]) -> tuple[Rule, ...]:
    made = (
        listener_rules.rule(f"rule.{number}", {"priority": priority, **rule})
        for number, (priority, rule) in enumerate(priorities)
    )
    return listener_rules.in_order(made)


YES, NO, MAYBE = one("path_pattern", "/img/*"), one("path_pattern", "/js/*"), one("source_ip", "192.0.2.0/24")


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (((10, YES), (9, NO)), "rule.0"),
        (((10, YES), (9, YES)), "rule.1"),
        ((("10", YES), ("9", YES)), "rule.1"),
        (((1, NO),), None),
        ((), None),
        (((1, MAYBE), (2, YES)), LATER),
        (((1, YES), (2, MAYBE)), "rule.0"),
        (((1, MAYBE),), LATER),
        (((LATER, YES),), "rule.0"),
        (((LATER, NO), (5, YES)), "rule.1"),
        (((LATER, YES), (5, NO)), "rule.0"),
        (((LATER, YES), (5, YES)), LATER),
        (((LATER, YES), (LATER, YES)), LATER),
        (((LATER, MAYBE), (5, YES)), LATER),
    ],
)
def test_the_rule_of_the_lowest_priority_number_takes_it(found: Any, expected: Any) -> None:
    """The default rule last; where a priority isn't known, only what can't come before counts."""
    if expected == LATER:
        with pytest.raises(NotKnown):
            taking(rules(*found), ASKED)
    else:
        taken = taking(rules(*found), ASKED)
        assert expected == (taken.address if taken else None)


URL = {"protocol": "http", "host": "www.example.com", "port": 80, "path": "a/b", "query": "x=1"}


def redirect(**block: Any) -> list[dict[str, Any]]:
    return [{"type": "redirect", "redirect": [block]}]


# ELB user guide, "Action types for listener rules".
@pytest.mark.parametrize(
    ("actions", "expected"),
    [
        ([], None),
        (
            [{"type": "fixed-response", "fixed_response": [{"status_code": "503", "content_type": "text/plain"}]}],
            FixedResponse("503", "text/plain"),
        ),
        ([{"type": "forward", "target_group_arn": "a"}], Forward((("a", 1),))),
        (
            [
                {
                    "type": "forward",
                    "forward": [{"target_group": [{"arn": "a", "weight": 0}, {"arn": "b", "weight": 3}, {"arn": "c"}]}],
                }
            ],
            Forward((("b", 3), ("c", 1))),
        ),
        (
            [{"type": "forward", "order": 2, "target_group_arn": "a"}, {"type": "authenticate-oidc", "order": 1}],
            Other("authenticate-oidc"),
        ),
        (
            redirect(protocol="HTTPS", port="443", status_code="HTTP_301"),
            Redirect("301", "https://www.example.com/a/b?x=1"),
        ),
        (
            redirect(protocol="HTTPS", port="40443", status_code="HTTP_302"),
            Redirect("302", "https://www.example.com:40443/a/b?x=1"),
        ),
        (
            redirect(path="/new/#{path}", host="new.#{host}", query="#{query}&y=2", status_code="HTTP_302"),
            Redirect("302", "http://new.www.example.com/new/a/b?x=1&y=2"),
        ),
    ],
)
def test_an_action_is_read_as_elb_says(actions: Any, expected: Any) -> None:
    """The first in order; groups of no weight get nothing; a redirect keeps what it doesn't name."""
    assert expected == action(actions, URL)


@pytest.mark.parametrize("actions", [LATER, [LATER], [{"type": LATER}], [{"type": "forward", "forward": LATER}]])
def test_an_action_that_is_not_known_is_not_told(actions: Any) -> None:
    """Whatever stands beside it."""
    with pytest.raises(NotKnown):
        action(actions, URL)


WORLD: dict[str, dict[str, Any]] = {
    "aws_lb.alb": {"arn": "arn:lb", "dns_name": "alb.example", "security_groups": ["sg-alb"]},
    "aws_lb_listener.alb": {"arn": "arn:listener", "load_balancer_arn": "arn:lb", "port": 80, "protocol": "HTTP"},
    "aws_lb_target_group.app": {"arn": "arn:group", "health_check": [{"path": "/", "matcher": "200-399"}]},
    "aws_ecs_service.site": {
        "load_balancer": [{"target_group_arn": "arn:group", "container_name": "app", "container_port": 3000}],
        "network_configuration": [{"security_groups": ["sg-tasks"]}],
    },
    "data.aws_ec2_managed_prefix_list.cloudfront": {"id": "pl-1", "name": security_groups.CLOUDFRONT},
    "aws_security_group.alb": {"id": "sg-alb", "ingress": [], "egress": []},
    "aws_security_group.tasks": {"id": "sg-tasks", "ingress": [], "egress": []},
}
IN = {"security_group_id": "sg-alb", "ip_protocol": "tcp", "from_port": 80, "to_port": 80}
INWARD, OUTWARD = "aws_vpc_security_group_ingress_rule", "aws_vpc_security_group_egress_rule"


def front(**resources: Any) -> bool | None:
    """Whether CloudFront passes into the load balancer, with these in the world."""
    world = {**WORLD, **{address.replace("__", "."): values for address, values in resources.items()}}
    return next(gates(world, "aws_lb.alb", 80, ())).passes


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({"prefix_list_id": "pl-1"}, True),
        ({"prefix_list_id": "pl-1", "ip_protocol": "-1", "from_port": None, "to_port": None}, True),
        ({"prefix_list_id": "pl-1", "from_port": 0, "to_port": 1000}, True),
        ({"prefix_list_id": "pl-1", "from_port": 443, "to_port": 443}, False),
        ({"prefix_list_id": "pl-1", "ip_protocol": "udp"}, False),
        ({"prefix_list_id": "pl-1", "from_port": LATER}, None),
        ({"prefix_list_id": "pl-1", "security_group_id": "sg-other"}, False),
        ({"prefix_list_id": "pl-1", "security_group_id": LATER}, None),
        ({"prefix_list_id": "pl-2"}, False),
        ({"prefix_list_id": LATER}, None),
        ({"cidr_ipv4": "0.0.0.0/0"}, True),
        ({"cidr_ipv4": "203.0.113.0/24"}, None),
        ({"cidr_ipv6": "::/0"}, False),
        ({"referenced_security_group_id": "sg-tasks"}, False),
    ],
)
def test_cloudfront_passes_where_a_rule_speaks_of_it(rule: dict[str, Any], expected: bool | None) -> None:
    """By AWS's list or by all addresses; of a part of them it isn't known whether it is CloudFront's."""
    assert expected is front(**{f"{INWARD}__a": {**IN, **rule}})


def test_rules_of_every_kind_count() -> None:
    """Those of older resources, and those that a group has itself."""
    ports = {"protocol": "tcp", "from_port": 80, "to_port": 80}
    older = {**ports, "type": "ingress", "security_group_id": "sg-alb", "prefix_list_ids": ["pl-1"]}
    own = {**ports, "prefix_list_ids": ["pl-1"]}
    assert front(aws_security_group_rule__a=older) is True
    assert front(aws_security_group_rule__a={**older, "type": "egress"}) is False
    assert front(aws_security_group__alb={"id": "sg-alb", "ingress": [own]}) is True
    assert front(aws_security_group__alb={"id": "sg-alb", "ingress": LATER}) is None


def test_of_groups_that_nobody_read_nothing_is_known() -> None:
    """Nor of a load balancer that has none, nor without the list's id."""
    assert front(aws_lb__alb={"security_groups": ["sg-foreign"]}) is None
    assert front(aws_lb__alb={}) is None
    assert front(aws_lb__alb={"security_groups": LATER}) is None
    none = {"data__aws_ec2_managed_prefix_list__cloudfront": {}, f"{INWARD}__a": {**IN, "prefix_list_id": "pl-1"}}
    assert front(**none) is None


def test_the_way_to_the_tasks_is_two_gates() -> None:
    """Out of the load balancer's group and into the tasks', on the container's port."""
    tasks = {"ip_protocol": "tcp", "from_port": 3000, "to_port": 3000}
    out = {**tasks, "security_group_id": "sg-alb", "referenced_security_group_id": "sg-tasks"}
    into = {**tasks, "security_group_id": "sg-tasks", "referenced_security_group_id": "sg-alb"}
    reached = targets(WORLD, Forward((("arn:group", 1),)))

    def passes(**rules: Any) -> list[bool | None]:
        world = {**WORLD, **{address.replace("__", "."): values for address, values in rules.items()}}
        return [gate.passes for gate in gates(world, "aws_lb.alb", 80, reached)][1:]

    assert [True, True] == passes(**{f"{OUTWARD}__a": out, f"{INWARD}__a": into})
    assert [False, True] == passes(**{f"{INWARD}__a": into})
    assert [True, False] == passes(**{f"{OUTWARD}__a": out})
    everywhere = {"security_group_id": "sg-alb", "ip_protocol": "-1", "cidr_ipv4": "0.0.0.0/0"}
    assert [True, None] == passes(
        **{f"{OUTWARD}__a": everywhere, "aws_ecs_service__site": {"network_configuration": LATER}}
    )


def test_a_target_is_told_with_its_health_check() -> None:
    """And with the states of its targets, where the account was read."""
    (found,) = targets(WORLD, Forward((("arn:group", 1),)))
    assert ("aws_lb_target_group.app", "aws_ecs_service.site", "app:3000", 3000) == (
        found.group,
        found.service,
        found.container,
        found.port,
    )
    assert ({"path": "/", "matcher": "200-399"}, None, None) == (
        found.health.check,
        found.health.states,
        found.health.verdict,
    )
    for states, verdict in ((["unhealthy", "healthy"], True), (["initial"], False), ([], False)):
        read = {**WORLD, "aws_lb_target_group.app": {"arn": "arn:group", TARGET_STATES: states}}
        assert verdict is targets(read, Forward((("arn:group", 1),)))[0].health.verdict


def test_a_group_without_a_service_reaches_nobody() -> None:
    """Unless the service's group isn't known."""
    lonely = {**WORLD, "aws_ecs_service.site": {"load_balancer": []}}
    (found,) = targets(lonely, Forward((("arn:group", 1),)))
    assert isinstance(found, Target)
    assert "" == found.service
    for service in ({"load_balancer": LATER}, {"load_balancer": [{"target_group_arn": LATER}]}):
        with pytest.raises(NotKnown):
            targets({**WORLD, "aws_ecs_service.site": service}, Forward((("arn:group", 1),)))


def test_a_reference_to_another_resource_is_to_that_one() -> None:
    """One to nothing of this world may be to anything."""
    other = Unknown("aws_lb.other.arn")
    world = {**WORLD, "aws_lb.other": {"arn": other}, "aws_lb_listener.alb": {"load_balancer_arn": other, "port": 80}}
    assert listener(world, "aws_lb.alb", 80) is None
    with pytest.raises(NotKnown):
        listener({**WORLD, "aws_lb_listener.alb": {"load_balancer_arn": LATER, "port": 80}}, "aws_lb.alb", 80)
