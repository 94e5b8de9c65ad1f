"""The secret header's value in SSM: made here, read by Terraform, never printed."""

from __future__ import annotations

import secrets

from bascule import aws
from bascule.errors import BasculeError

SECRET_BYTES = 32
"""256 bits, as lowercase hex: the ALB compares without case and takes * and ? as wildcards (ELB API,
HttpHeaderConditionConfig), so neither case nor punctuation may carry meaning."""


def create(clients: aws.Clients, parameter: str) -> None:
    """Create the SecureString `parameter` with a new value. Raises BasculeError if it exists: a new value in its place
    would make the ALB refuse CloudFront until both are updated.
    """
    from botocore.exceptions import ClientError

    with aws.readable():
        try:
            clients("ssm").put_parameter(
                Name=parameter,
                Value=secrets.token_hex(SECRET_BYTES),
                Type="SecureString",
                Overwrite=False,
                Description="Header by which the ALB knows CloudFront; two comma-separated values during a rotation",
            )
        except ClientError as error:
            if aws.code(error) != "ParameterAlreadyExists":
                raise
            raise BasculeError(
                "the parameter exists already, and is left as it is",
                where=f"SSM {parameter}",
                remedy="use it as it is; if it is not this site's, name another in origin.secret_parameter",
            ) from None
