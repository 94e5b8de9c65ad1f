"""Reads many things of an account at once; what can't be read is a value that names the permission."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from bascule import aws
from bascule.iam_actions import action_of
from bascule.inventory import Unread

AT_ONCE = 32
"""Calls under way at the same time; each is a different API or resource, far below AWS's rates per API."""


@dataclass(frozen=True)
class Call:
    """One API call, of which `items` are all pages."""

    service: str
    """boto3's name of the service."""
    operation: str
    """The API's name of the operation."""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    items: str = ""
    """Where each page has its list, as a JMESPath; empty: the answer is one page and wanted whole."""
    absent: tuple[str, ...] = ()
    """Error codes that say that there is none, which is read as None."""
    region: str | None = None
    """Another region than the site's."""
    most: int | None = None
    """How many items are read at the most."""

    @property
    def action(self) -> str:
        """The IAM action that it needs."""
        return action_of(self.service, self.operation)


OnCall = Callable[[Call], None]
"""Told of each call that has been answered, from any thread."""


def read(clients: aws.Clients, calls: Mapping[str, Call], on_call: OnCall = lambda call: None) -> dict[str, Any]:
    """The answers to independent calls by their names: the answer, the list of all pages' items, None, or Unread.

    Raises BasculeError where no call can succeed: no credentials, expired ones, no network.
    """

    def one(call: Call) -> Any:
        with aws.readable():
            answer = perform(clients, call)
        on_call(call)
        return answer

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return dict(zip(calls, pool.map(one, calls.values()), strict=True))


def perform(clients: aws.Clients, call: Call) -> Any:
    """The answer to one call, as `read` gives it. Raises botocore's exceptions for what isn't AWS's answer to it."""
    from botocore import xform_name
    from botocore.exceptions import ClientError, EndpointConnectionError
    from botocore.parsers import ResponseParserError

    client = clients(call.service, call.region) if call.region else clients(call.service)
    method = xform_name(call.operation)
    try:
        if not call.items:
            answer: Mapping[str, Any] = getattr(client, method)(**call.parameters)
            return answer
        if client.can_paginate(method):
            pages = client.get_paginator(method).paginate(**call.parameters)
            found = (item for item in pages.search(f"{call.items}[]") if item is not None)
            return list(islice(found, call.most))
        return _by_marker(getattr(client, method), call)
    except ClientError as error:
        code = aws.code(error)
        if code in call.absent:
            return None
        if code in aws.EXPIRED | aws.INVALID | aws.SKEWED:
            raise
        return Unread(call.action, _sentence(code, str(error.response.get("Error", {}).get("Message", ""))))
    except EndpointConnectionError as error:
        return Unread(call.action, str(error))
    except ResponseParserError:
        return Unread(call.action, "an answer that isn't AWS's")


def _sentence(code: str, message: str) -> str:
    """An error in a line; a web page in place of a message, which proxies send, says nothing."""
    said = "" if message.lstrip().startswith("<") else " ".join(message.split())
    return f"{code}: {said}"[:300] if said else code


def _by_marker(method: Callable[..., Mapping[str, Any]], call: Call) -> list[Any]:
    """All items of a CloudFront list of policies, or of a call without pages: botocore has no paginator for them."""
    from jmespath import search  # botocore's own

    found: list[Any] = []
    marker: dict[str, str] = {}
    while True:
        page = method(**call.parameters, **marker)
        found += search(f"{call.items}[]", page) or []
        following = search(f"{call.items.partition('.')[0]}.NextMarker", page)
        if not following:
            return found
        marker = {"Marker": following}
