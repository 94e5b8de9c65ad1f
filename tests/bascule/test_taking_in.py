"""What a killed apply left in the account, taken in for the next plan, or told that nobody could look."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from example import Call, Refusal, account
from scripted import ADOPT, BUILD, NAME, RUNGS, World

from bascule import files, synth
from bascule.errors import BasculeError
from bascule.taking_in import take_in

TAGS = {"ManagedBy": "bascule", "Site": NAME}
CONFIGURATION = {"resource": {"aws_lb": {"alb": {"name": "ours", "tags": TAGS}}}}
ARN = "arn:aws:elasticloadbalancing:me-central-1:123456789012:loadbalancer/app/ours/1"
STATE = {"values": {"root_module": {"resources": list(RUNGS[ADOPT].values())}}}

THERE = Call("elbv2", "describe_load_balancers", {"LoadBalancers": [{"LoadBalancerArn": ARN}]}, {"Names": ["ours"]})
TAGGED = Call(
    "elbv2",
    "describe_tags",
    {
        "TagDescriptions": [
            {"ResourceArn": ARN, "Tags": [{"Key": key, "Value": value} for key, value in TAGS.items()]},
        ]
    },
)


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A site that is to be built, with the configuration of a load balancer, and no load balancer in its state."""
    made = World(tmp_path).begin(RUNGS[ADOPT], BUILD)
    files.write(made.workspace.synthesized(NAME) / synth.CONFIGURATION, json.dumps(CONFIGURATION))
    return made


def imported(world: World) -> Any:
    """The import blocks beside the configuration."""
    return json.loads(files.read(world.workspace.synthesized(NAME) / synth.IMPORTS) or "{}").get("import", [])


def test_what_is_live_and_ours_is_imported_by_the_next_plan(world: World) -> None:
    """The load balancer that the killed apply made; the journal tells of it."""
    entries: list[tuple[str, Any]] = []
    with account(THERE, TAGGED) as clients:
        session = world.session(clients)
        take_in(replace(session, record=lambda event, **details: entries.append((event, details))), STATE)
    assert [("take in", {"address": "aws_lb.alb", "id": ARN})] == entries
    assert [{"to": "aws_lb.alb", "id": ARN}] == imported(world)
    (said,) = world.said
    assert said.startswith(f"aws_lb.alb is there ({ARN}), and Terraform's state doesn't know")


def test_a_refused_call_is_said_to_be_one(world: World) -> None:
    """A role that may not look can still go on: what is there, Terraform says then."""
    with account(Call("elbv2", "describe_load_balancers", Refusal("AccessDenied", status=403))) as clients:
        take_in(world.session(clients), STATE)
    assert [
        "whether a killed apply left anything of ours behind can't be told: "
        "elasticloadbalancing:DescribeLoadBalancers is refused"
    ] == world.said
    assert [] == imported(world)


@pytest.mark.parametrize("calls", [("describe_load_balancers",), ("describe_load_balancers", "describe_tags")])
def test_a_call_that_is_throttled_ends_it(world: World, calls: tuple[str, ...]) -> None:
    """It is no answer: without it the plan would make again what may be there, and collide with it."""
    answered = [THERE, TAGGED][: len(calls) - 1]
    throttled = Call("elbv2", calls[-1], Refusal("Throttling", "Rate exceeded"))
    with account(*answered, throttled) as clients, pytest.raises(BasculeError, match="Rate exceeded") as caught:
        take_in(world.session(clients), STATE)
    assert "refused" not in str(caught.value)
    assert "run it again" in caught.value.remedy
    assert ([], []) == (imported(world), world.said)
