"""The account's public addresses as they are seen from outside: open to everybody, or not there at all.

An ALB's name and a task's public address have a port of loopback each, which listens only while security groups admit
all of IPv4; then it leads past CloudFront to the listener's rules, or to the application.
"""

from __future__ import annotations

import socket
import threading
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any

from bascule.listener_rules import Asked as AskedOfListener
from bascule.listener_rules import action, taking
from bascule.load_balancers import listener, load_balancer_of
from bascule.planned_values import NotKnown, World, items
from bascule.sandbox.edge import pages, tasks
from bascule.sandbox.edge.account import View
from bascule.sandbox.edge.balancer import Balancer, Received
from bascule.sandbox.edge.certificates import Authority
from bascule.sandbox.edge.messages import Answer, Answering, Asked
from bascule.sandbox.edge.serving import HOST, Listener, Server
from bascule.security_groups import anyone, gate

Public = tuple[str, int]
"""A host, name or address, and a port."""

VISITOR = "198.51.100.1"
"""From where somebody asks (TEST-NET-2, RFC 5737)."""


@dataclass(frozen=True)
class Open:
    """What answers at a public address."""

    answering: Answering
    tls: bool = False


class Outside:
    """Ports of loopback that stand for public addresses. Safe to use from several threads."""

    def __init__(
        self, view: View, balancer: Balancer, server: Server, authority: Authority, application: tasks.Application
    ) -> None:
        self._view, self._balancer, self._application = view, balancer, application
        self._server, self._authority = server, authority
        self._closed = socket.socket()
        self._closed.bind((HOST, 0))  # taken, and nobody listens: connections are refused
        self._listeners: dict[Public, Listener] = {}
        self._changing = threading.Lock()

    def address(self, host: str, port: int) -> tuple[str, int] | None:
        """Where loopback answers for a public address now; a port that refuses where it is shut. None for a host that
        is neither a load balancer of the account nor one of its tasks."""
        with self._changing:
            return self._address(host.lower(), port)

    def tend(self) -> None:
        """Close what was opened and is shut by now."""
        with self._changing:
            for host, port in list(self._listeners):
                self._address(host, port)

    def _address(self, host: str, port: int) -> tuple[str, int] | None:
        known, open_ = self._looked(host, port)
        if open_ is None:
            if (host, port) in self._listeners:
                self._listeners.pop((host, port)).close()
            address: tuple[str, int] = self._closed.getsockname()
            return address if known else None
        if (host, port) not in self._listeners:
            context = self._authority.of(host) if open_.tls else None
            self._listeners[host, port] = self._server.listen(open_.answering, context)
        return self._listeners[host, port].address

    def _looked(self, host: str, port: int) -> tuple[bool, Open | None]:
        """Whether the account has this host, and what answers there."""
        interface = tasks.interface_at(self._view.account, self._view.region, host)
        if interface is not None:
            return True, self._of_task(interface, port)
        named = self._view.balancer(host)
        if named is None:
            return False, None
        for found in self._view.worlds():
            balancer = load_balancer_of(found, {"domain_name": host})
            if balancer is not None:
                return True, self._of_balancer(found, balancer, port)
        return True, self._of_unasked(named, port)

    def _of_balancer(self, found: World, balancer: str, port: int) -> Open | None:
        groups = items(found[balancer].get("security_groups"))
        if gate(found, "anyone", "ingress", groups, port, anyone).passes is not True:
            return None
        at = listener(found, balancer, port)
        if at is None:
            return None
        return Open(lambda asked: self._by_rules(balancer, port, asked), at.protocol == "HTTPS")

    def _of_unasked(self, balancer: Any, port: int) -> Open | None:
        """A load balancer that is no distribution's origin: whether it takes connections; its rules aren't read."""
        groups = list(balancer.security_groups)
        admitted = gate(self._view.groups(groups), "anyone", "ingress", groups, port, anyone).passes is True
        listening = str(port) in {str(one.port) for one in balancer.listeners.values()}
        return Open(lambda asked: pages.balancers(503)) if admitted and listening else None

    def _by_rules(self, balancer: str, port: int, asked: Asked) -> Answer:
        """What the listener's rules say to somebody who asks the load balancer itself."""
        request = asked.request
        found = next((one for one in self._view.worlds() if balancer in one), None)
        at = listener(found, balancer, port) if found is not None else None
        if found is None or at is None:
            return pages.balancers(503)
        headers: dict[str, tuple[str, ...]] = {}
        for name, value in request.headers:
            headers[name.lower()] = (*headers.get(name.lower(), ()), value)
        put = AskedOfListener(headers, request.method, (request.host,), request.path, request.query)
        url = {"protocol": at.protocol.lower(), "host": request.host, "port": port, "path": request.path[1:]}
        try:
            rule = taking(at.rules, put)
            done = action(rule.actions if rule is not None else at.default_actions, url | {"query": request.query})
        except NotKnown as error:
            return pages.balancers(500, f"The sandbox can't tell: {error}")
        received = Received(
            request.method,
            at.protocol.lower(),
            request.host,
            request.path,
            request.query,
            request.headers,
            VISITOR,
            port,
            asked.body,
        )
        return self._balancer.answer(done, received)

    def _of_task(self, interface: Any, port: int) -> Open | None:
        groups = [group.id for group in interface.group_set]
        found = self._view.groups(groups)
        service = tasks.service_at(self._view.account, self._view.region, interface.private_ip_address)
        admitted = gate(found, "anyone", "ingress", groups, port, anyone).passes is True
        listening = port in tasks.ports_of(self._view.account, self._view.region, service)
        return Open(self._by_task) if admitted and listening and tasks.answers(service) else None

    def _by_task(self, asked: Asked) -> Answer:
        """What a task answers to somebody who asks it at its own address."""
        request = asked.request
        path = f"{request.path}?{request.query}" if request.query else request.path
        try:
            return self._application.ask(request.method, path, (("Host", request.host), *request.headers), asked.body)
        except (OSError, HTTPException):
            return pages.balancers(502)
