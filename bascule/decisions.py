"""What becomes of a request: the stations of its way, and all that is decided at each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bascule.edge import EdgeAnswer, ErrorPage, Function
from bascule.http_request import Request
from bascule.listener_rules import Action
from bascule.load_balancers import Target
from bascule.origin_requests import Caching, OriginRequest
from bascule.security_groups import Gate


@dataclass(frozen=True)
class Hop:
    """One station of a request: what it is, its name, and what it does with the request."""

    what: str
    name: str
    does: str = ""


@dataclass(frozen=True)
class Route:
    """The way of one request."""

    path: str
    hops: tuple[Hop, ...]
    end: str
    """What answers: `bucket`, `application`, `refusal`, `elsewhere`, `nothing` or `unknown`."""

    @property
    def answered_by(self) -> str:
        """What answers, in words."""
        return answered_by(self.end, self.hops)


def answered_by(end: str, hops: tuple[Hop, ...]) -> str:
    """What answers at the end of a way, in words."""
    last = hops[-1] if hops else Hop("nothing", "")
    return {
        "bucket": "the bucket",
        "application": "the application",
        "edge": f"CloudFront itself ({last.does})",
        "refusal": f"a refusal ({last.does})",
        "nothing": "nothing",
        "unknown": "what is known after apply only",
    }.get(end, last.name)


@dataclass(frozen=True)
class Unclear:
    """What can't be told, and why."""

    why: str


@dataclass(frozen=True)
class Origin:
    """Where a behavior leads."""

    id: str
    domain: Any
    kind: str
    """`bucket`, `deleted` (a bucket, by the plan), `balancer`, `elsewhere`, `group` (of origins) or `nothing`."""
    address: str = ""
    """Of the bucket or the load balancer."""
    values: Mapping[str, Any] | None = field(default=None, repr=False)
    """Its arguments, the secret header's value among them."""

    @property
    def website(self) -> bool:
        """Whether it is a bucket's website endpoint, which is asked like any web server."""
        return self.kind == "bucket" and ".s3-website" in str(self.domain)


@dataclass(frozen=True)
class Decision:
    """What becomes of one request. What comes after the end of its way is empty or None.

    It knows the secret header's value, in `forwarded.headers` and `origin.values`, and doesn't show it in its `repr`.
    """

    request: Request
    distribution: str
    """Its address."""
    end: str = "unknown"
    """As a route's, or `edge` for what CloudFront answers by itself."""
    hops: tuple[Hop, ...] = ()
    why: str = ""
    """Why it ends in `nothing` or `unknown`, if that can be said."""
    behavior: str = ""
    """The path pattern."""
    path: str = ""
    """What is asked for, the default root object in the place of the root."""
    edge: EdgeAnswer | None = None
    functions: tuple[Function, ...] = ()
    provisos: tuple[str, ...] = ()
    """What has to hold beside, and isn't modelled."""
    response_headers_policy_id: Any = None
    caching: Caching | Unclear | None = None
    forwarded: OriginRequest | Unclear | None = None
    """What the origin is asked, if the answer isn't in the cache."""
    origin: Origin | None = None
    gates: tuple[Gate, ...] = ()
    listener: str = ""
    rule: str = ""
    """The address of the rule; empty for the default one."""
    action: Action | None = None
    targets: tuple[Target, ...] = ()
    error: ErrorPage | Unclear | None = None
    """What visitors get in the place of a refusal."""

    @property
    def answered_by(self) -> str:
        """What answers, in words."""
        return answered_by(self.end, self.hops)
