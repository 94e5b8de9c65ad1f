"""Resources compared by meaning, with secrets unseen."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_plans import ALB_ORIGIN, BUCKET_ORIGIN, SECRET, SITE, change, configuration, distribution, read, update

from bascule import meaning
from bascule.meaning import ABSENT, HIDDEN, Difference, shown
from bascule.plan_json import Unknown

RULE = "aws_lb_listener_rule.cloudfront"


def differences(address: str, before: Any, after: Any, **detail: Any) -> list[Difference]:
    """What an update of a resource is told as."""
    (found,) = read(update(address, before, after, **detail)).changes
    return meaning.differences(found)


def told(address: str, before: Any, after: Any, **detail: Any) -> list[str]:
    """The same, as lines."""
    return [str(one) for one in differences(address, before, after, **detail)]


VALUES = {
    "a number": ({"idle_timeout": 60}, {"idle_timeout": 30}, ["idle_timeout: 60 → 30"]),
    "nothing": ({"idle_timeout": 60}, {"idle_timeout": 60}, []),
    "false and nothing": ({"internal": None}, {"internal": False}, ["internal: (none) → false"]),
    "zero and nothing": ({"idle_timeout": None}, {"idle_timeout": 0}, ["idle_timeout: (none) → 0"]),
    "null and what is empty": ({"name": None, "tags": {}}, {"name": "", "tags": None, "access_logs": []}, []),
    "text": ({"name": "a"}, {"name": 'b "c"\n'}, ['name: "a" → "b \\"c\\"\\n"']),
    "unicode": ({"name": "café"}, {"name": "\U0001f98a"}, ['name: "café" → "\U0001f98a"']),
    "a tag": ({"tags": {"a": "1", "b": "2"}}, {"tags": {"a": "2"}}, ['tags[a]: "1" → "2"', 'tags[b]: "2" → (none)']),
    "computed tags": ({"tags_all": {"a": "1"}}, {"tags_all": {"a": "2"}}, []),
    "what nobody can set": ({"arn": "a"}, {"arn": "b"}, []),
    "a set in another order": ({"subnets": ["a", "b"]}, {"subnets": ["b", "a"]}, []),
    "a set": ({"subnets": ["a", "b"]}, {"subnets": ["c", "b"]}, ['subnets: -"a" +"c"']),
    "a set that comes": ({"subnets": None}, {"subnets": ["b", "a"]}, ['subnets: +"a" +"b"']),
    "a set that goes": ({"subnets": ["a"]}, {"subnets": []}, ['subnets: -"a"']),
}


@pytest.mark.parametrize(("before", "after", "expected"), VALUES.values(), ids=VALUES)
def test_an_argument_is_told_by_what_it_holds(before: Any, after: Any, expected: list[str]) -> None:
    """Nothing, null and emptiness are one; false and zero are values; a set has no order."""
    assert expected == told("aws_lb.alb", before, after)


def test_a_list_keeps_its_order() -> None:
    """Only a set has none."""
    address, one = "aws_lb_listener_rule.x", {"type": "forward", "order": 1}
    other = {"type": "redirect", "order": 2}
    assert ["action[0].order", "action[0].type", "action[1].order", "action[1].type"] == [
        found.path for found in differences(address, {"action": [one, other]}, {"action": [other, one]})
    ]


IDENTIFIED = {
    "origins": ("origin", "origin_id", "domain_name", "a", "b"),
    "behaviors": ("ordered_cache_behavior", "path_pattern", "target_origin_id", "/a.b[c]/*", "/b"),
    "error responses": ("custom_error_response", "error_code", "response_page_path", 403, 404),
}


@pytest.mark.parametrize(("block", "identity", "argument", "one", "other"), IDENTIFIED.values(), ids=IDENTIFIED)
def test_one_changed_block_is_one_difference(block: str, identity: str, argument: str, one: Any, other: Any) -> None:
    """Blocks are told apart by their identity, and not by their place."""
    before = [{identity: one, argument: "old"}, {identity: other, argument: "stays"}]
    after = [{identity: other, argument: "stays"}, {identity: one, argument: "new"}]
    found = [line for line in told(SITE, {block: before}, {block: after}) if ".order:" not in line]
    assert [f'{block}[{one}].{argument}: "old" → "new"'] == found


def test_the_order_of_behaviors_is_told_by_itself() -> None:
    """The first pattern that matches wins, so another order is another distribution."""
    one, other = {"path_pattern": "/a/*"}, {"path_pattern": "/*"}
    found = told(SITE, {"ordered_cache_behavior": [one, other]}, {"ordered_cache_behavior": [other, one]})
    assert ['ordered_cache_behavior.order: ["/a/*", "/*"] → ["/*", "/a/*"]'] == found


DUPLICATES = {
    "behaviors": (SITE, "ordered_cache_behavior", {"path_pattern": "/a"}, "target_origin_id"),
    "load balancers": ("aws_ecs_service.site", "load_balancer", {"target_group_arn": "arn:x"}, "container_port"),
    "headers": (SITE, "origin", {"origin_id": "a"}, "domain_name"),
}


@pytest.mark.parametrize(("address", "block", "identity", "argument"), DUPLICATES.values(), ids=DUPLICATES)
def test_a_change_of_one_of_two_blocks_of_the_same_identity_is_told(
    address: str, block: str, identity: dict[str, Any], argument: str
) -> None:
    """The second doesn't stand for both."""
    before = [{**identity, argument: "1"}, {**identity, argument: "2"}]
    after = [{**identity, argument: "9"}, {**identity, argument: "2"}]
    assert [] != told(address, {block: before}, {block: after})


def test_a_set_of_blocks_without_identity_has_no_order() -> None:
    """Contents tell them apart."""
    one, other = ({"path_pattern": [{"values": [path]}]} for path in ("/a", "/b"))
    assert [] == told(RULE, {"condition": [one, other]}, {"condition": [other, one]})


SSH = {"from_port": 22, "to_port": 22, "cidr_blocks": ["10.0.0.0/8"], "description": ""}
WEB = {"from_port": 80, "to_port": 80, "cidr_blocks": ["0.0.0.0/0"], "description": ""}
MORE = {"from_port": 443, "to_port": 443, "cidr_blocks": ["0.0.0.0/0"], "description": ""}


def test_a_set_of_objects_has_no_order() -> None:
    """A security group's own rules are a set, though they are written as an attribute."""
    assert [] == told("aws_security_group.x", {"ingress": [SSH, WEB]}, {"ingress": [WEB, SSH]})


@pytest.mark.parametrize("before", [[SSH], [SSH, WEB]], ids=len)
def test_an_object_that_joins_a_set_is_the_only_difference(before: list[dict[str, Any]]) -> None:
    """What was there before is not told as removed or changed, even where it was alone."""
    found = differences("aws_security_group.x", {"ingress": before}, {"ingress": [MORE, *before]})
    assert [] != found
    assert [] == [one for one in found if one.before is not ABSENT]


def test_an_empty_block_is_there() -> None:
    """It comes, though it holds nothing."""
    (found,) = differences(RULE, {"condition": []}, {"condition": [{"path_pattern": [], "host_header": []}]})
    assert ("condition[0]", ABSENT) == (found.path, found.before)
    assert "(empty)" in str(found)


def test_an_empty_set_of_blocks_is_none() -> None:
    """Null and no block are one."""
    assert [] == told(SITE, {"origin_group": None, "custom_error_response": []}, {"origin_group": []})


def test_a_creation_is_told_with_all_it_will_have() -> None:
    """But for what the provider alone fills in."""
    (one,) = read(
        change(
            "aws_lb_listener.alb",
            ["create"],
            before=None,
            after={"port": 80, "tags": {}},
            after_unknown={"arn": True, "id": True, "ssl_policy": True, "load_balancer_arn": True},
        ),
        configuration=configuration(aws_lb_listener__alb={"load_balancer_arn": {"references": ["aws_lb.alb.arn"]}}),
    ).changes
    assert ["load_balancer_arn: (none) → (known after apply: aws_lb.alb.arn)", "port: (none) → 80"] == list(
        map(str, meaning.differences(one))
    )


@pytest.mark.parametrize("actions", [["delete"], ["forget"], ["no-op"]])
def test_what_goes_or_stays_has_no_differences(actions: list[str]) -> None:
    """That it goes says all."""
    after = {"name": "a"} if actions == ["no-op"] else None
    (one,) = read(change("aws_lb.alb", actions, before={"name": "a"}, after=after)).changes
    assert [] == meaning.differences(one)


def test_a_known_value_that_becomes_unknown_is_told() -> None:
    """Unknown is a third state: neither the old value nor none."""
    (found,) = differences("aws_lb.alb", {"name": "a"}, {}, after_unknown={"name": True})
    assert found.unknown
    assert 'name: "a" → (known after apply)' == str(found)


LATER = {"references": ["aws_x.y.z"]}
UNKNOWN_SETS = {
    "the whole set of blocks": (SITE, {"origin": [BUCKET_ORIGIN]}, {}, {"origin": True}, {"origin": LATER}),
    "a block of a set": (RULE, {"condition": []}, {"condition": [None]}, {"condition": [True]}, {"condition": LATER}),
    "a block told by its identity": (SITE, {"origin": []}, {"origin": [None]}, {"origin": [True]}, {"origin": LATER}),
    "a block in a block": (
        RULE,
        {},
        {"condition": [{}]},
        {"condition": [{"http_header": True}]},
        {"condition": [{"http_header": LATER}]},
    ),
    "a set of values": ("aws_lb.alb", {"subnets": ["a"]}, {}, {"subnets": True}, {"subnets": LATER}),
    "a value of a set": (
        "aws_lb.alb",
        {"subnets": ["a"]},
        {"subnets": ["a", None]},
        {"subnets": [False, True]},
        {"subnets": LATER},
    ),
    "a block's identity": (
        SITE,
        {},
        {"origin": [{}]},
        {"origin": [{"origin_id": True}]},
        {"origin": [{"origin_id": LATER}]},
    ),
    "a map's value": ("aws_lb.alb", {"tags": {"a": "1"}}, {"tags": {}}, {"tags": {"a": True}}, {"tags": LATER}),
}


@pytest.mark.parametrize(
    ("address", "before", "after", "unknown", "expressions"), UNKNOWN_SETS.values(), ids=UNKNOWN_SETS
)
def test_whatever_part_of_a_set_is_unknown_is_told_as_such(
    address: str, before: Any, after: Any, unknown: Any, expressions: Any
) -> None:
    """A set, a block of it or a value in it: the line says that it is known after apply."""
    (found,) = read(
        update(address, before, after, after_unknown=unknown),
        configuration=configuration(**{address.replace(".", "__"): expressions}),
    ).changes
    lines = [str(one) for one in meaning.differences(found)]
    assert any("known after apply" in line for line in lines)


def test_an_unknown_item_of_a_set_is_what_the_set_gains() -> None:
    """What stays is not told."""
    (found,) = differences(
        "aws_lb.alb", {"subnets": ["a"]}, {"subnets": ["a", None]}, after_unknown={"subnets": [False, True]}
    )
    assert (Unknown("aws_lb.alb.subnets[1]"),) == found.added
    assert () == found.removed
    assert found.unknown


def hidden(address: str, before: Any, after: Any, **detail: Any) -> list[str]:
    """The lines of an update, none of which may hold the secret."""
    lines = told(address, before, after, **detail)
    assert SECRET not in "\n".join(lines)
    return lines


def with_header(value: Any, **more: Any) -> dict[str, Any]:
    """A distribution whose only origin sends this value in a header."""
    return {"origin": [{"origin_id": "alb", "custom_header": [{"name": "X-Verify", "value": value}], **more}]}


@pytest.mark.parametrize("marks", [{}, {"before_sensitive": {"origin": True}, "after_sensitive": {"origin": True}}])
def test_an_origin_is_told_but_for_its_header_s_value(marks: dict[str, Any]) -> None:
    """Whether Terraform calls nothing or the whole set of origins sensitive: it hides less, or more, than is secret."""
    before = with_header(f"old{SECRET}", domain_name="a.example.com")
    after = with_header(SECRET, domain_name="b.example.com")
    assert [
        "origin[alb].custom_header[X-Verify].value: (hidden) → (hidden)",
        'origin[alb].domain_name: "a.example.com" → "b.example.com"',
    ] == hidden(SITE, before, after, **marks)


@pytest.mark.parametrize(
    "marks", [{}, {"before_sensitive": {"condition": True}, "after_sensitive": {"condition": True}}]
)
def test_a_condition_is_told_but_for_the_values_of_its_header(marks: dict[str, Any]) -> None:
    """The header's name and the other conditions are to be read."""
    before = {"condition": [{"http_header": [{"http_header_name": "X-A", "values": [SECRET]}]}]}
    after = {"condition": [{"http_header": [{"http_header_name": "X-A", "values": [SECRET, f"new{SECRET}"]}]}]}
    assert ["condition[0].http_header[X-A].values: (hidden) → (hidden)"] == hidden(RULE, before, after, **marks)
    paths = ({"condition": [{"path_pattern": [{"values": [path]}]}]} for path in ("/a", "/b"))
    assert ['condition[0].path_pattern.values: -"/a" +"/b"'] == hidden(RULE, *paths, **marks)


NOT_NARROWED = {
    "a text of another resource": ("aws_x.site", {"condition": SECRET}, {"condition": True}),
    "a list of another resource": ("aws_x.site", {"origin": [SECRET]}, {"origin": True}),
    "blocks of another resource": ("aws_x.site", {"origin": [{"password_of": SECRET}]}, {"origin": True}),
    "origins elsewhere than in a distribution": (RULE, {"origin": [{"x": SECRET}]}, {"origin": True}),
    "conditions elsewhere than in a rule": (SITE, {"condition": [{"x": SECRET}]}, {"condition": True}),
    "a block inside of another": ("aws_x.site", {"a": [{"origin": [{"x": SECRET}]}]}, {"a": [{"origin": True}]}),
}


@pytest.mark.parametrize(("address", "after", "marks"), NOT_NARROWED.values(), ids=NOT_NARROWED)
def test_a_mark_is_narrowed_only_where_it_is_known_to_be_too_wide(address: str, after: Any, marks: Any) -> None:
    """A distribution's origins and a listener rule's conditions; any other set is masked whole."""
    assert [] != hidden(address, {}, after, after_sensitive=marks)


MARKED = {
    "an argument": ({"policy": SECRET}, {"policy": True}),
    "an argument that is text, by a mark inside of it": ({"policy": SECRET}, {"policy": [{"statement": [{}, True]}]}),
    "a list": ({"items": [SECRET]}, {"items": True}),
    "an item": ({"items": ["a", SECRET]}, {"items": [False, True]}),
    "an item of a list in a list": ({"items": [["a", SECRET]]}, {"items": [[False, True]]}),
    "a map": ({"tags": {"a": SECRET}}, {"tags": True}),
    "a map's value": ({"tags": {"a": SECRET, "b": "c"}}, {"tags": {"a": True}}),
    "a value of a map in a map": ({"auth": {"a": {"b": SECRET}}}, {"auth": {"a": {"b": True}}}),
    "an item of a list in a map": ({"auth": {"a": [SECRET]}}, {"auth": {"a": [True]}}),
    "an argument of a block": ({"a": [{"b": SECRET, "c": "d"}]}, {"a": [{"b": True}]}),
    "an argument of the second block": ({"a": [{"b": "c"}, {"b": SECRET}]}, {"a": [{}, {"b": True}]}),
    "an argument of a block in a block": ({"a": [{"b": [{"c": SECRET}]}]}, {"a": [{"b": [{"c": True}]}]}),
    "a whole set of blocks": ({"a": [{"b": SECRET}, {"b": "c"}]}, {"a": True}),
    "the whole resource": ({"a": SECRET, "b": [{"c": SECRET}], "d": {"e": SECRET}}, True),
}


@pytest.mark.parametrize(("values", "marks"), MARKED.values(), ids=MARKED)
@pytest.mark.parametrize("side", ["before", "after"])
def test_a_sensitive_value_is_named_and_not_shown(values: Any, marks: Any, side: str) -> None:
    """On whichever side, and however deep Terraform marks it."""
    both: dict[str, Any] = {"before": {"name": "a"}, "after": {"name": "a"}}
    both[side] = {"name": "a", **values}
    lines = hidden("aws_x.site", both["before"], both["after"], **{f"{side}_sensitive": marks})
    assert any("(hidden)" in line for line in lines)


def test_a_sensitive_argument_of_a_single_block_is_not_shown() -> None:
    """Terraform writes such a block, and its marks, as an object."""
    values, marks = {"timeouts": {"update": SECRET}}, {"timeouts": {"update": True}}
    assert ["timeouts.update: (none) → (hidden)"] == hidden("aws_ecs_service.site", {}, values, after_sensitive=marks)


def test_a_sensitive_map_doesn_t_show_its_keys() -> None:
    """It is masked whole: a key may be as secret as its value."""
    hidden("aws_lb.alb", {}, {"tags": {SECRET: "a"}}, after_sensitive={"tags": True})


def test_what_stays_the_same_is_not_told_though_it_is_secret() -> None:
    """Terraform marks a set anew whenever a value in it is."""
    assert [] == told(SITE, with_header(SECRET), with_header(SECRET), after_sensitive={"origin": True})


def test_a_set_that_becomes_sensitive_is_no_difference() -> None:
    """Its values are what they were; only that they are secret is new."""
    values = {"custom_error_response": [{"error_code": 403, "response_page_path": "/"}, {"error_code": 404}]}
    assert [] == told(SITE, values, values, after_sensitive={"custom_error_response": True})


def test_a_value_that_was_sensitive_on_one_side_is_shown_on_neither() -> None:
    """The other side is its neighbour at the least."""
    assert ["name: (hidden) → (hidden)"] == hidden(
        "aws_lb.alb", {"name": SECRET}, {"name": f"{SECRET}2"}, before_sensitive={"name": True}
    )


def test_a_secret_that_comes_goes_or_is_unknown_is_told_to_do_so() -> None:
    """That much is no secret."""
    unknown = {"origin": [{"custom_header": [{"value": True}]}]}
    header = "origin[alb].custom_header[X-Verify]"
    assert [f'{header}.name: (none) → "X-Verify"', f"{header}.value: (none) → (hidden)"] == hidden(
        SITE, {"origin": [{"origin_id": "alb"}]}, with_header(SECRET)
    )
    (found,) = differences(SITE, with_header(SECRET), with_header(None), after_unknown=unknown)
    assert (HIDDEN, True) == (found.before, found.unknown)


NAMES = [
    "password",
    "master_password",
    "client_secret",
    "secret",
    "auth_token",
    "private_key",
    "api_key",
    "credentials",
]
NAMES += ["secret_key", "aws_secret_access_key"]


@pytest.mark.parametrize("name", NAMES)
def test_an_argument_is_masked_by_its_name(name: str) -> None:
    """Whatever Terraform says of it: as an argument, in a block, as a key of a map."""
    for values in ({name: SECRET}, {"a": [{name: SECRET}]}, {"tags": {name: SECRET}}, {"tags": {name.upper(): SECRET}}):
        assert ["(none) → (hidden)"] == [line.partition(": ")[2] for line in hidden("aws_x.site", {}, values)]


@pytest.mark.parametrize("key", ["api-key", "ApiKey", "DbPassword", "x-auth-token", "clientSecret"])
def test_a_key_of_a_map_is_masked_however_it_is_spelled(key: str) -> None:
    """Tags and environments are spelled in many ways."""
    assert ["(none) → (hidden)"] == [
        line.partition(": ")[2] for line in hidden("aws_x.site", {}, {"tags": {key: SECRET}})
    ]


@pytest.mark.parametrize(
    "name", ["secretary", "tokens_per_second", "passwordless", "secret_parameter_name", "keyboard"]
)
def test_an_innocent_name_is_shown(name: str) -> None:
    """Hiding is no excuse for saying nothing."""
    assert [f'{name}: (none) → "a"'] == told("aws_x.site", {}, {name: "a"})


def test_the_secrets_of_a_change_are_listed_for_whoever_shows_it() -> None:
    """From both sides, so that they can be looked for wherever else they may stand."""
    (found,) = read(update(SITE, with_header("before-it"), with_header("after-it"))).changes
    assert ["before-it", "after-it"] == list(meaning.secrets(found))
    (found,) = read(update(SITE, {}, {"aliases": ["a", "b"], "tags": {"c": "d"}}, after_sensitive=True)).changes
    assert ["a", "b", "d"] == list(meaning.secrets(found))


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [({"a": "1"}, {"a": "2"}, ['a: "1" → "2"']), ({"b": "1"}, {"b": "2"}, []), ({"ab": "1"}, {"ab": "2"}, [])],
)
def test_only_what_is_configured_can_drift(before: Any, after: Any, expected: list[str]) -> None:
    """The rest moves by itself: a security group learns of its rules that way."""
    found = read(
        resource_drift=[update("aws_x.site", before, after)],
        configuration=configuration(aws_x__site={"a": {"constant_value": "1"}}),
    )
    assert expected == [str(one) for one in meaning.drifted(found.drift[0])]


SHOWN = {
    "nothing": (ABSENT, "(none)"),
    "a hidden value": (HIDDEN, "(hidden)"),
    "a later value": (Unknown("a.b"), "(known after apply: a.b)"),
    "text": ("a|`b`", '"a|`b`"'),
    "text that looks like a marker": ("(hidden)", '"(hidden)"'),
    "unicode": ("é\U0001f98a", '"é\U0001f98a"'),
    "truth": (True, "true"),
    "a number": (1.5, "1.5"),
    "items": (("a", 1, Unknown("b")), '["a", 1, (known after apply: b)]'),
    "a managed policy": ("4135ea2d-6df8-44a3-9df3-4b5a84be39ad", "(CachingDisabled)"),
}


@pytest.mark.parametrize(("value", "expected"), SHOWN.values(), ids=SHOWN)
def test_a_value_is_shown_for_a_person(value: Any, expected: str) -> None:
    """As JSON, with a managed policy's name beside its id."""
    assert shown(value).endswith(expected)


@given(st.text())
def test_a_value_is_shown_on_one_line_that_a_terminal_can_bear(text: str) -> None:
    """No line break, no control character and no change of direction comes through, whatever the value holds."""
    assert shown(text).isprintable()


texts = st.text(max_size=4)
blocks = st.lists(
    st.fixed_dictionaries(
        {}, optional={"origin_id": texts, "domain_name": st.none() | texts, "origin_shield": st.just([{}])}
    ),
    max_size=3,
)
resources = st.fixed_dictionaries(
    {},
    optional={
        "origin": blocks,
        "aliases": st.none() | st.lists(texts, max_size=3),
        "tags": st.none() | st.dictionaries(texts, texts, max_size=3),
        "enabled": st.booleans(),
        "x": blocks | texts | st.lists(st.lists(texts, max_size=2), max_size=2),
    },
)


@given(resources, st.booleans())
def test_a_resource_has_no_differences_from_itself(values: dict[str, Any], mark: bool) -> None:
    """Whatever it holds, and whatever Terraform calls sensitive."""
    for address in (SITE, "aws_x.site"):
        again = json.loads(json.dumps(values))
        assert [] == differences(address, values, again, before_sensitive=mark, after_sensitive=mark)


@given(resources, resources)
def test_every_difference_is_one(before: dict[str, Any], after: dict[str, Any]) -> None:
    """No line says that a value becomes what it was, and none comes twice."""
    found = differences(SITE, before, after)
    assert all(one.before != one.after for one in found)
    assert len(found) == len({one.path for one in found})


@given(st.permutations([BUCKET_ORIGIN, ALB_ORIGIN, {"origin_id": "blog", "domain_name": "blog.example.com"}]))
def test_the_order_of_origins_is_no_difference(origins: list[Any]) -> None:
    """Terraform's own diff shows all of them."""
    first = distribution(origins=[ALB_ORIGIN, BUCKET_ORIGIN, {"origin_id": "blog", "domain_name": "blog.example.com"}])
    assert [] == told(SITE, first, distribution(origins=origins))
