"""A certificate authority that lives as long as the sandbox, and what the edge presents under each name."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import trustme

from bascule.sandbox.edge.account import Presented

CLOUDFRONTS = Presented(("*.cloudfront.net",), None, True)
"""What is presented where no distribution answers for the name."""


class Authority:
    """Issues certificates; its own is written to `file`, for whoever is to trust it."""

    def __init__(self, file: Path, presented: Callable[[str], Presented | None]) -> None:
        """`presented` says what a handshake for a host name is answered with."""
        self._authority = trustme.CA(organization_name="bascule sandbox, trusted by nobody else")
        self._presented = presented
        self._contexts: dict[Presented, ssl.SSLContext] = {}
        self.file = file
        self._authority.cert_pem.write_to_path(str(file))

    def context(self) -> ssl.SSLContext:
        """For a listener: each handshake is answered by the host name that it is for."""
        made = self._made(CLOUDFRONTS)

        def named(connection: Any, name: str | None, context: ssl.SSLContext) -> None:
            connection.context = self._made((self._presented(name) if name else None) or CLOUDFRONTS)

        made.sni_callback = named
        return made

    def of(self, name: str) -> ssl.SSLContext:
        """For a listener that presents one name."""
        return self._made(Presented((name,), None, False))

    def _made(self, presented: Presented) -> ssl.SSLContext:
        if presented not in self._contexts:
            until = presented.until
            begins = min(datetime.now(UTC), until) - timedelta(days=30) if until is not None else None
            leaf = self._authority.issue_cert(*presented.names, not_before=begins, not_after=until)
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.minimum_version = ssl.TLSVersion.TLSv1_2
            context.set_alpn_protocols(["h2", "http/1.1"] if presented.http2 else ["http/1.1"])
            leaf.configure_cert(context)
            self._contexts[presented] = context
        return self._contexts[presented]
