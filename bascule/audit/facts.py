"""An inventory as the facts that an audit tells: plain values in one vocabulary, the same in every language.

A fact that couldn't be read is `{"unknown": ACTION, "why": ANSWER}`; None is nothing there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import PurePosixPath
from typing import Any

from bascule import inventory, managed_policies, names
from bascule.audit import service_facts
from bascule.audit.known import day, known, untold
from bascule.inventory import MOST_OBJECTS, Inventory, Unread
from bascule.ladder import ALB_ORIGIN_ID, origin_is_bucket
from bascule.site import Site
from bascule.subnets import has_room, is_public

Facts = Mapping[str, Any]


def facts(found: Inventory, site: Site) -> dict[str, Any]:
    """What the audit says of the account, by subject."""
    return {
        "account": {"id": found.identity.account, "region": site.region, "caller": found.identity.arn},
        "distribution": _distribution(found, site),
        "bucket": _bucket(found, site),
        "service": service_facts.service(found, site),
        "registry": service_facts.registry(found, site),
        "load_balancers": _load_balancers(found),
        "network": _network(found, site),
        "names": _names(found, site),
        "secret": known(found.secret, lambda secret: bool(secret)),
        "unread": [untold(unread) for unread in _once(found.unread)],
    }


def _once(unread: Mapping[str, Unread]) -> list[Unread]:
    """One for each action; what is asked in vain of many things is told of the first."""
    by_action = {one.action: one for one in reversed(list(unread.values()))}
    return [by_action[action] for action in sorted(by_action)]


def _distribution(found: Inventory, site: Site) -> Any:
    def tell(live: Mapping[str, Any] | None) -> Any:
        if live is None:
            return None
        config = live["DistributionConfig"]
        viewer = config.get("ViewerCertificate", {})
        return {
            "id": live["Id"],
            "status": live["Status"],
            "enabled": config["Enabled"],
            "domain": live["DomainName"],
            "aliases": sorted(config.get("Aliases", {}).get("Items", ())),
            "certificate": _certificate(viewer, found),
            "tls": viewer.get("MinimumProtocolVersion"),
            "http_version": config.get("HttpVersion"),
            "comment": config.get("Comment") or None,
            "price_class": config.get("PriceClass"),
            "root_object": config.get("DefaultRootObject") or None,
            "web_acl": config.get("WebACLId") or None,
            "behaviors": [_behavior(one) for one in _behaviors(config)],
            "error_responses": [
                _error_response(one) for one in config.get("CustomErrorResponses", {}).get("Items", ())
            ],
            "origins": [_origin(one, site) for one in config["Origins"]["Items"]],
            "continuous_deployment": config.get("ContinuousDeploymentPolicyId") or None,
        }

    return known(found.distribution, tell)


def _certificate(viewer: Mapping[str, Any], found: Inventory) -> Any:
    """The one that visitors see; None is CloudFront's own. `status` is None for one that ACM doesn't know."""
    id_ = viewer.get("ACMCertificateArn") or viewer.get("IAMCertificateId")
    if not id_:
        return None

    def tell(certificate: Mapping[str, Any] | None) -> Any:
        told = certificate or {}
        return {
            "id": id_,
            "status": told.get("Status"),
            "names": sorted(told.get("SubjectAlternativeNames") or ([told["DomainName"]] if told else [])),
            "expires": day(told.get("NotAfter")),
        }

    return known(found.viewer_certificate, tell)


def _behaviors(config: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [*config.get("CacheBehaviors", {}).get("Items", ()), config["DefaultCacheBehavior"]]


def _behavior(behavior: Mapping[str, Any]) -> dict[str, Any]:
    policy, forwarded = behavior.get("CachePolicyId"), behavior.get("OriginRequestPolicyId")
    functions = [
        f"{one['FunctionARN'].rpartition('/')[2]} ({one['EventType']})"
        for one in behavior.get("FunctionAssociations", {}).get("Items", ())
    ]
    functions += [
        f"{one['LambdaFunctionARN'].partition('function:')[2]} ({one['EventType']})"
        for one in behavior.get("LambdaFunctionAssociations", {}).get("Items", ())
    ]
    return {
        "path": behavior.get("PathPattern", "*"),
        "origin": behavior["TargetOriginId"],
        "viewers": behavior["ViewerProtocolPolicy"],
        "methods": sorted(behavior.get("AllowedMethods", {}).get("Items", ("GET", "HEAD"))),
        "cache": managed_policies.NAMES.get(policy, policy) if policy else None,
        "forwards": managed_policies.NAMES.get(forwarded, forwarded) if forwarded else None,
        "functions": functions,
    }


def _error_response(response: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "code": response["ErrorCode"],
        "page": response.get("ResponsePagePath") or None,
        "answered": response.get("ResponseCode") or None,
    }


def _origin(origin: Mapping[str, Any], site: Site) -> dict[str, Any]:
    return {
        "id": origin["Id"],
        "domain": origin["DomainName"],
        "kind": _kind(origin, site),
        "path": origin.get("OriginPath") or None,
        "access": "oac"
        if origin.get("OriginAccessControlId")
        else "oai"
        if origin.get("S3OriginConfig", {}).get("OriginAccessIdentity")
        else None,
    }


def _kind(origin: Mapping[str, Any], site: Site) -> str:
    """What an origin is: `bucket` or `website` of the site, `other-bucket`, `load-balancer` or `custom`."""
    domain = str(origin["DomainName"]).lower()
    if origin["Id"] == ALB_ORIGIN_ID or ".elb." in domain:
        return "load-balancer"
    if origin_is_bucket(domain, site.bucket.name):
        return "website" if ".s3-website" in domain else "bucket"
    return "other-bucket" if ".s3." in domain or ".s3-" in domain else "custom"


def _bucket(found: Inventory, site: Site) -> Any:
    def tell(head: Mapping[str, Any] | None) -> Any:
        if head is None:
            return None
        return {
            "name": site.bucket.name,
            "region": head.get("BucketRegion") or head["ResponseMetadata"]["HTTPHeaders"].get("x-amz-bucket-region"),
            "contents": known(found.objects, _contents),
            "website": known(found.website, lambda website: website is not None),
            "policy": known(found.bucket_policy_status, _policy),
            "public_access": known(found.public_access_block, _public_access),
            "used_by": known(found.distributions, lambda distributions: _users(distributions, site)),
        }

    return known(found.bucket, tell)


def _contents(objects: Sequence[Mapping[str, Any]] | None) -> dict[str, Any]:
    seen = list(objects or ())[:MOST_OBJECTS]
    kinds = Counter(PurePosixPath(one["Key"]).suffix.lower() or "-" for one in seen)
    return {
        "objects": len(seen),
        "more": len(objects or ()) > MOST_OBJECTS,
        "bytes": sum(one["Size"] for one in seen),
        "kinds": dict(sorted(kinds.items(), key=lambda kind: (-kind[1], kind[0]))[:5]),
        "index": next((one["ETag"].strip('"') for one in seen if one["Key"] == "index.html"), None),
    }


def _policy(status: Mapping[str, Any] | None) -> str | None:
    if status is None:
        return None
    return "public" if status["PolicyStatus"].get("IsPublic") else "private"


def _public_access(block: Mapping[str, Any] | None) -> str:
    if block is None:
        return "open"
    settings = block["PublicAccessBlockConfiguration"]
    return "blocked" if all(settings.values()) else "partly" if any(settings.values()) else "open"


def _users(distributions: Sequence[Mapping[str, Any]], site: Site) -> list[str]:
    return sorted(
        one["Id"]
        for one in distributions or ()
        if any(origin_is_bucket(origin["DomainName"], site.bucket.name) for origin in one["Origins"]["Items"])
    )


def _load_balancers(found: Inventory) -> Any:
    """Those of the service's VPC; None where there is no service to have one."""
    vpc = inventory.vpc_id(found)

    def tell(_: Any) -> Any:
        return None if vpc is None else [_balancer(one, found) for one in inventory.balancers_in(found, vpc)]

    return known(found.load_balancers, tell, found.service, found.subnets)


def _balancer(balancer: Mapping[str, Any], found: Inventory) -> dict[str, Any]:
    return {
        "name": balancer["LoadBalancerName"],
        "dns": balancer["DNSName"],
        "scheme": balancer.get("Scheme", "internet-facing"),  # the API's default
        "state": balancer["State"]["Code"],
        "zones": sorted(zone["ZoneName"] for zone in balancer.get("AvailabilityZones", ())),
        "listeners": known(
            (found.listeners or {}).get(balancer["LoadBalancerArn"]),
            lambda listeners: [_listener(one, found) for one in listeners or ()],
        ),
    }


def _listener(listener: Mapping[str, Any], found: Inventory) -> dict[str, Any]:
    def priorities(rules: Sequence[Mapping[str, Any]] | None) -> list[int]:
        return sorted(int(rule["Priority"]) for rule in rules or () if rule["Priority"].isdigit())

    return {
        "arn": listener["ListenerArn"],
        "port": listener["Port"],
        "protocol": listener["Protocol"],
        "priorities": known((found.listener_rules or {}).get(listener["ListenerArn"]), priorities),
    }


def _network(found: Inventory, site: Site) -> Any:
    """The VPC's subnets, those that an ALB would get among them, and the room for one more."""

    def tell(service: Mapping[str, Any] | None) -> Any:
        if service is None:
            return None
        wanted = site.load_balancer.subnets or tuple(inventory.network_of(service).get("subnets") or ())
        return {
            "vpc": known(found.subnets, lambda _: inventory.vpc_id(found)),
            "subnets": known(found.subnets, lambda subnets: _subnets(subnets, wanted, found)),
            "balancers": known(found.load_balancers, lambda some: sum(o.get("Type") == "application" for o in some)),
            "most_balancers": known(found.load_balancer_limits, _most_balancers),
        }

    return known(found.service, tell)


def _subnets(subnets: Sequence[Mapping[str, Any]] | None, wanted: Sequence[str], found: Inventory) -> list[Any]:
    return [
        {
            "id": one["SubnetId"],
            "zone": one["AvailabilityZone"],
            "free": one["AvailableIpAddressCount"],
            "room": has_room(one),
            "public": known(found.route_tables, partial(is_public, one["SubnetId"])),
            "wanted": one["SubnetId"] in wanted,
        }
        for one in sorted(subnets or (), key=lambda subnet: str(subnet["SubnetId"]))
    ]


def _most_balancers(limits: Sequence[Mapping[str, Any]] | None) -> int | None:
    return next((int(one["Max"]) for one in limits or () if one["Name"] == "application-load-balancers"), None)


def _names(found: Inventory, site: Site) -> list[dict[str, Any]]:
    """Each alias and apex: whether it leads to the distribution, and how that is known."""
    aliases = {*site.aliases}
    if isinstance(found.config, Mapping):
        aliases |= {*found.config.get("Aliases", {}).get("Items", ())}
    asked = sorted({*aliases, *inventory.apexes(sorted(aliases))})
    return [{"name": name, "alias": name in aliases, **names.verdict(name, found).told()} for name in asked]
