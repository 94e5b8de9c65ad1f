"""Invalidating CloudFront's caches: asked for once, then waited for."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import uuid4

from bascule import aws
from bascule.errors import BasculeError, InputError

EVERYTHING = ("/*",)
"""Every path; it counts as one of the 1,000 paths a month that cost nothing (CloudFront developer guide, pay for file
invalidation)."""

LIMIT = 900.0
"""Seconds until it is given up; botocore's waiter `InvalidationCompleted` takes 600, and AWS names no limit."""

LONGEST = 20.0
"""Seconds between two looks at the most: what botocore's waiter takes always."""


@dataclass(frozen=True)
class Invalidation:
    """One that was asked for."""

    id: str
    completed: bool
    seconds: float


def invalidate(
    clients: aws.Clients,
    distribution: str,
    paths: Sequence[str] = EVERYTHING,
    *,
    watch: Callable[[float], None] = lambda seconds: None,
    limit: float = LIMIT,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Invalidation:
    """Create an invalidation and wait until it is completed, or `limit` seconds are over.

    The looks are 1 s apart, then 2, 4 and so on up to LONGEST; `watch` hears of each. Raises InputError for a path
    without a leading slash, BasculeError where AWS refuses.
    """
    check(paths)
    batch = {"Paths": {"Quantity": len(paths), "Items": list(paths)}, "CallerReference": f"bascule-{uuid4()}"}
    begin, wait = clock(), 1.0
    with aws.readable():
        cloudfront = clients("cloudfront")
        made = cloudfront.create_invalidation(DistributionId=distribution, InvalidationBatch=batch)["Invalidation"]
        while made["Status"] != "Completed":
            passed = clock() - begin
            if passed >= limit:
                break
            watch(passed)
            sleep(min(wait, limit - passed))
            wait = min(wait * 2, LONGEST)
            made = cloudfront.get_invalidation(DistributionId=distribution, Id=made["Id"])["Invalidation"]
    return Invalidation(str(made["Id"]), made["Status"] == "Completed", clock() - begin)


def check(paths: Sequence[str]) -> None:
    """Raises InputError for a path that CloudFront would refuse."""
    for path in paths:
        if not path.startswith("/"):
            raise InputError(
                f"{path!r} has no leading slash", where="PATH", remedy="write /*, or /page.html; the site is --site"
            )


def require(done: Invalidation, distribution: str) -> None:
    """Raises BasculeError for one that isn't completed."""
    if not done.completed:
        raise BasculeError(
            f"invalidation {done.id} is still in progress after {done.seconds:.0f} s",
            where=f"CloudFront distribution {distribution}",
            remedy="it goes on by itself; `aws cloudfront get-invalidation` tells when it is completed",
        )
