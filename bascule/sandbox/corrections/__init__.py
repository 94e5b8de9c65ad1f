"""Every place where moto 5.2.5 is corrected towards AWS: one function per deviation, applied once by the server.

Each docstring says what AWS does, what moto does, and where that is known from. `tests/sandbox` holds a test for
each, so that a moto release that changes one of them is noticed.
"""

from __future__ import annotations

from bascule.sandbox.corrections import cloudfront, ec2, ecs, iam, inventory, load_balancing


def apply() -> None:
    """Correct moto in this process."""
    for service in (cloudfront, ecs, load_balancing, ec2, iam, inventory):
        for correct in service.CORRECTIONS:
            correct()
