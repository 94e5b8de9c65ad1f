"""What a plan does, read from its JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from bascule import summary
from bascule.ladder import ALB_ORIGIN_ID
from bascule.summary import Counts

SECRET = "5ec2e7"


def change(address: str, actions: Sequence[str], *, mode: str = "managed", **detail: Any) -> dict[str, Any]:
    """One entry of `resource_changes`."""
    type_ = address.removeprefix("data.").split(".")[0]
    return {"address": address, "mode": mode, "type": type_, "change": {"actions": list(actions), **detail}}


def plan(*changes: dict[str, Any], **rest: Any) -> dict[str, Any]:
    return {"format_version": "1.2", "resource_changes": list(changes), **rest}


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
    found = plan(one, NOTHING, READ)
    assert counts == summary.counts(found)
    assert words in str(counts)
    (row,) = summary.rows(found)
    assert str(row).startswith(f"  {sign} ")
    assert one["address"] in str(row)
    assert not summary.is_empty(found)


def test_the_proof_of_an_adoption_is_three_imports() -> None:
    """Distribution, bucket and service, and nothing else."""
    assert summary.ADOPTION == summary.counts(plan(IMPORT, IMPORT, IMPORT))
    assert summary.ADOPTION != summary.counts(plan(IMPORT, IMPORT, IMPORT_AND_UPDATE))
    assert "3 to import, 0 to add, 0 to change, 0 to destroy" == str(summary.ADOPTION)


@pytest.mark.parametrize("nothing", [{}, plan(), plan(NOTHING, READ), plan(NOTHING, output_changes={})])
def test_a_plan_that_changes_nothing_is_empty(nothing: dict[str, Any]) -> None:
    """Reading a data source is no change."""
    assert summary.is_empty(nothing)
    assert Counts() == summary.counts(nothing)
    assert [] == summary.rows(nothing)


def test_a_changed_output_is_a_change() -> None:
    """It is written into the state, though no resource is touched."""
    assert not summary.is_empty(plan(NOTHING, output_changes={"alb": {"actions": ["create"]}}))
    assert summary.is_empty(plan(NOTHING, output_changes={"alb": {"actions": ["no-op"]}}))


def test_a_row_names_the_arguments_that_differ() -> None:
    """For an update; a creation would name all of them."""
    rows = summary.rows(plan(CREATE, UPDATE, IMPORT_AND_UPDATE))
    assert [(), ("idle_timeout",), ("desired_count",)] == [row.attributes for row in rows]
    assert "  ~ import and update aws_ecs_service.site  (desired_count)" == str(rows[2])


def test_differences_show_before_and_after() -> None:
    """A value that Terraform can't know yet says so, wherever in the argument it stands."""
    one = change(
        "aws_ecs_service.site",
        ["update"],
        before={"name": "next", "load_balancer": [], "iam_role": None, "tags": {"a": "1"}, "desired_count": 1},
        after={"name": "next", "load_balancer": [{"container_port": 3000}], "tags": {"a": "2"}},
        after_unknown={"load_balancer": [{"target_group_arn": True}], "tags": {}, "iam_role": False, "arn": True},
    )
    assert [
        "aws_ecs_service.site.arn: None → (known after apply)",
        "aws_ecs_service.site.desired_count: 1 → None",
        "aws_ecs_service.site.load_balancer: [] → (known after apply)",
        "aws_ecs_service.site.tags: {'a': '1'} → {'a': '2'}",
    ] == summary.differences(plan(one, NOTHING, READ, IMPORT))


def distribution(default: str, **behaviors: str) -> dict[str, Any]:
    """A plan that leaves a distribution with these behaviors, by path."""
    after = {
        "default_cache_behavior": [{"target_origin_id": default}],
        "ordered_cache_behavior": [
            {"path_pattern": f"/{path}", "target_origin_id": target} for path, target in behaviors.items()
        ],
    }
    return plan(CREATE, DELETE, change("aws_cloudfront_distribution.site", ["update"], before={}, after=after))


def test_behaviors_that_stay_elsewhere_are_listed_once_visitors_go_to_the_alb() -> None:
    """They are kept as they were, so someone has to know of them."""
    served = distribution(ALB_ORIGIN_ID, api=ALB_ORIGIN_ID, blog="blog", img="S3-old-site")
    assert ["/blog → blog", "/img → S3-old-site"] == summary.kept_behaviors(served)
    assert [] == summary.kept_behaviors(distribution("S3-old-site", api=ALB_ORIGIN_ID, blog="blog"))
    assert [] == summary.kept_behaviors(plan(CREATE, DELETE, FORGET))


SENSITIVE = {
    "marked after": {"after_sensitive": {"policy": True}},
    "marked before": {"before_sensitive": {"policy": True}},
    "marked deep inside": {"after_sensitive": {"policy": [{"statement": [{}, {"value": True}]}]}},
    "marked as a whole, after": {"after_sensitive": True},
    "marked as a whole, before": {"before_sensitive": True, "after_sensitive": {}},
}


@pytest.mark.parametrize("marks", SENSITIVE.values(), ids=SENSITIVE)
def test_a_sensitive_value_is_named_and_not_shown(marks: dict[str, Any]) -> None:
    """However Terraform marks it."""
    one = change("aws_x.site", ["update"], before={"policy": f"old{SECRET}"}, after={"policy": SECRET}, **marks)
    assert ["aws_x.site.policy: (hidden)"] == summary.differences(plan(one))
    assert SECRET not in "".join(str(row) for row in summary.rows(plan(one)))


@pytest.mark.parametrize(
    "values",
    [
        {"origin": [{"origin_id": "alb", "custom_header": [{"name": "X-Origin-Verify", "value": SECRET}]}]},
        {"condition": [{"http_header": [{"values": [SECRET]}]}]},
        {"condition": [{"values": [SECRET]}]},
        {"custom_header": SECRET},
    ],
)
@pytest.mark.parametrize("side", ["before", "after"])
def test_what_may_hold_the_origin_s_secret_is_never_shown(values: dict[str, Any], side: str) -> None:
    """Even where Terraform doesn't mark it: an imported distribution's headers aren't."""
    one = change("aws_x.site", ["update"], **{"before": {}, "after": {}, side: values})
    assert [f"aws_x.site.{name}: (hidden)" for name in values] == summary.differences(plan(one))


def test_an_origin_without_such_headers_is_shown() -> None:
    """Hiding is no excuse for saying nothing."""
    one = change(
        "aws_x.site",
        ["update"],
        before={"origin": [{"origin_path": "", "custom_header": []}]},
        after={"origin": [{"origin_path": "/a", "custom_header": []}]},
    )
    (difference,) = summary.differences(plan(one))
    assert "'/a'" in difference
