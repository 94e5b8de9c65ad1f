"""The edge of a sandbox that runs: its listeners, its certificate authority, and what is asked from outside."""

from __future__ import annotations

import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

from bascule.errors import BasculeError
from bascule.sandbox.edge.account import View
from bascule.sandbox.edge.balancer import Balancer
from bascule.sandbox.edge.certificates import Authority
from bascule.sandbox.edge.edge import Edge
from bascule.sandbox.edge.outside import Outside
from bascule.sandbox.edge.serving import Server
from bascule.sandbox.edge.tasks import Application
from bascule.sandbox.iam import Application as Wsgi


class RunningEdge:
    """Listens from the start until it is stopped."""

    def __init__(self, application: Wsgi, account: str, region: str, turn: threading.Lock, authority: Path) -> None:
        """`application` answers AWS calls without log and policies, to whoever holds `turn`; the certificate
        authority's certificate is written to `authority`."""
        self._application = Application()
        view = View(application, account, region, turn)
        balancer = Balancer(self._application, view.targets)
        answers = Edge(view, balancer)
        server = Server()
        issuing = Authority(authority, view.presented)
        self._outside = Outside(view, balancer, server, issuing, self._application)
        self._http = server.listen(answers.answer)
        self._https = server.listen(answers.answer, issuing.context())
        self._authority, self._view = authority, view

    def facts(self) -> dict[str, Any]:
        """Where it listens, and whom to trust: for the ready file, and for whoever asks the sandbox."""
        addresses = {"http": self._http.address, "https": self._https.address}
        return {**addresses, "ca": str(self._authority), "host": next(self._view.names(), "")}

    def outside(self, host: str, port: int) -> tuple[str, int] | None:
        """Where loopback answers for a public address (`Outside.address`)."""
        return self._outside.address(host, port)

    def tend(self) -> None:
        """What there is to do from time to time."""
        with suppress(BasculeError):  # whoever asks next is told
            self._outside.tend()

    def stop(self) -> None:
        """End the application's process."""
        self._application.stop()
