"""Adoption: what is kept of the configuration that Terraform generates, and when a file counts as changed."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from example import SITE, account
from hypothesis import given, settings
from hypothesis import strategies as st

from bascule import adopt
from bascule.aws import Identity
from bascule.session import Session
from bascule.terraform import Terraform
from bascule.workspace import Workspace

SCALAR = st.none() | st.booleans() | st.integers() | st.text(max_size=3)
VALUES = st.dictionaries(
    st.sampled_from(["name", "tags_all", "iam_role", "origin", "default_cache_behavior", "x"]),
    st.recursive(
        SCALAR, lambda inner: st.lists(st.dictionaries(st.sampled_from("abc"), inner, max_size=2), max_size=2)
    ),
)


def test_what_says_nothing_is_left_out() -> None:
    """Nulls, empty collections at any depth, and what the provider computes."""
    generated = {
        "name": "next",
        "enabled": False,
        "comment": "",
        "ttl": 0,
        "kms": None,
        "tags": {},
        "tags_all": {"a": "1"},
        "iam_role": "/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS",
        "load_balancer": [],
        "network_configuration": [{"subnets": ["a", "b"], "groups": [], "x": None, "deep": [{"y": None}]}],
    }
    assert {
        "name": "next",
        "enabled": False,
        "comment": "",
        "ttl": 0,
        "network_configuration": [{"subnets": ["a", "b"], "deep": [{}]}],
    } == adopt.cleaned("aws_x", generated)


@pytest.mark.parametrize(
    ("type_", "value", "kept"),
    [("aws_ecs_service", 0, False), ("aws_ecs_service", 60, True), ("aws_other", 0, True)],
)
def test_a_grace_period_of_zero_is_none(type_: str, value: int, kept: bool) -> None:
    """ECS doesn't take one without a load balancer."""
    cleaned = adopt.cleaned(type_, {"name": "next", "health_check_grace_period_seconds": value})
    assert kept == ("health_check_grace_period_seconds" in cleaned)


@pytest.mark.parametrize("name", ["default_cache_behavior", "ordered_cache_behavior"])
def test_ttls_beside_a_cache_policy_are_left_out(name: str) -> None:
    """CloudFront refuses them; without a policy they are the behavior's own, zero or not."""
    ttls = {"min_ttl": 0, "default_ttl": 0, "max_ttl": 0}
    grpc: dict[str, Any] = {"grpc_config": [{"enabled": False}]}
    behaviors = [
        {"cache_policy_id": "p", **ttls, **grpc},
        {"cache_policy_id": None, **ttls},
        {"grpc_config": [{"enabled": True}]},
    ]
    assert {name: [{"cache_policy_id": "p"}, ttls, {"grpc_config": [{"enabled": True}]}]} == adopt.cleaned(
        "aws_cloudfront_distribution", {name: behaviors}
    )


@given(values=VALUES)
@settings(max_examples=50, deadline=None)
def test_cleaning_twice_is_cleaning_once(values: dict[str, Any]) -> None:
    """And it takes away only: what is kept is as it was."""
    values = {key: value for key, value in values.items() if key != "default_cache_behavior"}
    cleaned = adopt.cleaned("aws_x", values)
    assert cleaned == adopt.cleaned("aws_x", cleaned)
    assert cleaned.keys() <= values.keys()
    assert {} == {k: v for k, v in cleaned.items() if not isinstance(v, list | dict) and v != values[k]}


LINE = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=20)


@settings(max_examples=50, deadline=None)
@given(header=st.lists(LINE.map("# {}\n".format) | st.just("\n")), body=st.lists(LINE.map("{}\n".format)).map("".join))
def test_without_its_header_a_file_is_its_body(header: list[str], body: str) -> None:
    """The date in the header doesn't make a file differ; comments further down belong to the body."""
    resource = 'resource "aws_x" "site" {\n'
    assert resource + body == adopt.without_header("".join(header) + resource + body)


@settings(deadline=None)
@given(text=st.text(st.sampled_from("#\n \ta\r\u2028")))
def test_taking_the_header_off_takes_off_only_comments_and_blank_lines(text: str) -> None:
    """Whatever the file holds."""
    body = adopt.without_header(text)
    assert text.endswith(body)
    removed = text[: len(text) - len(body)]
    assert [] == [line for line in removed.split("\n") if line.strip() and not line.startswith("#")]


def session(root: Path, endpoint: str = "") -> Session:
    """A session that needs neither Terraform nor an account."""
    with account() as clients:
        identity = Identity("123456789012", "arn:aws:iam::123456789012:user/me", SITE.region, endpoint)
        return Session(
            "example", SITE, Workspace(root), clients, identity, Terraform(Path("terraform"), "1.11.4"), {}, print
        )


def test_a_file_is_kept_with_a_header_that_says_where_it_came_from(tmp_path: Path) -> None:
    """Tool, versions, resource and day; a file whose body is the same keeps its old header."""
    where = tmp_path / "imports" / "example"
    first = adopt._keep(session(tmp_path), {"bucket.tf": "old\n", "facts.tf": "facts\n"})
    assert ((where / "bucket.tf", where / "facts.tf"), ()) == (first.written, first.unchanged)
    header = (where / "bucket.tf").read_text().removesuffix("old\n")
    assert header.startswith("# aws_s3_bucket old-site, read from AWS on 20")
    assert "with Terraform 1.11.4 and AWS provider 5.100.0" in header
    (where / "bucket.tf").write_text("# by hand\n\nold\n")
    second = adopt._keep(session(tmp_path), {"bucket.tf": "old\n", "facts.tf": "new facts\n"})
    assert ((where / "facts.tf",), (where / "bucket.tf",)) == (second.written, second.unchanged)
    assert "# by hand\n\nold\n" == (where / "bucket.tf").read_text()


@pytest.mark.parametrize(
    ("endpoint", "source"),
    [
        ("", "AWS"),
        ("http://127.0.0.1:5000", "a local stand-in for AWS"),
        ("https://aws.example.com", "https://aws.example.com"),
    ],
)
def test_a_header_says_whose_answers_a_file_holds(tmp_path: Path, endpoint: str, source: str) -> None:
    """A sandbox's reading is never taken for the account's."""
    day = datetime.now(UTC).date()
    header = adopt._header(session(tmp_path, endpoint), "service.tf")
    assert header.startswith(f"# aws_ecs_service web/next, read from {source} on {day}")
