"""The origin's secret: made once, and shown nowhere."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import pytest
from example import Call, Refusal, account

from bascule import secret
from bascule.errors import BasculeError


def test_the_value_is_32_random_bytes_in_lowercase_hex() -> None:
    """An ALB compares without case and takes * and ? as wildcards; a value already there is never replaced."""
    asked: list[dict[str, Any]] = []
    ssm = SimpleNamespace(put_parameter=lambda **request: asked.append(request))
    for _ in range(2):
        secret.create(lambda service: {"ssm": ssm}[service], "/bascule/example/origin-secret")
    for request in asked:
        assert re.fullmatch("[0-9a-f]{64}", request.pop("Value"))
        assert {"Name": "/bascule/example/origin-secret", "Type": "SecureString", "Overwrite": False} == {
            key: request[key] for key in ("Name", "Type", "Overwrite")
        }


def test_two_values_are_never_the_same() -> None:
    """Each comes from the system's random numbers."""
    made = []
    ssm = SimpleNamespace(put_parameter=lambda **request: made.append(request["Value"]))
    for _ in range(10):
        secret.create(lambda service: ssm, "/x")
    assert 10 == len(set(made))


def test_a_parameter_that_is_there_stays() -> None:
    """A new value in its place would make the ALB refuse CloudFront."""
    there = Call("ssm", "put_parameter", Refusal("ParameterAlreadyExists"))
    with account(there) as clients, pytest.raises(BasculeError, match="exists already") as caught:
        secret.create(clients, "/bascule/example/origin-secret")
    assert "SSM /bascule/example/origin-secret" == caught.value.where
    assert "origin.secret_parameter" in caught.value.remedy


def test_any_other_refusal_is_aws_s_own() -> None:
    """Such as a role that may not write."""
    denied = Call("ssm", "put_parameter", Refusal("AccessDeniedException"))
    with account(denied) as clients, pytest.raises(BasculeError, match="PutParameter: AccessDeniedException"):
        secret.create(clients, "/x")
