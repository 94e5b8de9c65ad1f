"""What the DNS answers for a host name, by the system's resolver."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, TimeoutError
from dataclasses import dataclass

LIMIT = 3.0
"""Seconds that are waited for all the answers together."""


@dataclass(frozen=True)
class Answer:
    """A name's canonical name and IPv4 addresses; none where it has none, `why` where that isn't known."""

    canonical: str = ""
    addresses: tuple[str, ...] = ()
    why: str = ""

    @property
    def known(self) -> bool:
        """Whether the DNS was asked and answered."""
        return not self.why


Resolve = Callable[[str], Answer]


def ask(names: Sequence[str], resolve: Resolve, limit: float = LIMIT) -> Mapping[str, Answer]:
    """The answers for `names`; what takes longer than `limit` seconds isn't known."""
    pool = ThreadPoolExecutor(max(len(names), 1))
    asked = {name: pool.submit(resolve, name) for name in names}
    found = {}
    for name, future in asked.items():
        try:
            found[name] = future.result(timeout=limit)
        except TimeoutError:
            found[name] = Answer(why=f"no answer within {limit:g} s")
    pool.shutdown(wait=False, cancel_futures=True)
    return found


def system(name: str) -> Answer:
    """Asks the system's resolver."""
    try:
        canonical, _, addresses = socket.gethostbyname_ex(name)
    except socket.gaierror as error:
        if error.errno in (socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)):
            return Answer()
        return Answer(why=f"the resolver says: {error.strerror}")
    except OSError as error:
        return Answer(why=f"the resolver says: {error}")
    return Answer(canonical.rstrip(".").lower(), tuple(sorted(addresses)))


def nobody(name: str) -> Answer:
    """Asks nobody: a local stand-in for AWS is not in the public DNS."""
    return Answer(why="the account is a local stand-in, which the public DNS knows nothing of")
