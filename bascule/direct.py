"""The last way back: the distribution's config of before, put back through the API, with no Terraform and no state.

For when the state is locked, its backend is down, or Terraform can't plan.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bascule import aws, fence, way_back
from bascule.confirmation import Place
from bascule.distribution import to_load_balancer
from bascule.errors import BasculeError, InputError
from bascule.fence import Fence
from bascule.journal import timed
from bascule.ladder import Stage, may_change
from bascule.site import Site
from bascule.workspace import short
from bascule.worlds import DISTRIBUTION_TYPE


@dataclass(frozen=True)
class Swap:
    """A config that is to take the place of the live one."""

    saved: Fence
    live: Fence
    path: Path
    """Where the saved one is kept."""
    kept: str
    """Since when, in UTC."""


def swap(place: Place, path: Path) -> Swap | None:
    """What is to be put back of what is kept at `path`; None if visitors aren't sent to the load balancer now.

    Raises InputError where none is kept, or it is another distribution's; BasculeError where AWS can't be asked.
    """
    with aws.readable():
        found = place.clients("cloudfront").get_distribution_config(Id=place.site.distribution.id)
    live = Fence(found["ETag"], found["DistributionConfig"])
    if not to_load_balancer(live.config):
        return None
    saved = way_back.read(path)
    if saved.config.get("CallerReference") != live.config.get("CallerReference"):
        raise InputError("another distribution's config: its CallerReference is not the live one's", where=str(path))
    kept = datetime.fromtimestamp(path.stat().st_mtime, UTC).isoformat(timespec="seconds")
    return Swap(saved, live, path, kept)


def told(swap: Swap) -> str:
    """What a person is shown before it is put back."""
    return "\n".join(
        [
            "the distribution's config of before is put back by API, past Terraform:",
            *fence.becomes(swap.live, swap.saved),
            f"it is kept in {short(swap.path)} since {swap.kept}; what was changed since then is undone with it",
        ]
    )


def require_ours(swap: Swap, site: Site) -> None:
    """Raises InputError if something would be changed or taken off that bascule doesn't put there: that takes a person
    who has read it. What is only put back (`serve` drops error pages, `retire` an origin) overwrites nobody's work."""
    patterns = {"probe_path": site.distribution.probe_path, "static_path": site.distribution.static_path}
    others = [
        path
        for path in fence.overwritten(swap.live, swap.saved)
        if path.startswith("custom_error_response")
        or not may_change(DISTRIBUTION_TYPE, path, Stage.SERVE, Stage.SERVE, **patterns)
    ]
    if others:
        raise InputError(
            f"somebody else's changes would be undone, and nobody has read that: {', '.join(others)}",
            where="--yes",
            remedy="`bascule rollback --direct` without --yes asks; `bascule rollback` leaves them alone",
        )


def put_back(place: Place, swap: Swap) -> None:
    """Put the saved config in the live one's place, under If-Match.

    Raises BasculeError where the distribution was changed since `swap` read it: nothing is overwritten then.
    """
    from botocore.exceptions import ClientError

    distribution = place.site.distribution.id
    with timed(place.record, "direct rollback", since=swap.live.etag, to=swap.saved.etag), aws.readable():
        try:
            place.clients("cloudfront").update_distribution(
                Id=distribution, IfMatch=swap.live.etag, DistributionConfig=swap.saved.config
            )
        except ClientError as error:
            if aws.code(error) != "PreconditionFailed":
                raise
            raise BasculeError(
                "the distribution was changed since it was shown; nothing was put back",
                where=f"CloudFront distribution {distribution}, ETag {swap.live.etag}",
                remedy="`bascule rollback --direct` again shows what is live now",
            ) from None
