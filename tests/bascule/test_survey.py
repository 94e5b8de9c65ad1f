"""Reading the account: every call that is made, what some answers ask next, and what a refusal leaves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import audited
import pytest
from answered import DOMAIN, IDENTITY, SITE, service
from audited import ANSWERS

from bascule import dns, survey
from bascule.iam_actions import action_of
from bascule.inventory import MOST_OBJECTS, Unread
from bascule.inventory_calls import INVENTORY
from bascule.reading import Call

NOT_OF_A_SURVEY = {("sts", "GetCallerIdentity"), ("iam", "SimulatePrincipalPolicy"), ("cloudfront", "DescribeFunction")}
"""Whose account it is, and what only the check of permissions and Terraform ask."""


def test_every_call_of_the_table_is_made_and_no_other() -> None:
    """So that the policy `audit`, which is made from the table, is what an audit needs."""
    made: list[Call] = []
    with audited.account() as clients:
        survey.take(clients, IDENTITY, SITE, on_call=made.append, resolve=dns.nobody)
    listed = {(call.service, call.operation) for call in INVENTORY} - NOT_OF_A_SURVEY
    assert listed == {(call.service, call.operation) for call in made}
    assert listed == ANSWERS.keys()


def test_an_account_that_lets_itself_be_read_leaves_nothing_unread() -> None:
    """And envelopes are off: a fact is the thing itself."""
    found = audited.read()
    assert {} == found.unread
    assert SITE.distribution.id == found.distribution["Id"]
    assert SITE.service.name == found.service["serviceName"]
    assert "function handler(event) { return event.request; }" == found.functions["old-pages"]
    assert [10] == [int(r["Priority"]) for r in found.listener_rules[audited.LISTENER] if r["Priority"] != "default"]
    assert {"example.com"} == found.records.keys()


@pytest.mark.parametrize("call", ANSWERS, ids=lambda call: ":".join(call))
def test_any_refusal_leaves_a_survey_that_says_so(call: tuple[str, str]) -> None:
    """Whatever hangs on the answer isn't asked, and isn't there."""
    found = audited.read(call)
    assert {action_of(*call)} == {one.action for one in found.unread.values()}


def test_every_refusal_at_once() -> None:
    """As for a role that may do nothing."""
    found = audited.read(*ANSWERS)
    assert isinstance(found.distribution, Unread)
    assert found.functions == {}
    assert found.task_definition is None


def test_the_dns_is_asked_for_every_name_that_visitors_may_use() -> None:
    """Those of the site file and the distribution's own, those above `www.`, and the distribution to compare with."""
    asked: list[str] = []

    def resolve(name: str) -> dns.Answer:
        asked.append(name)
        return dns.Answer()

    site = SITE.model_copy(update={"aliases": ("www.example.net",)})
    with audited.account() as clients:
        found = survey.take(clients, IDENTITY, site, resolve=resolve)
    expected = [DOMAIN, "example.com", "example.net", "www.example.com", "www.example.net"]
    assert expected == sorted(asked)
    assert expected == sorted(found.names or ())


def test_tasks_are_described_a_hundred_at_a_time() -> None:
    """More the API doesn't take."""
    arns = [f"{audited.TASK}{number}" for number in range(250)]
    sizes: list[int] = []

    def describe(asked: Mapping[str, Any]) -> Mapping[str, Any]:
        sizes.append(len(asked["tasks"]))
        return {"tasks": [{"taskArn": arn, "taskDefinitionArn": "arn:next:3"} for arn in asked["tasks"]]}

    found = audited.read(ListTasks={"taskArns": arns}, DescribeTasks=describe)
    assert [50, 100, 100] == sorted(sizes)
    assert arns == [task["taskArn"] for task in found.tasks]


def test_a_bucket_is_not_read_to_its_end() -> None:
    """One object more than are counted tells that there are more."""
    page = {"Contents": [{"Key": str(number), "Size": 1} for number in range(MOST_OBJECTS + 500)]}
    assert MOST_OBJECTS + 1 == len(audited.read(ListObjectsV2=page).objects)


def test_a_service_whose_task_sets_have_the_definition_has_none() -> None:
    """That is how the EXTERNAL controller's are."""
    external = {k: v for k, v in service("deploymentController", {"type": "EXTERNAL"}).items() if k != "taskDefinition"}
    found = audited.read(DescribeServices={"services": [external]})
    assert found.task_definition is None
    assert found.repository is None


def test_a_service_that_was_deleted_is_not_there() -> None:
    """ECS goes on answering for it as INACTIVE."""
    assert audited.read(DescribeServices={"services": [service("status", "INACTIVE")]}).service is None


def test_private_zones_and_zones_of_other_names_are_not_read() -> None:
    """The internet sees neither."""
    zones = [
        {"Id": "Z1", "Name": "example.com.", "Config": {"PrivateZone": True}},
        {"Id": "Z2", "Name": "le.com."},
        {"Id": "Z3", "Name": "www.example.com."},
    ]
    found = audited.read(ListHostedZones={"HostedZones": zones})
    assert {"www.example.com"} == found.records.keys()
