"""What the DNS answers for a host name, by the system's resolver."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from threading import Thread

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
    answered: dict[str, Answer] = {}

    def one(name: str) -> None:
        answered[name] = resolve(name)

    # Daemons, since the resolver can't be interrupted: a pool's threads would hold up the end of the process.
    threads = [Thread(target=one, args=(name,), daemon=True) for name in names]
    deadline = time.monotonic() + limit
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    late = Answer(why=f"no answer within {limit:g} s")
    return {name: answered.get(name, late) for name in names}


def system(name: str) -> Answer:
    """Asks the system's resolver."""
    try:
        canonical, _, addresses = socket.gethostbyname_ex(name)
    except socket.gaierror as error:
        if error.errno in (socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)):
            return Answer()
        return Answer(why=f"the resolver says: {error.strerror}")
    except (OSError, UnicodeError) as error:  # UnicodeError: no name that the DNS could hold
        return Answer(why=f"the resolver says: {error}")
    return Answer(canonical.rstrip(".").lower(), tuple(sorted(addresses)))


def nobody(name: str) -> Answer:
    """Asks nobody: a local stand-in for AWS is not in the public DNS."""
    return Answer(why="the account is a local stand-in, which the public DNS knows nothing of")
