"""How AWS says no: each protocol's error, with the code and the words that the service uses.

https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html gives the words; the codes are those of
each service's API reference, "Common Errors".
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape

from moto.core.utils import get_service_model

from bascule.sandbox.calls import Call
from bascule.sandbox.evaluation import Authorization

REQUEST_ID = "5f1d7a52-9c3e-4b60-8a1f-0d2c4e6b8a90"
"""The same for every refusal: nothing here depends on it."""


@dataclass(frozen=True)
class Refusal:
    """An error that AWS answers."""

    service: str
    protocol: str
    status: str
    code: str
    message: str


def denied(call: Call, arn: str, asked: Authorization, *, explicit: bool) -> Refusal:
    """The caller `arn` isn't allowed `asked`; `explicit` where a policy denies it."""
    on, what = asked.resource, "to perform this operation"
    if call.service == "s3":
        on = f'"{on}"'
    why = "with an explicit deny in an identity-based policy"
    if not explicit:
        why = f"because no identity-based policy allows the {asked.action} action"
    message = f"User: {arn} is not authorized to perform: {asked.action} on resource: {on} {why}"
    protocol = _protocol(call)
    if protocol == "ec2":
        return Refusal(
            call.service,
            protocol,
            "403 Forbidden",
            "UnauthorizedOperation",
            f"You are not authorized {what}. {message}",
        )
    if protocol == "json":
        return Refusal(call.service, protocol, "400 Bad Request", "AccessDeniedException", message)
    return Refusal(call.service, protocol, "403 Forbidden", "AccessDenied", message)


def unknown_key(call: Call) -> Refusal:
    """Nobody has this access key, or not with this session token."""
    protocol = _protocol(call)
    message = "The security token included in the request is invalid."
    if protocol == "ec2":
        text = "AWS was not able to validate the provided access credentials"
        return Refusal(call.service, protocol, "401 Unauthorized", "AuthFailure", text)
    if protocol == "json":
        return Refusal(call.service, protocol, "400 Bad Request", "UnrecognizedClientException", message)
    if call.service == "s3":
        text = "The AWS Access Key Id you provided does not exist in our records."
        return Refusal(call.service, protocol, "403 Forbidden", "InvalidAccessKeyId", text)
    return Refusal(call.service, protocol, "403 Forbidden", "InvalidClientTokenId", message)


def no_support_plan(call: Call) -> Refusal:
    """AWS Health answers accounts with a Business or Enterprise support plan alone (AWS Health user guide, API access);
    moto has no such service, and answers 500, which is asked again and again."""
    text = "An Enterprise or Business support plan is needed."
    return Refusal(call.service, "json", "400 Bad Request", "SubscriptionRequiredException", text)


def fault(call: Call, code: str, status: str, message: str) -> Refusal:
    """A call that AWS doesn't get done, whoever makes it."""
    return Refusal(call.service, _protocol(call), status, code, message)


def answer(refusal: Refusal, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """Answer a WSGI request with the refusal; S3's HEAD has no body, so its code is the status."""
    kind, body = _body(refusal)
    content = b"" if environ["REQUEST_METHOD"] == "HEAD" else body.encode()
    headers = [("Content-Type", kind), ("Content-Length", str(len(content))), ("x-amzn-RequestId", REQUEST_ID)]
    start_response(refusal.status, headers)
    return [content]


def _protocol(call: Call) -> str:
    found = str(get_service_model(call.service).protocol)
    return "json" if found.startswith("smithy") else found  # health, whose other protocol is JSON


def _body(refusal: Refusal) -> tuple[str, str]:
    code, message = escape(refusal.code), escape(refusal.message)
    if refusal.protocol == "json":
        body = json.dumps({"__type": refusal.code, "message": refusal.message})
        return "application/x-amz-json-1.1", body
    if refusal.protocol == "ec2":
        error = f"<Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors>"
        return "text/xml", f"<Response>{error}<RequestID>{REQUEST_ID}</RequestID></Response>"
    error = f"<Code>{code}</Code><Message>{message}</Message>"
    if refusal.service == "s3":
        return "application/xml", f"<Error>{error}<RequestId>{REQUEST_ID}</RequestId></Error>"
    error = f"<Error><Type>Sender</Type>{error}</Error>"
    return "text/xml", f"<ErrorResponse>{error}<RequestId>{REQUEST_ID}</RequestId></ErrorResponse>"
