"""Where a behavior leads: to a bucket, to a load balancer's listener, or elsewhere.

Sources: CloudFront developer guide, "Request and response behavior for custom origins" (protocols) and "… for Amazon S3
origins" (with the viewer's protocol); S3 user guide, "Website endpoints" (an origin like any other).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bascule.decisions import Hop, Origin
from bascule.ladder import origin_is_bucket
from bascule.load_balancers import Listener, gates, listener, load_balancer_of
from bascule.planned_values import NotKnown, World, find, first, items, known, of_type, sure, text
from bascule.security_groups import Gate
from bascule.worlds import DELETED

ENDS = {"bucket": "bucket", "deleted": "nothing", "balancer": "", "elsewhere": "elsewhere", "group": "elsewhere"}
ENDS |= {"nothing": "nothing"}
"""What answers, by the kind of origin; for a load balancer the listener says."""


def origin_of(found: World, distribution: Mapping[str, Any], behavior: Mapping[str, Any]) -> Origin:
    """Where a behavior leads. Raises NotKnown."""
    target = sure(behavior.get("target_origin_id"))
    values = find(distribution.get("origin"), lambda one: bool(sure(one.get("origin_id")) == target))
    if values is None:
        group = find(distribution.get("origin_group"), lambda one: bool(sure(one.get("origin_id")) == target))
        return Origin(text(target), None, "nothing" if group is None else "group")
    name, domain = text(target), values.get("domain_name")
    balancer = load_balancer_of(found, values)
    if balancer is not None:
        return Origin(name, domain, "balancer", balancer, values)
    for address, bucket in of_type(found, "aws_s3_bucket"):
        if origin_is_bucket(text(domain), text(bucket.get("bucket"))):
            return Origin(name, domain, "deleted" if sure(bucket.get(DELETED)) else "bucket", address, values)
    return Origin(name, domain, "elsewhere", "", values)


def station(origin: Origin) -> Hop:
    """The origin as a station of the way."""
    if origin.values is None:
        return Hop("origin group" if origin.kind == "group" else "origin", origin.id)
    over = f"{origin.address} over {_protocol(origin.values)}" if origin.kind == "balancer" else text(origin.domain)
    return Hop("origin", origin.id, over)


@dataclass(frozen=True)
class Entrance:
    """The way into a load balancer."""

    hop: Hop
    end: str
    """Empty where the listener decides."""
    why: str
    listener: Listener | None
    gates: tuple[Gate, ...]


def entrance_of(found: World, balancer: str, values: Mapping[str, Any], scheme: str) -> Entrance:
    """The listener that an origin of this scheme is asked at. Raises NotKnown."""
    if items(values.get("vpc_origin_config")):
        raise NotKnown("a VPC origin")
    custom: Mapping[str, Any] = next(known(values.get("custom_origin_config")), {})
    port = sure(custom.get("http_port" if scheme == "http" else "https_port"))
    front = tuple(gates(found, balancer, port, ()))
    at = listener(found, balancer, port)
    if at is None:
        return Entrance(Hop("listener", f"none on port {port}"), "nothing", "", None, front)
    hop = Hop("listener", at.address, f"{at.protocol}:{port}")
    if at.protocol in ("HTTP", "HTTPS") and at.protocol.lower() != scheme:
        return Entrance(hop, "nothing", f"CloudFront speaks {scheme.upper()}, the listener {at.protocol}", at, front)
    return Entrance(hop, "", "", at, front)


def _protocol(origin: Mapping[str, Any]) -> str:
    policy = text(first(origin, "custom_origin_config").get("origin_protocol_policy"))
    return {"http-only": "HTTP", "https-only": "HTTPS"}.get(policy, "the viewer's protocol")


def scheme_of(origin: Mapping[str, Any], viewers: str) -> str:
    """What the origin is asked with: a bucket, and an origin of which it isn't said, with the viewer's own."""
    custom = next(known(origin.get("custom_origin_config")), {})
    policy = sure(custom.get("origin_protocol_policy"))
    return {"http-only": "http", "https-only": "https"}.get(text(policy), viewers)
