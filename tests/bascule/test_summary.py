"""What a plan does, read from its JSON."""

from __future__ import annotations

from typing import Any

import pytest
from small_plans import SECRET, Values, change, plan

from bascule import plan_json, summary
from bascule.ladder import ALB_ORIGIN_ID
from bascule.plan_json import Plan
from bascule.summary import Counts


def read(*changes: Values, **rest: Any) -> Plan:
    """A plan of these entries."""
    return plan_json.read(plan(*changes, **rest))


IMPORT = change("aws_s3_bucket.site", ["no-op"], importing={"id": "old-site"}, before={"bucket": "old-site"})
IMPORT_AND_UPDATE = change(
    "aws_ecs_service.site",
    ["update"],
    importing={"id": "web/next"},
    before={"desired_count": 1, "name": "next"},
    after={"desired_count": 2, "name": "next"},
)
CREATE = change("aws_lb.site", ["create"], before=None, after={"name": "ours"}, after_unknown={"arn": True})
UPDATE = change("aws_lb.site", ["update"], before={"idle_timeout": 60}, after={"idle_timeout": 30}, after_unknown={})
REPLACE = change("aws_lb.site", ["create", "delete"], before={"name": "a"}, after={"name": "b"}, after_unknown={})
REPLACE_DELETING_FIRST = change("aws_lb.site", ["delete", "create"], before={"name": "a"}, after={"name": "b"})
DELETE = change("aws_lb.site", ["delete"], before={"name": "ours"}, after=None)
FORGET = change("aws_s3_bucket.site", ["forget"], before={"bucket": "old-site"}, after=None)
NOTHING = change("aws_lb.site", ["no-op"], before={"name": "ours"}, after={"name": "ours"})
READ = change("data.aws_ssm_parameter.secret", ["read"], mode="data", before=None, after={"name": "/x"})

COUNTED = {
    "import": (IMPORT, Counts(imported=1), "1 to import, 0 to add, 0 to change, 0 to destroy", "="),
    "import and update": (IMPORT_AND_UPDATE, Counts(imported=1, updated=1), "1 to import, 0 to add, 1 to change", "~"),
    "create": (CREATE, Counts(created=1), "0 to import, 1 to add, 0 to change, 0 to destroy", "+"),
    "update": (UPDATE, Counts(updated=1), "0 to import, 0 to add, 1 to change, 0 to destroy", "~"),
    "replace": (REPLACE, Counts(replaced=1), "0 to change, 1 to replace, 0 to destroy", "±"),
    "replace, deleting first": (REPLACE_DELETING_FIRST, Counts(replaced=1), "1 to replace, 0 to destroy", "±"),
    "delete": (DELETE, Counts(deleted=1), "0 to import, 0 to add, 0 to change, 1 to destroy", "-"),
    "forget": (FORGET, Counts(forgotten=1), "0 to destroy, 1 to forget", "."),
}


@pytest.mark.parametrize(("one", "counts", "words", "sign"), COUNTED.values(), ids=COUNTED)
def test_every_action_is_counted_once(one: dict[str, Any], counts: Counts, words: str, sign: str) -> None:
    """One row, one count, and words like Terraform's own."""
    found = read(one, NOTHING, READ)
    assert counts == summary.counts(found)
    assert words in str(counts)
    (row,) = summary.rows(found)
    assert str(row).startswith(f"  {sign} ")
    assert one["address"] in str(row)
    assert not summary.is_empty(found)


def test_the_proof_of_an_adoption_is_three_imports() -> None:
    """Distribution, bucket and service, and nothing else."""
    assert summary.ADOPTION == summary.counts(read(IMPORT, IMPORT, IMPORT))
    assert summary.ADOPTION != summary.counts(read(IMPORT, IMPORT, IMPORT_AND_UPDATE))
    assert "3 to import, 0 to add, 0 to change, 0 to destroy" == str(summary.ADOPTION)


@pytest.mark.parametrize("nothing", [plan_json.EMPTY, read(), read(NOTHING, READ), read(NOTHING, output_changes={})])
def test_a_plan_that_changes_nothing_is_empty(nothing: Plan) -> None:
    """Reading a data source is no change."""
    assert summary.is_empty(nothing)
    assert Counts() == summary.counts(nothing)
    assert [] == summary.rows(nothing)


def test_a_changed_output_is_a_change() -> None:
    """It is written into the state, though no resource is touched."""
    assert not summary.is_empty(read(NOTHING, output_changes={"alb": {"actions": ["create"]}}))
    assert summary.is_empty(read(NOTHING, output_changes={"alb": {"actions": ["no-op"]}}))


def test_a_row_names_the_arguments_that_differ() -> None:
    """For an update or a replacement; of a creation it would be all of them."""
    rows = summary.rows(read(CREATE, UPDATE, IMPORT_AND_UPDATE, REPLACE, DELETE, FORGET, IMPORT))
    assert [("name",), ("idle_timeout",), ("desired_count",), ("name",), (), (), ()] == [row.arguments for row in rows]
    assert "  + create   aws_lb.site" == str(rows[0])
    assert "  ~ import and update aws_ecs_service.site  (desired_count)" == str(rows[2])
    assert "  ± replace  aws_lb.site  (name)" == str(rows[3])


def test_a_row_names_an_argument_once() -> None:
    """However much of it differs."""
    tags, alarms = ({"a": str(n), "b.c": str(n)} for n in (1, 2)), ([{"alarm_names": [str(n)]}] for n in (1, 2))
    before, after = ({"tags": next(tags), "alarms": next(alarms)} for _ in range(2))
    (row,) = summary.rows(read(change("aws_ecs_service.site", ["update"], before=before, after=after)))
    assert ("alarms", "tags") == row.arguments


def test_differences_show_before_and_after() -> None:
    """As JSON; a value that Terraform can't know yet says so, wherever in the argument it stands."""
    one = change(
        "aws_ecs_service.site",
        ["update"],
        before={"name": "next", "load_balancer": [], "iam_role": "x", "tags": {"a": "1"}, "desired_count": 1},
        after={"name": "next", "load_balancer": [{"container_port": 3000}], "tags": {"a": "2"}},
        after_unknown={"load_balancer": [{"elb_name": True}], "tags": {}, "iam_role": True, "platform_version": True},
    )
    assert [
        "aws_ecs_service.site.desired_count: 1 → (none)",
        'aws_ecs_service.site.iam_role: "x" → (known after apply)',
        "aws_ecs_service.site.load_balancer[0].container_port: (none) → 3000",
        'aws_ecs_service.site.tags[a]: "1" → "2"',
    ] == summary.differences(read(one, NOTHING, READ, IMPORT))


def test_what_goes_lists_no_differences() -> None:
    """That it goes says all."""
    assert [] == summary.differences(read(DELETE, FORGET))


def test_all_six_counts_are_told_in_full() -> None:
    """A replacement is never hidden in an addition and a destruction."""
    found = summary.counts(read(IMPORT_AND_UPDATE, CREATE, REPLACE, DELETE, FORGET, IMPORT, NOTHING, READ))
    assert "2 import, 1 create, 1 update, 1 replace, 1 delete, 1 forget" == found.in_full
    assert "2 to import, 1 to add, 1 to change, 1 to replace, 1 to destroy, 1 to forget" == str(found)


def distribution(default: str, **behaviors: str) -> Plan:
    """A plan that leaves a distribution with these behaviors, by path."""
    after = {
        "default_cache_behavior": [{"target_origin_id": default}],
        "ordered_cache_behavior": [
            {"path_pattern": f"/{path}", "target_origin_id": target} for path, target in behaviors.items()
        ],
    }
    return read(CREATE, DELETE, change("aws_cloudfront_distribution.site", ["update"], before={}, after=after))


def test_behaviors_that_stay_elsewhere_are_listed_once_visitors_go_to_the_alb() -> None:
    """They are kept as they were, so someone has to know of them."""
    served = distribution(ALB_ORIGIN_ID, api=ALB_ORIGIN_ID, blog="blog", img="S3-old-site")
    assert ["/blog → blog", "/img → S3-old-site"] == summary.kept_behaviors(served)
    assert [] == summary.kept_behaviors(distribution("S3-old-site", api=ALB_ORIGIN_ID, blog="blog"))
    assert [] == summary.kept_behaviors(read(CREATE, DELETE, FORGET))


@pytest.mark.parametrize("unknown", ["ordered_cache_behavior", "default_cache_behavior"])
def test_behaviors_that_are_known_after_apply_are_not_said_to_stay(unknown: str) -> None:
    """Nobody can know yet."""
    after = {"default_cache_behavior": [{"target_origin_id": ALB_ORIGIN_ID}]}
    after.pop(unknown, None)
    one = change("aws_cloudfront_distribution.site", ["update"], before={}, after=after, after_unknown={unknown: True})
    assert [] == summary.kept_behaviors(read(one))


SENSITIVE = {
    "marked after": {"after_sensitive": {"policy": True}},
    "marked before": {"before_sensitive": {"policy": True}},
    "marked as a whole, after": {"after_sensitive": True},
    "marked as a whole, before": {"before_sensitive": True, "after_sensitive": {}},
}


@pytest.mark.parametrize("marks", SENSITIVE.values(), ids=SENSITIVE)
def test_a_sensitive_value_is_named_and_not_shown(marks: dict[str, Any]) -> None:
    """However Terraform marks it."""
    one = change("aws_x.site", ["update"], before={"policy": f"old{SECRET}"}, after={"policy": SECRET}, **marks)
    assert ["aws_x.site.policy: (hidden) → (hidden)"] == summary.differences(read(one))
    assert SECRET not in "".join(map(str, summary.rows(read(one))))


@pytest.mark.parametrize(
    ("address", "values"),
    [
        (
            "aws_cloudfront_distribution.site",
            {"origin": [{"origin_id": "alb", "custom_header": [{"name": "X-Origin-Verify", "value": SECRET}]}]},
        ),
        ("aws_lb_listener_rule.cloudfront", {"condition": [{"http_header": [{"values": [SECRET]}]}]}),
    ],
)
@pytest.mark.parametrize("side", ["before", "after"])
def test_what_holds_the_origin_s_secret_is_never_shown(address: str, values: dict[str, Any], side: str) -> None:
    """Even where Terraform doesn't mark it: an imported distribution's headers aren't."""
    one = change(address, ["update"], **{"before": {"x": 1}, "after": {"x": 1}, side: values})
    lines = "\n".join(summary.differences(read(one)))
    assert "(hidden)" in lines
    assert SECRET not in lines


def test_an_origin_s_other_arguments_are_shown() -> None:
    """Hiding is no excuse for saying nothing."""
    before, after = (
        {"origin": [{"origin_id": "s3", "origin_path": path, "custom_header": [{"name": "X", "value": SECRET}]}]}
        for path in ("", "/a")
    )
    one = change("aws_cloudfront_distribution.site", ["update"], before=before, after=after)
    assert ['aws_cloudfront_distribution.site.origin[s3].origin_path: (none) → "/a"'] == summary.differences(read(one))
