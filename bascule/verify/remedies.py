"""What to do where somebody else answers than was expected."""

from __future__ import annotations

from bascule.formats import Expect
from bascule.verify.expectation import Expectation
from bascule.verify.source import Source

INVALIDATE = "if it was cached: `bascule invalidate`"
LOGS = "look at the application's logs"


def remedy(expected: Expectation, by: Source) -> str:
    """What to do where `by` answered."""
    if by is Source.LOAD_BALANCER:
        return "look at the target group's health (502 to 504) or at the secret header (403): `bascule status`"
    if by is Source.CLOUDFRONT:
        return "look at the distribution's behaviors and origins: `bascule status`"
    if expected.expect is Expect.APPLICATION:
        return f"`bascule status` says whether `serve` is reached; {INVALIDATE}"
    return f"`bascule status` says whether the way back is done; {INVALIDATE}"
