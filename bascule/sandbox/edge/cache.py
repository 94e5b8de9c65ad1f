"""The edge's cache: answers by their cache keys, until they are too old or an invalidation names them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from bascule.http_request import Headers
from bascule.origin_requests import CacheKey
from bascule.sandbox import clock

MOST = 2000
"""Answers that are kept; the oldest goes first."""

LARGEST = 16 * 1024 * 1024
"""Bytes of the largest answer that is kept."""


@dataclass(frozen=True)
class Entry:
    """A kept answer."""

    status: int
    headers: Headers
    body: bytes = field(repr=False)
    stored: float
    """When it came from the origin, by the sandbox's clock."""
    until: float
    """When it is too old."""
    error: bool
    """Whether it stands for an error of the origin's, whatever its own status is."""
    invalidations: int
    """How many invalidations there were before it was asked for."""

    @property
    def fresh(self) -> bool:
        """Whether it may be given to visitors."""
        return clock.now() < self.until

    @property
    def age(self) -> int:
        """Seconds since it was stored."""
        return max(0, int(clock.now() - self.stored))


Invalidations = Callable[[], Sequence[Iterable[str]]]
"""The paths of each invalidation of a distribution, the first one first."""


class Cache:
    """One distribution's cache. Safe to use from several threads."""

    def __init__(self, invalidations: Invalidations) -> None:
        self._invalidations = invalidations
        self._entries: dict[CacheKey, Entry] = {}
        self._changing = threading.Lock()

    def invalidations(self) -> int:
        """How many there were; an answer is kept with the number from before it was asked for."""
        return len(self._invalidations())

    def get(self, key: CacheKey) -> Entry | None:
        """What is kept by this key, fresh or not; nothing that was invalidated since it was asked for."""
        with self._changing:
            entry = self._entries.get(key)
            if entry is None:
                return None
            since = self._invalidations()[entry.invalidations :]
            if any(invalidates(path, key) for paths in since for path in paths):
                del self._entries[key]
                return None
            return entry

    def put(self, key: CacheKey, entry: Entry) -> None:
        """Keep an answer."""
        if len(entry.body) > LARGEST:
            return
        with self._changing:
            self._entries.pop(key, None)
            self._entries[key] = entry
            while len(self._entries) > MOST:
                del self._entries[next(iter(self._entries))]

    def renewed(self, key: CacheKey, entry: Entry, until: float) -> Entry:
        """An entry that the origin says still holds."""
        renewed = replace(entry, stored=clock.now(), until=until)
        self.put(key, renewed)
        return renewed


def invalidates(path: str, key: CacheKey) -> bool:
    """Whether an invalidation's path names a kept answer.

    Source: CloudFront developer guide, "Invalidate files": case counts; `*` stands for anything, at the end only; with
    query strings in the cache key, the path has them, too. The path is taken to be the one that the origin was asked
    for, so that `/index.html` and `/*` name the default root object; `/` is taken to name it as well.
    """
    wanted = path if path.startswith("/") else f"/{path}"
    kept = f"{key.path}?{key.query}" if key.query else key.path
    return kept.startswith(wanted[:-1]) if wanted.endswith("*") else kept == wanted
