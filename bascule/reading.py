"""Reads many things of an account at once; what can't be read is a value that names the permission."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Semaphore
from typing import Any

from bascule import aws
from bascule.iam_actions import action_of
from bascule.inventory import Unread

AT_ONCE = 32
"""Calls under way at the same time."""

PER_SERVICE = 8
"""Of one service: AWS counts its rates by service and operation, and some of them by few a second (CloudFront's and
IAM's reads among them)."""


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

    Raises BasculeError where no call can succeed: no credentials, or expired ones.
    """

    turns = {call.service: Semaphore(PER_SERVICE) for call in calls.values()}

    def one(call: Call) -> Any:
        with turns[call.service], aws.readable():
            answer = perform(clients, call)
        on_call(call)
        return answer

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return dict(zip(calls, pool.map(one, calls.values()), strict=True))


def perform(clients: aws.Clients, call: Call) -> Any:
    """The answer to one call, as `read` gives it. Raises botocore's exceptions where no call can succeed."""
    from botocore.exceptions import ClientError, ConnectionError, HTTPClientError
    from botocore.parsers import ResponseParserError

    client = clients(call.service, call.region) if call.region else clients(call.service)
    try:
        return _answer(client, call)
    except ClientError as error:
        code = aws.code(error)
        if code in call.absent:
            return None
        if code in aws.EXPIRED | aws.INVALID | aws.SKEWED:
            raise
        return Unread(call.action, _sentence(code, str(error.response.get("Error", {}).get("Message", ""))))
    except (ConnectionError, HTTPClientError) as error:
        return Unread(call.action, str(error))
    except (ResponseParserError, KeyError):  # KeyError: the query protocol's parser of a web page that is XML
        return Unread(call.action, FOREIGN)


FOREIGN = "an answer that isn't AWS's"


def _whole(answer: Mapping[str, Any]) -> Mapping[str, Any]:
    """An answer with what it streams read to its end."""
    return {name: value.read() if hasattr(value, "read") else value for name, value in answer.items()}


def _answer(client: aws.Client, call: Call) -> Any:
    from botocore import xform_name
    from jmespath import search  # botocore's own

    method = xform_name(call.operation)
    if not call.items:
        answer: Mapping[str, Any] = getattr(client, method)(**call.parameters)
        return Unread(call.action, FOREIGN) if _is_web_page(answer) else _whole(answer)
    if client.can_paginate(method):
        pages = client.get_paginator(method).paginate(**call.parameters)
    else:
        pages = _by_marker(getattr(client, method), call)
    found: list[Any] = []
    for page in pages:
        if _is_web_page(page):
            return Unread(call.action, FOREIGN)
        found += search(f"{call.items}[]", page) or []
        if call.most is not None and len(found) >= call.most:
            break
    return found[: call.most]


def _is_web_page(answer: Mapping[str, Any]) -> bool:
    """Whether a proxy answered in AWS's place: botocore reads a page as an empty answer of the JSON protocols."""
    said = answer.get("ResponseMetadata", {})
    html = str(said.get("HTTPHeaders", {}).get("content-type", "")).startswith("text/html")
    return html and not said.get("RequestId")


def _sentence(code: str, message: str) -> str:
    """An error in a line; a web page in place of a message, which proxies send, says nothing."""
    said = "" if message.lstrip().startswith("<") else " ".join(message.split())
    return f"{code}: {said}"[:300] if said else code


def _by_marker(method: Callable[..., Mapping[str, Any]], call: Call) -> Iterator[Mapping[str, Any]]:
    """All pages of a CloudFront list of policies, or of a call without pages: botocore has no paginator for them."""
    from jmespath import search

    marker: dict[str, str] = {}
    while True:
        page = method(**call.parameters, **marker)
        yield page
        following = search(f"{call.items.partition('.')[0]}.NextMarker", page)
        if not following:
            return
        marker = {"Marker": following}
