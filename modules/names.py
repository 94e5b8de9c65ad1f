"""Names and tags of what bascule creates."""

from __future__ import annotations

import hashlib
import json
from typing import Any

NAME_LIMIT = 32
"""Characters that ELB allows in the name of a load balancer or target group (ELB API, CreateLoadBalancer)."""


def fixed_name(site: str, role: str, **forces_replacement: Any) -> str:
    """A name that changes exactly when an input does that forces a replacement, so that the replacement can be created
    before the old one goes. Raises ValueError over `NAME_LIMIT` characters.
    """
    digest = hashlib.sha256(json.dumps(forces_replacement, sort_keys=True).encode()).hexdigest()[:6]
    name = f"{site}-{role}-{digest}"
    if len(name) > NAME_LIMIT:
        raise ValueError(f"{name!r} has {len(name)} characters; AWS allows {NAME_LIMIT}")
    return name


def tags(site: str, name: str) -> dict[str, str]:
    """Tags of a resource that bascule creates. Never the provider's default_tags: those would change adopted ones."""
    return {"ManagedBy": "bascule", "Name": name, "Site": site}
