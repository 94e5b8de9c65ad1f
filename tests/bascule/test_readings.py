"""What gates look at: one call a round, whoever asks for it."""

from __future__ import annotations

from example import SITE, Call, account
from gate_answers import load_balancer

from bascule.readings import Readings


def asked(name: str) -> Call:
    """The call for the load balancer of that name, whose ARN is its name."""
    answer = {"LoadBalancers": [{**load_balancer(), "LoadBalancerName": name}]}
    return Call("elbv2", "describe_load_balancers", answer, {"LoadBalancerArns": [name]})


def test_a_call_is_made_once_a_round() -> None:
    """Then it is made again: what it tells may have changed."""
    with account(asked("one"), asked("one")) as clients:
        read = Readings(clients, SITE)
        assert read.load_balancer("one", 0) == read.load_balancer("one", 0)
        assert "one" == read.load_balancer("one", 1)["LoadBalancerName"]


def test_a_call_for_something_else_is_another_one() -> None:
    """In the same round, the same operation with other parameters."""
    with account(asked("one"), asked("two")) as clients:
        read = Readings(clients, SITE)
        assert ["one", "two"] == [read.load_balancer(arn, 0)["LoadBalancerName"] for arn in ("one", "two")]
