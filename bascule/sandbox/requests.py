"""What an account file asks of the AWS API once the sandbox answers: whatever has no table of its own there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bascule.sandbox.account import Account


def perform(account: Account, endpoint: str) -> None:
    """Make each request of the account file, in its order, of the sandbox at `endpoint`.

    A string `@NAME.PATH` in the parameters is what the request of that name was answered, at a JMESPath. Raises
    botocore's exceptions for what the API has no word for, or refuses.
    """
    if not account.requests:
        return
    import boto3
    from botocore import xform_name

    session = boto3.Session(aws_access_key_id="sandbox", aws_secret_access_key="sandbox")
    answers: dict[str, Any] = {}
    for name, request in account.requests.items():
        client = session.client(request.service, region_name=request.region or account.region, endpoint_url=endpoint)
        parameters = _filled(request.parameters, answers)
        answers[name] = getattr(client, xform_name(request.operation))(**parameters)


def _filled(value: Any, answers: Mapping[str, Any]) -> Any:
    from jmespath import search

    if isinstance(value, Mapping):
        return {key: _filled(inner, answers) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_filled(item, answers) for item in value]
    if isinstance(value, str) and value.startswith("@"):
        name, _, path = value[1:].partition(".")
        return search(path, answers[name])
    return value
