"""Clients that answer what a script says, in any order and from any thread, with answers that AWS can give."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from types import SimpleNamespace
from typing import Any

import boto3
from answers_model import valid
from example import Refusal

from bascule import aws

Parameters = Mapping[str, Any]
Script = Callable[[str, str, Parameters], Mapping[str, Any] | Refusal]
"""Given service, operation and parameters, the answer; botocore has checked the parameters by then."""

_CURRENT: list[Script] = []


@contextmanager
def scripted(script: Script) -> Iterator[aws.Clients]:
    """Clients of an account that answers as `script` does; each answer is checked against the service's model."""
    _CURRENT.append(script)
    try:
        yield lambda service, region=None, /: _client(service)
    finally:
        _CURRENT.pop()


@cache
def _client(service: str) -> Any:
    # An endpoint where nobody listens: nothing leaves the machine.
    client = boto3.Session().client(
        service,
        region_name="me-central-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        endpoint_url="http://127.0.0.1:1",
    )

    def ask(params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
        context["asked"] = dict(params)

    def answer(model: Any, context: dict[str, Any], **_: Any) -> tuple[Any, Mapping[str, Any]]:
        found = _CURRENT[-1](service, model.name, context["asked"])
        if isinstance(found, Refusal):
            error = {"Error": {"Code": found.code, "Message": found.message}}
            return SimpleNamespace(status_code=found.status), {**error, "ResponseMetadata": {}}
        return SimpleNamespace(status_code=200), {**valid(service, model.name, found), "ResponseMetadata": {}}

    client.meta.events.register("before-parameter-build", ask)
    client.meta.events.register("before-call", answer)
    return client
