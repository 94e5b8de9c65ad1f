"""The sandbox's account as an edge goes by it: distributions, what they lead to, and what was before an update."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from typing import Any

from moto.acm.models import acm_backends
from moto.cloudfront.models import cloudfront_backends
from moto.elbv2.models import elbv2_backends

from bascule import aws, live_world
from bascule.edge import own_name, serves
from bascule.live_values.tasks import security_groups
from bascule.planned_values import World
from bascule.reading import Call, perform
from bascule.routing import Router, router
from bascule.sandbox import changes, services
from bascule.sandbox.edge.inside import clients
from bascule.sandbox.edge.tasks import Target, service_at
from bascule.sandbox.iam import Application

FRESH = 0.5
"""Seconds for which what was read is good, unless a call changed the account: targets get healthy and deployments end
by themselves."""


@dataclass(frozen=True)
class Sight:
    """A distribution with all that it leads to, as it was seen."""

    routers: tuple[Router, ...]
    """By the config of now; while it is InProgress, by the one of before, too."""
    change: int
    seen: float


@dataclass(frozen=True)
class Presented:
    """What a distribution presents in a TLS handshake."""

    names: tuple[str, ...]
    until: datetime | None
    """When its certificate ends; None for whenever."""
    http2: bool


class View:
    """Looks at the account when a request needs it. Safe to use from several threads."""

    def __init__(self, application: Application, account: str, region: str, turn: threading.Lock) -> None:
        """`application` answers AWS calls without log and policies, to whoever holds `turn`."""
        self.account, self.region, self.turn = account, region, turn
        self._distributions = cloudfront_backends[account]["aws"].distributions
        self._now = clients(application, region, lambda: turn)
        self._then = clients(application, region, self._before)
        self._looking = threading.Lock()
        self._sights: dict[str, Sight] = {}
        self._policies: dict[tuple[str, int], Mapping[str, Any] | None] = {}
        self._turns = count()

    def distribution(self, host: str) -> str | None:
        """The id of the distribution that answers for a host name."""
        for id_, one in list(self._distributions.items()):
            if serves({"domain_name": one.domain_name, "aliases": _aliases(one)}, host):
                return str(id_)
        return None

    def names(self) -> Iterator[str]:
        """Names that distributions answer for."""
        for one in list(self._distributions.values()):
            yield own_name({"domain_name": one.domain_name, "aliases": _aliases(one)})

    def router(self, distribution: str) -> Router:
        """What the distribution decides by. While it is InProgress some edges go by the new config and some by the old
        one: here the requests do so in turn."""
        now, *before = self._sight(distribution).routers
        if not before or distribution not in self._of_before():  # nobody goes by the old one once it is Deployed
            return now
        return (now, *before)[next(self._turns) % (1 + len(before))]

    def presented(self, host: str) -> Presented | None:
        """What a handshake for this host name is answered with; None where no distribution answers for it."""
        id_ = self.distribution(host)
        if id_ is None:
            return None
        one: Any = self._distributions[id_]
        http2 = "http2" in str(one.distribution_config.get("HttpVersion", "http2")).lower()
        arn = one.distribution_config.get("ViewerCertificate", {}).get("ACMCertificateArn")
        bundle = acm_backends[self.account]["us-east-1"]._certificates.get(arn) if arn else None
        if bundle is None or host == one.domain_name:
            return Presented(("*.cloudfront.net",), None, http2)
        told = bundle.describe()["Certificate"]
        until = datetime.fromtimestamp(told["NotAfter"], UTC)
        names = (told["DomainName"], *told.get("SubjectAlternativeNames", ()))
        return Presented(tuple(dict.fromkeys(names)), until, http2)

    def client(self, service: str) -> aws.Client:
        """A client that asks the account as it is now."""
        return self._now(service)

    def invalidations(self, distribution: str) -> Sequence[Iterable[str]]:
        """The paths of each invalidation of the distribution, the first one first."""
        made = cloudfront_backends[self.account]["aws"].invalidations.get(distribution, ())
        return [tuple(one.paths) for one in made]

    def response_headers_policy(self, id_: Any) -> Mapping[str, Any] | None:
        """The config of a response headers policy; None for none, and for one that the account doesn't have."""
        if not isinstance(id_, str):
            return None
        key = id_, changes.count()
        if key not in self._policies:
            found = perform(self._now, Call("cloudfront", "GetResponseHeadersPolicy", {"Id": id_}))
            policy = found.get("ResponseHeadersPolicy", {}) if isinstance(found, Mapping) else {}
            self._policies = {key: policy.get("ResponseHeadersPolicyConfig")}
        return self._policies[key]

    def worlds(self) -> Iterator[World]:
        """What each distribution leads to, now."""
        for id_ in list(self._distributions):
            yield self._sight(id_).routers[0].found

    def targets(self, group: str) -> list[Target]:
        """The registered targets of a target group, as they are this moment: they come and go by themselves."""
        with self.turn:
            now = services.settle_all(self.account, self.region)
            held: Any = elbv2_backends[self.account][self.region].target_groups.get(group)
            return [
                Target(
                    f"{one['Id']}:{one['Port']}",
                    services.target_state(held, one, now)[0],
                    service_at(self.account, self.region, one["Id"]),
                )
                for one in (held.targets.values() if held is not None else ())
            ]

    def balancer(self, name: str) -> Any:
        """moto's load balancer with this DNS name, or None."""
        balancers = elbv2_backends[self.account][self.region].load_balancers.values()
        return next((one for one in balancers if one.dns_name.lower() == name.lower()), None)

    def groups(self, ids: Sequence[str]) -> World:
        """Security groups with their rules."""
        asked = Call("ec2", "DescribeSecurityGroups", {"GroupIds": list(ids)}, "SecurityGroups")
        named = security_groups({"security_groups": perform(self._now, asked)})
        return {f"aws_security_group.{name}": values for name, values in named}

    def _sight(self, distribution: str) -> Sight:
        with self._looking:
            found = self._sights.get(distribution)
            change = changes.count()
            if found is not None and found.change == change and time.monotonic() - found.seen < FRESH:
                return found
            running = [(one.cluster, one.name) for one in services.running(self.account, self.region)]
            seen = time.monotonic()
            routers = [router(live_world.read(self._now, distribution, running))]
            if distribution in self._of_before():
                routers.append(router(live_world.read(self._then, distribution, running)))
            self._sights[distribution] = Sight(tuple(routers), change, seen)
            return self._sights[distribution]

    def _of_before(self) -> Mapping[str, Any]:
        """The configs of before, of distributions that are InProgress."""
        found = {}
        for id_, one in list(self._distributions.items()):
            before = getattr(one, "before", None)
            if before is not None and one.status == "InProgress":
                found[id_] = before
        return found

    @contextmanager
    def _before(self) -> Iterator[None]:
        """Meanwhile, distributions that are InProgress have the config of before; nobody else sees it."""
        with self.turn:
            before = self._of_before()
            now = {id_: self._distributions[id_].distribution_config for id_ in before}
            try:
                for id_, config in before.items():
                    self._distributions[id_].distribution_config = config
                yield
            finally:
                for id_, config in now.items():
                    self._distributions[id_].distribution_config = config


def _aliases(distribution: Any) -> list[str]:
    return list(distribution.distribution_config.get("Aliases", {}).get("Items", ()))
