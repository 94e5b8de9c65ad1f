"""The tasks of the sandbox's services: who is at an address, and the application that answers there."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPResponse
from typing import Any

from bascule.http_request import Headers
from bascule.sandbox import services
from bascule.sandbox.application import BROKEN
from bascule.sandbox.edge.messages import Answer, passed_on
from bascule.sandbox.switches import SWITCHES

HOST = "127.0.0.1"
CHUNK = 65_536
"""Bytes of a body that are passed on at once, at most."""
SILENCE = 60.0
"""Seconds for which the application may be silent: the ALB's idle timeout by default."""

TARGET = "X-Sandbox-Target"
"""Header that tells the application which task it stands for."""


@dataclass(frozen=True)
class Target:
    """A registered target of a load balancer."""

    address: str
    """With its port."""
    state: str
    """As ELB says it (API reference, TargetHealth)."""
    service: str | None
    """Whose task runs there; None for nobody's."""


class Application:
    """The application's process, started when it is first asked."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._port = 0
        self._starting = threading.Lock()

    def ask(self, method: str, path: str, headers: Headers, body: bytes) -> Answer:
        """Its answer. Raises OSError or HTTPException where it gives none."""
        connection = HTTPConnection(HOST, self._running(), timeout=SILENCE)
        try:
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            for name, value in headers:
                connection.putheader(name, value)
            if body and not any(name.lower() == "content-length" for name, _ in headers):
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body or None)
            response = connection.getresponse()
        except (OSError, HTTPException):
            connection.close()
            raise
        return Answer(response.status, passed_on(response.getheaders()), _Body(connection, response))

    def stop(self) -> None:
        """End the process, if there is one."""
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
            self._process.wait()

    def _running(self) -> int:
        with self._starting:
            if self._process is None or self._process.poll() is not None:
                command = [sys.executable, "-m", "bascule.sandbox.application"]
                self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
                assert self._process.stdout is not None
                self._port = int(self._process.stdout.readline())
            return self._port


class _Body:
    """What the application sends, as it comes."""

    def __init__(self, connection: HTTPConnection, response: HTTPResponse) -> None:
        self._connection, self._response = connection, response

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            chunk = self._response.read1(CHUNK)
        except (OSError, HTTPException, ValueError):
            self.close()
            raise
        if not chunk:
            self.close()
            raise StopIteration
        return chunk

    def close(self) -> None:
        """Hang up."""
        with suppress(OSError):
            if self._connection.sock is not None:
                self._connection.sock.shutdown(2)
        self._connection.close()


def service_at(account: str, region: str, address: str) -> str | None:
    """The name of the service whose running task has this private address; None where no task runs there."""
    for service in services.running(account, region):
        for task in services.tasks_of(service):
            if task.is_running and task.network_interface.private_ip_address == address:
                return service.name
    return None


def interface_at(account: str, region: str, public: str) -> Any:
    """The network interface of the running task with this public address, or None."""
    for service in services.running(account, region):
        for task in services.tasks_of(service):
            if task.is_running and getattr(task.network_interface, "public_ip", None) == public:
                return task.network_interface
    return None


def answers(service: str | None) -> bool:
    """Whether a service's tasks answer at all: a switch makes them refuse."""
    return service is not None and service not in SWITCHES.unhealthy


def told(target: Target) -> Headers:
    """What the application is told beside what visitors send."""
    broken = ((BROKEN, "1"),) if target.service in SWITCHES.broken else ()
    return ((TARGET, target.address), *broken)


def ports_of(account: str, region: str, name: str | None) -> set[int]:
    """The ports on which the containers of a service's tasks listen."""
    return {
        int(mapping["containerPort"])
        for service in services.running(account, region)
        if service.name == name
        for container in services.task_definition(service, service.config["taskDefinition"]).container_definitions
        for mapping in container.get("portMappings", ())
    }
