"""A plan, read from what `terraform show -json` prints."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_plans import BUILD, SERVE, SITE, change, configuration, plan, prior, read, same, update

from bascule import plan_json, plans
from bascule.errors import InputError
from bascule.plan_json import Plan, Unknown


@pytest.mark.parametrize("version", ["1.0", "1.2", "1.99", "1"])
def test_a_minor_version_of_the_format_is_no_obstacle(version: str) -> None:
    """Minor versions only add to what is there."""
    assert () == plan_json.read(plan(format_version=version)).changes


REFUSED = {
    "nothing": (None, "no format_version"),
    "a list": ([], "no format_version"),
    "a text": ("format_version", "no format_version"),
    "another object": ({"resource_changes": []}, "no format_version"),
    "another major version": (plan(format_version="2.0"), "a plan in format 2.0"),
    "a version that begins alike": (plan(format_version="10.1"), "a plan in format 10.1"),
    "no version": (plan(format_version=None), "a plan in format None"),
    "a state": ({"format_version": "1.0", "values": {"root_module": {}}}, "a state, perhaps"),
    "an empty state": ({"format_version": "1.0"}, "a state, perhaps"),
    "a plan that failed": (plan(errored=True), "gave up"),
    "changes that aren't a list": (plan() | {"resource_changes": {"a": 1}}, "not a plan as Terraform writes it"),
    "a change of nothing": (plan({}), "not a plan as Terraform writes it"),
    "a change without actions": (plan({"address": "a.b", "mode": "managed", "type": "a", "change": {}}), "actions"),
    "an action that isn't one": (plan(change("aws_lb.alb", ["explode"])), "explode"),
    "actions that are a word": (plan(same("aws_lb.alb", {}) | {"change": {"actions": "update"}}), "actions"),
    "actions that aren't words": (plan(same("aws_lb.alb", {}) | {"change": {"actions": [["update"]]}}), "actions"),
    "values that aren't an object": (plan(change("aws_lb.alb", ["delete"], before="text")), "not a plan"),
    "a configuration that isn't one": (plan(configuration=5), "not a plan as Terraform writes it"),
    "a prior state that isn't one": (plan(prior_state=[1]), "not a plan as Terraform writes it"),
}


@pytest.mark.parametrize(("document", "what"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_plan_is_refused_by_name(document: Any, what: str) -> None:
    """The error says which file it is, what is wrong with it, and how to get another."""
    with pytest.raises(InputError) as error:
        plan_json.read(document, "plan.json")
    assert what in error.value.what
    assert ("plan.json", plan_json.REPLAN) == (error.value.where, error.value.remedy)


@given(st.integers(min_value=0, max_value=len(json.dumps(SERVE)) - 1))
def test_a_file_that_is_cut_off_is_refused(tmp_path_factory: pytest.TempPathFactory, length: int) -> None:
    """Wherever the cut is."""
    path = tmp_path_factory.getbasetemp() / "cut-off.json"
    path.write_text(json.dumps(SERVE)[:length], encoding="utf-8")
    with pytest.raises(InputError, match="not JSON, or cut off"):
        plans.load_json(path)


def test_a_whole_file_is_read(tmp_path: Path) -> None:
    """What was saved is what comes back."""
    (tmp_path / "plan.json").write_text(json.dumps(SERVE), encoding="utf-8")
    assert SERVE == plans.load_json(tmp_path / "plan.json")


JUNK = st.sampled_from([None, True, 0, "", "text", [], {}, [None], [[]], {"": None}, [{"actions": []}]])


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every value inside a JSON value."""
    found: Any = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else ()
    for key, item in found:
        yield (*path, key)
        yield from places(item, (*path, key))


WHOLE = {
    **SERVE,
    "resource_changes": [*SERVE["resource_changes"], *BUILD["resource_changes"]],
    "resource_drift": [update(SITE, {"comment": "a"}, {"comment": "b"})],
    "deferred_changes": [{"reason": "x", "resource_change": {"address": "aws_lb.late"}}],
    "configuration": configuration(aws_lb_listener__alb={"load_balancer_arn": {"references": ["aws_lb.alb.arn"]}}),
    "prior_state": prior(("data.aws_ssm_parameter.secret", {"value": "x"})),
}


@given(st.sampled_from(list(places(WHOLE))), JUNK)
def test_a_damaged_plan_is_read_or_refused(path: tuple[Any, ...], junk: Any) -> None:
    """Whatever stands in the place of whichever value, there is no other error."""
    document = copy.deepcopy(WHOLE)
    holder: Any = document
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = junk
    try:
        found: Any = plan_json.read(document)
        assert {change.action for change in found.changes} <= {*ACTIONS, "read"}
    except InputError as error:
        found = error
    assert isinstance(found, Plan | InputError)


ACTIONS = {
    "create": ["create"],
    "update": ["update"],
    "delete": ["delete"],
    "forget": ["forget"],
    "no-op": ["no-op"],
    "replace": ["create", "delete"],
    "replace, deleting first": ["delete", "create"],
}


@pytest.mark.parametrize("name", ACTIONS)
def test_a_change_has_one_action(name: str) -> None:
    """A replacement is one, in whichever order."""
    (found,) = read(change("aws_lb.alb", ACTIONS[name], before={}, after={})).changes
    assert name.split(",")[0] == found.action


def test_a_creation_that_forgets_the_old_resource_is_a_replacement() -> None:
    """Terraform's create-then-forget leaves a live resource behind: it is no plain creation."""
    (found,) = read(change("aws_lb.alb", ["create", "forget"], before={"name": "a"}, after={"name": "b"})).changes
    assert "replace" == found.action


def test_data_sources_are_no_changes() -> None:
    """They are read, and their values are kept by address."""
    found = read(
        change("data.aws_ssm_parameter.secret", ["read"], mode="data", before=None, after={}),
        same("aws_s3_bucket.site", {"bucket": "old-site"}),
        prior_state=prior(("data.aws_caller_identity.me", {"id": "1"}), ("aws_lb.other", {"name": "x"})),
    )
    assert ["aws_s3_bucket.site"] == [change.address for change in found.changes]
    assert {"data.aws_caller_identity.me": {"id": "1"}} == found.data
    assert {"aws_lb.other": {"name": "x"}} == found.untouched


def test_what_a_plan_speaks_of_is_not_untouched() -> None:
    """A resource is either changed, or not, or not spoken of."""
    found = read(same("aws_lb.alb", {"name": "ours"}), prior_state=prior(("aws_lb.alb", {"name": "ours"})))
    assert {} == found.untouched


def test_a_resource_and_its_deposed_object_are_told_apart() -> None:
    """An interrupted replacement leaves an object that is to be deleted, at the address of the one that is in use."""
    deposed = change("aws_lb.alb", ["delete"], before={"arn": "arn:old"}, after=None) | {"deposed": "9ab3c1d2"}
    found = read(same("aws_lb.alb", {"arn": "arn:in-use"}), deposed)
    assert "arn:in-use" == found.by_address["aws_lb.alb"].before["arn"]
    assert ["no-op", "delete"] == [change.action for change in found.changes]


def test_drift_is_kept_apart_from_the_changes() -> None:
    """It has happened already."""
    found = read(resource_drift=[update("aws_lb.alb", {"idle_timeout": 60}, {"idle_timeout": 30})])
    assert () == found.changes
    assert [30] == [change.after["idle_timeout"] for change in found.drift]


def test_an_incomplete_plan_says_so() -> None:
    """A plan of which Terraform doesn't say it is taken as whole, as older ones were."""
    assert read().complete
    assert not read(complete=False).complete
    deferred = [{"reason": "provider_config_unknown", "resource_change": {"address": "aws_lb.alb"}}]
    assert ("aws_lb.alb",) == read(deferred_changes=deferred).deferred


@pytest.mark.parametrize(("importing", "expected"), [({"id": "web/next"}, "web/next"), (None, None)])
def test_an_import_has_the_id_it_imports(importing: Any, expected: str | None) -> None:
    """Nothing else has one."""
    (found,) = read(change("aws_ecs_service.site", ["no-op"], before={}, after={}, importing=importing)).changes
    assert expected == found.import_id


def test_an_import_without_an_id_imports_nothing_that_can_be_named() -> None:
    """Terraform can't know every id before the apply: it is no resource called None."""
    (found,) = read(change("aws_lb.x", ["no-op"], before={}, after={}, importing={"unknown": True})).changes
    assert "None" != found.import_id
    assert found.import_id is not None


def after(values: Any, unknown: Any, expressions: Any = None) -> Any:
    """The values that a created aws_lb.alb will have."""
    more = {} if expressions is None else {"configuration": configuration(aws_lb__alb=expressions)}
    (found,) = read(change("aws_lb.alb", ["create"], before=None, after=values, after_unknown=unknown), **more).changes
    return found.after


UNKNOWN = {
    "an argument": ({"a": "1"}, {"b": True}, {"a": "1", "b": Unknown("aws_lb.alb.b")}),
    "an argument that is null": ({"b": None}, {"b": True}, {"b": Unknown("aws_lb.alb.b")}),
    "an argument of a block": ({"a": [{}]}, {"a": [{"c": True}]}, {"a": [{"c": Unknown("aws_lb.alb.a[0].c")}]}),
    "a whole block": ({}, {"a": True}, {"a": Unknown("aws_lb.alb.a")}),
    "an item of a set": ({"a": ["x", None]}, {"a": [False, True]}, {"a": ["x", Unknown("aws_lb.alb.a[1]")]}),
    "a block in a set": ({"a": [None]}, {"a": [True]}, {"a": [Unknown("aws_lb.alb.a[0]")]}),
    "a set of which nothing is there yet": ({}, {"a": [True]}, {"a": [Unknown("aws_lb.alb.a[0]")]}),
    "a key of a map": ({"a": {"b": 1}}, {"a": {"c": True}}, {"a": {"b": 1, "c": Unknown("aws_lb.alb.a.c")}}),
    "nothing": ({"a": [], "b": {}, "c": None}, {"a": [], "b": {}}, {"a": [], "b": {}, "c": None}),
    "nothing in a block": ({"a": [{"b": 1}]}, {"a": [{}]}, {"a": [{"b": 1}]}),
    "no marks": ({"a": 1}, None, {"a": 1}),
    "everything": (None, {"arn": True}, {"arn": Unknown("aws_lb.alb.arn")}),
}


@pytest.mark.parametrize(("values", "unknown", "expected"), UNKNOWN.values(), ids=UNKNOWN)
def test_what_is_known_after_apply_is_a_value_of_its_own(values: Any, unknown: Any, expected: Any) -> None:
    """It is never left out, and never null."""
    assert expected == after(values, unknown)


def test_an_unknown_says_what_it_will_be_as_far_as_the_configuration_does() -> None:
    """Terraform names the most specific reference first."""
    found = after({}, {"a": True, "b": True}, {"a": {"references": ["aws_x.y.arn", "aws_x.y"]}, "b": {}})
    assert {"a": Unknown("aws_x.y.arn"), "b": Unknown("aws_lb.alb.b")} == found
    assert "(known after apply: aws_x.y.arn)" == str(found["a"])
    assert "(known after apply)" == str(found["b"])


def test_a_reference_and_what_it_refers_to_are_the_same_unknown() -> None:
    """A new listener is told to be a new load balancer's before either has an ARN."""
    found = read(
        change("aws_lb.alb", ["create"], before=None, after={}, after_unknown={"arn": True}),
        change("aws_lb_listener.alb", ["create"], before=None, after={}, after_unknown={"load_balancer_arn": True}),
        configuration=configuration(aws_lb_listener__alb={"load_balancer_arn": {"references": ["aws_lb.alb.arn"]}}),
    )
    assert (
        found.by_address["aws_lb.alb"].after["arn"]
        == (found.by_address["aws_lb_listener.alb"].after["load_balancer_arn"])
    )


def test_blocks_of_a_set_are_told_apart_by_their_constants() -> None:
    """A set's order isn't the configuration's."""
    expressions = {
        "origin": [
            {"origin_id": {"constant_value": "a"}, "domain_name": {"references": ["aws_lb.a.dns_name"]}},
            {"origin_id": {"constant_value": "b"}, "domain_name": {"references": ["aws_lb.b.dns_name"]}},
        ]
    }
    found = after(
        {"origin": [{"origin_id": "b"}, {"origin_id": "a"}]}, {"origin": [{"domain_name": True}] * 2}, expressions
    )
    assert ["aws_lb.b.dns_name", "aws_lb.a.dns_name"] == [origin["domain_name"].of for origin in found["origin"]]


def test_two_items_of_a_set_that_are_known_after_apply_are_two() -> None:
    """Whichever is which: they are not taken for one and the same security group."""
    references = ["aws_security_group.a.id", "aws_security_group.a", "aws_security_group.b.id", "aws_security_group.b"]
    found = after({"groups": [None, None]}, {"groups": [True, True]}, {"groups": {"references": references}})
    assert 2 == len(set(found["groups"]))


def test_a_resource_with_an_index_is_configured_by_its_address_without_it() -> None:
    """The configuration has one block for all of them."""
    found = read(
        change('aws_lb.alb["a.b"]', ["create"], before=None, after={}, after_unknown={"x": True}),
        configuration=configuration(aws_lb__alb={"x": {"references": ["aws_x.y.id"]}}),
    )
    assert Unknown("aws_x.y.id") == found.changes[0].after["x"]


def test_the_configured_arguments_are_told() -> None:
    """By them, what a person set is told from what the provider filled in."""
    found = read(same("aws_lb.alb", {}), configuration=configuration(aws_lb__alb={"name": {"constant_value": "x"}}))
    assert frozenset({"name"}) == found.changes[0].configured
    assert frozenset() == read(same("aws_lb.alb", {})).changes[0].configured


def test_changes_are_found_by_type_and_by_address() -> None:
    """In the plan's order; none where there is none."""
    found = read(same("aws_lb.b", {}), same("aws_lb.a", {}), same("aws_s3_bucket.site", {}))
    assert ["aws_lb.b", "aws_lb.a"] == [change.address for change in found.of_type("aws_lb")]
    assert () == found.of_type("aws_ecs_service")
    assert "aws_lb" == found.by_address["aws_lb.a"].type


def test_unicode_stands_as_it_is() -> None:
    """In values, in keys, in addresses."""
    (found,) = read(update('aws_x.y["é"]', {"tags": {"clé": "café"}}, {"tags": {"clé": "\U0001f98a"}})).changes
    assert ('aws_x.y["é"]', {"clé": "\U0001f98a"}) == (found.address, found.after["tags"])
