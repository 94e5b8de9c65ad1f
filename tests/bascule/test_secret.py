"""The origin's secret: made once, and shown nowhere."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import pytest
from example import Call, Refusal, account

from bascule import secret
from bascule.errors import BasculeError
from bascule.secret import Held


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


PARAMETER = "/bascule/example/origin-secret"


def version(number: int, value: str, **more: Any) -> dict[str, Any]:
    return {"Name": PARAMETER, "Type": "SecureString", "Version": number, "Value": value, **more}


def test_what_is_read_is_the_newest_version_wherever_it_stands() -> None:
    """AWS documents no order; value and description are of the same one."""
    pages = [
        Call("ssm", "get_parameter_history", {"Parameters": [version(9, "b"), version(11, "d")], "NextToken": "more"}),
        Call("ssm", "get_parameter_history", {"Parameters": [version(12, "e", Description="now", KeyId="alias/k")]}),
    ]
    with account(*pages) as clients:
        assert Held("e", "now", 12, "alias/k") == secret.read(clients, PARAMETER)


def test_no_value_is_in_a_repr() -> None:
    """What a traceback or a log shows."""
    assert "5ec2e7" not in repr(Held("5ec2e7", "now", 1, None))


def test_a_parameter_that_is_not_there_is_to_be_created() -> None:
    """The error says by what."""
    missing = Call("ssm", "get_parameter_history", Refusal("ParameterNotFound"))
    with account(missing) as clients, pytest.raises(BasculeError, match="no such parameter") as caught:
        secret.read(clients, PARAMETER)
    assert "bascule secret create" in caught.value.remedy


@pytest.mark.parametrize(("key", "named"), [("alias/k", {"KeyId": "alias/k"}), (None, {})])
def test_a_value_is_replaced_under_the_same_key(key: str | None, named: dict[str, str]) -> None:
    """Its type stays, which an update needs not name."""
    asked = {"Name": PARAMETER, "Value": "new", "Overwrite": True, "Description": "now", **named}
    with account(Call("ssm", "put_parameter", {"Version": 8}, asked)) as clients:
        secret.replace(clients, PARAMETER, Held("old", "", 7, key), "new", "now")


def test_a_value_that_somebody_else_put_meanwhile_is_noticed() -> None:
    """By the version, which is one more than expected."""
    done = Call("ssm", "put_parameter", {"Version": 9})
    with account(done) as clients, pytest.raises(BasculeError, match="at the same moment") as caught:
        secret.replace(clients, PARAMETER, Held("old", "", 7, None), "new", "now")
    assert f"SSM {PARAMETER}, version 9" == caught.value.where
