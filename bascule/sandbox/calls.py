"""Which AWS call an HTTP request is, in the API's own words: service, operation, parameters, and who makes it.

It follows botocore's models, through moto's own router and parsers, so that a call can be logged, and refused, before
any of moto's services sees it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

from botocore.exceptions import UnknownServiceError
from moto.core.parse import PROTOCOL_PARSERS
from moto.core.request import Request, determine_request_protocol
from moto.core.routing import get_service_router
from moto.core.utils import get_service_model
from werkzeug.exceptions import NotFound

SIGNING_NAMES = {"servicequotas": "service-quotas", "elasticloadbalancing": "elbv2"}
"""boto3's name of a service where the name that requests are signed for is another."""

CLASSIC_LOAD_BALANCING = "2012-06-01"
"""API version by which Elastic Load Balancing's older service, elb, is told from elbv2."""

UNKNOWN = "?"
"""Operation of a request that no model describes."""


@dataclass(frozen=True)
class Call:
    """One request."""

    service: str
    """boto3's name, e.g. `elbv2`."""
    operation: str
    """The API's name, e.g. `DescribeRules`."""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """In the API's own vocabulary."""
    region: str = ""
    """The region that it is signed for."""
    access_key: str = ""
    token: str = ""
    """Session token; empty for a user's own key."""
    user_agent: str = ""


def recognize(environ: dict[str, Any]) -> Call | None:
    """The call that a WSGI request makes; None for one that isn't signed for any service.

    The body is read, and put back for whoever comes next.
    """
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    if environ.get("CONTENT_LENGTH"):
        environ["wsgi.input"] = BytesIO(body)
    # A copy: werkzeug's request keeps itself, and the form that it read, in its environ.
    request = Request({**environ, "wsgi.input": BytesIO(body)}, populate_request=False)
    scope = _scope(request)
    if scope is None:
        return None
    access_key, region, signed = scope
    service = SIGNING_NAMES.get(signed, signed)
    if service == "elbv2" and request.values.get("Version") == CLASSIC_LOAD_BALANCING:
        service = "elb"
    operation, parameters = _operation(service, request, body)
    token = request.headers.get("X-Amz-Security-Token") or request.args.get("X-Amz-Security-Token") or ""
    return Call(service, operation, parameters, region, access_key, token, request.headers.get("User-Agent", ""))


def _scope(request: Request) -> tuple[str, str, str] | None:
    """Access key, region and service of a signature (version 4), in the header or in a presigned URL."""
    found = re.search(r"Credential=([^,\s]+)", request.headers.get("Authorization", ""))
    parts = (found[1] if found else request.args.get("X-Amz-Credential", "")).split("/")
    return (parts[0], parts[2], parts[3]) if len(parts) == 5 else None


def _operation(service: str, request: Request, body: bytes) -> tuple[str, Mapping[str, Any]]:
    try:
        model = get_service_model(service)
    except UnknownServiceError:
        return UNKNOWN, {}
    if rpc := re.fullmatch(r"/service/\w+/operation/(\w+)", request.path):  # smithy-rpc-v2-cbor, such as health
        return rpc[1], {}
    try:
        operation, labels = get_service_router(service).match(request)
    except (NotFound, NotImplementedError):
        return UNKNOWN, {}
    parser = PROTOCOL_PARSERS[determine_request_protocol(model, request.headers.get("Content-Type", ""))]
    asked: Any = {"method": request.method, "values": request.values, "headers": request.headers}
    asked |= {"body": body, "url_path": request.path, "url_params": labels}
    try:
        return operation.name, parser(operation).parse(asked)
    except Exception:  # a request that can't be read is for the service itself to refuse
        return operation.name, {}
