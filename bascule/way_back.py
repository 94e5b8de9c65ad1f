"""The distribution's raw config from before visitors were sent to the load balancer: kept of every plan, by machine."""

from __future__ import annotations

from pathlib import Path

from bascule import fence, files
from bascule.distribution import to_load_balancer
from bascule.errors import InputError
from bascule.fence import Fence


def keep(path: Path, live: Fence) -> None:
    """Keep a live config at `path`, for its owner alone, if it sends visitors anywhere but to our load balancer."""
    if not to_load_balancer(live.config):
        files.write(path, fence.dumps(live), files.PRIVATE)


def read(path: Path) -> Fence:
    """The config that was kept. Raises InputError where there is none, or it can't be read."""
    try:
        return fence.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(
            "no config of before is kept on this machine: it is on the one where the plans were made",
            where=str(path),
            remedy="`bascule rollback` needs none; or run this on the machine that moved the site",
        ) from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"not a distribution's config: {error}"[:160], where=str(path)) from None
