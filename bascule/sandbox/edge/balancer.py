"""What an ALB of the sandbox answers: its rules' fixed responses and redirects, or what a target answers.

Sources: ELB user guide, "Target groups" (healthy targets in turn; if none is healthy, all that are registered),
"Troubleshoot your Application Load Balancers" (502: the target refuses or closes the connection; 503: no target is
registered; 504: no connection to the target, which a security group may be the reason for), "HTTP headers and
Application Load Balancers".
"""

from __future__ import annotations

import random
import secrets
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from http.client import HTTPException

from bascule.http_request import Headers
from bascule.listener_rules import Action, FixedResponse, Forward, Redirect
from bascule.sandbox.edge import pages
from bascule.sandbox.edge.messages import Answer, passed_on
from bascule.sandbox.edge.tasks import Application, Target, answers, told

REGISTERED = ("healthy", "unhealthy", "initial", "unavailable")
"""States of targets that may be sent requests (ELB API, TargetHealth); those that drain and those of a group that no
listener names may not."""


@dataclass(frozen=True)
class Received:
    """What the load balancer is asked."""

    method: str
    scheme: str
    host: str
    path: str
    query: str
    headers: Headers
    address: str
    """Who asks."""
    port: int
    """The listener's."""
    body: bytes = b""


@dataclass(frozen=True)
class Balancer:
    """A load balancer as requests meet it."""

    application: Application
    targets: Callable[[str], Sequence[Target]]
    """The targets of a target group, by its ARN, as they are this moment."""

    def answer(self, action: Action | None, received: Received, *, reachable: bool = True) -> Answer:
        """What comes of an action of its listener's. `reachable` is whether security groups let it reach tasks."""
        if isinstance(action, FixedResponse):
            return pages.balancers(int(action.status), action.body, action.content_type)
        if isinstance(action, Redirect):
            return pages.balancers_redirect(int(action.status), action.location)
        if isinstance(action, Forward):
            target = self._chosen(action)
            if target is None:
                return pages.balancers(503)
            return self._forwarded(target, received) if reachable else pages.balancers(504)
        return pages.balancers(500)

    def _chosen(self, forward: Forward) -> Target | None:
        """The target that a request is sent to; None where there is none."""
        if not forward.groups:
            return None
        weights = [int(weight) for _, weight in forward.groups]
        ((arn, _),) = random.choices(forward.groups, weights)
        registered = [one for one in self.targets(str(arn)) if one.state in REGISTERED]
        healthy = [one for one in registered if one.state == "healthy"]
        return random.choice(healthy or registered) if registered else None

    def _forwarded(self, target: Target, received: Received) -> Answer:
        if target.service is None:
            return pages.balancers(504)
        if not answers(target.service):
            return pages.balancers(502)
        path = f"{received.path}?{received.query}" if received.query else received.path
        headers = (*_sent(received), *told(target))
        try:
            return self.application.ask(received.method, path, headers, received.body)
        except (OSError, HTTPException):
            return pages.balancers(502)


def _sent(received: Received) -> Iterable[tuple[str, str]]:
    """The headers that a target is sent."""
    replaced = ("host", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-port", "x-amzn-trace-id")
    before = [value for name, value in received.headers if name.lower() == "x-forwarded-for" and value]
    return (
        ("Host", received.host),
        *((name, value) for name, value in passed_on(received.headers) if name.lower() not in replaced),
        ("X-Forwarded-For", ", ".join([*before, received.address])),
        ("X-Forwarded-Proto", received.scheme),
        ("X-Forwarded-Port", str(received.port)),
        ("X-Amzn-Trace-Id", f"Root=1-{int(time.time()):08x}-{secrets.token_hex(12)}"),
    )
