"""Answers that tests write by hand are held against AWS's own model."""

from __future__ import annotations

from typing import Any

import pytest
from answers_model import valid

IMPOSSIBLE: dict[str, tuple[Any, str]] = {
    "a member that there is not": ({"Limits": [{"Nmae": "target-groups"}]}, "Limits.0: has no member Nmae"),
    "another type": ({"Limits": [{"Max": 50}]}, "Limits.0.Max: 50 is no string"),
    "no list": ({"Limits": {}}, "Limits: {} is no list"),
    "no structure": ([], r"\[\] is no structure"),
}


@pytest.mark.parametrize(("answer", "wrong"), IMPOSSIBLE.values(), ids=IMPOSSIBLE)
def test_an_impossible_answer_fails_the_test(answer: Any, wrong: str) -> None:
    """With where it is wrong."""
    with pytest.raises(AssertionError, match=f"DescribeAccountLimits.*{wrong}"):
        valid("elbv2", "DescribeAccountLimits", answer)


def test_a_value_that_is_not_among_those_of_the_api_fails_the_test() -> None:
    """Misspelt states are found."""
    with pytest.raises(AssertionError, match="'COMPLETE' is none of"):
        valid("ecs", "DescribeServices", {"services": [{"deployments": [{"rolloutState": "COMPLETE"}]}]})


def test_a_number_is_no_truth() -> None:
    """In JSON they are two things."""
    with pytest.raises(AssertionError, match="True is no integer"):
        valid("ecs", "DescribeServices", {"services": [{"desiredCount": True}]})


def test_a_possible_answer_is_given_back() -> None:
    """Members may be left out."""
    answer = {"services": [{"desiredCount": 1, "deployments": [{"rolloutState": "COMPLETED"}]}]}
    assert answer == valid("ecs", "DescribeServices", answer)
