"""The secret header's value in SSM: made here, read by Terraform, never printed."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from bascule import aws
from bascule.errors import BasculeError
from bascule.rotation import AT_REST

SECRET_BYTES = 32
"""256 bits, as lowercase hex: the ALB compares without case and takes * and ? as wildcards (ELB API,
HttpHeaderConditionConfig), so neither case nor punctuation may carry meaning."""


@dataclass(frozen=True)
class Held:
    """What the parameter holds; the value is in no `repr`."""

    value: str = field(repr=False)
    description: str
    version: int
    key: str | None
    """The KMS key under which it is encrypted."""


def new_value() -> str:
    """A new value of the header, SECRET_BYTES random bytes as lowercase hex."""
    return secrets.token_hex(SECRET_BYTES)


def create(clients: aws.Clients, parameter: str) -> None:
    """Create the SecureString `parameter` with a new value. Raises BasculeError if it exists: a new value in its place
    would make the ALB refuse CloudFront until both are updated.
    """
    from botocore.exceptions import ClientError

    with aws.readable():
        try:
            clients("ssm").put_parameter(
                Name=parameter,
                Value=new_value(),
                Type="SecureString",
                Overwrite=False,
                Description=AT_REST,
            )
        except ClientError as error:
            if aws.code(error) != "ParameterAlreadyExists":
                raise
            raise BasculeError(
                "the parameter exists already, and is left as it is",
                where=f"SSM {parameter}",
                remedy="use it as it is; if it is not this site's, name another in origin.secret_parameter",
            ) from None


def read(clients: aws.Clients, parameter: str) -> Held:
    """What `parameter` holds. Raises BasculeError if there is none, or AWS refuses.

    From its history, since GetParameter has no description: value and description are of one version. The order of
    the versions, of which AWS keeps 100, isn't documented (SSM API, GetParameterHistory).
    """
    from botocore.exceptions import ClientError

    with aws.readable():
        try:
            pages = clients("ssm").get_paginator("get_parameter_history").paginate(Name=parameter, WithDecryption=True)
            versions = [version for page in pages for version in page["Parameters"]]
        except ClientError as error:
            if aws.code(error) != "ParameterNotFound":
                raise
            raise BasculeError(
                "no such parameter", where=f"SSM {parameter}", remedy="`bascule secret create` makes it"
            ) from None
    newest = max(versions, key=lambda version: version["Version"])
    return Held(newest["Value"], newest.get("Description", ""), newest["Version"], newest.get("KeyId"))


def replace(clients: aws.Clients, parameter: str, held: Held, value: str, description: str) -> None:
    """Put `value` in the place of what `parameter` was seen to hold, under the same KMS key (without one named, SSM
    takes the account's own: SSM API, PutParameter). Raises BasculeError if somebody else put another one meanwhile.
    """
    key = {"KeyId": held.key} if held.key else {}
    with aws.readable():
        answer = clients("ssm").put_parameter(
            Name=parameter, Value=value, Overwrite=True, Description=description, **key
        )
    if answer["Version"] != held.version + 1:
        raise BasculeError(
            "somebody else put another value there at the same moment",
            where=f"SSM {parameter}, version {answer['Version']}",
            remedy="one rotation at a time; once the other one has ended, `bascule secret rotate` goes on",
        )
